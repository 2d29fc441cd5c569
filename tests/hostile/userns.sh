# what: tries the same out of a user namespace in the one it has
# full: passed
# none: -
# shellcheck shell=sh
exec 3>inside.sh
cat >&3 <<'S'
for dir in /tmp /proc/sys /proc /dev/shm /var/tmp /srv/home /srv/home/work/run; do
	umount -l $dir
done
for dir in / /srv /proc/sys; do mount -o remount,bind,rw $dir; done
mkdir -p /tmp/proc && mount -t proc proc /tmp/proc
echo x >"$1/precious"
for pid in 1 $2; do
	: >>/proc/$pid/fd/1
done
cat /tmp/host-secret "$1/work/run/plan.jsonl" && exit 0
exit 1
S
exec 3>&-
refused unshare -Urnpmf sh inside.sh "$HOST" $PPID
refused unshare -Urm sh inside.sh "$HOST" $PPID
