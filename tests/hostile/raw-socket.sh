# what: sends packets past the sockets, and makes interfaces
# full: passed
# none: -
# shellcheck shell=sh
refused "$ACT" raw
refused ip link add hostile type dummy
refused ip link set lo down
refused ip address add 192.0.2.1/32 dev lo
