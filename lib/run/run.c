/* This file is a run: records go in, to be run or not, and come out with their results. */
#include "run/run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "host/mark.h"
#include "host/proc.h"
#include "host/run_id.h"
#include "io/event.h"
#include "run/fastfail.h"

#define CLEAN_LIMIT_US (60 * PTH_SECOND_US) /* for pth-clean, and how much it may say */
#define CLEAN_TEXT_MAX 65536
#define SWEEP_LIMIT_US (5 * PTH_SECOND_US) /* for processes that a killed run has left */

bool
pth_run_has_room(const struct pth_run *run)
{
	return !run->opened || run->runner.count < run->runner.window;
}

bool
pth_run_is_idle(const struct pth_run *run)
{
	return run->runner.count == 0;
}

static void
say_started(const struct pth_run *run)
{
	static const char *const orders[] = { "input", "longest", "shuffle" };
	const struct pth_runner *r = &run->runner;

	pth_event("run.started", "{s:s,s:i,s:s,s:o*}", "dir", run->dir.path, "jobs", (int)r->jobs,
	    "order", orders[r->order], "seed",
	    r->order == PTH_ORDER_SHUFFLE ? json_integer((json_int_t)r->seed) : NULL);
}

/* Is it of use to know how long tests took before? */
static bool
wants_durations(const struct pth_run *run)
{
	return (run->runner.order == PTH_ORDER_LONGEST && run->runner.jobs > 1) ||
	    run->progress.mode == PTH_PROGRESS_TTY;
}

/* How long the test took when it was run last: here, or in the newest run of
 * this name; -1: unknown. */
static int64_t
expected(const struct pth_run *run, const json_t *rec)
{
	int64_t us = -1;

	if (wants_durations(run) && !run->dir.fresh)
		us = pth_rundir_duration(run->dir.path, pth_rec_id(rec));
	if (us < 0 && run->earlier != NULL)
		us = pth_rundir_duration(run->earlier, pth_rec_id(rec));
	return us;
}

/* How many lines of pth-clean's there are: it tells one for each thing. */
static int
lines(const struct pth_buf *b)
{
	int n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->s[i] == '\n';
	return n;
}

/* What a run that was killed has left on a container engine is removed by
 * pth-clean(1) when the run is resumed. What goes wrong is only told: the tests
 * run beside what is left. */
static void
remove_leftovers(const struct pth_home *home, const char *name)
{
	pth_auto_buf program = PTH_BUF_INIT, out = PTH_BUF_INIT, errs = PTH_BUF_INIT;
	struct pth_exit end;
	struct pth_err e;
	bool late = false;

	pth_buf_addf(&program, "%s/pth-clean", home->bin);
	const char *const argv[] = { program.s, "-r", name, NULL };
	const struct pth_proc_req q = { .argv = argv,
		.in = -1,
		.out = -1,
		.err = -1,
		.session = true,
		.die_with_parent = true };

	if (pth_proc_run(&q, CLEAN_LIMIT_US, &out, &errs, CLEAN_TEXT_MAX, &end, &late, &e) != 0)
		pth_event("run.cleaned", "{s:i,s:s}", "removed", 0, "message", e.text);
	else if (late || end.code != 0)
		pth_event("run.cleaned", "{s:i,s:s}", "removed", lines(&out), "message",
		    late             ? "pth-clean took too long" :
		        errs.len > 0 ? errs.s :
		                       "pth-clean failed");
	else if (out.len > 0)
		pth_event("run.cleaned", "{s:i}", "removed", lines(&out));
}

static int
open_run(struct pth_run *run, const json_t *rec, struct pth_err *e)
{
	const char *name = pth_test_run(rec), *source = pth_source_file(pth_test_source(rec));
	const json_t *settings = pth_test_settings(rec);
	const char *base = pth_paths_output_dir(pth_settings_paths(settings));
	char id[PTH_UNIQUE_SIZE];

	if (name == NULL || !pth_name_ok(name))
		name = "run";
	pth_progress_settings(&run->progress, settings);
	pth_event_settings(settings);
	if (wants_durations(run))
		run->earlier = pth_rundir_newest(base, name);
	if (pth_rundir_open(&run->dir, run->dir_wanted, base, name, run->in.resume, e) != 0)
		return -1;
	run->opened = true;
	run->runner.dir = &run->dir;
	pth_runner_open(&run->runner);
	if (pth_event_file(run->dir.fd, "events.jsonl", e) != 0)
		return -1;
	pth_event_run(name);
	pth_run_id_unique(run->runner.owner, run->dir.path, id);
	pth_event_run_id(id);
	if (source != NULL)
		pth_rundir_source(&run->dir, source);
	pth_event_pull();
	say_started(run);
	pth_mark_begin(run->dir.path, SWEEP_LIMIT_US);
	return 0;
}

/* Puts a result in its place that says so, when a record is longer than the next stage takes. */
static void
fit(json_t *rec, struct pth_buf *line)
{
	const json_t *old = pth_test_result(rec);
	json_t *result;

	pth_rec_line(line, rec);
	if (line->len <= PTH_REC_RESULT || old == NULL)
		return;
	result = pth_result_without(PTH_S_ERROR, PTH_CAT_TEST_FRAMEWORK,
	    "the result is too long for a record: a service made it so");
	pth_result_set_run_dir(result, pth_result_run_dir(old));
	pth_result_set_dir(result, pth_result_dir(old));
	pth_test_set_result(rec, result);
	pth_buf_cut(line, 0);
	pth_rec_line(line, rec);
}

/* What run.ended tells. */
static void
count(struct pth_run *run, const json_t *rec)
{
	if (!pth_rec_is_test(rec))
		return;
	run->counts[pth_status_of_result(pth_result_status(pth_test_result(rec)))]++;
	run->faults += pth_fault_of(rec) != PTH_CAT_NONE;
}

static void
say_ended(const struct pth_run *run)
{
	json_auto_t *counts = json_object();
	const char *outcome = run->runner.interrupted         ? "interrupted" :
	    run->faults > 0 || run->runner.fastfail.triggered ? "failed" :
	                                                        "completed";

	for (unsigned s = 0; s < PTH_STATUSES; s++)
		if (run->counts[s] > 0)
			pth_json_set(counts, pth_status_result_name((enum pth_status)s),
			    json_integer((json_int_t)run->counts[s]));
	pth_event("run.ended", "{s:s,s:I,s:s,s:O,s:b}", "dir", run->dir.path, "tests",
	    (json_int_t)run->out.tests, "outcome", outcome, "statuses", counts, "failing_fast",
	    run->runner.fastfail.triggered);
}

static int
emit(struct pth_run *run, json_t *take, struct pth_err *e)
{
	json_auto_t *rec = take;
	pth_auto_buf line = PTH_BUF_INIT;

	fit(rec, &line);
	count(run, rec);
	if (run->opened && pth_rec_is_test(rec) &&
	    pth_journal_add(&run->dir.results, &line, e) != 0)
		return -1;
	if (isatty(fileno(run->out.fp)) != 0)
		pth_progress_wipe(&run->progress);
	return pth_rec_write_line(&run->out, rec, &line, e);
}

/* The result that a test gets at once, or NULL when it is to run. kept: it is of an earlier run. */
static json_t *
at_once(struct pth_run *run, json_t *rec, bool *kept)
{
	json_t *result = pth_select_result(&run->in, rec);

	if (result == NULL) {
		result = pth_select_kept(&run->in, &run->dir, rec);
		*kept = result != NULL;
	}
	if (result == NULL && run->runner.interrupted)
		return pth_result_without(PTH_S_INTERRUPTED, PTH_CAT_NONE, "not begun");
	if (result == NULL && run->runner.fastfail.triggered)
		return pth_result_without(PTH_S_SKIPPED, PTH_CAT_NONE, run->runner.fastfail.reason);
	return result;
}

/* The test has its result without a run. What an earlier run has come to does not stop this one, or
 * a run that a failure has stopped could not go on when its cause is gone. */
static void
settle(struct pth_run *run, json_t *rec, json_t *result, bool kept)
{
	pth_test_set_result(rec, result);
	if (!run->opened)
		return;
	pth_result_set_run_dir(result, run->dir.path);
	if (!kept && pth_fastfail_note(&run->runner.fastfail, rec, pth_mono_us()))
		pth_result_set_fast_fail(result, pth_fastfail_json(&run->runner.fastfail));
}

int
pth_run_take(struct pth_run *run, json_t *take, struct pth_err *e)
{
	json_auto_t *rec = take, *result = NULL;
	bool test = pth_rec_is_test(rec), kept = false, runs;
	pth_auto_buf line = PTH_BUF_INIT;

	if (test && !run->opened && !run->in.dry && open_run(run, rec, e) != 0)
		return -1;
	if (test && run->opened)
		pth_fallback_apply(&run->engine, rec);
	if (test)
		result = at_once(run, rec, &kept);
	runs = test && result == NULL;
	if (test && run->opened) {
		pth_rec_line(&line, rec);
		if (pth_journal_add(&run->dir.plan, &line, e) != 0)
			return -1;
		run->planned++;
	}
	if (result != NULL)
		settle(run, rec, pth_take(&result), kept);
	if (!run->opened)
		return emit(run, pth_take(&rec), e);
	if (runs && run->in.resume && !run->cleaned && pth_test_compose(rec) != NULL) {
		run->cleaned = true;
		remove_leftovers(run->runner.home, pth_json_str(rec, PTH_KEY(test, run), "run"));
	}
	pth_progress_total(&run->progress, rec);
	pth_runner_add(&run->runner, rec, &line, runs, runs ? expected(run, rec) : -1);
	rec = NULL;
	return 0;
}

int
pth_run_move(struct pth_run *run, struct pth_err *e)
{
	json_t *rec;

	pth_event_pull();
	pth_runner_start(&run->runner);
	pth_runner_store(&run->runner);
	pth_progress_show(&run->progress, &run->runner);
	while ((rec = pth_runner_take(&run->runner)) != NULL)
		if (emit(run, rec, e) != 0)
			return -1;
	return 0;
}

int64_t
pth_run_next(const struct pth_run *run)
{
	int64_t retry = pth_runner_next(&run->runner), draw = pth_progress_next(&run->progress);

	return retry < draw ? retry : draw;
}

/* The last line of a stream of the run directory. */
static int
end_journal(const struct pth_run *run, struct pth_journal *j, long tests, struct pth_err *e)
{
	pth_auto_buf end = PTH_BUF_INIT;

	pth_rec_end_line(&end, tests, run->out.lacks);
	return pth_journal_add(j, &end, e);
}

int
pth_run_fed(struct pth_run *run, const struct pth_rec_in *in, bool say, struct pth_err *e)
{
	if (run->fed)
		return 0;
	run->fed = true;
	pth_rec_lacks(&run->out, in, say);
	return run->opened ? end_journal(run, &run->dir.plan, run->planned, e) : 0;
}

int
pth_run_end(struct pth_run *run, bool fed, struct pth_err *e)
{
	if (run->opened && fed && end_journal(run, &run->dir.results, run->out.tests, e) != 0)
		return -1;
	/* pth-collect replaces results.jsonl when our stream has ended. */
	run->touched = run->opened && !pth_rundir_untouched(&run->dir);
	return fed ? pth_rec_end(&run->out, e) : 0;
}

void
pth_run_release(struct pth_run *run)
{
	pth_select_release(&run->in);
	if (!run->opened)
		return;
	pth_event_pull();
	say_ended(run);
	pth_runner_release(&run->runner);
	pth_rundir_close(&run->dir);
	free(run->earlier);
}
