/*
 * Packets and bytes by port: who sees every packet (the capture's process)
 * counts, another process reads. A port is a number and TCP or UDP, whatever
 * the address.
 */
#ifndef PTH_PACKET_PORT_COUNT_H
#define PTH_PACKET_PORT_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pth_tally_count {
	uint64_t packets, bytes; /* bytes as on the wire, with the link's header */
};

struct pth_tally_ports {
	bool udp; /* else TCP */
	uint16_t from, to;
};

/* The ports of an Ethernet frame of which n bytes are at hand (IPv4 and IPv6,
 * RFC 791 and 8200; up to two VLAN tags). False when it has none: another
 * protocol, a later fragment, cut too short. */
bool pth_tally_ports(const void *frame, size_t n, struct pth_tally_ports *to);

/* Counters in memory that is shared with processes forked later; pages come as
 * ports are used, 4 MiB at most. NULL when there is none. One writer. */
struct pth_tally *pth_tally_new(void);
void pth_tally_free(struct pth_tally *t);
/* Count a frame: n bytes at hand, len on the wire. t may be NULL. */
void pth_tally_frame(struct pth_tally *t, const void *frame, size_t n, size_t len);
/* What was sent from a port and to it. */
void pth_tally_read(const struct pth_tally *t, bool udp, uint16_t port,
    struct pth_tally_count *sent, struct pth_tally_count *received);

#endif
