/*
 * This file writes a service's part of the plan: its command line, environment, phases
 * and everything else that pth-exec needs.
 */
#include "plan/priv.h"

#include <string.h>

#include "base/clock.h"
#include "base/regex.h"
#include "base/text.h"
#include "io/file.h"

/* What is being put together for one service. */
struct emit {
	struct plan_with w; /* the service's own variables */
	struct plan_service *s;
	json_t *out;
	const char *at; /* the key of the service that an error is about */
};

/* Does the list name the service, as the experiment or the plan does? */
static bool
names_it(const json_t *list, const struct plan_service *s)
{
	return pth_json_has(list, s->name) || pth_json_has(list, s->key);
}

static int own_argv(struct emit *m, json_t *argv);

/* Appends the program's command line with one set of parameters in the place of its own. */
static int
variant(struct emit *m, const struct pth_ynode *at, const json_t *set, json_t *out)
{
	const struct pth_ynode *specs = pth_yaml_get(m->s->view, "parameters"), *spec;
	json_auto_t *vars = json_copy(m->w.vars), *params = json_copy(m->s->params);
	struct emit other = { { m->w.p, vars, m->w.e }, m->s, m->out, m->at };
	json_t *argv = json_array(), *v, *own;
	const char *key;

	pth_json_push(out, argv);
	json_object_foreach((json_t *)set, key, v) {
		spec = pth_yaml_get(specs, key);
		if (spec == NULL)
			return pth_err_set(m->w.e, PTH_INPUT, "%s: %s has no parameter '%.80s'",
			    at->key, m->s->plugin->name, key);
		own = pth_param_value(key, spec, v, m->w.e);
		if (own == NULL)
			return -1;
		pth_json_set(params, key, own);
		json_object_set(vars, key, own);
	}
	json_object_set(vars, "parameters", params);
	return own_argv(&other, argv);
}

/* Are all parameters of the set another service's, so that it is none of this one's business? */
static bool
foreign(const struct emit *m, const json_t *set)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)set, key, v) {
		bool others = false;

		plan_foreach(s, m->w.p)
			others = others || (s != m->s && json_object_get(s->params, key) != NULL);
		if (!others || json_object_get(m->s->params, key) != NULL)
			return false;
	}
	return json_object_size(set) > 0;
}

/* Sets the variable `variants` of an execution environment that has this key: command lines of
 * the program, a list of lists. */
static int
variants(struct emit *m, const struct pth_ynode *n, json_t *vars)
{
	const struct plan_with w = { m->w.p, vars, m->w.e };
	json_auto_t *sets = plan_tree(&w, n), *out = json_array();
	json_t *set;
	size_t i;

	if (sets == NULL)
		return -1;
	json_array_foreach(sets, i, set)
		if (!foreign(m, set) && variant(m, n, set, out) < 0)
			return -1;
	json_object_set(vars, n->key, out);
	return 0;
}

/* Calls fn with what each execution environment of the service has at key, with the
 * variables of that environment. */
static int
each_exec(struct emit *m, const char *key,
    int (*fn)(const struct plan_with *w, const struct pth_ynode *n, json_t *out), json_t *out)
{
	for (size_t i = 0; i < m->w.p->nexecs; i++) {
		const struct plan_exec *x = &m->w.p->execs[i];
		const struct pth_ynode *n = pth_yaml_get(x->view, key),
		                       *sets = pth_yaml_get(x->view, "variants");
		json_auto_t *vars = NULL;

		if (n == NULL || (x->only != NULL && !names_it(x->only, m->s)))
			continue;
		vars = json_copy(m->w.vars);
		json_object_update(vars, x->params);
		if (sets != NULL && strcmp(key, "wrap") == 0 && variants(m, sets, vars) < 0)
			return -1;
		if (fn(&(struct plan_with){ m->w.p, vars, m->w.e }, n, out) < 0)
			return -1;
	}
	return 0;
}

/* Joins a list of the descriptor and those of the execution environments. */
static int
lists(struct emit *m, const char *key)
{
	json_t *out = json_array();

	pth_json_set(m->out, key, out);
	if (plan_list(&m->w, pth_yaml_get(m->s->view, key), out) < 0)
		return -1;
	return each_exec(m, key, plan_list, out);
}

/* What the execution environments alone need, once more: images have it in a layer of its own. */
static int
tools(struct emit *m)
{
	json_auto_t *out = json_array();

	if (each_exec(m, PTH_KEY(svc, requires), plan_list, out) < 0)
		return -1;
	if (json_array_size(out) > 0)
		pth_svc_set_tools(m->out, json_incref(out));
	return 0;
}

static int
add_env(const struct plan_with *w, const struct pth_ynode *map, json_t *env)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_yaml_foreach(c, map) {
		bool plain = c->kind != PTH_YMAP;
		int go = plain ? 1 : plan_truth(w, pth_yaml_get(c, "when"));

		pth_buf_cut(&b, 0);
		if (go == 0)
			continue;
		if (go < 0 || plan_text(w, plain ? c : pth_yaml_get(c, "value"), &b) < 0)
			return -1;
		pth_json_set(env, c->key, pth_json_text(b.s, b.len));
	}
	return 0;
}

/* The experiment's own variables are texts as they are, but for placeholders. */
static void
user_env(struct emit *m, const char *where, const json_t *given, json_t *env)
{
	pth_auto_buf b = PTH_BUF_INIT, at = PTH_BUF_INIT;
	const char *key;
	json_t *v;

	plan_path(&at, m->s, where);
	json_object_foreach((json_t *)given, key, v) {
		size_t len = at.len;
		json_auto_t *text = NULL;

		pth_buf_cut(&b, 0);
		plan_scalar(&b, v);
		text = pth_json_text(b.s, b.len);
		pth_buf_addf(&at, ".%s", key);
		pth_json_set(env, key, plan_names_in(m->w.p, text, &at, false));
		pth_buf_cut(&at, len);
	}
}

static int
environment(struct emit *m)
{
	const struct pth_ynode *protocol = pth_yaml_get(m->s->pview, "environment"),
	                       *own = pth_yaml_get(m->s->view, "environment");
	json_t *env = json_object();

	pth_svc_set_environment(m->out, env);
	if (add_env(&m->w, protocol, env) < 0 || add_env(&m->w, own, env) < 0)
		return -1;
	user_env(m, "implementation.version_config.env", plan_version_env(m->s), env);
	user_env(m, "implementation.runtime_parameters", m->s->runtime, env);
	user_env(m, "environment", pth_given_environment(m->s->rec), env);
	return 0;
}

/* The variables of the execution environments are the run command's alone: what profiles the
 * program would profile, and write over the profile, in all other commands too. */
static int
exec_env(struct emit *m, json_t *cmd)
{
	json_auto_t *env = json_object();
	const char *key;
	json_t *v;

	if (each_exec(m, "environment", add_env, env) < 0)
		return -1;
	json_object_foreach(pth_given_environment(m->s->rec), key, v)
		json_object_del(env, key); /* the experiment has the last word */
	if (json_object_size(env) > 0)
		pth_cmd_set_env(cmd, pth_take(&env));
	return 0;
}

/* {line: TEXT} or {template: FILE}: one command line, split after rendering. */
static int
command_line(struct emit *m, const struct pth_ynode *n, json_t *argv)
{
	const struct pth_ynode *file = pth_yaml_get(n, "template");
	pth_auto_buf b = PTH_BUF_INIT, src = PTH_BUF_INIT;
	struct plan_with with = m->w;
	json_auto_t *vars = NULL;
	pth_auto_str path = NULL;
	int r;

	if (file != NULL && (file->text[0] == '/' || strstr(file->text, "..") != NULL))
		return pth_dval_error(
		    m->w.e, file, "template: must be a file beside the descriptor");
	path = file != NULL ? plan_beside(m->s->plugin, file, file->text) : NULL;
	vars = file != NULL ? plan_version_for_file(m->s) : json_incref(m->w.vars);
	with.vars = vars;
	if (file == NULL)
		r = plan_text(&with, pth_yaml_get(n, "line"), &b);
	else if ((r = pth_file_read_named(path, 1 << 20, &src, m->w.e)) == 0)
		r = plan_user_text(&with, file->text, src.s != NULL ? src.s : "", true, &b);
	return r < 0 ?
	    -1 :
	    pth_command_words(b.s != NULL ? b.s : "", pth_svc_environment(m->out), argv, m->w.e);
}

static int
binary(struct emit *m, json_t *argv)
{
	const struct pth_ynode *b = pth_desc_role(pth_yaml_get(m->s->view, "binary"), m->s->role);
	pth_auto_buf text = PTH_BUF_INIT;

	if (b != NULL && b->kind == PTH_YSEQ)
		return plan_args(&m->w, b, argv);
	if (plan_text(&m->w, b, &text) < 0)
		return -1;
	if (text.len != 0)
		pth_json_push(argv, pth_json_text(text.s, text.len));
	return 0;
}

/* command_override is a list of arguments, or text that is split into words. */
static int
overridden(struct emit *m, json_t *given, json_t *argv)
{
	pth_auto_buf b = PTH_BUF_INIT;
	json_t *v;
	size_t i;
	int r = 0;

	m->at = PTH_KEY(given, command_override);
	if (json_is_string(given)) {
		r = plan_user_text(&m->w, "command_override", json_string_value(given), false, &b);
		r = r < 0 ? r : pth_words(b.s != NULL ? b.s : "", argv, m->w.e);
	}
	json_array_foreach(given, i, v) {
		pth_buf_cut(&b, 0);
		if (json_is_string(v))
			r = plan_user_text(
			    &m->w, "command_override", json_string_value(v), false, &b);
		else
			plan_scalar(&b, v);
		if (r < 0)
			break;
		pth_json_push(argv, pth_json_text(b.s, b.len));
	}
	if (r >= 0)
		m->at = "implementation.name";
	return r;
}

static int
wraps(struct emit *m, json_t *argv)
{
	const struct pth_ynode *n = pth_yaml_get(m->w.p->eview, "wrap");
	json_auto_t *vars = n != NULL ? json_copy(m->w.vars) : NULL;

	json_object_update(vars, m->w.p->eparams);
	if (plan_args(&(struct plan_with){ m->w.p, vars, m->w.e }, n, argv) < 0)
		return -1;
	return each_exec(m, "wrap", plan_args, argv);
}

/* Appends the program's own command line, without what is put before it. */
static int
own_argv(struct emit *m, json_t *argv)
{
	const struct pth_ynode *n = pth_desc_role(pth_yaml_get(m->s->view, "commands"), m->s->role);
	json_t *given = pth_given_command_override(m->s->rec);

	if (given != NULL && !json_is_null(given))
		return overridden(m, given, argv);
	if (binary(m, argv) < 0)
		return -1;
	if (n != NULL && n->kind != PTH_YNULL &&
	    (n->kind == PTH_YMAP ? command_line(m, n, argv) : plan_args(&m->w, n, argv)) < 0)
		return -1;
	plan_usual_argv(m->s, json_object_get(m->w.vars, "parameters"), argv);
	return 0;
}

static int
cwd(struct emit *m, json_t *cmd)
{
	const char *given = pth_given_working_directory(m->s->rec);
	const struct pth_ynode *n = pth_yaml_get(m->s->view, "cwd");
	pth_auto_buf b = PTH_BUF_INIT, at = PTH_BUF_INIT;

	if (given != NULL) {
		json_auto_t *text = json_string(given), *out = NULL;

		plan_path(&at, m->s, "working_directory");
		out = plan_names_in(m->w.p, text, &at, false);
		pth_buf_adds(&b, json_string_value(out));
	} else if (plan_text(&m->w, n, &b) < 0)
		return -1;
	if (b.len != 0)
		pth_cmd_set_cwd(cmd, b.s);
	return 0;
}

static json_t *
run_cmd(struct emit *m, int64_t timeout_us)
{
	json_auto_t *cmd = json_object(), *own = json_array();
	json_t *argv = json_array();
	int r = own_argv(m, own);

	pth_cmd_set_argv(cmd, argv);
	if (r == 0 && json_array_size(own) == 0)
		r = pth_err_set(m->w.e, PTH_INPUT, "%s: the command is empty", m->s->plugin->name);
	json_object_set(m->w.vars, "program", json_array_get(own, 0));
	if (r < 0 || wraps(m, argv) < 0)
		return NULL;
	json_array_extend(argv, own);
	pth_cmd_set_critical(cmd, true);
	pth_cmd_set_timeout_us(cmd, timeout_us);
	return cwd(m, cmd) < 0 || exec_env(m, cmd) < 0 ? NULL : pth_take(&cmd);
}

static int
post(const struct plan_with *w, const struct pth_ynode *n, json_t *out)
{
	return plan_cmds(w, n, 60 * PTH_SECOND_US, out);
}

static int
phases(struct emit *m, int64_t timeout_us)
{
	const struct pth_ynode *from = pth_yaml_get(m->s->view, PTH_KEY(svc, phases));
	json_t *out = json_object(), *v;

	pth_svc_set_phases(m->out, out);
	for (int i = 0; i < PTH_PHASES; i++) {
		v = i == PTH_RUN ? run_cmd(m, timeout_us) : json_array();
		if (v == NULL)
			return -1;
		pth_json_set(out, pth_phase_names[i], v);
		if (i != PTH_RUN &&
		    plan_cmds(&m->w, pth_yaml_get(from, pth_phase_names[i]),
		        i < PTH_PRE_RUN ? PTH_PHASE_LIMIT_US : 60 * PTH_SECOND_US, v) < 0)
			return -1;
	}
	return each_exec(m, "post", post, pth_phases_post_run(out));
}

/* Sets what the check looks for; v is its value in the descriptor. */
static int
ready_matches(struct emit *m, const struct pth_ynode *v, const char *pattern, json_t *o)
{
	struct pth_err e;
	pth_auto_regex re = pth_regex_new(pattern, 0, &e);

	pth_ready_set_matches(o, pattern);
	return re != NULL ? 0 : pth_dval_error(m->w.e, v, "ready: %s", e.text);
}

static int
ready_value(struct emit *m, enum pth_ready_kind kind, const struct pth_ynode *v, json_t *o)
{
	pth_auto_buf b = PTH_BUF_INIT;
	json_t *argv;
	long long port;
	int64_t us = 0;
	int r;

	if (kind == PTH_READY_COMMAND) {
		argv = json_array();
		pth_ready_set_argv(o, argv);
		return plan_args(&m->w, v, argv);
	}
	if (kind == PTH_READY_DELAY) {
		r = plan_duration(&m->w, v, &us);
		pth_ready_set_us(o, us);
		return r;
	}
	if (plan_text(&m->w, v, &b) < 0)
		return -1;
	pth_buf_adds(&b, "");
	if (kind == PTH_READY_FILE)
		pth_ready_set_path(o, b.s);
	else if (kind == PTH_READY_LOG)
		return ready_matches(m, v, b.s, o);
	else if (pth_int(b.s, 1, 65535, &port))
		pth_ready_set_port(o, port);
	else
		return pth_dval_error(m->w.e, v, "ready: '%.40s' is not a port", b.s);
	return 0;
}

/* Sets which log is searched. */
static int
ready_log(struct emit *m, const struct pth_ynode *in, json_t *o)
{
	pth_auto_buf b = PTH_BUF_INIT;
	int r = plan_text(&m->w, in, &b);

	pth_ready_set_file(o, b.len != 0 ? b.s : pth_ready_file(NULL));
	return r;
}

static json_t *
ready_one(struct emit *m, const struct pth_ynode *n)
{
	const struct pth_ynode *v = NULL;
	int64_t us = PTH_READY_LIMIT_US;
	json_auto_t *o = json_object();
	int i = 0;

	while (i < PTH_READY_KINDS && (v = pth_yaml_get(n, pth_ready_names[i])) == NULL)
		i++;
	if (i == PTH_READY_KINDS) {
		pth_dval_error(m->w.e, n, "ready: nothing to look for");
		return NULL;
	}
	pth_ready_set_kind(o, pth_ready_names[i]);
	if (ready_value(m, (enum pth_ready_kind)i, v, o) < 0 ||
	    (i == PTH_READY_LOG && ready_log(m, pth_yaml_get(n, "in"), o) < 0) ||
	    plan_duration(&m->w, pth_yaml_get(n, "timeout"), &us) < 0)
		return NULL;
	pth_ready_set_timeout_us(o, us);
	return pth_take(&o);
}

static int
ready(struct emit *m)
{
	const struct pth_ynode *n = pth_desc_role(pth_yaml_get(m->s->view, "ready"), m->s->role);
	json_t *list = json_array(), *o;

	pth_svc_set_ready(m->out, list);
	if (pth_yaml_get(m->s->view, "ready") == NULL)
		n = pth_desc_role(pth_yaml_get(m->s->pview, "ready"), m->s->role);
	for (const struct pth_ynode *c = n != NULL && n->kind == PTH_YSEQ ? n->child : n; c != NULL;
	     c = n->kind == PTH_YSEQ ? c->next : NULL) {
		int go = plan_truth(&m->w, pth_yaml_get(c, "when"));

		if (go == 0)
			continue;
		o = go > 0 ? ready_one(m, c) : NULL;
		if (o == NULL)
			return -1;
		pth_json_push(list, o);
	}
	return 0;
}

static int
stop(struct emit *m)
{
	const struct pth_ynode *n = pth_yaml_get(m->s->view, "stop"),
	                       *pn = pth_yaml_get(m->s->pview, "stop"),
	                       *grace = pth_yaml_get(n, "grace");
	const char *signal = pth_desc_str(
	    n, "signal", pth_desc_str(pn, "signal", pth_stop_signal(NULL)));
	int64_t us = PTH_STOP_GRACE_US;
	json_t *o;

	if (plan_duration(&m->w, grace != NULL ? grace : pth_yaml_get(pn, "grace"), &us) < 0)
		return -1;
	o = json_object();
	pth_stop_set_signal(o, signal + (strncmp(signal, "SIG", 3) != 0 ? 0 : 3));
	pth_stop_set_grace_us(o, us);
	pth_svc_set_stop(m->out, o);
	return 0;
}

/* Is the test lost with this service? network_environment.critical_services
 * names those that matter, when it names any. */
static bool
critical(const struct plan *p, const struct plan_service *s)
{
	const json_t *list = pth_envparam_critical_services(p->eparams);

	return json_array_size(list) == 0 || names_it(list, s);
}

static void
head(struct emit *m)
{
	const struct plan_service *s = m->s;
	const char *restart = pth_given_restart_policy(s->rec);
	json_t *o = m->out;

	pth_svc_set_name(o, s->name);
	pth_svc_set_plugin(o, s->plugin->name);
	pth_svc_set_kind(o, pth_kind_name(s->plugin->kind));
	pth_svc_set_protocol(o, s->protocol->name);
	pth_svc_set_version(o, s->version);
	pth_svc_set_role(o, s->role);
	pth_svc_set_finite(o, plan_finite(s));
	if (s->target != NULL)
		pth_svc_set_target(o, s->target->name);
	pth_svc_set_after(o, plan_after(m->w.p, s));
	pth_svc_set_critical(o, critical(m->w.p, s));
	if (strcmp(restart, pth_svc_restart(NULL)) != 0)
		pth_svc_set_restart(o, restart);
	if (*pth_given_user(s->rec) != '\0')
		pth_svc_set_root(o, true);
	if (json_object_size(pth_given_limits(s->rec)) > 0)
		pth_svc_set_limits(o, json_incref(pth_given_limits(s->rec)));
	pth_svc_set_address(o, s->address);
	if (s->address6 != NULL)
		pth_svc_set_address6(o, s->address6);
	if (s->beside != NULL)
		pth_svc_set_beside(o, s->beside);
	pth_json_set(o, PTH_KEY(svc, port), s->port != 0 ? json_integer(s->port) : json_null());
	pth_svc_set_transport(o, s->transport);
}

/* Plans a cache only where something is compiled. */
static int
compile_cache(struct emit *m)
{
	const struct pth_ynode *n = pth_yaml_get(m->s->view, "compile_cache");
	const json_t *phases = pth_svc_phases(m->out);
	json_t *v;

	if (n == NULL ||
	    json_array_size(pth_phases_pre_compile(phases)) +
	            json_array_size(pth_phases_compile(phases)) +
	            json_array_size(pth_phases_post_compile(phases)) ==
	        0)
		return 0;
	v = plan_tree(&m->w, n);
	if (v == NULL)
		return -1;
	pth_svc_set_compile_cache(m->out, v);
	return 0;
}

static int
body(struct emit *m)
{
	static const char *const last[] = { PTH_KEY(svc, requires), PTH_KEY(svc, keylogs),
		PTH_KEY(svc, artifacts), PTH_KEY(svc, metrics), PTH_KEY(svc, verdict) };
	int64_t timeout_us = plan_us(pth_given_timeout(m->s->rec), 60 * PTH_SECOND_US);
	json_t *files;

	if (plan_params_late(&m->w, m->s) < 0 || lists(m, PTH_KEY(svc, dirs)) < 0)
		return -1;
	if ((files = plan_files(&m->w, m->s)) == NULL)
		return -1;
	pth_svc_set_files(m->out, files);
	if (environment(m) < 0 || phases(m, timeout_us) < 0 || compile_cache(m) < 0 ||
	    ready(m) < 0 || stop(m) < 0)
		return -1;
	pth_svc_set_timeout_us(m->out, timeout_us);
	for (size_t i = 0; i < countof(last); i++)
		if (lists(m, last[i]) < 0)
			return -1;
	/* Few have any. */
	if (tools(m) < 0 || lists(m, PTH_KEY(svc, events)) < 0)
		return -1;
	if (json_array_size(pth_svc_events(m->out)) == 0)
		json_object_del(m->out, PTH_KEY(svc, events));
	return plan_docker(&m->w, m->s, m->out);
}

json_t *
plan_service_emit(struct plan *p, struct plan_service *s)
{
	struct pth_err e = { 0 };
	struct emit m = { { p, s->vars, &e }, s, json_object(), "implementation.name" };
	pth_auto_buf at = PTH_BUF_INIT;

	head(&m);
	if (body(&m) < 0)
		plan_error(p, pth_category_err(&e, PTH_CAT_CONFIGURATION), plan_path(&at, s, m.at),
		    "%s: %s", s->name, e.text);
	return m.out;
}
