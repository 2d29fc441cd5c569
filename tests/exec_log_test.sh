#!/bin/sh
# Logs have a limit: they are cut while the service goes on, with a mark.
# shellcheck disable=SC2016 # $ is for the services' shells
. "$TOP/tests/lib.sh"
. "$TOP/tests/exec_lib.sh"

limit='{"limits": {"log": 100000}}'
mark='[pth: log limit of 100 kB reached, output dropped]'
# For services: wait until our log was cut.
until_cut='until [ "$(tail -c 51 stdout.log | head -c 15)" = "[pth: log limit" ]; do
	sleep 0.02
done'

testFloodIsCutAndMarked() {
	exec_one '{}' "$(svc s "$limit" sh -c 'seq 1 3000000; echo last')"
	assertCode 0
	assertEquals completed "$(field .status)"
	assertEquals '0 exit' "$(field '.services.s | "\(.code) \(.reason)"')"
	assertEquals "$mark" "$(tail -n 1 out/t/s/stdout.log)"
	# Whole lines before it, the beginning of what was written.
	lines=$(grep -vc pth: out/t/s/stdout.log)
	assertEquals "$(seq 1 "$lines" | cksum)" "$(grep -v pth: out/t/s/stdout.log | cksum)"
	assertTrue "$(wc -c <out/t/s/stdout.log) bytes" \
		"[ $(wc -c <out/t/s/stdout.log) -le 100060 ]"
	assertTrue "$lines lines" "[ $lines -gt 15000 ]"
	dropped=$(field '.services.s.logs_cut["stdout.log"]')
	assertTrue "$dropped dropped" "[ $dropped -gt 1000000 ]"
	assertTrue "$dropped dropped" "[ $dropped -le 22888902 ]"
	assertEquals null "$(field '.services.s.logs_cut["stderr.log"]')"
	assertEquals 1 "$(printf '%s\n' "$err" | grep -c '"service.log_cut"')"
	assertMatch "$err" '"service":"s","file":"stdout.log","limit":100000'
}

testCutWhileTheServiceWritesOn() {
	# It ends well when its log stays as it is while it goes on.
	exec_one '{}' "$(svc s "$limit" sh -c "head -c 1000000 /dev/zero | tr '\\0' x
		$until_cut; sum=\$(cksum <stdout.log); for i in 1 2 3; do
			head -c 1000000 /dev/zero
			[ \"\$(cksum <stdout.log)\" = \"\$sum\" ] || exit 1
		done")"
	assertEquals completed "$(field .status)"
	assertEquals 1 "$(grep -c 'pth: log limit' out/t/s/stdout.log)"
	# There was no line end to cut at.
	assertEquals 100001 "$(head -n 1 out/t/s/stdout.log | wc -c)"
}

testOneGigabyte() {
	exec_one '{"plan": {"timeout_us": 200000000}}' \
		"$(svc s '{"limits": {"log": 1048576}, "timeout_us": 200000000}' dd if=/dev/zero \
			bs=1M count=1024)"
	assertEquals completed "$(field .status)"
	assertEquals 1048627 "$(wc -c <out/t/s/stdout.log)"
	assertMatch "$(tail -n 1 out/t/s/stdout.log)" 'log limit of 1 MiB reached'
	assertMatch "$(cat out/t/s/stderr.log)" '^1024\+0 records out'
}

testWithoutALimit() {
	exec_one '{}' "$(svc s '{"limits": {"log": 0}}' head -c 80000000 /dev/zero)"
	assertEquals 80000000 "$(wc -c <out/t/s/stdout.log)"
	assertEquals null "$(field .services.s.logs_cut)"
	exec_one '{}' "$(svc s '{}' head -c 80000000 /dev/zero)"
	assertMatch "$(tail -n 1 out/t/s/stdout.log)" 'log limit of 64 MiB reached'
}

testStderrPhasesAndSteps() {
	exec_one '{"steps": {"actions": [{"exec": {"service": "s", "argv": ["seq", "100000"]}}]}}' \
		"$(svc s '{"finite": false, "limits": {"log": 1000},
				"ready": [{"kind": "file",
				  "path": "wrote"}],
				 "phases": {"pre_run": [{"argv": ["seq", "5000"]}]}}' \
			sh -c 'seq 1000 >&2; touch wrote; exec sleep 60')"
	assertEquals completed "$(field .status)"
	for file in stderr.log phases/pre_run.stdout.log steps/1.stdout.log; do
		assertEquals "$file" '[pth: log limit of 1 kB reached, output dropped]' \
			"$(tail -n 1 "out/t/s/$file")"
	done
	assertEquals '["phases/pre_run.stdout.log","stderr.log","steps/1.stdout.log"]' \
		"$(field '.services.s.logs_cut | keys | tojson')"
}

testReadinessAfterACut() {
	for service in "head -c 300000 /dev/zero; echo; $until_cut; echo up on 1; exec sleep 60" \
		'yes | head -c 3000000; echo up on 1; exec sleep 60'; do
		exec_one '{}' "$(svc s '{"finite": false, "limits": {"log": 100000},
			"ready": [{"kind": "log", "matches": "^up on [0-9]",
			  "timeout_us": 15000000}]}' sh -c "$service")" \
			"$(svc c '{"after": [{"service": "s", "state": "ready"}]}' true)"
		assertEquals "$(field .reason)" completed "$(field .status)"
		assertEquals true "$(field '.services.s.logs_cut["stdout.log"] > 0')"
	done
}

testReadinessOfTheNextLife() {
	# The second life says that it is up when it may, not before: the first
	# one's word does not count, wherever the log was cut.
	exec_one '{"steps": {"actions": [{"restart": {"service": "s"}}]}}' \
		"$(svc s '{"finite": false, "limits": {"log": 100000},
			"ready": [{"kind": "log", "matches": "^up", "timeout_us": 15000000}]}' \
			sh -c "echo up; yes | head -c 300000; $until_cut; touch again
				[ -e lived ] && { sleep 0.2; touch late; echo up; }; touch lived
				exec sleep 60")" \
		"$(svc c '{"after": [{"service": "s", "state": "ready"}]}' true)"
	assertEquals "$(field .reason)" completed "$(field .status)"
	assertEquals 1 "$(field '.services.s.restarts | length')"
}

testAssertionAfterACut() {
	exec_one '{"assertions": [{"type": "output_contains", "service": "s", "text": "the end",
				"timeout": 15}]}' \
		"$(svc s '{"finite": false, "limits": {"log": 100000}}' \
			sh -c \
			"yes | head -c 300000; $until_cut; echo this is the end; exec sleep 60")" \
			"$(svc c '{}' true)"
	assertEquals completed "$(field .status)"
	assertEquals true "$(field '.assertions[0].ok')"
}

testFewDescriptors() {
	for i in $(seq 12); do svc "s$i" "$limit" sh -c "seq 100000; $until_cut"; done >services
	set --
	while read -r line; do set -- "$@" "$line"; done <services
	one '{}' "$@" >plan.jsonl
	rm -rf out
	run sh -c 'ulimit -n 64; exec pth-exec -o out plan.jsonl'
	out=$(jq_out -c 'select(.type == "test").result')
	assertEquals "$(field .reason)" completed "$(field .status)"
	assertEquals 12 "$(field '[.services[].logs_cut["stdout.log"] | select(. > 0)] | length')"
}

testWhatAServiceMakesOfItsLog() {
	# The log is what it has said, and nothing outside is touched.
	echo precious >precious
	for vandal in 'rm stdout.log; ln -s ../../../precious stdout.log' 'chmod 0 stdout.log' \
		'rm stdout.log; mkfifo stdout.log' 'rm stdout.log; mkdir -p stdout.log/x' \
		'(: >stdout.log) 2>/dev/null || :' '(: >/proc/self/fd/1) || :' \
		'(echo other >stdout.log) 2>/dev/null || :' \
		'rm -rf phases; ln -s /etc phases'; do
		exec_one '{}' "$(svc s '{"phases": {"pre_run": [{"argv": ["echo", "first"]}]}}' \
			sh -c "echo an ERROR; $vandal; echo some words")"
		assertEquals "$vandal" completed "$(field .status)"
		assertEquals "$vandal" "an ERROR some words" "$(paste -sd' ' out/t/s/stdout.log)"
		assertEquals "$vandal" first "$(cat out/t/s/phases/pre_run.stdout.log)"
		assertTrue "$vandal" "[ -f out/t/s/stdout.log ] && [ ! -h out/t/s/stdout.log ]"
	done
	assertEquals precious "$(cat precious)"
	assertFalse '[ -e /etc/pre_run.stdout.log ]'
}

testInTheExperimentAndInTheReport() {
	cat >e.yaml <<'EOT'
tests:
  - name: x
    network_environment: {type: localhost}
    limits: {log: 1KiB}
    services:
      server: {implementation: {name: ping_pong, type: iut},
        protocol: {name: minip, version: random, role: server}}
      client: {implementation: {name: ping_pong, type: iut}, limits: {log: 0},
        protocol: {name: minip, version: random, role: client, target: server}}
EOT
	run pth-parse e.yaml
	printf '%s\n' "$out" >parsed
	assertEquals '[{"log":1024},{"log":0}]' \
		"$(jq -c 'select(.type == "test").services | map(.limits)' parsed)"
	sed -i s/1KiB/none/ e.yaml
	run pth-parse e.yaml
	assertCode 3
	assertMatch "$err" "^e.yaml:4:19: error: log: string 'none'; expected bytes"
	exec_one '{}' "$(svc s "$limit" seq 100000)"
	pth-collect out >collected 2>/dev/null
	run pth-report -o report --html report.html collected
	assertEquals passed "$(jq -r 'select(.type == "test").verdict.status' collected)"
	assertMatch "$(cat report/*.md)" '^\| Logs cut \| s/stdout.log \([0-9]+ bytes dropped\) \|'
	assertMatch "$(cat report.html)" 'Logs cut: s/stdout.log'
}

. shunit2
