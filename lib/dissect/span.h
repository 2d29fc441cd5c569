/*
 * Sets of numbers as spans (bytes of a stream, packet numbers that were acknowledged), and samples
 * of a measure in bounded memory. Private to this folder.
 */
#ifndef PTH_DISSECT_SPAN_H
#define PTH_DISSECT_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPANS_MAX 4096 /* of a set: beyond that the two that are nearest become one */

struct span {
	uint64_t from, to; /* to is not in it */
};

struct spans {
	struct span *v; /* in order, none touches the next */
	size_t n;
	bool merged; /* numbers are in it that were not added */
};

/* Told of each part that was not in the set. */
typedef void pth_spans_new(void *arg, uint64_t from, uint64_t to);
/* How many numbers were not in it. fn may be NULL. */
uint64_t pth_spans_add(struct spans *s, uint64_t from, uint64_t to, pth_spans_new *fn, void *arg);
void pth_spans_release(struct spans *s);

#define SAMPLES_MAX 65536

/* Of many samples each second one is kept, then each fourth, and so on: SAMPLES_MAX at most,
 * evenly spread. The least and the greatest are exact. */
struct samples {
	int64_t *v;
	size_t n;
	uint64_t seen, step;
	int64_t min, max;
};

/* What is below 0 is none: a clock was set back. */
void pth_samples_add(struct samples *s, int64_t v);
/* The value of which that many of 100 are not greater (50: the lower median); sorts. 0 of none. */
int64_t pth_samples_percentile(struct samples *s, unsigned percent);
void pth_samples_release(struct samples *s);

#endif
