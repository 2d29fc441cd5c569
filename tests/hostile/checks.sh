# shellcheck shell=sh
# Read by tests/hostile/run, inside of the world: the run of four tests, and what is looked at
# afterwards. The files are in /srv, where the hostile test cannot come: plan, ran (what
# pth-exec wrote), records (what pth-collect made of it), from-dir (what it made of the
# directory), err. For `check`: hostile EXPRESSION is a value out of the record of the hostile
# test, and run/1-hostile its directory.

. "$TOP/tests/scene_lib.sh"

# The four tests: the hostile one first; another at the same time, and a third that takes a
# while; the last waits for the hostile one to end.
plan() {
	jq -cn --arg mode "$mode" --arg peer "$h_peer" --arg capture "$h_capture" \
		--arg expect "$h_expect" --argjson service "${h_service:-{\}}" \
		--argjson test "${h_test:-{\}}" --arg who "$who" --arg world "$WORLD_PID" '
	def stop: {signal: "TERM", grace_us: 200000};
	def service($name; $argv): {name: $name, role: "client", finite: true,
	  timeout_us: 10000000, stop: stop, phases: {run: {argv: $argv}}};
	def test($id; $services; $expect): {pth: 1, type: "test", run: "hostile", id: $id,
	  index: 1, of: 4, name: $id, services: ($services | map({(.name): {}}) | add),
	  expect: $expect, settings: {fast_fail: {enabled: false}},
	  plan: {environment: {type: "localhost", isolation: $mode}, timeout_us: 15000000,
	    setup: [], capture: null, order: [$services[].name], services: $services}};
	def said: {log: [{service: "a", matches: "^innocent$", min: 1, max: 1}]};
	def innocent($id; $script):
	  test($id; [service("a"; ["sh", "-c", $script + " echo innocent; echo data >file"])];
	    said + {files: [{path: "a/file", min_size: 5, max_size: 5}]});
	def locked: .plan.schedule = {locks: ["hostile"]};
	def index($n): .index = $n;
	(service("a"; ["sh", "/srv/act.sh", "/srv/case.sh"]) + {environment: {ACT: "/srv/act",
	  HOSTILE_HOST: "x/srv/home", MODE: $mode, WHO: $who, WORLD_PID: $world}}
	  | if $peer != "" then .after = [{service: "b", state: "ready"}] else . end) as $a |
	(service("b"; ["sh", "-c", "echo innocent; exec sleep 60"]) + {finite: false,
	  ready: [{kind: "log", matches: "innocent", timeout_us: 5000000}]}) as $b |
	(if $expect != "" then ($expect | fromjson) else
	  {log: [{service: "a", matches: "^acted$", min: 1, max: 1}]} end) as $rules |
	(test("1-hostile"; [if $peer != "" then $b else empty end, $a * $service]; $rules)
	  | if $peer != "" then .expect.log += [{service: "b", matches: "^innocent$", min: 1,
	      max: 1}] else . end
	  | if $capture != "" then .plan.capture = {interface: "lo", file: "capture.pcapng",
	      keylogs: [], decode: []} else . end
	  | . * $test | locked),
	(innocent("2-innocent"; "") | index(2)),
	(innocent("3-slow"; "for i in 1 2 3 4 5 6; do sleep .03 || exit 1; done;") | index(3)),
	(innocent("4-after"; "") | index(4) | locked),
	{pth: 1, type: "end", tests: 4}'
}

# What of the machine a test must not change, and what it must not leave.
scene() {
	sed 's/^[0-9]* [0-9]* //; s/ - .*//' /proc/self/mountinfo
	network
	awk 'FNR > 1 { print FILENAME, $1 }' /proc/sysvipc/*
	(cd /proc/sys && grep -H '' kernel/core_pattern kernel/hostname kernel/domainname \
		kernel/panic kernel/printk kernel/sysrq net/ipv4/ip_forward vm/overcommit_memory)
	grep -o 'pth-hostile.*' /proc/keys
	find /srv/act /srv/act.sh /srv/case.sh /srv/home /tmp /var/tmp /dev/shm /run \
		\( -path /srv/home/work/run -o -path /srv/home/.cache \) -prune -o \
		-printf '%p %M %U %s %l\n'
	cat /srv/home/.profile /srv/home/precious /srv/home/dir/file /srv/home/work/mine
} 2>/dev/null

# as_runner COMMAND...: as who runs pth-exec.
as_runner() {
	# shellcheck disable=SC2086 # words
	timeout -k 5 "$h_limit" $as "$@"
}

# ended WHAT CODE: it ended by itself, and well.
ended() {
	case $2 in
	0) ;;
	124 | 137) bad "$1 did not end within $h_limit s" ;;
	*) bad "$1 ended with exit code $2: $(tail -n 2 /srv/err | cut -c1-300)" ;;
	esac
}

collected=''
[ -n "$h_capture" ] || collected=--no-tshark

# as_before: the machine is as it was; /srv/odd: what is not.
as_before() {
	scene >/srv/scene.after
	diff /srv/scene.before /srv/scene.after >/srv/odd
}

hostile_run() {
	as_runner pth-exec -j 4 -o run "$@" /srv/plan >/srv/ran 2>/srv/err
	code=$?
	if [ $code != 4 ] || [ "$mode" = full ] || [ -z "$h_said" ] ||
		! grep -q "$h_said" /srv/err; then
		ended pth-exec $code
	fi
	# The next one may come at once: nothing is said of when it all has gone.
	tries=100
	until look_around || [ $tries = 0 ]; do
		tries=$((tries - 1))
		sleep 0.02
	done
	[ $tries != 0 ] || bad "processes are left: $(cat /srv/left)"
	# Sockets in flight that nobody takes are the kernel's to collect, when it likes.
	tries=100
	until as_before || [ $tries = 0 ]; do
		tries=$((tries - 1))
		"$ACT" collect
		sleep 0.05
	done
	[ $tries != 0 ] || bad "the machine is changed:$NL$(head -n 20 /srv/odd)"
	find run -xdev -uid 0 -perm /6000 >/srv/odd 2>/dev/null
	[ ! -s /srv/odd ] || bad "programs with root's rights are left: $(cat /srv/odd)"
}

verdicts() { # FILE
	jq -r 'select(.type == "test") | "\(.id) \(.verdict.status) \(.verdict.ok)"' "$1" 2>&1
}

# judged FILE: all tests are there, and the verdicts are right.
judged() {
	verdicts "$1" >/srv/verdicts
	while read -r id status ok; do
		case $id in
		1-hostile)
			eval "right=\$h_$mode"
			printf '%s\n' "$status" | grep -Eqx "$right" ||
				bad "$1: the hostile test is $status, not $right: $(why "$1")"
			;;
		*)
			[ "$status $ok" = 'passed true' ] ||
				bad "$1: $id is $status: $(why "$1" "$id")"
			;;
		esac
	done </srv/verdicts
	[ "$(cut -d' ' -f1 /srv/verdicts | xargs)" = '1-hostile 2-innocent 3-slow 4-after' ] ||
		bad "$1: its tests are $(xargs </srv/verdicts)"
}

why() { # FILE [id]
	jq -r --arg id "${2:-1-hostile}" 'select(.id == $id) |
		"\(.result.status); \(.result.reason // ""); \(.verdict.summary // "")"' "$1" 2>&1
}

# The stream's verdicts, and those that the directory gives.
compare() {
	as_runner pth-collect $collected </srv/ran >/srv/records 2>/srv/err
	ended pth-collect $?
	judged /srv/records
	cp /srv/verdicts /srv/of-stream
	as_runner pth-collect $collected run >/srv/from-dir 2>/srv/err
	ended 'pth-collect DIR' $?
	verdicts /srv/from-dir >/srv/of-dir
	cmp -s /srv/of-stream /srv/of-dir ||
		bad "the directory says $(xargs </srv/of-dir), the stream $(xargs </srv/of-stream)"
}

again() {
	rm -f /srv/ran
	hostile_run
	compare
}

resume() {
	hostile_run --resume
	as_runner pth-collect $collected </srv/ran >/srv/records 2>/srv/err
	verdicts /srv/records >/srv/verdicts
	cmp -s /srv/of-stream /srv/verdicts || bad "--resume says $(xargs </srv/verdicts)"
}

report() {
	as_runner pth-report --format text /srv/records >/srv/report 2>/srv/err
	code=$?
	[ $code -le 1 ] || ended pth-report $code
	for id in 1-hostile 2-innocent 3-slow 4-after; do
		grep -q "$id" /srv/report || bad "the report does not name $id"
	done
	! LC_ALL=C grep -q "$(printf '[\033\007\200-\377]')" /srv/report ||
		bad 'the report has bytes that move a terminal'
}

# Everybody in this world but this shell and the dead, by built-ins alone.
look_around() {
	for dir in /proc/[0-9]*; do
		[ "$dir" != "/proc/$$" ] || continue
		{ read -r stat <"$dir/stat"; } 2>/dev/null || continue
		case ${stat##*) } in Z* | X*) continue ;; esac
		printf '%s\n' "${stat%%) *})"
	done >/srv/left
	[ ! -s /srv/left ]
}

nothing_left() {
	find /sys/fs/cgroup -type d -name "pth-*.$(echo "$WORLD_PID" | tr -dc 0-9)*" \
		>/srv/odd 2>/dev/null
	[ ! -s /srv/odd ] || bad "control groups are left: $(cat /srv/odd)"
	find run -maxdepth 2 -name tmp >/srv/odd 2>/dev/null
	[ ! -s /srv/odd ] || bad "directories for temporary files are left: $(cat /srv/odd)"
}

hostile() { # expression
	jq -r "select(.id == \"1-hostile\") | $1" /srv/records
}

# What the hostile service said, for whoever has to find out.
show() {
	echo "case: $h_what"
	for log in run/1-hostile/a/stdout.log run/1-hostile/a/stderr.log; do
		[ -f $log ] || continue
		echo "$log:"
		tail -c 2000 $log | tail -n 12 | tr -c '[:print:]\n' '?'
	done
}
