#!/bin/sh
# The hostile programs of tests/hostile that have a meaning in containers: the verdicts are
# right, the other tests of the run are not harmed, nothing is left on the engine or outside of
# the containers. On a real engine, started here and stopped by pid.
# timeout: 700
# Scripts of sh -c; $out comes from through.
# shellcheck disable=SC2012,SC2016,SC2154
. "$TOP/tests/lib.sh"
. "$TOP/tests/docker_lib.sh"
own_world --net
# In places that all have in common others make and remove what they like. What mount(8) and those
# who watch containers make there when they are first needed is there before.
if [ -n "${PTH_OWN_WORLD:-}" ]; then
	for shared in /dev/shm /run /var/tmp; do
		case $PTH_TMP in "$shared"/*) continue ;; esac
		mount -t tmpfs tmpfs "$shared"
	done
	mkdir -p /run/mount /run/containerd
fi

oneTimeTearDown() {
	engine_stop
}

# What the hostile programs need, into the base image.
small_tools() {
	docker image inspect panther_base_service:tools >/dev/null 2>&1 && return
	tools=$PTH_TMP/tools
	programs_into bin "$tools" chmod mkdir rm mkfifo ln mv cp cat truncate mknod mount \
		setsid touch head grep
	printf 'FROM panther_base_service:latest\nCOPY . /\n' >"$tools/Dockerfile"
	docker build --network none -q -t panther_base_service:latest "$tools" >/dev/null &&
		docker tag panther_base_service:latest panther_base_service:tools
	rm -rf "$tools"
}

hostile_ready() {
	docker_ready && small_tools
}

# hostile SCRIPT [LINES]: a run of the hostile test, whose client does that, and of three
# others; LINES go to the hostile test. $status: its verdict.
hostile() {
	{
		experiment hostile "[sh, -c, $(printf '%s' "$1" | jq -Rs .)]"
		printf '%s\n' "${2:-}"
		one b && one c && one d
	} >t.yaml
	outside >before
	rm -rf run
	PTH_EVENTS=none pth-parse t.yaml 2>/dev/null | PTH_EVENTS=none pth-plan 2>/dev/null |
		PTH_EVENTS=none pth-compose >composed.jsonl
	PTH_EVENTS=none timeout -k 5 200 pth-exec -j 4 -o run composed.jsonl >ran.jsonl
	assertEquals 'it ended by itself' 0 $?
	PTH_EVENTS=none timeout -k 5 100 pth-collect <ran.jsonl >records.jsonl
	assertEquals 'it was judged' 0 $?
	verdicts=$(jq -r 'select(.type == "test") | "\(.id) \(.verdict.status)"' records.jsonl)
	out=$(grep '"type":"test"' records.jsonl)
	status=$(jq_out -r 'select(.index == 1).verdict.status')
	assertEquals "the others: $(why)" 'passed passed passed' \
		"$(jq_out -r 'select(.index != 1).verdict.status' | xargs)"
	assertEquals 'nothing is left on the engine' '' "$(ours)"
	assertEquals 'nothing is changed outside' '' "$(outside | diff before -)"
	run env PTH_EVENTS=none timeout -k 5 100 pth-collect run
	assertEquals 'the directory says the same' "$verdicts" \
		"$(jq_out -r 'select(.type == "test") | "\(.id) \(.verdict.status)"')"
	out=$(grep '"type":"test"' records.jsonl | head -n 1)
}

outside() {
	cat /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname
	ls /dev/shm /run /var/tmp
	sed 's/^[0-9]* [0-9]* //; s/ - .*//' /proc/self/mountinfo | grep -v /pth-engine
}

rules() { # RULES
	printf '    expect: %s\n' "$1"
}

testRightsOfItsDirectories() {
	hostile_ready || return
	hostile 'chmod 0 . ..; mkdir -p go/m; touch go/m/f; chmod 555 go/m; echo acted'
	assertEquals passed "$status"
}

testForgedRecordAndResult() {
	hostile_ready || return
	hostile 'for f in ../record.json ../result.json; do rm -rf $f
		echo "{\"status\":\"completed\",\"services\":{}}" >$f; done; exit 3'
	assertEquals failed "$status"
}

testFifosWhereFilesAre() {
	hostile_ready || return
	hostile 'for f in ../record.json ../result.json metrics.jsonl .ready capture.pcapng; do
		rm -rf $f; mkfifo $f; done; exit 0'
	assertMatch "$status" '^(passed|error)$'
}

testLogsThatHideAnError() {
	hostile_ready || return
	no_error=$(rules '{log: [{service: client, not_matches: ERROR}]}')
	for script in 'echo ERROR; chmod 0 stdout.log' 'echo ERROR; rm -f stdout.log' \
		'echo ERROR; : >stdout.log; : >/proc/self/fd/1' \
		'echo ERROR; rm -f stdout.log; mkfifo stdout.log' \
		'echo ERROR; rm -f stdout.log; mkdir stdout.log'; do
		hostile "$script" "$no_error"
		assertMatch "$script: $status" ': (failed|error)$'
	done
}

testForgedLogOfThePeer() {
	hostile_ready || return
	hostile 'mkdir -p ../server; echo forged >../server/stdout.log; echo acted' \
		"$(rules '{log: [{service: server, matches: "^forged$"}]}')"
	assertMatch "$status" '^(failed|error)$'
}

testLinksOutOfItsDirectory() {
	hostile_ready || return
	echo precious >precious
	rm -rf victim && mkdir victim
	hostile "rm -f stdout.log metrics.jsonl; ln -s $PWD/precious stdout.log
		ln -s $PWD/precious metrics.jsonl; ln -s $PWD/victim steps; ln -s / root
		ln -s loop loop; echo acted" \
		"$(rules '{files: [{path: client/root/etc/passwd, exists: true}]}')"
	assertMatch "$status" '^(failed|error)$'
	assertEquals precious "$(cat precious)"
	assertEquals '' "$(ls victim)"
}

testSignals() {
	hostile_ready || return
	hostile 'trap "" TERM HUP INT; kill -TERM 1; kill -HUP 1; kill -INT 1; kill -KILL -1
		kill -KILL 1; exit 0'
	assertMatch "$status" '^(passed|error|failed|crashed)$'
}

testDaemons() {
	hostile_ready || return
	hostile 'setsid sh -c "trap \"\" TERM; while :; do echo late; sleep .1; done" &
		setsid sleep 1000 & sleep .1; exit 3'
	assertEquals failed "$status"
}

testSettingsOfTheMachine() {
	hostile_ready || return
	hostile 'for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger \
		/sys/kernel/uevent_helper; do
			[ ! -e $f ] || { (: >>$f) 2>/dev/null && exit 7; }; done
		mount -t tmpfs tmpfs /tmp 2>/dev/null && exit 7
		mknod disk b 7 0 2>/dev/null && head -c 1 disk >/dev/null 2>&1 && exit 7
		for s in /run/docker.sock /var/run/docker.sock /run/containerd/containerd.sock; do
			[ ! -S $s ] || exit 7; done
		exit 0'
	assertEquals "$(why)" passed "$status"
}

testHolesAndCrowds() {
	hostile_ready || return
	hostile 'truncate -s 1T hole.log; i=0; while [ $i -lt 2000 ]; do : >file-$i; i=$((i + 1))
		done; i=0; while [ $i -lt 300 ]; do mkdir deep && cd deep; i=$((i + 1)); done
		exit 0'
	assertMatch "$status" '^(passed|error)$'
}

. shunit2
