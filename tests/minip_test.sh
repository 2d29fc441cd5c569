#!/bin/sh
# The sample protocol does what examples/minip/README.md says.
. "$TOP/tests/lib.sh"

minip=$TOP/examples/minip
free_port
server=''

start() { # server options
	rm -f server.out # or the line of the one before would do
	"$minip/miniP_server" -p "$port" -i 127.0.0.1 "$@" >server.out 2>server.err &
	server=$!
	assertSoon 20 grep -q '^listen' server.out
}

finish() { # the server's exit code in $ended
	kill -TERM "$server" 2>/dev/null
	wait "$server" 2>/dev/null
	ended=$?
	server=''
}

tearDown() { [ -z "$server" ] || finish; }

client() {
	run "$minip/miniP_client" -p "$port" -i 127.0.0.1 "$@"
}

testFunctional() {
	start
	client
	assertCode 0
	assertMatch "$out" '^5 of 5 pings answered$'
	finish
	assertEquals 0 "$ended"
	assertEquals 5 "$(grep -c '^send pong' server.out)"
	assertEquals stop "$(tail -n 1 server.out)"
}

# delays SEED: what the server said of its delays, in $delays.
delays() {
	start -m random -s "$1"
	client -n 3 -w 20000
	assertCode 0
	finish
	delays=$(grep '^delay' server.out)
	assertEquals 3 "$(printf '%s\n' "$delays" |
		grep -cE '^delay (1?[0-9]?[0-9]|200) ms$')"
}

testRandomIsInTime() {
	delays 7
	first=$delays
	delays 7
	assertEquals 'the seed decides' "$first" "$delays"
	delays 8
	assertNotEquals 'another one, others' "$first" "$delays"
}

testFlakyLosesOneOfFour() {
	for seed in 0 1 2 3; do
		start -m flaky -s $seed
		client -n 4 -w 5000
		assertCode 1
		assertMatch "$out" '^3 of 4 pings answered: FAIL$'
		assertMatch "$out" '^FAIL ping [1-4]: no answer within 5000 ms$'
		finish
	done
}

testFailAnswersWrongly() {
	start -m fail
	client -n 2
	assertCode 1
	assertMatch "$out" '^FAIL ping 1: wrong answer: pong 2$'
	assertMatch "$out" '^0 of 2 pings answered: FAIL$'
}

testVulnerableCrashesOnOversize() {
	start -m vulnerable
	client
	assertCode 0
	client -z 513 -n 1 -w 300
	assertCode 1
	assertSoon 20 sh -c "! kill -0 $server"
	finish
	assertEquals 'SIGABRT' 134 "$ended"
}

testTheOthersSurviveOversize() {
	start
	client -z 513
	assertCode 0
	assertMatch "$(cat server.out)" '^ignore 513 bytes$'
	client -z 512 -n 1
	assertCode 0
	client -z 1 -n 1
	assertCode 0
}

testNoServer() {
	client -n 1 -w 200
	assertCode 1
	assertMatch "$out" 'FAIL'
}

testInterruptEndsTheServer() {
	start -m random
	# sh ignores INT for what it starts in the background; env does not undo
	# that, so TERM it is, in the middle of an answer.
	"$minip/miniP_client" -p "$port" -i 127.0.0.1 >/dev/null &
	client=$!
	assertSoon 20 grep -q '^delay' server.out
	finish
	kill $client 2>/dev/null
	wait $client 2>/dev/null
	assertEquals 0 "$ended"
	assertEquals stop "$(tail -n 1 server.out)"
}

testUsage() {
	for words in '' '-p 0' '-p 65536' '-p x' '-p 4443 extra' '-p 4443 -m nonsense' \
		'-p 4443 -s -1' '--x'; do
		# shellcheck disable=SC2086
		run "$minip/miniP_server" $words
		assertCode 2
		assertMatch "$err" '^usage: miniP_server'
	done
	for words in '' '-p 4443' '-i 127.0.0.1' '-p 1 -i h -n 0' '-p 1 -i h -w x' \
		'-p 1 -i h -z 65508'; do
		# shellcheck disable=SC2086
		run "$minip/miniP_client" $words
		assertCode 2
		assertMatch "$err" '^usage: miniP_client'
	done
	run "$minip/miniP_server" -h
	assertCode 0
}

. shunit2
