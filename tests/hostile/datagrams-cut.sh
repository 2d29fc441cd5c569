# what: sends more than its capture may hold, so that a number of packets cannot be told
# full: failed|error
# none: failed|error
# capture: yes
# expect: {"packets": [{"filter": "udp.port == 4444 and not icmp", "max": 100}]}
# test: {"plan": {"capture": {"max_size": 1000000}}}
# shellcheck shell=sh
must "$ACT" datagrams 200
