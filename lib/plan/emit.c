/*
 * This file writes a service's part of the plan: its command line, environment, phases
 * and everything else that pth-exec needs.
 */
#include "plan/priv.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "io/file.h"

/* What is being put together for one service. */
struct emit {
	struct plan *p;
	struct plan_service *s;
	json_t *out;
	struct pth_err e;
};

/* Does the list name the service, as the experiment or the plan does? */
static bool
names_it(const json_t *list, const struct plan_service *s)
{
	return pth_json_has(list, s->name) || pth_json_has(list, s->key);
}

/* Calls fn with what each execution environment of the service has at key, with the
 * variables of that environment. */
static int
each_exec(struct emit *m, const char *key,
    int (*fn)(
        struct plan *p, const struct pth_ynode *n, json_t *vars, json_t *out, struct pth_err *e),
    json_t *out)
{
	for (size_t i = 0; i < m->p->nexecs; i++) {
		const struct plan_exec *x = &m->p->execs[i];
		const struct pth_ynode *n = pth_yaml_get(x->view, key);
		json_auto_t *vars = json_copy(m->s->vars);

		json_object_update(vars, x->params);
		if (n != NULL && (!json_is_array(x->only) || names_it(x->only, m->s)) &&
		    fn(m->p, n, vars, out, &m->e) < 0)
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
	if (plan_list(m->p, pth_yaml_get(m->s->view, key), m->s->vars, out, &m->e) < 0)
		return -1;
	return each_exec(m, key, plan_list, out);
}

static int
add_env(struct plan *p, const struct pth_ynode *map, json_t *vars, json_t *env, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_yaml_foreach(c, map) {
		pth_buf_cut(&b, 0);
		if (plan_text(p, c, vars, &b, e) < 0)
			return -1;
		pth_json_set(env, c->key, pth_json_text(b.s, b.len));
	}
	return 0;
}

/* The experiment's own variables are texts as they are, but for placeholders. */
static int
user_env(struct emit *m, const json_t *given, json_t *env)
{
	pth_auto_buf b = PTH_BUF_INIT;
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)given, key, v) {
		pth_buf_cut(&b, 0);
		plan_scalar(&b, v);
		if (plan_names(m->p, &b, 0, &m->e) < 0)
			return -1;
		pth_json_set(env, key, pth_json_text(b.s, b.len));
	}
	return 0;
}

static int
environment(struct emit *m)
{
	const struct pth_ynode *protocol = pth_yaml_get(m->s->pview, "environment"),
	                       *own = pth_yaml_get(m->s->view, "environment");
	json_t *env = json_object();

	pth_json_set(m->out, "environment", env);
	if (add_env(m->p, protocol, m->s->vars, env, &m->e) < 0 ||
	    add_env(m->p, own, m->s->vars, env, &m->e) < 0 ||
	    user_env(m, plan_version_env(m->s), env) < 0 ||
	    each_exec(m, "environment", add_env, env) < 0)
		return -1;
	return user_env(m, json_object_get(m->s->rec, "environment"), env);
}

/* {line: TEXT} or {template: FILE}: one command line, split after rendering. */
static int
command_line(struct emit *m, const struct pth_ynode *n, json_t *argv)
{
	const struct pth_ynode *file = pth_yaml_get(n, "template");
	pth_auto_buf b = PTH_BUF_INIT, src = PTH_BUF_INIT;
	json_auto_t *vars = NULL;
	pth_auto_str path = NULL;
	int r;

	if (file != NULL && (file->text[0] == '/' || strstr(file->text, "..") != NULL))
		return pth_dval_error(
		    &m->e, file, "template: must be a file beside the descriptor");
	path = file != NULL ? plan_beside(m->s, file, file->text) : NULL;
	vars = file != NULL ? plan_version_for_file(m->s) : json_incref(m->s->vars);

	if (file == NULL)
		r = plan_text(m->p, pth_yaml_get(n, "line"), vars, &b, &m->e);
	else if ((r = pth_file_read(path, 1 << 20, &src, &m->e)) == 0)
		r = plan_line_text(m->p, file->text, src.s != NULL ? src.s : "", vars, &b, &m->e);
	return r < 0 ? -1 :
	               pth_command_words(b.s != NULL ? b.s : "",
	                   json_object_get(m->out, "environment"), argv, &m->e);
}

static int
binary(struct emit *m, json_t *argv)
{
	const struct pth_ynode *b = pth_desc_role(pth_yaml_get(m->s->view, "binary"), m->s->role);
	pth_auto_buf text = PTH_BUF_INIT;

	if (b != NULL && b->kind == PTH_YSEQ)
		return plan_args(m->p, b, m->s->vars, argv, &m->e);
	if (plan_text(m->p, b, m->s->vars, &text, &m->e) < 0)
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

	if (json_is_string(given)) {
		r = plan_user_text(
		    m->p, "command_override", json_string_value(given), m->s->vars, &b, &m->e);
		r = r < 0 ? r : pth_words(b.s != NULL ? b.s : "", argv, &m->e);
	}
	json_array_foreach(given, i, v) {
		pth_buf_cut(&b, 0);
		if (json_is_string(v))
			r = plan_user_text(
			    m->p, "command_override", json_string_value(v), m->s->vars, &b, &m->e);
		else
			plan_scalar(&b, v);
		if (r < 0)
			break;
		pth_json_push(argv, pth_json_text(b.s, b.len));
	}
	return r;
}

static int
wraps(struct emit *m, json_t *argv)
{
	json_auto_t *vars = json_copy(m->s->vars);

	json_object_update(vars, m->p->eparams);
	if (plan_args(m->p, pth_yaml_get(m->p->eview, "wrap"), vars, argv, &m->e) < 0)
		return -1;
	return each_exec(m, "wrap", plan_args, argv);
}

/* Appends the program's own command line, without what is put before it. */
static int
own_argv(struct emit *m, json_t *argv)
{
	const struct pth_ynode *n = pth_desc_role(pth_yaml_get(m->s->view, "commands"), m->s->role);
	json_t *given = json_object_get(m->s->rec, "command_override");

	if (given != NULL && !json_is_null(given))
		return overridden(m, given, argv);
	if (binary(m, argv) < 0)
		return -1;
	if (n == NULL || n->kind == PTH_YNULL)
		return 0;
	return n->kind == PTH_YMAP ? command_line(m, n, argv) :
	                             plan_args(m->p, n, m->s->vars, argv, &m->e);
}

static int
cwd(struct emit *m, json_t *cmd)
{
	const char *given = pth_json_str(m->s->rec, "working_directory", NULL);
	const struct pth_ynode *n = pth_yaml_get(m->s->view, "cwd");
	pth_auto_buf b = PTH_BUF_INIT;

	if (given != NULL)
		pth_buf_adds(&b, given);
	else if (plan_text(m->p, n, m->s->vars, &b, &m->e) < 0)
		return -1;
	if (b.len != 0)
		pth_json_set(cmd, "cwd", pth_json_text(b.s, b.len));
	return 0;
}

static json_t *
run_cmd(struct emit *m, int64_t timeout_us)
{
	json_auto_t *cmd = json_object(), *own = json_array();
	json_t *argv = json_array();
	int r = own_argv(m, own);

	pth_json_set(cmd, "argv", argv);
	if (r == 0 && json_array_size(own) == 0)
		r = pth_err_set(&m->e, PTH_INPUT, "%s: the command is empty", m->s->plugin->name);
	json_object_set(m->s->vars, "program", json_array_get(own, 0));
	if (r < 0 || wraps(m, argv) < 0)
		return NULL;
	json_array_extend(argv, own);
	pth_json_set(cmd, "critical", json_true());
	pth_json_set(cmd, "timeout_us", json_integer(timeout_us));
	return cwd(m, cmd) < 0 ? NULL : pth_take(&cmd);
}

static int
post(struct plan *p, const struct pth_ynode *n, json_t *vars, json_t *out, struct pth_err *e)
{
	return plan_cmds(p, n, vars, 60 * PTH_SECOND_US, out, e);
}

static int
phases(struct emit *m, int64_t timeout_us)
{
	static const char *const names[] = { "pre_compile", "compile", "post_compile", "pre_run",
		NULL, "post_run" };
	const struct pth_ynode *from = pth_yaml_get(m->s->view, "phases");
	json_t *out = json_object(), *v;

	pth_json_set(m->out, "phases", out);
	for (size_t i = 0; i < countof(names); i++) {
		if (names[i] == NULL) {
			if ((v = run_cmd(m, timeout_us)) == NULL)
				return -1;
			pth_json_set(out, "run", v);
			continue;
		}
		v = json_array();
		pth_json_set(out, names[i], v);
		if (plan_cmds(m->p, pth_yaml_get(from, names[i]), m->s->vars,
		        (i < 3 ? 300 : 60) * PTH_SECOND_US, v, &m->e) < 0)
			return -1;
	}
	return each_exec(m, "post", post, json_object_get(out, "post_run"));
}

enum ready { UDP, TCP, PATH, LOG, COMMAND, DELAY };

/* Sets what the check looks for; v is its value in the descriptor. */
static int
ready_value(struct emit *m, enum ready kind, const struct pth_ynode *v, json_t *o)
{
	pth_auto_buf b = PTH_BUF_INIT;
	json_t *argv;
	long long port;
	int64_t us = 0;
	int r;

	if (kind == COMMAND) {
		argv = json_array();
		pth_json_set(o, "argv", argv);
		return plan_args(m->p, v, m->s->vars, argv, &m->e);
	}
	if (kind == DELAY) {
		r = plan_duration(m->p, v, m->s->vars, &us, &m->e);
		pth_json_set(o, "us", json_integer(us));
		return r;
	}
	if (plan_text(m->p, v, m->s->vars, &b, &m->e) < 0)
		return -1;
	pth_buf_adds(&b, "");
	if (kind == PATH || kind == LOG)
		pth_json_set(o, kind == PATH ? "path" : "matches", pth_json_text(b.s, b.len));
	else if (pth_int(b.s, 1, 65535, &port))
		pth_json_set(o, "port", json_integer(port));
	else
		return pth_dval_error(&m->e, v, "ready: '%.40s' is not a port", b.s);
	return 0;
}

/* Sets which log is searched. */
static int
ready_log(struct emit *m, const struct pth_ynode *in, json_t *o)
{
	pth_auto_buf b = PTH_BUF_INIT;
	int r = in != NULL ? plan_text(m->p, in, m->s->vars, &b, &m->e) : 0;

	pth_json_set(o, "file", json_string(b.len != 0 ? b.s : "stdout.log"));
	return r;
}

static json_t *
ready_one(struct emit *m, const struct pth_ynode *n)
{
	static const char *const kinds[] = { "udp", "tcp", "file", "log", "command", "delay" };
	const struct pth_ynode *v = NULL;
	int64_t us = 10 * PTH_SECOND_US;
	json_auto_t *o = NULL;
	size_t i;

	for (i = 0; i < countof(kinds) && (v = pth_yaml_get(n, kinds[i])) == NULL; i++)
		;
	if (i == countof(kinds)) {
		pth_dval_error(&m->e, n, "ready: nothing to look for");
		return NULL;
	}
	o = json_pack("{s:s}", "kind", kinds[i]);
	if (ready_value(m, (enum ready)i, v, o) < 0 ||
	    (i == LOG && ready_log(m, pth_yaml_get(n, "in"), o) < 0) ||
	    plan_duration(m->p, pth_yaml_get(n, "timeout"), m->s->vars, &us, &m->e) < 0)
		return NULL;
	pth_json_set(o, "timeout_us", json_integer(us));
	return pth_take(&o);
}

static int
ready(struct emit *m)
{
	const struct pth_ynode *n = pth_desc_role(pth_yaml_get(m->s->view, "ready"), m->s->role);
	json_t *list = json_array(), *o;

	pth_json_set(m->out, "ready", list);
	if (pth_yaml_get(m->s->view, "ready") == NULL)
		n = pth_desc_role(pth_yaml_get(m->s->pview, "ready"), m->s->role);
	for (const struct pth_ynode *c = n != NULL && n->kind == PTH_YSEQ ? n->child : n; c != NULL;
	     c = n->kind == PTH_YSEQ ? c->next : NULL) {
		const struct pth_ynode *when = pth_yaml_get(c, "when");
		int go = when != NULL ? plan_truth(m->p, when, m->s->vars, &m->e) : 1;

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
	                       *pn = pth_yaml_get(m->s->pview, "stop");
	const char *signal = pth_desc_str(n, "signal", pth_desc_str(pn, "signal", "TERM"));
	const struct pth_ynode *grace = pth_yaml_get(n, "grace");
	int64_t us = 5 * PTH_SECOND_US;
	json_t *o;

	if (plan_duration(m->p, grace != NULL ? grace : pth_yaml_get(pn, "grace"), m->s->vars, &us,
	        &m->e) < 0)
		return -1;
	o = json_object();
	pth_json_set(o, "signal", json_string(signal + (strncmp(signal, "SIG", 3) != 0 ? 0 : 3)));
	pth_json_set(o, "grace_us", json_integer(us));
	pth_json_set(m->out, "stop", o);
	return 0;
}

/* Is the test lost with this service? network_environment.critical_services
 * names those that matter, when it names any. */
static bool
critical(const struct plan *p, const struct plan_service *s)
{
	const json_t *list = json_object_get(p->eparams, "critical_services");

	return json_array_size(list) == 0 || names_it(list, s);
}

static void
head(struct emit *m)
{
	const struct plan_service *s = m->s;
	json_t *o = m->out;

	pth_json_set(o, "name", json_string(s->name));
	pth_json_set(o, "plugin", json_string(s->plugin->name));
	pth_json_set(o, "kind", json_string(pth_kind_name(s->plugin->kind)));
	pth_json_set(o, "protocol", json_string(s->protocol->name));
	pth_json_set(o, "version", json_string(s->version));
	pth_json_set(o, "role", json_string(s->role));
	pth_json_set(o, "finite", json_boolean(plan_finite(s)));
	if (s->target != NULL)
		pth_json_set(o, "target", json_string(s->target->name));
	pth_json_set(o, "after", plan_after(m->p, s));
	pth_json_set(o, "critical", json_boolean(critical(m->p, s)));
	if (strcmp(pth_json_str(s->rec, "restart_policy", "no"), "no") != 0)
		json_object_set(o, "restart", json_object_get(s->rec, "restart_policy"));
	if (json_object_size(json_object_get(s->rec, "limits")) > 0)
		json_object_set(o, "limits", json_object_get(s->rec, "limits"));
	pth_json_set(o, "address", json_string(s->address));
	pth_json_set(o, "port", s->port != 0 ? json_integer(s->port) : json_null());
	pth_json_set(o, "transport", json_string(s->transport));
}

/* Plans a cache only where something is compiled. */
static int
compile_cache(struct emit *m)
{
	const struct pth_ynode *n = pth_yaml_get(m->s->view, "compile_cache");
	const json_t *phases = json_object_get(m->out, "phases");
	json_t *v;

	if (n == NULL ||
	    json_array_size(json_object_get(phases, "pre_compile")) +
	            json_array_size(json_object_get(phases, "compile")) +
	            json_array_size(json_object_get(phases, "post_compile")) ==
	        0)
		return 0;
	v = plan_tree(m->p, n, m->s->vars, &m->e);
	if (v == NULL)
		return -1;
	pth_json_set(m->out, "compile_cache", v);
	return 0;
}

static int
body(struct emit *m)
{
	int64_t timeout_us = plan_us(json_object_get(m->s->rec, "timeout"), 60 * PTH_SECOND_US);
	json_t *files;

	if (plan_params_late(m->p, m->s, &m->e) < 0 || lists(m, "dirs") < 0)
		return -1;
	if ((files = plan_files(m->p, m->s, &m->e)) == NULL)
		return -1;
	pth_json_set(m->out, "files", files);
	if (environment(m) < 0 || phases(m, timeout_us) < 0 || compile_cache(m) < 0 ||
	    ready(m) < 0 || stop(m) < 0)
		return -1;
	pth_json_set(m->out, "timeout_us", json_integer(timeout_us));
	if (lists(m, "requires") < 0 || lists(m, "keylogs") < 0 || lists(m, "artifacts") < 0 ||
	    lists(m, "metrics") < 0 || lists(m, "verdict") < 0)
		return -1;
	return plan_docker(m->p, m->s, m->out, &m->e);
}

json_t *
plan_service_emit(struct plan *p, struct plan_service *s)
{
	struct emit m = { .p = p, .s = s, .out = json_object() };
	pth_auto_buf at = PTH_BUF_INIT;

	head(&m);
	if (body(&m) < 0)
		plan_error(p, pth_category_err(&m.e, PTH_CAT_CONFIGURATION),
		    plan_path(&at, s, "implementation.name"), "%s: %s", s->name, m.e.text);
	return m.out;
}
