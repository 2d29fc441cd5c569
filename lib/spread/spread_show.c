/* This file shows how far a run in parts is: all parts in one block on a terminal, else a line for
 * each part that has ended. */
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "spread/spread_priv.h"

static void
put_part(const struct pth_spread *s, size_t i, int64_t now, struct pth_buf *b)
{
	const struct pth_part *p = &s->parts[i];
	pth_auto_buf since = PTH_BUF_INIT;

	pth_progress_time(&since, now - p->begun_us);
	pth_buf_addf(b, "\n  part %-6zu %6u tests  %-9s %8s", i + 1, p->tests,
	    s->engine.status != NULL && p->out_us > 0 ? "submitted" : "running", since.s);
	if (p->tries > 1)
		pth_buf_addf(b, "  try %u", p->tries);
}

static void
put_summary(struct pth_spread *s, struct pth_buf *b)
{
	struct pth_progress *p = &s->progress;
	size_t ready = spread_count(s, READY), out = spread_count(s, OUT);

	pth_buf_addf(b, "%c ", "|/-\\"[p->tick++ % 4]);
	pth_progress_bar(b, (long)s->out.tests, p->total);
	pth_buf_addf(b, "%zu", (size_t)s->out.tests);
	if (p->total > 0)
		pth_buf_addf(b, "/%ld", p->total);
	pth_buf_addf(b, " done, %u lost; parts: %zu wait, %zu out, %zu ended", s->lost, ready, out,
	    s->count - ready - out);
}

static void
draw(struct pth_spread *s, int64_t now)
{
	pth_auto_buf b = PTH_BUF_INIT;
	size_t width, rows, lines = 1, from = 0;

	pth_progress_room(&width, &rows);
	put_summary(s, &b);
	if (b.len > width)
		pth_buf_cut(&b, width);
	for (size_t i = s->emitted; i < s->count && lines < rows; i++) {
		if (s->parts[i].state != OUT)
			continue;
		from = b.len + 1; /* behind the newline */
		put_part(s, i, now, &b);
		if (b.len - from > width)
			pth_buf_cut(&b, from + width);
		lines++;
	}
	pth_progress_draw(&s->progress, &b);
}

void
spread_tell(struct pth_spread *s, size_t i)
{
	const struct pth_part *p = &s->parts[i];
	pth_auto_buf b = PTH_BUF_INIT;

	if (s->progress.mode == PTH_PROGRESS_NONE)
		return;
	pth_progress_wipe(&s->progress);
	pth_buf_addf(&b, "part %zu: %s, %u tests; %zu", i + 1, p->state == LOST ? "lost" : "done",
	    p->tests, (size_t)s->out.tests);
	if (s->progress.total > 0)
		pth_buf_addf(&b, "/%ld", s->progress.total);
	pth_buf_addf(&b, " done, %u lost\n", s->lost);
	pth_write_all(STDERR_FILENO, b.s, b.len);
}

void
pth_spread_show(struct pth_spread *s)
{
	int64_t now = pth_mono_us();

	if (s->progress.mode != PTH_PROGRESS_TTY)
		return;
	if (pth_spread_is_done(s)) {
		pth_progress_wipe(&s->progress);
		return;
	}
	if (s->progress.next == PTH_NEVER)
		s->progress.next = now +
		    s->progress.every; /* what is over before that is not drawn */
	if (now < s->progress.next)
		return;
	draw(s, now);
	s->progress.next = now + s->progress.every;
}
