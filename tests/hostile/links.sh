# what: leaves links to the root directory, to itself, to above, to nothing
# full: passed
# none: passed
# again: yes
# shellcheck shell=sh
ln -s / root
ln -s loop loop
ln -s ../.. above
ln -s /nowhere nothing
ln -s "$HOST/dir" downloads
ln -s "$HOST/precious" keys.log
ln -s "$HOST/precious" a.pcapng
