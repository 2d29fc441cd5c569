# what: stops the other service, which then cannot end as it should
# full: passed
# none: passed
# peer: yes
# shellcheck shell=sh
found=''
for dir in /proc/[0-9]*; do
	[ "$(tr '\0' ' ' <"$dir/cmdline" 2>/dev/null)" = 'sleep 60 ' ] || continue
	found=yes
	kill -STOP "${dir#/proc/}"
done
must [ -n "$found" ]
