# what: traces the other service, which goes on
# full: passed
# none: passed
# peer: yes
# shellcheck shell=sh
found=''
for dir in /proc/[0-9]*; do
	[ "$(tr '\0' ' ' <"$dir/cmdline" 2>/dev/null)" = 'sleep 60 ' ] || continue
	found=yes
	"$ACT" ptrace "${dir#/proc/}"
done
must [ -n "$found" ]
