/*
 * This file answers what is asked from outside of the container that this supervisor is process
 * 1 of: steps and looks of the test, which are done here with the same code as on the host. A step
 * is {"step": number, "do": action}, a look {"look": assertion}. {"end": true} is the wish that the
 * container ends, as by a signal; nobody waits for an answer to it.
 */
#include "supervise/supervisor_priv.h"

#include <unistd.h>

#define ASKS_MAX 64

struct supervise_ask {
	int fd;
	json_t *question; /* NULL: not come yet */
	bool holds;       /* the test was to go on for its sake */
	struct steps steps;
	struct assertions looks;
};

static void
forget(struct supervisor *sup, size_t i)
{
	struct supervise_ask *a = &sup->asks[i];

	supervise_steps_release(&a->steps);
	supervise_assertions_release(&a->looks);
	json_decref(a->question);
	close(a->fd);
	sup->asks[i] = sup->asks[--sup->nasks];
}

/* A service that fails is the end of its container, which says why. */
static bool
failed(const struct supervise_ask *a)
{
	return a->steps.count > 0 && a->steps.all[0].service != NULL && !a->steps.all[0].ok &&
	    a->steps.all[0].service->state == PTH_ST_ERROR;
}

static void
answer(struct supervisor *sup, size_t i)
{
	struct supervise_ask *a = &sup->asks[i];
	json_auto_t *list = a->steps.count > 0 ? supervise_steps_result(&a->steps) :
	                                         supervise_assertions_result(&a->looks);
	const json_t *o = json_array_get(list, 0);

	/* rlook has the same two keys, and may say that it is not known. */
	if (!failed(a))
		pth_channel_answer(a->fd,
		    pth_rstep_ok(o)          ? PTH_A_YES :
		        pth_rlook_unknown(o) ? PTH_A_UNKNOWN :
		                               PTH_A_NO,
		    pth_rstep_text(o));
	sup->hold -= a->holds && sup->hold > 0;
	forget(sup, i);
}

static int
begin(struct supervisor *sup, struct supervise_ask *a, int64_t now, struct pth_err *e)
{
	json_t *action = json_object_get(a->question, "do");
	json_t *what = action != NULL ? action : json_object_get(a->question, "look");
	json_t *list = json_array();
	int r;

	pth_json_push(list, what != NULL ? json_incref(what) : json_null());
	a->holds = pth_action_exec(action) != NULL || pth_action_restart(action) != NULL;
	if (action != NULL) {
		r = supervise_steps_init(
		    &a->steps, list, sup->services, sup->nservices, &sup->at, e);
		a->steps.before = (size_t)(pth_json_int(a->question, "step", 1) - 1);
		supervise_steps_begin(&a->steps, now);
	} else {
		r = supervise_assertions_init(
		    &a->looks, list, sup->services, sup->nservices, sup->req->dirfd, e);
		if (r == 0)
			supervise_assertions_last(&a->looks, now);
	}
	json_object_set_new(a->question, "list", list); /* what they borrow of */
	return r;
}

/* The question, once it is there. False: he has gone, or was answered. */
static bool
hear(struct supervisor *sup, struct supervise_ask *a, int64_t now)
{
	bool over;
	json_t *v = pth_channel_read(a->fd, &over);
	struct pth_err e;

	if (!over)
		return true;
	if (a->question != NULL || !json_is_object(v)) {
		json_decref(v);
		supervise_steps_stop(&a->steps, now); /* nobody waits for it any more */
		return false;
	}
	a->question = v;
	if (pth_json_bool(v, "end", false) || begin(sup, a, now, &e) == 0)
		return true;
	pth_channel_answer(a->fd, PTH_A_UNKNOWN, e.text);
	return false;
}

void
supervise_ask_step(struct supervisor *sup, int64_t now)
{
	bool end = false;
	int fd;

	if (sup->req->asks <= 0)
		return;
	if (sup->asks == NULL)
		sup->asks = pth_xarray(NULL, ASKS_MAX, sizeof *sup->asks);
	while (sup->nasks < ASKS_MAX && (fd = pth_channel_accept(sup->req->asks)) >= 0)
		sup->asks[sup->nasks++] = (struct supervise_ask){ .fd = fd, .steps.ask.fd = -1 };
	for (size_t i = sup->nasks; i-- > 0;) {
		struct supervise_ask *a = &sup->asks[i];

		if (!hear(sup, a, now)) {
			forget(sup, i);
			continue;
		}
		if (a->question == NULL)
			continue;
		end = end || pth_json_bool(a->question, "end", false);
		supervise_steps_step(&a->steps, now);
		supervise_assertions_step(&a->looks, now, true);
		if (supervise_steps_done(&a->steps) && supervise_assertions_done(&a->looks))
			answer(sup, i);
	}
	if (end)
		supervise_interrupted(sup, now);
}

void
supervise_ask_stop(struct supervisor *sup, int64_t now)
{
	while (sup->nasks > 0) {
		supervise_steps_stop(&sup->asks[sup->nasks - 1].steps, now);
		forget(sup, sup->nasks - 1);
	}
}

bool
supervise_ask_waits(const struct supervisor *sup)
{
	return sup->hold > 0 || sup->nasks > 0;
}

bool
supervise_ask_is(const struct supervisor *sup, pid_t pid)
{
	for (size_t i = 0; i < sup->nasks; i++)
		if (sup->asks[i].steps.pid == pid)
			return true;
	return false;
}

void
supervise_ask_reap(struct supervisor *sup)
{
	for (size_t i = 0; i < sup->nasks; i++)
		supervise_steps_reap(&sup->asks[i].steps, pth_mono_us());
}

int64_t
supervise_ask_next(const struct supervisor *sup)
{
	int64_t t = PTH_NEVER;

	for (size_t i = 0; i < sup->nasks; i++)
		t = supervise_earlier(t,
		    supervise_earlier(supervise_steps_next(&sup->asks[i].steps),
		        supervise_assertions_next(&sup->asks[i].looks)));
	return t;
}

size_t
supervise_ask_fds(const struct supervisor *sup, struct pollfd *p, size_t max)
{
	size_t n = 0;

	if (sup->req->asks > 0 && sup->nasks < ASKS_MAX && n < max)
		p[n++] = (struct pollfd){ sup->req->asks, POLLIN, 0 };
	for (size_t i = 0; i < sup->nasks && n + 1 < max; i++) {
		p[n++] = (struct pollfd){ sup->asks[i].fd, POLLIN, 0 };
		n += supervise_assertions_fds(&sup->asks[i].looks, p + n, 1);
	}
	return n;
}
