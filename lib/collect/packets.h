/*
 * What the packets of a capture say: one pass over the file by the reader of lib/dissect, which
 * makes all numbers and answers the display filters that are only about its fields; the others
 * are answered by tshark, all in one pass.
 *
 *   struct packets p = { .taps = ..., .ntaps = ... };
 *   rc = pth_packets_read(in, decode, &limits, &p, &e);
 *   pth_packets_json(&p, metrics);
 *   pth_packets_release(&p);
 *
 * The definitions of the numbers are in dissect/stat.h and pth-record(5).
 */
#ifndef PTH_COLLECT_PACKETS_H
#define PTH_COLLECT_PACKETS_H

#include "base/buf.h"
#include "collect/tshark.h"
#include "dissect/dissect.h"

struct packets {
	struct tshark_tap *taps; /* display filters, set by the caller */
	size_t ntaps;
	const struct pth_watch *watch; /* who looks on, or NULL */
	/* What has been found: */
	struct pth_dissect *d;
	bool read;           /* the numbers are known, whatever became of the filters */
	bool cut;            /* the file breaks off */
	struct pth_buf lack; /* why not all was read, in words; empty: nothing is known to lack */
	struct pth_buf filters_lack; /* the same of what tshark has counted */
};

/* in: a file from its begin. decode: what ports speak, "Decode As" rules of tshark such as
 * "udp.port==4443,quic". 0, or -1 with e: PTH_INPUT: the file is no capture, or a filter is wrong
 * (in tshark's words); PTH_SYSTEM: tshark is needed and cannot be started. What is in p then has to
 * be released, too. */
int pth_packets_read(int in, const json_t *decode, const struct tshark_limits *limits,
    struct packets *p, struct pth_err *e);
/* Add packets, bytes, captured_us, protocols, quic, tcp to metrics, and the data time
 * for pth_metric_transfer(), which takes it out again. */
#define COLLECT_DATA_US "data_us"
void pth_packets_json(const struct packets *p, json_t *metrics);
/* Texts, and versions of QUIC, as arrays. */
json_t *pth_names_json(const struct pth_names *s);
json_t *pth_versions_json(const uint32_t *v, size_t n);
void pth_packets_release(struct packets *p);

#endif
