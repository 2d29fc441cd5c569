# what: hides an error behind more than its log may hold
# full: failed|error
# none: failed|error
# service: {"limits": {"log": 100000}}
# expect: {"log": [{"service": "a", "not_matches": "ERROR"}]}
# shellcheck shell=sh
yes 'all work and no play' | head -c 1000000
echo ERROR
