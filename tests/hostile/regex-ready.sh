# what: writes what an expression with back references takes years for, when it starts
# full: error
# none: error
# service: {"finite": false, "ready": [{"kind": "log", "timeout_us": 300000,
#   "matches": "(a*)(a*)(a*)(a*)\\1\\2\\3\\4b"}]}
# shellcheck shell=sh
head -c 3000 /dev/zero | tr '\0' a
echo
exec sleep 60
