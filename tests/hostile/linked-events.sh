# what: has links to files of the user in place of the files of the run
# full: passed
# none: -
# resume: yes
# again: yes
# shellcheck shell=sh
for file in events.jsonl plan.jsonl results.jsonl experiment.yaml; do
	rm -f ../../$file
	ln -s "$HOST/precious" ../../$file
done
