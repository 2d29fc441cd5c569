# what: traces the other service, which goes on
# full: passed
# none: passed
# peer: yes
# shellcheck shell=sh
pids=$(peers) || exit 8
for pid in $pids; do "$ACT" ptrace "$pid"; done
