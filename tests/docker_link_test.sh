#!/bin/sh
# Containers that are joined by links, on a real engine: the same as on this machine.
# timeout: 400
# shellcheck disable=SC2016,SC2154 # scripts of sh -c; $out and $code come from through
. "$TOP/tests/lib.sh"
. "$TOP/tests/docker_lib.sh"
own_world --net

minip='/usr/local/libexec/pth/miniP_client -p 4443'

oneTimeTearDown() {
	engine_stop
}

# linked LINKS [command [more lines of the client]]: through the pipe; $dir: of the test. $keys are
# lines of the test after its links.
linked() {
	links=$1
	shift
	experiment link "$@" >t.yaml
	case ${keys:-} in *steps:*) sed -i '/^    steps: {wait/d' t.yaml ;; esac
	printf '    seed: 5\n    links: %s\n%s\n' "$links" "${keys:-}" >>t.yaml
	through t.yaml
	dir=run/001-link
}

# The times between a packet of the client and the next one of the server, in microseconds; a
# filter of tshark for packets, and one of the client's.
round_trips() { # capture
	tshark -r "$1" -Y 'udp && !icmp' -T fields -e frame.time_epoch -e udp.dstport 2>/dev/null |
		awk '$2 == 4443 { sent = $1; next }
			sent { printf "%.0f\n", ($1 - sent) * 1e6; sent = 0 }'
}

testPing() {
	docker_ready && need jq jq && need tshark tshark || return
	linked '[{between: [client, server], latency: 20ms}]'
	assertEquals "$(why)" passed "$(field .verdict.status)"
	assertEquals 'client/capture.pcapng eth0 true 0' "$(field '.result.capture |
		"\(.file) \(.interface) \(.isolated) \(.dropped)"')"
	assertEquals 'server/capture.pcapng' "$(field .result.services.server.capture.file)"
	assertEquals container "$(field .result.evidence)"
	# Both ends see the same packets; the client's have been there and back.
	rtt=$(round_trips $dir/client/capture.pcapng)
	assertLeast 5 "$(echo "$rtt" | wc -l)" pings
	assertLeast 40000 "$(echo "$rtt" | sort -n | head -1)" 'us there and back'
	assertLeast 5 "$(round_trips $dir/server/capture.pcapng | wc -l)" pongs
	sent=$(tshark -r $dir/client/capture.pcapng -Y 'udp.dstport == 4443' -T fields \
		-e frame.time_epoch 2>/dev/null | head -1)
	got=$(tshark -r $dir/server/capture.pcapng -Y 'udp.dstport == 4443' -T fields \
		-e frame.time_epoch 2>/dev/null | head -1)
	assertEquals "the way there, of 20 ms: $sent $got" true \
		"$(jq -n "$got - $sent > 0.019999")"
	assertEquals 5 "$(jq -r 'select(.link == "begin").seed' $dir/link.jsonl)"
	assertEquals 'no other network was made' '' "$(ours)"
	assertEquals '' "$(docker network ls -q --filter driver=bridge)"
}

# What a service sees: its only network, names, ways, IPv6; and the plan has the link's addresses.
testInside() {
	docker_ready && need jq jq || return
	printf '%s\n' 'say() { while read -r l; do echo "$1 $l"; done; }' \
		'say i </proc/net/dev; say h </etc/hosts; say 6 </proc/net/if_inet6' \
		"echo at \$PEER; exec $minip -i \$PEER -n 2 -w 3000" \
		>look.sh
	keys='    routers: [r]' linked \
		'[{between: [client, r], latency: 1ms}, {between: [r, server], latency: 1ms}]' \
		'' "environment: {PEER: '@{server:ip}'}
        command_override: [sh, -c, $(jq -Rs . look.sh)]"
	assertEquals "$(why)" passed "$(field .verdict.status)"
	said=$(cat $dir/client/stdout.log)
	assertMatch "$said" 'eth0: '
	assertNoMatch "$said" 'eth1: '
	assertMatch "$said" '198.18.1.2[[:space:]]+server'
	assertMatch "$said" '2001:2:0:1::2[[:space:]]+server'
	assertMatch "$said" '198.18.0.1[[:space:]]+client'
	assertMatch "$said" '6 20010002000000000000000000000001 .* eth0'
	assertMatch "$said" 'at 198.18.1.2'
	assertEquals 2 "$(ls $dir/link*.jsonl | wc -l)"
}

# Two interfaces, each with a link, a log and a capture of its own.
testSeveralLinks() {
	docker_ready && need jq jq || return
	experiment link '' "command_override: [sh, -c,
          '$minip -i 198.18.0.2 -n 2 -w 3000 && $minip -i 198.18.1.2 -n 3 -w 3000']" |
		sed 's/{port: 4443}/{port: 4443, bind_address: 0.0.0.0}/' >t.yaml
	echo '    links: [{between: [client, server]}, {between: [client, server]}]' >>t.yaml
	through t.yaml
	assertEquals "$(why)" passed "$(field .verdict.status)"
	assertEquals '2 3' "$(for log in link link-2; do
		jq -r 'select(.direction == "up").packet' run/001-link/$log.jsonl | wc -l
	done | xargs)"
	assertTrue 'a capture of the second' '[ -s run/001-link/client/capture-eth1.pcapng ]'
}

testDrop() {
	docker_ready && need jq jq || return
	linked '[{between: [client, server], latency: 5ms},
      {between: [client, server], direction: forward, drop: [1, 5]}]' '' \
		"command_override: [sh, -c, '$minip -i 198.18.0.2 -n 6 -w 300; exit 0']"
	assertEquals "$(why)" passed "$(field .verdict.status)"
	assertEquals '1 5' "$(jq -r 'select(.fate == "dropped" and .why == "drop list").packet' \
		$dir/link.jsonl | xargs)"
	assertEquals 'nothing else is lost' '1 5' \
		"$(jq -r 'select(.fate == "dropped").packet' $dir/link.jsonl | xargs)"
	assertLeast 6 "$(jq -r 'select(.direction == "up").packet' $dir/link.jsonl |
		sort -n | tail -1)" 'packets up'
}

# A step takes the link down, and another one up again: the pings of that time are lost.
testSteps() {
	docker_ready && need jq jq || return
	await='exec: {service: client, argv: [sh, -c, "until [ -e $0 ]; do sleep 0.05; done"'
	keys="    steps:
      - {$await, answered]}}
      - {link: {down: true}}
      - {$await, lost]}}
      - {link: {between: [client, server], down: false}}" linked \
		'[{between: [client, server]}]' '' \
		"command_override: [sh, -c, 'ping() { $minip -i 198.18.0.2 -n 1 -w 100; };
          until ping; do sleep 0.1; done; : >answered; while ping; do sleep 0.1; done;
          : >lost; until ping; do sleep 0.1; done']"
	assertEquals "$(why)" passed "$(field .verdict.status)"
	assertEquals 'exec true exit code 0
link true 1 link changed
exec true exit code 0
link true 1 link changed' "$(field '.result.steps[] | "\(.step) \(.ok) \(.text)"')"
	said=$(cat $dir/client/stdout.log)
	assertMatch "$said" 'no answer within'
	assertEquals '1 of 1 pings answered' "$(echo "$said" | tail -1)"
	assertEquals 'it had no carrier' 'true false' "$(jq -r 'select(.change.line).change.line |
		fromjson.link_down // empty' $dir/link.jsonl | xargs)"
}

# A container that is started twice, the first time to compile: its link is there the second time.
testCompiledBefore() {
	docker_ready && need jq jq || return
	mkdir -p plugins
	cat >plugins/made.yaml <<-'EOF'
		plugin: made
		kind: tester
		protocol: [minip]
		description: is compiled before
		phases:
		  compile:
		    - sh: "while read -r l; do echo $l; done </proc/net/dev >made; sleep 1"
		commands:
		  client: [sh, -c, "while read -r l; do echo $l; done <made; echo then;
		    while read -r l; do echo $l; done </proc/net/dev"]
		docker: {image: "panther_base_service:latest"}
	EOF
	experiment link >t.yaml
	sed -i '/^      client:/,$ s/name: ping_pong, type: iut/name: made, type: testers/' t.yaml
	echo '    links: [{latency: 1ms}]' >>t.yaml
	rm -rf run
	PTH_EVENTS=none
	export PTH_EVENTS
	pth-parse t.yaml 2>/dev/null | pth-plan -P plugins 2>/dev/null | pth-compose |
		pth-exec -o run | pth-collect >records.jsonl
	out=$(grep '"type":"test"' records.jsonl)
	assertEquals "$(why)" passed "$(field .verdict.status)"
	said=$(cat run/001-link/client/stdout.log)
	assertNoMatch "${said%then*}" 'eth0:'
	assertMatch "${said#*then}" 'eth0:'
}

# quic_image: ngtcp2 of this machine, with its libraries.
quic_image() {
	docker image inspect pth_quic:latest >/dev/null 2>&1 && return
	root=$PTH_TMP/quic
	programs_into usr/bin "$root" gtlsserver gtlsclient
	printf 'FROM panther_base_service:latest\nCOPY . /\n' >"$root/Dockerfile"
	docker build -q -t pth_quic:latest "$root" >/dev/null
	rm -rf "$root"
}

testQuicOverARebinding() {
	docker_ready && need jq jq && need tshark tshark && need gtlsserver ngtcp2-server &&
		need gtlsclient ngtcp2-client && quic_image || return
	mkdir -p plugins
	cat >plugins/quiet.yaml <<-'EOF'
		plugin: quiet
		kind: iut
		extends: ngtcp2
		description: ngtcp2 of this machine, in a container
		docker: {image: "pth_quic:latest", packages: []}
	EOF
	sed -n '1,/^    expect:/p' "$TOP/examples/links.yaml" | sed '/^ *links:/d; $d' \
		>quic.yaml
	sed -i 's/{type: link}/{type: docker_compose}/; s/name: ngtcp2/name: quiet/' quic.yaml
	cat >>quic.yaml <<-'EOF'
		    links: [{between: [client, server], latency: 15ms, rate: 8Mbit,
		      rebind: 2500ms address}]
		    expect:
		      files: [{path: client/downloads/data.bin, same_as: server/www/data.bin}]
	EOF
	rm -rf run
	PTH_EVENTS=none pth-parse quic.yaml 2>/dev/null | pth-plan -P plugins 2>/dev/null |
		pth-compose | pth-exec -o run | pth-collect >records.jsonl
	out=$(grep '"type":"test"' records.jsonl)
	assertEquals "$(why)" passed "$(field .verdict.status)"
	ends=$(for end in client server; do
		tshark -r run/001-*/$end/capture.pcapng -Y 'udp.dstport == 4443 && !icmp' \
			-T fields -e ip.src 2>/dev/null | sort -u | wc -l
	done | xargs)
	assertEquals '1 2' "$ends"
	assertMatch "$(tshark -r run/001-*/server/capture.pcapng -Y frame.comment \
		-T fields -e frame.comment 2>/dev/null)" '^link: up [0-9]*: rebound$'
}

# begun: a test of that name whose client sleeps runs, as process $running.
begun() {
	experiment link '[sleep, "60"]' >t.yaml
	echo '    links: [{latency: 1ms}]' >>t.yaml
	rm -rf run out.jsonl
	PTH_EVENTS=none
	export PTH_EVENTS
	pth-parse t.yaml 2>/dev/null | pth-plan 2>/dev/null | pth-compose >link.jsonl
	pth-exec -o run link.jsonl >out.jsonl 2>err &
	running=$!
	# The engine says that a container runs some time after its first process does.
	assertSoon 60 sh -c '[ -e run/001-link/client/.ready ] && [ "$(docker ps -q | wc -l)" = 2 ]'
}

over() {
	wait "$running"
	out=$(head -1 out.jsonl)
}

# Its test knows nothing of the links of what is started again.
testRestartedFromOutside() {
	docker_ready && need jq jq || return
	begun
	server=$(docker ps -q --filter name=server)
	# Its end is read late, when it has been started again and has ended again.
	stopped=$(stop_all pgrep -x pth-exec)
	docker restart -t 10 "$server" >/dev/null
	assertSoon 60 sh -c "! docker ps -q | grep -q ${server}"
	# shellcheck disable=SC2086 # numbers
	kill -CONT $stopped
	over
	assertEquals "error: server: its container was stopped from outside, and its$(:
		) links with it" "$(why)"
	assertEquals '' "$(ours)"
}

testLinkIsKilled() {
	docker_ready && need jq jq || return
	begun
	kill -KILL "$(pgrep -x pth-link)"
	over
	assertEquals 'error: link client-server: its process ended while the test ran' "$(why)"
	assertMatch "$(field .result.services.client.capture.error)" 'the link died'
	assertEquals '' "$(ours)"
}

# nothing_left: neither processes nor networks of ours.
nothing_left() {
	[ -z "$(pgrep -x pth-link)" ] && [ -z "$(docker ps -q)" ] && [ -z "$(pgrep -x pth-init)" ]
}

# Who made the links is gone: containers end by themselves, and pth-clean removes what is left.
testKilled() {
	docker_ready && need jq jq || return
	begun
	inside=$(docker inspect -f '{{.State.Pid}}' "$(docker ps -q --filter name=client)")
	assertMatch "$(nsenter -t "$inside" -n ip -br link)" '^eth0'
	kill_run "$running"
	assertSoon 30 nothing_left
	assertEquals '' "$(ip -br link show type veth)"
	assertEquals 2 "$(pth-clean | grep -c '^removed container')"
	assertEquals '' "$(ours)"
}

testUnsupported() {
	docker_ready && need jq jq || return
	experiment link >t.yaml
	echo '    links: [{latency: 1ms}]' >>t.yaml
	through_user t.yaml
	assertEquals 'unsupported: links: only root can move them into containers,'"$(:
		)"' whatever engine runs those' "$(why)"
	chmod 644 t.yaml
	run as_user env TMPDIR=/tmp pth check "$PWD/t.yaml"
	assertMatch "$out$err" 'warning: links: only root can move them.*; the test is not run'
	host=$DOCKER_HOST
	why='DOCKER_HOST is another machine, and links join containers of this one'
	DOCKER_HOST=tcp://192.0.2.1:2375
	export DOCKER_HOST
	through t.yaml
	assertEquals "unsupported: links: $why" "$(why)"
	run pth check t.yaml
	DOCKER_HOST=$host
	assertMatch "$out$err" "warning: links: $why; the test is not run"
	assertEquals '' "$(ours)"
}

# By hand there is nobody who makes links.
by_hand() {
	run $compose -f hand/001-link/docker-compose.yml up
	run $compose -f hand/001-link/docker-compose.yml logs
	assertMatch "$out$err" 'server: the links of its test are made by pth-exec\(1\): by hand'
	$compose -f hand/001-link/docker-compose.yml down >/dev/null 2>&1
}

testByHand() {
	docker_ready || return
	experiment link >t.yaml
	echo '    links: [{latency: 1ms}]' >>t.yaml
	rm -rf hand
	pth-parse t.yaml 2>/dev/null | pth-plan 2>/dev/null | pth-compose -o hand >/dev/null
	assertMatch "$(head -1 hand/001-link/docker-compose.yml)" 'By hand: not possible'
	each_compose by_hand
}

. shunit2
