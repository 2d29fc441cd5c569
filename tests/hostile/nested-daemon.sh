# what: leaves a daemon in namespaces of its own
# full: passed
# none: passed
# shellcheck shell=sh
unshare -Urpf --mount-proc setsid sleep 1000 >/dev/null 2>&1 &
unshare -Ur setsid sleep 1000 >/dev/null 2>&1 &
sleep .1
