/*
 * Memory that is freed all at once: trees of YAML nodes and templates, the tests of a report.
 * A zeroed struct is an empty arena. Blocks are aligned for any type.
 */
#ifndef PTH_BASE_ARENA_H
#define PTH_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct pth_arena {
	struct pth_arena_chunk *head;
	size_t total; /* bytes obtained, for limits */
	/* What is more than spill_from lies in a temporary file without a name, as far as that can
	 * be had: for much that is written once and read seldom. 0: all is in memory. */
	size_t spill_from;
	int spill; /* private: that file, + 1; 0: not yet open; -1: there is no (more) room */
	off_t spilled;
};

/* N zeroed bytes. Never NULL: exhaustion ends the program. */
void *pth_arena_alloc(struct pth_arena *a, size_t n);
/* A copy of n bytes of s, with a NUL after them. */
char *pth_arena_strn(struct pth_arena *a, const char *s, size_t n);
char *pth_arena_str(struct pth_arena *a, const char *s);
/* What lies in the file is in memory no longer, until it is looked at again. */
void pth_arena_rest(const struct pth_arena *a);
void pth_arena_release(struct pth_arena *a);

#endif
