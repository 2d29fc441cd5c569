/* This file takes a part, a sample or the first of many tests. */
#include "run/pick.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "run/rundir.h"

struct pth_picked {
	size_t index;  /* in the order of the stream */
	uint64_t draw; /* of the sample: the least are taken */
	int64_t us;    /* how long it took; -1: unknown */
	bool in;
};

/* FNV-1a differs little in its high bits for texts that differ in their last byte; this spreads
 * it over all (the finalizer of MurmurHash3). */
static uint64_t
spread(uint64_t h)
{
	h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
	h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
	return h ^ (h >> 33);
}

static bool
is_of_part(const struct pth_pick *p, const char *id)
{
	return p->parts == 0 || p->balance != NULL ||
	    spread(pth_hash_text(PTH_HASH_EMPTY, id)) % p->parts == p->part - 1;
}

bool
pth_pick_waits(const struct pth_pick *p)
{
	return p->balance != NULL || p->sample > 0;
}

static bool
take(struct pth_pick *p)
{
	if (p->first > 0 && p->taken == p->first)
		return false;
	p->taken++;
	return true;
}

bool
pth_pick_now(struct pth_pick *p, const char *id, bool fits)
{
	return fits && is_of_part(p, id) && take(p);
}

void
pth_pick_note(struct pth_pick *p, const char *id, bool fits)
{
	struct pth_picked *t;

	if (p->count == p->room) {
		p->room = p->room > 0 ? 2 * p->room : 256;
		p->tests = pth_xarray(p->tests, p->room, sizeof *p->tests);
	}
	t = &p->tests[p->count];
	*t = (struct pth_picked){ .index = p->count++,
		.draw = spread(
		    pth_hash_text(pth_hash(PTH_HASH_EMPTY, &p->seed, sizeof p->seed), id)),
		.us = -1,
		.in = fits && is_of_part(p, id) };
	if (p->balance != NULL && t->in)
		t->us = pth_rundir_duration(p->balance, id);
}

/* --- parts of equal length --- */

/* Those that are in stand first, the longest of them first. */
static int
by_length(const void *a, const void *b)
{
	const struct pth_picked *x = a, *y = b;

	if (x->in != y->in)
		return x->in ? -1 : 1;
	if (x->us != y->us)
		return x->us > y->us ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

/* A test that never ran takes as long as the others do in the mean. */
static void
fill_in(struct pth_pick *p)
{
	double sum = 0;
	size_t known = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->tests[i].us >= 0) {
			sum += (double)p->tests[i].us;
			known++;
		}
	for (size_t i = 0; i < p->count; i++)
		if (p->tests[i].in && p->tests[i].us < 0)
			p->tests[i].us = known > 0 ? (int64_t)(sum / (double)known) : PTH_SECOND_US;
}

struct load {
	uint64_t part; /* from 0 */
	int64_t us;
};

static bool
is_lighter(const struct load *a, const struct load *b)
{
	return a->us != b->us ? a->us < b->us : a->part < b->part;
}

/* The lightest stands first again after it has become heavier: the parts are a heap. */
static void
sink(struct load *v, uint64_t n)
{
	struct load moved;
	uint64_t i = 0, least;

	for (;;) {
		least = i;
		for (uint64_t k = 2 * i + 1; k <= 2 * i + 2 && k < n; k++)
			if (is_lighter(&v[k], &v[least]))
				least = k;
		if (least == i)
			return;
		moved = v[i];
		v[i] = v[least];
		v[least] = moved;
		i = least;
	}
}

/* The longest first, each into the part that has the least until then. */
static void
balance(struct pth_pick *p)
{
	pth_auto_free struct load *v = pth_xarray(NULL, p->parts, sizeof *v);

	fill_in(p);
	for (uint64_t k = 0; k < p->parts; k++)
		v[k] = (struct load){ k, 0 };
	qsort(p->tests, p->count, sizeof *p->tests, by_length);
	for (size_t i = 0; i < p->count && p->tests[i].in; i++) {
		p->tests[i].in = v[0].part == p->part - 1;
		v[0].us += p->tests[i].us;
		sink(v, p->parts);
	}
}

/* --- a sample --- */

static int
by_draw(const void *a, const void *b)
{
	const struct pth_picked *x = a, *y = b;

	if (x->in != y->in)
		return x->in ? -1 : 1;
	if (x->draw != y->draw)
		return x->draw < y->draw ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

static int
by_index(const void *a, const void *b)
{
	const struct pth_picked *x = a, *y = b;

	return x->index < y->index ? -1 : 1;
}

void
pth_pick_settle(struct pth_pick *p)
{
	if (p->count == 0)
		return;
	if (p->balance != NULL)
		balance(p);
	if (p->sample > 0) {
		qsort(p->tests, p->count, sizeof *p->tests, by_draw);
		for (size_t i = p->sample; i < p->count; i++)
			p->tests[i].in = false;
	}
	qsort(p->tests, p->count, sizeof *p->tests, by_index);
}

bool
pth_pick_next(struct pth_pick *p)
{
	return p->next < p->count && p->tests[p->next++].in && take(p);
}

void
pth_pick_release(struct pth_pick *p)
{
	free(pth_take(&p->tests));
	p->count = p->room = 0;
}
