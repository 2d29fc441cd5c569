/*
 * What is counted over all packets of a capture. Times are in ns of the capture's clock, as the
 * packets were seen where the capture was made.
 *
 * Definitions (RFC 9000, 9001, 9002):
 *   handshake      from the client's first Initial to the client's first 1-RTT packet; then its
 *                  handshake is complete (RFC 9001, 4.1.1)
 *   confirmed      until the first HANDSHAKE_DONE (RFC 9001, 4.1.2)
 *   first byte     until the first byte of a stream that the server has sent
 *   data time      between the first and the last 1-RTT packet of servers
 *   sent by an end packets are whole QUIC packets, `bytes` their size in the datagram
 *   stream bytes   each byte of a stream once; `again` is what was sent another time
 *   lost           packets that ask for an acknowledgement and never got one, although one whose
 *                  number is 3 higher did (RFC 9002, 6.1.1)
 *   rtt            from a packet to the first acknowledgement that names it as its largest
 *                  (RFC 9002, 5.1), without the delay being taken off: of what an end has sent,
 *                  from the place of the capture to the other end and back
 *   smoothed       RFC 9002, 5.3, at the end of the connection that ends last
 *   times          that are below 0, for the clock was set back, are left out
 *   ack delay      as the other end says, of the acknowledgements that are in rtt
 */
#ifndef PTH_DISSECT_STAT_H
#define PTH_DISSECT_STAT_H

#include "dissect/span.h"

#include "dissect/field.h"

#define QUIC_VERSIONS_MAX 32

/* All packets. */
struct pth_frame_stat {
	uint64_t packets, bytes; /* bytes as on the wire */
	int64_t first, last;     /* ns */
	int64_t latest;          /* ns */
	uint64_t backwards; /* packets whose time is more than 10 ms before one that came before */
	uint64_t fragments; /* of IP datagrams; what is in them is not put together */
	uint64_t odd; /* headers that break off or lie: Wireshark may show more, or less, of them */
	uint64_t parts, least; /* packets that are stored in part, and the bytes of the shortest */
	struct {
		uint64_t packets, bytes; /* packets in which it is, whole */
	} protocol[PTH_NPROTOCOLS];
};

struct pth_quic_end {
	uint64_t packets, bytes, datagrams, largest;
	uint64_t stream_bytes, again_bytes, lost, undecrypted, updates;
	uint64_t ect0, ect1, ce;         /* as the other end has counted them, 1-RTT */
	struct samples rtt, delay, spin; /* spin: between two turns of the bit (RFC 9000, 17.4) */
	int64_t smoothed;
	bool ecn; /* the other end counts */
};

/* Names that were seen, each once. */
#define NAMES_MAX 16
struct pth_names {
	char v[NAMES_MAX][64];
	size_t n;
};

void pth_names_add(struct pth_names *s, const uint8_t *p, size_t n);

/* HTTP requests: HTTP/3 (RFC 9114), hq-interop, HTTP/1.1. */
struct pth_http_stat {
	uint64_t requests, responses, frames; /* frames: of HTTP/3 */
	uint64_t bytes, sent_bytes;           /* bodies that servers and clients have sent */
	uint64_t status[1000];                /* responses by their status */
	uint64_t unread;                      /* heads of which not all could be read */
};

struct pth_quic_stat {
	struct pth_names sni, alpn; /* what clients ask for, what servers have chosen */
	uint64_t connections, versions_seen;
	uint32_t versions[QUIC_VERSIONS_MAX];
	uint64_t handshake_packets, handshake_bytes, early_packets, early_bytes, retries,
	    negotiations;
	uint64_t paths, challenges, responses, datagram_frames;
	struct samples handshake, confirmed, first_byte;
	struct samples amplification;  /* thousandths: bytes sent for each received until valid */
	int64_t data_first, data_last; /* 0: none */
	bool closed, close_app;
	uint64_t close_code;
	char close_reason[128];
	struct pth_http_stat http;
	struct pth_quic_end end[2]; /* what clients and what servers have sent */
	const char *limit;          /* what could not be told apart for our limits, or NULL */
};

/* TCP (RFC 9293). A connection is what begins with a SYN. Retransmissions are those that
 * Wireshark's tcp.analysis.retransmission names: a segment whose bytes, SYN or FIN had been sent
 * before, and which is not merely out of order: that came within the first round trip (3 ms when
 * there is none) after the highest. rtt: from a segment to the first acknowledgement of its last
 * byte, when it was sent once. */
struct pth_tcp_end {
	uint64_t packets, bytes; /* bytes: payload, with what was sent again */
	uint64_t again, out_of_order, zero_window, resets;
	uint64_t undecrypted; /* records of which the keys are not known, or do not fit */
	struct samples rtt;
};

struct pth_tcp_stat {
	struct pth_http_stat http; /* HTTP/1.1 and HTTP/2, also within TLS */
	uint64_t tls;              /* connections that speak it */
	struct pth_names sni, alpn;
	uint64_t connections;
	struct samples handshake; /* from the first SYN to the client's first packet without SYN */
	int64_t data_first, data_last; /* segments with payload of servers */
	struct pth_tcp_end end[2];     /* what clients and what servers have sent */
	const char *limit;
};

#endif
