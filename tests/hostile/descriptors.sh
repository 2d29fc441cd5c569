# what: opens as many files as it may
# full: passed
# none: passed
# service: {"limits": {"files": 4096}}
# shellcheck shell=sh
must "$ACT" exhaust
