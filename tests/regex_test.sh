#!/bin/sh
# Regular expressions of a plan on the text of a hostile program: none takes longer than the
# text is long, and back-references are refused by every stage. libc's regexec() would take
# minutes to years for each of these.
. "$TOP/tests/lib.sh"
. "$TOP/tests/exec_lib.sh"

evil='(a*)(a*)(a*)(a*)\\1\\2\\3\\4b'
refused='not a regular expression: character 17: back-references are not supported'

setUp() {
	export PTH_EVENTS=none
}

# A program that writes so many a's in a line, so many times, and stays.
writer() { # JSON a's lines
	svc s "$1" sh -c 'i=0
		while [ $i -lt "$2" ]; do
			head -c "$1" /dev/zero | tr "\0" a; echo; i=$((i + 1))
		done
		sleep 30' sh "$2" "$3"
}

testReadiness() {
	exec_one '{}' "$(writer '{"finite": false, "ready":
		[{"kind": "log", "matches": "'"$evil"'", "timeout_us": 1000000}]}' 3000 1)"
	assertEquals error "$(field .status)"
	assertMatch "$(field .reason)" "$refused"
	exec_one '{}' "$(writer '{"finite": false, "ready": [{"kind": "log",
		"matches": "(a|aa)*(a|aa)*b", "timeout_us": 1000000}]}' 60000 100)"
	assertMatch "$(field .reason)" \
		's: did not log /\(a\|aa\)\*\(a\|aa\)\*b/ within 1'
}

testAssertion() {
	exec_one '{"assertions": [{"type": "output_contains", "service": "s",
		"pattern": "'"$evil"'"}]}' "$(writer '{}' 10 1)"
	assertMatch "$(field '"\(.reason) \(.assertions)"')" 'back-references are not supported'
}

testRule() {
	exec_one '{"expect": {"log": [{"service": "s", "matches": "(a|aa)*b"},
		{"service": "s", "matches": "'"$evil"'"}]}}' \
		"$(svc s '{}' sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
			do head -c 60000 /dev/zero | tr "\0" a; echo; done')"
	run pth-collect --no-tshark <records
	out=$(jq_out -c 'select(.type == "test").verdict')
	assertMatch "$(field '.rules[0].text')" '^0 lines, at least 1 wanted'
	assertEquals "$refused" "$(field '.rules[1].text')"
	assertEquals 'false false' "$(field '.rules[:2] | map(.ok) | join(" ")')"
}

# shellcheck disable=SC1091
. shunit2
