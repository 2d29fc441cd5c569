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

bool
dissect_quiet_choose(struct quiet *v, size_t n)
{
	bool alive = false;
	uint64_t before;
	size_t over = 0;

	for (size_t i = 0; i < n; i++)
		over += v[i].goes = v[i].over;
	if (over * 4 >= n)
		return false;
	before = middle(v, n);
	for (size_t i = 0; i < n; i++) {
		v[i].goes = v[i].over || v[i].last <= before;
		alive = alive || (v[i].goes && !v[i].over);
	}
	return alive;
}

uint32_t *
dissect_quiet_places(const struct quiet *v, size_t n)
{
	uint32_t *place = pth_xarray(NULL, n, sizeof *place), next = 0;

	for (size_t i = 0; i < n; i++)
		place[i] = v[i].goes ? QUIET_GONE : next++;
	return place;
}
