/* Dockerfiles of somebody's own. Private to this folder. */
#ifndef PTH_CONTAINER_DOCKERFILE_H
#define PTH_CONTAINER_DOCKERFILE_H

#include "base/cleanup.h"

/* Can an engine read it? 0, or -1 with e: "line N: no instruction 'FORM'; did you mean 'FROM'?".
 * What the instructions say is not looked at. */
int container_dockerfile_check(const char *text, size_t n, struct pth_err *e);

#endif
