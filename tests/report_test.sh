#!/bin/sh
# shellcheck disable=SC2016 # backticks and jq variables as they are
# pth-report: its exit code, its files, and what hostile text can do to them.
. "$TOP/tests/lib.sh"

setUp() {
	export PTH_EVENTS=none SOURCE_DATE_EPOCH=0
	rm -rf out in.jsonl x && mkdir -p out && : >in.jsonl
}

# A judged test; more of it by a jq expression.
add() { # id [jq]
	mkdir -p "out/$1/server" "out/$1/client"
	jq -cn --arg id "$1" --arg dir "$PTH_TMP/out" '
	def ended(r; c): {state: "stopped", reason: r, code: c, signal: null, core: false,
	  ready_us: 2000,
		rusage: {user_us: 10, sys_us: 20, max_rss_kb: 2048}, phases: []};
	{pth: 1, type: "test", run: "demo", id: $id, index: 1, of: 1, name: $id,
	  source: {file: "demo.yaml", line: 3},
	plan: {services: [{name: "server", kind: "iut"}, {name: "client", kind: "tester"}]},
	result: {status: "completed", reason: "", duration_us: 1500000, attempt: 1, run_dir: $dir,
	  dir: $id,
		isolation: {used: ["net"], missing: [], reason: ""},
		started: "2026-01-01T00:00:00.000000Z", ended: "2026-01-01T00:00:01.500000Z",
		capture: {file: "capture.pcapng", interface: "lo", packets: 2, dropped: 0},
		services: {server: ended("stopped"; 0), client: ended("exit"; 0)}},
	artifacts: [{path: "capture.pcapng", service: null, kind: "capture", bytes: 1048576,
	  sha256: "0"},
		{path: "server/stdout.log", service: "server", kind: "log", bytes: 10,
		  sha256: "0"}],
	metrics: {duration_us: 1500000, packets: 12, bytes: 3456, captured_us: 20000,
	  transfer: null, dropped: 0,
		quic: {versions: ["0x00000001"], connections: 1, handshakes: 1, handshake_us: 22800,
		  http3_frames: 6}},
	verdict: {status: "passed", ok: true, expected: false, marks: [], summary: "2 rules held",
	  rules: []}}
	| '"${2:-.}" >>in.jsonl
}

FAILED='.verdict = {status: "failed", ok: false, expected: false, marks: [],
	summary: "exit client: exit code 1",
	rules: [{rule: "exit client", ok: false, status: "failed", text: "exit code 1"}]}
	| .result.services.client.code = 1'

end() {
	printf '{"pth":1,"type":"end","tests":%d}\n' \
		"$(grep -c '"type":"test"' in.jsonl)" >>in.jsonl
}

report() {
	run pth-report "$@" <in.jsonl
}

testPassed() {
	add one && end
	report
	assertCode 0
	assertEquals "one   passed     1.50 s  12 packets, handshake 23 ms
demo: 1/1 tests ok (100.0%) in 1.50 s: 1 passed
report: $PTH_TMP/out/EXPERIMENT_REPORT.md" "$out"
	assertEquals completed "$(jq -r .status out/experiment_summary.json)"
	assertMatch "$(cat out/EXPERIMENT_REPORT.md)" '^## Success Summary'
}

# What series.jsonl of a test says is drawn; what is none of it is left alone.
testPlots() {
	line='"protocol":"quic","connection":0,"client":"10.0.0.1:5","server":"<b>"'
	mkdir -p out/one out/two
	cat >out/one/series.jsonl <<-EOF
		{"series":"rtt","unit":"ms",$line,"sender":"client","points":[[0,1],[0.5,3],[1,2]]}
		{"series":"rtt","unit":"ms",$line,"sender":"server","points":[[0.25,6]]}
		{"series":"a&b","unit":"x",$line,"points":[[0,0],["x"],7,[1,1500]]}
		nonsense
		{"series":7,"points":[]}
		{"series":"rtt","unit":"ms","protocol":"tcp","connection":0,"points":[]}
		{"series":"rtt","unit":"ms","protocol":"tcp","connection":1,"points":[[0,1]]}
		{"series":"rtt","unit":"ms","protocol":"tcp","connection":2,"points":[[0,1]]}
		{"connections_left_out":4}
	EOF
	add one && add two && end
	report --html out/r.html
	assertCode 0
	assertEquals 3 "$(grep -c '^<svg\|"><svg\|plots"><svg' out/r.html)"
	# 330 wide from 48 on, 112 high to 120: 3 of 6 is the middle.
	assertMatch "$(cat out/r.html)" \
		'<polyline class="cli" points="48,101.3 213,64 378,82.67"/>'
	assertMatch "$(cat out/r.html)" '<polyline class="srv" points="130.5,8"/>'
	assertMatch "$(cat out/r.html)" 'class="e">1.5k</text>'
	assertMatch "$(cat out/r.html)" 'Connection quic of 10.0.0.1:5 to &lt;b&gt;:'
	assertMatch "$(cat out/r.html)" 'a&amp;b \(x\)'
	assertMatch "$(cat out/r.html)" 'More series are in series.jsonl'
	assertNoMatch "$(cat out/r.html)" 'nan|inf|<b>:'
	rm out/one/series.jsonl
	ln -s /etc/passwd out/one/series.jsonl
	report --html out/r.html
	assertCode 0
	assertMatch "$(cat out/r.html)" '<p>series.jsonl: '
	assertNoMatch "$(cat out/r.html)" '<svg'
	rm out/one/series.jsonl
	report --html out/r.html
	assertNoMatch "$(cat out/r.html)" 'series.jsonl'
}

testPlotsOfSeveral() {
	line='"series":"rtt","unit":"ms","protocol":"quic","connection":0'
	mkdir -p out/one out/two
	echo "{$line,\"points\":[[0,1],[1e300,2],[-1e300,3],[1,1e300]]}" |
		tee out/one/series.jsonl >out/two/series.jsonl
	add one && add two && end
	report --html out/r.html
	assertEquals 2 "$(grep -c '<svg' out/r.html)"
	assertNoMatch "$(cat out/r.html)" 'nan|inf'
	assertEquals 'one style for all' 1 "$(grep -c 'polyline.cli' out/r.html)"
}

# A pass that lacks something is told as one.
testPassedWithoutSomething() {
	add one '.result.degraded = ["probe", "x&y"]'
	add two '.result.degraded = ["probe"] | .verdict.marks = ["flaky", "degraded"]'
	add three 'del(.metrics.packets) | .metrics.error = "capture on eth9: No such device"' &&
		end
	report --html out/r.html
	assertCode 0
	assertMatch "$out" '^one +passed, degraded  '
	assertMatch "$out" '^two +passed, flaky, degraded  '
	assertMatch "$out" '^three +passed .*capture on eth9: No such device'
	assertMatch "$(cat out/EXPERIMENT_REPORT.md)" \
		'^- .*Went on without.*: probe, x&amp;y$|^- .*Went on without.*: probe, x.*y$'
	assertMatch "$(cat out/r.html)" '<p>Went on without: probe, x&amp;y</p>'
	assertEquals '"probe, x&y" null' \
		"$(jq -r '.tests.results[] | select(.id == ("one", "three")).degraded | tojson' \
			out/experiment_summary.json | xargs -d '\n')"
}

testColoursOnATerminal() {
	need_terminal || return
	add one && end
	for set_ in 'TERM=xterm NO_COLOR=' 'TERM=xterm NO_COLOR=1' 'TERM=dumb NO_COLOR=' \
		'TERM= NO_COLOR='; do
		# shellcheck disable=SC2086 # two words
		got=$(env $set_ python3 "$TOP/tests/fixtures/terminal.py" 100 24 \
			sh -c 'pth-report <in.jsonl >&2'; grep -c '\[32m' tty.raw)
		case $set_ in 'TERM=xterm NO_COLOR=') want=1 ;; *) want=0 ;; esac
		assertEquals "$set_" $want "$got"
	done
}

testExitCodes() {
	add one && add two "$FAILED" && end
	report
	assertCode 1
	setUp &&
		add one '.verdict.status = "crashed" | .verdict.expected = true |
			.verdict.marks = ["expected-fail"]' && end
	report
	assertCode 0
	assertMatch "$out" 'crashed, as expected'
	setUp && add one
	report
	assertCode 4
	assertMatch "$err" 'incomplete'
	assertEquals incomplete "$(jq -r .status out/experiment_summary.json)"
	assertMatch "$(cat out/EXPERIMENT_REPORT.md)" 'incomplete'
	report --partial
	assertCode 0
	echo '{"pth":1,"type":"end","tests":2}' >>in.jsonl
	report
	assertCode 4
	assertMatch "$err" '2 tests promised, 1 came'
	: >in.jsonl
	report -o x
	assertCode 4
	echo '{"pth":1,"type":"end","tests":0}' >in.jsonl
	report -o x
	assertCode 0
	setUp && add one && add two '.verdict.status = "skipped" | .verdict.ok = false' && end
	report
	assertCode 0
	assertMatch "$out" '^demo: 1/1 tests ok \(100\.0%\) .* 1 passed, 1 skipped$'
	setUp && add one 'del(.verdict)' && end
	report
	assertCode 1
	assertMatch "$out" '^one  *unknown .*pth-collect has not seen'
	echo 'junk' >>in.jsonl
	report
	assertCode 3
	assertMatch "$err" 'stdin:3:'
}

testMetadataOfTheExperiment() {
	add one '.settings.metadata = {name: "demo", description: "what *it* tests", author: "A B",
		tags: ["quic", "x"], version: "2"}'
	end
	report
	assertEquals '["A B",["quic","x"]]' \
		"$(jq -c '.metadata | [.author, .tags]' out/experiment_summary.json)"
	for line in 'Description\*\*: what \\\*it\\\* tests' 'Author\*\*: A B' 'Version\*\*: 2' \
		'Tags\*\*: quic, x'; do
		assertMatch "$(cat out/EXPERIMENT_REPORT.md)" "^- \*\*$line\$"
	done
}

testSummaryHasTheFields() {
	add one && add two "$FAILED" &&
		add three '.verdict.status = "timeout" | .verdict.ok = false' && end
	report
	assertCode 1
	assertEquals \
		"$(json '["experiment_id","status","start_time","end_time","duration_seconds",
			"configuration_file","tests","fast_fail","resources","services"]')" \
		"$(jq -c 'keys_unsorted[:10]' out/experiment_summary.json)"
	assertEquals '["demo","timeout",1.5,"demo.yaml"]' \
		"$(jq -c '[.experiment_id, .status, .duration_seconds, .configuration_file]' \
			out/experiment_summary.json)"
	assertEquals \
		"$(json '{"total":3,"passed":1,"failed":1,"skipped":0,"timeout":1,
			"interrupted":0,"unknown":0,"success_rate":33.3333333}')" \
		"$(jq -c '
			.tests |
				{total, passed, failed, skipped, timeout, interrupted, unknown,
				  success_rate}' out/experiment_summary.json)"
	assertEquals '["two","failed",1.5,"exit client: exit code 1","two",false]' \
		"$(jq -c '
			.tests.results[1] |
				[.name, .status, .duration, .error_message, .logs_path,
				  .fast_fail_triggered]' out/experiment_summary.json)"
	assertEquals '[2,3]' \
		"$(jq -c '[.resources.peak_memory_mb, (.resources.disk_usage_mb | floor)]' \
			out/experiment_summary.json)"
	assertEquals \
		"$(json '{"service_name":"client","service_type":"tester","status":"failed",
			"exit_code":1,"crashed":false,"compilation_succeeded":null,
			"phases_completed":"run","error_summary":"exit code 1",
			"output_completeness":0,"test_name":"two"}')" \
		"$(jq -c '.services[3] | del(.test_id)' out/experiment_summary.json)"
	assertEquals '["1970-01-01T00:00:00.000000Z","1.0"]' \
		"$(jq -c '.report_metadata | [.generated_at, .report_format_version]' \
			out/experiment_summary.json)"
}

testSections() {
	add one && add two "$FAILED" && end
	report
	assertEquals '# Experiment Report: demo
## Overview
## Test Results Summary
## Individual Test Results
## Service Health Summary
## Fast-Fail Analysis
## Resource Usage
## Detailed Information
## Failure Analysis' "$(grep -E '^##? ' out/EXPERIMENT_REPORT.md)"
	assertMatch "$(cat out/EXPERIMENT_REPORT.md)" '^\| Handshake \(QUIC\) \| 23 ms \|'
}

testLogsOfAFailure() {
	mkdir -p out/two/client
	{
		seq 1 100 && printf '\033[31mred\033[0m \377 ``` Address already in use\n'
	} >out/two/client/stderr.log
	add two "$FAILED" && end
	report
	md=$(cat out/EXPERIMENT_REPORT.md)
	assertMatch "$md" '^End of \[client/stderr\.log\]\(two/client/stderr\.log\):'
	assertMatch "$md" '^82$'
	assertNoMatch "$md" '^81$'
	assertMatch "$md" '^red � ``` Address'
	assertMatch "$md" '^````text$'
	assertMatch "$md" 'Likely cause.*port_conflict'
	assertEquals port_conflict \
		"$(jq -r '.tests.results[0].root_cause.name' out/experiment_summary.json)"
}

# A log that is a link to somewhere else is not shown.
testLogsAreBeneath() {
	echo secret >secret
	add two "$FAILED" && end
	ln -s ../../../secret out/two/client/stderr.log
	mkfifo out/two/server/stderr.log
	report
	assertCode 1
	assertNoMatch "$(cat out/EXPERIMENT_REPORT.md)" secret
}

# Reports take the place of what a program has put there, and follow no links.
testReportsAmongFilesOfOthers() {
	add one && end
	echo precious >x
	mkdir -p out/EXPERIMENT_REPORT.md/sub
	ln -s ../x out/experiment_summary.json
	report
	assertCode 0
	assertEquals precious "$(cat x)"
	assertMatch "$(cat out/EXPERIMENT_REPORT.md)" '^# '
	assertTrue '[ ! -L out/experiment_summary.json ]'
	# Where somebody wants the report it is theirs.
	mkdir -p mine/EXPERIMENT_REPORT.md
	report -o mine
	assertCode 4
	assertTrue '[ -d mine/EXPERIMENT_REPORT.md ]'
}

testHostileText() {
	name='a | b * `c` <script>alert(1)</script> [x](y) & _z_ #'
	HOSTILE=$name && export HOSTILE
	add one '.name = $ENV.HOSTILE | .description = ($ENV.HOSTILE + "\n# Title\n| a | b |")
		| .result.services["<b>|`"] = .result.services.client
		| .artifacts +=
			[{path: "server/a) b|`<.log", service: "server", kind: "log", bytes: 1}]
		| .verdict.summary = "x\n\n# Title" | .verdict.ok = false'
	end
	report --junit junit.xml --tap tap --csv csv --html page.html
	assertCode 1
	md=$(cat out/EXPERIMENT_REPORT.md)
	assertEquals 'no more titles than ours' 1 "$(grep -c '^# ' out/EXPERIMENT_REPORT.md)"
	assertNoMatch "$md" '(^|[^\\])<script>'
	assertMatch "$(cat page.html)" '&lt;script'
	assertNoMatch "$(cat page.html)" '<script|<b>\|'
	assertMatch "$md" '^### .* a \\\| b \\\* \\`c\\` \\<script\\>'
	assertMatch "$md" '\]\(one/server/a%29%20b%7C%60%3C\.log\)'
	assertEquals 'rows of the health table have 7 cells' 8 \
		"$(grep 'one | healthy' out/EXPERIMENT_REPORT.md | sed 's/\\|//g' | tr -cd '|\n' |
			awk '{ print length }' | sort -u)"
	assertEquals 'one line per test in TAP' 1 "$(grep -c '^not ok' tap)"
}

# What another program reads out of the table is what was written, each special character alone.
testCsvIsReadAgain() {
	need python3 python3 || return
	texts='["plain", "a,b", "a\"b", "a\nb", "a\rb", "\"", "; \u0027 \t=1+1", ""]'
	for n in 0 1 2 3 4 5 6 7; do
		add t$n ".name = ${texts}[$n] | .verdict.summary = ${texts}[$n]"
	done
	end
	report --csv csv
	assertCode 0
	assertEquals "$(jq -cn "$texts | [(. | length), map([., .])]")" \
		"$(python3 -c '
import csv, json
rows = list(csv.reader(open("csv", newline="")))
rows = [r for r in rows[1:] if len(r) == len(rows[0])]
print(json.dumps([len(rows), [[r[2], r[-2]] for r in rows]]))' | jq -c .)"
	assertEquals 'every row ends as RFC 4180 says' 9 "$(grep -c "$(printf '\r')\$" csv)"
}

testJunitIsXml() {
	need python3 python3 || return
	add one && add two "$FAILED | .verdict.summary = \"<&\\\"\\u0001\\uffff]]>\"" &&
		add three '.verdict.status = "skipped" | .verdict.ok = false' &&
		add four '.verdict.status = "crashed" | .verdict.ok = false' && end
	report --junit junit.xml
	assertEquals '4 1 1 1' "$(python3 -c '
import xml.dom.minidom
s = xml.dom.minidom.parse("junit.xml").getElementsByTagName("testsuite")[0]
print(*(s.getAttribute(a) for a in ("tests", "failures", "errors", "skipped")))')"
}

# Tries are told as Maven Surefire does, logs by their stream, and the name is the test's own: with
# its values of the matrix and its iteration, without its place among the others.
testJunitForCiSystems() {
	need python3 python3 || return
	tries='.result.tries = [
		{attempt: 1, status: "failed", reason: "code <1>", dir: "tries/x-1"},
		{attempt: 2, status: "crashed", reason: "SEGV", dir: "tries/x-2"}]'
	for d in two three; do
		mkdir -p out/$d/client out/$d/server && echo "e $d" >out/$d/client/stderr.log
		printf 'o %s\nlast\n' $d >out/$d/server/stdout.log
	done
	add one "$tries"' | .name = "t [x, 1]" | .iteration = 2 | .iterations = 3 | .run = "first"
		| .verdict.marks = ["flaky"]'
	add two "$FAILED | $tries" && add three "$FAILED" && end
	report --junit junit.xml
	assertEquals "$(json '["1", [
		["first", "t [x, 1] (iteration 2)", ["flakyFailure failed code <1>",
		  "flakyError crashed SEGV"], "", ""],
		["demo", "two", ["failure failed exit client: exit code 1",
		  "rerunFailure failed code <1>", "rerunError crashed SEGV"],
		  "server/stdout.log:\no two\nlast\n", "client/stderr.log:\ne two\n"],
		["demo", "three", ["failure failed exit client: exit code 1"],
		  "server/stdout.log:\no three\nlast\n", "client/stderr.log:\ne three\n"]]]')" \
		"$(python3 -c '
import json, xml.etree.ElementTree as E
suite = E.parse("junit.xml").getroot()[0]
print(json.dumps([suite.get("flakes"), [[c.get("classname"), c.get("name"),
    [" ".join([x.tag, x.get("type"), x.get("message")]) for x in c if x.get("type")],
    c.findtext("system-out", ""), c.findtext("system-err", "")] for c in suite]]))' | jq -c .)"
	assertEquals 'where each try is' 'code <1>
tries/x-1' "$(python3 -c '
import xml.etree.ElementTree as E
print(E.parse("junit.xml").find(".//flakyFailure/stackTrace").text)')"
}

testTap() {
	add 'a#b' '.name = "a#b \\ c" | .verdict.marks = ["flaky"] |
		.result.tries = [{attempt: 1, status: "failed", reason: "client: \"x\"", dir: "d"}]'
	add two "$FAILED"' | .verdict.summary = "say: \"\\\u0001\" \\\\ é\nx" |
		.verdict.rules[0].text = "a\\"' &&
		add three '.verdict.status = "unsupported" | .verdict.ok = false |
			.verdict.summary = "no capture"' && end
	report --tap -
	assertCode 1
	assertEquals 'TAP version 14
1..3
ok 1 - a\#b \\ c
not ok 2 - two
ok 3 - three # SKIP unsupported: no capture' "$(line "$out" | grep -v '^ ')"
	# Another program reads it, and says how far its knowledge goes.
	need prove perl || return
	TAP_VERSION=13 run pth-report --tap - in.jsonl
	assertEquals 'TAP version 13' "$(line "$out" | head -n 1)"
	line "$out" >tap
	# shellcheck disable=SC2016 # perl
	assertEquals "$(json '[[], [
		{"id": "a#b", "status": "passed, flaky", "duration_ms": "1500.000",
		  "at": {"file": "demo.yaml", "line": "3"},
		  "tries": [{"status": "failed", "message": "client: \"x\""}]},
		{"id": "two", "status": "failed", "duration_ms": "1500.000", "severity": "fail",
		  "message": "say: \"\\\u0001\" \\\\ é\nx",
		  "broken_rules": [{"rule": "exit client: a\\"}],
		  "at": {"file": "demo.yaml", "line": "3"}}]]' | jq -cS .)" \
		"$(perl -MTAP::Parser -MJSON::PP -e '
			open my $f, "<", "tap"; local $/; my (@data, $r);
			my $p = TAP::Parser->new({tap => <$f>});
			while ($r = $p->next) { push @data, $r->data if $r->is_yaml }
			print JSON::PP->new->encode([[$p->parse_errors], \@data])' |
			jq -cS 'del(.[1][1].cause, .[1][1].advice)')"
}

# A column for every value of the matrix, metric and measure, whichever test has it.
testCsvHasEveryNumber() {
	need python3 python3 || return
	add one '.matrix = {"services.s.x": "a,b", "seed": 7} | .iteration = 2 | .iterations = 2
		| .metrics.measures = {client: {rtt: 12.5, n: 3}}'
	add two '.metrics = {services: {s: {max_rss_kb: 9}}} | .run = "other"' && end
	report --csv csv
	assertEquals "$(json '[
		["demo", "2", "7", "a,b", "12", "22800", "3", "12.5", "", "2 rules held"],
		["other", "1", "", "", "", "", "", "", "9", "2 rules held"]]')" \
		"$(python3 -c '
import csv, json
names = ["run", "iteration", "matrix.seed", "matrix.services.s.x", "packets",
    "quic.handshake_us", "measures.client.n", "measures.client.rtt",
    "services.s.max_rss_kb", "summary"]
rows = list(csv.DictReader(open("csv", newline="")))
print(json.dumps([[r[n] for n in names] for r in rows]))' | jq -c .)"
	assertEquals 'each column once' '' \
		"$(head -n 1 csv | tr -d '\r' | tr , '\n' | sort | uniq -d)"
}

testPassOn() {
	add one && add two "$FAILED" && end
	report -p
	assertCode 1
	assertEquals "$(cat in.jsonl)" "$out"
	assertTrue 'the files are written' '[ -s out/EXPERIMENT_REPORT.md ]'
}

testPlaces() {
	add one && end
	report -o x/y --format json
	assertCode 0
	assertEquals '' "$out"
	assertEquals 'experiment_summary.json' "$(ls x/y)"
	report -o x/y
	assertMatch "$(cat x/y/EXPERIMENT_REPORT.md)" '\]\(\.\./\.\./out/one/server/stdout\.log\)'
	report --format text
	assertMatch "$out" '1/1 tests ok'
	setUp && add one 'del(.result)' && end
	report
	assertMatch "$err" 'no run directory'
	run pth-report --format text in.jsonl in.jsonl
	assertCode 0
	assertMatch "$out" '2/2 tests ok'
}

testUsageAndFaults() {
	add one && end
	report --nonsense
	assertCode 2
	report --format pdf
	assertCode 2
	run pth-report no-such-file
	assertCode 4
	: >x && report -o x
	assertCode 4
	pth-report <in.jsonl >/dev/full 2>err
	assertEquals 4 $?
	assertMatch "$(cat err)" 'No space left'
	report --junit no/such/dir/x
	assertCode 4
}

# The whole file of 3000 tests passes through in little memory.
testManyTests() {
	add one "$FAILED"
	jq -c . in.jsonl | awk '{ for (i = 0; i < 3000; i++) print }' >many
	echo '{"pth":1,"type":"end","tests":3000}' >>many
	run pth-report -o x --format json <many
	assertCode 1
	assertEquals 3000 "$(jq .tests.failed x/experiment_summary.json)"
}

. shunit2
