/* This header is only for the files cache.c and cache_*.c. */
#ifndef PTH_SUPERVISE_CACHE_PRIV_H
#define PTH_SUPERVISE_CACHE_PRIV_H

#include <stdbool.h>

#include "supervise/cache.h"

/* Does the name still stand for what was opened as fd? */
bool supervise_cache_is(const struct pth_cache *c, const char *name, int fd);

/* The names in a directory, sorted, as a list that ends with NULL; NULL with errno.
 * *n, how many, may be NULL. */
char **supervise_cache_names(int dirfd, int *n);

#endif
