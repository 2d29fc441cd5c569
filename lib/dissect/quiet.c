/* This file chooses the connections that are given up. */
#include "dissect/quiet.h"

#include <stdlib.h>

#include "base/err.h"

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The number of packet before which half of them are quiet. */
static uint64_t
middle(const struct quiet *v, size_t n)
{
	uint64_t *last = pth_xarray(NULL, n, sizeof *last), found;

	for (size_t i = 0; i < n; i++)
		last[i] = v[i].last;
	qsort(last, n, sizeof *last, by_number);
	found = last[(n - 1) / 2];
	free(last);
	return found;
}

uint32_t *
dissect_quiet_places(const struct quiet *v, size_t n, const char **limit)
{
	uint32_t *place = pth_xarray(NULL, n + 1, sizeof *place), next = 0;
	uint64_t before = 0; /* packets count from 1 */
	size_t over = 0;

	for (size_t i = 0; i < n; i++)
		over += v[i].over;
	if (over * 4 < n)
		before = middle(v, n);
	for (size_t i = 0; i < n; i++) {
		bool goes = v[i].over || v[i].last <= before;

		if (goes && !v[i].over)
			*limit = QUIET_LIMIT;
		place[i] = goes ? QUIET_GONE : next++;
	}
	return place;
}
