# what: has FIFOs where files and logs are looked for
# full: failed|error
# none: failed|error
# expect: {"log": [{"service": "a", "file": "pipe", "not_matches": "ERROR"}],
#   "files": [{"path": "a/pipe", "max_size": 0}]}
# shellcheck shell=sh
must mkfifo pipe
