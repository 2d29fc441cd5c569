# what: has links out of its directory where assertions look
# full: failed|error
# none: failed|error
# test: {"assertions": [{"type": "output_contains", "service": "a", "file": "log",
#   "text": "precious"}, {"type": "file_exists", "service": "a", "file": "dir/file"}]}
# shellcheck shell=sh
must ln -s "$HOST/work/mine" log
must ln -s "$HOST/dir" dir
