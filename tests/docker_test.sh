#!/bin/sh
# Tests in containers on a real engine, started here and stopped by pid. The
# base image is made of this machine's own libraries, so nothing is fetched;
# tests/docker_image_test.sh makes the real one.
# timeout: 700
# shellcheck disable=SC2016,SC2154 # scripts of sh -c; $out and $code come from through
. "$TOP/tests/lib.sh"
. "$TOP/tests/docker_lib.sh"

oneTimeTearDown() {
	engine_stop
}

ready() {
	[ "$PTH_BUILD" = build ] || skip 'pth-init is not static with sanitizers' || return
	engine_start && small_base
}

# A test NAME whose client runs COMMAND (a flow list), or pings.
one() { # name [command [more lines of the client]]
	client='name: ping_pong, type: iut'
	[ -z "${2:-}" ] || client="name: command, type: testers, command: $2"
	cat <<-EOF
		  - name: $1
		    network_environment: {type: docker_compose${net:-}}
		    services:
		      server:
		        implementation: {name: ${iut:-ping_pong}, type: iut}
		        protocol: {name: minip, version: functional, role: server}
		        network: {port: 4443}
		        ${server:-}
		      client:
		        implementation: {$client}
		        protocol: {name: minip, version: functional, role: client, target: server}
		        ${3:-}
		    steps: {wait: ${wait:-20}}
	EOF
}

experiment() { # name [command [lines]]
	printf 'metadata: {name: %s}\ntests:\n' "${run:-hand}"
	one "$@"
}

why() {
	field '"\(.result.status): \(.result.reason // "")"'
}

testMinipExample() {
	ready || return
	through "$TOP/examples/minip-docker.yaml"
	assertEquals "$(why)" passed "$(field .verdict.status)"
	for side in server client; do
		capture=run/$(field .result.dir)/$side/capture.pcapng
		text=$(tshark -r "$capture" -Y 'udp.port == 4443' -T fields -e data 2>/dev/null | xxd -r -p)
		assertMatch "$text" 'ping 1'
		assertMatch "$text" 'pong 5'
	done
	assertMatch "$(cat run/*/server/stdout.log)" '^send pong 5'
	assertEquals 0 "$(field .result.services.client.code)"
	assertEquals 'stopped' "$(field .result.services.server.reason)"
	assertEquals '' "$(ours)"
}

testConfigOfTheReferenceRunsUnchanged() {
	ready || return
	cat >panther.yaml <<-'EOF'
		logging:
		  level: DEBUG
		docker:
		  force_build_docker_image: True
		tests:
		  - name: "Minip Client-Server Random Communication Test"
		    network_environment:
		      type: "docker_compose"
		    iterations: 1
		    generate_new_certificates: True
		    services:
		      ping_pong_client:
		        timeout: 300
		        name: "ping_pong_client"
		        implementation: {name: "ping_pong", type: "IUT"}
		        protocol: {name: "minip", role: "client", version: "random", target: "ping_pong_server"}
		        ports: ["25000:5000", "28081:8081"]
		        generate_new_certificates: True
		      ping_pong_server:
		        name: "ping_pong_server"
		        timeout: 60
		        implementation: {type: "IUT", name: "ping_pong"}
		        protocol: {name: "minip", version: "random", role: "server"}
		        ports: ["24443:4443", "24987:4987", "28080:8080"]
		        generate_new_certificates: True
		    steps:
		      wait: 300
	EOF
	through panther.yaml
	assertEquals "$(why)" passed "$(field .verdict.status)"
	assertEquals '' "$(ours)"
}

testFourInParallelAndNothingForeignIsTouched() {
	ready || return
	docker create --name foreign panther_base_service:latest sleep 1 >/dev/null
	docker network create foreign >/dev/null
	docker volume create foreign >/dev/null
	{ experiment a && one b && one c && one d; } >four.yaml
	through four.yaml -j 4
	assertEquals 'passed passed passed passed' "$(field .verdict.status | xargs)"
	# They did overlap.
	assertTrue "$(field '.result.started + " " + .result.ended')" \
		"[ $(field .result.started | sort | tail -1) '<' $(field .result.ended | sort | head -1) ]"
	assertEquals '' "$(ours)"
	pth-clean -a >/dev/null
	assertEquals 'foreign foreign foreign' "$(docker ps -a --format '{{.Names}}') $(docker network ls --filter name=foreign --format '{{.Name}}') $(docker volume ls -q)"
	docker rm foreign >/dev/null
	docker network rm foreign >/dev/null
	docker volume rm foreign >/dev/null
}

testComposeUpByHandRunsTheTest() {
	ready || return
	need docker-compose docker-compose || return
	through "$TOP/examples/minip-docker.yaml"
	dir=$(echo run/001-*)
	rm -f "$dir"/*/stdout.log "$dir"/*/inner.json
	timeout 60 docker-compose -f "$dir/docker-compose.yml" up --abort-on-container-exit >up.log 2>&1
	assertEquals "$(cat up.log)" 0 $?
	docker-compose -f "$dir/docker-compose.yml" down -v >/dev/null 2>&1
	assertEquals 0 "$(jq .service.code "$dir/client/inner.json")"
	assertMatch "$(cat "$dir/server/stdout.log")" '^send pong 5'
	assertEquals '' "$(ours)"
}

testExitCodesPhasesAndUser() {
	ready || return
	experiment code '[sh, -c, "id -u; exit 3"]' >t.yaml
	through t.yaml
	assertEquals 'failed: client ended with exit code 3' "$(why)"
	assertEquals 10001 "$(cat run/*/client/stdout.log)"
	experiment missing '[/no/such/program]' >t.yaml
	through t.yaml
	assertMatch "$(why)" 'error: client: .*/no/such/program'
	assertEquals null "$(field .result.services.client.code)"
	experiment root '[id, -u]' >t.yaml
	echo 'docker: {user_mapping: {custom_uid: 4321, custom_gid: 4321}}' >>t.yaml
	through t.yaml
	assertEquals 4321 "$(cat run/*/client/stdout.log)"
	assertEquals '' "$(find run ! -user root)"
}

testValuesOfTheEnvironment() {
	ready || return
	experiment env '[env]' 'environment: {A: "x $$ y", B: "1\n2", C: "@{server:ip:decimal}", D: "@{server:ip:hex}"}' >t.yaml
	through t.yaml
	text=$(cat run/*/client/stdout.log)
	assertMatch "$text" '^A=x \$\$? y$'
	assertMatch "$text" '^2$'
	assertMatch "$text" '^C=[0-9]{9,10}$'
	assertMatch "$text" '^D=0x[0-9A-F]{8}$'
}

testLimitsOfTime() {
	ready || return
	wait=2 experiment slow '[sleep, "60"]' >t.yaml
	through t.yaml
	assertMatch "$(why)" '^timeout: '
	experiment slow '[sleep, "60"]' 'timeout: 1' >t.yaml
	through t.yaml
	assertEquals 'timeout: client was still running after its timeout' "$(why)"
	assertEquals timeout "$(field .result.services.client.reason)"
	assertEquals '' "$(ours)"
}

testOutOfMemory() {
	ready || return
	experiment oom '[sort, -S, 300M, /dev/zero]' 'limits: {memory: 32MB}' >t.yaml
	through t.yaml
	assertMatch "$(why)" '^crashed: client died of signal KILL: out of memory'
	assertEquals '' "$(ours)"
}

testContainerKilledFromOutside() {
	ready || return
	experiment kill '[sleep, "60"]' >t.yaml
	# shellcheck disable=SC2046
	{ assertSoon 30 sh -c 'docker ps --format "{{.Names}}" | grep -q client' && docker kill $(docker ps -q --filter name=client) >/dev/null; } &
	through t.yaml
	wait $!
	assertEquals 'error: client: its container was killed from outside' "$(why)"
	assertEquals '' "$(ours)"
}

testPortTaken() {
	ready || return
	need python3 python3 || return
	python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 24444))
time.sleep(60)' &
	busy=$!
	server='ports: ["24444:4443"]' experiment port >t.yaml
	sleep 0.5
	through t.yaml
	kill $busy
	assertMatch "$(why)" '^error: server: .*could not be started.*24444.*address already in use'
	assertEquals '' "$(ours)"
}

testNetworks() {
	ready || return
	docker network create --subnet 10.99.0.0/24 other >/dev/null
	net=', subnet: 10.99.0.0/24' experiment subnet >t.yaml
	through t.yaml
	docker network rm other >/dev/null
	assertMatch "$(why)" '^error: setup: .*Pool overlaps with other one'
	through t.yaml
	assertEquals "$(why)" passed "$(field .verdict.status)"
	assertEquals '' "$(ours)"
}

testPoolExhausted() {
	ready || return
	experiment pool >t.yaml
	n=0
	while [ $n -lt 200 ] && docker network create --label org.pth.run=fill "fill$n" >/dev/null 2>&1; do n=$((n + 1)); done
	through t.yaml
	assertMatch "$(why)" '^error: setup: .*could not find an available, non-overlapping IPv4 address pool'
	pth-clean -r fill >/dev/null
	assertEquals '' "$(ours)"
}

testOrdinaryUserOwnsAllFiles() {
	ready || return
	experiment user '[id, -u]' >t.yaml
	pth-parse t.yaml 2>/dev/null | pth-plan 2>/dev/null | pth-compose >composed.jsonl
	chmod 755 "$PTH_TMP" "$PTH_TMP/engine" && chmod 666 "$PTH_TMP/engine/sock" composed.jsonl
	rm -rf home && mkdir home && chown 65534:65534 home
	HOME=$PWD/home setpriv --reuid 65534 --regid 65534 --clear-groups pth-exec -o home/run composed.jsonl >records.jsonl
	out=$(head -1 records.jsonl)
	assertEquals 'completed: ' "$(why)"
	assertEquals 65534 "$(cat home/run/*/client/stdout.log)"
	assertEquals '' "$(find home ! -uid 65534)"
	rm -rf home
}

testImagesAreReused() {
	ready || return
	experiment again >t.yaml
	through t.yaml
	id=$(docker image inspect -f '{{.Id}}' ping_pong-functional:latest)
	through t.yaml
	assertMatch "$(cat run/*/setup/phases/pre_run.stdout.log)" 'is as it should be'
	assertEquals "$id" "$(docker image inspect -f '{{.Id}}' ping_pong-functional:latest)"
	# An image of that name which is not ours is left alone.
	docker tag panther_base_service:latest ping_pong-functional:latest
	through t.yaml
	assertMatch "$(why)" '^error: setup: .*pth has not built'
	docker rmi ping_pong-functional:latest >/dev/null
}

testBuildFailureIsQuoted() {
	ready || return
	mkdir -p plugins
	cat >plugins/broken.yaml <<-'EOF'
		plugin: broken
		kind: iut
		extends: minip
		description: cannot be built
		binary: "true"
		docker: {builder: base, dockerfile: Dockerfile}
	EOF
	printf 'FROM panther_base_service:latest\nRUN echo fine\nRUN echo no such luck; exit 9\n' >plugins/Dockerfile
	iut=broken experiment broken >t.yaml
	rm -rf run
	pth-parse t.yaml 2>/dev/null | pth-plan -P plugins 2>/dev/null | pth-compose | pth-exec -o run >records.jsonl
	out=$(head -1 records.jsonl)
	assertMatch "$(why)" 'Step 3/[0-9]+ : RUN echo no such luck.*no such luck'
	assertTrue 'log' "[ -s run/001-broken/images/*/build.log ]"
	assertEquals 'nothing of the build is left' '' "$(docker ps -aq)"
}

testEngineAway() {
	ready || return
	experiment away >t.yaml
	host=$DOCKER_HOST
	DOCKER_HOST=unix:///nowhere/sock
	through t.yaml
	DOCKER_HOST=$host
	assertMatch "$(why)" '^error: setup: .*Cannot connect to the Docker daemon at unix:///nowhere/sock'
}

testNoPermission() {
	ready || return
	experiment denied >t.yaml
	pth-parse t.yaml 2>/dev/null | pth-plan 2>/dev/null | pth-compose >composed.jsonl
	chmod 755 "$PTH_TMP" "$PTH_TMP/engine" && mkdir -p home && chown 65534 home && chmod 644 composed.jsonl && chmod 600 "$PTH_TMP/engine/sock"
	setpriv --reuid 65534 --regid 65534 --clear-groups pth-exec -o home/run composed.jsonl >records.jsonl
	out=$(head -1 records.jsonl)
	assertMatch "$(why)" '^error: setup: .*permission denied'
}

testKilledRunIsCleaned() {
	ready || return
	run=lost experiment lost '[sleep, "60"]' >t.yaml
	pth-parse t.yaml 2>/dev/null | pth-plan 2>/dev/null | pth-compose >lost.jsonl
	run=alive experiment alive '[sleep, "20"]' >t.yaml
	pth-parse t.yaml 2>/dev/null | pth-plan 2>/dev/null | pth-compose >alive.jsonl
	pth-exec -o lost lost.jsonl >lost.out &
	lost=$!
	pth-exec -o alive alive.jsonl >alive.out &
	alive=$!
	assertSoon 30 sh -c '[ "$(docker ps --format "{{.Names}}" | grep -c client)" = 2 ]'
	kill -KILL $lost
	wait $lost 2>/dev/null
	out=$(pth-clean --dry-run)
	assertMatch "$out" 'would remove container pth-001-lost-.*-client'
	assertMatch "$out" 'would remove network pth-001-lost'
	assertNoMatch "$out" alive
	assertEquals 3 "$(pth-clean | grep -c '^removed .*lost')"
	kill -INT $alive
	wait $alive
	assertEquals 130 $?
	assertEquals interrupted "$(head -1 alive.out | jq -r .result.status)"
	assertEquals '' "$(ours)"
}

testSwarm() {
	ready || return
	docker swarm init --advertise-addr 127.0.0.1 >/dev/null 2>swarm.err || skip "no swarm: $(cat swarm.err)" || return
	pth-parse "$TOP/examples/minip-docker.yaml" 2>/dev/null | pth-plan 2>/dev/null >plan.jsonl
	through "$TOP/examples/minip-docker.yaml" # builds the image
	file=$(pth-compose --stack -o stack plan.jsonl)
	docker stack deploy -c "$file" pthstack >deploy.log 2>&1
	assertEquals "$(cat deploy.log)" 0 $?
	assertSoon 60 sh -c "grep -q '\"code\":0' '${file%/*}'/client/inner.json"
	docker stack rm pthstack >/dev/null 2>&1
	docker swarm leave --force >/dev/null 2>&1
	docker network rm docker_gwbridge >/dev/null 2>&1
}

# The same two containers by bare docker run, five times each.
testOverhead() {
	ready || return
	through "$TOP/examples/minip-docker.yaml"
	bare() {
		docker network create bare >/dev/null
		docker run --rm -d --name bare-s --network bare --network-alias server ping_pong-functional:latest \
			/usr/local/libexec/pth/miniP_server -p 4443 -i 0.0.0.0 >/dev/null
		docker run --rm --name bare-c --network bare ping_pong-functional:latest \
			/usr/local/libexec/pth/miniP_client -p 4443 -i server -n 5 -w 3000 >/dev/null
		docker rm -f bare-s >/dev/null 2>&1
		docker network rm bare >/dev/null
	}
	pth-parse "$TOP/examples/minip-docker.yaml" 2>/dev/null | pth-plan 2>/dev/null | pth-compose >one.jsonl
	bare_us=0 ours_us=0
	for _ in 1 2 3 4 5; do
		t0=$(date +%s%6N) && bare && t1=$(date +%s%6N)
		rm -rf run && pth-exec -o run one.jsonl >/dev/null
		t2=$(date +%s%6N)
		bare_us=$((bare_us + t1 - t0)) ours_us=$((ours_us + t2 - t1))
	done
	echo "bare docker run: $((bare_us / 5)) us; pth-exec: $((ours_us / 5)) us"
	assertTrue "$ours_us us, bare $bare_us us" "[ $((ours_us * 10)) -lt $((bare_us * 15)) ]"
}

. shunit2
