/* This file reads and writes whole files, and makes and removes the directories around them. */
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/words.h"

int
pth_file_read(const char *path, size_t max, struct pth_buf *b, struct pth_err *e)
{
	bool in = strcmp(path, "-") == 0;
	pth_auto_fd own = in ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	size_t start = b->len;
	ssize_t n = 1;

	if (!in && own < 0)
		return pth_err_set(
		    e, errno == ENOENT || errno == EISDIR ? PTH_INPUT : PTH_SYSTEM, "%s:", path);
	pth_buf_add(b, "", 0);
	while (n > 0 && b->len - start <= max) {
		size_t left = max + 1 - (b->len - start), want = left < 65536 ? left : 65536;

		n = pth_read_all(in ? STDIN_FILENO : own, pth_buf_room(b, want), want);
		if (n < 0)
			return pth_err_set(e, PTH_SYSTEM, "%s:", in ? "stdin" : path);
		b->len += (size_t)n;
	}
	pth_buf_add(b, "", 0);
	if (b->len - start > max)
		return pth_err_set(e, PTH_INPUT, "%s: larger than %zu bytes", path, max);
	return 0;
}

/* Name of a temporary for base: hidden, and of this process. */
static char *
temporary(const char *base)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, ".%.200s.%ld", base, (long)getpid());
	return pth_buf_take(&b);
}

void
pth_file_sweep(int dirfd)
{
	struct dirent *de;
	pth_auto_dir d = pth_opendir(dirfd, ".");

	while (d != NULL && (de = readdir(d)) != NULL) {
		const char *pid = strrchr(de->d_name, '.');

		/* .NAME.PID, see temporary() */
		if (de->d_name[0] == '.' && pid > de->d_name + 1 && pid[1] != '\0' &&
		    pid[1 + strspn(pid + 1, "0123456789")] == '\0')
			unlinkat(dirfd, de->d_name, 0);
	}
}

/* Gives the unnamed file fd the name base in dir, replacing what is there. */
static int
name_it(int dir, int fd, const char *base)
{
	char proc[64];

	snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, proc, dir, base, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	/* link(2) does not replace: a short-lived second name, then rename. */
	pth_auto_str tmp = temporary(base);
	if (linkat(AT_FDCWD, proc, dir, tmp, AT_SYMLINK_FOLLOW) != 0)
		return -1;
	if (renameat(dir, tmp, dir, base) != 0) {
		int saved = errno;

		unlinkat(dir, tmp, 0);
		errno = saved;
		return -1;
	}
	return 0;
}

int
pth_file_begin(struct pth_newfile *f, int dirfd, const char *path, struct pth_err *e)
{
	pth_auto_str above = pth_xstrdup(path);
	pth_auto_str last = pth_xstrdup(path);

	*f = (struct pth_newfile){ .fd = -1, .base = pth_xstrdup(basename(last)) };
	f->dir = openat(dirfd, dirname(above), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->dir >= 0)
		f->fd = openat(f->dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (f->dir >= 0 && f->fd < 0 &&
	    (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
		f->tmp = temporary(f->base);
		f->fd = openat(
		    f->dir, f->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
	}
	if (f->fd >= 0)
		return 0;
	pth_err_set(e, PTH_SYSTEM, "write %s:", path);
	pth_file_abandon(f);
	return -1;
}

int
pth_file_commit(struct pth_newfile *f, struct pth_err *e)
{
	int r = fsync(f->fd);

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
pth_mkdirs(int dirfd, const char *path, struct pth_err *e)
{
	pth_auto_str copy = pth_xstrdup(path);
	struct stat st;

	for (char *p = copy; *p != '\0';) {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		char c = *p;

		*p = '\0';
		if (*copy != '\0' && mkdirat(dirfd, copy, 0777) != 0) {
			int error = errno;

			if (error != EEXIST || fstatat(dirfd, copy, &st, 0) != 0 ||
			    !S_ISDIR(st.st_mode)) {
				errno = error == EEXIST ? ENOTDIR : error;
				return pth_err_set(e, PTH_SYSTEM, "mkdir %s:", copy);
			}
		}
		*p = c;
	}
	return 0;
}

static int
remove_children(DIR *d, struct pth_err *e)
{
	struct dirent *de;

	while ((de = readdir(d)) != NULL)
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0 &&
		    pth_rmtree(dirfd(d), de->d_name, e) != 0)
			return -1;
	return 0;
}

int
pth_rmtree(int dirfd, const char *path, struct pth_err *e)
{
	if (unlinkat(dirfd, path, 0) == 0 || errno == ENOENT)
		return 0;
	pth_auto_dir d = pth_opendir(dirfd, path);
	if (d == NULL)
		return pth_err_set(e, PTH_SYSTEM, "remove %s:", path);
	if (remove_children(d, e) != 0)
		return -1;
	if (unlinkat(dirfd, path, AT_REMOVEDIR) != 0)
		return pth_err_set(e, PTH_SYSTEM, "remove %s:", path);
	return 0;
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
	fd = pth_open_beneath(dirfd, path, flags | O_NOFOLLOW, 0666);
	return fd < 0 ? pth_err_set(e, PTH_SYSTEM, "%s:", path) : fd;
}
