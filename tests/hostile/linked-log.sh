# what: has a link to a file of the user in place of its log
# full: failed
# none: failed|error
# expect: {"log": [{"service": "a", "not_matches": "ERROR"}]}
# again: yes
# shellcheck shell=sh
echo ERROR
rm -f stdout.log stderr.log
ln -s "$HOST/precious" stdout.log
ln -s "$HOST/dir/new" stderr.log
