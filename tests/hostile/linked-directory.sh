# what: puts a link to a directory of the user in place of the one that it is in
# full: passed
# none: failed|error
# again: yes
# shellcheck shell=sh
here=$(pwd)
mv "$here" ../old && ln -s "$HOST/dir" "$here"
