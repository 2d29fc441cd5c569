/* This file dissects link layers, IPv4 and IPv6. */
#include <netinet/in.h>
#include <string.h>

#include "dissect/priv.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8
#define ETHERTYPE_IPV6 0x86dd
#define EXTENSIONS_MAX 16
#define VLANS_MAX 64
#define ICMP_MAX 8
#define ETHERTYPE_MIN 1501 /* less is a length, of IEEE 802.3 */

static void
by_ethertype(struct pth_dissect *d, unsigned type, struct cursor c)
{
	const uint8_t *p;

	for (int i = 0; i < VLANS_MAX && (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ); i++) {
		bool service = type == ETHERTYPE_QINQ; /* of 802.1ad: has fields of its own */

		if ((p = dissect_take(&c, 4)) == NULL) {
			dissect_odd(d);
			return;
		}
		type = dissect_be16(p + 2);
		if (service)
			continue;
		dissect_protocol(d, PTH_F_VLAN);
		dissect_uint(d, PTH_F_VLAN_PRIORITY, p[0] >> 5);
		dissect_uint(d, PTH_F_VLAN_ID, dissect_be16(p) & 0xfff);
		dissect_uint(d, PTH_F_VLAN_ETYPE, type);
	}
	if (type == ETHERTYPE_IPV4)
		dissect_ip(d, c, NULL);
	else if (type == ETHERTYPE_IPV6)
		dissect_ipv6(d, c, NULL);
	else if (type == ETHERTYPE_ARP)
		dissect_protocol(d, PTH_F_ARP);
	else if (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ)
		dissect_odd(d);
}

static void
ethernet(struct pth_dissect *d, struct cursor c)
{
	const uint8_t *p = dissect_take(&c, 14);

	if (p == NULL)
		return;
	dissect_protocol(d, PTH_F_ETH);
	dissect_bytes(d, PTH_F_ETH_DST, p, 6);
	dissect_bytes(d, PTH_F_ETH_SRC, p + 6, 6);
	if (dissect_be16(p + 12) < ETHERTYPE_MIN)
		return;
	dissect_uint(d, PTH_F_ETH_TYPE, dissect_be16(p + 12));
	by_ethertype(d, dissect_be16(p + 12), c);
}

/* Linux "cooked" captures: the EtherType is at the end of the first form's head, and at the
 * begin of the second's. */
static void
cooked(struct pth_dissect *d, struct cursor c, size_t head, size_t type)
{
	const uint8_t *p = dissect_take(&c, head);

	if (p == NULL)
		return;
	dissect_protocol(d, PTH_F_SLL);
	by_ethertype(d, dissect_be16(p + type), c);
}

static void
raw(struct pth_dissect *d, struct cursor c)
{
	if (dissect_left(&c) == 0)
		return;
	dissect_protocol(d, PTH_F_RAW);
	if (*c.p >> 4 == 4)
		dissect_ip(d, c, NULL);
	else if (*c.p >> 4 == 6)
		dissect_ipv6(d, c, NULL);
}

/* BSD's loopback: an address family in the byte order of who captured; AF_INET is 2
 * everywhere, AF_INET6 is 10, 24, 28 or 30. LOOP has it in network byte order. */
static void
loopback(struct pth_dissect *d, struct cursor c)
{
	const uint8_t *p = dissect_take(&c, 4);
	uint32_t family;

	if (p == NULL)
		return;
	dissect_protocol(d, PTH_F_NULL);
	family = dissect_be32(p);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	if (family == 2)
		dissect_ip(d, c, NULL);
	else if (family == 10 || family == 24 || family == 28 || family == 30)
		dissect_ipv6(d, c, NULL);
}

void
dissect_link(struct pth_dissect *d)
{
	struct cursor c = { d->frame->p, d->frame->p + d->frame->cap };

	switch (d->frame->link) {
	case PTH_LINK_ETHERNET: ethernet(d, c); break;
	case PTH_LINK_SLL: cooked(d, c, 16, 14); break;
	case PTH_LINK_SLL2: cooked(d, c, 20, 0); break;
	case PTH_LINK_NULL:
	case PTH_LINK_LOOP: loopback(d, c); break;
	case PTH_LINK_RAW_OLD:
	case PTH_LINK_RAW:
	case PTH_LINK_IPV4:
	case PTH_LINK_IPV6: raw(d, c); break;
	default: break;
	}
}

static void
address(struct endpoint *e, const uint8_t *p, uint8_t n)
{
	memcpy(e->address, p, n);
	e->n = n;
}

/* No more than the length of the packet: behind it the link may have put padding. */
static size_t
shorten(struct cursor *c, size_t all, size_t head)
{
	size_t sent = all > head ? all - head : 0;

	if (dissect_left(c) > sent)
		c->end = c->p + sent;
	return sent;
}

static uint8_t
depth_of(const struct path *around)
{
	return around != NULL ? (uint8_t)(around->depth + 1) : 0;
}

void
dissect_ip(struct pth_dissect *d, struct cursor c, const struct path *around)
{
	struct path at = { .within = around != NULL, .depth = depth_of(around) };
	const uint8_t *p = c.p;
	size_t head, sent, all;
	unsigned part;

	if (dissect_left(&c) < 20 || p[0] >> 4 != 4 || (head = (size_t)(p[0] & 15) * 4) < 20 ||
	    head > dissect_left(&c)) {
		dissect_odd(d);
		return;
	}
	/* A length of 0 is of who leaves the segmentation to the network card. */
	all = dissect_be16(p + 2) != 0 ? dissect_be16(p + 2) :
	                                 dissect_left(&c) + (d->frame->len - d->frame->cap);
	dissect_protocol(d, PTH_F_IP);
	at.ecn = p[1] & 3;
	part = dissect_be16(p + 6);
	dissect_uint(d, PTH_F_IP_VERSION, 4);
	dissect_uint(d, PTH_F_IP_HDR_LEN, head);
	dissect_uint(d, PTH_F_IP_DSCP, p[1] >> 2);
	dissect_uint(d, PTH_F_IP_ECN, at.ecn);
	dissect_uint(d, PTH_F_IP_LEN, all);
	dissect_uint(d, PTH_F_IP_ID, dissect_be16(p + 4));
	dissect_uint(d, PTH_F_IP_DF, (part & 0x4000) != 0);
	dissect_uint(d, PTH_F_IP_MF, (part & 0x2000) != 0);
	dissect_uint(d, PTH_F_IP_FRAG_OFFSET, part & 0x1fff);
	dissect_uint(d, PTH_F_IP_TTL, p[8]);
	dissect_uint(d, PTH_F_IP_PROTO, p[9]);
	dissect_bytes(d, PTH_F_IP_SRC, p + 12, 4);
	dissect_bytes(d, PTH_F_IP_DST, p + 16, 4);
	address(&at.from, p + 12, 4);
	address(&at.to, p + 16, 4);
	dissect_take(&c, head);
	sent = shorten(&c, all, head);
	at.fragment = (part & 0x3fff) != 0;
	d->stat.fragments += at.fragment && !at.within;
	if ((part & 0x1fff) == 0)
		dissect_transport(d, p[9], c, sent, &at);
}

enum { NO_BEGIN = -1, BROKEN = -2 };

/* The headers between IPv6's and the transport's (RFC 8200, 4). The protocol of what comes
 * after them, or that there is nothing that can be read: a later fragment, or one breaks off. */
static int
extensions(struct cursor *c, unsigned next, struct path *at)
{
	for (int i = 0; i < EXTENSIONS_MAX; i++) {
		const uint8_t *p = c->p;
		size_t n = 8;

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
		    next != IPPROTO_FRAGMENT && next != IPPROTO_AH)
			return (int)next;
		if (dissect_left(c) < 8)
			return BROKEN;
		if (next == IPPROTO_FRAGMENT)
			at->fragment = at->fragment || (dissect_be16(p + 2) & 0xfff9) != 0;
		else
			n = next == IPPROTO_AH ? ((size_t)p[1] + 2) * 4 : ((size_t)p[1] + 1) * 8;
		if (next == IPPROTO_FRAGMENT && (dissect_be16(p + 2) & 0xfff8) != 0)
			return NO_BEGIN;
		next = p[0];
		if (dissect_take(c, n) == NULL)
			return BROKEN;
	}
	return BROKEN;
}

void
dissect_ipv6(struct pth_dissect *d, struct cursor c, const struct path *around)
{
	struct path at = { .within = around != NULL, .depth = depth_of(around) };
	const uint8_t *p = dissect_take(&c, 40);
	size_t sent;
	int next;

	if (p == NULL || p[0] >> 4 != 6) {
		dissect_odd(d);
		return;
	}
	dissect_protocol(d, PTH_F_IPV6);
	at.ecn = p[1] >> 4 & 3;
	dissect_uint(d, PTH_F_IPV6_VERSION, 6);
	dissect_uint(d, PTH_F_IP_VERSION, 6); /* Wireshark has it for both */
	dissect_uint(d, PTH_F_IPV6_DSCP, dissect_be16(p) >> 6 & 0x3f);
	dissect_uint(d, PTH_F_IPV6_ECN, at.ecn);
	dissect_uint(d, PTH_F_IPV6_FLOW, dissect_be32(p) & 0xfffff);
	dissect_uint(d, PTH_F_IPV6_PLEN, dissect_be16(p + 4));
	dissect_uint(d, PTH_F_IPV6_NXT, p[6]);
	dissect_uint(d, PTH_F_IPV6_HLIM, p[7]);
	dissect_bytes(d, PTH_F_IPV6_SRC, p + 8, 16);
	dissect_bytes(d, PTH_F_IPV6_DST, p + 24, 16);
	address(&at.from, p + 8, 16);
	address(&at.to, p + 24, 16);
	sent = dissect_be16(p + 4) == 0 ? dissect_left(&c) : shorten(&c, dissect_be16(p + 4), 0);
	next = extensions(&c, p[6], &at);
	d->stat.fragments += at.fragment && !at.within;
	if (next == BROKEN)
		dissect_odd(d);
	else if (next >= 0)
		dissect_transport(d, (unsigned)next, c, sent - (size_t)(c.p - (p + 40)), &at);
}

/* Errors carry the begin of the packet that they are about (RFC 792, RFC 4443 section 3). */
static void
icmp(struct pth_dissect *d, struct cursor c, struct path *at, bool v6)
{
	const uint8_t *p = dissect_take(&c, 8);
	unsigned type;

	dissect_protocol(d, v6 ? PTH_F_ICMPV6 : PTH_F_ICMP);
	if (p == NULL) {
		dissect_odd(d);
		return;
	}
	type = p[0];
	dissect_uint(d, v6 ? PTH_F_ICMPV6_TYPE : PTH_F_ICMP_TYPE, type);
	dissect_uint(d, v6 ? PTH_F_ICMPV6_CODE : PTH_F_ICMP_CODE, p[1]);
	if (at->depth == ICMP_MAX)
		dissect_odd(d);
	else if (v6 && type >= 1 && type <= 4)
		dissect_ipv6(d, c, at);
	else if (!v6 && (type == 3 || type == 4 || type == 5 || type == 11 || type == 12))
		dissect_ip(d, c, at);
}

void
dissect_transport(
    struct pth_dissect *d, unsigned protocol, struct cursor c, size_t sent, struct path *at)
{
	switch (protocol) {
	case IPPROTO_UDP: dissect_udp(d, c, at); break;
	case IPPROTO_TCP: dissect_tcp(d, c, sent, at); break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6: icmp(d, c, at, protocol == IPPROTO_ICMPV6); break;
	default: break;
	}
}
