# what: sends more than its capture may hold
# full: passed
# none: passed
# capture: yes
# test: {"plan": {"capture": {"max_size": 1000000}}}
# check: [ ! -e run/1-hostile/capture.pcapng ] ||
#   [ "$(wc -c <run/1-hostile/capture.pcapng)" -le 1000000 ]
# shellcheck shell=sh
must "$ACT" datagrams 200
