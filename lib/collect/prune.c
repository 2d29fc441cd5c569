/* This file removes what a test has left and nobody wants to keep: all but its logs. */
#include "collect/prune.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "collect/artifact.h"
#include "io/tree.h"

struct pruning {
	const json_t *rec;
	int64_t files, bytes;
	struct pth_err *e;
	bool failed; /* e is set */
};

static void
stays(struct pruning *p, const char *path)
{
	if (!p->failed)
		pth_err_set(p->e, PTH_SYSTEM, "remove %s:", path);
	p->failed = true;
}

static bool
kept(const struct pruning *p, const char *path, const struct stat *st)
{
	return S_ISREG(st->st_mode) &&
	    (pth_artifact_is_record(path) ||
	        strcmp(pth_artifact_kind_in(p->rec, path), PTH_ARTIFACT_LOG) == 0);
}

static bool
entry(void *arg, const struct pth_tree_at *at, const char *name)
{
	struct pruning *p = arg;
	pth_auto_buf path = PTH_BUF_INIT;
	struct stat st;

	pth_buf_addf(&path, "%s%s%s", at->path, *at->path != '\0' ? "/" : "", name);
	if (fstatat(at->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	if (S_ISDIR(st.st_mode)) {
		pth_mend_mode(at->fd, name);
		return true;
	}
	if (kept(p, path.s, &st))
		return false;
	if (unlinkat(at->fd, name, 0) != 0) {
		if (errno != ENOENT)
			stays(p, path.s);
		return false;
	}
	p->files++;
	p->bytes += S_ISREG(st.st_mode) ? st.st_size : 0;
	return false;
}

/* A directory with something in it stays for that. */
static bool
left(void *arg, const struct pth_tree_at *at, const char *name, int error)
{
	if (error != 0) {
		errno = error;
		stays(arg, name);
	} else if (unlinkat(at->fd, name, AT_REMOVEDIR) != 0 && errno != ENOTEMPTY &&
	    errno != EEXIST && errno != ENOENT) {
		stays(arg, name);
	}
	return false;
}

int
collect_prune(int dirfd, const json_t *rec, int64_t *files, int64_t *bytes, struct pth_err *e)
{
	static const struct pth_tree_visit visit = { entry, left };
	struct pruning p = { .rec = rec, .e = e };

	/* Records can name any directory; pth-exec makes those of tests. */
	if (faccessat(dirfd, "record.json", F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return pth_err_set(
		    e, PTH_SYSTEM, "nothing is removed, for there is no record.json");
	if (pth_tree_walk(dirfd, NULL, &visit, &p) != 0)
		stays(&p, ".");
	*files += p.files;
	*bytes += p.bytes;
	return p.failed ? -1 : 0;
}
