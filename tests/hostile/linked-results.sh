# what: has links to files of the user in place of the files of its test
# full: passed
# none: passed|error
# resume: yes
# again: yes
# shellcheck shell=sh
for file in record.json result.json metrics.jsonl capture.pcapng .result.json; do
	rm -f ../$file
	ln -s "$HOST/precious" ../$file
done
