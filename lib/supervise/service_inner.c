/*
 * A service whose process ran somewhere else, in a container: what we
 * started was only its attached client. plan "inner" is {"file", "ask", "wait",
 * "stop"}: the file in the service's directory in which pth-init tells how the
 * process itself ended, the socket there at which it is asked for steps and
 * looks, a command that lasts as long as the container does, and one that asks it
 * to end.
 */
#include "supervise/service_priv.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "io/json.h"

#define INNER_MAX ((size_t)4 << 20)
#define TIME_MAX ((int64_t)1 << 52) /* beyond all clocks */

static json_t *
load(const struct service *s, const char *file)
{
	int fd = pth_open_beneath(s->at.dirfd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	struct pth_buf b = PTH_BUF_INIT;
	json_t *v = NULL;
	ssize_t n = -1;

	if (fd >= 0) {
		n = pth_read_all(fd, pth_buf_room(&b, INNER_MAX), INNER_MAX);
		close(fd);
	}
	if (n > 0 && (size_t)n < INNER_MAX)
		v = pth_json_parse(b.s, (size_t)n, NULL);
	pth_buf_release(&b);
	if (json_is_object(json_object_get(v, "service")))
		return v;
	json_decref(v);
	return NULL;
}

static void
usage(struct rusage *u, const json_t *r)
{
	u->ru_utime.tv_sec = pth_json_int(r, "user_us", 0) / 1000000;
	u->ru_utime.tv_usec = pth_json_int(r, "user_us", 0) % 1000000;
	u->ru_stime.tv_sec = pth_json_int(r, "sys_us", 0) / 1000000;
	u->ru_stime.tv_usec = pth_json_int(r, "sys_us", 0) % 1000000;
	u->ru_maxrss = pth_json_int(r, "max_rss_kb", 0);
	u->ru_minflt = pth_json_int(r, "minflt", 0);
	u->ru_majflt = pth_json_int(r, "majflt", 0);
	u->ru_nvcsw = pth_json_int(r, "nvcsw", 0);
	u->ru_nivcsw = pth_json_int(r, "nivcsw", 0);
}

static void
take_exit(struct pth_exit *x, const json_t *o)
{
	const char *sig = pth_json_str(o, "signal", NULL);

	memset(x, 0, sizeof *x);
	x->signaled = sig != NULL;
	x->signal = sig != NULL ? pth_signal_number(sig) : 0;
	x->code = sig != NULL ? -1 : (int)pth_json_int(o, "code", -1);
	x->core = pth_json_bool(o, "core", false);
	usage(&x->usage, json_object_get(o, "rusage"));
}

/* A time or duration that a container tells; 0 for what cannot be one. */
static int64_t
time_of(const json_t *o, const char *key)
{
	int64_t us = pth_json_int(o, key, 0);

	return us > 0 && us < TIME_MAX ? us : 0;
}

int64_t
supervise_service_inner_shift(const json_t *inner, int64_t zero)
{
	int64_t us = time_of(inner, "zero_us");

	return us > zero ? us - zero : 0;
}

void
supervise_service_shift(json_t *o, int64_t us)
{
	static const char *const keys[] = { "started_us", "ready_us", "ended_us" };
	json_t *v;
	size_t i;

	for (size_t k = 0; k < countof(keys); k++)
		if (json_object_get(o, keys[k]) != NULL)
			pth_json_set(o, keys[k], json_integer(time_of(o, keys[k]) + us));
	json_array_foreach(json_object_get(o, "restarts"), i, v)
		supervise_service_shift(v, us);
}

static void
take_times(struct service *s, const json_t *inner, const json_t *o, int64_t zero)
{
	/* One monotonic clock for all containers of a machine. */
	int64_t shift = supervise_service_inner_shift(inner, zero);

	s->ready_us = time_of(o, "ready_us") > 0 ? shift + time_of(o, "ready_us") : 0;
	if (time_of(o, "started_us") > 0)
		s->started_us = shift + time_of(o, "started_us");
	if (time_of(o, "ended_us") > 0)
		s->ended_us = shift + time_of(o, "ended_us");
}

/* Endings that are no exit of the process: it never ran, or not to its end. */
static void
take_failure(struct service *s, const struct pth_exit *x, const json_t *inner, const json_t *o)
{
	enum pth_end end = pth_end_of(pth_json_str(o, "reason", NULL));
	bool broken = strcmp(pth_json_str(o, "state", ""), "error") == 0;
	const char *error = pth_json_str(o, "error", NULL);
	struct pth_reason why;

	pth_reason_get(o, &why);
	why.category = supervise_command_category(&s->at, why.category, PTH_CAT_SERVICE_START);
	/* A command of a phase that took too long leaves it in the state error. */
	if (end == PTH_END_TIMEOUT && error != NULL && !broken)
		s->killed_late = true;
	s->at.out_of_memory = pth_json_bool(inner, "oom", false);
	/* A signal that we have not sent: docker stop, or an engine that ends. */
	if (!s->stopping && strcmp(pth_json_str(inner, "status", ""), "interrupted") == 0)
		supervise_service_fail(s, PTH_END_LOST, PTH_WHY(PTH_CAT_DOCKER_RUNTIME),
		    "its container was stopped from outside");
	/* By the signal of a step, which was sent inside. */
	if (end == PTH_END_STOPPED)
		s->asked = ~0ULL;
	if (error == NULL)
		error = pth_json_str(inner, "reason", NULL);
	if (end >= PTH_END_NOT_FOUND && end < PTH_ENDS && error != NULL)
		supervise_service_fail(s, end, &why, "%s", error);
	/* It ended before it was ready, perhaps after a restart. */
	if (broken && error != NULL)
		supervise_service_fail(
		    s, x->signaled ? PTH_END_SIGNAL : PTH_END_EXIT, &why, "%s", error);
}

static const char *
ask_path(const struct service *s)
{
	return pth_json_str(json_object_get(s->plan, "inner"), "ask", NULL);
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
		s->deadline = now + pth_json_int(s->plan, "timeout_us", 0);
}

void
supervise_service_inner_stop(struct service *s)
{
	const json_t *cmd = json_object_get(json_object_get(s->plan, "inner"), "stop");
	struct pth_err e;
	int err_no;

	/* Reaped like any orphan: how it ends tells nothing, the container does. */
	if (cmd != NULL)
		supervise_command_start(&s->at, cmd, -1, -1, &err_no, &e);
}

bool
supervise_service_inner_wait(struct service *s)
{
	const json_t *inner = json_object_get(s->plan, "inner"),
	             *cmd = json_object_get(inner, "wait");
	struct pth_err e;
	int err_no;
	pid_t pid;

	/* A container that never started would be waited for in vain. */
	if (cmd == NULL || !s->stopping || s->inner_waited || s->killed ||
	    faccessat(s->at.dirfd, pth_json_str(inner, "file", ""), F_OK, 0) == 0)
		return false;
	s->inner_waited = true;
	pid = supervise_command_start(&s->at, cmd, -1, -1, &err_no, &e);
	if (pid > 0)
		s->pid = pid;
	return pid > 0;
}

/* Its client has ended, and it has told nothing. */
static void
lost(struct service *s, int code)
{
	char line[500];
	const char *last = supervise_command_last_line(
	    s->at.dirfd, "stderr.log", "stdout.log", line, sizeof line);
	const struct pth_reason *why = PTH_WHY(
	    supervise_command_log_category(&s->at, last, PTH_CAT_DOCKER_RUNTIME));

	/* docker start says 137 for a container that was killed. */
	if (code == 137)
		supervise_service_fail(
		    s, PTH_END_LOST, why, "its container was killed from outside");
	else if (s->state == PTH_ST_READY || s->state == PTH_ST_RUNNING)
		supervise_service_fail(
		    s, PTH_END_LOST, why, "the engine was lost while its container ran%s", line);
	else
		supervise_service_fail(s, PTH_END_LOST, why,
		    "its container could not be started or was lost: docker "
		    "ended with exit code %d%s",
		    code, line);
}

bool
supervise_service_inner_take(struct service *s, struct pth_exit *x, int64_t zero)
{
	const char *file = pth_json_str(json_object_get(s->plan, "inner"), "file", NULL);
	json_t *inner, *o;

	if (file == NULL)
		return false;
	if (ask_path(s) != NULL)
		unlinkat(s->at.dirfd, ask_path(s), 0); /* of a container that was killed */
	inner = load(s, file);
	if (inner == NULL) {
		if (!s->stopping)
			lost(s, x->code);
		return false;
	}
	o = json_object_get(inner, "service");
	take_exit(x, o);
	take_times(s, inner, o, zero);
	take_failure(s, x, inner, o);
	json_decref(s->commands.results);
	s->commands.results = json_is_array(json_object_get(o, "phases")) ?
	    json_incref(json_object_get(o, "phases")) :
	    json_array();
	if (json_is_array(json_object_get(o, "restarts"))) {
		size_t i;
		json_t *v;

		json_decref(s->restarts);
		s->restarts = json_deep_copy(json_object_get(o, "restarts"));
		json_array_foreach(s->restarts, i, v)
			supervise_service_shift(v, supervise_service_inner_shift(inner, zero));
	}
	json_decref(s->inner);
	s->inner = inner;
	/* Readiness that came and went between two looks of ours counts. */
	if (s->state == PTH_ST_INITIALIZING && pth_json_int(o, "ready_us", 0) > 0 &&
	    s->error[0] == '\0')
		supervise_service_to(s, PTH_ST_READY);
	return true;
}
