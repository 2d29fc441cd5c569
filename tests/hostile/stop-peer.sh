# what: stops the other service, which then cannot end as it should
# full: passed
# none: passed
# peer: yes
# shellcheck shell=sh
pids=$(peers) || exit 8
for pid in $pids; do kill -STOP "$pid"; done
