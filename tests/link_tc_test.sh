#!/bin/sh
# Links whose conditions the kernel makes, by tc: with a stand-in for the program, which writes down
# what it is told, and with the real one and what this kernel has.
# timeout: 240
# shellcheck disable=SC2154 # $out and $err come from run
. "$TOP/tests/lib.sh"
. "$TOP/tests/link_lib.sh"

experiment() { # BACKEND CONDITIONS SCRIPT, keys...
	cat <<-END
		tests:
		  - name: t
		    network_environment: {type: link}
		    capture: false
		    services:
		      server:
		        finite: false
		        implementation: {name: command, type: testers, command:
		          [sh, -c, 'exec socat TCP6-LISTEN:7,ipv6only=0,fork EXEC:cat']}
		        protocol: {name: tcp, role: server}
		        network: {port: 7}
		      client:
		        protocol: {name: tcp, role: client, target: server}
		        implementation: {name: command, type: testers, command: [sh, -c, '$3']}
		    links:
		      - between: [client, server]
		        $2
		        backend: $1
	END
	shift 3
	printf '%s\n' "$@"
}

# has KIND OPTION...: this kernel has the discipline, which is asked without the tool under test.
has() {
	unshare -Urn tc qdisc add dev lo root "$@" 2>/dev/null ||
		unshare -n tc qdisc add dev lo root "$@" 2>/dev/null
}

echo_script='echo x | socat -t 9 - TCP4:server:7,forever,interval=.1;
	echo y | socat -t 9 - TCP6:server:7,forever,interval=.1'

# The stand-in says yes to all, so that both ends are joined, and nothing is shaped.
testStandIn() {
	need_namespaces || return
	need socat socat && need jq jq || return
	mkdir -p stand-in && cat >stand-in/tc <<-END
		#!/bin/sh
		echo "\$* of \$(ip -o link show up | grep -c eth0)" >>"$PTH_TMP/told"
	END
	chmod 755 stand-in/tc
	: >told
	who='' path=$PWD/stand-in:$PATH
	experiment tc 'down: {x: 1}' "$echo_script" | sed '/down: {x/d' >base.yaml
	keys='        delay: 5ms\n        rate: 8Mbit\n        loss: 1%'
	sed "s/^        backend/$keys\\n&/" base.yaml >x.yaml
	printf '%s\n' '    steps: [{at: 0s, link: {rate: 4Mbit, direction: forward}}]' >>x.yaml
	go
	assertCode 0
	assertEquals 'x y' "$(xargs <"$dir/client/stdout.log")"
	q='qdisc replace dev eth0'
	assertEquals "qdisc add dev lo root netem delay 1ms of 0
qdisc add dev lo root pfifo limit 10 of 0
qdisc add dev lo root tbf rate 1mbit burst 10kb latency 10ms of 0" \
		"$(grep ' lo ' told | LC_ALL=C sort -u)"
	assertEquals "$q root handle 1: netem limit 100000 delay 5000000ns loss 1% of 1
$q parent 1:1 handle 2: tbf rate 8000000bit burst 4000 limit 1518000 of 1
$q parent 2:1 handle 3: pfifo limit 1000 of 1" "$(grep -v ' lo ' told | sed -n 1,3p)"
	assertEquals 'the other end, and the step' "$(grep -v ' lo ' told | sed -n 1,3p)
$q root handle 1: netem limit 100000 delay 5000000ns loss 1% of 1
$q parent 1:1 handle 2: tbf rate 4000000bit burst 3028 limit 1517028 of 1
$q parent 2:1 handle 3: pfifo limit 1000 of 1" "$(grep -v ' lo ' told | sed -n 4,9p)"
	# One that says no ends the test, with its words.
	printf '%s\n' 'case "$*" in *eth0*) echo "Error: not today" >&2; exit 2 ;; esac' \
		>>stand-in/tc
	go
	assertEquals "error link client-server: tc $q root handle 1: netem limit 100000 delay$(:
		) 5000000ns loss 1%: Error: not today" \
		"$(jq -r '"\(.status) \(.reason)"' "$dir/result.json")"
	path=''
}

# The kernel's own, of which the service sees what it has; as root and as an ordinary user.
real() {
	experiment tc 'rate: 20Mbit' "tc qdisc show dev eth0 >q; $echo_script" >x.yaml
	go
	assertCode 0
	assertEquals 'x y' "$(xargs <"$dir/client/stdout.log")"
	assertMatch "$(cat "$dir/client/q")" '^qdisc tbf 2: root .*rate 20Mbit burst 10000b'
	assertMatch "$(cat "$dir/client/q")" '^qdisc pfifo 3: parent 2:1 limit 1000p'
}

testRateOfTheKernel() {
	need tc iproute2 || return
	has tbf rate 1mbit burst 10kb latency 10ms || skip 'no sch_tbf in this kernel' || return
	each real
}

# What the kernel lacks is said by name, beforehand and in the result; auto goes on without.
lacking() {
	experiment tc 'delay: 5ms' "$echo_script" >x.yaml
	run $who env TMPDIR="$PWD" PTH_EVENTS=none pth check x.yaml
	assertEquals 'x.yaml:19:18: warning: backend: tc: no sch_netem in this kernel' "$out$err"
	go
	assertEquals 'error link client-server: no sch_netem in this kernel' \
		"$(jq -r '"\(.status) \(.reason)"' "$dir/result.json")"
	experiment auto 'delay: 5ms' "$echo_script" >x.yaml
	run $who env TMPDIR="$PWD" PTH_EVENTS=none pth check x.yaml
	assertEquals '' "$out$err"
	go
	assertCode 0
	assertEquals 'pth-link no sch_netem in this kernel' \
		"$(jq -r 'select(.event == "link.backend") | "\(.backend) \(.reason)"' \
			run/events.jsonl)"
	assertEquals 'it was pth-link' true "$(jq -s 'any(.packet)' "$dir/link.jsonl")"
	# With what tc cannot do it is not asked at all.
	experiment auto 'drop: 2' "$echo_script" >x.yaml
	go
	assertEquals 'pth-link drop: tc cannot drop exact packets' \
		"$(jq -r 'select(.event == "link.backend") | "\(.backend) \(.reason)"' \
			run/events.jsonl)"
}

testNoNetem() {
	need tc iproute2 || return
	! has netem delay 1ms || skip 'this kernel has sch_netem' || return
	each lacking
}

. shunit2
