# what: removes its log, which has an error in it
# full: failed
# none: failed|error
# expect: {"log": [{"service": "a", "not_matches": "ERROR"}]}
# shellcheck shell=sh
rm -f stdout.log
echo ERROR
