/*
 * A NAT at the right end of a link that now and then forgets its mappings, so that a peer sees
 * the same client from another port or address (RFC 4787; RFC 9000, 9.3). Until the first time
 * nothing is changed.
 */
#ifndef PTH_LINK_NAT_H
#define PTH_LINK_NAT_H

#include "link/packet.h"
#include "link/random.h"

struct link_nat;

struct link_nat *link_nat_new(void);
void link_nat_free(struct link_nat *n);
/* All mappings end: flows get another port, or (address) another address of the same network,
 * whose last byte is 128 + generation % 126. */
void link_nat_rebind(struct link_nat *n, bool address);
/* A packet that leaves the client. True: it was changed. */
bool link_nat_out(struct link_nat *n, struct pth_link_packet *p, const struct link_random *r);
/* One that comes back. 1: it was changed; 0: it is none of ours; -1: to a mapping that is gone. */
int link_nat_in(struct link_nat *n, struct pth_link_packet *p);

#endif
