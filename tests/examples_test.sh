#!/bin/sh
# The examples, through the whole pipe, as the README says.
# timeout: 300
. "$TOP/tests/lib.sh"

pipe() { # file dir: as in the README; the exit code is that of pth-report
	pth-parse "$1" | pth-plan | pth-exec -o "$2" | pth-collect | pth-report
}

statuses() { # dir: "id status ok" of each test
	jq -r 'select(.verdict) | "\(.id) \(.verdict.status) \(.verdict.ok)"' "$1"
}

ready() {
	need tshark tshark && need jq jq
}

testPingPong() {
	ready || return
	run pipe "$TOP/examples/ping-pong.yaml" out
	assertCode 0
	for file in experiment.yaml plan.jsonl events.jsonl results.jsonl EXPERIMENT_REPORT.md \
		experiment_summary.json \
		001-ping-pong-functional/record.json 001-ping-pong-functional/result.json \
		001-ping-pong-functional/capture.pcapng \
		001-ping-pong-functional/server/stdout.log; do
		assertTrue "no $file" "[ -s out/$file ]"
	done
	assertEquals '10 datagrams' 10 \
		"$(tshark -r out/001-ping-pong-functional/capture.pcapng \
			-Y 'udp.port == 4443' 2>/dev/null | wc -l)"
}

testMinipVersions() {
	ready || return
	pth-parse "$TOP/examples/minip-versions.yaml" | pth-plan | pth-exec -o versions |
		pth-collect >judged 2>/dev/null
	statuses judged >is
	cat >should <<'EOF'
001-minip-functional passed true
002-minip-random passed true
003-minip-flaky failed true
004-minip-fail failed true
005-minip-vulnerable crashed true
006-minip-functional-oversized-datagram passed true
EOF
	assertEquals "$(cat should)" "$(cat is)"
	run pth-report <judged
	assertCode 0
}

testWithoutTheExpectationTheyFail() {
	ready || return
	grep -v 'status: failed' "$TOP/examples/minip-versions.yaml" >strict.yaml
	pth-parse strict.yaml | pth-plan | pth-exec -o strict --only '*-fail' |
		pth-collect 2>/dev/null >judged
	assertMatch "$(statuses judged)" '^004-minip-fail failed false$'
	run pth-report <judged
	assertCode 1
}

# Programs of Wireshark that fail, and leave a mark.
none_of_wireshark() {
	mkdir -p fake
	for program in tshark editcap mergecap capinfos; do
		{ echo '#!/bin/sh' && echo "touch $PTH_TMP/started; exit 9"; } >fake/$program
		chmod 755 fake/$program
	done
}

# The examples that need no engine, those of the demo among them: what pth-collect says of the
# directory is what the stream said, and none of Wireshark's programs is started.
testDirectoryAndStreamAgree() {
	ready || return
	looked=0
	none_of_wireshark
	for file in "$TOP"/examples/*.yaml; do
		# Those of Ivy are for make check-ivy.
		case $file in
		*docker* | *-ivy.yaml | */profilers.yaml | */links.yaml) continue ;;
		esac
		rm -rf agree
		pth-parse "$file" 2>/dev/null | pth-plan 2>/dev/null |
			PTH_EVENTS=none pth-exec -o agree |
			PATH=$PTH_TMP/fake:$PATH pth-collect 2>/dev/null >stream
		PATH=$PTH_TMP/fake:$PATH pth-collect agree 2>/dev/null >directory
		assertFalse "$file: a program of Wireshark was started" '[ -e started ]'
		assertEquals "$file" "$(statuses stream)" "$(statuses directory)"
		assertNotEquals "$file" '' "$(statuses stream)"
		assertEquals "$file" '' \
			"$(jq -c 'select(.id) | .result.conflicts // empty' directory)"
		looked=$((looked + 1))
	done
	assertTrue "only $looked examples" "[ $looked -ge 4 ]"
}

testQuic() {
	ready || return
	need gtlsserver ngtcp2-server && need gtlsclient ngtcp2-client || return
	run pipe "$TOP/examples/quic.yaml" quic
	assertCode 0
	test=quic/001-quic-download-of-5-mb
	cmp -s $test/server/www/data.bin $test/client/downloads/data.bin
	assertTrue 'what came is what was served' $?
	assertEquals 5000000 "$(wc -c <$test/client/downloads/data.bin)"
	assertTrue 'http3 frames, with the keys inside' \
		"[ $(tshark -r $test/capture.pcapng -Y http3 2>/dev/null | wc -l) -gt 0 ]"
	assertTrue 'keys' "[ -s $test/server/keys.log ] || [ -s $test/client/keys.log ]"
	assertTrue 'qlog' "[ -n '$(find $test -name '*.sqlog' -o -name '*.qlog')' ]"
	assertMatch "$(cat quic/EXPERIMENT_REPORT.md)" '[Hh]andshake'
	assertMatch "$(cat quic/EXPERIMENT_REPORT.md)" '[Gg]oodput'
}

# Each profiler names the fault that was planted for it. What this machine lacks is left out.
testProfilers() {
	ready || return
	need cc gcc || return
	leave() { # command names
		eval "$1" >/dev/null 2>&1 || without="$without|$2"
	}
	without=none
	leave 'strace -o /dev/null true' strace
	leave 'command -v valgrind' 'memcheck.*|helgrind|callgrind|massif'
	leave 'command -v gdb' gdb
	leave 'command -v google-pprof' 'gperf_.*'
	leave 'perf record -o perf.probe -e cpu-clock:u true' perf
	leave 'test -x /usr/bin/time' time
	pth-parse "$TOP/examples/profilers.yaml" 2>/dev/null | pth-plan |
		jq -c --arg no "$without" '
		select(.type == "end" or (.name | test("^(\($no))$") | not))' |
		jq -cs '(map(select(.type == "test")) | length) as $n |
			.[] | if .type == "end" then .tests = $n else . end' >planned
	PTH_EVENTS=none pth-exec -o profiled planned | pth-collect 2>/dev/null >judged
	assertEquals "$(statuses judged)" '' "$(statuses judged | grep -v ' true$')"
	assertEquals "$(grep -c '"type":"test"' planned)" "$(statuses judged | wc -l)"
	assertLeast 1 "$(statuses judged | wc -l)" profilers
}

# Any stage may have a filter before it, or be saved and fed again.
testFiltersBetweenTheStages() {
	ready || return
	jq_() { jq -c --unbuffered .; }
	pth-parse "$TOP/examples/ping-pong.yaml" | jq_ | pth-plan | jq_ | pth-exec -o filtered |
		jq_ |
		pth-collect | jq_ | tee judged | pth-report >report
	assertEquals 0 $?
	assertEquals '001-ping-pong-functional passed true' "$(statuses judged)"
}

testSavedAndFedAgain() {
	ready || return
	cp "$TOP/examples/ping-pong.yaml" .
	pth-parse ping-pong.yaml >parsed
	pth-plan <parsed >planned
	pth-plan <parsed >planned2
	assertEquals 'a plan is a function of its input' "$(cat planned)" "$(cat planned2)"
	assertNoMatch "$(cat planned)" "$TOP|$PTH_TMP"
	pth-exec -o saved <planned >ran
	pth-collect <ran >judged
	run pth-report <judged
	assertCode 0
	assertEquals '001-ping-pong-functional passed true' "$(statuses judged)"
	pth-collect <ran >judged2
	assertEquals "$(statuses judged)" "$(statuses judged2)"
	pth-exec -o again <planned | pth-collect >judged3
	assertEquals "$(statuses judged)" "$(statuses judged3)"
}

# A stage that dies sends no end record; sh says nothing, pth-report does.
testADeadStageIsSeen() {
	ready || return
	pth-parse "$TOP/examples/ping-pong.yaml" | pth-plan | pth-exec -o dead | pth-collect >judged
	run sh -c 'grep -v "\"type\":\"end\"" judged | pth-report'
	assertCode 4
	assertMatch "$err" incomplete
}

ms_of() {
	t0=$(date +%s%N)
	"$@" >/dev/null 2>&1
	echo $((($(date +%s%N) - t0) / 1000000))
}

# On an idle machine: pth-exec 0.3 s, the pipe 1 s. Tests run in company, so
# this only sees that nothing sleeps.
testNothingSleeps() {
	ready || return
	[ "$PTH_BUILD" = build ] || skip 'sanitizers are slow' || return
	pth-parse "$TOP/examples/ping-pong.yaml" | pth-plan >planned
	ms=1000
	for i in $(seq 20); do
		[ "$ms" -lt 1000 ] || ms=$(ms_of pth-exec -o "timed$i" planned)
	done
	assertTrue "pth-exec took $ms ms" "[ $ms -lt 1000 ]"
}

testManyOnTheSamePort() {
	ready || return
	sed 's/^    network_environment:/    iterations: 20\n&/' \
		"$TOP/examples/ping-pong.yaml" >many.yaml
	pth-parse many.yaml | pth-plan | pth-exec -j 4 -o many | pth-collect 2>/dev/null >judged
	assertEquals 20 "$(statuses judged | grep -c 'passed true$')"
}

testOrdinaryUser() {
	ready || return
	need_user || return
	chmod 755 "$PTH_TMP" && mkdir user && chmod 777 user "$TMPDIR"
	# shellcheck disable=SC2016
	for name in ping-pong quic; do
		run as_user env HOME=/nonexistent sh -c 'cd "$1/user" && pth run "$2" -o "$3"' sh \
			"$PTH_TMP" "$user_top/examples/$name.yaml" $name
		assertCode 0
		assertMatch "$(jq -c '
			select(.result) | .result.isolation.used' user/$name/results.jsonl)" '"net"'
		assertTrue "$name is captured" "[ -s user/$name/001*/capture.pcapng ]"
	done
}

# The demo of the README: what it says it runs, the reports, and the worst exit code.
testDemo() {
	ready || return
	need gtlsserver ngtcp2-server && need gtlsclient ngtcp2-client || return
	mkdir tree tree/examples
	ln -s "$(dirname "$(command -v pth-parse)")" tree/bin
	ln -s "$TOP"/examples/* tree/examples
	cp "$TOP/examples/demo" tree/demo && rm tree/examples/demo && mv tree/demo tree/examples
	run tree/examples/demo
	assertCode 0
	assertEquals '' "$err"
	for name in ping-pong quic; do
		assertMatch "$out" "$(line "^pth-parse examples/$name.yaml \| pth-plan \|" \
			"pth-exec -o outputs/demo-$name \| pth-collect \| pth-report\$")"
		assertMatch "$out" "^$name: 1/1 tests ok"
		assertMatch "$out" "^report: $PWD/tree/outputs/demo-$name/EXPERIMENT_REPORT.md\$"
		assertTrue "$name" "[ -s tree/outputs/demo-$name/EXPERIMENT_REPORT.md ]"
	done
	# The worst of the two, also when it is the first.
	sed 's/version: functional, role: server/version: fail, role: server/' \
		"$TOP/examples/ping-pong.yaml" >fails.yaml
	ln -sf "$PTH_TMP/fails.yaml" tree/examples/ping-pong.yaml
	ln -sf "$TOP/examples/ping-pong.yaml" tree/examples/quic.yaml
	run tree/examples/demo
	assertCode 1
	assertEquals '0/1 1/1' \
		"$(printf '%s\n' "$out" | grep -o './1 tests' | cut -d' ' -f1 | xargs)"
}

testNothingIsSaidAgainstThem() {
	looked=0
	for file in "$TOP"/examples/*.yaml; do
		run pth check --strict "$file"
		assertEquals "${file##*/}: $err" 0 "$code"
		# What this machine lacks is not the example's fault.
		assertEquals "${file##*/}" '' "$(printf '%s\n' "$out" |
			grep -Ev ': (no docker engine answers|this machine has )')"
		looked=$((looked + 1))
	done
	assertTrue "only $looked examples" "[ $looked -ge 6 ]"
}

. shunit2
