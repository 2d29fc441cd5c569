/* The stages of a test from its first command to its last, and its loop. */
#include "supervise/warden_priv.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/file.h"
#include "io/event.h"
#include "io/json.h"
#include "base/clock.h"

#define SWEEP_LIMIT_US 2000000
#define OTHER_FDS 160 /* to poll, beside those of assertions */

/* plan "announce": a file that says that all services are ready, for those
 * who look from outside of a container. */
static void
announce(const struct warden *w)
{
	const char *path = pth_json_str(w->req->plan, "announce", NULL);
	int fd = path ? pth_file_make(w->req->dirfd, path, O_WRONLY | O_CREAT, NULL) : -1;

	if (fd >= 0)
		close(fd);
}

void
warden_to(struct warden *w, enum pth_test_state to)
{
	pth_machine_check(&pth_test_machine, "", w->state, to);
	w->state = to;
	if (w->req->phase != NULL)
		*w->req->phase = (unsigned char)to;
	switch (to) {
	case PTH_TS_SETTING_UP:
		pth_event("test.setting_up", "{}");
		break;
	case PTH_TS_DEPLOYING:
		pth_event("test.deploying", "{s:I}", "setup_us", (json_int_t)w->setup_us);
		break;
	case PTH_TS_RUNNING:
		announce(w);
		pth_event("test.running", "{s:I}", "ready_us", (json_int_t)w->ready_us);
		break;
	case PTH_TS_ASSERTING:
		pth_event("test.asserting", "{s:i}", "assertions", (int)w->assertions.n);
		break;
	case PTH_TS_STOPPING:
		pth_event("test.stopping", "{s:s}", "status", warden_status_name(w->status));
		break;
	case PTH_TS_TEARING_DOWN:
		pth_event("test.tearing_down", "{}");
		break;
	case PTH_TS_ENDED:
		pth_event("test.ended", "{s:s,s:s,s:I}", "status", warden_status_name(w->status), "reason",
		    w->reason, "duration_us", (json_int_t)(pth_mono_us() - w->zero));
		break;
	default:
		break;
	}
}

static void
env_to(struct warden *w, enum pth_env_state to, const char *message)
{
	pth_machine_check(&pth_env_machine, "", w->env, to);
	switch (to) {
	case PTH_ES_SETTING_UP:
		pth_event("environment.setting_up", "{}");
		break;
	case PTH_ES_READY:
		pth_event("environment.ready", "{s:I}", "setup_us", (json_int_t)w->setup_us);
		break;
	case PTH_ES_TEARING_DOWN:
		pth_event("environment.tearing_down", "{}");
		break;
	case PTH_ES_TORN_DOWN:
		pth_event("environment.torn_down", "{}");
		break;
	case PTH_ES_ERROR:
		pth_event("environment.failed", "{s:s,s:s}", "stage", w->env == PTH_ES_SETTING_UP ?
		    "setup" : "teardown", "message", message);
		break;
	default:
		break;
	}
	w->env = to;
}

void
warden_begin_stop(struct warden *w, int64_t now)
{
	if (w->state >= PTH_TS_STOPPING)
		return;
	warden_watch_last(w, now);
	pth_steps_stop(&w->steps, now);
	warden_ask_stop(w, now);
	if (w->state != PTH_TS_ASSERTING)
		w->run_us = now - w->zero;
	warden_to(w, PTH_TS_STOPPING);
}

/* Run commands of the test: 1 done, 0 not yet, -1 one failed. */
static int
step_own(struct warden *w, int which, int64_t now)
{
	struct pth_service *s = &w->own[which].s;

	if (!w->own[which].there)
		return 1;
	if (s->state == PTH_ST_NEW)
		pth_service_begin(s, w->zero);
	pth_service_step(s, now, w->zero);
	return s->state == PTH_ST_ERROR ? -1 : pth_service_is_ready(s) ? 1 : 0;
}

static void
stage_setup(struct warden *w, int64_t now)
{
	int r = w->prepared ? 1 : step_own(w, SETUP, now);

	if (r < 0) {
		warden_ending(w, ERROR, "setup: %s", w->own[SETUP].s.error);
		env_to(w, PTH_ES_ERROR, w->own[SETUP].s.error);
	} else if (r > 0 && !w->prepared) {
		w->prepared = true;
		w->setup_us = now - w->zero;
		env_to(w, PTH_ES_READY, NULL);
		warden_capture_confirm(w);
	}
	if (r > 0 && (r = step_own(w, PRE, now)) < 0)
		warden_ending(w, ERROR, "pre_commands: %s", w->own[PRE].s.error);
	if (r < 0) {
		warden_begin_stop(w, now);
	} else if (r > 0) {
		warden_to(w, PTH_TS_DEPLOYING);
		for (size_t i = 0; i < w->n; i++)
			pth_service_begin(&w->v[i], w->zero);
	} else if (now >= w->deploy_deadline) {
		warden_ending(w, TIMEOUT, "%s: deploy_timeout has passed",
		    w->own[w->prepared ? PRE : SETUP].name);
		warden_begin_stop(w, now);
	}
}

/* Stop s when those started after it have gone; true when it has gone too. */
static bool
stop_one(struct warden *w, struct pth_service *s, bool gone, int64_t now)
{
	if (gone)
		pth_service_stop(s, now);
	pth_service_step(s, now, w->zero);
	return gone && s->pid == 0;
}

/* Last started, first stopped; the next when the one before has gone. */
static void
stage_stop(struct warden *w, int64_t now)
{
	bool gone = true;

	for (size_t i = w->n; i-- > 0;)
		gone = stop_one(w, &w->v[i], gone, now);
	for (int i = PRE; i >= SETUP; i--)
		if (w->own[i].there && w->own[i].s.state != PTH_ST_NEW)
			gone = stop_one(w, &w->own[i].s, gone, now);
	for (size_t i = 0; i < w->n; i++)
		if (!pth_service_is_idle(&w->v[i]))
			gone = false;
	if (!gone)
		return;
	pth_assertions_after(&w->assertions);
	warden_to(w, PTH_TS_TEARING_DOWN);
}

static void
judge_assertions(struct warden *w)
{
	char text[600];
	const char *failure = pth_assertions_failure(&w->assertions, text);

	if (failure != NULL)
		warden_ending(w, FAILED, "%s", failure);
}

/* A command after the services that failed; all have had their turn. */
static void
judge_post(struct warden *w)
{
	char how[64];
	json_t *p;
	size_t i;

	if (!w->own[POST].there)
		return;
	json_array_foreach(w->own[POST].s.phases, i, p) {
		const char *signal = pth_json_str(p, "signal", NULL);
		int64_t code = pth_json_int(p, "code", -1);

		if (code == 0)
			continue;
		if (pth_json_bool(p, "timeout", false))
			snprintf(how, sizeof how, "took too long");
		else if (signal != NULL)
			snprintf(how, sizeof how, "ended with signal %s", signal);
		else
			snprintf(how, sizeof how, "ended with exit code %d", (int)code);
		warden_ending(w, FAILED, "post_commands: %s %s; see %s.stderr.log",
		    pth_json_str(p, "argv0", "?"), how, pth_json_str(p, "log", ""));
	}
	if (w->own[POST].s.error[0] != '\0')
		warden_ending(w, FAILED, "post_commands: %s", w->own[POST].s.error);
}

/* What setup has made outside of our namespaces is taken down, whatever
 * happened before. */
static void
stage_teardown(struct warden *w, int64_t now)
{
	int r;

	if (w->prepared && step_own(w, POST, now) == 0)
		return;
	if (w->env != PTH_ES_TEARING_DOWN) {
		int64_t limit = pth_json_int(json_object_get(w->req->plan, "environment"),
		    "teardown_timeout_us", 0);

		judge_assertions(w);
		judge_post(w);
		w->teardown_deadline = limit > 0 ? now + limit : NEVER;
		env_to(w, PTH_ES_TEARING_DOWN, NULL);
	}
	r = step_own(w, TEARDOWN, now);
	if (r == 0 && now < w->teardown_deadline)
		return;
	if (r <= 0) {
		const char *why = r < 0 ? w->own[TEARDOWN].s.error : "it took too long";

		warden_ending(w, ERROR, "teardown: %s", why);
		env_to(w, PTH_ES_ERROR, why);
	} else {
		env_to(w, PTH_ES_TORN_DOWN, NULL);
	}
	w->over = true;
}

static void
advance(struct warden *w, int64_t now)
{
	enum pth_test_state before;

	if (now >= w->deadline && w->state < PTH_TS_STOPPING) {
		char where[64];

		if (w->state == PTH_TS_RUNNING && !pth_steps_done(&w->steps))
			warden_ending(w, TIMEOUT, "the test's timeout passed before %s had ended",
			    pth_steps_current(&w->steps, where));
		warden_ending(w, TIMEOUT, "the test's timeout passed");
		warden_begin_stop(w, now);
	}
	do {
		before = w->state;
		now = pth_mono_us(); /* starting a capture takes a while */
		switch (w->state) {
		case PTH_TS_SETTING_UP: stage_setup(w, now); break;
		case PTH_TS_DEPLOYING: warden_deploy(w, now); break;
		case PTH_TS_RUNNING: warden_run(w, now); break;
		case PTH_TS_ASSERTING: warden_assert(w, now); break;
		case PTH_TS_STOPPING: stage_stop(w, now); break;
		case PTH_TS_TEARING_DOWN: stage_teardown(w, now); break;
		default: return;
		}
	} while (w->state != before && !w->over);
	warden_watch(w, now);
}

struct pth_service *
warden_nth(struct warden *w, size_t i)
{
	return i < w->n ? &w->v[i] : i < w->n + OWNS ? &w->own[i - w->n].s : NULL;
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
	struct pth_service *s;
	int status;

	while (read(w->sigfd, &si, sizeof si) > 0)
		;
	/* One signal may stand for several children, and not all are services:
	 * ask for each of ours by pid. */
	for (size_t i = 0; (s = warden_nth(w, i)) != NULL; i++)
		reap_service(w, s);
	if (w->steps.pid > 0 && waitpid(w->steps.pid, &status, WNOHANG) == w->steps.pid)
		pth_steps_reaped(&w->steps, status, pth_mono_us());
	warden_ask_reap(w);
}

/* Orphans that were handed to us: everybody but our own. */
static void
reap_orphans(struct warden *w)
{
	struct pth_service *s;
	siginfo_t si;

	for (;;) {
		bool ours;

		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) != 0 || si.si_pid == 0)
			return;
		ours = si.si_pid == w->steps.pid || warden_ask_is(w, si.si_pid) ||
		    warden_capture_is(w, si.si_pid);
		for (size_t i = 0; (s = warden_nth(w, i)) != NULL; i++)
			ours = ours || si.si_pid == s->pid || si.si_pid == s->ready_pid;
		if (ours)
			return;
		waitpid(si.si_pid, NULL, WNOHANG);
	}
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
next_deadline(struct warden *w)
{
	int64_t t = w->state < PTH_TS_STOPPING ? w->deadline : NEVER;
	struct pth_service *s;

	if (w->state <= PTH_TS_DEPLOYING)
		t = earlier(t, w->deploy_deadline);
	if (w->state == PTH_TS_RUNNING)
		t = earlier(earlier(earlier(t, w->wait_deadline), warden_ask_next(w)),
		    earlier(w->look_next, pth_steps_next(&w->steps)));
	if (w->state == PTH_TS_RUNNING || w->state == PTH_TS_ASSERTING)
		t = earlier(t, pth_assertions_next(&w->assertions));
	if (w->state == PTH_TS_TEARING_DOWN)
		t = earlier(t, w->teardown_deadline);
	for (size_t i = 0; (s = warden_nth(w, i)) != NULL; i++)
		t = earlier(t, pth_service_next(s));
	return earlier(t, warden_watch_next(w));
}

static void
loop(struct warden *w)
{
	size_t max = w->assertions.n + OTHER_FDS;
	struct pollfd *p = pth_xarray(NULL, max, sizeof *p);
	int ctl = w->req->ctl;

	for (;;) {
		int64_t now = pth_mono_us(), t;
		struct timespec ts;
		size_t n;

		advance(w, now);
		if (w->over)
			break;
		p[0] = (struct pollfd){ w->sigfd, POLLIN, 0 };
		p[1] = (struct pollfd){ ctl, POLLIN, 0 };
		n = 2 + pth_steps_fds(&w->steps, p + 2, 1);
		n += pth_assertions_fds(&w->assertions, p + n, w->assertions.n);
		n += w->state == PTH_TS_RUNNING ? warden_ask_fds(w, p + n, max - n) : 0;
		t = next_deadline(w);
		t = t == NEVER ? 3600000000 : t > now ? t - now : 0;
		ts.tv_sec = t / 1000000;
		ts.tv_nsec = t % 1000000 * 1000;
		ppoll(p, n, &ts, NULL);
		if (p[1].revents) {
			ctl = -1;
			warden_ending(w, INTERRUPTED, "interrupted");
			warden_begin_stop(w, pth_mono_us());
		}
		if (p[0].revents) {
			reap(w);
			reap_orphans(w);
		}
	}
	free(p);
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

static json_t *
run(const struct pth_warden_req *req)
{
	struct warden w = { .req = req, .zero = pth_mono_us(), .deploy_deadline = NEVER,
		.wait_deadline = NEVER, .teardown_deadline = NEVER, .look_next = NEVER,
		.sample_next = NEVER };
	int64_t limit = pth_json_int(req->plan, "timeout_us", 0);
	struct pth_buf started = PTH_BUF_INIT;
	json_t *o, *isolation = warden_isolation(req);

	pth_rfc3339(&started, pth_real_us());
	w.deadline = limit > 0 ? w.zero + limit : NEVER;
	open_signals(&w);
	if (!(req->ns.used & PTH_NS_PID))
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	/* O, not o: nobody takes it over when events are off. */
	pth_event("test.started", "{s:O,s:s}", "isolation", json_object_get(isolation, "used"), "missing_reason", req->ns.reason);
	json_decref(isolation);
	warden_tmp_make(&w);
	if (warden_prepare(&w)) {
		warden_to(&w, PTH_TS_SETTING_UP);
		env_to(&w, PTH_ES_SETTING_UP, NULL);
		warden_watch_begin(&w);
		warden_capture_begin(&w);
		loop(&w);
	}
	warden_capture_end(&w);
	if (req->ns.used & PTH_NS_PID)
		pth_ns_sweep();
	else
		pth_proc_sweep(SWEEP_LIMIT_US);
	warden_watch_end(&w);
	warden_tmp_remove(&w);
	o = warden_result(&w, started.s);
	warden_to(&w, PTH_TS_ENDED);
	warden_release(&w);
	close(w.sigfd);
	pth_buf_release(&started);
	return o;
}

json_t *
pth_warden_run(const struct pth_warden_req *req)
{
	struct pth_warden_req outer = *req;
	json_t *rec, *o;

	/* plan "inside": another warden does it, inside of a container; what the
	 * test does while it runs is that one's. */
	if (!pth_json_bool(req->plan, "inside", false))
		return run(req);
	rec = json_copy((json_t *)(uintptr_t)req->rec);
	json_object_del(rec, "steps");
	json_object_del(rec, "assertions");
	outer.rec = rec;
	o = run(&outer);
	json_decref(rec);
	return o;
}
