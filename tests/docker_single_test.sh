#!/bin/sh
# All services of a test in one container (container: true), on a real engine.
# timeout: 300
# shellcheck disable=SC2154 # $out and $code come from through
. "$TOP/tests/lib.sh"
. "$TOP/tests/docker_lib.sh"
own_world --net

oneTimeTearDown() {
	engine_stop
}

steps='    steps: {wait: 60}'

# A test whose client runs a command, or pings; $more: lines of the test.
single() { # [command]
	client='name: ping_pong, type: iut'
	[ -z "${1:-}" ] || client="name: command, type: testers, command: $1"
	cat <<-EOF
		metadata: {name: single}
		tests:
		  - name: single
		    network_environment: {type: localhost_single_container, container: true${net:-}}
		    services:
		      server:
		        implementation: {name: ping_pong, type: iut}
		        protocol: {name: minip, version: functional, role: server}
		        network: {port: 4443}
		        files: [{path: x/y, text: "@{dir}"}]
		      client:
		        implementation: {$client}
		        protocol: {name: minip, version: functional, role: client, target: server}
		        environment: {A: "x \$\$ y", B: "1\n2"}
		${more:-$steps}
	EOF
}

testPingPong() {
	docker_ready || return
	more='    steps: {wait: 60, pre_commands: ["echo before >shared/seen"]}' single >t.yaml
	through t.yaml
	assertEquals before "$(cat run/*/shared/seen)"
	assertEquals "$(why)" passed "$(field .verdict.status)"
	# As on localhost: one capture of the loopback, logs by service.
	assertEquals '10 0' "$(field '.result.capture | "\(.packets) \(.dropped)"')"
	# Not the field data: for Wireshark some ports that a client may draw are another protocol.
	text=$(tshark -r run/001-single/capture.pcapng -Y 'udp.port == 4443' -T fields \
		-e udp.payload 2>/dev/null | unhex)
	assertMatch "$text" 'ping 1'
	assertMatch "$text" 'pong 5'
	assertMatch "$(cat run/*/server/stdout.log)" '^send pong 5'
	assertEquals 'client server' "$(field '.result.services | keys | join(" ")')"
	assertEquals '0 exit stopped' \
		"$(field '
			.result.services | "\(.client.code) \(.client.reason) \(.server.reason)"')"
	assertEquals /app/test "$(cat run/*/server/x/y)"
	assertEquals 'all files are whose the run is' '' "$(find run ! -user root)"
	assertEquals '' "$(ours)"
	assertNoMatch "$(docker network ls --format '{{.Name}}')" pth
}

testTheSameRecordWithoutAnEngine() {
	single | sed 's/, container: true//' >here.yaml
	single >there.yaml
	for file in here there; do
		PTH_EVENTS=none pth-parse $file.yaml 2>/dev/null |
			PTH_EVENTS=none pth-plan 2>/dev/null | head -1 |
			jq '[.plan.services[].phases.run.argv], .plan.capture, .plan.order' \
			>$file.plan
	done
	assertTrue 'it is planned' '[ -s here.plan ]'
	assertEquals "$(cat here.plan)" "$(cat there.plan)"
}

testStepsPhasesAndCodesAreThoseInside() {
	docker_ready || return
	more='    steps:
      - exec: {service: server, argv: [sh, -c, "echo step >here"]}
      - pause: server
      - signal: {service: client, signal: CONT}
      - resume: server
      - restart: server
      - exec: {service: client, argv: [sh, -c, ": >go"]}
    assertions: [{type: port_open, service: server, port: 4443, timeout: 30},
      {type: service_responsive, service: server, timeout: 30}]' single \
      	'[sh, -c, "env | sort; id -u; until [ -e go ]; do sleep .05; done; exit 3"]' >t.yaml
	through t.yaml
	assertEquals 'failed: client ended with exit code 3' "$(why)"
	assertEquals step "$(cat run/*/server/here)"
	# shellcheck disable=SC2016
	assertMatch "$(cat run/*/client/stdout.log)" '^A=x \$\$? y$'
	assertMatch "$(cat run/*/client/stdout.log)" '^2$'
	assertEquals 10001 "$(tail -1 run/*/client/stdout.log)"
	assertEquals 1 "$(field '.result.services.server.restarts | length')"
	assertEquals 'true true true true true true' \
		"$(field '[.result.steps[].ok] | map(tostring) | join(" ")')"
	assertEquals 'UDP port 4443 is open, is running and listens' \
		"$(field '[.result.assertions[].text] | join(", ")')"
}

testEndings() {
	docker_ready || return
	more='    steps: {wait: 1}' single '[sleep, "60"]' >t.yaml
	through t.yaml
	assertMatch "$(why)" '^timeout: '
	single '[/no/such/program]' >t.yaml
	through t.yaml
	assertMatch "$(why)" '^error: client: .*/no/such/program'
	single '[sleep, "60"]' >t.yaml
	{
		assertSoon 30 sh -c 'docker ps --format "{{.Names}}" | grep -q container' &&
			docker kill "$(docker ps -q)" >/dev/null
	} &
	through t.yaml
	wait $!
	assertEquals 'error: container: its container was killed from outside' "$(why)"
	pth-parse t.yaml 2>/dev/null | pth-plan 2>/dev/null | pth-compose >one.jsonl
	rm -rf run
	pth-exec -o run one.jsonl >out.jsonl &
	assertSoon 30 sh -c '[ -e run/001-single/container/.ready ]'
	kill -INT $!
	wait $!
	assertEquals 130 $?
	assertEquals 'interrupted stopped' \
		"$(head -1 out.jsonl |
			jq -r '"\(.result.status) \(.result.services.client.reason)"')"
	assertEquals '' "$(ours)"
}

testByHand() {
	docker_ready || return
	need docker-compose docker-compose || return
	single >t.yaml
	through t.yaml
	PTH_EVENTS=none pth-compose -o hand plan.jsonl >file 2>/dev/null ||
		PTH_EVENTS=none pth-compose -o hand composed.jsonl >file
	docker-compose -f "$(cat file)" config -q
	assertEquals 0 $?
	timeout 60 docker-compose -f "$(cat file)" up >up.log 2>&1
	assertEquals "$(cat up.log)" 0 $?
	docker-compose -f "$(cat file)" down -v >/dev/null 2>&1
	assertEquals completed "$(jq -r .status hand/001-single/container/inner.json)"
	assertMatch "$(cat hand/*/server/stdout.log)" '^send pong 5'
	assertEquals '' "$(ours)"
}

. shunit2
