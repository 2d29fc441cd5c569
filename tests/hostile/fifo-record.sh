# what: has a FIFO where its record is
# full: passed
# none: passed|error
# again: yes
# resume: yes
# shellcheck shell=sh
rm -f ../record.json
mkfifo ../record.json
