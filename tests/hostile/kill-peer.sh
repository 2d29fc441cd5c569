# what: kills the other service, where that is not another user
# full: crashed|passed
# none: crashed
# peer: yes
# expect: {"log": []}
# shellcheck shell=sh
pids=$(peers) || exit 8
for pid in $pids; do kill -KILL "$pid" && while [ -e "/proc/$pid" ]; do sleep .02; done; done
sleep .3
