/* The stages in which services live: deploying, running, asserting. */
#include "supervise/warden_priv.h"

#include <string.h>

#include "io/json.h"

/* May its run command start? What it comes after must have reached the state
 * that it waits for: 1 yes, 0 not yet, -1 never, for *cause. */
static int
may_start(struct warden *w, const struct pth_service *s, const struct pth_service **cause)
{
	json_t *a;
	size_t i;
	int all = 1;

	json_array_foreach(json_object_get(s->plan, "after"), i, a) {
		const struct pth_service *t = pth_service_find(w->v, w->n, pth_json_str(a, "service", ""));
		int r = t ? pth_service_reached(t, pth_json_str(a, "state", "ready")) : 1;

		if (r < 0) {
			*cause = t;
			return -1;
		}
		all = r < all ? r : all;
	}
	return all;
}

static void
release(struct warden *w, struct pth_service *s, int64_t now)
{
	const struct pth_service *cause = NULL;
	char how[32];
	int r;

	if (s->released || s->state != PTH_ST_INITIALIZING)
		return;
	r = may_start(w, s, &cause);
	s->released = r > 0;
	if (r >= 0 || cause == NULL)
		return;
	pth_service_give_up(s, PTH_END_NOT_STARTED, now, "not started, for it waited for %s (%s)",
	    cause->name, *cause->error ? cause->error : pth_service_how(cause, how));
	/* The failure before it is the one to tell. */
	if (w->status != COMPLETED)
		warden_begin_stop(w, now);
}

static void
begin_run(struct warden *w, int64_t now)
{
	int64_t wait = pth_json_int(w->req->plan, "wait_us", 0);

	w->ready_us = now - w->zero;
	warden_to(w, PTH_TS_RUNNING);
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].state == PTH_ST_READY)
			pth_service_to(&w->v[i], PTH_ST_RUNNING);
	w->wait_deadline = wait > 0 ? now + wait : NEVER;
	w->look_next = w->look_every > 0 ? now + w->look_every : NEVER;
	pth_steps_begin(&w->steps, now);
	pth_assertions_begin(&w->assertions, now);
}

void
warden_deploy(struct warden *w, int64_t now)
{
	const struct pth_service *late = NULL;

	for (size_t i = 0; i < w->n && w->state == PTH_TS_DEPLOYING; i++) {
		struct pth_service *s = &w->v[i];

		release(w, s, now);
		pth_service_step(s, now, w->zero);
		if (w->state == PTH_TS_DEPLOYING)
			warden_judge(w, s, now);
		/* Those not started yet wait for others. */
		if (!pth_service_is_ready(s) && !s->degraded && (late == NULL || s->run_pid > 0))
			late = s;
	}
	if (w->state != PTH_TS_DEPLOYING)
		return;
	if (late == NULL) {
		begin_run(w, now);
	} else if (now >= w->deploy_deadline) {
		warden_ending(w, TIMEOUT, "%s was not ready when deploy_timeout had passed", late->name);
		warden_begin_stop(w, now);
	}
}

/* The run has come to its end; what was to hold until then is looked at. */
static void
run_over(struct warden *w, int64_t now)
{
	pth_steps_stop(&w->steps, now);
	w->run_us = now - w->zero;
	if (pth_assertions_done(&w->assertions)) {
		warden_begin_stop(w, now);
		return;
	}
	pth_assertions_last(&w->assertions, now);
	warden_to(w, PTH_TS_ASSERTING);
}

/* A service that no longer has the port that made it ready, so many looks in
 * a row, is lost. */
static void
look_after(struct warden *w, int64_t now)
{
	bool udp;
	unsigned port;

	if (now < w->look_next)
		return;
	w->look_next = now + w->look_every;
	for (size_t i = 0; i < w->n; i++) {
		struct pth_service *s = &w->v[i];

		if (!pth_service_lives(s) || s->state != PTH_ST_RUNNING || s->paused ||
		    pth_service_listens(s, &port, &udp) != 0) {
			w->missed[i] = 0;
		} else if (++w->missed[i] >= w->look_limit) {
			pth_service_give_up(s, PTH_END_LOST, now, "%s port %u any more", udp ?
			    "has not bound UDP" : "does not listen on TCP", port);
		}
	}
}

static void
step_services(struct warden *w, int64_t now)
{
	for (size_t i = 0; i < w->n; i++) {
		struct pth_service *s = &w->v[i];

		pth_service_step(s, now, w->zero);
		if (s->state == PTH_ST_READY && w->state == PTH_TS_RUNNING)
			pth_service_to(s, PTH_ST_RUNNING); /* again */
		if (w->state == PTH_TS_RUNNING || w->state == PTH_TS_ASSERTING)
			warden_judge(w, s, now);
	}
}

/* Limits of the run: nothing more to wait for, or no more time. */
static void
end_run(struct warden *w, int64_t now)
{
	size_t finite = 0, finite_left = 0, left = 0;
	bool done = pth_steps_done(&w->steps), idle;
	char where[64];

	for (size_t i = 0; i < w->n; i++) {
		bool busy = w->v[i].pid > 0 || w->v[i].restarting;

		finite += w->v[i].finite;
		left += busy;
		finite_left += busy && w->v[i].finite;
	}
	/* Steps stand for the client where no service ends by itself. */
	idle = (finite > 0 && finite_left == 0) || left == 0 || (finite == 0 && w->steps.n > 0);
	if (idle && done && !pth_assertions_waiting(&w->assertions) && !warden_ask_waits(w)) {
		run_over(w, now);
	} else if (now >= w->wait_deadline) {
		/* With nothing to wait for, steps.wait is how long the test lasts. */
		if (finite_left > 0)
			warden_ending(w, TIMEOUT,
			    "%zu of %zu finite services still ran when steps.wait had passed",
			    finite_left, finite);
		else if (!done)
			warden_ending(w, TIMEOUT, "%s had not ended when steps.wait had passed",
			    pth_steps_current(&w->steps, where));
		run_over(w, now);
	}
}

void
warden_run(struct warden *w, int64_t now)
{
	pth_steps_step(&w->steps, now);
	warden_ask_step(w, now);
	look_after(w, now);
	step_services(w, now);
	if (w->state != PTH_TS_RUNNING)
		return;
	/* A restart may have come to its end just now. */
	pth_steps_step(&w->steps, now);
	warden_ask_step(w, now);
	pth_assertions_step(&w->assertions, now, !pth_steps_done(&w->steps));
	if (w->steps.failure[0] != '\0') {
		warden_ending(w, FAILED, "%s", w->steps.failure);
		run_over(w, now);
		return;
	}
	end_run(w, now);
}

void
warden_assert(struct warden *w, int64_t now)
{
	step_services(w, now);
	if (w->state != PTH_TS_ASSERTING)
		return;
	pth_assertions_step(&w->assertions, now, false);
	if (pth_assertions_done(&w->assertions))
		warden_begin_stop(w, now);
}
