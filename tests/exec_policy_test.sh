#!/bin/sh
# pth-exec: what is tried again, what stops a run, what a resumed run keeps.
# timeout: 300
# shellcheck disable=SC1083,SC2016,SC2059,SC2154 # formats are ours; $out and $err come from run
. "$TOP/tests/lib.sh"

always='{"settings": {"fast_fail": {"enabled": true}}}'

# one ID JSON ARGV...: a test of one service; JSON is merged over the record.
one() {
	id=$1 over=$2
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
	may_write "$PTH_TMP"
}

testRetries() {
	{ one 1-t '{"retries": 3}' \
		sh -c 'echo x >>../../../count; [ "$(wc -l <../../../count)" -ge 2 ]'
	  one 2-t '{"retries": 1}' false
	  one 3-t '{}' false
	  one 4-t '{"retries": 2}' no-such-program
	  one 5-t '{"retries": 2, "expect": {"status": "failed"}}' false; end 5; } >in
	: >count && chmod 666 count
	run pth-exec -j 2 -o out in
	assertCode 0
	assertEquals 'completed failed failed error failed' "$(statuses)"
	assertEquals '2 2 1 1 1' "$(jq_out -r 'select(.id).result.attempt' | xargs)"
	assertEquals 'failed tries/1-t-1' \
		"$(jq_out -r 'select(.id == "1-t").result.tries[0] | "\(.status) \(.dir)"')"
	assertTrue 'the first try is kept' '[ -e out/tries/1-t-1/a/stdout.log ]'
	assertEquals 2 "$(printf '%s\n' "$err" | grep -c test.retried)"
}

# The run stops while a test waits for its next try: what it was stays told.
testStoppedBetweenTries() {
	host='{"plan": {"environment": {"isolation": "none"}}}'
	{ one 1-t '{"retries": 5}' sh -c 'exit 3'
	  one 2-t "$host" sh -c 'until [ -e ../../tries/1-t-4 ]; do sleep .02; done; exit 4'
	  end 2; } >in
	run pth-exec -j 2 --fail-fast 1 -o out in
	assertEquals 'failed failed' "$(statuses)"
	# The pause before the fifth is four seconds.
	assertEquals 'a ended with exit code 3 4' \
		"$(jq_out -r 'select(.id == "1-t").result | "\(.reason) \(.attempt)"')"
	d=$(jq_out -r 'select(.id == "1-t").result.dir')
	assertTrue "$d" "[ -e out/$d/a/stdout.log ]"
}

testFailFastCounts() {
	{ for i in 1 2 3 4; do one $i-t '{}' false; done; end 4; } >in
	run pth-exec -j 1 --fail-fast 2 -o out in
	assertEquals 'failed failed skipped skipped' "$(statuses)"
	assertEquals 'true test_execution' \
		"$(jq_out -r '
			select(.id == "2-t").result.fast_fail | "\(.triggered) \(.category)"')"
	assertMatch "$err" run.failing_fast
	run pth-exec -j 1 -o out in
	assertEquals 'failed failed failed failed' "$(statuses)"
}

# What stopped an earlier run does not stop the one that goes on with it; a new failure does.
testResumeAfterFastFail() {
	four '{"service_start_failures": true}' no-such-program
	assertEquals 'error skipped skipped skipped' "$(statuses)"
	assertEquals 1 "$(jq_out -c 'select(.id).result.fast_fail // empty' | wc -l)"
	run pth-exec -j 1 --resume -o out in
	assertCode 0
	assertEquals 'error completed completed completed' "$(statuses)"
	assertEquals '' "$(jq_out -c 'select(.id).result.fast_fail // empty')"
	assertNoMatch "$err" run.failing_fast
	pth-collect out >collected 2>/dev/null
	assertEquals 4 "$(jq -c 'select(.id)' collected | wc -l)"
	assertEquals 'the directory says the same' '' \
		"$(jq -c 'select(.id).result | .conflicts // .fast_fail // empty' collected)"
	{ one 1-t '{}' false; for i in 2 3 4; do one $i-t '{}' \
		sh -c '[ -e ../../../mended ]'; done; end 4; } >in
	run pth-exec -j 1 --fail-fast 1 -o out in
	assertEquals 'failed skipped skipped skipped' "$(statuses)"
	run pth-exec -j 1 --fail-fast 1 --resume -o out in
	assertEquals 'failed failed skipped skipped' "$(statuses)"
	: >mended
	run pth-exec -j 1 --fail-fast 1 --resume -o out in
	assertEquals 'failed failed completed completed' "$(statuses)"
	run pth-exec -j 1 --fail-fast 1 --rerun failed -o out in
	assertEquals 'failed skipped completed completed' "$(statuses)"
}

# Each switch with a failure of its category: what the next test gets with it
# absent, true, false, and true beside critical_only.
testEverySwitch() {
	setup() {
		printf '{"plan": {"setup": [{"argv": ["sh", "-c", "exit 1"], "category": "%s"}]}}' \
			"$1"
	}
	before=$(json '{"plan": {"services": [{"name": "a", "ready": [{"kind": "udp", "port": 9}],
		"phases": {"run": {"argv": ["sh", "-c", "echo %s >&2; exit 1"]}}}]}}')
	tester=$(json '{"plan": {"services": [{"name": "a", "kind": "tester",
		"phases": {"compile": [{"argv": ["false"]}], "run": {"argv": ["true"]}}}]}}')
	nosuch=$(json '{"plan": {"services": [{"name": "a",
		"phases": {"run": {"argv": ["no-such-program"]}}}]}}')
	early='{"error": {"stage": "plan", "category": "%s", "message": "no"}}'
	looked=0
	while IFS='|' read -r switch category severity first failure; do
		looked=$((looked + 1))
		event="\"category\":\"$category\",\"severity\":\"$severity\""
		case $severity-$first in
		critical-first) want='skipped skipped completed skipped' ;;
		critical-) want='completed skipped completed skipped' ;;
		*) want='completed skipped completed completed' ;;
		esac
		got=
		for set_ in '{}' "{\"$switch\": true}" "{\"$switch\": false}" \
			"{\"$switch\": true, \"critical_only\": true}"; do
			# two tests, one after the other
			{ one 1-t "$failure" true |
				jq -c --argjson s "$set_" '.settings.fast_fail += $s'
			  one 2-t '{}' true; end 2; } >in
			rm -rf out
			run pth-exec -j 1 -o out in
			got="$got $(jq_out -r 'select(.id == "2-t").result.status')"
			case $got in *skipped)
				assertMatch "$err" \
					"\"run.failing_fast\".*$event"
				assertMatch "$(jq_out -r 'select(.id == "2-t").result.reason')" \
					'^fast fail: 1-t: ' ;;
			esac
		done
		assertEquals "$switch" " $want" "$got"
	done <<-END
	docker_build_failures|docker_build|critical||$(setup docker_build)
	docker_runtime_failures|docker_runtime|critical||$(setup docker_runtime)
	network_setup_failures|network_setup|critical|first|$(setup none)
	certificate_failures|certificate|critical|first|$(setup certificate)
	resource_exhaustion|resource|critical|first|$(printf "$before" 'No space left on device')
	ivy_compilation_failures|tester_compilation|critical||$tester
	plugin_load_failures|plugin_load|high||$(printf "$early" plugin_load)
	configuration_failures|configuration|high||$(printf "$early" configuration)
	port_conflict_failures|port_conflict|high||$(printf "$before" 'x: Address already in use')
	service_start_failures|service_start|high||$(printf "$before" 'bad key')
	service_start_failures|dependency|high||$nosuch
	END
	assertLeast 11 "$looked" cases
}

# What the planner says of a plugin that is missing or broken is a failure of
# that kind.
testSwitchOfPluginsInThePipe() {
	mkdir -p plugins
	printf '%s\n' 'plugin: broken' \
		'kind: iut' \
		'protocol: minip' \
		'extends: nothing' \
		'commands: {any: ["true"]}' >plugins/broken.yaml
	for name in nothing broken; do
		cat >x.yaml <<-END
		fast_fail: {plugin_load_failures: true}
		tests:
		  - {name: one, network_environment: {type: localhost}, services: {s: {
		      implementation: {name: $name}, protocol: {name: minip, role: server}}}}
		  - {name: two, network_environment: {type: localhost}, services: {s: {
		      implementation: {name: ping_pong}, protocol: {name: minip, role: server}}}}
		END
		pth-parse x.yaml 2>/dev/null | pth-plan -P plugins 2>/dev/null >in
		run pth-exec -j 1 -o out in
		assertEquals "$name" 'error skipped' "$(statuses)"
		assertMatch "$err" '"category":"plugin_load"'
	done
}

testCascades() {
	sleepy='{"plan": {"timeout_us": 60000},
		"settings": {"fast_fail": {"timeout_cascades": true,
		  "timeout_cascade_threshold": 2}}}'
	{ for i in 1 2 3; do one $i-t "$sleepy" sleep 9; done; end 3; } >in
	run pth-exec -j 1 -o out in
	assertEquals 'timeout timeout skipped' "$(statuses)"
	assertMatch "$err" 'cascade: 2 failures of the category timeout'
	{ for i in 1 2 3; do one $i-t '{"plan": {"timeout_us": 60000}}' sleep 9; done; end 3; } >in
	run pth-exec -j 1 -o out in
	assertEquals 'timeout timeout timeout' "$(statuses)"
	# Of another kind: four failed tests, unless it is of a category that is off.
	for i in 1 2 3 4 5; do
		one $i-t '{"settings": {"fast_fail": {"timeout_cascades": true}}}' false
	done >in
	end 5 >>in
	run pth-exec -j 1 -o out in
	assertEquals 'failed failed failed failed skipped' "$(statuses)"
	start='{"plan": {"services": [{"name": "a", "ready": [{"kind": "udp", "port": 9}],
			"phases": {"run": {"argv": ["false"]}}}]},
		"settings": {"fast_fail": {"timeout_cascades": true %s}}}'
	for more in '' ', "service_start_failures": false' ', "critical_only": true'; do
		{
			for i in 1 2 3 4; do one $i-t "$(printf "$start" "$more")" false; done
			end 4
		} >in
		run pth-exec -j 1 -o out in
		case $more in
		'') want='error error error skipped' ;;
		*) want='error error error error' ;;
		esac
		assertEquals "$more" "$want" "$(statuses)"
	done
	four '{"max_errors_before_fail": 1}' false
	assertEquals 'failed skipped skipped skipped' "$(statuses)"
}

testTestLevel() {
	for own in true false; do
		{ one 1-t \
			"{\"fast_fail_enabled\": $own,
				\"settings\": {\"fast_fail\": {\"test_level\": true,
					\"max_errors_before_fail\": 1}}}" false
		  one 2-t '{}' true; end 2; } >in
		run pth-exec -j 1 -o out in
		case $own in true) want='failed skipped' ;; *) want='failed completed' ;; esac
		assertEquals "$own" "$want" "$(statuses)"
	done
	{ one 1-t \
		'{"continue_on_failure": true,
			"settings": {"fast_fail": {"max_errors_before_fail": 1}}}' false
	  one 2-t '{}' true; end 2; } >in
	run pth-exec -j 1 -o out in
	assertEquals 'failed completed' "$(statuses)"
	{
		one 1-t '{"settings": {"fast_fail": {"disk_space_threshold_gb": 1000000000}}}' true
		end 1
	} >in
	run pth-exec -o out in
	assertEquals skipped "$(statuses)"
	assertMatch "$err" 'disk_space_threshold_gb'
}

testSkipAndUnordered() {
	host='{"plan": {"environment": {"isolation": "none"}}}'
	{ one 1-t "$host" sh -c \
		"until grep -q '\"id\":\"2-t\"' ../../results.jsonl; do sleep .02; done"
	  one 2-t '{}' true; one 3-t '{}' true; end 3; } >in
	run pth-exec -j 2 --unordered --skip '3-*' -o out in
	assertCode 0
	assertEquals 1-t "$(jq_out -r 'select(.id).id' | tail -n 1)"
	assertMatch "$out" 'left out by --skip'
	assertEquals 3 "$(jq_out -r 'select(.id).id' | sort -u | wc -l)"
}

testResumeKeepsWhatIsComplete() {
	{ one 1-t '{}' sh -c 'echo x >>../../../ran'; one 2-t '{}' \
		sh -c 'echo x >>../../../ran; exit 1'
	  one 3-t '{}' sh -c 'echo x >>../../../ran'; end 3; } >in
	: >ran && chmod 666 ran
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
		if [ $((i % 4)) = 0 ]; then
			one $i-t '{}' sh -c 'sleep .05; exit 1'
		else
			one $i-t '{}' sleep .05
		fi
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
		# The killed one's tests may still be dying: it is waited for them.
		run pth-exec -j 2 --resume -o out in
		assertCode 0
		assertEquals "killed after $delay s" "$want" "$(statuses)"
		assertEquals 13 "$(wc -l <out/results.jsonl)"
	done
}

# What came before a record that cannot be read is run and told.
testBrokenRecordInTheMiddle() {
	{
		one 1-t '{}' sleep .2
		one 2-t '{}' true
		echo '{"pth":1,"type":"test","id":"3-t",'
		one 4-t '{}' true
		end 4
	} >in
	run pth-exec -j 2 -o out in
	assertCode 3
	assertMatch "$err" '^pth-exec: in:3:[0-9]+: '
	assertEquals 'completed completed' "$(statuses)"
	assertEquals 'no end is promised' 0 "$(printf '%s\n' "$out" | grep -c '"end"')"
	sed 's/"3-t",$/"3-t"}/' in >in2
	run pth-exec -j 2 --resume -o out in2
	assertCode 0
	assertEquals 'completed completed error completed' "$(statuses)"
}

testSameIdTwice() {
	{ one 1-t '{}' sleep .2; one 2-t '{}' true; one 1-t '{}' sh -c ': >ran'; end 3; } >in
	run pth-exec -j 3 -o out in
	assertCode 0
	assertEquals 'completed completed error' "$(statuses)"
	assertMatch "$out" 'another test with this id came before it'
	assertFalse 'it has not run' '[ -e out/1-t/a/ran ]'
}

# Before anything is run, even when what does not match comes last.
testPatternsThatMatchNothing() {
	{ one 1-t '{}' true; one 2-t '{}' true; end 2; } >in
	while IFS='|' read -r words sentence; do
		# shellcheck disable=SC2086 # words
		run pth-exec -o out $words in
		assertCode 2
		assertEquals "pth-exec: $sentence" "$(printf '%s\n' "$err" | tail -n 1)"
		assertEquals "$words" '' "$out$(ls -d out 2>/dev/null)"
	done <<-'EOT'
	--only 1* --only x-t|--only 'x-t' matches no test; the nearest: '1-t', '2-t'
	--skip 2* --skip y-t|--skip 'y-t' matches no test; the nearest: '1-t', '2-t'
	--only tag:x|--only 'tag:x' matches no test; the nearest: '1-t', '2-t'
	EOT
	run pth-exec --check --only 3* in
	assertCode 2
	# A pipe can be read only once.
	run sh -c 'cat in | pth-exec -o out --only 1-t --skip nothing'
	assertCode 2
	assertFalse '[ -e out ]'
	run sh -c 'cat in | pth-exec -o out --only 2-t'
	assertCode 0
	assertEquals 'skipped completed' "$(statuses)"
	run pth-exec -o out --only 1-t in
	assertEquals 'completed skipped' "$(statuses)"
}

# A name of a matrix holds brackets: it means its test alone, and its brackets themselves.
testPatternsWithBrackets() {
	over='' i=0
	for name in 'm [1, a]' 'm [1, b]' 'm 1' 'm a' other; do
		i=$((i + 1))
		over=$(jq -cn --arg name "$name" --arg tag "${name%% *}" \
			'{name: $name, tags: [$tag]}')
		rec $i-t "$(svc a '{}' true)"
	done >in
	end 5 >>in
	over=''
	while IFS='|' read -r word chosen; do
		run pth-exec -n --only "$word" in
		assertCode 0
		assertEquals "$word" "$chosen" "$(jq_out -r 'select(.id and
			.result.reason == "dry run").id[:1]' | xargs)"
		run pth-exec -n --skip "$word" in
		assertEquals "--skip $word" "$(printf '%s\n' 1 2 3 4 5 |
			grep -v "[$chosen]" | xargs)" \
			"$(jq_out -r 'select(.id and .result.reason == "dry run").id[:1]' | xargs)"
	done <<-'EOT'
	m [1, a]|1
	m [1, ?]|1 2 3
	m [1a]|3 4
	tag:m|1 2 3 4
	tag:*|1 2 3 4 5
	tag:o[st]her|5
	1-t|1
	EOT
	run pth-exec -n --only tag:n in
	assertCode 2
	assertMatch "$err" "the nearest: .*'tag:m'"
}

testOneRunADirectory() {
	{ one 1-t '{}' sleep 60; end 1; } >in
	pth-exec -o out in >/dev/null 2>err &
	pid=$!
	assertSoon 30 grep -q test.started err
	run pth-exec -o out in
	assertCode 4
	kill -KILL $pid
	wait $pid 2>/dev/null
	assertMatch "$err" "out: another pth-exec works in it, process $pid \(pth-exec -o out in\)"
}

# What a test may leave of trees: modes that forbid, 3,000 directories in each other, a name
# with a newline.
stubborn='mkdir -p go/m no/thing "x
y" && touch go/m/f "x
y/f" && chmod 555 go/m go && chmod 0 no && deep=$(printf "d/%.0s" $(seq 1500)) &&
	mkdir -p "p/$deep" "q/$deep" && mv q "p/$deep" && chmod 555 . && echo deep'

testTreesDoNotStopTheNextRun() {
	{ one t '{}' sh -c "$stubborn"; end 1; } >in
	for i in 1 2; do
		run timeout 100 pth-exec -o out in
		assertCode 0
		assertEquals "run $i" completed "$(statuses)"
		assertEquals deep "$(cat out/t/a/stdout.log)"
	done
	need_user || return
	mkdir -m 777 user
	chmod 711 "$PTH_TMP"
	for i in 1 2; do
		run as_user timeout 100 pth-exec -o "$PTH_TMP/user/out" <in
		assertCode 0
		assertEquals "run $i of a user" completed "$(statuses)"
		assertEquals deep "$(cat user/out/t/a/stdout.log)"
	done
	chmod -R u+rwx user
}

# What stands where a file of the run was is neither waited for nor followed.
testResumeAmongFilesOfOthers() {
	{ one 1-t '{}' echo x; end 1; } >in
	run pth-exec -o out in
	assertCode 0
	echo precious >x
	for file in out/1-t/record.json out/1-t/result.json out/plan.jsonl out/results.jsonl \
		out/events.jsonl; do
		for kind in fifo link hard directory; do
			rm -rf "$file"
			case $kind in
			fifo) mkfifo "$file" ;;
			link) ln -s "$PTH_TMP/x" "$file" ;;
			hard) ln x "$file" ;;
			directory) mkdir -p "$file/sub" ;;
			esac
			run timeout 60 pth-exec --resume -o out in
			assertCode 0
			assertEquals "$kind $file" completed "$(statuses)"
			assertEquals "$kind $file" precious "$(cat x)"
		done
	done
	for file in out/events.jsonl out/results.jsonl out/plan.jsonl; do
		assertTrue "$file is a file" '[ -f "$file" ] && [ ! -L "$file" ]'
		assertTrue "$file is written" '[ -s "$file" ]'
	done
}

. shunit2
