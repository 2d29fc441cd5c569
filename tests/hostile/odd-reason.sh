# what: fails with NUL bytes, escapes and half characters in the last lines of its logs
# full: failed
# none: failed
# report: yes
# shellcheck shell=sh
must "$ACT" odd-bytes
exit 3
