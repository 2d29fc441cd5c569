/* This file reads the packets of QUIC datagrams. */
#include "dissect/quic.h"

#include <string.h>

#include "dissect/keylog.h"
#include "dissect/quic_priv.h"
#include "dissect/watch.h"

#define LONG 0x80
#define FIXED 0x40
#define INITIAL_ID_MIN 8 /* RFC 9000, 7.2 */

/* A header. */
struct header {
	bool is_long;
	uint8_t first;
	uint32_t version;
	const uint8_t *dcid, *scid;
	size_t ndcid, nscid;
	enum { T_INITIAL, T_0RTT, T_HANDSHAKE, T_RETRY } type;
};

bool
dissect_quic_varint(struct cursor *c, uint64_t *v)
{
	const uint8_t *p = c->p;
	size_t n;

	if (dissect_left(c) == 0 || dissect_left(c) < (n = (size_t)1 << (*p >> 6)))
		return false;
	*v = *p & 0x3f;
	for (size_t i = 1; i < n; i++)
		*v = *v << 8 | p[i];
	c->p += n;
	return true;
}

static bool
known_version(uint32_t v)
{
	return v == QUIC_V1 || v == QUIC_V2 || (v >= 0xff00001bu && v <= 0xff000022u);
}

static bool
ids(struct cursor *c, struct header *h)
{
	const uint8_t *n = dissect_take(c, 1);

	if (n == NULL || (h->dcid = dissect_take(c, *n)) == NULL)
		return false;
	h->ndcid = *n;
	if ((n = dissect_take(c, 1)) == NULL || (h->scid = dissect_take(c, *n)) == NULL)
		return false;
	h->nscid = *n;
	return true;
}

/* The part of a long header that all versions share (RFC 8999, 5.1). */
static bool
long_header(struct cursor *c, struct header *h)
{
	/* Version 2 has its types turned (RFC 9369, 3.2). */
	static const uint8_t v2[] = { T_RETRY, T_INITIAL, T_0RTT, T_HANDSHAKE };
	const uint8_t *p = dissect_take(c, 5);
	unsigned type;

	if (p == NULL)
		return false;
	*h = (struct header){ .is_long = true, .first = p[0], .version = dissect_be32(p + 1) };
	type = p[0] >> 4 & 3;
	h->type = h->version == QUIC_V2 ? v2[type] : type;
	return ids(c, h);
}

bool
dissect_quic_is_shape(struct quic *q, const struct cursor *in, const struct path *at)
{
	struct cursor c = *in;
	struct header h;
	enum quic_role from;
	size_t n;

	if (dissect_left(&c) < 2)
		return false;
	/* Ends that know each other may turn the fixed bit (RFC 9287). */
	if ((*c.p & LONG) == 0)
		return dissect_quic_conn_of_short(q, &c, at, &from, &n) != NULL;
	if (!long_header(&c, &h) || h.ndcid > CID_MAX || h.nscid > CID_MAX)
		return false;
	return dissect_quic_conn_of_id(q, h.dcid, h.ndcid, at, &from) != NULL ||
	    ((h.first & FIXED) != 0 && known_version(h.version));
}

/* ---- which connection */

static struct quic_conn *
find(struct pth_dissect *d, const struct header *h, const struct path *at, enum quic_role *from)
{
	struct quic *q = d->quic;
	struct quic_conn *c = dissect_quic_conn_of_id(q, h->dcid, h->ndcid, at, from);

	if (c == NULL && h->type == T_INITIAL && h->ndcid >= INITIAL_ID_MIN &&
	    h->ndcid <= CID_MAX && known_version(h->version)) {
		c = dissect_quic_conn_begin(q, at, h->version, d->stat.packets);
		*from = QUIC_CLIENT;
		dissect_quic_conn_takes(q, c, QUIC_SERVER, h->dcid, h->ndcid);
		dissect_quic_keys_initial(c, h->version, h->dcid, h->ndcid);
		c->first = (struct cid){ .n = (uint8_t)h->ndcid };
		memcpy(c->first.v, h->dcid, h->ndcid);
	}
	if (c == NULL)
		c = dissect_quic_conn_of_path(q, at, from);
	return c;
}

/* What a long header says about its connection. */
static void
learn(struct pth_dissect *d, struct quic_conn *c, const struct header *h, enum quic_role from)
{
	if (h->type != T_0RTT)
		dissect_quic_conn_takes(d->quic, c, from, h->scid, h->nscid);
	if (h->type == T_RETRY && from == QUIC_SERVER && !c->retried) {
		/* The client begins anew, with this as its destination (RFC 9001, 5.2). */
		c->retried = true;
		dissect_quic_keys_initial(c, h->version, h->scid, h->nscid);
	} else if (c->version != h->version && known_version(h->version) && from == QUIC_SERVER) {
		dissect_quic_keys_version(c, h->version); /* RFC 9368: compatible negotiation */
	}
}

/* ---- the packet itself */

static void
header_fields(struct pth_dissect *d, const struct quic_conn *c, const struct header *h)
{
	if (c != NULL && !d->quic->told)
		dissect_uint(d, PTH_F_QUIC_CONNECTION, c->number);
	d->quic->told = d->quic->told || c != NULL;
	dissect_uint(d, PTH_F_QUIC_HEADER_FORM, h->is_long);
	if (!h->is_long || (h->version != 0 && h->type != T_RETRY))
		dissect_uint(d, PTH_F_QUIC_FIXED_BIT, (h->first & FIXED) != 0);
	if (!h->is_long) {
		dissect_uint(d, PTH_F_QUIC_SPIN_BIT, (h->first & 0x20) != 0);
		dissect_bytes(d, PTH_F_QUIC_DCID, h->dcid, h->ndcid);
		return;
	}
	if (h->version != 0)
		dissect_uint(d,
		    h->version == QUIC_V2 ? PTH_F_QUIC_LONG_TYPE_V2 : PTH_F_QUIC_LONG_TYPE,
		    h->first >> 4 & 3);
	dissect_uint(d, PTH_F_QUIC_VERSION, h->version);
	dissect_uint(d, PTH_F_QUIC_DCIL, h->ndcid);
	if (h->ndcid > 0)
		dissect_bytes(d, PTH_F_QUIC_DCID, h->dcid, h->ndcid);
	dissect_uint(d, PTH_F_QUIC_SCIL, h->nscid);
	if (h->nscid > 0)
		dissect_bytes(d, PTH_F_QUIC_SCID, h->scid, h->nscid);
}

/* The number that the truncated one stands for (RFC 9000, A.3). */
static uint64_t
full_number(const struct quic_side *s, int space, uint64_t part, size_t n)
{
	uint64_t expected = s->space[space].any ? s->space[space].largest + 1 : 0;
	uint64_t window = (uint64_t)1 << n * 8, half = window / 2;
	uint64_t candidate = (expected & ~(window - 1)) | part;

	if (candidate + half <= expected && candidate < ((uint64_t)1 << 62) - window)
		return candidate + window;
	if (candidate > expected + half && candidate >= window)
		return candidate - window;
	return candidate;
}

/* Header protection off (RFC 9001, 5.4.1), then the payload's: into the buffer of the datagram.
 * at: where the number is in the packet, of n bytes. */
static void
open_packet(struct pth_dissect *d, struct quic_conn *c, struct quic_packet *p,
    const uint8_t *packet, size_t at, size_t n)
{
	struct quic_side *s = &c->side[p->from];
	struct quic_keys *hp = dissect_quic_keys_of(d, c, p->from, p->level);
	int space = p->level == QUIC_0RTT ? QUIC_1RTT : (int)p->level;
	uint8_t head[2048], mask[5]; /* a token may be long */
	uint64_t part = 0;
	size_t bytes;
	int got;

	if (hp == NULL || n < at + 4 + QUIC_SAMPLE || at + 4 > sizeof head ||
	    !dissect_quic_mask(hp, packet + at + 4, mask))
		return;
	memcpy(head, packet, at + 4);
	head[0] ^= mask[0] & ((head[0] & LONG) != 0 ? 0x0f : 0x1f);
	bytes = (size_t)(head[0] & 3) + 1;
	for (size_t i = 0; i < bytes; i++) {
		head[at + i] ^= mask[1 + i];
		part = part << 8 | head[at + i];
	}
	p->number = full_number(s, space, part, bytes);
	if (sizeof d->quic->plain - d->quic->used < n)
		return;
	got = dissect_quic_keys_open(c, p, head, at + bytes, packet + at + bytes, n - at - bytes,
	    d->quic->plain + d->quic->used);
	if (got < 0)
		return;
	p->plain = d->quic->plain + d->quic->used;
	p->n = (size_t)got;
	d->quic->used += p->n;
	if (!p->within && (!s->space[space].any || p->number > s->space[space].largest))
		s->space[space].largest = p->number;
	s->space[space].any = s->space[space].any || !p->within;
	if (p->level == QUIC_1RTT)
		dissect_uint(d, PTH_F_QUIC_KEY_PHASE, (head[0] & 4) != 0);
	dissect_uint(d, PTH_F_QUIC_PN_LENGTH, head[0] & 3);
	dissect_uint(d, PTH_F_QUIC_PACKET_NUMBER, p->number);
}

/* What is in the packet. at: where its number is. */
static void
contents(struct pth_dissect *d, struct quic_conn *c, struct quic_packet *p, const uint8_t *packet,
    size_t at, const struct path *path)
{
	c->last = d->stat.packets;
	p->datagram = d->quic->datagram;
	d->quic->datagram = 0;
	open_packet(d, c, p, packet, at, p->size);
	if (p->plain != NULL && !dissect_quic_frames(d, c, p))
		dissect_odd(d);
	if (!p->within)
		dissect_quic_packet_seen(d, c, p, path);
}

/* Tells who looks on. What is between the header and the number (or in place of it) is rest. */
static void
tell(const struct pth_dissect *d, const struct quic_conn *c, const struct quic_packet *p,
    const struct header *h, struct cursor rest, const struct path *at)
{
	const struct pth_watch *w = d->how.watch;
	struct watched_quic q;
	uint64_t n;

	if (w == NULL || w->quic == NULL || at->within)
		return;
	q = (struct watched_quic){ .ns = d->frame->ns,
		.conn = c,
		.packet = p,
		.frame = d->frame->number,
		.is_long = h->is_long,
		.version = h->version,
		.dcid = { h->dcid, h->dcid + h->ndcid },
		.at = at };
	if (h->is_long)
		q.scid = (struct cursor){ h->scid, h->scid + h->nscid };
	q.is_retry = h->is_long && h->version != 0 && h->type == T_RETRY;
	if (h->is_long && h->version == 0)
		q.versions = rest;
	else if (q.is_retry && dissect_left(&rest) > QUIC_TAG)
		q.token = (struct cursor){ rest.p, rest.end - QUIC_TAG };
	else if (h->is_long && h->type == T_INITIAL && dissect_quic_varint(&rest, &n) &&
	    n <= dissect_left(&rest))
		q.token = (struct cursor){ rest.p, rest.p + n };
	w->quic(w->arg, &q);
}

/* Version Negotiation: the versions that the server has (RFC 9000, 17.2.1). */
static void
negotiation(struct pth_dissect *d, struct cursor *c)
{
	const uint8_t *p;

	while ((p = dissect_take(c, 4)) != NULL)
		dissect_uint(d, PTH_F_QUIC_SUPPORTED_VERSION, dissect_be32(p));
}

static void
retry(struct pth_dissect *d, struct cursor *c)
{
	size_t n = dissect_left(c) > QUIC_TAG ? dissect_left(c) - QUIC_TAG : 0;

	dissect_bytes(d, PTH_F_QUIC_RETRY_TOKEN, c->p, n);
	c->p += n;
	if (dissect_left(c) == QUIC_TAG)
		dissect_bytes(d, PTH_F_QUIC_RETRY_TAG, c->p, QUIC_TAG);
	c->p = c->end;
}

/* Token and length of a long header; false: the packet breaks off. *n: bytes behind. */
static bool
lengths(struct pth_dissect *d, const struct header *h, struct cursor *c, uint64_t *n)
{
	uint64_t token;
	const uint8_t *p;

	if (h->type == T_INITIAL) {
		if (!dissect_quic_varint(c, &token) || token > dissect_left(c))
			return false;
		dissect_uint(d, PTH_F_QUIC_TOKEN_LENGTH, token);
		p = dissect_take(c, (size_t)token);
		if (token > 0)
			dissect_bytes(d, PTH_F_QUIC_TOKEN, p, (size_t)token);
	}
	if (!dissect_quic_varint(c, n) || *n > dissect_left(c))
		return false;
	dissect_uint(d, PTH_F_QUIC_LENGTH, *n);
	return true;
}

/* A packet with a long header. False: what comes after it cannot be found. */
static bool
long_packet(struct pth_dissect *d, struct cursor *c, const struct path *at)
{
	static const enum quic_level levels[] = {
		[T_INITIAL] = QUIC_INITIAL, [T_0RTT] = QUIC_0RTT, [T_HANDSHAKE] = QUIC_HANDSHAKE
	};
	const uint8_t *packet = c->p;
	struct quic_packet p = { .within = at->within };
	struct quic_conn *conn;
	struct cursor rest;
	struct header h;
	uint64_t n;

	if (!long_header(c, &h))
		return false;
	conn = find(d, &h, at, &p.from);
	rest = *c;
	p.size = dissect_left(&rest) + (size_t)(rest.p - packet);
	header_fields(d, conn, &h);
	if (h.version == 0) {
		negotiation(d, c);
		d->quic->stat.negotiations += !at->within;
		tell(d, conn, &p, &h, rest, at);
		return false;
	}
	if (!at->within)
		dissect_quic_version_seen(d, h.version);
	if (conn != NULL && !at->within)
		learn(d, conn, &h, p.from);
	if (h.type == T_RETRY) {
		retry(d, c);
		d->quic->stat.retries += !at->within;
		tell(d, conn, &p, &h, rest, at);
		return false;
	}
	p.level = levels[h.type];
	if (!lengths(d, &h, c, &n)) {
		dissect_odd(d);
		tell(d, conn, &p, &h, rest, at);
		return false;
	}
	p.size = (size_t)(c->p - packet) + (size_t)n;
	if (conn != NULL)
		contents(d, conn, &p, packet, (size_t)(c->p - packet), at);
	tell(d, conn, &p, &h, rest, at);
	dissect_take(c, (size_t)n);
	return true;
}

static void
short_packet(struct pth_dissect *d, struct cursor *c, const struct path *at)
{
	struct quic_packet p = {
		.level = QUIC_1RTT, .size = dissect_left(c), .within = at->within
	};
	const uint8_t *packet = c->p;
	struct header h = { .first = *c->p };
	struct quic_conn *conn = dissect_quic_conn_of_short(d->quic, c, at, &p.from, &h.ndcid);

	p.spin = (h.first & 0x20) != 0;
	dissect_take(c, 1);
	h.dcid = dissect_take(c, h.ndcid);
	header_fields(d, conn, &h);
	if (conn != NULL)
		contents(d, conn, &p, packet, 1 + h.ndcid, at);
	tell(d, conn, &p, &h, *c, at);
	c->p = c->end;
}

/* Is there another packet, for the id that the first is for? Others are not read, and bytes without
 * meaning may fill up a datagram (RFC 9000, 12.2). */
static bool
goes_on(struct cursor c, const struct header *first)
{
	struct header h;

	if ((*c.p & LONG) != 0)
		return long_header(&c, &h) && h.ndcid == first->ndcid &&
		    memcmp(h.dcid, first->dcid, h.ndcid) == 0;
	return dissect_left(&c) > first->ndcid && memcmp(c.p + 1, first->dcid, first->ndcid) == 0;
}

void
dissect_quic_datagram(struct pth_dissect *d, struct cursor c, const struct path *at)
{
	struct cursor copy = c;
	const uint8_t *begin = c.p;
	struct header first;
	bool is_long = dissect_left(&c) > 0 && (*c.p & LONG) != 0 && long_header(&copy, &first);

	dissect_protocol(d, PTH_F_QUIC);
	d->quic->used = 0;
	d->quic->told = false;
	d->quic->datagram = dissect_left(&c);
	while (dissect_left(&c) > 0) {
		const uint8_t *packet = c.p;
		size_t field = d->n;

		if (packet != begin && (!is_long || !goes_on(c, &first)))
			break;
		dissect_uint(d, PTH_F_QUIC_PACKET_LENGTH, 0);
		if ((*c.p & LONG) == 0)
			short_packet(d, &c, at);
		else if (!long_packet(d, &c, at))
			c.p = c.end;
		if (field < d->n)
			d->v[field].u = (uint64_t)(c.p - packet);
	}
}
