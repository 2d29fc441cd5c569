/* This file is FQ-CoDel, RFC 8290: flows in queues of their own, served in turn, each under
 * CoDel. */
#include "base/err.h"
#include "base/hash.h"
#include "link/queue.h"

#define DROP_BATCH 64 /* packets that a full queue loses at once, at most */

struct flow {
	struct link_fifo fifo;
	struct link_codel codel;
	int64_t deficit;
	struct flow *next; /* in the list of new or old ones */
	bool listed;
};

struct flows {
	struct flow *first, *last;
};

struct link_fq {
	uint32_t n, packets;
	uint64_t bytes;
	struct flows fresh, old;
	struct flow *v; /* owned */
};

struct link_fq *
link_fq_new(uint32_t flows)
{
	struct link_fq *fq = pth_xmalloc(sizeof *fq);

	*fq = (struct link_fq){ .n = flows, .v = pth_xarray(NULL, flows, sizeof *fq->v) };
	memset(fq->v, 0, flows * sizeof *fq->v);
	return fq;
}

void
link_fq_free(struct link_fq *fq)
{
	struct pth_link_packet *p;

	if (fq == NULL)
		return;
	for (uint32_t i = 0; i < fq->n; i++)
		while ((p = link_fifo_take(&fq->v[i].fifo)) != NULL)
			free(p);
	free(fq->v);
	free(fq);
}

static void
append(struct flows *list, struct flow *f)
{
	f->next = NULL;
	if (list->last != NULL)
		list->last->next = f;
	else
		list->first = f;
	list->last = f;
}

static struct flow *
shift(struct flows *list)
{
	struct flow *f = list->first;

	list->first = f->next;
	if (list->first == NULL)
		list->last = NULL;
	return f;
}

/* The queue of a packet: by a hash of its addresses, protocol and ports (RFC 8290, 4.1.1). */
static struct flow *
flow_of(struct link_fq *fq, const struct pth_link_packet *p, const struct link_random *r)
{
	const struct link_ip *ip = &p->ip;
	uint64_t h = link_random(r, LINK_FOR_FLOWS, 0);
	size_t address = ip->version == 4 ? 4 : 16;
	uint8_t protocol = (uint8_t)ip->protocol;

	if (ip->version != 0) {
		h = pth_hash(h, p->frame + ip->ip + (ip->version == 4 ? 12 : 8), 2 * address);
		h = pth_hash(h, &protocol, 1);
	}
	if (ip->transport != 0 && (protocol == 6 || protocol == 17))
		h = pth_hash(h, p->frame + ip->transport, 4);
	return &fq->v[(h ^ h >> 32) % fq->n];
}

static struct pth_link_packet *
take_first(struct link_fq *fq, struct flow *f)
{
	struct pth_link_packet *p = link_fifo_take(&f->fifo);

	fq->packets--;
	fq->bytes -= p->len;
	return p;
}

/* From the head of the longest queue half of its packets are dropped, but not too many at once
 * (RFC 8290, 4.1.3). */
static void
shorten(struct link_fq *fq, const struct link_sink *sink)
{
	struct flow *longest = fq->v;
	struct pth_link_packet *p;
	uint32_t n;

	for (uint32_t i = 1; i < fq->n; i++)
		if (fq->v[i].fifo.bytes > longest->fifo.bytes)
			longest = &fq->v[i];
	n = longest->fifo.packets / 2;
	n = n < 1 ? 1 : n > DROP_BATCH ? DROP_BATCH : n;
	while (n-- > 0) {
		p = take_first(fq, longest);
		p->why = PTH_LINK_QUEUE;
		sink->drop(sink->arg, p);
	}
}

void
link_fq_put(struct link_fq *fq, struct pth_link_packet *p, const struct pth_link_conditions *c,
    const struct link_random *r, const struct link_sink *sink)
{
	struct flow *f = flow_of(fq, p, r);

	link_fifo_put(&f->fifo, p);
	fq->packets++;
	fq->bytes += p->len;
	if (!f->listed) {
		f->listed = true;
		f->deficit = c->quantum;
		append(&fq->fresh, f);
	}
	while (link_queue_over(c, fq->packets, fq->bytes))
		shorten(fq, sink);
}

/* The queue whose turn it is: new ones first. NULL: all are empty. */
static struct flows *
turn(struct link_fq *fq, uint32_t quantum)
{
	struct flows *list;
	struct flow *f;

	for (;;) {
		list = fq->fresh.first != NULL ? &fq->fresh : &fq->old;
		if (list->first == NULL)
			return NULL;
		if (list->first->deficit > 0)
			return list;
		f = shift(list);
		f->deficit += quantum;
		append(&fq->old, f);
	}
}

struct pth_link_packet *
link_fq_take(struct link_fq *fq, const struct pth_link_conditions *c, int64_t now,
    const struct link_sink *sink)
{
	struct pth_link_packet *p;
	struct flows *list;
	struct flow *f;
	struct link_fifo before;

	while ((list = turn(fq, c->quantum)) != NULL) {
		f = list->first;
		before = f->fifo;
		p = link_codel_take(&f->codel, &f->fifo, c, now, sink);
		fq->packets -= before.packets - f->fifo.packets;
		fq->bytes -= before.bytes - f->fifo.bytes;
		if (p != NULL) {
			f->deficit -= p->len;
			return p;
		}
		/* A new queue that is empty becomes an old one, an old one goes. */
		shift(list);
		if (list == &fq->fresh)
			append(&fq->old, f);
		else
			f->listed = false;
	}
	return NULL;
}
