/*
 * What compile commands made, kept by what they were made from, and shared by
 * all tests of a user, also by those that run now: the first compiles, the
 * others wait for it.
 *
 * An entry is a directory whose name is a SHA-256: it appears whole, by
 * rename, or not at all. KEY.lock is held (flock) by who compiles; a death
 * frees it. Entries that were not used for the longest time leave when there
 * is too much.
 */
#ifndef PTH_SUPERVISE_CACHE_H
#define PTH_SUPERVISE_CACHE_H

#include <stdint.h>

#include <jansson.h>

#include "base/err.h"

#define PTH_CACHE_KEY 65

struct pth_cache {
	int fd;      /* of the directory of entries */
	int64_t max; /* bytes that it may hold, 0: no limit; pth_cache_max() */
	/* pth_sha256_fd(). By pointer, so that a program without a cache needs
	 * no library for it. */
	int (*digest)(int fd, char hex[65], int64_t *bytes);
};

/* $XDG_CACHE_HOME/pth/compile, else below $HOME/.cache; made. The descriptor,
 * or -1 with e. */
int pth_cache_open(struct pth_err *e);
/* $PTH_CACHE_SIZE, or 5 GiB. */
int64_t pth_cache_max(void);

/*
 * The key of `what` (any value: commands, environment ...) and of the content
 * of files and directories: absolute, or relative to dirfd. -1 with e when
 * one cannot be read.
 */
int pth_cache_key(const struct pth_cache *c, const json_t *what, const json_t *inputs, int dirfd,
    char key[PTH_CACHE_KEY], struct pth_err *e);

/* What to do next: it is there; make it, *lock is yours; someone makes it; none of
 * these, with e. */
enum pth_cache_look { PTH_CACHE_THERE, PTH_CACHE_MAKE, PTH_CACHE_WAIT, PTH_CACHE_FAILED };
/* *lock is -1 at first and kept between looks. */
enum pth_cache_look pth_cache_look(
    const struct pth_cache *c, const char *key, int *lock, struct pth_err *e);
/* Copy all of an entry to dirfd, and count that as its last use. -1 with e:
 * some of it may be there. 1: it is being removed; look again. */
int pth_cache_take(const struct pth_cache *c, const char *key, int dirfd, struct pth_err *e);
/* Make the entry from these paths (files or directories, relative, inside)
 * of dirfd; optional ones may be missing. The lock must be ours. */
int pth_cache_put(const struct pth_cache *c, const char *key, int dirfd, const json_t *outputs,
    const json_t *optional, struct pth_err *e);
/* Give the lock back. */
void pth_cache_leave(int *lock);
/* Remove what is too much, never what is being copied, nor the newest. */
void pth_cache_prune(const struct pth_cache *c);

#endif
