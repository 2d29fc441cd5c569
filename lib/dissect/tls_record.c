/* This file reads TLS over TCP: hellos, and with keys what is in the records of TLS 1.3. */
#include <stdlib.h>
#include <string.h>

#include "dissect/keylog.h"
#include "dissect/tcp_app.h"
#include "dissect/tls.h"

#define HEAD 5
#define MESSAGES_MAX 131072
#define RECORD_MAX 16640 /* RFC 8446, 5.2 */

enum { CHANGE_CIPHER = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION = 23 };
enum { FINISHED = 20 };

struct side {
	struct quic_keys *keys;
	uint64_t number;         /* of the next record under these keys */
	bool application;        /* they are those of application data */
	struct pth_buf messages; /* of the handshake */
	struct stream inner;     /* application data */
	uint64_t sent;           /* bytes of it so far */
};

struct tls {
	bool counted, over[2];
	uint8_t random[32];
	bool has_random;
	unsigned suite; /* 0: not known; of TLS 1.2 no keys are looked for */
	bool http2;
	struct side side[2];
	struct http1 *http1;
	struct http2 *two;
};

struct tls *
dissect_tls_new(void)
{
	struct tls *t = pth_xmalloc(sizeof *t);

	*t = (struct tls){ .suite = 0 };
	return t;
}

void
dissect_tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	for (int i = 0; i < 2; i++) {
		dissect_quic_keys_free(t->side[i].keys);
		pth_buf_release(&t->side[i].messages);
		dissect_stream_release(&t->side[i].inner);
	}
	dissect_http1_free(t->http1);
	dissect_http2_free(t->two);
	free(t);
}

static void
use_keys(struct pth_dissect *d, struct tls *t, int from, bool application)
{
	struct side *s = &t->side[from];
	enum keylog_label label = application ?
	    (from == 0 ? KEYLOG_CLIENT_TRAFFIC : KEYLOG_SERVER_TRAFFIC) :
	    (from == 0 ? KEYLOG_CLIENT_HANDSHAKE : KEYLOG_SERVER_HANDSHAKE);
	struct quic_secret secret;

	dissect_quic_keys_free(s->keys);
	s->keys = NULL;
	s->number = 0;
	s->application = application;
	if (t->has_random && t->suite != 0 &&
	    dissect_keylog_find(d->keys, t->random, label, &secret))
		s->keys = dissect_quic_keys_of_records(t->suite, &secret);
}

static void
hello(struct pth_dissect *d, struct tls *t, unsigned type, struct cursor body)
{
	struct pth_tcp_stat *stat = dissect_tcp_stat(d);
	struct cursor list;
	struct tls_hello h;
	const uint8_t *n;

	if (!dissect_tls_hello(type, body, &h))
		return;
	if (type == TLS_CLIENT_HELLO) {
		memcpy(t->random, h.random, 32);
		t->has_random = true;
		if (dissect_left(&h.sni) > 0) {
			dissect_bytes_copied(d, PTH_F_TLS_SNI, h.sni.p, dissect_left(&h.sni));
			pth_names_add(&stat->sni, h.sni.p, dissect_left(&h.sni));
		}
		return;
	}
	list = h.alpn;
	if (dissect_left(&list) > 0 && (n = dissect_take(&list, 1)) != NULL &&
	    *n <= dissect_left(&list)) {
		dissect_bytes_copied(d, PTH_F_TLS_ALPN, list.p, *n);
		pth_names_add(&stat->alpn, list.p, *n);
		t->http2 = *n == 2 && memcmp(list.p, "h2", 2) == 0;
	}
	if (type == TLS_SERVER_HELLO && !h.again) {
		t->suite = h.suite >= 0x1301 && h.suite <= 0x1303 ? h.suite : 0;
		use_keys(d, t, 0, false);
		use_keys(d, t, 1, false);
	}
}

/* The messages that are there as a whole. */
static void
handshake(struct pth_dissect *d, struct tls *t, int from, const uint8_t *p, size_t n)
{
	struct pth_buf *b = &t->side[from].messages;
	struct cursor at, body;
	unsigned type;
	size_t read;

	if (b->len + n > MESSAGES_MAX)
		return;
	pth_buf_add(b, p, n);
	at = (struct cursor){ (const uint8_t *)b->s, (const uint8_t *)b->s + b->len };
	while (dissect_tls_message(&at, &type, &body)) {
		dissect_uint(d, PTH_F_TLS_HANDSHAKE_TYPE, type);
		if (type == TLS_CLIENT_HELLO || type == TLS_SERVER_HELLO ||
		    type == TLS_ENCRYPTED_EXTENSIONS)
			hello(d, t, type, body);
		if (type == FINISHED && t->suite != 0)
			use_keys(d, t, from, true);
	}
	read = (size_t)(at.p - (const uint8_t *)b->s);
	memmove(b->s, b->s + read, b->len - read);
	pth_buf_cut(b, b->len - read);
}

static void
application(struct pth_dissect *d, struct tls *t, int from, const uint8_t *p, size_t n)
{
	struct stream *s = &t->side[from].inner;

	dissect_stream_keep(s, t->side[from].sent, p, n);
	t->side[from].sent += n;
	dissect_protocol(d, t->http2 ? PTH_F_HTTP2 : PTH_F_HTTP);
	if (t->http2) {
		t->two = t->two != NULL ? t->two : dissect_http2_new();
		dissect_http2_read(d, t->two, from, s);
	} else {
		t->http1 = t->http1 != NULL ? t->http1 : dissect_http1_new();
		dissect_http1_read(d, t->http1, from, s, &t->side[0].inner);
	}
}

/* A record that is encrypted: its kind is the last byte that is not 0 (RFC 8446, 5.2). */
static void
encrypted(struct pth_dissect *d, struct tls *t, int from, const uint8_t *record, size_t n)
{
	static uint8_t plain[RECORD_MAX];
	struct side *s = &t->side[from];
	int got = s->keys == NULL || n > sizeof plain ?
	    -1 :
	    dissect_quic_open(s->keys, s->number, record, HEAD, record + HEAD, n, plain);

	if (got < 0) {
		dissect_tcp_stat(d)->end[from].undecrypted++;
		return;
	}
	s->number++;
	while (got > 0 && plain[got - 1] == 0)
		got--;
	if (got > 0 && plain[got - 1] == HANDSHAKE)
		handshake(d, t, from, plain, (size_t)got - 1);
	else if (got > 0 && plain[got - 1] == APPLICATION)
		application(d, t, from, plain, (size_t)got - 1);
}

/* What could not be read of records is as what could not be decrypted. */
void
dissect_tls_over(struct pth_tcp_stat *stat, const struct tls *t, int from, const struct stream *s)
{
	const struct side *side = &t->side[from];

	if (t->http1 != NULL)
		dissect_http1_over(&stat->http, t->http1, from, &side->inner);
	if (t->two != NULL)
		dissect_http2_over(&stat->http, t->two, from, &side->inner);
	stat->end[from].undecrypted += dissect_stream_rest(s) > 0;
}

void
dissect_tls_read(struct pth_dissect *d, struct tls *t, int from, struct stream *s)
{
	dissect_tcp_stat(d)->tls += !t->counted;
	t->counted = true;
	while (!t->over[from]) {
		struct cursor c = dissect_stream_there(s);
		size_t n = dissect_left(&c) >= HEAD ? dissect_be16(c.p + 3) : 0;

		if (dissect_left(&c) < HEAD || dissect_left(&c) < HEAD + n)
			return;
		if (c.p[0] < CHANGE_CIPHER || c.p[0] > 24 || n > RECORD_MAX) {
			t->over[from] = true;
			return;
		}
		dissect_uint(d, PTH_F_TLS_CONTENT_TYPE, c.p[0]);
		if (c.p[0] == HANDSHAKE && t->side[from].keys == NULL)
			handshake(d, t, from, c.p + HEAD, n);
		else if (c.p[0] == APPLICATION)
			encrypted(d, t, from, c.p, n);
		dissect_stream_skip(s, HEAD + n);
	}
}
