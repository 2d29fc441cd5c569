/*
 * How much comes in a time: sums in buckets of a ms, which grow to 2, 4, 8, ... ms so that there
 * are never more than `most` of them. Private to this folder.
 */
#ifndef PTH_DISSECT_RATE_H
#define PTH_DISSECT_RATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct rate {
	size_t most;    /* buckets; set by who makes it */
	uint64_t seen;  /* additions */
	int64_t first;  /* ns; what comes with a time before it is of the first bucket */
	uint64_t width; /* ns */
	uint64_t *v;    /* bytes */
	size_t n;
};

void dissect_rate_add(struct rate *r, int64_t ns, uint64_t bytes);
/* [[seconds since that time, bits a second], ...] with the begin of each bucket. */
void dissect_rate_json(struct pth_buf *b, const struct rate *r, int64_t since_ns);
void dissect_rate_release(struct rate *r);

#endif
