/*
 * What waits in front of a link that has a rate: a queue with drop-tail, CoDel (RFC 8289) or
 * FQ-CoDel (RFC 8290). Times are ns since the link began.
 */
#ifndef PTH_LINK_QUEUE_H
#define PTH_LINK_QUEUE_H

#include "link/conditions.h"
#include "link/packet.h"
#include "link/random.h"

#define LINK_CODEL_MAX_PACKET 1514 /* with no more than that in the queue nothing is dropped */

struct link_fifo {
	struct pth_link_packet *first, *last;
	uint32_t packets;
	uint64_t bytes;
};

void link_fifo_put(struct link_fifo *q, struct pth_link_packet *p);
/* NULL: it is empty. */
struct pth_link_packet *link_fifo_take(struct link_fifo *q);

/* RFC 8289, 5.3: the state of its control law. */
struct link_codel {
	bool dropping;
	int64_t first_above; /* 0: the sojourn time is below the target */
	int64_t drop_next;
	uint32_t count, last_count;
};

/* Who gets what a queue drops; it takes the packet over, whose `why` is set. */
struct link_sink {
	void (*drop)(void *arg, struct pth_link_packet *p);
	void *arg;
};

/* t + interval / sqrt(count) */
int64_t link_codel_law(int64_t t, int64_t interval, uint32_t count);
/* The next packet of q at that time, after those that had to be dropped. NULL: none is left. */
struct pth_link_packet *link_codel_take(struct link_codel *s, struct link_fifo *q,
    const struct pth_link_conditions *c, int64_t now, const struct link_sink *sink);

/* RFC 8290: a queue for each flow. */
struct link_fq;
struct link_fq *link_fq_new(uint32_t flows);
void link_fq_free(struct link_fq *fq);
void link_fq_put(struct link_fq *fq, struct pth_link_packet *p, const struct pth_link_conditions *c,
    const struct link_random *r, const struct link_sink *sink);
struct pth_link_packet *link_fq_take(struct link_fq *fq, const struct pth_link_conditions *c,
    int64_t now, const struct link_sink *sink);

/* One of them, as the conditions say. */
struct link_queue {
	struct link_fifo fifo;
	struct link_codel codel;
	struct link_fq *fq; /* owned; NULL: there is none yet */
};

/* Takes the packet over. */
void link_queue_put(struct link_queue *q, struct pth_link_packet *p,
    const struct pth_link_conditions *c, const struct link_random *r, const struct link_sink *sink);
struct pth_link_packet *link_queue_take(struct link_queue *q, const struct pth_link_conditions *c,
    int64_t now, const struct link_sink *sink);
/* Are there packets beyond what the conditions let in? */
bool link_queue_over(const struct pth_link_conditions *c, uint32_t packets, uint64_t bytes);

#endif
