#include "run/runner_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/strv.h"
#include "host/run_id.h"
#include "io/digest.h"
#include "io/event.h"
#include "io/json.h"
#include "io/rec.h"
#include "run/fault.h"
#include "run/select.h"
#include "supervise/state.h"
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
pth_runner_init(struct pth_runner *p, struct pth_rundir *dir, const char *share,
    const char *libexec, unsigned jobs, enum pth_order order)
{
	memset(p, 0, sizeof *p);
	p->dir = dir;
	p->share = share;
	p->libexec = libexec;
	p->owner = pth_run_id_text();
	p->jobs = jobs = jobs_possible(jobs);
	p->order = order;
	p->window = jobs * WINDOW_PER_JOB;
	if (order != PTH_ORDER_INPUT && p->window < WINDOW_TO_REORDER)
		p->window = WINDOW_TO_REORDER;
	p->v = pth_xarray(NULL, p->window, sizeof *p->v);
	p->cache.fd = -1;
	p->cache.digest = pth_sha256_fd;
	p->turns = pth_xarray(NULL, p->window, sizeof *p->turns);
	p->phases = mmap(NULL, jobs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->phases == MAP_FAILED)
		p->phases = NULL;
}

struct pth_entry *
run_runner_at(const struct pth_runner *p, size_t i)
{
	return &p->v[(p->first + i) % p->window];
}

void
pth_runner_release(struct pth_runner *p)
{
	for (size_t i = 0; i < p->n; i++) {
		json_decref(run_runner_at(p, i)->rec);
		pth_buf_release(&run_runner_at(p, i)->out);
		pth_buf_release(&run_runner_at(p, i)->line);
		pth_claim_release(&run_runner_at(p, i)->claim);
	}
	if (p->grouped)
		pth_cgroups_close(&p->groups);
	if (p->cache.fd >= 0)
		close(p->cache.fd);
	if (p->phases != NULL)
		munmap(p->phases, p->jobs);
	free(p->v);
	free(p->turns);
	free(p->owner);
	pth_strv_free(p->common);
}

bool
pth_runner_has_room(const struct pth_runner *p)
{
	return p->n < p->window;
}

bool
pth_runner_is_empty(const struct pth_runner *p)
{
	return p->n == 0;
}

struct pth_entry *
pth_runner_nth(const struct pth_runner *p, size_t i)
{
	return i < p->n ? run_runner_at(p, i) : NULL;
}

unsigned
pth_runner_stage(const struct pth_runner *p, const struct pth_entry *x)
{
	return p->phases != NULL ? p->phases[x->slot] : PTH_TS_CREATED;
}

static uint64_t
block(const struct pth_runner *p, const struct pth_entry *x)
{
	return x->serial / (p->window / 2);
}

/* A shuffled order depends on the input and the seed, not on how fast the
 * input came: a block is begun when it is all there. */
static bool
is_here(const struct pth_runner *p, const struct pth_entry *x)
{
	return p->order != PTH_ORDER_SHUFFLE || p->complete ||
	    p->added >= (block(p, x) + 1) * (p->window / 2);
}

static uint64_t
rank_of(const struct pth_runner *p, const struct pth_entry *x)
{
	if (p->order == PTH_ORDER_SHUFFLE)
		return block(p, x) << 40 | pth_schedule_hash(p->seed, pth_rec_id(x->rec)) >> 24;
	/* What is not known may be long. Alone, nothing is gained by an order. */
	return p->order == PTH_ORDER_LONGEST && p->jobs > 1 && x->expected >= 0 ?
	    UINT64_MAX - (uint64_t)x->expected :
	    0;
}

void
pth_runner_add(struct pth_runner *p, json_t *rec, struct pth_buf *line, bool run, int64_t expected)
{
	struct pth_entry *x = run_runner_at(p, p->n++);

	*x = (struct pth_entry){ .rec = rec,
		.line = *line,
		.state = run ? PTH_WAITING : PTH_DONE,
		.ctl = -1,
		.report = -1,
		.attempt = 1,
		.expected = expected,
		.serial = p->added++ };
	*line = (struct pth_buf)PTH_BUF_INIT;
	x->rank = rank_of(p, x);
	if (run)
		pth_claim_of(pth_rec_plan(rec), &x->claim);
}

int
pth_runner_store(struct pth_runner *p, struct pth_err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		struct pth_entry *x = run_runner_at(p, i);

		if (x->state != PTH_DONE || !x->fresh)
			continue;
		if (pth_rundir_put(p->dir, pth_rec_id(x->rec), "result.json",
		        json_object_get(x->rec, "result"), e) != 0)
			return -1;
		x->fresh = false;
	}
	return 0;
}

json_t *
pth_runner_take(struct pth_runner *p)
{
	size_t i = 0, last = p->unordered ? p->n : p->n > 0;
	struct pth_entry x;

	while (i < last && run_runner_at(p, i)->state != PTH_DONE)
		i++;
	if (i == last)
		return NULL;
	/* The gap of a later one is filled by those before it. */
	for (x = *run_runner_at(p, i); i > 0; i--)
		*run_runner_at(p, i) = *run_runner_at(p, i - 1);
	pth_buf_release(&x.out);
	pth_buf_release(&x.line);
	pth_claim_release(&x.claim);
	p->first = (p->first + 1) % p->window;
	p->n--;
	return x.rec;
}

/* Is it, or has it to be expected, on the host's network? Whether a test gets
 * one of its own is known only when one has got it. */
static bool
on_host(const struct pth_runner *p, const struct pth_entry *x)
{
	if (!x->claim.isolable)
		return x->claim.host;
	return x->state == PTH_ACTIVE ? !x->isolated : p->net != PTH_NET_OWN;
}

static struct pth_turn
turn(const struct pth_runner *p, const struct pth_entry *x, int64_t now)
{
	struct pth_turn t = {
		.claim = &x->claim, .rank = x->rank, .passed = x->passed, .host = on_host(p, x)
	};

	if (x->state == PTH_ACTIVE)
		t.state = PTH_TURN_RUNS;
	else if (x->state == PTH_WAITING && x->not_before <= now && is_here(p, x))
		t.state = PTH_TURN_WAITS;
	return t;
}

/* The entry that starts now, or NULL; those before it that could have started
 * too have been passed over. */
static struct pth_entry *
choose(struct pth_runner *p)
{
	int64_t now = pth_mono_us();
	size_t k;

	for (size_t i = 0; i < p->n; i++)
		p->turns[i] = turn(p, run_runner_at(p, i), now);
	k = pth_schedule_next(p->turns, p->n, p->jobs, p->window);
	for (size_t i = 0; i < k && k < p->n; i++)
		run_runner_at(p, i)->passed += p->turns[i].state == PTH_TURN_WAITS;
	return k < p->n ? run_runner_at(p, k) : NULL;
}

/* Is another try worth it? Not for what would be the same again. */
static bool
may_retry(const struct pth_runner *p, const struct pth_entry *x)
{
	enum pth_category c = pth_fault_of(x->rec);

	return x->attempt <= pth_json_int(x->rec, "retries", 0) && !p->interrupted &&
	    !p->fastfail.triggered && c != PTH_CAT_NONE && c != PTH_CAT_DEPENDENCY &&
	    c != PTH_CAT_CONFIGURATION && c != PTH_CAT_PLUGIN_LOAD;
}

/* Back into the queue, with twice the pause of the try before. */
static int
retry(struct pth_runner *p, struct pth_entry *x, struct pth_err *e)
{
	json_t *result = json_object_get(x->rec, "result");
	int64_t pause = RETRY_FIRST_US << (x->attempt < 8 ? x->attempt - 1 : 7);

	if (pth_rundir_keep_try(p->dir, pth_rec_id(x->rec), x->attempt, e) != 0)
		return -1;
	if (x->tries == NULL)
		x->tries = json_array();
	pth_json_push(x->tries,
	    json_pack("{s:i,s:s,s:s,s:I,s:o}", "attempt", x->attempt, "status",
	        pth_json_str(result, "status", ""), "reason", pth_json_str(result, "reason", ""),
	        "duration_us", (json_int_t)pth_json_int(result, "duration_us", 0), "dir",
	        json_sprintf("tries/%s-%d", pth_rec_id(x->rec), x->attempt)));
	pth_event("test.retried", "{s:s,s:i,s:s,s:I}", "test", pth_rec_id(x->rec), "attempt",
	    x->attempt, "status", pth_json_str(result, "status", ""), "pause_us",
	    (json_int_t)pause);
	json_object_del(x->rec, "result");
	pth_buf_release(&x->out);
	x->attempt++;
	x->not_before = pth_mono_us() + pause;
	x->state = PTH_WAITING;
	return 0;
}

/* The result of a test that waits for its next try, which it does not get:
 * that of the last one. */
static json_t *
last_try(struct pth_entry *x)
{
	const json_t *last = json_array_get(x->tries, json_array_size(x->tries) - 1);
	json_t *result = pth_result_without(
	    pth_json_str(last, "status", "failed"), pth_json_str(last, "reason", ""));

	pth_json_set(result, "duration_us", json_incref(json_object_get(last, "duration_us")));
	pth_json_set(result, "dir", json_incref(json_object_get(last, "dir")));
	pth_json_set(result, "attempt", json_integer(x->attempt - 1));
	pth_json_set(result, "tries", x->tries);
	x->tries = NULL;
	return result;
}

/* No more tests are begun. */
static void
stop_waiting(struct pth_runner *p, const char *status, const char *reason)
{
	for (size_t i = 0; i < p->n; i++) {
		struct pth_entry *x = run_runner_at(p, i);

		if (x->state != PTH_WAITING)
			continue;
		x->state = PTH_DONE;
		pth_json_set(x->rec, "result",
		    x->tries != NULL && strcmp(status, "skipped") == 0 ?
		        last_try(x) :
		        pth_result_without(status, reason));
	}
}

static int
finish(struct pth_runner *p, struct pth_entry *x, json_t *result, struct pth_err *e)
{
	const char *id = pth_rec_id(x->rec);
	char reason[400];

	pth_json_set(result, "attempt", json_integer(x->attempt));
	pth_json_set(result, "run_dir", json_string(p->dir->path));
	pth_json_set(result, "dir", json_string(id));
	pth_json_set(x->rec, "result", result);
	if (may_retry(p, x))
		return retry(p, x, e);
	x->state = PTH_DONE;
	if (x->tries != NULL)
		pth_json_set(result, "tries", x->tries);
	x->tries = NULL;
	if (pth_fastfail_note(&p->fastfail, x->rec, pth_mono_us())) {
		pth_json_set(result, "fast_fail", pth_fastfail_json(&p->fastfail));
		stop_waiting(p, "skipped", pth_fastfail_reason(&p->fastfail, reason));
	}
	x->fresh = true;
	return 0;
}

int
pth_runner_start(struct pth_runner *p, struct pth_err *e)
{
	struct pth_entry *x;
	char reason[400];
	int r;

	while (p->active < p->jobs && (x = choose(p)) != NULL) {
		if (!pth_fastfail_disk(&p->fastfail, x->rec, p->dir->fd)) {
			stop_waiting(p, "skipped", pth_fastfail_reason(&p->fastfail, reason));
			return 0;
		}
		r = run_runner_launch(p, x, e);
		if (r != 0)
			return r < 0 ? -1 : 0;
	}
	return 0;
}

size_t
pth_runner_fds(const struct pth_runner *p, int *fds, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n && n < max; i++)
		if (run_runner_at(p, i)->state == PTH_ACTIVE)
			fds[n++] = run_runner_at(p, i)->report;
	return n;
}

/* The supervisor has closed its report: its result, or what can be said without.
 * A supervisor that reported well is reaped later: the kernel takes its time to
 * dissolve the namespaces, and the next test need not wait for that. But its
 * groups can be removed only then. */
static int
reported(struct pth_runner *p, struct pth_entry *x, struct pth_err *e)
{
	json_t *result = NULL;
	char reason[200];
	int status = 0;

	if (x->out.len > 0)
		result = pth_json_parse(x->out.s, x->out.len, NULL);
	if (result != NULL && x->groups == 0) {
		p->dying++;
	} else {
		while (waitpid(x->pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	if (result == NULL) {
		snprintf(reason, sizeof reason, "the test's supervisor was lost (%s %d)",
		    WIFSIGNALED(status) ? "signal" : "exit",
		    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
		result = pth_result_without(p->interrupted ? "interrupted" : "error", reason);
		pth_rundir_tidy(p->dir, pth_rec_id(x->rec));
	}
	/* Now that its processes have gone with the supervisor. */
	if (x->groups != 0) {
		run_runner_group_prefix(x, reason);
		pth_cgroups_sweep(&p->groups, reason);
	}
	close(x->ctl);
	close(x->report);
	p->active--;
	return finish(p, x, result, e);
}

static bool
is_active(const struct pth_runner *p, pid_t pid)
{
	for (size_t i = 0; i < p->n; i++)
		if (run_runner_at(p, i)->state == PTH_ACTIVE && run_runner_at(p, i)->pid == pid)
			return true;
	return false;
}

/* Reap supervisors that have reported; one that has not is its entry's business. */
static void
reap(struct pth_runner *p, int flags)
{
	siginfo_t si;

	while (p->dying > 0) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOWAIT | flags) != 0 || si.si_pid == 0 ||
		    is_active(p, si.si_pid))
			return;
		waitpid(si.si_pid, NULL, 0);
		p->dying--;
	}
}

void
pth_runner_drain(struct pth_runner *p)
{
	reap(p, 0);
}

/* Read the report as far as it has come. */
static int
attend(struct pth_runner *p, struct pth_entry *x, struct pth_err *e)
{
	ssize_t n;

	for (;;) {
		n = read(x->report, pth_buf_room(&x->out, 65536), 65536);
		if (n <= 0)
			break;
		x->out.len += (size_t)n;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		return reported(p, x, e);
	if (pth_mono_us() > x->deadline) {
		x->deadline = pth_mono_us() + RUNNER_LATE_US;
		kill(x->pid, SIGKILL);
	}
	return 0;
}

int
pth_runner_attend(struct pth_runner *p, struct pth_err *e)
{
	for (size_t i = 0; i < p->n; i++)
		if (run_runner_at(p, i)->state == PTH_ACTIVE &&
		    attend(p, run_runner_at(p, i), e) != 0)
			return -1;
	reap(p, WNOHANG);
	return 0;
}

void
pth_runner_interrupt(struct pth_runner *p, bool hard)
{
	p->interrupted = true;
	stop_waiting(p, "interrupted", "not begun");
	for (size_t i = 0; i < p->n; i++) {
		struct pth_entry *x = run_runner_at(p, i);

		if (x->state == PTH_ACTIVE && hard)
			kill(x->pid, SIGKILL);
		else if (x->state == PTH_ACTIVE)
			(void)!write(x->ctl, "i", 1);
	}
}

int64_t
pth_runner_next(const struct pth_runner *p)
{
	int64_t t = PTH_NEVER;

	for (size_t i = 0; i < p->n; i++)
		if (run_runner_at(p, i)->state == PTH_WAITING &&
		    run_runner_at(p, i)->not_before > 0 && run_runner_at(p, i)->not_before < t)
			t = run_runner_at(p, i)->not_before;
	return t;
}
