/*
 * What is asked from outside of the container that this warden is process 1
 * of: steps and looks of the test, which are done here with the same code as on
 * the host. A step is {"step": number, "do": action}, a look {"look":
 * assertion}.
 */
#include "supervise/warden_priv.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/json.h"
#include "base/clock.h"

#define ASKS_MAX 64

struct warden_ask {
	int fd;
	json_t *question; /* NULL: not come yet */
	bool holds;       /* the test was to go on for its sake */
	struct pth_steps steps;
	struct pth_assertions looks;
};

static void
forget(struct warden *w, size_t i)
{
	struct warden_ask *a = &w->asks[i];

	pth_steps_release(&a->steps);
	pth_assertions_release(&a->looks);
	json_decref(a->question);
	close(a->fd);
	w->asks[i] = w->asks[--w->nasks];
}

/* A service that fails is the end of its container, which says why. */
static bool
failed(const struct warden_ask *a)
{
	return a->steps.n > 0 && a->steps.v[0].service != NULL && !a->steps.v[0].ok &&
	    a->steps.v[0].service->state == PTH_ST_ERROR;
}

static void
answer(struct warden *w, size_t i)
{
	struct warden_ask *a = &w->asks[i];
	json_t *list = a->steps.n > 0 ? pth_steps_result(&a->steps) : pth_assertions_result(&a->looks);
	const json_t *o = json_array_get(list, 0);

	if (!failed(a))
		pth_ask_answer(a->fd, pth_json_bool(o, "ok", false), pth_json_str(o, "text", ""));
	json_decref(list);
	w->hold -= a->holds && w->hold > 0;
	forget(w, i);
}

static int
begin(struct warden *w, struct warden_ask *a, int64_t now, struct pth_err *e)
{
	json_t *action = json_object_get(a->question, "do"), *look = json_object_get(a->question, "look");
	json_t *list = json_array();
	int r;

	pth_json_push(list, json_incref(action ? action : look ? look : json_null()));
	a->holds = json_object_get(action, "exec") != NULL || json_object_get(action, "restart") != NULL;
	if (action != NULL) {
		r = pth_steps_init(&a->steps, list, w->v, w->n, &w->own[SETUP].s, w->req->dirfd, e);
		a->steps.before = (size_t)(pth_json_int(a->question, "step", 1) - 1);
		pth_steps_begin(&a->steps, now);
	} else {
		r = pth_assertions_init(&a->looks, list, w->v, w->n, w->req->dirfd, e);
		pth_assertions_last(&a->looks, now);
	}
	json_object_set_new(a->question, "list", list); /* what they borrow of */
	return r;
}

/* The question, once it is there. False: he has gone, or was answered. */
static bool
hear(struct warden *w, struct warden_ask *a, int64_t now)
{
	bool over;
	json_t *v = pth_ask_read(a->fd, &over);
	struct pth_err e;

	if (!over)
		return true;
	if (a->question != NULL || !json_is_object(v)) {
		json_decref(v);
		pth_steps_stop(&a->steps, now); /* nobody waits for it any more */
		return false;
	}
	a->question = v;
	if (begin(w, a, now, &e) == 0)
		return true;
	pth_ask_answer(a->fd, false, e.text);
	return false;
}

void
warden_ask_step(struct warden *w, int64_t now)
{
	int fd;

	if (w->req->asks <= 0)
		return;
	if (w->asks == NULL)
		w->asks = pth_xarray(NULL, ASKS_MAX, sizeof *w->asks);
	while (w->nasks < ASKS_MAX && (fd = pth_ask_accept(w->req->asks)) >= 0)
		w->asks[w->nasks++] = (struct warden_ask){ .fd = fd, .steps.ask.fd = -1 };
	for (size_t i = w->nasks; i-- > 0;) {
		struct warden_ask *a = &w->asks[i];

		if (!hear(w, a, now)) {
			forget(w, i);
			continue;
		}
		if (a->question == NULL)
			continue;
		pth_steps_step(&a->steps, now);
		pth_assertions_step(&a->looks, now, true);
		if (pth_steps_done(&a->steps) && pth_assertions_done(&a->looks))
			answer(w, i);
	}
}

void
warden_ask_stop(struct warden *w, int64_t now)
{
	while (w->nasks > 0) {
		pth_steps_stop(&w->asks[w->nasks - 1].steps, now);
		forget(w, w->nasks - 1);
	}
}

bool
warden_ask_waits(const struct warden *w)
{
	return w->hold > 0 || w->nasks > 0;
}

bool
warden_ask_is(const struct warden *w, pid_t pid)
{
	for (size_t i = 0; i < w->nasks; i++)
		if (w->asks[i].steps.pid == pid)
			return true;
	return false;
}

void
warden_ask_reap(struct warden *w)
{
	int status;

	for (size_t i = 0; i < w->nasks; i++) {
		struct pth_steps *st = &w->asks[i].steps;

		if (st->pid > 0 && waitpid(st->pid, &status, WNOHANG) == st->pid)
			pth_steps_reaped(st, status, pth_mono_us());
	}
}

int64_t
warden_ask_next(const struct warden *w)
{
	int64_t t = NEVER, other;

	for (size_t i = 0; i < w->nasks; i++) {
		if ((other = pth_steps_next(&w->asks[i].steps)) < t)
			t = other;
		if ((other = pth_assertions_next(&w->asks[i].looks)) < t)
			t = other;
	}
	return t;
}

size_t
warden_ask_fds(const struct warden *w, struct pollfd *p, size_t max)
{
	size_t n = 0;

	if (w->req->asks > 0 && w->nasks < ASKS_MAX && n < max)
		p[n++] = (struct pollfd){ w->req->asks, POLLIN, 0 };
	for (size_t i = 0; i < w->nasks && n + 1 < max; i++) {
		p[n++] = (struct pollfd){ w->asks[i].fd, POLLIN, 0 };
		n += pth_assertions_fds(&w->asks[i].looks, p + n, 1);
	}
	return n;
}
