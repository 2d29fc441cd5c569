# what: leaves a library for all programs, and settings for all shells
# full: passed
# none: -
# shellcheck shell=sh
for file in /etc /etc/profile /etc/passwd /etc/ld.so.cache; do
	refused test -w $file
done
cp "$ACT" libhostile.so
echo "export LD_PRELOAD=$PWD/libhostile.so" >.profile
echo "$PWD/libhostile.so" >ld.so.preload
