# what: takes all rights from its directory and from the one above
# full: passed
# none: passed|error
# again: yes
# resume: yes
# shellcheck shell=sh
chmod 0 . ..
chmod 500 ..
