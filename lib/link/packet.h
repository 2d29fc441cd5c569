/* A packet on its way over a link, and what becomes of it. */
#ifndef PTH_LINK_PACKET_H
#define PTH_LINK_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "link/config.h"
#include "link/frame.h"

/* Why it is dropped; 0: it is not. */
enum pth_link_why {
	PTH_LINK_PASSES,
	PTH_LINK_UNPLUGGED, /* the link was down */
	PTH_LINK_LISTED,    /* in the drop list */
	PTH_LINK_BLACKHOLE,
	PTH_LINK_LOST, /* by chance */
	PTH_LINK_TOO_BIG,
	PTH_LINK_QUEUE, /* it was full */
	PTH_LINK_CODEL,
	PTH_LINK_NAT,      /* to a port or address that the NAT has given up */
	PTH_LINK_OVERLOAD, /* too many in flight for our memory, or too long for us */
	PTH_LINK_ENDED,    /* the link ended while it was on its way */
	PTH_LINK_WHYS
};

/* What else was done to it, bits. */
enum {
	PTH_LINK_DUPLICATED = 1, /* it is the copy of another one */
	PTH_LINK_REORDERED = 2,  /* it did not wait for the delay */
	PTH_LINK_CORRUPTED = 4,
	PTH_LINK_MARKED = 8, /* CE, at random */
	PTH_LINK_CODEL_MARKED = 16,
	PTH_LINK_BLEACHED = 32,
	PTH_LINK_REBOUND = 64,      /* its port or address was changed */
	PTH_LINK_ANSWER = 128,      /* the link's own: ICMP */
	PTH_LINK_FRAGMENT = 512,    /* it is a piece of one that was too big */
	PTH_LINK_MAINTENANCE = 256, /* ARP and such: no condition applies */
};

struct pth_link_packet {
	struct pth_link_packet *next; /* in a queue, or a list of free ones */
	uint64_t number;              /* of its direction, from 1; 0: not counted */
	uint64_t offer; /* the same with those that are not counted; 0: our own, or a later piece */
	uint64_t turn;  /* of those that leave at one time, the first */
	int64_t arrival, queued, departure; /* ns since the link began */
	unsigned direction, deeds;
	enum pth_link_why why;
	bool limited;   /* it came to a rate, where before it waited: */
	uint32_t ahead; /* packets, with the one that was being sent */
	uint64_t ahead_bytes;
	int place; /* of the byte that was changed, in the payload; -1: there was none */
	uint32_t len;
	struct link_ip ip;
	uint8_t frame[LINK_FRAME_MAX];
};

/* "queue full" and so on; "" when it passes. */
const char *link_why(enum pth_link_why why);

#endif
