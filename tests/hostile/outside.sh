# what: asks for processes that are not of its test
# full: passed
# none: -
# shellcheck shell=sh
for dir in /proc/[0-9]*; do
	! tr '\0' ' ' <"$dir/cmdline" | grep -q 'hostile/run' ||
		breach "process ${dir#/proc/} of the machine is seen"
done
