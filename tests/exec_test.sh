#!/bin/sh
# pth-exec on plans made here by hand, with svc and rec of lib.sh.
# shellcheck disable=SC1083,SC2016,SC2154 # @{dir} is literal; $out and $err come from run
. "$TOP/tests/lib.sh"

minip() { # count [port]: server and client of the ping-pong protocol
	svc server "{\"finite\": false,
			\"ready\": [{\"kind\": \"udp\", \"port\": ${2:-4443},
				\"timeout_us\": 30000000}], \"stop\": {\"signal\": \"INT\"}}" \
		@{libexec}/miniP_server -p "${2:-4443}"
	svc client '{"after": [{"service": "server", "state": "ready"}]}' \
		@{libexec}/miniP_client -p "${2:-4443}" -i 127.0.0.1 -w 15000 -n "$1"
}

setUp() {
	plan=
}

testPingPongIsCapturedWhole() {
	need_namespaces || return
	plan='{"capture": {"interface": "lo", "file": "capture.pcapng"}}'
	minip 20 >services
	exec1 "$(sed -n 1p services)" "$(sed -n 2p services)"
	assertCode 0
	assertEquals completed "$(field .status)"
	assertEquals '40 0' "$(field '.capture | "\(.packets) \(.dropped)"')"
	assertEquals 'it is ready before services are' capture.started \
		"$(jq -r .event out/events.jsonl | grep -E 'capture.started|service.' | head -n 1)"
	assertEquals stopped "$(field .services.server.reason)"
	assertEquals '0 exit' "$(field '.services.client | "\(.code) \(.reason)"')"
	assertEquals true "$(field '.services.client.started_us >= .services.server.ready_us')"
	assertEquals 20 "$(grep -c pong out/t/client/stdout.log)"
	need capinfos wireshark-common || return
	assertEquals 40 "$(capinfos -Mcr out/t/capture.pcapng 2>/dev/null | grep -o '[0-9]*$')"
}

testOrdinaryUserHasIsolationAndCapture() {
	need_user || return
	plan='{"capture": {"interface": "lo", "file": "capture.pcapng"}}'
	minip 3 >services
	{ rec t "$(sed -n 1p services)" "$(sed -n 2p services)"; end 1; } >plan.jsonl
	mkdir -m 777 user
	chmod 711 "$PTH_TMP"
	run as_user pth-exec -o "$PTH_TMP/user/out" <plan.jsonl
	assertCode 0
	out=$(jq_out -c 'select(.type == "test").result')
	assertEquals completed "$(field .status)"
	assertEquals 6 "$(field .capture.packets)"
	assertEquals '[]' "$(field .isolation.missing)"
	assertEquals 65534 "$(stat -c %u user/out/t/result.json)"
}

testHostThatForbidsNamespaces() {
	need unshare util-linux || return
	unshare -Urn sh -c 'echo 0 >/proc/sys/user/max_net_namespaces' 2>/dev/null ||
		skip 'namespaces cannot be forbidden here' || return
	plan='{"capture": {"interface": "lo", "file": "capture.pcapng"}}'
	minip 2 >services
	{ rec t "$(sed -n 1p services)" "$(sed -n 2p services)"; end 1; } >plan.jsonl
	run unshare -Urn sh -c 'ip link set lo up; for n in user net pid mnt; do
		echo 0 >/proc/sys/user/max_${n}_namespaces; done; pth-exec -o out plan.jsonl'
	assertCode 0
	assertMatch "$err" environment.degraded
	out=$(jq_out -c 'select(.type == "test").result')
	assertEquals completed "$(field .status)"
	assertEquals '[]' "$(field .isolation.used)"
	assertNotEquals '' "$(field .isolation.reason)"
}

testOnTheHostAsAskedFor() {
	plan='{"environment": {"isolation": "none"}}'
	{ rec t "$(svc s '{}' readlink /proc/self/ns/net)"; end 1; } >plan.jsonl
	run pth-exec -o out plan.jsonl
	assertCode 0
	assertNoMatch "$err" degraded
	assertEquals "$(readlink /proc/self/ns/net)" "$(cat out/t/s/stdout.log)"
}

testCaptureThatCannotStartIsSaid() {
	plan='{"capture": {"interface": "nosuch0", "file": "capture.pcapng"}}'
	exec1 "$(svc a '{}' true)"
	assertEquals completed "$(field .status)"
	assertMatch "$(field .capture.error)" 'nosuch0'
	assertMatch "$err" capture.failed
}

testReadiness() {
	need python3 python3 || return
	after='{"after": [{"service": "s", "state": "ready"}]}'
	tcp='import socket,time
time.sleep(1); s=socket.create_server(("127.0.0.1",5001)); time.sleep(9)'
	for kind in \
		'{"kind": "tcp", "port": 5001}' \
		'{"kind": "file", "path": "up"}' \
		'{"kind": "log", "matches": "^listening on [0-9]+"}' \
		'{"kind": "command", "argv": ["test", "-e", "up"]}' \
		'{"kind": "delay", "us": 1000000}'
	do
		exec1 "$(svc s "{\"finite\": false, \"ready\": [$kind]}" sh -c \
			"python3 -c '$tcp' & sleep 1; : >up; echo listening on 5001; wait")" \
			"$(svc c "$after" true)"
		assertEquals "$kind: $out" completed "$(field .status)"
		assertEquals "$kind" true "$(field '.services.c.started_us >= 200000')"
	done
}

testNotReadyInTimeTellsTheLastLine() {
	exec1 "$(svc s '{"finite": false,
			"ready": [{"kind": "log", "matches": "cannot", "timeout_us": 20000000},
			  {"kind": "udp", "port": 4443, "timeout_us": 900000}]}' \
		sh -c 'echo cannot find my key; sleep 9')" \
		"$(svc c '{"after": [{"service": "s", "state": "ready"}]}' true)"
	assertEquals error "$(field .status)"
	assertEquals \
		's: did not bind UDP port 4443 within 900 ms; last log line: cannot find my key' \
		"$(field .reason)"
	assertEquals 'not ready' "$(field .services.s.reason)"
	assertEquals 'not started' "$(field .services.c.reason)"
}

testEveryKindOfReadinessSaysWhatWasMissing() {
	failed='its readiness check (command) did not succeed within'
	looked=0
	while IFS='|' read -r check limit want; do
		looked=$((looked + 1))
		exec1 "$(svc s \
			"{\"finite\": false, \"ready\": [${check%\}},
			  \"timeout_us\": ${limit}00000}]}" sleep 30)"
		assertEquals error "$(field .status)"
		assertEquals "$check" "s: $want" "$(field .reason)"
	done <<-END
	{"kind": "tcp", "port": 5001}|5|did not listen on TCP port 5001 within 500 ms
	{"kind": "file", "path": "up"}|5|did not make the file up within 500 ms
	{"kind": "log", "matches": "^up\$"}|5|did not log /^up\$/ within 500 ms
	{"kind": "command", "argv": ["sh", "-c", "exit 4"]}|50|$failed 5.00 s: exit code 4
	{"kind": "command", "argv": ["sleep", "9"]}|5|$failed 500 ms: it still ran
	END
	assertLeast 5 "$looked" cases
}

testEndBeforeReady() {
	exec1 "$(svc s '{"finite": false, "ready": [{"kind": "udp", "port": 4443}]}' \
		sh -c 'echo bad option >&2; exit 3')"
	assertEquals error "$(field .status)"
	assertEquals 's: ended with exit code 3 before it was ready; last log line: bad option' \
		"$(field .reason)"
	exec1 "$(svc s '{"finite": false, "ready": [{"kind": "udp", "port": 4443}]}' \
		sh -c 'sleep 9 & exit')"
	assertEquals "$(line 's: ended with exit code 0 before it was ready;' \
		'it must not go into the background')" "$(field .reason)"
}

testStatuses() {
	exec1 "$(svc a '{}' sh -c 'exit 7')"
	assertEquals 'failed 7 a ended with exit code 7' \
		"$(field '"\(.status) \(.services.a.code) \(.reason)"')"
	exec1 "$(svc a '{}' sh -c 'kill -SEGV $$')"
	assertEquals 'crashed SEGV null' \
		"$(field '"\(.status) \(.services.a.signal) \(.services.a.code)"')"
	exec1 "$(svc a '{"timeout_us": 100000}' sleep 9)"
	assertEquals 'timeout timeout' "$(field '"\(.status) \(.services.a.reason)"')"
	plan='{"timeout_us": 100000}'
	exec1 "$(svc a '{}' sleep 9)"
	assertEquals "timeout the test's timeout passed" "$(field '"\(.status) \(.reason)"')"
	plan='{"wait_us": 100000}'
	exec1 "$(svc a '{}' sleep 9)"
	assertEquals timeout "$(field .status)"
	exec1 "$(svc a '{"finite": false}' sleep 9)"
	assertEquals 'completed stopped' "$(field '"\(.status) \(.services.a.reason)"')"
}

testMissingPrograms() {
	plan=
	exec1 "$(svc a '{"requires": [{"program": "no-such-prog", "package": "nosuch"}]}' \
		no-such-prog)"
	assertEquals 'error a: no-such-prog not found; Debian has it in the package nosuch' \
		"$(field '"\(.status) \(.reason)"')"
	plan='{"requires": [{"program": "no-such-prog", "hint": "write it"}]}'
	exec1 "$(svc a '{}' true)"
	assertEquals 'error setup: no-such-prog not found; write it' \
		"$(field '"\(.status) \(.reason)"')"
	plan=
	exec1 "$(svc a '{}' no-such-prog)"
	assertEquals 'error not found' "$(field '"\(.status) \(.services.a.reason)"')"
	exec1 "$(svc a '{}' /etc/passwd)"
	assertEquals 'error not executable' "$(field '"\(.status) \(.services.a.reason)"')"
	exec1 "$(svc a '{}' ./nowhere)"
	assertEquals 'error not found' "$(field '"\(.status) \(.services.a.reason)"')"
}

testServerThatDiesEndsTheTest() {
	exec1 "$(svc s '{"finite": false}' sh -c 'sleep .1; kill -ABRT $$')" \
		"$(svc c '{}' sleep 60)"
	assertEquals 'crashed s died of signal ABRT' "$(field '"\(.status) \(.reason)"')"
	assertEquals true "$(field '.duration_us < 30000000')"
}

testPhasesRunInOrderAndCriticalOnesCount() {
	exec1 "$(svc a '{"phases": {
		"post_run": [{"argv": ["sh", "-c", "echo 6 >>order"]}],
		"pre_run": [{"argv": ["sh", "-c", "echo 4 >>order"]},
		  {"argv": ["false"], "critical": false}],
		"post_compile": [{"argv": ["sh", "-c", "echo 3 >>order"]}],
		"compile": [{"argv": ["sh", "-c", "echo 2 >>order; echo gcc says hello"]}],
		"pre_compile": [{"argv": ["sh", "-c", "echo 1 >>order"], "env": {"X": "y"}}]}}' \
		sh -c 'echo 5 >>order')"
	assertEquals completed "$(field .status)"
	assertEquals '1 2 3 4 5 6' "$(tr '\n' ' ' <out/t/a/order | sed 's/ $//')"
	assertEquals 'gcc says hello' "$(cat out/t/a/phases/compile.stdout.log)"
	assertEquals 'pre_compile compile post_compile pre_run pre_run post_run' \
		"$(field '[.services.a.phases[].phase] | join(" ")')"
	exec1 "$(svc a '{"phases": {"compile": [{"argv": ["sh", "-c", "exit 2"]}]}}' true)"
	assertEquals error "$(field .status)"
	assertMatch "$(field .reason)" \
		'compile: sh ended with exit code 2; see a/phases/compile.stderr.log'
	exec1 "$(svc a '{"phases": {"compile": [{"argv": ["sleep", "9"], "timeout_us": 100000}]}}' \
		true)"
	assertMatch "$(field .reason)" 'compile: sleep took too long'
	# After the run: it has ended well, and yet the test is none that passes.
	exec1 "$(svc a '{"phases": {"post_run": [{"argv": ["sh", "-c", "exit 2"]}]}}' true)"
	assertEquals 'error command_execution' "$(field '"\(.status) \(.category)"')"
	assertEquals 'error exit 0' "$(field '.services.a | "\(.state) \(.reason) \(.code)"')"
	assertMatch "$(field .reason)" 'post_run: sh ended with exit code 2'
	exec1 "$(svc a '{"phases": {"post_run": [{"argv": ["false"], "critical": false}]}}' true)"
	assertEquals completed "$(field .status)"
}

testStopLadder() {
	up='"finite": false, "ready": [{"kind": "log", "matches": "up"}]'
	after='{"after": [{"service": "s", "state": "ready"}]}'
	exec1 "$(svc s "{$up}" sh -c "trap '' TERM; echo up; sleep 9 & wait; wait; sleep 9")" \
		"$(svc c "$after" true)"
	assertEquals 'completed true KILL stopped' "$(field '
		.status + " " + (.services.s | "\(.killed) \(.signal) \(.reason)")')"
	exec1 "$(svc s "{$up, \"stop\": {\"signal\": \"USR1\",
			\"grace_us\": 15000000}}" \
		sh -c "trap 'echo bye; exit 0' USR1; echo up; while :; do sleep .05; done")" \
		"$(svc c "$after" true)"
	assertEquals bye "$(tail -n 1 out/t/s/stdout.log)"
}

testEveryByteArrivesUnchanged() {
	need python3 python3 || return
	python3 - <<-'P' >plan
		import json
		s = "".join(map(chr, range(1, 128))) + "$(id) `id` ; 'q' \"q\" é"
		print(json.dumps({"pth": 1, "type": "test", "run": "hand", "id": "t", "plan": {
		  "environment": {"type": "localhost"}, "services": [{"name": "a", "finite": True,
		  "environment": {"E": s}, "phases": {"run": {"argv": ["sh", "-c",
		  "printf %s \"$1\" >arg; printf %s \"$E\" >env", "sh", s]}}}]}}))
		print('{"pth":1,"type":"end","tests":1}')
		open("want", "w").write(s)
	P
	run pth-exec -o out plan
	assertCode 0
	assertTrue 'argument' "cmp want out/t/a/arg"
	assertTrue 'environment' "cmp want out/t/a/env"
}

testPlacesAndFiles() {
	exec1 "$(svc a '{"dirs": ["qlog"],
			"files": [{"path": "www/x.bin", "size": 100000, "seed": 7},
			  {"path": "t.txt", "text": "in @{dir}"}],
		"environment": {"D": "@{dir}/a", "KEEP": "@{server:ip}"}}' \
		sh -c 'echo "$D $1 $KEEP" >places; touch "$TMPDIR/x"; ls -d qlog' sh @{dir})"
	assertEquals completed "$(field .status)"
	d=$(cd out/t && pwd)
	assertEquals "$d/a $d @{server:ip}" "$(cat out/t/a/places)"
	assertEquals "in $d" "$(cat out/t/a/t.txt)"
	assertEquals 100000 "$(wc -c <out/t/a/www/x.bin)"
	sum=$(cksum <out/t/a/www/x.bin)
	assertFalse 'the temporary directory is gone' '[ -e out/t/tmp ]'
	exec1 "$(svc a '{"files": [{"path": "www/x.bin", "size": 100000, "seed": 7}]}' true)"
	assertEquals 'same seed, same bytes' "$sum" "$(cksum <out/t/a/www/x.bin)"
	exec1 "$(svc a '{"files": [{"path": "../evil", "text": "x"}]}' true)"
	assertEquals error "$(field .status)"
	assertFalse '[ -e out/t/evil ]'
	exec1 "$(svc ../../evil '{}' true)"
	assertEquals error "$(field .status)"
}

testSetupCommands() {
	plan='{"setup": [{"argv": ["sh", "-c", "mkdir certs; echo key >certs/key.pem"]}]}'
	exec1 "$(svc a '{}' cat @{dir}/certs/key.pem)"
	assertEquals completed "$(field .status)"
	assertEquals key "$(cat out/t/a/stdout.log)"
	plan='{"setup": [{"argv": ["false"]}]}'
	exec1 "$(svc a '{}' true)"
	assertEquals 'error not started' "$(field '"\(.status) \(.services.a.reason)"')"
	assertMatch "$(field .reason)" '^setup: false ended with exit code 1'
}

testLimits() {
	exec1 "$(svc a '{"limits": {"files": 64, "disk": 100000, "cpu": 1.5}}' \
		sh -c \
		'ulimit -n; dd if=/dev/zero of=big bs=1000 count=1000 2>/dev/null; wc -c <big')"
	assertEquals '64 100000' "$(xargs <out/t/a/stdout.log)"
	exec1 "$(svc a '{"limits": {"disk": 100000}}' dd if=/dev/zero of=big bs=1000 count=1000)"
	assertEquals 'crashed a died of signal XFSZ: a file has reached limits.disk, 100 kB' \
		"$(field '"\(.status) \(.reason)"')"
}

testDaemonsDoNotSurvive() {
	need_namespaces || return
	exec1 "$(svc a '{}' sh -c "setsid sh -c '(sleep $nap & echo >up)' & setsid sleep $nap &
		until [ -e up ]; do sleep .05; done")"
	assertEquals completed "$(field .status)"
	assertSoon 20 none_asleep
}

testOrderOfResultsAndParallel() {
	need_namespaces || return
	for i in 1 2 3 4 5 6; do
		minip 3 >services
		rec "$i-t" "$(sed -n 1p services)" "$(sed -n 2p services)" \
			"$(svc z '{}' sleep 0.$((7 - i)))"
	done >plan.in
	end 6 >>plan.in
	run pth-exec -j 6 -o out plan.in
	assertCode 0
	assertEquals '1-t 2-t 3-t 4-t 5-t 6-t' \
		"$(jq_out -r 'select(.id).id' | tr '\n' ' ' | sed 's/ $//')"
	assertEquals 6 "$(printf '%s\n' "$out" | grep -c '"status":"completed"')"
	assertEquals 'one line a test and the end' '7 7' \
		"$(wc -l <out/results.jsonl) $(wc -l <out/plan.jsonl)"
	cp out/plan.jsonl again
	run pth-exec -o out2 again
	assertCode 0
	assertMatch "$(tail -n 1 out/events.jsonl)" run.ended
}

testSelection() {
	{ rec 1-a "$(svc a '{}' true)"; rec 2-b "$(svc a '{}' true)"; end 2; } >plan.in
	run pth-exec --only '2-*' -o out plan.in
	assertCode 0
	assertEquals 'skipped completed' "$(jq_out -r 'select(.id).result.status' | xargs)"
	run pth-exec -n -o dry plan.in
	assertEquals 'skipped skipped' "$(jq_out -r 'select(.id).result.status' | xargs)"
	assertFalse 'a dry run makes nothing' '[ -e dry ]'
}

testErrorsPassThrough() {
	{ rec 1-a "$(svc a '{}' true)" |
		jq -c '. + {error: {stage: "plan", message: "unknown plugin"}} | del(.plan)'
	  rec 2-b "$(svc a '{}' true)" | jq -c '.plan.environment.type = "shadow_ns"'
	  rec ../3 "$(svc a '{}' true)"
	  echo '{"pth":1,"type":"note","x":[1]}'
	  rec 4-d "$(svc a '{}' true)"; end 4; } >plan.in
	run pth-exec -o out plan.in
	assertCode 0
	assertEquals 'error unsupported error completed' \
		"$(jq_out -r 'select(.id).result.status' | xargs)"
	assertMatch "$out" '^\{"pth":1,"type":"note","x":\[1\]\}$'
	assertEquals '{"pth":1,"type":"end","tests":4}' "$(printf '%s\n' "$out" | tail -n 1)"
}

testBadStreams() {
	rec 1-a "$(svc a '{}' true)" >plan.in
	run pth-exec -o out plan.in
	assertCode 0
	assertMatch "$err" 'incomplete'
	assertMatch "$out" '"type":"end","tests":1,"incomplete":"pth-exec: plan.in: '
	assertEquals 'but the test ran' completed \
		"$(printf '%s' "$out" | jq -r 'select(.id).result.status')"
	echo '{"a":1,' >plan.in
	run pth-exec -o out plan.in
	assertCode 3
	assertMatch "$err" '^pth-exec: plan.in:1:'
	echo '[]' >plan.in
	run pth-exec -o out plan.in
	assertCode 3
	run pth-exec -j 0
	assertCode 2
	run pth-exec --nonsense
	assertCode 2
	run pth-exec nowhere.jsonl
	assertCode 4
}

testOutputThatCannotBeWritten() {
	{ rec 1-a "$(svc a '{}' true)"; end 1; } >plan.in
	pth-exec -o out plan.in >/dev/full 2>err
	assertEquals 4 $?
	assertMatch "$(cat err)" 'write stdout: No space'
	pth-exec -o out plan.in >&- 2>err
	assertEquals 4 $? # and no file of ours is hit by it
	mkdir other && : >other/thesis.tex
	run pth-exec -o other plan.in
	assertCode 4
	assertMatch "$err" 'not a run directory'
	assertTrue '[ -e other/thesis.tex ]'
	: >file
	run pth-exec -o file/x plan.in
	assertCode 4
}

# Its port is in nobody else's command line.
none_left() {
	! pgrep -f "miniP_[a-z]* -p $port( |\$)" && none_asleep
}

testKillLeavesNothing() {
	need_namespaces || return
	free_port
	plan='{"capture": {"interface": "lo", "file": "capture.pcapng"}}'
	minip 100000000 "$port" >services
	{
		rec t "$(sed -n 1p services)" "$(sed -n 2p services)" \
			"$(svc d '{}' sh -c "setsid sleep $nap & sleep $nap")"
		end 1
	} >plan.in
	for delay in 0.01 0.03 0.06 0.1 0.3; do
		pth-exec -o out plan.in >/dev/null 2>&1 &
		pid=$!
		sleep $delay
		kill -KILL $pid
		wait $pid 2>/dev/null
		assertSoon 20 none_left
		# Killed between two calls it leaves the file that it was about to rename.
		assertEquals 'temporary files' '' \
			"$(find out -name '.*' ! -name .lock ! -name ".*.$pid" -type f)"
	done
	{ rec t "$(svc a '{}' true)"; end 1; } >plan.in
	run pth-exec -o out plan.in
	assertCode 0
	assertEquals 'which the next run removes' '' \
		"$(find out -name '.*' ! -name .lock -type f)"
}

testInterrupt() {
	{ rec 1-t \
		"$(svc s '{"finite": false, "ready": [{"kind": "log", "matches": "^up"}],
			"stop": {"signal": "INT", "grace_us": 15000000}}' \
			sh -c "trap 'echo bye; exit 0' INT; echo up
			while :; do sleep .05; done")" \
		"$(svc c '{}' sleep "$nap")"
	  rec 2-t "$(svc a '{}' true)"; end 2; } >plan.in
	pth-exec -j 1 -o out plan.in >records 2>err &
	pid=$!
	assertSoon 20 grep -q test.running err
	kill -INT $pid
	wait $pid
	assertEquals 130 $?
	assertEquals 'interrupted interrupted' \
		"$(jq -r 'select(.id).result.status' records | xargs)"
	assertEquals bye "$(tail -n 1 out/1-t/s/stdout.log)"
	assertMatch "$(tail -n 1 records)" '"type":"end","tests":2'
	assertTrue 'processes are left' none_asleep
}

. shunit2
