#!/bin/sh
# Steps, assertions during the run, degradation and limits of pth-exec, on
# plans made here by hand; at the end one example through the whole pipe.
# timeout: 240
# shellcheck disable=SC1083,SC2016,SC2154 # @{dir} is literal; $out and $err come from run
. "$TOP/tests/lib.sh"

# A server without end that takes TERM, HUP and USR1.
forever='trap "echo bye; exit 0" TERM; trap "echo hup" HUP; trap "exit 3" USR1; echo up $$
while :; do sleep .02; done'
# It has the time to say what it has to, when it is asked to stop.
up_ready='{"finite": false, "ready": [{"kind": "log", "matches": "^up"}],
	"stop": {"grace_us": 15000000}}'
server() {
	svc s "$up_ready" sh -c "$forever"
}

# exec_ SERVICE...: exec1 of a test whose actions are $steps and whose
# assertions are $asserts.
exec_() {
	own=$over
	over=$(jq -cn --argjson steps "${steps:-[]}" --argjson asserts "${asserts:-[]}" \
		--argjson over "${over:-{\}}" '
		{steps: {wait: 60, actions: $steps}, assertions: $asserts} * $over')
	exec1 "$@"
	over=$own
}

status() { field '"\(.status): \(.reason)"'; }
oks() { field '[.steps[] | .ok] | map(tostring) | join(" ")'; }
held() { field '[.assertions[] | .ok] | map(tostring) | join(" ")'; }
texts() { field '[.assertions[] | .text] | join("|")'; }

# took LEAST MOST: the test's duration in milliseconds
took() {
	assertEquals "it took $(field .duration_us) us" true \
		"$(field ".duration_us >= $1 * 1000 and .duration_us <= $2 * 1000")"
}

setUp() {
	plan='' steps='' asserts='' over=''
}

testWaitAndExec() {
	steps='[{"wait_us": 100000},
		{"exec": {"service": "s", "argv": ["sh", "-c", "echo $X $PWD; echo oh >&2"],
		  "critical": true, "timeout": 30}},
		{"exec": {"argv": ["sh", "-c", "echo $PWD @{dir}"]}}]'
	exec_ "$(svc s '{"finite": false, "environment": {"X": "its own"}}' sleep 60)"
	assertEquals 'completed: null' "$(status)"
	assertEquals 'true true true' "$(oks)"
	assertEquals 'wait exec exec' "$(field '[.steps[].step] | join(" ")')"
	assertEquals true "$(field '.steps[0].duration_us >= 100000 and .steps[1].at_us >= 100000')"
	d=$(cd out/t && pwd)
	assertEquals "its own $d/s" "$(cat out/t/s/steps/2.stdout.log)"
	assertEquals oh "$(cat out/t/s/steps/2.stderr.log)"
	assertEquals "$d $d" "$(cat out/t/steps/3.stdout.log)"
	assertEquals 'each has its events' '3 3' \
		"$(echo "$err" | grep -c step.started) $(echo "$err" | grep -c step.ended)"
	took 100 20000 # without a client the steps are what the test waits for
}

testExecThatFails() {
	steps='[{"exec": {"service": "s", "argv": ["sh", "-c", "exit 3"], "critical": false}},
		{"exec": {"service": "s",
		  "argv": ["sh", "-c", "echo oh no >&2; exit 4"]}}, {"wait_us": 60000000}]'
	exec_ "$(server)"
	assertEquals "$(line 'failed: step 2 of 3 (exec): sh ended with exit code 4;' \
		'see s/steps/2.stderr.log; last log line: oh no')" "$(status)"
	assertEquals 'false false false' "$(oks)"
	assertEquals 'failed failed skipped' "$(field '[.steps[].state] | join(" ")')"
	assertEquals '2 1' \
		"$(echo "$err" | grep -c step.failed) $(echo "$err" | grep -c step.skipped)"
	took 0 20000
	steps='[{"exec": {"argv": ["sleep", "9"], "timeout": 1}}]'
	exec_ "$(server)"
	assertEquals 'failed: step 1 of 1 (exec): sleep took too long; see steps/1.stderr.log' \
		"$(status)"
	steps='[{"exec": {"argv": ["no-such-program"]}}]'
	exec_ "$(server)"
	assertEquals 'failed: step 1 of 1 (exec): no-such-program: not found' "$(status)"
}

testExecSeesTheNetworkOfTheTest() {
	need_namespaces || return
	need python3 python3 || return
	client='import socket
print(socket.create_connection(("127.0.0.1", 5001)).recv(9).decode())'
	steps=$(jq -cn --arg client "$client" '[{exec: {argv: ["python3", "-c", $client]}}]')
	exec_ "$(svc s '{"finite": false, "ready": [{"kind": "tcp", "port": 5001}]}' python3 -c \
		'import socket; s = socket.create_server(("127.0.0.1", 5001))
s.accept()[0].send(b"hello"); s.accept()')"
	assertEquals 'completed: null' "$(status)"
	assertEquals hello "$(cat out/t/steps/1.stdout.log)"
}

testSignals() {
	steps='[{"signal": {"service": "s", "signal": "HUP"}}, {"exec": {"service": "s",
		  "argv": ["sh", "-c", "until grep -q hup stdout.log; do sleep .02; done"]}},
		{"signal": {"service": "s", "signal": "KILL"}}, {"wait_us": 50000}]'
	exec_ "$(server)"
	assertEquals 'an end that was asked for is no crash' 'completed: null' "$(status)"
	assertEquals 'stopped KILL' "$(field '.services.s | "\(.reason) \(.signal)"')"
	assertEquals hup "$(tail -n 1 out/t/s/stdout.log)"
	steps='[{"signal": {"service": "s", "signal": "USR1"}}, {"wait_us": 60000000}]'
	exec_ "$(server)"
	assertEquals 'an exit code that was not asked for is' 'failed: s ended with exit code 3' \
		"$(status)"
	steps='[{"signal": {"service": "s", "signal": "TERM"}},
		{"wait_us": 1, "after": {"service": "s", "state": "stopped"}},
		{"signal": {"service": "s", "signal": "HUP"}}]'
	exec_ "$(server)"
	assertEquals 'failed: step 3 of 3 (signal): s does not run (exit code 0)' "$(status)"
}

testRestart() {
	steps='[{"wait_us": 50000}, {"restart": {"service": "s"}},
		{"exec": {"argv": ["cat", "s/up"]}}]'
	exec_ "$(svc s '{"finite": false, "ready": [{"kind": "file", "path": "up"}],
			"stop": {"grace_us": 15000000}}' \
		sh -c 'trap "exit 0" TERM; sleep .1; echo $$ >new; mv new up
			while :; do sleep .02; done')" \
		"$(svc c '{}' sleep .6)"
	assertEquals 'completed: null' "$(status)"
	assertEquals 'true true true' "$(oks)"
	assertEquals 'stopped 0' "$(field '.services.s.restarts[0] | "\(.reason) \(.code)"')"
	assertEquals 1 "$(field '.services.s.restarts | length')"
	assertEquals true \
		"$(field '
			.services.s |
				.pid != .restarts[0].pid and .started_us > .restarts[0].ended_us')"
	assertEquals 'it waits until the service is ready again' true \
		"$(field '.steps[1].duration_us > 100000')"
	assertNotEquals '' "$(cat out/t/steps/3.stdout.log)"
	assertEquals 2 "$(echo "$err" | grep -c '"service.initializing".*"service":"s"')"
	took 500 20000
}

# A child that takes its time to die has the port until then.
testRestartWaitsForTheChildren() {
	need python3 python3 || return
	steps='[{"wait_us": 500000}, {"restart": {"service": "s"}}]'
	# shellcheck disable=SC2016 # the shell of the service
	exec_ "$(svc s '{"finite": false, "ready": [{"kind": "udp", "port": 24445}]}' sh -c '
		[ ! -e lived ] || exec "$0" -i 127.0.0.1 -p 24445 -s 0
		: >lived; python3 -c "
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
x = b\"x\" * (400 << 20)
s.bind((\"127.0.0.1\", 24445))
time.sleep(60)" & wait' "$TOP/examples/minip/miniP_server")" "$(svc c '{}' sleep 1)"
	assertEquals 'completed: null' "$(status)"
	assertEquals 'true true' "$(oks)"
	assertEquals 1 "$(field '.services.s.restarts | length')"
}

# restart_policy, as the plan has it.
testRestartPolicy() {
	steps='[]'
	# Ends twice with an error, then well; no step asked for anything.
	flaky='echo life >>lives; [ "$(wc -l <lives)" -ge 3 ] || exit 9'
	exec1 "$(svc c '{"restart": "on-failure"}' sh -c "$flaky")"
	assertEquals 'completed: null' "$(status)"
	assertEquals '9 9 0' \
		"$(field '.services.c | "\(.restarts[0].code) \(.restarts[1].code) \(.code)"')"
	assertEquals '100000 200000' \
		"$(printf '%s\n' "$err" |
			sed -n 's/.*"service.restarting".*"pause_us":\([0-9]*\).*/\1/p' | xargs)"
	exec1 "$(svc c '{}' sh -c "$flaky")"
	assertEquals 'failed: c ended with exit code 9' "$(status)"
	# A server that dies while its client runs.
	exec1 "$(svc s '{"finite": false, "restart": "always",
			"ready": [{"kind": "file", "path": "up"}]}' \
		sh -c \
		'echo >up; echo life >>lives; [ "$(wc -l <lives)" -ge 2 ] || exit 0; sleep 60')" \
		"$(svc c '{}' sh -c 'until [ "$(wc -l <../s/lives)" -ge 2 ]; do sleep .02; done')"
	assertEquals 'completed: null' "$(status)"
	assertEquals 1 "$(field '.services.s.restarts | length')"
	# Its limit of time is no end of its own.
	exec1 "$(svc c '{"restart": "always", "timeout_us": 100000}' sleep 60)"
	assertEquals 'timeout: c was still running after its timeout' "$(status)"
	assertEquals null "$(field .services.c.restarts)"
}

testRestartOfWhatHasEndedOrIgnoresTerm() {
	steps='[{"restart": {"service": "c"}, "after": {"service": "c", "state": "stopped"}}]'
	exec_ "$(svc c '{"phases": {"post_run": [{"argv": ["sh", "-c", "echo post >>post"]}]}}' \
		sh -c 'echo life >>lives')"
	assertEquals 'completed: null' "$(status)"
	assertEquals 2 "$(wc -l <out/t/c/lives)"
	assertEquals 2 "$(wc -l <out/t/c/post)"
	# One that is ready when it has been started.
	steps='[{"signal": {"service": "s", "signal": "KILL"}},
		{"restart": {"service": "s"}, "after": {"service": "s", "state": "stopped"}}]'
	exec_ "$(svc s '{"finite": false}' sleep 60)"
	assertEquals 'completed: null' "$(status)"
	assertEquals 'to start it takes its time' true "$(field '.steps[1].duration_us > 0')"
	steps='[{"restart": {"service": "s"}}]'
	exec_ "$(svc s '{"finite": false, "ready": [{"kind": "log", "matches": "^up"}]}' \
		sh -c 'trap "" TERM; sleep .1; echo up; sleep 60 & wait; sleep 60')"
	assertEquals 'completed: null' "$(status)"
	assertEquals 'true KILL' "$(field '.services.s.restarts[0] | "\(.killed) \(.signal)"')"
	assertEquals 'the old line does not make it ready' true \
		"$(field '.steps[0].duration_us > 400000')"
}

testRestartThatDoesNotComeUp() {
	# not before its first life has left its mark
	steps='[{"exec": {"service": "s",
			"argv": ["sh", "-c",
			  "until [ -s n ]; do sleep .02; done"]}}, {"restart": {"service": "s"}}]'
	exec_ "$(svc s '{"finite": false}' \
		sh -c \
		'echo x >>n; [ $(wc -l <n) = 1 ] || { echo no more >&2; exit 5; }; sleep 60')" \
		"$(svc c '{}' sleep 60)"
	assertMatch "$(status)" 's ended with exit code 5'
	took 0 20000
	exec_ "$(svc s '{"finite": false,
			"ready": [{"kind": "file", "path": "up", "timeout_us": 5000000}]}' \
		sh -c 'echo x >>n; [ $(wc -l <n) != 1 ] || : >up; sleep 60')" \
		"$(svc c '{}' sleep 60)"
	assertMatch "$(status)" 'error: s: did not make the file up within 5.00 s'
	assertEquals 'the second did not' 2 "$(wc -l <out/t/s/n)"
}

testPauseAndResume() {
	steps='[{"pause": {"service": "s"}}, {"wait_us": 100000},
		{"exec": {"service": "s",
		  "argv": ["sh", "-c", "wc -c <n >was; sleep .2; wc -c <n >is; cmp was is"]}},
		{"resume": {"service": "s"}}, {"wait_us": 200000}, {"exec": {"service": "s",
		  "argv": ["sh", "-c",
		  "while wc -c <n >is; cmp -s was is; do sleep .02; done"]}}]'
	# the counter is in a process group of its own; without a terminal set -m makes none
	exec_ "$(svc s '{"finite": false, "ready": [{"kind": "file", "path": "n"}]}' \
		sh -c 'perl -e "setpgrp(0, 0); exec @ARGV" sh -c "while :; do printf x >>n
			sleep .01; done" & wait')"
	assertEquals 'completed: null' "$(status)"
	assertEquals 'true true true true true true' "$(oks)"
	steps='[{"pause": {"service": "s"}}]'
	exec_ "$(server)" "$(svc c '{}' sleep .2)"
	assertEquals 'a frozen service can be stopped' 'completed: null bye' \
		"$(status) $(tail -n 1 out/t/s/stdout.log)"
	assertEquals false "$(field .services.s.killed)"
}

testTimesAndCauses() {
	steps='[{"exec": {"argv": ["true"]}, "at_us": 200000},
		{"exec": {"service": "c", "argv": ["touch", "go"]}, "at_us": 100000},
		{"exec": {"argv": ["true"]}, "after": {"service": "c", "state": "completed"}}]'
	exec_ "$(server)" "$(svc c '{}' sh -c 'until [ -e go ]; do sleep .02; done; sleep .2')"
	assertEquals 'completed: null' "$(status)"
	assertEquals 'in the order of the list' true \
		"$(field '
			.steps |
				.[0].at_us >= 200000 and .[1].at_us >= .[0].at_us and
				.[2].at_us >= .[1].at_us + 200000')"
	steps='[{"wait_us": 1, "after": {"service": "c", "state": "completed"}}]'
	exec_ "$(server)" "$(svc c '{}' sh -c 'sleep .1; exit 2')"
	assertEquals 'failed: c ended with exit code 2' "$(status)"
	assertEquals 'c will not be completed any more (exit code 2)' "$(field '.steps[0].text')"
}

testTheRunWaitsForItsSteps() {
	steps='[{"wait_us": 400000}]'
	exec_ "$(server)" "$(svc c '{}' true)"
	assertEquals 'completed: null' "$(status)"
	took 400 20000
	plan='{"wait_us": 3000000}' steps='[{"wait_us": 100000}, {"wait_us": 60000000}]'
	exec_ "$(server)" "$(svc c '{}' true)"
	assertEquals 'timeout: step 2 of 2 (wait) had not ended when steps.wait had passed' \
		"$(status)"
	took 3000 20000
	plan='{"timeout_us": 4000000}'
	exec_ "$(server)" "$(svc c '{}' true)"
	assertEquals "timeout: the test's timeout passed before step 2 of 2 (wait) had ended" \
		"$(status)"
	steps='[{"wait_us": 0, "after": {"service": "s", "state": "stopped"}}]'
	exec_ "$(server)" "$(svc c '{}' true)"
	assertEquals "timeout: the test's timeout passed before step 1 of 1 (wait) had ended" \
		"$(status)"
	assertEquals 'the run was over before s was stopped' "$(field '.steps[0].text')"
	plan='' steps='[{"wait_us": 60000000}]'
	exec_ "$(svc s '{"finite": false}' sh -c 'sleep .1; kill -SEGV $$')" "$(svc c '{}' true)"
	assertEquals 'a crash ends it' 'crashed: s died of signal SEGV' "$(status)"
	took 0 20000
}

testWhatIsNotSupported() {
	steps='[{"link": {"between": ["s", "c"], "latency": "10ms"}}]'
	exec_ "$(svc s '{}' sh -c ': >ran')"
	assertEquals 'unsupported: steps: link: the test has no links' "$(status)"
	steps='' over='{"links": [{"latency": "10ms"}]}'
	exec_ "$(svc s '{}' sh -c ': >ran')"
	assertEquals "$(line unsupported: links: only environments of type localhost, link and \
		docker_compose can have them)" "$(status)"
	assertFalse 'nothing has run' '[ -e out/t/s/ran ]'
	over='' steps='[{"dance": {}}]'
	exec_ "$(svc s '{}' true)"
	assertEquals 'error: step 1: no known action' "$(status)"
	steps='[{"pause": {"service": "nobody"}}]'
	exec_ "$(svc s '{}' true)"
	assertEquals 'error: step 1: pause: no service "nobody" in this test' "$(status)"
}

testCommandsBeforeAndAfter() {
	over='{"steps": {"pre_commands": [["sh", "-c", "echo pre >>order; echo hello"]],
			"post_commands": [["sh", "-c", "cat a/order >>order; echo post >>order"],
			  ["sh", "-c", "echo last >>order"]]}}'
	exec_ "$(svc a \
		'{"phases": {"pre_compile": [{"argv": ["sh", "-c", "echo phase >>order"]}],
				"post_run": [{"argv": ["sh", "-c",
				  "echo post_run >>order"]}]}}' \
		sh -c 'echo run >>order')"
	assertEquals 'completed: null' "$(status)"
	assertEquals 'pre phase run post_run post last' "$(xargs <out/t/order)"
	assertEquals hello "$(cat out/t/pre_commands/phases/pre_run.stdout.log)"
	assertEquals '1 2' "$(field '"\(.pre_commands | length) \(.post_commands | length)"')"
	over='{"steps": {"pre_commands": [["sh", "-c", "exit 9"]],
			"post_commands": [["sh", "-c", ": >tidied"]]}}'
	exec_ "$(svc a '{}' sh -c ': >ran')"
	assertMatch "$(status)" '^error: pre_commands: sh ended with exit code 9'
	assertFalse 'the service has not run' '[ -e out/t/a/ran ]'
	assertTrue 'what is after is done all the same' '[ -e out/t/tidied ]'
	over='{"steps": {"post_commands": [["false"], ["sh", "-c", ": >tidied"]]}}'
	exec_ "$(svc a '{}' true)"
	assertMatch "$(status)" "$(line '^failed: post_commands: false ended with exit code 1;' \
		'see post_commands/phases/pre_run.stderr.log')"
	assertTrue 'each gets its turn' '[ -e out/t/tidied ]'
}

testAssertionsAtTheEnd() {
	asserts='[{"type": "service_running", "service": "s"},
		{"type": "service_responsive", "service": "s"},
		{"type": "output_contains", "service": "s", "text": "a.b (c)"},
		{"type": "output_contains", "service": "s", "pattern": "^er+or$"},
		{"type": "file_exists", "service": "s", "file": "made"},
		{"type": "exit_code", "service": "c", "code": [1, 7]},
		{"type": "exit_code", "service": "s", "code": 0},
		{"type": "service_running", "service": "c"}]'
	exec_ "$(svc s "$up_ready" \
		sh -c "echo 'a.b (c)'; echo error >&2; : >made; $forever")" \
		"$(svc c '{}' sh -c 'sleep .1; exit 7')"
	assertEquals "$(texts)" 'true true true true true true true false' "$(held)"
	assertEquals 'failed: c ended with exit code 7' "$(status)"
	assertEquals 'is not running: exit code 7' "$(field '.assertions[7].text')"
	assertEquals '7 1' \
		"$(echo "$err" | grep -c assertion.passed) $(echo "$err" |
			grep -c assertion.failed)"
	asserts='[{"type": "output_contains", "service": "s", "text": "aXb"},
		{"type": "file_exists", "service": "s", "file": "nosuch"},
		{"type": "exit_code", "service": "s", "code": 1},
		{"type": "port_open", "service": "s", "port": 5009},
		{"type": "port_open", "port": 5009, "transport": "udp"}]'
	exec_ "$(svc s "$up_ready" \
		sh -c "echo a.b; $forever")" "$(svc c '{}' sleep .1)"
	assertEquals 'false false false false false' "$(held)"
	assertEquals 'failed: output_contains s: "aXb" is not in its output' "$(status)"
	assertEquals 'exit code 0, wanted: 1|TCP port 5009 is not open|UDP port 5009 is not open' \
		"$(field '[.assertions[2:][].text] | join("|")')"
}

testAssertionsWithATimeout() {
	asserts='[{"type": "output_contains", "service": "s", "text": "ready at last",
			"timeout": 30},
		{"type": "file_exists", "service": "s", "file": "late", "timeout": 30}]'
	exec_ "$(svc s '{"finite": false}' \
		sh -c 'sleep .3; echo ready at last; : >late; sleep 60')" "$(svc c '{}' true)"
	assertEquals 'completed: null' "$(status)"
	assertEquals 'true true' "$(held)"
	took 300 20000
	asserts='[{"type": "output_contains", "service": "s", "text": "never", "timeout": 1},
		{"type": "exit_code", "service": "s", "timeout": 1}]'
	exec_ "$(server)" "$(svc c '{}' true)"
	assertEquals 'failed: output_contains s: "never" is not in its output' "$(status)"
	assertEquals 'still running, wanted: 0' "$(field '.assertions[1].text')"
	took 1000 20000
	asserts='[{"type": "output_contains", "service": "c", "text": "never", "timeout": 60}]'
	exec_ "$(server)" "$(svc c '{}' true)"
	assertEquals 'what has ended writes no more' 'false' "$(held)"
	took 0 20000
	asserts='[{"type": "service_running", "service": "s"}]'
	exec_ "$(svc s '{"finite": false}' sh -c 'sleep .1; kill -SEGV $$')" \
		"$(svc c '{}' sleep 60)"
	assertEquals 'crashed: s died of signal SEGV' "$(status)"
	assertEquals 'not looked at: the run did not get so far' "$(texts)"
}

# What could not be looked at neither holds nor fails.
testAssertionsThatCannotBeTold() {
	for file in none pipe dir out; do
		asserts="[{\"type\": \"output_contains\", \"service\": \"s\", \"file\": \"$file\",
			\"text\": \"x\"}, {\"type\": \"service_running\", \"service\": \"s\"}]"
		rm -rf out
		exec_ "$(svc s '{"finite": false, "ready": [{"kind": "log", "matches": "^up"}]}' \
			sh -c "mkfifo pipe; mkdir dir; ln -s /etc/passwd out; $forever")" \
			"$(svc c '{}' sleep .1)"
		assertMatch "$file: $(status)" \
			"^$file: error: output_contains s: \"x\": cannot be told: $file: "
		assertEquals "$file" 'test_framework [true,null] false true' \
			"$(field '"\(.category) \([.assertions[].unknown] | tojson)"') $(held)"
		assertMatch "$file: $err" '"assertion.unknown"'
	done
	asserts='[{"type": "file_exists", "service": "s", "file": "link/x"}]'
	exec_ "$(svc s '{"finite": false, "ready": [{"kind": "log", "matches": "^up"}]}' \
		sh -c "ln -s /etc link; $forever")" "$(svc c '{}' sleep .1)"
	assertMatch "$(status)" '^error: file_exists s: link/x: cannot be told: '
	# One that certainly does not hold is enough; so is another fault of the test.
	asserts='[{"type": "output_contains", "service": "s", "file": "none", "text": "x"},
		{"type": "file_exists", "service": "s", "file": "none"}]'
	exec_ "$(server)" "$(svc c '{}' sleep .1)"
	assertEquals 'failed: file_exists s: none does not exist' "$(status)"
	asserts='[{"type": "output_contains", "service": "s", "file": "none", "text": "x"}]'
	exec_ "$(server)" "$(svc c '{}' sh -c 'exit 7')"
	assertEquals 'failed: c ended with exit code 7' "$(status)"
	assertEquals '[true]' "$(field '[.assertions[].unknown] | tojson')"
	# The verdict is an error that nobody can have expected, and the other rules are judged.
	over='{"expect": {"status": "error", "exit": {"c": 0}}}'
	exec_ "$(server)" "$(svc c '{}' sleep .1)"
	assertMatch "$(status)" '^error: '
	pth-collect <records >collected 2>/dev/null
	assertEquals 'error false ["exit c","output_contains s","exit s"]' "$(jq -r '
		select(.verdict).verdict |
		"\(.status) \(.ok) \([.rules[].rule] | tojson)"' collected)"
	over='{"plan": {"timeout_us": 300000}}'
	asserts='[{"type": "service_running", "service": "s"}]'
	exec_ "$(server)" "$(svc c '{}' sleep 60)"
	assertMatch "$(status)" '^timeout: '
}

web() { # status lines or what else the server answers, one per connection
	svc s '{"finite": false, "port": 8080, "transport": "tcp", "address": "127.0.0.1",
			"ready": [{"kind": "tcp", "port": 8080}]}' \
		python3 -c '
import socket, sys, time
s = socket.create_server(("127.0.0.1", 8080))
answers = [a.encode().decode("unicode_escape").encode("latin-1") for a in sys.argv[1:]]
while True:
    c = s.accept()[0]
    print(c.recv(999).decode().split("\r\n")[0], flush=True)
    a = answers.pop(0) if len(answers) > 1 else answers[0]
    if a == b"hang":
        time.sleep(60)
    try:
        for i in range(len(a)):
            c.send(a[i:i + 1])
    except OSError: # whoever has seen enough may close
        pass
    c.close()' "$@"
}

testHttp() {
	need_namespaces || return
	need python3 python3 || return
	asserts='[{"type": "service_responsive", "service": "s", "endpoint": "8080/health",
			"expected_status": 200}]'
	exec_ "$(web 'HTTP/1.1 200 OK\r\n\r\n')" "$(svc c '{}' true)"
	assertEquals 'completed: null' "$(status)"
	assertEquals 'GET /health at port 8080: status 200' "$(texts)"
	assertEquals 'GET /health HTTP/1.1' "$(cat out/t/s/stdout.log)"
	exec_ "$(web 'HTTP/1.1 503 Busy\r\n\r\n')" "$(svc c '{}' true)"
	assertEquals 'failed: service_responsive s: GET /health at port 8080: status 503, not 200' \
		"$(status)"
	exec_ "$(web 'SSH-2.0-x\r\n')" "$(svc c '{}' true)"
	assertMatch "$(status)" 'the answer is not HTTP'
	exec_ "$(web 'HTTP/1.1 2')" "$(svc c '{}' true)"
	assertMatch "$(status)" 'the answer ended early'
	asserts='[{"type": "service_responsive", "service": "s", "endpoint": "8080/health",
			"timeout": 30}]'
	exec_ "$(web 'HTTP/1.1 503 Busy\r\n\r\n' '' 'HTTP/1.0 204\n\n')" "$(svc c '{}' true)"
	assertEquals 'it is asked again' 'completed: null' "$(status)"
	assertEquals 3 "$(wc -l <out/t/s/stdout.log)"
	asserts='[{"type": "service_responsive", "service": "s", "endpoint": "/", "timeout": 1},
		{"type": "service_responsive", "service": "s", "endpoint": "8081", "timeout": 1}]'
	exec_ "$(web hang)" "$(svc c '{}' true)"
	assertEquals "$(line 'GET / at port 8080: no answer in time|GET / at port 8081: connect:' \
		'Connection refused')" "$(texts)"
	took 1000 20000
}

testResponsiveLooksAtThePort() {
	need_namespaces || return
	need python3 python3 || return
	asserts='[{"type": "service_responsive", "service": "s"},
		{"type": "port_open", "service": "s", "port": 5001}]'
	after='{"after": [{"service": "s", "state": "ready"}]}'
	listen='import os, socket, time; s = socket.create_server(("127.0.0.1", 5001))
while not os.path.exists("../c/go"): time.sleep(.02)
s.close(); time.sleep(60)'
	exec_ "$(svc s '{"finite": false, "ready": [{"kind": "tcp", "port": 5001}]}' \
		python3 -c "$listen")" "$(svc c "$after" sleep .5)"
	assertEquals 'completed: null true true' "$(status) $(held)"
	exec_ "$(svc s '{"finite": false, "ready": [{"kind": "tcp", "port": 5001}]}' \
		python3 -c "$listen")" "$(svc c "$after" sh -c ': >go; sleep 5')"
	assertEquals \
		'failed: service_responsive s: is running, but TCP port 5001 is not listened on' \
		"$(status)"
	asserts=''
	over='{"network_environment": {"failure_threshold_count": 2,
			"monitoring_interval_seconds": 1}}'
	exec_ "$(svc s '{"finite": false, "ready": [{"kind": "tcp", "port": 5001}]}' \
		python3 -c "$listen")" "$(svc c "$after" sh -c ': >go; sleep 15')"
	assertEquals 'error: s: does not listen on TCP port 5001 any more' "$(status)"
	assertEquals lost "$(field .services.s.reason)"
}

testWrongAssertionsAreErrors() {
	for a in '{"type": "is_nice", "service": "s"}' \
		'{"type": "service_running", "service": "nobody"}' '{"type": "exit_code"}' \
		'{"type": "output_contains", "service": "s"}' \
		'{"type": "output_contains", "service": "s", "pattern": "("}' \
		'{"type": "port_open"}' \
		'{"type": "service_responsive", "service": "s", "endpoint": "99999/x"}' \
		'{"type": "file_exists", "file": "../plan.jsonl"}' \
		'{"type": "file_exists", "service": "s", "file": "/etc/passwd"}' '{}'; do
		asserts="[$a]"
		exec_ "$(svc s '{}' sh -c ': >ran')"
		assertMatch "$(status)" '^error: assertion 1: '
		assertFalse "$a: nothing has run" '[ -e out/t/s/ran ]'
	done
}

testServicesThatAreNotCritical() {
	for end in 'exit 3' 'kill -SEGV $$'; do
		steps='[{"wait_us": 1, "after": {"service": "s", "state": "stopped"}}]'
		exec_ "$(svc s '{"finite": false, "critical": false}' sh -c "sleep .1; $end")" \
			"$(svc c '{}' sleep 1)"
		steps=''
		assertEquals 'completed: null ["s"]' "$(status) $(field '.degraded | tojson')"
		took 1000 20000
	done
	assertMatch "$err" test.degraded
	exec_ "$(svc s '{"critical": false}' no-such-program)" "$(svc c '{}' true)"
	assertEquals 'completed: null ["s"]' "$(status) $(field '.degraded | tojson')"
	plan='{"environment": {"parameters": {"allow_partial_deployment": false}}}'
	exec_ "$(svc s '{"critical": false}' no-such-program)" "$(svc c '{}' sleep 60)"
	assertMatch "$(status)" '^error: s: .*not found'
	over='{"services": {"s": {"critical": false}}}'
	exec_ "$(svc s '{}' no-such-program)" "$(svc c '{}' true)"
	assertEquals 'completed: null ["s"]' "$(status) $(field '.degraded | tojson')"
	plan='' over=''
	exec_ "$(svc s '{"critical": false}' no-such-program)" \
		"$(svc c '{"after": [{"service": "s", "state": "ready"}]}' true)"
	assertMatch "$(status)" '^error: c: not started, for it waited for s \(.*not found\)'
	took 0 20000
}

testDeployTimeout() {
	plan='{"environment": {"deploy_timeout_us": 200000}}'
	exec_ "$(svc s '{"finite": false, "ready": [{"kind": "file", "path": "never"}]}' sleep 60)"
	assertEquals 'timeout: s was not ready when deploy_timeout had passed' "$(status)"
	took 200 20000
	plan='{"environment": {"deploy_timeout_us": 200000}, "setup": [{"argv": ["sleep", "60"]}]}'
	exec_ "$(svc s '{}' true)"
	assertEquals 'timeout: setup: deploy_timeout has passed' "$(status)"
	plan='' over='{"network_environment": {"deploy_timeout": 1}}'
	exec_ "$(svc s '{"finite": false, "ready": [{"kind": "file", "path": "never"}]}' sleep 60)"
	assertEquals 'timeout: s was not ready when deploy_timeout had passed' "$(status)"
	took 1000 20000
	over=''
	plan='{"environment": {"teardown_timeout_us": 200000},
		"teardown": [{"argv": ["sleep", "60"]}]}'
	exec_ "$(svc s '{}' true)"
	assertEquals 'error: teardown: it took too long' "$(status)"
	took 200 20000
}

testStatesOfAfter() {
	for state in started running ready; do
		exec_ "$(svc s '{"finite": false}' sleep 60)" \
			"$(svc c "{\"after\": [{\"service\": \"s\", \"state\": \"$state\"}]}" true)"
		assertEquals "$state" 'completed: null' "$(status)"
	done
	exec_ "$(svc s '{"finite": false, "ready": [{"kind": "file", "path": "up"}]}' \
		sh -c 'until [ -e ../c/go ]; do sleep .02; done; : >up; sleep 60')" \
		"$(svc c '{"after": [{"service": "s", "state": "started"}]}' sh -c ': >go')"
	assertEquals 'started is before ready' true \
		"$(field '.services | .c.started_us < .s.ready_us')"
	for state in completed stopped; do
		exec_ "$(svc s '{}' sleep .2)" \
			"$(svc c "{\"after\": [{\"service\": \"s\", \"state\": \"$state\"}]}" true)"
		assertEquals "$state" 'completed: null true' \
			"$(status) $(field '.services.c.started_us >= 200000')"
	done
	exec_ "$(svc s '{}' sh -c 'exit 2')" \
		"$(svc c '{"after": [{"service": "s", "state": "stopped"}]}' true)"
	assertEquals 'failed 0' "$(field '"\(.status) \(.services.c.code)"')"
	exec_ "$(svc s '{}' sh -c 'exit 2')" \
		"$(svc c '{"after": [{"service": "s", "state": "completed"}]}' true)"
	assertEquals 'failed: s ended with exit code 2' "$(status)"
	assertEquals 'not started' "$(field .services.c.reason)"
	took 0 20000
}

# The example, as the manual says; each of its tests passes because of its steps.
testExample() {
	need tshark tshark && need_namespaces || return
	pth-parse "$TOP/examples/steps.yaml" | pth-plan | pth-exec -o example |
		pth-collect 2>/dev/null >judged
	assertEquals "$(jq -c 'select(.verdict) | .verdict' judged)" \
		'passed true passed true passed true' \
		"$(jq -r 'select(.verdict).verdict | .status, .ok' judged | xargs)"
	assertEquals '2 4 3' \
		"$(jq -r 'select(.id) | [.result.steps[] | select(.ok)] | length' judged | xargs)"
	assertEquals true \
		"$(jq '
			select(.index == 1).result |
				.duration_us < 20000000 and
				(.services.client.restarts | length == 1)' judged)"
	sed 's/- restart: server/- wait: 2ms/
		s/exec: {service: server, argv/exec: {service: server, critical: false, argv/
		s/echo still/exit 9; echo/' \
		"$TOP/examples/steps.yaml" >broken.yaml
	pth-parse broken.yaml | pth-plan | pth-exec -o broken | pth-collect 2>/dev/null >judged
	assertEquals 'passed failed failed' \
		"$(jq -r 'select(.verdict).verdict.status' judged | xargs)"
}

# Every transition of a test is an event, in order.
testEventsOfATest() {
	asserts='[{"type": "service_running", "service": "s"}]'
	exec_ "$(server)" "$(svc c '{}' true)"
	assertEquals 'started setting_up deploying running asserting stopping tearing_down ended' \
		"$(jq -r .event out/events.jsonl | sed -n 's/^test\.//p' | xargs)"
	assertEquals 'setting_up ready tearing_down torn_down' \
		"$(jq -r .event out/events.jsonl | sed -n 's/^environment\.//p' | grep -v degraded |
			xargs)"
}

testInterruptWhileStepsRun() {
	steps='[{"exec": {"service": "s",
			"argv": ["sh", "-c", "setsid sleep '$nap' & sleep '$nap'"]}},
		{"wait_us": 1}]'
	printf '%s\n' "$(server)" |
		jq -cs --argjson steps "$steps" '
			{pth: 1, type: "test", run: "hand", id: "t", name: "t",
		steps: {actions: $steps,
		  post_commands: [["sh", "-c",
		    ": >tidied"]]}, plan: {environment: {type: "localhost"},
		  services: map(.[0] * .[1])}}' >plan
	echo '{"pth":1,"type":"end","tests":1}' >>plan
	pth-exec -j 1 -o out plan >records 2>err &
	pid=$!
	assertSoon 20 grep -q step.started err
	kill -INT $pid
	wait $pid
	assertEquals 130 $?
	assertEquals 'interrupted failed skipped' \
		"$(jq -r 'select(.id).result | .status, .steps[].state' records | xargs)"
	assertTrue 'post_commands have run' '[ -e out/t/tidied ]'
	assertSoon 20 none_asleep
}

# boxed JSON: the service s of `server` below a pth-init of its own, as in a
# container; JSON is merged over it. Its steps and looks are asked for inside.
boxed() {
	rm -rf out
	inside=$(server |
		jq -c --arg dir "$PWD/out/t" --argjson over "$1" '
			{pth: 1, dir: $dir, service: "s", ask: ".ask", user: {}, plan: {
		environment: {type: "localhost",
		  isolation: "none"}, capture: null, announce: "s/.ready", order: ["s"],
		  services: [.[0] * .[1] * $over]}}')
	svc s "$(jq -n --arg inside "$inside" '
			{finite: false, ready: [{kind: "file", path: ".ready"}],
			  stop: {grace_us: 5000000},
		files: [{path: "inside.json", text: $inside}], inner: {file: "inner.json",
		  ask: ".ask"}}')" \
		unshare --pid --fork --mount-proc env PTH_HOLD=9 @{bin}/pth-init inside.json
}

testStepsInside() {
	{ need_root && need_namespaces && need_proc; } || return
	over='{"plan": {"environment": {"isolation": "none"}}}'
	steps='[{"exec": {"service": "s", "argv": ["sh", "-c", "echo $PWD; exit 3"],
			"critical": false}}, {"pause": {"service": "s"}},
		{"resume": {"service": "s"}},
		{"restart": {"service": "s"}}, {"signal": {"service": "s", "signal": "KILL"}},
		{"restart": {"service": "s"}, "after": {"service": "s", "state": "stopped"}}]'
	asserts='[{"type": "service_running", "service": "s", "timeout": 30},
		{"type": "port_open", "service": "s", "port": 5001}]'
	exec_ "$(boxed "{}")"
	assertEquals 'failed: port_open s: TCP port 5001 is not open' "$(status)"
	assertEquals 'false true true true true true' "$(oks)"
	assertEquals 'sh ended with exit code 3; see s/steps/1.stderr.log' \
		"$(field '.steps[0].text')"
	assertEquals "$PWD/out/t/s" "$(cat out/t/s/steps/1.stdout.log)"
	assertEquals 'true false' "$(held)"
	assertEquals 3 "$(grep -c ^up out/t/s/stdout.log)"
	# Whatever a service puts in the place of the socket, nobody else is asked.
	steps='[{"exec": {"service": "s", "argv": ["sh", "-c", "rm .ask; ln -s /run/x .ask"]}},
		{"signal": {"service": "s", "signal": "HUP"}}]'
	exec_ "$(boxed '{}')"
	assertEquals "$(line 'failed: step 2 of 2 (signal): its container cannot be asked:' \
		'there is no socket .ask')" "$(status)"
	# The run is over in the middle of a step: what it runs ends, too.
	steps='[{"exec": {"service": "s", "argv": ["sleep", "'"$nap"'"]}}]'
	over='{"steps": {"wait": 1}, "plan": {"wait_us": 300000,
			"environment": {"isolation": "none"}}}'
	exec_ "$(boxed '{}')"
	assertEquals 'timeout: step 1 of 1 (exec) had not ended when steps.wait had passed' \
		"$(status)"
	assertTrue 'what the step ran is left' none_asleep
	# It dies over a step.
	steps='[{"exec": {"service": "s",
			"argv": ["sh", "-c",
			  "read -r up pid <stdout.log; kill -SEGV $pid; sleep 9"]}}]'
	over='{"plan": {"environment": {"isolation": "none"}}}'
	exec_ "$(boxed '{}')"
	assertEquals 'crashed: s died of signal SEGV' "$(status | sed 's/ (core.*//')"
}

testOrdinaryUser() {
	need_user || return
	steps='[{"pause": {"service": "s"}}, {"resume": {"service": "s"}},
		{"restart": {"service": "s"}}, {"exec": {"service": "s", "argv": ["true"]}}]'
	exec_ "$(server)" # makes the plan
	mkdir -m 777 user
	chmod 711 "$PTH_TMP"
	run as_user pth-exec -o "$PTH_TMP/user/out" <plan
	out=$(jq_out -c 'select(.type == "test").result')
	assertEquals 'completed: null' "$(status)"
	assertEquals 'true true true true' "$(oks)"
}

. shunit2
