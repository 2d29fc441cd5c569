# what: removes its own directory and its logs
# full: passed
# none: error
# again: yes
# shellcheck shell=sh
dir=$(pwd)
case $dir in */run/1-hostile/a) cd / && rm -rf "$dir" ;; esac
