# what: asks which capabilities it has, and which it could get
# full: passed
# none: -
# shellcheck shell=sh
grep -q '^CapEff:.0*$' /proc/self/status || breach 'capabilities in effect'
grep -q '^CapPrm:.0*$' /proc/self/status || breach 'permitted capabilities'
grep -q '^CapBnd:.0*$' /proc/self/status || breach 'capabilities in the bounding set'
