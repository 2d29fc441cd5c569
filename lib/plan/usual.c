/*
 * This file gives the parameters that every implementation has their meaning: more arguments,
 * another program, certificates. A descriptor that uses one of them itself is left alone.
 */
#include "plan/priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/file.h"

enum { DEPTH_MAX = 4, TEMPLATE_MAX = 1 << 20 };

static bool
name_char(char c)
{
	return pth_is_alnum(c) || c == '_';
}

/* Is the name a word of the text? */
static bool
says(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *s = text; (s = strstr(s, name)) != NULL; s += n)
		if ((s == text || !name_char(s[-1])) && !name_char(s[n]))
			return true;
	return false;
}

static bool
file_says(const struct pth_plugin *x, const struct pth_ynode *n, const char *name)
{
	pth_auto_str path = plan_beside(x, n, n->text);
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e;

	return pth_file_read_named(path, TEMPLATE_MAX, &b, &e) == 0 && b.s != NULL &&
	    says(b.s, name);
}

static bool
node_says(const struct pth_plugin *x, const struct pth_ynode *n, const char *name)
{
	pth_yaml_foreach(c, n)
		if (node_says(x, c, name))
			return true;
	if (n->kind != PTH_YSTR)
		return false;
	return says(n->text, name) ||
	    (n->key != NULL && strcmp(n->key, "template") == 0 && file_says(x, n, name));
}

/* A parameter is used where it is named, and where one is that is made of it. */
static bool
mentions(const struct pth_plugin *x, const struct pth_ynode *view, const char *name, int depth)
{
	static const char *const prose[] = { "parameters", "description", "homepage", "roles",
		"versions" };

	pth_yaml_foreach(c, view)
		if (!pth_one_of(c->key, prose, countof(prose)) && node_says(x, c, name))
			return true;
	pth_yaml_foreach(p, pth_yaml_get(view, "parameters")) {
		const char *from = pth_desc_str(p, "from", "");

		if (depth < DEPTH_MAX && strcmp(p->key, name) != 0 && says(from, name) &&
		    mentions(x, view, p->key, depth + 1))
			return true;
	}
	return false;
}

bool
plan_mentions(const struct pth_plugin *x, const struct pth_ynode *view, const char *name)
{
	struct pth_dval *d = (struct pth_dval *)(uintptr_t)view;
	json_t *known = NULL;

	if (d == NULL)
		return false;
	if (d->kept == NULL)
		pth_plugins_keep(x->set, d, json_object());
	known = json_object_get(d->kept, name);
	if (known == NULL) {
		known = json_boolean(mentions(x, view, name, 0));
		pth_json_set(d->kept, name, known);
	}
	return json_is_true(known);
}

bool
plan_mentions_in_role(const struct plan_service *s, const char *name)
{
	pth_auto_buf said = PTH_BUF_INIT;

	pth_json_dump(&said, s->rec);
	pth_yaml_foreach(c, s->view) {
		const struct pth_ynode *n = pth_desc_role(c, s->role);

		if (strcmp(c->key, "parameters") != 0 && strcmp(c->key, "roles") != 0 &&
		    n != NULL && node_says(s->plugin, n, name))
			return true;
	}
	return says(said.s, name);
}

const json_t *
plan_usual_given(const struct plan_service *s, const char *name, struct pth_buf *path)
{
	const json_t *v = NULL;
	const char *what;

	for (unsigned i = 0; i < 2 * PLAN_SAID && v == NULL; i++) {
		const json_t *map = plan_said(s, i / 2, &what);

		if (i % 2 != 0)
			map = json_object_get(map, "parameters");
		v = json_object_get(map, name);
		if (v == NULL && i + 1 < 2 * PLAN_SAID)
			continue;
		pth_buf_cut(path, 0);
		pth_buf_addf(path, "services.%s.%s%s.%s", s->key, what,
		    i % 2 != 0 ? ".parameters" : "", name);
	}
	return v;
}

/* certificate_config of PANTHER's documents is any map; these are its names for ours. */
json_t *
plan_usual_certificates(const struct plan_service *s, struct pth_buf *path)
{
	static const char *const names[][2] = { { "cert", "cert_file" },
		{ "certificate", "cert_file" }, { "certificate_file", "cert_file" },
		{ "cert_path", "cert_file" }, { "key", "key_file" }, { "private_key", "key_file" },
		{ "private_key_file", "key_file" }, { "key_path", "key_file" }, { "ca", "ca_file" },
		{ "ca_cert", "ca_file" }, { "ca_path", "ca_file" } };
	const json_t *given = plan_usual_given(s, "certificate_config", path);
	const char *key;
	json_t *out, *v;

	if (!json_is_object(given) || plan_mentions(s->plugin, s->view, "certificate_config"))
		return NULL;
	out = json_object();
	json_object_foreach((json_t *)given, key, v) {
		const char *ours = key;

		for (size_t i = 0; i < countof(names); i++)
			if (strcmp(key, names[i][0]) == 0)
				ours = names[i][1];
		json_object_set(out, ours, v);
	}
	return out;
}

static bool
variable_name(const char *s)
{
	while (name_char(*s))
		s++;
	return *s == '\0';
}

json_t *
plan_usual_runtime(const struct plan *p, struct plan_service *s, struct pth_buf *path)
{
	const json_t *given = plan_usual_given(s, "runtime_parameters", path);
	const struct pth_ynode *specs = pth_yaml_get(s->view, "parameters");
	pth_auto_free const char **names = pth_xarray(
	    NULL, specs != NULL ? specs->n + 1 : 1, sizeof *names);
	const char *key;
	json_t *out, *v;
	size_t n = 0;

	if (!json_is_object(given) || plan_mentions(s->plugin, s->view, "runtime_parameters"))
		return NULL;
	pth_yaml_foreach(c, specs)
		names[n++] = c->key;
	out = json_object();
	s->runtime = json_object();
	json_object_foreach((json_t *)given, key, v) {
		/* What nearly is a parameter is a slip, which plan_params() tells. */
		bool own = pth_yaml_get(specs, key) == NULL && variable_name(key) &&
		    !pth_is_digit(*key) && pth_nearest(key, names, n) == NULL &&
		    !json_is_object(v) && !json_is_array(v);

		if (own) {
			pth_auto_buf at = PTH_BUF_INIT;

			pth_buf_addf(&at, "%s.%s", path->s, key);
			pth_json_set(s->runtime, key, plan_written(p, at.s, v, true));
		} else {
			json_object_set(out, key, v);
		}
	}
	return out;
}

/* {depth: 5, --fast: true, slow: false} is --depth 5 --fast. */
static void
add_options(const json_t *map, json_t *out)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)map, key, v) {
		pth_auto_buf b = PTH_BUF_INIT;

		if (json_is_false(v))
			continue;
		pth_buf_addf(&b, "%s%s", key[0] == '-' ? "" : key[1] == '\0' ? "-" : "--", key);
		pth_json_push(out, pth_json_text(b.s, b.len));
		pth_buf_cut(&b, 0);
		if (!json_is_boolean(v))
			plan_scalar(&b, v);
		if (b.len != 0)
			pth_json_push(out, pth_json_text(b.s, b.len));
	}
}

/* A feature that the descriptor does not know is a word without effect. */
static void
unknown_features(struct plan *p, const struct plan_service *s)
{
	const struct pth_ynode *known = pth_yaml_get(s->view, "features");
	pth_auto_buf at = PTH_BUF_INIT;
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(s->params, "supported_features"), i, v) {
		const char *name = json_string_value(v);

		if (pth_yaml_get(known, name) != NULL || plan_mentions(s->plugin, s->view, name))
			continue;
		plan_usual_given(s, "supported_features", &at);
		plan_problem(p, PTH_WARNING, at.s, "'%.80s' has no effect: %s has no such feature",
		    name, s->plugin->name);
	}
}

void
plan_usual_words(struct plan *p, struct plan_service *s)
{
	const json_t *extra = json_object_get(s->params, "extra");
	const json_t *more = json_object_get(s->params, "implementation_args");
	const json_t *options = json_object_get(s->params, "custom_options");
	pth_auto_buf at = PTH_BUF_INIT;
	json_t *all;

	unknown_features(p, s);
	if (!json_is_array(extra))
		return;
	all = json_copy((json_t *)extra);
	if (json_is_array(more) && !plan_mentions(s->plugin, s->view, "implementation_args"))
		json_array_extend(all, (json_t *)more);
	if (!plan_mentions(s->plugin, s->view, "custom_options"))
		add_options(options, all);
	pth_json_set(s->params, "extra", all);
	if (json_array_size(all) > 0 && pth_given_command_override(s->rec) != NULL)
		plan_problem(p, PTH_WARNING, plan_path(&at, s, "command_override"),
		    "more arguments ('extra') have no effect beside command_override");
}

/* Another program, in the directory of the descriptor's unless it has one itself. */
static void
other_program(const struct plan_service *s, json_t *argv)
{
	const char *name = pth_json_str(s->params, "binary_name", ""),
	           *old = json_string_value(json_array_get(argv, 0)), *slash;
	pth_auto_buf b = PTH_BUF_INIT;

	if (*name == '\0' || old == NULL || plan_mentions(s->plugin, s->view, "binary_name"))
		return;
	slash = strrchr(old, '/');
	if (strchr(name, '/') == NULL && slash != NULL)
		pth_buf_add(&b, old, (size_t)(slash - old) + 1);
	pth_buf_adds(&b, name);
	json_array_set_new(argv, 0, pth_json_text(b.s, b.len));
}

void
plan_usual_argv(const struct plan_service *s, const json_t *params, json_t *argv)
{
	const json_t *extra = json_object_get(params, "extra");
	pth_auto_buf b = PTH_BUF_INIT;
	json_t *v;
	size_t i;

	other_program(s, argv);
	if (plan_mentions(s->plugin, s->view, "extra"))
		return;
	json_array_foreach((json_t *)extra, i, v) {
		pth_buf_cut(&b, 0);
		plan_scalar(&b, v);
		pth_json_push(argv, pth_json_text(b.s, b.len));
	}
}
