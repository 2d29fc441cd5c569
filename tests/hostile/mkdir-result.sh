# what: has directories where the result and the record are to be
# full: passed
# none: passed|error
# again: yes
# resume: yes
# shellcheck shell=sh
rm -f ../result.json ../record.json
mkdir -p ../result.json/x ../record.json/x ../metrics.jsonl
mkdir ../result.json.tmp ../.result.json
