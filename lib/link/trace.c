/* This file reads capacity traces, and lets packets pass as they say. */
#include "link/trace.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "io/file.h"

#define FILE_MAX ((size_t)64 << 20)
#define MS_MAX 86400000u /* a day */
#define MS_NS 1000000

/* The number of a line; false when it is none. */
static bool
line_number(const char *s, size_t n, uint32_t *ms)
{
	uint64_t v = 0;

	while (n > 0 && (s[n - 1] == '\r' || s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	if (n == 0 || n > 9)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!pth_is_digit(s[i]))
			return false;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	*ms = (uint32_t)v;
	return v <= MS_MAX;
}

/* Takes a line. -1 with e. */
static int
take(struct pth_link_trace *t, const char *s, size_t n, unsigned line, struct pth_err *e)
{
	uint32_t ms;

	if (n == 0 || *s == '#' || (n == 1 && *s == '\r'))
		return 0;
	if (!line_number(s, n, &ms))
		return pth_err_set(e, PTH_INPUT,
		    "%u:1: expected a time in whole milliseconds, at most a day, not '%.*s'", line,
		    (int)(n < 40 ? n : 40), s);
	if (t->n > 0 && ms < t->ms[t->n - 1])
		return pth_err_set(e, PTH_INPUT, "%u:1: the trace goes back in time, from %u to %u",
		    line, t->ms[t->n - 1], ms);
	if ((t->n & (t->n + 1)) == 0)
		t->ms = pth_xarray(t->ms, t->n * 2 + 1, sizeof *t->ms);
	t->ms[t->n++] = ms;
	return 0;
}

static void
release(struct pth_link_trace **t)
{
	link_trace_free(*t);
}

struct pth_link_trace *
link_trace_parse(const char *text, size_t n, struct pth_err *e)
{
	PTH_CLEANUP(release) struct pth_link_trace *t = pth_xmalloc(sizeof *t);
	unsigned line = 1;

	*t = (struct pth_link_trace){ .users = 1 };
	for (size_t at = 0, len; at < n; at += len + 1, line++) {
		const char *end = memchr(text + at, '\n', n - at);

		len = end != NULL ? (size_t)(end - text) - at : n - at;
		if (take(t, text + at, len, line, e) != 0)
			return NULL;
	}
	if (t->n == 0 || t->ms[t->n - 1] == 0) {
		pth_err_set(e, PTH_INPUT, "%u:1: the trace has no time after 0", line);
		return NULL;
	}
	return pth_take(&t);
}

struct pth_link_trace *
link_trace_read(const char *path, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_link_trace *t;
	struct pth_err why;

	if (pth_file_read_named(path, FILE_MAX, &b, e) != 0)
		return NULL;
	t = link_trace_parse(b.s != NULL ? b.s : "", b.len, &why);
	if (t == NULL)
		pth_err_set(e, PTH_INPUT, "%s:%s", path, why.text);
	return t;
}

struct pth_link_trace *
link_trace_share(struct pth_link_trace *t)
{
	if (t != NULL)
		t->users++;
	return t;
}

void
link_trace_free(struct pth_link_trace *t)
{
	if (t == NULL || --t->users > 0)
		return;
	free(t->ms);
	free(t);
}

static int64_t
when(const struct pth_link_trace *t, const struct link_turn *at)
{
	return ((int64_t)at->lap * t->ms[t->n - 1] + t->ms[at->i]) * MS_NS;
}

static void
next(const struct pth_link_trace *t, struct link_turn *at)
{
	if (++at->i == t->n) {
		at->i = 0;
		at->lap++;
	}
	at->left = LINK_TRACE_BYTES;
}

/* The first chance at or after a time. */
static void
seek(const struct pth_link_trace *t, struct link_turn *at, int64_t now)
{
	int64_t lap_ns = (int64_t)t->ms[t->n - 1] * MS_NS;
	uint64_t lap = (uint64_t)(now / lap_ns);
	int64_t in_lap = now - (int64_t)lap * lap_ns;
	size_t low = 0, high = t->n - 1; /* the last one is at the end of the lap */

	/* What is at the very end of a lap belongs to it, not to the next one. */
	if (in_lap == 0 && lap > 0) {
		lap--;
		in_lap = lap_ns;
	}
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if ((int64_t)t->ms[mid] * MS_NS >= in_lap)
			high = mid;
		else
			low = mid + 1;
	}
	*at = (struct link_turn){ lap, low, LINK_TRACE_BYTES, true };
}

int64_t
link_trace_pass(const struct pth_link_trace *t, struct link_turn *at, int64_t now, uint32_t bytes)
{
	if (!at->begun || at->i >= t->n || when(t, at) < now)
		seek(t, at, now);
	while (bytes > at->left) {
		bytes -= at->left;
		next(t, at);
	}
	at->left -= bytes;
	return when(t, at);
}
