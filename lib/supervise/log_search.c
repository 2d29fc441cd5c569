/* This file searches growing logs line by line. */
#include "supervise/log_search.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/regex.h"

#define LOOK_US 20000 /* short lines take longer than their bytes */
#define TAIL_MAX ((off_t)256 << 10)
#define LINE_KEPT ((size_t)64 << 10)

struct log_search {
	int dirfd, fd;
	int64_t skip;
	bool found;
	char *path;
	struct pth_regex *re;
	struct pth_buf line; /* the unfinished last line */
};

struct log_search *
supervise_log_search_open(
    int dirfd, const char *path, const char *regex, int64_t skip, struct pth_err *e)
{
	struct pth_regex *re = pth_regex_new(regex, 0, e);
	struct log_search *l;

	if (re == NULL)
		return NULL;
	l = pth_xmalloc(sizeof *l);
	*l = (struct log_search){
		.dirfd = dirfd, .fd = -1, .skip = skip, .path = pth_xstrdup(path), .re = re
	};
	return l;
}

/* Take in bytes after those of an unfinished line; true when a line (or the
 * unfinished one) matches. */
static bool
feed(const struct log_search *l, struct pth_buf *line, const char *s, size_t n)
{
	while (n > 0) {
		const char *nl = memchr(s, '\n', n);
		size_t len = nl != NULL ? (size_t)(nl - s) : n;
		size_t room = line->len < LINE_KEPT ? LINE_KEPT - line->len : 0;

		pth_buf_add(line, s, len < room ? len : room);
		if (pth_regex_match(l->re, line->s, line->len))
			return true;
		if (nl == NULL)
			break;
		pth_buf_cut(line, 0);
		s += len + 1;
		n -= len + 1;
	}
	return false;
}

static bool
is_open(struct log_search *l)
{
	if (l->fd < 0) {
		l->fd = openat(l->dirfd, l->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (l->fd >= 0)
			lseek(l->fd, l->skip, SEEK_SET);
	}
	return l->fd >= 0;
}

bool
supervise_log_search_look(struct log_search *l)
{
	char chunk[16384];
	int64_t end = pth_mono_us() + LOOK_US;
	ssize_t n;

	if (l->found || !is_open(l))
		return l->found;
	/* Bounded: a service may write as fast as we read. */
	do {
		n = read(l->fd, chunk, sizeof chunk);
		l->found = n > 0 && feed(l, &l->line, chunk, (size_t)n);
	} while (n > 0 && !l->found && pth_mono_us() < end);
	return l->found;
}

void
supervise_log_search_cut(struct log_search *l, int64_t keep)
{
	pth_auto_buf line = PTH_BUF_INIT;
	char chunk[16384];
	struct stat st;
	off_t at, from;
	ssize_t n;

	if (l->found || !is_open(l) || fstat(l->fd, &st) != 0)
		return;
	at = from = lseek(l->fd, 0, SEEK_CUR);
	if (st.st_size - from > TAIL_MAX)
		from = st.st_size - TAIL_MAX;
	else
		pth_buf_add(&line, l->line.s, l->line.len);
	for (; !l->found && from < st.st_size && (n = pread(l->fd, chunk, sizeof chunk, from)) > 0;
	     from += n)
		l->found = feed(l, &line, chunk, (size_t)n);
	if (at > keep) {
		lseek(l->fd, keep, SEEK_SET);
		pth_buf_cut(&l->line, 0);
	}
}

bool
supervise_log_search_behind(const struct log_search *l)
{
	struct stat st;

	return !l->found && l->fd >= 0 && fstat(l->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    lseek(l->fd, 0, SEEK_CUR) < st.st_size;
}

void
supervise_log_search_close(struct log_search *l)
{
	if (l == NULL)
		return;
	pth_close(&l->fd);
	pth_regex_free(l->re);
	pth_buf_release(&l->line);
	free(l->path);
	free(l);
}
