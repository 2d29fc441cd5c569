/*
 * What the qlog files of services say: their numbers, "qlog" in the metrics of pth-record(5). The
 * definitions are in qlog/stat.h and pth-collect(1).
 */
#ifndef PTH_COLLECT_QLOG_H
#define PTH_COLLECT_QLOG_H

#include "collect/artifact.h"
#include "qlog/plot.h"

/* One file, of which qlog reads what comes, is added to stat and head, which are summed up over
 * files. What of it was not read, or is in doubt, is appended to lack. False: it is no qlog. */
struct pth_qlog_sum {
	struct pth_qlog_stat stat;
	struct pth_qlog_head head;
	uint64_t files;
};
bool pth_qlog_sum_add(struct pth_qlog_sum *s, struct pth_qlog *qlog, struct pth_buf *lack);
/* The numbers; what no file says is left out. New reference. */
json_t *pth_qlog_sum_json(struct pth_qlog_sum *s);
void pth_qlog_sum_release(struct pth_qlog_sum *s);

/* Names of series, "rtt,sequence" or "all", as bits 1 << enum pth_plot and 1 << enum
 * pth_qlog_measure: some are of captures, some of qlog files. 0, or -1 with e (PTH_USAGE). */
int pth_series_named(const char *list, unsigned *plots, unsigned *qlog_plots, struct pth_err *e);

/* A line for each file: its numbers as metrics of pth-record(5), or series (qlog/plot.h). Appends
 * to out, and what of it was not read, or is in doubt, to lack. q is taken over. */
struct pth_qlog_show {
	bool stats; /* else: */
	unsigned plots;
	size_t points;
};
void pth_qlog_show(
    const struct pth_qlog_show *how, struct pth_qlog *q, struct pth_buf *out, struct pth_buf *lack);

/* Add qlog: {service: numbers}, of the artifacts of kind qlog, within the budget; what was not
 * read is said in "incomplete". series: lines of their series are appended; may be NULL. */
void pth_qlog_metrics(int dirfd, const json_t *artifacts, struct pth_artifact_budget *budget,
    json_t *metrics, struct pth_buf *series);

#endif
