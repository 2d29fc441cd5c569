#!/bin/sh
# Captures from the experiment file to the report: filters, sizes, rings, single
# services, and what happens when one cannot be had or loses packets.
# timeout: 300
# shellcheck disable=SC2154 # $out and $err come from run
. "$TOP/tests/lib.sh"

# Two pairs of ping and pong, 5 pings each: 10 packets on port 4443, 10 on 4444.
# Captures of the test, of the first server and of the second client, in YAML.
experiment() { # [test [server [client]]]
	cat >x.yaml <<-END
		tests:
		  - name: t
		    network_environment: {type: localhost}
		    capture: ${1:-true}
		    services:
		      one: {implementation: {name: ping_pong, type: iut},
		        protocol: {name: minip, version: functional,
		          role: server}, ports: ["4443:4443"]${2:+, capture: $2}}
		      ping1: {implementation: {name: ping_pong, type: iut},
		        protocol: {name: minip, version: functional, role: client, target: one}}
		      two: {implementation: {name: ping_pong, type: iut},
		        protocol: {name: minip, version: functional,
		          role: server}, ports: ["4444:4444"]}
		      ping2: {implementation: {name: ping_pong, type: iut},
		        protocol: {name: minip, version: functional, role: client,
		          target: two}${3:+, capture: $3}}
	END
}

# A plan by hand: one program of Python that talks to itself on lo.
# The program of by_hand as a step of the test: it may do what a service may not.
by_step() {
	jq -c 'if .plan then (.plan.services[0].phases.run.argv) as $argv |
		.steps = {wait: 60, actions: [{exec: {argv: $argv, timeout: 50}}]} |
		.plan.services[0].phases.run.argv = ["true"] else . end' plan >p && mv p plan
}

by_hand() { # capture program [service-capture]
	jq -cn --argjson capture "$1" --arg program "$2" --argjson own "${3:-null}" '
		{pth: 1, type: "test", run: "hand", id: "t", index: 1, of: 1, name: "t", expect: {},
		 services: {talk: {name: "talk"}},
		 plan: {environment: {type: "localhost", isolation: "full"}, timeout_us: 60000000,
		   setup: [],
		        capture: $capture, order: ["talk"], services: [{name: "talk", finite: true,
		        phases: {run: {argv: ["python3", "-c", $program]}}, stop: {signal: "TERM",
		          grace_us: 300000},
		        timeout_us: 50000000} + (if $own then {capture: $own} else {} end)]}}' >plan
	echo '{"pth":1,"type":"end","tests":1}' >>plan
}

planned() { # jq expression over the record
	printf '%s\n' "$plan" | jq -r "select(.type == \"test\") | $1"
}

make_plan() {
	pth-parse x.yaml >rec 2>err && pth-plan <rec >plan 2>>err
	plan=$(cat plan)
}

# run the plan in `plan`, collect; records in $out
go() {
	pth-exec -o out plan >exec.out 2>exec.err
	assertEquals 'pth-exec' 0 $?
	run pth-collect <exec.out
}

value() { # jq expression over the record
	jq_out -r "select(.type == \"test\") | $1"
}

packets_in() { # file [display filter]
	tshark -n -r "$1" ${2:+-Y "$2"} 2>/dev/null | wc -l
}

# What the report says of the captures of the test.
note() {
	pth-collect <exec.out >collected 2>/dev/null
	pth-report -o rep --format json collected >/dev/null 2>&1
	jq -r '.. | .not_captured? // empty' rep/experiment_summary.json
}

setUp() {
	unset PTH_EVENTS # events, and plain messages
}

# Bytes of 1000 to a socket of its own, so many times.
FLOOD='import socket
r = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); r.bind(("127.0.0.1", 5000))
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
def flood(n):
    for i in range(n): s.sendto(b"%04d" % i + b"x" * 996, ("127.0.0.1", 5000))
'

testPlanOfTheTest() {
	experiment '{snaplen: 96, filter: "udp port @{one:port}",
	                ring: {files: 3, size: 100KB}, buffer: 1MiB}'
	make_plan
	assertEquals \
		"$(json '{"interface":"lo","snaplen":96,"file":"capture.pcapng",
			"filter":"udp port 4443","ring":{"files":3,"size":100000},
			"buffer":1048576}')" \
		"$(planned '.plan.capture | del(.bpf, .keylogs, .decode) | tojson')"
	# The program takes 96 bytes of a packet, or nothing.
	assertEquals '[[6,0,0,96],[6,0,0,0]]' "$(planned '.plan.capture.bpf[-2:] | tojson')"
	assertEquals 0 "$(planned '[.plan.services[] | select(.capture)] | length')"
	experiment '{ring: 10MB}' && make_plan
	assertEquals '{"files":2,"size":5000000}' "$(planned '.plan.capture.ring | tojson')"
	experiment '{max_size: 1MB}' && make_plan
	assertEquals 1000000 "$(planned .plan.capture.max_size)"
	experiment '{enabled: false}' && make_plan
	assertEquals null "$(planned .plan.capture)"
}

sorted() { tr ' ' '\n' | sort -n | tr '\n' ' ' | sed 's/ $//'; }

sizes() { # EXPERIMENT's arguments: of the test, then of those services that have one
	experiment "$@" && make_plan
	planned '[.plan.capture, (.plan.services[] | .capture | select(.))] |
		map(.max_size // .ring.size) | map(tostring) | join(" ")'
}

# What says nothing shares 1 GiB, so that a flood does not fill the disk.
testCapturesEndByThemselves() {
	gib=1073741824
	assertEquals "$gib" "$(sizes '{filter: udp}')"
	assertEquals "$((gib / 5)) $((gib / 5)) $((gib / 5)) $((gib / 5)) $((gib / 5))" \
		"$(sizes '{per_service: true}')"
	assertEquals "4096 500000 $((gib - 1004096))" \
		"$(sizes '{filter: udp}' '{max_size: 4096}' '{ring: 1MB}' | sorted)"
	assertEquals "16777216 16777216 $((8 * gib))" \
		"$(sizes '{filter: udp}' true '{max_size: 8GiB}' | sorted)"
	assertEquals 'only those of services' "null $gib" \
		"$(sizes '{enabled: false}' true)"
	assertEquals 'no end' 0 "$(sizes '{max_size: 0}')"
}

testPlanOfServices() {
	experiment '{snaplen: 96, per_service: true, filter: udp, ring: 1MB}' false \
		'{filter: "port 7", max_size: 8192}'
	make_plan
	assertEquals 'ping1:ping1/capture.pcapng port 4443 and (udp) 96 500000 null' \
		"$(planned '.plan.services[] |
		select(.name == "ping1") | .name + ":" + (.capture |
			"\(.file) \(.filter) \(.snaplen) \(.ring.size) \(.max_size)")')"
	assertEquals 'two/capture.pcapng port 4444 and (udp)' "$(planned '.plan.services[] |
		select(.name == "two").capture | "\(.file) \(.filter)"')"
	assertEquals 'port 7 96 null 8192' \
		"$(planned '.plan.services[] | select(.name == "ping2").capture |
		"\(.filter) \(.snaplen) \(.ring) \(.max_size)"')"
	assertEquals null "$(planned '.plan.services[] | select(.name == "one").capture')"
	# Only these, not the test's.
	experiment '{enabled: false}' '{filter: "tcp port 1"}' true && make_plan
	assertEquals 'null null' "$(planned '.plan.capture | "\(.file) \(.interface)"')"
	assertEquals 'one tcp port 1,ping2 port 4444' \
		"$(planned '[.plan.services[] | select(.capture) |
		"\(.name) \(.capture.filter)"] | sort | join(",")')"
}

refused() { # capture message
	experiment "$1"
	pth-parse x.yaml >rec 2>/dev/null
	run pth-plan --check <rec
	assertCode 3
	assertMatch "$err" "^x.yaml:4:[0-9]+: error: $2"
	assertEquals "one error for: $1" 1 "$(printf '%s\n' "$err" | grep -c ' error: ')"
}

testWrongFilters() {
	refused '{filter: "upd port 4443"}' \
		"capture.filter: can't parse filter expression: syntax error"
	assertMatch "$err" '^x.yaml:4:23: '
	refused '{per_service: true, filter: "udp) or (tcp"}' 'capture.filter: .*syntax error'
	refused '{enabled: false, per_service: true, filter: "udp) or (tcp"}' \
		'capture.filter: .*syntax error'
	refused '{filter: "a\nb"}' 'capture.filter: .*syntax error'
	refused '{filter: "é"}' 'capture.filter: .*syntax error'
	refused '{filter: "udp port @{nobody:port}"}' \
		'capture.filter: @{nobody:...}: there is no service of this name in the test'
	refused "{filter: \"$(printf 'udp or %.0s' $(seq 200))udp\"}" \
		'capture.filter: a filter of 1403 bytes; at most 1000'
	refused "{filter: \"$(printf '(%.0s' $(seq 900))\"}" 'capture.filter: '
	# No name server is asked, whatever the machine's settings are.
	refused '{filter: "host nowhere.example.org"}' \
		"capture.filter: unknown host 'nowhere.example.org'"
	refused '{max_size: 4095}' 'capture.max_size: at least 4096 bytes, or 0: no end'
	refused '{ring: 1MB, max_size: 1MB}' \
		'capture.max_size: a ring has no end; give one of the two'
	experiment '{filter: "udp\u0000x"}'
	run pth-parse x.yaml
	assertCode 3
	experiment '{ring: {files: 1, size: 10}}'
	run pth-parse x.yaml
	assertCode 3
	assertMatch "$err" 'x.yaml:4:[0-9]*: error: files: .*from 2 to 1000'
	assertMatch "$err" 'x.yaml:4:[0-9]*: error: size: .*expected bytes \(5MB\) of at least 4096'
}

testServiceThatCannotBeToldApart() {
	mkdir -p d/protocols d/services
	printf 'plugin: mute\nkind: protocol\ntransport: none\n' >d/protocols/mute.yaml
	printf 'plugin: still\nkind: iut\nprotocol: mute\ncommands: {server: [sleep, "1"]}\n' \
		>d/services/still.yaml
	experiment '{per_service: true}'
	cat >>x.yaml <<-'end'
	      alone: {implementation: {name: still, type: iut},
	        protocol: {name: mute, role: server}}
	end
	PTH_PATH=d
	export PTH_PATH
	make_plan
	unset PTH_PATH
	assertMatch "$(cat err)" \
		'x.yaml:17:14: warning: capture: no capture of this service: it has no port'
	assertEquals '5 4' \
		"$(planned '.plan.services | "\(length) \([.[] | select(.capture)] | length)"')"
}

testCapturesOfServices() {
	need_namespaces || return
	need tshark tshark || return
	experiment '{per_service: true}' false '{snaplen: 44}' && make_plan && go
	assertCode 0
	assertEquals 'passed 20' "$(value '"\(.verdict.status) \(.result.capture.packets)"')"
	dir=out/$(value .result.dir)
	assertEquals 20 "$(packets_in "$dir/capture.pcapng")"
	assertEquals '10 10' "$(line "$(packets_in "$dir/ping1/capture.pcapng")" \
		"$(packets_in "$dir/ping1/capture.pcapng" 'udp.port == 4443')")"
	assertEquals '10 10' "$(line "$(packets_in "$dir/two/capture.pcapng")" \
		"$(packets_in "$dir/two/capture.pcapng" 'udp.port == 4444')")"
	lengths=$(tshark -n -r "$dir/ping2/capture.pcapng" -T fields -e frame.cap_len 2>/dev/null |
		sort -u)
	assertEquals '10 44' "$(value '.result.services.ping2.capture.packets') $lengths"
	assertFalse 'not asked for' "[ -e $dir/one/capture.pcapng ]"
	assertEquals 'those of the test, not all together' 20 "$(value .metrics.packets)"
	assertEquals 'capture.pcapng ping1/capture.pcapng ping2/capture.pcapng two/capture.pcapng' \
		"$(value '[.artifacts[] | select(.kind == "capture").path] | join(" ")')"
	assertEquals 4 "$(jq -s '[.[] | select(.event == "capture.stopped")] | length' exec.err)"
	assertEquals '"ping1" "ping2" "two" null' \
		"$(jq -c 'select(.event == "capture.started").service' exec.err | sort |
			xargs -d '\n')"
	assertEquals 0 "$(value .metrics.services.two.dropped)"
}

# A packet that several captures have counts once, with any length stored.
testOnlyServices() {
	need_namespaces || return
	need tshark tshark || return
	experiment '{enabled: false, per_service: true, filter: udp}' \
		'{filter: "udp", snaplen: 60}' && make_plan && go
	assertCode 0
	assertEquals 'null 20' "$(value '"\(.result.capture) \(.metrics.packets)"')"
	assertEquals '20 10 10 10' \
		"$(value '
			.result.services | [.one, .ping1, .two, .ping2] |
			map(.capture.packets | tostring) | join(" ")')"
	assertEquals 20 "$(value .metrics.protocols.udp.packets)"
	assertEquals '' "$(note)"
}

testFilter() {
	need_namespaces || return
	experiment '{filter: "udp src port 4443"}' && make_plan && go
	assertEquals 5 "$(value .result.capture.packets)"
	experiment '{filter: "tcp"}' && make_plan && rm -rf out && go
	assertEquals '0 0' "$(value '"\(.result.capture.packets) \(.metrics.packets)"')"
}

testRing() {
	need_namespaces || return
	need python3 python3 || return
	need tshark tshark || return
	by_hand \
		'{"interface": "lo", "file": "capture.pcapng",
			"ring": {"files": 3, "size": 40000}}' "$FLOOD
flood(200)"
	go
	# A file takes 36 packets of 1042 bytes and their block headers.
	assertEquals '200 0' "$(value '.result.capture | "\(.packets + .discarded) \(.dropped)"')"
	assertEquals 'capture_00004.pcapng capture_00005.pcapng capture_00006.pcapng' \
		"$(value '.result.capture.files | join(" ")')"
	assertEquals 'capture_00004.pcapng capture_00005.pcapng capture_00006.pcapng' \
		"$(cd out/t && echo capture*)"
	assertEquals capture_00004.pcapng "$(value .result.capture.file)"
	for f in out/t/capture_*; do
		assertTrue "$f: $(stat -c %s "$f") bytes" "[ $(stat -c %s "$f") -le 40000 ]"
	done
	assertEquals 'the newest' 0199 \
		"$(tshark -n -r out/t/capture_00006.pcapng -T fields -e udp.payload 2>/dev/null |
		tail -n 1 | cut -c 1-8 | unhex)"
	assertEquals "$(value .result.capture.packets)" "$(value .metrics.packets)"
	assertEquals "$(value .result.capture.discarded)" "$(value .metrics.discarded)"
	assertEquals 3 "$(value '[.artifacts[] | select(.kind == "capture")] | length')"
	assertMatch "$(note)" '^capture keeps its newest files, [0-9]* packets went with others$'
}

testMaxSize() {
	need_namespaces || return
	need python3 python3 || return
	need tshark tshark || return
	by_hand '{"interface": "lo", "file": "capture.pcapng", "max_size": 40000}' "$FLOOD
flood(100)"
	jq -c 'if .plan then .expect = {packets: [{filter: "udp", min: 90}]} else . end' plan >p &&
		mv p plan
	go
	assertEquals '100 0' "$(value '.result.capture | "\(.packets + .omitted) \(.dropped)"')"
	assertTrue "[ $(stat -c %s out/t/capture.pcapng) -le 40000 ]"
	n=$(value .result.capture.omitted)
	assertMatch "$(strings out/t/capture.pcapng)" \
		"incomplete: $n packets came after max_size was reached"
	assertEquals "$n" "$(value .metrics.omitted)"
	assertMatch "$(value '.verdict.rules[].text')" \
		"\(cannot be told: capture ended at max_size, $n packets came after\)"
	assertEquals 'error false' "$(value '.verdict | "\(.status) \(.ok)"')"
	assertEquals "capture true" "$(value '.metrics.incomplete[0] | "\(.of) \(.least)"')"
	pth-collect <exec.out >collected 2>/dev/null
	run pth-report collected
	assertMatch "$out" 'capture ended at max_size'
}

# Who captures, as a script sees it from inside the test. Others end while it looks.
CAPTURES="def captures():
    for p in os.listdir('/proc'):
        try: name = open('/proc/%s/comm' % p).read() if p.isdigit() and p != '1' else ''
        except OSError: name = ''
        if name.startswith('pth-exec'): yield int(p)"

# The capture process is stopped while packets come: the kernel's ring is full.
testLostPacketsAreSaid() {
	need_namespaces && need_proc || return
	need python3 python3 || return
	need tshark tshark || return
	by_hand '{"interface": "lo", "file": "capture.pcapng", "buffer": 524288}' "$FLOOD
import os, signal
$CAPTURES
for p in captures(): os.kill(p, signal.SIGSTOP)
flood(2000)
for p in captures(): os.kill(p, signal.SIGCONT)"
	by_step
	jq -c 'if .plan then .expect = {packets: [{filter: "udp", min: 1}]} else . end' plan >p &&
		mv p plan
	go
	assertEquals 'completed 2000' \
		"$(value '.result | "\(.status) \(.capture.packets + .capture.dropped)"')"
	n=$(value .result.capture.dropped)
	assertTrue "lost: $n" "[ $n -gt 1000 ]"
	assertEquals "$n" "$(value .metrics.dropped)"
	assertEquals "passed" "$(value .verdict.status)"
	assertMatch "$(value '.verdict.rules[].text')" "packets \(capture lost $n packets\)"
	assertEquals "$n" "$(jq 'select(.event == "capture.stopped").dropped' exec.err)"
	pth-collect <exec.out >collected 2>/dev/null
	run pth-report collected
	assertMatch "$out" "capture lost $n packets"
	assertEquals "capture lost $n packets" "$(note)"
}

# No room on the disk, here by a limit of the size of files.
testNoRoom() {
	need_namespaces || return
	need python3 python3 || return
	need tshark tshark || return
	by_hand '{"interface": "lo", "file": "capture.pcapng"}' "$FLOOD
flood(3000)" \
	'{"interface": "lo", "file": "talk/capture.pcapng", "ring": {"files": 2, "size": 30000}}'
	(ulimit -f 200 && exec pth-exec -o out plan) >exec.out 2>exec.err
	run pth-collect <exec.out
	assertEquals completed "$(value .result.status)"
	assertMatch "$(value .result.capture.error)" '^write capture: File too large$'
	assertEquals 3000 "$(value '.result.capture | .packets + .omitted + .dropped')"
	assertEquals 'what is there can be read' "$(value .result.capture.packets)" \
		"$(value .metrics.packets)"
	assertEquals null "$(value .metrics.truncated)"
	assertEquals '"write capture: File too large"' \
		"$(jq -c 'select(.event == "capture.failed").message' exec.err)"
	assertEquals 'the ring had room' 'null 3000' \
		"$(value '
			.result.services.talk.capture |
				"\(.error) \(.packets + .discarded + .dropped)"')"
}

# The capture does not take the last bytes of the disk: the result has a place.
testFullDisk() {
	need_namespaces || return
	need python3 python3 || return
	need tshark tshark || return
	unshare -Urm true 2>/dev/null || skip 'no user namespaces' || return
	by_hand '{"interface": "lo", "file": "capture.pcapng"}' "$FLOOD
flood(3000)"
	mkdir out
	run unshare \
		-Urm \
		sh -c 'mount -t tmpfs -o size=900k none out &&
			pth-exec -o out/run plan >exec.out 2>exec.err
		echo $? && pth-collect <exec.out'
	assertEquals '0' "$(printf '%s\n' "$out" | head -n 1)"
	out=$(printf '%s\n' "$out" | sed 1d)
	assertEquals 'completed write capture: No space left on device' \
		"$(value '.result | "\(.status) \(.capture.error)"')"
	assertEquals 3000 "$(value '.result.capture | .packets + .omitted + .dropped')"
	assertTrue "some are there" "[ $(value .result.capture.packets) -gt 300 ]"
	assertEquals "$(value '"\(.result.capture.packets) null"')" \
		"$(value '.metrics | "\(.packets) \(.truncated)"')"
	assertMatch "$(note)" '^write capture: No space left on device; [0-9]* packets not written$'
}

testCaptureThatCannotStart() {
	need_namespaces || return
	experiment true '{interface: nosuch0}' true && make_plan && go
	assertEquals 'passed 20' "$(value '"\(.verdict.status) \(.result.capture.packets)"')"
	assertEquals 'capture on nosuch0: No such device' \
		"$(value .result.services.one.capture.error)"
	assertEquals '"one" "nosuch0"' \
		"$(jq -r '
			select(.event == "capture.failed") | "\"\(.service)\" \"\(.interface)\""' \
			exec.err)"
	assertEquals 'its directory' 1 "$(find out -path '*/one' | wc -l)"
	assertEquals '' "$(find out -path '*/one/capture.pcapng')"
	assertEquals 'one: capture on nosuch0: No such device' "$(note)"
	# A directory is in the place of the file.
	by_hand '{"interface": "lo", "file": "talk"}' 'print(1)' && rm -rf out && go
	assertEquals 'completed capture on lo: talk: Is a directory' \
		"$(value '.result | "\(.status) \(.capture.error)"')"
}

testPlanWithoutAProgramForTheFilter() {
	for bpf in null '[]' '[[1]]' '[[6,0,0,-1]]' '"x"' '[[70000,0,0,0]]'; do
		rm -rf out
		by_hand \
			"{\"interface\": \"lo\", \"file\": \"capture.pcapng\", \"filter\": \"udp\",
				\"bpf\": $bpf}" 'print(1)' && go
		assertMatch "$bpf: $(value '.result | "\(.status) \(.capture.error)"')" \
			'completed the plan'
	done
	need_namespaces || return
	# Not a program that may run in the kernel: a jump out of it.
	rm -rf out
	by_hand \
		'{"interface": "lo", "file": "capture.pcapng", "filter": "udp",
			"bpf": [[5,0,0,9],[6,0,0,0]]}' 'print(1)' && go
	assertEquals 'completed capture on lo: filter: Invalid argument' \
		"$(value '.result | "\(.status) \(.capture.error)"')"
	assertFalse '[ -e out/t/capture.pcapng ]'
}

testCaptureThatIsKilled() {
	need_namespaces && need_proc || return
	need python3 python3 || return
	need tshark tshark || return
	by_hand '{"interface": "lo", "file": "capture.pcapng"}' "$FLOOD
import os, signal, time
flood(10)
while os.stat('capture.pcapng').st_size < 10000: time.sleep(0.05)
$CAPTURES
for p in captures(): os.kill(p, signal.SIGKILL)"
	by_step
	go
	assertEquals 'completed the capture process died' \
		"$(value '.result | "\(.status) \(.capture.error)"')"
	assertEquals 10 "$(value .metrics.packets)"
	assertMatch "$(cat exec.err)" capture.failed
}

testKeysAreInEveryFile() {
	need text2pcap wireshark-common || return
	need tshark tshark || return
	mkdir -p out/t/talk
	text2pcap -q -l 1 -t '%H:%M:%S.%f' "$TOP/tests/fixtures/quic.hex" whole.pcapng 2>/dev/null
	editcap -c 3 whole.pcapng part.pcapng
	ls part_* >parts
	n=0
	while read -r f; do
		n=$((n + 1))
		mv "$f" "out/t/capture_0000$n.pcapng"
	done <parts
	cp whole.pcapng out/t/talk/capture.pcapng
	cp "$TOP/tests/fixtures/quic.keys" out/t/talk/keys.log
	by_hand \
		'{"interface": "lo", "file": "capture.pcapng", "keylogs": ["talk/keys.log"],
			"decode": ["udp.port==4443,quic"]}' ''
	jq -c --arg dir "$PTH_TMP/out" --argjson n "$n" '
		if .plan then .result = {status: "completed", duration_us: 1000,
		run_dir: $dir, dir: "t",
		capture: {file: "capture_00001.pcapng",
		  files: [range(1; $n + 1) | "capture_0000\(.).pcapng"],
		interface: "lo", packets: 8, dropped: 0},
		services: {talk: {state: "stopped", reason: "exit", code: 0,
		capture: {file: "talk/capture.pcapng", packets: 8,
		  dropped: 0}}}} else . end' plan >exec.out
	assertTrue "several files: $n" "[ $n -gt 1 ]"
	run pth-collect <exec.out
	assertEquals \
		"$(json '{"connections":1,"handshake_us":22827,"handshakes":1,
			"confirmed_us":23322,"versions":["0x00000001"],"http3_frames":5}')" \
		"$(value '.metrics.quic | {connections, handshake_us, handshakes, confirmed_us,
			versions, http3_frames} | tojson')"
	assertEquals "$(packets_in whole.pcapng)" "$(value .metrics.packets)"
	for f in out/t/capture_0000*.pcapng out/t/talk/capture.pcapng; do
		assertEquals "$f" "$(grep -c . "$TOP/tests/fixtures/quic.keys")" \
			"$(grep -aoE \
				'(CLIENT|SERVER|EXPORTER)_[A-Z_0-9]* [0-9a-f]{64} [0-9a-f]{64,}' \
				"$f" | wc -l)"
	done
	# One that is missing, one that is cut short.
	head -c -20 out/t/capture_00001.pcapng >short && mv short out/t/capture_00001.pcapng
	run pth-collect <exec.out
	assertEquals true "$(value .metrics.truncated)"
	rm out/t/capture_00002.pcapng
	run pth-collect <exec.out
	assertEquals 'the capture file is missing' "$(value .metrics.error)"
}

testOrdinaryUser() {
	need_user || return
	experiment '{per_service: true, filter: "udp port 4443", ring: 100KB}' && make_plan
	mkdir -m 777 user
	chmod 711 "$PTH_TMP"
	as_user pth-exec -o "$PTH_TMP/user/out" <plan >exec.out 2>exec.err
	out=$(cat exec.out)
	assertEquals 'completed 10 10' \
		"$(value '
			.result |
				"\(.status) \(.capture.packets) \(.services.one.capture.packets)"')"
}

testContainers() {
	experiment '{snaplen: 96, filter: udp}' false '{filter: "port @{two:port}", snaplen: 0}'
	sed 's/localhost/docker_compose/' x.yaml >y.yaml && mv y.yaml x.yaml
	make_plan
	run pth-compose <plan
	assertCode 0
	captures=$(value '
		.compose.plan |
			[.files[] | select(.path | test("^docker/.*json$")) | .text | fromjson |
		"\(.service) \(.plan.capture | if . then "\(.file) \(.snaplen) \(.filter) \(.bpf |
		length > 1)" else . end)"] | join("\n")')
	assertMatch "$captures" '^one null$'
	assertMatch "$captures" '^ping1 ping1/capture.pcapng 96 udp true$'
	assertMatch "$captures" '^ping2 ping2/capture.pcapng 0 port 4444 true$'
	assertEquals 'nothing is captured outside' 0 \
		"$(value '[.compose.plan | ., .services[] | .capture // empty] | length')"
}

testEnvironmentWithoutCapture() {
	experiment '{snaplen: 96}'
	sed 's/localhost/blind/' x.yaml >y.yaml && mv y.yaml x.yaml
	mkdir -p own/environments/network
	printf '%s\n' 'plugin: blind' 'kind: network_environment' 'isolation: none' \
		'supported_by: [pth-exec]' >own/environments/network/blind.yaml
	PTH_PATH=own make_plan
	assertMatch "$(cat err)" \
		'x.yaml:4:[0-9]*: warning: capture: no effect in environment blind'
}

. shunit2
