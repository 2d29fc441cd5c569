/*
 * Who looks on while packets are dissected: told of each packet of QUIC after its frames have been
 * read, of each TLS hello in it, and of each segment of TCP. A copy in an ICMP message is told to
 * nobody. Private to this folder; what looks on are dissect/plot.h and dissect/trace.h.
 *
 * Beside that, connections have numbers that only grow, from which who looks on sees what the
 * packet has brought: quic_side.stream_bytes, .flight, .rtt and .rtts. `flight` is kept up only
 * while somebody looks on.
 */
#ifndef PTH_DISSECT_WATCH_H
#define PTH_DISSECT_WATCH_H

#include "dissect/quic_priv.h"
#include "dissect/tls.h"

struct watched_quic {
	int64_t ns;                   /* since the epoch */
	const struct quic_conn *conn; /* NULL: none is known */
	/* Of Retry and Version Negotiation `level`, `number` and `plain` mean nothing. */
	const struct quic_packet *packet;
	uint64_t frame; /* number of the capture's packet */
	bool is_long, is_retry;
	uint32_t version; /* long; 0: Version Negotiation */
	struct cursor dcid, scid;
	struct cursor token;    /* of an Initial or a Retry packet */
	struct cursor versions; /* Version Negotiation: 4 bytes each */
	const struct path *at;
};

struct watched_tcp {
	int64_t ns;
	uint32_t stream; /* tcp.stream */
	int from;        /* 0: client, 1: server */
	uint32_t seq, n; /* n: payload */
	bool syn;
	uint32_t flight; /* sent by `from` and not acknowledged, with what is in this segment */
	uint32_t other_flight; /* the same of the other end, after this acknowledgement */
	int64_t rtt;           /* which this gives of what the other end has sent; -1: none */
	const struct path *at;
};

struct pth_watch {
	void *arg;
	/* Each may be NULL. */
	void (*quic)(void *arg, const struct watched_quic *q);
	/* Before the packet that it ends in. */
	void (*hello)(void *arg, const struct quic_conn *c, const struct quic_packet *p,
	    unsigned type, const struct tls_hello *h);
	void (*tcp)(void *arg, const struct watched_tcp *t);
};

#endif
