# what: restarts the machine, or has another kernel or module
# full: passed
# none: -
# shellcheck shell=sh
refused "$ACT" reboot
refused "$ACT" kexec
refused "$ACT" module
