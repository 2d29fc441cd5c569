/* This file is the life of one service, from its first phase to its last. */
#include "supervise/service_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/os.h"
#include "base/text.h"
#include "io/file.h"
#include "plan/fill.h"

#define GONE_US (10 * PTH_SECOND_US) /* only a process that hangs in the kernel needs it */
#define GONE_LOOK_US 1000

/* What an event says of a service, and of its change from one state to another. */
static json_t *
change_of(const struct service *s, enum pth_state from, enum pth_state to)
{
	json_t *o = supervise_service_event(s);

	pth_json_set(o, "from", json_string(pth_machine_name(&pth_service_machine, from)));
	pth_json_set(o, "to", json_string(pth_machine_name(&pth_service_machine, to)));
	if (to == PTH_ST_STOPPED || to == PTH_ST_ERROR)
		pth_json_set(o, "reason", json_string(pth_end_name(s->end)));
	if (to == PTH_ST_ERROR)
		pth_json_set(o, "message", pth_json_text(s->error, strlen(s->error)));
	return o;
}

json_t *
supervise_service_event(const struct service *s)
{
	static const char *const keys[] = { "implementation", "protocol", "role" };
	const char *const of[] = { pth_svc_plugin(s->plan), pth_svc_protocol(s->plan),
		pth_svc_role(s->plan) };
	json_t *o = json_object();

	pth_json_set(o, "service", json_string(s->name));
	for (size_t i = 0; i < countof(keys); i++)
		if (*of[i] != '\0')
			pth_json_set(o, keys[i], json_string(of[i]));
	if (pth_svc_port(s->plan) > 0)
		pth_json_set(o, "port", json_integer(pth_svc_port(s->plan)));
	return o;
}

/* It has ended, and not well, which is no state of its own. */
static void
say_failed(const struct service *s)
{
	bool late = s->end == PTH_END_TIMEOUT;
	json_auto_t *o = NULL;
	char how[32];

	if (s->state != PTH_ST_STOPPED || s->end == PTH_END_STOPPED ||
	    pth_end_status(s->end, false, s->exit.code) == PTH_S_PASSED)
		return;
	o = supervise_service_event(s);
	pth_json_set(o, "reason", json_string(pth_end_name(s->end)));
	pth_json_set(o, "code", s->exit.signaled ? json_null() : json_integer(s->exit.code));
	pth_json_set(o, "message",
	    json_string(late ? "still running after its timeout" : pth_exit_text(&s->exit, how)));
	pth_event("service.failed", "O", o);
}

void
supervise_service_to(struct service *s, enum pth_state to)
{
	json_auto_t *o = NULL;

	if (s->state == to)
		return;
	if (to == PTH_ST_ERROR || to == PTH_ST_STOPPED)
		supervise_service_cache_leave(s);
	pth_machine_check(&pth_service_machine, s->name, s->state, to);
	o = change_of(s, s->state, to);
	s->state = to;
	switch (to) {
	case PTH_ST_INITIALIZING: pth_event("service.initializing", "O", o); break;
	case PTH_ST_READY: pth_event("service.ready", "O", o); break;
	case PTH_ST_RUNNING: pth_event("service.running", "O", o); break;
	case PTH_ST_STOPPING: pth_event("service.stopping", "O", o); break;
	case PTH_ST_STOPPED:
		pth_event("service.stopped", "O", o);
		say_failed(s);
		break;
	case PTH_ST_ERROR: pth_event("service.error", "O", o); break;
	default: break;
	}
}

int
supervise_service_init(struct service *s, const json_t *plan, int testdir,
    const struct pth_places *places, struct pth_err *e)
{
	const json_t *user = pth_svc_user(plan);
	struct pth_buf b = PTH_BUF_INIT;

	*s = (struct service){ .plan = plan,
		.name = pth_svc_name(plan),
		.finite = pth_svc_finite(plan),
		.has_run = pth_phases_run(pth_svc_phases(plan)) != NULL,
		.end = PTH_END_NOT_STARTED,
		.at = { .plan = plan, .places = places, .dirfd = -1, .log_dir = "" },
		.cache_lock = -1 };
	/* In a container its own supervisor keeps its logs. */
	if (PTH_GET(svc, plan, inner) == NULL || pth_inner_simulated(pth_svc_inner(plan)))
		s->at.logs.limit = pth_limits_log(pth_svc_limits(plan));
	else
		s->at.log_dir = "engine/";
	s->at.user = (struct pth_proc_user){ (uid_t)pth_user_uid(user), (gid_t)pth_user_gid(user) };
	s->at.becomes = s->at.user.uid != 0;
	pth_buf_addf(&b, "%s/%s", places->dir, s->name);
	s->at.home = s->home = pth_buf_take(&b);
	supervise_phases_init(&s->commands, s->name, false, &s->at);
	supervise_ready_init(&s->ready, pth_svc_ready(plan), &s->at);
	if (!pth_name_ok(s->name))
		return pth_err_set(
		    e, PTH_INPUT, "service name \"%.80s\" cannot be a directory", s->name);
	if (mkdirat(testdir, s->name, 0777) == 0 || errno == EEXIST)
		s->at.dirfd = pth_open_beneath(
		    testdir, s->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (s->at.dirfd < 0)
		return pth_err_set(e, PTH_SYSTEM, "its directory:");
	s->at.logs.dirfd = s->at.dirfd;
	return pth_plan_fill(s->at.dirfd, plan, places, e);
}

void
supervise_service_release(struct service *s)
{
	pth_close(&s->at.dirfd);
	supervise_ready_release(&s->ready);
	supervise_phases_release(&s->commands);
	supervise_service_cache_leave(s);
	pth_limit_release(&s->at.limit);
	supervise_logs_release(&s->at.logs);
	json_decref(s->restarts);
	json_decref(s->inner);
	free(s->home);
}

/* Why a command could not be started. */
static enum pth_end
end_of_start(int err_no)
{
	if (err_no == ENOENT)
		return PTH_END_NOT_FOUND;
	return err_no == EACCES || err_no == ENOEXEC ? PTH_END_NOT_EXECUTABLE : PTH_END_NOT_STARTED;
}

static void
start_run(struct service *s, int64_t now, int64_t zero)
{
	const json_t *cmd = pth_phases_run(pth_svc_phases(s->plan));
	int64_t limit = pth_svc_timeout_us(s->plan);
	struct pth_reason why = { 0 };
	json_auto_t *o = NULL;
	struct pth_err e;
	int err_no = 0;
	pid_t pid = supervise_command_logged(&s->at, cmd, "", &err_no, &e);

	if (pid < 0) {
		supervise_command_unstarted(&s->at, cmd, &e, PTH_CAT_COMMAND_EXECUTION, &why);
		supervise_service_fail(s, end_of_start(err_no), &why, "%s", e.text);
		supervise_service_to(s, PTH_ST_ERROR);
		return;
	}
	s->pid = s->run_pid = s->ready.leader = pid;
	s->killed_late = false;
	s->end = PTH_END_NONE;
	s->started_us = now - zero;
	s->deadline = limit > 0 ? now + limit : PTH_NEVER;
	supervise_ready_begin(&s->ready, now);
	o = supervise_service_event(s);
	pth_json_set(o, "process", json_integer(s->pid));
	pth_json_set(o, "program", json_string(supervise_command_program(cmd)));
	pth_event("command.started", "{s:s,s:s,s:i,s:s,s:i}", "service", s->name, "phase",
	    pth_phase_names[PTH_RUN], "index", 0, "program", supervise_command_program(cmd),
	    "process", (int)s->pid);
	pth_event("service.started", "O", o);
}

/* What it means that a command of a phase fails. Outside of containers an engine is
 * asked to make them. */
static enum pth_category
category_of(const struct service *s, enum pth_phase phase)
{
	if (s->at.places->engine)
		return PTH_CAT_DOCKER_RUNTIME;
	if (phase <= PTH_POST_COMPILE && strcmp(pth_svc_kind(s->plan), "tester") == 0)
		return PTH_CAT_TESTER_COMPILATION;
	return PTH_CAT_COMMAND_EXECUTION;
}

/* Go on with a phase. */
static void
enter(struct service *s, enum pth_phase phase)
{
	const char *name = pth_phase_names[phase];

	s->phase = phase;
	if (phase != PTH_RUN)
		supervise_phases_begin(&s->commands, name,
		    json_incref(json_object_get(pth_svc_phases(s->plan), name)),
		    phase == PTH_POST_RUN, category_of(s, phase));
}

/* A command around the run command has failed? After the run this does not change how the run
 * ended. */
static void
note_failure(struct service *s)
{
	const struct phases *p = &s->commands;
	enum pth_end end = p->late ? PTH_END_TIMEOUT : end_of_start(p->err_no);

	if (p->error[0] == '\0')
		return;
	supervise_service_fail(s, s->phase == PTH_POST_RUN ? s->end : end, &p->why, "%s", p->error);
	if (s->state != PTH_ST_ERROR)
		supervise_service_to(s, PTH_ST_ERROR);
}

/* The end came while it was still being waited for. */
static void
ended_early(struct service *s)
{
	const struct pth_exit *x = &s->exit;
	char line[500], ended[32], excess[80];
	struct pth_reason why = { 0 };

	s->failed_early = true;
	why.category = supervise_command_last_line(&s->at, NULL, PTH_CAT_SERVICE_START, line);
	supervise_command_excess(&s->at, x, &why, excess);
	if (s->ready.held[0] != '\0') {
		why.category = PTH_CAT_PORT_CONFLICT;
		why.port = (unsigned)pth_ready_port(json_array_get(s->ready.list, s->ready.index));
	}
	supervise_service_fail(s, s->end, &why, "ended with %s before it was ready%s%s%s%s%s",
	    pth_exit_text(x, ended), excess, s->ready.held[0] != '\0' ? ": " : "", s->ready.held,
	    !s->finite && !x->signaled && x->code == 0 ? "; it must not go into the background" :
	                                                 "",
	    line);
	supervise_service_to(s, PTH_ST_ERROR);
}

static void
became_ready(struct service *s, int64_t now, int64_t zero)
{
	s->ready_us = now - zero;
	supervise_service_to(s, PTH_ST_READY);
	if (s->finite || json_array_size(s->ready.list) == 0)
		supervise_service_to(s, PTH_ST_RUNNING);
}

/* Has it become ready and ended between two looks? A server that ends so early is in the
 * background, and of one that is started again the next life counts. */
static bool
ended_ready(struct service *s, int64_t now)
{
	return s->state == PTH_ST_INITIALIZING && s->finite && s->error[0] == '\0' &&
	    !s->stopping && !s->killed_late && strcmp(pth_svc_restart(s->plan), "no") == 0 &&
	    supervise_ready_was(&s->ready, now);
}

static void
ran_to_end(struct service *s, int64_t now, int64_t zero)
{
	const struct pth_exit *x = &s->exit;
	char sig[16];
	bool was_ready;

	s->ended_us = now - zero;
	supervise_service_inner_take(s, &s->exit, zero);
	if (ended_ready(s, now))
		became_ready(s, now, zero);
	supervise_ready_stop(&s->ready); /* nobody waits for its answer */
	was_ready = s->state == PTH_ST_READY || s->state == PTH_ST_RUNNING;
	s->exited = true;
	pth_event("service.exited", "{s:s,s:i,s:s?,s:b}", "service", s->name, "code", x->code,
	    "signal", x->signaled ? pth_signal_name(x->signal, sig) : NULL, "core", x->core);
	enter(s, PTH_POST_RUN);
	s->paused = false;
	if (s->state == PTH_ST_ERROR)
		return; /* given up on before, and stopped for that */
	if (s->error[0] != '\0' && !s->stopping && !s->killed_late) {
		supervise_service_to(s, PTH_ST_ERROR); /* it never ran in its container */
		return;
	}
	if (s->killed_late) {
		supervise_service_fail(s, PTH_END_TIMEOUT,
		    PTH_WHY(PTH_CAT_TIMEOUT, .limit = "timeout"),
		    "still running after its timeout");
		s->end = PTH_END_TIMEOUT;
	} else if (s->stopping || supervise_service_was_asked(s, x)) {
		/* It may have died of something else while we were stopping it. */
		s->end = PTH_END_STOPPED;
	} else {
		s->end = x->signaled ? PTH_END_SIGNAL : PTH_END_EXIT;
	}
	if (s->stopping || was_ready || s->end == PTH_END_TIMEOUT) {
		supervise_service_to(s, PTH_ST_STOPPED);
		return;
	}
	ended_early(s);
}

static void
reap_run(struct service *s, int64_t now, int64_t zero)
{
	if (!supervise_command_ended(s->pid, &s->exit) || supervise_service_inner_wait(s))
		return;
	s->pid = 0;
	s->deadline = s->stop_deadline = PTH_NEVER;
	supervise_command_note_memory(&s->at);
	ran_to_end(s, now, zero);
	supervise_service_policy(s, now);
}

void
supervise_service_reap(struct service *s, int64_t now, int64_t zero)
{
	supervise_ready_reap(&s->ready, now);
	reap_run(s, now, zero);
	if (!supervise_phases_reap(&s->commands, now))
		return;
	if (s->stopping && s->phase != PTH_POST_RUN)
		supervise_service_to(s, PTH_ST_STOPPED); /* we killed it */
	else
		note_failure(s);
}

bool
supervise_service_owns(const struct service *s, pid_t pid)
{
	return pid == s->pid || pid == s->ready.pid || pid == s->commands.pid;
}

static void
step_ready(struct service *s, int64_t now, int64_t zero)
{
	struct pth_err e;

	switch (supervise_ready_step(&s->ready, now, &e)) {
	case PTH_NOT_YET: break;
	case PTH_IS_READY: became_ready(s, now, zero); break;
	case PTH_NOT_READY:
		supervise_service_fail(s, PTH_END_NOT_READY,
		    PTH_WHY(supervise_command_category(
		                &s->at, pth_category_err(&e, PTH_CAT_NONE), PTH_CAT_SERVICE_START),
		        .port = (unsigned)pth_ready_port(
		            json_array_get(s->ready.list, s->ready.index)),
		        .limit = "ready"),
		    "%s", e.text);
		supervise_service_give_up(s, now);
		break;
	}
}

void
supervise_service_begin(struct service *s)
{
	s->deadline = s->stop_deadline = PTH_NEVER;
	supervise_service_to(s, PTH_ST_INITIALIZING);
}

/* The next commands of the phases, when they may start. */
static void
step_phases(struct service *s, int64_t now, int64_t zero)
{
	if (s->commands.phase == NULL) {
		if (supervise_service_cache_wait(s, now))
			return;
		enter(s, s->phase);
	}
	while (s->phase != PTH_RUN) {
		bool over = supervise_phases_step(&s->commands, now) != 0;

		note_failure(s);
		if (!over || s->phase == PTH_POST_RUN || s->state == PTH_ST_ERROR)
			return;
		enter(s, s->phase + 1);
		if (s->phase == PTH_PRE_RUN)
			supervise_service_cache_keep(s);
	}
	if (s->has_run && s->released && s->pid == 0 && !s->exited)
		start_run(s, now, zero);
}

/* What they hold, as a port, would be in the way of its next life, and a false
 * sign that it is ready. */
static bool
children_gone(struct service *s, int64_t now)
{
	if (s->run_pid <= 0 || kill(-s->run_pid, SIGKILL) != 0 ||
	    (s->gone_by != 0 && now >= s->gone_by)) {
		s->gone_by = 0;
		return true;
	}
	if (s->gone_by == 0)
		s->gone_by = now + GONE_US;
	s->again_at = now + GONE_LOOK_US;
	return false;
}

void
supervise_service_step(struct service *s, int64_t now, int64_t zero)
{
	if (s->state == PTH_ST_NEW)
		return;
	/* One that has ended by itself has its post_run commands first. */
	if (s->restarting && !supervise_service_is_busy(s) && now >= s->again_at &&
	    (s->stopping || supervise_service_is_idle(s)) && children_gone(s, now))
		supervise_service_again(s);
	if (s->pid > 0 && now >= s->deadline) {
		s->killed_late = true;
		s->deadline = PTH_NEVER;
		pth_event("service.timeout", "{s:s,s:s}", "service", s->name, "phase",
		    pth_phase_names[PTH_RUN]);
		supervise_service_stop(s, now);
	}
	if (s->pid > 0 && now >= s->stop_deadline) {
		s->stop_deadline = PTH_NEVER;
		s->killed = true;
		pth_event("service.killed", "{s:s}", "service", s->name);
		kill(-s->pid, SIGKILL);
	}
	if ((s->state == PTH_ST_INITIALIZING && !s->stopping) ||
	    (s->phase == PTH_POST_RUN && s->exited))
		step_phases(s, now, zero);
	if (s->state == PTH_ST_INITIALIZING && s->pid > 0)
		step_ready(s, now, zero);
}

void
supervise_service_stop(struct service *s, int64_t now)
{
	const json_t *how = pth_svc_stop(s->plan);
	int sig = pth_signal_number(pth_stop_signal(how));

	s->restarting = false;
	if (s->stopping || s->phase == PTH_POST_RUN)
		return;
	s->stopping = true;
	supervise_ready_stop(&s->ready);
	supervise_phases_stop(&s->commands);
	if (!supervise_service_is_busy(s)) {
		if (s->state == PTH_ST_INITIALIZING || s->state == PTH_ST_READY ||
		    s->state == PTH_ST_RUNNING)
			supervise_service_to(s, PTH_ST_STOPPED);
		return;
	}
	if (s->state != PTH_ST_ERROR)
		supervise_service_to(s, PTH_ST_STOPPING);
	if (s->pid == 0)
		return;
	supervise_service_inner_stop(s);
	kill(-s->pid, sig != 0 ? sig : SIGTERM);
	/* A stopped process cannot take a signal. */
	if (s->paused)
		supervise_service_pause(s, false);
	kill(-s->pid, SIGCONT);
	s->stop_deadline = now + pth_stop_grace_us(how);
}

bool
supervise_service_is_ready(const struct service *s)
{
	return s->state == PTH_ST_READY || s->state == PTH_ST_RUNNING ||
	    (s->exited && s->ready_us > 0) ||
	    (!s->has_run && s->phase >= PTH_RUN && s->state == PTH_ST_INITIALIZING);
}

bool
supervise_service_is_busy(const struct service *s)
{
	return s->pid > 0 || s->commands.pid > 0;
}

bool
supervise_service_is_idle(const struct service *s)
{
	return !supervise_service_is_busy(s) &&
	    (s->phase != PTH_POST_RUN || supervise_phases_done(&s->commands));
}

int64_t
supervise_service_next(const struct service *s)
{
	bool begins = s->state == PTH_ST_INITIALIZING;

	if (s->state == PTH_ST_NEW)
		return PTH_NEVER;
	if (s->pid > 0)
		return supervise_earlier(supervise_earlier(s->deadline, s->stop_deadline),
		    begins ? supervise_ready_next(&s->ready) : PTH_NEVER);
	if (s->commands.pid > 0)
		return s->commands.deadline;
	if (s->restarting)
		return s->again_at;
	return s->cache_state == PTH_CACHE_LOOKING && begins ? s->cache_next : PTH_NEVER;
}
