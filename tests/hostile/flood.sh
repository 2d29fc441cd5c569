# what: writes far more than its log may hold
# full: passed
# none: passed
# service: {"limits": {"log": 100000}}
# expect: {"exit": {"a": 0}}
# check: [ "$(wc -c <run/1-hostile/a/stdout.log)" -le 100200 ]
# shellcheck shell=sh
yes 'all work and no play' | head -c 5000000
