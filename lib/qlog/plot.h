/*
 * Series for plots of what an endpoint has logged, by trace and group_id, in bounded memory.
 *
 *   struct pth_qlog_plots *p = pth_qlog_plots_new(PTH_QLOG_PLOTS_ALL, 500);
 *   stat.point = pth_qlog_plots_point; stat.arg = p;
 *   ... the events of a file ...
 *   pth_qlog_plots_lines(p, head, path, &b);
 *
 * The series are those of enum pth_qlog_measure, in the same order; round trip times are in ms.
 */
#ifndef PTH_QLOG_PLOT_H
#define PTH_QLOG_PLOT_H

#include "base/buf.h"
#include "qlog/stat.h"

#define PTH_QLOG_PLOTS_ALL ((1u << PTH_QLOG_MEASURES) - 1)

const char *pth_qlog_plot_name(enum pth_qlog_measure m);

struct pth_qlog_plots;

/* which: bits 1 << enum pth_qlog_measure. points: at most so many a series. */
struct pth_qlog_plots *pth_qlog_plots_new(unsigned which, size_t points);
pth_qlog_point pth_qlog_plots_point;
/*
 * A file has ended: append a line of JSON for each series that has a point: {"series", "unit",
 * "protocol": "quic", "qlog": path (unless it is NULL), "trace", "group", "sender", "seen",
 * "points": [[seconds since the first event of the trace, value], ...]}; the value of a state is
 * its name, sender the vantage point. Then the series are empty. True: there was no room for all.
 */
bool pth_qlog_plots_lines(struct pth_qlog_plots *p, const struct pth_qlog_head *head,
    const char *path, struct pth_buf *b);
void pth_qlog_plots_free(struct pth_qlog_plots *p);

#endif
