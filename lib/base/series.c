/* This file keeps points of a measure over time in bounded memory. */
#include "base/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The bucket's place in time: floor(ns / 2^shift), without what C leaves open for shifts of
 * negative numbers. */
static int64_t
key_of(int64_t ns, unsigned shift)
{
	return ns >= 0 ? ns >> shift : ~(~ns >> shift);
}

static bool
same(const struct pth_point *a, const struct pth_point *b)
{
	return a->ns == b->ns && memcmp(&a->value, &b->value, sizeof a->value) == 0;
}

static size_t
points_of(const struct pth_series_bucket *b)
{
	return same(&b->least, &b->greatest) ? 1 : 2;
}

/* Of points with the same value the first is the least, and the last the greatest. */
static void
join(struct pth_series_bucket *to, const struct pth_point *p)
{
	if (p->value < to->least.value || (p->value <= to->least.value && p->ns < to->least.ns))
		to->least = *p;
	if (p->value > to->greatest.value ||
	    (p->value >= to->greatest.value && p->ns >= to->greatest.ns))
		to->greatest = *p;
}

/* The first bucket that is not before this place. */
static size_t
find(const struct pth_series *s, int64_t key)
{
	size_t low = 0, high = s->n;

	/* What is added comes mostly at the end. */
	if (high > 0 && key_of(s->v[high - 1].least.ns, s->shift) <= key)
		return key_of(s->v[high - 1].least.ns, s->shift) == key ? high - 1 : high;
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (key_of(s->v[mid].least.ns, s->shift) < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Buckets of twice the width. */
static void
widen(struct pth_series *s)
{
	size_t n = 0;

	s->shift++;
	s->kept = 0;
	for (size_t i = 0; i < s->n; i++) {
		struct pth_series_bucket b = s->v[i];

		if (n > 0 &&
		    key_of(s->v[n - 1].least.ns, s->shift) == key_of(b.least.ns, s->shift)) {
			join(&s->v[n - 1], &b.least);
			join(&s->v[n - 1], &b.greatest);
		} else {
			s->v[n++] = b;
		}
	}
	s->n = n;
	for (size_t i = 0; i < n; i++)
		s->kept += points_of(&s->v[i]);
}

void
pth_series_add(struct pth_series *s, int64_t ns, double value)
{
	const struct pth_point p = { ns, value };
	int64_t key = key_of(ns, s->shift);
	size_t i;

	if (!isfinite(value))
		return;
	if (s->most < PTH_SERIES_LEAST)
		s->most = PTH_SERIES_LEAST;
	s->seen++;
	i = find(s, key);
	if (i < s->n && key_of(s->v[i].least.ns, s->shift) == key) {
		s->kept -= points_of(&s->v[i]);
		join(&s->v[i], &p);
	} else {
		if ((s->n & (s->n - 1)) == 0) /* room for twice as many */
			s->v = pth_xarray(s->v, s->n != 0 ? s->n * 2 : 1, sizeof *s->v);
		memmove(&s->v[i + 1], &s->v[i], (s->n - i) * sizeof *s->v);
		s->v[i] = (struct pth_series_bucket){ p, p };
		s->n++;
	}
	s->kept += points_of(&s->v[i]);
	/* Two buckets at the widest, before and after 0, of two points each: the least `most`. */
	while (s->kept > s->most)
		widen(s);
}

bool
pth_series_next(const struct pth_series *s, size_t *at, struct pth_point *out)
{
	const struct pth_series_bucket *b;
	bool second = *at % 2 != 0;

	if (*at / 2 >= s->n)
		return false;
	b = &s->v[*at / 2];
	*out = (b->least.ns <= b->greatest.ns) != second ? b->least : b->greatest;
	*at += points_of(b) == 1 ? 2 : 1;
	return true;
}

double
pth_seconds(int64_t since_ns, int64_t ns)
{
	int64_t d;

	/* The difference is exact, although each of them is more than a double can tell. */
	return __builtin_sub_overflow(ns, since_ns, &d) ? ((double)ns - (double)since_ns) / 1e9 :
	                                                  (double)d / 1e9;
}

void
pth_series_json(struct pth_buf *b, const struct pth_series *s, int64_t since_ns)
{
	const char *before = "[";
	struct pth_point p;

	for (size_t at = 0; pth_series_next(s, &at, &p); before = ",")
		pth_buf_addf(b, "%s[%.12g,%.15g]", before, pth_seconds(since_ns, p.ns), p.value);
	pth_buf_adds(b, *before == '[' ? "[]" : "]");
}

void
pth_series_release(struct pth_series *s)
{
	free(s->v);
	*s = (struct pth_series){ .most = s->most };
}
