# shellcheck shell=sh
# Faults of the host: no space, no descriptors, a clock that is stepped.

# The undisturbed statuses of the stream plan, into the file wanted.
want_statuses() {
	pth-exec -j 2 -o out <plan >ran 2>err || bad "undisturbed: $(said err)"
	clean undisturbed
	statuses ran >wanted
	rm -rf out
}

# What is said of a test is the truth, or that it is an error.
true_or_error() {
	statuses ran | comm -23 - wanted | grep -v ' error$' >other
	[ ! -s other ] || bad "$1: $(tr '\n' ' ' <other)$(jq -rs 'map(.result.reason // empty) |
		unique | join("; ")' ran)"
}

# The disk becomes full while tests run, at different places.
fault_disk() {
	choose 4 40
	many 12 'head -c 20000 /dev/zero; ' >plan
	want_statuses
	for i in $(seq "$n"); do
		random 250
		[ "$i" != 1 ] || random=0
		what="round $i, $random KiB of disk left"
		rm -rf small/out small/ballast
		free=$(($(stat -f -c '%a * %S / 1024' small)))
		head -c $(((free - random) * 1024)) /dev/zero >small/ballast
		pth-exec -j 2 -o small/out <plan >ran 2>err
		code=$?
		case $code in
		0) [ "$(statuses ran | wc -l)" = 12 ] ||
			bad "$what: exit code 0, but $(statuses ran | wc -l) of 12 results" ;;
		4) grep -q '^pth-exec: .*No space left' err ||
			bad "$what: exit code 4, but: $(said err)" ;;
		*) bad "$what: exit code $code" ;;
		esac
		clean "$what" 5
		true_or_error "$what"
		rm -f small/ballast
		pth-exec -j 2 -o small/out --resume <plan >ran 2>err ||
			bad "$what, resumed: $(said err)"
		true_or_error "$what, resumed"
		statuses ran | cut -d' ' -f1 >now
		cut -d' ' -f1 wanted >ids
		same "$what, resumed" ids now
		pth-exec -j 2 -o small/out --rerun failed <plan >ran 2>err ||
			bad "$what, rerun: $(said err)"
		statuses ran >now
		same "$what, rerun" wanted now
		clean "$what, resumed"
	done
}

# A test for every kind of deadline.
deadlines() {
	server='{"finite": false, "ready": [{"kind": "udp", "port": 4443, "timeout_us": 300000}]}'
	test_of ready "$server" sleep 100
	test_of service '{"timeout_us": 300000}' sleep 100
	test_of test '{"plan": {"timeout_us": 300000}}' sleep 100
	test_of wait '{"plan": {"wait_us": 300000}}' sleep 100
	test_of grace \
		'{"finite": false,
			"more": [{"name": "b", "finite": true,
			  "phases": {"run": {"argv": ["sleep", "0.1"]}}}]}' \
		sh -c 'trap "" TERM; while :; do sleep 1; done'
	test_of delay '{"ready": [{"kind": "delay", "us": 200000}]}' sleep 5
	test_of fine '{}' sleep 0.3
	end_of 7
}

# clock_run WHAT COMMAND...: run the plan under it; all deadlines hold.
clock_run() {
	what=$1
	shift
	rm -rf out
	timeout 60 "$@" pth-exec -j 4 -o out <plan >ran 2>err ||
		bad "$what: exit code $? $(said err)"
	clean "$what"
	statuses ran >now
	same "$what" wanted now
	jq -r \
		'select(.result.duration_us? | . != null and (. < 90000 or . > 30000000)) |
			"\(.id) took \(.result.duration_us) us"' ran >other
	[ ! -s other ] || bad "$what: $(tr '\n' ' ' <other)"
	rm -rf out.json
	"$@" pth-collect --no-tshark out >out.json 2>err || bad "$what: pth-collect: $(said err)"
	"$@" pth-report --output "$W" --format text out.json >report.txt 2>err || [ $? = 1 ] ||
		bad "$what: pth-report: $(cat err)"
}

fault_clock() {
	deadlines >plan
	printf '%s\n' 'delay completed' 'fine completed' 'grace completed' 'ready error' \
		'service timeout' 'test timeout' \
		'wait timeout' >wanted
	plain_build 'they mind a preloaded library'
	"${CC:-cc}" -O2 -shared -fPIC -o jump.so "$here/jump.c" || cannot 'no C compiler'
	[ "$(LD_PRELOAD=$W/jump.so date +%F)" != "$(date +%F)" ] ||
		cannot 'the clock cannot be stepped here'
	clock_run 'clock stepped a day ahead and back' env LD_PRELOAD="$W/jump.so"
	for how in -T -UrT; do
		unshare $how -f --boottime 1 true 2>/dev/null || continue
		clock_run 'other monotonic clock' unshare $how -f --monotonic 50000000 \
			--boottime 50000000
		break
	done
}

# With few descriptors it works, or says clearly that they are too few. The
# tests last as long as it takes to begin them all.
fault_descriptors() {
	choose '2 8 60' '1 2 3 4 6 8 12 16 24 28 32 48 60 100 256'
	many 40 '' >plan
	want_statuses
	for jobs in $n; do
		rm -rf out
		forget_codes
		what="64 descriptors, $jobs jobs"
		ms $((jobs * 10))
		many 40 "sleep $seconds; " >plan
		(
			# shellcheck disable=SC3045 # dash has it
			ulimit -n 64
			stage exec pth-exec -j "$jobs" -o out <plan |
				stage collect pth-collect -j "$jobs" --no-tshark |
				stage report pth-report >report.txt
		)
		clean "$what" 5
		said err.* >complaints
		if [ "$(cat code.exec code.collect)" = "0${NL}0" ]; then
			statuses out/results.jsonl >now
			same "$what" wanted now
			continue
		fi
		[ "$jobs" -gt 8 ] || bad "$what: $(cat complaints)"
		grep -q 'Too many open files' complaints ||
			bad "$what: no clear message: $(cat complaints)"
		note_kept "$what"
		pth-exec -j 25 -o out --resume <plan >ran 2>err || bad "$what, resumed: $(said err)"
		statuses ran >now
		same "$what, resumed" wanted now
		check_kept "$what, resumed"
	done
}
