/*
 * What the links of a test did, out of their logs (link.jsonl, pth-link(1)): "links" in the
 * metrics of pth-record(5), of each link and direction, and series over time. The definitions are
 * in pth-collect(1). A service could have written to the file: nothing in it is believed to be
 * right. Memory is bounded, whatever the number of packets.
 */
#ifndef PTH_COLLECT_LINKS_H
#define PTH_COLLECT_LINKS_H

#include "base/buf.h"
#include "io/json.h"

/* Add links: {name: {up, down}} of the plan's links; what of a log is not there, is cut or
 * contradicts itself is said in "incomplete". series: a line for each series is appended, {series,
 * unit, link, direction, points}; may be NULL. */
void collect_links_metrics(int dirfd, const json_t *rec, json_t *metrics, struct pth_buf *series);

/* The same of one log, which is read from where fd stands: the numbers, a new object, and what is
 * wrong with it, a sentence's end in lack. *sure: what was counted is there. */
json_t *collect_links_of(
    int fd, const char *name, struct pth_buf *series, struct pth_buf *lack, bool *sure);

#endif
