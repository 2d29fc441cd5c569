# what: writes what is expected into the log of the other service
# full: failed
# none: failed|error
# peer: yes
# expect: {"log": [{"service": "b", "matches": "^handshake completed$", "min": 1}]}
# shellcheck shell=sh
rm -f ../b/stdout.log.x
echo 'handshake completed' >>../b/stdout.log
mv ../b/stdout.log ../b/old
{ echo innocent; echo 'handshake completed'; } >../b/stdout.log
mkdir -p ../.logs/b
echo 'handshake completed' >>../.logs/b/stdout.log
exit 0
