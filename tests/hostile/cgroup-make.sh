# what: makes control groups
# full: passed
# none: -
# shellcheck shell=sh
for dir in $(find /sys/fs/cgroup -maxdepth 2 -type d 2>/dev/null | head -n 60); do
	if mkdir "$dir/pth-hostile" 2>/dev/null; then
		rmdir "$dir/pth-hostile"
		breach "a control group in $dir"
	fi
done
