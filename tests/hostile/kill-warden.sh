# what: sends signals to the processes above it
# full: passed
# none: -
# shellcheck shell=sh disable=SC2086
for pid in 1 $PPID; do
	for signal in HUP INT QUIT TERM USR1 USR2 ALRM PIPE CHLD STOP ABRT SEGV KILL; do
		kill -$signal $pid
	done
done
