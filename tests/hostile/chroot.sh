# what: leaves its root
# full: passed
# none: -
# shellcheck shell=sh
mkdir -p new/old
refused chroot . /bin/true
refused chroot / /bin/true
refused pivot_root new new/old
refused nsenter -t 1 -m -p true
refused nsenter -t 1 -n true
