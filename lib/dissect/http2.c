/* This file reads the frames of HTTP/2 (RFC 9113, 4 and 6). */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissect/huffman.h"
#include "dissect/tcp_app.h"

#define PREFACE 24
#define HEAD 9

#define FRAME_MAX 16384 /* unless settings say more; of what is longer no more is waited for */

enum { DATA = 0, HEADERS = 1, SETTINGS = 4 };
enum { PADDED = 8, PRIORITY = 0x20 };

struct http2 {
	bool greeted[2], over[2]; /* over: it is no HTTP/2 */
	uint64_t end[2];          /* of the stream: behind the last body that has begun */
	struct spans heads[2];    /* streams with a head of that end; what follows are trailers */
};

struct http2 *
dissect_http2_new(void)
{
	struct http2 *h = pth_xmalloc(sizeof *h);

	*h = (struct http2){ .heads[0] = { 0 } };
	return h;
}

void
dissect_http2_free(struct http2 *h)
{
	if (h == NULL)
		return;
	pth_spans_release(&h->heads[0]);
	pth_spans_release(&h->heads[1]);
	free(h);
}

/* Without padding and priority (RFC 9113, 6.2). */
static struct cursor
fragment(unsigned flags, struct cursor c)
{
	const uint8_t *pad = (flags & PADDED) != 0 ? dissect_take(&c, 1) : NULL;

	if (pad != NULL && *pad <= dissect_left(&c))
		c.end -= *pad;
	if ((flags & PRIORITY) != 0)
		dissect_take(&c, 5);
	return c;
}

/* The status is the first field: one of the static table (RFC 7541, appendix A), 8 to 14, or a
 * literal with its name. 0: it is in the compression's state, which is not kept. */
static unsigned
status(struct cursor c)
{
	static const unsigned known[] = { 200, 204, 206, 304, 400, 404, 500 };
	const uint8_t *first = dissect_take(&c, 1), *n = dissect_take(&c, 1), *p;
	unsigned name = first == NULL || *first >= 0x80 ? 0 :
	    *first >= 0x40                              ? *first & 0x3f :
	    *first < 0x20                               ? *first & 0x0f :
	                                                  0;
	char text[4];

	if (first != NULL && *first >= 0x88 && *first < 0x88 + countof(known))
		return known[*first - 0x88];
	if (name < 8 || name > 14 || n == NULL || (p = dissect_take(&c, *n & 0x7f)) == NULL)
		return 0;
	if ((*n & 0x80) == 0 ? (*n != 3 || memcpy(text, p, 3) == NULL) :
	                       dissect_huffman_read(p, *n & 0x7f, text, 4) != 3)
		return 0;
	for (int i = 0; i < 3; i++)
		if (!pth_is_digit(text[i]))
			return 0;
	return (unsigned)(text[0] - '0') * 100 + (unsigned)(text[1] - '0') * 10 +
	    (unsigned)(text[2] - '0');
}

static void
headers(
    struct pth_dissect *d, struct http2 *h, int from, uint32_t id, unsigned flags, struct cursor c)
{
	struct pth_http_stat *stat = dissect_tcp_http(d);
	unsigned code = from == 1 ? status(fragment(flags, c)) : 0;

	if (code / 100 == 1) /* more will come */
		return;
	/* Streams of an end are each second number. */
	if (pth_spans_add(&h->heads[from], id / 2, id / 2 + 1, NULL, NULL) == 0)
		return;
	stat->requests += from == 0;
	stat->responses += from == 1;
	stat->status[code] += code != 0;
	stat->unread += (from == 1 && code == 0) || h->heads[from].merged;
}

/* Bytes of a body that a frame of n bytes has, of which the first are there; and how many of the
 * frame are before them. */
static size_t
body(const uint8_t *head, struct cursor c, size_t n, size_t *before)
{
	size_t pad;

	*before = (head[4] & PADDED) != 0 && dissect_left(&c) > 0;
	pad = *before + (*before > 0 ? *c.p : 0);
	return pad < n ? n - pad : 0;
}

static bool
frame(struct pth_dissect *d, struct http2 *h, int from, struct stream *s)
{
	struct cursor c = dissect_stream_there(s);
	const uint8_t *p = dissect_take(&c, HEAD);
	size_t n = p != NULL ? (size_t)p[0] << 16 | dissect_be16(p + 1) : 0, before, data;

	if (p == NULL)
		return false;
	if ((p[3] == HEADERS && dissect_left(&c) < (n < FRAME_MAX ? n : FRAME_MAX)) ||
	    (p[3] == DATA && (p[4] & PADDED) != 0 && n > 0 && dissect_left(&c) == 0))
		return false;
	dissect_uint(d, PTH_F_HTTP2_TYPE, p[3]);
	dissect_tcp_http(d)->frames++;
	if (p[3] == DATA) {
		data = body(p, c, n, &before);
		*(from == 1 ? &dissect_tcp_http(d)->bytes :
		              &dissect_tcp_http(d)->sent_bytes) += data;
		h->end[from] = s->at + HEAD + before + data;
	}
	if (p[3] == HEADERS) {
		if (dissect_left(&c) > n)
			c.end = c.p + n;
		headers(d, h, from, dissect_be32(p + 5) & 0x7fffffff, p[4], c);
	}
	dissect_stream_skip(s, HEAD + n);
	return true;
}

/* The first that an end sends: a preface, SETTINGS (RFC 9113, 3.4). False: not yet, or never. */
static bool
greets(struct pth_dissect *d, struct http2 *h, int from, struct stream *s)
{
	struct cursor c = dissect_stream_there(s);
	const uint8_t *p = dissect_take(&c, from == 0 ? PREFACE : HEAD);

	if (p == NULL)
		return false;
	h->over[from] = from == 0 ? memcmp(p, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", PREFACE) != 0 :
	                            p[3] != SETTINGS;
	h->greeted[from] = true;
	dissect_tcp_http(d)->unread += h->over[from];
	if (from == 0 && !h->over[from])
		dissect_stream_skip(s, PREFACE);
	return !h->over[from];
}

void
dissect_http2_read(struct pth_dissect *d, struct http2 *h, int from, struct stream *s)
{
	if (!h->greeted[from] && !greets(d, h, from, s))
		return;
	while (!h->over[from] && frame(d, h, from, s))
		;
}

/* Of a body that breaks off the bytes that came. */
void
dissect_http2_over(
    struct pth_http_stat *stat, const struct http2 *h, int from, const struct stream *s)
{
	if (h->end[from] > s->high)
		*(from == 1 ? &stat->bytes : &stat->sent_bytes) -= h->end[from] - s->high;
	if (!h->over[from] && dissect_stream_rest(s) > 0)
		stat->unread++;
}
