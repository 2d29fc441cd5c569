/* This file finds the parts of frames of IP, and sums them up. */
#include "link/frame.h"

#include <netinet/in.h>
#include <string.h>

#define EXTENSIONS_MAX 8

enum { ETHER_ARP = 0x0806, ETHER_IP = 0x0800, ETHER_IP6 = 0x86dd };

static unsigned
be16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The header of the transport at `at`; what of it is not there leaves zeros. */
static void
transport(const uint8_t *frame, size_t at, struct link_ip *ip)
{
	size_t n = ip->end - at, header = 8, sum = 0;

	if (ip->protocol == IPPROTO_TCP) {
		header = n >= 20 ? (size_t)(frame[at + 12] >> 4) * 4 : 20;
		header = header < 20 ? 20 : header;
		sum = 16;
	} else if (ip->protocol == IPPROTO_UDP) {
		sum = 6;
	} else if (ip->protocol == IPPROTO_ICMP || ip->protocol == IPPROTO_ICMPV6) {
		sum = 2;
	} else {
		return;
	}
	if (n < (ip->protocol == IPPROTO_TCP ? 20 : 8))
		return;
	ip->transport = at;
	ip->checksum = at + sum;
	ip->payload = header < n ? at + header : 0;
}

static void
parse4(const uint8_t *frame, size_t n, struct link_ip *ip)
{
	const uint8_t *p = frame + LINK_ETHERNET;
	size_t header, total;

	if (n < LINK_ETHERNET + 20 || p[0] >> 4 != 4)
		return;
	header = (size_t)(p[0] & 15) * 4;
	total = be16(p + 2);
	if (header < 20 || total < header || LINK_ETHERNET + total > n)
		return;
	ip->version = 4;
	ip->ip = LINK_ETHERNET;
	ip->end = LINK_ETHERNET + total;
	ip->protocol = p[9];
	ip->fragment = (be16(p + 6) & 0x3fff) != 0;
	ip->may_fragment = (be16(p + 6) & 0x4000) == 0;
	ip->upkeep = ip->protocol == IPPROTO_IGMP;
	if ((be16(p + 6) & 0x1fff) == 0)
		transport(frame, LINK_ETHERNET + header, ip);
}

/* Router and neighbour discovery, and multicast listeners. */
static bool
upkeep6(const uint8_t *frame, const struct link_ip *ip, size_t at)
{
	unsigned type = at < ip->end ? frame[at] : 0;

	return ip->protocol == IPPROTO_ICMPV6 && ((type >= 130 && type <= 137) || type == 143);
}

static void
parse6(const uint8_t *frame, size_t n, struct link_ip *ip)
{
	size_t at = LINK_ETHERNET + 40, size;
	bool first = true;

	if (n < at || frame[LINK_ETHERNET] >> 4 != 6 || at + be16(frame + LINK_ETHERNET + 4) > n)
		return;
	ip->version = 6;
	ip->ip = LINK_ETHERNET;
	ip->end = at + be16(frame + LINK_ETHERNET + 4);
	ip->protocol = frame[LINK_ETHERNET + 6];
	for (int i = 0; i < EXTENSIONS_MAX; i++, at += size) {
		size = 8;
		if (ip->protocol == IPPROTO_FRAGMENT) {
			if (at + 8 > ip->end)
				return;
			ip->fragment = (be16(frame + at + 2) & 0xfff9) != 0;
			first = (be16(frame + at + 2) & 0xfff8) == 0;
		} else if (ip->protocol != IPPROTO_HOPOPTS && ip->protocol != IPPROTO_ROUTING &&
		    ip->protocol != IPPROTO_DSTOPTS) {
			break;
		} else if (at + 2 <= ip->end) {
			size = ((size_t)frame[at + 1] + 1) * 8;
		}
		if (at + size > ip->end || i == EXTENSIONS_MAX - 1)
			return;
		ip->protocol = frame[at];
	}
	ip->upkeep = first && upkeep6(frame, ip, at);
	if (first)
		transport(frame, at, ip);
}

void
link_ip_parse(const uint8_t *frame, size_t n, struct link_ip *ip)
{
	unsigned type = n >= LINK_ETHERNET ? be16(frame + 12) : 0;

	*ip = (struct link_ip){ .upkeep = type == ETHER_ARP };
	if (type == ETHER_IP)
		parse4(frame, n, ip);
	else if (type == ETHER_IP6)
		parse6(frame, n, ip);
}

uint32_t
link_sum(uint32_t sum, const uint8_t *p, size_t n)
{
	for (; n >= 2; p += 2, n -= 2)
		sum += be16(p);
	if (n > 0)
		sum += (uint32_t)p[0] << 8;
	return sum;
}

uint16_t
link_sum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

uint16_t
link_transport_sum(const uint8_t *frame, const struct link_ip *ip)
{
	size_t n = ip->end - ip->transport;
	uint32_t sum = 0;
	uint16_t out;

	if (ip->protocol != IPPROTO_ICMP) {
		size_t address = ip->version == 4 ? 4 : 16;

		sum = link_sum(0, frame + ip->ip + (ip->version == 4 ? 12 : 8), 2 * address);
		sum += (uint32_t)n + ip->protocol;
	}
	sum = link_sum(sum, frame + ip->transport, n);
	sum += 0xffffu - be16(frame + ip->checksum); /* as if its field was 0 */
	out = link_sum_fold(sum);
	return out == 0 && ip->protocol == IPPROTO_UDP ? 0xffff : out;
}

void
link_replace(uint8_t *frame, size_t at, const uint8_t *bytes, size_t n, size_t sum)
{
	uint32_t s;
	uint16_t out;

	if (sum != 0) {
		/* RFC 1624: HC' = ~(~HC + ~m + m') */
		s = 0xffffu - be16(frame + sum);
		for (size_t i = 0; i + 1 < n; i += 2)
			s += 0xffffu - be16(frame + at + i) + be16(bytes + i);
		out = link_sum_fold(s);
		frame[sum] = (uint8_t)(out >> 8);
		frame[sum + 1] = (uint8_t)out;
	}
	memcpy(frame + at, bytes, n);
}
