#include "warden.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "event.h"
#include "file.h"
#include "json.h"
#include "os.h"
#include "proc.h"
#include "service.h"
#include "when.h"

#define NEVER INT64_MAX
#define SWEEP_LIMIT_US 2000000

/* How bad an ending is; the worst one is the status of the test. */
enum status { COMPLETED, FAILED, CRASHED, TIMEOUT, ERROR, INTERRUPTED };

static const char *const status_names[] = {
	"completed", "failed", "crashed", "timeout", "error", "interrupted",
};

enum stage { SETUP, START, RUN, STOP, TEARDOWN, OVER };

struct warden {
	const struct pth_warden_req *req;
	struct pth_service *v; /* v[0]: the test's own setup commands */
	size_t n;
	struct pth_service teardown;
	json_t *setup_plan, *teardown_plan;
	enum stage stage;
	enum status status;
	char reason[600];
	int64_t zero, deadline, wait_deadline;
	int64_t setup_us, ready_us, run_us; /* ends of the stages */
	int sigfd;
	bool capturing, confirmed;
	struct pth_capture capture;
	json_t *capture_result;
};

/* A worse ending replaces a better one; the first reason of its kind stays. */
static void
ending(struct warden *w, enum status s, const char *fmt, ...)
{
	va_list ap;

	if (s <= w->status)
		return;
	w->status = s;
	va_start(ap, fmt);
	vsnprintf(w->reason, sizeof w->reason, fmt, ap);
	va_end(ap);
}

static void
begin_stop(struct warden *w, int64_t now)
{
	if (w->stage >= STOP)
		return;
	w->stage = STOP;
	w->run_us = now - w->zero;
	pth_event("test.stopping", "{s:s}", "status", status_names[w->status]);
}

/* Programs that the plan names and the machine lacks: say so before anything
 * starts, with the package that has them. */
static bool
requirements_met(struct warden *w)
{
	char **env = pth_places_env(w->req->places, w->req->places->dir, NULL, NULL);
	const char *path = NULL;
	json_t *service, *r;
	size_t i, k;
	bool ok = true;

	for (char **p = env; *p != NULL; p++)
		if (strncmp(*p, "PATH=", 5) == 0)
			path = *p + 5;
	json_array_foreach(json_object_get(w->req->plan, "services"), i, service)
		json_array_foreach(json_object_get(service, "requires"), k, r) {
			struct pth_buf b = PTH_BUF_INIT;
			const char *package = pth_json_str(r, "package", NULL);
			char *found;

			pth_places_expand(w->req->places, pth_json_str(r, "program", ""), &b);
			found = pth_which(b.s, path);
			if (found == NULL) {
				ok = false;
				ending(w, ERROR, "%s: %s not found%s%s", pth_json_str(service, "name", "?"),
				    b.s, package ? "; Debian has it in the package " : "",
				    package ? package : "");
			}
			free(found);
			pth_buf_release(&b);
		}
	pth_strv_free(env);
	return ok;
}

/* Commands of the test itself run as the phase of a service without a run
 * command, with the test's directory as its own. */
static int
init_own(struct warden *w, struct pth_service *s, json_t **plan, const char *name,
    struct pth_err *e)
{
	*plan = json_pack("{s:s,s:b,s:{s:O?}}", "name", name, "finite", 0, "phases", "pre_run",
	    json_object_get(w->req->plan, name));
	if (pth_service_init(s, *plan, w->req->dirfd, w->req->places, e) != 0)
		return -1;
	s->quiet = true;
	free(s->home);
	s->home = pth_xstrdup(w->req->places->dir);
	return 0;
}

static bool
init_services(struct warden *w)
{
	json_t *p, *list = json_object_get(w->req->plan, "services");
	struct pth_err e;
	size_t i;

	w->v = pth_xarray(NULL, json_array_size(list) + 1, sizeof *w->v);
	if (pth_workdir_fill(w->req->dirfd, w->req->plan, w->req->places, &e) != 0 ||
	    init_own(w, &w->v[w->n++], &w->setup_plan, "setup", &e) != 0 ||
	    (json_array_size(json_object_get(w->req->plan, "teardown")) > 0 &&
	    init_own(w, &w->teardown, &w->teardown_plan, "teardown", &e) != 0)) {
		ending(w, ERROR, "%s", e.text);
		return false;
	}
	json_array_foreach(list, i, p)
		if (pth_service_init(&w->v[w->n++], p, w->req->dirfd, w->req->places, &e) != 0) {
			ending(w, ERROR, "%s: %s", pth_json_str(p, "name", "?"), e.text);
			return false;
		}
	return true;
}

/* A directory for temporary files; in memory, and gone with the namespace,
 * where we have mounts of our own. */
static void
tmp_make(struct warden *w)
{
	struct pth_buf b = PTH_BUF_INIT;

	mkdirat(w->req->dirfd, "tmp", 0700);
	if (w->req->ns.used & PTH_NS_MOUNT) {
		pth_buf_addf(&b, "%s/tmp", w->req->places->dir);
		mount("tmpfs", b.s, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0700");
		pth_buf_release(&b);
	}
}

static void
tmp_remove(struct warden *w)
{
	struct pth_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "%s/tmp", w->req->places->dir);
	if (w->req->ns.used & PTH_NS_MOUNT)
		umount2(b.s, MNT_DETACH);
	pth_rmtree(w->req->dirfd, "tmp", NULL);
	pth_buf_release(&b);
}

static void
capture_failed(struct warden *w, const char *interface, const struct pth_err *e)
{
	w->capture_result = json_pack("{s:s}", "error", e->text);
	pth_event("capture.failed", "{s:s,s:s}", "interface", interface, "message", e->text);
}

static const char *
capture_interface(const struct warden *w)
{
	return pth_json_str(json_object_get(w->req->plan, "capture"), "interface", "lo");
}

/* It gets ready while the setup commands run. */
static void
capture_begin(struct warden *w)
{
	const json_t *c = json_object_get(w->req->plan, "capture");
	struct pth_err e;

	if (!json_is_object(c))
		return;
	if (pth_capture_start(&w->capture, capture_interface(w), w->req->dirfd,
	    pth_json_str(c, "file", "capture.pcapng"), (unsigned)pth_json_int(c, "snaplen", 0), &e) != 0)
		capture_failed(w, capture_interface(w), &e);
	else
		w->capturing = true;
}

static void
capture_confirm(struct warden *w)
{
	struct pth_err e;

	if (!w->capturing)
		return;
	if (pth_capture_confirm(&w->capture, &e) != 0) {
		w->capturing = false;
		capture_failed(w, capture_interface(w), &e);
		return;
	}
	w->confirmed = true;
	pth_event("capture.started", "{s:s,s:b}", "interface", capture_interface(w), "isolated",
	    (w->req->ns.used & PTH_NS_NET) != 0);
}

static void
capture_end(struct warden *w)
{
	const json_t *c = json_object_get(w->req->plan, "capture");
	struct pth_capture_result r;
	struct pth_err e;

	if (w->capturing && !w->confirmed)
		capture_confirm(w);
	if (!w->capturing)
		return;
	w->capturing = false;
	if (pth_capture_stop(&w->capture, &r, &e) != 0) {
		capture_failed(w, capture_interface(w), &e);
		return;
	}
	w->capture_result = json_pack("{s:s,s:s,s:I,s:I,s:b}", "file",
	    pth_json_str(c, "file", "capture.pcapng"), "interface", capture_interface(w),
	    "packets", (json_int_t)r.packets, "dropped", (json_int_t)r.dropped, "isolated",
	    (w->req->ns.used & PTH_NS_NET) != 0);
	pth_event("capture.stopped", "{s:I,s:I}", "packets", (json_int_t)r.packets, "dropped",
	    (json_int_t)r.dropped);
}

static struct pth_service *
find(struct warden *w, const char *name)
{
	for (size_t i = 1; i < w->n; i++)
		if (strcmp(w->v[i].name, name) == 0)
			return &w->v[i];
	return NULL;
}

/* May its run command start? All that it comes after are ready. */
static bool
may_start(struct warden *w, const struct pth_service *s)
{
	json_t *a;
	size_t i;

	json_array_foreach(json_object_get(s->plan, "after"), i, a) {
		const struct pth_service *t = find(w, pth_json_str(a, "service", ""));
		bool ended = strcmp(pth_json_str(a, "state", "ready"), "stopped") == 0;

		if (t != NULL && !(ended ? t->exited : pth_service_is_ready(t)))
			return false;
	}
	return true;
}

/* What the end of one service means for the test. */
static void
judge(struct warden *w, struct pth_service *s, int64_t now)
{
	char sig[16];

	if (s->state != PTH_ST_ERROR && s->state != PTH_ST_STOPPED)
		return;
	if (s->exited && s->exit.signaled && s->end != PTH_END_STOPPED && s->end != PTH_END_TIMEOUT) {
		ending(w, CRASHED, "%s died of signal %s%s", s->name,
		    pth_signal_name(s->exit.signal, sig), s->exit.core ? " (core dumped)" : "");
		begin_stop(w, now);
	} else if (s->state == PTH_ST_ERROR) {
		ending(w, ERROR, "%s: %s", s->name, s->error);
		if (s->critical)
			begin_stop(w, now);
	} else if (s->end == PTH_END_TIMEOUT) {
		ending(w, TIMEOUT, "%s was still running after its timeout", s->name);
		begin_stop(w, now);
	} else if (s->end == PTH_END_EXIT && s->exit.code != 0) {
		ending(w, FAILED, "%s ended with exit code %d", s->name, s->exit.code);
		/* Without its server a client would only wait for its own limit. */
		if (!s->finite)
			begin_stop(w, now);
	}
}

static void
stage_start(struct warden *w, int64_t now)
{
	bool all = true;

	for (size_t i = 1; i < w->n; i++) {
		if (!w->v[i].released && may_start(w, &w->v[i]))
			w->v[i].released = true;
		pth_service_step(&w->v[i], now, w->zero);
		judge(w, &w->v[i], now);
		all = all && (pth_service_is_ready(&w->v[i]) ||
		    (w->v[i].state == PTH_ST_ERROR && !w->v[i].critical));
	}
	if (w->stage != START || !all)
		return;
	w->stage = RUN;
	w->ready_us = now - w->zero;
	for (size_t i = 1; i < w->n; i++)
		if (w->v[i].state == PTH_ST_READY)
			pth_service_to(&w->v[i], PTH_ST_RUNNING);
	pth_event("test.running", "{s:I}", "ready_us", (json_int_t)w->ready_us);
	w->wait_deadline = NEVER;
	if (pth_json_int(w->req->plan, "wait_us", 0) > 0)
		w->wait_deadline = now + pth_json_int(w->req->plan, "wait_us", 0);
}

static void
stage_run(struct warden *w, int64_t now)
{
	size_t finite = 0, finite_left = 0, left = 0;

	for (size_t i = 1; i < w->n; i++) {
		struct pth_service *s = &w->v[i];

		pth_service_step(s, now, w->zero);
		judge(w, s, now);
		finite += s->finite;
		left += s->pid > 0;
		finite_left += s->pid > 0 && s->finite;
	}
	if (w->stage != RUN)
		return;
	if ((finite > 0 && finite_left == 0) || left == 0) {
		begin_stop(w, now);
	} else if (now >= w->wait_deadline) {
		/* With nothing to wait for, steps.wait is how long the test lasts. */
		if (finite_left > 0)
			ending(w, TIMEOUT, "%zu of %zu finite services still ran when steps.wait had passed",
			    finite_left, finite);
		begin_stop(w, now);
	}
}

/* Last started, first stopped; the next when the one before has gone. */
static void
stage_stop(struct warden *w, int64_t now)
{
	bool gone = true;

	for (size_t i = w->n; i-- > 0;) {
		struct pth_service *s = &w->v[i];

		if (gone)
			pth_service_stop(s, now);
		pth_service_step(s, now, w->zero);
		gone = gone && s->pid == 0;
	}
	for (size_t i = 0; i < w->n; i++)
		if (!pth_service_is_idle(&w->v[i]))
			gone = false;
	if (gone)
		w->stage = TEARDOWN;
}

/* What setup has made outside of our namespaces is taken down, whatever
 * happened before. */
static void
stage_teardown(struct warden *w, int64_t now)
{
	struct pth_service *s = &w->teardown;

	if (w->teardown_plan == NULL || w->v[0].state == PTH_ST_NEW) {
		w->stage = OVER;
		return;
	}
	if (s->state == PTH_ST_NEW)
		pth_service_begin(s, w->zero);
	pth_service_step(s, now, w->zero);
	if (s->state == PTH_ST_ERROR) {
		ending(w, ERROR, "teardown: %s", s->error);
		pth_event("environment.failed", "{s:s,s:s}", "stage", "teardown", "message", s->error);
		w->stage = OVER;
	} else if (pth_service_is_ready(s)) {
		w->stage = OVER;
	}
}

static void
stage_setup(struct warden *w, int64_t now)
{
	struct pth_service *s = &w->v[0];

	if (s->state == PTH_ST_NEW)
		pth_service_begin(s, w->zero);
	pth_service_step(s, now, w->zero);
	if (s->state == PTH_ST_ERROR) {
		ending(w, ERROR, "setup: %s", s->error);
		begin_stop(w, now);
	} else if (pth_service_is_ready(s)) {
		w->setup_us = now - w->zero;
		pth_event("environment.ready", "{s:I}", "setup_us", (json_int_t)w->setup_us);
		capture_confirm(w);
		for (size_t i = 1; i < w->n; i++)
			pth_service_begin(&w->v[i], w->zero);
		w->stage = START;
	}
}

static void
advance(struct warden *w, int64_t now)
{
	enum stage before;

	if (now >= w->deadline && w->stage < STOP) {
		ending(w, TIMEOUT, "the test's timeout passed");
		begin_stop(w, now);
	}
	do {
		before = w->stage;
		now = pth_mono_us(); /* starting a capture takes a while */
		if (w->stage == SETUP)
			stage_setup(w, now);
		if (w->stage == START)
			stage_start(w, now);
		if (w->stage == RUN)
			stage_run(w, now);
		if (w->stage == STOP)
			stage_stop(w, now);
		if (w->stage == TEARDOWN)
			stage_teardown(w, now);
	} while (w->stage != before && w->stage != OVER);
}

static void
reap_service(struct warden *w, struct pth_service *s)
{
	struct rusage ru;
	int status;
	pid_t pid;

	for (int k = 0; k < 2; k++) {
		pid = k ? s->ready_pid : s->pid;
		if (pid > 0 && wait4(pid, &status, WNOHANG, &ru) == pid)
			pth_service_reaped(s, pid, status, &ru, pth_mono_us(), w->zero);
	}
}

static void
reap(struct warden *w)
{
	struct signalfd_siginfo si;

	while (read(w->sigfd, &si, sizeof si) > 0)
		;
	/* One signal may stand for several children, and not all are services:
	 * ask for each of ours by pid. */
	for (size_t i = 0; i < w->n; i++)
		reap_service(w, &w->v[i]);
	reap_service(w, &w->teardown);
}

/* Orphans that were handed to us: everybody but our own. */
static void
reap_orphans(const struct warden *w)
{
	siginfo_t si;

	for (;;) {
		bool ours;

		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) != 0 || si.si_pid == 0)
			return;
		ours = si.si_pid == w->teardown.pid || (w->capturing && si.si_pid == w->capture.pid);
		for (size_t i = 0; i < w->n; i++)
			ours = ours || si.si_pid == w->v[i].pid || si.si_pid == w->v[i].ready_pid;
		if (ours)
			return;
		waitpid(si.si_pid, NULL, WNOHANG);
	}
}

static int64_t
next_deadline(const struct warden *w)
{
	int64_t t = w->stage < STOP ? w->deadline : NEVER, s;

	if (w->stage == RUN && w->wait_deadline < t)
		t = w->wait_deadline;
	for (size_t i = 0; i <= w->n; i++) {
		s = pth_service_next(i < w->n ? &w->v[i] : &w->teardown);
		t = s < t ? s : t;
	}
	return t;
}

static void
loop(struct warden *w)
{
	int ctl = w->req->ctl;

	for (;;) {
		int64_t now = pth_mono_us(), t;
		struct pollfd p[2] = { { w->sigfd, POLLIN, 0 }, { ctl, POLLIN, 0 } };
		struct timespec ts;

		advance(w, now);
		if (w->stage == OVER)
			return;
		t = next_deadline(w);
		t = t == NEVER ? 3600000000 : t > now ? t - now : 0;
		ts.tv_sec = t / 1000000;
		ts.tv_nsec = t % 1000000 * 1000;
		ppoll(p, 2, &ts, NULL);
		if (p[1].revents) {
			ctl = -1;
			ending(w, INTERRUPTED, "interrupted");
			begin_stop(w, pth_mono_us());
		}
		if (p[0].revents) {
			reap(w);
			reap_orphans(w);
		}
	}
}

static json_t *
result(struct warden *w, const char *started)
{
	int64_t now = pth_mono_us();
	struct pth_buf ended = PTH_BUF_INIT;
	json_t *o = json_object(), *services = json_object();
	int64_t setup = w->setup_us, ready = w->ready_us, run = w->run_us;

	/* A stage that was not reached took no time. */
	ready = ready > setup ? ready : setup;
	run = run > ready ? run : ready;
	pth_rfc3339(&ended, pth_real_us());
	pth_json_set(o, "status", json_string(status_names[w->status]));
	if (*w->reason)
		pth_json_set(o, "reason", pth_json_text(w->reason, strlen(w->reason)));
	pth_json_set(o, "started", json_string(started));
	pth_json_set(o, "ended", json_string(ended.s));
	pth_json_set(o, "duration_us", json_integer(now - w->zero));
	pth_json_set(o, "isolation", json_pack("{s:o,s:o,s:s}", "used",
	    pth_ns_names(w->req->ns.used), "missing", pth_ns_names(PTH_NS_ALL & ~w->req->ns.used),
	    "reason", w->req->ns.reason));
	pth_json_set(o, "capture", w->capture_result ? json_incref(w->capture_result) : json_null());
	pth_json_set(o, "timings", json_pack("{s:I,s:I,s:I,s:I}", "setup_us", (json_int_t)setup,
	    "ready_us", (json_int_t)(ready - setup), "run_us", (json_int_t)(run - ready), "stop_us",
	    (json_int_t)(now - w->zero - run)));
	if (w->n > 0 && json_array_size(w->v[0].phases) > 0)
		pth_json_set(o, "setup", json_incref(w->v[0].phases));
	for (size_t i = 1; i < w->n; i++)
		pth_json_set(services, w->v[i].name, pth_service_result(&w->v[i]));
	pth_json_set(o, "services", services);
	pth_buf_release(&ended);
	return o;
}

static void
open_signals(struct warden *w)
{
	sigset_t set;

	/* A terminal's Ctrl-C reaches us too; only ctl interrupts a test. */
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	w->sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

json_t *
pth_warden_run(const struct pth_warden_req *req)
{
	struct warden w = { .req = req, .zero = pth_mono_us(), .wait_deadline = NEVER };
	int64_t limit = pth_json_int(req->plan, "timeout_us", 0);
	struct pth_buf started = PTH_BUF_INIT;
	json_t *o;

	pth_rfc3339(&started, pth_real_us());
	w.deadline = limit > 0 ? w.zero + limit : NEVER;
	open_signals(&w);
	if (!(req->ns.used & PTH_NS_PID))
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pth_event("test.started", "{s:o,s:s}", "isolation", pth_ns_names(req->ns.used), "missing_reason",
	    req->ns.reason);
	tmp_make(&w);
	if (requirements_met(&w) && init_services(&w)) {
		capture_begin(&w);
		loop(&w);
	}
	capture_end(&w);
	if (req->ns.used & PTH_NS_PID)
		pth_ns_sweep();
	else
		pth_proc_sweep(SWEEP_LIMIT_US);
	tmp_remove(&w);
	o = result(&w, started.s);
	pth_event("test.ended", "{s:s,s:s,s:I}", "status", status_names[w.status], "reason", w.reason,
	    "duration_us", (json_int_t)(pth_mono_us() - w.zero));
	for (size_t i = 0; i < w.n; i++)
		pth_service_release(&w.v[i]);
	free(w.v);
	if (w.teardown_plan != NULL)
		pth_service_release(&w.teardown);
	json_decref(w.setup_plan);
	json_decref(w.teardown_plan);
	json_decref(w.capture_result);
	close(w.sigfd);
	pth_buf_release(&started);
	return o;
}
