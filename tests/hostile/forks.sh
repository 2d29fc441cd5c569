# what: makes more processes than it may
# full: passed|failed|timeout
# none: passed|failed|timeout
# service: {"limits": {"processes": 40}}
# expect: {}
# shellcheck shell=sh
"$ACT" forks 200
