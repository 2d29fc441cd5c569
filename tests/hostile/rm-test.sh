# what: removes the directory of its test
# full: passed
# none: error
# again: yes
# resume: yes
# shellcheck shell=sh
dir=$(cd .. && pwd)
case $dir in */run/1-hostile) rm -rf "$dir" ;; esac
