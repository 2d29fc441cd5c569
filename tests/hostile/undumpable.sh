# what: hides what it is from others, and has another name
# full: passed
# none: passed
# shellcheck shell=sh
must "$ACT" undumpable
