# what: leaves descriptors in flight that nobody takes
# full: passed
# none: passed
# shellcheck shell=sh
must "$ACT" scm
