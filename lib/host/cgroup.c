/* This file makes control groups, limits and empties them, and removes them. */
#include "host/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/words.h"
#include "host/run_id.h"
#include "io/file.h"

#define TEXT_MAX ((size_t)4 << 20)
#define REMOVE_TRIES 400 /* of 5 ms: the dead leave a group a little later */
#define CPU_PERIOD_US "100000"

static const char *const controllers[PTH_CG_KINDS] = { "memory", "pids", "cpu" };

const char *
pth_cgroup_controller(enum pth_cg_kind k)
{
	return controllers[k];
}

/* SIGKILL everybody in the group. Those of other pid namespaces show as 0. */
static void
kill_all(int dirfd)
{
	char list[65536], *end;

	if (pth_write_text(dirfd, "cgroup.kill", "1") == 0)
		return;
	pth_read_text(dirfd, list, sizeof list, "cgroup.procs");
	for (char *p = list; *p != '\0'; p = end) {
		long pid = strtol(p, &end, 10);

		if (end == p || *end != '\n') /* the last may be cut */
			break;
		if (pid > 1 && pid <= INT_MAX)
			kill((pid_t)pid, SIGKILL);
	}
}

/* Calls each(dirfd, name) for the directories in dirfd that begin with prefix. */
static void
each_dir(int dirfd, const char *prefix, void (*each)(int, const char *))
{
	pth_auto_dir d = pth_opendir(dirfd, ".");
	struct dirent *de;

	while (d != NULL && (de = readdir(d)) != NULL)
		if (de->d_type == DT_DIR && de->d_name[0] != '.' &&
		    strncmp(de->d_name, prefix, strlen(prefix)) == 0)
			each(dirfd, de->d_name);
}

static int
open_dir(int dirfd, const char *name)
{
	return openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A group without groups below it. */
static void
remove_leaf(int dirfd, const char *name)
{
	pth_auto_fd fd = open_dir(dirfd, name);

	for (int i = 0; fd >= 0 && i < REMOVE_TRIES; i++) {
		if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno != EBUSY)
			break;
		kill_all(fd);
		poll(NULL, 0, 5);
	}
}

/* The directory of a run. */
static void
remove_run(int dirfd, const char *name)
{
	pth_auto_fd fd = open_dir(dirfd, name);

	if (fd < 0)
		return;
	each_dir(fd, "", remove_leaf);
	remove_leaf(dirfd, name);
}

/* Removes the directory of a run that is dead. In other pid namespaces nobody
 * can say who lives. */
static void
remove_if_dead(int dirfd, const char *name)
{
	pth_auto_str owner = pth_xstrdup(name + strlen("pth-"));
	char mine[32], *ns = strrchr(owner, '.');

	snprintf(mine, sizeof mine, ".%lu", pth_pid_namespace());
	if (ns == NULL || strcmp(ns, mine) != 0)
		return;
	*ns = '\0';
	if (!pth_run_id_lives(owner))
		remove_run(dirfd, name);
}

/* Can groups with this controller be made in a directory of version 2? It is
 * switched on for them where it is not. */
static bool
gives(int dirfd, enum pth_cg_kind k)
{
	char on[4096], word[16];

	pth_read_text(dirfd, on, sizeof on, "cgroup.subtree_control");
	snprintf(word, sizeof word, "+%s", controllers[k]);
	return pth_words_have(pth_word_of(on), " \n", controllers[k]) ||
	    pth_write_text(dirfd, "cgroup.subtree_control", word) == 0;
}

/* A directory in which we may make groups and move processes to them. */
static int
open_writable(const char *path)
{
	pth_auto_fd fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && faccessat(fd, ".", W_OK, AT_EACCESS) == 0 &&
	        faccessat(fd, "cgroup.procs", W_OK, AT_EACCESS) == 0 ?
	    pth_take_fd(&fd) :
	    -1;
}

/* The nearest group, from our own upward, whose children get the controller.
 * A process is in one group of version 2 only, so the first that was found is
 * that of all controllers. */
static int
above_v2(const struct pth_cgroups *g, const struct pth_cgroup_place *p, enum pth_cg_kind k)
{
	pth_auto_str path = pth_xstrdup(p->own);

	for (int i = 0; i < (int)k; i++)
		if (g->version[i] == 2)
			return fcntl(g->above[i], F_DUPFD_CLOEXEC, 3);
	for (;;) {
		pth_auto_fd fd = open_writable(path);
		char *slash = strrchr(path, '/');

		if (fd >= 0 && gives(fd, k))
			return pth_take_fd(&fd);
		if (slash == NULL || strlen(path) <= strlen(p->top))
			return -1;
		*slash = '\0';
	}
}

static void
open_kind(struct pth_cgroups *g, const struct pth_cgroup_place *p, enum pth_cg_kind k)
{
	if (p->own == NULL)
		return;
	g->above[k] = p->version == 1 ? open_writable(p->own) : above_v2(g, p, k);
	if (g->above[k] < 0)
		return;
	each_dir(g->above[k], "pth-", remove_if_dead);
	if (mkdirat(g->above[k], g->name, 0755) == 0 || errno == EEXIST)
		g->fd[k] = open_dir(g->above[k], g->name);
	if (g->fd[k] >= 0 && (p->version == 1 || gives(g->fd[k], k)))
		g->version[k] = p->version;
}

void
pth_cgroups_open(struct pth_cgroups *g, const char *owner)
{
	struct pth_cgroup_place p[PTH_CG_KINDS];
	pth_auto_buf self = PTH_BUF_INIT, mounts = PTH_BUF_INIT;
	struct pth_buf name = PTH_BUF_INIT;

	pth_buf_addf(&name, "pth-%s.%lu", owner, pth_pid_namespace());
	g->name = pth_buf_take(&name);
	for (int k = 0; k < PTH_CG_KINDS; k++) {
		g->fd[k] = g->above[k] = -1;
		g->version[k] = 0;
	}
	if (pth_file_read_named("/proc/self/cgroup", TEXT_MAX, &self, NULL) == 0 &&
	    pth_file_read_named("/proc/self/mountinfo", TEXT_MAX, &mounts, NULL) == 0) {
		pth_cgroup_locate(self.s, mounts.s, p);
		for (int k = 0; k < PTH_CG_KINDS; k++)
			open_kind(g, &p[k], (enum pth_cg_kind)k);
		pth_cgroup_places_release(p);
	}
}

void
pth_cgroups_sweep(const struct pth_cgroups *g, const char *prefix)
{
	for (int k = 0; k < PTH_CG_KINDS; k++)
		if (g->fd[k] >= 0)
			each_dir(g->fd[k], prefix, remove_leaf);
}

void
pth_cgroups_close(struct pth_cgroups *g)
{
	for (int k = 0; k < PTH_CG_KINDS; k++) {
		pth_close(&g->fd[k]);
		if (g->above[k] >= 0)
			remove_run(g->above[k], g->name);
		pth_close(&g->above[k]);
	}
	free(g->name);
}

/* Sets the limit; -1 when the kernel does not take it. */
static int
limit(int dirfd, int version, enum pth_cg_kind k, int64_t value)
{
	char text[64];

	snprintf(text, sizeof text, "%lld", (long long)value);
	switch (k) {
	case PTH_CG_PIDS: return pth_write_text(dirfd, "pids.max", text);
	case PTH_CG_MEMORY:
		if (pth_write_text(
		        dirfd, version == 1 ? "memory.limit_in_bytes" : "memory.max", text) != 0)
			return -1;
		/* Not every kernel accounts for swap. */
		if (version == 1)
			pth_write_text(dirfd, "memory.memsw.limit_in_bytes", text);
		else
			pth_write_text(dirfd, "memory.swap.max", "0");
		return 0;
	default:
		if (version == 1) {
			pth_write_text(dirfd, "cpu.cfs_period_us", CPU_PERIOD_US);
			return pth_write_text(dirfd, "cpu.cfs_quota_us", text);
		}
		snprintf(text, sizeof text, "%lld " CPU_PERIOD_US, (long long)value);
		return pth_write_text(dirfd, "cpu.max", text);
	}
}

static void
make_kind(struct pth_cgroup *c, const struct pth_cgroups *g, const char *name, enum pth_cg_kind k,
    int64_t value)
{
	pth_auto_fd fd = -1, join = -1;
	bool shared = false;

	if (g->version[k] == 0 || (mkdirat(g->fd[k], name, 0755) != 0 && errno != EEXIST))
		return;
	fd = open_dir(g->fd[k], name);
	if (fd < 0)
		return;
	/* In version 2 it is one directory for all, to be joined once. */
	for (int i = 0; i < (int)k; i++)
		shared = shared || (g->version[k] == 2 && c->dir[i] >= 0 && g->version[i] == 2);
	if (!shared)
		join = openat(fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (limit(fd, g->version[k], k, value) != 0 || (!shared && join < 0))
		return;
	c->dir[k] = pth_take_fd(&fd);
	if (!shared)
		c->join[c->njoin++] = pth_take_fd(&join);
}

void
pth_cgroup_make(struct pth_cgroup *c, const struct pth_cgroups *g, const char *name,
    const int64_t limits[PTH_CG_KINDS])
{
	c->njoin = 0;
	for (int k = 0; k < PTH_CG_KINDS; k++)
		c->dir[k] = -1;
	for (int k = 0; k < PTH_CG_KINDS; k++)
		if (limits[k] > 0)
			make_kind(c, g, name, (enum pth_cg_kind)k, limits[k]);
}

/* By the kernel's own count, of version 2 or 1. */
static int64_t
oom_kills_in(int dirfd)
{
	static const char *const files[] = { "memory.events", "memory.oom_control" };
	long long n = 0;

	for (size_t i = 0; i < countof(files) && dirfd >= 0; i++) {
		char text[4096], *p;

		pth_read_text(dirfd, text, sizeof text, "%s", files[i]);
		p = strstr(text, "oom_kill ");
		if (p != NULL)
			n = strtoll(p + strlen("oom_kill "), NULL, 10);
	}
	return n;
}

int64_t
pth_cgroup_oom_kills(const struct pth_cgroup *c)
{
	return oom_kills_in(c->dir[PTH_CG_MEMORY]);
}

bool
pth_cgroup_out_of_memory(void)
{
	static const char *const dirs[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/memory" };

	for (size_t i = 0; i < countof(dirs); i++) {
		pth_auto_fd fd = open(dirs[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (oom_kills_in(fd) > 0)
			return true;
	}
	return false;
}

void
pth_cgroup_release(struct pth_cgroup *c)
{
	for (int k = 0; k < PTH_CG_KINDS; k++)
		pth_close(&c->dir[k]);
	while (c->njoin > 0)
		pth_close(&c->join[--c->njoin]);
}
