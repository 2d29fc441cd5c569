/* This file leads packets along a link, in the time that its caller counts. */
#include "link/model.h"

#include <netinet/in.h>
#include <string.h>

#include "base/err.h"
#include "link/nat.h"
#include "link/queue.h"
#include "link/random.h"
#include "link/trace.h"

#define MOST 262144 /* packets under way in one direction */

/* Those in the delay, a binary heap by their times. */
struct line {
	struct pth_link_packet **v;
	size_t n, cap;
};

struct way {
	struct pth_link *link;
	unsigned direction;
	struct pth_link_conditions c;
	struct link_random random;
	uint64_t offers, count, turns;
	uint64_t concerned; /* packets that chance and the drop list are for */
	size_t under_way;
	/* Loss. */
	bool bad; /* the state of Gilbert-Elliott's model */
	uint32_t in_a_row;
	/* The rate: who is being sent, until when, and what of a nanosecond is left. */
	struct link_queue queue;
	struct pth_link_packet *sending;
	int64_t sent_at;
	uint64_t remainder, waiting; /* waiting: bytes that are queued or being sent */
	struct link_turn chance;
	/* The delay. */
	struct line line;
	int64_t latest; /* when the last one leaves that kept its order */
	uint32_t since; /* packets since one was reordered */
};

struct pth_link {
	struct way way[PTH_LINK_DIRECTIONS];
	link_out *out;
	void *arg;
	struct link_nat *nat;           /* NULL: there is none */
	struct pth_link_rebind *rebind; /* owned; those that are still to come */
	size_t rebinds;
	struct pth_link_packet *spare;
	bool unplugged, kept;
};

static const char *const whys[PTH_LINK_WHYS] = { "", "link down", "drop list", "blackhole", "loss",
	"too big", "queue full", "codel", "old mapping", "overload", "link ended" };

const char *
link_why(enum pth_link_why why)
{
	return whys[why];
}

/* --- packets --- */

static struct pth_link_packet *
new_packet(struct pth_link *l)
{
	struct pth_link_packet *p = l->spare;

	if (p == NULL)
		return pth_xmalloc(sizeof *p);
	l->spare = p->next;
	return p;
}

void
link_give_back(struct pth_link *l, struct pth_link_packet *p)
{
	p->next = l->spare;
	l->spare = p;
}

void
link_keep(struct pth_link *l)
{
	l->kept = true;
}

static void
hand_out(struct pth_link *l, struct pth_link_packet *p)
{
	l->kept = false;
	l->out(l->arg, p);
	if (!l->kept)
		link_give_back(l, p);
}

static void
drop(struct pth_link *l, struct pth_link_packet *p, enum pth_link_why why, int64_t now)
{
	p->why = why;
	p->departure = now;
	hand_out(l, p);
}

/* What a queue drops: its reason is set. */
struct dropping {
	struct way *way;
	int64_t now;
};

static void
queue_drop(void *arg, struct pth_link_packet *p)
{
	struct dropping *d = arg;

	d->way->under_way--;
	d->way->waiting -= p->len;
	drop(d->way->link, p, p->why, d->now);
}

/* --- the delay --- */

static bool
before(const struct pth_link_packet *a, const struct pth_link_packet *b)
{
	return a->departure < b->departure || (a->departure == b->departure && a->turn < b->turn);
}

static void
line_put(struct line *h, struct pth_link_packet *p)
{
	size_t i = h->n++;

	if (h->n > h->cap) {
		h->cap = h->cap * 2 + 64;
		h->v = pth_xarray(h->v, h->cap, sizeof *h->v);
	}
	for (; i > 0 && before(p, h->v[(i - 1) / 2]); i = (i - 1) / 2)
		h->v[i] = h->v[(i - 1) / 2];
	h->v[i] = p;
}

static struct pth_link_packet *
line_take(struct line *h)
{
	struct pth_link_packet *first = h->v[0], *p = h->v[--h->n];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n && before(h->v[child + 1], h->v[child]))
			child++;
		if (!before(h->v[child], p))
			break;
		h->v[i] = h->v[child];
		i = child;
	}
	h->v[i] = p;
	return first;
}

/* The number of a packet in the streams of chance: a copy has one of its own. */
static uint64_t
draw(const struct pth_link_packet *p)
{
	return p->number * 2 + (p->deeds & PTH_LINK_DUPLICATED);
}

static int64_t
delay_of(struct way *w, const struct pth_link_packet *p)
{
	const struct pth_link_conditions *c = &w->c;
	const struct link_random *r = &w->random;
	uint64_t n = draw(p);
	double x, delay;

	if (c->jitter == 0)
		return c->delay;
	switch (c->distribution) {
	case LINK_UNIFORM: x = 2 * link_chance(r, LINK_FOR_JITTER, n) - 1; break;
	case LINK_NORMAL: x = link_normal(r, n); break;
	case LINK_PARETO: x = link_pareto(r, n); break;
	default: x = 0.25 * link_normal(r, n) + 0.75 * link_pareto(r, n); break;
	}
	delay = (double)c->delay + x * (double)c->jitter;
	return delay < 0 ? 0 : delay > 3600e9 ? (int64_t)3600e9 : (int64_t)(delay + 0.5);
}

/* Does it overtake? tc-netem(8), reorder: only after `gap` - 1 others. */
static bool
reordered(struct way *w, const struct pth_link_packet *p)
{
	if (w->c.reorder == 0)
		return false;
	if (w->since + 1 >= w->c.gap &&
	    link_chance(&w->random, LINK_FOR_REORDER, draw(p)) < w->c.reorder) {
		w->since = 0;
		return true;
	}
	w->since += w->since < UINT32_MAX;
	return false;
}

/* It has left the rate behind it at that time. */
static void
enter_delay(struct way *w, struct pth_link_packet *p, int64_t now)
{
	if (reordered(w, p)) {
		p->deeds |= PTH_LINK_REORDERED;
		p->departure = now;
	} else {
		p->departure = now + delay_of(w, p);
		if (w->c.order == LINK_KEEP && p->departure < w->latest)
			p->departure = w->latest;
		w->latest = p->departure > w->latest ? p->departure : w->latest;
	}
	p->turn = ++w->turns;
	line_put(&w->line, p);
}

static void
leave(struct way *w)
{
	struct pth_link *l = w->link;
	struct pth_link_packet *p = line_take(&w->line);

	w->under_way--;
	if (w->direction == PTH_LINK_UP && l->nat != NULL && link_nat_out(l->nat, p, &w->random))
		p->deeds |= PTH_LINK_REBOUND;
	hand_out(l, p);
}

/* --- the rate --- */

static bool
limited(const struct way *w)
{
	return w->c.rate != 0 || w->c.trace != NULL;
}

/* Begins to send: when it is done is known. */
static void
begin(struct way *w, struct pth_link_packet *p, int64_t now)
{
	uint64_t work;

	w->sending = p;
	if (w->c.trace != NULL) {
		w->sent_at = link_trace_pass(w->c.trace, &w->chance, now, p->len - LINK_ETHERNET);
	} else if (w->c.rate != 0) {
		/* On a busy link nothing of a nanosecond is lost. */
		work = (uint64_t)p->len * 8 * 1000000000u + w->remainder;
		w->sent_at = now + (int64_t)(work / w->c.rate);
		w->remainder = work % w->c.rate;
	} else {
		w->sent_at = now;
	}
}

static void
sent(struct way *w)
{
	int64_t now = w->sent_at;
	struct dropping d = { w, now };
	const struct link_sink sink = { queue_drop, &d };
	struct pth_link_packet *p = w->sending;

	w->sending = NULL;
	w->waiting -= p->len;
	enter_delay(w, p, now);
	p = link_queue_take(&w->queue, &w->c, now, &sink);
	if (p != NULL)
		begin(w, p, now);
	else
		w->remainder = 0;
}

static void
enter_rate(struct way *w, struct pth_link_packet *p, int64_t now)
{
	struct dropping d = { w, now };
	const struct link_sink sink = { queue_drop, &d };

	if (w->under_way >= MOST) {
		drop(w->link, p, PTH_LINK_OVERLOAD, now);
		return;
	}
	p->queued = now;
	p->limited = w->sending != NULL || limited(w);
	p->ahead = (uint32_t)(w->under_way - w->line.n);
	p->ahead_bytes = w->waiting;
	w->under_way++;
	w->waiting += p->limited ? p->len : 0;
	if (w->sending != NULL)
		link_queue_put(&w->queue, p, &w->c, &w->random, &sink);
	else if (p->limited)
		begin(w, p, now);
	else
		enter_delay(w, p, now);
}

/* --- what is decided when a packet arrives --- */

static bool
listed(const struct pth_link_conditions *c, uint64_t number)
{
	for (size_t i = 0; i < c->drops; i++)
		if (number >= c->drop[i].first && number <= c->drop[i].last)
			return true;
	return false;
}

static bool
in_span(const struct pth_link_span *v, size_t n, int64_t now)
{
	for (size_t i = 0; i < n; i++)
		if (now >= v[i].from && now < v[i].to)
			return true;
	return false;
}

/* The state of the model goes on with each packet, and loss is by the state before that, as in
 * tc-netem(8). */
static bool
lost(struct way *w, const struct pth_link_packet *p)
{
	const struct link_loss *l = &w->c.loss;
	double share = l->states && w->bad ? l->bad : l->good;
	bool gone = link_chance(&w->random, LINK_FOR_LOSS, draw(p)) < share;

	if (l->states &&
	    link_chance(&w->random, LINK_FOR_STATE, draw(p)) < (w->bad ? l->to_good : l->to_bad))
		w->bad = !w->bad;
	if (w->c.burst > 0 && w->in_a_row >= w->c.burst)
		gone = false;
	w->in_a_row = gone ? w->in_a_row + 1 : 0;
	return gone;
}

/* Is it one of those that chance and the drop list are for? */
static bool
concerned(const struct way *w, const struct pth_link_packet *p)
{
	return w->c.only == LINK_ANY || (w->c.only == LINK_UDP && p->ip.protocol == IPPROTO_UDP) ||
	    (w->c.only == LINK_TCP && p->ip.protocol == IPPROTO_TCP);
}

static enum pth_link_why
fate(struct way *w, const struct pth_link_packet *p, int64_t now)
{
	bool mine = concerned(w, p), gone = mine && lost(w, p); /* the model goes on always */

	w->concerned += mine;
	if (w->link->unplugged)
		return PTH_LINK_UNPLUGGED;
	if (mine && listed(&w->c, w->concerned))
		return PTH_LINK_LISTED;
	if (in_span(w->c.blackhole, w->c.blackholes, now))
		return PTH_LINK_BLACKHOLE;
	if (gone)
		return PTH_LINK_LOST;
	if (w->c.mtu > 0 && p->ip.version != 0 && p->ip.end - p->ip.ip > w->c.mtu)
		return PTH_LINK_TOO_BIG;
	return PTH_LINK_PASSES;
}

/* The sender is told, at once: the narrow place is at its end of the link. */
static void
answer_too_big(struct way *w, const struct pth_link_packet *p, int64_t now)
{
	struct pth_link_packet *a;

	if (w->c.too_big != LINK_ICMP)
		return;
	a = new_packet(w->link);
	memset(a, 0, offsetof(struct pth_link_packet, frame));
	a->len = (uint32_t)link_too_big(p->frame, &p->ip, w->c.mtu, a->frame);
	if (a->len == 0) {
		link_give_back(w->link, a);
		return;
	}
	a->direction = w->direction == PTH_LINK_UP ? PTH_LINK_DOWN : PTH_LINK_UP;
	a->deeds = PTH_LINK_ANSWER;
	a->arrival = a->departure = now;
	link_ip_parse(a->frame, a->len, &a->ip);
	hand_out(w->link, a);
}

/* What changes the bytes of a packet. */
static void
edit(struct way *w, struct pth_link_packet *p)
{
	const struct link_random *r = &w->random;
	uint64_t n = draw(p);
	unsigned ecn = link_ecn(p->frame, &p->ip);

	if (w->c.bleach && ecn != 0) {
		link_ecn_set(p->frame, &p->ip, 0);
		p->deeds |= PTH_LINK_BLEACHED;
	} else if (w->c.mark > 0 && ecn != 0 && ecn != 3 &&
	    link_chance(r, LINK_FOR_ECN, n) < w->c.mark) {
		link_ecn_set(p->frame, &p->ip, 3);
		p->deeds |= PTH_LINK_MARKED;
	}
	if (w->c.corrupt > 0 && link_chance(r, LINK_FOR_CORRUPT, n) < w->c.corrupt) {
		p->place = link_corrupt(p->frame, &p->ip, link_random(r, LINK_FOR_PLACE, n),
		    link_random(r, LINK_FOR_BYTE, n), w->c.checksum == LINK_RIGHT);
		p->deeds |= p->place >= 0 ? PTH_LINK_CORRUPTED : 0;
	}
}

static void
pass(struct way *w, struct pth_link_packet *p, int64_t now)
{
	struct pth_link *l = w->link;
	int known = w->direction == PTH_LINK_DOWN && l->nat != NULL ? link_nat_in(l->nat, p) : 0;

	if (known < 0) {
		drop(l, p, PTH_LINK_NAT, now);
		return;
	}
	p->deeds |= known > 0 ? PTH_LINK_REBOUND : 0;
	if (concerned(w, p))
		edit(w, p);
	enter_rate(w, p, now);
}

/* A packet of IPv4 that may be fragmented goes on in pieces. */
static void
fragment(struct way *w, struct pth_link_packet *p, int64_t now)
{
	struct pth_link_packet *piece;
	size_t at = 0;

	for (;;) {
		piece = new_packet(w->link);
		memcpy(piece, p, offsetof(struct pth_link_packet, frame));
		piece->len = (uint32_t)link_fragment(p->frame, &p->ip, w->c.mtu, &at, piece->frame);
		if (piece->len == 0)
			break;
		link_ip_parse(piece->frame, piece->len, &piece->ip);
		piece->deeds |= PTH_LINK_FRAGMENT;
		pass(w, piece, now);
		p->offer = 0;
	}
	link_give_back(w->link, piece);
	link_give_back(w->link, p);
}

static void
arrive(struct way *w, struct pth_link_packet *p, int64_t now)
{
	struct pth_link_packet *copy = NULL;
	enum pth_link_why why;

	if (p->ip.upkeep || p->ip.version == 0) {
		p->deeds = PTH_LINK_MAINTENANCE;
		if (w->link->unplugged)
			drop(w->link, p, PTH_LINK_UNPLUGGED, now);
		else
			hand_out(w->link, p);
		return;
	}
	p->number = ++w->count;
	why = fate(w, p, now);
	if (why == PTH_LINK_TOO_BIG && p->ip.version == 4 && p->ip.may_fragment) {
		fragment(w, p, now);
		return;
	}
	if (why != PTH_LINK_PASSES) {
		if (why == PTH_LINK_TOO_BIG)
			answer_too_big(w, p, now);
		drop(w->link, p, why, now);
		return;
	}
	if (w->c.duplicate > 0 && concerned(w, p) &&
	    link_chance(&w->random, LINK_FOR_DUPLICATE, draw(p)) < w->c.duplicate) {
		copy = new_packet(w->link);
		*copy = *p;
		copy->deeds |= PTH_LINK_DUPLICATED;
	}
	pass(w, p, now);
	if (copy != NULL)
		pass(w, copy, now);
}

void
link_offer(struct pth_link *l, unsigned direction, const void *frame, size_t n, int64_t now)
{
	struct way *w = &l->way[direction];
	bool fits = n >= LINK_ETHERNET && n <= LINK_FRAME_MAX;
	struct pth_link_packet *p;

	link_run(l, now);
	p = new_packet(l);
	memset(p, 0, offsetof(struct pth_link_packet, frame));
	p->direction = direction;
	p->offer = ++w->offers;
	p->arrival = p->departure = now;
	p->place = -1;
	p->len = fits ? (uint32_t)n : 0;
	memcpy(p->frame, frame, p->len);
	link_ip_parse(p->frame, p->len, &p->ip);
	if (fits) {
		arrive(w, p, now);
		return;
	}
	p->number = ++w->count;
	drop(l, p, PTH_LINK_OVERLOAD, now);
}

/* --- time --- */

/* When something happens in a direction next. */
static int64_t
way_next(const struct way *w)
{
	int64_t t = w->line.n > 0 ? w->line.v[0]->departure : INT64_MAX;

	return w->sending != NULL && w->sent_at < t ? w->sent_at : t;
}

/* The rebinding that comes next; NULL: none does. */
static struct pth_link_rebind *
next_rebind(const struct pth_link *l)
{
	struct pth_link_rebind *first = NULL;

	for (size_t i = 0; i < l->rebinds; i++)
		if (first == NULL || l->rebind[i].at < first->at)
			first = &l->rebind[i];
	return first;
}

static void
rebind(struct pth_link *l, struct pth_link_rebind *r)
{
	link_nat_rebind(l->nat, r->address);
	if (r->every > 0)
		r->at += r->every;
	else
		*r = l->rebind[--l->rebinds];
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
link_next(const struct pth_link *l)
{
	return earlier(way_next(&l->way[PTH_LINK_UP]), way_next(&l->way[PTH_LINK_DOWN]));
}

static void
way_step(struct way *w)
{
	/* What is sent at a time may leave at the same time. */
	if (w->sending != NULL && (w->line.n == 0 || w->sent_at <= w->line.v[0]->departure))
		sent(w);
	else
		leave(w);
}

void
link_run(struct pth_link *l, int64_t now)
{
	struct way *up = &l->way[PTH_LINK_UP], *down = &l->way[PTH_LINK_DOWN];
	struct pth_link_rebind *r;
	int64_t t;

	for (;;) {
		t = link_next(l);
		r = next_rebind(l);
		if (earlier(t, r != NULL ? r->at : INT64_MAX) > now)
			return;
		if (r != NULL && r->at <= t)
			rebind(l, r);
		else
			way_step(way_next(up) <= way_next(down) ? up : down);
	}
}

/* --- from outside --- */

struct pth_link *
link_new(uint64_t seed, link_out *out, void *arg)
{
	struct pth_link *l = pth_xmalloc(sizeof *l);

	*l = (struct pth_link){ .out = out, .arg = arg };
	for (unsigned i = 0; i < PTH_LINK_DIRECTIONS; i++) {
		struct way *w = &l->way[i];

		w->link = l;
		w->direction = i;
		pth_link_conditions_init(&w->c);
		link_random_seed(&w->random, seed, i);
	}
	return l;
}

static void
way_clear(struct way *w, enum pth_link_why why, int64_t now)
{
	struct dropping d = { w, now };
	const struct link_sink sink = { queue_drop, &d };
	/* As from a plain queue: nobody drops before we do. */
	const struct pth_link_conditions plain = { .interval = 1, .target = INT64_MAX };
	struct pth_link_packet *p;

	if (w->sending != NULL) {
		w->under_way--;
		drop(w->link, w->sending, why, now);
	}
	w->sending = NULL;
	w->waiting = 0;
	while ((p = link_queue_take(&w->queue, &plain, now, &sink)) != NULL) {
		w->under_way--;
		drop(w->link, p, why, now);
	}
	while (w->line.n > 0) {
		p = line_take(&w->line);
		w->under_way--;
		drop(w->link, p, why, now);
	}
}

void
link_end(struct pth_link *l, int64_t now)
{
	for (unsigned i = 0; i < PTH_LINK_DIRECTIONS; i++)
		way_clear(&l->way[i], PTH_LINK_ENDED, now);
}

void
link_unplug(struct pth_link *l, bool unplugged, int64_t now)
{
	link_run(l, now);
	l->unplugged = unplugged;
	for (unsigned i = 0; unplugged && i < PTH_LINK_DIRECTIONS; i++)
		way_clear(&l->way[i], PTH_LINK_UNPLUGGED, now);
}

static void
forget(void *arg, struct pth_link_packet *p)
{
	(void)arg;
	(void)p;
}

void
link_free(struct pth_link *l)
{
	struct pth_link_packet *p;

	if (l == NULL)
		return;
	l->out = forget;
	link_end(l, 0);
	for (unsigned i = 0; i < PTH_LINK_DIRECTIONS; i++) {
		pth_link_conditions_release(&l->way[i].c);
		link_fq_free(l->way[i].queue.fq);
		free(l->way[i].line.v);
	}
	while ((p = l->spare) != NULL) {
		l->spare = p->next;
		free(p);
	}
	link_nat_free(l->nat);
	free(l->rebind);
	free(l);
}

void
link_set(struct pth_link *l, unsigned direction, const struct pth_link_conditions *conditions)
{
	struct way *w = &l->way[direction];

	if (conditions->trace != w->c.trace)
		w->chance = (struct link_turn){ 0 };
	pth_link_conditions_release(&w->c);
	pth_link_conditions_copy(&w->c, conditions);
	w->remainder = 0;
}

void
link_rebind(struct pth_link *l, const struct pth_link_rebind *r)
{
	if (l->nat == NULL)
		l->nat = link_nat_new();
	l->rebind = pth_xarray(l->rebind, l->rebinds + 1, sizeof *l->rebind);
	l->rebind[l->rebinds++] = *r;
}
