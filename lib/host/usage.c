/* What processes use, out of their files in /proc. */
#include "host/usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/text.h"

#define FDS_MAX 4096   /* whose links are read, per process */
#define THREADS_MAX 64 /* whose switches are counted, per process */

static void
blanks(const char **p, const char *end)
{
	while (*p < end && (**p == ' ' || **p == '\t'))
		++*p;
}

/* A number at *p after blanks; one that does not fit stays at the largest.
 * A sign is passed over: what is negative here means nothing to us. */
static bool
number(const char **p, const char *end, uint64_t *v)
{
	const char *from;

	blanks(p, end);
	if (*p < end && **p == '-')
		++*p;
	for (from = *p, *v = 0; *p < end && pth_is_digit(**p); ++*p)
		if (__builtin_mul_overflow(*v, 10u, v) ||
		    __builtin_add_overflow(*v, (unsigned)(**p - '0'), v))
			*v = UINT64_MAX;
	return *p > from;
}

bool
pth_usage_stat(const char *text, size_t n, struct pth_usage_stat *to)
{
	const char *end = text + n, *p = memrchr(text, ')', n); /* the name may hold anything */
	uint64_t f[25] = { 0 };

	if (p == NULL || end - p < 4 || p[1] != ' ')
		return false;
	p += 3; /* field 3, a letter */
	for (int i = 4; i <= 24; i++)
		if (!number(&p, end, &f[i]))
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
	static const char yes[] = "voluntary_ctxt_switches:", no[] = "nonvoluntary_ctxt_switches:";
	const char *end = text + n, *nl;
	uint64_t v;

	for (const char *p = text; p < end; p = nl + 1) {
		size_t len;

		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		len = (size_t)(nl - p);
		if (len >= sizeof yes - 1 && memcmp(p, yes, sizeof yes - 1) == 0) {
			p += sizeof yes - 1;
			if (number(&p, nl, &v))
				to->voluntary = bounded(
				    (uint64_t)to->voluntary + (uint64_t)bounded(v));
		} else if (len >= sizeof no - 1 && memcmp(p, no, sizeof no - 1) == 0) {
			p += sizeof no - 1;
			if (number(&p, nl, &v))
				to->involuntary = bounded(
				    (uint64_t)to->involuntary + (uint64_t)bounded(v));
		}
	}
}

/* "  eth0: BYTES PACKETS errs drop fifo frame compressed multicast BYTES PACKETS ..." */
bool
pth_usage_net_next(const char **p, const char *end, struct pth_usage_net *to)
{
	while (*p < end) {
		const char *from = *p, *nl = memchr(from, '\n', (size_t)(end - from)), *colon;
		uint64_t f[10] = { 0 };
		size_t i = 0;

		*p = nl != NULL ? nl + 1 : end;
		nl = nl != NULL ? nl : end;
		blanks(&from, nl);
		/* The numbers have none, a name may. */
		colon = memrchr(from, ':', (size_t)(nl - from));
		if (colon == NULL || colon == from || (size_t)(colon - from) >= sizeof to->name ||
		    memchr(from, '\0', (size_t)(colon - from)) != NULL)
			continue;
		memcpy(to->name, from, (size_t)(colon - from));
		to->name[colon - from] = '\0';
		for (from = colon + 1; i < countof(f) && number(&from, nl, &f[i]); i++)
			;
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
	uint64_t tick = 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	struct timespec ts;
	clockid_t clock;
	int64_t us;

	if (clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &ts) == 0)
		us = (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
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
socket_inode(const char *link, size_t n, uint64_t *inode)
{
	static const char head[] = "socket:[";
	const char *p = link + sizeof head - 1;

	return n > sizeof head && memcmp(link, head, sizeof head - 1) == 0 &&
	    number(&p, link + n, inode);
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
	while (d != NULL && (de = readdir(d)) != NULL) {
		if (!pth_is_digit(*de->d_name))
			continue;
		to->fds++;
		if (left-- <= 0)
			continue;
		n = readlinkat(dirfd(d), de->d_name, link, sizeof link);
		if (n <= 0 || !socket_inode(link, (size_t)n, &inode))
			continue;
		snprintf(whole, sizeof whole, "%s/%s", path, de->d_name);
		socket(arg, inode, whole);
	}
}
