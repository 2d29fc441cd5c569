/* This file has the queue in front of a rate, and hands packets to the discipline that is asked
 * for. */
#include "link/queue.h"

#define QUEUE_DEFAULT 1000     /* packets, as tc-netem(8) has it */
#define FQ_CODEL_DEFAULT 10240 /* RFC 8290, 5.2 */

void
link_fifo_put(struct link_fifo *q, struct pth_link_packet *p)
{
	p->next = NULL;
	if (q->last != NULL)
		q->last->next = p;
	else
		q->first = p;
	q->last = p;
	q->packets++;
	q->bytes += p->len;
}

struct pth_link_packet *
link_fifo_take(struct link_fifo *q)
{
	struct pth_link_packet *p = q->first;

	if (p == NULL)
		return NULL;
	q->first = p->next;
	if (q->first == NULL)
		q->last = NULL;
	q->packets--;
	q->bytes -= p->len;
	return p;
}

bool
link_queue_over(const struct pth_link_conditions *c, uint32_t packets, uint64_t bytes)
{
	uint32_t most = c->queue_packets != 0 ? c->queue_packets :
	    c->aqm == LINK_FQ_CODEL           ? FQ_CODEL_DEFAULT :
	                                        QUEUE_DEFAULT;

	return c->queue_bytes != 0 ? bytes > c->queue_bytes : packets > most;
}

void
link_queue_put(struct link_queue *q, struct pth_link_packet *p, const struct pth_link_conditions *c,
    const struct link_random *r, const struct link_sink *sink)
{
	if (c->aqm == LINK_FQ_CODEL) {
		if (q->fq == NULL)
			q->fq = link_fq_new(c->flows);
		link_fq_put(q->fq, p, c, r, sink);
	} else if (link_queue_over(c, q->fifo.packets + 1, q->fifo.bytes + p->len)) {
		p->why = PTH_LINK_QUEUE;
		sink->drop(sink->arg, p);
	} else {
		link_fifo_put(&q->fifo, p);
	}
}

struct pth_link_packet *
link_queue_take(struct link_queue *q, const struct pth_link_conditions *c, int64_t now,
    const struct link_sink *sink)
{
	struct pth_link_packet *p;

	/* After a change of the discipline both may hold packets. */
	p = c->aqm == LINK_CODEL ? link_codel_take(&q->codel, &q->fifo, c, now, sink) :
	                           link_fifo_take(&q->fifo);
	if (p == NULL && q->fq != NULL)
		p = link_fq_take(q->fq, c, now, sink);
	return p;
}
