# what: leaves an orphan that a process of its own took in
# full: passed
# none: passed
# shellcheck shell=sh
must "$ACT" subreaper
