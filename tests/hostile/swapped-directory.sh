# what: puts a directory of its own in place of the one that it is in
# full: passed
# none: passed|failed|error
# expect: {"log": [{"service": "a", "matches": "^acted$", "min": 1},
#   {"service": "a", "not_matches": "^forged$"}]}
# again: yes
# shellcheck shell=sh
here=$(pwd)
mkdir ../new && mv "$here" ../old && mv ../new "$here" && echo forged >"$here/stdout.log"
