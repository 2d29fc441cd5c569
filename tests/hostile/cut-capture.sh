# what: truncates the capture of its test
# full: passed
# none: passed|failed|error
# capture: yes
# expect: {"packets": [{"filter": "udp.port == 4444 and not icmp", "min": 20, "max": 20}]}
# shellcheck shell=sh
must "$ACT" datagrams 20
true >../capture.pcapng
