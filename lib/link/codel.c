/* This file is CoDel's control of a queue by the time that packets wait in it, RFC 8289. */
#include <math.h>

#include "link/queue.h"

int64_t
link_codel_law(int64_t t, int64_t interval, uint32_t count)
{
	return t + (int64_t)((double)interval / sqrt(count));
}

/* RFC 8289, 5.6, dodequeue: the next packet, and whether it may be dropped. */
static struct pth_link_packet *
look(struct link_codel *s, struct link_fifo *q, const struct pth_link_conditions *c, int64_t now,
    bool *may_drop)
{
	struct pth_link_packet *p = link_fifo_take(q);

	*may_drop = false;
	if (p == NULL) {
		s->first_above = 0;
	} else if (now - p->queued < c->target || q->bytes <= LINK_CODEL_MAX_PACKET) {
		s->first_above = 0;
	} else if (s->first_above == 0) {
		s->first_above = now + c->interval;
	} else {
		*may_drop = now >= s->first_above;
	}
	return p;
}

/* Drops it, or marks it where that is wanted and can be done. True: it is gone. */
static bool
drop(struct pth_link_packet *p, const struct pth_link_conditions *c, const struct link_sink *sink)
{
	if (c->aqm_ecn && link_ecn(p->frame, &p->ip) != 0) {
		link_ecn_set(p->frame, &p->ip, 3);
		p->deeds |= PTH_LINK_CODEL_MARKED;
		return false;
	}
	p->why = PTH_LINK_CODEL;
	sink->drop(sink->arg, p);
	return true;
}

/* In the dropping state: as many as the control law wants. */
static struct pth_link_packet *
go_on(struct link_codel *s, struct link_fifo *q, const struct pth_link_conditions *c, int64_t now,
    struct pth_link_packet *p, const struct link_sink *sink)
{
	bool may_drop;

	while (s->dropping && now >= s->drop_next) {
		s->count++;
		if (!drop(p, c, sink)) {
			s->drop_next = link_codel_law(s->drop_next, c->interval, s->count);
			return p;
		}
		p = look(s, q, c, now, &may_drop);
		if (may_drop)
			s->drop_next = link_codel_law(s->drop_next, c->interval, s->count);
		else
			s->dropping = false;
	}
	return p;
}

struct pth_link_packet *
link_codel_take(struct link_codel *s, struct link_fifo *q, const struct pth_link_conditions *c,
    int64_t now, const struct link_sink *sink)
{
	bool may_drop;
	struct pth_link_packet *p = look(s, q, c, now, &may_drop);
	uint32_t delta;

	if (p == NULL) {
		s->dropping = false;
	} else if (s->dropping && !may_drop) {
		s->dropping = false;
	} else if (s->dropping) {
		p = go_on(s, q, c, now, p, sink);
	} else if (may_drop) {
		if (drop(p, c, sink))
			p = look(s, q, c, now, &may_drop);
		s->dropping = true;
		/* Begin where the last time ended, if that is not long ago. */
		delta = s->count - s->last_count;
		s->count = delta > 1 && now - s->drop_next < 16 * c->interval ? delta : 1;
		s->drop_next = link_codel_law(now, c->interval, s->count);
		s->last_count = s->count;
	}
	return p;
}
