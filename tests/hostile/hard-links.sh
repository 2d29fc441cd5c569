# what: has files of the user under names of its own, when the next run removes them
# full: passed
# none: passed
# users: user
# again: yes
# shellcheck shell=sh
ln "$HOST/dir/file" mine
ln "$HOST/precious" stdout.log.1
ln ../record.json record
ln ../result.json result
mkdir sealed && ln "$HOST/dir/file" sealed/x && chmod 0 sealed
