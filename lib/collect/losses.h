/*
 * These functions tell what a result says of its captures: their files, and the packets that
 * they lack. The test may have a capture ("capture" of the result), and so may each service.
 */
#ifndef PTH_COLLECT_LOSSES_H
#define PTH_COLLECT_LOSSES_H

#include <stdbool.h>

#include "io/json.h"

/*
 * The captures, each as an array of the paths of its files (more than one: a ring, oldest
 * first); new array. all: every capture. Otherwise those that hold the test's packets: its
 * own; when it has none, those of its services.
 */
json_t *pth_losses_files(const json_t *rec, bool all);
/* Were these made at different places, each in a container of its own? */
bool pth_losses_apart(const json_t *rec);

/* Add to metrics what these captures lost: dropped, omitted, discarded (sums;
 * the last two only when there are any). */
void pth_losses_add(const json_t *rec, json_t *metrics);

/* Add "captures": whose they are, and how many packets each has; nothing of that of the test. */
void pth_losses_sources(const json_t *rec, json_t *metrics);

/* How many packets are in the files of these captures, as they were counted when they were written,
 * together and in the one that has most; false when a capture does not say it. */
bool pth_losses_recorded(const json_t *rec, int64_t *all, int64_t *most);

/*
 * Append why captures are not complete, "capture lost 5 packets; server:
 * capture lost 3 packets"; nothing when they are. all: as above.
 */
void pth_losses_notes(const json_t *rec, bool all, struct pth_buf *b);

#endif
