/* This file writes lines for people: of tests that have ended, and a block of those that run. */
#include "run/progress.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "io/event.h"
#include "io/rec.h"
#include "io/status.h"
#include "supervise/state.h"

#define EVERY_MIN_US 100000 /* ten times a second are enough */
#define WIPE "\r\033[J"
#define BAR 20
#define ID_MIN 16 /* columns */
#define ID_MAX 40
#define OTHER_COLUMNS 55

void
pth_progress_open(struct pth_progress *p, enum pth_progress_mode wanted)
{
	const char *colour = getenv("NO_COLOR"), *events = getenv("PTH_EVENTS");
	bool quiet = events != NULL && (strcmp(events, "json") == 0 || strcmp(events, "none") == 0);

	memset(p, 0, sizeof *p);
	p->given = wanted != PTH_PROGRESS_AUTO;
	p->mode = wanted;
	if (!p->given)
		p->mode = quiet || isatty(STDERR_FILENO) == 0 ? PTH_PROGRESS_NONE :
		    pth_event_wipes()                         ? PTH_PROGRESS_TTY :
		                                                PTH_PROGRESS_PLAIN;
	p->ends = true;
	p->spinner = true;
	p->colour = p->mode == PTH_PROGRESS_TTY && (colour == NULL || *colour == '\0');
	p->every = EVERY_MIN_US;
	p->next = PTH_NEVER;
	if (p->mode != PTH_PROGRESS_NONE)
		pth_event_for_people(p->mode == PTH_PROGRESS_TTY);
}

void
pth_progress_settings(struct pth_progress *p, const json_t *settings)
{
	const json_t *shown = pth_settings_progress(settings);
	double every = pth_shown_update_interval(shown) * 1e6;

	if (every > EVERY_MIN_US && every <= 10e6)
		p->every = (int64_t)every;
	p->spinner = pth_shown_show_spinner(shown);
	p->colour = p->colour && pth_logging_enable_colors(pth_settings_logging(settings)) &&
	    pth_observer_enable_colors(pth_observers_logger(pth_settings_observers(settings)));
	if (p->given)
		return;
	p->ends = pth_shown_show_test_status(shown);
	if (p->mode == PTH_PROGRESS_TTY && !pth_shown_enable_progress_bar(shown))
		p->mode = PTH_PROGRESS_PLAIN;
}

void
pth_progress_total(struct pth_progress *p, const json_t *rec)
{
	int64_t of = pth_test_of(rec);

	p->total = of > p->total && of < 1000000000 ? (long)of : p->total;
}

static void
count(const struct pth_progress *p, struct pth_buf *b)
{
	if (p->total >= p->done)
		pth_buf_addf(b, "%ld/%ld", p->done, p->total);
	else
		pth_buf_addf(b, "%ld", p->done);
}

/* ran 12/50 ID 0.05 s: completed; ran 13/50 ID 1.20 s: failed: REASON. How it ended is known
 * here; the verdict is pth-collect's. */
static void
put_end(struct pth_progress *p, const struct pth_entry *x, bool well)
{
	const json_t *result = pth_test_result(x->rec);
	const char *reason = pth_result_reason(result), *status = pth_result_status(result);
	pth_auto_buf b = PTH_BUF_INIT;

	if (p->mode == PTH_PROGRESS_TTY)
		pth_buf_adds(&b, WIPE);
	pth_buf_adds(&b, x->started > 0 ? "ran " : "not run ");
	count(p, &b);
	pth_buf_addf(&b, " %s ", pth_rec_id(x->rec));
	pth_duration_show(&b, pth_result_duration_us(result));
	/* Red is bad already; nothing is good before it is judged. */
	pth_buf_addf(&b, p->colour && !well ? ": \033[31m%s\033[0m" : ": %s", status);
	if (!well && *reason != '\0') {
		pth_buf_adds(&b, ": ");
		pth_show(&b, reason, 300);
	}
	pth_buf_addc(&b, '\n');
	pth_write_all(STDERR_FILENO, b.s, b.len);
	p->drawn = false;
}

/* A test has ended, or is not run. What is left out is only counted. */
static void
ended(struct pth_progress *p, struct pth_entry *x)
{
	const char *status = pth_result_status(pth_test_result(x->rec));
	bool cut = pth_status_of_result(status) == PTH_S_INTERRUPTED, bad;

	x->shown = true;
	if (!pth_rec_is_test(x->rec))
		return;
	bad = !cut && pth_fault_of(x->rec) != PTH_CAT_NONE;
	p->done++;
	p->bad += bad;
	if (p->ends && p->mode != PTH_PROGRESS_NONE && (x->started > 0 || bad))
		put_end(p, x, !bad && !cut);
}

void
pth_progress_time(struct pth_buf *b, int64_t us)
{
	if (us < 10 * PTH_SECOND_US)
		pth_buf_addf(b, "%.1f s", (double)us / 1e6);
	else if (us < 60000000)
		pth_buf_addf(b, "%d s", (int)(us / PTH_SECOND_US));
	else
		pth_duration_show(b, us);
}

/* What can be said of the time that is left. */
static void
put_left(struct pth_buf *b, const struct pth_progress_test *t)
{
	bool known = t->expected >= 0;
	int64_t left = (known ? t->expected : t->limit) - t->elapsed;

	if (known && left < 0) {
		pth_buf_adds(b, "over the ");
		pth_progress_time(b, t->expected);
		pth_buf_adds(b, " of last time");
	} else if (known || t->limit > 0) {
		pth_buf_adds(b, known ? "about " : "at most ");
		pth_progress_time(b, left > 0 ? left : 0);
		pth_buf_adds(b, " left");
	}
}

/* Columns, not bytes, are what a terminal has; our lines are ASCII. */
static void
cut_line(struct pth_buf *b, size_t from, size_t width)
{
	if (b->len - from > width)
		pth_buf_cut(b, from + width);
}

void
pth_progress_line(struct pth_buf *b, const struct pth_progress_test *t, size_t width)
{
	size_t from = b->len;
	pth_auto_buf elapsed = PTH_BUF_INIT;
	int id = width > OTHER_COLUMNS + ID_MAX ? ID_MAX :
	    width < OTHER_COLUMNS + ID_MIN      ? ID_MIN :
	                                          (int)width - OTHER_COLUMNS;

	pth_progress_time(&elapsed, t->elapsed);
	/* The beginning of an id tells tests apart: it has the number. */
	pth_buf_addf(b, "  %-*.*s  %-12s %8s  ", id, id, t->id, t->stage, elapsed.s);
	if (t->attempt > 1)
		pth_buf_addf(b, "try %d, ", t->attempt);
	put_left(b, t);
	cut_line(b, from, width);
}

void
pth_progress_bar(struct pth_buf *b, long done, long total)
{
	int filled = total > 0 && done <= total ? (int)(done * BAR / total) : -1;

	if (filled >= 0)
		pth_buf_addf(b, "[%.*s%.*s] ", filled, "####################", BAR - filled,
		    "....................");
}

/* How far the run is. */
static void
put_summary(struct pth_progress *p, const struct pth_runner *r, struct pth_buf *b, size_t width)
{
	size_t from = b->len;

	if (p->spinner)
		pth_buf_addf(b, "%c ", "|/-\\"[p->tick++ % 4]);
	pth_progress_bar(b, p->done, p->total);
	count(p, b);
	pth_buf_addf(b, " done, %ld failed, %u running", p->bad, r->active);
	cut_line(b, from, width);
}

static void
put_running(const struct pth_runner *r, const struct pth_entry *x, int64_t now, struct pth_buf *b,
    size_t width)
{
	struct pth_progress_test t = { .id = pth_rec_id(x->rec),
		.attempt = x->attempt,
		.stage = pth_machine_name(&pth_test_machine, pth_runner_stage(r, x)),
		.elapsed = now - x->started,
		.expected = x->expected,
		.limit = pth_plan_timeout_us(pth_rec_plan(x->rec)) };

	pth_progress_line(b, &t, width);
}

void
pth_progress_room(size_t *width, size_t *rows)
{
	struct winsize ws = { .ws_row = 0 };

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &ws) != 0 || ws.ws_col == 0 || ws.ws_row == 0)
		ws = (struct winsize){ .ws_row = 24, .ws_col = 80 };
	/* The last column is left free: some terminals go to the next line there.
	 * And so is the last row. */
	*width = ws.ws_col - 1u;
	*rows = ws.ws_row > 2 ? ws.ws_row - 1u : 1;
}

void
pth_progress_draw(struct pth_progress *p, const struct pth_buf *text)
{
	pth_auto_buf b = PTH_BUF_INIT;
	size_t lines = 1;

	pth_buf_adds(&b, WIPE);
	pth_buf_add(&b, text->s, text->len);
	for (size_t i = 0; i < text->len; i++)
		lines += text->s[i] == '\n';
	if (lines > 1)
		pth_buf_addf(&b, "\033[%zuA", lines - 1);
	pth_buf_addc(&b, '\r');
	pth_write_all(STDERR_FILENO, b.s, b.len);
	p->drawn = true;
}

static void
draw(struct pth_progress *p, const struct pth_runner *r, int64_t now)
{
	pth_auto_buf b = PTH_BUF_INIT;
	size_t width, rows, lines = 1;
	struct pth_entry *x;

	pth_progress_room(&width, &rows);
	put_summary(p, r, &b, width);
	for (size_t i = 0; lines < rows && (x = pth_runner_active(r, &i)) != NULL;) {
		pth_buf_addc(&b, '\n');
		put_running(r, x, now, &b, width);
		lines++;
	}
	pth_progress_draw(p, &b);
}

void
pth_progress_show(struct pth_progress *p, const struct pth_runner *r)
{
	int64_t now = pth_mono_us();
	struct pth_entry *x;

	for (size_t i = 0; (x = pth_runner_nth(r, i)) != NULL; i++)
		if (x->state == PTH_DONE && !x->shown)
			ended(p, x);
	if (p->mode != PTH_PROGRESS_TTY)
		return;
	if (r->active == 0) {
		pth_progress_wipe(p);
		p->next = PTH_NEVER;
	} else if (p->next == PTH_NEVER) {
		p->next = now + p->every; /* what is over before that is not drawn */
	} else if (now >= p->next) {
		draw(p, r, now);
		p->next = now + p->every;
	}
}

int64_t
pth_progress_next(const struct pth_progress *p)
{
	return p->mode == PTH_PROGRESS_TTY ? p->next : PTH_NEVER;
}

void
pth_progress_wipe(struct pth_progress *p)
{
	if (p->drawn)
		pth_write_all(STDERR_FILENO, WIPE, strlen(WIPE));
	p->drawn = false;
}
