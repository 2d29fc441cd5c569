# what: leaves names with newlines, escapes and bytes that are no UTF-8
# full: passed
# none: passed
# again: yes
# report: yes
# shellcheck shell=sh
must "$ACT" odd-names
