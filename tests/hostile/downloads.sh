# what: has a FIFO, a hole and links where downloaded files are measured
# full: passed|error
# none: passed|error
# capture: yes
# shellcheck shell=sh
must mkdir downloads
must mkfifo downloads/pipe
ln -s "$HOST/precious" downloads/link
ln -s / downloads/root
truncate -s 1T downloads/hole
