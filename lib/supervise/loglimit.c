/* This file keeps the log files of programs within a limit. */
#include "supervise/loglimit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/file.h"
#include "io/json.h"
#include "io/placeholder.h"

#define LINE_LOOK 4096 /* a line end is looked for in so many bytes */

static struct loglimit_file *
find(const struct loglimit *l, const char *path)
{
	for (size_t i = 0; i < l->nfiles; i++)
		if (strcmp(l->files[i].path, path) == 0)
			return &l->files[i];
	return NULL;
}

static int
open_again(int dirfd, const char *path)
{
	pth_auto_fd fd = pth_file_make(dirfd, path, O_RDWR | O_NONBLOCK | O_NOCTTY, NULL);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? pth_take_fd(&fd) : -1;
}

/* May we keep it open? The last half of the descriptors is for others. */
static bool
affordable(int fd)
{
	struct rlimit rl;

	return getrlimit(RLIMIT_NOFILE, &rl) != 0 || (rlim_t)fd < rl.rlim_cur / 2;
}

/* Watch the file that dir/path is now. One of that name from before has been
 * moved away, or it is the same one. */
static void
watch(struct loglimit *l, int dirfd, const char *path)
{
	struct loglimit_file *f = find(l, path);
	pth_auto_fd fd = open_again(dirfd, path);
	struct stat st;

	if (fd < 0)
		return;
	if (f == NULL) {
		l->files = pth_xarray(l->files, l->nfiles + 1, sizeof *l->files);
		f = &l->files[l->nfiles++];
		*f = (struct loglimit_file){ .path = pth_xstrdup(path), .fd = -1, .head = -1 };
	}
	pth_close(&f->fd);
	if (fstat(fd, &st) == 0 && st.st_size < f->keep)
		f->head = -1; /* another file */
	f->dirfd = dirfd;
	f->fd = affordable(fd) ? pth_take_fd(&fd) : -1;
}

int
supervise_loglimit_open(struct loglimit *l, int dirfd, const char *path)
{
	int fd = pth_file_make(dirfd, path, O_WRONLY | O_CREAT | O_APPEND, NULL);

	if (fd >= 0 && l->limit > 0)
		watch(l, dirfd, path);
	return fd;
}

/* Where to cut: behind the last whole line, when there is one near. */
static int64_t
cut_place(int fd, int64_t limit)
{
	char tail[LINE_LOOK];
	int64_t from = limit > LINE_LOOK ? limit - LINE_LOOK : 0;
	ssize_t n = pread(fd, tail, (size_t)(limit - from), from);
	char *nl = n > 0 ? memrchr(tail, '\n', (size_t)n) : NULL;

	return nl != NULL ? from + (nl - tail) + 1 : limit;
}

/* The mark is put in place first and the rest is cut off then: at no moment
 * can the program's next line come before it. */
static void
cut(struct loglimit *l, struct loglimit_file *f, int fd, int64_t size,
    void (*about)(void *arg, const char *path, int64_t keep, bool first), void *arg)
{
	bool first = f->head < 0;
	pth_auto_buf mark = PTH_BUF_INIT;
	char before = '\n';
	struct stat st;

	if (first)
		f->head = cut_place(fd, l->limit);
	if (f->head > 0 && pread(fd, &before, 1, f->head - 1) != 1)
		before = '\n';
	if (before != '\n')
		pth_buf_addc(&mark, '\n');
	pth_buf_adds(&mark, "[pth: log limit of ");
	pth_size_show(&mark, l->limit);
	pth_buf_adds(&mark, " reached, output dropped]\n");
	f->keep = f->head + (int64_t)mark.len;
	if (about != NULL)
		about(arg, f->path, f->keep, first);
	if (fstat(fd, &st) == 0 && st.st_size > size)
		size = st.st_size;
	(void)!pwrite(fd, mark.s, mark.len, f->head);
	if (ftruncate(fd, f->keep) == 0 || first)
		f->dropped += size - (first ? f->head : f->keep);
}

bool
supervise_loglimit_look(struct loglimit *l,
    void (*about)(void *arg, const char *path, int64_t keep, bool first), void *arg)
{
	bool fast = false;

	for (size_t i = 0; i < l->nfiles; i++) {
		struct loglimit_file *f = &l->files[i];
		pth_auto_fd opened = f->fd < 0 ? open_again(f->dirfd, f->path) : -1;
		int fd = f->fd < 0 ? opened : f->fd;
		struct stat st;

		if (fd < 0 || fstat(fd, &st) != 0)
			continue;
		fast = fast || st.st_size - f->seen > l->limit / 8;
		f->seen = st.st_size;
		if (st.st_size > (f->head < 0 ? l->limit : f->keep)) {
			cut(l, f, fd, st.st_size, about, arg);
			f->seen = f->keep;
		}
	}
	return fast;
}

json_t *
supervise_loglimit_dropped(const struct loglimit *l)
{
	json_t *o = NULL;

	for (size_t i = 0; i < l->nfiles; i++) {
		if (l->files[i].head < 0)
			continue;
		if (o == NULL)
			o = json_object();
		pth_json_set(o, l->files[i].path, json_integer(l->files[i].dropped));
	}
	return o;
}

void
supervise_loglimit_release(struct loglimit *l)
{
	for (size_t i = 0; i < l->nfiles; i++) {
		pth_close(&l->files[i].fd);
		free(l->files[i].path);
	}
	free(l->files);
	l->files = NULL;
	l->nfiles = 0;
}
