/* This file judges a simulation: the state of each service, and the status of the test. */
#include "shadow/outcome.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "io/record.h"
#include "io/status.h"

struct judge {
	const struct shadow_facts *f;
	json_t *result, *services, *degraded;
	enum pth_status status;
	char reason[700];
};

static void ending(struct judge *j, enum pth_status status, const char *fmt, ...) PTH_PRINTF(3, 4);

/* A worse ending replaces a better one. */
static void
ending(struct judge *j, enum pth_status status, const char *fmt, ...)
{
	va_list ap;

	if (status <= j->status)
		return;
	j->status = status;
	va_start(ap, fmt);
	vsnprintf(j->reason, sizeof j->reason, fmt, ap);
	va_end(ap);
}

/* --- what Shadow said of a service */

/* Is it a process of this host: HOST.PROGRAM.PID? Names of hosts of ours have no point. */
static bool
is_of(const struct shadow_end *x, const char *host)
{
	size_t n = strlen(host);

	return strncmp(x->process, host, n) == 0 && x->process[n] == '.';
}

static const struct shadow_end *
end_of(const struct judge *j, const json_t *service)
{
	for (size_t i = 0; i < j->f->log->n; i++)
		if (is_of(&j->f->log->ends[i], pth_simhost_host(service)))
			return &j->f->log->ends[i];
	return NULL;
}

/* Are all processes that Shadow counts named, each that of another service? */
static bool
all_named(const struct judge *j)
{
	const struct shadow_log *log = j->f->log;
	size_t named = 0, i;
	json_t *s;

	json_array_foreach(pth_sim_services(j->f->spec), i, s) {
		const struct shadow_end *x = end_of(j, s);

		named += x != NULL && x->state != SHADOW_UNKNOWN;
	}
	return !log->more && log->n > 0 && named == log->n && log->wrong == (int64_t)named;
}

/* Did the simulation come to its end, so that what Shadow does not speak of is as expected? */
static bool
is_told(struct judge *j)
{
	const struct shadow_facts *f = j->f;
	const struct pth_exit *x = f->exit;
	char how[32];

	if (f->unstarted != NULL)
		ending(j, PTH_S_ERROR, "shadow cannot be started: %s", f->unstarted);
	else if (f->interrupted)
		ending(j, PTH_S_INTERRUPTED, "the simulation was interrupted");
	else if (x->signaled)
		ending(j, PTH_S_ERROR, "shadow died of %s", pth_exit_text(x, how));
	else if (x->code != 0 && !all_named(j))
		ending(j, PTH_S_ERROR, "shadow ended with exit code %d%s%s", x->code,
		    f->log->error[0] != '\0' ? ": " : "", f->log->error);
	else if (x->code == 0 && (f->log->n > 0 || f->log->wrong > 0))
		ending(j, PTH_S_ERROR,
		    "shadow ended with exit code 0, but says that processes did not end as "
		    "expected");
	else if (!f->complete)
		ending(j, PTH_S_ERROR,
		    "shadow ended with exit code %d, but there are no results of a whole "
		    "simulation "
		    "in shadow.data",
		    x->code);
	else
		return true;
	return false;
}

/* --- a service */

/* How the program ended: one that is not spoken of, as its configuration expects. */
static enum pth_end
set_end(struct judge *j, const json_t *s, const struct shadow_end *x, json_t *o)
{
	int64_t limit = pth_simhost_shutdown_us(s);
	char name[16];

	if (x != NULL && x->at_us >= 0)
		pth_rsvc_set_ended_us(o, x->at_us);
	if (x == NULL && !pth_simhost_finite(s)) {
		pth_rsvc_set_ended_us(o, pth_sim_stop_us(j->f->spec));
		return PTH_END_STOPPED;
	}
	if (x == NULL || x->state == SHADOW_EXITED) {
		pth_rsvc_set_code(o, x != NULL ? x->code : 0);
		return PTH_END_EXIT;
	}
	if (x->state == SHADOW_RUNNING)
		return PTH_END_TIMEOUT;
	pth_rsvc_set_signal(o, pth_signal_name(x->signal, name));
	/* We had it ended there. */
	return limit > 0 && x->signal == SIGKILL && (x->at_us < 0 || x->at_us >= limit) ?
	    PTH_END_TIMEOUT :
	    PTH_END_SIGNAL;
}

static void
judge_end(struct judge *j, const json_t *s, const json_t *o)
{
	enum pth_end end = pth_end_of(pth_rsvc_reason(o));
	enum pth_status status = pth_end_status(end, false, (int)pth_rsvc_code(o));
	const char *name = pth_simhost_name(s);
	int64_t late = pth_simhost_shutdown_us(s);

	if (status == PTH_S_PASSED)
		return;
	if (!pth_simhost_critical(s)) {
		if (j->degraded == NULL)
			j->degraded = json_array();
		pth_json_push(j->degraded, json_string(name));
		return;
	}
	late = late > 0 ? late : pth_sim_stop_us(j->f->spec);
	if (status == PTH_S_CRASHED)
		ending(j, status, "%s died of signal %s", name, pth_rsvc_signal(o));
	else if (status == PTH_S_TIMEOUT)
		ending(j, status, "%s was still running at %.15g s of simulated time", name,
		    (double)late / (double)PTH_SECOND_US);
	else
		ending(j, status, "%s ended with exit code %d", name, (int)pth_rsvc_code(o));
}

static void
service(struct judge *j, size_t i, const json_t *s, bool told)
{
	json_t *o = json_object(), *capture = j->f->captures[i];
	enum pth_end end = PTH_END_LOST;
	bool started = j->f->started[i];

	pth_rsvc_set_host(o, pth_simhost_host(s));
	if (told && started)
		end = set_end(j, s, end_of(j, s), o);
	else if (told)
		end = PTH_END_NOT_STARTED;
	pth_rsvc_set_state(
	    o, end == PTH_END_NOT_STARTED || end == PTH_END_LOST ? "error" : "stopped");
	pth_rsvc_set_reason(o, pth_end_name(end));
	if (PTH_GET(rsvc, o, code) == NULL)
		pth_json_set(o, PTH_KEY(rsvc, code), json_null());
	if (PTH_GET(rsvc, o, signal) == NULL)
		pth_json_set(o, PTH_KEY(rsvc, signal), json_null());
	if (started)
		pth_rsvc_set_started_us(o, pth_simhost_start_us(s));
	if (end == PTH_END_NOT_STARTED) {
		pth_rsvc_set_error(o, "Shadow has not started it");
		ending(j, PTH_S_ERROR, "%s: Shadow has not started it", pth_simhost_name(s));
	} else if (end == PTH_END_LOST) {
		pth_rsvc_set_error(o, "the simulation was lost");
	} else {
		judge_end(j, s, o);
	}
	if (capture != NULL)
		pth_rsvc_set_capture(o, json_incref(capture));
	pth_rsvc_set_phases(o, json_array());
	pth_json_set(j->services, pth_simhost_name(s), o);
}

/* The capture of a server, who sees it all, stands for the test; else that of any. */
static json_t *
capture_of(const struct judge *j)
{
	json_t *best = NULL, *s;
	size_t i;

	json_array_foreach(pth_sim_services(j->f->spec), i, s)
		if (j->f->captures[i] != NULL && (best == NULL || !pth_simhost_finite(s))) {
			best = j->f->captures[i];
			if (!pth_simhost_finite(s))
				break;
		}
	return best != NULL ? json_incref(best) : json_null();
}

json_t *
shadow_result(const struct shadow_facts *f)
{
	struct judge j = { .f = f, .result = json_object(), .services = json_object() };
	bool told = is_told(&j);
	int64_t us = told ? pth_sim_stop_us(f->spec) : f->log->last_us;
	pth_auto_buf reason = PTH_BUF_INIT;
	json_t *s;
	size_t i;

	json_array_foreach(pth_sim_services(f->spec), i, s)
		service(&j, i, s, told);
	pth_result_set_status(j.result, pth_status_result_name(j.status));
	pth_utf8_clean(&reason, j.reason, strlen(j.reason));
	if (reason.len > 0)
		pth_result_set_reason(j.result, reason.s);
	pth_result_set_services(j.result, j.services);
	if (us >= 0)
		pth_result_set_simulated_us(j.result, us);
	pth_result_set_capture(j.result, capture_of(&j));
	if (j.degraded != NULL)
		pth_result_set_degraded(j.result, j.degraded);
	return j.result;
}
