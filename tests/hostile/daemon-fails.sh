# what: fails and leaves daemons
# full: failed
# none: failed
# expect: {}
# shellcheck shell=sh
must "$ACT" daemon
setsid sleep 1000 >/dev/null 2>&1 </dev/null &
exit 3
