#!/bin/sh
# What is left of tests in containers: the captures of all services together, runs by hand beside
# those of pth-exec, what is said of a want of memory. On a real engine.
# timeout: 500
# Scripts of sh -c; $compose is words; $out and $code come from through.
# shellcheck disable=SC2016,SC2086,SC2154
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
		    steps: {wait: 60}
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
		'  - {filter: "udp.length > 0 and udp.port == 5443", min: 10}' \
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

# What is in a directory: every file with its hash.
content() {
	find "$1" -type f | sort | xargs sha256sum
}

# refused FILE: compose runs nothing that would write over what a run has left there.
refused() {
	timeout 100 $compose -f "$1" up --abort-on-container-exit >up.log 2>&1
	assertNotEquals 0 $?
	assertMatch "$(cat up.log)" \
		'this directory holds the record of a run; pth-compose -o DIR makes one'
	assertEquals '' "$(docker ps -aq)"
}

# Nor does pth-init for who insists.
refused_inside() {
	export PTH_BY_HAND=1
	timeout 100 $compose -f "$1" up --abort-on-container-exit >up.log 2>&1
	$compose -f "$1" logs server >server.log 2>&1
	$compose -f "$1" down -v >/dev/null 2>&1
	unset PTH_BY_HAND
	assertMatch "$(cat server.log)" 'what pth-exec has recorded here stays as it is'
	assertMatch "$(cat server.log)" 'pth-compose -o DIR'
}

testRunByHandLeavesEvidenceAlone() {
	docker_ready || return
	need docker-compose docker-compose || return
	through "$TOP/examples/minip-docker.yaml"
	assertEquals "$(why)" passed "$(field .verdict.status)"
	content run/001-* >before
	assertLeast 8 "$(wc -l <before)" 'files of a test'
	each_compose refused run/001-*/docker-compose.yml
	each_compose refused_inside run/001-*/docker-compose.yml
	# Nor when a container has left nothing but its logs.
	mkdir kept
	mv run/001-*/server/inner.json kept/
	each_compose refused_inside run/001-*/docker-compose.yml
	mv kept/inner.json run/001-*/server/
	content run/001-* >after
	assertEquals '' "$(diff before after)"
}

# A client that shows a certificate of the test, and both names of its directory.
secured() {
	cat <<-'EOF'
		metadata: {name: secured}
		tests:
		  - name: secured
		    network_environment: {type: docker_compose}
		    services:
		      server:
		        implementation: {name: ping_pong, type: iut}
		        protocol: {name: minip, version: functional, role: server}
		        network: {port: 4443}
		      client:
		        implementation: {name: command, type: testers, command: [sh, -c,
		          "read -r x </opt/certs/cert.pem; echo $x; : >/app/logs/mine; cd ../client;
		          [ -e mine ] && echo $0 a:b", "$HOME"]}
		        protocol: {name: quic, version: rfc9000, role: client, target: server}
		    steps: {wait: 60}
	EOF
}

secured_by_hand() {
	rm -rf hand moved
	file=$(pth-compose -o hand composed.jsonl)
	assertTrue 'certificates are there' "[ -s ${file%/*}/certs/cert.pem ]"
	assertNoMatch "$(grep -v '^ *- .PATH' "$file")" '@\{|'"$PWD|$TOP"
	# The directory is all that is needed: it can be moved.
	mv hand moved
	file=moved/${file#*/hand/}
	timeout 100 $compose -f "$file" up --exit-code-from client >up.log 2>&1
	assertEquals "$compose: $(cat up.log)" 0 $?
	$compose -f "$file" down -v >/dev/null 2>&1
	assertEquals '-----BEGIN CERTIFICATE----- $HOME a:b' \
		"$(xargs -d '\n' <"${file%/*}/client/stdout.log")"
}

testRunByHandHasItsCertificates() {
	docker_ready || return
	need docker-compose docker-compose || return
	need openssl openssl || return
	secured >secured.yaml
	through secured.yaml
	assertEquals "$(why)" 'completed: ' "$(why)"
	assertEquals '-----BEGIN CERTIFICATE----- $HOME a:b' \
		"$(xargs -d '\n' <run/001-secured/client/stdout.log)"
	each_compose secured_by_hand
}

testOnlyPortsThatAreAskedForArePublished() {
	docker_ready || return
	# The port is taken on this machine, which is nobody's business.
	socat UDP-RECVFROM:4443,fork EXEC:true &
	taken=$!
	{ experiment a && one b && one c; } >three.yaml
	wait=30 through three.yaml -j 3
	kill $taken
	assertEquals 'passed passed passed' "$(field .verdict.status | xargs)"
	assertEquals '[]' "$(field .compose.plan.environment.resources | jq -cs 'add')"
	assertNoMatch "$(cat run/*/docker-compose.yml)" 'ports:'
	run=web experiment web '[sleep, "1"]' >web.yaml
	sed -i 's/network: {port: 4443}/ports: ["24480:4443"]/' web.yaml
	through web.yaml
	assertEquals "$(why)" 'completed: ' "$(why)"
	assertEquals '["udp:24480"]' "$(field .compose.plan.environment.resources | jq -c .)"
	assertMatch "$(cat run/*/docker-compose.yml)" '"24480:4443/udp"'
}

# A base is the one of its digest, whatever its name means by now; pth-image moves the digest.
testDigestsOfARegistry() {
	docker_ready || return
	need docker-registry docker-registry || return
	port=5055 # of our own network
	printf '%s\n' 'version: 0.1' "storage: {filesystem: {rootdirectory: $PTH_TMP/registry}}" \
		"http: {addr: \"127.0.0.1:$port\"}" >registry.yml
	docker-registry serve registry.yml >registry.log 2>&1 &
	registry=$!
	assertSoon 20 grep -q 'listening on' registry.log
	base=127.0.0.1:$port/base:1
	pushed() { # WORD: a base that says it
		printf 'FROM panther_base_service:latest\nENV SAYS=%s\n' "$1" |
			docker build -q -t $base - >/dev/null 2>&1
		docker push -q $base >/dev/null && docker image inspect \
			-f '{{index .RepoDigests 0}}' $base | sed 's/.*@//'
	}
	first=$(pushed one)
	second=$(pushed two)
	assertMatch "$first $second" '^sha256:[0-9a-f]{64} sha256:[0-9a-f]{64}$'
	assertNotEquals "$first" "$second"
	mkdir -p plugins
	printf '%s\n' 'plugin: pinned' 'kind: iut' 'extends: minip' 'description: pinned' \
		'binary: sh' 'finite: true' 'commands: {server: [-c, "echo $SAYS"]}' \
		'ready: {server: []}' "docker: {base: \"$base@$first\"} # kept" >plugins/pinned.yaml
	cat >t.yaml <<-EOF
		tests:
		  - name: pinned
		    network_environment: {type: docker_compose}
		    services:
		      s: {implementation: {name: pinned}, protocol: {name: minip, role: server}}
		    steps: {wait: 60}
	EOF
	says() {
		rm -rf run
		PTH_EVENTS=none pth-parse t.yaml 2>/dev/null | pth-plan -P plugins 2>/dev/null |
			PTH_EVENTS=none pth-compose | PTH_EVENTS=none pth-exec -o run >records.jsonl
		out=$(head -1 records.jsonl)
		assertEquals 'completed: ' "$(why)"
		cat run/*/s/stdout.log
		field '.result.images[0].below[0] | "\(.name) \(.digest)"'
	}
	docker rmi $base >/dev/null # it comes from the registry
	assertEquals "one $base@$first $first" "$(says | xargs)"
	assertEquals "plugins/pinned.yaml:9: $base: $first -> $second" \
		"$(pth-image update -n plugins/pinned.yaml)"
	assertEquals "one $base@$first $first" "$(says | xargs)"
	pth-image update -q plugins/pinned.yaml
	assertEquals "docker: {base: \"$base@$second\"} # kept" "$(tail -1 plugins/pinned.yaml)"
	assertEquals "two $base@$second $second" "$(says | xargs)"
	kill $registry
	wait $registry 2>/dev/null
	run pth-image update plugins/pinned.yaml
	assertCode 4
	assertMatch "$err" "^pth-image: plugins/pinned.yaml:9: $base: .*refused"
}

testTimesAreOfTheTestAndNotOfItsImages() {
	docker_ready || return
	mkdir -p plugins
	cat >plugins/slow.yaml <<-'EOF'
		plugin: slow
		kind: iut
		extends: minip
		description: takes its time to build
		binary: /usr/local/libexec/pth/miniP_server
		docker: {builder: base, dockerfile: Dockerfile}
	EOF
	printf 'FROM ping_pong-functional:latest\nRUN sleep 3\n' >plugins/Dockerfile
	experiment before '[sleep, "0.1"]' >t.yaml
	through t.yaml # makes the image below
	iut=slow experiment slow '[sleep, "0.1"]' >t.yaml
	rm -rf run
	pth-parse t.yaml 2>/dev/null | pth-plan -P plugins 2>/dev/null | pth-compose |
		pth-exec -o run | pth-collect >records.jsonl
	out=$(head -1 records.jsonl)
	assertEquals 'completed: ' "$(why)"
	assertTrue "$(field .result.timings)" "$(field '.result.timings.build_us >= 3000000')"
	# The parts are the whole, and the image is none of them.
	assertEquals true \
		"$(field '
			.result | .duration_us as $all |
				.timings | .setup_us + .ready_us + .run_us + .stop_us - $all |
				fabs < 1000')"
	# From the begin to the end it is both.
	assertEquals true \
		"$(field '
			.result | def second: .[17:26] | tonumber;
				(.ended | second) - (.started | second) |
				if . < 0 then . + 60 else . end' |
			jq --argjson result "$(field .result)" \
			'. * 1e6 - $result.duration_us - $result.timings.build_us | fabs < 2e6')"
	run pth-report <records.jsonl
	assertMatch "$out" 'images made in [0-9.]+ s'
	text=$(cat run/EXPERIMENT_REPORT.md)
	assertMatch "$text" 'Images made or found in'
	assertMatch "$text" '^TEST/SERVICE/capture.pcapng '
	assertNoMatch "$text" '^TEST/capture.pcapng '
}

. shunit2
