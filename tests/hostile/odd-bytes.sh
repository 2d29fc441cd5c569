# what: writes NUL bytes, escapes and half characters to its logs
# full: passed
# none: passed
# report: yes
# shellcheck shell=sh
must "$ACT" odd-bytes
