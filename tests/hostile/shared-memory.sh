# what: leaves files, segments, semaphores in memory and in the common directories
# full: passed
# none: -
# shellcheck shell=sh
for dir in /dev/shm /tmp /var/tmp; do
	must sh -c "echo x >$dir/hostile"
done
ipcmk -M 4096 >&2
ipcmk -S 1 >&2
ipcmk -Q >&2
