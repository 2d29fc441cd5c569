/* This file reads and writes whole files, and makes and removes the directories around them. */
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/words.h"

/* All that can be read of fd, as a whole. */
static int
read_whole(int fd, const char *name, size_t max, struct pth_buf *b, struct pth_err *e)
{
	size_t start = b->len;
	ssize_t n = 1;

	pth_buf_add(b, "", 0);
	while (n > 0 && b->len - start <= max) {
		size_t left = max + 1 - (b->len - start), want = left < 65536 ? left : 65536;

		n = pth_read_all(fd, pth_buf_room(b, want), want);
		if (n < 0)
			return pth_err_set(e, PTH_SYSTEM, "%s:", name);
		b->len += (size_t)n;
	}
	pth_buf_add(b, "", 0);
	if (b->len - start > max)
		return pth_err_set(e, PTH_INPUT, "%s: larger than %zu bytes", name, max);
	return 0;
}

int
pth_file_read(const char *path, size_t max, struct pth_buf *b, struct pth_err *e)
{
	bool in = strcmp(path, "-") == 0;
	pth_auto_fd own = in ? -1 : open(path, O_RDONLY | O_CLOEXEC);

	if (!in && own < 0)
		return pth_err_set(
		    e, errno == ENOENT || errno == EISDIR ? PTH_INPUT : PTH_SYSTEM, "%s:", path);
	return read_whole(in ? STDIN_FILENO : own, in ? "stdin" : path, max, b, e);
}

/* Why a file that has to be a regular one was not opened. */
static int
not_opened(const char *name, struct pth_err *e)
{
	if (errno == EINVAL || errno == EISDIR || errno == ENXIO)
		return pth_err_set(e, PTH_INPUT, "%s: not a regular file", name);
	return pth_err_set(e,
	    errno == ENOENT || errno == ELOOP || errno == ENOTDIR || errno == EXDEV ? PTH_INPUT :
	                                                                              PTH_SYSTEM,
	    "%s:", name);
}

int
pth_file_read_fd(int fd, const char *name, size_t max, struct pth_buf *b, struct pth_err *e)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return not_opened(name, e);
	if (!S_ISREG(st.st_mode))
		return pth_err_set(e, PTH_INPUT, "%s: not a regular file", name);
	/* A hole of a terabyte need not be read before this is said. */
	if (st.st_size > 0 && (uintmax_t)st.st_size > max)
		return pth_err_set(e, PTH_INPUT, "%s: larger than %zu bytes", name, max);
	return read_whole(fd, name, max, b, e);
}

int
pth_file_read_named(const char *path, size_t max, struct pth_buf *b, struct pth_err *e)
{
	pth_auto_fd fd = pth_open_named(path, NULL);

	return pth_file_read_fd(fd, path, max, b, e);
}

int
pth_file_read_below(int dirfd, const char *path, size_t max, struct pth_buf *b, struct pth_err *e)
{
	pth_auto_fd fd = pth_open_regular(dirfd, path, NULL);

	return pth_file_read_fd(fd, path, max, b, e);
}

#define TRIES 100 /* names of temporaries that may be taken */

/* Name of a temporary for base: hidden, and of this process; another one at each try,
 * because a program under test may have taken it. */
static char *
temporary(const char *base, int try)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, ".%.200s.%ld", base, (long)getpid());
	if (try > 0)
		pth_buf_addf(&b, "%02d%lld", try, (long long)(pth_mono_us() % PTH_SECOND_US));
	return pth_buf_take(&b);
}

void
pth_file_sweep(int dirfd, const char *base)
{
	struct dirent *de;
	pth_auto_dir d = pth_opendir(dirfd, ".");

	while (d != NULL && (de = readdir(d)) != NULL) {
		const char *pid = strrchr(de->d_name, '.');

		/* .NAME.PID, see temporary() */
		if (de->d_name[0] == '.' && pid > de->d_name + 1 && pid[1] != '\0' &&
		    pid[1 + strspn(pid + 1, "0123456789")] == '\0' &&
		    (base == NULL ||
		        (strncmp(de->d_name + 1, base, strlen(base)) == 0 &&
		            de->d_name + 1 + strlen(base) == pid)))
			unlinkat(dirfd, de->d_name, 0);
	}
}

/* Gives the unnamed file fd the name base in dir, replacing what is there. */
static int
name_it(int dir, int fd, const char *base)
{
	int r = -1;
	char proc[64];

	snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, proc, dir, base, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	/* link(2) does not replace: a short-lived second name, then rename. */
	for (int i = 0; r != 0 && errno == EEXIST && i < TRIES; i++) {
		pth_auto_str tmp = temporary(base, i);

		r = linkat(AT_FDCWD, proc, dir, tmp, AT_SYMLINK_FOLLOW);
		if (r == 0 && renameat(dir, tmp, dir, base) != 0) {
			int saved = errno;

			unlinkat(dir, tmp, 0);
			errno = saved;
			return -1;
		}
	}
	return r;
}

/* Make a file with a temporary name, where the file system has none without. */
static void
begin_named(struct pth_newfile *f)
{
	errno = EEXIST;
	for (int i = 0; f->fd < 0 && errno == EEXIST && i < TRIES; i++) {
		free(f->tmp);
		f->tmp = temporary(f->base, i);
		f->fd = openat(
		    f->dir, f->tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	}
	if (f->fd < 0)
		free(pth_take(&f->tmp)); /* not ours: not to be removed */
}

int
pth_file_begin(struct pth_newfile *f, int dirfd, const char *path, struct pth_err *e)
{
	pth_auto_str above = pth_xstrdup(path);
	pth_auto_str last = pth_xstrdup(path);
	const char *dir = dirname(above);

	*f = (struct pth_newfile){ .fd = -1, .base = pth_xstrdup(basename(last)) };
	f->dir = dirfd == AT_FDCWD ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) :
	                             pth_open_dir(dirfd, dir);
	if (f->dir >= 0)
		f->fd = openat(f->dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (f->dir >= 0 && f->fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT))
		begin_named(f);
	if (f->fd >= 0)
		return 0;
	pth_err_set(e, PTH_SYSTEM, "write %s:", path);
	pth_file_abandon(f);
	return -1;
}

int
pth_file_commit(struct pth_newfile *f, struct pth_err *e)
{
	int r = f->lazy ? 0 : fsync(f->fd);

	if (r == 0)
		r = f->tmp != NULL ? renameat(f->dir, f->tmp, f->dir, f->base) :
		                     name_it(f->dir, f->fd, f->base);
	if (r != 0) {
		pth_err_set(e, PTH_SYSTEM, "write %s:", f->base);
	} else {
		/* It has its name now: nothing to remove. The directory is not
		 * synced: after a loss of power the file may be missing, but it is
		 * never a half, and a missing result is run again. */
		free(pth_take(&f->tmp));
	}
	pth_file_abandon(f);
	return r != 0 ? -1 : 0;
}

void
pth_file_abandon(struct pth_newfile *f)
{
	if (f->tmp != NULL)
		unlinkat(f->dir, f->tmp, 0);
	pth_close(&f->fd);
	pth_close(&f->dir);
	free(pth_take(&f->base));
	free(pth_take(&f->tmp));
}

int
pth_file_write(int dirfd, const char *path, const void *p, size_t n, struct pth_err *e)
{
	struct pth_newfile f;

	if (pth_file_begin(&f, dirfd, path, e) != 0)
		return -1;
	if (pth_write_all(f.fd, p, n) == 0)
		return pth_file_commit(&f, e);
	pth_err_set(e, PTH_SYSTEM, "write %s:", path);
	pth_file_abandon(&f);
	return -1;
}

int
pth_file_put(int dirfd, const char *path, const void *p, size_t n, struct pth_err *e)
{
	struct pth_err why;

	if (pth_file_write(dirfd, path, p, n, &why) == 0)
		return 0;
	if (why.error == EISDIR && pth_rmtree(dirfd, path, e) != 0)
		return -1;
	return pth_file_write(dirfd, path, p, n, e);
}

/* Make the directories of path, as somebody has named it. */
static int
mkdirs_named(const char *path, struct pth_err *e)
{
	pth_auto_str copy = pth_xstrdup(path);
	struct stat st;

	for (char *p = copy; *p != '\0';) {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		char c = *p;

		*p = '\0';
		if (*copy != '\0' && mkdir(copy, 0777) != 0) {
			int error = errno;

			if (error != EEXIST || stat(copy, &st) != 0 || !S_ISDIR(st.st_mode)) {
				errno = error == EEXIST ? ENOTDIR : error;
				return pth_err_set(e, PTH_SYSTEM, "mkdir %s:", copy);
			}
		}
		*p = c;
	}
	return 0;
}

/* The same below dirfd: each is opened before the next is made in it. */
static int
mkdirs_below(int dirfd, const char *path, struct pth_err *e)
{
	struct pth_word rest = pth_word_of(path), next;
	pth_auto_fd at = -1;

	while (pth_word_next(&rest, "/", &next)) {
		pth_auto_str part = pth_xstrndup(next.s, next.n);
		pth_auto_fd above = pth_take_fd(&at);
		int in = above >= 0 ? above : dirfd;

		if (next.n == 0) {
			at = pth_take_fd(&above);
			continue;
		}
		if ((mkdirat(in, part, 0777) != 0 && errno != EEXIST) ||
		    (at = pth_open_dir(in, part)) < 0)
			return pth_err_set(
			    e, PTH_SYSTEM, "mkdir %.*s:", (int)(next.s + next.n - path), path);
	}
	return 0;
}

int
pth_mkdirs(int dirfd, const char *path, struct pth_err *e)
{
	return dirfd == AT_FDCWD ? mkdirs_named(path, e) : mkdirs_below(dirfd, path, e);
}

bool
pth_path_inside(const char *path)
{
	return *path != '\0' && *path != '/' && !pth_words_have(pth_word_of(path), "/", "..");
}

int
pth_file_make(int dirfd, const char *path, int flags, struct pth_err *e)
{
	const char *slash = strrchr(path, '/');
	int fd;

	if (!pth_path_inside(path))
		return pth_err_set(
		    e, PTH_INPUT, "%.200s: a path must stay inside its directory", path);
	if (slash != NULL) {
		pth_auto_str above = pth_xstrndup(path, (size_t)(slash - path));

		if (pth_mkdirs(dirfd, above, e) != 0)
			return -1;
	}
	fd = pth_open_ours(dirfd, path, flags);
	return fd < 0 ? pth_err_set(e, PTH_SYSTEM, "%s:", path) : fd;
}

int
pth_file_ours(int dirfd, const char *path, int flags, struct pth_err *e)
{
	int fd = pth_open_ours(dirfd, path, flags);

	if (fd < 0 && errno == EACCES) {
		pth_mend_mode(dirfd, NULL);
		pth_mend_mode(dirfd, path);
		fd = pth_open_ours(dirfd, path, flags);
	}
	if (fd < 0 && (errno == ELOOP || errno == EINVAL || errno == EISDIR || errno == EMLINK)) {
		if (pth_rmtree(dirfd, path, e) != 0)
			return -1;
		fd = pth_open_ours(dirfd, path, flags | O_CREAT | O_EXCL);
	}
	return fd < 0 ? pth_err_set(e, PTH_SYSTEM, "%s:", path) : fd;
}
