/*
 * What becomes of a record that arrives: run it, or give it a result at once
 * (not selected, an error of an earlier stage, already done in the run that
 * is resumed).
 */
#ifndef PTH_RUN_SELECT_H
#define PTH_RUN_SELECT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/strv.h"
#include "io/rec.h"
#include "io/status.h"
#include "run/idset.h"
#include "run/rundir.h"

struct pth_select {
	struct pth_strv only, skip; /* ids, names, globs over them, and tag:GLOB */
	bool dry;
	bool resume;       /* keep the complete results of the run directory */
	bool rerun_failed; /* but not those of tests that did not go well */
	/* Ours: */
	struct pth_idset ids;   /* of tests to run */
	struct pth_idset hits;  /* patterns that matched */
	struct pth_idset exact; /* patterns that are the id or name of a test: they mean it alone */
	struct pth_strv names;  /* of tests and tags, for who has mistyped one */
	struct pth_idset known; /* the same */
};

/* Are tests selected? Then each record is noted and all are checked before the first is asked
 * for its result: one more of a name changes what a pattern means. */
bool pth_select_wants(const struct pth_select *in);
void pth_select_note(struct pth_select *in, const json_t *rec);
/* After that: is it selected? */
bool pth_select_has(const struct pth_select *in, const json_t *rec);
/* Why a test is not run although nothing is wrong with it: the reason of its result, or NULL. */
const char *pth_select_left_out(const struct pth_select *in, const json_t *rec);
/* The same for all records of a file that is read again afterwards: 1, or 0 when it cannot be read
 * twice, or -1 with e as from pth_select_check(). */
int pth_select_file(struct pth_select *in, const struct pth_rec_in *from, struct pth_err *e);
/* -1 with e, code PTH_USAGE, when a pattern matches no test; e names the nearest ones. */
int pth_select_check(const struct pth_select *in, struct pth_err *e);

/* The result of a test that cannot or shall not run, or NULL. May mark the record with an error. */
json_t *pth_select_result(struct pth_select *in, json_t *rec);
/* After that: the result that the test keeps of an earlier run in dir, or NULL when it is to run.
 * It is complete (its file was put into place), neither left out nor cut short, and of the same
 * plan. What the stream of that run said of it counts before the file, which the test may have
 * reached; pth-collect tells when they disagree. */
json_t *pth_select_kept(const struct pth_select *in, struct pth_rundir *dir, json_t *rec);
void pth_select_release(struct pth_select *in);
/* A result without a run. */
json_t *pth_result_without(enum pth_status status, enum pth_category category, const char *reason);

#endif
