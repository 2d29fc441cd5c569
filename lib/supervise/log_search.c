/* This file searches growing logs line by line. */
#include "supervise/log_search.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/regex.h"

#define LOOK_US 20000 /* short lines take longer than their bytes */
#define LINE_KEPT ((size_t)64 << 10)

struct log_search {
	const struct logs *logs;
	int fd;     /* of a file that is none of our logs, or -1 */
	int64_t at; /* so far it has been searched */
	bool found;
	int err;           /* errno: why the file could not be opened or read, or 0 */
	const char *doubt; /* why a line may match although it was not found, or NULL */
	char *path;
	struct pth_regex *re;
	struct pth_buf line; /* the unfinished last line */
	struct pth_buf lost; /* the same of what is not kept */
};

struct log_search *
supervise_log_search_open(
    const struct logs *logs, const char *path, const char *regex, int64_t skip, struct pth_err *e)
{
	struct pth_regex *re = pth_regex_new(regex, 0, e);
	struct log_search *l;

	if (re == NULL)
		return NULL;
	l = pth_xmalloc(sizeof *l);
	*l = (struct log_search){
		.logs = logs, .fd = -1, .at = skip, .path = pth_xstrdup(path), .re = re
	};
	return l;
}

/* Take in bytes after those of an unfinished line; true when a line (or the
 * unfinished one) matches. */
static bool
feed(struct log_search *l, struct pth_buf *line, const char *s, size_t n)
{
	while (n > 0) {
		const char *nl = memchr(s, '\n', n);
		size_t len = nl != NULL ? (size_t)(nl - s) : n;
		size_t room = line->len < LINE_KEPT ? LINE_KEPT - line->len : 0;

		pth_buf_add(line, s, len < room ? len : room);
		if (pth_regex_match(l->re, line->s, line->len))
			return true;
		if (len > room)
			l->doubt = "a line is longer than 64 KiB";
		if (nl == NULL)
			break;
		pth_buf_cut(line, 0);
		s += len + 1;
		n -= len + 1;
	}
	return false;
}

/* The bytes that follow; how many. */
static size_t
next(struct log_search *l, char *to, size_t n)
{
	const struct log *g = supervise_logs_find(l->logs, l->path);
	ssize_t r;

	if (g != NULL) {
		n = supervise_log_read(g, l->at, to, n);
	} else {
		if (l->fd < 0)
			l->fd = pth_open_regular(l->logs->dirfd, l->path, NULL);
		r = l->fd >= 0 ? pread(l->fd, to, n, l->at) : -1;
		l->err = r < 0 ? errno : 0;
		n = r > 0 ? (size_t)r : 0;
	}
	l->at += (int64_t)n;
	return n;
}

bool
supervise_log_search_look(struct log_search *l)
{
	char chunk[16384];
	int64_t end = pth_mono_us() + LOOK_US;
	size_t n = 1;

	/* Bounded: a service may write as fast as we read. */
	while (!l->found && n > 0) {
		n = next(l, chunk, sizeof chunk);
		l->found = n > 0 && feed(l, &l->line, chunk, n);
		if (pth_mono_us() >= end)
			break;
	}
	return l->found;
}

void
supervise_log_search_lost(struct log_search *l, const char *p, size_t n)
{
	if (!l->found)
		l->found = feed(l, &l->lost, p, n);
}

bool
supervise_log_search_behind(const struct log_search *l)
{
	const struct log *g = supervise_logs_find(l->logs, l->path);
	struct stat st;

	if (l->found)
		return false;
	if (g != NULL)
		return l->at < supervise_log_size(g);
	return l->fd >= 0 && fstat(l->fd, &st) == 0 && l->at < st.st_size;
}

const char *
supervise_log_search_doubt(const struct log_search *l)
{
	if (l->found)
		return NULL;
	if (l->err != 0)
		return l->err == EINVAL ? "it is no regular file" : strerror(l->err);
	return supervise_log_search_behind(l) ? "not all of it was searched" : l->doubt;
}

void
supervise_log_search_close(struct log_search *l)
{
	if (l == NULL)
		return;
	pth_close(&l->fd);
	pth_regex_free(l->re);
	pth_buf_release(&l->line);
	pth_buf_release(&l->lost);
	free(l->path);
	free(l);
}
