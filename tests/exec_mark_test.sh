#!/bin/sh
# The mark of a test's programs, by which the end of the test, the next run in
# the same directory and pth-clean find what nobody else can: isolation none.
# shellcheck disable=SC1083,SC2016,SC2154 # @{dir} is literal; $out and $err come from run
. "$TOP/tests/lib.sh"
. "$TOP/tests/exec_lib.sh"

NONE='{"plan": {"environment": {"isolation": "none"}}}'

# pgrep of the program sleep with one of these arguments.
sleeps() { # regular expression
	pgrep -f "^sleep 8767($1)\$"
}

setUp() {
	rm -rf out live up
}

tearDown() {
	# shellcheck disable=SC2046 # numbers
	kill -9 $(sleeps '.*') 2>/dev/null
	:
}

# clean ARGUMENT...: without an engine.
clean() {
	run env DOCKER_HOST=unix:///nonexistent pth-clean "$@"
}

# A run that is killed when its service has begun; its processes 876701 to 876704 outlive it.
killed_run() { # directory
	rec "$NONE" "$(svc a '{"finite": false}' sh -c 'setsid sleep 876701 &
		setsid sh -c "env -i sleep 876702; true" &
		setsid sh -c "sleep 876703 & env -i sleep 876704 & wait; true" &
		sleep 0.3; echo $$ >pid; mv pid up; exec sleep 99')" >plan.jsonl
	pth-exec -o "$1" plan.jsonl >/dev/null 2>&1 &
	pid=$!
	assertSoon 9 test -e "$1/t/a/up"
	kill -KILL $pid
	wait $pid 2>/dev/null
	assertSoon 5 sh -c "! kill -0 $(cat "$1/t/a/up")"
	assertEquals 4 "$(sleeps '0[1-4]' | wc -l)"
}

testMark() {
	exec1 "$NONE" "$(svc a '{"environment": {"PTH_TEST": "mine"}}' sh -c \
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
			"^would remove process $(sleeps 0$n) \\(sleep\\) of $PWD/out/t/a\$"
	done
	assertEquals 4 "$(sleeps '0[1-4]' | wc -l)"
	clean -r hand
	assertEquals 4 "$(sleeps '0[1-4]' | wc -l)"
	first=$(sleeps 01)
	clean
	assertMatch "$out" "^removed process $first \\(sleep\\) of $PWD/out/t/a\$"
	# Two shells, four programs; each is told once.
	assertEquals 6 "$(printf '%s\n' "$out" | grep -c "^removed process .* of $PWD/out/t/a\$")"
	assertEquals '' "$(sleeps '0[1-4]')"
	clean
	assertEquals '' "$(printf '%s\n' "$out" | grep "$PWD")"
}

testOrdinaryUser() {
	need_user || return
	mkdir -p -m 777 user && chmod 755 "$PTH_TMP" && rm -rf user/*
	rec "$NONE" "$(svc a '{"finite": false}' sh -c 'setsid sleep 876705 &
		sleep 0.3; echo $$ >pid; mv pid up; exec sleep 99')" >plan.jsonl
	as_user sh -c 'echo $$ >user/pid; exec pth-exec -o user/out plan.jsonl' >/dev/null 2>&1 &
	assertSoon 9 test -e user/out/t/a/up
	kill -KILL "$(cat user/pid)"
	wait $! 2>/dev/null
	assertSoon 5 sh -c "! kill -0 $(cat user/out/t/a/up)"
	run env DOCKER_HOST=unix:///nonexistent PATH="${pth_user_path:-$PATH}" \
		setpriv --reuid=65534 --regid=65534 --clear-groups pth-clean
	assertMatch "$out" "^removed process [0-9]+ \\(sleep\\) of $PWD/user/out/t/a\$"
	assertEquals '' "$(sleeps 05)"
}

# Whatever looks like ours and is not, or is a living run's.
testCleanLeavesOthersAlone() {
	rec "$NONE" "$(svc a '{"finite": false}' sh -c 'setsid sleep 876711 & echo "$PTH_TEST" >up
		until [ -e stop ]; do sleep 0.05; done')" >plan.jsonl
	pth-exec -o live plan.jsonl >/dev/null 2>&1 &
	pid=$!
	assertSoon 9 test -s live/t/a/up
	mark=$(cat live/t/a/up)
	boot=${mark%%.*} ns=${mark%%:*} ns=${ns##*.}
	gone="$boot.4194300.1"
	env PTH_TEST=x sleep 876712 &
	env "PTH_TEST=$gone.1:$PWD/out" sleep 876713 & # of another pid namespace
	env "PTH_TEST=.$ns:$PWD/out" sleep 876714 & # in a container
	env "PTH_TESTS=$gone.$ns:$PWD/out" sleep 876715 &
	env "X=a${NL}PTH_TEST=$gone.$ns:$PWD/out" sleep 876716 &
	env "PTH_TEST=$gone.$ns:relative" sleep 876717 &
	env "PTH_TEST=${boot}0.4194300.1.$ns:$PWD/out" sleep 876718 &
	sleep 876719 &
	clean
	assertEquals '' "$(printf '%s\n' "$out" | grep -e "$PWD" -e relative)"
	assertEquals 9 "$(sleeps '1[1-9]' | wc -l)"
	# One that is like it in all is taken.
	env "PTH_TEST=$gone.$ns:$PWD/out" sleep 876720 &
	assertSoon 5 sh -c "pgrep -f '^sleep 87672[0]'"
	clean
	assertMatch "$out" "^removed process $! \\(sleep\\) of $PWD/out\$"
	assertEquals '' "$(sleeps 20)"
	assertEquals 9 "$(sleeps '1[1-9]' | wc -l)"
	: >live/t/a/stop
	wait $pid
	assertEquals completed "$(jq -r .status live/t/result.json)"
	assertEquals '' "$(sleeps 11)"
}

testTheNextRunInTheDirectoryRemovesIt() {
	killed_run live
	exec1 "$NONE" "$(svc a '{}' true)" # another directory
	assertEquals completed "$(field .status)"
	assertEquals 4 "$(sleeps '0[1-4]' | wc -l)"
	pth-exec --resume -o live plan.jsonl >/dev/null 2>&1 &
	resumed=$!
	assertSoon 9 sh -c "! pgrep -f '^sleep 87670[4]\$'"
	assertSoon 9 grep -q run.cleaned live/events.jsonl
	assertEquals 6 "$(jq 'select(.event == "run.cleaned").removed' live/events.jsonl)"
	wait $resumed
	assertEquals 0 $?
}

# It is no child of the supervisor, but it has the mark.
testTheEndOfATestRemovesIt() {
	rec "$NONE" "$(svc a '{}' sh -c 'echo "$PTH_TEST" >up
		until [ -e stop ]; do sleep 0.05; done')" >plan.jsonl
	pth-exec -o out plan.jsonl >/dev/null 2>&1 &
	pid=$!
	assertSoon 9 test -s out/t/a/up
	mark=$(cat out/t/a/up)
	env "PTH_TEST=$mark" setsid sh -c 'env -i sleep 876731; true' &
	env "PTH_TEST=${mark%/t/a}/tt/a" sleep 876732 & # another test's
	assertSoon 5 sh -c "pgrep -f '^sleep 87673[1]'"
	: >out/t/a/stop
	wait $pid
	assertEquals '' "$(sleeps 31)"
	assertEquals 1 "$(sleeps 32 | wc -l)"
	assertEquals 2 "$(jq 'select(.event == "test.swept").processes' out/events.jsonl)"
}

. shunit2
