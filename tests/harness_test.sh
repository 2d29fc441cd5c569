#!/bin/sh
# The harness itself: no failure of an assertion is lost, and a test that looks at nothing
# fails.
# shellcheck disable=SC2016 # the tests are texts
. "$TOP/tests/lib.sh"

# harness TEXT [option...]: what tests/run says of a file with that text.
harness() {
	mkdir -p top/tests top/bin
	cp "$TOP/tests/run" "$TOP/tests/lib.sh" top/tests
	printf '. "$TOP/tests/lib.sh"\n%s\n. shunit2\n' "$1" >top/tests/a_test.sh
	shift
	[ $# -gt 0 ] || set -- a_test
	run env PTH_BUILD=build top/tests/run "$@"
}

# red WHY BODY: a test with that body fails for that reason.
red() {
	harness "testA() {
		$2
		}"
	assertCode 1
	assertMatch "$out" "^FAIL a_test: testA: $1\$"
	assertEquals '0 passed, 1 failed, 0 skipped' "$(printf '%s\n' "$out" | tail -n 1)"
}

testNoFailureIsLost() {
	red 'assertion failed' 'assertEquals 1 2; assertEquals 1 1'
	red 'assertion failed' '(assertEquals 1 2); assertTrue 0'
	red 'assertion failed' 'assertEquals 1 2 | cat; assertTrue 0'
	red 'assertion failed' 'assertEquals 1 2 || true; assertTrue 0'
	red 'assertion failed' 'echo 1 | while read -r a; do assertEquals 2 "$a"; done; assertTrue 0'
	red 'assertion failed' 'x=$(assertEquals 1 2); assertTrue 0'
	red 'assertion failed' 'assertEquals 1 2 >/dev/null & wait; assertTrue 0'
	red 'assertion failed' 'if assertEquals 1 2; then :; fi; assertTrue 0'
	red 'assertion failed' 'fail why >/dev/null; skip x; return'
	red 'assertion failed' 'assertMatch abc d || skip no; assertTrue 0'
	red 'the function returned 3' 'assertTrue 0; return 3'
	# And it is said what was wrong.
	red 'assertion failed' 'x=$(assertEquals "one of a kind" 1 2)'
	assertMatch "$out" 'ASSERT:one of a kind expected:<1> but was:<2>'
}

testNothingLookedAt() {
	red 'no assertions' ':'
	red 'no assertions' 'for i in; do assertTrue 0; done'
	red 'no assertions' '[ 1 = 1 ]'
	harness 'testA() { (assertTrue 0); }'
	assertEquals '1 passed, 0 failed, 0 skipped' "$(printf '%s\n' "$out" | tail -n 1)"
}

# Before, between and after the tests.
testOutsideOfATest() {
	good='testA() { assertTrue 0; }'
	for where in oneTimeSetUp setUp tearDown oneTimeTearDown; do
		harness "$good
			$where() { assertEquals 1 2; return 0; }"
		assertCode 1
		assertMatch "$out" '^FAIL a_test: .*assertion failed'
	done
	harness "$good
		oneTimeSetUp() { return 1; }"
	assertCode 1
	harness "$good${NL}testB() { assertTrue 0; exit 0; }"
	assertCode 1
	harness ''
	assertCode 1
	assertMatch "$out" 'no test ran'
}

testSkipped() {
	harness "testA() { skip 'not here'; return; }${NL}testB() { (need nosuchprogram its-package) || return 0; }"
	assertCode 0
	assertMatch "$out" '^ *skip testA: not here$'
	assertMatch "$out" '^ *skip testB: needs nosuchprogram \(package its-package\)$'
	assertEquals '0 passed, 0 failed, 2 skipped' "$(printf '%s\n' "$out" | tail -n 1)"
}

# One of a file, several, and in an order of chance that is the same for the same number.
testChosen() {
	three=''
	for name in testA testB testC testD testE; do
		three="$three
			$name() { echo $name >>$PTH_TMP/order; assertTrue 0; }"
	done
	harness "$three" a_test/testB
	assertEquals '1 passed, 0 failed, 0 skipped' "$(printf '%s\n' "$out" | tail -n 1)"
	assertEquals testB "$(cat order)"
	harness "$three" a_test/testB,testC
	assertEquals '2 passed, 0 failed, 0 skipped' "$(printf '%s\n' "$out" | tail -n 1)"
	for seed in 1 2 1; do
		rm -f order
		harness "$three" -r "$seed" a_test
		assertCode 0
		assertEquals 5 "$(sort -u order | wc -l)"
		xargs <order >"order.$seed"
		[ -f first ] || cp order.1 first
	done
	assertEquals "$(cat first)" "$(cat order.1)"
	assertNotEquals "$(cat order.1)" "$(cat order.2)"
	harness "$three" a_test/testNone
	assertCode 1
	harness "$three" b_test/testA
	assertCode 2
}

. shunit2
