# what: leaves a file with a hole of 1 TB
# full: passed|error
# none: passed|error
# again: yes
# report: yes
# shellcheck shell=sh
must truncate -s 1T sparse.pcapng
must truncate -s 1T sparse.log
