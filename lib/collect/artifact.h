/*
 * The files a test left behind: what they are, how long, and their SHA-256.
 *
 * The directory is walked by descriptors and no link is followed, so nothing
 * outside of it can get into the list. Only regular files are listed; our own
 * record.json, result.json and series.jsonl at the top are not.
 */
#ifndef PTH_COLLECT_ARTIFACT_H
#define PTH_COLLECT_ARTIFACT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "io/json.h"

#define PTH_ARTIFACT_MAX 100000              /* files of one test */
#define PTH_ARTIFACT_BYTES ((size_t)8 << 20) /* of their entries in the record */
#define PTH_ARTIFACT_DEPTH 64                /* directories below each other */
#define PTH_ARTIFACT_LOOKS 2000000           /* names that are looked at */

/*
 * What may be read of the files of one test: a program can leave files of any length. A file
 * that is longer, or for which nothing is left, is not read, and that is said.
 */
struct pth_artifact_budget {
	int64_t file;  /* bytes of one file */
	int64_t bytes; /* of all that are hashed or compared; what is left */
	int64_t until; /* pth_mono_us() */
};

#define PTH_ARTIFACT_FILE ((int64_t)4 << 30)
#define PTH_ARTIFACT_TIME (300 * PTH_SECOND_US)

/* One from now on: of files of so many bytes, 4 times of them in all, within us; 0: the usual.
 * Where a budget is NULL below, it is the usual for this one call. */
struct pth_artifact_budget pth_artifact_budget(int64_t file, int64_t us);

/*
 * All files below dirfd as the array of pth-record(5), sorted by path (bytes):
 * {"path","service","kind","bytes","sha256"}. The record (borrowed) says which
 * first parts of a path are services, and in plan.services[].artifacts which
 * other files are wanted: a glob, or {"path": glob, "kind": kind}.
 *
 * New reference. A file whose content was not hashed has "unread", why, in the place of
 * "sha256". Each directory of the test has its share of the limits, so that one service cannot
 * hide the files of another. What is not listed is counted in *omitted, and the first fault is in
 * e (code PTH_SYSTEM); e->code is 0 when the list has all.
 */
json_t *pth_artifact_list(int dirfd, const json_t *rec, struct pth_artifact_budget *budget,
    int64_t *omitted, struct pth_err *e);

/*
 * Kind of a file by its path alone: log capture keylog qlog profile core
 * certificate download, or file. A literal, never NULL.
 */
const char *pth_artifact_kind_of(const char *path);
#define PTH_ARTIFACT_LOG "log"
#define PTH_ARTIFACT_QLOG "qlog"
/* The same of a path in the directory of a test, where its plan may have given another kind. */
const char *pth_artifact_kind_in(const json_t *rec, const char *path);
/* Is this path there one of our own two files? */
bool pth_artifact_is_record(const char *path);

/*
 * Are the files a and b, below dirfd, the same byte for byte? 1 yes, 0 no
 * with a sentence in `why`, -1 when one cannot be read (sentence in `why`).
 * *bytes: how many are the same.
 */
int pth_artifact_same(int dirfd, const char *a, const char *b, struct pth_artifact_budget *budget,
    int64_t *bytes, struct pth_buf *why);
/* SHA-256 of a file below dirfd, as pth_sha256_fd(). -1 with a sentence in `why`. */
int pth_artifact_digest(int dirfd, const char *path, struct pth_artifact_budget *budget,
    char hex[65], struct pth_buf *why);
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
/* The same within a budget; where it ends is the offset of fd. */
void pth_artifact_lines_within(int fd, struct pth_artifact_budget *budget,
    void (*line)(void *arg, const char *s, size_t n, bool rest), void *arg);

#endif
