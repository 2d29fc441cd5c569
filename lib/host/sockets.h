/* Sockets of the caller's network namespace: /proc/net/{udp,udp6,tcp,tcp6}. */
#ifndef PTH_HOST_SOCKETS_H
#define PTH_HOST_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/words.h"

#define PTH_TCP_LISTEN 0x0a /* include/net/tcp_states.h */

struct pth_socket {
	bool udp;
	uint16_t port; /* local */
	unsigned state;
	bool connected; /* to a port of somebody's: no server takes packets with it */
	uint64_t inode; /* as in "socket:[N]"; 0: no process has it any more */
};

/* Take the next socket off the text of such a file; lines that are not sockets are skipped.
 * False at the end of the text. udp is not changed. */
bool pth_sockets_next(struct pth_word *rest, struct pth_socket *s);
/* Call f for each socket, of TCP or UDP, until it says false. */
void pth_sockets_each(bool udp, bool (*f)(void *arg, const struct pth_socket *s), void *arg);
/* Can clients come to it: a UDP socket that is bound, a TCP socket that listens? */
bool pth_socket_serves(const struct pth_socket *s);

#endif
