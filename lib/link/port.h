/* An interface whose frames are ours: read from a ring that the kernel fills, sent in batches
 * (packet(7), TPACKET_V2). */
#ifndef PTH_LINK_PORT_H
#define PTH_LINK_PORT_H

#include <stdint.h>

#include "base/err.h"
#include "link/model.h"

#define LINK_BATCH 64

struct link_port {
	int fd;
	uint8_t *ring; /* mmap */
	unsigned at;   /* the frame that comes next */
	struct pth_link_packet *batch[LINK_BATCH];
	unsigned n;
	uint64_t refused; /* that could not be sent */
	uint64_t absent; /* the same, for nobody was there: the other end was down, or on its way */
	char interface[16];
};

/* -1 with e. */
int link_port_open(struct link_port *p, const char *interface, struct pth_err *e);
void link_port_close(struct link_port *p);
/* The next frame, or NULL. Its time is realtime, in ns. It stays until link_port_done(). */
const void *link_port_peek(struct link_port *p, size_t *n, int64_t *real_ns);
void link_port_done(struct link_port *p);
/* Send what is in the batch; the packets go back to the link. */
void link_port_flush(struct link_port *p, struct pth_link *l);
/* The kernel's count of frames that found no room in the ring, since the last call. */
uint64_t link_port_lost(struct link_port *p);

#endif
