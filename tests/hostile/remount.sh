# what: makes the file system writable that is not to be written
# full: passed
# none: -
# test: {"plan": {"environment": {"read_only": true}}}
# shellcheck shell=sh
for dir in / /srv /usr /sys /proc/sys; do
	refused mount -o remount,bind,rw $dir
	refused mount -o remount,rw $dir
done
refused test -w /usr
refused test -w /srv
