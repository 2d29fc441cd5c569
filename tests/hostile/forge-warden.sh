# what: writes a forged record to the descriptors of the processes above it
# full: passed
# none: -
# report: yes
# shellcheck shell=sh
printf '%s\n' '{"pth":1,"type":"test","run":"hostile","id":"5-forged","index":5,"of":5,
"name":"5","services":{},"plan":{"services":[]},"result":{"status":"completed","services":{}}}' |
	tr -d '\n' >forged
echo >>forged
for pid in 1 $PPID; do
	for fd in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		refused_sh "exec 2>/dev/null; cat forged >>/proc/$pid/fd/$fd"
	done
done
