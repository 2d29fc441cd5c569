# what: writes a forged record to every descriptor that it has, and fails
# full: failed
# none: failed
# expect: {}
# report: yes
# shellcheck shell=sh
printf '%s\n' '{"pth":1,"type":"test","run":"hostile","id":"5-forged","index":5,"of":5,
"name":"5","services":{},"plan":{"services":[]},"result":{"status":"completed","services":{}}}' |
	tr -d '\n' >forged
echo >>forged
must "$ACT" forge forged
exit 3
