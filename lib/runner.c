#include "runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "digest.h"
#include "event.h"
#include "fault.h"
#include "intake.h"
#include "json.h"
#include "ns.h"
#include "os.h"
#include "owner.h"
#include "rec.h"
#include "state.h"
#include "warden.h"
#include "when.h"

#define WINDOW_PER_JOB 8
#define WINDOW_TO_REORDER 64 /* at least, where the order is not that of the input */
#define LATE_US (60 * 1000000LL) /* grace beyond all limits of the test */
#define RETRY_FIRST_US 500000
#define NO_LIMIT_US (366LL * 86400 * 1000000)

void
pth_runner_init(struct pth_runner *p, struct pth_rundir *dir, const char *share,
    const char *libexec, unsigned jobs, enum pth_order order)
{
	memset(p, 0, sizeof *p);
	p->dir = dir;
	p->share = share;
	p->libexec = libexec;
	p->owner = pth_owner_text();
	p->jobs = jobs;
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

static struct pth_entry *
at(const struct pth_runner *p, size_t i)
{
	return &p->v[(p->first + i) % p->window];
}

void
pth_runner_release(struct pth_runner *p)
{
	for (size_t i = 0; i < p->n; i++) {
		json_decref(at(p, i)->rec);
		pth_buf_release(&at(p, i)->out);
		pth_buf_release(&at(p, i)->line);
		pth_claim_release(&at(p, i)->claim);
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
	return i < p->n ? at(p, i) : NULL;
}

unsigned
pth_runner_phase(const struct pth_runner *p, const struct pth_entry *x)
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
	    UINT64_MAX - (uint64_t)x->expected : 0;
}

void
pth_runner_add(struct pth_runner *p, json_t *rec, struct pth_buf *line, bool run,
    int64_t expected)
{
	struct pth_entry *x = at(p, p->n++);

	*x = (struct pth_entry){ .rec = rec, .line = *line, .state = run ? PTH_WAITING : PTH_DONE, .ctl = -1,
		.report = -1, .attempt = 1, .expected = expected, .serial = p->added++ };
	*line = (struct pth_buf)PTH_BUF_INIT;
	x->rank = rank_of(p, x);
	if (run)
		pth_claim_of(pth_rec_plan(rec), &x->claim);
}

int
pth_runner_store(struct pth_runner *p, struct pth_err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		struct pth_entry *x = at(p, i);

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

	while (i < last && at(p, i)->state != PTH_DONE)
		i++;
	if (i == last)
		return NULL;
	/* The gap of a later one is filled by those before it. */
	for (x = *at(p, i); i > 0; i--)
		*at(p, i) = *at(p, i - 1);
	pth_buf_release(&x.out);
	pth_buf_release(&x.line);
	pth_claim_release(&x.claim);
	p->first = (p->first + 1) % p->window;
	p->n--;
	return x.rec;
}

static const json_t *
environment(const json_t *rec)
{
	return json_object_get(pth_rec_plan(rec), "environment");
}

/* Do the services run where the environment's own program puts them (an
 * engine's containers), and not as our children? */
static bool
is_remote(const json_t *rec)
{
	return strcmp(pth_json_str(environment(rec), "type", "localhost"), "localhost") != 0;
}

static unsigned
wanted(const json_t *rec)
{
	const char *iso = pth_json_str(environment(rec), "isolation", "full");

	if (strcmp(iso, "none") == 0 || is_remote(rec))
		return 0;
	if (strcmp(iso, "net") == 0)
		return PTH_NS_USER | PTH_NS_NET | PTH_NS_PID;
	return PTH_NS_ALL;
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
	struct pth_turn t = { .claim = &x->claim, .rank = x->rank, .passed = x->passed,
		.host = on_host(p, x) };

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
		p->turns[i] = turn(p, at(p, i), now);
	k = pth_schedule_next(p->turns, p->n, p->jobs, p->window);
	for (size_t i = 0; i < k && k < p->n; i++)
		at(p, i)->passed += p->turns[i].state == PTH_TURN_WAITS;
	return k < p->n ? at(p, k) : NULL;
}

/* Does a service of it have limits that need a group? Then the run gets a
 * place for groups, and the test a number. */
static void
want_groups(struct pth_runner *p, struct pth_entry *x)
{
	json_t *s;
	size_t i;

	x->groups = 0;
	json_array_foreach(json_object_get(pth_rec_plan(x->rec), "services"), i, s) {
		if (is_remote(x->rec) || !pth_limit_wants_group(json_object_get(s, "limits")))
			continue;
		if (!p->grouped)
			pth_cgroups_open(&p->groups, p->owner);
		p->grouped = true;
		x->groups = ++p->last_groups;
		return;
	}
}

/* What its groups are called by. */
static void
group_prefix(const struct pth_entry *x, char to[32])
{
	snprintf(to, 32, "%u.", x->groups);
}

/* Does a service of it want the cache of compiled things? Opened here, for
 * the test may not see where it lies, or not write there. */
static void
want_cache(struct pth_runner *p, const struct pth_entry *x)
{
	struct pth_err e;
	json_t *s;
	size_t i;

	json_array_foreach(json_object_get(pth_rec_plan(x->rec), "services"), i, s) {
		if (p->cached || json_object_get(s, "compile_cache") == NULL)
			continue;
		p->cached = true;
		p->cache.fd = pth_cache_open(&e);
		if (p->cache.fd < 0)
			pth_warn("%s", e.text);
	}
}

/* What the test sees of the file system, when it has mounts of its own. */
static void
furnish_view(const struct pth_runner *p, const struct pth_entry *x, struct pth_ns *ns,
    struct pth_places *places)
{
	const json_t *plan = pth_rec_plan(x->rec);
	char **keep;
	struct pth_ns_view view = { .run = p->dir->path, .test = places->dir,
		.read_only = pth_json_bool(environment(x->rec), "read_only", false) };

	if (ns->asked & PTH_NS_MOUNT)
		ns->asked |= PTH_NS_PRIVATE;
	if (view.read_only)
		ns->asked |= PTH_NS_READ_ONLY;
	if (!(ns->used & PTH_NS_MOUNT))
		return;
	keep = pth_places_seen(places, plan);
	view.keep = (const char *const *)keep;
	pth_ns_view(ns, &view);
	pth_strv_free(keep);
	if (ns->used & PTH_NS_PRIVATE)
		places->tmp = "/tmp";
}

/* In the new process: run the test and send its result home. */
static void
warden(const struct pth_runner *p, const struct pth_entry *x, struct pth_ns *ns, int dirfd,
    int ctl, int report)
{
	struct pth_buf dir = PTH_BUF_INIT, out = PTH_BUF_INIT;
	struct pth_places places = { .share = p->share, .libexec = p->libexec, .bin = p->bin,
		.owner = p->owner, .engine = is_remote(x->rec),
		.cache = p->cache.fd >= 0 && !is_remote(x->rec) ? &p->cache : NULL };
	struct pth_warden_req req = { .rec = x->rec, .plan = pth_rec_plan(x->rec), .places = &places,
		.dirfd = dirfd, .ctl = ctl, .phase = p->phases ? &p->phases[x->slot] : NULL };
	char unique[PTH_UNIQUE_SIZE], prefix[32];
	json_t *result;

	for (size_t i = 0; i < p->n; i++)
		if (at(p, i)->state == PTH_ACTIVE) {
			close(at(p, i)->ctl);
			close(at(p, i)->report);
		}
	pth_buf_addf(&dir, "%s/%s", p->dir->path, pth_rec_id(x->rec));
	places.dir = dir.s;
	pth_owner_unique(p->owner, dir.s, unique);
	places.unique = unique;
	pth_event_test(pth_rec_id(x->rec));
	pth_ns_furnish(ns);
	furnish_view(p, x, ns, &places);
	req.ns = *ns;
	group_prefix(x, prefix);
	req.limits = (struct pth_limit_host){ .groups = x->groups ? &p->groups : NULL,
		.prefix = prefix, .counts_users = (ns->used & PTH_NS_USER) && geteuid() != 0 };
	result = pth_warden_run(&req);
	pth_json_dump(&out, result);
	pth_write_all(report, out.s, out.len);
	json_decref(result);
	pth_buf_release(&dir);
	pth_buf_release(&out);
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
	pth_json_push(x->tries, json_pack("{s:i,s:s,s:s,s:I,s:o}", "attempt", x->attempt, "status",
	    pth_json_str(result, "status", ""), "reason", pth_json_str(result, "reason", ""),
	    "duration_us", (json_int_t)pth_json_int(result, "duration_us", 0), "dir",
	    json_sprintf("tries/%s-%d", pth_rec_id(x->rec), x->attempt)));
	pth_event("test.retried", "{s:s,s:i,s:s,s:I}", "test", pth_rec_id(x->rec), "attempt",
	    x->attempt, "status", pth_json_str(result, "status", ""), "pause_us", (json_int_t)pause);
	json_object_del(x->rec, "result");
	pth_buf_release(&x->out);
	x->attempt++;
	x->not_before = pth_mono_us() + pause;
	x->state = PTH_WAITING;
	return 0;
}

/* No more tests are begun. */
static void
stop_waiting(struct pth_runner *p, const char *status, const char *reason)
{
	for (size_t i = 0; i < p->n; i++) {
		struct pth_entry *x = at(p, i);

		if (x->state != PTH_WAITING)
			continue;
		x->state = PTH_DONE;
		pth_json_set(x->rec, "result", pth_result_without(status, reason));
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
		snprintf(reason, sizeof reason, "fast fail: %s", p->fastfail.reason);
		stop_waiting(p, "skipped", reason);
	}
	x->fresh = true;
	return 0;
}

/* What the parent keeps of a test that has begun. */
static void
begun(struct pth_runner *p, struct pth_entry *x, const struct pth_ns *ns)
{
	int64_t limit = pth_json_int(pth_rec_plan(x->rec), "timeout_us", 0);

	x->state = PTH_ACTIVE;
	x->isolated = (ns->used & PTH_NS_NET) != 0 || is_remote(x->rec);
	if (x->claim.isolable)
		p->net = x->isolated ? PTH_NET_OWN : PTH_NET_REFUSED;
	x->started = pth_mono_us();
	x->deadline = pth_mono_us() +
	    (limit > 0 && limit < NO_LIMIT_US ? limit + LATE_US : NO_LIMIT_US);
	p->active++;
	if (x->isolated)
		return;
	pth_event("environment.degraded", "{s:s,s:s}", "test", pth_rec_id(x->rec), "reason",
	    wanted(x->rec) == 0 ? "isolation: none was asked for" : ns->reason);
}

/* A place for its phase that no active test has. */
static unsigned
free_slot(const struct pth_runner *p)
{
	for (unsigned slot = 0;; slot++) {
		bool taken = false;

		for (size_t i = 0; i < p->n && !taken; i++)
			taken = at(p, i)->state == PTH_ACTIVE && at(p, i)->slot == slot;
		if (!taken)
			return slot;
	}
}

/* Start the test of entry x. */
static int
launch(struct pth_runner *p, struct pth_entry *x, struct pth_err *e)
{
	int ctl[2], report[2], dirfd;
	struct pth_ns ns;

	dirfd = pth_rundir_test(p->dir, pth_rec_id(x->rec), e);
	if (dirfd < 0 || pth_rundir_note(p->dir, pth_rec_id(x->rec), "record.json", &x->line, e) != 0)
		return -1;
	if (pipe2(ctl, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC | O_NONBLOCK) != 0)
		return pth_err_set(e, PTH_SYSTEM, "pipe:");
	want_groups(p, x);
	want_cache(p, x);
	x->slot = free_slot(p);
	if (p->phases != NULL)
		p->phases[x->slot] = PTH_TS_CREATED;
	x->pid = pth_ns_fork(wanted(x->rec), &ns, e);
	if (x->pid < 0)
		return -1;
	if (x->pid == 0) {
		close(ctl[1]);
		close(report[0]);
		fcntl(report[1], F_SETFL, 0); /* the warden may wait for its reader */
		warden(p, x, &ns, dirfd, ctl[0], report[1]);
		_exit(0);
	}
	close(dirfd);
	close(ctl[0]);
	close(report[1]);
	x->ctl = ctl[1];
	x->report = report[0];
	begun(p, x, &ns);
	return 0;
}

int
pth_runner_start(struct pth_runner *p, struct pth_err *e)
{
	struct pth_entry *x;

	while (p->active < p->jobs && (x = choose(p)) != NULL) {
		if (!pth_fastfail_disk(&p->fastfail, x->rec, p->dir->fd)) {
			stop_waiting(p, "skipped", p->fastfail.reason);
			return 0;
		}
		if (launch(p, x, e) != 0)
			return -1;
	}
	return 0;
}

size_t
pth_runner_fds(const struct pth_runner *p, int *fds, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n && n < max; i++)
		if (at(p, i)->state == PTH_ACTIVE)
			fds[n++] = at(p, i)->report;
	return n;
}

/* The warden has closed its report: its result, or what can be said without.
 * A warden that reported well is reaped later: the kernel takes its time to
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
		    WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) :
		    WEXITSTATUS(status));
		result = pth_result_without(p->interrupted ? "interrupted" : "error", reason);
		pth_rundir_tidy(p->dir, pth_rec_id(x->rec));
	}
	/* Now that its processes have gone with the warden. */
	if (x->groups != 0) {
		group_prefix(x, reason);
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
		if (at(p, i)->state == PTH_ACTIVE && at(p, i)->pid == pid)
			return true;
	return false;
}

/* Reap wardens that have reported; one that has not is its entry's business. */
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
		x->deadline = pth_mono_us() + LATE_US;
		kill(x->pid, SIGKILL);
	}
	return 0;
}

int
pth_runner_attend(struct pth_runner *p, struct pth_err *e)
{
	for (size_t i = 0; i < p->n; i++)
		if (at(p, i)->state == PTH_ACTIVE && attend(p, at(p, i), e) != 0)
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
		struct pth_entry *x = at(p, i);

		if (x->state == PTH_ACTIVE && hard)
			kill(x->pid, SIGKILL);
		else if (x->state == PTH_ACTIVE)
			(void)!write(x->ctl, "i", 1);
	}
}

int64_t
pth_runner_next(const struct pth_runner *p)
{
	int64_t t = INT64_MAX;

	for (size_t i = 0; i < p->n; i++)
		if (at(p, i)->state == PTH_WAITING && at(p, i)->not_before > 0 &&
		    at(p, i)->not_before < t)
			t = at(p, i)->not_before;
	return t;
}
