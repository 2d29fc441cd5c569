# what: has a FIFO where an assertion looks, again and again
# full: failed|error
# none: failed|error
# test: {"assertions": [{"type": "output_contains", "service": "a", "file": "pipe", "text": "x",
#   "timeout_us": 200000}]}
# shellcheck shell=sh
must mkfifo pipe
