#!/bin/sh
# What is left of tests in containers: the captures of all services together, runs by hand beside
# those of pth-exec, what is said of a want of memory. On a real engine.
# timeout: 500
# shellcheck disable=SC2016,SC2154 # scripts of sh -c; $out and $code come from through
. "$TOP/tests/lib.sh"
. "$TOP/tests/docker_lib.sh"
own_world --net

oneTimeTearDown() {
	engine_stop
}


server() { # name port
	cat <<-EOF
		      $1:
		        implementation: {name: ping_pong, type: iut}
		        protocol: {name: minip, version: functional, role: server}
		        network: {port: $2}
	EOF
}

# Two servers, each with a client of its own: what one pair says no other service sees.
pairs() { # expect...
	cat <<-EOF
		metadata: {name: pairs}
		tests:
		  - name: pairs
		    network_environment: {type: docker_compose}
		    services:
		$(server server 4443)
		$(server other 5443)
		      client:
		        implementation: {name: ping_pong, type: iut}
		        protocol: {name: minip, version: functional, role: client, target: server}
		      second:
		        implementation: {name: ping_pong, type: iut}
		        protocol: {name: minip, version: functional, role: client, target: other}
		    steps: {wait: 30}
		    expect:
	EOF
	for expected; do echo "      $expected"; done
}

# What tshark counts in the capture of a service.
counted() { # service filter
	tshark -r "run/001-pairs/$1/capture.pcapng" -Y "$2" 2>/dev/null | wc -l
}

testCapturesOfAllServicesAreJudged() {
	docker_ready || return
	pairs 'packets:' '  - {filter: "udp.port == 4443", min: 10, max: 10}' \
		'  - {filter: "udp.port == 5443", min: 10, max: 10}' \
		'  - {filter: "udp.length > 0 and udp.port == 5443 and frame.number > 0", min: 10}' \
		'metrics:' '  - {name: packets, min: 20}' >pairs.yaml
	through pairs.yaml
	assertEquals "$(why) $(field '.verdict.rules[] | select(.ok | not)')" passed \
		"$(field .verdict.status)"
	# A datagram is in the captures of both ends, and counts once.
	for service in server client; do
		assertEquals "$service" 10 "$(counted $service 'udp.port == 4443')"
		assertEquals "$service" 0 "$(counted $service 'udp.port == 5443')"
	done
	assertEquals 20 "$(field .metrics.protocols.minip.packets)"
	assertEquals 'client other second server' \
		"$(field '[.metrics.captures[].service] | sort | join(" ")')"
	assertEquals "$(field '[.result.services[].capture.packets] | add')" \
		"$(field '[.metrics.captures[].packets] | add')"
	assertEquals 'no capture is that of the test' null "$(field .result.capture)"
	run pth-report <records.jsonl
	assertMatch "$out" "$(field .metrics.packets) packets of 4 captures"
}

. shunit2
