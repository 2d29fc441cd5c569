/* This file has what a run writes into the directory of a test, whatever the test did to it. */
#include "run/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/file.h"
#include "io/json.h"

#define RESULT_MAX ((size_t)64 << 20) /* bytes of a record or result that is read */

/* May the owner do everything there? */
static void
mend_mode(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && (st.st_mode & 0700) != 0700)
		fchmod(fd, (st.st_mode | 0700) & 07777);
}

/* What stands in the way of opening the directory goes. */
static void
mend(struct pth_rundir *d, const char *id)
{
	struct stat st;

	mend_mode(d->fd);
	if (fstatat(d->fd, id, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) {
		(void)!fchmodat(d->fd, id, (st.st_mode | 0700) & 07777, AT_SYMLINK_NOFOLLOW);
		return;
	}
	pth_rmtree(d->fd, id, NULL);
	mkdirat(d->fd, id, 0777);
}

/* A directory of the run, which is one afterwards, and may be written. -1 and errno. */
static int
open_dir(struct pth_rundir *d, const char *id)
{
	static const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(d->fd, id, flags);

	if (fd < 0) {
		mend(d, id);
		fd = openat(d->fd, id, flags);
	}
	if (fd >= 0)
		mend_mode(fd);
	return fd;
}

int
pth_rundir_test(struct pth_rundir *d, const char *id, struct pth_err *e)
{
	int fd;

	mend_mode(d->fd);
	if (pth_rmtree(d->fd, id, e) != 0)
		return -1;
	if (mkdirat(d->fd, id, 0777) != 0)
		return pth_err_set(e, PTH_SYSTEM, "mkdir %s/%s:", d->path, id);
	fd = pth_open_beneath(d->fd, id, O_RDONLY | O_DIRECTORY, 0);
	return fd < 0 ? pth_err_set(e, PTH_SYSTEM, "%s/%s:", d->path, id) : fd;
}

void
pth_rundir_tidy(struct pth_rundir *d, const char *id)
{
	pth_auto_fd dir = open_dir(d, id);

	if (dir >= 0)
		pth_rmtree(dir, "tmp", NULL);
}

/* Write the bytes as a new file of the run directory, for a moment. */
static int
write_new(int dirfd, const char *name, const struct pth_buf *bytes, bool durable)
{
	pth_auto_fd fd = -1;

	pth_rmtree(dirfd, name, NULL);
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	return fd >= 0 && pth_write_all(fd, bytes->s, bytes->len) == 0 &&
	        (!durable || fsync(fd) == 0) ?
	    0 :
	    -1;
}

int
pth_rundir_put(struct pth_rundir *d, const char *id, const char *file, const struct pth_buf *bytes,
    bool durable, struct pth_err *e)
{
	pth_auto_fd dir = open_dir(d, id);
	char new[64];
	int r, saved;

	/* As pth_file_sweep() knows them. */
	snprintf(new, sizeof new, ".%.30s.%ld", file, (long)getpid());
	if (dir < 0 || write_new(d->fd, new, bytes, durable) != 0) {
		pth_err_set(e, PTH_SYSTEM, "write %s/%s/%s:", d->path, id, file);
		unlinkat(d->fd, new, 0);
		return -1;
	}
	r = renameat(d->fd, new, dir, file);
	if (r != 0 && (errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST) &&
	    pth_rmtree(dir, file, NULL) == 0)
		r = renameat(d->fd, new, dir, file);
	if (r == 0)
		return 0;
	saved = errno;
	unlinkat(d->fd, new, 0);
	errno = saved;
	return pth_err_set(e, PTH_SYSTEM, "write %s/%s/%s:", d->path, id, file);
}

json_t *
pth_rundir_get(int dirfd, const char *id, const char *file, struct pth_err *e)
{
	pth_auto_buf path = PTH_BUF_INIT, b = PTH_BUF_INIT;
	json_t *v;

	pth_buf_addf(&path, "%s/%s", id, file);
	if (pth_file_read_below(dirfd, path.s, RESULT_MAX, &b, e) != 0)
		return NULL;
	v = pth_json_parse(b.s, b.len, e);
	if (v == NULL && e != NULL)
		pth_err_wrap(e, "%s", path.s);
	return v;
}

int
pth_rundir_keep_try(struct pth_rundir *d, const char *id, int n, struct pth_err *e)
{
	pth_auto_fd tries = open_dir(d, "tries"), test = open_dir(d, id);
	char name[300];

	snprintf(name, sizeof name, "%.255s-%d", id, n);
	if (tries < 0 || test < 0)
		return pth_err_set(e, PTH_SYSTEM, "%s/%s:", d->path, tries < 0 ? "tries" : id);
	if (pth_rmtree(tries, name, e) != 0)
		return -1;
	return renameat(d->fd, id, tries, name) == 0 ?
	    0 :
	    pth_err_set(e, PTH_SYSTEM, "%s/tries/%s:", d->path, name);
}
