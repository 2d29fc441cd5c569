/*
 * Packets and bytes are counted by port: the process of the capture, which sees every packet,
 * counts, and another process reads. A port is a number and TCP or UDP, whatever the address.
 */
#ifndef PTH_PACKET_PORT_COUNT_H
#define PTH_PACKET_PORT_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pth_port_traffic {
	uint64_t packets, bytes; /* bytes as on the wire, with the link's header */
};

struct pth_port_pair {
	bool udp; /* else TCP */
	uint16_t from, to;
};

/* The ports of an Ethernet frame of which n bytes are at hand (IPv4 and IPv6,
 * RFC 791 and 8200; up to two VLAN tags). False when it has none: another
 * protocol, a later fragment, cut too short. */
bool pth_port_pair(const void *frame, size_t n, struct pth_port_pair *to);

/* Counters in memory that is shared with processes forked later; pages come as
 * ports are used, 4 MiB at most. NULL when there is none. One writer. */
struct pth_port_count *pth_port_count_new(void);
void pth_port_count_free(struct pth_port_count *t);
/* Count a frame: n bytes at hand, len on the wire. t may be NULL. */
void pth_port_count_frame(struct pth_port_count *t, const void *frame, size_t n, size_t len);
/* What was sent from a port and to it. */
void pth_port_count_read(const struct pth_port_count *t, bool udp, uint16_t port,
    struct pth_port_traffic *sent, struct pth_port_traffic *received);

#endif
