# what: has a FIFO in place of its log, which has an error in it
# full: failed
# none: failed|error
# expect: {"log": [{"service": "a", "not_matches": "ERROR"}]}
# again: yes
# shellcheck shell=sh
rm -f stdout.log
mkfifo stdout.log
echo ERROR
