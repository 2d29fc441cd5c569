# what: kills its supervisor
# full: passed
# none: passed|error|crashed|failed
# users: user
# expect: {}
# shellcheck shell=sh
kill -KILL $PPID
sleep .2
exit 0
