# what: kills everybody that it may
# full: crashed
# expect: {}
# none: -
# shellcheck shell=sh
trap '' HUP INT TERM
for signal in 1 2 15; do
	must "$ACT" killall $signal
done
kill -KILL 1
must "$ACT" killall 9
