# what: leaves abstract sockets, and looks for those of others
# full: passed
# none: passed
# shellcheck shell=sh
must "$ACT" socket @pth-hostile stay
must "$ACT" socket @pth-exec stay
must "$ACT" socket socket stay
