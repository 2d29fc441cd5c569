#!/bin/sh
# The mark of a test's programs, by which the end of the test, the next run in
# the same directory and pth-clean find what nobody else can: isolation none.
# shellcheck disable=SC1083,SC2016,SC2154 # @{dir} is literal; $out and $err come from run
. "$TOP/tests/lib.sh"
. "$TOP/tests/exec_lib.sh"
# pth-clean would take what the tests of others have left, and theirs what we have.
own_world

NONE='{"plan": {"environment": {"isolation": "none"}}}'

tearDown() {
	# shellcheck disable=SC2046 # numbers
	kill -9 $(asleep '[0-9]*') 2>/dev/null
	:
}

# clean ARGUMENT...: without an engine.
clean() {
	run env DOCKER_HOST=unix:///nonexistent pth-clean "$@"
}

# A run that is killed when its service has begun; its processes 01 to 04 outlive it. The next
# run of the plan starts none of them.
killed_run() { # directory
	one "$NONE" "$(svc a '{}' sh -c '[ ! -e ../../../again ] || exit 0; setsid sleep "01$0" &
		setsid sh -c "env -i sleep 02$0; true" &
		setsid sh -c "sleep 03$0 & env -i sleep 04$0 & wait; true" &
		echo $$ >pid; mv pid up; exec sleep 99' "$nap")" >plan.jsonl
	pth-exec -o "$1" plan.jsonl >/dev/null 2>&1 &
	pid=$!
	assertSoon 20 test -e "$1/t/a/up"
	for n in 1 2 3 4; do assertSoon 20 asleep 0$n; done
	kill_run $pid
	assertSoon 20 sh -c "! kill -0 $(cat "$1/t/a/up")"
	assertEquals 4 "$(asleep '0[1-4]' | wc -l)"
}

testMark() {
	exec_one "$NONE" "$(svc a '{"environment": {"PTH_TEST": "mine"}}' sh -c \
		'echo "$PTH_TEST"; cat /proc/sys/kernel/random/boot_id
		stat -Lc %i /proc/self/ns/pid')"
	boot=$(sed -n 2p out/t/a/stdout.log | tr -d -)
	ns=$(sed -n 3p out/t/a/stdout.log)
	assertMatch "$(sed -n 1p out/t/a/stdout.log)" \
		"^$boot\\.[0-9]+\\.[0-9]+\\.$ns:$PWD/out/t/a\$"
}

testCleanRemovesWhatAKilledRunHasLeft() {
	killed_run out
	clean -n
	for n in 1 2 3 4; do
		assertMatch "$out" \
			"^would remove process $(asleep 0$n) \\(sleep\\) of $PWD/out/t/a\$"
	done
	assertEquals 4 "$(asleep '0[1-4]' | wc -l)"
	clean -r hand
	assertEquals 4 "$(asleep '0[1-4]' | wc -l)"
	first=$(asleep 01)
	clean
	assertMatch "$out" "^removed process $first \\(sleep\\) of $PWD/out/t/a\$"
	# Two shells, four programs; each is told once.
	assertEquals 6 "$(printf '%s\n' "$out" | grep -c "^removed process .* of $PWD/out/t/a\$")"
	assertEquals '' "$(asleep '0[1-4]')"
	clean
	assertEquals '' "$(printf '%s\n' "$out" | grep "$PWD")"
}

testOrdinaryUser() {
	need_user || return
	mkdir -p -m 777 user && chmod 755 "$PTH_TMP" && rm -rf user/*
	one "$NONE" "$(svc a '{"finite": false}' sh -c 'setsid sleep "05$0" &
		echo $$ >pid; mv pid up; exec sleep 99' "$nap")" >plan.jsonl
	as_user sh -c 'echo $$ >user/pid; exec pth-exec -o user/out plan.jsonl' >/dev/null 2>&1 &
	assertSoon 20 test -e user/out/t/a/up
	assertSoon 20 asleep 05
	kill_run "$(cat user/pid)"
	wait $! 2>/dev/null
	assertSoon 20 sh -c "! kill -0 $(cat user/out/t/a/up)"
	run env DOCKER_HOST=unix:///nonexistent PATH="${pth_user_path:-$PATH}" \
		setpriv --reuid=65534 --regid=65534 --clear-groups pth-clean
	assertMatch "$out" "^removed process [0-9]+ \\(sleep\\) of $PWD/user/out/t/a\$"
	assertEquals '' "$(asleep 05)"
}

# Whatever looks like ours and is not, or is a living run's.
testCleanLeavesOthersAlone() {
	one "$NONE" "$(svc a '{"finite": false}' sh -c 'setsid sleep "11$0" &
		echo "$PTH_TEST" >up; until [ -e stop ]; do sleep 0.05; done' "$nap")" >plan.jsonl
	pth-exec -o live plan.jsonl >/dev/null 2>&1 &
	pid=$!
	assertSoon 20 test -s live/t/a/up
	mark=$(cat live/t/a/up)
	boot=${mark%%.*} ns=${mark%%:*} ns=${ns##*.}
	gone="$boot.4194300.1"
	env PTH_TEST=x sleep "12$nap" &
	env "PTH_TEST=$gone.1:$PWD/out" sleep "13$nap" & # of another pid namespace
	env "PTH_TEST=.$ns:$PWD/out" sleep "14$nap" & # in a container
	env "PTH_TESTS=$gone.$ns:$PWD/out" sleep "15$nap" &
	env "X=a${NL}PTH_TEST=$gone.$ns:$PWD/out" sleep "16$nap" &
	env "PTH_TEST=$gone.$ns:relative" sleep "17$nap" &
	env "PTH_TEST=${boot}0.4194300.1.$ns:$PWD/out" sleep "18$nap" &
	sleep "19$nap" &
	for n in 1 2 3 4 5 6 7 8 9; do assertSoon 20 asleep 1$n; done
	clean
	assertEquals '' "$(printf '%s\n' "$out" | grep -e "$PWD" -e relative)"
	assertEquals 9 "$(asleep '1[1-9]' | wc -l)"
	# One that is like it in all is taken.
	env "PTH_TEST=$gone.$ns:$PWD/out" sleep "20$nap" &
	assertSoon 20 asleep 20
	clean
	assertMatch "$out" "^removed process $! \\(sleep\\) of $PWD/out\$"
	assertEquals '' "$(asleep 20)"
	assertEquals 9 "$(asleep '1[1-9]' | wc -l)"
	: >live/t/a/stop
	wait $pid
	assertEquals completed "$(jq -r .status live/t/result.json)"
	assertEquals '' "$(asleep 11)"
}

testTheNextRunInTheDirectoryRemovesIt() {
	killed_run live
	exec_one "$NONE" "$(svc a '{}' true)" # another directory
	assertEquals completed "$(field .status)"
	assertEquals 4 "$(asleep '0[1-4]' | wc -l)"
	: >again
	run pth-exec --resume -o live plan.jsonl
	assertCode 0
	assertEquals completed "$(jq_out -r 'select(.id).result.status')"
	assertEquals '' "$(asleep '0[1-4]')"
	assertEquals 6 "$(jq 'select(.event == "run.cleaned").removed' live/events.jsonl)"
}

# It is no child of the supervisor, but it has the mark.
testTheEndOfATestRemovesIt() {
	one "$NONE" "$(svc a '{}' sh -c 'echo "$PTH_TEST" >up
		until [ -e stop ]; do sleep 0.05; done')" >plan.jsonl
	pth-exec -o out plan.jsonl >/dev/null 2>&1 &
	pid=$!
	assertSoon 20 test -s out/t/a/up
	mark=$(cat out/t/a/up)
	env "PTH_TEST=$mark" setsid sh -c "env -i sleep 31$nap; true" &
	env "PTH_TEST=${mark%/t/a}/tt/a" sleep "32$nap" & # another test's
	for n in 31 32; do assertSoon 20 asleep $n; done
	: >out/t/a/stop
	wait $pid
	assertEquals '' "$(asleep 31)"
	assertEquals 1 "$(asleep 32 | wc -l)"
	assertEquals 2 "$(jq 'select(.event == "test.swept").processes' out/events.jsonl)"
}

. shunit2
