#!/bin/sh
# What goes wrong with an engine: each a clear status and reason, and nothing
# is left. On a real engine, started here and stopped by pid.
# timeout: 700
# shellcheck disable=SC2012,SC2016,SC2154 # scripts of sh -c; $out and $code come from through
. "$TOP/tests/lib.sh"
. "$TOP/tests/docker_lib.sh"
own_world --net

# Room for eight networks, whatever other engines of the machine have.
engine_options='--default-address-pool base=10.213.200.0/21,size=24'

oneTimeTearDown() {
	engine_stop
}

testOutOfMemory() {
	docker_ready || return
	experiment oom '[sort, -S, 300M, /dev/zero]' 'limits: {memory: 32MB}' >t.yaml
	through t.yaml
	assertMatch "$(why)" '^crashed: client died of signal KILL: out of memory'
	# All that speaks of it says the same.
	assertMatch "$(field .verdict.summary)" 'killed by SIGKILL: out of memory'
	run pth-report <records.jsonl
	assertMatch "$out" 'out of memory'
	assertMatch "$(cat run/EXPERIMENT_REPORT.md)" \
		'Likely cause.*: Out of memory \(oom.killed, score 0.8\)'
	assertNoMatch "$(cat run/EXPERIMENT_REPORT.md)" 'valgrind|segfault'
	# One of its processes, the service itself is told by its exit code.
	experiment child '[sh, -c, "sort -S 300M /dev/zero || exit 3"]' 'limits: {memory: 32MB}' \
		>t.yaml
	through t.yaml
	out=$(grep '"type":"test"' records.jsonl)
	assertMatch "$(why)" '^failed: client ended with exit code 3: out of memory'
	assertMatch "$(field .verdict.summary)" 'exit code 3: out of memory'
	pth-report <records.jsonl >/dev/null
	assertMatch "$(cat run/EXPERIMENT_REPORT.md)" 'Likely cause.*: Out of memory'
	assertEquals '' "$(ours)"
}

testContainerKilledFromOutside() {
	docker_ready || return
	experiment kill '[sleep, "60"]' >t.yaml
	# shellcheck disable=SC2046
	{
		assertSoon 30 sh -c 'docker ps --format "{{.Names}}" | grep -q client' &&
			docker kill $(docker ps -q --filter name=client) >/dev/null
	} &
	through t.yaml
	wait $!
	assertEquals 'error: client: its container was killed from outside' "$(why)"
	assertEquals '' "$(ours)"
}

testPortTaken() {
	docker_ready || return
	need python3 python3 || return
	python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 24444))
open("bound", "w")
time.sleep(60)' &
	busy=$!
	server='ports: ["24444:4443"]' experiment port >t.yaml
	assertSoon 30 [ -e bound ]
	through t.yaml
	kill $busy
	assertMatch "$(why)" '^error: server: .*could not be started.*24444.*address already in use'
	assertEquals '' "$(ours)"
}

testPoolExhausted() {
	docker_ready || return
	experiment pool >t.yaml
	n=0
	while [ $n -lt 20 ] &&
		docker network create --label org.pth.run=fill "fill$n" >/dev/null 2>&1; do
		n=$((n + 1))
	done
	assertTrue "$n networks, room for 8" "[ $n -ge 1 ] && [ $n -le 8 ]"
	through t.yaml
	assertMatch "$(why)" \
		'^error: setup: .*could not find an available, non-overlapping IPv4 address pool'
	pth-clean -r fill >/dev/null
	assertEquals '' "$(ours)"
}

testNetworks() {
	docker_ready || return
	docker network create --subnet 10.99.0.0/24 other >/dev/null
	net=', subnet: 10.99.0.0/24' experiment subnet >t.yaml
	through t.yaml
	docker network rm other >/dev/null
	assertMatch "$(why)" "$(line '^error: setup: network_environment.subnet 10.99.0.0/24:' \
		'the interface br-[0-9a-f]* of this host has addresses there')"
	through t.yaml
	assertEquals "$(why)" passed "$(field .verdict.status)"
	assertEquals '' "$(ours)"
}

testBuildFailureIsQuoted() {
	docker_ready || return
	mkdir -p plugins
	cat >plugins/broken.yaml <<-'EOF'
		plugin: broken
		kind: iut
		extends: minip
		description: cannot be built
		binary: "true"
		docker: {builder: base, dockerfile: Dockerfile}
	EOF
	printf 'FROM panther_base_service:latest\nRUN echo fine\nRUN echo no such luck; exit 9\n' \
		>plugins/Dockerfile
	iut=broken experiment broken >t.yaml
	rm -rf run
	pth-parse t.yaml 2>/dev/null | pth-plan -P plugins 2>/dev/null | pth-compose |
		pth-exec -o run >records.jsonl
	out=$(head -1 records.jsonl)
	assertMatch "$(why)" '(Step 3/[0-9]+ :|\[.*[0-9]\]) RUN echo no such luck.*no such luck'
	assertMatch "$(why)" '^error: setup: broken-functional:latest: Dockerfile:3: '
	assertTrue 'log' "[ -s run/001-broken/images/*/build.log ]"
	assertEquals 'nothing of the build is left' '' "$(docker ps -aq)"
	assertNoMatch "$(cat run/001-broken/teardown/phases/*.stderr.log)" network
}

testEngineAway() {
	docker_ready || return
	experiment away >t.yaml
	host=$DOCKER_HOST
	DOCKER_HOST=unix:///nowhere/sock
	through t.yaml
	DOCKER_HOST=$host
	assertMatch "$(why)" \
		'^error: setup: .*Cannot connect to the Docker daemon at unix:///nowhere/sock'
}

testNoPermission() {
	docker_ready || return
	experiment denied >t.yaml
	pth-parse t.yaml 2>/dev/null | pth-plan 2>/dev/null | pth-compose >composed.jsonl
	chmod 755 "$PTH_TMP" "$PTH_TMP/engine" && mkdir -p nobody && chown 65534 nobody &&
		chmod 644 composed.jsonl && chmod 600 "$PTH_TMP/engine/sock"
	HOME=$PWD/nobody setpriv --reuid 65534 --regid 65534 --clear-groups pth-exec \
		-o nobody/run composed.jsonl >records.jsonl
	out=$(head -1 records.jsonl)
	assertMatch "$(why)" '^error: setup: .*permission denied'
}

testKilledRunIsCleaned() {
	docker_ready || return
	run=lost experiment lost '[sleep, "60"]' >t.yaml
	pth-parse t.yaml 2>/dev/null | pth-plan 2>/dev/null | pth-compose >lost.jsonl
	server='timeout: 600' wait=600 run=alive experiment alive '[sleep, "600"]' 'timeout: 600' \
		>t.yaml
	pth-parse t.yaml 2>/dev/null | pth-plan 2>/dev/null | pth-compose >alive.jsonl
	pth-exec -o lost lost.jsonl >lost.out &
	lost=$!
	pth-exec -o alive alive.jsonl >alive.out &
	alive=$!
	assertSoon 30 sh -c '[ "$(docker ps --format "{{.Names}}" | grep -c client)" = 2 ]'
	assertEquals 'whose they are says in which pid namespace' '' \
		"$(docker ps --format '{{.Label "org.pth.owner"}}' |
			grep -v "\.[0-9]*\.$(stat -Lc %i /proc/self/ns/pid)\$")"
	kill_run $lost
	out=$(pth-clean --dry-run)
	assertMatch "$out" 'would remove container pth-001-lost-.*-client'
	assertMatch "$out" 'would remove network pth-001-lost'
	assertNoMatch "$out" alive
	assertEquals 3 "$(pth-clean | grep -cE '^removed (container|network) .*lost')"
	kill -INT $alive
	wait $alive
	assertEquals 130 $?
	assertEquals interrupted "$(head -1 alive.out | jq -r .result.status)"
	assertEquals '' "$(ours)"
}

testStoppedFromOutside() {
	docker_ready || return
	experiment stopped '[sleep, "60"]' >t.yaml
	# shellcheck disable=SC2046
	{
		assertSoon 60 sh -c '[ -e run/*/client/.ready ] &&
			docker ps -q --filter name=client | grep -q .' &&
			docker stop $(docker ps -q --filter name=client) >/dev/null
	} &
	through t.yaml
	wait $!
	assertEquals 'error: client: its container was stopped from outside' "$(why)"
	assertEquals lost "$(field .result.services.client.reason)"
	assertEquals '' "$(ours)"
}

testClientThatLosesSignals() {
	docker_ready || return
	# What docker 28 does of some dozens of times: the signal ends in the client.
	mkdir -p deaf
	cat >deaf/docker <<-EOF
		#!/bin/sh
		[ "\$1" = start ] || exec $(command -v docker) "\$@"
		trap "" TERM
		setsid $(command -v docker) "\$@" &
		wait \$!
	EOF
	chmod +x deaf/docker
	experiment deaf >t.yaml
	PATH=$PWD/deaf:$PATH through t.yaml
	assertEquals "$(why)" passed "$(field .verdict.status)"
	assertEquals 'it was asked, and not killed' stop "$(tail -1 run/*/server/stdout.log)"
	assertEquals 'stopped null' "$(field '.result.services.server | "\(.reason) \(.signal)"')"
	assertEquals '' "$(ours)"
}

# begun NAME: a test of that name runs, as process $running; out.jsonl: its end.
begun() {
	run=$1 experiment "$1" '[sleep, "60"]' >t.yaml
	PTH_EVENTS=none pth-parse t.yaml 2>/dev/null | PTH_EVENTS=none pth-plan 2>/dev/null |
		PTH_EVENTS=none pth-compose >"$1.jsonl"
	rm -rf "$1"
	PTH_EVENTS=none pth-exec -o "$1" "$1.jsonl" >out.jsonl &
	running=$!
	assertSoon 30 sh -c "[ -e $1/*/client/.ready ] && [ -e $1/*/server/.ready ]"
}

testEngineEndsInTheMiddle() {
	docker_ready || return
	begun ending
	kill "$engine_pid"
	wait "$engine_pid"
	wait $running
	out=$(head -1 out.jsonl)
	assertMatch "$(why)" '^error: (server|client): its container was stopped from outside'
	assertMatch "$(cat ending/*/teardown/phases/pre_run.stderr.log)" 'Cannot connect'
	engine_run
	assertEquals 'it starts again' 0 $?
	# The services had their time to end, and their files are whole.
	assertEquals interrupted "$(jq -r .status ending/*/server/inner.json)"
	assertEquals 3 "$(pth-clean | grep -cE '^removed (container|network) ')"
	assertEquals '' "$(ours)"
	experiment after >t.yaml
	through t.yaml
	assertEquals "$(why)" passed "$(field .verdict.status)"
}

testEngineIsKilledInTheMiddle() {
	docker_ready || return
	begun killed
	kill -KILL "$engine_pid"
	wait "$engine_pid" 2>/dev/null
	wait $running
	out=$(head -1 out.jsonl)
	# What is said of a client that had only just begun.
	assertMatch "$(why)" "$(line '^error: (server|client): (the engine was lost while its' \
		'container ran|its container could not be started or was lost: .*EOF)')"
	for orphan in $(engine_orphans); do kill -KILL "$orphan"; done
	rm -rf "$engine_exec/containerd"
	engine_run || engine_run
	assertEquals "$(tail -3 "$engine/log")" 0 $?
	assertEquals 3 "$(pth-clean | grep -cE '^removed (container|network) ')"
	assertEquals '' "$(ours)"
}

testResumeRemovesWhatTheKilledRunLeft() {
	docker_ready || return
	docker create --name foreign panther_base_service:latest sleep 1 >/dev/null
	docker create --name other --label org.pth.run=other --label org.pth.owner=dead.1.1 \
		panther_base_service:latest sleep 1 >/dev/null
	begun again
	kill_run $running
	# The clients that it had started are gone with it.
	assertSoon 60 sh -c '! pgrep -x docker'
	before=$(docker ps -aq --filter label=org.pth.run=again | sort)
	assertEquals 2 "$(echo "$before" | wc -l)"
	sed -i 's/"60"/"1"/g' again.jsonl
	PTH_EVENTS=json pth-exec --resume -o again again.jsonl >out.jsonl 2>events
	out=$(head -1 out.jsonl)
	assertEquals 'completed: ' "$(why)"
	assertEquals 3 "$(jq -r 'select(.event == "run.cleaned").removed' events)"
	assertEquals 'foreign other' "$(docker ps -a --format '{{.Names}}' | sort | xargs)"
	docker rm foreign other >/dev/null
	assertEquals '' "$(ours)"
}

testNoProgram() {
	experiment none >t.yaml
	PTH_EVENTS=none pth-parse t.yaml 2>/dev/null | PTH_EVENTS=none pth-plan 2>/dev/null |
		PTH_EVENTS=none pth-compose >none.jsonl
	# No compose program is needed: nothing calls one.
	assertEquals 'chmod docker pth-image sh' \
		"$(head -1 none.jsonl |
			jq -r '[.compose.plan |
				(.setup[], .teardown[],
				  (.services[].phases | .pre_run[], .run)).argv[0] | split("/") |
				  last] | unique | map(select(. != "chmod")) | ["chmod"] + . |
				  join(" ")')"
	PATH=$TOP/bin PTH_EVENTS=none "$(command -v pth-exec)" -o none none.jsonl >out.jsonl
	out=$(/usr/bin/head -1 out.jsonl)
	assertEquals 'error: setup: docker not found; Debian has it in the package docker.io' \
		"$(why)"
}

testNames() {
	docker_ready || return
	# Whatever may stand in an experiment makes names that the engine takes.
	experiment '"Ä name / with: $odd \"ones\""' >t.yaml
	sed -i 's/ server/ Srv.a_b-C/;s/target: server/target: Srv.a_b-C/
			s/role: Srv.a_b-C/role: server/' t.yaml
	net=', service_prefix: A.b_c, network_name: lab.1'
	sed -i "s/docker_compose/docker_compose$net/" t.yaml
	through t.yaml
	assertEquals "$(cat t.yaml)$(why)" passed "$(field .verdict.status)"
	assertEquals '' "$(ours)"
	# Others are refused where they are written.
	for bad in 'service_prefix: "a b"' 'service_prefix: _a' 'network_name: "a/b"'; do
		net=", $bad" experiment bad >t.yaml
		run pth-parse t.yaml
		assertCode 3
		assertMatch "$err" '^t.yaml:4:[0-9]+: error: .*letters, digits'
	done
	experiment bad '[env]' 'environment: {"A=B": x}' >t.yaml
	run pth-parse t.yaml
	assertCode 3
	assertMatch "$err" '^t.yaml:[0-9]+:[0-9]+: error: .*A=B'
}

. shunit2
