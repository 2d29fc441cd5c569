/*
 * Whole files: read with a limit, write so that a reader sees the old or the
 * new content and never a half. The new content lives in an unnamed file
 * (O_TMPFILE) until it is complete, so a kill leaves nothing behind.
 */
#ifndef PTH_IO_FILE_H
#define PTH_IO_FILE_H

#include <stdbool.h>

#include "base/buf.h"

/* Append the content of path ("-": stdin) to b. More than max bytes: error. */
int pth_file_read(const char *path, size_t max, struct pth_buf *b, struct pth_err *e);
/* Write data as path relative to dirfd (AT_FDCWD), mode 0644 less umask:
 * write, fsync, link or rename into place. */
int pth_file_write(int dirfd, const char *path, const void *p, size_t n, struct pth_err *e);
/*
 * The same in steps, for content that is not in memory: write to fd between
 * begin and commit. commit and abandon close and release.
 */
struct pth_newfile {
	int fd;     /* write here */
	int dir;    /* where it will be */
	char *base; /* its name there */
	char *tmp;  /* name of the temporary, where the file system has no O_TMPFILE */
};
int pth_file_begin(struct pth_newfile *f, int dirfd, const char *path, struct pth_err *e);
int pth_file_commit(struct pth_newfile *f, struct pth_err *e);
void pth_file_abandon(struct pth_newfile *f);
/* Remove the temporary names that writers which were killed have left in a
 * directory: there is one for a moment while a file replaces another. */
void pth_file_sweep(int dirfd);
/* mkdir -p, mode 0777 less umask; dirfd AT_FDCWD for the current one. */
int pth_mkdirs(int dirfd, const char *path, struct pth_err *e);
/* Remove a tree below dirfd, links not followed. Missing is no error. */
int pth_rmtree(int dirfd, const char *path, struct pth_err *e);

/* A relative path that stays inside: no "..", no leading '/', not empty. */
bool pth_path_inside(const char *path);
/* Open path below dirfd, never outside of it, and make the directories on the
 * way; flags of open(). -1 with e, which may be NULL. */
int pth_file_make(int dirfd, const char *path, int flags, struct pth_err *e);

#endif
