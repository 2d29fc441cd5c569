# what: leaves directories that cannot be written, as a Go module cache has
# full: passed
# none: passed
# again: yes
# shellcheck shell=sh
must mkdir -p go/m/n
must touch go/m/f go/m/n/f
must chmod 555 go/m/n go/m
