/*
 * collect_artifacts: false of a test: what it left goes when it has been judged, but its logs, and
 * record.json, result.json and series.jsonl.
 */
#ifndef PTH_COLLECT_PRUNE_H
#define PTH_COLLECT_PRUNE_H

#include <stdint.h>

#include "base/err.h"
#include "io/json.h"

/* Remove it below dirfd, the directory of the test or of one of its tries, and the directories
 * that are empty then. What was removed is added to *files and *bytes. 0, or -1 with e: something
 * stays, and this is the first of it. */
int collect_prune(int dirfd, const json_t *rec, int64_t *files, int64_t *bytes, struct pth_err *e);

#endif
