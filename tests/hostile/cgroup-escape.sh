# what: goes into another control group
# full: passed
# none: -
# service: {"limits": {"processes": 50}}
# shellcheck shell=sh
for file in $(find /sys/fs/cgroup -maxdepth 4 -name cgroup.procs 2>/dev/null | head -n 60); do
	refused "$ACT" write "$file"
done
for file in $(find /sys/fs/cgroup -maxdepth 4 \( -name pids.max -o -name memory.limit_in_bytes \
	-o -name release_agent -o -name cpu.max \) 2>/dev/null | head -n 60); do
	refused "$ACT" write "$file"
done
