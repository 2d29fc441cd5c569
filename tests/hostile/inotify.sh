# what: takes all watches that its user may have
# full: passed
# none: passed
# shellcheck shell=sh
must "$ACT" inotify
