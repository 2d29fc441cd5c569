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
	printf '    seed: 5\n    links: %s\n%s\n' "$links" "${keys:-}" >>t.yaml
	through t.yaml
	dir=run/001-link
}

# The times between a packet of the client and the next one of the server, in microseconds; a
# filter of tshark for packets, and one of the client's.
round_trips() { # capture
	tshark -r "$1" -Y 'udp && !icmp' -T fields -e frame.time_epoch -e udp.dstport 2>/dev/null |
		awk '$2 == 4443 { sent = $1; next } sent { printf "%.0f\n", ($1 - sent) * 1e6; sent = 0 }'
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

. shunit2
