/*
 * This file makes what a test sees of the file system. One file system in memory serves all
 * that is private: making and dissolving each costs more than binding a directory of it.
 */
#include "host/ns_priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/file.h"

#define KEEP_MAX 64

const char *const host_ns_privates[HOST_NS_PRIVATES] = { "/tmp", "/var/tmp", "/dev/shm", "/run" };

/* Something of the old /tmp that is to be seen again. */
struct kept {
	char *path;
	int tree; /* a copy of the mounts there, not yet attached */
	bool dir;
};

struct view {
	const struct pth_ns_view *want;
	struct kept keep[KEEP_MAX];
	size_t n;
	int test, run;   /* trees of the test's directory, and of an empty one */
	unsigned mounts; /* on /tmp, to be undone */
};

static bool
is_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 && path[n] == '/' && path[n + 1] != '\0';
}

static bool
is_hidden(const char *path)
{
	for (size_t i = 0; i < HOST_NS_PRIVATES; i++)
		if (is_below(path, host_ns_privates[i]))
			return true;
	return false;
}

void
pth_ns_hidden(char **paths)
{
	char **to = paths;

	for (char **p = paths; *p != NULL; p++) {
		pth_auto_str path = realpath(*p, NULL);

		free(*p);
		if (path != NULL && is_hidden(path))
			*to++ = pth_take(&path);
	}
	*to = NULL;
}

int
host_ns_copy(const char *path)
{
	return open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
}

int
host_ns_attach(int tree, const char *to)
{
	return move_mount(tree, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH);
}

/* A file is seen with its neighbours, unless those are all of /tmp. The path
 * has no links, and is taken over. */
static void
keep(struct view *v, char *given)
{
	pth_auto_str path = given;
	char *slash;
	struct kept *k = &v->keep[v->n];
	struct stat st;

	if (path == NULL || !is_hidden(path) || v->n == KEEP_MAX || stat(path, &st) != 0)
		return;
	slash = strrchr(path, '/');
	if (!S_ISDIR(st.st_mode) && (*slash = '\0', !is_hidden(path)) != 0)
		*slash = '/';
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(path, v->keep[i].path) == 0 || is_below(path, v->keep[i].path))
			return;
	k->tree = host_ns_copy(path);
	if (k->tree < 0 || stat(path, &st) != 0)
		return;
	k->dir = S_ISDIR(st.st_mode);
	k->path = pth_take(&path);
	v->n++;
}

static int
make_place(const struct kept *k)
{
	char *slash = strrchr(k->path, '/');
	int r, fd;

	if (k->dir)
		return pth_mkdirs(AT_FDCWD, k->path, NULL);
	*slash = '\0';
	r = pth_mkdirs(AT_FDCWD, k->path, NULL);
	*slash = '/';
	if (r != 0)
		return -1;
	fd = open(k->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? -1 : close(fd);
}

/* The new file system, with a directory for each use, all below /tmp for now. */
static int
make_private(struct pth_ns *ns, struct view *v)
{
	static const char *const parts[] = { "/tmp/0", "/tmp/1", "/tmp/2", "/tmp/3" };
	pth_auto_fd tmp = -1;

	if (mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=25%") != 0)
		return -1;
	v->mounts++;
	for (size_t i = 0; i < countof(parts); i++)
		if (mkdir(parts[i], 0700) != 0 || chmod(parts[i], 01777) != 0)
			return -1;
	if (mkdir("/tmp/run", 0755) != 0 || (v->run = host_ns_copy("/tmp/run")) < 0)
		return -1;
	if (mkdir("/tmp/guard", 0755) == 0)
		ns->place = open("/tmp/guard", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Not every system has all of these. */
	for (size_t i = 1; i < HOST_NS_PRIVATES; i++)
		mount(parts[i], host_ns_privates[i], NULL, MS_BIND, NULL);
	tmp = host_ns_copy(parts[0]);
	if (tmp < 0 || host_ns_attach(tmp, "/tmp") != 0)
		return -1;
	v->mounts++;
	return 0;
}

/* Of the run's directory only the test's own, where it always was. */
static int
hide_run(struct view *v)
{
	struct stat st;

	bool hidden = stat(v->want->run, &st) != 0;

	if (!hidden && host_ns_attach(v->run, v->want->run) != 0)
		return -1;
	if (pth_mkdirs(AT_FDCWD, v->want->test, NULL) == 0 &&
	    host_ns_attach(v->test, v->want->test) == 0)
		return 0;
	if (!hidden)
		umount2(v->want->run, MNT_DETACH);
	return -1;
}

int
host_ns_read_only(const char *path, bool on, unsigned flags)
{
	struct mount_attr a = { 0 };

	*(on ? &a.attr_set : &a.attr_clr) = MOUNT_ATTR_RDONLY;
	return mount_setattr(AT_FDCWD, path, flags, &a, sizeof a);
}

void
pth_ns_view(struct pth_ns *ns, const struct pth_ns_view *want)
{
	struct view v = { .want = want, .run = -1 };

	if ((ns->used & PTH_NS_MOUNT) == 0)
		return;
	v.test = host_ns_copy(want->test);
	for (char *const *p = want->common; v.test >= 0 && *p != NULL; p++)
		keep(&v, pth_xstrdup(*p));
	for (char *const *p = want->keep; v.test >= 0 && *p != NULL; p++)
		keep(&v, realpath(*p, NULL));
	if (v.test >= 0 && make_private(ns, &v) == 0) {
		for (size_t i = 0; i < v.n; i++)
			if (make_place(&v.keep[i]) == 0)
				host_ns_attach(v.keep[i].tree, v.keep[i].path);
		if (hide_run(&v) == 0)
			ns->used |= PTH_NS_PRIVATE | (ns->asked & PTH_NS_READ_ONLY);
	}
	if ((ns->used & PTH_NS_PRIVATE) == 0) {
		host_ns_note(ns, "private /tmp");
		while (v.mounts-- > 0)
			umount2("/tmp", MNT_DETACH);
	}
	for (size_t i = 0; i < v.n; i++) {
		close(v.keep[i].tree);
		free(v.keep[i].path);
	}
	pth_close(&v.run);
	pth_close(&v.test);
}
