/* This file reads the messages of the TLS handshake. */
#include "dissect/tls.h"

#include <string.h>

enum { EXT_SNI = 0, EXT_ALPN = 16, EXT_PARAMETERS = 57, EXT_PARAMETERS_DRAFT = 0xffa5 };

bool
dissect_tls_message(struct cursor *c, unsigned *type, struct cursor *body)
{
	const uint8_t *p = c->p;
	size_t n;

	if (dissect_left(c) < 4)
		return false;
	n = (size_t)p[1] << 16 | dissect_be16(p + 2);
	if (dissect_left(c) - 4 < n)
		return false;
	*type = p[0];
	*body = (struct cursor){ p + 4, p + 4 + n };
	c->p += 4 + n;
	return true;
}

/* A vector with a length of so many bytes before it. */
static bool
vector(struct cursor *c, size_t bytes, struct cursor *out)
{
	const uint8_t *p = dissect_take(c, bytes);
	size_t n;

	if (p == NULL)
		return false;
	n = bytes == 1 ? *p : dissect_be16(p);
	if ((p = dissect_take(c, n)) == NULL)
		return false;
	*out = (struct cursor){ p, p + n };
	return true;
}

static void
extension(unsigned type, struct cursor c, struct tls_hello *out)
{
	struct cursor list;

	switch (type) {
	case EXT_SNI: /* the first name, which is a host's: type 0 (RFC 6066, 3) */
		if (vector(&c, 2, &list) && dissect_take(&list, 1) != NULL)
			vector(&list, 2, &out->sni);
		break;
	case EXT_ALPN:
		if (vector(&c, 2, &list))
			out->alpn = list;
		break;
	case EXT_PARAMETERS:
	case EXT_PARAMETERS_DRAFT: out->parameters = c; break;
	default: break;
	}
}

static void
extensions(struct cursor c, struct tls_hello *out)
{
	struct cursor all, one;
	const uint8_t *p;

	if (!vector(&c, 2, &all))
		return;
	while ((p = dissect_take(&all, 2)) != NULL && vector(&all, 2, &one))
		extension(dissect_be16(p), one, out);
}

/* RFC 8446, 4.1.3: the random number of a HelloRetryRequest. */
static const uint8_t retry_random[32] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe,
	0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
	0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };

bool
dissect_tls_hello(unsigned type, struct cursor c, struct tls_hello *out)
{
	struct cursor skip;
	const uint8_t *p;

	*out = (struct tls_hello){ 0 };
	if (type == TLS_ENCRYPTED_EXTENSIONS) {
		extensions(c, out);
		return true;
	}
	if (dissect_take(&c, 2) == NULL || (out->random = dissect_take(&c, 32)) == NULL ||
	    !vector(&c, 1, &skip))
		return false;
	if (type == TLS_CLIENT_HELLO) {
		if (!vector(&c, 2, &out->suites) || !vector(&c, 1, &skip))
			return false;
	} else {
		if ((p = dissect_take(&c, 3)) == NULL)
			return false;
		out->suite = dissect_be16(p);
		out->again = memcmp(out->random, retry_random, sizeof retry_random) == 0;
	}
	extensions(c, out);
	return true;
}
