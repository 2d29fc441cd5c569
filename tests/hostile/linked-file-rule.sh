# what: has links out of its directory where files and logs are looked for
# full: failed|error
# none: failed|error
# expect: {"log": [{"service": "a", "file": "log", "matches": "precious", "min": 1}],
#   "files": [{"path": "a/dir/file", "min_size": 1}]}
# shellcheck shell=sh
must ln -s "$HOST/work/mine" log
must ln -s "$HOST/dir" dir
