/* This file sums up what comes in a time. */
#include "dissect/rate.h"

#include <stdlib.h>
#include <string.h>

#include "base/series.h"

#define MS 1000000u

static void
widen(struct rate *r)
{
	size_t n = (r->n + 1) / 2;

	for (size_t i = 0; i < n; i++)
		r->v[i] = r->v[2 * i] + (2 * i + 1 < r->n ? r->v[2 * i + 1] : 0);
	r->n = n;
	r->width *= 2;
}

void
dissect_rate_add(struct rate *r, int64_t ns, uint64_t bytes)
{
	uint64_t since, i;

	if (r->seen++ == 0) {
		r->first = ns;
		r->width = MS;
	}
	since = ns > r->first ? (uint64_t)ns - (uint64_t)r->first : 0;
	while ((i = since / r->width) >= r->most)
		widen(r);
	if (i >= r->n) {
		r->v = pth_xarray(r->v, (size_t)i + 1, sizeof *r->v);
		memset(r->v + r->n, 0, ((size_t)i + 1 - r->n) * sizeof *r->v);
		r->n = (size_t)i + 1;
	}
	r->v[i] += bytes;
}

void
dissect_rate_json(struct pth_buf *b, const struct rate *r, int64_t since_ns)
{
	double begin = pth_seconds(since_ns, r->first);

	pth_buf_addc(b, '[');
	for (size_t i = 0; i < r->n; i++)
		pth_buf_addf(b, "%s[%.12g,%.15g]", i > 0 ? "," : "",
		    begin + (double)r->width * (double)i / 1e9,
		    (double)r->v[i] * 8e9 / (double)r->width);
	pth_buf_addc(b, ']');
}

void
dissect_rate_release(struct rate *r)
{
	free(r->v);
	*r = (struct rate){ .most = r->most };
}
