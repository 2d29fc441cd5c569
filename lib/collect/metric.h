/*
 * The numbers of a test, "metrics" in pth-record(5): from its result, its
 * capture (one pass of tshark) and its artifacts.
 */
#ifndef PTH_COLLECT_METRIC_H
#define PTH_COLLECT_METRIC_H

#include "io/json.h"

/*
 * The files that a descriptor's `metrics` names, read for the numbers that it
 * asks for (collect/metric_read.c): adds measures: {service: {name: number}}. artifacts:
 * the list of pth_artifact_list; no other file is opened. What is not there,
 * or has no number, is left out.
 */
void pth_metric_measures(int dirfd, const json_t *rec, const json_t *artifacts, json_t *metrics);
/* One of them: "SERVICE.NAME", or NAME when one service alone has it; or NULL. */
const json_t *pth_metric_measure(const json_t *metrics, const char *name);

/* One metric, {matches or json, reduce, scale}: read from files one after the
 * other, then reduced; a new number, or NULL when there is none. */
struct pth_measure {
	double first, last, min, max, sum;
	int64_t n;
	bool counts;
};
void pth_metric_read(struct pth_measure *m, const json_t *spec, int fd, int64_t size);
json_t *pth_metric_reduce(const struct pth_measure *m, const json_t *spec);

/* What the capture was asked for the verdict, beside the metrics. */
struct pth_metric_packets {
	json_t *counts;   /* {"display filter": packets}; NULL when not counted */
	char *why;        /* else: why not, one sentence */
	bool refused;     /* ... and it is the filter's own fault */
	char *incomplete; /* what is missing in what was counted; NULL: nothing */
};

/*
 * Put the plan's TLS key logs into all captures, so that they open decrypted.
 * dirfd: the test's directory. Called before the
 * artifacts are listed, because the files change. 0, also when there is
 * nothing to do; -1 with e (the first fault) and that capture as it was.
 */
int pth_metric_keys(int dirfd, const json_t *rec, struct pth_err *e);

/*
 * Count the capture and add to metrics: packets, bytes, captured_us,
 * protocols, quic, tcp, dropped (omitted, discarded); "error" when it cannot be read. filters: an
 * array of display filters to be counted in the same pass (may be NULL).
 */
void pth_metric_capture(int dirfd, const json_t *rec, const json_t *filters, json_t *metrics,
    struct pth_metric_packets *out);
void pth_metric_packets_release(struct pth_metric_packets *out);

/* Add duration_us and services (CPU time and memory) from the result. */
void pth_metric_result(const json_t *rec, json_t *metrics);

/* Add to services what the samples (supervise/sampler.h) say of them: peak, traffic.
 * After pth_metric_result(). */
void pth_metric_samples(int dirfd, const json_t *rec, json_t *metrics);

/*
 * Add transfer: bytes of the files of kind download (so what was sent twice
 * counts once), the time they took, and bytes * 8 / time as goodput_bps.
 * The time is the capture's data time (collect/packets.h); without one it is how long
 * the services that have downloads ran: "measured" says "capture" or
 * "process". null when nothing was downloaded.
 */
void pth_metric_transfer(const json_t *rec, const json_t *artifacts, json_t *metrics);

/* The value of a metric by its name: "packets", "quic.handshake_us", or short
 * for one below quic, tcp or transfer: "handshake_us"; then one of measures.
 * NULL when absent. */
const json_t *pth_metric_find(const json_t *metrics, const char *name);

#endif
