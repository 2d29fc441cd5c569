/* This file has the entries of the cache: their keys, who makes one, copying them in and out. */
#include "supervise/cache_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/file.h"
#include "io/json.h"

#define DEPTH_MAX 64
#define INPUT_MAX ((int64_t)4 << 30) /* bytes of a file */
#define ENTRY_MAX ((int64_t)4 << 30) /* bytes of an entry, unless the cache may be larger */

int
pth_cache_open(struct pth_err *e)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	pth_auto_buf b = PTH_BUF_INIT;
	int fd;

	if (base != NULL && *base == '/')
		pth_buf_addf(&b, "%s/pth/compile", base);
	else if (home != NULL && *home == '/')
		pth_buf_addf(&b, "%s/.cache/pth/compile", home);
	if (b.len == 0)
		return pth_err_set(
		    e, PTH_SYSTEM, "compile cache: neither XDG_CACHE_HOME nor HOME is set");
	if (pth_mkdirs(AT_FDCWD, b.s, e) != 0)
		return -1;
	fd = open(b.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? pth_err_set(e, PTH_SYSTEM, "%s:", b.s) : fd;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
no_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

char **
supervise_cache_names(int dirfd, int *n)
{
	struct pth_strv names = { NULL, 0 };
	struct dirent **list;
	int found = scandirat(dirfd, ".", &list, no_dots, by_name);

	if (n != NULL)
		*n = found;
	if (found < 0)
		return NULL;
	for (int i = 0; i < found; i++) {
		pth_strv_push(&names, pth_xstrdup(list[i]->d_name));
		free(list[i]);
	}
	free(list);
	pth_strv_push(&names, NULL);
	return names.v;
}

/* Add path, and all below it, to the list of what a key is made of. */
static int
add_input(const struct pth_cache *c, int dirfd, const char *path, int depth, json_t *to,
    struct pth_err *e)
{
	pth_auto_fd fd = openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char hex[65];
	struct stat st;
	int64_t bytes;
	int n, r = 0;

	if (fd < 0 || fstat(fd, &st) != 0 || depth > DEPTH_MAX ||
	    !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return pth_err_set(
		    e, PTH_SYSTEM, "input %s: not a file or directory that can be read", path);
	if (S_ISREG(st.st_mode)) {
		errno = EFBIG;
		r = st.st_size > INPUT_MAX ? -1 : c->digest(fd, hex, &bytes);
		pth_json_push(
		    to, json_pack("[s,b,s]", path, (st.st_mode & 0100) != 0, r == 0 ? hex : ""));
		return r == 0 ? 0 : pth_err_set(e, PTH_SYSTEM, "input %s:", path);
	}
	pth_auto_strv names = supervise_cache_names(fd, &n);
	pth_json_push(to, json_pack("[s,i]", path, n));
	if (names == NULL)
		return pth_err_set(e, PTH_SYSTEM, "input %s:", path);
	for (char **p = names; *p != NULL && r == 0; p++)
		r = add_input(c, fd, *p, depth + 1, to, e);
	return r;
}

static int
digest_text(const struct pth_cache *c, const char *text, char key[PTH_CACHE_KEY])
{
	pth_auto_fd fd = memfd_create("key", MFD_CLOEXEC);
	int64_t bytes;

	if (fd < 0 || pth_write_all(fd, text, strlen(text)) != 0 || lseek(fd, 0, SEEK_SET) != 0)
		return -1;
	return c->digest(fd, key, &bytes);
}

int
pth_cache_key(const struct pth_cache *c, const json_t *what, const json_t *inputs, int dirfd,
    char key[PTH_CACHE_KEY], struct pth_err *e)
{
	json_t *list = json_array(), *v;
	size_t i;
	int r = 0;

	json_array_foreach(inputs, i, v)
		if (r == 0)
			r = json_is_string(v) ?
			    add_input(c, dirfd, json_string_value(v), 0, list, e) :
			    pth_err_set(e, PTH_INPUT, "an input must be a path");
	json_auto_t *all = json_pack("{s:i,s:O,s:o}", "pth", 1, "what", what, "inputs", list);
	pth_auto_buf text = PTH_BUF_INIT;
	if (r == 0 &&
	    (pth_json_dumps(&text, all, JSON_COMPACT | JSON_SORT_KEYS) != 0 ||
	        digest_text(c, text.s, key) != 0))
		r = pth_err_set(e, PTH_SYSTEM, "digest:");
	return r;
}

bool
supervise_cache_is(const struct pth_cache *c, const char *name, int fd)
{
	struct stat st, now;

	return fstat(fd, &st) == 0 && fstatat(c->fd, name, &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == now.st_dev && st.st_ino == now.st_ino;
}

enum pth_cache_look
pth_cache_look(const struct pth_cache *c, const char *key, int *lock, struct pth_err *e)
{
	char name[PTH_CACHE_KEY + 8];

	if (faccessat(c->fd, key, F_OK, 0) == 0)
		return PTH_CACHE_THERE;
	snprintf(name, sizeof name, "%s.lock", key);
	if (*lock < 0)
		*lock = openat(c->fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*lock < 0 || flock(*lock, LOCK_EX | LOCK_NB) != 0) {
		if (*lock >= 0 && (errno == EWOULDBLOCK || errno == EINTR))
			return PTH_CACHE_WAIT;
		pth_err_set(e, PTH_SYSTEM, "compile cache: %s:", *lock < 0 ? name : "lock");
		return PTH_CACHE_FAILED;
	}
	/* It may have come between the look and the lock; and a lock that was swept
	 * away meanwhile keeps nobody else out. */
	if (faccessat(c->fd, key, F_OK, 0) == 0)
		return PTH_CACHE_THERE;
	if (supervise_cache_is(c, name, *lock))
		return PTH_CACHE_MAKE;
	pth_cache_leave(lock);
	return PTH_CACHE_WAIT;
}

void
pth_cache_leave(int *lock)
{
	if (*lock < 0)
		return;
	/* A child that forked meanwhile has it open too: closing is not enough. */
	flock(*lock, LOCK_UN);
	pth_close(lock);
}

static int
copy_bytes(int from, int to)
{
	pth_auto_buf b = PTH_BUF_INIT;
	ssize_t n;

	/* In the kernel, or by sharing blocks, where the file systems can. */
	while ((n = copy_file_range(from, NULL, to, NULL, (size_t)1 << 30, 0)) > 0)
		;
	while (n != 0 && (n = pth_read_all(from, pth_buf_room(&b, 65536), 65536)) > 0)
		if (pth_write_all(to, b.s, (size_t)n) != 0)
			return -1;
	return n == 0 ? 0 : -1;
}

/* left: bytes that may still be copied; a hole of any length costs a program nothing. */
static int
copy_file(int from, int to, const char *name, const struct stat *st, int64_t *left)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };
	pth_auto_fd in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	int out, r = -1;

	if (in < 0)
		return -1;
	if (st->st_size > *left) {
		errno = EFBIG;
		return -1;
	}
	*left -= st->st_size;
	unlinkat(to, name, 0);
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st->st_mode & 0777);
	if (out >= 0) {
		r = copy_bytes(in, out);
		/* What looks older than its sources would be compiled again. */
		futimens(out, times);
		r = close(out) == 0 ? r : -1;
	}
	return r;
}

static int
copy_link(int from, int to, const char *name)
{
	char target[4096];
	ssize_t n = readlinkat(from, name, target, sizeof target - 1);

	if (n < 0)
		return -1;
	target[n] = '\0';
	unlinkat(to, name, 0);
	return symlinkat(target, to, name);
}

static int copy_any(int from, int to, const char *name, int depth, int64_t *left);

static int
copy_dir(int from, int to, const char *name, int depth, int64_t *left)
{
	int r = 0;

	if (depth > DEPTH_MAX || (mkdirat(to, name, 0777) != 0 && errno != EEXIST))
		return -1;
	pth_auto_fd in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	pth_auto_fd out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	pth_auto_strv names = in >= 0 && out >= 0 ? supervise_cache_names(in, NULL) : NULL;
	if (names == NULL)
		return -1;
	for (char **p = names; *p != NULL && r == 0; p++)
		r = copy_any(in, out, *p, depth + 1, left);
	return r;
}

/* One name of a directory, with all that is below it; sockets and the like
 * are left out. */
static int
copy_any(int from, int to, const char *name, int depth, int64_t *left)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		return copy_dir(from, to, name, depth, left);
	if (S_ISLNK(st.st_mode))
		return copy_link(from, to, name);
	return S_ISREG(st.st_mode) ? copy_file(from, to, name, &st, left) : 0;
}

/* "a/b/c": the directories on the way are made. */
static int
copy_path(int from, int to, const char *path, int64_t *left)
{
	pth_auto_str copy = pth_xstrdup(path);
	char *slash = strrchr(copy, '/');

	if (slash == NULL)
		return copy_any(from, to, copy, 0, left);
	*slash = '\0';
	if (pth_mkdirs(to, copy, NULL) != 0)
		return -1;
	pth_auto_fd in = pth_open_beneath(from, copy, O_RDONLY | O_DIRECTORY, 0);
	pth_auto_fd out = pth_open_beneath(to, copy, O_RDONLY | O_DIRECTORY, 0);
	return in >= 0 && out >= 0 ? copy_any(in, out, slash + 1, 0, left) : -1;
}

int
pth_cache_take(const struct pth_cache *c, const char *key, int dirfd, struct pth_err *e)
{
	pth_auto_fd in = openat(c->fd, key, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int64_t left = INT64_MAX; /* it was copied in */
	int r = 0;

	if (in < 0)
		return errno == ENOENT ? 1 : pth_err_set(e, PTH_SYSTEM, "compile cache: %s:", key);
	if (flock(in, LOCK_SH | LOCK_NB) != 0 || !supervise_cache_is(c, key, in))
		return 1;
	futimens(in, NULL);
	pth_auto_strv names = supervise_cache_names(in, NULL);
	if (names == NULL)
		r = pth_err_set(e, PTH_SYSTEM, "compile cache: %s:", key);
	for (char **p = names; p != NULL && *p != NULL && r == 0; p++)
		if (copy_any(in, dirfd, *p, 0, &left) != 0)
			r = pth_err_set(e, PTH_SYSTEM, "compile cache: copy %s:", *p);
	flock(in, LOCK_UN);
	return r;
}

int
pth_cache_put(const struct pth_cache *c, const char *key, int dirfd, const json_t *outputs,
    const json_t *optional, struct pth_err *e)
{
	char name[PTH_CACHE_KEY + 8];
	int64_t left = c->max > ENTRY_MAX ? c->max : ENTRY_MAX;
	json_t *v;
	size_t i;
	int to, r = 0;

	/* The lock is ours: a half one is from somebody who was killed. */
	snprintf(name, sizeof name, "%s.new", key);
	left = c->max == 0 ? INT64_MAX : left;
	if (pth_rmtree(c->fd, name, e) != 0)
		return -1;
	if (mkdirat(c->fd, name, 0777) != 0 ||
	    (to = openat(c->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return pth_err_set(e, PTH_SYSTEM, "compile cache: %s:", name);
	json_array_foreach(outputs, i, v)
		if (r == 0 && copy_path(dirfd, to, json_string_value(v), &left) != 0)
			r = pth_err_set(e, PTH_SYSTEM, "output %s:", json_string_value(v));
	json_array_foreach(optional, i, v)
		copy_path(dirfd, to, json_string_value(v), &left);
	/* After a power cut the name must not be there without the content. */
	syncfs(to);
	close(to);
	if (r == 0 && renameat(c->fd, name, c->fd, key) != 0)
		r = pth_err_set(e, PTH_SYSTEM, "compile cache: rename %s:", name);
	if (r != 0) {
		pth_rmtree(c->fd, name, NULL);
		return r;
	}
	/* Who waits holds the same file and will find the entry. */
	snprintf(name, sizeof name, "%s.lock", key);
	unlinkat(c->fd, name, 0);
	return 0;
}
