/* This file reads the log of Shadow, line by line. */
#include "shadow/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/proc.h"

enum { LINE_MAX_ = 8192, ENDS_MAX = 1000 };

void
shadow_log_init(struct shadow_log *log)
{
	*log = (struct shadow_log){
		.wrong = -1, .last_us = -1, .line = pth_xmalloc(LINE_MAX_ + 1)
	};
}

void
shadow_log_release(struct shadow_log *log)
{
	free(log->ends);
	free(log->line);
}

/* Digits up to the end character, which is skipped; -1: there are none, or too many. */
static int64_t
digits(const char **p, char end)
{
	int64_t v = 0;
	int n = 0;

	for (; pth_is_digit(**p) && n < 10; (*p)++, n++)
		v = v * 10 + (**p - '0');
	if (n == 0 || n == 10 || **p != end)
		return -1;
	(*p)++;
	return v;
}

/* The simulated time of a line, its third word: "00:00:05.000000000". -1: it has none. */
static int64_t
time_of(const char *line)
{
	const char *p = strstr(line, "] ");
	int64_t h, m, s, ns;

	if (p == NULL || !pth_is_digit(*line))
		return -1;
	p += 2;
	if ((h = digits(&p, ':')) < 0 || (m = digits(&p, ':')) < 0 || (s = digits(&p, '.')) < 0 ||
	    (ns = digits(&p, ' ')) < 0 || h > 100000 || m > 59 || s > 59)
		return -1;
	return ((h * 60 + m) * 60 + s) * 1000000 + ns / 1000;
}

/* "exited: 3", "signaled: SIGSEGV" or "running". */
static void
read_state(const char *s, struct shadow_end *x)
{
	long long code;

	x->state = SHADOW_UNKNOWN;
	if (strcmp(s, "running") == 0) {
		x->state = SHADOW_RUNNING;
	} else if (strncmp(s, "exited: ", 8) == 0 && pth_int(s + 8, 0, 255, &code)) {
		x->state = SHADOW_EXITED;
		x->code = (int)code;
	} else if (strncmp(s, "signaled: ", 10) == 0) {
		x->signal = pth_signal_number(s + 10);
		x->state = x->signal > 0 ? SHADOW_SIGNALED : SHADOW_UNKNOWN;
	}
}

/* Errors are in both outputs of Shadow. */
static bool
is_known(const struct shadow_log *log, const struct shadow_end *x)
{
	for (size_t i = 0; i < log->n; i++)
		if (strcmp(log->ends[i].process, x->process) == 0 &&
		    log->ends[i].state == x->state && log->ends[i].code == x->code &&
		    log->ends[i].signal == x->signal)
			return true;
	return false;
}

/* False when the line is about no process. */
static bool
read_process(struct shadow_log *log, const char *line)
{
	static const char begin[] = "process '", is[] = " but was ";
	const char *name = strstr(line, begin), *end, *state;
	struct shadow_end x = { .at_us = time_of(line) };

	if (name == NULL || strstr(line, "; expected end state was ") == NULL)
		return false;
	name += sizeof begin - 1;
	end = strchr(name, '\'');
	state = end != NULL ? strstr(end, is) : NULL;
	if (state == NULL || (size_t)(end - name) >= sizeof x.process)
		return false;
	memcpy(x.process, name, (size_t)(end - name));
	read_state(state + sizeof is - 1, &x);
	if (is_known(log, &x))
		return true;
	if (log->n == ENDS_MAX) {
		log->more = true;
		return true;
	}
	log->ends = pth_xarray(log->ends, log->n + 1, sizeof *log->ends);
	log->ends[log->n++] = x;
	return true;
}

/* "1 managed processes in unexpected final state", at the end of a line. */
static bool
read_count(struct shadow_log *log, const char *line)
{
	const char *p = strstr(line, " managed processes in unexpected final state"), *d = p;
	int64_t n;

	if (p == NULL)
		return false;
	while (d > line && pth_is_digit(d[-1]))
		d--;
	n = digits(&d, ' ');
	log->wrong = n > log->wrong ? n : log->wrong;
	return true;
}

static void
keep_error(struct shadow_log *log, const char *text)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_show(&b, text, 300);
	snprintf(log->error, sizeof log->error, "%s", b.s != NULL ? b.s : "");
}

/* The message of an error, without what is before it: times, thread, host, place. */
static void
read_error(struct shadow_log *log, const char *line)
{
	static const char own[] = "** Shadow did not complete successfully: ";
	const char *p = strstr(line, "[ERROR] ");

	if (log->error[0] != '\0')
		return;
	if (strncmp(line, own, sizeof own - 1) == 0)
		keep_error(log, line + sizeof own - 1);
	else if (p != NULL) {
		for (p += 8; *p == '['; p += strspn(p, " ")) {
			const char *close = strchr(p, ']');

			if (close == NULL)
				break;
			p = close + 1;
		}
		keep_error(log, p);
	}
}

static void
take_line(struct shadow_log *log)
{
	int64_t us;

	log->line[log->len] = '\0';
	log->len = 0;
	us = time_of(log->line);
	log->last_us = us > log->last_us ? us : log->last_us;
	if (!read_process(log, log->line) && !read_count(log, log->line))
		read_error(log, log->line);
}

void
shadow_log_add(struct shadow_log *log, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\n')
			take_line(log);
		else if (log->len < LINE_MAX_)
			log->line[log->len++] = p[i] != '\0' ? p[i] : '?';
	}
}

void
shadow_log_end(struct shadow_log *log)
{
	if (log->len > 0)
		take_line(log);
}
