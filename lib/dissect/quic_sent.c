/*
 * This file remembers the packets that an end has sent until they are acknowledged: for round
 * trips and losses.
 */
#include <stdlib.h>
#include <string.h>

#include "dissect/quic_priv.h"

#define RING_MAX 32768 /* a power of 2 */
#define RING_MIN 64
#define REORDER 3 /* kPacketThreshold, RFC 9002, 6.1.1 */

struct sent {
	uint64_t number;
	int64_t ns;
	uint32_t size; /* which is in flight; 0: acknowledged, lost, or nobody wants to know */
	bool there, eliciting, acked;
};

struct quic_sent {
	struct sent *v; /* by number */
	size_t cap;
	struct spans acked;
	uint64_t largest_acked;
	uint64_t flight; /* bytes of them in flight */
	bool any_acked;
};

static struct quic_sent *
space_of(struct quic_side *s, enum quic_level level)
{
	enum quic_level space = level == QUIC_0RTT ? QUIC_1RTT : level;

	if (s->sent[space] == NULL) {
		s->sent[space] = pth_xmalloc(sizeof *s->sent[space]);
		*s->sent[space] = (struct quic_sent){ .cap = 0 };
	}
	return s->sent[space];
}

/* The packet is not in flight any more. */
static void
lands(struct quic_side *side, struct quic_sent *s, struct sent *p)
{
	side->flight -= p->size;
	s->flight -= p->size;
	p->size = 0;
}

static bool
is_lost(const struct quic_sent *s, const struct sent *p)
{
	return p->there && p->eliciting && !p->acked && s->any_acked &&
	    p->number + REORDER <= s->largest_acked;
}

static void
grow(struct quic_sent *s)
{
	struct sent *old = s->v;
	size_t n = s->cap;

	s->cap = n != 0 ? n * 2 : RING_MIN;
	s->v = pth_xarray(NULL, s->cap, sizeof *s->v);
	memset(s->v, 0, s->cap * sizeof *s->v);
	for (size_t i = 0; i < n; i++)
		if (old[i].there)
			s->v[old[i].number & (s->cap - 1)] = old[i];
	free(old);
}

/* An entry that is still waited for makes room by a larger ring, until there may be none. */
static struct sent *
slot(struct quic_sent *s, uint64_t number, struct pth_quic_end *end)
{
	struct sent *p = s->cap != 0 ? &s->v[number & (s->cap - 1)] : NULL;

	while (p == NULL ||
	    (p->there && p->number != number && p->eliciting && !p->acked && s->cap < RING_MAX)) {
		grow(s);
		p = &s->v[number & (s->cap - 1)];
	}
	end->lost += p->number != number && is_lost(s, p);
	return p;
}

void
dissect_quic_sent_add(
    struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p, bool eliciting)
{
	struct quic_side *side = &c->side[p->from];
	struct quic_sent *s = space_of(side, p->level);
	struct sent *to = slot(s, p->number, &d->quic->stat.end[p->from]);

	if (to->there && to->number == p->number)
		return; /* the network has it twice */
	lands(side, s, to);
	*to = (struct sent){
		.number = p->number, .ns = d->frame->ns, .there = true, .eliciting = eliciting
	};
	if (d->how.watch == NULL || !eliciting)
		return;
	to->size = (uint32_t)p->size;
	side->flight += to->size;
	s->flight += to->size;
}

struct acked {
	struct quic_side *side;
	struct quic_sent *s;
};

static void
mark(void *arg, uint64_t from, uint64_t to)
{
	const struct acked *a = arg;
	struct quic_sent *s = a->s;

	if (s->cap == 0)
		return;
	if (to - from > s->cap)
		from = to - s->cap;
	for (; from < to; from++) {
		struct sent *p = &s->v[from & (s->cap - 1)];

		if (p->there && p->number == from) {
			p->acked = true;
			lands(a->side, s, p);
		}
	}
}

void
dissect_quic_acked(struct quic_conn *c, const struct quic_packet *p, uint64_t from, uint64_t to)
{
	struct quic_side *side = &c->side[p->from == QUIC_CLIENT ? QUIC_SERVER : QUIC_CLIENT];
	struct acked a = { side, space_of(side, p->level) };

	pth_spans_add(&a.s->acked, from, to + 1, mark, &a);
}

/* What was sent before one that is acknowledged, REORDER packets or more, is not in flight but
 * lost (RFC 9002, 6.1.1). from: what had been acknowledged before, where it was done already. */
static void
lose(struct quic_side *side, struct quic_sent *s, uint64_t from, uint64_t largest)
{
	uint64_t end = largest >= REORDER ? largest - REORDER + 1 : 0;

	from = from >= REORDER ? from - REORDER : 0;
	if (end > s->cap && from < end - s->cap)
		from = end - s->cap;
	for (; from < end && s->flight > 0; from++) {
		struct sent *p = &s->v[from & (s->cap - 1)];

		if (p->there && p->number == from)
			lands(side, s, p);
	}
}

void
dissect_quic_sent_forget(struct quic_side *side, enum quic_level level)
{
	struct quic_sent *s = side->sent[level];

	for (size_t i = 0; s != NULL && i < s->cap && s->flight > 0; i++)
		lands(side, s, &s->v[i]);
}

bool
dissect_quic_sent_rtt(
    struct quic_conn *c, const struct quic_packet *p, uint64_t largest, int64_t now, int64_t *rtt)
{
	struct quic_side *side = &c->side[p->from == QUIC_CLIENT ? QUIC_SERVER : QUIC_CLIENT];
	struct quic_sent *s = space_of(side, p->level);
	struct sent *of = s->cap != 0 ? &s->v[largest & (s->cap - 1)] : NULL;
	bool first = !s->any_acked || largest > s->largest_acked;

	if (first) {
		lose(side, s, s->largest_acked, largest);
		s->largest_acked = largest;
	}
	s->any_acked = true;
	if (!first || of == NULL || !of->there || of->number != largest || !of->eliciting)
		return false;
	*rtt = now - of->ns;
	return true;
}

void
dissect_quic_sent_release(struct quic_side *side, struct pth_quic_end *end)
{
	for (int i = 0; i < QUIC_LEVELS; i++) {
		struct quic_sent *s = side->sent[i];

		if (s == NULL)
			continue;
		for (size_t k = 0; k < s->cap; k++)
			end->lost += is_lost(s, &s->v[k]);
		free(s->v);
		pth_spans_release(&s->acked);
		free(s);
		side->sent[i] = NULL;
	}
}
