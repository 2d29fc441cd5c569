/*
 * The files a test left behind: what they are, how long, and their SHA-256.
 *
 * The directory is walked by descriptors and no link is followed, so nothing
 * outside of it can get into the list. Only regular files are listed; our own
 * record.json and result.json at the top are not.
 */
#ifndef PTH_COLLECT_ARTIFACT_H
#define PTH_COLLECT_ARTIFACT_H

#include <stdbool.h>
#include <stdint.h>

#include "io/json.h"

#define PTH_ARTIFACT_MAX 100000 /* files of one test */
#define PTH_ARTIFACT_DEPTH 64   /* directories below each other */

/*
 * All files below dirfd as the array of pth-record(5), sorted by path (bytes):
 * {"path","service","kind","bytes","sha256"}. The record (borrowed) says which
 * first parts of a path are services, and in plan.services[].artifacts which
 * other files are wanted: a glob, or {"path": glob, "kind": kind}.
 *
 * New reference. What cannot be read is left out, and the first such fault is
 * in e (code PTH_SYSTEM); e->code is 0 when there was none.
 */
json_t *pth_artifact_list(int dirfd, const json_t *rec, struct pth_err *e);

/*
 * Kind of a file by its path alone: log capture keylog qlog profile core
 * certificate download, or file. A literal, never NULL.
 */
const char *pth_artifact_kind_of(const char *path);

/*
 * Are the files a and b, below dirfd, the same byte for byte? 1 yes, 0 no
 * with a sentence in `why`, -1 when one cannot be read (sentence in `why`).
 * *bytes: how many are the same.
 */
int pth_artifact_same(int dirfd, const char *a, const char *b, int64_t *bytes, struct pth_buf *why);
/* pth_open_regular() with the size of the file. */
int pth_artifact_open(int dirfd, const char *path, int64_t *size);
/* Open the directory dir of a test, below the run directory run and no link. -1 and errno. */
int pth_artifact_dir(const char *run, const char *dir);
/* Append to b what can be read of a file of this size, at most max bytes; false when nothing
 * can. */
bool pth_artifact_read(int fd, int64_t size, int64_t max, struct pth_buf *b);
/*
 * Call line() for each line of fd, s[0..n) without its newline; the bytes are
 * as they are. A line of more than 64 KiB comes in pieces, all but the first
 * with rest. It ends after about max bytes, or soon after `until` (pth_mono_us()).
 */
void pth_artifact_lines(int fd, int64_t max, int64_t until,
    void (*line)(void *arg, const char *s, size_t n, bool rest), void *arg);

#endif
