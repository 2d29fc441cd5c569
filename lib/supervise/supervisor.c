/* This file takes a test through its stages, from first to last command; it has the loop. */
#include "supervise/supervisor_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/mark.h"
#include "host/sig.h"
#include "io/file.h"

#define SWEEP_LIMIT_US 2000000
#define LINK_FDS 128
#define OTHER_FDS 160 /* to poll, beside those of assertions */

/* plan "announce": a file that says that all services are ready, for those
 * who look from outside of a container. */
static void
announce(const struct supervisor *sup)
{
	const char *path = pth_plan_announce(sup->req->plan);

	if (path != NULL)
		pth_close(&(int){ pth_file_make(sup->req->dirfd, path, O_WRONLY | O_CREAT, NULL) });
}

/* What an event says of a change. New reference. */
static json_t *
change_of(const struct pth_machine *m, unsigned from, unsigned to)
{
	return json_pack(
	    "{s:s,s:s}", "from", pth_machine_name(m, from), "to", pth_machine_name(m, to));
}

void
supervise_to(struct supervisor *sup, enum pth_test_state to)
{
	json_auto_t *o = change_of(&pth_test_machine, sup->state, to);

	pth_machine_check(&pth_test_machine, "", sup->state, to);
	sup->state = to;
	if (sup->req->phase != NULL)
		*sup->req->phase = (unsigned char)to;
	switch (to) {
	case PTH_TS_SETTING_UP: pth_event("test.setting_up", "O", o); break;
	case PTH_TS_DEPLOYING:
		pth_json_set(o, "setup_us", json_integer(sup->setup_us));
		pth_event("test.deploying", "O", o);
		break;
	case PTH_TS_RUNNING:
		announce(sup);
		pth_json_set(o, "ready_us", json_integer(sup->ready_us));
		pth_event("test.running", "O", o);
		break;
	case PTH_TS_ASSERTING:
		pth_json_set(o, "assertions", json_integer((json_int_t)sup->assertions.count));
		pth_event("test.asserting", "O", o);
		break;
	case PTH_TS_STOPPING:
		pth_json_set(o, "status", json_string(pth_status_result_name(sup->status)));
		pth_event("test.stopping", "O", o);
		break;
	case PTH_TS_TEARING_DOWN: pth_event("test.tearing_down", "O", o); break;
	case PTH_TS_ENDED:
		pth_event("test.ended", "{s:s,s:s,s:s,s:s,s:I}", "from",
		    json_string_value(json_object_get(o, "from")), "to", "ended", "status",
		    pth_status_result_name(sup->status), "reason", sup->reason, "duration_us",
		    (json_int_t)(pth_mono_us() - sup->zero - supervise_build_us(sup)));
		break;
	default: break;
	}
}

/* The network is as the services will have it. */
static void
say_network(const struct supervisor *sup)
{
	const json_t *env = pth_plan_environment(sup->req->plan);
	const char *isolation = pth_env_isolation(env), *address = pth_env_address(env);
	bool simulated = strcmp(isolation, "simulator") == 0,
	     own = simulated || (sup->req->ns.used & PTH_NS_NET) != 0 ||
	    strcmp(isolation, "container") == 0;

	pth_event("network.configured", "{s:s,s:s,s:b,s:s*}", "type", pth_env_type(env), "of",
	    strcmp(isolation, "container") == 0 ? "containers" :
	        simulated                       ? "simulator" :
	        own                             ? "namespace" :
	                                          "host",
	    "isolated", own, "address", *address != '\0' ? address : NULL);
}

static void
env_to(struct supervisor *sup, enum pth_env_state to, const char *message)
{
	json_auto_t *o = change_of(&pth_env_machine, sup->env, to);

	pth_machine_check(&pth_env_machine, "", sup->env, to);
	pth_json_set(o, "type", json_string(pth_env_type(pth_plan_environment(sup->req->plan))));
	switch (to) {
	case PTH_ES_SETTING_UP: pth_event("environment.setting_up", "O", o); break;
	case PTH_ES_READY:
		pth_json_set(o, "setup_us", json_integer(sup->setup_us));
		pth_event("environment.ready", "O", o);
		say_network(sup);
		break;
	case PTH_ES_TEARING_DOWN: pth_event("environment.tearing_down", "O", o); break;
	case PTH_ES_TORN_DOWN: pth_event("environment.torn_down", "O", o); break;
	case PTH_ES_ERROR:
		pth_json_set(
		    o, "stage", json_string(sup->env == PTH_ES_SETTING_UP ? "setup" : "teardown"));
		pth_json_set(o, "message", pth_json_text(message, strlen(message)));
		pth_event("environment.failed", "O", o);
		break;
	default: break;
	}
	sup->env = to;
}

void
supervise_begin_stop(struct supervisor *sup, int64_t now)
{
	if (sup->state >= PTH_TS_STOPPING)
		return;
	supervise_watch_last(sup, now);
	supervise_steps_stop(&sup->steps, now);
	supervise_ask_stop(sup, now);
	if (sup->state != PTH_TS_ASSERTING)
		sup->run_us = now - sup->zero;
	supervise_to(sup, PTH_TS_STOPPING);
}

void
supervise_interrupted(struct supervisor *sup, int64_t now)
{
	supervise_ending(sup, PTH_S_INTERRUPTED, PTH_WHY(PTH_CAT_NONE), "interrupted");
	supervise_begin_stop(sup, now);
}

/* A command of the test itself has failed. */
static void
command_failed(struct supervisor *sup, enum pth_status s, int which)
{
	const struct phases *p = &sup->own[which];

	supervise_ending(sup, s, &p->why, "%s: %s", p->name, p->error);
}

/* Both parts of the setup: 1 they have ended, 0 not yet, -1 one has failed. */
static int
step_setup(struct supervisor *sup, int64_t now)
{
	struct phases *first = &sup->own[SETUP], *beside = &sup->own[BESIDE];
	int r = supervise_phases_step(first, now), b = supervise_phases_step(beside, now);
	int failed = r < 0 ? SETUP : BESIDE;

	if (r >= 0 && b >= 0)
		return r > 0 && b > 0;
	if (b < 0)
		supervise_phases_stop(first);
	/* An engine goes on making what its killed client has asked for, and the teardown would
	 * not find it yet. */
	if (first->pid > 0 || beside->pid > 0)
		return 0;
	command_failed(sup, PTH_S_ERROR, failed);
	env_to(sup, PTH_ES_ERROR, sup->own[failed].error);
	return -1;
}

static void
stage_setup(struct supervisor *sup, int64_t now)
{
	int r = sup->prepared ? 1 : step_setup(sup, now);

	if (r > 0 && !sup->prepared) {
		sup->prepared = true;
		sup->setup_us = now - sup->zero;
		env_to(sup, PTH_ES_READY, NULL);
		supervise_capture_confirm(sup);
		r = supervise_links_confirm(sup) ? r : -1;
	}
	if (r > 0 && (r = supervise_phases_step(&sup->own[PRE], now)) < 0)
		command_failed(sup, PTH_S_ERROR, PRE);
	if (r < 0) {
		supervise_begin_stop(sup, now);
	} else if (r > 0) {
		supervise_guard(sup);
		supervise_to(sup, PTH_TS_DEPLOYING);
		for (size_t i = 0; i < sup->nservices; i++)
			supervise_service_begin(&sup->services[i]);
	} else if (now >= sup->deploy_deadline) {
		supervise_ending(sup, PTH_S_TIMEOUT,
		    PTH_WHY(PTH_CAT_TIMEOUT, .limit = "deploy_timeout"),
		    "%s: deploy_timeout has passed", sup->own[sup->prepared ? PRE : SETUP].name);
		supervise_begin_stop(sup, now);
	}
}

/* Last started, first stopped; the next when the one before has gone. */
static void
stage_stop(struct supervisor *sup, int64_t now)
{
	bool gone = true;

	for (size_t i = sup->nservices; i-- > 0;) {
		if (gone)
			supervise_service_stop(&sup->services[i], now);
		supervise_service_step(&sup->services[i], now, sup->zero);
		gone = gone && !supervise_service_is_busy(&sup->services[i]);
	}
	for (int i = PRE; i >= SETUP && gone; i--) {
		supervise_phases_stop(&sup->own[i]);
		gone = sup->own[i].pid == 0;
	}
	for (size_t i = 0; i < sup->nservices; i++)
		gone = gone && supervise_service_is_idle(&sup->services[i]);
	if (!gone)
		return;
	supervise_assertions_after(&sup->assertions);
	supervise_to(sup, PTH_TS_TEARING_DOWN);
}

static void
judge_assertions(struct supervisor *sup)
{
	char text[600];
	enum pth_answer a = supervise_assertions_answer(&sup->assertions, text);

	if (a == PTH_A_NO)
		supervise_ending(sup, PTH_S_FAILED, PTH_WHY(PTH_CAT_NONE), "%s", text);
	/* Of a test that has failed anyway it changes nothing. */
	else if (a == PTH_A_UNKNOWN && sup->status < PTH_S_FAILED)
		supervise_ending(sup, PTH_S_ERROR, PTH_WHY(PTH_CAT_TEST_FRAMEWORK), "%s", text);
}

/* A command after the services that failed; none is critical, so all have had their turn. */
static void
judge_post(struct supervisor *sup)
{
	json_t *p;
	size_t i;

	json_array_foreach(sup->own[POST].results, i, p) {
		const char *argv0 = pth_done_argv0(p), *signal = pth_done_signal(p);
		const char *how = signal != NULL ? "ended with signal " : "ended with exit code ";
		struct pth_reason why = { 0 };
		char code[16];

		if (pth_done_code(p) == 0)
			continue;
		if (pth_done_error(p) != NULL) {
			supervise_ending(sup, PTH_S_FAILED, &sup->own[POST].why,
			    "post_commands: %s", pth_done_error(p));
			continue;
		}
		snprintf(code, sizeof code, "%d", (int)pth_done_code(p));
		if (pth_done_timeout(p)) {
			snprintf(why.limit, sizeof why.limit, "command");
			how = "took too long";
			signal = "";
		}
		pth_reason_program(&why, argv0);
		supervise_ending(sup, PTH_S_FAILED, &why,
		    "post_commands: %s %s%s; see %s.stderr.log", argv0, how,
		    signal != NULL ? signal : code, pth_done_log(p));
	}
}

/* What setup has made outside of our namespaces is taken down, whatever
 * happened before. */
static void
stage_teardown(struct supervisor *sup, int64_t now)
{
	struct phases *own = &sup->own[TEARDOWN];
	int r;

	if (sup->prepared && supervise_phases_step(&sup->own[POST], now) == 0)
		return;
	if (sup->env != PTH_ES_TEARING_DOWN) {
		int64_t limit = pth_env_teardown_timeout_us(pth_plan_environment(sup->req->plan));

		judge_assertions(sup);
		judge_post(sup);
		sup->teardown_deadline = limit > 0 ? now + limit : PTH_NEVER;
		env_to(sup, PTH_ES_TEARING_DOWN, NULL);
	}
	r = supervise_phases_step(own, now);
	if (r == 0 && now < sup->teardown_deadline)
		return;
	if (r == 0) {
		own->why = *PTH_WHY(PTH_CAT_COMMAND_EXECUTION, .limit = "teardown_timeout");
		snprintf(own->error, sizeof own->error, "it took too long");
	}
	if (r <= 0)
		command_failed(sup, PTH_S_ERROR, TEARDOWN);
	env_to(sup, r > 0 ? PTH_ES_TORN_DOWN : PTH_ES_ERROR, own->error);
	sup->over = true;
}

static void
advance(struct supervisor *sup, int64_t now)
{
	enum pth_test_state before;

	if (now >= sup->deadline && sup->state < PTH_TS_STOPPING) {
		const struct pth_reason *late = PTH_WHY(PTH_CAT_TIMEOUT, .limit = "timeout");
		char where[64];

		if (sup->state == PTH_TS_RUNNING && !supervise_steps_done(&sup->steps))
			supervise_ending(sup, PTH_S_TIMEOUT, late,
			    "the test's timeout passed before %s had ended",
			    supervise_steps_current(&sup->steps, where));
		supervise_ending(sup, PTH_S_TIMEOUT, late, "the test's timeout passed");
		supervise_begin_stop(sup, now);
	}
	do {
		before = sup->state;
		now = pth_mono_us(); /* starting a capture takes a while */
		switch (sup->state) {
		case PTH_TS_SETTING_UP: stage_setup(sup, now); break;
		case PTH_TS_DEPLOYING: supervise_deploy(sup, now); break;
		case PTH_TS_RUNNING: supervise_run(sup, now); break;
		case PTH_TS_ASSERTING: supervise_assert(sup, now); break;
		case PTH_TS_STOPPING: stage_stop(sup, now); break;
		case PTH_TS_TEARING_DOWN: stage_teardown(sup, now); break;
		default: return;
		}
	} while (sup->state != before && !sup->over);
	supervise_watch(sup, now);
}

static void
reap(struct supervisor *sup)
{
	while (pth_sig_next(sup->sigfd) != 0)
		;
	supervise_logs_pump(sup->logs); /* their last words */
	/* One signal may stand for several children, and not all are services:
	 * ask for each of ours by pid. */
	for (size_t i = 0; i < sup->nservices; i++)
		supervise_service_reap(&sup->services[i], pth_mono_us(), sup->zero);
	for (size_t i = 0; i < OWNS; i++)
		supervise_phases_reap(&sup->own[i], pth_mono_us());
	supervise_steps_reap(&sup->steps, pth_mono_us());
	supervise_ask_reap(sup);
}

/* Orphans that were handed to us: everybody but our own. */
static void
reap_orphans(struct supervisor *sup)
{
	siginfo_t si;

	for (;;) {
		bool ours;

		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) != 0 || si.si_pid == 0)
			return;
		ours = si.si_pid == sup->steps.pid || supervise_ask_is(sup, si.si_pid) ||
		    supervise_capture_is(sup, si.si_pid) || supervise_links_is(sup, si.si_pid);
		for (size_t i = 0; i < sup->nservices; i++)
			ours = ours || supervise_service_owns(&sup->services[i], si.si_pid);
		for (size_t i = 0; i < OWNS; i++)
			ours = ours || si.si_pid == sup->own[i].pid;
		if (ours)
			return;
		waitpid(si.si_pid, NULL, WNOHANG);
	}
}

static int64_t
next_deadline(struct supervisor *sup)
{
	int64_t t = sup->state < PTH_TS_STOPPING ? sup->deadline : PTH_NEVER;

	if (sup->state <= PTH_TS_DEPLOYING)
		t = supervise_earlier(t, sup->deploy_deadline);
	if (sup->state == PTH_TS_RUNNING)
		t = supervise_earlier(supervise_earlier(supervise_earlier(t, sup->wait_deadline),
		                          supervise_ask_next(sup)),
		    supervise_earlier(sup->look_next, supervise_steps_next(&sup->steps)));
	if (sup->state == PTH_TS_RUNNING || sup->state == PTH_TS_ASSERTING)
		t = supervise_earlier(t, supervise_assertions_next(&sup->assertions));
	if (sup->state == PTH_TS_TEARING_DOWN)
		t = supervise_earlier(t, sup->teardown_deadline);
	for (size_t i = 0; i < sup->nservices; i++)
		t = supervise_earlier(t, supervise_service_next(&sup->services[i]));
	for (size_t i = 0; i < OWNS; i++)
		t = supervise_earlier(t, sup->own[i].deadline);
	return supervise_earlier(t, supervise_watch_next(sup));
}

/* We cannot wait as we must: a program of our user has taken our descriptors, prlimit(2). What is
 * to be waited for is looked at now and then, until all is stopped. */
static void
blinded(struct supervisor *sup, struct pollfd *p, size_t n)
{
	supervise_ending(sup, PTH_S_ERROR, PTH_WHY(PTH_CAT_TEST_FRAMEWORK),
	    "the supervisor cannot wait any more: %s", strerror(errno));
	supervise_begin_stop(sup, pth_mono_us());
	for (size_t i = 0; i < n; i++)
		p[i].revents = i == 1 ? 0 : POLLIN;
	nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
}

static void
loop(struct supervisor *sup)
{
	size_t max = sup->assertions.count + OTHER_FDS + LINK_FDS + sup->njoins;
	struct pollfd *p = pth_xarray(NULL, max, sizeof *p);
	int ctl = sup->req->ctl;

	for (;;) {
		int64_t now = pth_mono_us(), t;
		struct timespec ts;
		size_t n;

		supervise_links_step(sup);
		advance(sup, now);
		if (sup->over)
			break;
		p[0] = (struct pollfd){ sup->sigfd, POLLIN, 0 };
		p[1] = (struct pollfd){ ctl, POLLIN, 0 };
		p[2] = (struct pollfd){ sup->logs, POLLIN, 0 };
		n = 3 + supervise_steps_fds(&sup->steps, p + 3, 1);
		n += supervise_assertions_fds(&sup->assertions, p + n, sup->assertions.count);
		n += supervise_links_fds(sup, p + n, LINK_FDS);
		n += supervise_joins_fds(sup, p + n);
		n += sup->state == PTH_TS_RUNNING ? supervise_ask_fds(sup, p + n, max - n) : 0;
		t = next_deadline(sup);
		t = t == PTH_NEVER ? 3600 * PTH_SECOND_US : t > now ? t - now : 0;
		ts = (struct timespec){ t / PTH_SECOND_US, t % PTH_SECOND_US * 1000 };
		if (ppoll(p, n, &ts, NULL) < 0 && errno != EINTR)
			blinded(sup, p, n);
		if (p[1].revents != 0) {
			ctl = -1;
			supervise_interrupted(sup, pth_mono_us());
		}
		if (p[2].revents != 0)
			supervise_logs_pump(sup->logs);
		if (p[0].revents != 0) {
			reap(sup);
			reap_orphans(sup);
		}
	}
	free(p);
}

static json_t *
run(const struct pth_supervise_req *given)
{
	struct pth_supervise_req own = *given, *req = &own;
	struct supervisor sup = { .req = req,
		.ns = &own.ns,
		.zero = pth_mono_us(),
		.deploy_deadline = PTH_NEVER,
		.wait_deadline = PTH_NEVER,
		.teardown_deadline = PTH_NEVER,
		.look_next = PTH_NEVER,
		.sample_next = PTH_NEVER };
	int64_t limit = pth_plan_timeout_us(req->plan);
	json_auto_t *isolation = supervise_isolation(req);
	pth_auto_buf started = PTH_BUF_INIT;
	sigset_t all;
	json_t *o;

	pth_rfc3339(&started, pth_real_us());
	sup.deadline = limit > 0 ? sup.zero + limit : PTH_NEVER;
	/* A terminal's Ctrl-C reaches us too; only ctl interrupts a test. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sup.sigfd = pth_sig_fd((const int[]){ SIGCHLD }, 1);
	sup.logs = epoll_create1(EPOLL_CLOEXEC);
	if ((req->ns.used & PTH_NS_PID) == 0)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	/* O, not o: nobody takes it over when events are off. */
	pth_event("test.started", "{s:O,s:s}", "isolation", pth_isolation_used(isolation),
	    "missing_reason", req->ns.reason);
	supervise_guard_begin(&sup);
	supervise_tmp_make(&sup);
	if (supervise_prepare(&sup) && supervise_links_begin(&sup)) {
		supervise_to(&sup, PTH_TS_SETTING_UP);
		env_to(&sup, PTH_ES_SETTING_UP, NULL);
		supervise_watch_begin(&sup);
		supervise_capture_begin(&sup);
		supervise_guard_ours(&sup);
		loop(&sup);
	}
	supervise_capture_end(&sup);
	supervise_links_end(&sup);
	if ((req->ns.used & PTH_NS_PID) != 0)
		pth_ns_sweep();
	else
		pth_mark_end(req->places->run, req->places->dir, SWEEP_LIMIT_US);
	supervise_watch_end(&sup);
	supervise_guard_end(&sup);
	supervise_tmp_remove(&sup);
	o = supervise_result(&sup, started.s);
	supervise_to(&sup, PTH_TS_ENDED);
	supervise_release(&sup);
	close(sup.sigfd);
	close(sup.logs);
	return o;
}

json_t *
pth_supervise(const struct pth_supervise_req *req)
{
	struct pth_supervise_req outer = *req;

	/* plan "inside": another supervisor does it, inside of a container; what the
	 * test does while it runs is that one's. */
	if (!pth_plan_inside(req->plan))
		return run(req);
	json_auto_t *rec = json_copy((json_t *)(uintptr_t)req->rec);

	json_object_del(rec, PTH_KEY(test, steps));
	json_object_del(rec, PTH_KEY(test, assertions));
	outer.rec = rec;
	return run(&outer);
}
