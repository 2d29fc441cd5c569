# what: removes the directory of the other service
# full: passed
# none: failed|error
# peer: yes
# shellcheck shell=sh
case $(cd .. && pwd) in */run/1-hostile) rm -rf ../b ;; esac
chmod 0 ../b
