# shellcheck shell=sh
# For those who look whether something of a test is left in a network namespace.

# Interfaces, and what sockets are bound to.
network() {
	sed 's/:.*//' /proc/net/dev
	awk 'FNR > 1 { print FILENAME, $2 }' /proc/net/udp /proc/net/tcp /proc/net/udp6 \
		/proc/net/tcp6
	awk 'FNR > 1 { print FILENAME, $8 }' /proc/net/unix
}
