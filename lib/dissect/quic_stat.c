/* This file counts what QUIC connections do; dissect/stat.h has the definitions. */
#include <stdlib.h>
#include <string.h>

#include "dissect/http3.h"
#include "dissect/watch.h"

#define STREAMS_MAX 65536 /* of a side */
#define ACK_SHIFT_MAX 20
#define PARAMETER_ACK_SHIFT 0x0a

struct quic_stream {
	uint64_t id;
	struct spans got;
	struct http3 *http;
};

static bool
eliciting(uint64_t type)
{
	/* RFC 9000, 13.2.1: all but ACK, PADDING and CONNECTION_CLOSE. */
	return type > 0x03 && type != 0x1c && type != 0x1d;
}

/* ---- what frames say */

void
dissect_quic_frame_seen(struct pth_dissect *d, struct quic_packet *p, uint64_t type)
{
	struct pth_quic_stat *s = &d->quic->stat;

	p->eliciting = p->eliciting || eliciting(type) || type == 0x01;
	p->done = p->done || type == 0x1e;
	s->challenges += !p->within && type == 0x1a;
	s->responses += !p->within && type == 0x1b;
	s->datagram_frames += !p->within && (type == 0x30 || type == 0x31);
}

void
dissect_quic_ack_seen(struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p,
    const struct quic_ack *a)
{
	enum quic_role other = p->from == QUIC_CLIENT ? QUIC_SERVER : QUIC_CLIENT;
	struct pth_quic_end *end = &d->quic->stat.end[other];
	struct quic_side *side = &c->side[other];
	int64_t rtt, delay;

	if (p->within)
		return;
	if (a->ecn && p->level == QUIC_1RTT) {
		end->ecn = true;
		end->ect0 += a->ect0 > side->ect0 ? a->ect0 - side->ect0 : 0;
		end->ect1 += a->ect1 > side->ect1 ? a->ect1 - side->ect1 : 0;
		end->ce += a->ce > side->ce ? a->ce - side->ce : 0;
		side->ect0 = a->ect0 > side->ect0 ? a->ect0 : side->ect0;
		side->ect1 = a->ect1 > side->ect1 ? a->ect1 : side->ect1;
		side->ce = a->ce > side->ce ? a->ce : side->ce;
	}
	if (!dissect_quic_sent_rtt(c, p, a->largest, d->frame->ns, &rtt) || rtt < 0)
		return;
	pth_samples_add(&end->rtt, rtt);
	side->rtt = rtt;
	side->rtts++;
	side->smoothed = side->smoothed == 0 ? rtt : side->smoothed + (rtt - side->smoothed) / 8;
	end->smoothed = side->smoothed;
	if (p->level != QUIC_1RTT || a->delay > (uint64_t)1 << 40)
		return;
	delay = (int64_t)(a->delay << c->ack_shift[p->from]) * 1000;
	pth_samples_add(&end->delay, delay);
}

static struct quic_stream *
stream_of(struct quic_side *s, uint64_t id, struct pth_quic_stat *stat)
{
	size_t low = 0, high = s->nstreams;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (s->streams[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < s->nstreams && s->streams[low].id == id)
		return &s->streams[low];
	if (s->nstreams == STREAMS_MAX) {
		stat->limit = "more streams than can be told apart";
		return NULL;
	}
	if ((s->nstreams & (s->nstreams - 1)) == 0)
		s->streams = pth_xarray(
		    s->streams, s->nstreams != 0 ? s->nstreams * 2 : 1, sizeof *s->streams);
	memmove(&s->streams[low + 1], &s->streams[low], (s->nstreams - low) * sizeof *s->streams);
	s->streams[low] = (struct quic_stream){ .id = id };
	s->nstreams++;
	return &s->streams[low];
}

void
dissect_quic_stream_seen(struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p,
    struct quic_stream_part *part)
{
	struct pth_quic_end *end = &d->quic->stat.end[p->from];
	struct quic_stream *s;

	if (p->within)
		return;
	if (p->from == QUIC_SERVER && part->n > 0 && c->first_byte == 0)
		c->first_byte = d->frame->ns;
	s = stream_of(&c->side[p->from], part->id, &d->quic->stat);
	if (s == NULL)
		return;
	part->fresh = pth_spans_add(&s->got, part->offset, part->offset + part->n, NULL, NULL);
	end->stream_bytes += part->fresh;
	c->side[p->from].stream_bytes += part->fresh;
	end->again_bytes += part->n - part->fresh;
	dissect_http3_part(d, (enum http_alpn)c->alpn, p->from, &s->http, part);
	if (s->got.merged)
		d->quic->stat.limit = "more gaps of a stream than can be told apart";
}

void
dissect_quic_closed(struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p,
    const struct quic_close *x)
{
	struct pth_quic_stat *s = &d->quic->stat;
	size_t n = x->n < sizeof s->close_reason - 1 ? x->n : sizeof s->close_reason - 1;

	/* The first says why; what the other end answers is an echo. */
	c->closed = c->closed || !p->within;
	if (p->within || s->closed)
		return;
	s->closed = true;
	s->close_app = x->app;
	s->close_code = x->code;
	memcpy(s->close_reason, x->reason, n);
}

/* Transport parameters: id, length, value (RFC 9000, 18). */
static void
parameters(struct quic_conn *c, enum quic_role from, struct cursor at)
{
	uint64_t id, n, v;
	const uint8_t *p;

	while (dissect_quic_varint(&at, &id) && dissect_quic_varint(&at, &n) &&
	    n <= dissect_left(&at)) {
		struct cursor value;

		p = dissect_take(&at, (size_t)n);
		value = (struct cursor){ p, p + n };
		if (id == PARAMETER_ACK_SHIFT && dissect_quic_varint(&value, &v) &&
		    v <= ACK_SHIFT_MAX)
			c->ack_shift[from] = (unsigned)v;
	}
}

void
dissect_quic_hello_seen(struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p,
    unsigned type, const struct tls_hello *h)
{
	struct cursor list = h->alpn;
	const uint8_t *n;

	if (d->how.watch != NULL && d->how.watch->hello != NULL)
		d->how.watch->hello(d->how.watch->arg, c, p, type, h);
	/* The server chooses one (RFC 7301, 3.1). */
	if (type == TLS_ENCRYPTED_EXTENSIONS && (n = dissect_take(&list, 1)) != NULL &&
	    *n <= dissect_left(&list)) {
		c->alpn = dissect_http3_alpn((struct cursor){ list.p, list.p + *n });
		pth_names_add(&d->quic->stat.alpn, list.p, *n);
	}
	if (type == TLS_CLIENT_HELLO && dissect_left(&h->sni) > 0)
		pth_names_add(&d->quic->stat.sni, h->sni.p, dissect_left(&h->sni));
	if (h->parameters.p != NULL)
		parameters(c, p->from, h->parameters);
}

/* ---- packets */

void
dissect_quic_version_seen(struct pth_dissect *d, uint32_t version)
{
	struct pth_quic_stat *s = &d->quic->stat;
	size_t i;

	for (i = 0; i < s->versions_seen && s->versions[i] != version; i++)
		;
	/* 0 is Version Negotiation (RFC 9000, 17.2.1), no version. */
	if (version == 0 || i < s->versions_seen)
		return;
	if (i < QUIC_VERSIONS_MAX)
		s->versions[s->versions_seen++] = version;
	else
		s->limit = "more versions of QUIC than are kept";
}

static void
times(struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p)
{
	struct pth_quic_stat *s = &d->quic->stat;
	int64_t now = d->frame->ns;

	if (!c->seen)
		c->start = now;
	c->seen = true;
	if (p->from == QUIC_CLIENT && p->level == QUIC_1RTT && c->done == 0)
		c->done = now;
	if (p->from == QUIC_SERVER && p->done && c->confirmed == 0)
		c->confirmed = now;
	if (p->from == QUIC_SERVER && p->level == QUIC_1RTT) {
		s->data_first = s->data_first == 0 ? now : s->data_first;
		s->data_last = now;
	}
}

/* A server may send three times what it got until the client's address is validated, by a
 * Handshake packet of the client's or a token (RFC 9000, 8.1). */
static void
amplification(struct quic_conn *c, const struct quic_packet *p)
{
	if (c->valid)
		return;
	if (p->from == QUIC_CLIENT && (p->level == QUIC_HANDSHAKE || p->level == QUIC_1RTT)) {
		c->valid = true;
		return;
	}
	if (p->from == QUIC_CLIENT)
		c->got += p->datagram;
	else
		c->given += p->datagram;
}

/* The bit turns once a round trip. A packet that is late says nothing. */
static void
spins(struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p)
{
	struct quic_side *s = &c->side[p->from];
	int64_t now = d->frame->ns;

	if (p->level != QUIC_1RTT || p->plain == NULL || p->number != s->space[QUIC_1RTT].largest ||
	    p->spin == s->spin)
		return;
	if (s->spin_ns != 0)
		pth_samples_add(&d->quic->stat.end[p->from].spin, now - s->spin_ns);
	s->spin = p->spin;
	s->spin_ns = now;
}

static void
moved(
    struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p, const struct path *at)
{
	enum quic_role to = p->from == QUIC_CLIENT ? QUIC_SERVER : QUIC_CLIENT;

	if (memcmp(&c->end[p->from], &at->from, sizeof at->from) == 0 &&
	    memcmp(&c->end[to], &at->to, sizeof at->to) == 0)
		return;
	c->end[p->from] = at->from;
	c->end[to] = at->to;
	d->quic->stat.paths++;
	dissect_quic_conn_path(d->quic, c, p->from, at);
}

/* Both ends throw away the keys of Initial packets with the client's first Handshake packet, and
 * those of Handshake packets when the handshake is confirmed (RFC 9001, 4.9). */
static void
forget(const struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p)
{
	for (int i = 0; d->how.watch != NULL && i < 2; i++) {
		if (p->from == QUIC_CLIENT && p->level == QUIC_HANDSHAKE)
			dissect_quic_sent_forget(&c->side[i], QUIC_INITIAL);
		if (p->from == QUIC_SERVER && p->done)
			dissect_quic_sent_forget(&c->side[i], QUIC_HANDSHAKE);
	}
}

void
dissect_quic_packet_seen(
    struct pth_dissect *d, struct quic_conn *c, struct quic_packet *p, const struct path *at)
{
	struct pth_quic_stat *s = &d->quic->stat;
	struct pth_quic_end *end = &s->end[p->from];

	end->packets++;
	end->bytes += p->size;
	end->undecrypted += p->plain == NULL;
	if (p->datagram > 0) {
		end->datagrams++;
		end->largest = p->datagram > end->largest ? p->datagram : end->largest;
	}
	if (p->level == QUIC_INITIAL || p->level == QUIC_HANDSHAKE) {
		s->handshake_packets++;
		s->handshake_bytes += p->size;
	} else if (p->level == QUIC_0RTT) {
		s->early_packets++;
		s->early_bytes += p->size;
	}
	times(d, c, p);
	spins(d, c, p);
	amplification(c, p);
	if (p->plain != NULL) {
		dissect_quic_sent_add(d, c, p, p->eliciting);
		forget(d, c, p);
		moved(d, c, p, at);
	}
}

/* What a connection that is over adds. */
void
dissect_quic_conn_over(struct pth_quic_stat *s, struct quic_conn *c)
{
	if (!c->seen)
		return;
	s->connections++;
	if (c->done != 0)
		pth_samples_add(&s->handshake, c->done - c->start);
	if (c->confirmed != 0)
		pth_samples_add(&s->confirmed, c->confirmed - c->start);
	if (c->first_byte != 0)
		pth_samples_add(&s->first_byte, c->first_byte - c->start);
	if (c->got > 0)
		pth_samples_add(&s->amplification, (int64_t)(c->given * 1000 / c->got));
	for (int i = 0; i < 2; i++) {
		struct quic_side *side = &c->side[i];

		dissect_quic_sent_release(side, &s->end[i]);
		s->end[i].updates += side->updates;
		for (size_t k = 0; k < side->nstreams; k++) {
			pth_spans_release(&side->streams[k].got);
			dissect_http3_over(&s->http, (enum quic_role)i, side->streams[k].http);
		}
		free(side->streams);
		side->streams = NULL;
		side->nstreams = 0;
	}
}
