# what: dies with a core dump
# full: crashed
# none: crashed
# expect: {}
# shellcheck shell=sh
# shellcheck disable=SC3045 # dash has it
ulimit -c unlimited
kill -SEGV $$
