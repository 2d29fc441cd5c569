/* This file gives a test its process: namespaces, view, groups, and the supervisor in it. */
#include "run/runner_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "host/ns.h"
#include "host/run_id.h"
#include "io/event.h"
#include "io/record.h"
#include "supervise/state.h"
#include "supervise/supervisor.h"
#include "supervise/workdir.h"

#define NO_LIMIT_US (366 * 86400 * PTH_SECOND_US)

/* Do the services run where the environment's own program puts them (an
 * engine's containers), and not as our children? */
static bool
is_remote(const json_t *rec)
{
	const json_t *plan = pth_rec_plan(rec);

	return !pth_rec_plan_is_local(plan) && !pth_rec_plan_is_simulated(plan);
}

static unsigned
wanted(const json_t *rec)
{
	const char *isolation = pth_env_isolation(pth_plan_environment(pth_rec_plan(rec)));

	/* A simulator's programs have its network, and none of ours. */
	if (strcmp(isolation, "none") == 0 || strcmp(isolation, "simulator") == 0 || is_remote(rec))
		return 0;
	return strcmp(isolation, "net") == 0 ? PTH_NS_USER | PTH_NS_NET | PTH_NS_PID : PTH_NS_ALL;
}

void
run_runner_group_prefix(const struct pth_entry *x, char to[32])
{
	snprintf(to, 32, "%u.", x->groups);
}

/* What services of the test want, and the run gets with the first of them: control
 * groups, of which the test has a number, and the cache of compiled things. This is
 * opened here, for the test may not see where it lies, or not write there. */
static void
want_of_services(struct pth_runner *r, struct pth_entry *x)
{
	bool grouped = false;
	struct pth_err e;
	json_t *service;
	size_t i;

	json_array_foreach(pth_plan_services(pth_rec_plan(x->rec)), i, service) {
		grouped = grouped ||
		    (!is_remote(x->rec) && pth_limit_wants_group(pth_svc_limits(service)));
		if (r->cached || pth_svc_compile_cache(service) == NULL)
			continue;
		r->cached = true;
		r->cache.fd = pth_cache_open(&e);
		r->cache.max = pth_cache_max();
		if (r->cache.fd < 0)
			pth_warn("%s", e.text);
	}
	if (grouped && !r->grouped)
		pth_cgroups_open(&r->groups, r->owner);
	r->grouped = r->grouped || grouped;
	x->groups = grouped ? ++r->last_groups : 0;
}

/* What the test sees of the file system, when it has mounts of its own. */
static void
furnish_view(const struct pth_runner *r, const struct pth_entry *x, struct pth_ns *ns,
    struct pth_places *places)
{
	const json_t *plan = pth_rec_plan(x->rec);
	pth_auto_strv keep = NULL;
	struct pth_ns_view view = { .run = r->dir->path, .test = places->dir };

	if ((ns->asked & PTH_NS_MOUNT) != 0)
		ns->asked |= PTH_NS_PRIVATE;
	if (pth_env_read_only(pth_plan_environment(plan)))
		ns->asked |= PTH_NS_READ_ONLY;
	if ((ns->used & PTH_NS_MOUNT) == 0)
		return;
	view.common = r->common;
	view.keep = keep = pth_places_seen(places, plan);
	pth_ns_view(ns, &view);
	if ((ns->used & PTH_NS_PRIVATE) != 0)
		places->tmp = "/tmp";
}

/* In the new process: run the test and send its result home. */
static void
supervise(const struct pth_runner *r, const struct pth_entry *x, struct pth_ns *ns, int dirfd,
    int ctl, int report)
{
	pth_auto_buf dir = PTH_BUF_INIT, out = PTH_BUF_INIT, owner = PTH_BUF_INIT;
	struct pth_places places = { .share = r->home->share,
		.libexec = r->home->libexec,
		.bin = r->home->bin,
		.run = r->owner,
		.engine = is_remote(x->rec) };
	struct pth_supervise_req req = { .rec = x->rec,
		.plan = pth_rec_plan(x->rec),
		.places = &places,
		.barred = r->barred,
		.dirfd = dirfd,
		.ctl = ctl,
		.phase = r->stages != NULL ? &r->stages[x->slot] : NULL };
	char unique[PTH_UNIQUE_SIZE], prefix[32];
	struct pth_entry *other;
	json_auto_t *result = NULL;

	for (size_t i = 0; (other = pth_runner_active(r, &i)) != NULL;) {
		pth_close(&other->ctl);
		pth_close(&other->report);
	}
	pth_buf_addf(&dir, "%s/%s", r->dir->path, pth_rec_id(x->rec));
	places.dir = dir.s;
	pth_buf_addf(&owner, "%s.%lu", r->owner, r->pid_ns);
	places.owner = owner.s;
	places.cache = r->cache.fd >= 0 && !places.engine ? &r->cache : NULL;
	pth_run_id_unique(r->owner, dir.s, unique);
	places.unique = unique;
	pth_event_test(pth_rec_id(x->rec));
	pth_event_attempt(x->attempt);
	pth_ns_furnish(ns);
	furnish_view(r, x, ns, &places);
	req.ns = *ns;
	run_runner_group_prefix(x, prefix);
	req.limits = (struct pth_limit_host){ .groups = x->groups != 0 ? &r->groups : NULL,
		.prefix = prefix,
		.counts_users = (ns->used & PTH_NS_USER) != 0 && geteuid() != 0 };
	result = pth_supervise(&req);
	pth_json_dump(&out, result);
	pth_write_all(report, out.s, out.len);
}

/* What the parent keeps of a test that has begun. */
static void
begun(struct pth_runner *r, struct pth_entry *x, const struct pth_ns *ns)
{
	int64_t limit = pth_plan_timeout_us(pth_rec_plan(x->rec));

	x->state = PTH_ACTIVE;
	x->isolated = (ns->used & PTH_NS_NET) != 0 || is_remote(x->rec);
	if (x->claim.isolable)
		r->net = x->isolated ? PTH_NET_OWN : PTH_NET_REFUSED;
	x->started = pth_mono_us();
	x->deadline = pth_mono_us() +
	    (limit > 0 && limit < NO_LIMIT_US ? limit + RUNNER_LATE_US : NO_LIMIT_US);
	r->active++;
	if (!x->isolated && wanted(x->rec) != 0)
		pth_event("environment.degraded", "{s:s,s:s}", "test", pth_rec_id(x->rec), "reason",
		    ns->reason);
}

/* A place for its stage that no active test has. */
static unsigned
free_slot(const struct pth_runner *r)
{
	for (unsigned slot = 0;; slot++) {
		const struct pth_entry *x;
		size_t i = 0;

		while ((x = pth_runner_active(r, &i)) != NULL && x->slot != slot)
			;
		if (x == NULL)
			return slot;
	}
}

static int
launch(struct pth_runner *r, struct pth_entry *x, struct pth_err *e)
{
	const char *id = pth_rec_id(x->rec);
	pth_auto_fd dirfd = pth_rundir_test(r->dir, id, e);
	pth_auto_pipe ctl = PTH_PIPE_INIT, report = PTH_PIPE_INIT;
	struct pth_ns ns;

	if (dirfd < 0 || pth_rundir_put(r->dir, id, "record.json", &x->line, false, e) != 0)
		return -1;
	/* We do not wait for a report, but a supervisor may wait for its reader. */
	if (pth_pipe_open(&ctl) != 0 || pth_pipe_open(&report) != 0 ||
	    fcntl(report.from, F_SETFL, O_NONBLOCK) != 0)
		return pth_err_set(e, PTH_SYSTEM, "pipe:");
	want_of_services(r, x);
	x->slot = free_slot(r);
	if (r->stages != NULL)
		r->stages[x->slot] = PTH_TS_CREATED;
	x->pid = pth_ns_fork(wanted(x->rec), &ns, e);
	if (x->pid < 0)
		return -1;
	if (x->pid == 0) {
		pth_close(&ctl.to);
		pth_close(&report.from);
		supervise(r, x, &ns, dirfd, ctl.from, report.to);
		_exit(0);
	}
	x->ctl = pth_take_fd(&ctl.to);
	x->report = pth_take_fd(&report.from);
	begun(r, x, &ns);
	return 0;
}

int
run_runner_launch(struct pth_runner *r, struct pth_entry *x, struct pth_err *e)
{
	if (launch(r, x, e) == 0)
		return 0;
	/* The next end of a test gives some back. */
	return r->active > 0 && (e->error == EMFILE || e->error == ENFILE || e->error == EAGAIN) ?
	    1 :
	    -1;
}
