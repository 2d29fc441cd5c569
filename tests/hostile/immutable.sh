# what: leaves files that cannot be removed
# full: passed
# none: -
# again: yes
# shellcheck shell=sh
must touch file
must mkdir dir
chattr +i file dir
chattr +a .
