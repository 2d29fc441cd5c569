/*
 * The directories and files that a plan wants in the working directory of a
 * service, a test or an image.
 */
#ifndef PTH_PLAN_FILL_H
#define PTH_PLAN_FILL_H

#include <jansson.h>

#include "base/err.h"
#include "io/placeholder.h"

/* Make the "dirs" and "files" of a plan's service below dirfd: {"path","size",
 * "seed"} is size pseudo-random bytes, {"path","text"} that text with its
 * placeholders replaced. -1 with e. */
int pth_plan_fill(int dirfd, const json_t *service, const struct pth_places *p, struct pth_err *e);

#endif
