# what: has a FIFO where the plan of the run is
# full: passed
# none: -
# resume: yes
# shellcheck shell=sh
rm -f ../../plan.jsonl ../../results.jsonl ../../events.jsonl
mkfifo ../../plan.jsonl ../../results.jsonl ../../events.jsonl
