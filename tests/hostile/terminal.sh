# what: types into the terminal of who runs it
# full: passed
# none: passed
# shellcheck shell=sh
refused "$ACT" tiocsti
