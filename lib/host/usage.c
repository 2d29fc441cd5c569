/* This file measures what processes use, from their files in /proc. */
#include "host/usage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"

#define FDS_MAX 4096   /* whose links are read, per process */
#define THREADS_MAX 64 /* whose switches are counted, per process */

bool
pth_usage_stat(const char *text, size_t n, struct pth_usage_stat *to)
{
	const char *name = memrchr(text, ')', n); /* its end: it may hold anything */
	size_t left = name != NULL ? n - (size_t)(name - text) : 0;
	uint64_t f[25] = { 0 };
	struct pth_word rest;

	if (left < 4 || name[1] != ' ')
		return false;
	rest = (struct pth_word){ name + 3, left - 3 }; /* field 3 is a letter */
	for (int i = 4; i <= 24; i++)
		if (!pth_word_number(&rest, 10, &f[i]))
			return false;
	*to = (struct pth_usage_stat){ f[14], f[15], f[16], f[17], f[20], f[24] };
	return true;
}

static int64_t
bounded(uint64_t v)
{
	return v > INT64_MAX / 1024 ? INT64_MAX / 1024 : (int64_t)v;
}

void
pth_usage_status(const char *text, size_t n, struct pth_usage *to)
{
	static const char *const names[] = { "voluntary_ctxt_switches",
		"nonvoluntary_ctxt_switches" };
	int64_t *const counts[] = { &to->voluntary, &to->involuntary };
	struct pth_word rest = { text, n }, line, name;
	uint64_t v;

	while (pth_word_next(&rest, "\n", &line) && pth_word_next(&line, ":", &name))
		for (size_t i = 0; i < countof(names); i++)
			if (pth_word_is(name, names[i]) && pth_word_number(&line, 10, &v))
				*counts[i] = bounded((uint64_t)*counts[i] + (uint64_t)bounded(v));
}

/* "  eth0: BYTES PACKETS errs drop fifo frame compressed multicast BYTES PACKETS ..." */
bool
pth_usage_net_next(struct pth_word *rest, struct pth_usage_net *to)
{
	struct pth_word line;

	while (pth_word_next(rest, "\n", &line)) {
		const char *colon;
		uint64_t f[10];
		size_t i = 0, len;

		pth_word_trim(&line);
		/* The numbers have none, a name may. */
		colon = memrchr(line.s, ':', line.n);
		len = colon != NULL ? (size_t)(colon - line.s) : 0;
		if (len == 0 || len >= sizeof to->name || memchr(line.s, '\0', len) != NULL)
			continue;
		memcpy(to->name, line.s, len);
		to->name[len] = '\0';
		line = (struct pth_word){ colon + 1, line.n - len - 1 };
		while (i < countof(f) && pth_word_number(&line, 10, &f[i]))
			i++;
		if (i < countof(f))
			continue;
		to->received_bytes = f[0];
		to->received_packets = f[1];
		to->sent_bytes = f[8];
		to->sent_packets = f[9];
		return true;
	}
	return false;
}

static void
switches(pid_t shown, uint64_t threads, struct pth_usage *to)
{
	char path[64], text[4096];
	struct dirent *de;
	size_t n;

	if (threads == 1) {
		n = pth_read_text(AT_FDCWD, text, sizeof text, "/proc/%ld/status", (long)shown);
		pth_usage_status(text, n, to);
		return;
	}
	snprintf(path, sizeof path, "/proc/%ld/task", (long)shown);
	pth_auto_dir d = opendir(path);
	for (int left = THREADS_MAX; d != NULL && left > 0 && (de = readdir(d)) != NULL;) {
		if (!pth_is_digit(*de->d_name))
			continue;
		n = pth_read_text(dirfd(d), text, sizeof text, "%s/status", de->d_name);
		pth_usage_status(text, n, to);
		left--;
	}
}

/* By the process's clock, for ticks are 10 ms; the children's have no clock. */
static int64_t
cpu_us(pid_t pid, const struct pth_usage_stat *st)
{
	uint64_t tick = PTH_SECOND_US / (uint64_t)sysconf(_SC_CLK_TCK);
	struct timespec ts;
	clockid_t clock;
	int64_t us;

	if (clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &ts) == 0)
		us = (int64_t)ts.tv_sec * PTH_SECOND_US + ts.tv_nsec / 1000;
	else
		us = bounded((st->user + st->sys) * tick);
	return us + bounded((st->waited_user + st->waited_sys) * tick);
}

bool
pth_usage_process(pid_t shown, pid_t pid, struct pth_usage *to)
{
	struct pth_usage_stat st;
	char text[2048];
	size_t n = pth_read_text(AT_FDCWD, text, sizeof text, "/proc/%ld/stat", (long)shown);

	if (!pth_usage_stat(text, n, &st))
		return false;
	to->processes++;
	to->threads += bounded(st.threads);
	to->rss_kb += bounded(st.pages) * (sysconf(_SC_PAGESIZE) / 1024);
	to->cpu_us += cpu_us(pid, &st);
	switches(shown, st.threads, to);
	return true;
}

/* "socket:[4711]" */
static bool
socket_inode(struct pth_word link, uint64_t *inode)
{
	struct pth_word kind;

	return pth_word_next(&link, "[", &kind) && pth_word_is(kind, "socket:") &&
	    pth_word_number(&link, 10, inode);
}

void
pth_usage_fds(pid_t shown, struct pth_usage *to,
    void (*socket)(void *arg, uint64_t inode, const char *link), void *arg)
{
	char path[64], link[64], whole[400];
	int left = socket != NULL ? FDS_MAX : 0;
	struct dirent *de;
	struct stat st;
	uint64_t inode;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%ld/fd", (long)shown);
	/* Since Linux 6.2 its size is their number. */
	if (socket == NULL && stat(path, &st) == 0 && st.st_size > 0) {
		to->fds += st.st_size;
		return;
	}
	pth_auto_dir d = opendir(path);
	to->fds_hidden = to->fds_hidden || (d == NULL && errno != ENOENT && errno != ESRCH);
	while (d != NULL && (de = readdir(d)) != NULL) {
		if (!pth_is_digit(*de->d_name))
			continue;
		to->fds++;
		if (left-- <= 0)
			continue;
		n = readlinkat(dirfd(d), de->d_name, link, sizeof link);
		if (n <= 0 || !socket_inode((struct pth_word){ link, (size_t)n }, &inode))
			continue;
		snprintf(whole, sizeof whole, "%s/%s", path, de->d_name);
		socket(arg, inode, whole);
	}
}
