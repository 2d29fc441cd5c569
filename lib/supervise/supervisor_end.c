/* This file ends a test: what its services' ends mean, and the result. */
#include "supervise/supervisor_priv.h"

#include <stdio.h>
#include <string.h>

#include "io/rec.h"

void
supervise_ending(
    struct supervisor *sup, enum pth_status s, const struct pth_reason *why, const char *fmt, ...)
{
	va_list ap;

	if (s <= sup->status)
		return;
	sup->status = s;
	sup->why = *why;
	if (why->category == PTH_CAT_NONE)
		sup->why.category = pth_status_category(s);
	va_start(ap, fmt);
	vsnprintf(sup->reason, sizeof sup->reason, fmt, ap);
	va_end(ap);
}

/* What it is that a program has failed by itself: it had no port, where its log says so. */
static enum pth_category
fault_of(struct service *s, enum pth_status status)
{
	if (status != PTH_S_FAILED && status != PTH_S_CRASHED)
		return pth_status_category(status);
	return s->why.category == PTH_CAT_PORT_CONFLICT || supervise_command_conflict(&s->at) ?
	    PTH_CAT_PORT_CONFLICT :
	    pth_status_category(status);
}

/* The status that a service's end makes, and why: in s->why, and in words.
 * PTH_S_PASSED: a good end, or none. */
static enum pth_status
end_of(struct service *s, char why[700])
{
	bool broken = s->state == PTH_ST_ERROR;
	enum pth_status status = broken || s->exited ?
	    pth_end_status(s->end, broken, s->exit.code) :
	    PTH_S_PASSED;
	char sig[16], excess[80];

	if (status == PTH_S_PASSED)
		return status;
	supervise_command_excess(&s->at, &s->exit, &s->why, excess);
	if (status != PTH_S_ERROR)
		s->why.category = fault_of(s, status);
	if (status == PTH_S_CRASHED && *excess == '\0' && s->exit.core)
		snprintf(excess, sizeof excess, " (core dumped)");
	if (status == PTH_S_CRASHED)
		snprintf(why, 700, "%s died of signal %s%s", s->name,
		    pth_signal_name(s->exit.signal, sig), excess);
	else if (status == PTH_S_ERROR)
		snprintf(why, 700, "%s: %s", s->name, s->error);
	else if (status == PTH_S_TIMEOUT)
		snprintf(why, 700, "%s was still running after its timeout", s->name);
	else
		snprintf(why, 700, "%s ended with exit code %d%s", s->name, s->exit.code, excess);
	return status;
}

bool
supervise_dispensable(const struct supervisor *sup, const char *name)
{
	const json_t *given = json_object_get(pth_test_services(sup->req->rec), name);

	return pth_rec_dispensable(sup->req->rec, name) &&
	    (json_is_false(pth_given_critical(given)) || sup->partial ||
	        sup->state > PTH_TS_DEPLOYING);
}

static void
degrade(struct supervisor *sup, struct service *s, const char *why)
{
	if (s->degraded)
		return;
	s->degraded = true;
	if (sup->degraded == NULL)
		sup->degraded = json_array();
	pth_json_push(sup->degraded, json_string(s->name));
	pth_event("test.degraded", "{s:s,s:s}", "service", s->name, "reason", why);
}

/* The test ran in a container as a whole: its end there is its end. Of who
 * interrupted it, it knows less than we do. */
static void
take_inside(struct supervisor *sup, const json_t *result)
{
	enum pth_status s = pth_status_of_result(pth_result_status(result));
	struct pth_reason why;

	if (s >= PTH_S_INTERRUPTED)
		return;
	pth_reason_get(result, &why);
	supervise_ending(sup, s, &why, "%s", pth_result_reason(result));
}

void
supervise_judge(struct supervisor *sup, struct service *s, int64_t now)
{
	char why[700];
	enum pth_status status;

	if ((s->state != PTH_ST_ERROR && s->state != PTH_ST_STOPPED) || s->restarting ||
	    s->degraded)
		return;
	take_inside(sup, pth_insideend_result(s->inner));
	status = end_of(s, why);
	if (status == PTH_S_PASSED)
		return;
	if (supervise_dispensable(sup, s->name)) {
		degrade(sup, s, why);
		return;
	}
	supervise_ending(sup, status, &s->why, "%s", why);
	/* Other clients may go on beside one that failed; without its server a
	 * client would only wait for its own limit. */
	if (status != PTH_S_FAILED || !s->finite)
		supervise_begin_stop(sup, now);
}

int64_t
supervise_build_us(const struct supervisor *sup)
{
	const json_t *setup = pth_plan_setup(sup->req->plan), *done;
	int64_t us = 0;
	size_t i;

	json_array_foreach(sup->own[SETUP].results, i, done) {
		const json_t *cmd = json_array_get(setup, (size_t)pth_done_index(done));

		if (pth_category_of(pth_cmd_category(cmd)) == PTH_CAT_DOCKER_BUILD)
			us += pth_done_duration_us(done);
	}
	return us;
}

/* When the stages ended; one that was not reached took no time. Images are no part of any. */
static json_t *
timings(const struct supervisor *sup, int64_t built, int64_t now)
{
	int64_t setup = sup->setup_us, ready = sup->ready_us, run = sup->run_us;
	json_t *o;

	ready = ready > setup ? ready : setup;
	run = run > ready ? run : ready;
	o = json_pack("{s:I,s:I,s:I,s:I}", PTH_KEY(timings, setup_us),
	    (json_int_t)(setup > built ? setup - built : 0), PTH_KEY(timings, ready_us),
	    (json_int_t)(ready - setup), PTH_KEY(timings, run_us), (json_int_t)(run - ready),
	    PTH_KEY(timings, stop_us), (json_int_t)(now - sup->zero - run));
	if (built > 0)
		pth_timings_set_build_us(o, built);
	return o;
}

/* The parts of a test that ran in a container as a whole. */
static void
put_inside(json_t *o, const json_t *inner, int64_t zero)
{
	static const char *const keys[] = { PTH_KEY(result, services), PTH_KEY(result, steps),
		PTH_KEY(result, assertions), PTH_KEY(result, degraded),
		PTH_KEY(result, pre_commands), PTH_KEY(result, post_commands) };
	const json_t *result = pth_insideend_result(inner);
	const char *name;
	json_t *v;

	for (size_t i = 0; i < countof(keys); i++)
		supervise_put(o, keys[i], json_deep_copy(json_object_get(result, keys[i])));
	if (json_is_integer(PTH_GET(result, result, simulated_us)))
		pth_result_set_simulated_us(o, pth_result_simulated_us(result));
	if (result != NULL)
		json_object_foreach(pth_result_services(o), name, v)
			supervise_service_shift(v, supervise_service_inner_shift(inner, zero));
}

/* What the services did, and what was done to them. */
static void
put_parts(json_t *o, struct supervisor *sup)
{
	json_t *services = json_object();

	for (size_t i = 0; i < OWNS; i++)
		if (i != TEARDOWN && json_array_size(sup->own[i].results) > 0)
			pth_json_set(o, sup->own[i].name, json_incref(sup->own[i].results));
	for (size_t i = 0; i < sup->nservices; i++) {
		json_t *s = supervise_service_result(&sup->services[i]);
		const char *name = sup->services[i].name;

		supervise_put(s, PTH_KEY(rsvc, capture),
		    sup->nlinks > 0 ? supervise_links_capture(sup, name) :
		                      json_incref(supervise_capture_result(sup, name)));
		pth_json_set(services, sup->services[i].name, s);
	}
	pth_result_set_services(o, services);
	supervise_put(o, PTH_KEY(result, steps), supervise_steps_result(&sup->steps));
	supervise_put(
	    o, PTH_KEY(result, assertions), supervise_assertions_result(&sup->assertions));
	supervise_put(o, PTH_KEY(result, images), supervise_images_result(sup));
	supervise_put(o, PTH_KEY(result, degraded), json_incref(sup->degraded));
	for (size_t i = 0; i < sup->nservices; i++)
		put_inside(o, sup->services[i].inner, sup->zero);
}

/* That of the test: of services in one container, it was made there. */
static json_t *
capture_of_test(struct supervisor *sup)
{
	const json_t *whole = supervise_capture_result(sup, NULL);
	json_t *linked = sup->nlinks > 0 ? supervise_links_capture(sup, NULL) : NULL;

	if (linked != NULL)
		return linked;
	if (pth_plan_inside(sup->req->plan) && sup->nservices == 1)
		whole = pth_insideend_capture(sup->services[0].inner);
	return json_is_object(whole) ? json_deep_copy(whole) : json_null();
}

json_t *
supervise_isolation(const struct pth_supervise_req *req)
{
	unsigned used = req->ns.used, asked = PTH_NS_ALL | req->ns.asked;

	/* What every container has; a user namespace is up to the engine. */
	if (strcmp(pth_env_isolation(pth_plan_environment(req->plan)), "container") == 0)
		used = asked = PTH_NS_ALL & ~(unsigned)PTH_NS_USER;
	else if (pth_rec_plan_is_simulated(req->plan))
		asked = req->ns.asked;
	return json_pack("{s:o,s:o,s:s}", PTH_KEY(isolation, used), pth_ns_names(used),
	    PTH_KEY(isolation, missing), pth_ns_names(asked & ~used), PTH_KEY(isolation, reason),
	    req->ns.reason);
}

json_t *
supervise_result(struct supervisor *sup, const char *started)
{
	int64_t now = pth_mono_us(), built = supervise_build_us(sup);
	pth_auto_buf ended = PTH_BUF_INIT;
	json_t *o = json_object();

	pth_rfc3339(&ended, pth_real_us());
	pth_result_set_status(o, pth_status_result_name(sup->status));
	if (*sup->reason != '\0')
		pth_result_set_reason(o, sup->reason);
	pth_reason_put(o, &sup->why);
	pth_result_set_started(o, started);
	pth_result_set_ended(o, ended.s);
	pth_result_set_duration_us(o, now - sup->zero - built);
	pth_result_set_isolation(o, supervise_isolation(sup->req));
	pth_result_set_evidence(o,
	    sup->req->places->engine ? "container" :
	        sup->guarded         ? "protected" :
	                               "unprotected");
	pth_result_set_capture(o, capture_of_test(sup));
	pth_result_set_timings(o, timings(sup, built, now));
	put_parts(o, sup);
	return o;
}
