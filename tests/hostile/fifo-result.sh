# what: has FIFOs where its result and its samples are to be
# full: passed
# none: passed|error
# again: yes
# resume: yes
# shellcheck shell=sh
rm -f ../result.json ../metrics.jsonl
mkfifo ../result.json ../metrics.jsonl ../.result.json ../tmp-fifo
