/* This file reads HTTP/1.1: heads, and how long bodies are (RFC 9112, 6). */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissect/tcp_app.h"

#define HEAD_MAX 16384
#define WAITING 64 /* requests whose answer has not come */

enum body { NO_BODY, LENGTH, CHUNKED, REST, BAD };

struct http1 {
	enum body body[2];
	bool over[2]; /* it is no HTTP any more, or the body goes on to the end */
	bool to_end[2];
	bool waits; /* the client has asked for another protocol: what comes is of that, or not */
	uint64_t asked_head, tunnel, sent; /* bits: which of the open requests were HEAD, which
	                                      CONNECT; how many */
};

struct http1 *
dissect_http1_new(void)
{
	struct http1 *h = pth_xmalloc(sizeof *h);

	*h = (struct http1){ .sent = 0 };
	return h;
}

void
dissect_http1_free(struct http1 *h)
{
	free(h);
}

/* The value of a header line, without blanks around it; n of it, or NULL. */
static const char *
value(const char *head, size_t n, const char *name, size_t *len)
{
	size_t k = strlen(name);
	const char *end = head + n, *s, *stop;

	for (s = memchr(head, '\n', n); s != NULL && s + 1 < end;
	     s = memchr(s, '\n', (size_t)(end - s))) {
		s++;
		if ((size_t)(end - s) <= k || strncasecmp(s, name, k) != 0 || s[k] != ':')
			continue;
		s += k + 1;
		stop = memchr(s, '\r', (size_t)(end - s));
		if (stop == NULL)
			return NULL;
		while (s < stop && (*s == ' ' || *s == '\t'))
			s++;
		while (stop > s && (stop[-1] == ' ' || stop[-1] == '\t'))
			stop--;
		*len = (size_t)(stop - s);
		return s;
	}
	return NULL;
}

/* Digits and nothing else (RFC 9110, 8.6); absurdly many bytes are as many as there can be. */
static bool
length_of(const char *v, size_t n, uint64_t *length)
{
	*length = 0;
	for (size_t i = 0; i < n; i++) {
		if (!pth_is_digit(v[i]))
			return false;
		*length = *length < (uint64_t)1 << 56 ? *length * 10 + (uint64_t)(v[i] - '0') :
		                                        (uint64_t)1 << 56;
	}
	return n > 0;
}

static enum body
body_of(const char *head, size_t n, bool response, uint64_t *bytes)
{
	size_t len;
	const char *v = value(head, n, "transfer-encoding", &len);

	*bytes = 0;
	if (v != NULL)
		return len >= 7 && strncasecmp(v + len - 7, "chunked", 7) == 0 ? CHUNKED : REST;
	v = value(head, n, "content-length", &len);
	if (v == NULL)
		return response ? REST : NO_BODY;
	if (!length_of(v, len, bytes))
		return BAD;
	return *bytes > 0 ? LENGTH : NO_BODY;
}

/* "GET /path HTTP/1.1" */
static bool
request(struct pth_dissect *d, struct http1 *h, const char *head, size_t n)
{
	const char *sp = memchr(head, ' ', n), *end;
	size_t len;

	if (sp == NULL)
		return false;
	end = memchr(sp + 1, ' ', n - (size_t)(sp + 1 - head));
	if (end == NULL || end - head + 6 > (ptrdiff_t)n || memcmp(end + 1, "HTTP/", 5) != 0)
		return false;
	dissect_bytes_copied(d, PTH_F_HTTP_METHOD, (const uint8_t *)head, (size_t)(sp - head));
	dissect_bytes_copied(d, PTH_F_HTTP_URI, (const uint8_t *)sp + 1, (size_t)(end - sp - 1));
	dissect_tcp_http(d)->requests++;
	if (h->sent < WAITING) {
		h->asked_head |= (uint64_t)(strncmp(head, "HEAD ", 5) == 0) << h->sent;
		h->tunnel |= (uint64_t)(strncmp(head, "CONNECT ", 8) == 0) << h->sent;
	}
	h->sent++;
	h->waits = strncmp(head, "CONNECT ", 8) == 0 || value(head, n, "upgrade", &len) != NULL;
	return true;
}

/* "HTTP/1.1 200 OK". *status: what it says. */
static bool
response(struct pth_dissect *d, const char *head, size_t n, unsigned *status)
{
	if (n < 12 || memcmp(head, "HTTP/1.", 7) != 0 || !pth_is_digit(head[9]) ||
	    !pth_is_digit(head[10]) || !pth_is_digit(head[11]))
		return false;
	*status = (unsigned)(head[9] - '0') * 100 + (unsigned)(head[10] - '0') * 10 +
	    (unsigned)(head[11] - '0');
	dissect_uint(d, PTH_F_HTTP_STATUS, *status);
	return true;
}

/* The answer to the oldest request; does it come without a body? */
static bool
answered(struct pth_dissect *d, struct http1 *h, unsigned status)
{
	bool head = (h->asked_head & 1) != 0;

	if (status < 200 && status != 101) /* more will come (RFC 9110, 15.2) */
		return true;
	dissect_tcp_http(d)->responses++;
	dissect_tcp_http(d)->status[status]++;
	h->waits = false;
	/* Both ends speak another protocol from here on (RFC 9110, 7.8 and 9.3.6). */
	if (status == 101 || ((h->tunnel & 1) != 0 && status / 100 == 2)) {
		h->over[0] = h->over[1] = true;
		return true;
	}
	h->asked_head >>= 1;
	h->tunnel >>= 1;
	h->sent -= h->sent > 0;
	return head || status == 204 || status == 304;
}

/* What follows is not read; the mark of it is in the numbers. */
static bool
give_up(struct pth_dissect *d, struct http1 *h, int from)
{
	h->over[from] = true;
	dissect_tcp_http(d)->unread++;
	return false;
}

/* A head; false: more is needed, or it is none. */
static bool
read_head(struct pth_dissect *d, struct http1 *h, int from, struct stream *s)
{
	struct cursor c = dissect_stream_there(s);
	const char *head = (const char *)c.p,
	           *end = dissect_left(&c) > 0 ? memmem(head, dissect_left(&c), "\r\n\r\n", 4) :
	                                         NULL;
	size_t n = end != NULL ? (size_t)(end - head) + 4 : 0;
	uint64_t bytes;
	unsigned status;

	if (end == NULL)
		return dissect_left(&c) > HEAD_MAX ? give_up(d, h, from) : false;
	h->body[from] = body_of(head, n, from == 1, &bytes);
	if (from == 0 ? !request(d, h, head, n) : !response(d, head, n, &status))
		return give_up(d, h, from);
	if (from == 1 && answered(d, h, status)) {
		h->body[from] = NO_BODY;
		bytes = 0;
	}
	if (h->body[from] == BAD)
		return give_up(d, h, from);
	if (h->body[from] == LENGTH) {
		*(from == 1 ? &dissect_tcp_http(d)->bytes :
		              &dissect_tcp_http(d)->sent_bytes) += bytes;
		h->body[from] = NO_BODY;
	}
	h->to_end[from] = h->body[from] == REST;
	h->over[from] = h->over[from] || h->to_end[from];
	dissect_stream_skip(s, n + bytes);
	return !h->over[from];
}

/* A chunk: its size in hexadecimal, and that many bytes (RFC 9112, 7.1). The last has 0, and
 * then there may be trailers. */
static bool
read_chunk(struct pth_dissect *d, struct http1 *h, int from, struct stream *s)
{
	struct cursor c = dissect_stream_there(s);
	const uint8_t *end = dissect_left(&c) > 0 ? memmem(c.p, dissect_left(&c), "\r\n", 2) : NULL;
	uint64_t size = 0;
	const uint8_t *p;

	if (end == NULL)
		return false;
	for (p = c.p; p < end && size < (uint64_t)1 << 40; p++) {
		static const char digits[] = "0123456789abcdef";
		const char *at = *p != '\0' ? strchr(digits, pth_lower((char)*p)) : NULL;

		if (at == NULL)
			break;
		size = size << 4 | (uint64_t)(at - digits);
	}
	if (p == c.p)
		return give_up(d, h, from);
	if (size == 0) {
		end = memmem(c.p, dissect_left(&c), "\r\n\r\n", 4);
		if (end == NULL)
			return false;
		h->body[from] = NO_BODY;
		dissect_stream_skip(s, (uint64_t)(end - c.p) + 4);
		return true;
	}
	*(from == 1 ? &dissect_tcp_http(d)->bytes : &dissect_tcp_http(d)->sent_bytes) += size;
	dissect_stream_skip(s, (uint64_t)(end - c.p) + 2 + size + 2);
	return true;
}

/* A body that breaks off has the bytes that came, behind its last chunk a line is missing, too. */
void
dissect_http1_over(
    struct pth_http_stat *stat, const struct http1 *h, int from, const struct stream *s)
{
	uint64_t *bytes = from == 1 ? &stat->bytes : &stat->sent_bytes;
	uint64_t missing = dissect_stream_missing(s), line = h->body[from] == CHUNKED ? 2 : 0;

	*bytes -= missing > line ? missing - line : 0;
	if (h->to_end[from])
		*bytes += dissect_stream_rest(s);
	else if (!h->over[from] && dissect_stream_rest(s) > 0)
		stat->unread++;
}

static void
read_end(struct pth_dissect *d, struct http1 *h, int from, struct stream *s)
{
	while (!h->over[from] && !(from == 0 && h->waits && h->body[0] == NO_BODY) &&
	    (h->body[from] == CHUNKED ? read_chunk(d, h, from, s) : read_head(d, h, from, s)))
		;
}

void
dissect_http1_read(
    struct pth_dissect *d, struct http1 *h, int from, struct stream *mine, struct stream *client)
{
	bool waits = h->waits;

	read_end(d, h, from, mine);
	if (waits && !h->waits)
		read_end(d, h, 0, client);
}
