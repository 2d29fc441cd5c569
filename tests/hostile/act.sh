# shellcheck shell=sh
# act.sh CASE: the shell of the hostile service, in which its case is read. $ACT is
# tests/hostile/act.c; $HOST, out of a value that does not look like a path, so that it is not
# taken for something the service is to see, the home of who runs pth-exec.
HOST=${HOSTILE_HOST#x}

# It was not refused: the exit code makes the test fail.
breach() {
	echo "BREACH: $*"
	exit 7
}

# refused COMMAND...: it must not succeed; that it cannot be tried is no refusal.
refused() {
	"$@"
	case $? in
	0) breach "$*" ;;
	2 | 3 | 12[67])
		[ "$1" != "$ACT" ] || { echo "BROKEN: $*" && exit 8; }
		command -v "$1" >/dev/null || { echo "BROKEN: $*" && exit 8; }
		;;
	esac
}

# The same for a line of the shell.
refused_sh() {
	sh -c "$1" && breach "$1"
	return 0
}

# must COMMAND...: without it the case would show nothing.
must() {
	"$@" || { echo "BROKEN: $*" && exit 8; }
}

# Every process that can be seen but the service's own, one a line.
others() {
	for other in /proc/[0-9]*; do
		other=${other#/proc/}
		grep -q "^NSpid:.*[^0-9]$$\$" "/proc/$other/status" 2>/dev/null ||
			[ "$(ps_parent "$other")" = $$ ] || echo "$other"
	done
}

# peers: the processes of the service beside it, one a line. It has said that it is there a moment
# before it is the program that it will be.
peers() {
	for try in $(seq 200); do
		for dir in /proc/[0-9]*; do
			[ "$(tr '\0' ' ' <"$dir/cmdline" 2>/dev/null)" != 'sleep 60 ' ] ||
				echo "${dir#/proc/}"
		done | grep . && return
		sleep .02
	done
	echo "BROKEN: nobody is beside it after $try looks" >&2
	return 1
}

ps_parent() {
	sed -n 's/^PPid:\t//p' "/proc/$1/status" 2>/dev/null
}

# shellcheck source=/dev/null
. "$1"
echo acted
