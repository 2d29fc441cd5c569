/* This file finds the connection of a QUIC packet. */
#include <stdlib.h>
#include <string.h>

#include "dissect/quic_priv.h"
#include "dissect/quiet.h"

#define CONNS_MAX 65536 /* at once */

/* What is kept for an id or a path: the connection, and the end that takes such packets. */
#define TAKER(conn, end) ((uint32_t)((conn) << 1 | (uint32_t)(end)))

struct quic *
dissect_quic_new(void)
{
	struct quic *q = pth_xmalloc(sizeof *q);

	*q = (struct quic){ 0 };
	return q;
}

struct pth_quic_stat *
dissect_quic_stat(struct quic *q)
{
	return &q->stat;
}

static void
release(struct quic_conn *c)
{
	for (int end = 0; end < 2; end++) {
		for (int i = 0; i < QUIC_LEVELS; i++)
			dissect_quic_keys_free(c->side[end].keys[i]);
		dissect_quic_keys_free(c->side[end].before);
		dissect_quic_keys_free(c->side[end].open);
		dissect_quic_keys_free(c->side[end].next);
	}
	dissect_quic_crypto_release(c);
	free(c);
}

struct pth_quic_stat *
dissect_quic_over(struct quic *q)
{
	for (size_t i = 0; i < q->n; i++) {
		dissect_quic_conn_over(&q->stat, q->v[i]);
		release(q->v[i]);
	}
	q->n = 0;
	free(q->v);
	q->v = NULL;
	dissect_table_release(&q->ids);
	dissect_table_release(&q->paths);
	return &q->stat;
}

/* The taker of a packet when connections close up. */
static uint32_t
moved(const void *places, uint32_t taker)
{
	uint32_t place = ((const uint32_t *)places)[taker >> 1];

	return place != QUIET_GONE ? TAKER(place, taker & 1) : QUIET_GONE;
}

void
dissect_quic_make_room(struct quic *q)
{
	struct quiet *v = pth_xarray(NULL, q->n + 1, sizeof *v);
	uint32_t *places;
	size_t n = 0;

	for (size_t i = 0; i < q->n; i++)
		v[i] = (struct quiet){ .last = q->v[i]->last, .over = q->v[i]->closed };
	places = dissect_quiet_places(v, q->n, &q->stat.limit);
	for (size_t i = 0; i < q->n; i++) {
		struct quic_conn *c = q->v[i];

		if (places[i] == QUIET_GONE) {
			dissect_quic_conn_over(&q->stat, c);
			release(c);
			continue;
		}
		c->place = places[i];
		q->v[n++] = c;
	}
	q->n = n;
	dissect_table_change(&q->ids, moved, places);
	dissect_table_change(&q->paths, moved, places);
	free(places);
	free(v);
}

static void
release_stat(struct pth_quic_stat *s)
{
	pth_samples_release(&s->handshake);
	pth_samples_release(&s->confirmed);
	pth_samples_release(&s->first_byte);
	pth_samples_release(&s->amplification);
	for (int i = 0; i < 2; i++) {
		pth_samples_release(&s->end[i].rtt);
		pth_samples_release(&s->end[i].delay);
		pth_samples_release(&s->end[i].spin);
	}
}

void
dissect_quic_free(struct quic *q)
{
	release_stat(dissect_quic_over(q));
	free(q);
}

static size_t
path_key(const struct path *at, uint8_t key[2 * sizeof(struct endpoint)])
{
	memcpy(key, &at->from, sizeof at->from);
	memcpy(key + sizeof at->from, &at->to, sizeof at->to);
	return 2 * sizeof(struct endpoint);
}

static struct quic_conn *
taken(struct quic *q, const uint32_t *taker, enum quic_role *from)
{
	if (taker == NULL)
		return NULL;
	*from = (*taker & 1) == QUIC_CLIENT ? QUIC_SERVER : QUIC_CLIENT;
	return q->v[*taker >> 1];
}

struct quic_conn *
dissect_quic_conn_of_path(struct quic *q, const struct path *at, enum quic_role *from)
{
	uint8_t key[2 * sizeof(struct endpoint)];

	return taken(q, dissect_table_find(&q->paths, key, path_key(at, key)), from);
}

/* Who takes an id chooses it: another end may have chosen the same. */
static size_t
id_key(const uint8_t *id, size_t n, const struct endpoint *end,
    uint8_t key[CID_MAX + sizeof(struct endpoint)])
{
	memcpy(key, end, sizeof *end);
	memcpy(key + sizeof *end, id, n);
	return sizeof *end + n;
}

/* The taker at the address that the packet is for, or, as that may change, at another. */
static const uint32_t *
taker_of_id(const struct quic *q, const uint8_t *id, size_t n, const struct path *at)
{
	uint8_t key[CID_MAX + sizeof(struct endpoint)];
	const uint32_t *taker = n <= CID_MAX ?
	    dissect_table_find(&q->ids, key, id_key(id, n, &at->to, key)) :
	    NULL;

	return taker != NULL ? taker : dissect_table_find(&q->ids, id, n);
}

struct quic_conn *
dissect_quic_conn_of_id(
    struct quic *q, const uint8_t *id, size_t n, const struct path *at, enum quic_role *from)
{
	if (n == 0)
		return dissect_quic_conn_of_path(q, at, from);
	return taken(q, taker_of_id(q, id, n, at), from);
}

/* A short header does not say how long its id is: the ends of the path's connection know, and
 * when the path is new (a migration, a NAT), an id that somebody takes. */
struct quic_conn *
dissect_quic_conn_of_short(
    struct quic *q, const struct cursor *c, const struct path *at, enum quic_role *from, size_t *n)
{
	struct quic_conn *on = dissect_quic_conn_of_path(q, at, from), *found;
	size_t most = dissect_left(c) - 1 < CID_MAX ? dissect_left(c) - 1 : CID_MAX;
	enum quic_role sender;

	for (*n = most; *n > 0; --*n) {
		if (q->id_lengths[*n] == 0)
			continue;
		found = taken(q, taker_of_id(q, c->p + 1, *n, at), &sender);
		if (found != NULL) {
			*from = sender;
			return found;
		}
	}
	/* An id that was given in a packet that could not be read, or none at all: as long as the
	 * others that this end has chosen. */
	for (*n = 0; on != NULL && *n <= most; ++*n)
		if (on->side[*from == QUIC_CLIENT ? QUIC_SERVER : QUIC_CLIENT].id_bytes[*n] > 0)
			return on;
	*n = 0;
	return NULL;
}

static void
takes_path(struct quic *q, uint32_t taker, const struct path *at)
{
	uint8_t key[2 * sizeof(struct endpoint)];

	dissect_table_set(&q->paths, key, path_key(at, key), taker);
}

/* Both directions of a path belong to the connection. */
void
dissect_quic_conn_path(
    struct quic *q, struct quic_conn *c, enum quic_role from, const struct path *at)
{
	const struct path back = { .from = at->to, .to = at->from };

	takes_path(q, TAKER(c->place, from == QUIC_CLIENT ? QUIC_SERVER : QUIC_CLIENT), at);
	takes_path(q, TAKER(c->place, from), &back);
}

struct quic_conn *
dissect_quic_conn_begin(struct quic *q, const struct path *at, uint32_t version, uint64_t packet)
{
	struct quic_conn *c;

	if (q->n == CONNS_MAX)
		dissect_quic_make_room(q);
	c = pth_xmalloc(sizeof *c);
	*c = (struct quic_conn){ .number = q->begun++,
		.place = (uint32_t)q->n,
		.version = version,
		.last = packet,
		.ack_shift = { 3, 3 } };
	c->end[QUIC_CLIENT] = at->from;
	c->end[QUIC_SERVER] = at->to;
	if ((q->n & (q->n - 1)) == 0) /* room for twice as many */
		q->v = pth_xarray(q->v, q->n != 0 ? q->n * 2 : 1, sizeof(struct quic_conn *));
	q->v[q->n++] = c;
	dissect_quic_conn_path(q, c, QUIC_CLIENT, at);
	return c;
}

void
dissect_quic_conn_takes(
    struct quic *q, struct quic_conn *c, enum quic_role end, const uint8_t *id, size_t n)
{
	uint8_t key[CID_MAX + sizeof(struct endpoint)];

	if (n > CID_MAX)
		return;
	c->side[end].id_bytes[n] = 1;
	q->id_lengths[n] = 1;
	if (n == 0)
		return;
	dissect_table_set(&q->ids, id, n, TAKER(c->place, end));
	dissect_table_set(&q->ids, key, id_key(id, n, &c->end[end], key), TAKER(c->place, end));
}
