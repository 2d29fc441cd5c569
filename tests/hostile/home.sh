# what: writes to the home of who runs it, for the next time that he comes
# full: passed
# none: -
# shellcheck shell=sh
for file in .profile .bashrc precious dir/new work/mine work/new new; do
	refused_sh "echo x >>'$HOST/$file'"
done
for dir in / /etc /usr /usr/bin /srv /var /root /etc/cron.d; do
	refused test -w $dir
done
