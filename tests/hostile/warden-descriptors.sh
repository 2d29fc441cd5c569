# what: opens what the processes above it have open
# full: passed
# none: -
# shellcheck shell=sh disable=SC2086
for pid in 1 $PPID; do
	refused "$ACT" fds $pid
done
