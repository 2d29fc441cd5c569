/*
 * Log files that programs append to without us in between, kept within a
 * limit: whoever has started the program looks at the sizes now and then, and
 * what is beyond the limit is cut off. A mark says so, and stays the file's
 * last line however much the program goes on to write:
 *
 *	[pth: log limit of 64 MiB reached, output dropped]
 *
 * Why no pipe: a program that writes to a file is neither slowed down nor
 * killed by us, and its last words are there when we are not.
 */
#ifndef PTH_SUPERVISE_LOGLIMIT_H
#define PTH_SUPERVISE_LOGLIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct loglimit_file {
	char *path;      /* below the directory that it was opened in */
	int dirfd;       /* borrowed: of that directory */
	int fd;          /* of our own: it does not append. -1: opened for each look */
	int64_t head;    /* bytes kept before the mark, -1: not cut yet */
	int64_t keep;    /* the same with the mark */
	int64_t seen;    /* its size at the last look */
	int64_t dropped; /* as far as known: what the program wrote beyond */
};

struct loglimit {
	int64_t limit; /* bytes of each file; 0: none, nothing is watched */
	struct loglimit_file *files;
	size_t nfiles;
};

/* Open dir/path (made, with its directories) for a program to append to, and
 * watch it from now on; dirfd stays open. The caller closes what it gets; -1
 * and errno. Where descriptors are scarce none is kept: then a log that the
 * program renames is not watched any more. */
int supervise_loglimit_open(struct loglimit *l, int dirfd, const char *path);
/* Look once at every file. Before one is cut, `cut` is called (may be NULL):
 * the file will be `keep` bytes long. first: it was not cut before. True when
 * one grows fast: look again soon. */
bool supervise_loglimit_look(struct loglimit *l,
    void (*cut)(void *arg, const char *path, int64_t keep, bool first), void *arg);
/* {"stdout.log": bytes dropped}, or NULL when none was cut. */
json_t *supervise_loglimit_dropped(const struct loglimit *l);
/* Watch no more; limit stays. */
void supervise_loglimit_release(struct loglimit *l);

#endif
