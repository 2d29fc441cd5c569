/* This file plans a test: its environments, its services, then the whole. */
#include "plan/priv.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "io/status.h"

enum { SERVICES_MAX = 1000 };

static void
add_problem(struct plan *p, enum pth_severity s, enum pth_category c, const char *path,
    const char *fmt, va_list ap)
{
	pth_auto_buf b = PTH_BUF_INIT;
	const char *file;
	unsigned line, col;

	if (pth_rec_was_wrong(p->rec, path)) {
		p->failed |= s == PTH_ERROR;
		return;
	}
	pth_buf_vaddf(&b, fmt, ap);
	pth_rec_where(p->rec, path, &file, &line, &col);
	pth_diags_add(p->d, s, line, col, "%s", b.s);
	pth_diags_categorize(p->d, c);
	pth_diags_place(p->d, file);
}

void
plan_problem(struct plan *p, enum pth_severity s, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_problem(p, s, PTH_CAT_CONFIGURATION, path, fmt, ap);
	va_end(ap);
}

void
plan_error(struct plan *p, enum pth_category c, const char *path, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_problem(p, PTH_ERROR, c, path, fmt, ap);
	va_end(ap);
}

void
plan_wrong(struct plan *p, const struct plan_service *s, const char *what, const char *fmt, ...)
{
	pth_auto_buf at = PTH_BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	add_problem(p, PTH_ERROR, PTH_CAT_CONFIGURATION, plan_path(&at, s, what), fmt, ap);
	va_end(ap);
}

int64_t
plan_us(const json_t *v, int64_t def)
{
	return json_is_number(v) && json_number_value(v) > 0 && json_number_value(v) < 1e9 ?
	    (int64_t)(json_number_value(v) * PTH_SECOND_US) :
	    def;
}

bool
plan_failed(const struct plan *p)
{
	return p->failed || p->cell != NULL || p->d->errors > p->errors;
}

struct plan_service *
plan_find(struct plan *p, const char *name)
{
	plan_foreach(s, p)
		if (strcmp(s->name, name) == 0)
			return s;
	plan_foreach(s, p)
		if (strcmp(s->key, name) == 0)
			return s;
	return NULL;
}

/* --- environments --- */

bool
plan_usable(struct plan *p, struct pth_plugin *x, enum pth_kind kind, const char *what,
    const char *name, const char *path)
{
	pth_auto_buf shown = PTH_BUF_INIT;
	struct pth_err e;

	if (x != NULL && pth_plugin_load(p->ps, x, NULL, &e) == 0)
		return true;
	if (x != NULL)
		plan_error(p, PTH_CAT_PLUGIN_LOAD, path, "cannot use %s: %s", x->name, e.text);
	else {
		pth_show(&shown, name, 80);
		pth_buf_addc(&shown, '\'');
		pth_plugins_suggest(p->ps, kind, name, &shown);
		plan_error(p, PTH_CAT_PLUGIN_LOAD, path, "no %s named '%s", what, shown.s);
	}
	return false;
}

static struct pth_plugin *
env_plugin(struct plan *p, enum pth_kind kind, const char *name, const char *path)
{
	static const char *const names[] = { "network environment", "execution environment" };
	bool network = (kind == PTH_NETWORK);
	struct pth_plugin *x = pth_plugins_find(p->ps, kind, name, NULL);
	const char *what = names[!network];

	if (x == NULL &&
	    pth_plugins_find(p->ps, network ? PTH_EXECUTION : PTH_NETWORK, name, NULL) != NULL) {
		plan_error(p, PTH_CAT_PLUGIN_LOAD, path,
		    "%s: the %s of that name is no %s; write it under %s", name, names[network],
		    what, network ? "execution_environment" : "network_environment");
		return NULL;
	}
	return plan_usable(p, x, kind, what, name, path) ? x : NULL;
}

/* Options of environments stand beside `type`, or below plugin_config or config (PANTHER). */
static json_t *
env_params(
    struct plan *p, const struct pth_plugin *x, const json_t *given, const char *path, bool inside)
{
	static const char *const words[] = { PTH_KEY(netenv, container),
		PTH_KEYS_exenv(PTH_KEY_OF, exenv) "services", NULL };
	const char *const *plain = inside ? words : words + 1;
	struct plan_given g[] = {
		{ given, path, PTH_ERROR, plain },
		{ pth_exenv_plugin_config(given), path, PTH_ERROR, plain },
		{ pth_exenv_config(given), path, PTH_ERROR, plain },
	};

	return plan_params(p, x, x->root, g, countof(g));
}

/* `container` stands beside `type`, or below, as other options do. */
static bool
wants_container(const json_t *given)
{
	return pth_netenv_container(given) ||
	    pth_netenv_container(pth_netenv_plugin_config(given)) ||
	    pth_netenv_container(pth_netenv_config(given));
}

static void
network(struct plan *p)
{
	json_t *given = pth_test_network_environment(p->rec);
	const struct pth_ynode *n;
	const char *inside;

	p->env = env_plugin(p, PTH_NETWORK, pth_netenv_type(given), "network_environment.type");
	if (p->env == NULL)
		return;
	n = pth_yaml_get(p->env->root, "links");
	if (n != NULL && n->b && wants_container(given))
		plan_problem(p, PTH_ERROR, "network_environment.container",
		    "container has no effect here: links join several networks, and a container "
		    "has one");
	inside = wants_container(given) ? pth_desc_str(p->env->root, "in_container", NULL) : NULL;
	if (inside != NULL &&
	    (p->env = env_plugin(p, PTH_NETWORK, inside, "network_environment.container")) == NULL)
		return;
	p->eview = p->env->root;
	p->eparams = env_params(p, p->env, given, "network_environment", inside != NULL);
}

static void
add_execution(struct plan *p, const json_t *given, size_t i)
{
	struct plan_exec *x = &p->execs[p->nexecs];
	pth_auto_buf b = PTH_BUF_INIT;

	if (!pth_exenv_enabled(given))
		return;
	pth_buf_addf(&b, "execution_environment.%zu.type", i);
	x->plugin = env_plugin(p, PTH_EXECUTION, pth_exenv_type(given), b.s);
	pth_buf_cut(&b, b.len - strlen(".type"));
	if (x->plugin != NULL) {
		x->index = i;
		x->view = x->plugin->root;
		x->params = env_params(p, x->plugin, given, b.s, false);
		x->only = pth_json_of_type(given, "services", JSON_ARRAY);
		p->nexecs++;
	}
}

/* Does the experiment's list name it, by its name or an alias? */
static bool
listed(const json_t *list, const struct pth_plugin *x)
{
	json_t *v;
	size_t i;

	json_array_foreach((json_t *)list, i, v)
		if (json_is_string(v) &&
		    (strcmp(json_string_value(v), x->name) == 0 ||
		        pth_desc_has(pth_yaml_get(x->root, "aliases"), json_string_value(v))))
			return true;
	return false;
}

/* own is what the experiment says instead of the descriptor, or NULL. */
static void
conflict(struct plan *p, const struct pth_plugin *a, const struct plan_exec *x, const json_t *own)
{
	const struct pth_plugin *b = x->plugin;
	pth_auto_buf at = PTH_BUF_INIT;

	pth_buf_addf(&at, "execution_environment.%zu.type", x->index);
	if (own != NULL ? listed(own, b) :
	                  pth_desc_has(pth_yaml_get(a->root, "conflicts"), b->name))
		plan_conflict(p, at.s, "%s and %s cannot work together", a->name, b->name);
}

static void
execution(struct plan *p)
{
	json_t *list = pth_test_execution_environment(p->rec), *v;
	size_t i;

	p->execs = pth_xarray(NULL, json_array_size(list) + 1, sizeof *p->execs);
	json_array_foreach(list, i, v)
		add_execution(p, v, i);
	for (i = 0; p->env != NULL && i < p->nexecs; i++) {
		conflict(p, p->env, &p->execs[i], pth_envparam_incompatibility(p->eparams));
		for (size_t k = 0; k < p->nexecs; k++)
			if (k != i)
				conflict(p, p->execs[i].plugin, &p->execs[k], NULL);
	}
}

/* --- services --- */

static bool
name_taken(const char *name)
{
	static const char *const names[] = { "certs", "setup", "teardown", "pre_commands",
		"post_commands", "steps", "tmp", "record.json*", "result.json*", "metrics.jsonl",
		"series.jsonl*", "capture*.pcapng", "link*.jsonl", "hosts" };

	for (size_t i = 0; i < countof(names); i++)
		if (pth_glob(names[i], name))
			return true;
	return false;
}

static void
check_name(struct plan *p, struct plan_service *s)
{
	pth_auto_buf shown = PTH_BUF_INIT;

	pth_show(&shown, s->name, 80);
	if (!pth_name_ok(s->name))
		plan_wrong(p, s, "name",
		    "'%s' cannot be a service's name: letters, digits, '.', '_' and '-', at most "
		    "63",
		    shown.s != NULL ? shown.s : "");
	else if (name_taken(s->name))
		plan_wrong(p, s, "name",
		    "a service cannot be named '%s': the test's directory has this already",
		    s->name);
	else if (plan_find(p, s->name) != s)
		plan_wrong(p, s, "name", "two services are named '%s'", s->name);
}

static void
services(struct plan *p)
{
	json_t *map = pth_test_services(p->rec), *v;
	const char *key;

	plan_cross(p);
	if (json_object_size(map) > SERVICES_MAX) {
		plan_problem(
		    p, PTH_ERROR, "services", "the test has more than %d services", SERVICES_MAX);
		return;
	}
	p->services = pth_xarray(NULL, json_object_size(map) + 1, sizeof *p->services);
	memset(p->services, 0, (json_object_size(map) + 1) * sizeof *p->services);
	json_object_foreach(map, key, v) {
		p->services[p->nservices].key = key;
		p->services[p->nservices].beside = pth_given_beside(v);
		p->services[p->nservices].name = pth_json_str(v, PTH_KEY(given, name), key);
		p->services[p->nservices++].rec = v;
	}
	if (p->nservices == 0)
		plan_problem(p, PTH_ERROR, "services", "the test has no services");
	plan_foreach(s, p) {
		size_t errors = p->d->errors;
		pth_auto_buf path = PTH_BUF_INIT;

		pth_buf_addf(&path, "services.%s", s->key);
		s->sound = true;
		check_name(p, s);
		plan_service_look(p, s);
		s->sound = s->sound && s->view != NULL && p->d->errors == errors &&
		    !pth_rec_was_wrong(p->rec, path.s);
	}
}

static json_t *
info(const struct plan_service *s)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s*,s:o,s:s,s:s,s:s,s:s,s:O,s:O}", "name", s->name,
	    "role", s->role, "host", s->address, "address", s->address, "address6", s->address6,
	    "port", s->port != 0 ? json_integer(s->port) : json_null(), "transport", s->transport,
	    "plugin", s->plugin != NULL ? s->plugin->name : "", "protocol",
	    s->protocol != NULL ? s->protocol->name : "", "version",
	    s->version != NULL ? s->version : "", "served", s->served, "parameters", s->params);
}

/* --- the whole --- */

static void
variables(struct plan *p)
{
	p->infos = json_object();
	p->service_names = json_array();
	p->test = plan_test_vars(p->rec);
	plan_foreach(s, p) {
		s->served = plan_served(p, s);
		s->info = info(s);
		json_object_set(p->infos, s->name, s->info);
		pth_json_push(p->service_names, json_string(s->name));
	}
	plan_foreach(s, p) {
		s->sound = s->sound && (s->target == NULL || s->target->view != NULL);
		if (s->sound)
			s->vars = plan_vars(p, s);
	}
}

static json_t *
environment(const struct plan *p)
{
	const struct pth_ynode *address = pth_yaml_get(p->eview, "address"),
	                       *by = pth_yaml_get(p->eview, "supported_by");
	const char *own = pth_desc_str(p->eview, "isolation", "none"),
	           *asked = pth_test_isolation(p->rec);
	const json_t *given = pth_test_network_environment(p->rec);
	static const char *const fixed[] = { "container", "simulator" };
	const struct pth_plugin *root = p->env;
	json_t *o = json_object();

	while (root->base != NULL)
		root = root->base;
	pth_env_set_type(o, root->name);
	pth_env_set_plugin(o, p->env->name);
	/* The test may ask for less or more, but not of containers and simulators. */
	pth_env_set_isolation(o, asked == NULL || pth_one_of(own, fixed, 2) ? own : asked);
	if (pth_test_read_only(p->rec))
		pth_env_set_read_only(o, true);
	if (json_array_size(pth_test_shared(p->rec)) > 0)
		pth_env_set_shared(o, json_incref(pth_test_shared(p->rec)));
	if (address != NULL && strchr(address->text, '{') == NULL)
		pth_env_set_address(o, address->text);
	if (by != NULL)
		pth_env_set_supported_by(o, pth_yaml_json(by));
	pth_env_set_parameters(o, json_incref(p->eparams));
	if (pth_netenv_teardown_timeout(given) > 0)
		pth_env_set_teardown_timeout_us(
		    o, pth_netenv_teardown_timeout(given) * PTH_SECOND_US);
	return o;
}

/* Is it the first service of its protocol? *own says whether one of them makes
 * certificates. */
static bool
first_of_protocol(struct plan *p, const struct plan_service *service, bool *own)
{
	bool first = true;

	*own = false;
	plan_foreach(s, p)
		if (s->protocol == service->protocol) {
			first = first && s >= service;
			*own = *own || s->own_certs;
		}
	return first;
}

/* Appends the commands of the whole test: those of the network, then those of each
 * protocol once, with the variables of its first service. */
static int
setup(struct plan *p, json_t *out, struct pth_err *e)
{
	struct plan_with w = { p, p->services[0].vars, e };
	bool own;

	if (plan_cmds(&w, pth_yaml_get(p->eview, "setup"), 60 * PTH_SECOND_US, out) < 0)
		return -1;
	plan_foreach(s, p) {
		const struct pth_ynode *n = pth_yaml_get(s->pview, "setup");
		json_auto_t *vars = NULL;

		if (n == NULL || !first_of_protocol(p, s, &own))
			continue;
		vars = json_copy(s->vars);
		pth_json_set(vars, "generate_certificates", json_boolean(own));
		w.vars = vars;
		if (plan_cmds(&w, n, 60 * PTH_SECOND_US, out) < 0)
			return -1;
	}
	return 0;
}

/* Appends the commands of the network that are run at the end, whatever happened. */
static int
teardown(struct plan *p, json_t *out, struct pth_err *e)
{
	struct plan_with w = { p, p->services[0].vars, e };

	return plan_cmds(&w, pth_yaml_get(p->eview, "teardown"), 60 * PTH_SECOND_US, out);
}

/* Appends what must be there for the setup of the network and the protocols. */
static int
needs(struct plan *p, json_t *out, struct pth_err *e)
{
	struct plan_with w = { p, p->services[0].vars, e };
	json_auto_t *list = json_array();
	json_t *v;
	size_t i;

	if (plan_list(&w, pth_yaml_get(p->eview, "requires"), list) < 0)
		return -1;
	plan_foreach(s, p) {
		w.vars = s->vars;
		if (plan_list(&w, pth_yaml_get(s->pview, "requires"), list) < 0)
			return -1;
	}
	json_array_foreach(list, i, v)
		pth_json_push_once(out, json_incref(v));
	return 0;
}

static void
limits(const struct plan *p, json_t *out)
{
	int64_t us = plan_us(pth_test_timeout(p->rec), 0), own;
	int64_t wait_us = plan_us(pth_steps_wait(pth_test_steps(p->rec)), 0);

	if (us == 0) {
		plan_foreach(s, p)
			if ((own = plan_us(pth_given_timeout(s->rec), 0)) > us)
				us = own;
		us = (us != 0 ? us : 60 * PTH_SECOND_US) + 30 * PTH_SECOND_US;
	}
	pth_plan_set_timeout_us(out, us);
	pth_json_set(
	    out, PTH_KEY(plan, wait_us), wait_us != 0 ? json_integer(wait_us) : json_null());
}

/* Sets what the test wants of the machine, when it says so. */
static void
schedule(const struct plan *p, json_t *out)
{
	static const char *const keys[] = { PTH_KEYS_sched(PTH_KEY_OF, sched) };
	json_auto_t *o = json_object();

	for (size_t i = 0; i < countof(keys); i++) {
		json_t *v = json_object_get(p->rec, keys[i]);

		if (v != NULL && !json_is_null(v))
			json_object_set(o, keys[i], v);
	}
	if (json_object_size(o) > 0)
		pth_plan_set_schedule(out, pth_take(&o));
}

static json_t *
emit(struct plan *p, bool whole)
{
	json_t *out = json_object(), *list = json_array(), *order = json_array(),
	       *need = json_array(), *before = json_array(), *after = json_array(), *cap;
	struct pth_err e = { 0 };

	for (size_t i = 0; i < p->nordered; i++) {
		pth_json_push(order, json_string(p->order[i]->name));
		pth_json_push(list, plan_service_emit(p, p->order[i]));
	}
	plan_names_steps(p);
	plan_links_steps(p);
	cap = plan_capture(p, list, &e);
	if (cap == NULL ||
	    (whole &&
	        (setup(p, before, &e) < 0 || teardown(p, after, &e) < 0 || needs(p, need, &e) < 0)))
		plan_error(p, pth_category_err(&e, PTH_CAT_CONFIGURATION), "", "%s", e.text);
	pth_plan_set_environment(out, environment(p));
	limits(p, out);
	schedule(p, out);
	pth_plan_set_setup(out, before);
	if (json_array_size(after) != 0)
		pth_plan_set_teardown(out, json_incref(after));
	json_decref(after);
	pth_plan_set_requires(out, need);
	pth_plan_set_capture(out, cap != NULL ? cap : json_null());
	pth_plan_set_order(out, order);
	pth_plan_set_services(out, list);
	plan_links_emit(p, out);
	pth_plan_set_verdict(out, json_array());
	return out;
}

static void
release(struct plan *p)
{
	plan_links_release(p);
	plan_foreach(s, p)
		plan_service_release(s);
	for (size_t i = 0; i < p->nexecs; i++)
		json_decref(p->execs[i].params);
	free(p->services);
	free(p->execs);
	free(p->order);
	json_decref(p->eparams);
	json_decref(p->infos);
	json_decref(p->service_names);
	json_decref(p->test);
}

/* The record takes the first problem of the file's order with it; when nothing is wrong but that
 * the combination cannot be, this. */
static void
refuse(struct plan *p, bool strict)
{
	bool wrong = p->d->errors > p->errors,
	     cell = p->cell != NULL && !p->failed && !wrong && !strict;
	enum pth_severity least = wrong ? PTH_ERROR : PTH_WARNING;
	const struct pth_diag *v = p->d->v;
	size_t i = 0;

	pth_diags_sort(p->d);
	while (i < p->d->n && (cell ? v[i].text != p->cell : v[i].severity < least))
		i++;
	if (i < p->d->n)
		pth_rec_error(p->rec, "plan", (enum pth_category)v[i].category,
		    v[i].file != NULL ? v[i].file : p->d->file, v[i].line, v[i].col, "%s",
		    cell ? plan_cell_reason(p) : v[i].text);
	if (cell)
		pth_error_set_status(pth_test_error(p->rec), pth_status_name(PTH_S_UNSUPPORTED));
}

/* Leaves only the sound services in the order. */
static void
drop_unsound(struct plan *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->nordered; i++)
		if (p->order[i]->sound)
			p->order[n++] = p->order[i];
	p->nordered = n;
}

/* Of a test with errors, what does not need what is wrong: to find them all. NULL: nothing. */
static json_t *
plan_all(struct plan *p)
{
	json_t *out;

	if (p->env == NULL || p->nservices == 0 || p->cell != NULL)
		return NULL;
	plan_links(p);
	plan_shaped_check(p);
	plan_net(p);
	plan_routes_check(p);
	plan_order(p);
	variables(p);
	if (p->cell != NULL)
		return NULL; /* what follows from that is no problem of its own */
	if (plan_failed(p))
		drop_unsound(p);
	out = emit(p, !plan_failed(p));
	if (!plan_failed(p))
		plan_names_end(p);
	return out;
}

static int
plan_test(struct pth_plugins *ps, json_t *rec, const struct pth_plan_how *how, struct pth_diags *d)
{
	struct plan p = { .ps = ps, .rec = rec, .d = d, .errors = d->errors };
	json_auto_t *plan = NULL;
	size_t warnings = d->warnings;
	bool failed;

	d->file = pth_json_str(pth_test_source(rec), PTH_KEY(source, file), "experiment");
	p.failed = pth_test_error(rec) != NULL;
	network(&p);
	execution(&p);
	services(&p);
	p.order = pth_xarray(NULL, p.nservices + 1, sizeof *p.order);
	plan = plan_all(&p);
	failed = plan_failed(&p) || (how->strict && d->warnings > warnings);
	if (failed)
		refuse(&p, how->strict);
	if (plan != NULL && (!failed || how->keep))
		pth_test_set_plan(rec, pth_take(&plan));
	release(&p);
	return failed ? -1 : 0;
}

/* A problem with the fallback of a test that is planned otherwise: what, and why. */
static int
refuse_fallback(json_t *rec, struct pth_diags *d, const char *what, const char *why)
{
	const char *file;
	unsigned line, col;

	pth_rec_where(rec, "network_environment.fallback", &file, &line, &col);
	pth_diags_add(d, PTH_ERROR, line, col, "fallback: %s%s", what, why);
	pth_diags_categorize(d, PTH_CAT_CONFIGURATION);
	pth_diags_place(d, file);
	pth_rec_error(
	    rec, "plan", PTH_CAT_CONFIGURATION, file, line, col, "fallback: %s%s", what, why);
	json_object_del(rec, PTH_KEY(test, plan));
	return -1;
}

/* Warns of a fallback that is never used. */
static void
in_vain(const json_t *rec, struct pth_diags *d)
{
	const char *file;
	unsigned line, col;

	pth_rec_where(rec, "network_environment.fallback", &file, &line, &col);
	pth_diags_add(d, PTH_WARNING, line, col,
	    "fallback has no effect: localhost needs no container engine");
	pth_diags_place(d, file);
}

/* Plans the same test in the environment that is used where no engine answers. */
static int
fallback(struct pth_plugins *ps, json_t *rec, json_t *other, const struct pth_plan_how *how,
    struct pth_diags *d)
{
	const char *to = pth_netenv_fallback(pth_test_network_environment(rec));
	json_t *env = json_object(), *o, *plan;
	struct pth_diags problems;
	int r;

	pth_netenv_set_type(env, to);
	pth_test_set_network_environment(other, env);
	pth_diags_init(&problems, "");
	r = plan_test(ps, other, how, &problems);
	pth_diags_release(&problems);
	plan = pth_test_plan(other);
	if (r != 0 || plan == NULL)
		return refuse_fallback(
		    rec, d, pth_json_str(pth_test_error(other), PTH_KEY(error, message), to), "");
	if (!pth_rec_plan_is_local(plan))
		return refuse_fallback(
		    rec, d, to, " is no environment of this machine alone; write localhost");
	o = json_object();
	pth_fallback_set_from(o, pth_env_type(pth_plan_environment(pth_test_plan(rec))));
	pth_fallback_set_to(o, pth_env_type(pth_plan_environment(plan)));
	pth_fallback_set_plan(o, json_incref(plan));
	if (json_equal(pth_test_steps(other), pth_test_steps(rec)) == 0)
		pth_fallback_set_steps(o, json_incref(pth_test_steps(other)));
	pth_test_set_fallback(rec, o);
	return 0;
}

int
pth_plan_test(
    struct pth_plugins *ps, json_t *rec, const struct pth_plan_how *how, struct pth_diags *d)
{
	bool two = pth_netenv_fallback(pth_test_network_environment(rec)) != NULL &&
	    pth_test_error(rec) == NULL;
	json_auto_t *other = two ? json_deep_copy(rec) : NULL;

	if (plan_test(ps, rec, how, d) != 0)
		return -1;
	if (two && pth_rec_plan_is_local(pth_test_plan(rec)))
		in_vain(rec, d);
	else if (two)
		return fallback(ps, rec, other, how, d);
	return 0;
}
