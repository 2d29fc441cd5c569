#!/bin/sh
# pth-spread: the parts of a run run somewhere, and their results are those of one machine.
. "$TOP/tests/lib.sh"
. "$TOP/tests/fixtures/spread.sh"

testParts() {
	{ echo '{"type":"note"}' && plan 11; } >in
	for how in '--chunk 4' '--chunk 1 --window 5 -j 2' '--chunk 11' '--chunk-time 5' \
		'--chunk 50 --local'; do
		rm -rf out ran
		# shellcheck disable=SC2086 # words
		run pth-spread -o out $how <in
		assertEquals "$how: $err" 0 "$code"
		assertEquals '{"type":"note"}' "$(printf '%s\n' "$out" | head -n 1)"
		all 11
		assertEquals "$how: each once" "$(seq 11 | xargs)" "$(sort -n ran | xargs)"
	done
	run sh -c 'pth-collect --no-tshark out | pth-report'
	assertCode 0
	# Nothing at all.
	end 0 | pth-spread -o none >one
	assertEquals "$(end 0)" "$(cat one)"
	# Not whole.
	plan 2 | sed '$d' >short
	run pth-spread -o out <short
	assertCode 0
	assertMatch "$err" '^pth-spread: stdin: the stream is incomplete'
	assertMatch "$out" '"tests":2,"incomplete":"pth-spread: stdin: '
	{ plan 2 && echo '['; } >bad
	run pth-spread -o out <bad
	assertCode 3
	assertEquals 'what came before' 2 "$(printf '%s\n' "$out" | grep -c '"completed"')"
}

testMistakes() {
	plan 1 >in
	engine missing <<-'end'
	submit: [no-such-program]
	requires: [{program: no-such-program, package: such}]
	end
	engine wrong <<-'end'
	submit: {a: 1}
	end
	engine stranger <<-'end'
	submit: ["true"]
	submt: x
	end
	while IFS='|' read -r want options what; do
		# shellcheck disable=SC2086 # words
		run pth-spread -o out $options <in
		assertEquals "$options: $err" "$want" "$code"
		assertMatch "$err" "$what"
		assertEquals '' "$out"
	done <<-'end'
	2|--engine lokal|^pth-spread: unknown engine 'lokal'; did you mean 'local'
	4|--engine missing|no-such-program is not installed \(package such\)
	3|--engine wrong|wrong.yaml:3:.*submit: must be a list
	3|--engine stranger|unknown key 'submt'; did you mean 'submit'
	2|--local --slurm|there can be only one engine
	2|--chunk 0|--chunk 0: expected a number
	end
	run pth-spread <in
	assertCode 2
	assertMatch "$err" '^pth-spread: -o DIR is missing'
	run pth-spread --work out
	assertCode 2
	run pth-spread --work out 7
	assertCode 4
}

# One submit, when all parts are known.
testEngineThatWantsAll() {
	plan 5 >in
	engine all <<-'end'
	submit: [sh, -c, 'b=$0 p=$1 && shift; echo "$*" >>"$p/orders";
	  for i; do "$b" --work "$p" "$i" || exit; done',
	  "@{bin}/pth-spread", "@{parts}", "@{numbers}"]
	waits: true
	once: true
	array: 100
	end
	run pth-spread -e all --chunk 2 -o out <in
	assertCode 0
	all 5
	assertEquals '1 2 3' "$(cat out/.parts/orders)"
}

testInFrontOfThePipe() {
	cat >e.yaml <<-'end'
	metadata: {name: far}
	tests:
	  - name: t
	    iterations: 3
	    network_environment: {type: localhost}
	    isolation: none
	    capture: false
	    services: {s: {implementation: {name: command, type: testers, command: ["true"]},
	      protocol: {name: tcp, role: server}, ports: ["24448:24448"]}}
	end
	run pth run e.yaml --spread local
	assertCode 0
	assertMatch "$out" '^far: 3/3 tests ok'
	assertTrue 'a run directory' 'ls outputs/e-*/.parts/1/plan.jsonl >/dev/null'
	run pth run e.yaml --spread=local -j 2 -o out
	assertCode 0
	assertEquals 3 "$(jq -r 'select(.verdict.ok).id' out/results.jsonl | wc -l)"
	engine opts <<-'end'
	submit: [sh, -c, 'bin=$1 parts=$2 first=$3; shift 3; printf "%s|" "$@" >"$parts/options";
	  exec "$bin/pth-spread" --work "$parts" "$first"', sh, "@{bin}", "@{parts}", "@{first}",
	  "@{options}"]
	waits: true
	end
	run pth run e.yaml --spread opts --only '002-*' --progress plain -o out -- -x "a 'b"
	assertCode 0
	assertEquals "-x|a 'b|" "$(cat out/.parts/options)"
	assertEquals 'skipped completed skipped' \
		"$(jq -r 'select(.id).result.status' out/results.jsonl | xargs)"
	assertMatch "$err" '^part 1: done, 1 tests; 3/3 done, 0 lost$'
	run pth run e.yaml --spread local --fail-fast 1
	assertCode 2
	assertMatch "$err" '^pth: --fail-fast does not go with --spread'
	run pth run e.yaml --spread nowhere -o out
	assertNotEquals "$out" 0 "$code"
	assertMatch "$err" "unknown engine 'nowhere'"
}

# Slurm counts the tasks of each array from 1.
testOffsets() {
	plan 7 >in
	engine arrays <<-'end'
	submit: [sh, -c, 'echo "$3+$4" >>"$2/orders"; for i in $(seq "$4"); do
	  SLURM_ARRAY_TASK_ID=$i "$1" --work "$2" "$3+" & done; wait',
	  sh, "@{bin}/pth-spread", "@{parts}", "@{offset}", "@{count}"]
	waits: true
	array: 3
	window: 8
	end
	run pth-spread -e arrays --chunk 1 -o out <in
	assertCode 0
	all 7
	assertEquals 7 "$(awk -F+ '{ n += $2 } END { print n }' out/.parts/orders)"
	assertNoMatch "$(cat out/.parts/orders)" '[+]([4-9]|0)$'
	assertEquals 'each once' "$(seq 7 | xargs)" "$(sort -n ran | xargs)"
}

testLeftOut() {
	plan 6 >in
	run pth-spread --chunk 2 --only '[1246]-t' --skip 6-t -o out <in
	assertCode 0
	assertEquals 'completed completed skipped completed skipped skipped' "$(statuses)"
	assertMatch "$(jq_out -r 'select(.id == "3-t").result.reason')" 'not selected by --only'
	assertMatch "$(jq_out -r 'select(.id == "6-t").result.reason')" 'left out by --skip'
	assertEquals "$(end 6)" "$(printf '%s\n' "$out" | tail -n 1)"
	assertEquals '1 2 4' "$(sort ran | xargs)"
	for file in plan results; do
		assertEquals "$(seq 6 | sed 's/$/-t/' | xargs) end" \
			"$(jq -r '.id // .type' out/$file.jsonl | xargs)"
	done
	cp ran ran.spread
	pth-exec -q --only '[1246]-t' --skip 6-t -o alone <in >alone.jsonl
	mv ran.spread ran
	assertEquals 'as on one machine' \
		"$(jq -r 'select(.id).result.status' alone.jsonl | xargs)" "$(statuses)"
	run pth-spread --chunk 2 --only '[1246]-t' --skip 6-t -o out --resume <in
	assertCode 0
	assertEquals 'completed completed skipped completed skipped skipped' "$(statuses)"
	assertEquals 'nothing again' '1 2 4' "$(sort ran | xargs)"
	run pth-spread --chunk 2 -o out --resume <in
	assertCode 3
	assertMatch "$err" '3-t: the input is not that of the run that is resumed'
	run pth-spread --skip '*-t' -o none <in
	assertCode 0
	assertEquals 'skipped 6' "$(jq_out -r 'select(.id).result.status' | uniq -c |
		awk '{ print $2, $1 }')"
	run pth-spread --only x-t -o none <in
	assertCode 2
	run sh -c 'cat in | pth-spread --only 1-t -o none'
	assertCode 2
	assertMatch "$err" '^pth-spread: --only and --skip .* in a pipe, pth-select is for that'
}

testSend() {
	plan 2 >in
	engine sends <<-'end'
	submit: ["false"]
	send: [sh, -c, 'touch "$2/sent"; [ -d "$4/plugins" ] && [ -d "$5" ] || exit 3;
	  exec "$1" --work "$2" "$3"', sh, "@{bin}/pth-spread", "@{parts}", "@{first}", "@{share}",
	  "@{libexec}"]
	waits: true
	end
	run pth-spread -e sends --send -o out <in
	assertCode 0
	all 2
	assertTrue 'sent' '[ -e out/.parts/sent ]'
	run pth-spread --send -o out <in
	assertCode 2
	assertMatch "$err" '^pth-spread: --send: engine local has no way to send our tools'
}

testProgress() {
	plan 4 >in
	run pth-spread --chunk 2 --progress plain -o out <in
	assertCode 0
	done2='done, 2 tests;'
	assertEquals "part 1: $done2 2/4 done, 0 lost${NL}part 2: $done2 4/4 done, 0 lost" "$err"
	run pth-spread --chunk 2 -o out <in
	assertEquals 'nobody looks' '' "$err"
	need_terminal || return
	rm -f go ran
	# shellcheck disable=SC2016 # of the test
	plan 6 'until [ -e '"$PTH_TMP"'/go ]; do sleep 0.05; done' >in
	PTH_EVENTS='' TERM=xterm python3 "$TOP/tests/fixtures/terminal.py" 100 24 \
		pth-spread --chunk 2 --window 2 -o out <in >first &
	pid=$!
	for i in 1 2; do assertSoon 20 grep -q "part $i .*running" tty.screens; done
	touch go
	wait $pid
	assertEquals 0 $?
	assertMatch "$(cat tty.screens)" \
		'[-|/\\] \[\.{20}\] 0/6 done, 0 lost; parts: 1 wait, 2 out, 0 ended$'
	assertMatch "$(cat tty.screens)" '^  part 1 +2 tests  running +[0-9.]+ s$'
	assertEquals 'all parts in one block' '' \
		"$(awk -v RS='\f' '{ if (gsub(/ ended\n/, "&") > 1) print }' tty.screens)"
	assertMatch "$(cat tty.end)" '^part 3: done, 2 tests; 6/6 done, 0 lost$'
	assertNoMatch "$(cat tty.end)" 'running'
}

# Streams as Unix tools leave them.
testOddStreams() {
	one=$(plan 1 | head -n 1)
	two=$(plan 2 | sed -n 2p)
	printf '%s\n' "$one" "$(end 1)" '{"pth":1,"type":"other","x":[1]}' "$two" "$(end 1)" >in
	run pth-spread --chunk 1 -o out <in
	assertCode 0
	assertEquals '' "$err"
	assertEquals '1-t 2-t' "$(jq_out -r '.id // empty' | xargs)"
	assertEquals '{"pth":1,"type":"other","x":[1]}' "$(printf '%s\n' "$out" | head -n 1)"
	assertEquals "$(end 2)" "$(printf '%s\n' "$out" | tail -n 1)"
	plan 2 | head -c -1 >in
	run pth-spread --chunk 1 -o out <in
	assertCode 0
	assertEquals '' "$err"
	all 2
}

. shunit2
