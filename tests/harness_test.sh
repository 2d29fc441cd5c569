#!/bin/sh
# The harness itself: no failure of an assertion is lost, and a test that looks at nothing
# fails.
# shellcheck disable=SC2016 # the tests are texts
. "$TOP/tests/lib.sh"

# harness TEXT [option...]: what tests/run says of a file with that text.
harness() {
	rm -rf top && mkdir -p top/tests top/bin
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
	red 'assertion failed' 'echo 1 | while read -r a; do assertEquals 2 "$a"; done
		assertTrue 0'
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
	harness "testA() { skip 'not here'; return; }${NL}testB() {
		(need nosuchprogram its-package) || return 0; }"
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

# Whatever their order: what one changes for itself is not there for the next.
testOrderOfChance() {
	body='assertEquals "" "$(command -v own)"
		assertEquals "" "$(cat mine)"
		assertEquals "common common" "$common $(cat set_up)"
		assertEquals "" "$own"
		own=mine
		echo mine >mine
		seen=$((${seen:-0} + 1))
		echo . >>both
		assertEquals $seen "$(wc -l <both)"
		assertEquals "0022 unset" "$(umask) ${PTH_EVENTS-unset}"
		isolation=$(rec t | jq -r .plan.environment.isolation)
		assertEquals "full null" "$isolation $(rec t | jq -r .plan.x)"
		mkdir -p programs/fake && (cd programs && fake own :)
		PATH=$PTH_TMP/programs/fake:$PATH
		export PTH_EVENTS=none
		umask 077
		plan="{\"x\": 1}" over="{\"plan\": {\"environment\": {\"isolation\": \"none\"}}}"
		assertEquals none "$(rec t | jq -r .plan.environment.isolation)"'
	first='lasting="both seen"
		oneTimeSetUp() { common=common; echo common >set_up; }'
	three=''
	for name in testA testB testC; do three="$three$NL$name() { $body; }"; done
	for seed in 1 2; do
		harness "$first$three" -r $seed a_test
		assertCode 0
	done
}

# Two files that run at the same time have neither a port nor a sleeping program in common, and
# nobody has the port.
testTogether() {
	need python3 python3 || return
	harness 'testA() {
		free_port
		sleep "1$nap" &
		assertSoon 20 asleep 1
		assertEquals "$!" "$(asleep 1)"
		echo "$port" >"$0.port"
		until [ -e "$TOP/tests/b_test.sh.port" ] && [ -e "$TOP/tests/a_test.sh.port" ]; do
			sleep 0.05
		done
		assertEquals "$!" "$(asleep 1)"
		kill $!
		assertSoon 20 none_asleep 1
		first=$port
		for kind in DGRAM STREAM; do
			rm -f up
			python3 -c "import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_$kind)
s.bind((\"127.0.0.1\", $port))
if s.type == socket.SOCK_STREAM: s.listen()
open(\"up\", \"w\")
time.sleep(60)" &
			assertSoon 20 test -e up
			free_port
			assertNotEquals $kind "$first" "$port"
			kill $!
			wait $!
			free_port
			assertEquals "$first" "$port"
		done
	}' -h
	cp top/tests/a_test.sh top/tests/b_test.sh
	run env PTH_BUILD=build top/tests/run -j 2 a_test b_test
	assertCode 0
	assertNotEquals "$(cat top/tests/a_test.sh.port)" "$(cat top/tests/b_test.sh.port)"
	for name in a b; do
		port=$(cat top/tests/${name}_test.sh.port)
		assertTrue "$port" "[ $port -gt 1023 ] && [ $port -lt 32768 ]"
	done
}

# What a file leaves in a world of its own ends with it.
testOwnWorld() {
	need_root || return
	unshare --pid --fork --mount-proc true 2>/dev/null || skip 'no pid namespaces' || return
	harness "own_world${NL}testA() {
		setsid sleep $nap &
		assertSoon 20 pgrep -f '^sleep $nap\$'
		assertEquals 1 \$\$
	}"
	assertEquals '1 passed, 0 failed, 0 skipped' "$(printf '%s\n' "$out" | tail -n 1)"
	assertSoon 20 none_asleep
}

# Images are kept up to a limit, which is said.
testKeptImages() {
	mkdir -p fake && fake docker '[ "$1" = save ] && head -c 1000 /dev/zero >"$3"'
	for max in 9000 500 0; do
		rm -rf cache
		harness ". \"$TOP/tests/docker_lib.sh\"${NL}testA() {
				PATH=$PTH_TMP/fake:\$PATH
				PTH_CACHE=$PTH_TMP/cache PTH_CACHE_MAX=$max
				from_cache a lib
				to_cache image
				assertTrue 0
			}"
		case $max in
		9000) want='1 ^ *note: 0 MB of images are kept in .*/cache/engine$' ;;
		500) want='0 ^ *note: a-.*tar is not kept: PTH_CACHE_MAX is 500$' ;;
		0) want='0 ^1 passed' ;;
		esac
		assertEquals "$max" "${want%% *}" "$(ls cache/engine | wc -l)"
		assertMatch "$out" "${want#* }"
		[ $max != 0 ] || assertNoMatch "$out" note:
	done
}

. shunit2
