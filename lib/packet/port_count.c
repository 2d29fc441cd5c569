/* This file finds ports in frames, and counts them in memory that two processes share. */
#include "packet/port_count.h"

#include <netinet/in.h>
#include <sys/mman.h>

#define EXTENSIONS_MAX 8

enum { RECEIVED, SENT };

struct pth_port_count {
	struct pth_port_traffic v[2][65536][2]; /* by UDP or not, port, direction */
};

static unsigned
be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static bool
transport(unsigned protocol, const uint8_t *p, size_t n, struct pth_port_pair *to)
{
	if (n < 4 || (protocol != IPPROTO_UDP && protocol != IPPROTO_TCP))
		return false;
	*to = (struct pth_port_pair){ protocol == IPPROTO_UDP, (uint16_t)be16(p),
		(uint16_t)be16(p + 2) };
	return true;
}

static bool
ipv4(const uint8_t *p, size_t n, struct pth_port_pair *to)
{
	size_t header;

	if (n < 20 || p[0] >> 4 != 4)
		return false;
	header = (size_t)(p[0] & 15) * 4;
	if (header < 20 || header > n || (be16(p + 6) & 0x1fff) != 0)
		return false;
	return transport(p[9], p + header, n - header, to);
}

static bool
ipv6(const uint8_t *p, size_t n, struct pth_port_pair *to)
{
	unsigned next;

	if (n < 40 || p[0] >> 4 != 6)
		return false;
	next = p[6];
	p += 40;
	n -= 40;
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		size_t size = 8;

		switch (next) {
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS: size = n >= 2 ? ((size_t)p[1] + 1) * 8 : 8; break;
		case IPPROTO_FRAGMENT:
			if (n >= 4 && (be16(p + 2) & 0xfff8) != 0)
				return false;
			break;
		default: return transport(next, p, n, to);
		}
		if (size > n)
			return false;
		next = p[0];
		p += size;
		n -= size;
	}
	return false;
}

bool
pth_port_pair(const void *frame, size_t n, struct pth_port_pair *to)
{
	const uint8_t *p = frame;
	size_t at = 12; /* of the EtherType */
	unsigned type = 0;

	for (int tags = 0; tags <= 2; tags++, at += 4) {
		if (n < at + 2)
			return false;
		type = be16(p + at);
		if (type != 0x8100 && type != 0x88a8)
			break;
	}
	at += 2;
	if (at > n)
		return false;
	return type == 0x0800 ? ipv4(p + at, n - at, to) :
	                        type == 0x86dd && ipv6(p + at, n - at, to);
}

struct pth_port_count *
pth_port_count_new(void)
{
	struct pth_port_count *t = mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return t == MAP_FAILED ? NULL : t;
}

void
pth_port_count_free(struct pth_port_count *t)
{
	if (t != NULL)
		munmap(t, sizeof *t);
}

static void
add(struct pth_port_traffic *c, size_t len)
{
	/* No other writer, but a reader in another process. */
	__atomic_store_n(&c->packets, c->packets + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&c->bytes, c->bytes + len, __ATOMIC_RELAXED);
}

void
pth_port_count_frame(struct pth_port_count *t, const void *frame, size_t n, size_t len)
{
	struct pth_port_pair p;

	if (t == NULL || !pth_port_pair(frame, n, &p))
		return;
	add(&t->v[p.udp][p.from][SENT], len);
	add(&t->v[p.udp][p.to][RECEIVED], len);
}

void
pth_port_count_read(const struct pth_port_count *t, bool udp, uint16_t port,
    struct pth_port_traffic *sent, struct pth_port_traffic *received)
{
	const struct pth_port_traffic *c = t->v[udp][port];

	sent->packets = __atomic_load_n(&c[SENT].packets, __ATOMIC_RELAXED);
	sent->bytes = __atomic_load_n(&c[SENT].bytes, __ATOMIC_RELAXED);
	received->packets = __atomic_load_n(&c[RECEIVED].packets, __ATOMIC_RELAXED);
	received->bytes = __atomic_load_n(&c[RECEIVED].bytes, __ATOMIC_RELAXED);
}
