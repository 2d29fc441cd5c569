# what: leaves 3,000 directories, each in the one before
# full: passed
# none: passed
# again: yes
# shellcheck shell=sh
must "$ACT" deep 3000
