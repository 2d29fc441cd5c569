#!/bin/sh
# Images for real: the base by debootstrap, one with Debian's packages, one
# that is compiled in a stage of its own. Fetches from a Debian mirror.
# timeout: 2400 (it may have to wait for those of others)
# shellcheck disable=SC2016,SC2154 # scripts of sh -c; $out and $code come from through
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
	assertEquals 'neither certificates nor debuggers' /usr/sbin/ip \
		"$(docker run --rm --network none panther_base_service:latest \
			sh -c 'for p in gdb valgrind strace tshark openssl ip; do
				command -v $p; done')"
	size=$(docker image inspect -f '{{.Size}}' panther_base_service:latest)
	echo "note: panther_base_service:latest has $((size / 1000000)) MB" >>"$PTH_RESULT"
	assertTrue "$size bytes" "[ $size -lt 120000000 ]"
}

# What an execution environment needs is a layer of the images of its tests, and of no others.
testToolsOfExecutionEnvironments() {
	ready || return
	through "$TOP/examples/minip-docker.yaml"
	assertEquals "$(why)" passed "$(field .verdict.status)"
	sed 's/^    services:/    execution_environment: [{type: strace}]\n&/' \
		"$TOP/examples/minip-docker.yaml" >t.yaml
	through t.yaml
	assertEquals "$(why)" passed "$(field .verdict.status)"
	assertMatch "$(cat run/*/client/strace.log)" 'sendto.*ping'
	tags=$(pth-image list | cut -f1 | grep ping_pong-functional)
	assertEquals 'ping_pong-functional:latest ping_pong-functional:latest-strace' \
		"$(echo "$tags" | sort | xargs)"
	# Nor is there more in a layer of packages than these.
	assertEquals '' "$(docker run --rm --network none --user 0 --entrypoint find \
		ping_pong-functional:latest-strace /var/cache/apt /var/lib/apt/lists \
		/usr/share/doc/strace /usr/share/man -type f ! -name copyright ! -name lock)"
	assertEquals /usr/bin/strace "$(for tag in $tags; do
		docker run --rm --network none --entrypoint sh "$tag" -c 'command -v strace'
	done)"
}

# What is captured are packets as the network has them, and none that the kernel would still cut.
testSegmentsOfTheNetwork() {
	ready || return
	cat >segments.yaml <<-'EOF'
		tests:
		  - name: segments
		    network_environment: {type: docker_compose}
		    services:
		      server:
		        implementation: {name: command, type: testers, command: [perl,
		          -MIO::Socket::INET, -e, "$s = IO::Socket::INET->new(LocalPort => 7000,
		          Listen => 1) or die; $c = $s->accept; print $c 'x' x 3000000; close $c"]}
		        protocol: {name: minip, version: functional, role: server}
		      client:
		        implementation: {name: command, type: testers, command: [perl,
		          -MIO::Socket::INET, -e, "for (1..1000) { $c = IO::Socket::INET->new(
		          'server:7000') and last; select(undef, undef, undef, 0.1) }
		          while (read($c, $b, 65536)) { $n += length $b } print $n"]}
		        protocol: {name: minip, version: functional, role: client, target: server}
		    steps: {wait: 120}
		    capture: {buffer: 128MiB}
	EOF
	through segments.yaml
	assertEquals "$(why)" 3000000 "$(cat run/*/client/stdout.log)"
	for end in server client; do
		tshark -r run/*/$end/capture.pcapng -T fields -e frame.len 2>/dev/null >lengths
		assertLeast 1000 "$(wc -l <lengths)" packets
		assertEquals "$end" 1514 "$(sort -n lengths | tail -n 1)"
	done
}

# The authorities of a site, for all that is built on its base. Instead of Debian's packages the
# base that is there is unpacked; certificates come from the mirror.
testBaseWithAuthorities() {
	ready && need openssl openssl || return
	for name in ca other; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
			-subj "/CN=$name" -keyout $name.key -out $name.pem 2>/dev/null
	done
	container=$(docker create panther_base_service:latest)
	mkdir -p fake
	fake debootstrap "docker export $container |
		tar -x -C \"\$(mkdir -p \"\$4\" && echo \"\$4\")\" &&
		cp -L /etc/resolv.conf \"\$4/etc/\" &&
		chroot \"\$4\" sh -c 'apt-get update && apt-get install -y \
			--no-install-recommends ca-certificates'"
	run env PATH="$PWD/fake:$PATH" pth-image base -A ca.pem site:1
	docker rm "$container" >/dev/null
	assertCode 0
	for name in ca other; do
		docker run --rm -i --network none site:1 openssl verify <$name.pem 2>&1 | tail -1
	done >verified
	assertEquals "$err" 'stdin: OK|error stdin: verification failed' "$(paste -sd '|' verified)"
}

why() {
	field '"\(.result.status): \(.result.reason // .error.message // "")"'
}

# The images of three implementations: out of the machine's cache, or built; what that took and
# how large they are is a line of the result.
peer_images() {
	from_cache peers "$TOP"/share/image/base.sh "$TOP"/share/templates/dockerfile-*.j2 \
		"$TOP"/share/peers/aioquic/* "$TOP"/share/peers/quic_go/*.* \
		"$TOP"/share/peers/quic_go/client/* \
		"$TOP"/share/plugins/services/iut/quic/[anq]*.yaml && held=1 || held=''
	for registry in https://proxy.golang.org/github.com/quic-go/quic-go/@v/list \
		https://pypi.org/simple/aioquic/; do
		[ -n "$held" ] || curl -sSfm 60 -o /dev/null "$registry" 2>/dev/null ||
			skip "$registry cannot be reached" || return
	done
	run pth-image peers ngtcp2 aioquic quic_go
	assertCode 0
	assertEquals "$out" 3 "$(printf '%s\n' "$out" | grep -c ': [0-9]* MB, [0-9]* s$')"
	printf '%s\n' "$out" | sed -n 's/.*: [0-9]* MB, [0-9]* s$/note: image &/p' >>"$PTH_RESULT"
	[ -n "$held" ] || to_cache panther_base_service:latest ngtcp2-rfc9000:latest \
		aioquic-rfc9000:latest quic_go-rfc9000:latest
}

testQuicExample() {
	ready && need curl curl && peer_images || return
	through "$TOP/examples/quic-docker.yaml" -j 2
	assertEquals "$(why)" 9 "$(field 'select(.verdict.status == "passed").id' | wc -l)"
	looked=0
	for test in run/0*/; do
		looked=$((looked + 1))
		assertTrue "$test: the same file" \
			"cmp $test/server/www/data.bin $test/client/downloads/data.bin"
	done
	assertLeast 9 $looked tests
	assertEquals 'http3 in the captures' 9 \
		"$(field 'select(.metrics.protocols.http3.packets >= 1).id' | wc -l)"
	assertEquals 'nothing was built again' '' "$(grep -l ' built (' \
		run/*/setup/phases/pre_run.stdout.log)"
	assertEquals '' "$(ours)"
}

# Our specification of minip: Ivy is in the image, by the same recipe as pth ivy install has it.
testFormalTester() {
	ready || return
	from_cache formal "$TOP"/share/image/base.sh "$TOP"/share/templates/dockerfile-*.j2 \
		"$TOP"/share/plugins/services/testers/panther_ivy.yaml && held=1 || held=''
	[ -n "$held" ] || getent hosts pypi.org >/dev/null ||
		skip 'pypi.org cannot be resolved' || return
	cat >formal.yaml <<-'EOF'
		tests:
		  - name: formal
		    network_environment: {type: docker_compose}
		    services:
		      server:
		        implementation: {name: ping_pong, type: iut}
		        protocol: {name: minip, version: functional, role: server}
		        network: {port: 4443}
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
	# shellcheck disable=SC2046 # names
	[ -n "$held" ] || to_cache panther_base_service:latest \
		$(pth-image list | cut -f1 | grep '^panther_ivy')
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
