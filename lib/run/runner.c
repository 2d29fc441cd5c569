/* This file has the window of records: who starts, who is tried again, whose result leaves. */
#include "run/runner_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/ns.h"
#include "host/run_id.h"
#include "io/digest.h"
#include "io/event.h"
#include "io/rec.h"
#include "run/select.h"
#include "supervise/state.h"
#include "supervise/supervisor.h"
#include "supervise/workdir.h"

#define WINDOW_PER_JOB 8
#define WINDOW_TO_REORDER 64 /* at least, where the order is not that of the input */
#define SPARE_FDS 32
#define RETRY_FIRST_US 500000

/* Each running test costs two descriptors here, and results want some to be
 * written with. */
static unsigned
jobs_possible(unsigned jobs)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= 2 * (rlim_t)jobs + SPARE_FDS)
		return jobs;
	jobs = limit.rlim_cur > SPARE_FDS + 2 ? (unsigned)(limit.rlim_cur - SPARE_FDS) / 2 : 1;
	pth_warn("with %llu descriptors, %u test%s can run at once",
	    (unsigned long long)limit.rlim_cur, jobs, jobs == 1 ? "" : "s");
	return jobs;
}

void
pth_runner_open(struct pth_runner *r)
{
	const struct pth_places places = {
		.share = r->home->share, .libexec = r->home->libexec, .bin = r->home->bin
	};

	r->jobs = jobs_possible(r->jobs);
	r->owner = pth_run_id_text();
	r->pid_ns = pth_pid_namespace();
	r->window = r->jobs * WINDOW_PER_JOB;
	if (r->order != PTH_ORDER_INPUT && r->window < WINDOW_TO_REORDER)
		r->window = WINDOW_TO_REORDER;
	r->entries = pth_xarray(NULL, r->window, sizeof *r->entries);
	r->turns = pth_xarray(NULL, r->window, sizeof *r->turns);
	r->cache = (struct pth_cache){ .fd = -1, .digest = pth_sha256_fd };
	r->stages = mmap(NULL, r->jobs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r->stages == MAP_FAILED)
		r->stages = NULL;
	r->common = pth_places_common(&places);
	pth_ns_hidden(r->common);
	r->barred = geteuid() == 0 ? pth_places_common(&places) : NULL;
	if (r->barred != NULL)
		pth_ns_barred(r->barred, PTH_SERVICE_ID);
}

/* The i-th record that is held. */
static struct pth_entry *
entry_at(const struct pth_runner *r, size_t i)
{
	return &r->entries[(r->first + i) % r->window];
}

/* All but the record. */
static void
release(struct pth_entry *x)
{
	pth_buf_release(&x->out);
	pth_buf_release(&x->line);
	pth_claim_release(&x->claim);
	json_decref(pth_take(&x->tries));
}

void
pth_runner_release(struct pth_runner *r)
{
	for (size_t i = 0; i < r->count; i++) {
		json_decref(entry_at(r, i)->rec);
		release(entry_at(r, i));
	}
	if (r->grouped)
		pth_cgroups_close(&r->groups);
	pth_close(&r->cache.fd);
	if (r->stages != NULL)
		munmap(r->stages, r->jobs);
	free(r->entries);
	free(r->turns);
	free(r->owner);
	pth_strv_free(r->common);
	pth_strv_free(r->barred);
}

struct pth_entry *
pth_runner_nth(const struct pth_runner *r, size_t i)
{
	return i < r->count ? entry_at(r, i) : NULL;
}

struct pth_entry *
pth_runner_active(const struct pth_runner *r, size_t *i)
{
	while (*i < r->count) {
		struct pth_entry *x = entry_at(r, (*i)++);

		if (x->state == PTH_ACTIVE)
			return x;
	}
	return NULL;
}

unsigned
pth_runner_stage(const struct pth_runner *r, const struct pth_entry *x)
{
	return r->stages != NULL ? r->stages[x->slot] : PTH_TS_CREATED;
}

static uint64_t
block(const struct pth_runner *r, const struct pth_entry *x)
{
	return x->serial / (r->window / 2);
}

/* A shuffled order depends on the input and the seed, not on how fast the
 * input came: a block is begun when it is all there. */
static bool
is_here(const struct pth_runner *r, const struct pth_entry *x)
{
	return r->order != PTH_ORDER_SHUFFLE || r->complete ||
	    r->added >= (block(r, x) + 1) * (r->window / 2);
}

static uint64_t
rank_of(const struct pth_runner *r, const struct pth_entry *x)
{
	if (r->order == PTH_ORDER_SHUFFLE)
		return block(r, x) << 40 | pth_schedule_hash(r->seed, pth_rec_id(x->rec)) >> 24;
	/* What is not known may be long. Alone, nothing is gained by an order. */
	return r->order == PTH_ORDER_LONGEST && r->jobs > 1 && x->expected >= 0 ?
	    UINT64_MAX - (uint64_t)x->expected :
	    0;
}

void
pth_runner_add(struct pth_runner *r, json_t *rec, struct pth_buf *line, bool run, int64_t expected)
{
	struct pth_entry *x = entry_at(r, r->count++);

	*x = (struct pth_entry){ .rec = rec,
		.line = *line,
		.state = run ? PTH_WAITING : PTH_DONE,
		.ctl = -1,
		.report = -1,
		.attempt = 1,
		.expected = expected,
		.serial = r->added++ };
	*line = (struct pth_buf)PTH_BUF_INIT;
	x->rank = rank_of(r, x);
	if (run)
		pth_claim_of(pth_rec_plan(rec), &x->claim);
}

json_t *
pth_runner_take(struct pth_runner *r)
{
	size_t i = 0, last = r->unordered ? r->count : r->count > 0;
	struct pth_entry x;

	while (i < last && entry_at(r, i)->state != PTH_DONE)
		i++;
	if (i == last)
		return NULL;
	/* The gap of a later one is filled by those before it. */
	for (x = *entry_at(r, i); i > 0; i--)
		*entry_at(r, i) = *entry_at(r, i - 1);
	release(&x);
	r->first = (r->first + 1) % r->window;
	r->count--;
	return x.rec;
}

/* Is it, or has it to be expected, on the host's network? Whether a test gets
 * one of its own is known only when one has got it. */
static bool
on_host(const struct pth_runner *r, const struct pth_entry *x)
{
	if (!x->claim.isolable)
		return x->claim.host;
	return x->state == PTH_ACTIVE ? !x->isolated : r->net != PTH_NET_OWN;
}

static struct pth_turn
turn(const struct pth_runner *r, const struct pth_entry *x, int64_t now)
{
	struct pth_turn t = {
		.claim = &x->claim, .rank = x->rank, .passed = x->passed, .host = on_host(r, x)
	};

	if (x->state == PTH_ACTIVE)
		t.state = PTH_TURN_RUNS;
	else if (x->state == PTH_WAITING && x->not_before <= now && is_here(r, x))
		t.state = PTH_TURN_WAITS;
	return t;
}

/* The entry that starts now, or NULL; those before it that could have started
 * too have been passed over. */
static struct pth_entry *
choose(struct pth_runner *r)
{
	int64_t now = pth_mono_us();
	size_t k;

	for (size_t i = 0; i < r->count; i++)
		r->turns[i] = turn(r, entry_at(r, i), now);
	k = pth_schedule_next(r->turns, r->count, r->jobs, r->window);
	for (size_t i = 0; i < k && k < r->count; i++)
		entry_at(r, i)->passed += r->turns[i].state == PTH_TURN_WAITS;
	return k < r->count ? entry_at(r, k) : NULL;
}

/* Is another try worth it? Not for what would be the same again. */
static bool
may_retry(const struct pth_runner *r, const struct pth_entry *x)
{
	enum pth_category c = pth_fault_of(x->rec);

	return x->attempt <= pth_test_retries(x->rec) && !r->interrupted &&
	    !r->fastfail.triggered && c != PTH_CAT_NONE && c != PTH_CAT_DEPENDENCY &&
	    c != PTH_CAT_CONFIGURATION && c != PTH_CAT_PLUGIN_LOAD;
}

/* Back into the queue, with twice the pause of the try before; its directory has been kept. */
static void
retry(struct pth_entry *x)
{
	const json_t *result = pth_test_result(x->rec);
	json_t *attempt;
	int64_t pause = RETRY_FIRST_US << (x->attempt < 8 ? x->attempt - 1 : 7);

	if (x->tries == NULL)
		x->tries = json_array();
	attempt = json_object();
	pth_attempt_set_attempt(attempt, x->attempt);
	pth_attempt_set_status(attempt, pth_result_status(result));
	pth_attempt_set_reason(attempt, pth_result_reason(result));
	pth_attempt_set_category(attempt, pth_category_name(pth_fault_of(x->rec)));
	pth_attempt_set_duration_us(attempt, pth_result_duration_us(result));
	pth_json_set(attempt, PTH_KEY(attempt, dir),
	    json_sprintf("tries/%s-%d", pth_rec_id(x->rec), x->attempt));
	pth_json_push(x->tries, attempt);
	pth_event("test.retried", "{s:s,s:i,s:s,s:I}", "test", pth_rec_id(x->rec), "attempt",
	    x->attempt, "status", pth_result_status(result), "pause_us", (json_int_t)pause);
	json_object_del(x->rec, PTH_KEY(test, result));
	pth_buf_release(&x->out);
	x->attempt++;
	x->not_before = pth_mono_us() + pause;
	x->state = PTH_WAITING;
}

/* The result of a test that waits for its next try, which it does not get:
 * that of the last one. */
static json_t *
last_try(struct pth_entry *x)
{
	const json_t *last = json_array_get(x->tries, json_array_size(x->tries) - 1);
	json_t *result = pth_result_without(pth_status_of_result(pth_attempt_status(last)),
	    pth_category_of(pth_attempt_category(last)), pth_attempt_reason(last));

	pth_result_set_duration_us(result, pth_attempt_duration_us(last));
	pth_result_set_dir(result, pth_attempt_dir(last));
	pth_result_set_attempt(result, x->attempt - 1);
	pth_result_set_tries(result, pth_take(&x->tries));
	return result;
}

/* No more tests are begun. */
static void
stop_waiting(struct pth_runner *r, enum pth_status status, const char *reason)
{
	struct pth_entry *x;

	for (size_t i = 0; (x = pth_runner_nth(r, i)) != NULL; i++) {
		if (x->state != PTH_WAITING)
			continue;
		x->state = PTH_DONE;
		pth_test_set_result(x->rec,
		    x->tries != NULL && status == PTH_S_SKIPPED ?
		        last_try(x) :
		        pth_result_without(status, PTH_CAT_NONE, reason));
	}
}

/* The test did not go well? Then it may be the last one. */
static void
note(struct pth_runner *r, struct pth_entry *x)
{
	if (!pth_fastfail_note(&r->fastfail, x->rec, pth_mono_us()))
		return;
	pth_result_set_fast_fail(pth_test_result(x->rec), pth_fastfail_json(&r->fastfail));
	stop_waiting(r, PTH_S_SKIPPED, r->fastfail.reason);
}

/* What was done for the test and not by it has failed: that is its status, whatever it was. */
static void
broken(json_t *result, const char *what, const struct pth_err *e)
{
	pth_auto_buf reason = PTH_BUF_INIT;

	pth_buf_addf(&reason, "%s: ", what);
	pth_utf8_clean(&reason, e->text, strlen(e->text));
	pth_result_set_status(result, pth_status_result_name(PTH_S_ERROR));
	pth_result_set_reason(result, reason.s);
	json_object_del(result, PTH_KEY(result, program));
	json_object_del(result, PTH_KEY(result, port));
	json_object_del(result, PTH_KEY(result, limit));
	pth_reason_put(result, PTH_WHY(pth_category_err(e, PTH_CAT_TEST_FRAMEWORK)));
}

static void
finish(struct pth_runner *r, struct pth_entry *x, json_t *result)
{
	struct pth_err e;

	pth_result_set_attempt(result, x->attempt);
	pth_result_set_run_dir(result, r->dir->path);
	pth_result_set_dir(result, pth_rec_id(x->rec));
	pth_test_set_result(x->rec, result);
	if (may_retry(r, x)) {
		if (pth_rundir_keep_try(r->dir, pth_rec_id(x->rec), x->attempt, &e) == 0) {
			retry(x);
			return;
		}
		broken(result, "the try that failed cannot be kept", &e);
	}
	x->state = PTH_DONE;
	if (x->tries != NULL)
		pth_result_set_tries(result, pth_take(&x->tries));
	note(r, x);
	x->fresh = true;
}

/* What of the test has to be in its directory when its programs have gone: they may have
 * written there themselves. */
static int
put(struct pth_runner *r, const struct pth_entry *x, struct pth_err *e)
{
	const char *id = pth_rec_id(x->rec);
	pth_auto_buf result = PTH_BUF_INIT;

	pth_rec_line(&result, pth_test_result(x->rec));
	return pth_rundir_put(r->dir, id, "record.json", &x->line, false, e) != 0 ||
	        pth_rundir_put(r->dir, id, "result.json", &result, true, e) != 0 ?
	    -1 :
	    0;
}

void
pth_runner_store(struct pth_runner *r)
{
	struct pth_entry *x;
	struct pth_err e;
	bool noted;

	for (size_t i = 0; (x = pth_runner_nth(r, i)) != NULL; i++) {
		if (x->state != PTH_DONE || !x->fresh)
			continue;
		x->fresh = false;
		if (put(r, x, &e) == 0)
			continue;
		noted = pth_fault_of(x->rec) != PTH_CAT_NONE;
		broken(pth_test_result(x->rec), "its result cannot be kept", &e);
		if (!noted)
			note(r, x);
		put(r, x, &e); /* as far as it can be */
	}
}

/* It could not even be started. */
static void
not_started(struct pth_runner *r, struct pth_entry *x, const struct pth_err *e)
{
	json_t *result = pth_result_without(PTH_S_ERROR, PTH_CAT_TEST_FRAMEWORK, "");

	broken(result, "the test cannot be started", e);
	pth_event("test.ended", "{s:s,s:s,s:s,s:I}", "test", pth_rec_id(x->rec), "status",
	    pth_result_status(result), "reason", pth_result_reason(result), "duration_us",
	    (json_int_t)0);
	finish(r, x, result);
}

void
pth_runner_start(struct pth_runner *r)
{
	struct pth_entry *x;
	struct pth_err e;
	int rc = 0;

	while (rc <= 0 && r->active < r->jobs && (x = choose(r)) != NULL) {
		if (!pth_fastfail_disk(&r->fastfail, x->rec, r->dir->fd))
			stop_waiting(r, PTH_S_SKIPPED, r->fastfail.reason);
		else if ((rc = run_runner_launch(r, x, &e)) < 0)
			not_started(r, x, &e);
	}
}

size_t
pth_runner_fds(const struct pth_runner *r, int *fds, size_t max)
{
	const struct pth_entry *x;
	size_t n = 0;

	for (size_t i = 0; n < max && (x = pth_runner_active(r, &i)) != NULL;)
		fds[n++] = x->report;
	return n;
}

/* The supervisor has closed its report: its result, or what can be said without.
 * A supervisor that reported well is reaped later: the kernel takes its time to
 * dissolve the namespaces, and the next test need not wait for that. But its
 * groups can be removed only then. */
static void
reported(struct pth_runner *r, struct pth_entry *x)
{
	json_t *result = NULL;
	char reason[200];
	int status = 0;

	if (x->out.len > 0)
		result = pth_json_parse(x->out.s, x->out.len, NULL);
	if (result != NULL && x->groups == 0) {
		r->dying++;
	} else {
		while (waitpid(x->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	if (result == NULL) {
		snprintf(reason, sizeof reason, "the test's supervisor was lost (%s %d)",
		    WIFSIGNALED(status) ? "signal" : "exit",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		result = r->interrupted ?
		    pth_result_without(PTH_S_INTERRUPTED, PTH_CAT_NONE, reason) :
		    pth_result_without(PTH_S_ERROR, PTH_CAT_TEST_FRAMEWORK, reason);
	}
	if (strcmp(pth_result_evidence(result), "protected") != 0)
		pth_rundir_tidy(r->dir, pth_rec_id(x->rec));
	/* Now that its processes have gone with the supervisor. */
	if (x->groups != 0) {
		run_runner_group_prefix(x, reason);
		pth_cgroups_sweep(&r->groups, reason);
	}
	pth_close(&x->ctl);
	pth_close(&x->report);
	r->active--;
	finish(r, x, result);
}

static bool
is_active(const struct pth_runner *r, pid_t pid)
{
	const struct pth_entry *x;
	size_t i = 0;

	while ((x = pth_runner_active(r, &i)) != NULL && x->pid != pid)
		;
	return x != NULL;
}

void
pth_runner_reap(struct pth_runner *r, bool wait)
{
	int flags = WEXITED | WNOWAIT | (wait ? 0 : WNOHANG);
	siginfo_t si;

	while (r->dying > 0) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, flags) != 0 || si.si_pid == 0 || is_active(r, si.si_pid))
			return;
		waitpid(si.si_pid, NULL, 0);
		r->dying--;
	}
}

/* Read the report as far as it has come. */
static void
attend(struct pth_runner *r, struct pth_entry *x)
{
	ssize_t n;

	while ((n = read(x->report, pth_buf_room(&x->out, 65536), 65536)) > 0)
		x->out.len += (size_t)n;
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		reported(r, x);
	} else if (pth_mono_us() > x->deadline) {
		x->deadline = pth_mono_us() + RUNNER_LATE_US;
		kill(x->pid, SIGKILL);
	}
}

/* A program of our user may stop a supervisor that it can see, by a signal. */
static void
wake(const struct pth_entry *x)
{
	siginfo_t si = { .si_pid = 0 };

	if (waitid(P_PID, (id_t)x->pid, &si, WSTOPPED | WNOHANG) == 0 && si.si_pid == x->pid)
		kill(x->pid, SIGCONT);
}

void
pth_runner_attend(struct pth_runner *r)
{
	struct pth_entry *x;

	for (size_t i = 0; (x = pth_runner_active(r, &i)) != NULL;) {
		wake(x);
		attend(r, x);
	}
	pth_runner_reap(r, false);
}

void
pth_runner_interrupt(struct pth_runner *r, bool hard)
{
	struct pth_entry *x;

	r->interrupted = true;
	stop_waiting(r, PTH_S_INTERRUPTED, "not begun");
	for (size_t i = 0; (x = pth_runner_active(r, &i)) != NULL;)
		if (hard)
			kill(x->pid, SIGKILL);
		else
			(void)!write(x->ctl, "i", 1);
}

int64_t
pth_runner_next(const struct pth_runner *r)
{
	int64_t next = PTH_NEVER;
	const struct pth_entry *x;

	for (size_t i = 0; (x = pth_runner_nth(r, i)) != NULL; i++)
		if (x->state == PTH_WAITING && x->not_before > 0 && x->not_before < next)
			next = x->not_before;
	return next;
}
