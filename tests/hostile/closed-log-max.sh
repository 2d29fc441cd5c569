# what: takes the rights of its log, which has one line too many
# full: failed
# none: failed|error
# expect: {"log": [{"service": "a", "matches": "ERROR", "max": 0}]}
# shellcheck shell=sh
chmod 0 stdout.log
echo ERROR
