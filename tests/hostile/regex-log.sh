# what: writes what an expression with back references takes years for
# full: failed|error
# none: failed|error
# expect: {"log": [{"service": "a", "matches": "(a*)(a*)(a*)(a*)\\1\\2\\3\\4b", "min": 1}]}
# shellcheck shell=sh
head -c 3000 /dev/zero | tr '\0' a
echo
