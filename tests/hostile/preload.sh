# what: leaves a library for all programs, and settings for all shells
# full: passed
# none: -
# shellcheck shell=sh
refused_sh ": >>/etc/ld.so.preload"
refused_sh ": >>/etc/profile"
cp "$ACT" libhostile.so
echo "export LD_PRELOAD=$PWD/libhostile.so" >.profile
echo "$PWD/libhostile.so" >ld.so.preload
