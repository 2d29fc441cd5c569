# what: takes no notice of its stop signal, as a server that is stopped at the end
# full: passed
# none: passed
# service: {"finite": false, "ready": [{"kind": "log", "matches": "^here"}]}
# test: {"plan": {"wait_us": 200000}}
# expect: {"log": [{"service": "a", "matches": "^here$", "min": 1}]}
# shellcheck shell=sh
trap '' TERM HUP INT QUIT USR1 USR2
echo here
while :; do sleep 1; done
