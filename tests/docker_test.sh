#!/bin/sh
# Tests in containers on a real engine, started here and stopped by pid. The
# base image is made of this machine's own libraries, so nothing is fetched;
# tests/docker_image_test.sh makes the real one.
# timeout: 700
# shellcheck disable=SC2016,SC2086,SC2154 # scripts of sh -c; $compose is words; $out and $code come from through
. "$TOP/tests/lib.sh"
. "$TOP/tests/docker_lib.sh"
engine_world --net

oneTimeTearDown() {
	engine_stop
}

testMinipExample() {
	docker_ready || return
	through "$TOP/examples/minip-docker.yaml"
	assertEquals "$(why)" passed "$(field .verdict.status)"
	for side in server client; do
		capture=run/$(field .result.dir)/$side/capture.pcapng
		text=$(tshark -r "$capture" -Y 'udp.port == 4443' -T fields -e data 2>/dev/null | unhex)
		assertMatch "$text" 'ping 1'
		assertMatch "$text" 'pong 5'
	done
	assertMatch "$(cat run/*/server/stdout.log)" '^send pong 5'
	assertEquals 0 "$(field .result.services.client.code)"
	assertEquals 'stopped' "$(field .result.services.server.reason)"
	assertEquals '' "$(ours)"
}

testConfigOfTheReferenceRunsUnchanged() {
	docker_ready || return
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
	docker_ready || return
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

# up_by_hand FILE: compose itself runs the test of that file.
up_by_hand() {
	dir=${1%/*}
	rm -f "$dir"/*/stdout.log "$dir"/*/inner.json
	$compose -f "$1" config -q
	assertEquals "$compose config" 0 $?
	timeout 60 $compose -f "$1" up --abort-on-container-exit >up.log 2>&1
	assertEquals "$compose: $(cat up.log)" 0 $?
	$compose -f "$1" down -v >/dev/null 2>&1
	assertEquals 0 "$(jq .service.code "$dir/client/inner.json")"
	assertMatch "$(cat "$dir/server/stdout.log")" '^send pong 5'
	assertEquals "$compose" '' "$(ours)"
}

testComposeUpByHandRunsTheTest() {
	docker_ready || return
	need docker-compose docker-compose || return
	through "$TOP/examples/minip-docker.yaml"
	each_compose up_by_hand run/001-*/docker-compose.yml
	rm -rf files
	each_compose up_by_hand "$(PTH_EVENTS=none pth-compose -o files composed.jsonl)"
}

testExitCodesPhasesAndUser() {
	docker_ready || return
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
	docker_ready || return
	experiment env '[env]' 'environment: {A: "x $$ y", B: "1\n2", Q: "\"q\" \u0027a\u0027 `b` \\", C: "@{server:ip:decimal}", D: "@{server:ip:hex}"}' >t.yaml
	through t.yaml
	text=$(cat run/*/client/stdout.log)
	assertMatch "$text" '^A=x \$\$? y$'
	assertMatch "$text" '^2$'
	case $text in *"Q=\"q\" 'a' \`b\` \\"*) assertTrue 0 ;; *) fail "no Q in $text" ;; esac
	assertMatch "$text" '^C=[0-9]{9,10}$'
	assertMatch "$text" '^D=0x[0-9A-F]{8}$'
}

testLimitsOfTime() {
	docker_ready || return
	wait=2 experiment slow '[sleep, "60"]' >t.yaml
	through t.yaml
	assertMatch "$(why)" '^timeout: '
	experiment slow '[sleep, "60"]' 'timeout: 1' >t.yaml
	through t.yaml
	assertEquals 'timeout: client was still running after its timeout' "$(why)"
	assertEquals timeout "$(field .result.services.client.reason)"
	assertEquals '' "$(ours)"
}

testOrdinaryUserOwnsAllFiles() {
	docker_ready || return
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
	docker_ready || return
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

testImagesOfOthers() {
	docker_ready || return
	pth-clean -i >/dev/null
	experiment again >t.yaml
	through t.yaml
	# Labels pass on to what others build on ours; that is theirs all the same.
	for name in users:1 ping_pong-random:latest; do
		printf 'FROM ping_pong-functional:latest\nENV MINE=1\n' | docker build -q -t $name - >/dev/null 2>&1
	done
	docker tag ping_pong-functional:latest copy:1
	assertEquals ping_pong-functional:latest "$(pth-image list | cut -f1)"
	assertEquals 'would remove image ping_pong-functional:latest' "$(pth-clean -n -i)"
	sed -i 's/functional/random/' t.yaml
	through t.yaml
	assertMatch "$(why)" '^error: setup: .*pth-image ended with exit code 3.*ping_pong-random:latest is there that pth has not built'
	assertEquals 'removed image ping_pong-functional:latest' "$(pth-clean -i)"
	assertEquals 'copy:1 ping_pong-random:latest users:1' \
		"$(docker images --format '{{.Repository}}:{{.Tag}}' | grep -v panther_base | sort | xargs)"
	docker rmi -f copy:1 ping_pong-random:latest users:1 >/dev/null
}

testAnotherRunTakesTheName() {
	docker_ready || return
	experiment taken >t.yaml
	mkdir -p thief
	cat >thief/docker <<-EOF
		#!/bin/sh
		[ "\$1" != create ] || $(command -v docker) tag panther_base_service:latest ping_pong-functional:latest
		exec $(command -v docker) "\$@"
	EOF
	chmod +x thief/docker
	PATH=$PWD/thief:$PATH through t.yaml
	assertEquals "$(why)" passed "$(field .verdict.status)"
	docker rmi ping_pong-functional:latest >/dev/null
	# What has lost its name is removed with the others.
	assertMatch "$(pth-clean -i)" '^removed image sha256:[0-9a-f]{64}$'
	assertEquals panther_base_service:latest "$(docker images --format '{{.Repository}}:{{.Tag}}')"
}

testRestartPolicy() {
	docker_ready || return
	experiment again '[sh, -c, "[ ! -e second ] || exit 0; : >second; exit 9"]' 'restart_policy: on-failure' >t.yaml
	through t.yaml
	assertEquals 'completed: ' "$(why)"
	assertEquals '9 0' "$(field '.result.services.client | "\(.restarts[0].code) \(.code)"')"
	assertEquals on-failure "$(field .compose.document.services.client.restart)"
	assertEquals '' "$(ours)"
}

testKeysOfTheEnvironment() {
	docker_ready || return
	# The interface has the smallest mtu that a service asks for.
	experiment mtu '[sh, -c, "read -r x </sys/class/net/eth0/mtu; echo $x"]' 'network: {mtu: 1300}' >t.yaml
	through t.yaml
	assertEquals 1300 "$(cat run/*/client/stdout.log)"
	# A server that lets go of its port is noticed from inside.
	cat >watched.yaml <<-'EOF'
		metadata: {name: watched}
		tests:
		  - name: watched
		    network_environment: {type: docker_compose, monitoring_interval_seconds: 1, failure_threshold_count: 1}
		    services:
		      server:
		        implementation: {name: ping_pong, type: iut}
		        protocol: {name: minip, version: functional, role: server}
		        network: {port: 4443}
		        command_override: [sh, -c, "/usr/local/libexec/pth/miniP_server -p 4443 -i 0.0.0.0 & sleep 0.5; kill $!; sleep 60"]
		      client:
		        implementation: {name: command, type: testers, command: [sleep, "20"]}
		        protocol: {name: minip, version: functional, role: client, target: server}
		    steps: {wait: 20}
	EOF
	through watched.yaml
	assertMatch "$(why)" '^error: server: has not bound UDP port 4443 any more'
	assertEquals '' "$(ours)"
}

testIpv6() {
	docker_ready || return
	# Networks of IPv6 differ, so that tests run beside each other.
	{ net=', enable_ipv6: true' experiment one && net=', enable_ipv6: true, subnet: 10.93.0.0/24' one two; } |
		sed 's/{port: 4443}/{port: 4443, bind_address: "::"}/' >t.yaml
	through t.yaml -j 2
	assertEquals "$(why)" 'passed passed' "$(field .verdict.status | xargs)"
	assertMatch "$(tshark -r run/001-one/client/capture.pcapng -Y 'udp.port == 4443' -T fields -e ipv6.dst 2>/dev/null | head -1)" '^fd70:7468:'
	run=$(through t.yaml; sed -n 's/.*subnet: .*\(fd70[^"]*\).*/\1/p' run/*/docker-compose.yml | sort -u | wc -l)
	assertEquals 2 "$run"
	need docker-compose docker-compose || return
	each_compose up_by_hand run/001-*/docker-compose.yml
	assertEquals '' "$(ours)"
}

testWhatIsToStayStays() {
	docker_ready || return
	experiment keep '' 'volumes: ["data:/var/data"]' >t.yaml
	echo 'docker: {remove_containers_after: false, remove_docker_network: false}' >>t.yaml
	through t.yaml
	assertEquals "$(why)" passed "$(field .verdict.status)"
	assertEquals 'exited exited' "$(docker ps -a --filter label=org.pth.run=hand --format '{{.State}}' | xargs)"
	assertEquals 'container container network volume' "$(ours | cut -d' ' -f1 | xargs)"
	pth-clean -r hand >/dev/null
	assertEquals '' "$(ours)"
	echo 'docker: {remove_docker_volume: false}' >>t.yaml
	sed -i '/remove_containers_after/d' t.yaml
	through t.yaml
	assertEquals volume "$(ours | cut -d' ' -f1)"
	pth-clean >/dev/null
	assertEquals '' "$(ours)"
}

testSeveralPlatforms() {
	docker_ready || return
	experiment multi >t.yaml
	echo 'docker: {multi_platform: true, target_platform: "linux/amd64,linux/arm64"}' >>t.yaml
	# The image itself is the engine's own, with or without buildx.
	DOCKER_CONFIG=$PTH_TMP/none through t.yaml
	if DOCKER_CONFIG=$PTH_TMP/none docker buildx version >/dev/null 2>&1; then
		assertMatch "$(why)" '^(completed|error: setup: .*[Mm]ulti.platform)'
	else
		assertMatch "$(why)" '^error: setup: .*docker.multi_platform needs buildx'
	fi
	sed -i 's/multi_platform: true, //' t.yaml
	through t.yaml
	assertMatch "$(why)" '^error: .*several platforms need docker.multi_platform'
	assertEquals '' "$(ours)"
}

testSwarm() {
	docker_ready || return
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

. shunit2
