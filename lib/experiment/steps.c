/* This file gives the keys steps and links of a test their canonical form. */
#include "experiment/priv.h"

#include "base/clock.h"

static json_t *
command(const struct pth_ynode *n)
{
	json_t *out;

	if (n->kind != PTH_YSEQ)
		return json_pack("[s,s,s]", "sh", "-c", n->text);
	out = json_array();
	pth_yaml_foreach(c, n)
		pth_json_push(out, json_stringn_nocheck(c->text, c->len));
	return out;
}

static int64_t
microseconds(const struct pth_ynode *n)
{
	int64_t v = 0;

	if (experiment_int(n, T_SECS, &v))
		return v * PTH_SECOND_US;
	pth_duration(n->text, &v);
	return v;
}

/* The value of one action: short forms made long. */
static json_t *
action_value(const struct schema *s, const struct pth_ynode *n)
{
	struct pth_ynode none = { .kind = PTH_YMAP };
	json_t *out = json_object();

	if (n->kind == PTH_YMAP) {
		experiment_canon_map(s, n, out, NULL, NULL);
	} else if (strcmp(s->name, "exec") == 0) {
		pth_json_set(out, "argv", command(n));
		experiment_canon_map(s, &none, out, NULL, NULL);
	} else {
		pth_json_set(out, "service", json_string(n->text));
	}
	return out;
}

/* One entry of "actions": what to do, and when. */
static json_t *
action(const struct schema *s, const struct pth_ynode *step, const struct pth_ynode *what)
{
	const struct pth_ynode *at = pth_yaml_get(step, "at"), *after = pth_yaml_get(step, "after");
	json_t *out = json_object();

	if (strcmp(what->key, "wait") == 0)
		pth_json_set(out, "wait_us", json_integer(microseconds(what)));
	else
		pth_json_set(
		    out, what->key, action_value(experiment_schema_child(s, what->key), what));
	if (at != NULL)
		pth_json_set(out, "at_us", json_integer(microseconds(at)));
	if (after != NULL)
		pth_json_set(
		    out, "after", experiment_canon(experiment_schema_child(s, "after"), after));
	return out;
}

static bool
is_action(const struct schema *s, const struct pth_ynode *n)
{
	return n->kind != PTH_YNULL && experiment_is_action(s, n->key);
}

static void
commands(json_t *out, const char *key, const struct pth_ynode *list)
{
	json_t *v;

	if (!experiment_given(list) || list->n == 0)
		return;
	v = json_array();
	pth_yaml_foreach(c, list)
		pth_json_push(v, command(c));
	pth_json_set(out, key, v);
}

static void
list_actions(
    const struct schema *s, const struct pth_ynode *steps, json_t *actions, int64_t *pauses)
{
	pth_yaml_foreach(c, steps) {
		if (steps->kind == PTH_YMAP) {
			if (is_action(s, c))
				pth_json_push(actions, action(s, steps, c));
			continue;
		}
		pth_yaml_foreach(w, c) {
			if (!is_action(s->item, w))
				continue;
			pth_json_push(actions, action(s->item, c, w));
			if (strcmp(w->key, "wait") == 0)
				*pauses += microseconds(w);
		}
	}
}

/* The limit of the run: wait, or its default and the pauses of a list of steps; a
 * default never goes beyond the test's own limit. */
static int64_t
run_limit(const struct schema *s, const struct pth_ynode *test, const struct pth_ynode *steps,
    int64_t pauses)
{
	const struct pth_ynode *wait = steps, *timeout = pth_yaml_get(test, "timeout");
	const char *def = experiment_schema_child(s, "wait")->key->def;
	int64_t v, limit = strtoll(def, NULL, 10) + (pauses + PTH_SECOND_US - 1) / PTH_SECOND_US;

	if (steps != NULL && steps->kind == PTH_YMAP)
		wait = pth_yaml_get(steps, "wait");
	if (experiment_given(wait) && experiment_int(wait, T_SECS, &v))
		return v;
	if (experiment_given(timeout) && experiment_int(timeout, T_SECS, &v) && v < limit)
		return v;
	return limit;
}

json_t *
experiment_steps(
    const struct schema *s, const struct pth_ynode *test, const struct pth_ynode *steps)
{
	json_t *out = json_object();
	json_auto_t *actions = json_array();
	const struct pth_ynode *pcap = pth_yaml_get(steps, "record_pcap");
	int64_t pauses = 0;

	if (steps != NULL && (steps->kind == PTH_YMAP || steps->kind == PTH_YSEQ))
		list_actions(s, steps, actions, &pauses);
	pth_json_set(out, "wait", json_integer(run_limit(s, test, steps, pauses)));
	commands(out, "pre_commands", pth_yaml_get(steps, "pre_commands"));
	commands(out, "post_commands", pth_yaml_get(steps, "post_commands"));
	if (experiment_given(pcap))
		pth_json_set(out, "record_pcap",
		    experiment_canon(experiment_schema_child(s, "record_pcap"), pcap));
	if (json_array_size(actions) != 0)
		pth_json_set(out, "actions", json_incref(actions));
	return out;
}
