#!/bin/sh
# The verdict of a formal tester (panther_ivy): outputs in tests/fixtures/ivy, what was recorded and
# what was made, each with the right one of passed, failed and unknown (or crashed and timeout, when
# that is what the implementation or the clock did). One run directory of all of them, judged once.
. "$TOP/tests/lib.sh"

# A record with a plan, of a tester that is run once and three times.
planned() {
	cat >x.yaml <<-end
		tests:
		  - name: ivy
		    network_environment: {type: localhost, capture: false}
		    services:
		      server:
		        implementation: {name: ping_pong}
		        protocol: {name: minip, role: server}
		        ports: ["4443:4443"]
		      ivy:
		        implementation: {name: panther_ivy, type: testers, test: t}
		        protocol: {name: minip, role: client, target: server}
		    matrix: {services.ivy.implementation.iterations_per_test: [1, 3]}
	end
	pth-parse x.yaml 2>/dev/null | pth-plan 2>/dev/null
}

# unpack CASE: its outputs, in the directory of a test of that name, and its head as JSON.
unpack() {
	name=${1##*/}
	mkdir -p "run/$name/ivy" "run/$name/server"
	: >"run/$name/server/stdout.log" && : >"run/$name/server/stderr.log"
	awk -v dir="run/$name/ivy" -v name="$name" '
		BEGIN { printf "{\"id\":\"%s\"", name }
		/^--- / && !(to == dir "/stderr.log") {
			if (to == "") print "}"
			to = dir "/" $2 ".log"; printf "" >to; next
		}
		to != "" { print >to; next }
		/^#/ { next }
		{
			key = $1; sub(/:$/, "", key); sub(/^[^ ]* /, "")
			gsub(/\\/, "\\\\"); gsub(/"/, "\\\"")
			printf ",\"%s\":\"%s\"", key, $0
		}' "$1"
	missing=$(sed -n 's/^missing: //p' "$1")
	[ -z "$missing" ] || rm "run/$name/ivy/$missing"
}

# How a service ended, as pth-exec says it.
# shellcheck disable=SC2016 # of jq
ends='
def ended: {state: "stopped", code: null, signal: null, started_us: 1, ready_us: 2} +
	if . == "stopped" then {reason: "stopped", signal: "TERM"}
	elif . == "timeout" then {reason: "timeout", signal: "KILL"}
	elif test("^[0-9]+$") then {reason: "exit", code: tonumber}
	else {reason: "signal", signal: .} end;
def bad: .reason != "stopped" and .code != 0;
def status($ivy; $server):
	if $ivy.reason == "signal" or $server.reason == "signal" then "crashed"
	elif $ivy.reason == "timeout" then "timeout"
	elif any($ivy, $server; bad) then "failed" else "completed" end;
map(select(.type == "test")) as $plans
| ($cases | to_entries[]) as {key: $n, value: $case}
| ($case.exit | ended) as $ivy | ($case.iut | ended) as $server
| $plans[if $case.runs then 1 else 0 end]
| .id = $case.id | .name = $case.id | .index = $n + 1 | .of = ($cases | length)
| del(.expect)
| .result = {status: status($ivy; $server), reason: "as it ended", dir: $case.id,
	attempt: 1, services: {server: $server, ivy: ($ivy +
		if $case.cut then {logs_cut: {($case.cut): 5}} else {} end)}}
'

testEachOutput() {
	need jq jq || return
	planned >planned.jsonl
	assertEquals 2 "$(jq -s 'map(select(.plan and (.error | not))) | length' planned.jsonl)"
	for case in "$TOP"/tests/fixtures/ivy/*; do
		unpack "$case"
	done >cases.jsonl
	jq -cs --slurpfile cases cases.jsonl "$ends" planned.jsonl >run/plan.jsonl
	n=$(wc -l <cases.jsonl)
	assertTrue "only $n outputs" "[ $n -ge 40 ]"
	jq -cn --argjson n "$n" '{pth: 1, type: "end", tests: $n}' >>run/plan.jsonl
	cp run/plan.jsonl run/results.jsonl
	run pth-collect --no-tshark run
	assertCode 0
	printf '%s\n' "$out" | jq -r 'select(.type == "test") | "\(.id) \(
		if .verdict.status == "error" and any(.verdict.rules[]; .unknown) then "unknown"
		else .verdict.status end)"' | sort >judged
	jq -r '"\(.id) \(.verdict)"' cases.jsonl | sort >right
	assertEquals "$(cat right)" "$(cat judged)"
	# No doubt is ever a pass, and what was violated is quoted.
	assertEquals '' "$(printf '%s\n' "$out" | jq -r 'select(.type == "test") |
		select(.verdict.ok and .verdict.status != "passed") | .id')"
	printf '%s\n' "$out" | jq -r 'select(.type == "test") |
		"\(.id) \([.verdict.rules[] | select(.ok | not) | .text] | join(" "))"' >texts
	quoted=0
	while read -r id quote; do
		assertContains "$id" "$(sed -n "s/^$id //p" texts)" "$quote"
		quoted=$((quoted + 1))
	done <<-end
		$(jq -r 'select(.quote) | "\(.id) \(.quote)"' cases.jsonl)
	end
	assertTrue "only $quoted quotes" "[ $quoted -ge 9 ]"
}

# A violation decides the summary; a crash of the tester is not one of the implementation.
testSummary() {
	need jq jq || return
	planned >planned.jsonl
	for case in fail segv finalize; do
		unpack "$TOP/tests/fixtures/ivy/$case"
	done >cases.jsonl
	jq -cs --slurpfile cases cases.jsonl "$ends" planned.jsonl >run/plan.jsonl
	echo '{"pth":1,"type":"end","tests":3}' >>run/plan.jsonl
	cp run/plan.jsonl run/results.jsonl
	pth-collect --no-tshark run 2>/dev/null |
		jq -r 'select(.type == "test") | "\(.id): \(.verdict.summary)"' >summaries
	assertMatch "$(cat summaries)" "$(line '^fail: .*the implementation does not comply:' \
		'2 lines: minip.ivy: line 63; require n = question;')"
	assertMatch "$(cat summaries)" '^segv: .*the tester did not come to the end of its test'
	assertMatch "$(cat summaries)" \
		'^finalize: .*something that the test must have seen was not there'
}

# The report shows what was sent and received, with the packets, and marks what was violated; where
# packets and events are not one to one, nothing is said of packets.
testTrace() {
	need jq jq || return
	planned >planned.jsonl
	for case in fail flaky; do
		unpack "$TOP/tests/fixtures/ivy/$case"
		cp "$TOP/tests/fixtures/ivy-fail.pcapng" "run/$case/capture.pcapng"
	done >cases.jsonl
	jq -cs --slurpfile cases cases.jsonl "$ends" planned.jsonl >run/plan.jsonl
	echo '{"pth":1,"type":"end","tests":2}' >>run/plan.jsonl
	cp run/plan.jsonl run/results.jsonl
	pth-collect --no-tshark run 2>/dev/null | pth-report -o report >/dev/null 2>&1
	grep '^| ' report/EXPERIMENT_REPORT.md >table
	assertMatch "$(cat table)" '^. .> . minip.ping.522812621. . 1, 0.000 ms, 56 bytes .$'
	assertMatch "$(cat table)" '^. .< . minip.pong.522812622. . 2, [0-9.]+ ms, 56 bytes .$'
	assertMatch "$(cat table)" \
		'^. ❌ . ..assumption._failed."require n = question;  .# a pong has the number'
	# Where events are no packets, those that the capture ends with stand below them.
	assertMatch "$(cat table)" '^. .> . minip.junk.1511. .  .$'
	assertEquals 2 "$(grep -c '^. .[<>] . one of the last packets . [0-9]' table)"
}

. shunit2
