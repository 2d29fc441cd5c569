/*
 * Points of a measure over time, for a plot, in bounded memory: however many are added, at most
 * `most` are kept, and none of the spikes is lost.
 *
 *   struct pth_series s = PTH_SERIES(500);
 *   pth_series_add(&s, ns, value);
 *   for (size_t at = 0; pth_series_next(&s, &at, &p);)
 *           ...
 *   pth_series_release(&s);
 *
 * As long as there is room each point is kept as it is. Then time is divided into buckets of equal
 * width, of which each keeps the first of its least and the last of its greatest points, with
 * their own times; a bucket without points takes no room. When there are too many buckets their
 * width doubles. A measure that only grows keeps so the first and the last point of each bucket.
 */
#ifndef PTH_BASE_SERIES_H
#define PTH_BASE_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define PTH_SERIES_LEAST 4 /* `most` is not less than this */

struct pth_point {
	int64_t ns; /* of whatever clock */
	double value;
};

struct pth_series_bucket {
	struct pth_point least, greatest; /* the same: it has one point */
};

struct pth_series {
	size_t most;   /* points */
	uint64_t seen; /* points that were added */
	/* Private: */
	struct pth_series_bucket *v; /* in order of time */
	size_t n, kept;              /* buckets; points in them */
	unsigned shift;              /* a bucket is 2^shift ns wide */
};

#define PTH_SERIES(points)       \
	{                        \
		.most = (points) \
	}

/* Points may come in any order of time. A value that is no number, or infinite, is not added. */
void pth_series_add(struct pth_series *s, int64_t ns, double value);
/* The points that are kept, in order of time. *at is 0 before the first; false: that was the last
 * one. Nothing may be added meanwhile. */
bool pth_series_next(const struct pth_series *s, size_t *at, struct pth_point *out);
/* From one time in ns to another, in seconds. */
double pth_seconds(int64_t since_ns, int64_t ns);
/* Append the points as JSON: [[seconds, value], ...], the seconds since that time. */
void pth_series_json(struct pth_buf *b, const struct pth_series *s, int64_t since_ns);
/* The series is empty afterwards, and may be used again. */
void pth_series_release(struct pth_series *s);

#endif
