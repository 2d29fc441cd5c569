/*
 * Which texts came before: a set of hashes (FNV-1a, 64 bits), eight bytes for
 * each and no copy. Among a million texts two differ and count as the same
 * once in thirty million runs.
 */
#ifndef PTH_RUN_IDSET_H
#define PTH_RUN_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pth_idset {
	uint64_t *v; /* open addressing; 0: free */
	size_t n, cap;
};

/* Empty when all is 0. True when it was not there yet. */
bool pth_idset_add(struct pth_idset *s, const char *text);
bool pth_idset_has(const struct pth_idset *s, const char *text);
void pth_idset_release(struct pth_idset *s);

#endif
