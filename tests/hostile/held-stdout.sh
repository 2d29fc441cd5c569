# what: leaves a process that holds its outputs open and writes to them
# full: passed
# none: passed
# shellcheck shell=sh
setsid sh -c 'trap "" TERM PIPE; while :; do echo late; sleep .01; done' &
sleep .05
