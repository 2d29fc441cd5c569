/* This file reads TLS out of QUIC's CRYPTO frames. */
#include <stdlib.h>
#include <string.h>

#include "dissect/quic_priv.h"
#include "dissect/tls.h"

static struct quic_crypto *
stream_of(struct quic_conn *c, const struct quic_packet *p)
{
	struct quic_crypto **s = &c->side[p->from].crypto[p->level];

	if (*s == NULL) {
		*s = pth_xmalloc(sizeof **s);
		**s = (struct quic_crypto){ .read = 0 };
	}
	return *s;
}

void
dissect_quic_crypto_release(struct quic_conn *c)
{
	for (int end = 0; end < 2; end++)
		for (int i = 0; i < QUIC_LEVELS; i++) {
			struct quic_crypto *s = c->side[end].crypto[i];

			if (s != NULL)
				pth_buf_release(&s->b);
			free(s);
			c->side[end].crypto[i] = NULL;
		}
}

static bool
have(const struct quic_crypto *s, size_t i)
{
	return (s->have[i / 8] >> (i % 8) & 1) != 0;
}

/* The part goes where it belongs; bytes that came before stay. */
static void
put(struct quic_crypto *s, size_t offset, const uint8_t *data, size_t n)
{
	if (offset + n > s->b.len) {
		size_t more = offset + n - s->b.len;

		memset(pth_buf_room(&s->b, more), 0, more);
		s->b.len += more;
	}
	for (size_t i = 0; i < n; i++)
		if (!have(s, offset + i)) {
			s->b.s[offset + i] = (char)data[i];
			s->have[(offset + i) / 8] |= (uint8_t)(1u << ((offset + i) % 8));
		}
}

static void
message(struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p, unsigned type,
    struct cursor body)
{
	struct tls_hello h;

	if ((type != TLS_CLIENT_HELLO && type != TLS_SERVER_HELLO &&
	        type != TLS_ENCRYPTED_EXTENSIONS) ||
	    !dissect_tls_hello(type, body, &h))
		return;
	if (type == TLS_CLIENT_HELLO && p->from == QUIC_CLIENT)
		dissect_quic_keys_random(c, h.random);
	if (type == TLS_SERVER_HELLO && p->from == QUIC_SERVER && !h.again)
		dissect_quic_keys_suite(c, h.suite);
	dissect_quic_hello_seen(d, c, p, type, &h);
}

void
dissect_quic_crypto(struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p,
    uint64_t offset, const uint8_t *data, size_t n)
{
	struct quic_crypto *s = stream_of(c, p);
	struct cursor at, body;
	unsigned type;
	size_t end = s->read;

	dissect_protocol(d, PTH_F_TLS);
	if (p->within || p->level == QUIC_1RTT || offset >= QUIC_CRYPTO_MAX || n == 0)
		return;
	put(s, (size_t)offset, data, offset + n > QUIC_CRYPTO_MAX ? QUIC_CRYPTO_MAX - offset : n);
	while (end < s->b.len && have(s, end))
		end++;
	at = (struct cursor){ (const uint8_t *)s->b.s + s->read, (const uint8_t *)s->b.s + end };
	while (dissect_tls_message(&at, &type, &body))
		message(d, c, p, type, body);
	s->read = (size_t)(at.p - (const uint8_t *)s->b.s);
}
