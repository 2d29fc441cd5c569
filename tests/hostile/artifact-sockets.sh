# what: leaves FIFOs and sockets among its files
# full: passed
# none: passed
# again: yes
# shellcheck shell=sh
must mkfifo pipe capture.pcapng keys.log
must "$ACT" socket socket
