/* This file dissects TCP, and follows its connections; dissect/stat.h has the definitions. */
#include "dissect/tcp.h"

#include <stdlib.h>
#include <string.h>

#include "dissect/quiet.h"
#include "dissect/tcp_app.h"
#include "dissect/watch.h"

#define STREAMS_MAX 65536            /* at once */
#define WAITING 32                   /* segments of which the acknowledgement is waited for */
#define FAST_NS (20 * 1000000ll)     /* a fast retransmission comes so soon after the last ACK */
#define UNORDERED_NS (3 * 1000000ll) /* what is late by less is out of order, without a RTT */

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { CLIENT, SERVER };

/* What one end has sent. */
struct side {
	bool any, acked; /* is `next` known, is `ack` */
	uint32_t next;   /* behind the highest byte */
	int64_t next_ns; /* when that was sent */
	uint32_t ack;    /* what it has acknowledged */
	int64_t ack_ns;
	uint32_t window;
	unsigned repeats; /* of the same acknowledgement */
	uint32_t isn;
	bool first;      /* `offset` is known */
	uint32_t begin;  /* number of the byte at `offset` */
	uint64_t offset; /* of the stream, near to what came last: numbers wrap */
	struct {
		uint32_t end;
		int64_t ns;
	} waiting[WAITING]; /* for the acknowledgement of `end`; in order */
	size_t nwaiting;
};

struct tcp_stream {
	uint32_t number; /* tcp.stream */
	uint32_t place;  /* among those that are kept */
	uint64_t last;   /* the number of its last packet */
	bool begun;      /* by a SYN */
	bool reset, fin[2];
	struct endpoint client;
	int64_t start, done, rtt; /* rtt: of the handshake */
	struct side side[2];
	struct tcp_app *app;
};

struct tcp {
	struct table streams; /* pairs of ends to places in v */
	struct tcp_stream **v;
	size_t n;
	uint32_t begun; /* streams until now */
	struct pth_tcp_stat stat;
};

/* A segment. */
struct segment {
	int64_t now;
	uint32_t seq, ack, window;
	uint32_t n; /* bytes of payload that were sent */
	unsigned flags;
	int from;
};

struct tcp *
dissect_tcp_new(void)
{
	struct tcp *t = pth_xmalloc(sizeof *t);

	*t = (struct tcp){ .n = 0 };
	return t;
}

static void
over(struct tcp *t, struct tcp_stream *s)
{
	t->stat.connections += s->begun;
	if (s->begun && s->done != 0)
		pth_samples_add(&t->stat.handshake, s->done - s->start);
	dissect_tcp_app_over(&t->stat, s->app);
	free(s);
}

static uint32_t
moved(const void *places, uint32_t place)
{
	return ((const uint32_t *)places)[place];
}

void
dissect_tcp_make_room(struct tcp *t)
{
	struct quiet *v = pth_xarray(NULL, t->n + 1, sizeof *v);
	uint32_t *places;
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		v[i] = (struct quiet){ .last = t->v[i]->last,
			.over = t->v[i]->reset || (t->v[i]->fin[0] && t->v[i]->fin[1]) };
	places = dissect_quiet_places(v, t->n, &t->stat.limit);
	for (size_t i = 0; i < t->n; i++) {
		if (places[i] == QUIET_GONE) {
			over(t, t->v[i]);
			continue;
		}
		t->v[i]->place = places[i];
		t->v[n++] = t->v[i];
	}
	t->n = n;
	dissect_table_change(&t->streams, moved, places);
	free(places);
	free(v);
}

struct pth_tcp_stat *
dissect_tcp_over(struct tcp *t)
{
	for (size_t i = 0; i < t->n; i++)
		over(t, t->v[i]);
	t->n = 0;
	free(t->v);
	t->v = NULL;
	dissect_table_release(&t->streams);
	return &t->stat;
}

void
dissect_tcp_free(struct tcp *t)
{
	struct pth_tcp_stat *s = dissect_tcp_over(t);

	pth_samples_release(&s->handshake);
	pth_samples_release(&s->end[CLIENT].rtt);
	pth_samples_release(&s->end[SERVER].rtt);
	free(t);
}

/* Sequence numbers wrap (RFC 9293, 3.4). */
static bool
before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static struct tcp_stream *
begin(struct tcp *t, const uint8_t *key, size_t n)
{
	struct tcp_stream *s;

	if (t->n == STREAMS_MAX)
		dissect_tcp_make_room(t);
	s = pth_xmalloc(sizeof *s);
	*s = (struct tcp_stream){ .number = t->begun++, .place = (uint32_t)t->n };
	if ((t->n & (t->n - 1)) == 0) /* room for twice as many */
		t->v = pth_xarray(t->v, t->n != 0 ? t->n * 2 : 1, sizeof(struct tcp_stream *));
	t->v[t->n++] = s;
	dissect_table_set(&t->streams, key, n, s->place);
	return s;
}

/* The stream of the ends, whichever has sent. A SYN with another initial number is a new one
 * on the same ports. */
static struct tcp_stream *
find(struct tcp *t, const struct path *at, const struct segment *g)
{
	uint8_t key[2 * sizeof(struct endpoint)];
	bool turned = memcmp(&at->from, &at->to, sizeof at->from) > 0;
	const uint32_t *n;
	struct tcp_stream *s;

	memcpy(key, turned ? &at->to : &at->from, sizeof at->from);
	memcpy(key + sizeof at->from, turned ? &at->from : &at->to, sizeof at->from);
	n = dissect_table_find(&t->streams, key, sizeof key);
	s = n != NULL ? t->v[*n] : NULL;
	if (s != NULL && (g->flags & (SYN | ACK)) == SYN && s->begun &&
	    memcmp(&s->client, &at->from, sizeof at->from) == 0 && s->side[CLIENT].isn != g->seq)
		s = NULL;
	if (s == NULL)
		s = begin(t, key, sizeof key);
	if (!s->begun && s->client.n == 0)
		s->client = (g->flags & (SYN | ACK)) == (SYN | ACK) ? at->to : at->from;
	return s;
}

/* ---- what a segment is */

enum kind { FRESH, AGAIN, UNORDERED };

/* Bytes, SYN and FIN that a segment takes of the numbers. */
static uint32_t
length(const struct segment *g)
{
	return g->n + ((g->flags & (SYN | FIN)) != 0);
}

/* A byte that was sent already, or none, to hear whether the other end is there. */
static bool
keeps_alive(const struct side *me, const struct segment *g)
{
	return g->n <= 1 && (g->flags & (SYN | FIN | RST)) == 0 && me->any &&
	    g->seq == me->next - 1;
}

static enum kind
kind_of(const struct tcp_stream *s, const struct side *me, const struct side *other,
    const struct segment *g)
{
	int64_t limit = s->rtt != 0 ? s->rtt : UNORDERED_NS;
	bool old = me->any && before(g->seq, me->next) && !(g->n > 1 && g->seq == me->next - 1);

	if (length(g) == 0 || keeps_alive(me, g))
		return FRESH;
	if (g->n > 0 && other->acked && !before(other->ack, g->seq + g->n))
		return AGAIN; /* all of it has been acknowledged */
	if (!old)
		return FRESH;
	if (other->repeats >= 2 && other->ack == g->seq && g->now - other->ack_ns < FAST_NS)
		return AGAIN;
	if (g->now - me->next_ns < limit && me->next != g->seq + g->n)
		return UNORDERED;
	return AGAIN;
}

/* ---- round trips */

static void
wait_for(struct side *me, const struct segment *g)
{
	if (me->nwaiting == WAITING) {
		memmove(&me->waiting[0], &me->waiting[1], (WAITING - 1) * sizeof me->waiting[0]);
		me->nwaiting--;
	}
	me->waiting[me->nwaiting].end = g->seq + length(g);
	me->waiting[me->nwaiting++].ns = g->now;
}

/* The acknowledgement of what the other end sent: of the last of it, the time; -1: there is none.
 */
static int64_t
acknowledge(struct side *other, struct pth_tcp_end *end, const struct segment *g)
{
	int64_t rtt = -1;
	size_t k = 0;

	while (k < other->nwaiting && !before(g->ack, other->waiting[k].end))
		k++;
	if (k == 0)
		return -1;
	if (other->waiting[k - 1].end == g->ack) {
		rtt = g->now - other->waiting[k - 1].ns;
		pth_samples_add(&end->rtt, rtt);
	}
	other->nwaiting -= k;
	memmove(&other->waiting[0], &other->waiting[k], other->nwaiting * sizeof other->waiting[0]);
	return rtt;
}

/* ---- following a stream */

static void
sends(struct side *me, const struct segment *g, enum kind kind)
{
	uint32_t end = g->seq + length(g);

	if (length(g) == 0 || keeps_alive(me, g))
		return;
	if (kind == FRESH)
		wait_for(me, g);
	else
		me->nwaiting = 0; /* which of them is acknowledged cannot be told (RFC 6298, 3) */
	if (!me->any || before(me->next, end)) {
		me->next = end;
		me->next_ns = g->now;
	}
	me->any = true;
}

static void
acknowledges(struct side *me, const struct segment *g)
{
	bool same = me->acked && me->ack == g->ack;

	/* A change of the window alone is no repetition, and does not end them. */
	if (!same)
		me->repeats = 0;
	else
		me->repeats += g->n == 0 && (g->flags & (SYN | FIN | RST)) == 0 &&
		    me->window == g->window;
	me->ack = g->ack;
	me->ack_ns = g->now;
	me->acked = true;
}

static void
handshake(struct tcp_stream *s, const struct segment *g, const struct path *at)
{
	if ((g->flags & SYN) != 0) {
		s->side[g->from].isn = g->seq;
		if (!s->begun) {
			s->begun = true;
			s->start = g->now;
			s->client = (g->flags & ACK) != 0 ? at->to : at->from;
		}
	} else if (s->begun && g->from == CLIENT && s->done == 0) {
		s->done = g->now;
		s->rtt = g->now - s->start;
	}
}

static void
count(
    struct pth_tcp_stat *stat, const struct tcp_stream *s, const struct segment *g, enum kind kind)
{
	struct pth_tcp_end *end = &stat->end[g->from];

	end->packets++;
	end->bytes += g->n;
	end->again += kind == AGAIN;
	end->out_of_order += kind == UNORDERED;
	end->resets += (g->flags & RST) != 0;
	end->zero_window += g->window == 0 && (g->flags & (SYN | FIN | RST)) == 0;
	if (s->begun && g->from == SERVER && g->n > 0) {
		stat->data_first = stat->data_first == 0 ? g->now : stat->data_first;
		stat->data_last = g->now;
	}
}

struct pth_tcp_stat *
dissect_tcp_stat(const struct pth_dissect *d)
{
	return &d->tcp->stat;
}

struct pth_http_stat *
dissect_tcp_http(struct pth_dissect *d)
{
	return &d->tcp->stat.http;
}

/* The payload, at its place in the stream of the end that sends it. */
static void
payload(struct pth_dissect *d, struct tcp_stream *s, const struct path *at, const struct segment *g,
    struct cursor c)
{
	struct side *me = &s->side[g->from];
	int32_t ahead;

	if (!me->first) {
		me->begin = (g->flags & SYN) != 0 ? g->seq + 1 : g->seq;
		me->first = true;
	}
	if (dissect_left(&c) == 0 || (g->flags & SYN) != 0)
		return;
	ahead = (int32_t)(g->seq - me->begin);
	if (ahead < 0 && (uint64_t) - (int64_t)ahead > me->offset)
		return; /* before what was seen first */
	me->offset += (uint64_t)(int64_t)ahead;
	me->begin = g->seq;
	dissect_tcp_app_part(d, &s->app, g->from, dissect_spoken(d, false, at), me->offset, c);
}

/* What was sent and not acknowledged, where both are known. */
static uint32_t
flight(const struct side *me, const struct side *other)
{
	return me->any && other->acked && before(other->ack, me->next) ? me->next - other->ack : 0;
}

/* Tells who looks on. */
static void
tell(const struct pth_watch *w, const struct tcp_stream *s, const struct path *at,
    const struct segment *g, int64_t rtt)
{
	const struct side *me = &s->side[g->from];
	const struct side *other = &s->side[g->from == CLIENT ? SERVER : CLIENT];
	const struct watched_tcp t = { .ns = g->now,
		.stream = s->number,
		.from = g->from,
		.seq = g->seq,
		.n = g->n,
		.syn = (g->flags & SYN) != 0,
		.flight = flight(me, other),
		.other_flight = flight(other, me),
		.rtt = rtt,
		.at = at };

	w->tcp(w->arg, &t);
}

static struct tcp_stream *
follow(struct pth_dissect *d, const struct path *at, struct segment *g)
{
	struct tcp_stream *s = find(d->tcp, at, g);
	struct pth_tcp_stat *stat = &d->tcp->stat;
	struct side *me, *other;
	enum kind kind;
	int64_t rtt = -1;

	s->last = d->stat.packets;
	dissect_uint(d, PTH_F_TCP_STREAM, s->number);
	if (at->within)
		return NULL;
	g->from = memcmp(&s->client, &at->from, sizeof at->from) == 0 ? CLIENT : SERVER;
	handshake(s, g, at);
	g->from = memcmp(&s->client, &at->from, sizeof at->from) == 0 ? CLIENT : SERVER;
	me = &s->side[g->from];
	other = &s->side[g->from == CLIENT ? SERVER : CLIENT];
	kind = kind_of(s, me, other, g);
	count(stat, s, g, kind);
	sends(me, g, kind);
	if ((g->flags & ACK) != 0) {
		rtt = acknowledge(other, &stat->end[g->from == CLIENT ? SERVER : CLIENT], g);
		acknowledges(me, g);
	}
	me->window = g->window;
	if (d->how.watch != NULL && d->how.watch->tcp != NULL)
		tell(d->how.watch, s, at, g, rtt);
	s->reset = s->reset || (g->flags & RST) != 0;
	s->fin[g->from] = s->fin[g->from] || (g->flags & FIN) != 0;
	return s;
}

/* ---- fields */

static void
flags(struct pth_dissect *d, unsigned f)
{
	static const enum pth_field bits[] = { PTH_F_TCP_FLAGS_FIN, PTH_F_TCP_FLAGS_SYN,
		PTH_F_TCP_FLAGS_RESET, PTH_F_TCP_FLAGS_PUSH, PTH_F_TCP_FLAGS_ACK,
		PTH_F_TCP_FLAGS_URG, PTH_F_TCP_FLAGS_ECE, PTH_F_TCP_FLAGS_CWR };

	dissect_uint(d, PTH_F_TCP_FLAGS, f);
	for (size_t i = 0; i < countof(bits); i++)
		dissect_uint(d, bits[i], f >> i & 1);
}

void
dissect_tcp(struct pth_dissect *d, struct cursor c, size_t sent, struct path *at)
{
	const uint8_t *p = c.p;
	struct segment g = { .now = d->frame->ns };
	struct tcp_stream *s;
	size_t head;

	dissect_protocol(d, PTH_F_TCP);
	if (dissect_left(&c) >= 4) {
		at->from.port = (uint16_t)dissect_be16(p);
		at->to.port = (uint16_t)dissect_be16(p + 2);
		dissect_uint(d, PTH_F_TCP_SRCPORT, at->from.port);
		dissect_uint(d, PTH_F_TCP_DSTPORT, at->to.port);
	}
	if (dissect_left(&c) < 20 || (head = (size_t)(p[12] >> 4) * 4) < 20 ||
	    head > dissect_left(&c)) {
		dissect_odd(d);
		return;
	}
	g.seq = dissect_be32(p + 4);
	g.ack = dissect_be32(p + 8);
	g.flags = dissect_be16(p + 12) & 0xfff;
	g.window = dissect_be16(p + 14);
	g.n = sent > head ? (uint32_t)(sent - head) : 0;
	s = follow(d, at, &g);
	dissect_uint(d, PTH_F_TCP_LEN, g.n);
	dissect_uint(d, PTH_F_TCP_SEQ_RAW, g.seq);
	dissect_uint(d, PTH_F_TCP_ACK_RAW, g.ack);
	dissect_uint(d, PTH_F_TCP_HDR_LEN, head);
	flags(d, g.flags);
	dissect_uint(d, PTH_F_TCP_WINDOW, g.window);
	dissect_take(&c, head);
	if (dissect_left(&c) > 0)
		dissect_bytes(d, PTH_F_TCP_PAYLOAD, c.p, dissect_left(&c));
	if (s != NULL)
		payload(d, s, at, &g, c);
}
