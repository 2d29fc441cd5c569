/* This file has the stages in which services live: deploying, running, asserting. */
#include "supervise/supervisor_priv.h"

/* May its run command start? What it comes after must have reached the state
 * that it waits for: 1 yes, 0 not yet, -1 never, for *cause. */
static int
may_start(struct supervisor *sup, const struct service *s, const struct service **cause)
{
	json_t *a;
	size_t i;
	int all = 1;

	json_array_foreach(pth_svc_after(s->plan), i, a) {
		const struct service *t = supervise_service_find(
		    sup->services, sup->nservices, pth_await_service(a));
		int r = t != NULL ? supervise_service_reached(t, pth_await_state(a)) : 1;

		all = r < all ? r : all;
		if (r < 0 && *cause == NULL)
			*cause = t;
	}
	return all;
}

/* Does it compile something just now, or still? */
static bool
compiles(const struct service *s)
{
	return s->phase <= PTH_POST_COMPILE && s->state == PTH_ST_INITIALIZING;
}

/* Has each command of its compile phases a limit of its own? */
static bool
is_bounded(const struct service *s)
{
	const json_t *phases = pth_svc_phases(s->plan), *cmd;
	size_t i;

	for (size_t k = 0; k <= PTH_POST_COMPILE; k++)
		json_array_foreach(json_object_get(phases, pth_phase_names[k]), i, cmd)
			if (pth_cmd_timeout_us(cmd) <= 0)
				return false;
	return true;
}

/* Is nothing compiled any more? Until then no run command begins, and the limit of the test does
 * not run, unless it is the only one. */
static bool
all_made(struct supervisor *sup, int64_t now)
{
	bool made = true, bounded = true;

	for (size_t i = 0; i < sup->nservices && !sup->made; i++)
		if (compiles(&sup->services[i])) {
			made = false;
			bounded = bounded && is_bounded(&sup->services[i]);
		}
	if (!made && bounded && sup->made_left == 0) {
		sup->made_left = sup->deadline == PTH_NEVER ? PTH_NEVER : sup->deadline - now;
		sup->deadline = PTH_NEVER;
	} else if (made && sup->made_left != 0 && sup->made_left != PTH_NEVER) {
		sup->deadline = now + sup->made_left;
		sup->made_left = 0;
	}
	sup->made = made;
	return made;
}

static void
release(struct supervisor *sup, struct service *s, int64_t now)
{
	const struct service *cause = NULL;
	const struct pth_reason *why;
	char how[32];

	if (s->released || s->state != PTH_ST_INITIALIZING)
		return;
	s->released = may_start(sup, s, &cause) > 0 && sup->made;
	if (cause == NULL)
		return;
	why = cause->why.category != PTH_CAT_NONE ? &cause->why : PTH_WHY(PTH_CAT_SERVICE_START);
	supervise_service_fail(s, PTH_END_NOT_STARTED, why,
	    "not started, for it waited for %s (%s)", cause->name,
	    *cause->error != '\0' ? cause->error : supervise_service_how(cause, how));
	supervise_service_give_up(s, now);
	/* The failure before it is the one to tell. */
	if (sup->status != PTH_S_PASSED)
		supervise_begin_stop(sup, now);
}

static void
begin_run(struct supervisor *sup, int64_t now)
{
	int64_t wait = pth_plan_wait_us(sup->req->plan);

	sup->ready_us = now - sup->zero;
	supervise_to(sup, PTH_TS_RUNNING);
	for (size_t i = 0; i < sup->nservices; i++)
		if (sup->services[i].state == PTH_ST_READY)
			supervise_service_to(&sup->services[i], PTH_ST_RUNNING);
	sup->wait_deadline = wait > 0 ? now + wait : PTH_NEVER;
	sup->look_next = sup->look_every > 0 ? now + sup->look_every : PTH_NEVER;
	supervise_links_run(sup);
	supervise_steps_begin(&sup->steps, now);
	supervise_assertions_begin(&sup->assertions, now);
}

void
supervise_deploy(struct supervisor *sup, int64_t now)
{
	const struct service *late = NULL;

	all_made(sup, now);
	for (size_t i = 0; i < sup->nservices && sup->state == PTH_TS_DEPLOYING; i++) {
		struct service *s = &sup->services[i];

		release(sup, s, now);
		supervise_service_step(s, now, sup->zero);
		if (sup->state == PTH_TS_DEPLOYING)
			supervise_judge(sup, s, now);
		/* Those not started yet wait for others. */
		if (!supervise_service_is_ready(s) && !s->degraded &&
		    (late == NULL || s->run_pid > 0))
			late = s;
	}
	if (sup->state != PTH_TS_DEPLOYING)
		return;
	now = pth_mono_us(); /* starting services takes a while */
	if (!sup->made && all_made(sup, now)) {
		supervise_deploy(sup, now);
	} else if (late == NULL) {
		begin_run(sup, now);
	} else if (now >= sup->deploy_deadline) {
		supervise_ending(sup, PTH_S_TIMEOUT,
		    PTH_WHY(PTH_CAT_TIMEOUT, .limit = "deploy_timeout"),
		    "%s was not ready when deploy_timeout had passed", late->name);
		supervise_begin_stop(sup, now);
	}
}

/* The run has come to its end; what was to hold until then is looked at. */
static void
run_over(struct supervisor *sup, int64_t now)
{
	supervise_steps_stop(&sup->steps, now);
	sup->run_us = now - sup->zero;
	if (supervise_assertions_done(&sup->assertions)) {
		supervise_begin_stop(sup, now);
		return;
	}
	supervise_assertions_last(&sup->assertions, now);
	supervise_to(sup, PTH_TS_ASSERTING);
}

/* A service that no longer has the port that made it ready, so many looks in
 * a row, is lost. */
static void
look_after(struct supervisor *sup, int64_t now)
{
	bool udp;
	unsigned port;

	if (now < sup->look_next)
		return;
	sup->look_next = now + sup->look_every;
	for (struct service *s = sup->services; s < sup->services + sup->nservices; s++) {
		if (!supervise_service_lives(s) || s->state != PTH_ST_RUNNING || s->paused ||
		    supervise_ready_listens(&s->ready, &port, &udp) != 0) {
			s->missed = 0;
		} else if (++s->missed >= sup->look_limit) {
			supervise_service_fail(s, PTH_END_LOST,
			    PTH_WHY(PTH_CAT_SERVICE_START, .port = port), "%s port %u any more",
			    udp ? "has not bound UDP" : "does not listen on TCP", port);
			supervise_service_give_up(s, now);
		}
	}
}

static void
step_services(struct supervisor *sup, int64_t now)
{
	for (struct service *s = sup->services; s < sup->services + sup->nservices; s++) {
		supervise_service_step(s, now, sup->zero);
		if (s->state == PTH_ST_READY && sup->state == PTH_TS_RUNNING)
			supervise_service_to(s, PTH_ST_RUNNING); /* again */
		if (sup->state == PTH_TS_RUNNING || sup->state == PTH_TS_ASSERTING)
			supervise_judge(sup, s, now);
	}
}

/* Limits of the run: nothing more to wait for, or no more time. */
static void
end_run(struct supervisor *sup, int64_t now)
{
	size_t finite = 0, finite_left = 0, left = 0;
	bool done = supervise_steps_done(&sup->steps), idle;
	char where[64];

	for (size_t i = 0; i < sup->nservices; i++) {
		bool busy = supervise_service_is_busy(&sup->services[i]) ||
		    sup->services[i].restarting;

		finite += sup->services[i].finite;
		left += busy;
		finite_left += busy && sup->services[i].finite;
	}
	/* Steps stand for the client where no service ends by itself. */
	idle = (finite > 0 && finite_left == 0) || left == 0 ||
	    (finite == 0 && sup->steps.count > 0);
	if (idle && done && !supervise_assertions_waiting(&sup->assertions) &&
	    !supervise_ask_waits(sup)) {
		run_over(sup, now);
	} else if (now >= sup->wait_deadline) {
		const struct pth_reason *late = PTH_WHY(PTH_CAT_TIMEOUT, .limit = "wait");

		/* With nothing to wait for, steps.wait is how long the test lasts. */
		if (finite_left > 0)
			supervise_ending(sup, PTH_S_TIMEOUT, late,
			    "%zu of %zu finite services still ran when steps.wait had passed",
			    finite_left, finite);
		else if (!done)
			supervise_ending(sup, PTH_S_TIMEOUT, late,
			    "%s had not ended when steps.wait had passed",
			    supervise_steps_current(&sup->steps, where));
		run_over(sup, now);
	}
}

/* What the test does, and what is asked of it. False: somebody wants it to end. */
static bool
step_actions(struct supervisor *sup, int64_t now)
{
	supervise_steps_step(&sup->steps, now);
	supervise_ask_step(sup, now);
	return sup->state == PTH_TS_RUNNING;
}

void
supervise_run(struct supervisor *sup, int64_t now)
{
	if (!step_actions(sup, now))
		return;
	look_after(sup, now);
	step_services(sup, now);
	if (sup->state != PTH_TS_RUNNING)
		return;
	now = pth_mono_us(); /* starting a service takes a while */
	/* A restart may have come to its end just now. */
	if (!step_actions(sup, now))
		return;
	supervise_assertions_step(&sup->assertions, now, !supervise_steps_done(&sup->steps));
	if (sup->steps.failure[0] != '\0') {
		supervise_ending(
		    sup, PTH_S_FAILED, PTH_WHY(PTH_CAT_NONE), "%s", sup->steps.failure);
		run_over(sup, now);
		return;
	}
	end_run(sup, now);
}

void
supervise_assert(struct supervisor *sup, int64_t now)
{
	step_services(sup, now);
	if (sup->state != PTH_TS_ASSERTING)
		return;
	supervise_assertions_step(&sup->assertions, now, false);
	if (supervise_assertions_done(&sup->assertions))
		supervise_begin_stop(sup, now);
}
