# what: takes the rights of its log, which has an error in it
# full: failed
# none: failed|error
# expect: {"log": [{"service": "a", "not_matches": "ERROR"}]}
# shellcheck shell=sh
chmod 0 stdout.log
echo ERROR
