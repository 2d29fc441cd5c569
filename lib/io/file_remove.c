/* This file removes trees that somebody else has made. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/file.h"
#include "io/tree.h"

#define AGAIN_MAX 100 /* directories into which somebody writes while they are removed */
#define SHOWN_MAX 600 /* bytes of a path */

struct removal {
	const char *above; /* the directory where all begins, as it was named */
	struct pth_err *e;
	bool failed; /* e is set */
	unsigned again;
};

/* The first thing that stays, and why (errno). */
static void
stays(struct removal *r, const struct pth_tree_at *at, const char *name, int error)
{
	pth_auto_buf path = PTH_BUF_INIT;

	if (r->failed)
		return;
	r->failed = true;
	if (strcmp(r->above, ".") != 0)
		pth_buf_addf(&path, "%s/", strcmp(r->above, "/") == 0 ? "" : r->above);
	pth_buf_addf(&path, "%s%s%s", at->path, *at->path != '\0' ? "/" : "", name);
	if (path.len > SHOWN_MAX) {
		pth_buf_cut(&path, SHOWN_MAX);
		pth_buf_adds(&path, "...");
	}
	errno = error;
	if (error == EXDEV)
		pth_err_set(r->e, PTH_SYSTEM, "remove %s: something is mounted there", path.s);
	else
		pth_err_set(r->e, PTH_SYSTEM, "remove %s:", path.s);
}

static bool
entry(void *arg, const struct pth_tree_at *at, const char *name)
{
	struct stat st;
	int error;

	if (unlinkat(at->fd, name, 0) == 0 || errno == ENOENT)
		return false;
	error = errno;
	if (fstatat(at->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) {
		pth_mend_mode(at->fd, name);
		return true;
	}
	if (errno != ENOENT)
		stays(arg, at, name, error);
	return false;
}

static bool
left(void *arg, const struct pth_tree_at *at, const char *name, int error)
{
	struct removal *r = arg;

	if (unlinkat(at->fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return false;
	/* Another thing has taken its place. */
	if (errno == ENOTDIR && !r->failed && r->again++ < AGAIN_MAX)
		return entry(arg, at, name);
	if ((errno == ENOTEMPTY || errno == EEXIST) && error == 0 && !r->failed &&
	    r->again++ < AGAIN_MAX)
		return true;
	stays(r, at, name, error != 0 ? error : errno);
	return false;
}

/* The directory in which the last part of the path is. */
static int
open_above(int dirfd, const char *above)
{
	if (dirfd == AT_FDCWD)
		return open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* It is ours, or below what is ours. */
	pth_mend_mode(dirfd, NULL);
	return strcmp(above, ".") == 0 ? fcntl(dirfd, F_DUPFD_CLOEXEC, 3) :
	                                 pth_open_dir(dirfd, above);
}

int
pth_rmtree(int dirfd, const char *path, struct pth_err *e)
{
	static const struct pth_tree_visit visit = { entry, left };
	pth_auto_str one = pth_xstrdup(path);
	pth_auto_str two = pth_xstrdup(path);
	struct removal r = { .above = dirname(one), .e = e };
	const char *name = basename(two);
	pth_auto_fd fd = open_above(dirfd, r.above);

	if (fd < 0)
		return errno == ENOENT ? 0 : pth_err_set(e, PTH_SYSTEM, "remove %s:", path);
	if (pth_tree_walk(fd, name, &visit, &r) != 0 && !r.failed)
		return pth_err_set(e, PTH_SYSTEM, "remove %s:", path);
	return r.failed ? -1 : 0;
}
