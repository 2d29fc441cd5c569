# what: leaves a daemon that has no environment, arguments or descriptors any more
# full: passed
# none: passed
# shellcheck shell=sh
must "$ACT" daemon
must "$ACT" daemon x
setsid sleep 1000 &
env -i PATH="$PATH" setsid sh -c 'trap "" TERM HUP INT; while :; do sleep 1; done' &
