# what: has FIFOs where its readiness is looked for
# full: error
# none: error
# service: {"finite": false, "ready": [{"kind": "log", "file": "pipe", "matches": "up",
#   "timeout_us": 300000}, {"kind": "log", "file": "stdout.log", "matches": "up",
#   "timeout_us": 300000}]}
# shellcheck shell=sh
must mkfifo pipe
rm -f stdout.log
mkfifo stdout.log
exec sleep 60
