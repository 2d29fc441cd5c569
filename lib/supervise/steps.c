/* This file has steps: the kinds of actions, and one step after the other. */
#include "supervise/steps.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/event.h"
#include "supervise/supervisor.h"

#define LAST_WORD_US (8 * PTH_SECOND_US) /* from a container's end until it is known */

struct step_kind {
	const char *name;
	bool alone; /* it need not be about a service */
	void (*begin)(struct steps *st, struct one_step *s, int64_t now);
};

const char *
supervise_steps_current(const struct steps *st, char to[64])
{
	snprintf(to, 64, "step %zu of %zu (%s)", st->before + st->next + 1, st->before + st->count,
	    st->next < st->count ? st->all[st->next].kind->name : "none");
	return to;
}

/* Every change of state, with its event. */
static void
step_to(struct steps *st, struct one_step *s, enum pth_step_state to)
{
	int n = (int)(st->before + (size_t)(s - st->all)) + 1;
	json_auto_t *o = json_pack("{s:i,s:s,s:s?,s:s,s:s}", "step", n, "kind", s->kind->name,
	    "service", s->service != NULL ? s->service->name : NULL, "from",
	    pth_machine_name(&pth_step_machine, s->state), "to",
	    pth_machine_name(&pth_step_machine, to));

	pth_machine_check(&pth_step_machine, s->kind->name, s->state, to);
	s->state = to;
	switch (to) {
	case PTH_SS_EXECUTING: pth_event("step.started", "O", o); break;
	case PTH_SS_COMPLETED:
		pth_json_set(o, "duration_us", json_integer(s->ended - s->began));
		pth_event("step.ended", "O", o);
		break;
	case PTH_SS_FAILED:
		pth_json_set(o, "message", pth_json_text(s->text, strlen(s->text)));
		pth_event("step.failed", "O", o);
		break;
	case PTH_SS_SKIPPED: pth_event("step.skipped", "O", o); break;
	default: break;
	}
}

/* The current step is over. */
static PTH_PRINTF(4, 5)
void
finish(struct steps *st, bool ok, int64_t now, const char *fmt, ...)
{
	struct one_step *s = &st->all[st->next];
	char where[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->text, sizeof s->text, fmt, ap);
	va_end(ap);
	s->ok = ok;
	s->ended = now;
	if (s->state == PTH_SS_PENDING)
		step_to(st, s, PTH_SS_EXECUTING); /* it failed before it could begin */
	step_to(st, s, ok ? PTH_SS_COMPLETED : PTH_SS_FAILED);
	if (!ok && st->failure[0] == '\0' && pth_act_critical(s->what))
		snprintf(st->failure, sizeof st->failure, "%s: %s",
		    supervise_steps_current(st, where), s->text);
	st->deadline = PTH_NEVER;
	st->next++;
}

static void
begin_wait(struct steps *st, struct one_step *s, int64_t now)
{
	st->deadline = now + pth_action_wait_us(s->def);
}

/* Where its command runs. */
static struct surroundings *
around(const struct steps *st, const struct one_step *s)
{
	return s->service != NULL ? &s->service->at : st->at;
}

static void
begin_exec(struct steps *st, struct one_step *s, int64_t now)
{
	char prefix[40];
	struct pth_err e;
	pid_t pid;

	snprintf(prefix, sizeof prefix, "steps/%zu.", st->before + st->next + 1);
	pid = supervise_command_logged(around(st, s), s->what, prefix, NULL, &e);
	if (pid < 0) {
		finish(st, false, now, "%s", e.text);
		return;
	}
	st->pid = pid;
	st->late = false;
	st->deadline = now + pth_act_timeout(s->what) * PTH_SECOND_US;
}

static void
not_running(struct steps *st, const struct one_step *s, int64_t now)
{
	char how[32];

	finish(st, false, now, "%s does not run (%s)", s->service->name,
	    supervise_service_how(s->service, how));
}

static void
begin_signal(struct steps *st, struct one_step *s, int64_t now)
{
	const char *name = pth_act_signal(s->what);
	int sig = pth_signal_number(name);

	if (sig == 0)
		finish(st, false, now, "there is no signal \"%.20s\"", name);
	else if (supervise_service_signal(s->service, sig) != 0)
		not_running(st, s, now);
	else
		finish(st, true, now, "sent %s to %s", name, s->service->name);
}

/* Or goes on. */
static void
begin_pause(struct steps *st, struct one_step *s, int64_t now)
{
	bool pause = strcmp(s->kind->name, PTH_KEY(action, pause)) == 0;

	if (supervise_service_pause(s->service, pause) != 0)
		not_running(st, s, now);
	else
		finish(st, true, now, "%s %s", s->service->name, pause ? "is frozen" : "goes on");
}

static void
begin_restart(struct steps *st, struct one_step *s, int64_t now)
{
	if (s->service->state == PTH_ST_ERROR || !s->service->has_run)
		finish(st, false, now, "%s cannot be started again: %s", s->service->name,
		    *s->service->error != '\0' ? s->service->error : "it has no command");
	else
		supervise_service_restart(s->service, now);
}

static void
begin_link(struct steps *st, struct one_step *s, int64_t now)
{
	char text[200] = "the test has no links";
	bool ok = st->link != NULL && st->link(st->arg, s->what, text);

	finish(st, ok, now, "%s", text);
}

static const struct step_kind kinds[] = {
	{ "wait", true, begin_wait },
	{ PTH_KEY(action, exec), true, begin_exec },
	{ PTH_KEY(action, signal), false, begin_signal },
	{ PTH_KEY(action, restart), false, begin_restart },
	{ PTH_KEY(action, pause), false, begin_pause },
	{ PTH_KEY(action, resume), false, begin_pause },
	{ PTH_KEY(action, link), true, begin_link },
};

/* The kind of an action and its value; NULL when it is none. */
static const struct step_kind *
kind_of(const json_t *action, const json_t **what)
{
	*what = NULL;
	if (json_is_integer(PTH_GET(action, action, wait_us)))
		return &kinds[0];
	for (size_t i = 1; i < countof(kinds); i++)
		if ((*what = json_object_get(action, kinds[i].name)) != NULL)
			return &kinds[i];
	return NULL;
}

const char *
pth_steps_unsupported(const json_t *rec)
{
	const struct step_kind *kind;
	const json_t *what, *plan = pth_rec_plan(rec);
	json_t *action;
	size_t i;

	if (json_array_size(pth_plan_links(plan)) > 0 || pth_test_error(rec) != NULL)
		return NULL;
	if (json_array_size(pth_test_links(rec)) > 0 && !pth_rec_plan_is_simulated(plan))
		return "links: only environments of type localhost, link and docker_compose can "
		       "have "
		       "them";
	json_array_foreach(pth_steps_actions(pth_test_steps(rec)), i, action)
		if ((kind = kind_of(action, &what)) != NULL && kind->begin == begin_link)
			return "steps: link: the test has no links";
	return NULL;
}

static int
init_step(
    struct one_step *s, const json_t *def, struct service *services, size_t n, struct pth_err *e)
{
	const char *after = pth_await_service(pth_action_after(def)), *name;

	*s = (struct one_step){ .def = def };
	s->kind = kind_of(def, &s->what);
	if (s->kind == NULL)
		return pth_err_set(e, PTH_INPUT, "no known action");
	name = pth_act_service(s->what);
	s->service = supervise_service_find(services, n, name);
	if (s->service == NULL && (name != NULL || !s->kind->alone))
		return pth_err_set(e, PTH_INPUT, "%s: no service \"%.80s\" in this test",
		    s->kind->name, name != NULL ? name : "");
	s->cause = supervise_service_find(services, n, after);
	if (*after != '\0' && s->cause == NULL)
		return pth_err_set(e, PTH_INPUT, "after: no service \"%.80s\" in this test", after);
	return 0;
}

int
supervise_steps_init(struct steps *st, const json_t *actions, struct service *services, size_t n,
    struct surroundings *at, struct pth_err *e)
{
	json_t *a;
	size_t i;

	*st = (struct steps){ .at = at, .deadline = PTH_NEVER, .ask.fd = -1 };
	if (json_array_size(actions) == 0)
		return 0;
	st->all = pth_xarray(NULL, json_array_size(actions), sizeof *st->all);
	json_array_foreach(actions, i, a) {
		if (init_step(&st->all[i], a, services, n, e) != 0)
			return pth_err_wrap(e, "step %zu", i + 1);
		st->count++;
	}
	return 0;
}

void
supervise_steps_release(struct steps *st)
{
	pth_channel_end(&st->ask);
	free(st->all);
}

static bool
is_inside(const struct one_step *s)
{
	return s->service != NULL && supervise_service_is_inside(s->service);
}

/* Its container's own supervisor does it. When it may begin, as to that service, is
 * seen there. */
static void
begin_inside(struct steps *st, struct one_step *s, int64_t now)
{
	json_t *def = json_copy((json_t *)(uintptr_t)s->def);
	json_auto_t *question = json_pack(
	    "{s:I,s:o}", "step", (json_int_t)(st->before + st->next + 1), "do", def);
	struct pth_err e;

	json_object_del(def, PTH_KEY(action, at_us));
	if (s->cause != s->service)
		json_object_del(def, PTH_KEY(action, after));
	if (supervise_service_ask(s->service, &st->ask, question, &e) == 0) {
		st->deadline = PTH_NEVER;
		return;
	}
	/* A container that ends has closed its door, and how it ended is known only later. */
	if (e.code == PTH_SYSTEM && s->kind->begin != begin_restart && st->deadline == PTH_NEVER)
		st->deadline = now + LAST_WORD_US;
	else
		finish(st, false, now, "%s", e.text);
}

static void
begin_step(struct steps *st, struct one_step *s, int64_t now)
{
	s->began = now;
	step_to(st, s, PTH_SS_EXECUTING);
	if (is_inside(s))
		begin_inside(st, s, now);
	else
		s->kind->begin(st, s, now);
}

/* The state of its cause that it waits for. */
static const char *
after_state(const struct one_step *s)
{
	return pth_await_state(pth_action_after(s->def));
}

/* May it begin? Its time and its cause. */
static bool
may_begin(struct steps *st, struct one_step *s, int64_t now)
{
	const char *state = after_state(s);
	int reached;
	char how[32];

	if (now < st->ready + pth_action_at_us(s->def))
		return false;
	if (s->cause == NULL || (s->cause == s->service && supervise_service_is_inside(s->cause)))
		return true;
	reached = supervise_service_reached(s->cause, state);
	if (reached < 0) {
		s->began = now;
		finish(st, false, now, "%s will not be %s any more (%s)", s->cause->name, state,
		    supervise_service_how(s->cause, how));
	}
	return reached > 0;
}

/* Has the container said how the step went? */
static void
watch_inside(struct steps *st, struct one_step *s, int64_t now)
{
	char text[PTH_CHANNEL_TEXT];
	bool ok = false;
	int r = pth_channel_step(&st->ask, &ok, text);

	if (r <= 0)
		return; /* without an answer, the end of the container will be */
	if (ok && s->kind->begin == begin_restart)
		supervise_service_inner_restarted(s->service, now);
	finish(st, ok, now, "%s", text);
}

/* Is a step that executes over? */
static void
watch(struct steps *st, struct one_step *s, int64_t now)
{
	struct service *t = s->service;
	char how[32];

	if (st->ask.fd >= 0) {
		watch_inside(st, s, now);
	} else if (s->kind->begin != begin_restart && is_inside(s)) {
		if (!supervise_service_lives(t))
			finish(st, false, now, "%s and its container ended before it was done (%s)",
			    t->name, supervise_service_how(t, how));
		else if (now >= st->deadline)
			begin_inside(st, s, now);
	} else if (s->kind->begin == begin_wait && now >= st->deadline) {
		finish(st, true, now, "waited");
	} else if (s->kind->begin == begin_restart && !t->restarting) {
		if (t->state == PTH_ST_ERROR || (t->exited && t->ready_us == 0))
			finish(st, false, now, "%s did not come up again: %s", t->name, t->error);
		else if (supervise_service_is_ready(t) && !is_inside(s))
			finish(st, true, now, "%s is ready again", t->name);
	} else if (st->pid > 0 && now >= st->deadline) {
		st->late = true;
		st->deadline = PTH_NEVER;
		kill(-st->pid, SIGKILL);
	}
}

void
supervise_steps_begin(struct steps *st, int64_t now)
{
	st->ready = now;
}

void
supervise_steps_step(struct steps *st, int64_t now)
{
	size_t before;

	/* As many as can be done at once. */
	do {
		struct one_step *s = &st->all[st->next];

		before = st->next;
		if (st->ready == 0 || st->failure[0] != '\0' || st->next == st->count)
			return;
		if (s->state == PTH_SS_EXECUTING)
			watch(st, s, now);
		else if (may_begin(st, s, now))
			begin_step(st, s, now);
	} while (st->next != before);
}

void
supervise_steps_reap(struct steps *st, int64_t now)
{
	const struct one_step *s;
	struct pth_exit x;
	const char *dir;
	char how[32], log[64], line[500];

	if (!supervise_command_ended(st->pid, &x))
		return;
	pth_exit_text(&x, how);
	st->pid = 0;
	if (st->next == st->count || st->all[st->next].state != PTH_SS_EXECUTING)
		return; /* it was stopped, and counted then */
	if (!st->late && !x.signaled && x.code == 0) {
		finish(st, true, now, "%s", how);
		return;
	}
	s = &st->all[st->next];
	dir = s->service != NULL ? s->service->name : "";
	snprintf(log, sizeof log, "steps/%zu.stderr.log", st->before + st->next + 1);
	supervise_command_last_line(around(st, s), log, PTH_CAT_NONE, line);
	finish(st, false, now, "%.40s %s%s; see %s%s%s%.399s", supervise_command_program(s->what),
	    st->late ? "took too long" : "ended with ", st->late ? "" : how, dir,
	    *dir != '\0' ? "/" : "", log, line);
}

void
supervise_steps_stop(struct steps *st, int64_t now)
{
	if (st->pid > 0)
		kill(-st->pid, SIGKILL);
	pth_channel_end(&st->ask);
	if (st->next < st->count && st->all[st->next].state == PTH_SS_EXECUTING) {
		struct one_step *s = &st->all[st->next++];

		snprintf(s->text, sizeof s->text, "the run was over before it had ended");
		s->ended = now;
		step_to(st, s, PTH_SS_FAILED);
	}
	for (; st->next < st->count; st->next++) {
		struct one_step *s = &st->all[st->next];

		if (s->cause != NULL && supervise_service_reached(s->cause, after_state(s)) == 0)
			snprintf(s->text, sizeof s->text, "the run was over before %s was %s",
			    s->cause->name, after_state(s));
		else
			snprintf(s->text, sizeof s->text, "the run was over before its turn");
		step_to(st, s, PTH_SS_SKIPPED);
	}
}

bool
supervise_steps_done(const struct steps *st)
{
	return st->next == st->count;
}

int64_t
supervise_steps_next(const struct steps *st)
{
	const struct one_step *s;
	int64_t at;

	if (st->ready == 0 || st->next == st->count)
		return PTH_NEVER;
	s = &st->all[st->next];
	if (s->state == PTH_SS_EXECUTING)
		return st->deadline;
	at = st->ready + pth_action_at_us(s->def);
	/* Past that time it waits for a service, whose change wakes the loop. */
	return at > pth_mono_us() ? at : PTH_NEVER;
}

size_t
supervise_steps_fds(const struct steps *st, struct pollfd *p, size_t max)
{
	if (st->ask.fd < 0 || max == 0)
		return 0;
	*p = (struct pollfd){ st->ask.fd, POLLIN, 0 };
	return 1;
}

json_t *
supervise_steps_result(const struct steps *st)
{
	json_t *list = st->count > 0 ? json_array() : NULL;

	for (const struct one_step *s = st->all; s < st->all + st->count; s++) {
		json_t *o = json_object();

		pth_rstep_set_step(o, s->kind->name);
		pth_rstep_set_state(o, pth_machine_name(&pth_step_machine, s->state));
		if (s->service != NULL)
			pth_rstep_set_service(o, s->service->name);
		if (s->began > 0) {
			pth_rstep_set_at_us(o, s->began - st->ready);
			pth_rstep_set_duration_us(o, s->ended - s->began);
		}
		pth_rstep_set_ok(o, s->ok);
		if (!pth_act_critical(s->what))
			pth_rstep_set_critical(o, false);
		pth_rstep_set_text(o, s->text);
		pth_json_push(list, o);
	}
	return list;
}
