#!/bin/sh
# pth-merge: the parts of a run become one stream, and one run directory.
. "$TOP/tests/lib.sh"
export PTH_EVENTS=none

# one N [jq]: test N of 4, as it was planned.
one() {
	jq -cn --argjson n "$1" '{pth: 1, type: "test", run: "r", id: "\($n)-t", index: $n, of: 4,
		name: "t", plan: {services: []}} | '"${2:-.}"
}

# ran N STATUS [jq]: the same with a result.
ran() {
	one "$1" ".result = {status: \"$2\", duration_us: 1} | ${3:-.}"
}

# merges WANT ARGUMENT...: these tests in this order, with what has become of them.
merges() {
	want=$1
	shift
	run pth-merge "$@"
	assertEquals "$*: $err" "0 $want" "$code $(jq_out -r 'select(.id) | .id[:1] +
		(.result.status // "" | .[:1]) + (.from // "")' | xargs)"
}

ends() { # tests: the stream is whole
	assertEquals "$(end "$1")" "$(printf '%s\n' "$out" | tail -n 1)"
}

testOrderAndEnds() {
	{ ran 4 completed && ran 2 completed && end 2; } >a
	{ echo '{"type":"note"}' && ran 3 error && ran 1 skipped && end 2; } >b
	merges '1s 2c 3e 4c' a b
	ends 4
	assertEquals '{"type":"note"}' "$(printf '%s\n' "$out" | head -n 1)"
	assertEquals '' "$err"
	run sh -c 'cat a b | pth-merge'
	ends 4
	# Line by line, mixed.
	run sh -c 'paste -d "\n" a b | grep . | pth-merge'
	assertEquals '1-t 2-t 3-t 4-t' "$(jq_out -r '.id // empty' | xargs)"
	ends 4
	printf %s "$(cat a)" >unended
	merges '1s 2c 3e 4c' unended b
	ends 4
	# One that has no end.
	sed '$d' a >short
	merges '1s 2c 3e 4c' short b
	assertMatch "$err" '^pth-merge: short: the stream is incomplete'
	assertMatch "$out" '"tests":4,"incomplete":"pth-merge: short: '
	merges '1s 2c 3e 4c' --partial short b
	ends 4
	end 0 >none
	merges '' none
	ends 0
}

# The first complete one counts, wherever it stands.
testWhatComesTwice() {
	{ ran 1 interrupted '.from = "a"' && ran 2 failed '.from = "a"' && one 3 && end 3; } >a
	{ ran 1 completed '.from = "b"' && ran 2 completed '.from = "b"' && end 2; } >b
	{ ran 3 skipped && end 1; } >c
	merges '1cb 2fa 3s' a b c
	ends 3
	assertEquals 3 "$(printf '%s\n' "$err" | grep -c 'came twice')"
	assertMatch "$err" "$(line '^pth-merge: warning: 1-t came twice: from b \(complete\),' \
		'which counts, and from a \(cut short or left out\)')"
	assertMatch "$err" '3-t came twice: from c .*, and from a \(without a result\)'
	for n in $(seq 20); do ran "$n" completed '.of = 20'; done >many
	end 20 >>many
	run pth-merge many many
	ends 20
	assertEquals 'ten and how many' 11 "$(printf '%s\n' "$err" | grep -c 'came twice')"
	PTH_EVENTS=json run pth-merge many many
	assertMatch "$err" '"event":"run.merged".*"tests":20,"parts":2,"twice":20,"missing":0'
}

testPlan() {
	{ one 3 && one 1 && one 2 && end 3; } >plan
	{ ran 1 completed && end 1; } >a
	{ ran 3 completed && end 1; } >b
	merges '3c 1c 2' --plan plan a b
	assertMatch "$err" '1 tests of the plan came from nobody, the first of them 2-t$'
	assertMatch "$out" '"tests":3,"incomplete":"pth-merge: the stream is incomplete: 1 tests'
	ran 2 timeout >c && end 1 >>c
	merges '3c 1c 2t' --plan plan a b c
	ends 3
	assertEquals '' "$err"
	# Of two experiments: what the numbers cannot tell.
	{ cat plan && one 1 '.run = "s" | .id = "1-s"'; } | grep -v '"end"' >two && end 4 >>two
	{ ran 1 completed '.run = "s" | .id = "1-s"' && end 1; } >d
	merges '3c 1c 2t 1c' --plan two a b c d
	ends 4
}

# refused WHAT ARGUMENT...
refused() {
	what=$1
	shift
	run pth-merge "$@"
	assertEquals "$*: $err" 3 "$code"
	assertMatch "$err" "^pth-merge: $what"
	assertEquals '' "$out"
}

testPartsOfDifferentPlans() {
	{ ran 1 completed && end 1; } >a
	{ ran 2 completed '.run = "s"' && end 1; } >run
	{ ran 2 completed '.of = 5' && end 1; } >of
	{ ran 2 completed '.index = 1' && end 1; } >index
	{ ran 1 completed '.index = 3' && end 1; } >number
	{ ran 1 completed '.plan.order = ["x"]' && end 1; } >other
	{ one 2 && end 1; } >plan
	refused '1-t of a and 2-t of run are of different plans: their runs have' a run
	refused '1-t of a and 2-t of of are of different plans: they have different' a of
	refused '1-t of a and 2-t of index .*: they have the same number' a index
	refused '1-t of a and 1-t of number .*: their numbers differ' a number
	refused '1-t of a and 1-t of other .*: they do different things' a other
	refused '1-t of a is not in the plan' --plan plan a
	cat plan plan >twice
	refused '2-t is twice in the plan' --plan twice run
	echo '[]' >bad
	refused 'bad:1:1: a record must be' bad
	run pth-merge --move a
	assertCode 2
	run pth-merge nowhere
	assertCode 4
}

# Each test that runs leaves its number.
plan_of() { # file test...
	file=$1
	shift
	for n; do
		rec "$n-t" "$(svc s '{}' sh -c "echo $n >n")" |
			jq -c ".index = $n | .of = 4 | .plan.environment.isolation = \"none\""
	done >"$file"
	end $# >>"$file"
}

parts() {
	rm -rf a b c
	for part in a b c; do pth-exec -q -o $part $part.plan >$part.jsonl; done
}

# whole DIR: it is a run directory like any other.
whole() {
	assertEquals "$1" '1 2 3 4' "$(cat "$1"/*-t/s/n | xargs)"
	for file in plan results; do
		assertEquals "$1" '1-t 2-t 3-t 4-t end' "$(jq -r '.id // .type' "$1/$file.jsonl" |
			xargs)"
	done
	assertEquals "$(jq -c 'select(.id) | .result' "$1/plan.jsonl" | sort -u)" null
	assertEquals "\"$PTH_TMP/$1\"" "$(jq -c 'select(.id).result.run_dir' "$1/results.jsonl" |
		sort -u)"
	run sh -c 'jq -r "select(.id).result | .run_dir + \"/\" + .dir" "$1"/results.jsonl |
		xargs ls -d' sh "$1"
	assertEquals "$err" 0 "$code"
	run pth-collect --no-tshark "$1"
	assertEquals "$err" '4 passed' \
		"$(jq_out -r 'select(.id).verdict.status' | sort | uniq -c | xargs)"
}

testRunDirectories() {
	plan_of a.plan 3 1
	plan_of b.plan 2
	plan_of c.plan 4 2
	parts
	mkdir -p b/tries/2-t-1 && echo old >b/tries/2-t-1/log
	jq -c 'if .id then .result.attempt = 2 else . end' b/results.jsonl >new
	cp new b/results.jsonl
	ln -s nowhere a/1-t/link && mkfifo a/1-t/fifo
	# From their directories, and from their streams; of 2-t, that of b comes first.
	pth-merge -q -o first a b c | {
		read -r line && ls -d first/*-t >there
		cat >rest
	}
	assertEquals 'all are there before the first record' 4 "$(wc -l <there)"
	merges '1c 2c 3c 4c' -o copied a b c
	whole copied
	cp -R c unplanned && rm unplanned/plan.jsonl
	merges '2c 4c' unplanned
	assertEquals 'without its plan it is what it has' '' "$err"
	ends 2
	assertEquals old "$(cat copied/tries/2-t-1/log)"
	assertTrue 'links and fifos are what they were' \
		'[ "$(readlink copied/1-t/link)" = nowhere ] && [ -p copied/1-t/fifo ]'
	assertTrue 'all events' 'cat [abc]/events.jsonl >events &&
		head -n "$(wc -l <events)" copied/events.jsonl | cmp - events'
	assertEquals 'nothing was taken away' '1 2 3' "$(cat [ab]/*-t/s/n | sort | xargs)"
	merges '1c 2c 3c 4c' -o streamed a.jsonl b.jsonl c.jsonl
	whole streamed
	# Interrupted after the first: the same command does the rest.
	mkdir moved && cp -a copied/plan.jsonl moved && mv a/1-t moved
	merges '1c 2c 3c 4c' --move -o moved a b c
	whole moved
	assertEquals 'only what came twice is left' 2 "$(cat [abc]/*-t/s/n | xargs)"
	for from in moved "moved copied" "copied moved"; do
		# shellcheck disable=SC2086 # words
		run pth-merge -o moved $from
		assertEquals "$err" 2 "$code"
		assertMatch "$err" '^pth-merge: -o moved: 1-t of moved was run there; use another'
	done
	whole moved
	# The streams name a place that is not here.
	rm -rf b && run pth-merge -o lost a.jsonl b.jsonl c.jsonl
	assertCode 4
	assertMatch "$err" "^pth-merge: $PTH_TMP/b, where tests were run, is no run directory here"
}

. shunit2
