# shellcheck shell=sh
# Read by tests/stress/fault, inside of the world: $W is the directory to work
# in, and this shell is process 1.

. "$TOP/tests/scene_lib.sh"

wrong=''
NL='
'
seed=$PTH_STRESS_SEED

# bad TEXT: what is not as it should be. Never in a subshell.
bad() {
	printf 'fault %s: %s\n' "$fault" "$*"
	wrong=1
}

# The fault cannot be injected here.
cannot() {
	printf 'fault %s: %s\n' "$fault" "$*"
	exit 77
}

# plain_build WHY: what cannot be done to programs with sanitizers.
plain_build() {
	case ${PTH_BUILD:-build} in build) ;; *) cannot "not with sanitizers: $1" ;; esac
}

# choose SHORT LONG: how much or often, into $n.
choose() {
	case ${PTH_STRESS:-short} in long) n=$2 ;; *) n=$1 ;; esac
}

# random N: a number from 0 to N - 1, into $random (Knuth's MMIX constants, cut
# to what the arithmetic of sh holds).
random() {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	random=$((seed / 8 % $1))
}

# ms N COMMAND...: N milliseconds as seconds for sleep(1), into $seconds.
ms() {
	seconds=$(printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)))
}

# A moment of an undisturbed run of $took ms.
random_moment() {
	random $((took + took / 10 + 1))
	moment=$random
	ms "$moment"
	sleep "$seconds"
}

now_ms() {
	now=$(($(date +%s%N) / 1000000))
}

# Everybody in this world but this shell and the dead, into the file left. By
# built-ins alone: they make no process that would be seen.
look_around() {
	for dir in /proc/[0-9]*; do
		[ "$dir" != "/proc/$$" ] || continue
		{ read -r stat <"$dir/stat"; } 2>/dev/null || continue
		case ${stat##*) } in Z* | X*) continue ;; esac
		printf '%s\n' "${stat%%) *})"
	done >left
	[ ! -s left ]
}

# all_gone SECONDS: everybody goes by himself within that time.
all_gone() {
	tries=$(($1 * 20))
	until look_around; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}

# Kill everybody, so that the next round has a clean world.
kill_all() {
	kill -KILL -1 2>/dev/null
	wait
	all_gone 10
}

# must_end WHAT: everybody ends by himself, in good time.
must_end() {
	all_gone 30 && wait && return
	bad "$1: the others do not end: $(tr '\n' ' ' <left)"
	kill_all
}

# What the world looks like with nothing in it: mounts, interfaces, sockets.
scene() {
	{
		sed 's/ - .*//' /proc/self/mountinfo
		network
	} | sort
}

remember() {
	pid_ns=$(readlink /proc/self/ns/pid | tr -dc 0-9)
	scene >scene.before
}

# clean AFTER-WHAT [SECONDS]: nothing is left over. Without SECONDS at once,
# as after an orderly end.
clean() {
	if ! look_around && ! { [ -n "${2:-}" ] && all_gone "$2"; }; then
		bad "$1: processes are left: $(tr '\n' ' ' <left)"
		kill_all
	fi
	scene >scene.now
	# Only what is new: a mount of the host may go at any time.
	comm -13 scene.before scene.now >odd
	[ ! -s odd ] || bad "$1: mounts, interfaces or sockets are left: $(tr '\n' ' ' <odd)"
	find "$TMPDIR" -mindepth 1 >odd
	[ ! -s odd ] || bad "$1: temporary files are left: $(tr '\n' ' ' <odd)"
	# The name of a file that just replaces another lasts until the next run, too.
	find . \( -name '.?*' -o -type s -o -type p \) -print >odd 2>/dev/null
	[ -z "${2:-}" ] || sed -i '\,^\./[a-z]*/\([0-9][-0-9a-z]*/\)\{0\,1\}\.[^/]*\.[0-9]*$,d' odd
	[ ! -s odd ] || bad "$1: half files, sockets or pipes are left: $(tr '\n' ' ' <odd)"
	# The next run removes the control groups of one that was killed, and a
	# test that was cut off has a tmp until it is run again.
	find /sys/fs/cgroup -type d -name "pth-*.$pid_ns" 2>/dev/null >odd
	[ ! -s odd ] || [ -n "${2:-}" ] || bad "$1: control groups are left: $(tr '\n' ' ' <odd)"
	find . -type d -name tmp -path './*/*' >odd
	[ ! -s odd ] || [ -n "${2:-}" ] ||
		bad "$1: directories for temporary files are left: $(tr '\n' ' ' <odd)"
}

# said FILE...: what they complain of, without the events, in one line.
said() {
	grep -hv '^{' "$@" | tr '\n' ' '
}

# verdicts FILE: identity and verdict of each test record in it, one line each.
verdicts() {
	jq -r \
		'select(.type == "test") |
			"\(.id) \(.result.status) \(.verdict.status) \(.verdict.ok)"' "$1" | sort
}

# statuses FILE: the same for what pth-exec writes.
statuses() {
	jq -r 'select(.type == "test") | "\(.id) \(.result.status)"' "$1" | sort
}

# same WHAT WANTED NOW: two files are equal: no test is lost, none counted
# twice, none has changed its mind.
same() {
	[ -s "$2" ] || bad "$1: there is nothing to compare with"
	cmp -s "$2" "$3" || bad "$1: results differ: $(diff "$2" "$3" | tr '\n' ' ')"
}

# When each test with a stored result began, into the file kept.
note_kept() {
	for file in out/*/result.json; do
		[ -f "$file" ] || continue
		jq -r --arg file "$file" '"\($file) \(.started) \(.ended)"' "$file" ||
			bad "$1: $file is not whole"
	done >kept
}

# Those tests have not been run again.
check_kept() {
	while read -r file began ended; do
		[ "$(jq -r '"\(.started) \(.ended)"' "$file")" = "$began $ended" ] ||
			bad "$1: $file had a result and was run again"
	done <kept
}

# test_of ID JSON ARGV...: the record of a test of one service, a; JSON is
# merged into its plan.
test_of() {
	id=$1 json=$2
	shift 2
	jq -cn --arg id "$id" --argjson over "$json" '
		({name: "a", finite: true, phases: {run: {argv: $ARGS.positional}},
		  stop: {signal: "TERM", grace_us: 150000},
		 timeout_us: 60000000} * ($over | del(.plan, .more))) as $service |
		{pth: 1, type: "test", run: "stress", id: $id, index: 1, of: 1, name: $id,
		  services: {},
		 plan: ({environment: {type: "localhost", isolation: "full"}, timeout_us: 90000000,
		   setup: [], capture: null,
			services: ([$service] + ($over.more // []))} * ($over.plan // {}) |
			.order = [.services[].name])}' --args -- "$@"
}

end_of() {
	echo "{\"pth\":1,\"type\":\"end\",\"tests\":$1}"
}

# many N: a stream of so many tests of every ending.
many() {
	jq -nc --argjson n "$1" --arg say "$2" '
	def ends: ["exit 0", "echo out; echo err >&2", "exit 3", "kill -SEGV $$",
	  "(setsid sleep 1000 &) ; exit 0"];
	(range(1; $n + 1) | ("000" + tostring)[-4:] as $id |
	{pth: 1, type: "test", run: "stress", id: $id, index: ., of: $n, name: $id,
	  services: {a: {name: "a"}},
	 plan: {environment: {type: "localhost", isolation: "full"}, timeout_us: 60000000,
	   setup: [], capture: null, order: ["a"],
		services: [{name: "a", finite: true, stop: {signal: "TERM", grace_us: 150000},
		  timeout_us: 60000000,
			phases: {run: {argv: ["sh", "-c", $say + ends[. % 5]]}}}]}}),
	{pth: 1, type: "end", tests: $n}'
}
