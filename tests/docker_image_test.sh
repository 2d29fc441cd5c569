#!/bin/sh
# Images for real: the base by debootstrap, one with Debian's packages, one
# that is compiled in a stage of its own. Fetches from a Debian mirror.
# timeout: 2400 (it may have to wait for those of others)
# shellcheck disable=SC2154 # $out and $code come from through
. "$TOP/tests/lib.sh"
. "$TOP/tests/docker_lib.sh"
own_world

oneTimeTearDown() {
	engine_stop
}

ready() {
	[ "$PTH_BUILD" = build ] || skip 'pth-init is not static with sanitizers' || return
	engine_start && real_base
}

testBase() {
	ready || return
	assertMatch "$(pth-image list)" '^panther_base_service:latest'
	assertEquals 'VERSION_CODENAME=bookworm' \
		"$(docker run --rm --network none panther_base_service:latest grep CODENAME \
			/etc/os-release | head -1)"
}

testQuicExample() {
	ready || return
	through "$TOP/examples/quic-docker.yaml"
	assertEquals "$(field '"\(.result.status): \(.result.reason)"')" passed \
		"$(field .verdict.status)"
	assertTrue 'the same file' "cmp run/*/server/www/data.bin run/*/client/downloads/data.bin"
	assertTrue 'http3 in the capture' "[ $(field '.metrics.protocols.http3.packets') -ge 1 ]"
	assertEquals '' "$(ours)"
}

# Our specification of minip: Ivy is in the image, by the same recipe as pth ivy install has it.
testFormalTester() {
	ready || return
	getent hosts pypi.org >/dev/null || skip 'pypi.org cannot be resolved' || return
	cat >formal.yaml <<-'EOF'
		tests:
		  - name: formal
		    network_environment: {type: docker_compose}
		    services:
		      server:
		        implementation: {name: ping_pong, type: iut}
		        protocol: {name: minip, version: functional, role: server}
		        ports: ["4443:4443"]
		        timeout: 60
		      ivy:
		        implementation: {name: panther_ivy, type: testers, test: minip_server_test,
		          internal_iterations_per_test: 20}
		        protocol: {name: minip, role: client, target: server}
		        timeout: 60
		    matrix: {services.server.protocol.version: [functional, fail]}
	EOF
	through formal.yaml -j 1
	assertEquals "$(why)" 'passed failed' "$(field .verdict.status | xargs)"
	assertMatch "$out" 'minip.ivy: line [0-9]+; .*a pong has the number of its ping'
	assertEquals '' "$(ours)"
}

testCompiledInAStageOfItsOwn() {
	ready || return
	mkdir -p plugins
	cat >plugins/compiled.yaml <<-EOF
		plugin: compiled
		kind: iut
		extends: minip
		description: miniP, compiled in its image
		binary: {server: /usr/local/bin/miniP_server, client: /usr/local/bin/miniP_client}
		docker:
		  builder: c
		  files: ["$TOP/examples/minip/minip.c", "$TOP/examples/minip/minip.h",
		    "$TOP/examples/minip/miniP_server.c", "$TOP/examples/minip/miniP_client.c"]
		  args: {LEVEL: "2"}
		  environment: {GREETING: "a \"b\" \$c"}
		  build:
		    - gcc -D_GNU_SOURCE -O\$LEVEL -o /usr/local/bin/miniP_server
		      miniP_server.c minip.c
		    - gcc -D_GNU_SOURCE -O\$LEVEL -o /usr/local/bin/miniP_client
		      miniP_client.c minip.c
	EOF
	sed 's/ping_pong/compiled/' "$TOP/examples/minip-docker.yaml" >t.yaml
	rm -rf run
	pth-parse t.yaml 2>/dev/null | pth-plan -P plugins 2>/dev/null | pth-compose |
		pth-exec -o run >records.jsonl
	out=$(head -1 records.jsonl)
	assertEquals "$(field .result.reason)$(cat run/*/images/*/build.log)" completed \
		"$(field .result.status)"
	# shellcheck disable=SC2016
	assertEquals 'a "b" $c' \
		"$(docker run --rm --network none --entrypoint sh compiled-functional:latest \
			-c 'echo "$GREETING"')"
	# The compiler stayed behind, and the user is not root.
	assertEquals 'panther' \
		"$(docker run --rm --network none --entrypoint sh compiled-functional:latest \
			-c 'command -v gcc; id -un')"
}

. shunit2
