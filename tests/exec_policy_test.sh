#!/bin/sh
# pth-exec: what is tried again, what stops a run, what a resumed run keeps.
# shellcheck disable=SC1083,SC2016,SC2154 # $out and $err come from run
. "$TOP/tests/lib.sh"

# one ID JSON ARGV...: a test of one service; JSON is merged over the record.
one() {
	over=$(jq -cn --argjson over "$2" '{settings: {fast_fail: {enabled: true}}} * $over')
	id=$1
	shift 2
	rec "$id" "$(svc a '{"role": "client"}' "$@")"
}

# four ENABLED-JSON FIRST-ARGV...: four tests, the first ones as given, one job.
four() {
	set_=$1
	shift
	{ one 1-t "{\"settings\": {\"fast_fail\": $set_}}" "$@"
	  for i in 2 3 4; do one $i-t "{\"settings\": {\"fast_fail\": $set_}}" true; done
	  end 4; } >in
	run pth-exec -j 1 -o out in
	assertCode 0
}

setUp() {
	rm -rf out in out2
}

testRetries() {
	{ one 1-t '{"retries": 3}' sh -c 'echo x >>../../../count; [ "$(wc -l <../../../count)" -ge 2 ]'
	  one 2-t '{"retries": 1}' false
	  one 3-t '{}' false
	  one 4-t '{"retries": 2}' no-such-program
	  one 5-t '{"retries": 2, "expect": {"status": "failed"}}' false; end 5; } >in
	: >count
	run pth-exec -j 2 -o out in
	assertCode 0
	assertEquals 'completed failed failed error failed' "$(statuses)"
	assertEquals '2 2 1 1 1' "$(printf '%s\n' "$out" | jq -r 'select(.id).result.attempt' | xargs)"
	assertEquals 'failed tries/1-t-1' "$(printf '%s\n' "$out" | jq -r 'select(.id == "1-t").result.tries[0] | "\(.status) \(.dir)"')"
	assertTrue 'the first try is kept' '[ -e out/tries/1-t-1/a/stdout.log ]'
	assertEquals 2 "$(printf '%s\n' "$err" | grep -c test.retried)"
}

testFailFastCounts() {
	{ for i in 1 2 3 4; do one $i-t '{}' false; done; end 4; } >in
	run pth-exec -j 1 --fail-fast 2 -o out in
	assertEquals 'failed failed skipped skipped' "$(statuses)"
	assertEquals 'true test_execution' "$(printf '%s\n' "$out" | jq -r 'select(.id == "2-t").result.fast_fail | "\(.triggered) \(.category)"')"
	assertMatch "$err" run.failing_fast
	run pth-exec -j 1 -o out in
	assertEquals 'failed failed failed failed' "$(statuses)"
}

testSwitchesOfCategories() {
	# critical: stops unless its switch is false
	cert='{"plan": {"setup": [{"argv": ["sh", "-c", "exit 1"], "category": "certificate"}]}}'
	for set_ in '{}' '{"certificate_failures": false}' '{"enabled": false}'; do
		{ one 1-t "$cert" true | jq -c --argjson s "$set_" '.settings.fast_fail += $s'
		  one 2-t '{}' true; end 2; } >in
		run pth-exec -j 1 -o out in
		case $set_ in '{}') want='error skipped' ;; *) want='error completed' ;; esac
		assertEquals "$set_" "$want" "$(statuses)"
	done
	# high: stops when its switch is true, and critical_only is not
	start='sh -c "exit 3"'
	late='{"plan": {"services": [{"name": "a", "ready": [{"kind": "udp", "port": 9}], "phases": {"run": {"argv": ["false"]}}}]}}'
	for set_ in '{"service_start_failures": true}' '{"service_start_failures": false}' \
		'{"service_start_failures": true, "critical_only": true}' '{}'; do
		{ one 1-t "$late" false | jq -c --argjson s "$set_" '.settings.fast_fail += $s'
		  one 2-t '{}' true; end 2; } >in
		run pth-exec -j 1 -o out in
		case $set_ in '{"service_start_failures": true}') want='error skipped' ;; *) want='error completed' ;; esac
		assertEquals "$start $set_" "$want" "$(statuses)"
	done
	# errors of earlier stages count too
	for set_ in plugin_load_failures configuration_failures; do
		{ one 1-t "{\"error\": {\"stage\": \"plan\", \"message\": \"unknown plugin x\"}, \"settings\": {\"fast_fail\": {\"$set_\": true}}}" true
		  one 2-t '{}' true; end 2; } >in
		run pth-exec -j 1 -o out in
		case $set_ in plugin*) want='error skipped' ;; *) want='error completed' ;; esac
		assertEquals "$set_" "$want" "$(statuses)"
	done
}

testCascades() {
	sleepy='{"plan": {"timeout_us": 60000}, "settings": {"fast_fail": {"timeout_cascades": true, "timeout_cascade_threshold": 2}}}'
	{ for i in 1 2 3; do one $i-t "$sleepy" sleep 9; done; end 3; } >in
	run pth-exec -j 1 -o out in
	assertEquals 'timeout timeout skipped' "$(statuses)"
	assertMatch "$err" 'cascade: 2 failures of the category timeout'
	{ for i in 1 2 3; do one $i-t '{"plan": {"timeout_us": 60000}}' sleep 9; done; end 3; } >in
	run pth-exec -j 1 -o out in
	assertEquals 'timeout timeout timeout' "$(statuses)"
	four '{"max_errors_before_fail": 1}' false
	assertEquals 'failed skipped skipped skipped' "$(statuses)"
}

testTestLevel() {
	for own in true false; do
		{ one 1-t "{\"fast_fail_enabled\": $own, \"settings\": {\"fast_fail\": {\"test_level\": true, \"max_errors_before_fail\": 1}}}" false
		  one 2-t '{}' true; end 2; } >in
		run pth-exec -j 1 -o out in
		case $own in true) want='failed skipped' ;; *) want='failed completed' ;; esac
		assertEquals "$own" "$want" "$(statuses)"
	done
	{ one 1-t '{"continue_on_failure": true, "settings": {"fast_fail": {"max_errors_before_fail": 1}}}' false
	  one 2-t '{}' true; end 2; } >in
	run pth-exec -j 1 -o out in
	assertEquals 'failed completed' "$(statuses)"
	{ one 1-t '{"settings": {"fast_fail": {"disk_space_threshold_gb": 1000000000}}}' true; end 1; } >in
	run pth-exec -o out in
	assertEquals skipped "$(statuses)"
	assertMatch "$err" 'disk_space_threshold_gb'
}

testSkipAndUnordered() {
	{ one 1-t '{}' sleep 0.4; one 2-t '{}' true; one 3-t '{}' true; end 3; } >in
	run pth-exec -j 2 --unordered --skip '3-*' -o out in
	assertCode 0
	assertEquals 1-t "$(printf '%s\n' "$out" | jq -r 'select(.id).id' | tail -n 1)"
	assertMatch "$out" 'left out by --skip'
	assertEquals 3 "$(printf '%s\n' "$out" | jq -r 'select(.id).id' | sort -u | wc -l)"
}

testResumeKeepsWhatIsComplete() {
	{ one 1-t '{}' sh -c 'echo x >>../../../ran'; one 2-t '{}' sh -c 'echo x >>../../../ran; exit 1'
	  one 3-t '{}' sh -c 'echo x >>../../../ran'; end 3; } >in
	: >ran
	run pth-exec -o out in
	assertEquals 3 "$(wc -l <ran)"
	rm out/3-t/result.json
	run pth-exec --resume -o out in
	assertCode 0
	assertEquals 'completed failed completed' "$(statuses)"
	assertEquals 'only the one without result' 4 "$(wc -l <ran)"
	assertEquals 'each once' 4 "$(wc -l <out/results.jsonl)"
	run pth-exec --rerun failed -o out in
	assertEquals 5 "$(wc -l <ran)"
	sed 's/exit 1/exit 0/' in >in2
	run pth-exec --resume -o out in2
	assertEquals 'another plan is another test' 'completed completed completed' "$(statuses)"
	assertEquals 6 "$(wc -l <ran)"
	run pth-exec --resume in
	assertCode 2
	run pth-exec --rerun all -o out in
	assertCode 2
}

testKilledRunsAreCompletedByResume() {
	need_namespaces || return
	{ for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		if [ $((i % 4)) = 0 ]; then one $i-t '{}' sh -c 'sleep .05; exit 1'; else one $i-t '{}' sleep .05; fi
	  done; end 12; } >in
	run pth-exec -j 2 -o whole in
	want=$(statuses)
	for delay in 0.05 0.12 0.2 0.3; do
		rm -rf out
		pth-exec -j 2 -o out in >/dev/null 2>&1 &
		pid=$!
		sleep $delay
		kill -KILL $pid
		wait $pid 2>/dev/null
		until run pth-exec -j 2 --resume -o out in; [ "$code" != 4 ]; do sleep .05; done
		assertCode 0
		assertEquals "killed after $delay s" "$want" "$(statuses)"
		assertEquals 13 "$(wc -l <out/results.jsonl)"
	done
}

testOneRunADirectory() {
	{ one 1-t '{}' sleep 2; end 1; } >in
	pth-exec -o out in >/dev/null 2>err &
	pid=$!
	assertSoon 5 grep -q test.started err
	run pth-exec -o out in
	assertCode 4
	kill -KILL $pid
	wait $pid 2>/dev/null
	assertMatch "$err" 'another pth-exec works in it'
}

. shunit2
