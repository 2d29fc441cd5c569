#!/bin/sh
# Categories of failures: what each failure is, and that nobody reads it out of words.
# shellcheck disable=SC2016,SC2059,SC2154 # $out and $err come from run
# timeout: 240
. "$TOP/tests/lib.sh"

# one ID JSON ARGV...: a test of one service; JSON is merged over the record.
one() {
	id=$1 over=$2
	shift 2
	over=$over rec "$id" "$(svc a '{"role": "client"}' "$@")"
}

# service ID FIELDS: a test whose plan has one service with these fields, in JSON.
service() {
	one "$1" "{\"plan\": {\"services\": [{\"name\": \"a\", $2}]}}" true
}

# A service that is waited for; it writes $2 and ends.
waits() {
	service "$1" "\"ready\": [{\"kind\": \"udp\", \"port\": 4443}],
		\"phases\": {\"run\": {\"argv\": [\"sh\", \"-c\", \"echo '$2' >&2; exit 1\"]}}"
}

# setup ID COMMAND: as JSON, the one command of the setup.
setup() {
	one "$1" "{\"plan\": {\"setup\": [$2]}}" true
}

phases() { # ID KIND PHASES
	service "$1" "\"kind\": \"$2\", \"phases\": {$3, \"run\": {\"argv\": [\"true\"]}}"
}

# A record that an earlier stage found to be in error.
refused() { # ID STAGE CATEGORY
	one "$1" "{\"error\": {\"stage\": \"$2\", \"category\": \"$3\", \"message\": \"no\"}}" true
}

# Failures of all kinds, one a line. The first word of an id is what it is to be.
failures() {
	one dependency-run '{}' no-such-program
	one dependency-requires '{"plan": {"requires": [
		{"program": "no-such-program", "package": "x"}]}}' true
	one dependency-setup '{"plan": {"setup": [{"argv": ["no-such-program"]}]}}' true
	phases dependency-phase iut '"pre_run": [{"argv": ["/no/such/program"]}]'
	waits service_start-early 'bad key'
	service service_start-late '
		"ready": [{"kind": "tcp", "port": 4444, "timeout_us": 50000}],
		"phases": {"run": {"argv": ["sleep", "9"]}}'
	waits port_conflict-log 'bind: Address already in use'
	waits port_conflict-small 'listen: address already in use'
	waits port_conflict-trace 'panic: bind: address already in use\n\ngoroutine 1 [running]:'
	one port_conflict-later '{}' \
		sh -c 'echo "bind: Address already in use"; echo bye >&2; exit 1'
	waits resource-log 'write: No space left on device'
	setup resource-setup '{"argv": ["sh", "-c",
		"echo cp: No space left on device >&2; exit 1"]}'
	setup network_setup-usual '{"argv": ["false"]}'
	setup certificate-said '{"argv": ["false"], "category": "certificate"}'
	setup docker_build-said '{"argv": ["false"], "category": "docker_build"}'
	setup docker_runtime-said '{"argv": ["false"], "category": "docker_runtime"}'
	setup network_setup-slow '{"argv": ["sleep", "9"], "timeout_us": 50000}'
	one network_setup-subnet '{"plan": {"environment": {
		"resources": ["subnet:127.0.0.0/8"]}}}' true
	phases tester_compilation-fails tester '"compile": [{"argv": ["false"]}]'
	phases tester_compilation-slow tester '
		"compile": [{"argv": ["sleep", "9"], "timeout_us": 50000}]'
	phases command_execution-iut iut '"compile": [{"argv": ["false"]}]'
	phases command_execution-tester tester '"pre_run": [{"argv": ["false"]}]'
	one command_execution-before '{"steps": {"pre_commands": [["false"]]}}' true
	one test_execution-code '{}' sh -c 'exit 3'
	one test_execution-port '{}' sh -c 'echo "Resource temporarily unavailable" >&2; exit 3'
	one test_execution-signal '{}' sh -c 'kill -SEGV $$'
	one test_execution-after '{"steps": {"post_commands": [["false"]]}}' true
	one dependency-after '{"steps": {"post_commands": [["no-such-program"], ["false"]]}}' true
	one timeout-test '{"plan": {"timeout_us": 100000}}' sleep 9
	service timeout-service '
		"timeout_us": 100000, "phases": {"run": {"argv": ["sleep", "9"]}}'
	one timeout-wait '{"plan": {"wait_us": 100000}}' sleep 9
	refused configuration-plan parse configuration
	refused plugin_load-plan plan plugin_load
}

# What the planner refuses, as records: ID's first word is again the category.
refusals() {
	mkdir -p plugins
	cat >plugins/broken.yaml <<-END
	plugin: broken
	kind: iut
	protocol: minip
	extends: nothing
	commands: {any: ["true"]}
	END
	cat >plugins/unready.yaml <<-END
	plugin: unready
	kind: iut
	protocol: minip
	commands: {any: ["true", "{{ nothing }}"]}
	END
	{ echo 'tests:'
	  while IFS='|' read -r name env impl more; do
		line "  - {name: $name, network_environment: {type: $env}," \
			"services: {s: {implementation: {name: $impl}," \
			"protocol: {name: minip, role: server$more}}}}"
	  done; } >x.yaml <<-END
	plugin_load-missing|localhost|nothing|
	plugin_load-broken|localhost|broken|
	plugin_load-unready|localhost|unready|
	plugin_load-environment|nowhere|ping_pong|
	configuration-version|localhost|ping_pong|, version: '77'
	END
	pth-parse x.yaml 2>/dev/null | pth-plan -P plugins 2>/dev/null
}

# Of each test what was decided by: name, status, categories and their companions.
facts() {
	jq -c 'select(.type == "test") | [.name, .result.status, .error.category, .result.attempt,
		(.result, (.result.services // {})[] |
			{category, program, port, limit} | del(.[] | nulls)),
		.verdict.status, .result.fast_fail.category]'
}

testEachFailureHasItsCategory() {
	refusals >refused
	n=$(jq -s 'map(select(.error)) | length' refused)
	assertEquals 'the planner refuses all of them' 5 "$n"
	{ failures; cat refused; } | jq -c 'select(.id) | .settings.fast_fail.enabled = false' >in
	n=$(wc -l <in)
	end "$n" >>in
	run pth-exec -j 2 -o out in
	assertCode 0
	bad=$(jq_out -r 'select(.type == "test") |
		select((.name | sub("-.*"; "")) != .result.category) |
		"\(.name): \(.result.category) \(.result.reason)"')
	assertEquals '' "$bad"
	is() { # NAME COMPANIONS
		assertEquals "$1" "$2" "$(jq_out -r --arg name "$1" '
			select(.name == $name).result | "\(.program) \(.port) \(.limit)"')"
	}
	is dependency-run 'no-such-program null null'
	is dependency-requires 'no-such-program null null'
	is service_start-late 'null 4444 ready'
	is tester_compilation-slow 'sleep null command'
	is test_execution-code 'null null null'
	is timeout-test 'null null timeout'
	is timeout-service 'null null timeout'
	is timeout-wait 'null null wait'
	categories=$(jq_out -r 'select(.type == "test").result.category' | sort -u)
	assertEquals 'all categories but test_framework' 14 "$(line "$categories" | wc -l)"
}

# The supervisor is killed: what its test was cannot be told.
testSupervisorIsLost() {
	{ one lost '{}' sh -c 'sleep 9'; end 1; } >in
	pth-exec -o out in >records 2>err &
	pid=$!
	assertSoon 30 grep -q service.started err
	# shellcheck disable=SC2013 # they are words
	for child in $(cat /proc/$pid/task/$pid/children); do kill -KILL "$child"; done
	wait $pid
	assertEquals 'error test_framework' \
		"$(jq -r 'select(.id).result | "\(.status) \(.category)"' records)"
}

# tells JSON: run a service whose container tells this of it; the result in words.
tells() {
	over='{}'
	rm -rf out
	inner=$(json "{\"pth\": 1, \"zero_us\": 1, \"status\": \"error\", \"reason\": \"x\",
		\"service\": $1}")
	{ rec t "$(svc a '{"inner": {"file": "inner.json"}}' sh -c "echo '$inner' >inner.json")"
	  end 1; } >in
	run pth-exec -o out in
	jq_out -r 'select(.id).result | "\(.status) \(.category) \(.limit)" +
		" \(.services.a.reason) \(.services.a.category)"'
}

testWhatAContainerTells() {
	assertEquals 'error dependency null not found dependency' \
		"$(tells '{"state": "error", "reason": "not found", "code": null, "error": "x",
			"category": "dependency", "program": "p"}')"
	assertEquals 'a phase that took too long' \
		'error tester_compilation command exit tester_compilation' \
		"$(tells '{"state": "error", "reason": "timeout", "code": null, "error": "x",
			"category": "tester_compilation", "limit": "command"}')"
	assertEquals 'a service that took too long' 'timeout timeout timeout timeout timeout' \
		"$(tells '{"state": "stopped", "reason": "timeout", "code": null, "signal": "KILL",
			"error": "x", "category": "timeout", "limit": "timeout"}')"
	assertEquals 'one of an older version' 'error service_start null not ready service_start' \
		"$(tells '{"state": "error", "reason": "not ready", "code": null, "error": "x"}')"
	assertEquals 'completed null null exit null' \
		"$(tells '{"state": "stopped", "reason": "exit", "code": 0, "ready_us": 1}')"
}

# All messages are reworded at random, and everything is decided as before.
testRewordedMessagesDecideTheSame() {
	need cc gcc || return
	[ "$PTH_BUILD" = build ] ||
		skip 'the messages of a sanitizer build are not reworded' || return
	cc -shared -fPIC -o reword.so "$TOP/tests/fixtures/reword.c" -ldl || fail 'reword.c'
	{ failures | jq -c '.retries = 1 | .settings.fast_fail = {
		enabled: true, critical_only: false,
		docker_build_failures: false, docker_runtime_failures: false,
		certificate_failures: false, network_setup_failures: false,
		resource_exhaustion: false, ivy_compilation_failures: false}'
	  end "$(failures | wc -l)"; } >in
	jq -c 'if .id then .retries = 0 |
		.settings.fast_fail = {enabled: true, port_conflict_failures: true}
		else . end' in >in2
	for seed in '' 1 7 4711; do
		rm -rf out out2 report
		if [ -n "$seed" ]; then
			export LD_PRELOAD="$PWD/reword.so" PTH_TEST_REWORD="$seed"
		fi
		refusals | facts >now
		pth-exec -j 2 -o out in 2>/dev/null >records
		pth-collect <records 2>/dev/null >judged
		# Up to the first that stops it, one after the other.
		pth-exec -j 1 -o out2 in2 2>/dev/null >stopped
		unset LD_PRELOAD PTH_TEST_REWORD
		facts <judged >>now
		facts <stopped >>now
		pth-report -o report --format json <judged >/dev/null 2>&1
		jq -c '.tests.results[] | [.id, .root_cause.name]' \
			report/experiment_summary.json >>now
		if [ -z "$seed" ]; then
			mv now before
			assertMatch "$(jq -r 'select(.id).result.reason' judged)" 'ended with'
			assertMatch "$(cat before)" '\["port_conflict-log","port_conflict"\]'
			assertMatch "$(cat before)" '"skipped"'
		else
			assertEquals "seed $seed" '' "$(diff before now)"
			assertEquals 'the messages are others' 0 \
				"$(jq -r 'select(.id).result.reason' judged | grep -c 'ended with')"
		fi
	done
}

# The catalogue of causes is read by our own reader, and every cause can be found.
testCausesAreRead() {
	names=$(sed -n 's/^  - name: //p' "$TOP/share/causes.yaml")
	assertEquals "$names" "$(printf '%s\n' "$names" | awk '!seen[$0]++')"
	assertLeast 15 "$(printf '%s\n' "$names" | wc -l)" causes
	{ failures | head -n 1; end 1; } >in
	pth-exec -o out in 2>/dev/null | pth-collect 2>/dev/null >judged
	PTH_EVENTS=none run pth-report -o report judged
	assertEquals '' "$err"
	mkdir -p share
	cat >share/causes.yaml <<-END
	causes:
	  - {name: x, title: T, advice: A, lg: y}
	  - {name: y, title: T, advice: A, log: "("}
	END
	ln -sfn "$TOP/share/plugins" share/plugins
	ln -sfn "$TOP/share/templates" share/templates
	PTH_SHARE=$PWD/share run pth-report -o report judged
	assertMatch "$err" 'causes\.yaml:2:[0-9]+: error: a key that is not known'
	assertMatch "$err" 'causes\.yaml:3:[0-9]+: error: '
}

. shunit2
