/*
 * The numbers of a test, "metrics" in pth-record(5): from its result, its
 * capture (one pass of tshark) and its artifacts.
 */
#ifndef PTH_COLLECT_METRIC_H
#define PTH_COLLECT_METRIC_H

#include <stdbool.h>

#include "collect/gap.h"
#include "io/json.h"

/*
 * The files that a descriptor's `metrics` names, read for the numbers that it
 * asks for (collect/metric_read.c): adds measures: {service: {name: number}}. artifacts:
 * the list of pth_artifact_list; no other file is opened. What is not there,
 * or has no number, is left out; what was not read as a whole is said in "incomplete".
 */
void pth_metric_measures(int dirfd, const json_t *rec, const json_t *artifacts, json_t *metrics);
/* One of them: "SERVICE.NAME", or NAME when one service alone has it; or NULL. Its path is
 * appended to path (may be NULL). */
const json_t *pth_metric_measure(const json_t *metrics, const char *name, struct pth_buf *path);

/* One metric, {matches or json, reduce, scale}: read from files one after the
 * other, then reduced; a new number, or NULL when there is none. */
struct pth_measure {
	double first, last, min, max, sum;
	int64_t n;
	bool counts;
	const char *lack; /* why not all that was there is in it, or NULL */
};
void pth_metric_read(struct pth_measure *m, const json_t *spec, int fd, int64_t size);
json_t *pth_metric_reduce(const struct pth_measure *m, const json_t *spec);

/* What the capture was asked for the verdict, beside the metrics. */
struct pth_metric_packets {
	json_t *counts;    /* {"display filter": packets}, those that were counted; or NULL */
	json_t *by_tshark; /* the filters that tshark was asked for, as keys */
	char *why;         /* why one was not counted, one sentence */
	bool left_out;     /* ... and nobody wanted a capture: nothing has gone wrong */
};

/* How it stands with the TLS keys of the captures. */
struct pth_metric_keys {
	bool inside;          /* all captures have keys in them */
	struct pth_buf fault; /* what went wrong with them, or empty */
};

/*
 * Put the plan's TLS key logs into all captures, so that they open decrypted.
 * dirfd: the test's directory. look_only: put nothing in, only see what is there. Called before the
 * artifacts are listed, because the files change. A capture for which it does not work stays as
 * it was. The caller releases out->fault.
 */
void pth_metric_keys(int dirfd, const json_t *rec, bool look_only, struct pth_metric_keys *out);

/*
 * Count the capture and add to metrics: packets, bytes, captured_us,
 * protocols, quic, tcp, dropped (omitted, discarded); "error" when it cannot be read, and what it
 * lacks as "incomplete". filters: an array of display filters to be counted in the same pass (may
 * be NULL). limit_us: of tshark; 0: the usual one.
 */
struct pth_metric_capture {
	int dirfd;
	const json_t *rec, *filters;
	const struct pth_metric_keys *keys;
	int64_t limit_us;
	struct pth_buf *series; /* lines of PTH_SERIES_FILE are appended; NULL: none are wanted */
};
void pth_metric_capture(
    const struct pth_metric_capture *of, json_t *metrics, struct pth_metric_packets *out);
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
 * NULL when absent. Its whole path is appended to path (may be NULL). */
const json_t *pth_metric_find(const json_t *metrics, const char *name, struct pth_buf *path);

#endif
