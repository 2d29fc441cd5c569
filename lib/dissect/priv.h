/* What the files of this folder share while they dissect a packet. */
#ifndef PTH_DISSECT_PRIV_H
#define PTH_DISSECT_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "dissect/dissect.h"
#include "dissect/stat.h"
#include "dissect/table.h"

struct keylog;
struct quic;
struct tcp;

/* Bytes that are read from the front; what is not there is never read. */
struct cursor {
	const uint8_t *p, *end;
};

static inline size_t
dissect_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

/* The next n bytes, or NULL when there are not so many, and then all of the rest is used up. */
static inline const uint8_t *
dissect_take(struct cursor *c, size_t n)
{
	const uint8_t *p = c->p;

	if (dissect_left(c) < n) {
		c->p = c->end;
		return NULL;
	}
	c->p += n;
	return p;
}

static inline unsigned
dissect_be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static inline uint32_t
dissect_be32(const uint8_t *p)
{
	return (uint32_t)dissect_be16(p) << 16 | dissect_be16(p + 2);
}

/* An end of a connection. */
struct endpoint {
	uint8_t address[16]; /* IPv4: the first 4, then zeroes */
	uint16_t port;
	uint8_t n; /* bytes of the address */
	uint8_t zero;
};

/* Where a payload was found. */
struct path {
	struct endpoint from, to;
	uint8_t ecn;
	uint8_t depth; /* how many ICMP messages are around it */
	bool within;   /* in an ICMP message: it is a copy of something that was sent before */
	bool fragment; /* a part of a datagram, without the rest */
};

struct pth_dissect {
	struct pth_dissect_how how;
	const struct pth_frame *frame;
	struct pth_value *v; /* fields of the packet */
	size_t n, cap;
	int64_t last;             /* time of the packet before */
	struct table udp;         /* pairs of ends to udp.stream */
	uint32_t udp_pairs;       /* of them until now */
	const char *limit;        /* what was given up for want of room, or NULL */
	struct pth_buf protocols; /* of the packet, separated by colons */
	struct pth_arena copies;  /* of bytes of its fields */
	struct pth_frame_stat stat;
	uint64_t counted[PTH_NPROTOCOLS]; /* number of the packet that counted last */
	struct keylog *keys;
	uint64_t keys_seen; /* how many logs were added */
	struct quic *quic;
	struct tcp *tcp;
};

/* A field of the packet. What p is has to live as long as the packet. */
void dissect_uint(struct pth_dissect *d, enum pth_field f, uint64_t u);
void dissect_bytes(struct pth_dissect *d, enum pth_field f, const uint8_t *p, size_t n);
/* The same of bytes that do not live so long. */
void dissect_bytes_copied(struct pth_dissect *d, enum pth_field f, const uint8_t *p, size_t n);
/* Something is not as it should be, and is not read. */
void dissect_odd(struct pth_dissect *d);
/* The protocol of what comes next. */
void dissect_protocol(struct pth_dissect *d, enum pth_field protocol);
/* What a port of the path speaks; PTH_F_DATA: nobody has said. */
enum pth_field dissect_spoken(const struct pth_dissect *d, bool udp, const struct path *at);

/* The link layer and all above it. */
void dissect_link(struct pth_dissect *d);
void dissect_ip(struct pth_dissect *d, struct cursor c, const struct path *around);
void dissect_ipv6(struct pth_dissect *d, struct cursor c, const struct path *around);
/* The payload of IP: what protocol it has, the bytes there and the bytes that were sent. */
void dissect_transport(
    struct pth_dissect *d, unsigned protocol, struct cursor c, size_t sent, struct path *at);
void dissect_udp(struct pth_dissect *d, struct cursor c, struct path *at);
void dissect_tcp(struct pth_dissect *d, struct cursor c, size_t sent, struct path *at);

#endif
