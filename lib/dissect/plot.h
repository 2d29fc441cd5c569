/*
 * Series for plots of a capture's connections: of each connection and each of its two ends, what
 * the end has sent. Memory is bounded, whatever the number of packets and of connections.
 *
 *   struct pth_plots *p = pth_plots_new(1u << PTH_PLOT_RTT, 500);
 *   how.watch = pth_plots_watch(p);
 *   ... dissect ...
 *   pth_plots_lines(p, first_ns, &b);
 *
 * Definitions; where the capture was made is where time is taken:
 *   sequence         TCP: the number behind the last byte of each segment with payload, from 0 at
 *                    the SYN (tcp.nxtseq); QUIC: bytes of streams until then, each byte once
 *   packet_number    of each 0-RTT and 1-RTT packet of QUIC that could be decrypted
 *   bytes_in_flight  what was sent and is neither acknowledged nor, with QUIC, lost (RFC 9002, 2
 * and 6.1.1): of TCP payload (tcp.analysis.bytes_in_flight), of QUIC packets that ask for an
 * acknowledgement rtt              as in dissect/stat.h throughput       payload of TCP with what
 * was sent again, packets of QUIC: bits by the time of a bucket, which is a ms, or 2, 4, 8, ... so
 * that all fits
 */
#ifndef PTH_DISSECT_PLOT_H
#define PTH_DISSECT_PLOT_H

#include "base/buf.h"
#include "dissect/dissect.h"

enum pth_plot {
	PTH_PLOT_SEQUENCE,
	PTH_PLOT_PACKET_NUMBER,
	PTH_PLOT_IN_FLIGHT,
	PTH_PLOT_RTT,
	PTH_PLOT_THROUGHPUT,
	PTH_PLOTS
};

#define PTH_PLOTS_ALL ((1u << PTH_PLOTS) - 1)
#define PTH_PLOT_POINTS 500 /* what is usual */
#define PTH_PLOT_POINTS_MAX 100000

const char *pth_plot_name(enum pth_plot p);

struct pth_plots;

/* which: bits 1 << enum pth_plot. points: at most so many a series, PTH_SERIES_LEAST to
 * PTH_PLOT_POINTS_MAX. */
struct pth_plots *pth_plots_new(unsigned which, size_t points);
const struct pth_watch *pth_plots_watch(const struct pth_plots *p);
/*
 * Append a line of JSON for each series that has a point: {"series", "unit", "protocol",
 * "connection", "odcid" (QUIC), "client", "server", "sender", "seen", "points": [[seconds, value],
 * ...]}; the seconds since that time, the connection as in quic.connection.number or tcp.stream.
 * And when connections were left out, because there are more than can be kept, a last line
 * {"connections_left_out": N}.
 */
void pth_plots_lines(const struct pth_plots *p, int64_t since_ns, struct pth_buf *b);
/* Connections that are not among the series. */
uint64_t pth_plots_left_out(const struct pth_plots *p);
void pth_plots_free(struct pth_plots *p);

#endif
