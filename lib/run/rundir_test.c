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

/* What stands in the way of opening the directory goes. */
static void
mend(struct pth_rundir *d, const char *id)
{
	struct stat st;

	pth_mend_mode(d->fd, NULL);
	if (fstatat(d->fd, id, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) {
		pth_mend_mode(d->fd, id);
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
		pth_mend_mode(fd, NULL);
	return fd;
}

int
pth_rundir_test(struct pth_rundir *d, const char *id, struct pth_err *e)
{
	int fd;

	pth_mend_mode(d->fd, NULL);
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

/* Write the bytes as a new file of the run directory, for a moment: it has its name when it is
 * whole. */
static int
write_new(int dirfd, const char *name, const struct pth_buf *bytes, bool durable)
{
	struct pth_newfile f;
	struct pth_err why = { 0 };

	pth_rmtree(dirfd, name, NULL);
	if (pth_file_begin(&f, dirfd, name, &why) == 0) {
		f.lazy = !durable;
		if (pth_write_all(f.fd, bytes->s, bytes->len) != 0) {
			why.error = errno;
			pth_file_abandon(&f);
		} else if (pth_file_commit(&f, &why) == 0) {
			return 0;
		}
	}
	errno = why.error;
	return -1;
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
