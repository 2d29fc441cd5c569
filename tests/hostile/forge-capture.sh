# what: puts a capture of its own in place of the one of the test
# full: failed
# none: passed|failed|error
# capture: yes
# expect: {"packets": [{"filter": "udp.port == 4444 and not icmp", "min": 5}]}
# check: [ "$mode" = full ] || [ "$(hostile .result.evidence)" = unprotected ]
# shellcheck shell=sh
# A datagram to port 4444, five times, as pcap.
packet='\000\000\000\000\000\000\000\000\052\000\000\000\052\000\000\000'
packet=$packet'\000\000\000\000\000\000\000\000\000\000\000\000\010\000'
packet=$packet'\105\000\000\034\000\001\000\000\100\021\174\324\177\000\000\001\177\000\000\001'
packet=$packet'\021\134\021\134\000\010\000\000'
head='\324\303\262\241\002\000\004\000\000\000\000\000\000\000\000\000'
head=$head'\377\377\000\000\001\000\000\000'
rm -f ../capture.pcapng
# shellcheck disable=SC2059 # bytes
printf "$head$packet$packet$packet$packet$packet" >../capture.pcapng
cp ../capture.pcapng capture.pcapng
exit 0
