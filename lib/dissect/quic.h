/*
 * QUIC: connections and their packets (RFC 9000, 9001, 9221, 9369, draft-29). Private to this
 * folder.
 */
#ifndef PTH_DISSECT_QUIC_H
#define PTH_DISSECT_QUIC_H

#include "dissect/priv.h"
#include "dissect/quic_keys.h"
#include "dissect/stat.h"

#define CID_MAX 20
#define QUIC_CRYPTO_MAX 16384 /* of a level's stream that is looked at */

struct cid {
	uint8_t n, v[CID_MAX];
};

/* Levels of encryption; packet numbers of 0-RTT and 1-RTT are of one space. */
enum quic_level { QUIC_INITIAL, QUIC_0RTT, QUIC_HANDSHAKE, QUIC_1RTT, QUIC_LEVELS };

/* Who has sent a packet. */
enum quic_role { QUIC_CLIENT, QUIC_SERVER };

/* A packet that was read from a datagram. */
struct quic_packet {
	enum quic_level level;
	enum quic_role from;
	uint64_t number;
	const uint8_t *plain; /* payload without protection, or NULL */
	size_t n, size;       /* bytes of it, and of the packet in the datagram */
	size_t datagram;      /* bytes of the datagram; 0: another packet of it was before */
	bool within;          /* a copy in an ICMP message: it counts for nothing */
	bool spin;            /* the bit, of a short header */
	bool eliciting, done; /* it asks for an acknowledgement; it has a HANDSHAKE_DONE */
};

/* What one end sends. */
struct quic_side {
	struct quic_secret secret[QUIC_LEVELS]; /* of 1-RTT: of the phase at hand */
	struct quic_keys *keys[QUIC_LEVELS];    /* ... of 1-RTT: those that protect headers */
	struct quic_keys *before, *open, *next; /* 1-RTT: phases, that at hand in the middle */
	bool phase;
	uint32_t updates;
	uint64_t tried_at[QUIC_LEVELS]; /* how many key logs there were when none was found */
	struct {
		uint64_t largest;
		bool any;
	} space[QUIC_LEVELS];
	struct quic_crypto *crypto[QUIC_LEVELS];
	struct quic_sent *sent[QUIC_LEVELS]; /* packets that may be acknowledged; not of 0-RTT */
	struct quic_stream *streams;
	size_t nstreams;
	uint64_t ect0, ect1, ce; /* the greatest that the other end has said */
	int64_t smoothed;
	/* What it has sent until now: bytes of streams, each once; bytes of packets that wait for
	 * an acknowledgement (dissect/watch.h); the last round trip, and how many there were. */
	uint64_t stream_bytes, flight;
	int64_t rtt;
	uint64_t rtts;
	bool spin; /* the last spin bit, and when it came to be so; 0: not yet */
	int64_t spin_ns;
	uint8_t id_bytes[CID_MAX + 1]; /* how many ids of that length the end has chosen */
};

/* The stream of CRYPTO frames of a level, until the messages that are wanted have been read. */
struct quic_crypto {
	struct pth_buf b;                  /* from the stream's begin */
	uint8_t have[QUIC_CRYPTO_MAX / 8]; /* a bit a byte of b */
	size_t read;                       /* bytes of whole messages that were read */
	bool over;                         /* nothing more is wanted */
};

struct quic_conn {
	uint32_t number; /* quic.connection.number */
	uint32_t place;  /* among those that are kept */
	uint32_t version;
	uint64_t last;  /* the number of the last packet of its */
	bool closed;    /* an end has said so */
	unsigned suite; /* 0: not known yet */
	uint8_t random[32];
	bool has_random, retried, seen;             /* seen: a packet counts */
	struct cid first;                           /* the client's first destination: ODCID */
	struct cid initial;                         /* from which the keys of Initial packets are */
	struct endpoint end[2];                     /* of client and server */
	int64_t start, done, confirmed, first_byte; /* 0: not yet */
	bool valid;                                 /* the client's address is (RFC 9000, 8.1) */
	uint64_t got, given;   /* bytes of datagrams that the server got and sent until then */
	int alpn;              /* enum http_alpn */
	unsigned ack_shift[2]; /* ack_delay_exponent of what an end says */
	struct quic_side side[2];
};

struct quic;

struct quic *dissect_quic_new(void);
void dissect_quic_free(struct quic *q);
/* All connections come to their end. */
struct pth_quic_stat *dissect_quic_over(struct quic *q);
/* What has been counted until now. */
struct pth_quic_stat *dissect_quic_stat(struct quic *q);
/* Connections are given up, dissect/quiet.h, to make room; none may be in use. */
void dissect_quic_make_room(struct quic *q);
/* Is this datagram QUIC's, by its shape or because a connection is known for it? */
bool dissect_quic_is_shape(struct quic *q, const struct cursor *c, const struct path *at);
void dissect_quic_datagram(struct pth_dissect *d, struct cursor c, const struct path *at);

/* ---- connections: quic_conn.c */

/* The connection of a packet to this id (of a short header: the id's length is found, too), on
 * this path. NULL: none is known. */
struct quic_conn *dissect_quic_conn_of_id(
    struct quic *q, const uint8_t *id, size_t n, const struct path *at, enum quic_role *from);
struct quic_conn *dissect_quic_conn_of_short(
    struct quic *q, const struct cursor *c, const struct path *at, enum quic_role *from, size_t *n);
/* One that this path's first Initial begins, with the packet of that number. */
struct quic_conn *dissect_quic_conn_begin(
    struct quic *q, const struct path *at, uint32_t version, uint64_t packet);
/* An end takes packets that are sent to this id. */
void dissect_quic_conn_takes(
    struct quic *q, struct quic_conn *c, enum quic_role end, const uint8_t *id, size_t n);

/* A variable-length integer (RFC 9000, 16). */
bool dissect_quic_varint(struct cursor *c, uint64_t *v);

#endif
