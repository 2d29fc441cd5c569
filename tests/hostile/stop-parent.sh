# what: stops its supervisor
# full: passed
# none: passed|error|timeout
# users: user
# limit: 40
# expect: {}
# shellcheck shell=sh
kill -STOP $PPID
exit 0
