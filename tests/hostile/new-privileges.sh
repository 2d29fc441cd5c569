# what: asks whether a program with a set-user-ID bit would give it rights
# full: passed
# none: -
# shellcheck shell=sh
grep -q '^NoNewPrivs:.1$' /proc/self/status || breach 'there may be new privileges'
