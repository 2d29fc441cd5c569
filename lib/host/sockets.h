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
	uint64_t inode; /* as in "socket:[N]"; 0: no process has it any more */
};

/* Take the next socket off the text of such a file; lines that are not sockets are skipped.
 * False at the end of the text. udp is not changed. */
bool pth_sockets_next(struct pth_word *rest, struct pth_socket *s);
/* Call f for each socket, of TCP or UDP, until it says false. */
void pth_sockets_each(bool udp, bool (*f)(void *arg, const struct pth_socket *s), void *arg);
/* Is a UDP socket bound to the port, or does a TCP socket listen on it? */
bool pth_sockets_bound(bool udp, unsigned port);

#endif
