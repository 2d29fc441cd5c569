# what: traces the processes above it
# full: passed
# none: -
# shellcheck shell=sh disable=SC2086
for pid in 1 $PPID; do
	refused "$ACT" ptrace $pid
	refused "$ACT" mem $pid
done
