# what: has a log of its own in place of the one that was written
# full: failed
# none: failed|error
# expect: {"log": [{"service": "a", "matches": "^handshake completed$", "min": 1}]}
# shellcheck shell=sh
rm -f stdout.log
echo 'handshake completed' >stdout.log
