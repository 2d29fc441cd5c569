# what: has a directory in place of its log, which has an error in it
# full: failed
# none: failed|error
# expect: {"log": [{"service": "a", "not_matches": "ERROR"}]}
# again: yes
# shellcheck shell=sh
rm -f stdout.log
mkdir -p stdout.log/x
touch stdout.log/x/y
echo ERROR
