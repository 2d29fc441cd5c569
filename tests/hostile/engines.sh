# what: asks container engines that everybody may ask
# full: passed
# none: -
# shellcheck shell=sh
for socket in /run/docker.sock /var/run/docker.sock /run/containerd/containerd.sock \
	/run/podman/podman.sock; do
	[ ! -S $socket ] || breach "$socket is seen"
	refused "$ACT" connect $socket
done
