#!/bin/sh
# Hosts with several links: from which address they send over which of them, and what becomes of
# that when one is cut. As root and as an ordinary user.
# timeout: 240
# shellcheck disable=SC2154 # $out and $err come from run
. "$TOP/tests/lib.sh"
. "$TOP/tests/link_lib.sh"

# A server that answers what comes by UDP to port 7, and a client that asks it: from an address
# until it is answered, or until it is not, for a second. The client says when all have answered.
programs() {
	cat >server.py <<-'END'
		import selectors, socket
		s = selectors.DefaultSelector()
		for family, any in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
		    u = socket.socket(family, socket.SOCK_DGRAM)
		    if family == socket.AF_INET6:
		        u.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
		        u.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
		    else:
		        u.setsockopt(socket.IPPROTO_IP, 8, 1) # IP_PKTINFO
		    u.bind((any, 7))
		    s.register(u, selectors.EVENT_READ)
		while True:
		    for key, _ in s.select():
		        data, info, _, peer = key.fileobj.recvmsg(99, 99)
		        key.fileobj.sendmsg([data], info, 0, peer) # from the address that was asked
	END
	cat >client.py <<-'END'
		import socket, sys, time
		def ask(to, source=None):
		    u = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET,
		        socket.SOCK_DGRAM)
		    if source:
		        u.bind((source, 0))
		    u.connect((to, 7))
		    u.settimeout(0.2)
		    return u
		asked = 0
		def answered(u, tries=None):
		    global asked
		    while tries is None or tries > 0:
		        tries = None if tries is None else tries - 1
		        asked += 1
		        try:
		            u.send(b"%d" % asked)
		            while u.recv(9) != b"%d" % asked: # that of an earlier try
		                pass
		            return True
		        except OSError: # not yet, or not any more
		            time.sleep(0.02)
		    return False
		sockets = [ask(t, s) for t, s in zip(sys.argv[1::2], sys.argv[2::2])]
		def say(word, *dead): # who answers is waited for
		    print(word, *[int(answered(u, 5 if u in dead else 100)) for u in sockets],
		        flush=True)
		for u in sockets:
		    answered(u)
		say("both")
		open("ready", "w")
		# Silence of the first link counts while the second one answers.
		first, second = sockets[:2]
		while answered(first, 5) or not answered(second) or answered(first, 5):
		    time.sleep(0.05)
		say("one", sockets[0], sockets[2])
		for t in sys.argv[1::4]:
		    u = ask(t)
		    print(u.getsockname()[0], int(answered(u, 100)), flush=True)
	END
}

# experiment SERVER-ADDRESSES LINKS...: the client asks those of IPv4 and IPv6 from both of its
# own, while its first link is cut.
experiment() {
	four=$1 six=$2
	shift 2
	cat <<-END
		tests:
		  - name: t
		    network_environment: {type: localhost}
		    services:
		      server:
		        finite: false
		        implementation: {name: command, type: testers, command:
		          [python3, "$PWD/server.py"]}
		        protocol: {name: tcp, role: server}
		        network: {port: 7}
		      client:
		        protocol: {name: tcp, role: client, target: server}
		        implementation: {name: command, type: testers, command:
		          [python3, "$PWD/client.py", $four, 198.18.0.1, $four, 198.18.1.1,
		          "$six", "2001:2::1", "$six", "2001:2:0:1::1"]}
	END
	printf '%s\n' "$@"
}

# sources FILE: the addresses of the client whose packets of UDP are in a capture.
sources() {
	tshark -r "$dir/$1" -Y 'udp.dstport == 7 && !icmp && !icmpv6' -T fields -e ip.src \
		-e ipv6.src 2>/dev/null | tr -d '\t' | sort -u | xargs
}

both_answered='{exec: {service: client, argv: [sh, -c, "until [ -e ready ]; do sleep 0.05; done"]}}'
A='198.18.0.1 2001:2::1' B='198.18.1.1 2001:2:0:1::1'
said='both 1 1 1 1
one 0 1 0 1
198.18.1.1 1
2001:2:0:1::1 1'

two_links() {
	programs
	experiment 198.18.0.2 2001:2::2 '    links:' \
		'      - {name: wifi, between: [client, server], latency: 1ms}' \
		'      - {name: cell, between: [client, server], latency: 2ms}' \
		'    steps:' \
		"      - $both_answered" \
		'      - {link: {name: wifi, down: true}}' >x.yaml
	go
	assertCode 0
	assertEquals "$said" "$(cat "$dir/client/stdout.log")"
	for end in client server; do
		assertEquals "$end, wifi" "$A" "$(sources $end/capture.pcapng)"
		assertEquals "$end, cell" "$B" "$(sources $end/capture-eth1.pcapng)"
	done
	# Answers come back by the link of the address that they are for.
	assertLeast 4 "$(jq 'select(.direction == "down" and .fate == "delivered").packet' \
		"$dir/link-2.jsonl" | wc -l)" 'answers by cell'
	assertEquals 'wifi cell' "$(jq -r '.plan.links[].name' run/plan.jsonl 2>/dev/null | xargs)"
}

testTwoLinks() {
	need python3 python3 && need tshark tshark || return
	each two_links
}

# Each by a router of its own to a server with one link.
one_link() {
	programs
	experiment 198.18.4.2 2001:2:0:4::2 '    routers: [wifi, cell, internet]' \
		'    links:' \
		'      - {between: [client, wifi], latency: 1ms}' \
		'      - {between: [client, cell], latency: 2ms}' \
		'      - {between: [wifi, internet]}' \
		'      - {between: [cell, internet]}' \
		'      - {between: [internet, server]}' \
		'    steps:' \
		"      - $both_answered" \
		'      - {link: {between: [client, wifi], down: true}}' >x.yaml
	go
	assertCode 0
	assertEquals "$said" "$(cat "$dir/client/stdout.log")"
	assertEquals "$A" "$(sources client/capture.pcapng)"
	assertEquals "$B" "$(sources client/capture-eth1.pcapng)"
	assertEquals "198.18.0.1 198.18.1.1 2001:2:0:1::1 2001:2::1" \
		"$(sources server/capture.pcapng)"
	# Neither way carries what is of the other one, there and back.
	way=$(jq -c 'select(.fate == "delivered") | .direction' "$dir/link-4.jsonl" | sort -u |
		xargs)
	assertEquals 'down up' "$way"
}

testOneLink() {
	need python3 python3 && need tshark tshark || return
	each one_link
}

# A NAT gives another address, and there is a way back to it from behind a router.
testNatBeforeRouters() {
	need_namespaces || return
	need python3 python3 && need tshark tshark && need socat socat || return
	who='' && programs
	cat >x.yaml <<-END
		tests:
		  - name: t
		    network_environment: {type: localhost}
		    services:
		      server: &server
		        finite: false
		        implementation: {name: command, type: testers, command:
		          [python3, "$PWD/server.py"]}
		        protocol: {name: tcp, role: server}
		        network: {port: 7}
		      client:
		        protocol: {name: tcp, role: client, target: server}
		        implementation: {name: command, type: testers, command: [sh, -c,
		          'until [ -e go ]; do sleep 0.05; done; until echo x |
		            socat -T 1 - UDP4:server:7 | grep x && echo x |
		            socat -T 1 - UDP6:server:7 | grep x; do :; done']}
		    routers: [one, two]
		    links:
		      - {between: [client, one], rebind: 0s address}
		      - {between: [one, two]}
		      - {between: [two, server]}
		    steps: # when the link has been told
		      - exec: {argv: [sh, -c,
		          "until grep -q change link.jsonl; do sleep 0.05; done"]}
		      - exec: {service: client, argv: [touch, go]}
	END
	go
	assertCode 0
	assertEquals 198.18.0.128,2001:2::80 "$(tshark -r "$dir/server/capture.pcapng" \
		-Y 'udp.dstport == 7 && !icmp && !icmpv6' -T fields -e ip.src -e ipv6.src \
		2>/dev/null | tr -d '\t' | sort -u | tail -n 2 | paste -sd ,)"
}

# A scenario with cross traffic: iperf3 beside the test, over the same link.
crossed() {
	cat >x.yaml <<-END
		tests:
		  - name: t
		    network_environment:
		      type: link
		      scenario: tcp-cross-traffic --delay=1ms --bandwidth=8Mbps --queue=25
		    services:
		      server:
		        finite: false
		        implementation: {name: command, type: testers, command:
		          [sh, -c, 'exec socat TCP4-LISTEN:7,fork EXEC:cat']}
		        protocol: {name: tcp, role: server}
		        network: {port: 7}
		      client:
		        protocol: {name: tcp, role: client, target: server}
		        implementation: {name: command, type: testers, command: [sh, -c,
		          'until grep -q " [5-8][.0-9]* Mbits/sec" ../cross*client/stdout.log; do
		          sleep 0.05; done; echo x | socat -t 9 - TCP4:server:7']}
	END
	go
	assertCode 0
	assertEquals x "$(cat "$dir/client/stdout.log")"
	# It comes from the server's end, and the link is full of it.
	assertEquals '198.18.0.2' "$(tshark -r "$dir/server/capture.pcapng" \
		-Y 'tcp.srcport == 5201 && tcp.len == 1448' -T fields -e ip.src 2>/dev/null |
		sort -u)"
	# The client has begun when the link was full.
	assertMatch "$(cat "$dir/cross-traffic-client/stdout.log")" ' [5-8][.0-9]* Mbits/sec'
	assertEquals 'cross-traffic-client stopped cross-traffic-server stopped' \
		"$(jq -r '.services | to_entries[] | select(.key | test("cross")) |
			"\(.key) \(.value.state)"' "$dir/result.json" | sort | xargs)"
}

testCrossTraffic() {
	need iperf3 iperf3 && need tshark tshark || return
	each crossed
}

# Without iperf3 it is said which package has it, beforehand, and the test is unsupported.
testNoIperf() {
	need_namespaces || return
	need jq jq || return
	mkdir some && ln -s /bin/* /usr/bin/* some 2>/dev/null
	rm -f some/iperf3
	without=$(printf '%s\n' "$PATH" | tr : '\n' | while read -r d; do
		[ ! -x "$d/iperf3" ] || d=$PWD/some
		echo "$d"
	done | paste -sd :)
	cat >x.yaml <<-'END'
		tests:
		  - name: t
		    network_environment: {type: link}
		    services:
		      server: &command
		        implementation: {name: command, type: testers, command: ["true"]}
		        protocol: {name: tcp, role: server}
		      client: {<<: *command, protocol: {name: tcp, role: client, target: server}}
		    links:
		      - between: [client, server]
		        scenario: tcp-cross-traffic --bandwidth=10Mbps
	END
	run env PATH="$without" pth check x.yaml
	assertMatch "$out$err" \
		'^x.yaml:11:19: warning: this machine has no program iperf3; install .*iperf3$'
	run env PATH="$without" PTH_EVENTS=none pth run -o run x.yaml
	assertEquals unsupported "$(jq -r .status run/001-t/result.json)"
}

. shunit2
