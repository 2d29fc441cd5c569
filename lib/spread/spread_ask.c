/* This file asks the engine which parts it still has, and finds those that it has lost. */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "io/event.h"
#include "spread/spread_priv.h"

#define GONE 2 /* how often the engine must not know a part */

/* A line about a part that it still has. */
static void
take_status(struct pth_spread *s, struct pth_word line)
{
	struct pth_word state;
	size_t n = pth_engine_line(line, s->count, &state);

	if (n == 0)
		return;
	s->parts[n - 1].seen = true;
	if (state.n > 0 && !pth_word_is(state, "PENDING"))
		s->parts[n - 1].out_us = 0; /* it has begun */
}

/* Why a part that the engine does not know any more has ended; said is what it says of all that
 * have. */
static void
why_gone(const struct pth_spread *s, size_t i, const struct pth_buf *said, struct pth_buf *why)
{
	struct pth_word rest = pth_word_of(said->s), line, state, last = { NULL, 0 };

	while (pth_word_next(&rest, "\n", &line))
		if (pth_engine_line(line, s->count, &state) == i + 1 && state.n > 0)
			last = state;
	pth_buf_adds(why, "the engine does not know it any more: it ");
	if (last.n > 0) {
		pth_buf_adds(why, "ended as ");
		pth_buf_add(why, last.s, last.n < 40 ? last.n : 40);
	} else {
		pth_buf_adds(why, "was cancelled or lost");
	}
	if (!spread_has(s, i, "log")) {
		pth_buf_adds(
		    why, ", and has left no log: is the run directory seen on the other machines?");
		spread_said(s, why);
	}
}

/* One that is out, of which the engine was asked now. */
static void
judge(struct pth_spread *s, size_t i, int64_t now, struct pth_buf *said)
{
	struct pth_part *p = &s->parts[i];
	pth_auto_buf why = PTH_BUF_INIT;

	p->gone = p->seen ? 0 : p->gone + 1;
	spread_look(s, i);
	if (p->state != OUT)
		return;
	if (p->gone >= GONE) {
		/* What it cannot say is not known, which is no reason to stop. */
		if (said->len == 0) {
			pth_buf_addc(said, '\n'); /* it was asked */
			if (s->engine.ended != NULL)
				pth_engine_status(&s->engine, &s->places, true, said, NULL);
		}
		why_gone(s, i, said, &why);
		spread_lose(s, i, why.s);
	} else if (s->start_us > 0 && p->out_us > 0 && now - p->out_us > s->start_us) {
		p->tries = s->tries;
		spread_lose(s, i, "it has not begun in the time that --start-limit gives it");
	}
}

/* Parts that the engine does not know any more have ended; when they have left nothing for a
 * while, they are lost. */
void
spread_ask(struct pth_spread *s)
{
	pth_auto_buf lines = PTH_BUF_INIT, said = PTH_BUF_INIT;
	struct pth_word rest, line;
	struct pth_err e;
	int64_t now = pth_mono_us();

	if (s->engine.status == NULL || now - s->asked_us < s->poll_us || spread_count(s, OUT) == 0)
		return;
	s->asked_us = now;
	if (pth_engine_status(&s->engine, &s->places, false, &lines, &e) != 0) {
		pth_warn("%s; it is asked again", e.text);
		return;
	}
	for (size_t i = s->emitted; i < s->count; i++)
		s->parts[i].seen = false;
	rest = pth_word_of(lines.s != NULL ? lines.s : "");
	while (pth_word_next(&rest, "\n", &line))
		take_status(s, line);
	for (size_t i = s->emitted; i < s->count; i++)
		if (s->parts[i].state == OUT)
			judge(s, i, now, &said);
}
