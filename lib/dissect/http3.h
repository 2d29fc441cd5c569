/*
 * HTTP over QUIC's streams: HTTP/3 (RFC 9114) and hq-interop, HTTP/0.9 as the interop runners use
 * it. Private to this folder.
 */
#ifndef PTH_DISSECT_HTTP3_H
#define PTH_DISSECT_HTTP3_H

#include "dissect/quic_priv.h"
#include "dissect/stream.h"

enum http_alpn { ALPN_NONE, ALPN_H3, ALPN_HQ };

/* What of a stream has been read. */
struct http3 {
	struct stream stream;
	bool typed, over;  /* an unidirectional stream's type is known; no more is wanted */
	bool framed, data; /* HTTP/3: it has frames; the last is DATA */
	uint64_t type;
};

enum http_alpn dissect_http3_alpn(struct cursor name);
/* A part of a stream has come. */
void dissect_http3_part(struct pth_dissect *d, enum http_alpn alpn, enum quic_role from,
    struct http3 **stream, const struct quic_stream_part *part);
/* The stream is over: what was counted in advance and never came is taken back, and s is free. */
void dissect_http3_over(struct pth_http_stat *stat, enum quic_role from, struct http3 *s);

#endif
