# what: sets the clock
# full: passed
# none: -
# shellcheck shell=sh
refused "$ACT" clock
