# what: reads what only the administrator or who runs it may read
# full: passed
# none: -
# shellcheck shell=sh
for file in /etc/shadow /etc/gshadow /root/.ssh/id_rsa /proc/kcore /proc/1/environ; do
	refused_sh "cat $file 2>/dev/null"
done
[ "$WHO" = user ] || refused_sh "cat '$HOST/precious'"
refused grep -q secret /tmp/host-secret
