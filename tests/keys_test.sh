#!/bin/sh
# The table tests/keys: for every key of an experiment and of a descriptor, and for every
# parameter of our descriptors, a test that fails when it is ignored. `tests/mutate/keys` lists
# the keys and finds the tests, by ignoring one key after the other.
. "$TOP/tests/lib.sh"

oneTimeSetUp() {
	PTH_PATH='' python3 "$TOP/tests/mutate/keys" -l >keys 2>keys.err
	grep -v '^#' "$TOP/tests/keys" >table
	cut -f 1 table >named
}

# listed: the program and what it needs are there.
listed() {
	need python3 python3 || return
	python3 -c 'import yaml' 2>/dev/null || skip 'needs yaml for python3 (python3-yaml)'
}

testEveryKeyHasATest() {
	listed || return
	assertEquals 'keys without a test; tests/mutate/keys -u KEY finds one' '' \
		"$(sort keys | grep -vxFf named)"
	assertEquals 'no longer keys' '' "$(grep -vxFf keys named)"
	assertEquals 'twice' '' "$(sort named | uniq -d)"
	assertLeast 850 "$(grep -c . keys)" keys
	for what in experiment descriptor parameter; do
		assertLeast 100 "$(grep -c "^$what " keys)" "$what keys"
	done
}

# A name as tests/run takes it.
there() { # test
	case $1 in
	golden/*) [ -f "$TOP/tests/$1/args" ] ;;
	unit/*) [ -f "$TOP/tests/$1.c" ] ;;
	seeds_test/test_*)
		sed -n 's/^\([0-4]\) \([a-z0-9-]*\) .*/test_\1_\2/p' "$TOP/tests/seeds" |
			tr - _ | grep -qx "${1#*/}" ;;
	*) grep -q "^${1#*/}() {" "$TOP/tests/${1%%/*}.sh" ;;
	esac
}

testTheTestsAreThere() {
	looked=0
	cut -f 2 table | grep -v "^cannot: " | sort -u >tests
	while read -r name; do
		there "$name"
		assertTrue "there is no test $name" $?
		looked=$((looked + 1))
	done <tests
	assertLeast 50 $looked tests
}

testReasons() {
	assertTrue 'few keys cannot be missed' \
		"[ $(cut -f 2 table | grep -c '^cannot: ') -le 30 ]"
	assertEquals 'a reason' '' "$(grep "$(printf '\t')cannot: *\$" table)"
}

. shunit2
