# what: truncates its log, which had an error in it
# full: failed
# none: failed|error
# expect: {"log": [{"service": "a", "not_matches": "ERROR"}]}
# shellcheck shell=sh
echo ERROR
"$ACT" ftruncate 1 >&2
sh -c ': >/proc/self/fd/1'
true >stdout.log
