# what: leaves 5,000 files with names of 250 bytes, and a second run has to remove them
# full: passed
# none: passed
# again: yes
# limit: 60
# service: {"timeout_us": 40000000}
# test: {"plan": {"timeout_us": 50000000}}
# shellcheck shell=sh
must "$ACT" many 5000
