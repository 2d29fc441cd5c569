/* This file reads HTTP/3 and hq-interop out of QUIC's streams. */
#include "dissect/http3.h"

#include <stdlib.h>
#include <string.h>

#include "dissect/qpack.h"

#define HEADERS_MAX 16384

enum { DATA = 0, HEADERS = 1 };
enum { STREAM_CONTROL = 0, STREAM_PUSH = 1 };

enum http_alpn
dissect_http3_alpn(struct cursor name)
{
	if (dissect_left(&name) >= 2 && memcmp(name.p, "h3", 2) == 0)
		return ALPN_H3;
	return dissect_left(&name) >= 2 && memcmp(name.p, "hq", 2) == 0 ? ALPN_HQ : ALPN_NONE;
}

void
dissect_http3_over(struct pth_http_stat *stat, enum quic_role from, struct http3 *s)
{
	if (s == NULL)
		return;
	if (s->data)
		*(from == QUIC_SERVER ? &stat->bytes : &stat->sent_bytes) -= dissect_stream_missing(
		    &s->stream);
	stat->unread += s->framed && !s->over && dissect_stream_rest(&s->stream) > 0;
	dissect_stream_release(&s->stream);
	free(s);
}

static void
headers(struct pth_http_stat *stat, enum quic_role from, struct cursor c)
{
	struct qpack_head h;

	dissect_qpack_read(c, &h);
	stat->unread += h.unread;
	if (from == QUIC_CLIENT && h.method[0] != '\0')
		stat->requests++;
	if (from == QUIC_SERVER && h.status >= 200) { /* before it, more will come */
		stat->responses++;
		stat->status[h.status]++;
	}
}

/* The packet has HTTP/3: a frame's head, or a part of a stream of one direction. */
static void
seen(struct pth_dissect *d)
{
	if (d->counted[PTH_F_HTTP3] != d->stat.packets)
		dissect_protocol(d, PTH_F_HTTP3);
}

/* A frame at the begin of c: true when it was read or is skipped, false when more is needed. */
static bool
frame(struct pth_dissect *d, struct http3 *s, enum quic_role from, struct cursor c)
{
	struct pth_http_stat *stat = &d->quic->stat.http;
	const uint8_t *begin = c.p;
	uint64_t type, n;

	if (!dissect_quic_varint(&c, &type) || !dissect_quic_varint(&c, &n))
		return false;
	if (type == HEADERS && n <= HEADERS_MAX && dissect_left(&c) < n)
		return false;
	seen(d);
	stat->frames++;
	s->data = type == DATA;
	dissect_uint(d, PTH_F_HTTP3_FRAME_TYPE, type);
	if (type == HEADERS && n <= HEADERS_MAX) {
		headers(stat, from, (struct cursor){ c.p, c.p + n });
	} else if (type == HEADERS) {
		stat->unread++;
	} else if (type == DATA) {
		stat->bytes += from == QUIC_SERVER ? n : 0;
		stat->sent_bytes += from == QUIC_CLIENT ? n : 0;
	}
	dissect_stream_skip(&s->stream, (uint64_t)(c.p - begin) + n);
	return true;
}

static void
read_frames(struct pth_dissect *d, struct http3 *s, enum quic_role from, bool uni)
{
	struct cursor c = dissect_stream_there(&s->stream);
	const uint8_t *begin = c.p;

	s->framed = true;
	if (uni && !s->typed) {
		if (!dissect_quic_varint(&c, &s->type))
			return;
		s->typed = true;
		/* QPACK's streams and those of extensions have no frames; a push begins with its
		 * number and is not looked into. */
		s->over = s->type != STREAM_CONTROL;
		dissect_stream_skip(&s->stream, (uint64_t)(c.p - begin));
	}
	while (!s->over && frame(d, s, from, dissect_stream_there(&s->stream)))
		;
}

/* HTTP/0.9: "GET /path", and the answer is the file. */
static void
simple(struct pth_dissect *d, struct http3 *s, enum quic_role from,
    const struct quic_stream_part *part)
{
	struct pth_http_stat *stat = &d->quic->stat.http;
	struct cursor c = dissect_stream_there(&s->stream);

	if (from == QUIC_SERVER) {
		stat->responses += !s->typed;
		stat->bytes += part->fresh;
		s->typed = true;
	} else if (!s->typed && dissect_left(&c) >= 4) {
		s->typed = true;
		stat->requests += memcmp(c.p, "GET ", 4) == 0;
	}
}

void
dissect_http3_part(struct pth_dissect *d, enum http_alpn alpn, enum quic_role from,
    struct http3 **stream, const struct quic_stream_part *part)
{
	bool uni = (part->id & 2) != 0;
	struct http3 *s = *stream;

	if (alpn == ALPN_NONE || (alpn == ALPN_HQ && (part->id & 3) != 0))
		return;
	if (s == NULL) {
		s = *stream = pth_xmalloc(sizeof *s);
		*s = (struct http3){ .type = 0 };
	}
	if (alpn == ALPN_H3 && uni && part->n > 0)
		seen(d);
	if (s->over)
		return;
	if (alpn == ALPN_H3 || from == QUIC_CLIENT)
		dissect_stream_keep(&s->stream, part->offset, part->p, part->n);
	if (alpn == ALPN_H3)
		read_frames(d, s, from, uni);
	else
		simple(d, s, from, part);
}
