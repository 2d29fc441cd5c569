#!/bin/sh
# pth-spread: the parts of a run run somewhere, and their results are those of one machine.
. "$TOP/tests/lib.sh"
export PTH_EVENTS=none

# plan N [SCRIPT]: N tests; each leaves a line with its number, and the script says how it ends.
plan() {
	for n in $(seq "$1"); do
		rec "$n-t" "$(svc s '{}' sh -c "echo $n >>$PTH_TMP/ran; ${2:-true}")" |
			jq -c ".index = $n | .of = $1 | .plan.environment.isolation = \"none\""
	done
	end "$1"
}

# engine NAME YAML: an engine of our own.
engine() {
	mkdir -p own/engines
	{ echo "plugin: $1" && echo 'kind: engine' && cat; } >"own/engines/$1.yaml"
	export PTH_PATH="$PTH_TMP/own"
}

setUp() {
	rm -rf out own ran
	unset PTH_PATH
}

# all N: the results of N tests in their order, in a stream that is whole, and in the directory.
all() {
	want=$(seq "$1" | sed 's/$/-t completed/' | xargs)
	assertEquals "$err" "$want" \
		"$(jq_out -r 'select(.id) | .id + " " + .result.status' | xargs)"
	assertEquals "$(end "$1")" "$(printf '%s\n' "$out" | tail -n 1)"
	for file in plan results; do
		assertEquals "$file" "$(seq "$1" | sed 's/$/-t/' | xargs) end" \
			"$(jq -r '.id // .type' out/$file.jsonl | xargs)"
	done
	assertEquals "$1" "$(find out/[0-9]*/s -name stdout.log | wc -l)"
	assertEquals "\"$PTH_TMP/out\"" "$(jq -c 'select(.id).result.run_dir' out/results.jsonl |
		sort -u)"
}

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

# Parts that end badly are submitted again; then their tests are errors, and no others.
testLostParts() {
	plan 6 >in
	engine first <<-'end'
	submit: [sh, -c, 'mkdir "$1/again.$2" && exit 3; exec "$0" --work "$1" "$2"',
	  "@{bin}/pth-spread", "@{parts}", "@{first}"]
	waits: true
	end
	run pth-spread -e first --chunk 2 -o out <in
	assertCode 0
	all 6
	assertMatch "$err" 'part 2: engine first has ended with exit code 3 .*it is submitted again'
	engine second <<-'end'
	submit: [sh, -c, '[ "$2" = 2 ] || exec "$0" --work "$1" "$2"', "@{bin}/pth-spread",
	  "@{parts}", "@{first}"]
	waits: true
	window: 3
	end
	run pth-spread -e second --chunk 2 -o out <in
	assertCode 0
	assertEquals 'completed completed error error completed completed' "$(statuses)"
	assertMatch "$(jq_out -r 'select(.id == "3-t").result.reason')" \
		'^part 2: engine second has ended with exit code 0 before it'
	assertEquals "$(end 6)" "$(printf '%s\n' "$out" | tail -n 1)"
	run sh -c 'pth-collect --no-tshark out | pth-report'
	assertCode 1
}

# An engine that only takes orders: it is asked what it still has.
testEngineThatIsAsked() {
	plan 4 >in
	engine queue <<-'end'
	submit: [sh, -c, 'mkdir -p "$1/q"; for i in $(seq "$2" "$3"); do
	  [ "$i" = 1 ] || continue; "$0" --work "$1" "$i" >/dev/null 2>&1 & done',
	  "@{bin}/pth-spread", "@{parts}", "@{first}", "@{last}"]
	status: [echo, "3 PENDING"]
	array: 10
	window: 10
	end
	run pth-spread -e queue --chunk 1 --poll 1 --tries 1 --start-limit 1 -o out <in
	assertCode 0
	assertEquals 'completed error error error' "$(statuses)"
	assertMatch "$(jq_out -r 'select(.id == "2-t").result.reason')" \
		'the engine does not know it any more, and it has left no log: is the run directory'
	assertMatch "$(jq_out -r 'select(.id == "3-t").result.reason')" \
		'it has not begun in the time that --start-limit gives it'
}

# What was submitted ends; the rest is an error, until the run is gone on with.
testSubmitThatFails() {
	plan 3 >in
	engine full <<-'end'
	submit: [sh, -c, '[ "$1" = 1 ] || { echo no room >&2; exit 3; }; "$0" --work "$2" 1',
	  "@{bin}/pth-spread", "@{first}", "@{parts}"]
	window: 2
	end
	run pth-spread -e full --chunk 1 -o out <in
	assertCode 4
	assertMatch "$err" '^pth-spread: engine full: sh: no room'
	assertEquals 'completed error error' "$(statuses)"
	assertMatch "$(jq_out -r 'select(.id == "3-t").result.reason')" \
		'^part 3: not begun: engine full: sh: no room'
	run pth-spread --chunk 1 --resume -o out <in
	assertCode 0
	all 3
	assertEquals '1 2 3' "$(sort ran | xargs)"
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

testCancel() {
	plan 2 >in
	engine slow <<-'end'
	submit: [touch, "@{parts}/begun"]
	status: [sh, -c, '[ -e "$0/cancelled" ] || echo 1 RUNNING', "@{parts}"]
	cancel: [touch, "@{parts}/cancelled"]
	end
	pth-spread -e slow --poll 1 -o out <in >first 2>err.first &
	pid=$!
	until [ -e out/.parts/begun ]; do sleep 0.02; done
	kill -INT $pid
	wait $pid 2>/dev/null
	assertEquals "$(cat err.first)" 130 $?
	assertTrue 'cancelled' '[ -e out/.parts/cancelled ]'
	assertEquals 'interrupted interrupted' "$(jq -r 'select(.id).result.status' first | xargs)"
}

testAnotherFarSide() {
	plan 2 >in
	engine far <<-'end'
	submit: [sh, -c, 'sed -i "1s/plugins /plugins f/" "$1/stamp"; exec "$0" --work "$1" "$2"',
	  "@{bin}/pth-spread", "@{parts}", "@{first}"]
	waits: true
	end
	run pth-spread -e far --chunk 1 --window 1 -o out <in
	assertCode 4
	assertMatch "$err" "$(line '^pth-spread: part 1 was refused: .* has version [0-9.]+,' \
		'plugins [0-9a-f]+, and who has cut the run has version [0-9.]+, plugins f')"
	assertEquals 'error error' "$(statuses)"
	assertTrue 'nothing was run' '[ ! -e ran ]'
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
	run pth run e.yaml --spread nowhere -o out
	assertNotEquals "$out" 0 "$code"
	assertMatch "$err" "unknown engine 'nowhere'"
}

# begin: in the background, until test 1 runs, which others wait for.
begin() {
	# shellcheck disable=SC2016 # of the test
	plan 6 'until [ -e '"$PTH_TMP"'/go ]; do sleep 0.05; done' >in
	rm -f go
	pth-spread --chunk 2 --window 1 -o out <in >first 2>err.first &
	pid=$!
	until [ -s ran ]; do sleep 0.02; done
}

testKilledAndResumed() {
	begin
	touch go
	until grep -q '^3$' ran; do sleep 0.02; done # the first part is done
	rm go
	kill -KILL $pid
	wait $pid 2>/dev/null
	touch go
	run pth-spread --chunk 2 --window 1 -o out --resume <in
	assertCode 0
	all 6
	assertEquals 'what was done is not done again' '1 1' \
		"$(grep -c '^1$' ran) $(grep -c '^2$' ran)"
	run pth-spread --chunk 2 -o out --resume <in
	all 6
	assertEquals 'all is done' 1 "$(grep -c '^6$' ran)"
	plan 7 >other
	run pth-spread --chunk 2 -o out --resume <other
	assertCode 3
	assertMatch "$err" 'the input is not that of the run that is resumed in out: part 1 has'
	head -n 3 in | pth-spread --partial -o out --resume >two 2>err
	assertEquals 3 $?
	assertMatch "$(cat err)" 'the end: the input is not that of the run'
}

testInterrupted() {
	begin
	run pth-spread -o out <in
	assertCode 4
	assertMatch "$err" 'out: another pth-exec works in it'
	kill -TERM $pid
	wait $pid 2>/dev/null
	assertEquals 143 $?
	assertEquals '6 interrupted' "$(jq -r 'select(.id).result.status' first | sort | uniq -c |
		xargs)"
	assertEquals "$(end 6)" "$(tail -n 1 first)"
}

. shunit2
