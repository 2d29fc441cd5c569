/*
 * Several streams become one, in the order of their plan.
 *
 *   pth_merge_open(&m, &e);
 *   while (...) pth_merge_add(&m, source, rec, &e);  // all records of all sources
 *   pth_merge_settle(&m, &e);
 *   for (size_t i = 0; i < m.count; i++)
 *           rec = pth_merge_get(&m, i, &e);
 *
 * The records wait in a file without a name; of each, some 100 bytes are in memory.
 */
#ifndef PTH_COLLECT_MERGE_H
#define PTH_COLLECT_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "io/rec.h"

struct pth_merged;

struct pth_merge {
	FILE *spool;
	struct pth_merged *tests;
	size_t count, room;
	long at;       /* bytes in spool */
	json_t *runs;  /* of names: how manieth */
	bool planned;  /* there was a plan, which has the order */
	size_t missed; /* tests of the plan that came from nobody */
	char *missing; /* the first of them */
	size_t twice;  /* records that were left out for another one of the same test */
};

int pth_merge_open(struct pth_merge *m, struct pth_err *e);
/* A test of the plan, before all others: then these are the tests that there are. */
int pth_merge_plan(struct pth_merge *m, const json_t *rec, struct pth_err *e);
/* A test. source: its name in messages, borrowed until the end. */
int pth_merge_add(struct pth_merge *m, const char *source, const json_t *rec, struct pth_err *e);
/* All have come: each test is there once, in the order of the plan, or, without one, of the
 * numbers that pth-parse has given them. What came twice is said. -1 with e, code PTH_INPUT:
 * they are not of one plan. */
int pth_merge_settle(struct pth_merge *m, struct pth_err *e);
/* Test i: a new reference, or NULL with e. */
json_t *pth_merge_get(const struct pth_merge *m, size_t i, struct pth_err *e);
void pth_merge_release(struct pth_merge *m);

/*
 * The run directory of what was merged: the directories of its tests are copied into it from
 * those that the records name, without copying bytes where the file system can share them, or
 * moved. 0, or -1 with e.
 */
struct pth_merge_dir;
/* New, or NULL with e. path, resume: as for pth_rundir_open(). */
struct pth_merge_dir *pth_merge_dir_open(
    const char *path, bool move, bool resume, struct pth_err *e);
/* Its path, absolute. */
const char *pth_merge_dir_path(const struct pth_merge_dir *d);
/* Takes rec's directory, unless it is here already, and writes rec, whose run_dir is changed, into
 * the streams. The directories are all there after pth_merge_dir_end(). */
int pth_merge_dir_add(struct pth_merge_dir *d, json_t *rec, struct pth_err *e);
/* The streams are whole but for what they lack (or NULL). */
int pth_merge_dir_end(struct pth_merge_dir *d, const char *lacks, struct pth_err *e);
void pth_merge_dir_free(struct pth_merge_dir *d);

#endif
