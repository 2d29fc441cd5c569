/* This file writes the table that a terminal shows. */
#include <string.h>
#include <sys/param.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "report/report.h"

/* Bytes of a name shown in the table; longer ones are not cut, only unaligned. */
#define NAME_WIDTH 40

static const char *
color_of(const struct pth_report_test *t)
{
	return t->ok ? "\033[32m" : t->status == PTH_S_SKIPPED ? "\033[33m" : "\033[31m";
}

static size_t
status_width(const struct pth_report_test *t)
{
	return strlen(pth_report_status_name(t->status)) + strlen(pth_report_mark(t));
}

static void
text_line(
    const struct pth_report_test *t, size_t width, size_t swidth, bool color, struct pth_buf *b)
{
	pth_auto_buf time = PTH_BUF_INIT, numbers = PTH_BUF_INIT;

	if (*t->started != '\0')
		pth_duration_show(&time, t->duration_us);
	pth_buf_addf(b, "%-*s  %s%s%s%-*s%s  %9s  ", (int)width, t->id, color ? color_of(t) : "",
	    pth_report_status_name(t->status), pth_report_mark(t), (int)(swidth - status_width(t)),
	    "", color ? "\033[0m" : "", time.len != 0 ? time.s : "-");
	pth_report_numbers(t, &numbers);
	if (t->ok)
		pth_buf_add(b, numbers.s, numbers.len);
	else
		pth_show(b, t->summary, 300);
	while (b->len > 0 && b->s[b->len - 1] == ' ')
		pth_buf_cut(b, b->len - 1);
	pth_buf_addc(b, '\n');
}

void
pth_report_text(const struct pth_report *r, bool color, struct pth_buf *b)
{
	size_t width = 4, swidth = 6, counted = 0;

	pth_report_each(r, t, NULL) {
		width = MAX(width, MIN(strlen(t->id), NAME_WIDTH));
		swidth = MAX(swidth, status_width(t));
	}
	pth_report_each(r, t, b)
		text_line(t, width, swidth, color, b);
	pth_report_seeds(r, b);
	pth_report_line(r, b);
	for (enum pth_status s = 0; s <= PTH_STATUSES; s++)
		if (r->count[s] > 0)
			pth_buf_addf(b, "%s%zu %s", counted++ != 0 ? ", " : ": ", r->count[s],
			    pth_report_status_name(s));
	pth_buf_addc(b, '\n');
	if (*r->incomplete != '\0')
		pth_buf_addf(b, "incomplete: %s\n", r->incomplete);
}
