# what: has a file that must not be there below a directory that nobody may read
# full: failed|error
# none: failed|error
# expect: {"files": [{"path": "a/closed/file", "exists": false}]}
# shellcheck shell=sh
must mkdir closed
must touch closed/file
must chmod 0 closed
