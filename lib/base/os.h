/* System calls that need care, in one place. */
#ifndef PTH_BASE_OS_H
#define PTH_BASE_OS_H

#include <dirent.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"

/* Make sure that fds 0, 1, 2 are open (on /dev/null), so that no file of ours
 * becomes somebody's stdout. */
void pth_fd_sanitize(void);
/* Open below dirfd only: no "..", no absolute path, no link that leaves
 * (openat2 RESOLVE_BENEATH). -1 and errno. */
int pth_open_beneath(int dirfd, const char *path, int flags, mode_t mode);
/* Open a file for reading that a program under test may have put there: a regular one
 * below dirfd, no link on the way to it, without waiting for anybody. Its status is in *st
 * (may be NULL). -1 and errno: ELOOP for a link, EINVAL for what is no regular file. */
int pth_open_regular(int dirfd, const char *path, struct stat *st);
/* The same of a file that a person has named in a file (include:, a descriptor), at any
 * place and through links. */
int pth_open_named(const char *path, struct stat *st);
/* Open a file of ours for writing where a program under test may have put something else:
 * a regular one below dirfd, with no other name (link(2)) and no link on the way to it,
 * without waiting; flags of open(). What is there is truncated only when it is such a file.
 * -1 and errno: ELOOP, EINVAL, EISDIR, EMLINK for what is no file of ours. */
int pth_open_ours(int dirfd, const char *path, int flags);
/* Open a directory below dirfd for reading, no link on the way. -1 and errno (ENOTDIR or
 * ELOOP for a link). */
int pth_open_dir(int dirfd, const char *path);
/* The same, but not what is mounted there (EXDEV). */
int pth_open_tree(int dirfd, const char *path);
/* Give the owner all rights to a directory, or to read and write a file, when we are the
 * owner and something is missing. name NULL: dirfd itself. Links are not followed; whether
 * it worked is seen by what is done next. */
void pth_mend_mode(int dirfd, const char *name);
/* Open a directory below dirfd (AT_FDCWD); a link is not followed. NULL and errno. */
DIR *pth_opendir(int dirfd, const char *path);
/* Read n bytes, EINTR retried: how many there were until the end of the file,
 * or -1 and errno. */
ssize_t pth_read_all(int fd, void *p, size_t n);
/* Read the beginning of a small file, as those of proc(5) and cgroups(7) are, into
 * text[size], with a NUL at the end; how many bytes, 0 when it cannot be read. The
 * path below dirfd (AT_FDCWD) is a format. */
size_t pth_read_text(int dirfd, char *text, size_t size, const char *path, ...) PTH_PRINTF(4, 5);
/* Write all of n bytes likewise: 0, or -1 and errno. */
int pth_write_all(int fd, const void *p, size_t n);
/* Write a text into a file that is there, as those of proc(5), sysfs(5) and
 * cgroups(7) are. 0, or -1 and errno. */
int pth_write_text(int dirfd, const char *file, const char *text);
/* Bytes that malloc(3) has given out, 0 when that is not known. */
size_t pth_heap_bytes(void);
/* The first SIGINT does nothing, the next one ends us: for the stages after
 * pth-exec. Ctrl-C goes to the whole pipe, and what ran shall be reported.
 * Nothing changes where SIGINT is ignored already. */
void pth_outlive_interrupt(void);

/*
 * Where the project's own data lies, found from the place of the running
 * program: in a checkout BIN/../share, installed BIN/../share/pth.
 * $PTH_SHARE overrides share. 0, or -1 with e.
 */
struct pth_home {
	char *share;   /* plugins/ and templates/ */
	char *libexec; /* helper programs of ours: miniP_server ... */
	char *bin;     /* the tools */
};
int pth_home_find(struct pth_home *h, struct pth_err *e);
void pth_home_release(struct pth_home *h);
/* Find a program as execvp would, in `path` (NULL: $PATH). Allocated or NULL. */
char *pth_which(const char *name, const char *path);

/* A terminal that can be drawn on: TERM says so, and not "dumb". */
bool pth_tty_draws(int fd);
/* The same, where colours are wanted: NO_COLOR is empty or not set. */
bool pth_tty_colours(int fd);

#endif
