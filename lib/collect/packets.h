/*
 * What the packets of a capture say: counted line by line from tshark's
 * fields, so memory grows with connections and protocols, not with packets.
 *
 *   struct packets p = { 0 };
 *   for each line: collect_packets_line(&p, line);
 *   collect_packets_json(&p, metrics);
 *   collect_packets_release(&p);
 *
 * The text is not trusted: a field that is not a number counts as absent.
 *
 * Definitions (RFC 9000, 9001, 9114):
 *   client       who sent the first Initial (TCP: the first SYN) of a connection
 *   handshake    from the client's first Initial to the client's first 1-RTT
 *                packet: then its handshake is complete (RFC 9001, 4.1.1). Seen
 *                without keys, because a short header is not encrypted. TCP:
 *                from the first SYN to the client's first packet without SYN.
 *                With several connections: the median of those that completed.
 *   confirmed    until the first HANDSHAKE_DONE (RFC 9001, 4.1.2); needs keys
 *   data time    first to last 1-RTT packet sent by servers (TCP: segments
 *                with payload). Repeated packets make it longer and never
 *                count as data.
 *   frames       HTTP/3 frames (RFC 9114, 7.2) that could be decrypted
 */
#ifndef PTH_COLLECT_PACKETS_H
#define PTH_COLLECT_PACKETS_H

#include <stdbool.h>
#include <stdint.h>

#include "io/json.h"

#define PTH_PACKETS_CONNS 65536 /* connections told apart, each of QUIC and TCP */
#define PTH_PACKETS_NAMES 512   /* protocols told apart */
#define PTH_PACKETS_VERSIONS 32

/* The fields, in the order collect_packets_line() expects them, for `tshark -e`;
 * NULL-terminated. Separated by tabs, several values of one by commas. */
extern const char *const collect_packets_fields[];

/* A connection; times in ns of the capture's clock, 0: not seen. */
struct packets_conn {
	int64_t start, done, confirmed;
	uint64_t server; /* hash of the server's address and port */
};

struct packets_conns {
	struct packets_conn *v;
	size_t n;
};

struct protocol_count {
	char *name;
	int64_t packets, bytes;
	int64_t last; /* packet that counted last, so that each counts once */
};

struct packets_tap {
	const char *filter; /* borrowed */
	int64_t packets;    /* -1: not seen */
};

struct packets {
	int64_t packets, bytes, first, last; /* ns */
	int64_t data_first, data_last;
	int64_t http3_frames, retransmissions;
	struct packets_conns quic, tcp;
	struct protocol_count *protos;
	size_t nprotos;
	uint32_t versions[PTH_PACKETS_VERSIONS];
	size_t nversions;
	/* Display filters counted in the same pass (-z io,phs,FILTER): set by
	 * the caller. */
	struct packets_tap *taps;
	size_t ntaps;
	struct packets_tap *tap; /* whose table is being read */
	int64_t parts;           /* packets that are stored in part */
	int64_t least;           /* bytes that are stored of one of these */
	const char *limit;       /* what could not be told apart for our limits, or NULL */
};

/* One line of output, without its newline; cut up in place. */
void collect_packets_line(struct packets *p, char *line);
/* Add packets, bytes, captured_us, protocols, quic, tcp to metrics, and the data time
 * for pth_metric_transfer(), which takes it out again. */
#define COLLECT_DATA_US "data_us"
void collect_packets_json(const struct packets *p, json_t *metrics);
void collect_packets_release(struct packets *p);

#endif
