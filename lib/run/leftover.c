/* pth-clean is called for what a killed run has left. */
#include "run/leftover.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "host/proc.h"
#include "io/event.h"

#define LIMIT_US (60 * PTH_SECOND_US)
#define TEXT_MAX 65536

static int
lines(const struct pth_buf *b)
{
	int n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->s[i] == '\n';
	return n;
}

void
run_leftover_remove(const struct pth_home *home, const char *run)
{
	pth_auto_buf program = PTH_BUF_INIT, out = PTH_BUF_INIT, errs = PTH_BUF_INIT;
	struct pth_exit x;
	struct pth_err e;
	bool late = false;

	pth_buf_addf(&program, "%s/pth-clean", home->bin);
	const char *const argv[] = { program.s, "-r", run, NULL };
	const struct pth_proc_req q = { .argv = argv,
		.in = -1,
		.out = -1,
		.err = -1,
		.session = true,
		.die_with_parent = true };

	if (pth_proc_run(&q, LIMIT_US, &out, &errs, TEXT_MAX, &x, &late, &e) != 0)
		pth_event("run.cleaned", "{s:i,s:s}", "removed", 0, "message", e.text);
	else if (late || x.code != 0)
		pth_event("run.cleaned", "{s:i,s:s}", "removed", lines(&out), "message",
		    late             ? "pth-clean took too long" :
		        errs.len > 0 ? errs.s :
		                       "pth-clean failed");
	else if (out.len > 0)
		pth_event("run.cleaned", "{s:i}", "removed", lines(&out));
}
