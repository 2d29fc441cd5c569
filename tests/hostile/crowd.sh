# what: leaves 5,000 files with names of 250 bytes, and a second run has to remove them
# full: passed
# none: passed
# again: yes
# shellcheck shell=sh
must "$ACT" many 5000
