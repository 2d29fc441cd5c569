/*
 * Memory that is freed all at once: trees of YAML nodes and templates.
 * A zeroed struct is an empty arena. Blocks are aligned for any type.
 */
#ifndef PTH_BASE_ARENA_H
#define PTH_BASE_ARENA_H

#include <stddef.h>

struct pth_arena {
	struct pth_arena_chunk *head;
	size_t total; /* bytes obtained from malloc, for limits */
};

/* N zeroed bytes. Never NULL: exhaustion ends the program. */
void *pth_arena_alloc(struct pth_arena *a, size_t n);
/* A copy of n bytes of s, with a NUL after them. */
char *pth_arena_strn(struct pth_arena *a, const char *s, size_t n);
char *pth_arena_str(struct pth_arena *a, const char *s);
void pth_arena_release(struct pth_arena *a);

#endif
