# what: sends its supervisor as many signals as it can
# full: passed
# none: passed|error
# shellcheck shell=sh
i=0
while [ $i -lt 3000 ]; do
	kill -CHLD $PPID
	kill -WINCH $PPID
	kill -URG $PPID
	i=$((i + 1))
done
