#!/bin/sh
# pth-collect: artifacts, metrics, verdict, and the run directory it keeps.
# timeout: 300
. "$TOP/tests/lib.sh"

setUp() {
	export PTH_EVENTS=none
	rm -rf out in.jsonl && mkdir -p out && : >in.jsonl
}

# A test of two services that ended well. More of it: a jq expression.
add() { # id [jq]
	mkdir -p "out/$1/server" "out/$1/client"
	for f in server/stdout.log server/stderr.log client/stdout.log client/stderr.log; do
		[ -f "out/$1/$f" ] || : >"out/$1/$f"
	done
	jq -cn --arg id "$1" --arg dir "$PTH_TMP/out" '
	def ended(r; c): {state: "stopped", reason: r, code: c, signal: null, core: false,
	  started_us: 1000,
		ready_us: 2000, ended_us: 52000, rusage: {user_us: 10, sys_us: 20, max_rss_kb: 30},
		phases: []};
	{pth: 1, type: "test", run: "demo", id: $id, index: 1, of: 1, name: $id, expect: {},
	services: {server: {name: "server"}, client: {name: "client"}},
	plan: {capture: {interface: "lo", file: "capture.pcapng", keylogs: [], decode: []},
		services: [{name: "server", kind: "iut", finite: false},
		  {name: "client", kind: "iut", finite: true, target: "server"}]},
	result: {status: "completed", reason: "", duration_us: 60000, attempt: 1, run_dir: $dir,
	  dir: $id,
		started: "2026-01-01T00:00:00.000000Z", ended: "2026-01-01T00:00:00.060000Z",
		capture: {file: "capture.pcapng", interface: "lo", packets: 2, dropped: 0},
		services: {server: ended("stopped"; 0), client: ended("exit"; 0)}}}
	| '"${2:-.}" >>in.jsonl
}

end() {
	printf '{"pth":1,"type":"end","tests":%d}\n' \
		"$(grep -c '"type":"test"' in.jsonl)" >>in.jsonl
}

# Two datagrams from port 5000 to port 4443, 1 ms apart.
ping_capture() { # path
	printf '00:00:01.000\n0000 70 69 6e 67\n00:00:01.001\n0000 70 6f 6e 67\n' |
		text2pcap -q -u 5000,4443 -t '%H:%M:%S.%f' - "$1" 2>/dev/null
}

value() { # jq path, of the first record
	jq_out -c "select(.type == \"test\") | $1" | head -n 1
}

collect() {
	run pth-collect "$@" <in.jsonl
}

testMeasures() {
	{
		printf 'rtt 1,500.5 us\nrtt 500 us\n\000rtt x us\n'
		head -c 200000 /dev/zero | tr '\0' r
		printf 'tt 7 us\nrtt 1 us'
	} >rtt
	add m '.plan.services[1].metrics = [
		{name: "rtt", matches: "^rtt ([0-9.,]+) us", reduce: "sum", scale: 2},
		{name: "lines", file: "*.log", matches: "rtt", reduce: "count"},
		{name: "none", matches: "^nothing ([0-9]+)"},
		{name: "no_file", file: "absent", matches: "."},
		{name: "deep", file: "s.json", json: "a.b", reduce: "max"},
		{name: "each", file: "l.jsonl", json: "v", reduce: "mean"}]
		| .plan.services[0].metrics = [{name: "rtt", file: "stderr.log", matches: "[0-9]+"}]
		| .expect = {metrics: [{name: "client.rtt", min: 4003, max: 4003},
			{name: "deep", max: 3}, {name: "rtt", min: 0}]}'
	mv rtt out/m/client/stdout.log
	echo 17 23 >out/m/server/stderr.log
	echo '{"a": {"b": [1, 3.5, "2"]}}' >out/m/client/s.json
	printf '{"v":1}\nnonsense\n{"v":2}\n{"v":9' >out/m/client/l.jsonl
	end
	collect --no-tshark
	assertCode 0
	assertEquals '{"server":{"rtt":17},"client":{"rtt":4003,"lines":4,"deep":3.5,"each":1.5}}' \
		"$(value .metrics.measures)"
	# only what one service alone has needs no service's name
	assertEquals '[["metric client.rtt",true],["metric deep",false],["metric rtt",false]]' \
		"$(value '[.verdict.rules[] | select(.rule | test("^metric")) | [.rule, .ok]]')"
	printf '%s\n' "$out" | pth-report -o rep >/dev/null 2>&1
	assertMatch "$(cat rep/EXPERIMENT_REPORT.md)" 'client: rtt \| 4003'
}

testArtifacts() {
	mkdir -p out/one/client/downloads out/one/certs out/one/deep/er
	printf abc >out/one/client/downloads/data.bin
	echo key >out/one/certs/key.pem
	echo x >out/one/deep/er/core.17
	echo secret >secret && ln -s ../../secret out/one/link && ln -s /etc out/one/etc
	mkfifo out/one/fifo
	add one && end
	collect
	assertCode 0
	assertEquals \
		"$(json '["certs/key.pem","client/downloads/data.bin","client/stderr.log",
			"client/stdout.log","deep/er/core.17","server/stderr.log",
			"server/stdout.log"]')" "$(value '[.artifacts[].path]')"
	assertEquals \
		"$(json '{"path":"client/downloads/data.bin","service":"client",
			"kind":"download","bytes":3,
		"sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}')" \
		"$(value '.artifacts[1]')"
	assertEquals '[null,"certificate"]' "$(value '.artifacts[0] | [.service, .kind]')"
	assertEquals '"core"' "$(value '.artifacts[4].kind')"
}

testArtifactsOfThePlan() {
	mkdir -p out/one/server && echo 1 >out/one/server/trace.bin
	add one '.plan.services[0].artifacts = ["*.x", {path: "*.bin", kind: "profile"}]' && end
	collect
	assertEquals '"profile"' \
		"$(value '.artifacts[] | select(.path == "server/trace.bin").kind')"
}

# collect_artifacts: false: what was judged goes, but the logs; judged again it stays judged.
testArtifactsThatNobodyWants() {
	mkdir -p out/a/server/deep out/a/client out/tries/a-1/server far
	echo precious >far/server.txt
	echo hello >out/a/server/data && echo log >out/a/server/deep/x.log
	echo x >out/a/server/deep/y && ln -s ../../../far out/a/client/link
	echo x >out/a/top.pcapng && mkfifo out/a/client/fifo && ln -s x out/a/client/fake.log
	echo x >out/tries/a-1/server/data && echo x >out/tries/a-1/server/stdout.log
	for d in out/a out/tries/a-1; do echo '{}' >$d/record.json; done
	# shellcheck disable=SC2016 # of jq
	add a '.collect_artifacts = false | .plan.capture = null | .result.capture = null |
		.expect = {files: [{path: "server/data", size: 6}]} |
		.result.tries = [{attempt: 1, dir: "tries/a-1"}]' && end
	PTH_EVENTS=json collect
	assertEquals '"passed" 7' "$(value .verdict.status) $(value .artifacts_removed)"
	assertEquals 'client/stderr.log client/stdout.log server/deep/x.log server/stderr.log
server/stdout.log' "$(jq_out -r 'select(.id).artifacts[].path' | xargs -n 4)"
	assertMatch "$err" '"artifact.removed".*"test":"a",.*"files":7,'
	assertEquals 'out/a/client/stderr.log out/a/client/stdout.log out/a/record.json
out/a/server/deep/x.log out/a/server/stderr.log out/a/server/stdout.log
out/results.jsonl out/tries/a-1/record.json out/tries/a-1/server/stdout.log' \
		"$(find out ! -type d | sort | xargs -n 3)"
	assertEquals precious "$(cat far/server.txt)"
	sed -n 1p in.jsonl >out/plan.jsonl
	run pth-collect out
	assertCode 0
	assertEquals '"passed" 7' "$(value .verdict.status) $(value .artifacts_removed)"
	# A directory that no pth-exec has made is left alone.
	setUp && mkdir -p out/b && echo x >out/b/file
	add b '.collect_artifacts = false' && end
	collect
	assertMatch "$err" 'nothing is removed, for there is no record.json'
	assertTrue '[ -e out/b/file ]'
}

# Lines of a program that its descriptor calls events are events, marked as its own, and no others.
testEventsOfAPlugin() {
	mkdir -p out/a/server
	printf '%s\n' 'noise' 'EVENT hand_shake after 12 us' 'EVENT bad/name x' 'key update 7' \
		'EVENT bare' >out/a/server/stdout.log
	{
		printf '%s\n' '{"event": "cwnd", "bytes": 12000, "deep": {"x": 1}, "s": "a\tb"}' \
			'{"no": "name"}' 'no JSON' ''
		printf '{"event": "cut"' # not to its end
	} >out/a/server/app.jsonl
	mkdir -p out/a/client && yes '{"event": "many"}' | head -n 1005 >out/a/client/stdout.log
	add a '.plan.services[0].plugin = "picoquic" | .plan.services[1].plugin = "curl" |
		.plan.services[0].events = [{matches: "^EVENT ([^ ]+)"},
		  {name: "key", matches: "update ([0-9]+)"}, {file: "*.jsonl", json: "event"}] |
		.plan.services[1].events = [{json: "event"}]' && end
	: >out/events.jsonl
	collect
	own() { jq -c 'select(.event == "plugin.event" and .service == "'"$1"'") |
		[.plugin, .test, .name, .value, .fields, .file, .line]' out/events.jsonl; }
	assertEquals '["picoquic","a","hand_shake","after 12 us",null,"stdout.log",2]
["picoquic","a","bare",null,null,"stdout.log",5]
["picoquic","a","key","7",null,"stdout.log",4]
["picoquic","a","cwnd",null,{"bytes":12000,"s":"a\tb"},"app.jsonl",1]' "$(own server)"
	assertEquals 1000 "$(own client | wc -l)"
	for why in 'server/stdout.log:3: no event: its name is none of ' \
		'server/app.jsonl:2: no event: it has no name; others are none, too' \
		'client: 5 of its events are left out: 1000 are the most'; do
		assertMatch "$err" "$why"
	done
}

# The numbers of captures, and filters of fields of ours, start no tshark.
testMetrics() {
	need text2pcap wireshark-common || return
	mkdir -p out/one fake && ping_capture out/one/capture.pcapng
	for program in tshark editcap; do
		{ echo '#!/bin/sh' && echo "touch $PTH_TMP/started; exit 9"; } >fake/$program
		chmod 755 fake/$program
	done
	add one '.expect.packets = [{filter: "udp.port == 4443", min: 2, max: 2},
		{filter: "udp.port in {1, 2}", max: 0}, {filter: "tcp", max: 0}]' && end
	PATH=$PTH_TMP/fake:$PATH collect
	assertCode 0
	assertFalse 'a program of Wireshark was started' '[ -e started ]'
	assertEquals 'no rule is of another program' '[null]' \
		"$(value '[.verdict.rules[].by] | unique')"
	assertEquals '[2,1000,{"packets":2,"bytes":120}]' \
		"$(value '.metrics | [.packets, .captured_us, .protocols.udp]')"
	assertEquals '{"user_us":10,"sys_us":20,"max_rss_kb":30}' \
		"$(value .metrics.services.client)"
	assertEquals '["passed",true]' "$(value '.verdict | [.status, .ok]')"
	assertEquals '["2 packets","0 packets","0 packets","stopped","exit code 0"]' \
		"$(value '[.verdict.rules[].text]')"
	# One of which the meaning is tshark's does.
	setUp
	mkdir -p out/one && ping_capture out/one/capture.pcapng
	add one '.expect.packets = [{filter: "frame matches \"ping\"", max: 9},
		{filter: "udp", min: 2}]' && end
	PATH=$PTH_TMP/fake:$PATH collect
	assertTrue 'tshark was started' '[ -e started ]'
	assertEquals '[["tshark","error"],[null,null]]' \
		"$(value '[.verdict.rules[:2][] | [.by, .status]]')"
	assertEquals 2 "$(value .metrics.packets)"
}

# What a user has set up for Wireshark must not change numbers.
testNoUserPreferences() {
	need text2pcap wireshark-common || return
	need tshark tshark || return
	mkdir -p out/one "$HOME/.config/wireshark" && ping_capture out/one/capture.pcapng
	echo udp >"$HOME/.config/wireshark/disabled_protos"
	add one '.expect.packets = {filter: "udp matches \".\"", min: 2}' && end
	collect
	rm -r "$HOME/.config"
	assertEquals 2 "$(value .metrics.protocols.udp.packets)"
	assertEquals 'passed true 2 packets' "$(rule)"
}

testQuic() {
	need text2pcap wireshark-common || return
	need tshark tshark || return
	mkdir -p out/one/client out/one/server
	text2pcap -q -l 1 -t '%H:%M:%S.%f' "$TOP/tests/fixtures/quic.hex" \
		out/one/capture.pcapng 2>/dev/null
	{
		echo '# a comment' && echo garbage && cat "$TOP/tests/fixtures/quic.keys"
	} >out/one/client/keys.log
	cat "$TOP/tests/fixtures/quic.keys" >out/one/server/keys.log
	add one '
		.plan.capture.keylogs =
			["client/keys.log", "server/keys.log", "no/keys.log"] |
		.result.capture.packets = 8 |
		.plan.capture.decode = ["udp.port==4443,quic"] |
		.expect.packets = {filter: "http3", min: 1}' && end
	collect
	assertCode 0
	assertEquals '["passed",true]' "$(value '.verdict | [.status, .ok]')"
	# 00:00:10.000000000 to 00:00:10.022827553; HANDSHAKE_DONE at 00:00:10.023322726. The client
	# has sent its SETTINGS and HEADERS twice, and each counts once.
	assertEquals \
		"$(json '{"connections":1,"handshake_us":22827,"handshakes":1,
			"confirmed_us":23322,"versions":["0x00000001"],"http3_frames":5}')" \
		"$(value '.metrics.quic | {connections, handshake_us, handshakes, confirmed_us,
			versions, http3_frames}')"
	assertEquals '[0,0]' "$(value '.metrics.quic | [.client.undecrypted, .server.undecrypted]')"
	assertNotEquals 'the capture opens decrypted' '' \
		"$(tshark -n -r out/one/capture.pcapng -Y http3 2>/dev/null)"
	assertEquals 'each secret is in it once' "$(grep -c . "$TOP/tests/fixtures/quic.keys")" \
		"$(grep -aoE '(CLIENT|SERVER|EXPORTER)_[A-Z_0-9]* [0-9a-f]{64} [0-9a-f]{64,}' \
			out/one/capture.pcapng | wc -l)"
	# Again: the same file, the same numbers.
	sum=$(sha256sum out/one/capture.pcapng) first=$out
	collect
	assertEquals "$first" "$out"
	assertEquals "$sum" "$(sha256sum out/one/capture.pcapng)"
}

testQuicWithoutKeys() {
	need text2pcap wireshark-common || return
	mkdir -p out/one
	text2pcap -q -l 1 -t '%H:%M:%S.%f' "$TOP/tests/fixtures/quic.hex" \
		out/one/capture.pcapng 2>/dev/null
	add one && end
	collect
	assertEquals '[22827,null,0]' \
		"$(value '.metrics.quic | [.handshake_us, .confirmed_us, .http3_frames]')"
}

testTransfer() {
	mkdir -p out/one/client/downloads out/one/server/www
	head -c 100000 /dev/zero >out/one/client/downloads/data.bin
	cp out/one/client/downloads/data.bin out/one/server/www/data.bin
	add one '.result.capture = null |
		.plan.services[0].files = [{path: "www/data.bin", size: 100000}]' && end
	collect
	assertEquals \
		"$(json '{"files":1,"bytes":100000,"duration_us":51000,"goodput_bps":15686274,
			"measured":"process"}')" "$(value .metrics.transfer)"
	assertEquals '"the same 100000 bytes as server/www/data.bin"' \
		"$(value '
			.verdict.rules[] |
				select(.rule == "download client/downloads/data.bin").text')"
	printf x >>out/one/client/downloads/data.bin
	collect
	assertEquals '["failed",false]' "$(value '.verdict | [.status, .ok]')"
	assertMatch "$(value .verdict.summary)" \
		'differs from server/www/data.bin \(100000 bytes\) at byte 100000'
}

testCaptureFaults() {
	need text2pcap wireshark-common || return
	need tshark tshark || return
	mkdir -p out/cut out/none out/noise
	add cut '.expect.packets = {filter: "udp"}'
	ping_capture out/cut/capture.pcapng
	head -c -10 out/cut/capture.pcapng >short && mv short out/cut/capture.pcapng
	add none '.expect.packets = {filter: "udp"} | .result.capture = {error: "no permission"}'
	head -c 5000 /dev/urandom >out/noise/capture.pcapng
	add noise
	add wrong '.expect.packets = {filter: "no.such.field == 1"}'
	cp out/cut/capture.pcapng out/wrong/
	add gone
	end
	collect
	assertCode 0
	assertEquals 'cut passed true 1' \
		"$(jq_out -r '
			select(.id == "cut") |
			"\(.id) \(.verdict.status) \(.metrics.truncated) \(.metrics.packets)"')"
	assertEquals 'none error no permission' \
		"$(jq_out -r '
			select(.id == "none") | "\(.id) \(.verdict.status) \(.metrics.error)"')"
	assertEquals 'this is no capture' "$(jq_out -r 'select(.id == "noise").metrics.error')"
	assertMatch "$(jq_out -r 'select(.id == "wrong").verdict | .status + " " + .summary')" \
		'^error .*no\.such\.field'
	assertEquals 'the capture file is missing' \
		"$(jq_out -r 'select(.id == "gone").metrics.error')"
}

# "status rule-is-ok-or-not text" of the first rule.
rule() {
	value '"\(.verdict.status) \(.verdict.ok) \(.verdict.rules[0].text)"' | jq -r .
}

# Of a capture that was cut, what is there decides or nothing.
testCutCapture() {
	need text2pcap wireshark-common || return
	for bounds in 'min: 1' 'max: 0' 'max: 1' 'min: 2' 'min: 1, max: 5'; do
		setUp
		mkdir -p out/one && ping_capture out/one/capture.pcapng
		head -c -10 out/one/capture.pcapng >short && mv short out/one/capture.pcapng
		add one ".expect.packets = {filter: \"udp\", $bounds}" && end
		collect
		case $bounds in
		'min: 1') want='passed true 1 packet \(' ;;
		'max: 0') want='failed false 1 packet, at most 0 wanted \(' ;;
		*) want='error false 1 packet, at .* wanted \(cannot be told: ' ;;
		esac
		assertMatch "$bounds: $(rule)" "^$bounds: ${want}the file breaks off"
	done
	assertMatch "$(rule)" '; 1 of 2 captured packets were read\)$'
	assertEquals '[["capture",true],["capture",true]]' \
		"$(value '.metrics.incomplete | map([.of, .least])')"
	printf '%s\n' "$out" | pth-report -o rep >table 2>&1
	assertMatch "$(cat table)" 'breaks off'
	assertMatch "$(cat rep/EXPERIMENT_REPORT.md)" '\| Incomplete \| .*breaks off'
	printf '%s\n' "$out" | pth-report -o rep --html page >/dev/null 2>&1
	assertMatch "$(cat page)" 'Incomplete: .*breaks off'
	assertMatch "$(jq -c '.test_results // .. | objects | .incomplete? // empty' \
		rep/experiment_summary.json)" 'breaks off'
	# Between two packets nothing looks cut, but one is missing.
	setUp
	mkdir -p out/one && ping_capture whole.pcapng
	editcap -r whole.pcapng out/one/capture.pcapng 1 2>/dev/null
	add one '.expect.packets = {filter: "udp", min: 1}' && end
	collect
	assertMatch "$(rule)" '^error false .*has 1 packets, but 2 were captured: it was changed'
}

# Packets that nobody has sent.
testCaptureThatWasReplaced() {
	need text2pcap wireshark-common || return
	mkdir -p out/one && ping_capture out/one/capture.pcapng
	add one '.expect = {packets: [{filter: "udp", min: 1}, {filter: "tcp", max: 0}],
		metrics: [{name: "packets", min: 1}]} | .result.capture.packets = 1' && end
	collect
	assertEquals '["error",[true,true,true]]' "$(value '[.verdict.status,
		[.verdict.rules[:3][] | .unknown and .status == "error" and (.ok | not)]]')"
	assertMatch "$(rule)" 'has 2 packets, but 1 were captured: it was changed'
	# Those of two services that are the same packets count once.
	setUp
	mkdir -p out/one/server out/one/client && ping_capture out/one/server/capture.pcapng
	cp out/one/server/capture.pcapng out/one/client
	add one '.result.capture = null | .expect.packets = {filter: "udp", min: 2, max: 2} |
		(.result.services | to_entries | map(.value.capture = {packets: 2, dropped: 0,
			file: "\(.key)/capture.pcapng"}) | from_entries) as $s |
		.result.services = $s' && end
	collect
	assertEquals 'passed true 2 packets' "$(rule)"
}

# tshark that says, does or gives something else than it should: what it was asked cannot be told,
# and the numbers, which are not its own, can.
testTsharkThatFails() {
	need text2pcap wireshark-common || return
	need tshark tshark || return
	real=$(command -v tshark)
	mkdir -p fake
	looked=0
	while IFS='%' read -r script counted words; do
		looked=$((looked + 1))
		setUp
		mkdir -p out/one && ping_capture out/one/capture.pcapng
		add one '.expect = {packets: [{filter: "udp.port == 4443 && data", max: 9},
			{filter: "udp.port == 4443", max: 9}],
			metrics: [{name: "packets", max: 9}]}' && end
		{ echo '#!/bin/sh' && echo "$script"; } | sed "s,REAL,$real," >fake/tshark
		chmod 755 fake/tshark
		case $script in *sleep*) limit=8 ;; *) limit=60 ;; esac
		PATH=$PTH_TMP/fake:$PATH collect --tshark-time $limit
		assertCode 0
		assertEquals "$script" "$(json '["error",true,"tshark",true,true]')" \
			"$(value '[.verdict.status, (.verdict.rules[0] | .unknown, .by),
				.verdict.rules[1].ok, .verdict.rules[2].ok]')"
		assertMatch "$script: $(rule)" "error false .*$words"
		[ "$counted" = no ] ||
			assertMatch "$script: $(value '.metrics.incomplete[].text')" "$words"
	done <<-'EOF'
		REAL "$@"; echo "tshark: it has a bug" >&2%yes%tshark: it has a bug
		REAL "$@"; kill -SEGV $$%yes%tshark was killed by SIGSEGV
		REAL "$@"; exec sleep 60%yes%tshark did not end within 8 s
		REAL "$@"; exec truncate -s 5G /dev/stdout%yes%tshark wrote more than [0-9]* bytes
		REAL "$@"; exit 3%yes%tshark: failed without a word
		exit 3%no%tshark: failed without a word
		REAL "$@" | head -n 1%no%tshark did not count this filter
		kill -KILL $$%no%tshark was killed by SIGKILL
		true%no%tshark did not count this filter
	EOF
	assertLeast 9 "$looked" cases
}

# Before anything is run: once for each filter, at the places that have it.
testFiltersThatAreNone() {
	need tshark tshark || return
	for id in a b; do
		add $id '.source = {file: "x.yaml", line: 1, col: 1} |
			.marks = {"expect.packets.1.filter": [7, 9]} |
			.expect = {packets: [{filter: "udp", min: 1},
				{filter: "udp.prt == 5", min: 1}]}'
	done
	end
	run pth-collect --check <in.jsonl
	assertCode 3
	assertEquals '' "$out"
	assertEquals 2 "$(printf '%s\n' "$err" |
		grep -c "^x.yaml:7:9: error: 'udp.prt == 5' is not a display filter: .")"
	assertNoMatch "$err" "'udp'"
	sed 's/udp.prt/udp.port/' in.jsonl >sound
	run pth-collect --check <sound
	assertCode 0
	assertEquals '' "$err"
	# Where it cannot be told it is not said.
	mkdir -p none
	run env PATH="$PTH_TMP/none" "$(command -v pth-collect)" --check <in.jsonl
	assertCode 0
	run pth-collect --check </dev/null
	assertCode 4
}

# Of packets that are stored in part, the rest was not seen.
testPacketsInPart() {
	need text2pcap wireshark-common || return
	need tshark tshark || return
	need editcap wireshark-common || return
	mkdir -p out/one && ping_capture whole.pcapng
	for snap in 44 30; do
		editcap -s $snap whole.pcapng out/one/capture.pcapng 2>/dev/null
		: >in.jsonl
		add one '.expect.packets = [{filter: "udp.port == 4443", min: 2, max: 2},
			{filter: "data.data", max: 0}, {filter: "frame", min: 2}]' && end
		collect
		case $snap in
		44) want='["contents",null,true,null]' ;;
		*) want='["capture",true,true,null]' ;;
		esac
		assertEquals "$want" "$(value '[.metrics.incomplete[0].of] +
			[.verdict.rules[:3][].unknown]')"
		assertMatch "$(value '.verdict.rules[1].text')" '2 packets are stored in part'
	done
}

# What is encrypted was not seen: neither "none" nor "there must be some" can be told.
testWithoutKeys() {
	need text2pcap wireshark-common || return
	need tshark tshark || return
	need editcap wireshark-common || return
	mkdir -p out/one/client
	text2pcap -q -l 1 -t '%H:%M:%S.%f' "$TOP/tests/fixtures/quic.hex" \
		out/one/capture.pcapng 2>/dev/null
	add one '.plan.capture = {decode: ["udp.port==4443,quic"], keylogs: ["client/keys.log"]} |
		.result.capture.packets = 8 | .expect.packets = [{filter: "http3", min: 1},
		{filter: "http3", max: 0}, {filter: "quic", min: 1, max: 99}]' && end
	collect
	want='[["error","error",null],"contents"]'
	seen='[[.verdict.rules[:3][].status], .metrics.incomplete[0].of]'
	assertEquals 'no key log' "$want" "$(value "$seen")"
	assertMatch "$(rule)" 'there are no TLS keys: what is encrypted was not seen'
	mkfifo out/one/client/keys.log
	collect
	assertEquals 'a FIFO' "$want" "$(value "$seen")"
	assertMatch "$(rule)" 'client/keys.log: '
	rm out/one/client/keys.log && cp "$TOP/tests/fixtures/quic.keys" out/one/client/keys.log
	mv out/one/capture.pcapng good
	editcap -F pcap good out/one/capture.pcapng 2>/dev/null
	collect
	assertEquals 'not pcapng' "$want" "$(value "$seen")"
	assertMatch "$(rule)" 'TLS keys not put into .*not a pcapng file: keys not put in'
	mv good out/one/capture.pcapng
	collect
	assertEquals 'with keys' '[[null,"failed",null],null]' "$(value "$seen")"
}

# Root can read everything: then an ordinary user collects.
may_be_user() {
	[ "$(id -u)" = 0 ] || return 0
	need_user && chmod 711 "$PTH_TMP"
}

collect_as_user() {
	if [ "$(id -u)" = 0 ]; then
		chown -R nobody out in.jsonl
		out=$(as_user pth-collect <in.jsonl 2>/dev/null)
	else
		collect
	fi
}

# log_is_unknown HOW COLLECT: none of the rules about a log can be told.
log_is_unknown() {
	setUp
	add one '.expect.log = [{not_matches: "ERROR"}, {matches: "ERROR", max: 0},
		{matches: "ERROR"}, {matches: ".", min: 1, max: 9} | .service = "client"]'
	end
	echo ERROR >out/one/client/stdout.log
	(cd out/one && eval "$(echo "$1" | sed 's,FILE,client/stdout.log,g')")
	"$2"
	[ ! -d out/one/client ] || [ -h out/one/client ] || chmod 755 out/one/client
	assertEquals "$1" '["error",false,[true,true,true,true]]' \
		"$(value '[.verdict.status, .verdict.ok, [.verdict.rules[:4][].unknown]]')"
}

# What a service may do to its log, and to directories: never a pass.
testLogsThatCannotBeRead() {
	while read -r how; do
		log_is_unknown "$how" collect
	done <<-'EOF'
		rm FILE
		rm FILE && mkfifo FILE
		rm FILE && mkdir FILE
		rm FILE && ln -s /etc/passwd FILE
		rm FILE && ln -s stderr.log FILE
		rm FILE && ln -s FILE FILE
		rm -r client
		rm -r client && : >client
		rm -r client && ln -s server client
	EOF
	may_be_user || return
	log_is_unknown 'chmod 0 FILE' collect_as_user
	log_is_unknown 'chmod 0 client' collect_as_user
}

testFilesThatCannotBeRead() {
	may_be_user || return
	looked=0
	while IFS='|' read -r rule how want; do
		looked=$((looked + 1))
		chmod -R u+rwX out && setUp
		add one ".expect.files = [$rule]" && end
		mkdir out/one/client/d && echo x >out/one/client/d/f &&
			cp -r out/one/client/d out/one
		(cd out/one/client && eval "$how")
		collect_as_user
		assertEquals "$rule, $how" "$want" "$(rule | cut -d ' ' -f 1)"
	done <<-'EOF'
		{path: "client/d/no", exists: false}|true|passed
		{path: "client/d/no", exists: false}|chmod 0 d|error
		{path: "client/d/f", exists: false}|chmod 0 d|error
		{path: "client/d/f", exists: false}|chmod 0 d/f|failed
		{path: "client/d/f"}|chmod 0 d|error
		{path: "client/d/f"}|chmod 0 d/f|passed
		{path: "client/d/f"}|rm d/f; mkfifo d/f|failed
		{path: "client/d/f", exists: false}|rm d/f; mkfifo d/f|failed
		{path: "client/d/f", exists: false}|rm d/f; ln -s nowhere d/f|failed
		{path: "client/d", exists: false}|true|failed
		{path: "client/d/f", min_size: 1}|chmod 0 d|error
		{path: "client/d/f", sha256: "00"}|chmod 0 d/f|error
		{path: "client/d/f", sha256: "00"}|true|failed
		{path: "client/d/f", same_as: "d/f"}|true|passed
		{path: "client/d/f", same_as: "d/f"}|chmod 0 d/f|error
		{path: "client/d/f", same_as: "d/f"}|chmod 0 ../d/f|error
		{path: "client/d/f", same_as: "d/f"}|rm ../d/f|error
		{path: "client/d/f", same_as: "d/f"}|rm ../d/f; mkfifo ../d/f|error
		{path: "client/d/f", same_as: "d/f"}|rm d/f|failed
		{path: "client/d/f", same_as: "d/f"}|echo y >d/f|failed
	EOF
	assertLeast 20 "$looked" cases
	chmod -R u+rwX out
}

# A download that is not in the list of files is not compared.
testDownloadThatIsHidden() {
	may_be_user || return
	mkdir -p out/one/client/downloads out/one/server/www
	echo other >out/one/client/downloads/data.bin
	echo one >out/one/server/www/data.bin
	add one '.result.capture = null |
		.plan.services[0].files = [{path: "www/data.bin", size: 4}]' && end
	chmod 0 out/one/client/downloads
	collect_as_user
	chmod 755 out/one/client/downloads
	assertMatch "$(value '.verdict | [.status, .summary]')" \
		'^\["error","downloads: not all files could be read: .*downloads: Permission denied'
	assertEquals '["artifacts"]' "$(value '[.metrics.incomplete[] | .of] | unique -
		["capture"]')"
}

# Numbers out of files that were not read as a whole.
testMeasuresThatLackSomething() {
	looked=0
	while IFS='|' read -r spec how want; do
		looked=$((looked + 1))
		case $spec in
		lines) spec='{matches: "n ([0-9])", reduce: "count"}' ;;
		json) spec='{file: "l.jsonl", json: "n", reduce: "max"}' ;;
		esac
		[ "$want" != 'in part' ] ||
			want='error client/stdout.log: not all of the file could be read'
		setUp
		add one ".plan.services[1].metrics = [$spec + {name: \"n\"}] |
			.expect.metrics = [{name: \"n\", max: 5}] | .result.capture = null |
			.plan.capture = null" && end
		printf 'n 1\nn 2\n' >out/one/client/stdout.log
		printf '{"n":1}\n{"n":2}\n' >out/one/client/l.jsonl
		(cd out/one/client && eval "$how")
		collect --no-tshark
		assertEquals "$spec, $how" "$want" "$(value '.verdict.status +
			([.metrics.incomplete[]? | " " + .text] | join(""))' | jq -r .)"
	done <<-'EOF'
		lines|true|passed
		lines|truncate -s 70M stdout.log|in part
		json|true|passed
		json|printf '{"n":9' >>l.jsonl|error client/l.jsonl: the file breaks off
		json|truncate -s 17M l.jsonl|error client/l.jsonl: the file is too long
	EOF
	assertLeast 5 "$looked" cases
	setUp
	add one '.plan.services[1].metrics = [{name: "n", matches: "n ([0-9])"}] |
		.expect.metrics = [{name: "n", max: 5}] |
		.result.services.client.logs_cut = {"stdout.log": 9}' && end
	echo n 1 >out/one/client/stdout.log
	collect --no-tshark
	assertEquals "$(line 'error false 1, at most 5 wanted (cannot be told:' \
		'client/stdout.log: the log was cut)')" "$(rule)"
}

# Samples without a number: it was not measured, or not always.
testSamplesThatLackSomething() {
	sample='{processes: 1, threads: 2, fds: 3, rss_kb: 4, cpu_percent: 5}'
	for what in . 'del(.fds)' 'del(.cpu_percent)'; do
		setUp
		add one '.result.capture = null | .plan.capture = null | .expect.metrics = [
			{name: "services.client.peak.max_fds", max: 9},
			{name: "services.client.peak.max_cpu_percent", max: 9}]' && end
		for i in 1 2; do
			jq -cn "{at_us: $i, interval_us: 9, services: {client: ($sample | $what)}}"
		done >out/one/metrics.jsonl
		collect
		case $what in
		.) want='["passed",3,5,null]' ;;
		'del(.fds)') want='["error",null,5,null]' ;;
		*) want='["error",3,null,null]' ;;
		esac
		assertEquals "$what" "$want" "$(value '.metrics as $m |
			.metrics.services.client.peak |
			[.max_fds, .max_cpu_percent, $m.incomplete]' |
			jq -c --argjson s "$(value .verdict.status)" '[$s] + .')"
	done
	jq -cn "{at_us: 1, interval_us: 9, services: {client: $sample}}" >>out/one/metrics.jsonl
	jq -cn "{at_us: 1, interval_us: 9, services: {client: ($sample | del(.fds))}}" \
		>>out/one/metrics.jsonl
	collect
	assertEquals "$(line 'error false 3, at most 9 wanted (cannot be told:' \
		'services.client.peak.max_fds: 1 of 4 samples do not have it)')" "$(rule)"
	rm out/one/metrics.jsonl && mkfifo out/one/metrics.jsonl
	collect
	assertEquals '"samples"' "$(value '.metrics.incomplete[0].of')"
}

# No time, no rate: neither is 0.
testTransferWithoutATime() {
	mkdir -p out/one/client/downloads
	echo x >out/one/client/downloads/data.bin
	add one '.result.capture = null | .plan.capture = null |
		del(.result.duration_us, .result.services.client.started_us,
			.result.services.client.rusage.user_us) |
		.expect.metrics = [({name: "transfer.duration_us"}, {name: "duration_us"},
			{name: "services.client.user_us"}) | .max = 99]' && end
	collect
	assertEquals '[null,null,"process"]' \
		"$(value '.metrics.transfer | [.duration_us, .goodput_bps, .measured]')"
	assertEquals '["error",[true,true,true]]' \
		"$(value '[.verdict.status, [.verdict.rules[:3][].unknown]]')"
}

testWithoutTshark() {
	add one '.expect.packets = {filter: "udp"}' && end
	: >out/one/capture.pcapng
	collect --no-tshark
	assertCode 0
	assertEquals 'nobody wanted it' '"unsupported"' "$(value .verdict.status)"
	# Without the program: the numbers are there, and only its own filters cannot be told.
	need text2pcap wireshark-common || return
	setUp
	mkdir -p empty out/one && ping_capture out/one/capture.pcapng
	add one '.expect.packets = [{filter: "udp.payload matches \"ping\""}, {filter: "udp"}]' &&
		end
	run env PATH="$PTH_TMP/empty" "$(command -v pth-collect)" <in.jsonl
	assertCode 0
	assertEquals '[2,null]' "$(value '.metrics | [.packets, .error]')"
	assertEquals 'error false packets not counted: tshark: not found' "$(rule)"
	assertEquals '"2 packets"' "$(value '.verdict.rules[1].text')"
	setUp
	add one '.expect.packets = {filter: "udp"} | .plan.capture = null | .result.capture = null'
	end
	collect
	assertEquals 'none was planned' '"unsupported"' "$(value .verdict.status)"
	setUp
	add one '.expect.packets = {filter: "udp", max: 0} | .result.capture = null' && end
	collect
	assertEquals 'there is none, but one was planned' \
		'["error","packets udp: packets not counted: nothing was captured"]' \
		"$(value '.verdict | [.status, .summary]')"
}

testOrderIsKept() {
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		add "test-$i"
		[ $((i % 4)) = 1 ] && head -c 3000000 /dev/zero >"out/test-$i/big"
	done
	echo '{"type":"note","text":"passes through"}' >>in.jsonl
	add last && end
	collect -j 5
	assertCode 0
	assertEquals "$(jq -r '.id // .type' in.jsonl)" "$(jq_out -r '.id // .type')"
	five=$out
	collect -j 1
	assertEquals "$five" "$out"
}

# The first result is written while the input is still open.
testFlushesEachRecord() {
	add one && end
	{
		head -n 1 in.jsonl
		until [ -e go ]; do sleep 0.05; done
		tail -n 1 in.jsonl
	} | pth-collect 2>/dev/null >stream &
	assertSoon 20 grep -q '"verdict"' stream
	: >go
	wait
	assertEquals '{"pth":1,"type":"end","tests":1}' "$(tail -n 1 stream)"
}

# Ctrl-C ends pth-exec; what it had run is still judged and reported.
# interrupted TOOL...: it has read the first record of in.jsonl, $pid; 5 is what it reads more.
interrupted() {
	rm -f stream
	# A shell ignores SIGINT for what it starts in the background.
	env --default-signal=INT sh -c 'exec "$@"' sh "$@" <pipe >stream 2>err &
	pid=$!
	exec 5>pipe
	head -n 1 in.jsonl >&5
	assertSoon 20 grep -q '"id":"one"' stream
	kill -INT $pid
}

testOutlivesOneInterrupt() {
	add one '.verdict = {status: "passed", ok: true, expected: false}' && end
	mkfifo pipe
	for tool in pth-collect 'pth-report -p -o rep'; do
		# shellcheck disable=SC2086 # words
		interrupted $tool
		assertSoon 20 grep -q '^ShdPnd:.*[014589cd]$' /proc/$pid/status
		tail -n 1 in.jsonl >&5
		exec 5>&-
		wait $pid
		assertEquals "$tool: $(cat err)" 0 $?
		assertEquals "$tool" "$(tail -n 1 in.jsonl)" "$(tail -n 1 stream)"
		# Who wants to leave can: the second one ends it.
		# shellcheck disable=SC2086
		interrupted $tool
		assertSoon 20 sh -c "! kill -INT $pid"
		exec 5>&-
		wait $pid
		assertEquals "$tool, twice" 130 $?
	done
	assertMatch "$(cat rep/EXPERIMENT_REPORT.md)" '^# Experiment Report: demo'
	rm pipe
}

testUnknownKeysPass() {
	add one '.mine = {"z": 1, "a": [1.5, "\u00fc"]}' && end
	collect
	assertEquals '{"z":1,"a":[1.5,"ü"]}' "$(value .mine)"
	assertEquals '["artifacts","metrics","verdict"]' "$(value 'keys_unsorted[-3:]')"
}

testNothingIsLost() {
	add one
	jq -c 'del(.result) | .error = {stage: "plan", message: "no such plugin"} | .id = "two"' \
		in.jsonl >two
	jq -c 'del(.result) | .id = "three"' in.jsonl >three
	cat two three >>in.jsonl && end
	collect
	assertCode 0
	assertEquals 'one passed
two error
three error' "$(jq_out -r 'select(.id) | .id + " " + .verdict.status')"
	assertEquals '["plan: no such plugin","not executed"]' \
		"$(jq_out -cs '[.[1,2].verdict.summary]')"
}

testRunDirectory() {
	add one && add two && end
	collect
	assertEquals 'record.json is the record' "$(printf '%s\n' "$out" | sed -n 1p)" \
		"$(cat out/one/record.json)"
	assertEquals 'results.jsonl is the stream' "$out" "$(cat out/results.jsonl)"
	all=$out
	run pth-collect out
	assertCode 0
	assertEquals 'the directory alone gives the same' "$all" "$out"
	assertEquals 'of a run that is over, nothing is to be warned of' '' "$err"
	# A part of it: the others stay in results.jsonl.
	jq -c 'select(.type == "end" or .id == "two") | .tests |= if . then 1 else . end' in.jsonl |
		jq -c 'if .tests == null then del(.tests) else . end' >part
	run pth-collect <part
	assertCode 0
	assertEquals 'two one 2' \
		"$(jq -r '.id // .tests' out/results.jsonl | tr '\n' ' ' | sed 's/ $//')"
	assertEquals 'no temporary file is left' '' "$(find out -name '.*' -type f)"
}

testRunThatWasKilled() {
	add one && add two && add three
	jq -c 'del(.result)' in.jsonl >out/plan.jsonl
	sed -n 1p out/plan.jsonl >out/one/record.json
	sed -n 1p in.jsonl | jq .result >out/one/result.json
	rm -r out/two
	sed -n 3p out/plan.jsonl >out/three/record.json
	add four
	sed -n 4p in.jsonl | jq -c 'del(.result)' >>out/plan.jsonl
	head -c 100 out/three/record.json >out/four/record.json # it was being written
	mv out moved
	run pth-collect moved
	assertCode 0
	assertEquals 'one passed
two error
three error
four error' "$(jq_out -r 'select(.id) | .id + " " + .verdict.status')"
	assertEquals "\"$PTH_TMP/moved\"" "$(value .result.run_dir)"
	assertMatch "$(printf '%s\n' "$out" | tail -n 1)" \
		'"type":"end","tests":4,"incomplete":"pth-collect: plan.jsonl: '
	rm -r moved/plan.jsonl moved/four && run pth-collect moved
	assertEquals 'without a plan: what is there' 'one three' \
		"$(jq_out -r '.id // empty' | tr '\n' ' ' | sed 's/ $//')"
	rm -r moved
}

testIncompleteStream() {
	add one
	collect
	assertCode 0
	assertMatch "$err" 'incomplete'
	assertEquals '"passed"' "$(value .verdict.status)"
	assertMatch "$out" '"type":"end","tests":1,"incomplete":"pth-collect: stdin: '
	assertMatch "$(tail -n 1 out/results.jsonl)" '"type":"end","tests":1,"incomplete":'
}

testHostilePaths() {
	mkdir -p outside/server
	echo secret >outside/server/stdout.log
	add one '.result.dir = "../outside" | .expect.log = {service: "server", matches: "secret"}'
	ln -s ../outside out/link
	add two '.expect.files = {path: "../../outside/server/stdout.log"} | .result.dir = "two"'
	end
	collect
	assertCode 0
	assertEquals '[]' "$(value .artifacts)"
	assertEquals 'error error' \
		"$(jq_out -r 'select(.id).verdict.status' | tr '\n' ' ' | sed 's/ $//')"
	assertEquals '' "$(find outside -name record.json)"
}

testUsageAndFaults() {
	run pth-collect -x
	assertCode 2
	run pth-collect -j 0
	assertCode 2
	run pth-collect one two
	assertCode 2
	run pth-collect no-such-dir
	assertCode 3
	mkdir -p empty-dir
	run pth-collect empty-dir
	assertCode 3
	echo 'not json' >bad && run pth-collect <bad
	assertCode 3
	assertMatch "$err" 'stdin:1:'
	add one && end
	pth-collect <in.jsonl >/dev/full 2>err
	assertEquals 'full disk' 4 $?
	assertMatch "$(cat err)" 'No space left'
}

# What a program has put where a file is read: it is not waited for, and it is no result.
testFilesThatAreNone() {
	add one && add two && end
	mv in.jsonl stream
	jq -c 'del(.result)' stream >plan
	for kind in fifo link directory hole; do
		for file in plan.jsonl one/record.json one/result.json results.jsonl; do
			rm -rf out/results.jsonl out/plan.jsonl
			cp plan out/plan.jsonl
			for id in one two; do
				rm -rf out/$id/record.json out/$id/result.json
				jq -c --arg id $id 'select(.id == $id).result' stream \
					>out/$id/result.json
				jq -c --arg id $id 'select(.id == $id)' plan >out/$id/record.json
			done
			cp out/one/result.json elsewhere
			rm -rf "out/$file"
			case $kind in
			fifo) mkfifo "out/$file" ;;
			link) ln -s "$PTH_TMP/elsewhere" "out/$file" ;;
			directory) mkdir -p "out/$file/sub" ;;
			hole) truncate -s 1T "out/$file" ;;
			esac
			run timeout 60 pth-collect --no-tshark out
			got=$(jq_out -r 'select(.id) | .id + " " + .verdict.status' | xargs)
			case $file in
			plan.jsonl) assertCode 3 ;;
			one/result.json) assertEquals "$kind $file" 'one error two passed' "$got" ;;
			*) assertEquals "$kind $file" 'one passed two passed' "$got" ;;
			esac
		done
	done
	# Put into place again, where a directory was.
	rm -rf out/results.jsonl out/one/record.json && mkdir -p out/results.jsonl/sub &&
		mkdir -p out/one/record.json/sub
	run timeout 60 pth-collect --no-tshark <stream
	assertCode 0
	assertEquals 'one passed two passed' \
		"$(jq -r 'select(.id) | .id + " " + .verdict.status' out/results.jsonl | xargs)"
	assertEquals one "$(jq -r .id out/one/record.json)"
	echo other >elsewhere && rm out/one/record.json && ln elsewhere out/one/record.json
	run timeout 60 pth-collect --no-tshark <stream
	assertEquals 'another name of the file is left alone' other "$(cat elsewhere)"
}

ends() { echo '{"pth":1,"type":"end","tests":2}'; }

# Services that write their own record; none of them has a say, whatever the source.
testAServiceThatWritesItsRecord() {
	# shellcheck disable=SC2034 # rec reads them
	plan='{"environment": {"isolation": "none"}}' over=''
	{ rec 1-t "$(svc a '{}' sh -c 'echo "{\"pth\":1,\"type\":\"test\",\"id\":\"1-t\",
			\"result\":{\"status\":\"completed\",\"services\":{}}}" >../record.json
			cp ../record.json ../result.json; exit 3')"
	  rec 2-t "$(svc a '{}' true)"; ends; } >plan.in
	pth-exec -o out plan.in >in.jsonl
	collect
	assertCode 0
	assertEquals 'failed passed' "$(jq_out -r 'select(.id).verdict.status' | xargs)"
	assertEquals 'pth-exec has put it right' null "$(value .result.conflicts)"
	stream=$(jq_out -c 'del(.result.run_dir)')
	# As pth-exec has left it, and again, as pth-collect has.
	for i in 1 2; do
		run pth-collect out
		assertCode 0
		assertEquals "$stream" "$(jq_out -c 'del(.result.run_dir)')"
	done
}

# After the run: both sources say the same, and that the directory says something else.
testTheDirectoryDisagrees() {
	# shellcheck disable=SC2034 # rec reads them
	plan='{"environment": {"isolation": "none"}}' over=''
	{ rec 1-t "$(svc a '{}' sh -c 'exit 3')"; rec 2-t "$(svc a '{}' true)"; ends; } >plan.in
	pth-exec -o out plan.in >in.jsonl
	cp -R out kept
	looked=0
	while read -r says how; do
		looked=$((looked + 1))
		rm -rf out && cp -R kept out
		good=$(jq -c '{status: "completed", duration_us: 1, services: {}}' \
			out/1-t/result.json)
		whole=$(jq -c --argjson r "$good" '.result = $r' out/1-t/record.json)
		eval "$how"
		cp -R out forged
		for source in '<in.jsonl' out; do
			rm -rf out && cp -R forged out
			case $source in out) run timeout 60 pth-collect out ;; *) collect ;; esac
			assertCode 0
			assertMatch "$err" '1-t: .* does not say what pth-exec does; this counts'
			assertEquals "$how, $source" 'failed passed' \
				"$(jq_out -r 'select(.id).verdict.status' | xargs)"
			assertEquals "$how, $source" "$says" "$(jq_out -r 'select(.id == "1-t") |
				.result.conflicts | join(",")')"
			assertEquals 'not of the other one' null \
				"$(jq_out 'select(.id == "2-t").result.conflicts')"
			assertEquals 'and so it is kept' "$out" "$(cat out/results.jsonl)"
			printf '%s\n' "$out" | pth-report -o reports >/dev/null
			shown=$(sed -n 's/^- \*\*Says something else than pth-exec\*\*: //p' \
				reports/EXPERIMENT_REPORT.md | tr -d '\\ ')
			assertEquals 'in the report' "$says" "$shown"
			assertEquals 'in the summary' "$says" "$(jq -r '
				[.. | .conflicts? // empty] | join(",")' \
				reports/experiment_summary.json | tr -d ' ')"
		done
		rm -rf forged
	done <<-'end'
		result.json printf '%s\n' "$good" >out/1-t/result.json
		result.json printf '%s\n' "$whole" >out/1-t/result.json
		result.json rm out/1-t/result.json; mkfifo out/1-t/result.json
		result.json echo '{' >out/1-t/result.json
		record.json printf '%s\n' "$whole" >out/1-t/record.json
		record.json rm out/1-t/record.json; mkfifo out/1-t/record.json
		record.json jq -c '.plan.services = []' kept/1-t/record.json >out/1-t/record.json
		record.json,result.json printf '%s\n' "$whole" | tee out/1-t/re*.json
	end
	assertLeast 8 "$looked" cases
	# Where pth-exec has said nothing, because it was killed, a result of the plan or of the
	# record is none.
	rm -rf out && cp -R kept out && rm -f out/results.jsonl out/1-t/result.json
	printf '%s\n' "$whole" >out/1-t/record.json
	jq -c --argjson r "$good" 'if .id == "1-t" then .result = $r else . end' kept/plan.jsonl \
		>out/plan.jsonl
	run pth-collect out
	assertEquals 'error passed' "$(jq_out -r 'select(.id).verdict.status' | xargs)"
	rm -rf kept reports
}

# A test that was left out has no directory of this run, though one of another is there.
testTheDirectoryOfAnotherRun() {
	# shellcheck disable=SC2034 # rec reads them
	plan='{"environment": {"isolation": "none"}}' over=''
	{ rec 1-t "$(svc a '{}' true)"; rec 2-t "$(svc a '{}' true)"; ends; } >plan.in
	pth-exec -o out plan.in >/dev/null
	pth-exec -o out --only 2-t plan.in >in.jsonl
	collect
	stream=$(jq_out -r 'select(.id) | "\(.verdict.status) \(.artifacts | length > 0) \(
		.result.conflicts)"')
	assertEquals 'skipped false null
passed true null' "$stream"
	run pth-collect out
	assertEquals "$stream" "$(jq_out -r 'select(.id) | "\(.verdict.status) \(
		.artifacts | length > 0) \(.result.conflicts)"')"
}

# Logs of keys, captures and measures are read below the test's directory only.
testEvidenceWithoutLinks() {
	need text2pcap wireshark-common || return
	need tshark tshark || return
	mkdir -p outside && ping_capture outside/c.pcapng
	cat "$TOP/tests/fixtures/quic.keys" >outside/keys
	sum=$(sha256sum outside/c.pcapng)
	add one '.plan.capture.keylogs = ["client/keys.log", "server/keys.log", "key/keys"] |
		.plan.services[0].metrics = [{name: "n", file: "m*", matches: "([0-9]+)"}] |
		.expect.packets = [{filter: "udp", min: 2}]' && end
	ln -s ../../outside/c.pcapng out/one/capture.pcapng
	ln -s ../../../outside/keys out/one/client/keys.log
	mkfifo out/one/server/keys.log out/one/server/m1
	ln -s ../../outside out/one/key
	echo 7 >outside/m && ln -s ../../../outside/m out/one/server/m2
	run timeout 60 pth-collect <in.jsonl
	assertCode 0
	assertNotEquals '"passed"' "$(value .verdict.status)"
	assertEquals null "$(value .metrics.measures)"
	assertEquals "$sum" "$(sha256sum outside/c.pcapng)"
	# Nor what a service has in its own directory, by a link that stays inside.
	rm out/one/capture.pcapng && cp outside/c.pcapng out/one/client/made-up.pcapng
	ln -s client/made-up.pcapng out/one/capture.pcapng
	run timeout 60 pth-collect <in.jsonl
	assertNotEquals '"passed"' "$(value .verdict.status)"
	assertEquals null "$(value .metrics.packets)"
	# A good capture, and keys that are none of its test's.
	rm out/one/capture.pcapng && cp outside/c.pcapng out/one/capture.pcapng
	run timeout 60 pth-collect <in.jsonl
	assertEquals '"passed"' "$(value .verdict.status)"
	assertTrue 'no keys are put in' 'cmp outside/c.pcapng out/one/capture.pcapng'
}

. shunit2
