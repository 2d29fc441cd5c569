/*
 * What a program of a test finds around it: its environment and the paths
 * outside of its own directory that it may see.
 */
#ifndef PTH_SUPERVISE_WORKDIR_H
#define PTH_SUPERVISE_WORKDIR_H

#include "io/placeholder.h"

/* A clean environment (PATH, HOME=home, TMPDIR, LC_ALL, TZ ...) with the
 * object's members on top; over may be NULL and wins over env. For execve:
 * free it with pth_strv_free(). */
char **pth_places_env(
    const struct pth_places *p, const char *home, const json_t *env, const json_t *over);
/* What programs may need of the file system beyond the system's own, as
 * pth_places_argv(): all that the plan names by an absolute path; and what is
 * the same for all tests, our data and tools, PATH and the like, the current
 * directory. */
char **pth_places_seen(const struct pth_places *p, const json_t *plan);
char **pth_places_common(const struct pth_places *p);

#endif
