# what: has other names for the machine
# full: passed
# none: -
# shellcheck shell=sh
hostname hostile
domainname hostile
sh -c 'echo hostile >/proc/sys/kernel/hostname'
