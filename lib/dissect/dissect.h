/*
 * What the packets of a capture say, one after the other: Ethernet with VLAN, IPv4, IPv6, ICMP,
 * UDP, TCP, QUIC and what these carry, as fields (dissect/field.h), and what is counted over all
 * packets (dissect/stat.h). Memory grows with connections, up to a limit, and not with packets.
 *
 *   struct pth_dissect *d = pth_dissect_new(&how);
 *   while (pth_capfile_next(f, &frame)) {
 *           pth_dissect_frame(d, &frame);
 *           v = pth_dissect_fields(d, &n);
 *   }
 *   pth_dissect_free(d);
 *
 * No port is assumed: a packet is of the protocol that `how` says its port speaks, or of QUIC when
 * it has the shape of QUIC's first packets.
 */
#ifndef PTH_DISSECT_DISSECT_H
#define PTH_DISSECT_DISSECT_H

#include "dissect/field.h"
#include "dissect/stat.h"
#include "packet/capfile.h"

/* What a port speaks. */
struct pth_speaks {
	bool udp; /* else TCP */
	uint16_t port;
	enum pth_field protocol; /* PTH_F_QUIC, PTH_F_HTTP, ... */
};

struct pth_watch;

struct pth_dissect_how {
	const struct pth_speaks *speaks; /* borrowed while it is dissected */
	size_t nspeaks;
	bool fields;                   /* are fields wanted? Else only what is counted */
	const struct pth_watch *watch; /* who looks on (dissect/plot.h, dissect/trace.h), or NULL */
};

struct pth_dissect;

struct pth_dissect *pth_dissect_new(const struct pth_dissect_how *how);
/* TLS keys, text in the format of draft-ietf-tls-keylogfile; for packets that come after. */
void pth_dissect_keys(struct pth_dissect *d, const char *text, size_t n);
void pth_dissect_frame(struct pth_dissect *d, const struct pth_frame *f);
/* The fields of the last packet; valid until the next. */
const struct pth_value *pth_dissect_fields(const struct pth_dissect *d, size_t *n);
/* What was counted, when all packets were dissected: every connection is over then. */
const struct pth_frame_stat *pth_dissect_frames(const struct pth_dissect *d);
struct pth_quic_stat *pth_dissect_quic(struct pth_dissect *d);
struct pth_tcp_stat *pth_dissect_tcp(struct pth_dissect *d);
/* What could not be told apart, or was given up for want of memory: numbers and fields may be
 * wrong then. NULL: nothing. */
const char *pth_dissect_lack(const struct pth_dissect *d);
void pth_dissect_free(struct pth_dissect *d);

#endif
