# what: leaves a shell with set-user-ID and set-group-ID bits
# full: passed
# none: -
# users: root user
# shellcheck shell=sh
must cp /bin/sh shell
chmod 6755 shell
