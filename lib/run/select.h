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
#include "io/status.h"
#include "run/idset.h"
#include "run/rundir.h"

struct pth_select {
	struct pth_strv only, skip; /* globs over id and name */
	bool dry;
	bool resume;       /* keep the complete results of the run directory */
	bool rerun_failed; /* but not those of tests that did not go well */
	/* Ours: */
	struct pth_idset ids, hits; /* of tests to run; patterns that matched */
};

/* The result of a test that is not run, or NULL when it is to run. May mark
 * the record with an error. dir may be closed (fd -1) for a dry run. */
json_t *pth_select_result(struct pth_select *in, struct pth_rundir *dir, json_t *rec);
/* All have come: warn of patterns that no test has matched. */
void pth_select_end(struct pth_select *in);
void pth_select_release(struct pth_select *in);
/* A result without a run. */
json_t *pth_result_without(enum pth_status status, enum pth_category category, const char *reason);

#endif
