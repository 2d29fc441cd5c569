/*
 * This file counts, by content, how often each capture has had a packet. What was not seen for a
 * while is forgotten: of two tables the older one is dropped, and what is found there moves on.
 */
#include "packet/sighting.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/err.h"
#include "base/siphash.h"

#define FIRST 1024
#define PACKETS_MAX ((size_t)1 << 20) /* of a table, for what has no sensible times */
#define REMEMBERED_NS 1000000000u     /* at least */

/* hash[i] == 0: free; counts[i * (captures + 1)] is the most of those behind it, one for each
 * capture. */
struct table {
	uint64_t *hash;
	uint32_t *counts;
	size_t n, cap; /* cap is 0 or a power of 2 */
};

struct packet_sightings {
	struct table now, before;
	uint64_t began_ns, secret[2];
	size_t width; /* captures, and 1 */
	bool apart;
};

struct packet_sightings *
packet_sightings_new(size_t captures, bool apart)
{
	struct packet_sightings *s = pth_xarray(NULL, 1, sizeof *s);

	*s = (struct packet_sightings){ .width = captures + 1, .apart = apart };
	/* Who chooses the packets must not know it. */
	if (getrandom(s->secret, sizeof s->secret, 0) != (ssize_t)sizeof s->secret)
		s->secret[0] = (uintptr_t)s; /* better than none */
	return s;
}

static void
table_free(struct table *t)
{
	free(t->hash);
	free(t->counts);
	*t = (struct table){ 0 };
}

void
packet_sightings_free(struct packet_sightings *s)
{
	if (s == NULL)
		return;
	table_free(&s->now);
	table_free(&s->before);
	free(s);
}

/* The place of a hash: where it is, or the free one where it belongs. */
static size_t
place(const struct table *t, uint64_t hash)
{
	size_t i = (size_t)hash & (t->cap - 1);

	while (t->hash[i] != 0 && t->hash[i] != hash)
		i = (i + 1) & (t->cap - 1);
	return i;
}

static void
grow(struct packet_sightings *s)
{
	struct table *t = &s->now, old = *t;
	size_t row = s->width * sizeof *t->counts;

	*t = (struct table){ .n = old.n, .cap = old.cap > 0 ? old.cap * 2 : FIRST };
	t->hash = pth_xarray(NULL, t->cap, sizeof *t->hash);
	t->counts = pth_xarray(NULL, t->cap, row);
	memset(t->hash, 0, t->cap * sizeof *t->hash);
	memset(t->counts, 0, t->cap * row);
	for (size_t i = 0; i < old.cap; i++)
		if (old.hash[i] != 0) {
			size_t to = place(t, old.hash[i]);

			t->hash[to] = old.hash[i];
			memcpy(t->counts + to * s->width, old.counts + i * s->width, row);
		}
	table_free(&old);
}

/* The counts of a hash in the table of now; those of before come over. */
static uint32_t *
counts_of(struct packet_sightings *s, uint64_t hash)
{
	size_t i, k;

	if (s->now.n * 2 >= s->now.cap)
		grow(s);
	i = place(&s->now, hash);
	if (s->now.hash[i] == 0) {
		s->now.hash[i] = hash;
		s->now.n++;
		k = s->before.cap > 0 ? place(&s->before, hash) : 0;
		if (s->before.cap > 0 && s->before.hash[k] == hash)
			memcpy(s->now.counts + i * s->width, s->before.counts + k * s->width,
			    s->width * sizeof *s->now.counts);
	}
	return s->now.counts + i * s->width;
}

bool
packet_sighting_is_known(
    struct packet_sightings *s, size_t i, uint64_t ns, const void *p, size_t n, uint32_t len)
{
	uint64_t key[] = { pth_siphash(s->secret, p, n), len, s->apart ? 0 : ns }, hash;
	uint32_t *counts;

	/* Times may go back: then there is one more in this table, and nothing is forgotten. */
	if ((ns > s->began_ns && ns - s->began_ns > REMEMBERED_NS) || s->now.n >= PACKETS_MAX) {
		table_free(&s->before);
		s->before = s->now;
		s->now = (struct table){ 0 };
		s->began_ns = ns;
	}
	hash = pth_siphash(s->secret, key, sizeof key);
	counts = counts_of(s, hash != 0 ? hash : 1);
	if (++counts[i + 1] <= counts[0])
		return true;
	counts[0] = counts[i + 1];
	return false;
}
