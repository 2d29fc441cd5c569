/* This file makes the world of the programs under test: what they see, and what they may write. */
#include "host/ns_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"

/* A tree to be attached in the new namespace. */
struct tree {
	int fd;
	char *path;
	bool file, writable;
};

struct guard {
	const struct pth_ns_guard *want;
	int place; /* of pth_ns_view() */
	struct tree *trees;
	size_t n;
	unsigned made; /* directories in the place */
	uid_t uid;     /* who is to pass */
	struct pth_strv passed;
};

/* Takes the path over. */
static int
add(struct guard *g, int fd, char *path, bool writable)
{
	if (fd < 0) {
		free(path);
		return -1;
	}
	g->trees = pth_xarray(g->trees, g->n + 1, sizeof *g->trees);
	g->trees[g->n++] = (struct tree){ .fd = fd, .path = path, .writable = writable };
	return 0;
}

/* A new directory in memory, for a path that is covered by it. Its descriptor in *fd. */
static int
cover(struct guard *g, const char *path, int *fd)
{
	char name[16];

	snprintf(name, sizeof name, "%u", g->made++);
	if (mkdirat(g->place, name, 0755) != 0)
		return -1;
	*fd = openat(g->place, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ?
	    -1 :
	    add(g, open_tree(*fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC),
	        pth_xstrdup(path), false);
}

static char *
joined(const char *dir, const char *name)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "%s/%s", dir, name);
	return pth_buf_take(&b);
}

/* May a user pass this directory? */
static bool
passes(const struct stat *st, uid_t uid)
{
	return (st->st_mode & S_IXOTH) != 0 || (st->st_uid == uid && (st->st_mode & S_IXUSR) != 0);
}

/* Have we seen that this directory can be passed? The paths that are needed begin alike. */
static bool
was_passed(const struct guard *g, const char *dir)
{
	for (size_t i = 0; i < g->passed.n; i++)
		if (strcmp(g->passed.v[i], dir) == 0)
			return true;
	return false;
}

/* The length of the first directory on the way to path that cannot be passed, or 0. */
static size_t
obstacle(struct guard *g, const char *path)
{
	pth_auto_str copy = pth_xstrdup(path);
	struct stat st;

	for (char *p = strchr(copy + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (!was_passed(g, copy)) {
			if (stat(copy, &st) != 0)
				return 0;
			if (!passes(&st, g->uid))
				return (size_t)(p - copy);
			pth_strv_push(&g->passed, pth_xstrdup(copy));
		}
		*p = '/';
	}
	return 0;
}

void
pth_ns_barred(char **paths, uid_t uid)
{
	struct guard g = { .uid = uid };
	char **to = paths;

	for (char **p = paths; *p != NULL; p++)
		if (**p == '/' && obstacle(&g, *p) > 0)
			*to++ = *p;
		else
			free(*p);
	*to = NULL;
	pth_strv_free(g.passed.v);
}

static bool
is_covered(const struct guard *g, const char *path)
{
	for (size_t i = 0; i < g->n; i++)
		if (strcmp(g->trees[i].path, path) == 0)
			return true;
	return false;
}

/* Let the user get to path: where the way is barred, a directory that leads only there takes
 * the place of the bar. What follows it comes as it is, so that programs find their own. */
static int
open_way(struct guard *g, const char *path)
{
	size_t n = obstacle(g, path), next;
	struct stat st;

	if (n == 0)
		return 0;
	pth_auto_str bar = pth_xstrndup(path, n);
	pth_auto_fd in = -1;

	for (next = n + 1; path[next] != '\0' && path[next] != '/'; next++)
		;
	pth_auto_str step = pth_xstrndup(path, next);
	/* Another bar right behind: only the path itself comes. */
	if (stat(step, &st) == 0 && S_ISDIR(st.st_mode) && !passes(&st, g->uid)) {
		free(step);
		step = pth_xstrdup(path);
	}
	if (is_covered(g, step) || stat(step, &st) != 0)
		return 0;
	int tree = host_ns_copy(step);
	if (!is_covered(g, bar) && cover(g, bar, &in) != 0) {
		pth_close(&tree);
		return -1;
	}
	if (add(g, tree, pth_take(&step), false) != 0)
		return -1;
	g->trees[g->n - 1].file = !S_ISDIR(st.st_mode);
	return 0;
}

static int
open_ways(struct guard *g)
{
	if (open_way(g, g->want->test) != 0)
		return -1;
	for (size_t i = 0; i < g->want->lists; i++)
		for (char *const *p = g->want->needed[i]; *p != NULL; p++) {
			pth_auto_str path = obstacle(g, *p) == 0 ? NULL : realpath(*p, NULL);

			if (path != NULL && open_way(g, path) != 0)
				return -1;
		}
	return 0;
}

/* What may be written besides. */
static int
share(struct guard *g)
{
	for (char *const *p = g->want->shared; *p != NULL; p++)
		if (add(g, host_ns_copy(*p), pth_xstrdup(*p), true) != 0)
			return -1;
	return 0;
}

/* The test's directory, with its entries. */
static int
collect(struct guard *g)
{
	const struct pth_ns_guard *want = g->want;
	pth_auto_fd top = -1;

	if (cover(g, want->test, &top) != 0)
		return -1;
	for (size_t i = 0; i < want->n; i++) {
		const struct pth_ns_entry *x = &want->entries[i];
		pth_auto_fd file = -1;
		char *path = joined(want->test, x->name);
		int tree = open_tree(
		    AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);

		if (x->dir ?
		        mkdirat(top, x->name, 0755) != 0 :
		        (file = openat(top, x->name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)) < 0) {
			pth_close(&tree);
			free(path);
			return -1;
		}
		if (add(g, tree, path, x->writable) != 0)
			return -1;
	}
	return 0;
}

/* A place to attach to. What lies in a covered directory has none yet. */
static int
make_point(const struct tree *t)
{
	struct stat st;

	if (stat(t->path, &st) == 0)
		return 0;
	if (!t->file)
		return pth_mkdirs(AT_FDCWD, t->path, NULL);
	pth_auto_str above = pth_xstrndup(t->path, (size_t)(strrchr(t->path, '/') - t->path));
	if (pth_mkdirs(AT_FDCWD, above, NULL) != 0)
		return -1;
	pth_auto_fd fd = open(t->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	return fd < 0 ? -1 : 0;
}

/* The new namespace is furnished. */
static int
build(const struct guard *g)
{
	int sys;

	for (size_t i = 0; i < g->n; i++)
		if (make_point(&g->trees[i]) != 0 ||
		    host_ns_attach(g->trees[i].fd, g->trees[i].path) != 0)
			return -1;
	if (host_ns_read_only("/", true, AT_RECURSIVE) != 0)
		return -1;
	for (size_t i = 0; i < HOST_NS_PRIVATES; i++)
		host_ns_read_only(host_ns_privates[i], false, 0);
	for (size_t i = 0; i < g->n; i++)
		if (g->trees[i].writable && host_ns_read_only(g->trees[i].path, false, 0) != 0)
			return -1;
	/* Of /proc a process may write what is its own. */
	sys = host_ns_copy("/proc/sys");
	if (sys < 0 || host_ns_read_only("/proc", false, 0) != 0 ||
	    host_ns_attach(sys, "/proc/sys") != 0 || host_ns_read_only("/proc/sys", true, 0) != 0) {
		pth_close(&sys);
		return -1;
	}
	close(sys);
	return 0;
}

/* Build it beside ours, and come back. Its descriptor, or -1. */
static int
build_beside(const struct guard *g)
{
	pth_auto_fd ours = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	pth_auto_fd here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC), theirs = -1;
	int saved, r;

	if (ours < 0 || unshare(CLONE_NEWNS) != 0)
		return -1;
	r = build(g);
	saved = errno;
	if (r == 0)
		theirs = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (setns(ours, CLONE_NEWNS) != 0 || (here >= 0 && fchdir(here) != 0))
		return -1;
	errno = saved;
	return pth_take_fd(&theirs);
}

int
pth_ns_guard(struct pth_ns *ns, const struct pth_ns_guard *want, int *view)
{
	struct guard g = { .want = want, .place = ns->place, .uid = want->uid };
	mode_t mask;
	int r = -1;

	*view = -1;
	if ((ns->used & PTH_NS_PRIVATE) == 0 || ns->place <= 0 || ns->rooted)
		return -1;
	mask = umask(022);
	if ((want->lists == 0 || open_ways(&g) == 0) && share(&g) == 0 && collect(&g) == 0)
		r = want->here ? build(&g) : (*view = build_beside(&g)) < 0 ? -1 : 0;
	if (r != 0)
		host_ns_note(ns, "view of the services");
	else
		ns->used |= PTH_NS_READ_ONLY & ns->asked;
	umask(mask);
	for (size_t i = 0; i < g.n; i++) {
		close(g.trees[i].fd);
		free(g.trees[i].path);
	}
	free(g.trees);
	pth_strv_free(g.passed.v);
	return r;
}
