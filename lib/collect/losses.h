/*
 * What a result says of its captures: their files, and what they do not have.
 * There is one of the test ("capture" of the result), and there may be one of
 * each service.
 */
#ifndef PTH_COLLECT_LOSSES_H
#define PTH_COLLECT_LOSSES_H

#include <stdbool.h>

#include "io/json.h"

/*
 * The files, each capture's as an array of paths (more than one: a ring,
 * oldest first); new array. all: every one. Else those that hold the test's
 * packets: its own; without one those of the services that differ.
 */
json_t *pth_losses_files(const json_t *rec, bool all);

/* Add to metrics what these captures lost: dropped, omitted, discarded (sums;
 * the last two only when there are any). */
void pth_losses_add(const json_t *rec, json_t *metrics);

/*
 * Append why captures are not complete, "capture lost 5 packets; server:
 * capture lost 3 packets"; nothing when they are. all: as above.
 */
void pth_losses_notes(const json_t *rec, bool all, struct pth_buf *b);

#endif
