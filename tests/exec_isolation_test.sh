#!/bin/sh
# What pth-exec keeps from tests: more than their limits, each other, the
# machine's files; and what they share: what was compiled.
# shellcheck disable=SC1083,SC2016,SC2154 # @{dir} is literal; $out and $err come from run
. "$TOP/tests/lib.sh"
# A run with limits, and pth-clean, remove the groups that killed runs of others have left.
own_world

# rec ID JSON ARGV...: a test of one service a; JSON is merged over the plan.
rec() {
	id=$1 over=$2
	shift 2
	jq -cn --arg id "$id" --argjson over "$over" '
		{pth: 1, type: "test", run: "iso", id: $id, index: 1, of: 1, name: $id,
		 plan: ({environment: {type: "localhost", isolation: "full"}, timeout_us: 30000000,
		   setup: [],
		         capture: null, order: ["a"],
		         services: [{name: "a", finite: true, timeout_us: 20000000,
		         stop: {signal: "TERM",
		           grace_us: 300000}, phases: {run: {argv: $ARGS.positional}}}
		         * ($over.service // {})]} * ($over | del(.service)))}' --args -- "$@"
}

# exec1 JSON ARGV...: run one test "t" by $as (words before the command) and
# leave its result in $out.
exec1() {
	{ rec t "$@"; end 1; } >plan
	# shellcheck disable=SC2086 # words
	run $as pth-exec -o "${dir:-out}" plan
	out=$(jq_out -c 'select(.type == "test").result')
}

log() {
	xargs <"${dir:-out}/t/a/stdout.log"
}

# Control groups can be made: those of the machine, or version 1 mounted in
# a private mount namespace; $as is what to begin a command with. Tried by hand:
# what pth-exec makes of them is for the tests.
need_groups() {
	need_root || return
	as=''
	"$TOP/tests/fixtures/can-limit" 2>can-limit.err && return
	as="unshare -m $PTH_TMP/mount-groups"
	$as "$TOP/tests/fixtures/can-limit" 2>>can-limit.err && return
	as=''
	skip "no control groups can be made here: $(tail -n 1 can-limit.err)"
}

# What is left of the groups of the run in ./out, or of the one whose process is named.
left_groups() { # [PID]
	left_pid=${1:-$(jq -n 'input.pid' "${dir:-out}/events.jsonl")}
	# shellcheck disable=SC2086 # words
	$as find /sys/fs/cgroup -type d -name "pth-*.$left_pid.*.$(stat -Lc %i /proc/self/ns/pid)"
}

oneTimeSetUp() {
	cat >mount-groups <<-'S'
	#!/bin/sh
	mount -t tmpfs tmpfs /sys/fs/cgroup || exit 4
	for c in memory pids cpu; do
		mkdir /sys/fs/cgroup/$c && mount -t cgroup -o $c $c /sys/fs/cgroup/$c
	done
	exec "$@"
	S
	chmod +x mount-groups
	chmod 711 "$PTH_TMP"
	mkdir -m 777 user
}

setUp() {
	as='' dir='' base=''
}

tearDown() {
	[ -z "$base" ] || rm -rf "$base" "$base.file"
}

testMemory() {
	need python3 python3 || return
	need_groups || return
	exec1 '{"service": {"limits": {"memory": 67108864}}}' python3 -c 'bytearray(10**9)'
	assertCode 0
	assertEquals 'crashed: a died of signal KILL: out of memory: limit 64 MiB' \
		"$(field '"\(.status): \(.reason)"')"
	assertMatch "$(field '.services.a.limits.memory')" '^cgroup v[12]$'
	assertEquals 1 "$(field .services.a.oom_kills)"
	assertMatch "$err" '"service.limited".*"limits":{"memory":"cgroup v'
	# A child that was killed; address space alone is no memory.
	exec1 '{"service": {"limits": {"memory": 67108864}}}' \
		sh -c 'python3 -c "bytearray(10**9)"; exit 3'
	assertEquals 'failed: a ended with exit code 3: out of memory: limit 64 MiB' \
		"$(field '"\(.status): \(.reason)"')"
	exec1 '{"service": {"limits": {"memory": 67108864}}}' \
		python3 -c 'import mmap; mmap.mmap(-1, 1 << 30, flags=mmap.MAP_PRIVATE)'
	assertEquals completed "$(field .status)"
	exec1 '{"service": {"limits": {"memory": 67108864},
				"phases": {"compile": [{"argv": ["python3", "-c",
				  "bytearray(10**9)"]}]}}}' true
	assertMatch "$(field .reason)" \
		'^a: compile: python3 ended with signal KILL: out of memory: limit 64 MiB; see '
	assertEquals '' "$(left_groups)"
}

# It may go on until its time is over; it must not do more than that.
testForkBomb() {
	need_groups || return
	exec1 '{"service": {"limits": {"processes": 30}, "timeout_us": 6000000}}' \
		sh -c "bomb() { bomb | bomb & sleep $nap; }; bomb"
	assertCode 0
	assertMatch "$(field .services.a.limits.processes)" '^cgroup v[12]$'
	assertMatch "$(cat out/t/a/stderr.log)" '[Cc]annot fork|Resource temporarily'
	assertMatch "$(field .status)" '^(timeout|failed)$'
	assertSoon 20 none_asleep
	assertEquals '' "$(left_groups)"
	# Within the limit nothing is refused.
	exec1 '{"service": {"limits": {"processes": 30}}}' \
		sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep .1 & done; wait'
	assertEquals completed "$(field .status)"
}

testEverythingOfAServiceIsInItsGroup() {
	need_groups || return
	exec1 '{"wait_us": 1, "service": {"finite": false, "limits": {"processes": 30, "cpu": 0.5},
		"ready": [{"kind": "command",
		  "argv": ["sh", "-c", "[ -e up ] && cat /proc/self/cgroup >ready.txt"]}],
		"phases": {"pre_run": [{"argv": ["sh", "-c",
		  "cat /proc/self/cgroup >pre_run.txt"]}]}}}' \
		sh -c 'cat /proc/self/cgroup >run.txt
		d=$(sed -n "s/^[0-9]*:cpu:/\/sys\/fs\/cgroup\/cpu/p" /proc/self/cgroup)
		cat $d/cpu.cfs_quota_us; : >up; exec sleep 100'
	assertEquals completed "$(field .status)"
	for phase in pre_run ready run; do
		assertMatch "$phase: $(cat out/t/a/$phase.txt)" \
			'/pth-[0-9a-f]*\.[0-9]*\.[0-9]*\.[0-9]*/1\.a$'
	done
	case $(field .services.a.limits.cpu) in *v1) assertEquals 50000 "$(log)" ;; esac
}

testLimitsWithoutGroups() {
	need_root || return
	need python3 python3 || return
	unshare -m true 2>/dev/null || skip 'no mounts of its own here (unshare -m)' || return
	printf '#!/bin/sh\nmount -t tmpfs -o ro tmpfs /sys/fs/cgroup || exit 4\nexec "$@"\n' >hide
	chmod +x hide
	as='unshare -m ./hide'
	exec1 '{"service": {"limits": {"memory": 200000000, "cpu": 0.5, "processes": 10,
				"files": 64}}}' python3 -c 'bytearray(10**9)'
	assertCode 0
	assertEquals failed "$(field .status)"
	assertMatch "$(cat out/t/a/stderr.log)" MemoryError
	# The kernel counts no processes of root.
	assertEquals '{"cpu":"none","memory":"rlimit","processes":"none","files":"rlimit"}' \
		"$(field '.services.a.limits | tojson')"
	assertMatch "$err" '"environment.degraded".*"reason":"a: limits.cpu is not kept'
	assertMatch "$err" '"environment.degraded".*"reason":"a: limits.processes is not kept'
}

testLimitsOfAnOrdinaryUser() {
	need_user || return
	as=as_user dir=$PTH_TMP/user/out
	exec1 '{"service": {"limits": {"processes": 4, "files": 33}, "timeout_us": 15000000}}' \
		sh -c 'ulimit -n; for i in 1 2 3 4 5 6; do sleep 14 & done; wait'
	assertCode 0
	assertMatch "$(field .services.a.limits.processes)" '^(rlimit|cgroup v2)$'
	assertMatch "$(cat "$dir/t/a/stderr.log")" '[Cc]annot fork|Resource temporarily'
	assertEquals 33 "$(log)"
}

# The limits of one test are no want of the machine: the others go on.
testOwnLimitsStopNoOthers() {
	ready='"ready": [{"kind": "file", "path": "up"}]'
	for limits in '"limits": {"files": 64},' ''; do
		{ rec 1-t "{\"service\": {$limits $ready}}" \
			sh -c 'echo "fork: Resource temporarily unavailable" >&2; exit 1'
		  rec 2-t '{}' true; end 2; } |
		  	jq -c 'if .id then .settings.fast_fail.enabled = true else . end' >plan
		rm -rf out
		run pth-exec -j 1 -o out plan
		assertEquals "error $([ -n "$limits" ] && echo completed || echo skipped)" \
			"$(jq_out -r 'select(.id).result.status' | xargs)"
	done
}

testGroupsOfAKilledRun() {
	need_groups || return
	[ -z "$as" ] || skip 'the groups of this machine are not mounted' || return
	{ rec t '{"service": {"limits": {"processes": 10}}}' sleep "$nap"; end 1; } >plan
	for how in clean run; do
		pth-exec -o out plan >/dev/null 2>&1 &
		pid=$!
		assertSoon 20 asleep
		kill_run $pid
		assertSoon 20 none_asleep
		assertMatch "$(left_groups $pid)" "/pth-[^/]*\\.$pid\\."
		if [ $how = clean ]; then
			run env DOCKER_HOST=unix:///nonexistent pth-clean -n
			assertMatch "$out" "^would remove group /.*\\.$pid\\."
			run env DOCKER_HOST=unix:///nonexistent pth-clean
			assertMatch "$out" "^removed group /.*\\.$pid\\."
		else
			exec1 '{"service": {"limits": {"processes": 10}}}' true
			assertEquals completed "$(field .status)"
		fi
		assertEquals '' "$(left_groups $pid)"
	done
}

testGroupsInUseStay() {
	need_groups || return
	[ -z "$as" ] || skip 'the groups of this machine are not mounted' || return
	{
		rec t '{"service": {"limits": {"processes": 10}}}' \
			sh -c 'until [ -e stop ]; do sleep .05; done'
		end 1
	} >plan
	cp plan plan.live
	pth-exec -o live plan.live >/dev/null 2>&1 &
	pid=$!
	assertSoon 20 test -e live/t/a/stdout.log
	run env DOCKER_HOST=unix:///nonexistent pth-clean
	assertNoMatch "$out" "\\.$pid\\."
	exec1 '{"service": {"limits": {"processes": 10}}}' true
	assertMatch "$(left_groups $pid)" "\\.$pid\\."
	: >live/t/a/stop
	wait $pid
	assertEquals completed "$(jq -r .status live/t/result.json)"
	assertEquals '' "$(left_groups $pid)"
}

# as_runner, as_somebody: who runs pth-exec in the function of the next line.
as_runner() {
	need_namespaces || return
	as='' dir=$PTH_TMP/out
}

as_somebody() {
	need_namespaces && need_user || return
	as=as_user dir=$PTH_TMP/user/out
}

private() {
	# Of a name that nobody else has: what is outside is of this test, and does not stay there.
	who=who.$nap outside="/tmp/who.$nap /var/tmp/who.$nap /dev/shm/who.$nap /run/who.$nap"
	script='for d in /tmp /var/tmp /dev/shm /run; do echo $1 >$d/$2; done
		sleep .2; cat /tmp/$2 /var/tmp/$2; ls /dev/shm /run ../..; echo $TMPDIR'
	for id in one two; do rec $id '{}' sh -c "$script" sh $id "$who"; done >plan
	end 2 >>plan
	# shellcheck disable=SC2086 # words
	run $as pth-exec -j 2 -o "$dir" plan
	assertCode 0
	for id in one two; do
		assertEquals "$id $id ../..: $id /dev/shm: $who /run: $who /tmp" \
			"$(xargs <"$dir/$id/a/stdout.log")"
		assertEquals '' "$(cat "$dir/$id/a/stderr.log")"
		assertFalse 'nothing is left in the test' "[ -e $dir/$id/tmp ]"
	done
	# shellcheck disable=SC2086 # words
	assertEquals 'none is outside' '' "$(ls $outside 2>/dev/null)"
	# shellcheck disable=SC2086 # words
	rm -f $outside
	assertMatch "$err" '"test.started".*"isolation":\[.*"private_tmp"'
}

testPrivateTmp() {
	as_runner || return
	private
}

testPrivateTmpOfAnOrdinaryUser() {
	as_somebody || return
	private
}

# What lies below /tmp and is needed: the working directory, what is in PATH,
# what the plan names. The rest of the directory they are in is not there; $B
# has a letter before the path, so that this does not name it.
testProgramsBelowTmpAreSeen() {
	need_namespaces || return
	base=$(mktemp -d /tmp/pth-iso.XXXXXX) || return # tearDown removes it
	mkdir "$base/path" "$base/named" "$base/hidden" "$base/work"
	for f in path/by-path named/by-name work/by-cwd; do
		printf '#!/bin/sh\necho %s\n' "${f#*/}" >"$base/$f"
		chmod +x "$base/$f"
	done
	echo data >"$base/named/data"
	echo file >"$base.file"
	{ rec t "{\"service\": {\"environment\": {\"B\": \"x$base\"}}}" sh -c 'b=${B#x}
		by-path; "$1"; cat "${1%/*}/data" "${2#--file=}"; "$b/work/by-cwd"; ls "$b"' \
		sh "$base/named/by-name" "--file=$base.file"; end 1; } >"$base/work/plan"
	old=$PATH
	PATH=$PATH:$base/path
	cd "$base/work" || return
	run pth-exec -o "$base/work/out" plan
	assertCode 0
	assertEquals 'by-path by-name data file by-cwd named path work' \
		"$(xargs <out/t/a/stdout.log)"
	assertFalse 'one test sees the others' '[ -e out/t/a/plan ]'
	# Started in /tmp itself: that is private all the same.
	cd /tmp || return
	run pth-exec -o "$base/out" "$base/work/plan"
	assertEquals 'by-path by-name data file named out path' \
		"$(xargs <"$base/out/t/a/stdout.log")"
	PATH=$old
}

testNetIsolationHasNoMounts() {
	need_namespaces || return
	exec1 '{"environment": {"isolation": "net", "read_only": true}}' \
		sh -c 'echo $TMPDIR; ls -d ../../t'
	assertEquals "$PTH_TMP/out/t/tmp ../../t" "$(log)"
	assertEquals true "$(field '.isolation.missing | contains(["read_only"])')"
	assertMatch "$err" '"environment.degraded".*"reason":"the file system can be written: '
	assertFalse '[ -e out/t/tmp ]'
	exec1 '{"environment": {"isolation": "none", "read_only": true}}' true
	assertMatch "$err" '"environment.degraded".*the file system can be written'
	exec1 '{"environment": {"isolation": "none"}}' true
	assertNoMatch "$err" '"environment.degraded"'
	assertEquals unprotected "$(field .evidence)"
	pth-collect out >collected 2>/dev/null
	run pth-report -o report --html report.html collected
	assertMatch "$(cat report/*.md)" '^\| Evidence \| unprotected: the services could write to'
	assertMatch "$(cat report.html)" 'Evidence: unprotected'
	assertMatch "$(jq -r '.tests.results[0].evidence' report/*.json)" '^unprotected:'
}

read_only() {
	exec1 '{"environment": {"read_only": true}}' \
		sh -c 'for d in /etc /usr /home /sys/fs/cgroup "$1" .. ../..; do
			! touch "$d/pth-was-here" 2>/dev/null || echo "$d"
		done
		for d in /tmp /var/tmp /dev/shm /run .; do touch "$d/mine" || echo not "$d"; done
		echo null >/dev/null && echo done' sh "$PTH_TMP"
	assertCode 0
	assertEquals 'done' "$(log)"
	assertEquals '["read_only"] []' \
		"$(field '
			.isolation |
				"\(.used | map(select(. == "read_only"))) \(.missing - ["user"])"')"
	assertMatch "$err" '"test.started".*"isolation":\[.*"read_only"'
	assertTrue '[ -e "$dir/t/a/mine" ] && [ -s "$dir/t/result.json" ]'
}

testReadOnly() {
	as_runner || return
	read_only
}

testReadOnlyOfAnOrdinaryUser() {
	as_somebody || return
	read_only
}

# who_am_i JSON: what a service and its neighbour can do, as who runs this.
powers() {
	exec1 "{\"service\": $1}" sh -c 'ls -A /run; id -u; grep CapEff /proc/self/status | cut -f2
		grep CapBnd /proc/self/status | cut -f2; grep NoNew /proc/self/status | cut -f2
		ip link set lo mtu 1400 2>/dev/null && echo net
		mount -t tmpfs none /etc 2>/dev/null && echo mount
		mount -o remount,rw / 2>/dev/null && echo remount
		chmod 777 .. 2>/dev/null && echo up
		(: >/proc/sys/kernel/core_pattern) 2>/dev/null && echo sysctl
		ls /proc/1/fd /proc/1/cwd/ 2>/dev/null
		mknod x c 1 3 2>/dev/null && echo mknod; cat /etc/shadow 2>/dev/null | head -c 1
		unshare -Um sh -c "mount -o remount,rw / || mount -o remount,rw,bind / ||
			umount /proc/sys" 2>/dev/null && echo userns
		touch mine && rm mine && echo done'
	assertCode 0
	assertEquals protected "$(field .evidence)"
	log
}

# What of a test a service sees: the directories of services, and what setup has made.
testViewOfAService() {
	need_namespaces || return
	exec1 '{"capture": {"interface": "lo", "file": "capture.pcapng"}, "setup": [
		{"argv": ["sh", "-c",
		  "umask 77; mkdir certs; echo key >certs/key; : >made; sleep .3"]}]}' \
		sh -c 'echo $(ls -A ..); cat ../certs/key; echo x >../certs/key || echo refused'
	assertCode 0
	assertEquals 'a certs made key refused' "$(log | xargs)"
	assertEquals 'a capture.pcapng certs made record.json result.json setup' \
		"$(ls out/t | grep -v metrics | xargs)"
	assertEquals 600 "$(stat -c %a out/t/certs/key)"
	assertEquals "$(id -u)" "$(stat -c %u out/t/certs/key)"
}

powerless() {
	powers '{}' >said
	if [ -z "$as" ]; then id=65000; else id=$(as_user id -u); fi
	assertEquals "$id 0000000000000000 0000000000000000 1 done" "$(xargs <said)"
}

# A program in a directory that its user may not enter: it alone is there.
testProgramInAClosedDirectory() {
	need_namespaces && need_root || return
	mkdir -m 700 closed closed/deep
	for f in closed/prog closed/other closed/deep/prog; do
		printf '#!/bin/sh\nls %s/closed\n' "$PTH_TMP" >"$f"
		chmod 755 "$f"
	done
	for f in closed/prog closed/deep/prog; do
		rm -rf out
		exec1 '{}' "$PTH_TMP/$f"
		assertEquals "$f" completed "$(field .status)"
		assertEquals "${f#closed/}" "$(log | sed 's/^deep$/deep\/prog/')"
	done
}

testServicesHaveNoPower() {
	as_runner || return
	powerless
}

testServicesHaveNoPowerOfAnOrdinaryUser() {
	as_somebody || return
	powerless
}

powerful() {
	powers '{"root": true}' >said
	read -r id effective bounding no <<-EOT
		$(xargs <said)
	EOT
	assertEquals '0 1 net done' "$id $no"
	assertNotEquals 0000000000000000 "$effective"
	assertNotEquals 0000000000000000 "$bounding"
	assertEquals '' "$(find "$dir" -user 65500)"
}

testRootOfTheNetwork() {
	as_runner || return
	powerful
}

testRootOfTheNetworkOfAnOrdinaryUser() {
	as_somebody || return
	powerful
}

testReadOnlyKey() {
	cat >t.yaml <<-'Y'
	tests:
	  - name: t
	    network_environment: {type: localhost}
	    read_only: true
	    services:
	      server: {implementation: {name: ping_pong},
	        protocol: {name: minip, version: functional}}
	Y
	run sh -c 'pth-parse t.yaml | pth-plan'
	assertEquals true "$(jq_out -r 'select(.id).plan.environment.read_only')"
}

# compiled TEXT: what a service with a cache is; every compilation is a line of ./count.
compiled() {
	jq -cn --arg text "$1" --arg count "$PTH_TMP/count" '{environment: {
		type: "localhost", isolation: "full", shared: [$count]}, service: {
		compile_cache: {inputs: ["src"], outputs: ["prog", "@{dir}/a/lib"]},
		files: [{path: "src", text: $text}],
		phases: {compile: [{argv: ["sh", "-c",
		  "echo >>\"$0\"; echo compiling; sleep .3; mkdir -p lib/deep; " +
			"cp src prog; chmod +x prog; cp src lib/deep/x; ln -s x lib/deep/l; " +
			"! grep -q bad src", $count]}]}}}'
}

use='./prog; cat lib/deep/l phases/compile.stdout.log; echo broken >prog'

testCompileOnceForAll() {
	script="#!/bin/sh${NL}echo one$NL"
	: >count && chmod 666 count
	{ for i in 1 2 3; do rec t$i "$(compiled "$script")" sh -c "$use"; done; end 3; } >plan
	for round in 1 2; do
		rm -rf out
		XDG_CACHE_HOME=$PTH_TMP/cache run env XDG_CACHE_HOME="$PTH_TMP/cache" pth-exec \
			-j 3 -o out plan
		assertCode 0
		assertEquals "round $round" 1 "$(wc -l <count)"
		for i in 1 2 3; do
			assertEquals 'one #!/bin/sh echo one compiling' \
				"$(xargs <out/t$i/a/stdout.log)"
			assertEquals '' "$(cat out/t$i/a/stderr.log)"
		done
		assertEquals $((round + 1)) \
			"$(jq_out -r 'select(.id).result.services.a.phases[0].cached' |
				grep -c true)"
		assertEquals $((round + 1)) "$(printf '%s\n' "$err" | grep -c '"compile.cached"')"
	done
	assertEquals 'no lock is left' '' "$(find cache -name '*.lock' -o -name '*.new')"
	# Something else is compiled again.
	{ rec t "$(compiled "$script# two")" sh -c "$use"; end 1; } >plan
	run env XDG_CACHE_HOME="$PTH_TMP/cache" pth-exec -o out2 plan
	assertEquals 2 "$(wc -l <count)"
	rm -rf out2
}

testWhatFailsIsNotKept() {
	: >count && chmod 666 count
	{ rec t1 "$(compiled bad)" true; rec t2 "$(compiled bad)" true; end 2; } >plan
	run env XDG_CACHE_HOME="$PTH_TMP/cache" pth-exec -j 2 -o out plan
	assertEquals 'error error' "$(jq_out -r 'select(.id).result.status' | xargs)"
	assertEquals 2 "$(wc -l <count)"
	assertEquals '' "$(find cache/pth/compile -mindepth 1 ! -name '*.lock')"
	# Nothing to keep it in, or an output that is not made: it just compiles.
	{
		rec t "$(compiled x | jq -c '.service.compile_cache.outputs = ["nowhere"]')" true
		end 1
	} >plan
	run env XDG_CACHE_HOME="$PTH_TMP/cache" pth-exec -o out plan
	assertMatch "$err" '"compile.not_cached".*"reason":"output nowhere'
	# A hole of 1 TB is neither copied nor hashed.
	truncate -s 1T "$PTH_TMP/hole"
	for change in "inputs = [\"$PTH_TMP/hole\"]" 'outputs = ["hole"]'; do
		{
			rec t "$(compiled x | jq -c ".service.phases.compile[0].argv[2] +=
				\" && truncate -s 1T hole\" |
				.service.compile_cache.$change")" true
			end 1
		} >plan
		rm -rf out
		run env XDG_CACHE_HOME="$PTH_TMP/cache" pth-exec -o out plan
		assertMatch "$err" \
			"\"compile.not_cached\".*\"reason\":\"${change%%s *} .*hole: File too large"
		assertEquals completed "$(jq_out -r 'select(.id).result.status')"
	done
	for outputs in '["../b"]' '["/etc"]' '[]'; do
		{
			rec t "$(compiled x | jq -c ".service.compile_cache.outputs = $outputs")" \
				true
			end 1
		} >plan
		run env XDG_CACHE_HOME="$PTH_TMP/cache" pth-exec -o out plan
		assertMatch "$err" '"compile.not_cached".*must be paths in the directory'
		assertEquals completed "$(jq_out -r 'select(.id).result.status')"
	done
	run env XDG_CACHE_HOME=/proc/nowhere pth-exec -o out plan
	assertMatch "$err" '/proc/nowhere'
	assertEquals completed "$(jq_out -r 'select(.id).result.status')"
}

testKilledCompilationLeavesNoHalfEntry() {
	need_namespaces || return
	: >count && chmod 666 count
	slow=$(compiled x |
		jq -c '.service.phases.compile[0].argv[2] |=
			sub("sleep .3"; "[ -e \"$0.go\" ] || sleep '"$nap"'")')
	{ rec t "$slow" true; end 1; } >plan
	env XDG_CACHE_HOME="$PTH_TMP/cache" pth-exec -o out plan >/dev/null 2>&1 &
	pid=$!
	assertSoon 20 asleep
	kill -KILL $pid
	wait $pid 2>/dev/null
	assertSoon 20 none_asleep
	: >count.go
	run env XDG_CACHE_HOME="$PTH_TMP/cache" pth-exec -o out plan
	rm -f count.go
	assertEquals completed "$(jq_out -r 'select(.id).result.status')"
	assertEquals 2 "$(wc -l <count)"
	assertMatch "$err" '"compile.kept"'
}

# compile NAME [SIZE]: something of 120 kB, in a cache of SIZE.
compile() {
	{ rec t "$(compiled "#!/bin/sh$NL# $1 $padding$NL")" true; end 1; } >plan
	run env XDG_CACHE_HOME="$PTH_TMP/small" PTH_CACHE_SIZE="${2-300kB}" pth-exec -o out plan
	assertEquals "$1" completed "$(jq_out -r 'select(.id).result.status')"
}

entries() {
	find small/pth/compile -mindepth 1 -maxdepth 1 | wc -l
}

testCacheKeepsWhatWasUsedLast() {
	padding=$(printf '%060000d' 0)
	rm -rf small && : >count && chmod 666 count
	compile one && compile two && compile one && compile three
	assertEquals 'three compiled, the second use was of the cache' '3 2' \
		"$(wc -l <count) $(entries)"
	assertEquals 1 "$(printf '%s\n' "$err" | grep -c '"compile.evicted"')"
	compile one && compile three
	assertEquals 'both are still there' 3 "$(wc -l <count)"
	compile two
	assertEquals 'it had been used the longest time ago' '4 2' "$(wc -l <count) $(entries)"
	compile four 1
	assertEquals 'the newest stays' 1 "$(entries)"
	compile five 0
	compile six 1x
	assertMatch "$err" "PTH_CACHE_SIZE '1x' is no size"
	assertEquals 'no limit, and the usual one' 3 "$(entries)"
}

testCacheEntryInUseStays() {
	need flock util-linux || return
	padding=$(printf '%060000d' 0)
	rm -rf small && : >count && chmod 666 count
	compile one
	entry=$(find "$PTH_TMP/small/pth/compile" -mindepth 1 -maxdepth 1)
	mkfifo held
	flock -s "$entry" cat held &
	assertSoon 20 sh -c "! flock -n '$entry' true"
	compile two 1
	assertEquals 'one is used' 2 "$(entries)"
	run env XDG_CACHE_HOME="$PTH_TMP/small" DOCKER_HOST=unix:///nonexistent pth-clean -c
	assertEquals 'also by who cleans' "$entry" \
		"$(find "$PTH_TMP/small/pth/compile" -mindepth 1 -maxdepth 1)"
	: >held
	wait $!
	rm held
	# What a kill has left goes, too.
	left=$(printf '%064d' 7)
	mkdir -p "small/pth/compile/$left.new/a" "small/pth/compile/$left.gone/a" &&
		: >"small/pth/compile/$left.lock"
	compile three 1
	assertEquals 1 "$(entries)"
}

testCleanEmptiesTheCache() {
	need flock util-linux || return
	padding='' left=$(printf '%064d' 7)
	rm -rf small
	compile one && compile two
	mkdir -p "small/pth/compile/$left.new/a" "small/pth/compile/$left.gone/a" &&
		: >"small/pth/compile/$left.lock"
	export XDG_CACHE_HOME="$PTH_TMP/small" DOCKER_HOST=unix:///nonexistent
	run pth-clean -n -c
	assertEquals 2 "$(printf '%s\n' "$out" | grep -c 'would remove compiled ')"
	assertEquals 5 "$(entries)"
	run pth-clean -c
	unset XDG_CACHE_HOME DOCKER_HOST
	assertEquals 2 "$(printf '%s\n' "$out" | grep -c 'removed compiled ')"
	assertEquals 0 "$(entries)"
}

testDescriptorsCacheIsPlanned() {
	mkdir -p plugins
	cat >plugins/built.yaml <<-'Y'
	plugin: built
	kind: iut
	extends: service
	protocol: [minip]
	parameters: {flags: {type: str, default: -O2}}
	compile_cache: {inputs: ["src/{{ flags }}"], outputs: [prog]}
	phases:
	  compile: [[cp, src, prog]]
	binary: "true"
	commands: {server: [x]}
	Y
	cat >t.yaml <<-'Y'
	tests:
	  - name: t
	    network_environment: {type: localhost}
	    services:
	      server: {implementation: {name: built}, protocol: {name: minip, version: functional}}
	Y
	run sh -c 'pth-parse t.yaml | pth-plan -P plugins'
	assertCode 0
	assertEquals '{"inputs":["src/-O2"],"outputs":["prog"]}' \
		"$(jq_out -c 'select(.id).plan.services[0].compile_cache')"
}

. shunit2
