/* This file finds out what is spoken above TCP. */
#include "dissect/tcp_app.h"

#include <stdlib.h>
#include <string.h>

#define BGP_HEAD 19
#define SHAPE 24 /* bytes that tell what is spoken; the preface of HTTP/2 has that many */

struct tcp_app {
	enum pth_field protocol; /* PTH_F_DATA: not known, yet unless it is decided */
	bool decided, both;      /* both: what was kept before it was decided has been read */
	struct stream stream[2];
	struct http1 *http1;
	struct http2 *http2;
	struct tls *tls;
};

static bool
begins(struct cursor c, const char *with)
{
	size_t n = strlen(with);

	return dissect_left(&c) >= n && memcmp(c.p, with, n) == 0;
}

static enum pth_field
shape(struct cursor c)
{
	static const char *const http[] = { "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ",
		"CONNECT ", "PATCH ", "HTTP/1." };
	static const uint8_t marker[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (begins(c, "PRI * HTTP/2.0\r\n"))
		return PTH_F_HTTP2;
	for (size_t i = 0; i < countof(http); i++)
		if (begins(c, http[i]))
			return PTH_F_HTTP;
	if (dissect_left(&c) >= BGP_HEAD && memcmp(c.p, marker, sizeof marker) == 0)
		return PTH_F_BGP;
	/* A record of the handshake, whose first message is a hello (RFC 8446, 5.1). */
	if (dissect_left(&c) >= 6 && c.p[0] == 22 && c.p[1] == 3 && c.p[2] <= 4 &&
	    (c.p[5] == 1 || c.p[5] == 2))
		return PTH_F_TLS;
	return PTH_F_DATA;
}

/* Messages: marker, length, type (RFC 4271, 4.1). */
static void
bgp_read(struct pth_dissect *d, struct stream *s)
{
	for (;;) {
		struct cursor c = dissect_stream_there(s);
		size_t n = dissect_left(&c) >= BGP_HEAD ? dissect_be16(c.p + 16) : 0;

		if (n < BGP_HEAD)
			return;
		dissect_uint(d, PTH_F_BGP_TYPE, c.p[18]);
		dissect_uint(d, PTH_F_BGP_LENGTH, n);
		dissect_stream_skip(s, n);
	}
}

static void
read_layer(struct pth_dissect *d, struct tcp_app *a, int from)
{
	struct stream *s = &a->stream[from];

	switch (a->protocol) {
	case PTH_F_HTTP:
		a->http1 = a->http1 != NULL ? a->http1 : dissect_http1_new();
		dissect_http1_read(d, a->http1, from, s, &a->stream[0]);
		break;
	case PTH_F_HTTP2:
		a->http2 = a->http2 != NULL ? a->http2 : dissect_http2_new();
		dissect_http2_read(d, a->http2, from, s);
		break;
	case PTH_F_TLS:
		a->tls = a->tls != NULL ? a->tls : dissect_tls_new();
		dissect_tls_read(d, a->tls, from, s);
		break;
	case PTH_F_BGP: bgp_read(d, s); break;
	default: break;
	}
}

/* What is spoken is known by the first bytes, whole; until then both ends' begin is kept. */
static void
decide(struct tcp_app *a, int from, enum pth_field spoken)
{
	struct cursor c = dissect_stream_there(&a->stream[from]);

	if (a->stream[from].at != 0 || dissect_left(&c) == 0)
		return;
	a->protocol = shape(c);
	if (a->protocol == PTH_F_DATA)
		a->protocol = spoken;
	a->decided = a->protocol != PTH_F_DATA || dissect_left(&c) >= SHAPE;
	for (int i = 0; i < 2 && a->decided && a->protocol == PTH_F_DATA; i++)
		dissect_stream_release(&a->stream[i]);
}

void
dissect_tcp_app_part(struct pth_dissect *d, struct tcp_app **app, int from, enum pth_field spoken,
    uint64_t offset, struct cursor c)
{
	struct tcp_app *a = *app;

	if (a == NULL) {
		a = *app = pth_xmalloc(sizeof *a);
		*a = (struct tcp_app){ .protocol = PTH_F_DATA };
	}
	if (a->protocol != PTH_F_DATA || !a->decided)
		dissect_stream_keep(&a->stream[from], offset, c.p, dissect_left(&c));
	if (!a->decided)
		decide(a, from, spoken);
	dissect_protocol(d, a->protocol);
	if (a->protocol == PTH_F_DATA)
		return;
	read_layer(d, a, from);
	if (!a->both)
		read_layer(d, a, 1 - from);
	a->both = true;
}

void
dissect_tcp_app_over(struct pth_tcp_stat *stat, struct tcp_app *a)
{
	if (a == NULL)
		return;
	for (int from = 0; from < 2; from++) {
		const struct stream *s = &a->stream[from];

		if (a->http1 != NULL)
			dissect_http1_over(&stat->http, a->http1, from, s);
		if (a->http2 != NULL)
			dissect_http2_over(&stat->http, a->http2, from, s);
		if (a->tls != NULL)
			dissect_tls_over(stat, a->tls, from, s);
	}
	dissect_stream_release(&a->stream[0]);
	dissect_stream_release(&a->stream[1]);
	dissect_http1_free(a->http1);
	dissect_http2_free(a->http2);
	dissect_tls_free(a->tls);
	free(a);
}
