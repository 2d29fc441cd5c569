# what: leaves 40,000 files with names of 250 bytes
# full: passed|error
# none: passed|error
# users: user
# report: yes
# limit: 60
# service: {"timeout_us": 40000000}
# test: {"plan": {"timeout_us": 50000000}}
# shellcheck shell=sh
must "$ACT" many 40000
