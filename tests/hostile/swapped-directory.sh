# what: puts a directory of its own in place of the one that it is in
# full: passed
# none: failed|error
# again: yes
# shellcheck shell=sh
here=$(pwd)
mkdir ../new && mv "$here" ../old && mv ../new "$here" && echo acted >"$here/stdout.log"
