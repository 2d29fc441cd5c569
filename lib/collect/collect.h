/*
 * What pth-collect does with one record, and the run directory it keeps.
 */
#ifndef PTH_COLLECT_COLLECT_H
#define PTH_COLLECT_COLLECT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/strv.h"
#include "io/file.h"
#include "io/json.h"
#include "io/rec.h"
#include "io/rec_index.h"

struct pth_collect_options {
	bool no_packets;   /* leave the captures alone: no tshark, no keys put in */
	bool again;        /* the records are those of a run directory, as they were collected */
	bool look_only;    /* write nothing into the run directory: somebody works there */
	bool series;       /* write series of captures and qlog files beside the record */
	int64_t tshark_us; /* for one run of tshark; 0: the usual */
	int64_t file_bytes, files_us; /* of pth_artifact_budget() */
};

/*
 * Add artifacts, metrics and verdict to a test record, and write it as
 * record.json into its directory. What does not work becomes a warning; the
 * record always gets a verdict.
 */
void pth_collect_test(json_t *rec, const struct pth_collect_options *opt);
/* The verdict for a record whose collection itself failed. */
void pth_collect_failed(json_t *rec, const char *why);

/*
 * results.jsonl of a run directory: the records of this stream, then those of
 * the old file that were not in it, then the end record. Replaced as a whole
 * at close; until then nobody sees it. A zeroed struct is closed.
 */
struct pth_results {
	char *dir; /* open for this run directory, or NULL */
	struct pth_newfile file;
	FILE *fp;
	json_t *ids; /* set of those written */
	long tests;
	bool warned; /* a directory could not be written: said once */
};

/* Append; opens, and closes the one before when the run directory is another. */
void pth_results_add(struct pth_results *r, const json_t *rec);
/* whole: the stream had its end record, so the file gets one. */
void pth_results_close(struct pth_results *r, bool whole);

/*
 * The tests of a run directory, for a run that was killed or is collected
 * again: those of DIR/plan.jsonl in order, or without one every directory with
 * a record.json or result.json, by name. Their results are those of
 * results.jsonl, else of result.json. A test without a result comes
 * without "result", and one whose result.json cannot be read with the status error.
 * No pth-exec begins in it while it is open.
 */
struct pth_olddir {
	char *path; /* absolute */
	int fd;
	struct pth_err busy; /* who works in it now, so that this is not all; text "": nobody */
	bool planned;        /* there is a plan.jsonl */
	struct pth_rec_in plan;
	struct pth_rec_index results; /* results.jsonl */
	struct pth_strv names;        /* else: directories */
	size_t next;
};

int pth_olddir_open(struct pth_olddir *d, const char *path, struct pth_err *e);
/* 1 and a new reference, 0 at the end, -1 with e. */
int pth_olddir_next(struct pth_olddir *d, json_t **rec, struct pth_err *e);
void pth_olddir_close(struct pth_olddir *d);

#endif
