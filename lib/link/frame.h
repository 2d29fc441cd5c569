/*
 * Ethernet frames of IP, and changes to them that keep their checksums (RFC 1071, 1624). Any
 * bytes may be a frame; nothing beyond them is read or written.
 */
#ifndef PTH_LINK_FRAME_H
#define PTH_LINK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_ETHERNET 14
#define LINK_FRAME_MAX 2048

struct link_ip {
	unsigned version;  /* 4 or 6; 0: it is no IP packet, or not a whole one */
	unsigned protocol; /* of the first header that is no extension */
	size_t ip;         /* where it begins */
	size_t transport;  /* the header of TCP, UDP, ICMP; 0: none is there */
	size_t payload;    /* behind that; 0: none */
	size_t end;        /* of the IP packet */
	size_t checksum;   /* of the transport; 0: none */
	bool fragment;     /* it is a part of a packet */
	bool may_fragment; /* IPv4 without DF */
	bool upkeep;       /* ARP, neighbour discovery, MLD, IGMP: the link's own */
};

void link_ip_parse(const uint8_t *frame, size_t n, struct link_ip *ip);

/* The Internet checksum of n bytes, on top of a sum that is not folded yet. */
uint32_t link_sum(uint32_t sum, const uint8_t *p, size_t n);
uint16_t link_sum_fold(uint32_t sum);
/* The transport checksum as it should be, with its own field taken as 0. */
uint16_t link_transport_sum(const uint8_t *frame, const struct link_ip *ip);
/* Put n bytes (even, at an even distance from what is summed) at `at`, and adapt the checksum
 * at `sum` (0: there is none). */
void link_replace(uint8_t *frame, size_t at, const uint8_t *bytes, size_t n, size_t sum);

/* --- what conditions do to a frame --- */

/* Change one byte of the payload, chosen by two numbers; fix: the checksums stay right. Where
 * it is in the payload, or -1: there is none, or a fragment cannot be made right. */
int link_corrupt(uint8_t *frame, const struct link_ip *ip, uint64_t place, uint64_t byte, bool fix);
/* The ECN bits, RFC 3168: 0 Not-ECT, 1 ECT(1), 2 ECT(0), 3 CE; those of a packet that is not IP
 * are 0. */
unsigned link_ecn(const uint8_t *frame, const struct link_ip *ip);
void link_ecn_set(uint8_t *frame, const struct link_ip *ip, unsigned ecn);
/* The next piece of an IPv4 packet that is larger than mtu (RFC 791, 3.2), from `*at` bytes of its
 * payload on, which is then where the next one begins. Its length; 0: there is none left. */
size_t link_fragment(const uint8_t *frame, const struct link_ip *ip, uint32_t mtu, size_t *at,
    uint8_t to[LINK_FRAME_MAX]);
/* The answer to a packet of which a link takes only mtu bytes: ICMP fragmentation needed
 * (RFC 1191) or ICMPv6 packet too big (RFC 4443), from the packet's destination to its source.
 * Its length, or 0: none may be sent (RFC 1122 3.2.2, RFC 4443 2.4). */
size_t link_too_big(
    const uint8_t *frame, const struct link_ip *ip, uint32_t mtu, uint8_t to[LINK_FRAME_MAX]);

#endif
