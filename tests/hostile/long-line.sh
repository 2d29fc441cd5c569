# what: writes a line of 20 MB
# full: passed
# none: passed
# shellcheck shell=sh
head -c 20000000 /dev/zero | tr '\0' a
echo
