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
#include "io/rec_index.h"
#include "run/journal.h"

struct pth_rundir {
	char *path; /* absolute */
	int fd;
	int lock;                         /* run/lock.h; -1: none */
	bool fresh;                       /* no results of an earlier run were in it */
	struct pth_journal plan, results; /* plan.jsonl, results.jsonl */
	struct pth_rec_index before;      /* what results.jsonl said, when it is resumed */
};

/*
 * Make and open it. dir: exactly this one; NULL: BASE/RUN-DATE-TIME, to which
 * BASE/latest then points. A directory that holds something else than a run
 * is refused; so is one in which another pth-exec works, run/lock.h: it is ours
 * alone before anything in it is read. An old run in it is
 * replaced test by test; its streams begin anew, but the events when it is
 * resumed. A path that is not UTF-8 is refused: no record could name it.
 */
int pth_rundir_open(struct pth_rundir *d, const char *dir, const char *base, const char *run,
    bool resume, struct pth_err *e);
/* Are plan.jsonl and results.jsonl what we wrote? What is not is put right again, and told.
 * Before others are told that the streams have ended. */
bool pth_rundir_untouched(struct pth_rundir *d);
void pth_rundir_close(struct pth_rundir *d);
/* The newest directory that a run of this name has made below base, or NULL.
 * To be freed. */
char *pth_rundir_newest(const char *base, const char *run);
/* How long the test took whose result is in the run directory at path; -1 when that is not
 * known. Microseconds. */
int64_t pth_rundir_duration(const char *path, const char *id);
/* Copy the experiment file in; what cannot be read is left out. */
void pth_rundir_source(struct pth_rundir *d, const char *file);

/*
 * The directory of one test, run/rundir_test.c. Its programs may have been in it, or have
 * removed or replaced it: it is made and its modes are repaired where that is needed, links
 * are not followed, and what stands in the place of a file goes.
 */

/* A fresh directory for a test; its fd, or -1 with e. */
int pth_rundir_test(struct pth_rundir *d, const char *id, struct pth_err *e);
/* Remove the temporary files of a test whose supervisor could not. */
void pth_rundir_tidy(struct pth_rundir *d, const char *id);
/* Put the bytes into place as ID/file, whole; durable: for what must outlast a loss of power,
 * too. */
int pth_rundir_put(struct pth_rundir *d, const char *id, const char *file,
    const struct pth_buf *bytes, bool durable, struct pth_err *e);
/* What was put there as JSON in the run directory, or NULL with e (which may be NULL) when there
 * is none that can be read; e->error is ENOENT when nothing is there. */
json_t *pth_rundir_get(int dirfd, const char *id, const char *file, struct pth_err *e);
/* Keep the directory of a try that failed as tries/ID-N. */
int pth_rundir_keep_try(struct pth_rundir *d, const char *id, int n, struct pth_err *e);

#endif
