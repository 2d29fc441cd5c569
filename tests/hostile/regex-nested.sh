# what: writes what an expression with nested repetitions takes years for, without linear ones
# full: failed
# none: failed
# expect: {"log": [{"service": "a", "matches": "^(a|aa)+(a+a+)+(a*)*b$", "min": 1}]}
# shellcheck shell=sh
head -c 3000 /dev/zero | tr '\0' a
echo
