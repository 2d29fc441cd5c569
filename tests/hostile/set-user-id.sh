# what: leaves a program with set-user-ID and set-group-ID bits
# full: passed
# none: -
# users: root user
# shellcheck shell=sh
must cp /bin/true program
chmod 6755 program
