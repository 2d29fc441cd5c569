# what: rewrites its record, so that it has no services and is completed, and fails
# full: failed
# none: failed
# expect: {}
# report: yes
# shellcheck shell=sh
forged='{"pth":1,"type":"test","run":"hostile","id":"1-hostile","index":1,"of":4,"name":"x",
"services":{},"plan":{"services":[]},"result":{"status":"completed","services":{}},
"verdict":{"status":"passed","ok":true,"rules":[]}}'
for file in ../record.json ../result.json; do
	rm -f $file
	printf '%s\n' "$forged" | tr -d '\n' >$file
done
exit 3
