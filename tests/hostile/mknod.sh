# what: makes and opens devices
# full: passed
# none: -
# shellcheck shell=sh
refused mknod null c 1 3
refused mknod disk b 7 0
for device in /dev/kmsg /dev/mem /dev/port /dev/kvm /dev/fuse /dev/net/tun /dev/vda /dev/sda \
	/dev/nvme0n1 /dev/dm-0 /dev/loop0; do
	[ ! -e $device ] || case $device in
	/dev/kvm | /dev/fuse | /dev/net/tun) ;;
	*) refused "$ACT" write $device && refused "$ACT" read $device ;;
	esac
done
