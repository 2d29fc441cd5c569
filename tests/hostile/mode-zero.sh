# what: leaves files and directories that nobody may read
# full: passed
# none: passed
# again: yes
# shellcheck shell=sh
must mkdir -p closed/inner
must touch closed/inner/file file
must chmod 0 closed/inner/file closed/inner closed file
