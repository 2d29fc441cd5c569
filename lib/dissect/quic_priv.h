/* What QUIC's files share. */
#ifndef PTH_DISSECT_QUIC_PRIV_H
#define PTH_DISSECT_QUIC_PRIV_H

#include "dissect/quic.h"
#include "dissect/table.h"

struct quic {
	struct quic_conn **v;
	size_t n;
	uint32_t begun;          /* connections until now */
	struct table ids, paths; /* to takers: connection and end */
	uint8_t id_lengths[CID_MAX + 1];
	struct pth_quic_stat stat;
	uint8_t plain[65536]; /* payloads of a datagram's packets, one after the other */
	size_t used;
	size_t datagram; /* its bytes, until a packet has them */
	bool told;       /* the number of the datagram's connection is among the fields */
};

struct quic_conn *dissect_quic_conn_of_path(
    struct quic *q, const struct path *at, enum quic_role *from);
void dissect_quic_conn_path(
    struct quic *q, struct quic_conn *c, enum quic_role from, const struct path *at);

/* ---- keys of connections: quic_secret.c */

/* Keys of Initial packets, from the id that the client has chosen as its destination. */
void dissect_quic_keys_initial(struct quic_conn *c, uint32_t version, const uint8_t *id, size_t n);
/* The connection goes on in another version: its keys have other labels. */
void dissect_quic_keys_version(struct quic_conn *c, uint32_t version);
/* What protects the headers of this end's packets; NULL: not known. */
struct quic_keys *dissect_quic_keys_of(
    struct pth_dissect *d, struct quic_conn *c, enum quic_role from, enum quic_level level);
/* Decrypts, with keys of the next phase if need be. head: n bytes without protection. */
int dissect_quic_keys_open(struct quic_conn *c, const struct quic_packet *p, const uint8_t *head,
    size_t n, const uint8_t *in, size_t nin, uint8_t *out);
/* What TLS says: the client's random number, the cipher suite. */
void dissect_quic_keys_random(struct quic_conn *c, const uint8_t random[32]);
void dissect_quic_keys_suite(struct quic_conn *c, unsigned suite);

/* ---- frames: quic_frame.c */

/* All frames of a packet. False: they are not what frames may be; what came before is known. */
bool dissect_quic_frames(struct pth_dissect *d, struct quic_conn *c, struct quic_packet *p);

/* ---- TLS in CRYPTO frames: quic_tls.c */

/* A part of the stream of CRYPTO frames of a level. */
void dissect_quic_crypto(struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p,
    uint64_t offset, const uint8_t *data, size_t n);
void dissect_quic_crypto_release(struct quic_conn *c);

/* ---- what is counted: quic_stat.c */

struct quic_ack {
	uint64_t largest, delay; /* delay: as in the frame, to be shifted by the exponent */
	bool ecn;
	uint64_t ect0, ect1, ce;
};

struct quic_stream_part {
	uint64_t id, offset, n;
	uint64_t fresh; /* bytes that had not come before */
	bool fin;
	const uint8_t *p;
};

struct quic_close {
	bool app;
	uint64_t code, n;
	const uint8_t *reason; /* n bytes */
};

void dissect_quic_version_seen(struct pth_dissect *d, uint32_t version);
/* A frame of that type is in the packet. */
void dissect_quic_frame_seen(struct pth_dissect *d, struct quic_packet *p, uint64_t type);
/* Packets with these numbers were acknowledged, the last with them. */
void dissect_quic_acked(
    struct quic_conn *c, const struct quic_packet *p, uint64_t from, uint64_t to);
void dissect_quic_ack_seen(struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p,
    const struct quic_ack *a);
void dissect_quic_stream_seen(struct pth_dissect *d, struct quic_conn *c,
    const struct quic_packet *p, struct quic_stream_part *part);
void dissect_quic_closed(struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p,
    const struct quic_close *close);
struct tls_hello;
void dissect_quic_hello_seen(struct pth_dissect *d, struct quic_conn *c,
    const struct quic_packet *p, unsigned type, const struct tls_hello *h);
/* A packet was read, with or without its contents. */
void dissect_quic_packet_seen(
    struct pth_dissect *d, struct quic_conn *c, struct quic_packet *p, const struct path *at);
/* The connection comes to its end, for us: it is counted, and what was kept for that is free. */
void dissect_quic_conn_over(struct pth_quic_stat *s, struct quic_conn *c);

/* ---- packets that wait for an acknowledgement: quic_sent.c */

void dissect_quic_sent_add(
    struct pth_dissect *d, struct quic_conn *c, const struct quic_packet *p, bool eliciting);
/* The packet p has an acknowledgement with this largest number: the time since that was sent, or
 * false when it gives none. */
bool dissect_quic_sent_rtt(
    struct quic_conn *c, const struct quic_packet *p, uint64_t largest, int64_t now, int64_t *rtt);
/* The keys of these packets are gone, and what waits for an acknowledgement waits no more (RFC
 * 9002, 6.4). */
void dissect_quic_sent_forget(struct quic_side *side, enum quic_level level);
void dissect_quic_sent_release(struct quic_side *side, struct pth_quic_end *end);

#endif
