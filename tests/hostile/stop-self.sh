# what: stops itself
# full: timeout
# none: timeout
# service: {"timeout_us": 400000}
# expect: {}
# shellcheck shell=sh
kill -STOP $$
