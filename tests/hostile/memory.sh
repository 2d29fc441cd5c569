# what: takes more memory than it may
# full: crashed|failed
# none: crashed|failed
# service: {"limits": {"memory": 67108864}}
# shellcheck shell=sh
must "$ACT" memory 200
