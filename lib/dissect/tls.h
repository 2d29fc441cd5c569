/*
 * Messages of the TLS 1.3 handshake (RFC 8446, 4), as QUIC and TCP carry them. Private to this
 * folder.
 */
#ifndef PTH_DISSECT_TLS_H
#define PTH_DISSECT_TLS_H

#include "dissect/priv.h"

enum { TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2, TLS_ENCRYPTED_EXTENSIONS = 8 };

/* What a hello says; pointers are into the message. */
struct tls_hello {
	const uint8_t *random;               /* 32 bytes */
	unsigned suite;                      /* ServerHello: the one that was chosen */
	bool again;                          /* ServerHello: a HelloRetryRequest */
	struct cursor suites;                /* ClientHello */
	struct cursor sni, alpn, parameters; /* empty: not there; of QUIC: transport parameters */
};

/* The next message of a stream; false: it is not there as a whole. */
bool dissect_tls_message(struct cursor *c, unsigned *type, struct cursor *body);
/* False: the body is not what the type says. */
bool dissect_tls_hello(unsigned type, struct cursor body, struct tls_hello *out);

#endif
