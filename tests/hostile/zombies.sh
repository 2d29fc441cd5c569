# what: leaves 300 dead children
# full: passed
# none: passed
# shellcheck shell=sh
must "$ACT" zombies 300
