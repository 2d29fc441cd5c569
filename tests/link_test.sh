#!/bin/sh
# pth-link: a command behind a link, as root and as an ordinary user, and between namespaces.
# timeout: 240
# shellcheck disable=SC2154 # $out and $err come from run
. "$TOP/tests/lib.sh"
. "$TOP/tests/link_lib.sh"

# link: pth-link, as who it is.
link() {
	PTH_EVENTS=text $who pth-link "$@"
}

# datagrams N [SIZE [ADDRESS]]: a command that sends so many of UDP to port 7 of the peer. With an
# address, it waits after the first one until the kernel has been told of an MTU.
datagrams() {
	cat >send.pl <<-'END'
		use IO::Socket::IP;
		my ($n, $size, $to, $told) = @ARGV;
		my $s = IO::Socket::IP->new(Proto => "udp", PeerHost => $to, PeerPort => 7) or die;
		for my $i (1 .. $n) {
			# An error is that of the one before: nobody has that port.
			until (defined $s->send(sprintf("%0${size}d", $i))) { }
			until (!$told || `ip route get $to` =~ /mtu/) { }
		}
	END
	chmod a+r send.pl
	printf 'perl send.pl %s %s %s %s' "$1" "${2:-100}" "${3:-\$PTH_LINK_PEER}" "${3:+1}"
}

# asking [ADDRESS [PORT]]: a command that says hello to port 7 of the peer, from that port, and
# writes what it hears, within 20 s.
asking() {
	cat >ask.pl <<-'END'
		use IO::Socket::IP;
		my ($to, $port) = @ARGV;
		my $s = IO::Socket::IP->new(Proto => "udp", PeerHost => $to, PeerPort => 7,
			$port ? (LocalPort => $port) : ()) or die;
		my ($vec, $heard) = "";
		$s->send("hello\n");
		vec($vec, fileno($s), 1) = 1;
		select($vec, undef, undef, 20) and defined $s->recv($heard, 2000) and
			print $heard;
	END
	chmod a+r ask.pl
	printf 'perl ask.pl %s %s' "${1:-\$PTH_LINK_PEER}" "${2:-}"
}

fates() { # log
	jq -r 'select(.packet) | "\(.direction) \(.packet) \(.fate) \(.why // "-")"' "$1"
}

echo_both() {
	for peer in PTH_LINK_PEER PTH_LINK_PEER6; do
		case $peer in *6) listen=UDP6-LISTEN ;; *) listen=UDP4-LISTEN ;; esac
		run link --delay 5ms -l log -p "exec socat $listen:7 EXEC:cat 2>/dev/null" -w 7 -- \
			sh -c "$(asking "\$$peer")"
		assertCode 0
		assertEquals "$peer" hello "$out"
		assertEquals '' "$err"
		assertEquals 'up 1 delivered -
down 1 delivered -' "$(fates log)"
		late=$(jq 'select(.packet) | .departure - .arrival < 0.004999' log | sort -u)
		assertEquals 'nothing is early' false "$late"
	done
}

# Other addresses and another name, for both ends.
testAddresses() {
	need_namespaces || return
	run pth-link --left 10.1.0.1/16 --left fd00::1/64 --right 10.1.2.9/16 --right fd00::9/64 \
		--interface wlan0 -w 7 -p "exec socat UDP4-LISTEN:7 EXEC:cat 2>/dev/null" -- sh -c \
		"ip -br addr show wlan0; env | grep '^PTH_LINK' | sort; $(asking)"
	assertCode 0
	assertEquals 'wlan0@if2 UP 10.1.0.1/16 fd00::1/64 PTH_LINK_ADDRESS6=fd00::1' "$(
		printf '%s\n' "$out" | grep -v 'PEER\|hello\|ADDRESS=' | xargs)"
	assertMatch "$out" '^PTH_LINK_PEER=10\.1\.2\.9$'
	assertMatch "$out" '^hello$'
}

testThereAndBack() {
	each echo_both
}

drops_and_bytes() {
	run link --seed 3 --up drop=1,5 --up corrupt=100% -l log --capture ends \
		-p 'socat -u UDP-RECV:7 CREATE:got' -w 7 -- \
		sh -c "$(datagrams 6) && until [ \$(wc -c <got) -ge 400 ]; do sleep 0.02; done"
	assertCode 0
	assertEquals '1 5' "$(fates log | sed -n 's/up \(.*\) dropped drop list/\1/p' | xargs)"
	assertEquals '2 3 4 6' "$(fates log |
		sed -n 's/up \(.*\) delivered corrupted at [0-9]*/\1/p' | xargs)"
	for n in 2 3 4 6; do printf '%0100d' $n; done >sent
	assertEquals 'of each one byte is another one' 4 "$(cmp -l sent got | wc -l)"
	need tshark tshark || return
	assertEquals 'link: up 1: dropped: drop list
link: up 5: dropped: drop list' "$(tshark -r ends/left.pcapng -Y 'frame.comment contains "drop"' \
		-T fields -e frame.comment 2>/dev/null)"
	assertEquals "4 1" "$(tshark -r ends/right.pcapng -Y udp -T fields \
		-o udp.check_checksum:TRUE -e udp.checksum.status 2>/dev/null | uniq -c | xargs)"
	assertEquals eth0 "$(tshark -r ends/right.pcapng -T fields -e frame.interface_name \
		2>/dev/null | sort -u)"
}

testDropListCorruptionAndCaptures() {
	each drops_and_bytes
}

seeds() {
	for n in 1 2 3; do
		seed=$((n / 2)) # 0 1 1
		run link --seed $seed --loss 20% -l log -- sh -c "$(datagrams 300)"
		assertCode 0
		fates log | grep '^up' >fates.$n
		assertEquals 300 "$(wc -l <fates.$n)"
		assertTrue 'some are lost' "[ $(grep -c ' dropped loss' fates.$n) -gt 30 ]"
	done
	assertTrue 'the same seed' 'cmp fates.2 fates.3'
	assertFalse 'another seed' 'cmp -s fates.1 fates.2'
}

testSameSeedSameFates() {
	each seeds
}

rebinding() {
	for what in port address; do
		run link --rebind "0 $what" -l log -w 7 -p "exec socat UDP4-LISTEN:7 SYSTEM:'
			read hello; echo \$SOCAT_PEERADDR \$SOCAT_PEERPORT'" -- \
			sh -c "$(asking '' 4444)"
		case $what in
		port) assertMatch "$out" '^198\.18\.0\.1 [0-9]+$' && assertNoMatch "$out" ' 4444' ;;
		*) assertEquals '198.18.0.128 4444' "$out" ;;
		esac
		assertEquals 'up 1 delivered rebound
down 1 delivered rebound' "$(fates log)"
	done
}

testRebinding() {
	each rebinding
}

# Nobody has the port at the peer, and its host says so by ICMP; a ping is answered. Both through a
# NAT that has rebound.
nat_errors() {
	cat >icmp.py <<-'END'
		import errno, os, socket
		v4, v6 = os.environ["PTH_LINK_PEER"], os.environ["PTH_LINK_PEER6"]
		for family, to in (socket.AF_INET, v4), (socket.AF_INET6, v6):
		    u = socket.socket(family, socket.SOCK_DGRAM)
		    u.connect((to, 9))
		    u.settimeout(20)
		    u.send(b"x")
		    try:
		        u.recv(9)
		    except OSError as e:
		        print(errno.errorcode.get(e.errno, e))
		    six = family == socket.AF_INET6
		    u = socket.socket(family, socket.SOCK_DGRAM, 58 if six else 1)
		    u.connect((to, 0))
		    u.settimeout(20)
		    u.send(bytes([128 if six else 8, 0, 0, 0, 0, 0, 0, 1]) + b"echo")
		    print(u.recv(99)[8:].decode())
	END
	chmod a+r icmp.py
	for what in port address; do
		run link --rebind "0s $what" -l log -- python3 icmp.py
		assertCode 0
		assertEquals "$what" 'ECONNREFUSED echo ECONNREFUSED echo' "$(echo "$out" | xargs)"
		assertEquals 'all eight are rebound' 8 "$(jq -r 'select(.fate == "delivered" and
			.why == "rebound").packet' log | wc -l)"
	done
}

testErrorsThroughNat() {
	need python3 python3 || return
	each nat_errors
}

too_big() {
	for peer in PTH_LINK_PEER PTH_LINK_PEER6; do
		run link --mtu 1280 -l log -- sh -c "$(datagrams 2 1300 "\$$peer")"
		assertCode 0
		assertEquals "$peer" 'up 1 dropped too big' "$(fates log | grep '^up 1 ')"
		assertEquals "$peer" 'down 0 delivered answer of the link' \
			"$(fates log | grep '^down 0')"
		# The second one is cut by the sender, who has been told; each piece fits.
		assertEquals '' "$(jq 'select(.packet > 1 and .length > 1294)' log)"
	done
	run link --mtu 1280 --too-big silent -l log -- sh -c "$(datagrams 2 1300)"
	assertEquals 'up 1 dropped too big
up 2 dropped too big' "$(fates log)"
}

testTooBig() {
	each too_big
}

outage() {
	# One of them is met, however late the command is.
	run link --link-down 0-1s,2s-3s,4s-5s,6s-7s -l log -- timeout 60 sh -c \
		'until ip -br link show eth0 | grep NO-CARRIER; do :; done
		until ip -br link show eth0 | grep -q ,LOWER_UP; do :; done'
	assertCode 0
	assertMatch "$out" NO-CARRIER
	assertMatch "$(jq -r 'select(.link == "change") | .change.link_down' log | xargs)" \
		'^true false( true false)*( true)?$'
}

testTheCableIsOut() {
	each outage
}

# Who sets the interface of an end down is no machine that is too slow.
testAnEndThatIsDown() {
	need_namespaces && need_root && need socat socat && need jq jq && need ip iproute2 || return
	rm -rf down && mkdir down && cd down && who='' || return
	run link -l log -p 'ip link set eth0 down && : >ready; exec sleep 60' -- sh -c '
		n=0; until [ -e ready ] || [ $n = 200 ]; do sleep 0.05; n=$((n + 1)); done
		for i in 1 2 3; do echo $i | socat -u - UDP:$PTH_LINK_PEER:7; done'
	assertCode 0
	assertEquals '' "$(echo "$err" | grep 'too slow')"
	assertEquals '0 0' "$(jq -r 'select(.link == "end") | "\(.lost) \(.refused)"' log)"
	assertLeast 3 "$(jq -r 'select(.direction == "up").packet' log | wc -l)" packets
	cd "$PTH_TMP" || return
}

codes() {
	run link -- sh -c 'exit 7'
	assertCode 7
	run link -- sh -c 'kill -TERM $$'
	assertCode 143
	# A signal is handed on, once.
	$who sh -c 'echo $$ >pid; exec pth-link -- sh -c "$0"' 'trap "echo int; exit 3" INT
		touch runs; while :; do sleep 0.05; done' >said 2>&1 &
	await '[ -f runs ]'
	kill -INT "$(cat pid)"
	wait $!
	assertEquals 3 $?
	assertEquals int "$(cat said)"
	rm -f runs
	# The link is killed, and with it the command: that is no end of the command's.
	$who sh -c 'echo $$ >pid; exec pth-link -- sh -c "$0"' "touch runs; exec sleep $nap" \
		2>said &
	await '[ -f runs ] && asleep'
	kill -KILL "$(pgrep -P "$(cat pid)")"
	wait $!
	assertEquals 4 $?
	assertEquals 'pth-link: the link was killed by signal KILL' "$(cat said)"
	await none_asleep
	rm -f runs
	run link -- ./no-such-program
	assertCode 4
	assertMatch "$err" 'no-such-program: No such file'
	run link -p 'echo $$ >r.new; mv r.new runs; exit 5' -- \
		timeout 60 sh -c 'until [ -f runs ]; do sleep 0.02; done
			while kill -0 $(cat runs); do sleep 0.02; done 2>/dev/null'
	assertCode 0
	assertEquals 'pth-link: warning: the peer ended with exit code 5' "$err"
	run link -l /nonexistent/log -- true
	assertCode 4
	assertEquals 'pth-link: /nonexistent/log: No such file or directory' "$err"
	# What is written nowhere is said.
	run link -l /dev/full -- true
	assertCode 4
	assertEquals 'pth-link: log: No space left on device' "$err"
}

testExitCodes() {
	each codes
}

left_over() {
	# The command says that all runs, by a file.
	$who sh -c "echo \$\$ >pid
		exec pth-link -p 'exec sleep 1$nap' -- sh -c 'touch runs; exec sleep $nap'" &
	await '[ -f runs ] && asleep && asleep 1'
	kill -KILL "$(cat pid)"
	wait $! 2>/dev/null
	await 'none_asleep && none_asleep 1'
	assertFalse 'they are gone' 'asleep || asleep 1'
	rm -f runs
}

# await CONDITION: at most 20 s.
await() {
	i=0
	until eval "$1" >/dev/null; do
		i=$((i + 1))
		[ $i -lt 400 ] || { fail "not within 20 s: $1"; return; }
		sleep 0.05
	done
}

testNothingIsLeftWhenItIsKilled() {
	each left_over
}

# What was lost before an end was moved is no fault of the machine: the link is told by SIGUSR1.
testExcusedLosses() {
	need_root && need_namespaces && need socat socat && need jq jq || return
	unshare -n sleep "1$nap" & left=$!
	unshare -n sleep "2$nap" & right=$!
	await 'asleep 1 && asleep 2'
	for excused in '' yes; do
		rm -f said log # or those of the one before would do
		PTH_EVENTS=text pth-link -b "/proc/$left/ns/net" "/proc/$right/ns/net" -l log \
			>said 2>err & link=$!
		await 'grep -q ready said'
		kill -STOP $link
		PTH_LINK_PEER=198.18.0.2 nsenter -t $left -n sh -c "$(datagrams 6000 10)"
		[ -z "$excused" ] || kill -USR1 $link
		kill -CONT $link
		await 'grep -q "packet.:1000," log'
		kill -TERM $link
		wait $link
		assertEquals 0 $?
		lost=$(tail -n 1 log | jq '.lost + .refused')
		if [ -z "$excused" ]; then
			assertLeast 1000 "$lost" 'packets that found no room'
		else
			assertEquals 0 "$lost"
			assertEquals '' "$(cat err)"
		fi
	done
	kill $left $right
	wait $left $right 2>/dev/null || :
}

# In real time where that may be. While the link is stopped more comes than there is room for.
overrun() {
	$who sh -c "echo \$\$ >pid
		exec env PTH_EVENTS=text pth-link -l log -- sh -c '
			touch runs; until [ -e go ]; do sleep 0.02; done
			$(datagrams 6000 10); touch sent
			until [ -e end ]; do sleep 0.02; done'" >out 2>err &
	await '[ -f runs ]'
	world=$(pgrep -P "$(cat pid)")
	$who chrt -f 1 true 2>/dev/null && class=FF || class=TS
	await "ps -o cls= -p $world | grep -q $class"
	assertEquals 'the command is not in real time' TS "$(ps -o cls= --ppid "$world" | xargs)"
	kill -STOP "$world"
	$who touch go
	await '[ -f sent ]'
	kill -CONT "$world"
	await '[ "$(grep -c "direction.:.up" log)" -ge 4000 ]'
	$who touch end
	wait $!
	assertEquals 0 $?
	assertMatch "$(cat err)" '^pth-link: warning: [0-9]* packets were lost that no condition'
	# Frames of upkeep may be among those that are lost.
	n=$(tail -n 1 log | jq '.up.packets + .lost')
	assertTrue "each of 6000 is counted, not $n" "[ $n -ge 6000 ] && [ $n -le 6020 ]"
	assertLeast 1000 "$(tail -n 1 log | jq .lost)" 'packets that found no room'
	rm -f runs go sent end pid log
}

testOverrunIsNoLoss() {
	each overrun
}

# A file there and back by QUIC, over conditions that it has to live with: each is in the log. A
# NAT that rebinds is not among them: within a handshake, which may take its time here, a connection
# does not survive that (RFC 9000, 9).
testQuic() {
	need_namespaces || return
	need gtlsserver ngtcp2-server && need gtlsclient ngtcp2-client || return
	mkdir -p www dl
	head -c 200000 /dev/urandom >www/f
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout k.pem \
		-out c.pem -days 30 -subj /CN=x 2>/dev/null
	# Whenever a client on a busy machine begins, it meets one of them.
	holes=$(for t in $(seq 60 300 6000); do printf '%dms+100ms,' "$t"; done)
	looked=0
	while IFS='|' read -r options why; do
		# shellcheck disable=SC2086 # words
		run pth-link --delay 5ms --rate 10Mbit --queue 25 $options -l log -w 443 \
			-p 'exec gtlsserver -q -d www "*" 443 k.pem c.pem' -- \
			timeout 60 gtlsclient -q --exit-on-all-streams-close -m POST --data=www/f \
			--download=dl 198.18.0.2 443 https://198.18.0.2/f
		assertEquals "$options: $err" 0 "$code"
		assertTrue "$options: the file" 'cmp www/f dl/f'
		assertMatch "$(fates log)" "$why"
		rm -f dl/f
		looked=$((looked + 1))
	done <<-END
		--loss 3%|dropped loss
		--corrupt 3%|delivered corrupted
		--mtu 1280|dropped too big
		--reorder 5%|delivered reordered
		--blackhole ${holes%,}|dropped blackhole
	END
	assertEquals 5 $looked
}

testMistakes() {
	looked=0
	while IFS='|' read -r options message; do
		# shellcheck disable=SC2086 # words
		run pth-link $options -- true
		assertEquals "$options: $err" 3 "$code"
		assertEquals "$options" "pth-link: $message" "$err"
		looked=$((looked + 1))
	done <<-'END'
		--delay -5ms|delay: '-5ms' is negative
		--loss 101%|loss: '101%' is more than 100%
		--rate 0|rate: a rate of '0' lets nothing pass: for that there is blackhole
		--rate 10Mb|rate: unknown unit 'Mb': write something like 10Mbit
		--drop 4294967296|drop: '4294967296' is no number of a packet, 1 to 4294967295
		--seed x|seed: expected a whole number from 0 on, not 'x'
		--up los=1%|unknown condition 'los'; did you mean 'loss'?
		--queue 25|up: queue: without a rate or a trace nothing ever waits
		--down reorder=5%|down: reorder: without a delay nothing can be overtaken
		--rebind soon|rebind: expected something like 20ms, not 'soon'
		--link-down 5s|link_down: expected a window as 2s-4s or 2s+500ms, not '5s'
		--scenario simple-p3p|unknown scenario 'simple-p3p'; did you mean 'simple-p2p'?
		--scenario rebind|scenario rebind wants --first-rebind
		--left 10.1.0.1|expected an address and its prefix as 198.18.0.1/24, not '10.1.0.1'
		--right 198.18.0.1/24|both ends have the address 198.18.0.1
		--left 10.1.0.1/8|the other end has no address in the network 10.1.0.1/8
		--interface no/name|'no/name' is no name of an interface
	END
	assertLeast 17 $looked mistakes
	run pth-link --scenario 'drop-rate --rate_to_client=101' -- true
	assertCode 3
	assertEquals "pth-link: --rate_to_client: expected a share from 0 to 100, not '101'" "$err"
	for options in '-b one -p true' '-b one two three' '--up loss'; do
		# shellcheck disable=SC2086 # words
		run pth-link $options
		assertCode 2
	done
}

testConfigurationHasPlaces() {
	cat >c.yaml <<-'END'
		seed: x
		delay: {a: 1}
		los: 1%
		up:
		  rate: 10 Mb
		  seed: 5
		down: 5
		trace: trace
		steps:
		  - loss: 1%
		  - {at: soon}
		  - {at: 1s, drop: [1, 4294967296]}
		scenario: drop-list
	END
	printf '5\n4\n' >trace
	run pth-link -c c.yaml -- true
	assertCode 3
	assertEquals "c.yaml:1:7: error: seed: expected a whole number from 0 on, not 'x'
c.yaml:2:8: error: expected a value, not a map
c.yaml:3:1: error: unknown condition 'los'; did you mean 'loss'?
c.yaml:5:9: error: rate: unknown unit 'Mb': write something like 10Mbit
c.yaml:6:3: error: this is said of the link as a whole
c.yaml:7:7: error: expected a map of conditions
c.yaml:8:8: error: trace: trace:2:1: the trace goes back in time, from 5 to 4
c.yaml:10:5: error: a step is a map with at: and what changes then
c.yaml:11:10: error: expected something like 20ms, not 'soon'
c.yaml:12:20: error: drop: '4294967296' is no number of a packet, 1 to 4294967295
c.yaml:13:11: error: unknown scenario 'drop-list'; did you mean 'droplist'?" "$err"
	printf 'delay: 5ms\nsteps: [{at: 1s, jitter: 1ms}, {at: 2s, delay: 0}]\n' >c.yaml
	run pth-link -c c.yaml -- true
	assertCode 3
	place='c.yaml:1:1: error'
	assertEquals "$place: up: jitter: more than the delay, so that packets would arrive$(:
		) before they left" "$err"
	echo 'down: {gap: 3}' >c.yaml
	run pth-link -c c.yaml -- true
	assertCode 3
	assertEquals 'pth-link: down: gap goes with reorder' "$err"
}

testScenarios() {
	need_namespaces || return
	usual='--delay=1ms --bandwidth=10Mbps --queue=25'
	for text in "simple-p2p $usual" \
		"corrupt-rate $usual --rate_to_client=3 --rate_to_server=2" \
		"drop-rate $usual --rate_to_client=3 --burst_to_client=3 --rate_to_server=2" \
		"blackhole $usual --on=5s --off=2s --repeat=2 --direction=toclient" \
		"rebind $usual --first-rebind=1s --rebind-freq=5s --rebind-addr"; do
		run pth-link --scenario "$text" -- true
		assertEquals "$text: $err" 0 "$code"
	done
	run pth-link --scenario "droplist $usual --drops_to_server=2,3" -l log -- \
		sh -c "$(datagrams 4)"
	assertCode 0
	assertEquals '2 3' "$(fates log | sed -n 's/up \(.*\) dropped drop list/\1/p' | xargs)"
}

# A link between the namespaces of two processes, changed while it runs.
testBetween() {
	need_root || return
	need_namespaces || return
	need socat socat || return
	unshare -n sleep "1$nap" & left=$!
	unshare -n sleep "2$nap" & right=$!
	await 'asleep 1 && asleep 2'
	mkfifo changes
	pth-link -b "/proc/$left/ns/net" "/proc/$right/ns/net" --changes changes -l log \
		>said 2>err & link=$!
	await 'grep -q ready said'
	printf '{"loss":"100%%"}\n{"delay":"-1ms"}\n' >changes
	await '[ $(wc -l <said) = 3 ]'
	assertEquals '{"state":"ready"}
{"state":"changed"}
{"state":"refused","error":"10: delay: '"'-1ms'"' is negative"}' "$(cat said)"
	assertEquals "pth-link: warning: changes:2:10: delay: '-1ms' is negative" "$(cat err)"
	echo hello | nsenter -t $left -n socat -u - UDP:198.18.0.2:7
	await 'grep -q "packet.:1," log'
	# What should have been some time ago is done now, and once.
	for loss in 50 0; do
		lines=$(wc -l <said)
		printf '{"steps":[{"at":"1ms","loss":"%s%%"},{"at":"2ms","delay":"1ms"}]}\n' $loss \
			>changes
		await "[ \$(wc -l <said) -gt $lines ]"
	done
	echo hello | nsenter -t $left -n socat -u - UDP:198.18.0.2:7
	await 'grep "packet.:2,.*delivered" log'
	kill -TERM $link
	wait $link
	assertEquals 0 $?
	assertEquals 'up 1 dropped loss
up 2 delivered -' "$(fates log | grep '^up')"
	assertEquals '50% 1ms 0% 1ms' "$(jq -r 'select(.change.line == null) | .change // empty |
		.[]' log | xargs)"
	assertFalse 'the interfaces are gone' \
		"nsenter -t $left -n ip link show eth0 >/dev/null 2>&1"
	kill $left $right
	wait $left $right 2>/dev/null || :
}

. shunit2
