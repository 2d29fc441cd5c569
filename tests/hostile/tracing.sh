# what: watches all processes of a processor
# full: passed
# none: -
# shellcheck shell=sh
[ "$(cat /proc/sys/kernel/perf_event_paranoid)" -lt 1 ] || refused "$ACT" perf
refused "$ACT" bpf
