/* A test gets its process: namespaces, view, groups, and the supervisor in it. */
#include "run/runner_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/strv.h"
#include "host/ns.h"
#include "host/run_id.h"
#include "io/event.h"
#include "io/json.h"
#include "io/rec.h"
#include "supervise/state.h"
#include "supervise/supervisor.h"
#include "supervise/workdir.h"

#define NO_LIMIT_US (366 * 86400 * PTH_SECOND_US)

static const json_t *
environment(const json_t *rec)
{
	return json_object_get(pth_rec_plan(rec), "environment");
}

bool
run_runner_is_remote(const json_t *rec)
{
	return !pth_rec_plan_is_local(pth_rec_plan(rec));
}

static unsigned
wanted(const json_t *rec)
{
	const char *iso = pth_json_str(environment(rec), "isolation", "full");

	if (strcmp(iso, "none") == 0 || run_runner_is_remote(rec))
		return 0;
	if (strcmp(iso, "net") == 0)
		return PTH_NS_USER | PTH_NS_NET | PTH_NS_PID;
	return PTH_NS_ALL;
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
		if (run_runner_is_remote(x->rec) ||
		    !pth_limit_wants_group(json_object_get(s, "limits")))
			continue;
		if (!p->grouped)
			pth_cgroups_open(&p->groups, p->owner);
		p->grouped = true;
		x->groups = ++p->last_groups;
		return;
	}
}

void
run_runner_group_prefix(const struct pth_entry *x, char to[32])
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
		p->cache.max = pth_cache_max();
		if (p->cache.fd < 0)
			pth_warn("%s", e.text);
	}
}

static void
want_common(struct pth_runner *p)
{
	const struct pth_places places = {
		.share = p->share, .libexec = p->libexec, .bin = p->bin
	};

	if (p->common != NULL)
		return;
	p->common = pth_places_common(&places);
	pth_ns_hidden(p->common);
}

/* What the test sees of the file system, when it has mounts of its own. */
static void
furnish_view(const struct pth_runner *p, const struct pth_entry *x, struct pth_ns *ns,
    struct pth_places *places)
{
	const json_t *plan = pth_rec_plan(x->rec);
	char **keep;
	struct pth_ns_view view = { .run = p->dir->path,
		.test = places->dir,
		.read_only = pth_json_bool(environment(x->rec), "read_only", false) };

	if ((ns->asked & PTH_NS_MOUNT) != 0)
		ns->asked |= PTH_NS_PRIVATE;
	if (view.read_only)
		ns->asked |= PTH_NS_READ_ONLY;
	if ((ns->used & PTH_NS_MOUNT) == 0)
		return;
	view.common = p->common;
	view.keep = keep = pth_places_seen(places, plan);
	pth_ns_view(ns, &view);
	pth_strv_free(keep);
	if ((ns->used & PTH_NS_PRIVATE) != 0)
		places->tmp = "/tmp";
}

/* In the new process: run the test and send its result home. */
static void
supervisor(const struct pth_runner *p, const struct pth_entry *x, struct pth_ns *ns, int dirfd,
    int ctl, int report)
{
	struct pth_buf dir = PTH_BUF_INIT, out = PTH_BUF_INIT;
	struct pth_places places = { .share = p->share,
		.libexec = p->libexec,
		.bin = p->bin,
		.owner = p->owner,
		.engine = run_runner_is_remote(x->rec),
		.cache = p->cache.fd >= 0 && !run_runner_is_remote(x->rec) ? &p->cache : NULL };
	struct pth_supervise_req req = { .rec = x->rec,
		.plan = pth_rec_plan(x->rec),
		.places = &places,
		.dirfd = dirfd,
		.ctl = ctl,
		.phase = p->phases != NULL ? &p->phases[x->slot] : NULL };
	char unique[PTH_UNIQUE_SIZE], prefix[32];
	json_t *result;

	for (size_t i = 0; i < p->n; i++)
		if (run_runner_at(p, i)->state == PTH_ACTIVE) {
			close(run_runner_at(p, i)->ctl);
			close(run_runner_at(p, i)->report);
		}
	pth_buf_addf(&dir, "%s/%s", p->dir->path, pth_rec_id(x->rec));
	places.dir = dir.s;
	pth_run_id_unique(p->owner, dir.s, unique);
	places.unique = unique;
	pth_event_test(pth_rec_id(x->rec));
	pth_ns_furnish(ns);
	furnish_view(p, x, ns, &places);
	req.ns = *ns;
	run_runner_group_prefix(x, prefix);
	req.limits = (struct pth_limit_host){ .groups = x->groups != 0 ? &p->groups : NULL,
		.prefix = prefix,
		.counts_users = (ns->used & PTH_NS_USER) != 0 && geteuid() != 0 };
	result = pth_supervise(&req);
	pth_json_dump(&out, result);
	pth_write_all(report, out.s, out.len);
	json_decref(result);
	pth_buf_release(&dir);
	pth_buf_release(&out);
}

/* What the parent keeps of a test that has begun. */
static void
begun(struct pth_runner *p, struct pth_entry *x, const struct pth_ns *ns)
{
	int64_t limit = pth_json_int(pth_rec_plan(x->rec), "timeout_us", 0);

	x->state = PTH_ACTIVE;
	x->isolated = (ns->used & PTH_NS_NET) != 0 || run_runner_is_remote(x->rec);
	if (x->claim.isolable)
		p->net = x->isolated ? PTH_NET_OWN : PTH_NET_REFUSED;
	x->started = pth_mono_us();
	x->deadline = pth_mono_us() +
	    (limit > 0 && limit < NO_LIMIT_US ? limit + RUNNER_LATE_US : NO_LIMIT_US);
	p->active++;
	if (!x->isolated && wanted(x->rec) != 0)
		pth_event("environment.degraded", "{s:s,s:s}", "test", pth_rec_id(x->rec), "reason",
		    ns->reason);
}

/* A place for its phase that no active test has. */
static unsigned
free_slot(const struct pth_runner *p)
{
	for (unsigned slot = 0;; slot++) {
		bool taken = false;

		for (size_t i = 0; i < p->n && !taken; i++)
			taken = run_runner_at(p, i)->state == PTH_ACTIVE &&
			    run_runner_at(p, i)->slot == slot;
		if (!taken)
			return slot;
	}
}

/* In the child, which ends here. */
static void
become_warden(const struct pth_runner *p, const struct pth_entry *x, struct pth_ns *ns, int dirfd,
    const int ctl[2], const int report[2])
{
	close(ctl[1]);
	close(report[0]);
	fcntl(report[1], F_SETFL, 0); /* the supervisor may wait for its reader */
	supervisor(p, x, ns, dirfd, ctl[0], report[1]);
	_exit(0);
}

static void
close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

int
run_runner_launch(struct pth_runner *p, struct pth_entry *x, struct pth_err *e)
{
	int fds[5] = { -1, -1, -1, -1, -1 }, *ctl = fds, *report = fds + 2, *dirfd = fds + 4;
	const char *id = pth_rec_id(x->rec);
	struct pth_ns ns;

	*dirfd = pth_rundir_test(p->dir, id, e);
	if (*dirfd < 0 || pth_rundir_note(p->dir, id, "record.json", &x->line, e) != 0)
		goto fail;
	if (pipe2(ctl, O_CLOEXEC) != 0 || pipe2(report, O_CLOEXEC | O_NONBLOCK) != 0) {
		pth_err_set(e, PTH_SYSTEM, "pipe:");
		goto fail;
	}
	want_groups(p, x);
	want_cache(p, x);
	want_common(p);
	x->slot = free_slot(p);
	if (p->phases != NULL)
		p->phases[x->slot] = PTH_TS_CREATED;
	x->pid = pth_ns_fork(wanted(x->rec), &ns, e);
	if (x->pid < 0)
		goto fail;
	if (x->pid == 0)
		become_warden(p, x, &ns, *dirfd, ctl, report);
	x->ctl = ctl[1];
	x->report = report[0];
	close(*dirfd);
	close(ctl[0]);
	close(report[1]);
	begun(p, x, &ns);
	return 0;
fail:
	/* The next end of a test gives some back. */
	if (p->active > 0 && (errno == EMFILE || errno == ENFILE || errno == EAGAIN)) {
		close_all(fds, countof(fds));
		return 1;
	}
	close_all(fds, countof(fds));
	return -1;
}
