# what: takes no notice of any signal
# full: timeout
# none: timeout
# service: {"timeout_us": 300000}
# expect: {}
# shellcheck shell=sh
trap '' TERM HUP INT QUIT USR1 USR2
while :; do sleep 1; done
