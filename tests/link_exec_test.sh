#!/bin/sh
# Tests whose services are joined by links, from pth-parse to pth-report, as root and as an
# ordinary user.
# timeout: 240
# shellcheck disable=SC2154 # $out and $err come from run
. "$TOP/tests/lib.sh"
. "$TOP/tests/link_lib.sh"

# A server that echoes what comes by TCP to port 7, of IPv4 and IPv6; and a client that runs a
# script for sh, after which other services and keys of the test may stand.
experiment() { # script, keys...
	cat <<-END
		tests:
		  - name: t
		    network_environment: {type: localhost}
		    seed: 3
		    services:
		      server: &server
		        finite: false
		        implementation: {name: command, type: testers, command:
		          [sh, -c, 'exec socat TCP6-LISTEN:7,ipv6only=0,fork EXEC:cat']}
		        protocol: {name: tcp, role: server}
		        network: {port: 7}
		      client: &client
		        protocol: &talks {name: tcp, role: client, target: server}
		        environment: &ways {FOUR: "TCP4:server:7,forever,interval=.1",
		          SIX: "TCP6:server:7,forever,interval=.1"}
		        implementation: {name: command, type: testers, command: [sh, -c, '$1']}
	END
	shift
	printf '%s\n' "$@"
}

said() { # service
	cat "$dir/$1/stdout.log"
}

result() { # jq expression
	jq -r "$1" "$dir/result.json"
}

end_to_end() {
	experiment 'getent ahostsv4 server | head -n 1; getent ahostsv6 server | head -n 1;
		echo four | socat -t 9 - $FOUR; echo six | socat -t 9 - $SIX' \
		'    links:' \
		'      - {between: [client, server], latency: 20ms, drop: 1, only: tcp,' \
		'         mtu: 1400}' \
		>x.yaml
	go
	assertCode 0
	assertEquals '198.18.0.2 STREAM server 2001:2::2 STREAM server four six' \
		"$(said client | xargs)"
	# The first packet of each direction is lost, and sent again.
	assertEquals 'up 1 dropped drop list
down 1 dropped drop list' "$(jq -r 'select(.packet == 1) |
		"\(.direction) \(.packet) \(.fate) \(.why)"' "$dir/link.jsonl" | sort -r)"
	assertEquals 3 "$(jq -r 'select(.link == "begin").seed' "$dir/link.jsonl")"
	late=$(jq 'select(.departure) | .departure - .arrival < 0.019999' "$dir/link.jsonl")
	assertEquals 'nothing is early' false "$(printf '%s\n' "$late" | sort -u)"
	assertEquals 'client/capture.pcapng eth0 true 0' \
		"$(result '.capture | "\(.file) \(.interface) \(.isolated) \(.dropped)"')"
	assertEquals 'server/capture.pcapng' "$(result .services.server.capture.file)"
	assertEquals "$(result .services.client.capture.packets)" \
		"$(jq -r 'select(.type == "test").metrics.packets' run/results.jsonl)"
	assertEquals 'all of it in order' '' "$(jq -r '.metrics.incomplete // empty | .[].text' \
		run/results.jsonl | grep clock)"
	assertLeast 38000 "$(jq -r 'select(.type == "test").metrics.tcp.handshake_us' \
		run/results.jsonl)" 'us of the handshake'
	assertEquals 'names are known' '' "$(jq -r 'select(.event == "environment.degraded") |
		.reason' run/events.jsonl | grep names)"
	assertEquals '' "$(result '.isolation.reason')"
	[ -z "$(result '.isolation.missing[]')" ] || return 0
	assertEquals protected "$(result .evidence)"
}

testEndToEnd() {
	each end_to_end
}

# What has a time counts from when the services are ready, and steps change links.
steps() {
	experiment 'echo one | socat -t 9 - $FOUR; echo two | socat -t 9 - $FOUR' \
		'    links:' \
		'      - {between: [client, server], rebind: 60min, blackhole: 50min-51min,' \
		'         link_down: 58min-59min, loss: 0.0001%, burst: 3}' \
		'    steps:' \
		'      - {link: {between: [server, client], direction: forward, latency: 70ms}}' \
		'      - {link: {latency: 30ms, ecn: bleach, loss: 0%}}' >x.yaml
	go
	assertCode 0
	assertEquals 'one two' "$(said client | xargs)"
	assertEquals 'link true 1 link changed
link true 1 link changed' "$(result '.steps[] | "\(.step) \(.ok) \(.text)"')"
	assertEquals '{"blackhole":"50min-51min","rebind":"60min","link_down":"58min-59min",'"$(:
		)"'"begin":"now"} {"down":{"delay":"70ms"}} {"delay":"30ms","loss":"0%",'"$(:
		)"'"ecn":"bleach"}' \
		"$(jq -r 'select(.change.line).change.line' "$dir/link.jsonl" | xargs -d '\n')"
	assertEquals 'no mistake' '' "$(jq -r '.change.error // empty' "$dir/link.jsonl")"
}

testStepsAndTimes() {
	each steps
}

# A client behind two routers, and one beside it, whose packets are all in one capture.
testTopologies() {
	need_namespaces || return
	need socat socat && need jq jq || return
	rm -rf top && mkdir top && cd top && who='' || return
	experiment 'echo far | socat -t 9 - $FOUR; echo six | socat -t 9 - $SIX;
		getent ahostsv4 near | head -n 1;
		echo near | socat -t 9 - TCP4:near:8,forever,interval=.1' \
		'      near:' \
		'        protocol: *talks' '        environment: *ways' \
		'        implementation: {name: command, type: testers, command:' \
		'          [sh, -c, "socat -u TCP4-LISTEN:8 - & echo me | socat -t 9 - $FOUR;' \
		'          wait"]}' \
		'    routers: [one, two]' \
		'    links:' \
		'      - {between: [client, one], latency: 5ms}' \
		'      - {between: [one, two], latency: 5ms}' \
		'      - {between: [two, server]}' \
		'      - {between: [near, two]}' >x.yaml
	go
	assertCode 0
	assertEquals 'far six 198.18.3.1 STREAM near' "$(said client | xargs)"
	assertEquals 'me near' "$(said near | sort | xargs)"
	assertEquals 4 "$(ls "$dir"/link*.jsonl | wc -l)"
	assertEquals capture.pcapng "$(result .capture.file)"
	assertEquals "$(result '[.services.client, .services.near | .capture.packets] | add')" \
		"$(result .capture.packets)"
	assertEquals "$(result .capture.packets)" \
		"$(jq -r 'select(.type == "test").metrics.packets' run/results.jsonl)"
	cd "$PTH_TMP" || return
}

# Root of its service is root of its network, and a test without a service's name finds its port.
testRootAndPorts() {
	need_namespaces || return
	need socat socat && need jq jq && need ip iproute2 || return
	rm -rf root && mkdir root && cd root && who='' || return
	experiment 'ip link set eth0 mtu 1300 && ip -o link show eth0 | grep -o mtu.[0-9]*;
		ip -br link | wc -l;
		echo x | socat -t 9 - $FOUR' \
		'        user: root' \
		'    links: [{latency: 1ms}]' \
		'    assertions: [{type: port_open, port: 7, transport: tcp}]' >x.yaml
	go
	assertCode 0
	assertEquals 'mtu 1300 2 x' "$(said client | xargs)"
	assertEquals 'true TCP port 7 is open' "$(result '.assertions[] | "\(.ok) \(.text)"')"
	cd "$PTH_TMP" || return
}

# of FILE FIELD: what the packets of a capture have there, each once.
of() {
	tshark -r "$dir/$1" -T fields -e "$2" 2>/dev/null | tr , '\n' | sort -nu | xargs
}

# Captures have what was asked for: so much of each packet, those that a filter wants, one for all
# and one for a service.
testCaptureOptions() {
	need_namespaces || return
	need socat socat && need jq jq && need tshark tshark || return
	rm -rf looks && mkdir looks && cd looks && who='' || return
	experiment 'echo four | socat -t 9 - $FOUR; echo six | socat -t 9 - $SIX' \
		'    links: [{latency: 1ms, drop: 2, only: tcp}]' \
		'    capture: {snaplen: 80, filter: ip6 and tcp}' >x.yaml
	sed 's/^      server: &server/&\n        capture: {filter: ip}/' x.yaml >y.yaml &&
		mv y.yaml x.yaml
	go
	assertCode 0
	assertEquals 6 "$(of client/capture.pcapng ip.version)"
	assertEquals 4 "$(of server/capture.pcapng ip.version)"
	assertEquals 80 "$(of client/capture.pcapng frame.cap_len | sed 's/.* //')"
	assertEquals 'a reset, which is shorter than that, is whole' '' "$(
		tshark -r "$dir/client/capture.pcapng" -T fields -e frame.cap_len -e frame.len \
			2>/dev/null | awk '$1 != ($2 < 80 ? $2 : 80)')"
	assertLeast 94 "$(of client/capture.pcapng frame.len | sed 's/.* //')" bytes
	assertEquals "$(result .capture.packets)" \
		"$(tshark -r "$dir/client/capture.pcapng" 2>/dev/null | wc -l)"
	# A packet that is not captured has not been forgotten.
	assertEquals dropped "$(jq -r 'select(.packet == 2 and .direction == "up").fate' \
		"$dir/link.jsonl")"
	cd "$PTH_TMP" || return
}

# A capacity out of a file, which is named as from the experiment.
testTrace() {
	need_namespaces || return
	need socat socat && need jq jq || return
	rm -rf trace && mkdir -p trace/sub && cd trace && who='' || return
	printf '200\n' >sub/slow.trace
	experiment 'echo x | socat -t 9 - $FOUR' \
		'    links: [{between: [client, server], trace: slow.trace}]' >sub/x.yaml
	ln -s sub/x.yaml x.yaml
	run env PTH_EVENTS=none TMPDIR="$PWD" pth run -o run sub/x.yaml
	dir=run/001-t
	assertCode 0
	# 1500 bytes each 200 ms.
	assertEquals 'nothing leaves between' true "$(jq -s '[.[] | .departure // empty | . * 5 |
		. - round | fabs] | max < 0.05 and length >= 4' "$dir/link.jsonl")"
	printf '5\n3\n' >sub/slow.trace
	run pth check sub/x.yaml
	assertCode 3
	assertEquals "sub/x.yaml:17:48: error: trace: $PWD/sub/slow.trace:2:1: the trace$(:
		) goes back in time, from 5 to 3" "$out$err"
	cd "$PTH_TMP" || return
}

# shown NUMBER SERVICE TEXT...: a capture of the test of that number has a comment with the text.
shown() {
	file=$(echo "quic/$1"-*"/$2/capture.pcapng")
	looked=$((looked + 1))
	assertMatch "$(tshark -r "$file" -Y frame.comment -T fields -e frame.comment \
		2>/dev/null)" "$3"
}

# 5 MB by QUIC over each condition of the example that both ends have to live with.
testQuic() {
	need_namespaces || return
	need gtlsserver ngtcp2-server && need gtlsclient ngtcp2-client && need tshark tshark &&
		need jq jq || return
	looked=0
	set -- --only '005-*' --only '009-*' --only '010-*' --only '011-*' --only '013-*' \
		--only '015-*' --only '016-*' --only '017-*'
	# Eight at once: the handshakes are over before, and the transfers are not.
	sed 's/rate: 20Mbit, blackhole: 1s-3s/rate: 4Mbit, blackhole: 4s-6s/
		s/rate: 20Mbit, rebind: 1s address/rate: 4Mbit, rebind: 4s address/' \
		"$TOP/examples/links.yaml" >links.yaml
	assertEquals 2 "$(grep -c 'rate: 4Mbit' links.yaml)"
	cp "$TOP/examples/links.trace" .
	run env PTH_EVENTS=none pth run -j 8 -o quic "$@" links.yaml
	assertCode 0
	assertEquals 8 "$(jq -r 'select(.type == "test" and .verdict.ok).verdict.status' \
		quic/results.jsonl | grep -c passed)"
	assertEquals 'the captures are in order' '' "$(jq -r '.metrics.incomplete // empty |
		.[].text' quic/results.jsonl | grep clock)"
	shown 005 client '^link: up [0-9]*: dropped: loss$'
	shown 005 server '^link: down [0-9]*: dropped: loss$'
	shown 009 client '^link: down [0-9]*: reordered$'
	shown 009 server '^link: up [0-9]*: reordered$'
	shown 010 client '^link: down [0-9]*: corrupted at [0-9]*$'
	shown 010 server '^link: up [0-9]*: corrupted at [0-9]*$'
	shown 011 server '^link: down [0-9]*: dropped: blackhole$'
	shown 013 server '^link: down [0-9]*: dropped: too big$'
	shown 015 server '^link: up [0-9]*: rebound$'
	assertLeast 9 $looked captures
	# The server has seen two clients, the client one server; and 750 ms are that.
	ends=$(for end in client server; do
		tshark -r quic/015-*/$end/capture.pcapng -Y 'udp.dstport == 4443 && !icmp' \
			-T fields -e ip.src 2>/dev/null | sort -u | wc -l
	done | xargs)
	assertEquals '1 2' "$ends"
	assertLeast 1500000 "$(jq -r 'select(.id == "016-750-ms-of-delay").metrics.quic |
		.handshake_us' quic/results.jsonl)" us
	# What was in the trace is what a link may carry: no more than 20 Mbit/s.
	assertEquals true "$(jq -s 'map(select(.direction == "down" and .departure)) |
		(map(.length) | add) * 8 / (.[-1].departure - .[0].departure) < 20e6' \
		quic/017-*/link.jsonl)"
}

# await CONDITION: at most 20 s.
await() {
	i=0
	until eval "$1" >/dev/null 2>&1; do
		i=$((i + 1))
		[ $i -lt 400 ] || { fail "not within 20 s: $1"; return; }
		sleep 0.05
	done
}

# below PID: all processes below it.
below() {
	# shellcheck disable=SC2013 # words
	for p in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		echo "$p"
		below "$p"
	done
}

# alive PID...: those of them that are there.
alive() {
	for p; do [ ! -e "/proc/$p" ] || echo "$p"; done
}

# begin [SCRIPT]: start a test whose client runs that; $run is then pth-exec, $all what is below it,
# $link its link.
begin() {
	experiment "touch up; ${1:-exec sleep 1000}" '    links: [{latency: 1ms}]' >x.yaml
	rm -rf run pid
	pth-parse x.yaml 2>/dev/null | pth-plan >plan.jsonl 2>/dev/null
	PTH_EVENTS=none TMPDIR=$PWD $who sh -c 'echo $$ >pid; exec pth-exec -o run plan.jsonl' \
		>records 2>said & shell=$!
	await '[ -e run/001-t/client/up ]'
	run=$(cat pid)
	all=$(below "$run")
	for p in $all; do
		[ "$(cat "/proc/$p/comm")" != pth-link ] || link=$p
	done
}

killed() {
	begin
	kill -KILL "$link"
	wait $shell
	assertEquals "error network_setup link client-server: its process ended while the$(:
		) test ran" \
		"$(jq -r 'select(.type == "test").result |
			"\(.status) \(.category) \(.reason)"' records)"
	# shellcheck disable=SC2086 # pids
	assertEquals 'nothing is left' '' "$(alive $all)"
	begin
	kill -KILL "$run"
	wait $shell 2>/dev/null
	assertLeast 4 "$(printf '%s\n' "$all" | wc -l)" 'processes of a test'
	await '[ -z "$(alive $all)" ]'
}

testNothingIsLeft() {
	each killed
}

# ended_as STATUS TEXT: the test has ended so, and nothing of it is left.
ended_as() {
	assertEquals "$1" "$(jq -r 'select(.type == "test").result |
		"\(.status) \(.category) \(.reason)"' records |
		sed 's/ [0-9]* packets/ N packets/')"
	# shellcheck disable=SC2086 # pids
	assertEquals 'nothing is left' '' "$(alive $all)"
}

# More packets come than a link that stands still can take: those that no condition has dropped are
# counted, and the test is an error and never a pass.
lost() {
	begin 'until [ -e go ]; do sleep 0.02; done;
		head -c 8000000 /dev/zero | socat -u -b 1000 - UDP4:server:9; touch done;
		until [ -e end ]; do sleep 0.02; done'
	kill -STOP "$link"
	touch run/001-t/client/go
	await '[ -e run/001-t/client/done ]'
	kill -CONT "$link"
	touch run/001-t/client/end
	wait $shell
	ended_as "error network_setup link client-server: N packets were lost that no condition$(:
		) has dropped: this machine is too slow"
	assertLeast 1000 "$(jq -r 'select(.link == "end").lost' run/001-t/link.jsonl)" lost
}

testLostPackets() {
	each lost
}

# A change that pth-link refuses: of a plan that somebody has edited, or of a trace that has gone.
refused() {
	experiment 'exec sleep 1000' '    links: [{latency: 1ms}]' \
		'    steps: [{at: 100ms, link: {loss: 3%}}]' >x.yaml
	rm -rf run
	pth-parse x.yaml 2>/dev/null | pth-plan 2>/dev/null | jq -c 'if .type == "test" then
		.steps.actions[0].link.changes[0].config.loss = "300%" else . end' >plan.jsonl
	assertMatch "$(cat plan.jsonl)" '"300%"'
	all=$$ # of nobody
	PTH_EVENTS=none TMPDIR=$PWD $who pth-exec -o run plan.jsonl >records 2>said
	all=''
	ended_as "error network_setup link client-server: 9: loss: '300%' is more than 100%"
	assertEquals 'and it is in the log' "9: loss: '300%' is more than 100%" \
		"$(jq -r '.change.error // empty' run/001-t/link.jsonl)"
}

testRefusedChange() {
	each refused
}

. shunit2
