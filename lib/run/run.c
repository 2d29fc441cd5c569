/* A run: records go in, to be run or not, and come out with their results. */
#include "run/run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "io/event.h"
#include "io/json.h"
#include "run/fastfail.h"
#include "run/leftover.h"

bool
pth_run_has_room(const struct pth_run *s)
{
	return !s->opened || s->runner.count < s->runner.window;
}

bool
pth_run_is_idle(const struct pth_run *s)
{
	return !s->opened || s->runner.count == 0;
}

static void
say_started(const struct pth_run *s)
{
	static const char *const orders[] = { "input", "longest", "shuffle" };

	pth_event("run.started", "{s:s,s:i,s:s,s:o*}", "dir", s->dir.path, "jobs", (int)s->jobs,
	    "order", orders[s->order], "seed",
	    s->order == PTH_ORDER_SHUFFLE ? json_integer((json_int_t)s->seed) : NULL);
}

/* Is it of use to know how long tests took before? */
static bool
wants_durations(const struct pth_run *s)
{
	return (s->order == PTH_ORDER_LONGEST && s->jobs > 1) ||
	    s->progress.mode == PTH_PROGRESS_TTY;
}

/* How long the test took when it was run last: here, or in the newest run of
 * this name; -1: unknown. */
static int64_t
expected(const struct pth_run *s, const json_t *rec)
{
	int64_t us;

	if (!wants_durations(s))
		return -1;
	us = s->dir.fresh ? -1 : pth_rundir_duration(s->dir.path, pth_rec_id(rec));
	return us < 0 && s->earlier != NULL ? pth_rundir_duration(s->earlier, pth_rec_id(rec)) : us;
}

static int
open_run(struct pth_run *s, const json_t *rec, struct pth_err *e)
{
	const char *run = pth_json_str(rec, "run", "run");
	const json_t *settings = json_object_get(rec, "settings");
	const char *base = pth_json_str(
	    json_object_get(settings, "paths"), "output_dir", "outputs");
	const char *source = pth_json_str(json_object_get(rec, "source"), "file", NULL);
	pth_auto_buf events = PTH_BUF_INIT;

	if (!pth_name_ok(run))
		run = "run";
	pth_progress_settings(&s->progress, settings);
	pth_event_settings(settings);
	if (wants_durations(s))
		s->earlier = pth_rundir_newest(base, run);
	if (pth_rundir_open(&s->dir, s->dir_wanted, base, run, s->in.resume, e) != 0)
		return -1;
	s->opened = true;
	pth_runner_init(&s->runner, &s->dir, s->home->share, s->home->libexec, s->jobs, s->order);
	s->runner.seed = s->seed;
	s->runner.unordered = s->unordered;
	s->runner.fastfail.max = s->fail_fast;
	s->runner.bin = s->home->bin;
	pth_buf_addf(&events, "%s/events.jsonl", s->dir.path);
	if (pth_event_file(events.s, e) != 0)
		return -1;
	pth_event_run(run);
	if (source != NULL)
		pth_rundir_source(&s->dir, source);
	say_started(s);
	return 0;
}

static int
emit(struct pth_run *s, json_t *take, struct pth_err *e)
{
	json_auto_t *rec = take;
	pth_auto_buf line = PTH_BUF_INIT;

	pth_rec_line(&line, rec);
	if (s->opened && pth_rec_is_test(rec) &&
	    pth_rundir_append(&s->dir, "results.jsonl", &line, e) != 0)
		return -1;
	if (isatty(fileno(s->out.fp)) != 0)
		pth_progress_wipe(&s->progress);
	return pth_rec_write_line(&s->out, rec, &line, e);
}

/* The result that a test gets at once, or NULL when it is to run. */
static json_t *
at_once(struct pth_run *s, json_t *rec)
{
	json_t *result = pth_select_result(&s->in, &s->dir, rec);
	char reason[400];

	if (result == NULL && s->interrupted)
		result = pth_result_without(PTH_S_INTERRUPTED, PTH_CAT_NONE, "not begun");
	if (result == NULL && s->runner.fastfail.triggered)
		result = pth_result_without(
		    PTH_S_SKIPPED, PTH_CAT_NONE, pth_fastfail_reason(&s->runner.fastfail, reason));
	return result;
}

int
pth_run_take(struct pth_run *s, json_t *take, struct pth_err *e)
{
	json_auto_t *rec = take;
	bool test = pth_rec_is_test(rec);
	pth_auto_buf line = PTH_BUF_INIT;
	json_t *result = NULL;

	if (test && !s->opened && !s->in.dry && open_run(s, rec, e) != 0)
		return -1;
	if (test)
		result = at_once(s, rec);
	if (test && s->opened) {
		pth_rec_line(&line, rec);
		if (pth_rundir_append(&s->dir, "plan.jsonl", &line, e) != 0) {
			json_decref(result);
			return -1;
		}
	}
	if (result != NULL) {
		if (s->opened)
			pth_json_set(result, "run_dir", json_string(s->dir.path));
		pth_json_set(rec, "result", result);
		if (s->opened && pth_fastfail_note(&s->runner.fastfail, rec, pth_mono_us()))
			pth_json_set(result, "fast_fail", pth_fastfail_json(&s->runner.fastfail));
	}
	if (!s->opened)
		return emit(s, pth_take(&rec), e);
	if (result == NULL && s->in.resume && !s->cleaned &&
	    json_object_get(rec, "compose") != NULL) {
		s->cleaned = true;
		run_leftover_remove(s->home, pth_json_str(rec, "run", "run"));
	}
	pth_progress_total(&s->progress, rec);
	test = test && result == NULL;
	int64_t before = test ? expected(s, rec) : -1;
	pth_runner_add(&s->runner, pth_take(&rec), &line, test, before);
	return 0;
}

int
pth_run_move(struct pth_run *s, struct pth_err *e)
{
	json_t *rec;

	if (!s->opened)
		return 0;
	s->runner.complete = s->complete;
	if (pth_runner_start(&s->runner, e) != 0 || pth_runner_store(&s->runner, e) != 0)
		return -1;
	pth_progress_show(&s->progress, &s->runner);
	while ((rec = pth_runner_take(&s->runner)) != NULL)
		if (emit(s, rec, e) != 0)
			return -1;
	return 0;
}

int64_t
pth_run_next(const struct pth_run *s)
{
	int64_t run = s->opened ? pth_runner_next(&s->runner) : PTH_NEVER;
	int64_t draw = pth_progress_next(&s->progress);

	return run < draw ? run : draw;
}

int
pth_run_end(struct pth_run *s, struct pth_err *e)
{
	pth_auto_buf end = PTH_BUF_INIT;

	pth_buf_addf(&end, "{\"pth\":1,\"type\":\"end\",\"tests\":%ld}\n", s->out.tests);
	if (s->opened &&
	    (pth_rundir_append(&s->dir, "plan.jsonl", &end, e) != 0 ||
	        pth_rundir_append(&s->dir, "results.jsonl", &end, e) != 0))
		return -1;
	return pth_rec_end(&s->out, e);
}

void
pth_run_release(struct pth_run *s)
{
	pth_select_release(&s->in);
	if (!s->opened)
		return;
	pth_event("run.ended", "{s:s,s:I}", "dir", s->dir.path, "tests", (json_int_t)s->out.tests);
	pth_runner_release(&s->runner);
	pth_rundir_close(&s->dir);
	free(s->earlier);
}
