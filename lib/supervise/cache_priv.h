/* Inside the room cache only. */
#ifndef PTH_SUPERVISE_CACHE_PRIV_H
#define PTH_SUPERVISE_CACHE_PRIV_H

#include <stdbool.h>

#include "supervise/cache.h"

/* Does the name still stand for what was opened as fd? */
bool supervise_cache_is(const struct pth_cache *c, const char *name, int fd);

#endif
