# what: kills everybody that it may
# full: passed
# none: -
# shellcheck shell=sh
for signal in 1 2 15 9; do
	must "$ACT" killall $signal
done
kill -KILL 1
