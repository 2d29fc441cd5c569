# what: leaves a key in the keyring of its user
# full: passed
# none: -
# shellcheck shell=sh
"$ACT" key pth-hostile
