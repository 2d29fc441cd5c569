# what: opens settings of the kernel for writing
# full: passed
# none: -
# shellcheck shell=sh
for file in kernel/core_pattern kernel/hostname kernel/panic kernel/sysrq kernel/printk \
	kernel/modprobe kernel/ns_last_pid vm/overcommit_memory vm/drop_caches fs/file-max \
	fs/suid_dumpable net/ipv4/ip_forward net/core/somaxconn user/max_user_namespaces; do
	[ ! -e /proc/sys/$file ] || refused "$ACT" write /proc/sys/$file
done
for file in /proc/sysrq-trigger /sys/kernel/uevent_helper /sys/power/state \
	/sys/kernel/mm/transparent_hugepage/enabled; do
	[ ! -e $file ] || refused "$ACT" write $file
done
