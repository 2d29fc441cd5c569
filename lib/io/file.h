/*
 * Whole files: read with a limit, write so that a reader sees the old or the
 * new content and never a half. The new content lives in an unnamed file
 * (O_TMPFILE) until it is complete, so a kill leaves nothing behind.
 */
#ifndef PTH_IO_FILE_H
#define PTH_IO_FILE_H

#include <stdbool.h>

#include "base/buf.h"

/* Append the content of path ("-": stdin), which somebody has named on a command line,
 * to b: it may be a pipe. More than max bytes: error. */
int pth_file_read(const char *path, size_t max, struct pth_buf *b, struct pth_err *e);
/* The same of a path that is named in a file: a regular one, at any place. Nothing else is
 * waited for. */
int pth_file_read_named(const char *path, size_t max, struct pth_buf *b, struct pth_err *e);
/* The same of what a program under test may have put there: a regular file below dirfd,
 * no link on the way to it. e->error is ENOENT when nothing is there. */
int pth_file_read_below(
    int dirfd, const char *path, size_t max, struct pth_buf *b, struct pth_err *e);
/* The same of a descriptor of a regular file (-1: errno says why there is none), whose name
 * is for messages. */
int pth_file_read_fd(int fd, const char *name, size_t max, struct pth_buf *b, struct pth_err *e);
/* Write data as path, mode 0644 less umask: write, fsync, link or rename into place.
 * The path is relative to dirfd and no link on the way is followed, or AT_FDCWD: it is
 * where somebody has named it. */
int pth_file_write(int dirfd, const char *path, const void *p, size_t n, struct pth_err *e);
/* The same of a file of ours in a run directory: what a program under test has put into its
 * place, even a directory, is removed. */
int pth_file_put(int dirfd, const char *path, const void *p, size_t n, struct pth_err *e);
/*
 * The same in steps, for content that is not in memory: write to fd between
 * begin and commit. commit and abandon close and release.
 */
struct pth_newfile {
	int fd;     /* write here */
	int dir;    /* where it will be */
	char *base; /* its name there */
	char *tmp;  /* name of the temporary, where the file system has no O_TMPFILE */
	bool lazy;  /* it is not synced: the machine's power may take it */
};
int pth_file_begin(struct pth_newfile *f, int dirfd, const char *path, struct pth_err *e);
int pth_file_commit(struct pth_newfile *f, struct pth_err *e);
void pth_file_abandon(struct pth_newfile *f);
/* Remove the temporary names that writers of a file, or of any (NULL), which were killed have left
 * in a directory: there is one for a moment while a file replaces another. */
void pth_file_sweep(int dirfd, const char *base);
/* mkdir -p, mode 0777 less umask: below dirfd, no link on the way followed; or AT_FDCWD. */
int pth_mkdirs(int dirfd, const char *path, struct pth_err *e);
/*
 * Remove what is at path: below dirfd, no link on the way followed, or AT_FDCWD. A tree may
 * be of any depth; modes that are in the way are mended, links are removed and not followed,
 * what is mounted there stays. Missing is no error. What cannot be removed is named in e,
 * and all else is gone.
 */
int pth_rmtree(int dirfd, const char *path, struct pth_err *e);

/* A relative path that stays inside: no "..", no leading '/', not empty. */
bool pth_path_inside(const char *path);
/* Open path below dirfd as pth_open_ours() does, and make the directories on the
 * way; flags of open(). -1 with e, which may be NULL. */
int pth_file_make(int dirfd, const char *path, int flags, struct pth_err *e);
/* The same without the directories, of a file of ours in a run directory: what is there and
 * is no regular file, or has another name, is removed and the file begins anew. */
int pth_file_ours(int dirfd, const char *path, int flags, struct pth_err *e);

#endif
