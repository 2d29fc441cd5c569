/* This file reads the frames of HTTP/2 (RFC 9113, 4 and 6). */
#include <stdlib.h>
#include <string.h>

#include "dissect/tcp_app.h"

#define PREFACE 24
#define HEAD 9

enum { DATA = 0, HEADERS = 1 };
enum { PADDED = 8, PRIORITY = 0x20 };

struct http2 {
	bool greeted;
	uint32_t last[2]; /* the highest stream with a head of that end */
};

struct http2 *
dissect_http2_new(void)
{
	struct http2 *h = pth_xmalloc(sizeof *h);

	*h = (struct http2){ .greeted = false };
	return h;
}

void
dissect_http2_free(struct http2 *h)
{
	free(h);
}

/* The status is mostly the first field, one of the static table (RFC 7541, appendix A): 8 to 14.
 * Another is in the compression's state, which is not kept. */
static void
status(struct pth_dissect *d, unsigned flags, struct cursor c)
{
	static const unsigned known[] = { 200, 204, 206, 304, 400, 404, 500 };
	unsigned index;

	if ((flags & PADDED) != 0)
		dissect_take(&c, 1);
	if ((flags & PRIORITY) != 0)
		dissect_take(&c, 5);
	index = dissect_left(&c) > 0 ? *c.p : 0;
	if (index >= 0x88 && index < 0x88 + countof(known))
		dissect_tcp_http(d)->status[known[index - 0x88]]++;
	else
		dissect_tcp_http(d)->unread++;
}

static void
headers(
    struct pth_dissect *d, struct http2 *h, int from, uint32_t id, unsigned flags, struct cursor c)
{
	if (id <= h->last[from])
		return; /* trailers */
	h->last[from] = id;
	if (from == 0) {
		dissect_tcp_http(d)->requests++;
	} else {
		dissect_tcp_http(d)->responses++;
		status(d, flags, c);
	}
}

static bool
frame(struct pth_dissect *d, struct http2 *h, int from, struct stream *s)
{
	struct cursor c = dissect_stream_there(s);
	const uint8_t *p = c.p;
	size_t n;

	if (dissect_left(&c) < HEAD)
		return false;
	n = (size_t)p[0] << 16 | dissect_be16(p + 1);
	if (p[3] == HEADERS && n < 16384 && dissect_left(&c) < HEAD + n)
		return false;
	dissect_uint(d, PTH_F_HTTP2_TYPE, p[3]);
	dissect_tcp_http(d)->frames++;
	if (p[3] == DATA)
		*(from == 1 ? &dissect_tcp_http(d)->bytes : &dissect_tcp_http(d)->sent_bytes) += n;
	if (p[3] == HEADERS) {
		dissect_take(&c, HEAD);
		if (dissect_left(&c) > n)
			c.end = c.p + n;
		headers(d, h, from, dissect_be32(p + 5) & 0x7fffffff, p[4], c);
	}
	dissect_stream_skip(s, HEAD + n);
	return true;
}

void
dissect_http2_read(struct pth_dissect *d, struct http2 *h, int from, struct stream *s)
{
	struct cursor c = dissect_stream_there(s);

	if (from == 0 && !h->greeted) {
		if (dissect_left(&c) < PREFACE)
			return;
		h->greeted = true;
		dissect_stream_skip(s, PREFACE);
	}
	while (frame(d, h, from, s))
		;
}
