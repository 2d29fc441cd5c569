/*
 * The directory of a run, pth-record(5): it is the database of what ran.
 * Results are complete when their file has been put into place.
 */
#ifndef PTH_RUNDIR_H
#define PTH_RUNDIR_H

#include <stdbool.h>

#include <jansson.h>

#include "err.h"

struct pth_rundir {
	char *path; /* absolute */
	int fd;
};

/*
 * Make and open it. dir: exactly this one; NULL: BASE/RUN-DATE-TIME, to which
 * BASE/latest then points. A directory that holds something else than a run
 * is refused; an old run in it is replaced.
 */
int pth_rundir_open(struct pth_rundir *d, const char *dir, const char *base, const char *run,
    struct pth_err *e);
void pth_rundir_close(struct pth_rundir *d);
/* A fresh directory for a test; its fd, or -1 with e. */
int pth_rundir_test(struct pth_rundir *d, const char *id, struct pth_err *e);
/* Append one JSON line. */
int pth_rundir_append(struct pth_rundir *d, const char *file, const json_t *v, struct pth_err *e);
/* Put v into place as ID/file. */
int pth_rundir_put(struct pth_rundir *d, const char *id, const char *file, const json_t *v,
    struct pth_err *e);
/* Copy the experiment file in; what cannot be read is left out. */
void pth_rundir_source(struct pth_rundir *d, const char *file);

#endif
