/* This file makes series for plots of what connections do. */
#include "dissect/plot.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/series.h"
#include "dissect/rate.h"
#include "dissect/show.h"
#include "dissect/watch.h"

#define POINTS_OF_ALL 200000  /* of one kind: connections times points a series */
#define NUMBER_MAX (1u << 20) /* of a connection, for the table of them */

enum { CLIENT, SERVER };

static const struct {
	const char *name, *unit;
} plots[] = {
	[PTH_PLOT_SEQUENCE] = { "sequence", "bytes" },
	[PTH_PLOT_PACKET_NUMBER] = { "packet_number", "packets" },
	[PTH_PLOT_IN_FLIGHT] = { "bytes_in_flight", "bytes" },
	[PTH_PLOT_RTT] = { "rtt", "ms" },
	[PTH_PLOT_THROUGHPUT] = { "throughput", "bit/s" },
};

/* What an end sends. */
struct side {
	struct pth_series series[PTH_PLOT_THROUGHPUT]; /* one for each kind before it */
	struct rate rate;
	/* What has been seen last of what only grows, and of what is in flight. */
	uint64_t stream_bytes, rtts, flight;
	bool based; /* TCP: `base` is known, the number that counts as 0 */
	uint32_t base;
	uint64_t offset; /* from it, near to what came last: numbers wrap */
};

struct conn {
	uint32_t number;
	bool quic;
	struct cid odcid;
	struct endpoint end[2];
	struct side side[2];
};

/* Connections of a transport, by their number. */
struct conns {
	struct conn **v; /* NULL: nothing was told of it, or it is left out */
	size_t n;
	uint64_t out;     /* how many are left out */
	int64_t last_out; /* number of the last of them */
};

struct pth_plots {
	unsigned which;
	size_t points, kept, most; /* connections */
	struct conns quic, tcp;
	struct pth_watch watch;
};

const char *
pth_plot_name(enum pth_plot p)
{
	return plots[p].name;
}

/* ---- connections */

static struct conn *
begin(const struct pth_plots *p, const struct path *at, int from)
{
	struct conn *c = pth_xmalloc(sizeof *c);

	*c = (struct conn){ .number = 0 };
	c->end[from] = at->from;
	c->end[from == CLIENT ? SERVER : CLIENT] = at->to;
	for (int i = 0; i < 2; i++) {
		c->side[i].rate.most = p->points;
		for (size_t k = 0; k < PTH_PLOT_THROUGHPUT; k++)
			c->side[i].series[k].most = p->points;
	}
	return c;
}

/* The connection with this number; NULL: it is left out. Numbers are given in the order in which
 * connections begin. */
static struct conn *
conn_of(struct pth_plots *p, struct conns *of, uint32_t number, const struct path *at, int from)
{
	struct conn *c = number < of->n ? of->v[number] : NULL;

	if (c != NULL)
		return c;
	if (p->kept == p->most || number >= NUMBER_MAX) {
		of->out += (int64_t)number > of->last_out;
		of->last_out = (int64_t)number > of->last_out ? (int64_t)number : of->last_out;
		return NULL;
	}
	of->v = pth_xarray(of->v, (size_t)number + 1, sizeof *of->v);
	while (of->n <= number)
		of->v[of->n++] = NULL;
	c = begin(p, at, from);
	c->number = number;
	p->kept++;
	return of->v[number] = c;
}

static void
add(const struct pth_plots *p, struct side *s, enum pth_plot kind, int64_t ns, double value)
{
	if ((p->which >> kind & 1) != 0)
		pth_series_add(&s->series[kind], ns, value);
}

/* ---- what the dissector tells */

/* What packet has brought for an end, whether that has sent it or takes it. */
static void
brought(const struct pth_plots *p, struct side *s, const struct quic_side *now, int64_t ns)
{
	if (now->stream_bytes != s->stream_bytes)
		add(p, s, PTH_PLOT_SEQUENCE, ns, (double)now->stream_bytes);
	if (now->rtts != s->rtts)
		add(p, s, PTH_PLOT_RTT, ns, (double)now->rtt / 1e6);
	if (now->flight != s->flight)
		add(p, s, PTH_PLOT_IN_FLIGHT, ns, (double)now->flight);
	s->stream_bytes = now->stream_bytes;
	s->rtts = now->rtts;
	s->flight = now->flight;
}

static void
quic(void *arg, const struct watched_quic *q)
{
	struct pth_plots *p = arg;
	const struct quic_packet *packet = q->packet;
	int from = packet->from == QUIC_CLIENT ? CLIENT : SERVER;
	struct conn *c;

	if (q->conn == NULL || (c = conn_of(p, &p->quic, q->conn->number, q->at, from)) == NULL)
		return;
	if (!c->quic) {
		c->quic = true;
		c->odcid = q->conn->first;
	}
	if ((p->which >> PTH_PLOT_THROUGHPUT & 1) != 0)
		dissect_rate_add(&c->side[from].rate, q->ns, packet->size);
	if (packet->plain != NULL && (packet->level == QUIC_1RTT || packet->level == QUIC_0RTT))
		add(p, &c->side[from], PTH_PLOT_PACKET_NUMBER, q->ns, (double)packet->number);
	for (int i = 0; i < 2; i++)
		brought(p, &c->side[i], &q->conn->side[i], q->ns);
}

/* The number behind a segment, counted from 0 at the SYN. False: it is before what came first. */
static bool
behind(struct side *s, const struct watched_tcp *t, uint64_t *number)
{
	int32_t ahead;

	if (!s->based) {
		s->based = true;
		s->base = t->syn ? t->seq : t->seq - 1;
		s->offset = t->syn ? 0 : 1;
	}
	ahead = (int32_t)(t->seq - (s->base + (uint32_t)s->offset));
	if (ahead < 0 && (uint64_t) - (int64_t)ahead > s->offset)
		return false;
	s->offset += (uint64_t)(int64_t)ahead;
	*number = s->offset + t->syn + t->n;
	return true;
}

static void
tcp(void *arg, const struct watched_tcp *t)
{
	struct pth_plots *p = arg;
	struct conn *c = conn_of(p, &p->tcp, t->stream, t->at, t->from);
	struct side *me, *other;
	uint64_t number;

	if (c == NULL)
		return;
	me = &c->side[t->from];
	other = &c->side[t->from == CLIENT ? SERVER : CLIENT];
	if (behind(me, t, &number) && t->n > 0)
		add(p, me, PTH_PLOT_SEQUENCE, t->ns, (double)number);
	if (t->n > 0 && (p->which >> PTH_PLOT_THROUGHPUT & 1) != 0)
		dissect_rate_add(&me->rate, t->ns, t->n);
	if (t->n > 0)
		add(p, me, PTH_PLOT_IN_FLIGHT, t->ns, t->flight);
	if (t->other_flight != other->flight)
		add(p, other, PTH_PLOT_IN_FLIGHT, t->ns, t->other_flight);
	me->flight = t->flight;
	other->flight = t->other_flight;
	if (t->rtt >= 0)
		add(p, other, PTH_PLOT_RTT, t->ns, (double)t->rtt / 1e6);
}

struct pth_plots *
pth_plots_new(unsigned which, size_t points)
{
	struct pth_plots *p = pth_xmalloc(sizeof *p);

	*p = (struct pth_plots){ .which = which,
		.points = points,
		.most = points < POINTS_OF_ALL ? POINTS_OF_ALL / points : 1,
		.quic = { .last_out = -1 },
		.tcp = { .last_out = -1 },
		.watch = { .arg = p, .quic = quic, .tcp = tcp } };
	return p;
}

const struct pth_watch *
pth_plots_watch(const struct pth_plots *p)
{
	return &p->watch;
}

/* ---- as JSON */

static void
address(struct pth_buf *b, const struct endpoint *e)
{
	char text[INET6_ADDRSTRLEN] = "";
	bool v6 = e->n == 16;

	inet_ntop(v6 ? AF_INET6 : AF_INET, e->address, text, sizeof text);
	pth_buf_addf(b, v6 ? "[%s]:%u" : "%s:%u", text, e->port);
}

/* A line as far as its points. */
static void
head(struct pth_buf *b, const struct conn *c, enum pth_plot kind, int sender)
{
	pth_buf_addf(b, "{\"series\":\"%s\",\"unit\":\"%s\",\"protocol\":\"%s\",\"connection\":%u,",
	    plots[kind].name, plots[kind].unit, c->quic ? "quic" : "tcp", c->number);
	if (c->quic) {
		pth_buf_adds(b, "\"odcid\":\"");
		pth_bytes_show(b, c->odcid.v, c->odcid.n);
		pth_buf_adds(b, "\",");
	}
	pth_buf_adds(b, "\"client\":\"");
	address(b, &c->end[CLIENT]);
	pth_buf_adds(b, "\",\"server\":\"");
	address(b, &c->end[SERVER]);
	pth_buf_addf(b, "\",\"sender\":\"%s\",", sender == CLIENT ? "client" : "server");
}

static void
lines(struct pth_buf *b, const struct conn *c, int64_t since_ns)
{
	for (int k = 0; k < PTH_PLOTS; k++)
		for (int i = 0; i < 2; i++) {
			const struct side *s = &c->side[i];
			uint64_t seen = k == PTH_PLOT_THROUGHPUT ? s->rate.seen : s->series[k].seen;

			if (seen == 0)
				continue;
			head(b, c, (enum pth_plot)k, i);
			pth_buf_addf(b, "\"seen\":%llu,\"points\":", (unsigned long long)seen);
			if (k == PTH_PLOT_THROUGHPUT)
				dissect_rate_json(b, &s->rate, since_ns);
			else
				pth_series_json(b, &s->series[k], since_ns);
			pth_buf_adds(b, "}\n");
		}
}

void
pth_plots_lines(const struct pth_plots *p, int64_t since_ns, struct pth_buf *b)
{
	const struct conns *of[] = { &p->quic, &p->tcp };

	for (size_t k = 0; k < countof(of); k++)
		for (size_t i = 0; i < of[k]->n; i++)
			if (of[k]->v[i] != NULL)
				lines(b, of[k]->v[i], since_ns);
	if (pth_plots_left_out(p) > 0)
		pth_buf_addf(b, "{\"connections_left_out\":%llu}\n",
		    (unsigned long long)pth_plots_left_out(p));
}

uint64_t
pth_plots_left_out(const struct pth_plots *p)
{
	return p->quic.out + p->tcp.out;
}

static void
release(struct conns *of)
{
	for (size_t i = 0; i < of->n; i++) {
		struct conn *c = of->v[i];

		for (int k = 0; c != NULL && k < 2; k++) {
			dissect_rate_release(&c->side[k].rate);
			for (size_t m = 0; m < PTH_PLOT_THROUGHPUT; m++)
				pth_series_release(&c->side[k].series[m]);
		}
		free(c);
	}
	free(of->v);
}

void
pth_plots_free(struct pth_plots *p)
{
	if (p == NULL)
		return;
	release(&p->quic);
	release(&p->tcp);
	free(p);
}
