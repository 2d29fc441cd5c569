# what: its daemon writes a result of its own as long as it can, and it fails
# full: failed
# none: failed
# expect: {}
# shellcheck shell=sh
printf '{"status":"completed","services":{"a":{"state":"completed","code":0}}}\n' >../result.json
must "$ACT" daemon ../result.json
exit 3
