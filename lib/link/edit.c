/* This file does to a frame what conditions ask for: a changed byte, ECN bits, and the answer to
 * a packet that is too big. */
#include <netinet/in.h>
#include <string.h>

#include "link/frame.h"

/* A UDP checksum of 0 says that there is none (RFC 768), and one that becomes 0 is written as
 * its other zero. */
static void
udp_zero(uint8_t *frame, const struct link_ip *ip)
{
	uint8_t *p = frame + ip->checksum;

	if (ip->protocol == IPPROTO_UDP && p[0] == 0 && p[1] == 0)
		p[0] = p[1] = 0xff;
}

int
link_corrupt(uint8_t *frame, const struct link_ip *ip, uint64_t place, uint64_t byte, bool fix)
{
	size_t offset, at, pair;
	uint8_t word[2];
	bool summed;

	if (ip->payload == 0)
		return -1;
	summed = !(ip->protocol == IPPROTO_UDP && frame[ip->checksum] == 0 &&
	    frame[ip->checksum + 1] == 0);
	offset = place % (ip->end - ip->payload);
	at = ip->payload + offset;
	pair = at - (at - ip->transport) % 2;
	byte = byte % 255 + 1; /* what it is changed by is not 0 */
	if (!fix || !summed) {
		frame[at] ^= (uint8_t)byte;
		return (int)offset;
	}
	if (pair + 1 == ip->end) { /* the last byte of an odd number: summed as if 0 followed */
		word[0] = frame[at] ^ (uint8_t)byte;
		frame[ip->end - 1] = word[0];
		uint32_t s = 0xffffu -
		    ((uint32_t)frame[ip->checksum] << 8 | frame[ip->checksum + 1]);
		s += 0xffffu - ((uint32_t)(uint8_t)(word[0] ^ byte) << 8);
		s += (uint32_t)word[0] << 8;
		uint16_t out = link_sum_fold(s);
		frame[ip->checksum] = (uint8_t)(out >> 8);
		frame[ip->checksum + 1] = (uint8_t)out;
	} else {
		memcpy(word, frame + pair, 2);
		word[at - pair] ^= (uint8_t)byte;
		link_replace(frame, pair, word, 2, ip->checksum);
	}
	udp_zero(frame, ip);
	return (int)offset;
}

unsigned
link_ecn(const uint8_t *frame, const struct link_ip *ip)
{
	if (ip->version == 4)
		return frame[ip->ip + 1] & 3u;
	return ip->version == 6 ? frame[ip->ip + 1] >> 4 & 3u : 0;
}

void
link_ecn_set(uint8_t *frame, const struct link_ip *ip, unsigned ecn)
{
	uint8_t word[2];

	if (ip->version == 0)
		return;
	memcpy(word, frame + ip->ip, 2);
	if (ip->version == 4)
		word[1] = (uint8_t)((word[1] & ~3u) | ecn);
	else
		word[1] = (uint8_t)((word[1] & ~0x30u) | ecn << 4);
	link_replace(frame, ip->ip, word, 2, ip->version == 4 ? ip->ip + 10 : 0);
}

/* May a packet be answered by an ICMP error? */
static bool
answerable(const uint8_t *frame, const struct link_ip *ip)
{
	const uint8_t *to = frame + ip->ip + (ip->version == 4 ? 16 : 24);
	unsigned type = ip->transport != 0 ? frame[ip->transport] : 0;

	if (ip->version == 4)
		return !(to[0] >= 224 || (ip->protocol == IPPROTO_ICMP && type != 8 && type != 0));
	/* Packet too big is sent even for multicast, but not for an error. */
	return !(ip->protocol == IPPROTO_ICMPV6 && ip->transport != 0 && type < 128);
}

static void
put16(uint8_t *p, size_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* The head of an answer of n bytes of ICMP. */
static void
head(const uint8_t *frame, const struct link_ip *ip, size_t n, uint8_t *to)
{
	uint8_t *p = to + LINK_ETHERNET;

	memcpy(to, frame + 6, 6);
	memcpy(to + 6, frame, 6);
	memcpy(to + 12, frame + 12, 2);
	if (ip->version == 4) {
		memcpy(
		    p, (const uint8_t[]){ 0x45, 0xc0, 0, 0, 0, 0, 0x40, 0, 64, IPPROTO_ICMP }, 10);
		put16(p + 2, 20 + n);
		put16(p + 10, 0);
		memcpy(p + 12, frame + ip->ip + 16, 4);
		memcpy(p + 16, frame + ip->ip + 12, 4);
		put16(p + 10, link_sum_fold(link_sum(0, p, 20)));
	} else {
		memcpy(p, (const uint8_t[]){ 0x60, 0, 0, 0, 0, 0, IPPROTO_ICMPV6, 64 }, 8);
		put16(p + 4, n);
		memcpy(p + 8, frame + ip->ip + 24, 16);
		memcpy(p + 24, frame + ip->ip + 8, 16);
	}
}

size_t
link_too_big(
    const uint8_t *frame, const struct link_ip *ip, uint32_t mtu, uint8_t to[LINK_FRAME_MAX])
{
	/* RFC 1812 4.3.2.3: 576 bytes in all; RFC 4443 2.4 (c): 1280. */
	size_t header = ip->version == 4 ? 20 : 40;
	size_t most = (ip->version == 4 ? 576 : 1280) - header - 8;
	size_t n = ip->end - ip->ip;
	struct link_ip answer;
	uint8_t *p = to + LINK_ETHERNET + header;

	if (ip->version == 0 || !answerable(frame, ip))
		return 0;
	n = n < most ? n : most;
	head(frame, ip, 8 + n, to);
	memset(p, 0, 8);
	p[0] = ip->version == 4 ? 3 : 2;
	p[1] = ip->version == 4 ? 4 : 0;
	put16(p + 6, mtu);
	memcpy(p + 8, frame + ip->ip, n);
	n += LINK_ETHERNET + header + 8;
	link_ip_parse(to, n, &answer);
	put16(p + 2, link_transport_sum(to, &answer));
	return n;
}

size_t
link_fragment(const uint8_t *frame, const struct link_ip *ip, uint32_t mtu, size_t *at,
    uint8_t to[LINK_FRAME_MAX])
{
	size_t header = (frame[ip->ip] & 15u) * 4, all = ip->end - ip->ip - header;
	size_t n = all - *at, most = mtu - header;
	unsigned old = (unsigned)frame[ip->ip + 6] << 8 | frame[ip->ip + 7];
	uint8_t *p = to + LINK_ETHERNET;

	if (*at >= all)
		return 0;
	if (n > most)
		n = most / 8 * 8;
	memcpy(to, frame, LINK_ETHERNET + header);
	memcpy(p + header, frame + ip->ip + header + *at, n);
	put16(p + 2, header + n);
	put16(p + 6,
	    ((old & 0x1fff) + *at / 8) | (*at + n < all || (old & 0x2000) != 0 ? 0x2000 : 0));
	put16(p + 10, 0);
	put16(p + 10, link_sum_fold(link_sum(0, p, header)));
	*at += n;
	return LINK_ETHERNET + header + n;
}
