/*
 * This file decides which service starts before which. An edge goes to what a service
 * targets and to what it depends on. Two services that target each other are allowed: the one
 * with the role client starts last (the later one, when both have one role).
 */
#include "plan/priv.h"

#include <string.h>

#include "base/text.h"

/* The target edge of s counts unless the pair is mutual and s is the one
 * that goes first. */
static struct plan_service *
waits_for(const struct plan_service *s)
{
	const struct plan_service *t = s->target;

	if (t == NULL || t == s || t->target != s)
		return s->target;
	if (t->client != s->client)
		return s->client ? s->target : NULL;
	return s > t ? s->target : NULL;
}

static const char *
state_of(const json_t *v)
{
	const char *s = json_string_value(v);
	static const char *const names[][2] = { { "ready", "ready" }, { "running", "running" },
		{ "started", "started" }, { "stopped", "stopped" }, { "completed", "completed" },
		{ "service_healthy", "ready" }, { "service_started", "started" },
		{ "service_completed_successfully", "completed" } };

	if (json_is_object(v))
		s = pth_json_str(v, PTH_KEY(await, state), pth_json_str(v, "condition", NULL));
	if (s == NULL)
		return "ready";
	for (size_t i = 0; i < countof(names); i++)
		if (strcmp(s, names[i][0]) == 0)
			return names[i][1];
	return NULL;
}

/* Calls fn for each dependency of s: depends_on is a list of names or of
 * {service, state}, or a map of names to states. */
typedef void dep_fn(
    struct plan *p, const struct plan_service *s, const char *name, const json_t *state, void *arg);

static void
dependencies(struct plan *p, const struct plan_service *s, dep_fn *fn, void *arg)
{
	json_t *d = pth_given_depends_on(s->rec), *v;
	const char *key;
	size_t i;

	if (json_is_string(d))
		fn(p, s, json_string_value(d), NULL, arg);
	json_array_foreach(d, i, v) {
		if (json_is_string(v))
			fn(p, s, json_string_value(v), NULL, arg);
		else if (json_is_object(v))
			fn(p, s, pth_await_service(v), v, arg);
	}
	json_object_foreach(d, key, v)
		fn(p, s, key, v, arg);
}

static void
check_dep(
    struct plan *p, const struct plan_service *s, const char *name, const json_t *state, void *arg)
{
	pth_auto_buf shown = PTH_BUF_INIT;

	(void)arg;
	pth_show(&shown, name, 80);
	if (plan_find(p, name) == NULL)
		plan_wrong(p, s, "depends_on",
		    "%s depends on '%s', which is no service of this test", s->name, shown.s);
	else if (plan_find(p, name) == s)
		plan_wrong(p, s, "depends_on", "%s depends on itself", s->name);
	else if (state_of(state) == NULL)
		plan_wrong(p, s, "depends_on",
		    "%s: the state of '%s' must be started, running, ready, completed or stopped",
		    s->name, shown.s);
}

struct walk {
	struct plan *p;
	struct plan_service **stack;
	size_t depth, done;
	bool cycle;
};

static void visit(struct walk *w, struct plan_service *s);

static void
visit_dep(
    struct plan *p, const struct plan_service *s, const char *name, const json_t *state, void *arg)
{
	struct plan_service *t = plan_find(p, name);

	(void)s, (void)state;
	if (t != NULL)
		visit(arg, t);
}

static void
tell_cycle(struct walk *w, const struct plan_service *s)
{
	pth_auto_buf b = PTH_BUF_INIT;
	size_t i = 0;

	while (w->stack[i] != s)
		i++;
	for (; i < w->depth; i++)
		pth_buf_addf(&b, "%s -> ", w->stack[i]->name);
	plan_wrong(w->p, s, "protocol.target", "services wait for each other: %s%s", b.s, s->name);
	w->cycle = true;
}

static void
visit(struct walk *w, struct plan_service *s)
{
	if (w->cycle || s->mark == 2)
		return;
	if (s->mark == 1) {
		tell_cycle(w, s);
		return;
	}
	s->mark = 1;
	w->stack[w->depth++] = s;
	dependencies(w->p, s, visit_dep, w);
	if (waits_for(s) != NULL)
		visit(w, waits_for(s));
	s->mark = 2;
	w->depth--;
	w->p->order[w->done++] = s;
}

void
plan_order(struct plan *p)
{
	struct walk w = { .p = p };
	size_t errors = p->d->errors;

	plan_foreach(s, p)
		dependencies(p, s, check_dep, NULL);
	if (p->d->errors > errors)
		return;
	w.stack = pth_xarray(NULL, p->nservices, sizeof *w.stack);
	/* Those that listen first: with no edge between them the order is also
	 * that in which people think. */
	plan_foreach(s, p)
		if (!s->client)
			visit(&w, s);
	plan_foreach(s, p)
		visit(&w, s);
	p->nordered = w.cycle ? 0 : w.done;
	free(w.stack);
}

static void
add_after(
    struct plan *p, const struct plan_service *s, const char *name, const json_t *state, void *arg)
{
	const struct plan_service *t = plan_find(p, name);
	json_t *list = arg, *v = NULL;
	size_t i;

	(void)s;
	json_array_foreach(list, i, v)
		if (strcmp(pth_await_service(v), t->name) == 0)
			break;
	if (i == json_array_size(list)) {
		v = json_object();
		pth_await_set_service(v, t->name);
		pth_json_push(list, v);
	}
	pth_await_set_state(v, state_of(state));
}

json_t *
plan_after(struct plan *p, const struct plan_service *s)
{
	json_t *list = json_array();

	if (waits_for(s) != NULL)
		add_after(p, s, waits_for(s)->key, NULL, list);
	dependencies(p, s, add_after, list);
	return list;
}
