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

#include "base/os.h"

int
pth_file_read(const char *path, size_t max, struct pth_buf *b, struct pth_err *e)
{
	bool in = strcmp(path, "-") == 0;
	int fd = in ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	size_t start = b->len;
	ssize_t n = 0;

	if (fd < 0)
		return pth_err_set(
		    e, errno == ENOENT || errno == EISDIR ? PTH_INPUT : PTH_SYSTEM, "%s:", path);
	for (;;) {
		size_t left = max + 1 - (b->len - start);

		if (left == 0)
			break;
		n = pth_read_all(
		    fd, pth_buf_room(b, left < 65536 ? left : 65536), left < 65536 ? left : 65536);
		if (n <= 0)
			break;
		b->len += (size_t)n;
	}
	if (n < 0)
		pth_err_set(e, PTH_SYSTEM, "%s:", in ? "stdin" : path);
	if (!in)
		close(fd);
	pth_buf_add(b, "", 0);
	if (n < 0)
		return -1;
	if (b->len - start > max)
		return pth_err_set(e, PTH_INPUT, "%s: larger than %zu bytes", path, max);
	return 0;
}

/* Directory and last part of path; both point into two copies to be freed. */
struct split {
	char *copy1, *copy2;
	const char *dir, *base;
};

static void
split(struct split *s, const char *path)
{
	s->copy1 = pth_xstrdup(path);
	s->copy2 = pth_xstrdup(path);
	s->dir = dirname(s->copy1);
	s->base = basename(s->copy2);
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
	DIR *d = fdopendir(fcntl(dirfd, F_DUPFD_CLOEXEC, 3));

	if (d == NULL)
		return;
	rewinddir(d);
	while ((de = readdir(d)) != NULL) {
		const char *pid = strrchr(de->d_name, '.');

		/* .NAME.PID, see temporary() */
		if (de->d_name[0] == '.' && pid > de->d_name + 1 && pid[1] != '\0' &&
		    pid[1 + strspn(pid + 1, "0123456789")] == '\0')
			unlinkat(dirfd, de->d_name, 0);
	}
	closedir(d);
}

/* Give the unnamed file fd the name base in dir, replacing what is there. */
static int
name_it(int dir, int fd, const char *base)
{
	char proc[64], *tmp;
	int r;

	snprintf(proc, sizeof proc, "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, proc, dir, base, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	/* link(2) does not replace: a short-lived second name, then rename. */
	tmp = temporary(base);
	r = linkat(AT_FDCWD, proc, dir, tmp, AT_SYMLINK_FOLLOW);
	if (r == 0 && renameat(dir, tmp, dir, base) != 0) {
		int saved = errno;

		unlinkat(dir, tmp, 0);
		errno = saved;
		r = -1;
	}
	free(tmp);
	return r;
}

int
pth_file_begin(struct pth_newfile *f, int dirfd, const char *path, struct pth_err *e)
{
	struct split s;

	split(&s, path);
	*f = (struct pth_newfile){ .fd = -1, .base = pth_xstrdup(s.base) };
	f->dir = openat(dirfd, s.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(s.copy1);
	free(s.copy2);
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
		free(f->tmp);
		f->tmp = NULL;
	}
	pth_file_abandon(f);
	return r != 0 ? -1 : 0;
}

void
pth_file_abandon(struct pth_newfile *f)
{
	if (f->tmp != NULL)
		unlinkat(f->dir, f->tmp, 0);
	if (f->fd >= 0)
		close(f->fd);
	if (f->dir >= 0)
		close(f->dir);
	free(f->base);
	free(f->tmp);
	*f = (struct pth_newfile){ .fd = -1, .dir = -1 };
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
	char *copy = pth_xstrdup(path), *p = copy;
	struct stat st;
	int r = 0;

	while (r == 0 && *p != '\0') {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		char c = *p;

		*p = '\0';
		if (*copy != '\0' && mkdirat(dirfd, copy, 0777) != 0 &&
		    (errno != EEXIST || fstatat(dirfd, copy, &st, 0) != 0 ||
		        !S_ISDIR(st.st_mode))) {
			if (errno == EEXIST)
				errno = ENOTDIR;
			r = pth_err_set(e, PTH_SYSTEM, "mkdir %s:", copy);
		}
		*p = c;
	}
	free(copy);
	return r;
}

int
pth_rmtree(int dirfd, const char *path, struct pth_err *e)
{
	struct dirent *de;
	DIR *d;
	int fd, r = 0;

	if (unlinkat(dirfd, path, 0) == 0 || errno == ENOENT)
		return 0;
	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || (d = fdopendir(fd)) == NULL)
		return pth_err_set(e, PTH_SYSTEM, "remove %s:", path);
	while (r == 0 && (de = readdir(d)) != NULL)
		if (strcmp(de->d_name, ".") != 0 && strcmp(de->d_name, "..") != 0)
			r = pth_rmtree(fd, de->d_name, e);
	closedir(d);
	if (r == 0 && unlinkat(dirfd, path, AT_REMOVEDIR) != 0)
		r = pth_err_set(e, PTH_SYSTEM, "remove %s:", path);
	return r;
}

bool
pth_path_inside(const char *path)
{
	if (*path == '\0' || *path == '/')
		return false;
	while (*path != '\0') {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.')
			return false;
		path += n + (path[n] == '/');
	}
	return true;
}

int
pth_file_make(int dirfd, const char *path, int flags, struct pth_err *e)
{
	char *slash, *copy;
	int fd, r = 0;

	if (!pth_path_inside(path))
		return pth_err_set(
		    e, PTH_INPUT, "%.200s: a path must stay inside its directory", path);
	copy = pth_xstrdup(path);
	slash = strrchr(copy, '/');
	if (slash != NULL) {
		*slash = '\0';
		r = pth_mkdirs(dirfd, copy, e);
	}
	free(copy);
	if (r != 0)
		return -1;
	fd = pth_open_beneath(dirfd, path, flags | O_NOFOLLOW, 0666);
	return fd < 0 ? pth_err_set(e, PTH_SYSTEM, "%s:", path) : fd;
}
