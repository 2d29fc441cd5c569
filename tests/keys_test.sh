#!/bin/sh
# The table tests/keys: for every key of an experiment and of a descriptor, and for every
# parameter of our descriptors, what fails when the product ignores it. tests/mutate/effects
# lists the keys, and tries what the table says of them, with each key and without it;
# tests/mutate/keys ignores a key in a copy of the product, and finds the test that fails.
# timeout: 600
. "$TOP/tests/lib.sh"

oneTimeSetUp() {
	PTH_BIN=$(dirname "$(command -v pth-parse)") && export PTH_BIN
	grep -v '^#' "$TOP/tests/keys" >table
	cut -f 1 table >named
}

# python: what the program needs is there.
python() {
	need python3 python3 || return
	python3 -c 'import yaml' 2>/dev/null || skip 'needs yaml for python3 (python3-yaml)'
}

testEveryKeyIsInTheTable() {
	python || return
	PTH_PATH='' python3 "$TOP/tests/mutate/effects" -l >keys
	assertEquals 0 $?
	assertEquals 'not in tests/keys; tests/mutate/effects KEY says what becomes of it' '' \
		"$(grep -vxFf named keys)"
	assertEquals 'no longer keys' '' "$(grep -vxFf keys named)"
	assertEquals 'twice' '' "$(sort named | uniq -d)"
	for what in experiment descriptor parameter; do
		assertLeast 120 "$(grep -c "^$what " keys)" "$what keys"
	done
}

testEveryKeyHasItsEffect() {
	python || return
	PTH_PATH='' python3 "$TOP/tests/mutate/effects" -t "$TOP/tests/keys" >now
	assertEquals 0 $?
	looked=0
	while read -r line; do
		grep -qxF "$line" now ||
			fail "$line; now: $(grep "^${line%%	*}	" now | cut -f 2)"
		looked=$((looked + 1))
	done <<-EOT
	$(cut -f 1,2 table | grep -E "$(printf '\t')(plan|said|listed|shown|record)( |\$)")
	EOT
	assertLeast 700 $looked keys
}

# A name as tests/run takes it.
there() { # test
	case $1 in
	golden/*) [ -f "$TOP/tests/$1/args" ] ;;
	unit/*) [ -f "$TOP/tests/$1.c" ] ;;
	*) grep -q "^${1#*/}() {" "$TOP/tests/${1%%/*}.sh" ;;
	esac
}

testTheTestsAreThere() {
	grep -v "$(printf '\t')cannot: " table | grep -o '[^	]*/[^	]*$' | sort -u >tests
	while read -r name; do
		there "$name"
		assertTrue "there is no test $name" $?
	done <tests
	assertLeast 40 "$(grep -c . tests)" tests
	assertEquals 'no test of the stage that reads it' '' \
		"$(grep "$(printf '\t')record " table | grep -v '/')"
}

testReasons() {
	assertEquals 'a reason' '' "$(grep "$(printf '\t')cannot: *\$" table)"
	assertTrue 'few keys have a reason' \
		"[ $(grep -c "$(printf '\t')cannot: " table) -le 90 ]"
}

. shunit2
