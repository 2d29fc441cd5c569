/*
 * Which connections are given up when there are too many, or they take too much memory: those
 * that have ended, and when these are few, the half from which nothing has come for the longest
 * time. Private to this folder.
 */
#ifndef PTH_DISSECT_QUIET_H
#define PTH_DISSECT_QUIET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUIET_LIMIT "connections that were quiet were given up: there are too many at once"
#define QUIET_GONE UINT32_MAX

struct quiet {
	uint64_t last; /* the number of its last packet */
	bool over;     /* it has ended: nothing is lost with it */
};

/* Where each of n is when they close up; QUIET_GONE of those that go, at least one when n > 0. When
 * one goes that has not ended, *limit says so. The caller frees it. */
uint32_t *dissect_quiet_places(const struct quiet *v, size_t n, const char **limit);

#endif
