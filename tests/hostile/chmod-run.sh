# what: takes all rights from everything up to the run directory and its parent
# full: passed
# none: -
# resume: yes
# shellcheck shell=sh
chmod 0 ../../.. ../.. ..
chmod 0 .
