# what: takes the descriptors of the processes above it, which the kernel lets it where they are
#   of the same user
# full: passed|error
# none: passed|error
# users: user
# expect: {}
# shellcheck shell=sh disable=SC2086
"$ACT" prlimit $PPID
[ "$MODE" = none ] || "$ACT" prlimit 1
exit 0
