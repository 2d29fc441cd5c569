/*
 * The directory of a run, pth-record(5): it is the database of what ran.
 * Results are complete when their file has been put into place.
 */
#ifndef PTH_RUN_RUNDIR_H
#define PTH_RUN_RUNDIR_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"

struct pth_rundir {
	char *path; /* absolute */
	int fd;
	bool fresh; /* nothing was in it: no results of an earlier run */
};

/*
 * Make and open it. dir: exactly this one; NULL: BASE/RUN-DATE-TIME, to which
 * BASE/latest then points. A directory that holds something else than a run
 * is refused; so is one in which another pth-exec works, after some patience:
 * the tests of one that was killed take a moment to end. An old run in it is
 * replaced test by test; its streams begin anew, but the events when it is
 * resumed.
 */
int pth_rundir_open(struct pth_rundir *d, const char *dir, const char *base, const char *run,
    bool resume, struct pth_err *e);
void pth_rundir_close(struct pth_rundir *d);
/* The newest directory that a run of this name has made below base, or NULL.
 * To be freed. */
char *pth_rundir_newest(const char *base, const char *run);
/* How long the test took whose result is in the run directory at path; -1 when that is not
 * known. Microseconds. */
int64_t pth_rundir_duration(const char *path, const char *id);
/* A fresh directory for a test; its fd, or -1 with e. */
int pth_rundir_test(struct pth_rundir *d, const char *id, struct pth_err *e);
/* Remove the temporary files of a test whose supervisor could not. */
void pth_rundir_tidy(struct pth_rundir *d, const char *id);
/* Write a line, whole with its newline: append it to the file of the run, or (id not NULL)
 * make it all of ID/file, for what may be lost with the machine's power. */
int pth_rundir_line(struct pth_rundir *d, const char *id, const char *file,
    const struct pth_buf *line, struct pth_err *e);
/* Put v into place as ID/file, whole and durable. */
int pth_rundir_put(
    struct pth_rundir *d, const char *id, const char *file, const json_t *v, struct pth_err *e);
/* What was put there in the run directory at path, or NULL when there is none that can be read. */
json_t *pth_rundir_get(const char *path, const char *id, const char *file);
/* Keep the directory of a try that failed as tries/ID-N. */
int pth_rundir_keep_try(struct pth_rundir *d, const char *id, int n, struct pth_err *e);
/* Copy the experiment file in; what cannot be read is left out. */
void pth_rundir_source(struct pth_rundir *d, const char *file);

#endif
