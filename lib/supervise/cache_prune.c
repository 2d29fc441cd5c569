/*
 * This file keeps the cache small. Who copies an entry has a shared lock on its directory, who
 * removes it an exclusive one; it is renamed first, so that its name never stands for half of
 * it. The time of the directory is that of its last use.
 */
#include "supervise/cache_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/event.h"
#include "io/file.h"

#define DEFAULT_MAX ((int64_t)5 << 30)

struct entry {
	char key[PTH_CACHE_KEY];
	struct timespec used;
	int64_t bytes;
};

struct entries {
	struct entry *v;
	size_t n;
};

int64_t
pth_cache_max(void)
{
	const char *given = getenv("PTH_CACHE_SIZE");
	long long max;

	if (given == NULL || *given == '\0')
		return DEFAULT_MAX;
	if (pth_size(given, &max))
		return max;
	pth_warn("PTH_CACHE_SIZE '%s' is no size such as 5GiB", given);
	return DEFAULT_MAX;
}

/* What it takes on the disk, with all below it. */
static int64_t
bytes_of(int at, const char *name)
{
	pth_auto_fd dir = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	pth_auto_strv names = dir >= 0 ? supervise_cache_names(dir, NULL) : NULL;
	int64_t sum = 0;
	struct stat st;

	for (char **p = names; p != NULL && *p != NULL; p++)
		if (fstatat(dir, *p, &st, AT_SYMLINK_NOFOLLOW) == 0)
			sum += (int64_t)st.st_blocks * 512 +
			    (S_ISDIR(st.st_mode) ? bytes_of(dir, *p) : 0);
	return sum;
}

/* A killed compilation leaves KEY.lock, and KEY.new when it was putting the
 * entry together. */
static void
remove_left(const struct pth_cache *c, const char *lock)
{
	pth_auto_fd fd = openat(c->fd, lock, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	char name[PTH_CACHE_KEY + 8];

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && supervise_cache_is(c, lock, fd)) {
		snprintf(name, sizeof name, "%.64s.new", lock);
		pth_rmtree(c->fd, name, NULL);
		unlinkat(c->fd, lock, 0);
	}
	flock(fd, LOCK_UN);
}

static void
look_at(const struct pth_cache *c, const char *name, struct entries *all)
{
	size_t hex = strspn(name, "0123456789abcdef");
	struct entry *e;
	struct stat st;

	if (hex != PTH_CACHE_KEY - 1)
		return; /* not ours */
	if (strcmp(name + hex, ".lock") == 0)
		remove_left(c, name);
	else if (strcmp(name + hex, ".gone") == 0)
		pth_rmtree(c->fd, name, NULL);
	if (name[hex] != '\0' || fstatat(c->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	all->v = pth_xarray(all->v, all->n + 1, sizeof *all->v);
	e = &all->v[all->n++];
	memcpy(e->key, name, sizeof e->key);
	e->used = st.st_mtim;
	e->bytes = bytes_of(c->fd, name);
}

static int
latest_first(const void *a, const void *b)
{
	const struct timespec *s = &((const struct entry *)a)->used,
	                      *t = &((const struct entry *)b)->used;

	if (s->tv_sec != t->tv_sec)
		return s->tv_sec < t->tv_sec ? 1 : -1;
	return s->tv_nsec < t->tv_nsec ? 1 : s->tv_nsec > t->tv_nsec ? -1 : 0;
}

/* False when somebody copies it just now. */
static bool
evict(const struct pth_cache *c, const char *key)
{
	pth_auto_fd fd = openat(c->fd, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char gone[PTH_CACHE_KEY + 8];
	bool ours;

	if (fd < 0)
		return errno == ENOENT;
	snprintf(gone, sizeof gone, "%s.gone", key);
	ours = flock(fd, LOCK_EX | LOCK_NB) == 0 && supervise_cache_is(c, key, fd) &&
	    pth_rmtree(c->fd, gone, NULL) == 0 && renameat(c->fd, key, c->fd, gone) == 0;
	if (ours) {
		pth_rmtree(c->fd, gone, NULL);
		pth_event("compile.evicted", "{s:s}", "key", key);
	}
	flock(fd, LOCK_UN);
	return ours;
}

void
pth_cache_prune(const struct pth_cache *c)
{
	struct entries all = { NULL, 0 };
	int64_t sum = 0;

	if (c->max == 0)
		return;
	pth_auto_strv names = supervise_cache_names(c->fd, NULL);
	for (char **p = names; p != NULL && *p != NULL; p++)
		look_at(c, *p, &all);
	if (all.n > 1)
		qsort(all.v, all.n, sizeof *all.v, latest_first);
	for (size_t i = 0; i < all.n; i++) {
		/* The newest one stays, however large. */
		if (i > 0 && sum + all.v[i].bytes > c->max && evict(c, all.v[i].key))
			continue;
		sum += all.v[i].bytes;
	}
	free(all.v);
}
