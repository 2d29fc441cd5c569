# what: goes where the processes above it are
# full: passed
# none: -
# shellcheck shell=sh disable=SC2086
for pid in 1 $PPID; do
	for place in cwd root; do
		refused_sh "cat /proc/$pid/$place/tmp/host-secret 2>/dev/null"
		refused_sh "cat /proc/$pid/$place/plan.jsonl 2>/dev/null"
		refused_sh "cat /proc/$pid/$place/../plan.jsonl 2>/dev/null"
		refused_sh "cat /proc/$pid/$place/srv/home/work/run/plan.jsonl 2>/dev/null"
	done
	refused cat /proc/$pid/environ
	refused_sh "ls /proc/$pid/map_files/* 2>/dev/null"
done
