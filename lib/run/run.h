/*
 * A run of pth-exec: its directory, its runner, the records that go in and
 * out. Opened by the first test, which names it.
 */
#ifndef PTH_RUN_RUN_H
#define PTH_RUN_RUN_H

#include <stdbool.h>

#include "io/rec.h"
#include "io/status.h"
#include "run/fallback.h"
#include "run/progress.h"
#include "run/runner.h"
#include "run/select.h"

struct pth_run {
	/* Set by the owner, as is what belongs to the owner in runner: */
	const char *dir_wanted; /* NULL: a new one below paths.output_dir */
	struct pth_select in;
	struct pth_rec_out out;
	struct pth_progress progress; /* open */
	/* Ours: */
	bool opened;   /* dir and runner exist */
	long planned;  /* tests in the plan of dir */
	bool fed;      /* all has come */
	char *earlier; /* a run directory with durations, or NULL */
	bool touched;  /* somebody else has changed the streams in dir; said by pth_run_end() */
	struct pth_engine engine;
	bool cleaned;                    /* what an earlier try left on the engine is gone */
	size_t counts[PTH_STATUSES + 1]; /* records that went out, by their status */
	size_t faults;                   /* those of them that have failed */
	struct pth_rundir dir;
	struct pth_runner runner;
};

/* Room for another record? */
bool pth_run_has_room(const struct pth_run *run);
/* Nothing left to run or to write? */
bool pth_run_is_idle(const struct pth_run *run);
/* Take a record over (also on error). -1 with e. */
int pth_run_take(struct pth_run *run, json_t *rec, struct pth_err *e);
/* Start what may start, write what is done, show how far it is. */
int pth_run_move(struct pth_run *run, struct pth_err *e);
/* When something has to be done at the latest, monotonic; PTH_NEVER: nothing. */
int64_t pth_run_next(const struct pth_run *run);
/* All of in has come: the plan gets its end record, by which who resumes or collects a run that
 * was killed knows that it had all. What is missing of it is noted, as by pth_rec_lacks(). Once;
 * after that nothing happens. -1 with e. */
int pth_run_fed(struct pth_run *run, const struct pth_rec_in *in, bool say, struct pth_err *e);
/* Close the streams, ours and that of the results, so that they can be fed again. fed: with
 * their end records, for pth_run_fed() was called. -1 with e. */
int pth_run_end(struct pth_run *run, bool fed, struct pth_err *e);
void pth_run_release(struct pth_run *run);

#endif
