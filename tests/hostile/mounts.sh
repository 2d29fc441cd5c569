# what: mounts over, unmounts, moves
# full: passed
# none: -
# shellcheck shell=sh
try() { "$@" 2>&1 || :; }
try mount -t tmpfs tmpfs .
try mount --bind / .
try mount -t proc proc .
for dir in /tmp /proc /dev/shm /var/tmp /srv/home /srv/home/work /srv/home/work/run; do
	try umount -l $dir
done
refused grep -q secret /tmp/host-secret
refused_sh "echo x >'$HOST/precious'"
[ ! -e "$HOST/work/run/plan.jsonl" ] || breach 'the plan of the run is seen'
