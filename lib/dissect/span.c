/* This file keeps sets of numbers, and samples. */
#include "dissect/span.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

/* The first span that ends at or behind this number. */
static size_t
first(const struct spans *s, uint64_t from)
{
	size_t low = 0, high = s->n;

	/* What is added comes mostly at the end. */
	if (high > 0 && s->v[high - 1].from <= from)
		return s->v[high - 1].to >= from ? high - 1 : high;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (s->v[mid].to < from)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The two spans with the least between them become one. */
static void
merge_nearest(struct spans *s)
{
	size_t best = 0;

	for (size_t i = 1; i + 1 < s->n; i++)
		if (s->v[i + 1].from - s->v[i].to < s->v[best + 1].from - s->v[best].to)
			best = i;
	s->v[best].to = s->v[best + 1].to;
	memmove(&s->v[best + 1], &s->v[best + 2], (s->n - best - 2) * sizeof *s->v);
	s->n--;
	s->merged = true;
}

/* Numbers of from to to that are in none of the spans i to end. */
static uint64_t
missing(const struct spans *s, size_t i, size_t end, struct span add, pth_spans_new *fn, void *arg)
{
	uint64_t at = add.from, n = 0;

	for (; i < end && at < add.to; i++) {
		uint64_t stop = s->v[i].from < add.to ? s->v[i].from : add.to;

		if (stop > at) {
			n += stop - at;
			if (fn != NULL)
				fn(arg, at, stop);
		}
		at = s->v[i].to > at ? s->v[i].to : at;
	}
	if (at < add.to) {
		n += add.to - at;
		if (fn != NULL)
			fn(arg, at, add.to);
	}
	return n;
}

uint64_t
pth_spans_add(struct spans *s, uint64_t from, uint64_t to, pth_spans_new *fn, void *arg)
{
	struct span add = { from, to };
	size_t i, end;
	uint64_t n;

	if (from >= to)
		return 0;
	for (end = i = first(s, from); end < s->n && s->v[end].from <= to; end++)
		;
	n = missing(s, i, end, add, fn, arg);
	if (end > i) {
		add.from = s->v[i].from < from ? s->v[i].from : from;
		add.to = s->v[end - 1].to > to ? s->v[end - 1].to : to;
		s->v[i] = add;
		memmove(&s->v[i + 1], &s->v[end], (s->n - end) * sizeof *s->v);
		s->n -= end - i - 1;
		return n;
	}
	s->v = pth_xarray(s->v, s->n + 1, sizeof *s->v);
	memmove(&s->v[i + 1], &s->v[i], (s->n - i) * sizeof *s->v);
	s->v[i] = add;
	if (++s->n > SPANS_MAX)
		merge_nearest(s);
	return n;
}

void
pth_spans_release(struct spans *s)
{
	free(s->v);
	*s = (struct spans){ 0 };
}

void
pth_samples_add(struct samples *s, int64_t v)
{
	if (v < 0)
		return;
	if (s->seen == 0)
		s->min = s->max = v;
	s->min = v < s->min ? v : s->min;
	s->max = v > s->max ? v : s->max;
	if (s->step == 0)
		s->step = 1;
	if (s->seen++ % s->step != 0)
		return;
	if (s->n == SAMPLES_MAX) {
		for (size_t i = 0; i < s->n / 2; i++)
			s->v[i] = s->v[2 * i];
		s->n /= 2;
		s->step *= 2;
		if ((s->seen - 1) % s->step != 0)
			return;
	}
	if ((s->n & (s->n - 1)) == 0) /* room for twice as many */
		s->v = pth_xarray(s->v, s->n != 0 ? s->n * 2 : 1, sizeof *s->v);
	s->v[s->n++] = v;
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t
pth_samples_percentile(struct samples *s, unsigned percent)
{
	size_t rank;

	if (s->n == 0)
		return 0;
	qsort(s->v, s->n, sizeof *s->v, by_value);
	rank = (s->n * percent + 99) / 100; /* nearest rank */
	return s->v[rank > 0 ? rank - 1 : 0];
}

void
pth_samples_release(struct samples *s)
{
	free(s->v);
	*s = (struct samples){ 0 };
}
