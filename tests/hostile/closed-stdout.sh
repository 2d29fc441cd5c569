# what: closes its outputs and goes on
# full: passed
# none: passed
# expect: {"files": [{"path": "a/done", "min_size": 5}]}
# shellcheck shell=sh disable=SC1010
exec <&- >&- 2>&-
sleep .05
echo done >done
exit 0
