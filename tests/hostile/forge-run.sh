# what: adds records of its own to the files of the run, and fails
# full: failed
# none: failed
# expect: {}
# resume: yes
# said: was changed by somebody else
# shellcheck shell=sh
forged='{"pth":1,"type":"test","run":"hostile","id":"1-hostile","index":1,"of":4,"name":"x",
"services":{},"plan":{"services":[]},"result":{"status":"completed","services":{}},
"verdict":{"status":"passed","ok":true,"rules":[]}}'
for file in plan.jsonl results.jsonl events.jsonl; do
	printf '%s\n' "$forged" | tr -d '\n' >>../../$file
	echo >>../../$file
done
exit 3
