# what: kills the other service, where that is not another user
# full: crashed|passed
# none: crashed
# peer: yes
# expect: {"log": []}
# shellcheck shell=sh
for dir in /proc/[0-9]*; do
	[ "$(tr '\0' ' ' <"$dir/cmdline" 2>/dev/null)" != 'sleep 60 ' ] ||
		kill -KILL "${dir#/proc/}"
done
sleep .3
