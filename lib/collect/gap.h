/*
 * What the numbers of a test lack: the list "incomplete" of its metrics. A number that rests on
 * something that was cut, lost or not readable is at best the least that there was. A rule that
 * rests on it cannot be told, unless what is known decides it already.
 *
 * A gap is of the capture, of its contents (what is encrypted and was not seen), of the
 * artifacts, of the samples, of the display filters that tshark has counted, of the qlog files
 * of a service: "qlog.SERVICE", of the log of a link: "links.NAME", or of one number of a service:
 * "measures.SERVICE.NAME".
 */
#ifndef PTH_COLLECT_GAP_H
#define PTH_COLLECT_GAP_H

#include <stdbool.h>

#include "io/json.h"

#define PTH_GAP_CAPTURE "capture"
#define PTH_GAP_CONTENTS "contents"
#define PTH_GAP_ARTIFACTS "artifacts"
#define PTH_GAP_SAMPLES "samples"
#define PTH_GAP_FILTERS "filters"
#define PTH_GAP_QLOG "qlog."   /* and the service */
#define PTH_GAP_LINKS "links." /* and the name of the link */

/* Numbers between two, both inclusive; what a number may be of which not all was seen. */
struct pth_span {
	double least, most;
};

/* Add one to metrics. least: what was counted is there, and there may be more; otherwise the
 * numbers say nothing. */
void pth_gap_add(json_t *metrics, const char *of, bool least, const char *fmt, ...)
    PTH_PRINTF(4, 5);

/* What a number of the metrics may really be, by its path ("quic.handshake_us") and value; the
 * reasons are appended to why, separated by "; ". */
struct pth_span pth_gap_metric(
    const json_t *metrics, const char *path, double value, struct pth_buf *why);
/* The same of packets that were counted by a display filter, by tshark or by ourselves. */
struct pth_span pth_gap_packets(
    const json_t *metrics, const char *filter, bool by_tshark, double value, struct pth_buf *why);
/* Is a metric, by its path or short name, one that only a capture has? */
bool pth_gap_needs_capture(const char *name);
/* The reasons of the gaps of a kind (NULL: of all), likewise. */
void pth_gap_texts(const json_t *metrics, const char *of, struct pth_buf *why);

#endif
