/*
 * This file decides who makes the conditions of a link: pth-link(1), or the disciplines of the
 * kernel by tc(8), whose commands are a part of the plan.
 */
#include "plan/priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "link/tc.h"

static const char *
asked(const struct plan *p, const struct plan_wire *w)
{
	json_t *list = pth_test_links(p->rec), *entry;
	const char *b = pth_json_str(p->eparams, "backend", "");
	size_t i;

	json_array_foreach(list, i, entry)
		if (json_object_get(entry, "between") == NULL)
			b = pth_json_str(entry, "backend", b);
	if (w->declared)
		b = pth_json_str(json_array_get(list, w->entry), "backend", b);
	return strcmp(b, "tc") == 0 || strcmp(b, "auto") == 0 ? b : NULL;
}

static int
commands_of(const struct plan_wire *w, json_t *config, json_t *out, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_link_config c;
	struct pth_diags d;
	int r;

	pth_json_dump(&b, config);
	pth_diags_init(&d, "link");
	pth_link_config_init(&c);
	pth_link_config_read(&c, b.s, b.len, &d);
	r = pth_link_tc_whole(&c, e);
	for (unsigned i = 0; i < 2 && r == 0; i++) {
		json_t *list = json_array();

		r = pth_link_tc(&c.way[i], w->interface[i], list, e);
		pth_json_push(out, list);
	}
	pth_link_config_release(&c);
	pth_diags_release(&d);
	return r;
}

/* Everything that is said of the link, as if it were from its begin. */
static json_t *
whole(const struct plan_wire *w)
{
	json_t *all = json_deep_copy(w->config);

	json_object_update(all, w->timed);
	return all;
}

/* tc is refused, at the place of the condition, of which the message has the name; auto is
 * pth-link then. */
static void
cannot(struct plan *p, struct plan_wire *w, const char *path, const struct pth_err *e)
{
	pth_auto_buf at = PTH_BUF_INIT;

	json_decref(w->commands);
	w->commands = NULL;
	if (strcmp(w->backend, "auto") == 0) {
		w->because = pth_xstrdup(e->text);
		return;
	}
	pth_buf_addf(&at, "%s.%.*s", path, (int)strcspn(e->text, ":"), e->text);
	plan_problem(p, PTH_ERROR, at.s, "backend: tc: %s", e->text);
}

void
plan_backend(struct plan *p, size_t wire)
{
	struct plan_wire *w = &p->wires[wire];
	json_auto_t *all = NULL;
	pth_auto_buf at = PTH_BUF_INIT;
	struct pth_err e;

	w->backend = asked(p, w);
	if (w->backend == NULL || plan_failed(p))
		return;
	all = whole(w);
	w->commands = json_array();
	w->now = json_deep_copy(w->config);
	w->later = json_array();
	pth_buf_addf(&at, "links.%zu", w->entry);
	if (!plan_is_local(p))
		pth_err_set(&e, PTH_INPUT, "backend: the links of containers are pth-link's");
	if (!plan_is_local(p) || commands_of(w, all, w->commands, &e) != 0)
		cannot(p, w, at.s, &e);
	pth_buf_adds(&at, ".backend");
	if (w->commands != NULL && strcmp(w->backend, "tc") == 0 &&
	    pth_envparam_capture(p->eparams) && !json_is_false(pth_test_capture(p->rec)))
		plan_problem(p, PTH_WARNING, at.s,
		    "backend: tc: the link is neither captured nor logged, so that nothing is "
		    "known of its packets");
}

/* What changes counts from then on, in one direction or in both. */
static void
change(json_t *now, const json_t *config)
{
	static const char *const ways[] = { "up", "down" };
	const char *key;
	json_t *v, *own;

	json_object_foreach((json_t *)(uintptr_t)config, key, v) {
		bool way = pth_one_of(key, ways, countof(ways));

		for (size_t i = 0; i < countof(ways) && !way; i++)
			json_object_del(json_object_get(now, ways[i]), key);
		own = way ? json_object_get(now, key) : NULL;
		if (own != NULL)
			json_object_update(own, v);
		else
			pth_json_set(now, key, json_deep_copy(v));
	}
}

json_t *
plan_backend_change(struct plan *p, struct plan_wire *w, const json_t *config, const char *path)
{
	json_t *out;
	struct pth_err e;

	if (w->commands == NULL || plan_failed(p))
		return NULL;
	change(w->now, config);
	out = json_array();
	if (commands_of(w, w->now, out, &e) == 0) {
		for (size_t i = 0; i < json_array_size(out); i++)
			json_array_extend(w->later, json_array_get(out, i));
		return out;
	}
	cannot(p, w, path, &e);
	json_decref(out);
	return NULL;
}

void
plan_backend_emit(struct plan_wire *w, json_t *out)
{
	pth_auto_buf at = PTH_BUF_INIT;

	if (w->backend == NULL)
		return;
	pth_buf_addf(&at, "links.%zu.backend", w->entry);
	pth_wire_set_backend(out, w->backend);
	pth_wire_set_place(out, w->declared ? at.s : "network_environment.backend");
	if (w->commands != NULL && json_array_size(w->later) > 0)
		pth_json_push(w->commands, json_incref(w->later));
	if (w->commands != NULL)
		pth_wire_set_commands(out, json_incref(w->commands));
	if (w->because != NULL)
		pth_wire_set_because(out, w->because);
}

void
plan_backend_release(struct plan_wire *w)
{
	json_decref(w->commands);
	json_decref(w->now);
	json_decref(w->later);
	free(w->because);
}
