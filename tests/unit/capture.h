/*
 * Packets and capture files that tests write, byte by byte. A buffer is released by the caller.
 *
 *	struct pth_buf p = PTH_BUF_INIT;
 *	put_udp(&p, "10.0.0.1", 1000, "10.0.0.2", 443, payload, n);
 */
#ifndef PTH_UNIT_CAPTURE_H
#define PTH_UNIT_CAPTURE_H

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"

/* n bytes of a number, the highest first. */
static inline void
put_be(struct pth_buf *b, uint64_t v, int n)
{
	while (n-- > 0)
		pth_buf_addc(b, (char)(v >> 8 * n));
}

/* The same, the lowest first. */
static inline void
put_le(struct pth_buf *b, uint64_t v, int n)
{
	for (; n-- > 0; v >>= 8)
		pth_buf_addc(b, (char)v);
}

static inline void
put_zeros(struct pth_buf *b, size_t n)
{
	memset(pth_buf_room(b, n), 0, n);
	b->len += n;
	b->s[b->len] = '\0';
}

/* Bytes as hexadecimal digits; blanks are left out. */
static inline void
put_hex(struct pth_buf *b, const char *s)
{
	char two[3] = "";

	for (; *s != '\0'; s++) {
		if (*s == ' ' || *s == '\n')
			continue;
		two[0] = *s++;
		two[1] = *s;
		pth_buf_addc(b, (char)strtoul(two, NULL, 16));
	}
}

/* ---- packets */

/* An IP packet: IPv6 when the addresses have colons. */
static inline void
put_ip(
    struct pth_buf *b, unsigned protocol, const char *from, const char *to, const void *p, size_t n)
{
	bool v6 = strchr(from, ':') != NULL;
	uint8_t address[16];

	if (v6) {
		put_be(b, 0x60000000, 4);
		put_be(b, n, 2);
		put_be(b, protocol, 1);
		put_be(b, 64, 1);
	} else {
		put_be(b, 0x4500, 2);
		put_be(b, n + 20, 2);
		put_be(b, 0x00074000, 4);
		put_be(b, 64, 1);
		put_be(b, protocol, 1);
		put_be(b, 0, 2);
	}
	inet_pton(v6 ? AF_INET6 : AF_INET, from, address);
	pth_buf_add(b, address, v6 ? 16 : 4);
	inet_pton(v6 ? AF_INET6 : AF_INET, to, address);
	pth_buf_add(b, address, v6 ? 16 : 4);
	pth_buf_add(b, p, n);
}

static inline void
put_ether(struct pth_buf *b, unsigned type)
{
	put_hex(b, "020000000001 020000000002");
	put_be(b, type, 2);
}

/* ... in Ethernet. */
static inline void
put_ether_ip(
    struct pth_buf *b, unsigned protocol, const char *from, const char *to, const void *p, size_t n)
{
	put_ether(b, strchr(from, ':') != NULL ? 0x86dd : 0x0800);
	put_ip(b, protocol, from, to, p, n);
}

/* The datagram alone. */
static inline void
put_udp_only(struct pth_buf *b, unsigned from, unsigned to, const void *p, size_t n)
{
	put_be(b, from, 2);
	put_be(b, to, 2);
	put_be(b, n + 8, 2);
	put_be(b, 0, 2);
	pth_buf_add(b, p, n);
}

static inline void
put_udp(struct pth_buf *b, const char *from, unsigned from_port, const char *to, unsigned to_port,
    const void *p, size_t n)
{
	struct pth_buf d = PTH_BUF_INIT;

	put_udp_only(&d, from_port, to_port, p, n);
	put_ether_ip(b, 17, from, to, d.s, d.len);
	pth_buf_release(&d);
}

/* A segment with n bytes of zeroes. */
struct segment {
	unsigned from, to;
	uint32_t seq, ack;
	unsigned flags, window, n;
};

static inline void
put_tcp(struct pth_buf *b, const char *from, const char *to, const struct segment *g)
{
	struct pth_buf d = PTH_BUF_INIT;

	put_be(&d, g->from, 2);
	put_be(&d, g->to, 2);
	put_be(&d, g->seq, 4);
	put_be(&d, g->ack, 4);
	put_be(&d, 0x5000 | g->flags, 2);
	put_be(&d, g->window, 2);
	put_be(&d, 0, 4);
	put_zeros(&d, g->n);
	put_ether_ip(b, 6, from, to, d.s, d.len);
	pth_buf_release(&d);
}

/* ---- files. big: of the byte order that has the highest byte first. */

static inline void
put_int(struct pth_buf *b, bool big, uint64_t v, int n)
{
	if (big)
		put_be(b, v, n);
	else
		put_le(b, v, n);
}

/* pcap with times in ns. */
static inline void
put_pcap(struct pth_buf *b, bool big, unsigned link)
{
	const uint32_t head[] = { 0xa1b23c4d, big ? 2 << 16 | 4 : 4 << 16 | 2, 0, 0, 262144, link };

	for (size_t i = 0; i < countof(head); i++)
		put_int(b, big, head[i], 4);
}

/* A packet of pcap, of which `stored` bytes are in the file. */
static inline void
put_packet(struct pth_buf *b, bool big, int64_t ns, const struct pth_buf *packet, size_t stored)
{
	put_int(b, big, (uint64_t)ns / 1000000000, 4);
	put_int(b, big, (uint64_t)ns % 1000000000, 4);
	put_int(b, big, stored, 4);
	put_int(b, big, packet->len, 4);
	pth_buf_add(b, packet->s, stored);
}

/* A block of pcapng: its body is filled up to a multiple of 4 bytes. */
static inline void
put_block(struct pth_buf *b, bool big, uint32_t type, const struct pth_buf *body)
{
	size_t more = -body->len % 4, n = 12 + body->len + more;

	put_int(b, big, type, 4);
	put_int(b, big, n, 4);
	pth_buf_add(b, body->s, body->len);
	put_zeros(b, more);
	put_int(b, big, n, 4);
}

static inline void
put_section(struct pth_buf *b, bool big)
{
	struct pth_buf x = PTH_BUF_INIT;

	put_int(&x, big, 0x1a2b3c4d, 4);
	put_int(&x, big, 1, 2);
	put_int(&x, big, 0, 2);
	put_int(&x, big, UINT64_MAX, 8);
	put_block(b, big, 0x0a0d0d0a, &x);
	pth_buf_release(&x);
}

/* tsresol: 9 is ns. tsoffset in s. */
static inline void
put_interface(
    struct pth_buf *b, bool big, unsigned link, uint32_t snap, unsigned tsresol, int64_t tsoffset)
{
	struct pth_buf x = PTH_BUF_INIT;

	put_int(&x, big, link, 2);
	put_int(&x, big, 0, 2);
	put_int(&x, big, snap, 4);
	put_int(&x, big, 9, 2);
	put_int(&x, big, 1, 2);
	put_be(&x, tsresol << 24, 4);
	if (tsoffset != 0) {
		put_int(&x, big, 14, 2);
		put_int(&x, big, 8, 2);
		put_int(&x, big, (uint64_t)tsoffset, 8);
	}
	put_int(&x, big, 0, 4);
	put_block(b, big, 1, &x);
	pth_buf_release(&x);
}

/* A packet of an interface, with its time in units of the interface. */
static inline void
put_enhanced(struct pth_buf *b, bool big, unsigned interface, uint64_t units,
    const struct pth_buf *packet, size_t stored)
{
	struct pth_buf x = PTH_BUF_INIT;

	put_int(&x, big, interface, 4);
	put_int(&x, big, units >> 32, 4);
	put_int(&x, big, units & UINT32_MAX, 4);
	put_int(&x, big, stored, 4);
	put_int(&x, big, packet->len, 4);
	pth_buf_add(&x, packet->s, stored);
	put_block(b, big, 6, &x);
	pth_buf_release(&x);
}

static inline void
put_secrets(struct pth_buf *b, bool big, const char *log)
{
	struct pth_buf x = PTH_BUF_INIT;

	put_int(&x, big, 0x544c534b, 4);
	put_int(&x, big, strlen(log), 4);
	pth_buf_adds(&x, log);
	put_block(b, big, 10, &x);
	pth_buf_release(&x);
}

/* A section with an Ethernet interface whose times are in ns. */
static inline void
put_begin(struct pth_buf *b)
{
	put_section(b, false);
	put_interface(b, false, 1, 0, 9, 0);
}

#endif
