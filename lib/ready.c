#include "ready.h"

#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"

#define LOOK_MAX ((size_t)4 << 20)
#define LINE_KEPT ((size_t)64 << 10)
#define TCP_LISTEN 0x0a /* include/net/tcp_states.h */

/* A line of /proc/net/udp: "  sl: LOCAL:PORT REMOTE:PORT ST ..." in hex. */
static bool
bound(const char *file, unsigned port, unsigned state)
{
	char line[512];
	unsigned p, st;
	bool found = false;
	FILE *fp = fopen(file, "re");

	if (fp == NULL)
		return false;
	while (!found && fgets(line, sizeof line, fp) != NULL)
		found = sscanf(line, " %*[0-9]: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", &p, &st) == 2 &&
		    p == port && (state == 0 || st == state);
	fclose(fp);
	return found;
}

bool
pth_ready_udp(unsigned port)
{
	return bound("/proc/self/net/udp", port, 0) || bound("/proc/self/net/udp6", port, 0);
}

bool
pth_ready_tcp(unsigned port)
{
	return bound("/proc/self/net/tcp", port, TCP_LISTEN) ||
	    bound("/proc/self/net/tcp6", port, TCP_LISTEN);
}

bool
pth_ready_file(int dirfd, const char *path)
{
	return faccessat(dirfd, path, F_OK, 0) == 0;
}

struct pth_ready_log {
	int dirfd, fd;
	int64_t skip;
	char *path;
	regex_t re;
	struct pth_buf line; /* the unfinished last line */
};

struct pth_ready_log *
pth_ready_log_open(int dirfd, const char *path, const char *regex,
    int64_t skip, struct pth_err *e)
{
	struct pth_ready_log *l = pth_xmalloc(sizeof *l);
	char why[200];
	int r = regcomp(&l->re, regex, REG_EXTENDED | REG_NOSUB);

	if (r != 0) {
		regerror(r, &l->re, why, sizeof why);
		pth_err_set(e, PTH_INPUT, "regular expression \"%.200s\": %s", regex, why);
		free(l);
		return NULL;
	}
	l->dirfd = dirfd;
	l->fd = -1;
	l->skip = skip;
	l->path = pth_xstrdup(path);
	l->line = (struct pth_buf)PTH_BUF_INIT;
	return l;
}

/* Take in bytes; true when a line (or the unfinished one) matches. */
static bool
feed(struct pth_ready_log *l, const char *s, size_t n)
{
	while (n > 0) {
		const char *nl = memchr(s, '\n', n);
		size_t len = nl ? (size_t)(nl - s) : n;
		size_t room = l->line.len < LINE_KEPT ? LINE_KEPT - l->line.len : 0;

		pth_buf_add(&l->line, s, len < room ? len : room);
		if (regexec(&l->re, l->line.s, 0, NULL, 0) == 0)
			return true;
		if (nl == NULL)
			break;
		pth_buf_cut(&l->line, 0);
		s += len + 1;
		n -= len + 1;
	}
	return false;
}

bool
pth_ready_log_look(struct pth_ready_log *l)
{
	char chunk[16384];
	size_t left = LOOK_MAX;
	ssize_t n;

	if (l->fd < 0) {
		l->fd = openat(l->dirfd, l->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (l->fd < 0)
			return false;
		lseek(l->fd, l->skip, SEEK_SET);
	}
	/* Bounded: a service may write as fast as we read. */
	while (left > 0 && (n = read(l->fd, chunk, sizeof chunk)) > 0) {
		if (feed(l, chunk, (size_t)n))
			return true;
		left -= (size_t)n < left ? (size_t)n : left;
	}
	return false;
}

bool
pth_ready_log_behind(const struct pth_ready_log *l)
{
	struct stat st;

	return l->fd >= 0 && fstat(l->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    lseek(l->fd, 0, SEEK_CUR) < st.st_size;
}

void
pth_ready_log_close(struct pth_ready_log *l)
{
	if (l == NULL)
		return;
	if (l->fd >= 0)
		close(l->fd);
	regfree(&l->re);
	pth_buf_release(&l->line);
	free(l->path);
	free(l);
}
