/*
 * This file gives tests that are written in another shape the one that all else reads: services
 * as a list, and the names that PANTHER's documents have for keys of a service. What is moved
 * keeps its place in the file.
 */
#include "experiment/priv.h"

#include "base/cleanup.h"
#include "base/text.h"

/* ---- services as a list */

static const struct pth_ynode *
name_of(const struct pth_ynode *item)
{
	const struct pth_ynode *n = pth_yaml_get(item, "name");

	return experiment_given(n) ? n : pth_yaml_get(item, "service_name");
}

static struct pth_ynode *
service_map(struct pth_experiment *x, const struct pth_ynode *list)
{
	struct pth_ynode *out = experiment_copy(&x->a, list), **tail = &out->child;
	const struct pth_ynode *name;

	out->kind = PTH_YMAP;
	out->child = NULL; /* n stays, that it is not said to be empty, too */
	pth_yaml_foreach(item, list) {
		name = name_of(item);
		if (item->kind != PTH_YMAP)
			experiment_error(
			    x, item, "services: expected a map, with a name, in a list");
		else if (name == NULL || !experiment_scalar(name))
			experiment_error(x, item, "services: an item of a list needs a name");
		else if (pth_yaml_get(out, name->text) != NULL)
			experiment_error(x, name, "services: two are called '%.60s'", name->text);
		else {
			*tail = experiment_copy(&x->a, item);
			(*tail)->key = name->text;
			(*tail)->kline = name->line;
			(*tail)->kcol = name->col;
			tail = &(*tail)->next;
		}
	}
	return out;
}

const struct pth_ynode *
experiment_named(struct pth_experiment *x, const struct pth_ynode *test)
{
	const struct pth_ynode *list = experiment_only(pth_yaml_get(test, "services"), PTH_YSEQ);

	return list != NULL ? experiment_set(&x->a, test, "services", service_map(x, list)) : test;
}

/* A service_name is unique: the service without one that is another's. A name that is the key of
 * another service may be PANTHER's. */
static const struct pth_ynode *
unique(struct pth_experiment *x, const struct pth_ynode *services, const struct pth_ynode *s)
{
	const struct pth_ynode *name = pth_yaml_get(s, "service_name");

	if (!experiment_given(name) || !experiment_scalar(name) ||
	    strcmp(name->text, s->key) == 0 || pth_yaml_get(services, name->text) == NULL)
		return s;
	experiment_error(
	    x, name, "service_name: '%.60s' is the name of another service", name->text);
	return experiment_without(&x->a, s, "service_name");
}

/* ---- keys that stand elsewhere */

/* Without what is at the path, of one or two keys. */
static const struct pth_ynode *
without(struct pth_arena *a, const struct pth_ynode *map, const char *path)
{
	const char *dot = strchr(path, '.');
	const char *key = dot != NULL ? pth_arena_strn(a, path, (size_t)(dot - path)) : path;

	return dot == NULL ?
	    experiment_without(a, map, key) :
	    experiment_set(a, map, key, experiment_without(a, pth_yaml_get(map, key), dot + 1));
}

static bool
same(const struct pth_ynode *a, const struct pth_ynode *b)
{
	json_auto_t *x = pth_yaml_json(a), *y = pth_yaml_json(b);

	return json_equal(x, y) != 0;
}

/* What stands at `from` of a service comes to where it is read; what is there wins in maps, and
 * must be the same else. */
static const struct pth_ynode *
move(struct pth_experiment *x, const struct pth_ynode *service, const char *from, const char *to)
{
	const struct pth_ynode *v = experiment_at(service, from), *there, *out;

	if (v == NULL)
		return service;
	out = without(&x->a, service, from);
	there = experiment_at(out, to);
	if (!experiment_given(v))
		return out;
	if (experiment_given(there) && v->kind == PTH_YMAP && there->kind == PTH_YMAP)
		v = experiment_merge(&x->a, v, there);
	else if (experiment_given(there) && !same(v, there))
		experiment_key_error(
		    x, v, "%.60s: is the same as %s, which says something else", v->key, to);
	else if (experiment_given(there))
		return out;
	out = experiment_set(&x->a, out, to, v);
	return out != NULL ? out : service; /* a text is in the place of a map, which is said */
}

static const struct pth_ynode *
move_all(struct pth_experiment *x, const struct pth_ynode *service)
{
	const size_t skip = strlen("tests[].services.*.");

	for (size_t i = 0; i < experiment_keys_n; i++) {
		const struct experiment_key *k = &experiment_keys[i];

		if ((k->flags & F_MOVED) != 0)
			service = move(x, service, k->path + skip, k->values);
	}
	return service;
}

/* A map that has only this. */
static struct pth_ynode *
map_of(struct pth_arena *a, const char *key, const struct pth_ynode *value)
{
	struct pth_ynode *map = experiment_copy(a, value), *v = experiment_copy(a, value);

	if (v->key == NULL) {
		v->kline = v->line;
		v->kcol = v->col;
	}
	v->key = key;
	map->kind = PTH_YMAP;
	map->text = "";
	map->len = 0;
	map->remark = NULL;
	map->child = v;
	map->n = 1;
	return map;
}

/* protocol: quic */
static const struct pth_ynode *
protocol_map(struct pth_arena *a, const struct pth_ynode *service)
{
	const struct pth_ynode *n = experiment_only(pth_yaml_get(service, "protocol"), PTH_YSTR);

	return n == NULL ? service : experiment_set(a, service, "protocol", map_of(a, "name", n));
}

/* ---- what a service says of its test */

/* Names of tests, which is all that scenarios are? */
static bool
are_names(struct pth_experiment *x, const struct pth_ynode *list)
{
	if (list->kind != PTH_YSEQ || list->n == 0) {
		experiment_error(x, list, "test_scenarios: expected a list of names of tests");
		return false;
	}
	pth_yaml_foreach(c, list)
		if (!experiment_scalar(c)) {
			experiment_error(x, c,
			    "test_scenarios: expected the name of a test, which becomes the "
			    "parameter 'test'; what else varies is for matrix");
			return false;
		}
	return true;
}

/* A test for each scenario: one more field of the matrix. */
static const struct pth_ynode *
scenarios(struct pth_experiment *x, const struct pth_ynode *test, const struct pth_ynode *service,
    const struct pth_ynode *list)
{
	const struct pth_ynode *matrix = pth_yaml_get(test, "matrix");
	struct pth_ynode *axis;
	pth_auto_buf path = PTH_BUF_INIT;

	if (!are_names(x, list) || (experiment_given(matrix) && matrix->kind != PTH_YMAP))
		return test; /* it is said where it is looked at */
	pth_buf_addf(&path, "services.%s.implementation.test", service->key);
	if (pth_yaml_get(matrix, path.s) != NULL) {
		experiment_key_error(x, list, "test_scenarios: matrix varies %s, too", path.s);
		return test;
	}
	axis = map_of(&x->a, pth_arena_strn(&x->a, path.s, path.len), list);
	if (experiment_given(matrix))
		axis = experiment_merge(&x->a, matrix, axis);
	return experiment_set(&x->a, test, "matrix", axis);
}

/* The rules of a list and those that are there; about logs of this service when they name none. */
static struct pth_ynode *
joined(struct pth_experiment *x, const struct pth_ynode *service, const struct pth_ynode *list,
    const struct pth_ynode *there)
{
	struct pth_ynode *out = experiment_copy(&x->a, list), **tail = &out->child;
	struct pth_ynode name = *list;

	name.kind = PTH_YSTR;
	name.text = service->key;
	name.len = strlen(service->key);
	name.child = NULL;
	pth_yaml_foreach(c, list) {
		bool bare = c->kind == PTH_YMAP && strcmp(list->key, "log") == 0 &&
		    pth_yaml_get(c, "service") == NULL;

		*tail = bare ? experiment_set(&x->a, c, "service", &name) :
		               experiment_copy(&x->a, c);
		(*tail)->next = NULL;
		tail = &(*tail)->next;
	}
	if (experiment_only(there, PTH_YSEQ) != NULL) {
		*tail = there->child;
		out->n += there->n;
	}
	return out;
}

/* One key of validation_rules into expect: lists are put together; else what the test says itself
 * counts. Codes alone are this service's. */
static const struct pth_ynode *
add_rule(struct pth_experiment *x, const struct pth_ynode *expect, const struct pth_ynode *service,
    const struct pth_ynode *rule)
{
	const struct pth_ynode *there = pth_yaml_get(expect, rule->key);
	const struct pth_ynode *v = rule;

	if (strcmp(rule->key, "exit") == 0 && rule->kind != PTH_YMAP)
		v = map_of(&x->a, service->key, rule);
	else if (rule->kind == PTH_YSEQ)
		v = joined(x, service, rule, there);
	if (v->kind == PTH_YMAP && experiment_given(there))
		v = experiment_merge(&x->a, v, there);
	else if (v->kind != PTH_YSEQ && experiment_given(there))
		return expect;
	v = map_of(&x->a, rule->key, v);
	return expect != NULL ? experiment_merge(&x->a, expect, v) : v;
}

static const struct pth_ynode *
validation(struct pth_experiment *x, const struct pth_ynode *test, const struct pth_ynode *service,
    const struct pth_ynode *rules)
{
	const struct pth_ynode *expect = pth_yaml_get(test, "expect"), *m;
	bool list = rules->kind == PTH_YSEQ;

	if (!experiment_given(expect))
		expect = NULL;
	else if (expect->kind != PTH_YMAP)
		return test; /* it is said where it is looked at */
	for (m = list ? rules->child : rules; m != NULL; m = list ? m->next : NULL) {
		if (m->kind != PTH_YMAP)
			experiment_error(
			    x, m, "validation_rules: expected a map of rules, as in expect");
		pth_yaml_foreach(rule, experiment_only(m, PTH_YMAP))
			expect = add_rule(x, expect, service, rule);
	}
	return expect != NULL ? experiment_set(&x->a, test, "expect", expect) : test;
}

/* ---- the whole */

static const struct pth_ynode *
take(struct pth_experiment *x, const struct pth_ynode **service, const char *key)
{
	const struct pth_ynode *v = pth_yaml_get(*service, key);

	if (v != NULL)
		*service = experiment_without(&x->a, *service, key);
	return experiment_given(v) ? v : NULL;
}

static const struct pth_ynode *
shape_test(struct pth_experiment *x, const struct pth_ynode *t)
{
	const struct pth_ynode *test = experiment_named(x, t), *services, *s, *v;
	struct pth_ynode *map, **tail;

	services = experiment_only(pth_yaml_get(test, "services"), PTH_YMAP);
	if (services == NULL)
		return test;
	map = experiment_copy(&x->a, services);
	tail = &map->child;
	pth_yaml_foreach(c, services) {
		s = c;
		if (c->kind == PTH_YMAP) {
			s = move_all(x, protocol_map(&x->a, unique(x, services, c)));
			if ((v = take(x, &s, "test_scenarios")) != NULL)
				test = scenarios(x, test, c, v);
			if ((v = take(x, &s, "validation_rules")) != NULL)
				test = validation(x, test, c, v);
		}
		*tail = experiment_copy(&x->a, s);
		(*tail)->key = c->key;
		(*tail)->kline = c->kline;
		(*tail)->kcol = c->kcol;
		tail = &(*tail)->next;
	}
	return experiment_set(&x->a, test, "services", map);
}

void
experiment_shape(struct pth_experiment *x)
{
	const struct pth_ynode *tests = experiment_only(pth_yaml_get(x->root, "tests"), PTH_YSEQ);
	struct pth_ynode *list, **tail;

	if (tests == NULL)
		return;
	list = experiment_copy(&x->a, tests);
	tail = &list->child;
	pth_yaml_foreach(t, tests) {
		*tail = experiment_copy(
		    &x->a, t->kind == PTH_YMAP ? experiment_ranges(x, shape_test(x, t)) : t);
		tail = &(*tail)->next;
	}
	x->root = experiment_set(&x->a, x->root, "tests", list);
}
