#!/bin/sh
# pth-spread: parts that are lost, refused, cancelled or cut short, and a submitter that is killed.
. "$TOP/tests/lib.sh"
. "$TOP/tests/fixtures/spread.sh"

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
	status: [sh, -c, 'echo "3 PENDING"; [ -e "$0/1/code" ] || echo "1 RUNNING";
	  [ -e "$0/asked" ] || echo "2 RUNNING"; : >"$0/asked"', "@{parts}"]
	array: 10
	window: 10
	end
	run pth-spread -e queue --chunk 1 --poll 1 --tries 1 --start-limit 1 -o out <in
	assertCode 0
	assertEquals 'completed error error error' "$(statuses)"
	assertMatch "$(jq_out -r 'select(.id == "2-t").result.reason')" \
		'it was cancelled or lost, and has left no log: is the run directory'
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

# A machine that vanished has kept the parts of an earlier run; the next one comes to that place.
testWhatAnotherRunHasLeft() {
	plan 2 >in
	engine far <<-'end'
	submit: [sh, -c, 'mkdir -p "$1/$2" && cp stamp "$1" && cp "$2/plan.jsonl" "$1/$2" &&
	  "$0" --work "$1" "$2" && rm -rf "$2.sent" && cp -R "$1/$2" "$2.new" &&
	  mv "$2" "$2.sent" && mv "$2.new" "$2"', "@{bin}/pth-spread", FAR, "@{first}"]
	waits: true
	end
	sed -i "s|FAR|$PTH_TMP/far|" own/engines/far.yaml
	for times in '1 1' '2 2'; do
		rm -rf out
		run pth-spread -e far --chunk 1 --window 1 -o out <in
		assertCode 0
		all 2
		assertEquals "$times" "$(grep -c 1 ran) $(grep -c 2 ran)"
	done
	rm out/.parts/1/code
	run pth-spread -e far --chunk 1 --window 1 -o out --resume <in
	assertCode 0
	all 2
	assertEquals 'the same run has done it' '2 2' "$(grep -c 1 ran) $(grep -c 2 ran)"
	echo 'version 0' >far/stamp
	run pth-spread --work far 1
	assertCode 3
	assertMatch "$(cat far/1/log)" 'refused: far/stamp has no line 2'
}

# A connection breaks: what works on the part is cancelled, and the part comes to that place again.
testCancelledAndSentAgain() {
	plan 3 "grep -qx 2 $PTH_TMP/ran || exit 0
		until [ -e $PTH_TMP/ran.go ]; do sleep 0.05; done" >in
	engine far <<-'end'
	submit: [sh, -c, 'mkdir -p "$1/1" && cp stamp "$1" && cp 1/plan.jsonl "$1/1" || exit;
	  "$0" --work "$1" 1 & until grep -qs 2 RAN; do sleep 0.05; done;
	  kill $!; wait; cat "$1/1/code" >RAN.codes; : >RAN.go;
	  "$0" --work "$1" 1 && rm -rf 1.sent && cp -R "$1/1" 1.new && mv 1 1.sent && mv 1.new 1',
	  "@{bin}/pth-spread", FAR]
	waits: true
	end
	sed -i "s|FAR|$PTH_TMP/far|; s|RAN|$PTH_TMP/ran|g" own/engines/far.yaml
	rm -rf far ran.*
	run pth-spread -e far --chunk 3 --window 1 -o out <in
	assertCode 0
	all 3
	assertEquals 'it was cancelled' 'signal TERM' "$(cat ran.codes)"
	assertEquals 'what was done is kept' '1 2 2 3' "$(xargs <ran)"
}

# Whoever waits for parts has something to put away, when the last one has come.
testEngineThatPutsAway() {
	plan 2 >in
	engine tidy <<-'end'
	submit: [sh, -c, '"$0" --work "$1" "$2"; sleep 1; echo "$2" >>"$1/away"',
	  "@{bin}/pth-spread", "@{parts}", "@{first}"]
	waits: true
	window: 2
	end
	run pth-spread -e tidy --chunk 1 -o out <in
	assertCode 0
	all 2
	assertEquals '1 2' "$(sort out/.parts/away | xargs)"
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
	# Of those behind 3 some may have begun before the kill.
	cp ran before
	run pth-spread --chunk 2 -o out --resume <in
	all 6
	assertTrue 'all is done' 'cmp ran before && grep -q "^6$" ran'
	plan 7 >other
	run pth-spread --chunk 2 -o out --resume <other
	assertCode 3
	assertMatch "$err" 'the input is not that of the run that is resumed in out: part 1 has'
	head -n 3 in | pth-spread --partial -o out --resume >two 2>err
	assertEquals 3 $?
	assertMatch "$(cat err)" 'the end: the input is not that of the run'
}

# killed CALL: a submitter that is killed in its first such call, in its second, and so on, has lost
# nothing and has nothing twice. Ends with the number of those calls in $calls.
killed() {
	calls=0
	while [ $calls -lt 60 ]; do
		rm -rf out ran
		strace -o trace -e "trace=$1" -e "inject=$1:signal=KILL:when=$((calls + 1))" \
			pth-spread --chunk 2 --window 1 -o out <in >first 2>/dev/null && return
		calls=$((calls + 1))
		run pth-spread --chunk 2 --window 1 -o out --resume <in
		assertCode 0
		all 4
		# The one that ran when its pth-exec was killed, too, has run twice. It may be told
		# that it was interrupted, in the moment between the two ends.
		jq -r 'select(.event == "test.ended" and .status != "interrupted").test |
			rtrimstr("-t")' out/events.jsonl |
			sort >ended
		assertEquals "$1 $calls: all have ended" '1 2 3 4' "$(sort -u ended | xargs)"
		assertEquals "$1 $calls: none ended more often than it began" '' \
			"$(sort ran | comm -13 - ended)"
	done
}

testKilledAtEachRemoval() {
	need strace strace || return
	plan 4 >in
	killed unlinkat
	assertLeast 10 $calls 'removals'
	killed renameat
	assertLeast 5 $calls 'renamings'
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

# The engine says how what it does not have any more has ended.
testEndedAs() {
	plan 3 >in
	engine forgets <<-'end'
	submit: ["true"]
	status: ["true"]
	ended: [printf, '0+1 RUNNING\n1+1 FAILED\n0+1 OUT_OF_MEMORY x\nnonsense\n9 FAILED\n']
	window: 3
	end
	run pth-spread -e forgets --chunk 1 --poll 1 --tries 1 -o out <in
	assertCode 0
	reasons=$(jq_out -r 'select(.id).result.reason')
	assertMatch "$reasons" '^part 1: the engine .* any more: it ended as OUT_OF_MEMORY, and'
	assertMatch "$reasons" '^part 2: the engine does not know it any more: it ended as FAILED,'
	assertMatch "$reasons" '^part 3: the engine .* any more: it was cancelled or lost, and has'
}

# What Slurm's programs write where there is accounting; these are not Slurm's.
testAccounting() {
	plan 3 >in
	mkdir -p fake
	fake sbatch 'echo "$*" >>orders'
	fake squeue 'case $* in *--states=all*) echo "0+1 RUNNING" ;; esac'
	fake sacct 'printf "0|12_1|TIMEOUT\n|13_2|FAILED\n0|12_3|CANCELLED by 0\n"'
	PATH=$PWD/fake:$PATH run pth-spread --slurm -p short --chunk 1 --poll 1 --tries 1 -o out <in
	assertCode 0
	reasons=$(jq_out -r 'select(.id).result.reason')
	assertMatch "$reasons" '^part 1: .* any more: it ended as TIMEOUT, and'
	assertMatch "$reasons" '^part 2: .* any more: it was cancelled or lost, and'
	assertMatch "$reasons" '^part 3: .* any more: it ended as CANCELLED, and'
	assertMatch "$(cat orders)" "$(line '--job-name=pth-[a-z0-9]* --comment=0 --array=1-3 .*' \
		'--cpus-per-task=1 --time=10 --partition=short' \
		'--wrap=exec .*/pth-spread. --work .* 0[+]$')"
}

# Nothing of this machine's clock counts for what ran elsewhere. The part comes back at once, as a
# whole, from a folder of its own, for who has cut the run reads it as soon as it sees its end.
testClocksThatDiffer() {
	need jq jq || return
	plan 4 >in
	engine late <<-'end'
	submit: [sh, -c, 'far="$PTH_TMP/far.$2" && cp -a "$1" "$far" &&
	  "$0" --work "$far" "$2" && cd "$far/$2" && touch -d "1 hour ago" code log &&
	  sed "s/\"started\":\"....-..-..T../\"started\":\"2001-01-01T00/" out.jsonl >o &&
	  mv o out.jsonl && mv "$1/$2" "$1/$2.sent" && mv "$PWD" "$1/$2"', "@{bin}/pth-spread",
	  "@{parts}", "@{first}"]
	waits: true
	end
	run pth-spread -e late --chunk 2 --start-limit 60 -o out <in
	assertCode 0
	all 4
	assertEquals 4 "$(printf '%s\n' "$out" | grep -c '"started":"2001-01-01T00')"
	printf '%s\n' "$out" | pth-collect --no-tshark >judged
	assertEquals '4 passed' "$(jq -r 'select(.id).verdict.status' judged | uniq -c | xargs)"
}

# The disk of the other side is full: what it has done counts, the rest are errors.
testDiskFull() {
	need_root || return
	unshare -m true 2>/dev/null || skip 'no mount namespaces on this machine' || return
	# shellcheck disable=SC2016 # of the test
	plan 6 'head -c 60000 /dev/zero' >in
	engine small <<-'end'
	submit: [unshare, -m, sh, -c, 'mkdir -p "$1/$2/run" &&
	  sed -n 3p stamp | tr -d "\n" >"$2/of" &&
	  mount -t tmpfs -o size=200k tmpfs "$1/$2/run" && exec "$0" --work "$1" "$2"',
	  "@{bin}/pth-spread", "@{parts}", "@{first}"]
	waits: true
	end
	run pth-spread -e small --chunk 6 -o out <in
	assertCode 0
	assertEquals 'each has its result' 6 "$(jq_out -r 'select(.id).result.status' | wc -l)"
	assertEquals "$(end 6)" "$(printf '%s\n' "$out" | tail -n 1)"
	assertMatch "$(jq_out -r 'select(.id).result.status')" '^error$'
	assertMatch "$err$(cat out/.parts/1/log)" 'No space left on device'
	run sh -c 'pth-collect --no-tshark out | pth-report'
	assertCode 1
}

. shunit2
