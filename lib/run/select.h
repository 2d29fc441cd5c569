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

/* The result of a test that is not run, or NULL when it is to run. May mark
 * the record with an error. dir may be closed (fd -1) for a dry run. */
json_t *pth_select_result(struct pth_select *in, struct pth_rundir *dir, json_t *rec);
void pth_select_release(struct pth_select *in);
/* A result without a run. */
json_t *pth_result_without(enum pth_status status, enum pth_category category, const char *reason);

#endif
