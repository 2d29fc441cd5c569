#!/bin/sh
# pth-select: some tests of a stream, which stays whole.
. "$TOP/tests/lib.sh"

END='{"pth":1,"type":"end","tests":'

# one ID [jq]: a record.
one() {
	jq -cn --arg id "$1" '{pth: 1, type: "test", run: "r", id: $id, index: 1, of: 4, name: $id}
		| '"${2:-.}"
}

setUp() {
	{
		one 1-a '.name = "a [x=1]" | .tags = ["slow", "net"] |
			.verdict = {status: "failed"} | .result = {status: "completed"}'
		one 2-b '.tags = ["net"] | .verdict = {status: "passed"}'
		echo '{"type":"note","of":"somebody"}'
		one 3-c '.result = {status: "completed"}'
		one 4-d '.error = {stage: "plan", message: "no"}'
		end 4
	} >in
}

# ids WANT OPTION...: these tests come out, between what is no test, in a stream that is whole.
ids() {
	want=$1
	shift
	run pth-select "$@" <in
	assertEquals "$*: $err" "0 $want" "$code $(jq_out -r '.id // empty' | xargs)"
	assertEquals "$*" "$END$(echo "$want" | wc -w)}" "$(printf '%s\n' "$out" | tail -n 1)"
	assertEquals "$*" 1 "$(printf '%s\n' "$out" | grep -c '"type":"note"')"
}

testSelects() {
	export PTH_EVENTS=none
	ids '1-a 2-b 3-c 4-d'
	ids '1-a 3-c' --only '1-*' --only 3-c
	ids '1-a' --only 'a [x=1]'
	ids '2-b 3-c' --skip '*[ad]' --skip tag:slow
	ids '1-a 2-b' --tag net
	ids '1-a' --tag slow --only 'tag:n*'
	ids '2-b' --tag net --skip tag:slow
	ids '1-a' --status failed
	ids '1-a 2-b' --status failed,passed
	ids '2-b 3-c 4-d' --status passed --status completed,error
	ids '' --status crashed
	ids '2-b' --first 1 --skip 1-a
	ids '1-a 2-b' --first 2
	ids '1-a 2-b 3-c 4-d' --sample 9
	ids "$(pth-select --sample 2 <in | jq -r '.id // empty' | xargs)" --sample 2 --seed 0
	all=''
	for k in 1 2 3; do
		all="$all $(pth-select --part $k/3 in | jq -r '.id // empty' | xargs)"
	done
	assertEquals '1-a 2-b 3-c 4-d' "$(echo "$all" | xargs -n 1 | sort | xargs)"
}

# Bytes that are not ours stay as they are.
testRecordsStayAsTheyAre() {
	run pth-select --where .id <in
	assertEquals "$(sed '$d' in)" "$(printf '%s\n' "$out" | sed '$d')"
}

testWhere() {
	need jq jq || return
	export PTH_EVENTS=none
	ids '1-a 2-b' --where .verdict
	ids '1-a' --where '.verdict.status == "failed" # not ok'
	ids '1-a 2-b' --where '.tags[]? | . == "slow" or . == "net"'
	ids '' --where 'empty'
	ids '2-b' --where '.verdict' --first 1 --skip '*a*'
	ids '1-a 2-b' --where .verdict --sample 3
	run pth-select --where '.id >' in
	assertCode 2
	assertMatch "$err" '^pth-select: --where: syntax error'
	assertEquals '' "$out"
	run pth-select --where '.id.x' in
	assertCode 3
	assertMatch "$err" '^pth-select: 1-a: Cannot index string'
	assertNoMatch "$out" '"type":"end"'
	for word in halt halt_error 'halt_error(1)' input '[inputs]'; do
		run pth-select --where "$word" in
		assertCode 3
		assertEquals "$word" \
			'pth-select: 1-a: halt, input and inputs have no place in a question' "$err"
	done
	mkdir -p none
	run env PATH="$PTH_TMP/none" "$(command -v pth-select)" --where .id in
	assertCode 4
	assertEquals 'pth-select: --where: jq is not installed (package jq)' "$err"
	# Larger than a pipe.
	head -c 300000 /dev/zero | tr '\0' x >long
	{ jq -cR '{pth: 1, type: "test", id: "l", long: .}' long && end 1; } >in
	run pth-select --where '.long | length == 300000' in
	assertEquals '' "$err"
	assertEquals l "$(jq_out -r '.id // empty')"
}

testMistakes() {
	while IFS='|' read -r options what; do
		# shellcheck disable=SC2086 # words
		run pth-select $options in
		assertEquals "$options" 2 "$code"
		assertMatch "$err" "^pth-select: $what"
		assertEquals "$options" '' "$out"
	done <<-'end'
	--part 9/8|--part 9/8: expected K/N, with K from 1 to N$
	--part 0/8|--part 0/8: expected K/N
	--part 8|--part 8: expected K/N
	--part 1/0|--part 1/0: expected K/N
	--part x/2|--part x/2: expected K/N
	--status pased|--status pased: expected some of passed, unsupported, failed
	--balance x|--balance goes with --part
	--seed 3|--seed goes with --sample
	--only nobody|--only 'nobody' matches no test
	--tag ned|--only 'tag:ned' matches no test; the nearest: 'tag:net'
	end
	echo '[]' >in
	run pth-select in
	assertCode 3
}

# What came incomplete goes on as that.
testStreams() {
	sed '$d' in >short
	run pth-select --only '?-[ab]' short
	assertCode 0
	assertMatch "$err" '^pth-select: short: the stream is incomplete'
	assertMatch "$out" '"tests":2,"incomplete":"pth-select: short: '
	run pth-select --partial --first 1 short
	assertEquals "${END}1}" "$(printf '%s\n' "$out" | tail -n 1)"
	run pth-select --first 5 in short in
	assertMatch "$err" '^pth-select: short: the stream is incomplete'
	assertEquals 5 "$(jq_out -r '.id // empty' | wc -l)"
	if [ -w /dev/full ]; then
		run sh -c 'pth-select in >/dev/full'
		assertCode 4
	fi
	PTH_EVENTS=json run pth-select --tag net in
	assertMatch "$err" '"event":"run.selected".*"tests":2,"of":4'
}

. shunit2
