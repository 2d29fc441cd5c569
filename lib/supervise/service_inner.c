/*
 * This file has services whose process runs somewhere else, in a container: what we started is
 * only its attached client. The plan's "inner" is {"file", "ask", "wait", "stop"}: the file in the
 * service's directory in which pth-init tells how the process itself ended, the socket there at
 * which it is asked for steps and looks, a command that lasts as long as the container does, and
 * one that asks it to end.
 */
#include "supervise/service_priv.h"

#include <string.h>

#include "base/os.h"
#include "io/file.h"

#define INNER_MAX ((size_t)4 << 20)
#define TIME_MAX ((int64_t)1 << 52) /* beyond all clocks */

static json_t *
load(const struct service *s, const char *file)
{
	pth_auto_buf b = PTH_BUF_INIT;
	json_auto_t *v = pth_file_read_below(s->at.dirfd, file, INNER_MAX, &b, NULL) == 0 ?
	    pth_json_parse(b.s, b.len, NULL) :
	    NULL;

	return pth_insideend_service(v) != NULL ? json_incref(v) : NULL;
}

static void
usage(struct rusage *u, const json_t *r)
{
	int64_t user = pth_rusage_user_us(r), sys = pth_rusage_sys_us(r);

	u->ru_utime = (struct timeval){ user / PTH_SECOND_US, user % PTH_SECOND_US };
	u->ru_stime = (struct timeval){ sys / PTH_SECOND_US, sys % PTH_SECOND_US };
	u->ru_maxrss = pth_rusage_max_rss_kb(r);
	u->ru_minflt = pth_rusage_minflt(r);
	u->ru_majflt = pth_rusage_majflt(r);
	u->ru_nvcsw = pth_rusage_nvcsw(r);
	u->ru_nivcsw = pth_rusage_nivcsw(r);
}

static void
take_exit(struct pth_exit *x, const json_t *o)
{
	const char *sig = pth_rsvc_signal(o);

	*x = (struct pth_exit){ .signaled = sig != NULL,
		.signal = sig != NULL ? pth_signal_number(sig) : 0,
		.code = sig != NULL ? -1 : (int)pth_rsvc_code(o),
		.core = pth_rsvc_core(o) };
	usage(&x->usage, pth_rsvc_rusage(o));
}

/* A time or duration that a container tells; 0 for what cannot be one. */
static int64_t
sane(int64_t us)
{
	return us > 0 && us < TIME_MAX ? us : 0;
}

int64_t
supervise_service_inner_shift(const json_t *inner, int64_t zero)
{
	int64_t us = sane(pth_insideend_zero_us(inner));

	return us > zero ? us - zero : 0;
}

void
supervise_service_shift(json_t *o, int64_t us)
{
	static const char *const keys[] = { PTH_KEY(rsvc, started_us), PTH_KEY(rsvc, ready_us),
		PTH_KEY(rsvc, ended_us) };
	json_t *v;
	size_t i;

	for (size_t k = 0; k < countof(keys); k++)
		if (json_object_get(o, keys[k]) != NULL)
			pth_json_set(
			    o, keys[k], json_integer(sane(pth_json_int(o, keys[k], 0)) + us));
	json_array_foreach(pth_rsvc_restarts(o), i, v)
		supervise_service_shift(v, us);
}

/* A container that is started again is another one, in which no link ends. */
static const char *
and_links(const struct service *s)
{
	return pth_inner_net(pth_svc_inner(s->plan)) != NULL ? ", and its links with it" : "";
}

/* Endings that are no exit of the process: it never ran, or not to its end. */
static void
take_failure(struct service *s, const struct pth_exit *x, const json_t *inner, const json_t *o)
{
	enum pth_end end = pth_end_of(pth_rsvc_reason(o));
	const char *error = pth_rsvc_error(o), *state = pth_rsvc_state(o);
	bool broken = strcmp(state, pth_machine_name(&pth_service_machine, PTH_ST_ERROR)) == 0;
	struct pth_reason why;

	pth_reason_get(o, &why);
	why.category = supervise_command_category(&s->at, why.category, PTH_CAT_SERVICE_START);
	/* A command of a phase that took too long leaves it in the state error. */
	if (end == PTH_END_TIMEOUT && *error != '\0' && !broken)
		s->killed_late = true;
	/* Its log is in the container; what it says was seen there. */
	if (why.category == PTH_CAT_PORT_CONFLICT)
		s->why.category = why.category;
	s->at.out_of_memory = pth_insideend_oom(inner);
	/* A signal that we have not sent: docker stop, or an engine that ends. */
	if (!s->stopping && pth_status_of_result(pth_insideend_status(inner)) == PTH_S_INTERRUPTED)
		supervise_service_fail(s, PTH_END_LOST, PTH_WHY(PTH_CAT_DOCKER_RUNTIME),
		    "its container was stopped from outside%s", and_links(s));
	/* By the signal of a step, which was sent inside. */
	if (end == PTH_END_STOPPED)
		s->asked = ~0ULL;
	if (*error == '\0')
		error = pth_insideend_reason(inner);
	if (end >= PTH_END_NOT_FOUND && end < PTH_ENDS && *error != '\0')
		supervise_service_fail(s, end, &why, "%s", error);
	/* It ended before it was ready, perhaps after a restart. */
	if (broken && *error != '\0')
		supervise_service_fail(
		    s, x->signaled ? PTH_END_SIGNAL : PTH_END_EXIT, &why, "%s", error);
}

static const char *
ask_path(const struct service *s)
{
	return pth_inner_ask(pth_svc_inner(s->plan));
}

bool
supervise_service_is_inside(const struct service *s)
{
	return ask_path(s) != NULL;
}

int
supervise_service_ask(
    const struct service *s, struct pth_channel *a, const json_t *question, struct pth_err *e)
{
	char how[32];

	if (supervise_service_lives(s))
		return pth_channel_begin(a, s->at.dirfd, ask_path(s), question, e);
	a->fd = -1;
	return pth_err_set(e, PTH_INPUT, "%s and its container do not run (%s)", s->name,
	    supervise_service_how(s, how));
}

void
supervise_service_inner_restarted(struct service *s, int64_t now)
{
	if (s->deadline != PTH_NEVER)
		s->deadline = now + pth_svc_timeout_us(s->plan);
}

/* A service that is ready has a supervisor that listens. Its answer is the end. */
static bool
told_to_end(const struct service *s)
{
	json_auto_t *question = json_pack("{s:b}", "end", true);
	struct pth_channel a;
	struct pth_err e;

	if (ask_path(s) == NULL || s->ready_us <= 0 ||
	    pth_channel_begin(&a, s->at.dirfd, ask_path(s), question, &e) != 0)
		return false;
	pth_channel_end(&a);
	return true;
}

/* An engine's client costs more than all else at the end of a short test, so the container is told
 * itself where it can be. The client that is attached to it hands the signal on, too. */
void
supervise_service_inner_stop(struct service *s)
{
	const json_t *cmd = pth_inner_stop(pth_svc_inner(s->plan));
	struct pth_err e;

	if (told_to_end(s))
		return;
	/* Reaped like any orphan: how it ends tells nothing, the container does. */
	if (cmd != NULL)
		supervise_command_start(&s->at, cmd, -1, -1, NULL, &e);
}

bool
supervise_service_inner_wait(struct service *s)
{
	const json_t *inner = pth_svc_inner(s->plan), *cmd = pth_inner_wait(inner);
	struct pth_err e;
	pid_t pid;

	/* A container that never started would be waited for in vain. */
	if (cmd == NULL || !s->stopping || s->inner_waited || s->killed ||
	    (pth_inner_file(inner) != NULL &&
	        faccessat(s->at.dirfd, pth_inner_file(inner), F_OK, 0) == 0))
		return false;
	s->inner_waited = true;
	pid = supervise_command_start(&s->at, cmd, -1, -1, NULL, &e);
	if (pid > 0)
		s->pid = pid;
	return pid > 0;
}

/* Its client has ended, and it has told nothing. */
static void
lost(struct service *s, int code)
{
	char line[500];
	const struct pth_reason *why = PTH_WHY(
	    supervise_command_last_line(&s->at, NULL, PTH_CAT_DOCKER_RUNTIME, line));

	/* Of a simulator its own program tells, and an engine is not asked. */
	if (pth_inner_simulated(pth_svc_inner(s->plan)))
		supervise_service_fail(s, PTH_END_LOST,
		    PTH_WHY(supervise_command_last_line(&s->at, NULL, PTH_CAT_SERVICE_START, line)),
		    "the simulation was lost: pth-shadow ended with exit code %d%s", code, line);
	/* docker start says 137 for a container that was killed. */
	else if (code == 137)
		supervise_service_fail(
		    s, PTH_END_LOST, why, "its container was killed from outside%s", and_links(s));
	else if (s->state == PTH_ST_READY || s->state == PTH_ST_RUNNING)
		supervise_service_fail(
		    s, PTH_END_LOST, why, "the engine was lost while its container ran%s", line);
	else
		supervise_service_fail(s, PTH_END_LOST, why,
		    "its container could not be started or was lost: docker "
		    "ended with exit code %d%s",
		    code, line);
}

void
supervise_service_inner_take(struct service *s, struct pth_exit *x, int64_t zero)
{
	const char *file = pth_inner_file(pth_svc_inner(s->plan));
	json_t *inner, *o;

	if (file == NULL)
		return;
	if (ask_path(s) != NULL)
		unlinkat(s->at.dirfd, ask_path(s), 0); /* of a container that was killed */
	inner = load(s, file);
	if (inner == NULL) {
		if (!s->stopping)
			lost(s, x->code);
		return;
	}
	o = pth_insideend_service(inner);
	take_exit(x, o);
	/* One monotonic clock for all containers of a machine. */
	supervise_service_shift(o, supervise_service_inner_shift(inner, zero));
	s->ready_us = pth_rsvc_ready_us(o);
	if (pth_rsvc_started_us(o) > 0)
		s->started_us = pth_rsvc_started_us(o);
	if (pth_rsvc_ended_us(o) > 0)
		s->ended_us = pth_rsvc_ended_us(o);
	take_failure(s, x, inner, o);
	json_decref(s->commands.results);
	s->commands.results = pth_rsvc_phases(o) != NULL ? json_incref(pth_rsvc_phases(o)) :
	                                                   json_array();
	if (pth_rsvc_restarts(o) != NULL) {
		json_decref(s->restarts);
		s->restarts = json_incref(pth_rsvc_restarts(o));
	}
	json_decref(s->inner);
	s->inner = inner;
	/* Readiness that came and went between two looks of ours counts. */
	if (s->state == PTH_ST_INITIALIZING && pth_rsvc_ready_us(o) > 0 && s->error[0] == '\0')
		supervise_service_to(s, PTH_ST_READY);
}
