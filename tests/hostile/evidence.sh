# what: does nothing; the result says whether it could have changed the evidence
# full: passed
# none: passed
# check: { [ "$mode" = full ] && want=protected || want=unprotected;
#   [ "$(hostile .result.evidence)" = $want ]; }
# shellcheck shell=sh
:
