#!/bin/sh
# pth-exec: which tests run together, and in which order they start.
# shellcheck disable=SC2016,SC2154 # $out and $err come from run
. "$TOP/tests/lib.sh"

# What needs no port of the host, where there are no namespaces.
quiet='{"role": "client"}'

setUp() {
	may_write "$PTH_TMP"
	: >log
	chmod 666 log
	plan='' over=''
}

# Fails when another one of its kind runs.
alone() { svc a "$1" sh -c 'mkdir ../../../busy || exit 1; sleep .05; rmdir ../../../busy'; }

# meet ME OTHER JSON: ends well only when the other one runs at the same time.
meet() {
	svc a "$3" sh -c ": >../../../here.$1; until [ -e ../../../here.$2 ]; do sleep .02; done"
}

# Says that it was there.
says() { svc a "$quiet" sh -c "echo $1 >>../../../log"; }

# exec_ ARG...: run what is in the file in; $out is the statuses.
exec_() {
	run pth-exec -o out "$@" in
	assertCode 0
	out=$(statuses)
}

order() { xargs <log; }

testLocks() {
	plan='{"schedule": {"locks": ["db", "x"]}}'
	for i in 1 2 3; do rec $i-t "$(alone "$quiet")"; done >in
	plan='{"schedule": {"locks": ["db"]}}'
	{ rec 4-t "$(alone "$quiet")"; end 4; } >>in
	exec_ -j 4
	assertEquals 'completed completed completed completed' "$out"
	plan='{"schedule": {"locks": ["a"]}}'
	rec 1-t "$(meet 1 2 "$quiet")" >in
	plan='{"schedule": {"locks": ["b"]}}'
	{ rec 2-t "$(meet 2 1 "$quiet")"; end 2; } >>in
	exec_ -j 2
	assertEquals 'another lock is no hindrance' 'completed completed' "$out"
}

testALaterOneOvertakes() {
	plan='{"schedule": {"locks": ["a"]}}'
	{ rec 1-t "$(meet 1 3 "$quiet")"; rec 2-t "$(says 2)"; } >in
	plan=''
	{ rec 3-t "$(meet 3 1 "$quiet")"; end 3; } >>in
	exec_ -j 2
	assertEquals 'completed completed completed' "$out"
}

testCpus() {
	plan='{"schedule": {"cpus": 2}}'
	{ rec 1-t "$(alone "$quiet")"; rec 2-t "$(alone "$quiet")"; } >in
	plan='{"schedule": {"cpus": 99}}'
	rec 3-t "$(alone "$quiet")" >>in
	plan=''
	{ rec 4-t "$(alone "$quiet")"; end 4; } >>in
	exec_ -j 2
	assertEquals 'completed completed completed completed' "$out"
	plan='{"schedule": {"cpus": 2}}'
	rec 1-t "$(meet 1 2 "$quiet")" >in
	plan=''
	{ rec 2-t "$(meet 2 1 "$quiet")"; end 2; } >>in
	exec_ -j 3
	assertEquals 'completed completed' "$out"
}

testAWideOneIsNotOvertakenForEver() {
	rec 00-t "$(says 0)" >in
	plan='{"schedule": {"cpus": 2}}'
	rec 01-t "$(says wide)" >>in
	plan=''
	rec ID "$(says small)" >one
	for i in $(seq 10 79); do sed "s/ID/$i-t/g" one; done >>in
	end 72 >>in
	exec_ -j 2 --order input --unordered
	assertEquals 'each once' 72 "$(wc -l <log)"
	at=$(grep -n wide log | cut -d: -f1)
	assertTrue "it was number $at" "[ $at -le 20 ]"
}

# together JSON JSON: two services on the host's network run at the same time.
together() {
	{ rec 1-t "$(meet 1 2 "$1")"; rec 2-t "$(meet 2 1 "$2")"; end 2; } >in
	exec_ -j 2
	assertEquals "$1 and $2" 'completed completed' "$out"
	rm -f here.*
}

apart() {
	{ rec 1-t "$(alone "$1")"; rec 2-t "$(alone "$2")"; end 2; } >in
	exec_ -j 2
	assertEquals "$1 and $2" 'completed completed' "$out"
}

testPortsOfTheHost() {
	plan='{"environment": {"isolation": "none"}}'
	udp='{"role": "server", "port": 4443, "transport": "udp"}'
	together "$udp" '{"role": "server", "port": 4444, "transport": "udp"}'
	together "$udp" '{"role": "server", "port": 4443, "transport": "tcp"}'
	together "$udp" '{"role": "client"}'
	apart "$udp" "$udp"
	apart "$udp" '{"role": "server", "port": 4443, "transport": "none"}'
	apart "$udp" '{"role": "server"}'
	plan='{"environment": {"isolation": "none"},
		"capture": {"interface": "lo", "file": "capture.pcapng"}}'
	apart "$udp" '{"role": "server", "port": 4444, "transport": "udp"}'
}

testIsolatedBesideOneOnTheHost() {
	need_namespaces || return
	udp='{"role": "server", "port": 4443, "transport": "udp"}'
	rec 0-t "$(svc a "$udp" true)" >in
	plan='{"environment": {"isolation": "none"}}'
	rec 1-t "$(meet 1 2 '{"role": "server"}')" >>in
	plan=''
	{ rec 2-t "$(meet 2 1 "$udp")"; end 3; } >>in
	exec_ -j 2
	assertEquals 'completed completed completed' "$out"
}

# earlier DIR ID DURATION...: what an earlier run has left.
earlier() {
	dir=$1
	shift
	while [ $# -gt 0 ]; do
		mkdir -p "$dir/$1"
		echo "{\"status\": \"completed\", \"duration_us\": $2}" >"$dir/$1/result.json"
		shift 2
	done
}

# Tests of one lock, so that only one runs at a time, whatever -j says.
locked() {
	plan='{"schedule": {"locks": ["one"]}}'
	for id; do rec "$id-t" "$(says "$id")"; done >in
	end $# >>in
}

testLongestFirst() {
	locked a b c d e
	earlier outputs/hand-20200101-000000 a-t 999999999
	earlier outputs/hand-20200102-000000-2 a-t 10 b-t 5000 c-t 3000000 e-t 400
	earlier outputs/handy-20300102-000000 e-t 999999999
	earlier outputs/hand-2030 e-t 999999999
	run pth-exec -o out -j 2 in
	assertCode 0
	assertEquals 'the unknown one, then the longest' 'd c b e a' "$(order)"
	assertEquals 'a-t b-t c-t d-t e-t' "$(jq_out -r '.id // empty' | xargs)"
	assertMatch "$err" '"run.started".*"order":"longest"'
	rm -rf log out
	run pth-exec -o out -j 2 --order input in
	assertEquals 'a b c d e' "$(order)"
	rm -rf log out
	run pth-exec -o out -j 1 in
	assertEquals 'alone there is nothing to gain' 'a b c d e' "$(order)"
	rm -rf log out
	run pth-exec -o out -j 2 --unordered in
	assertEquals 'd-t c-t b-t e-t a-t' "$(jq_out -r '.id // empty' | xargs)"
}

testDurationsOfTheSameDirectory() {
	locked a b c
	exec_ -j 2
	rm log
	earlier out a-t 100 b-t 200 c-t 300
	exec_ -j 2
	assertEquals 'c b a' "$(order)"
	rm log out/c-t/result.json
	earlier out a-t 100 b-t 200
	exec_ -j 2 --resume
	assertEquals 'c' "$(order)"
}

testDurationsThatAreNone() {
	locked a b c
	mkdir -p outputs/hand-20200101-000000/a-t outputs/hand-20200101-000000/b-t
	echo '{"duration_us": -5}' >outputs/hand-20200101-000000/b-t/result.json
	echo '{"duration_us": "x' >outputs/hand-20200101-000000/a-t/result.json
	earlier outputs/hand-20200101-000000 c-t 9223372036854775807
	exec_ -j 2
	assertEquals 'a b c' "$(order)"
}

testShuffle() {
	ids=$(seq -w 1 40)
	# shellcheck disable=SC2086 # words
	locked $ids
	exec_ -j 2 --shuffle --seed 7
	first=$(order)
	assertEquals 'all of them' "$(echo "$ids" | xargs)" "$(sort log | xargs)"
	assertNotEquals 'in another order' "$(echo "$ids" | xargs)" "$first"
	rm log
	{
		head -n 3 in && sleep .2 && tail -n +4 in
	} | pth-exec -j 4 -o out2 --shuffle --seed 7 >out2.jsonl 2>err2
	assertEquals 'it depends on nothing but the seed' "$first" "$(order)"
	assertEquals "$(echo "$ids" | sed 's/$/-t/' | xargs)" "$(jq -r '.id // empty' out2.jsonl |
		xargs)"
	rm log
	exec_ -j 1 --shuffle --seed 8
	assertNotEquals "$first" "$(order)"
	rm log
	exec_ -j 1 --shuffle
	first=$(order)
	seed=$(printf '%s\n' "$err" | jq -r 'select(.event == "run.started") | .seed')
	assertMatch "$seed" '^[0-9]+$'
	rm log
	exec_ -j 1 --shuffle --seed "$seed"
	assertEquals "$first" "$(order)"
}

testWrongUse() {
	for args in '--order random' '--seed 1' '--shuffle --seed x' '--shuffle --seed -1' \
		'--progress=bar'; do
		# shellcheck disable=SC2086 # words
		run pth-exec $args in
		assertCode 2
		assertMatch "$err" "${args%% *}|--seed|--progress"
	done
}

testKeysOfTheExperiment() {
	sed 's/^\(  *\)steps:/\1cpus: 2\n\1locks: [the db, udp:1]\n\1steps:/' \
		"$TOP/examples/ping-pong.yaml" >x.yaml
	run sh -c 'pth-parse x.yaml | pth-plan'
	assertCode 0
	assertEquals '{"cpus":2,"locks":["the db","udp:1"]}' \
		"$(jq_out -c 'select(.id).plan.schedule')"
	run sh -c 'pth-parse "$TOP/examples/ping-pong.yaml" | pth-plan'
	assertEquals null "$(jq_out -c 'select(.id).plan.schedule')"
	sed -i 's/cpus: 2/cpus: 0/' x.yaml
	run pth-parse x.yaml
	assertCode 3
	assertMatch "$err" '^x.yaml:[0-9]+:[0-9]+: error: .*cpus.*1'
}

. shunit2
