#include "supervise/service_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/strv.h"
#include "base/text.h"
#include "io/event.h"
#include "io/file.h"
#include "io/json.h"
#include "io/placeholder.h"
#include "plan/fill.h"
#include "supervise/workdir.h"

#define PHASE_LIMIT_US (300 * 1000000LL)
#define READY_LIMIT_US (10 * 1000000LL)
#define LOOK_FIRST_US 500
#define LOOK_LAST_US 20000
#define GONE_US 1000000
#define GONE_LOOK_US 1000

void
supervise_service_to(struct service *s, enum pth_state to)
{
	if (s->state == to)
		return;
	if (to == PTH_ST_ERROR || to == PTH_ST_STOPPED)
		supervise_service_cache_leave(s);
	pth_machine_check(&pth_service_machine, s->name, s->state, to);
	s->state = to;
	if (s->quiet)
		return;
	switch (to) {
	case PTH_ST_INITIALIZING:
		pth_event("service.initializing", "{s:s}", "service", s->name);
		break;
	case PTH_ST_READY: pth_event("service.ready", "{s:s}", "service", s->name); break;
	case PTH_ST_RUNNING: pth_event("service.running", "{s:s}", "service", s->name); break;
	case PTH_ST_STOPPING: pth_event("service.stopping", "{s:s}", "service", s->name); break;
	case PTH_ST_STOPPED:
		pth_event("service.stopped", "{s:s,s:s}", "service", s->name, "reason",
		    supervise_service_end_name(s->end));
		break;
	case PTH_ST_ERROR:
		pth_event("service.error", "{s:s,s:s,s:s}", "service", s->name, "reason",
		    supervise_service_end_name(s->end), "message", s->error);
		break;
	default: break;
	}
}

int
supervise_service_init(struct service *s, const json_t *plan, int testdir,
    const struct pth_places *places, struct pth_err *e)
{
	struct pth_buf b = PTH_BUF_INIT;

	memset(s, 0, sizeof *s);
	s->plan = plan;
	s->name = pth_json_str(plan, "name", "");
	s->places = places;
	s->finite = pth_json_bool(plan, "finite", false);
	s->critical = pth_json_bool(plan, "critical", true);
	s->has_run = json_is_object(pth_json_path(plan, "phases.run"));
	s->phases = json_array();
	/* In a container its own supervisor watches. */
	s->logs.limit = json_object_get(plan, "inner") != NULL ?
	    0 :
	    pth_json_int(json_object_get(plan, "limits"), "log", PTH_LOG_LIMIT);
	s->end = PTH_END_NOT_STARTED;
	s->dirfd = s->cache_lock = -1;
	pth_buf_addf(&b, "%s/%s", places->dir, s->name);
	s->home = pth_buf_take(&b);
	if (!pth_name_ok(s->name))
		return pth_err_set(
		    e, PTH_INPUT, "service name \"%.80s\" cannot be a directory", s->name);
	if (mkdirat(testdir, s->name, 0777) != 0 && errno != EEXIST)
		return pth_err_set(e, PTH_SYSTEM, "its directory:");
	s->dirfd = pth_open_beneath(testdir, s->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (s->dirfd < 0)
		return pth_err_set(e, PTH_SYSTEM, "its directory:");
	return pth_plan_fill(s->dirfd, plan, places, e);
}

void
supervise_service_release(struct service *s)
{
	if (s->dirfd >= 0)
		close(s->dirfd);
	supervise_ready_log_close(s->ready_log);
	supervise_service_cache_leave(s);
	pth_limit_release(&s->limit);
	supervise_loglimit_release(&s->logs);
	json_decref(s->restarts);
	json_decref(s->old_logs);
	json_decref(s->phases);
	json_decref(s->inner);
	free(s->home);
}

static const json_t *
command(const struct service *s)
{
	const json_t *p = json_object_get(
	    json_object_get(s->plan, "phases"), pth_phase_names[s->phase]);

	return s->phase == PTH_RUN ? (s->index == 0 ? p : NULL) : json_array_get(p, s->index);
}

static void
spawn_failed(struct service *s, int err_no, const char *text)
{
	if (err_no == ENOENT)
		supervise_service_fail(s, PTH_END_NOT_FOUND, "%s", text);
	else if (err_no == EACCES || err_no == ENOEXEC)
		supervise_service_fail(s, PTH_END_NOT_EXECUTABLE, "%s", text);
	else
		supervise_service_fail(s, PTH_END_NOT_STARTED, "%s", text);
}

pid_t
supervise_service_spawn(
    const struct service *s, const json_t *cmd, int out, int err, int *err_no, struct pth_err *e)
{
	char **argv = pth_places_argv(s->places, json_object_get(cmd, "argv"));
	char **env = pth_places_env(s->places, s->home, json_object_get(s->plan, "environment"),
	    json_object_get(cmd, "env"));
	const json_t *who = json_object_get(s->plan, "user");
	struct pth_proc_user user = { (uid_t)pth_json_int(who, "uid", 0),
		(gid_t)pth_json_int(who, "gid", 0) };
	struct pth_buf cwd = PTH_BUF_INIT;
	pid_t pid = -1;

	*err_no = 0;
	pth_places_expand(s->places, pth_json_str(cmd, "cwd", s->home), &cwd);
	if (argv == NULL) {
		pth_err_set(e, PTH_INPUT, "a command without argv");
	} else {
		struct pth_proc_req q = {
			.argv = (const char *const *)argv,
			.env = (const char *const *)env,
			.cwd = cwd.s,
			.in = -1,
			.out = out,
			.err = err,
			.session = true,
			.die_with_parent = true,
			.no_new_privs = true,
			.user = user.uid != 0 ? &user : NULL,
		};

		pth_limit_put(&s->limit, &q);
		pid = pth_proc_spawn(&q, err_no, e);
	}
	pth_strv_free(argv);
	pth_strv_free(env);
	pth_buf_release(&cwd);
	return pid;
}

/* Start one command of the phases or a readiness check. Its pid, or 0. */
static pid_t
start(struct service *s, const json_t *cmd, int out, int err)
{
	struct pth_err e = { 0 };
	int err_no;
	pid_t pid = supervise_service_spawn(s, cmd, out, err, &err_no, &e);

	if (pid < 0)
		spawn_failed(s, err_no, e.text);
	return pid < 0 ? 0 : pid;
}

static void
spawn(struct service *s, const json_t *cmd, int64_t now, int64_t zero)
{
	int out = supervise_service_log_open(s, "stdout"),
	    err = supervise_service_log_open(s, "stderr");
	int64_t limit = pth_json_int(cmd, "timeout_us", PHASE_LIMIT_US);

	if (out < 0 || err < 0) {
		supervise_service_fail(s, PTH_END_NOT_STARTED, "log files: %s", strerror(errno));
	} else {
		s->pid = start(s, cmd, out, err);
	}
	if (out >= 0)
		close(out);
	if (err >= 0)
		close(err);
	if (s->pid == 0)
		return;
	s->began = now;
	s->killed_late = false;
	if (s->phase == PTH_RUN) {
		limit = pth_json_int(s->plan, "timeout_us", 0);
		s->run_pid = s->pid;
		s->end = PTH_END_NONE;
		s->started_us = now - zero;
		s->ready_since = now;
		s->ready_wait = LOOK_FIRST_US;
		s->ready_look = now;
		s->ready_how[0] = '\0';
		pth_event("service.started", "{s:s,s:i,s:s}", "service", s->name, "process",
		    (int)s->pid, "program",
		    json_string_value(json_array_get(json_object_get(cmd, "argv"), 0)));
	}
	s->deadline = limit > 0 ? now + limit : NEVER;
}

/* Note a finished phase command; false when it was critical and failed. */
static bool
note_phase(struct service *s, const struct pth_exit *x, int64_t now)
{
	const json_t *cmd = command(s);
	const char *argv0 = json_string_value(json_array_get(json_object_get(cmd, "argv"), 0)),
	           *own;
	/* Those of the test itself have no phases to tell apart. */
	const char *phase = s->quiet ? "" : pth_phase_names[s->phase];
	char sig[16], log[64], file[80], ended[32], line[500], excess[80];
	json_t *o = json_object();

	snprintf(log, sizeof log, "phases/%s", pth_phase_names[s->phase]);
	pth_json_set(o, "phase", json_string(pth_phase_names[s->phase]));
	pth_json_set(o, "index", json_integer((json_int_t)s->index));
	pth_json_set(o, "argv0", json_string(argv0 != NULL ? argv0 : ""));
	pth_json_set(o, "code", x->signaled ? json_null() : json_integer(x->code));
	pth_json_set(
	    o, "signal", x->signaled ? json_string(pth_signal_name(x->signal, sig)) : json_null());
	pth_json_set(o, "timeout", json_boolean(s->killed_late));
	pth_json_set(o, "duration_us", json_integer(now - s->began));
	pth_json_set(o, "log", json_sprintf("%s/%s", s->name, log));
	pth_json_push(s->phases, o);
	pth_event("command.ended", "{s:s,s:s,s:i,s:i,s:I}", "service", s->name, "phase",
	    pth_phase_names[s->phase], "index", (int)s->index, "code", x->code, "duration_us",
	    (json_int_t)(now - s->began));
	if (!x->signaled && x->code == 0)
		return true;
	if (!pth_json_bool(cmd, "critical", true)) {
		pth_event("command.failed", "{s:s,s:s,s:s,s:b}", "service", s->name, "phase",
		    pth_phase_names[s->phase], "program", argv0 != NULL ? argv0 : "", "critical",
		    0);
		return true;
	}
	snprintf(file, sizeof file, "%s.stderr.log", log);
	supervise_service_last_line(s->dirfd, file, NULL, line, sizeof line);
	if (argv0 != NULL && (own = pth_places_below(argv0, "bin")) != NULL)
		argv0 = own;
	if (s->killed_late)
		supervise_service_fail(s, PTH_END_TIMEOUT, "%s%s%s took too long; see %s/%s%s",
		    phase, *phase != '\0' ? ": " : "", argv0, s->name, file, line);
	else
		supervise_service_fail(s, PTH_END_NOT_STARTED,
		    "%s%s%s ended with %s%s; see %s/%s%s", phase, *phase != '\0' ? ": " : "", argv0,
		    pth_exit_text(x, ended), supervise_service_excess(s, x, excess), s->name, file,
		    line);
	return false;
}

static void
ran_to_end(struct service *s, const struct pth_exit *x, int64_t now, int64_t zero)
{
	struct pth_exit real = *x;
	char sig[16], line[500], ended[32], excess[80];
	bool was_ready;

	s->ended_us = now - zero;
	supervise_service_inner_take(s, &real, zero);
	if (s->ready_pid > 0)
		kill(-s->ready_pid, SIGKILL); /* nobody waits for its answer */
	was_ready = s->state == PTH_ST_READY || s->state == PTH_ST_RUNNING;
	x = &real;
	s->exit = *x;
	s->exited = true;
	pth_event("service.exited", "{s:s,s:i,s:s?,s:b}", "service", s->name, "code", x->code,
	    "signal", x->signaled ? pth_signal_name(x->signal, sig) : NULL, "core", x->core);
	s->phase = PTH_POST_RUN;
	s->index = 0;
	s->paused = false;
	if (s->state == PTH_ST_ERROR)
		return; /* given up on before, and stopped for that */
	if (s->error[0] != '\0' && !s->stopping && !s->killed_late) {
		supervise_service_to(s, PTH_ST_ERROR); /* it never ran in its container */
		return;
	}
	if (s->killed_late) {
		supervise_service_fail(s, PTH_END_TIMEOUT, "still running after its timeout");
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
	/* The end came while it was still being waited for. */
	s->failed_early = true;
	supervise_service_last_line(s->dirfd, "stderr.log", "stdout.log", line, sizeof line);
	snprintf(s->error, sizeof s->error, "ended with %s before it was ready%s%s%s",
	    pth_exit_text(x, ended), supervise_service_excess(s, x, excess),
	    !s->finite && !x->signaled && x->code == 0 ? "; it must not go into the background" :
	                                                 "",
	    line);
	supervise_service_to(s, PTH_ST_ERROR);
}

/* Has the kernel killed one of its processes for want of memory? */
static void
note_memory(struct service *s)
{
	int64_t n = s->limit.memory > 0 ? pth_cgroup_oom_kills(&s->limit.group) : 0;

	if (n > s->oom_kills)
		s->out_of_memory = true;
	s->oom_kills = n;
}

bool
supervise_service_reaped(
    struct service *s, pid_t pid, int status, const struct rusage *ru, int64_t now, int64_t zero)
{
	struct pth_exit x = pth_exit_of(status, ru);

	if (pid == s->ready_pid && pid > 0) {
		s->ready_pid = 0;
		pth_exit_text(&x, s->ready_how);
		if (!x.signaled && x.code == 0) {
			s->ready_how[0] = '\0';
			s->ready_index++;
			s->ready_since = now;
			s->ready_look = now;
		} else {
			s->ready_look = now + s->ready_wait;
		}
		return true;
	}
	if (pid != s->pid || pid <= 0)
		return false;
	if (s->phase == PTH_RUN && supervise_service_inner_wait(s))
		return true;
	s->pid = 0;
	s->deadline = NEVER;
	s->stop_deadline = NEVER;
	note_memory(s);
	if (s->phase == PTH_RUN) {
		ran_to_end(s, &x, now, zero);
		supervise_service_policy(s, now);
	} else if (s->stopping && s->phase != PTH_POST_RUN) {
		supervise_service_to(s, PTH_ST_STOPPED); /* we killed it */
	} else if (note_phase(s, &x, now)) {
		s->index++;
	} else if (s->phase == PTH_POST_RUN) {
		s->index++; /* the others still get their turn */
	} else {
		supervise_service_to(s, PTH_ST_ERROR);
	}
	return true;
}

/* One look at the current readiness check. */
static bool
look(struct service *s, const json_t *r, int64_t now)
{
	const char *kind = pth_json_str(r, "kind", "");
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e = { 0 };
	bool yes = false;

	if (strcmp(kind, "udp") == 0)
		return supervise_ready_udp((unsigned)pth_json_int(r, "port", 0));
	if (strcmp(kind, "tcp") == 0)
		return supervise_ready_tcp((unsigned)pth_json_int(r, "port", 0));
	if (strcmp(kind, "delay") == 0)
		return now - s->ready_since >= pth_json_int(r, "us", 0);
	if (strcmp(kind, "file") == 0) {
		pth_places_expand(s->places, pth_json_str(r, "path", ""), &b);
		yes = supervise_ready_file(s->dirfd, b.s);
	} else if (strcmp(kind, "log") == 0) {
		if (s->ready_log == NULL)
			s->ready_log = supervise_ready_log_open(s->dirfd,
			    pth_json_str(r, "file", "stdout.log"), pth_json_str(r, "matches", ""),
			    pth_json_int(s->old_logs, pth_json_str(r, "file", "stdout.log"), 0),
			    &e);
		if (s->ready_log == NULL) {
			supervise_service_fail(s, PTH_END_NOT_READY, "%s", e.text);
			return false;
		}
		yes = supervise_ready_log_look(s->ready_log);
		if (yes) {
			supervise_ready_log_close(s->ready_log);
			s->ready_log = NULL;
		}
	} else if (strcmp(kind, "command") == 0) {
		s->ready_pid = start(s, r, -1, -1);
	} else {
		supervise_service_fail(
		    s, PTH_END_NOT_READY, "unknown readiness check \"%.60s\"", kind);
	}
	pth_buf_release(&b);
	return yes;
}

/* The readiness check that it waits for, or NULL. */
static const json_t *
check(const struct service *s)
{
	return json_array_get(json_object_get(s->plan, "ready"), s->ready_index);
}

static int64_t
ready_limit(const json_t *r)
{
	return pth_json_int(r, "timeout_us", READY_LIMIT_US);
}

/* A delay is never late. */
static int64_t
ready_deadline(const struct service *s)
{
	const json_t *r = check(s);

	return r == NULL || strcmp(pth_json_str(r, "kind", ""), "delay") == 0 ?
	    NEVER :
	    s->ready_since + ready_limit(r);
}

static void
not_ready_in_time(struct service *s, const json_t *r)
{
	const char *kind = pth_json_str(r, "kind", "");
	bool command = strcmp(kind, "command") == 0;
	struct pth_buf b = PTH_BUF_INIT;
	char line[500];

	supervise_service_last_line(s->dirfd, "stderr.log", "stdout.log", line, sizeof line);
	if (strcmp(kind, "udp") == 0 || strcmp(kind, "tcp") == 0)
		pth_buf_addf(&b, "did not %s %s port %lld", *kind == 'u' ? "bind" : "listen on",
		    *kind == 'u' ? "UDP" : "TCP", (long long)pth_json_int(r, "port", 0));
	else if (strcmp(kind, "log") == 0)
		pth_buf_addf(&b, "did not log /%.100s/", pth_json_str(r, "matches", ""));
	else if (strcmp(kind, "file") == 0)
		pth_buf_addf(&b, "did not make the file %.100s", pth_json_str(r, "path", ""));
	else
		pth_buf_addf(&b, "its readiness check (%.40s) did not succeed", kind);
	pth_buf_adds(&b, " within ");
	pth_duration_show(&b, ready_limit(r));
	if (command)
		pth_buf_addf(&b, ": %s", *s->ready_how != '\0' ? s->ready_how : "it still ran");
	supervise_service_fail(s, PTH_END_NOT_READY, "%s%s", b.s, line);
	pth_buf_release(&b);
}

static void
is_ready(struct service *s, int64_t now, int64_t zero)
{
	s->ready_us = now - zero;
	supervise_service_to(s, PTH_ST_READY);
	if (s->finite || json_array_size(json_object_get(s->plan, "ready")) == 0)
		supervise_service_to(s, PTH_ST_RUNNING);
}

static void
step_ready(struct service *s, int64_t now, int64_t zero)
{
	while (s->state == PTH_ST_INITIALIZING) {
		const json_t *r = check(s);

		if (now < (s->ready_pid > 0 ? ready_deadline(s) : s->ready_look))
			return;
		if (r == NULL) {
			is_ready(s, now, zero);
			return;
		}
		if (s->ready_pid == 0 && look(s, r, now)) {
			s->ready_index++;
			s->ready_since = now;
			s->ready_wait = LOOK_FIRST_US;
			continue;
		}
		if (s->error[0] == '\0' && now >= ready_deadline(s))
			not_ready_in_time(s, r);
		if (s->error[0] != '\0') {
			s->end = PTH_END_NOT_READY;
			supervise_service_to(s, PTH_ST_ERROR);
			supervise_service_stop(s, now);
			return;
		}
		s->ready_look = now + s->ready_wait;
		if (s->ready_wait < LOOK_LAST_US)
			s->ready_wait += s->ready_wait / 4;
	}
}

void
supervise_service_begin(struct service *s, int64_t zero)
{
	(void)zero;
	s->deadline = s->stop_deadline = NEVER;
	supervise_service_to(s, PTH_ST_INITIALIZING);
}

/* The next command of the phases, when it may start. */
static void
step_phases(struct service *s, int64_t now, int64_t zero)
{
	const json_t *cmd;

	if (s->phase == PTH_PRE_COMPILE && s->index == 0 && s->pid == 0 &&
	    supervise_service_cache_wait(s, now))
		return;
	while (s->pid == 0 && s->phase < PTH_PHASES) {
		if (s->phase == PTH_RUN && (s->exited || !s->has_run))
			return;
		if (s->phase == PTH_RUN && !s->released)
			return;
		cmd = command(s);
		if (cmd != NULL) {
			spawn(s, cmd, now, zero);
			if (s->pid == 0 && s->phase == PTH_POST_RUN)
				s->index++;
			else if (s->pid == 0)
				supervise_service_to(s, PTH_ST_ERROR);
			if (s->pid == 0 && s->phase != PTH_POST_RUN)
				return;
			continue;
		}
		s->phase++;
		s->index = 0;
		if (s->phase == PTH_PRE_RUN)
			supervise_service_cache_keep(s);
		if (s->phase == PTH_POST_RUN)
			return;
	}
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
	if (s->restarting && s->pid == 0 && now >= s->again_at &&
	    (s->stopping || supervise_service_is_idle(s)) && children_gone(s, now))
		supervise_service_again(s);
	if (s->pid > 0 && now >= s->deadline) {
		s->killed_late = true;
		s->deadline = NEVER;
		pth_event("service.timeout", "{s:s,s:s}", "service", s->name, "phase",
		    pth_phase_names[s->phase]);
		if (s->phase == PTH_RUN)
			supervise_service_stop(s, now);
		else
			kill(-s->pid, SIGKILL);
	}
	if (s->pid > 0 && now >= s->stop_deadline) {
		s->stop_deadline = NEVER;
		s->killed = true;
		pth_event("service.killed", "{s:s}", "service", s->name);
		kill(-s->pid, SIGKILL);
	}
	if ((s->state == PTH_ST_INITIALIZING && !s->stopping) ||
	    (s->phase == PTH_POST_RUN && s->exited))
		step_phases(s, now, zero);
	if (s->state == PTH_ST_INITIALIZING && s->phase == PTH_RUN && s->pid > 0)
		step_ready(s, now, zero);
}

void
supervise_service_stop(struct service *s, int64_t now)
{
	const char *name = pth_json_str(json_object_get(s->plan, "stop"), "signal", "TERM");
	int sig = pth_signal_number(name);

	s->restarting = false;
	if (s->stopping || s->phase == PTH_POST_RUN)
		return;
	s->stopping = true;
	if (s->ready_pid > 0)
		kill(-s->ready_pid, SIGKILL);
	if (s->pid == 0) {
		if (s->state == PTH_ST_INITIALIZING || s->state == PTH_ST_READY ||
		    s->state == PTH_ST_RUNNING)
			supervise_service_to(s, PTH_ST_STOPPED);
		return;
	}
	if (s->state != PTH_ST_ERROR)
		supervise_service_to(s, PTH_ST_STOPPING);
	/* Phase commands have nothing to say goodbye to. */
	if (s->phase != PTH_RUN)
		sig = SIGKILL;
	else
		supervise_service_inner_stop(s);
	kill(-s->pid, sig != 0 ? sig : SIGTERM);
	/* A stopped process cannot take a signal. */
	if (s->paused)
		supervise_service_pause(s, false);
	kill(-s->pid, SIGCONT);
	s->stop_deadline = now +
	    pth_json_int(json_object_get(s->plan, "stop"), "grace_us", 5000000);
}

bool
supervise_service_is_ready(const struct service *s)
{
	return s->state == PTH_ST_READY || s->state == PTH_ST_RUNNING ||
	    (s->exited && s->ready_us > 0) ||
	    (!s->has_run && s->phase >= PTH_RUN && s->state == PTH_ST_INITIALIZING);
}

bool
supervise_service_is_idle(const struct service *s)
{
	return s->pid == 0 && (s->phase != PTH_POST_RUN || command(s) == NULL || !s->exited);
}

int64_t
supervise_service_next(const struct service *s)
{
	int64_t t = NEVER;

	if (s->state == PTH_ST_NEW)
		return t;
	if (s->restarting && s->pid == 0)
		return s->again_at;
	if (s->cache_state == PTH_CACHE_LOOKING && s->state == PTH_ST_INITIALIZING && s->pid == 0)
		return s->cache_next;
	if (s->pid > 0) {
		t = s->deadline < s->stop_deadline ? s->deadline : s->stop_deadline;
		if (s->state == PTH_ST_INITIALIZING && s->phase == PTH_RUN) {
			int64_t look = s->ready_pid > 0 ? ready_deadline(s) : s->ready_look;

			t = look < t ? look : t;
		}
	}
	return t;
}
