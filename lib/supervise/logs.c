/* This file reads what programs say out of pipes, and keeps it as logs within a limit. */
#include "supervise/logs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/text.h"
#include "io/file.h"
#include "io/json.h"

#define HELD_MAX ((size_t)256 << 10) /* of a log in memory; more is in a file without a name */
#define CHUNK ((size_t)64 << 10)
#define AT_ONCE 32     /* chunks, of one pipe */
#define LINE_LOOK 4096 /* a line end is looked for in so many bytes */
#define WAITING 64     /* pipes that are asked for at once */

struct log {
	struct logs *owner;
	char *path;
	struct pth_buf held; /* its text, while it is short */
	int spill;           /* else: a file that only we can reach; or -1 */
	int64_t size;        /* bytes of its text */
	bool cut;            /* the mark is there */
	bool broken;         /* it could not all be kept */
	int64_t dropped;
	int shown;   /* the file at path, while somebody writes and there are descriptors; or -1 */
	ino_t inode; /* of that file; 0: there is none */
	struct log_pump *pumps;
};

/* One pipe of a log. A program may be gone while a child of it still holds one. */
struct log_pump {
	struct log *log;
	int fd;
	struct log_pump *next;
};

struct log *
supervise_logs_find(const struct logs *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i]->path, path) == 0)
			return l->v[i];
	return NULL;
}

int64_t
supervise_log_size(const struct log *g)
{
	return g->size;
}

size_t
supervise_log_read(const struct log *g, int64_t from, char *to, size_t n)
{
	ssize_t r;

	if (from < 0 || from >= g->size)
		return 0;
	if ((int64_t)n > g->size - from)
		n = (size_t)(g->size - from);
	if (g->spill < 0) {
		memcpy(to, g->held.s + from, n);
		return n;
	}
	r = pread(g->spill, to, n, from);
	return r > 0 ? (size_t)r : 0;
}

/* From memory into a file that has no name, or loses it at once. */
static int
spill(struct log *g)
{
	pth_auto_fd fd = pth_open_beneath(g->owner->dirfd, ".", O_TMPFILE | O_RDWR | O_EXCL, 0600);

	if (fd < 0) {
		pth_auto_str name = pth_xstrdup(".log");

		fd = pth_open_beneath(g->owner->dirfd, name, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd >= 0)
			unlinkat(g->owner->dirfd, name, 0);
	}
	if (fd < 0 || pth_write_all(fd, g->held.s, g->held.len) != 0)
		return -1;
	g->spill = pth_take_fd(&fd);
	pth_buf_release(&g->held);
	return 0;
}

/* May we keep it open? The last half of the descriptors is for others. */
static bool
affordable(int fd)
{
	struct rlimit rl;

	return getrlimit(RLIMIT_NOFILE, &rl) != 0 || (rlim_t)fd < rl.rlim_cur / 2;
}

/* The file that people see, if it is still ours; close it with hide(). */
static int
shown(const struct log *g)
{
	pth_auto_fd fd = -1;
	struct stat st;

	if (g->shown >= 0 || g->inode == 0)
		return g->shown;
	fd = pth_open_beneath(
	    g->owner->dirfd, g->path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_ino == g->inode ?
	    pth_take_fd(&fd) :
	    -1;
}

static void
hide(const struct log *g, int fd)
{
	if (fd >= 0 && fd != g->shown)
		close(fd);
}

static void
keep(struct log *g, const char *p, size_t n)
{
	int fd;

	if (n == 0 || g->broken)
		return;
	fd = shown(g);
	if (fd >= 0)
		(void)!pth_write_all(fd, p, n);
	hide(g, fd);
	if (g->spill < 0 && g->held.len + n > HELD_MAX && spill(g) != 0) {
		g->broken = true;
		return;
	}
	if (g->spill < 0)
		pth_buf_add(&g->held, p, n);
	else if (pth_write_all(g->spill, p, n) != 0)
		g->broken = true;
	g->size += (int64_t)n;
}

static void
truncate_to(struct log *g, int64_t size)
{
	int fd = shown(g);

	g->size = size;
	if (g->spill < 0)
		pth_buf_cut(&g->held, (size_t)size);
	else if (ftruncate(g->spill, size) != 0 || lseek(g->spill, size, SEEK_SET) < 0)
		g->broken = true;
	if (fd >= 0)
		(void)!ftruncate(fd, size);
	hide(g, fd);
}

/* The log is as long as it may be: it ends behind its last whole line, when there is one near,
 * and with a mark. */
static void
cut(struct log *g)
{
	char tail[LINE_LOOK];
	int64_t from = g->size > LINE_LOOK ? g->size - LINE_LOOK : 0, head = g->size;
	size_t n = supervise_log_read(g, from, tail, sizeof tail);
	const char *nl = n > 0 ? memrchr(tail, '\n', n) : NULL;
	pth_auto_buf mark = PTH_BUF_INIT;

	if (nl != NULL)
		head = from + (nl - tail) + 1;
	if (head < g->size && g->owner->lost != NULL)
		g->owner->lost(
		    g->owner->arg, g->path, tail + (head - from), (size_t)(g->size - head));
	g->dropped += g->size - head;
	truncate_to(g, head);
	if (nl == NULL && head > 0)
		pth_buf_addc(&mark, '\n');
	pth_buf_adds(&mark, "[pth: log limit of ");
	pth_size_show(&mark, g->owner->limit);
	pth_buf_adds(&mark, " reached, output dropped]\n");
	keep(g, mark.s, mark.len);
	g->cut = true;
	if (g->owner->cut != NULL)
		g->owner->cut(g->owner->arg, g->path);
}

static void
take(struct log *g, const char *p, size_t n)
{
	int64_t room = g->owner->limit > 0 ? g->owner->limit - g->size : INT64_MAX;
	size_t fits = g->cut || room <= 0 ? 0 : (int64_t)n < room ? n : (size_t)room;

	if (!g->cut) {
		keep(g, p, fits);
		if (fits == n)
			return;
		cut(g);
	}
	g->dropped += (int64_t)(n - fits);
	if (g->owner->lost != NULL)
		g->owner->lost(g->owner->arg, g->path, p + fits, n - fits);
}

static void
end_pump(struct log_pump *p)
{
	struct log *g = p->log;
	struct log_pump **at = &g->pumps;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	close(p->fd); /* epoll forgets it with that */
	free(p);
	if (g->pumps == NULL)
		pth_close(&g->shown);
}

/* True when the pipe has ended. */
static bool
pump(struct log_pump *p, unsigned chunks)
{
	char chunk[CHUNK];
	ssize_t n;

	while (chunks-- > 0) {
		n = read(p->fd, chunk, sizeof chunk);
		if (n > 0)
			take(p->log, chunk, (size_t)n);
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return true;
		else if (errno == EAGAIN)
			return false;
	}
	return false;
}

void
supervise_logs_pump(int epoll)
{
	struct epoll_event v[WAITING];
	int n = epoll_wait(epoll, v, WAITING, 0);

	for (int i = 0; i < n; i++)
		if (pump(v[i].data.ptr, AT_ONCE))
			end_pump(v[i].data.ptr);
}

void
supervise_logs_drain(struct logs *l)
{
	for (size_t i = 0; i < l->n; i++)
		for (struct log_pump *p = l->v[i]->pumps, *next; p != NULL; p = next) {
			next = p->next;
			if (pump(p, AT_ONCE))
				end_pump(p);
		}
}

/* The directory of path and its name there. */
static int
open_above(int dirfd, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');

	*name = slash != NULL ? slash + 1 : path;
	if (slash == NULL)
		return pth_open_beneath(dirfd, ".", O_RDONLY | O_DIRECTORY, 0);
	pth_auto_str above = pth_xstrndup(path, (size_t)(slash - path));
	struct pth_err e;

	/* A program may have put a link or a file there. */
	for (char *p = above;; *p++ = '/') {
		struct stat st;

		p += strcspn(p, "/");
		bool last = *p == '\0';
		*p = '\0';
		if (fstatat(dirfd, above, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISDIR(st.st_mode) &&
		    pth_rmtree(dirfd, above, &e) != 0)
			return -1;
		if (mkdirat(dirfd, above, 0777) != 0 && errno != EEXIST)
			return -1;
		pth_mend_mode(dirfd, above);
		if (last)
			break;
	}
	return pth_open_beneath(dirfd, above, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
}

/* A fresh file at path, whatever was there. */
static int
make(int dirfd, const char *path)
{
	const char *name;
	pth_auto_fd above = open_above(dirfd, path, &name);
	const int flags = O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC;
	int fd = above >= 0 ? openat(above, name, flags, 0666) : -1;

	if (fd < 0 && above >= 0 && errno == EEXIST && pth_rmtree(above, name, NULL) == 0)
		fd = openat(above, name, flags, 0666);
	return fd;
}

/* Is the file at path all that was said, and can it be read? */
static bool
is_right(const struct log *g)
{
	pth_auto_fd fd = pth_open_regular(g->owner->dirfd, g->path, NULL);
	char a[16384], b[16384];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size != g->size || st.st_nlink != 1 ||
	    (st.st_mode & S_IRUSR) == 0)
		return false;
	for (int64_t at = 0; at < g->size;) {
		size_t n = supervise_log_read(g, at, a, sizeof a);
		ssize_t m = pread(fd, b, n, at);

		if (n == 0 || m != (ssize_t)n || memcmp(a, b, n) != 0)
			return false;
		at += m;
	}
	return true;
}

/* The file at path is made anew, with what was said so far. -1, or it. */
static int
write_again(struct log *g)
{
	pth_auto_fd fd = make(g->owner->dirfd, g->path);
	char chunk[16384];
	struct stat st;
	size_t n;

	g->inode = 0;
	if (fd < 0 || fstat(fd, &st) != 0)
		return -1;
	for (int64_t at = 0; at < g->size; at += (int64_t)n) {
		n = supervise_log_read(g, at, chunk, sizeof chunk);
		if (n == 0 || pth_write_all(fd, chunk, n) != 0)
			return -1;
	}
	g->inode = st.st_ino;
	return pth_take_fd(&fd);
}

static struct log *
add(struct logs *l, const char *path)
{
	struct log *g = pth_xmalloc(sizeof *g);

	*g = (struct log){ .owner = l, .path = pth_xstrdup(path), .spill = -1, .shown = -1 };
	l->v = pth_xarray(l->v, l->n + 1, sizeof(*l->v));
	return l->v[l->n++] = g;
}

/* For people; without such a file the log is still kept. */
static void
show(struct log *g)
{
	pth_auto_fd fd = -1;

	if (g->pumps != NULL || (g->size > 0 && (fd = shown(g)) >= 0))
		return;
	fd = write_again(g);
	if (fd >= 0 && affordable(fd))
		g->shown = pth_take_fd(&fd);
}

static bool
put_right(struct log *g)
{
	pth_auto_fd fd = write_again(g);

	return fd >= 0;
}

int
supervise_logs_open(struct logs *l, const char *path)
{
	struct log *g = supervise_logs_find(l, path);
	struct log_pump *p;
	struct epoll_event ev = { .events = EPOLLIN };
	pth_auto_pipe pair = PTH_PIPE_INIT;

	if (pth_pipe_open(&pair) != 0 || fcntl(pair.from, F_SETFL, O_NONBLOCK) != 0)
		return -1;
	if (l->uid != 0 && fchown(pair.to, l->uid, l->gid) != 0)
		return -1;
	p = pth_xmalloc(sizeof *p);
	ev.data.ptr = p;
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, pair.from, &ev) != 0) {
		free(p);
		return -1;
	}
	if (g == NULL)
		g = add(l, path);
	show(g);
	*p = (struct log_pump){ .log = g, .fd = pth_take_fd(&pair.from), .next = g->pumps };
	g->pumps = p;
	return pth_take_fd(&pair.to);
}

bool
supervise_logs_end(struct logs *l, const char **path)
{
	bool ok = true;

	supervise_logs_drain(l);
	if (l->n > 0)
		pth_mend_mode(l->dirfd, NULL);
	for (size_t i = 0; i < l->n; i++) {
		struct log *g = l->v[i];

		while (g->pumps != NULL)
			end_pump(g->pumps);
		if (!g->broken && (is_right(g) || put_right(g)))
			continue;
		ok = false;
		*path = g->path;
	}
	return ok;
}

json_t *
supervise_logs_dropped(const struct logs *l)
{
	json_t *o = NULL;

	for (size_t i = 0; i < l->n; i++) {
		if (!l->v[i]->cut)
			continue;
		if (o == NULL)
			o = json_object();
		pth_json_set(o, l->v[i]->path, json_integer(l->v[i]->dropped));
	}
	return o;
}

void
supervise_logs_release(struct logs *l)
{
	for (size_t i = 0; i < l->n; i++) {
		struct log *g = l->v[i];

		while (g->pumps != NULL)
			end_pump(g->pumps);
		pth_close(&g->spill);
		pth_buf_release(&g->held);
		free(g->path);
		free(g);
	}
	free(l->v);
	l->v = NULL;
	l->n = 0;
}
