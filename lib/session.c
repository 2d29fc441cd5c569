#include "session.h"

#include <string.h>

#include "event.h"
#include "fastfail.h"
#include "json.h"
#include "leftover.h"
#include "text.h"
#include "when.h"

bool
pth_session_has_room(const struct pth_session *s)
{
	return !s->opened || pth_runner_has_room(&s->runner);
}

bool
pth_session_is_idle(const struct pth_session *s)
{
	return !s->opened || pth_runner_is_empty(&s->runner);
}

static int
open_run(struct pth_session *s, const json_t *rec, struct pth_err *e)
{
	const char *run = pth_json_str(rec, "run", "run");
	const char *base = pth_json_str(json_object_get(json_object_get(rec, "settings"), "paths"),
	    "output_dir", "outputs");
	const char *source = pth_json_str(json_object_get(rec, "source"), "file", NULL);
	struct pth_buf events = PTH_BUF_INIT;
	int r;

	if (!pth_name_ok(run))
		run = "run";
	if (pth_rundir_open(&s->dir, s->dir_wanted, base, run, s->in.resume, e) != 0)
		return -1;
	s->opened = true;
	pth_runner_init(&s->runner, &s->dir, s->home->share, s->home->libexec, s->jobs);
	s->runner.unordered = s->unordered;
	s->runner.fastfail.max = s->fail_fast;
	s->runner.bin = s->home->bin;
	pth_buf_addf(&events, "%s/events.jsonl", s->dir.path);
	r = pth_event_file(events.s, e);
	pth_buf_release(&events);
	if (r != 0)
		return -1;
	pth_event_run(run);
	if (source != NULL)
		pth_rundir_source(&s->dir, source);
	pth_event("run.started", "{s:s,s:i}", "dir", s->dir.path, "jobs", (int)s->jobs);
	return 0;
}

static int
emit(struct pth_session *s, json_t *rec, struct pth_err *e)
{
	int r = 0;

	if (s->opened && pth_rec_is_test(rec))
		r = pth_rundir_append(&s->dir, "results.jsonl", rec, e);
	if (r == 0)
		r = pth_rec_write(&s->out, rec, e);
	json_decref(rec);
	return r;
}

/* The result that a test gets at once, or NULL when it is to run. */
static json_t *
at_once(struct pth_session *s, json_t *rec)
{
	json_t *result = pth_intake_result(&s->in, &s->dir, rec);

	if (result == NULL && s->interrupted)
		result = pth_result_without("interrupted", "not begun");
	if (result == NULL && s->runner.fastfail.triggered)
		result = pth_result_without("skipped", s->runner.fastfail.reason);
	return result;
}

int
pth_session_take(struct pth_session *s, json_t *rec, struct pth_err *e)
{
	bool test = pth_rec_is_test(rec);
	json_t *result = NULL;

	if (test && !s->opened && !s->in.dry && open_run(s, rec, e) != 0)
		goto fail;
	if (test)
		result = at_once(s, rec);
	if (test && s->opened && pth_rundir_append(&s->dir, "plan.jsonl", rec, e) != 0)
		goto fail;
	if (result != NULL) {
		if (s->opened)
			pth_json_set(result, "run_dir", json_string(s->dir.path));
		pth_json_set(rec, "result", result);
		if (s->opened && pth_fastfail_note(&s->runner.fastfail, rec, pth_mono_us()))
			pth_json_set(result, "fast_fail", pth_fastfail_json(&s->runner.fastfail));
	}
	if (!s->opened)
		return emit(s, rec, e);
	if (result == NULL && s->in.resume && !s->cleaned && json_object_get(rec, "compose") != NULL) {
		s->cleaned = true;
		pth_leftover_remove(s->home, pth_json_str(rec, "run", "run"));
	}
	pth_runner_add(&s->runner, rec, test && result == NULL);
	return 0;
fail:
	json_decref(rec);
	return -1;
}

int
pth_session_move(struct pth_session *s, struct pth_err *e)
{
	json_t *rec;

	if (!s->opened)
		return 0;
	if (pth_runner_start(&s->runner, e) != 0 || pth_runner_store(&s->runner, e) != 0)
		return -1;
	while ((rec = pth_runner_take(&s->runner)) != NULL)
		if (emit(s, rec, e) != 0)
			return -1;
	return 0;
}

int
pth_session_end(struct pth_session *s, struct pth_err *e)
{
	json_t *end = json_pack("{s:i,s:s,s:I}", "pth", 1, "type", "end", "tests",
	    (json_int_t)s->out.tests);
	int r = 0;

	if (s->opened)
		r = pth_rundir_append(&s->dir, "plan.jsonl", end, e) != 0 ||
		    pth_rundir_append(&s->dir, "results.jsonl", end, e) != 0 ? -1 : 0;
	json_decref(end);
	return r == 0 ? pth_rec_end(&s->out, e) : -1;
}

void
pth_session_release(struct pth_session *s)
{
	if (!s->opened)
		return;
	pth_event("run.ended", "{s:s,s:I}", "dir", s->dir.path, "tests", (json_int_t)s->out.tests);
	pth_runner_release(&s->runner);
	pth_rundir_close(&s->dir);
}
