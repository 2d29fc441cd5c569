/*
 * This file makes what PANTHER's command templates read: the part of the version file for
 * the service's role, whose keys are variables at the top. Jinja prints nothing
 * for what is not there; our templates refuse it, so every known name is there,
 * empty if need be. Certificates have both forms: certificates.cert.param, which
 * version files hold, and certificates.cert_param, which templates ask for.
 *
 * The plan goes before the file where both know: the port that the server
 * really has, certificates made for the test, parameters that the experiment
 * gives.
 */
#include "plan/priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* These parameters and values of a version file mean the same. */
static const struct {
	const char *param, *path;
} twins[] = {
	{ "cert_file", "certificates.cert.file" },
	{ "key_file", "certificates.key.file" },
	{ "alpn", "protocol.alpn.value" },
	{ "initial_version", "initial_version" },
};

static json_t *
skeleton(void)
{
	return json_pack("{s:s, s:{s:{s:s, s:s}, s:s}, s:{s:s, s:s}, s:{s:n, s:s, s:s, s:s}, "
	                 "s:{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}}, s:{s:s, s:s, s:s}, s:{s:s, "
	                 "s:s, s:{s:s, s:s}}}",
	    "initial_version", "", "protocol", "alpn", "param", "", "value", "",
	    "additional_parameters", "", "binary", "dir", "", "name", "", "network", "interface",
	    "port", "", "destination", "", "source", "", "certificates", "cert", "param", "",
	    "file", "", "local_file", "", "key", "param", "", "file", "", "local_file", "",
	    "ticket_file", "param", "", "file", "", "local_file", "", "logging", "log_path", "",
	    "err_path", "", "qlog", "param", "", "path", "");
}

/* `key:` with nothing after it is as if it were not there. */
static void
drop_nulls(json_t *o)
{
	const char *key;
	json_t *v;
	void *next;

	json_object_foreach_safe(o, next, key, v) {
		if (json_is_null(v))
			json_object_del(o, key);
		else
			drop_nulls(v);
	}
}

static bool
empty(const json_t *v)
{
	return v == NULL || json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0);
}

static const char *const kinds[] = { "cert", "key" };

/* Makes both of cert_param and cert.param, whichever is there. */
static void
both_forms(json_t *certs)
{
	static const char *const fields[] = { "param", "file", "local_file" };
	pth_auto_buf flat = PTH_BUF_INIT;

	for (size_t i = 0; i < countof(kinds) * countof(fields); i++) {
		const char *field = fields[i % countof(fields)];
		json_t *nested = json_object_get(certs, kinds[i / countof(fields)]), *v;

		pth_buf_cut(&flat, 0);
		pth_buf_addf(&flat, "%s_%s", kinds[i / countof(fields)], field);
		v = json_object_get(certs, flat.s);
		if (empty(v))
			json_object_set(certs, flat.s, json_object_get(nested, field));
		else
			json_object_set(nested, field, v);
	}
}

/* Sets "a.b.c", whose maps are there. */
static void
put(json_t *o, const char *path, json_t *v)
{
	const char *dot = strrchr(path, '.');
	pth_auto_str above = dot != NULL ? pth_xstrndup(path, (size_t)(dot - path)) : NULL;

	json_object_set(
	    above != NULL ? pth_json_path(o, above) : o, dot != NULL ? dot + 1 : path, v);
}

static bool
given(const struct plan_service *s, const char *name)
{
	const char *what;

	for (unsigned i = 0; i < PLAN_SAID; i++) {
		const json_t *map = plan_said(s, i, &what);

		if (json_object_get(map, name) != NULL ||
		    json_object_get(json_object_get(map, "parameters"), name) != NULL)
			return true;
	}
	return false;
}

static json_t *
section_of(const json_t *file, const char *role)
{
	json_auto_t *base = skeleton(), *own = json_deep_copy(json_object_get(file, role));

	drop_nulls(own);
	return json_is_object(own) ? pth_json_merge(base, own) : json_incref(base);
}

/* --- the file, and the experiment's part of it --- */

static const char *const roles[] = { "server", "client", "peer", "mitm" };

/* What stands beside the roles is the service's own: {alpn...} for
 * {server: {alpn...}}. */
static void
own_section(json_t *given, const char *role)
{
	static const char *const keys[] = { "initial_version", "protocol", "binary", "network",
		"certificates", "ticket_file", "logging" };
	json_t *section = json_object_get(given, role);

	for (size_t i = 0; i < countof(keys); i++) {
		json_t *v = json_object_get(given, keys[i]);

		if (v == NULL)
			continue;
		if (!json_is_object(section)) {
			section = json_object();
			pth_json_set(given, role, section);
		}
		if (json_object_get(section, keys[i]) == NULL)
			json_object_set(section, keys[i], v);
		json_object_del(given, keys[i]);
	}
}

/* With both forms, cert_param of one file wins over cert.param of the other. */
static void
complete_certificates(json_t *file)
{
	for (size_t i = 0; i < countof(roles); i++) {
		json_t *certs = json_object_get(json_object_get(file, roles[i]), "certificates");

		if (!json_is_object(certs))
			continue;
		for (size_t k = 0; k < countof(kinds); k++)
			if (!json_is_object(json_object_get(certs, kinds[k])))
				pth_json_set(certs, kinds[k], json_object());
		both_forms(certs);
	}
}

static void
check_given(struct plan *p, const struct plan_service *s, const json_t *given, const char *what)
{
	struct pth_arena a = { .head = NULL };
	pth_auto_buf text = PTH_BUF_INIT, at = PTH_BUF_INIT;
	struct pth_ynode *n;
	struct pth_diags d;

	pth_diags_init(&d, "");
	pth_json_dump(&text, given);
	n = pth_yaml_load(text.s, text.len, &a, &d);
	if (n != NULL)
		pth_version_check(n, &d);
	for (size_t i = 0; i < d.n; i++)
		plan_problem(p, d.v[i].severity, plan_path(&at, s, what), "%s", d.v[i].text);
	pth_diags_release(&d);
	pth_arena_release(&a);
}

/* A dependency's name is its directory, in a command of the image. */
static void
check_dependencies(
    struct plan *p, const struct plan_service *s, const json_t *given, const char *what)
{
	pth_auto_buf shown = PTH_BUF_INIT;
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(given, "dependencies"), i, v) {
		const char *name = pth_json_str(v, "name", "");

		if (pth_name_ok(name))
			continue;
		pth_buf_cut(&shown, 0);
		pth_show(&shown, name, 80);
		plan_wrong(p, s, what, "dependencies: '%s' cannot be a name",
		    shown.s != NULL ? shown.s : "");
	}
}

static void
merge_into(json_t **to, json_t *more)
{
	json_t *both = *to != NULL ? pth_json_merge(*to, more) : json_incref(more);

	json_decref(*to);
	*to = both;
}

/* Takes version and version_config of one map of the experiment, where they are maps. */
static void
given_of(struct plan *p, struct plan_service *s, const json_t *map, const char *place)
{
	static const char *const keys[] = { PTH_KEY(impl, version), PTH_KEY(impl, version_config) };
	pth_auto_buf what = PTH_BUF_INIT;

	for (size_t i = 0; i < countof(keys); i++) {
		json_auto_t *part = json_deep_copy(json_object_get(map, keys[i]));

		if (!json_is_object(part))
			continue;
		own_section(part, s->role);
		pth_buf_cut(&what, 0);
		pth_buf_addf(&what, "%s.%s", place, keys[i]);
		check_given(p, s, part, what.s);
		check_dependencies(p, s, part, what.s);
		complete_certificates(part);
		merge_into(&s->vgiven, part);
	}
}

/* The strongest comes last. */
static void
given_part(struct plan *p, struct plan_service *s)
{
	const char *what;

	for (unsigned i = PLAN_SAID; i-- > 0;) {
		const json_t *map = plan_said(s, i, &what);

		given_of(p, s, map, what);
	}
}

void
plan_version_file(struct plan *p, struct plan_service *s)
{
	const struct pth_ynode *n = pth_yaml_get(s->view, "version_config");

	given_part(p, s);
	s->vfile = n != NULL && n->kind == PTH_YMAP ? pth_yaml_json(n) : NULL;
	complete_certificates(s->vfile);
	if (s->vgiven != NULL)
		merge_into(&s->vfile, s->vgiven);
}

static json_t *
value_of(json_t *v)
{
	json_t *inner = json_object_get(v, "value");

	return inner != NULL ? inner : v;
}

json_t *
plan_version_params(const struct plan_service *s)
{
	json_t *out = json_object(), *v;
	const char *key;

	json_object_foreach(json_object_get(s->vgiven, "parameters"), key, v)
		json_object_set(out, key, value_of(v));
	return out;
}

const json_t *
plan_version_env(const struct plan_service *s)
{
	return json_object_get(s->vgiven, "env");
}

static void
set_text(json_t *to, const char *key, const json_t *from, const char *name)
{
	pth_auto_buf b = PTH_BUF_INIT;

	plan_scalar(&b, json_object_get(from, name));
	if (b.len != 0)
		pth_json_set(to, key, pth_json_text(b.s, b.len));
}

void
plan_version_docker(const struct plan_service *s, json_t *docker)
{
	json_t *list = pth_recipe_dependencies(docker), *v, *to;
	const json_t *named = json_object_get(s->vfile, "dependencies");
	size_t i;

	set_text(docker, PTH_KEY(recipe, revision), s->vfile, "commit");
	if (list == NULL && json_array_size(named) > 0)
		pth_recipe_set_dependencies(docker, list = json_array());
	json_array_foreach(named, i, v) {
		to = pth_json_named(list, pth_json_str(v, "name", ""));
		if (to == NULL && json_object_get(v, "url") == NULL)
			continue; /* nowhere to get it from */
		if (to == NULL) {
			to = json_object();
			set_text(to, PTH_KEY(gotten, name), v, "name");
			pth_json_push(list, to);
		}
		set_text(to, PTH_KEY(gotten, repository), v, "url");
		set_text(to, PTH_KEY(gotten, revision), v, "commit");
	}
}

/* --- into the parameters --- */

static bool
open_parameter(const struct plan_service *s, const char *name)
{
	return json_object_get(s->params, name) != NULL && !given(s, name);
}

/* The experiment's part alone says where the program is, and more arguments: a version
 * file of PANTHER names places of its container. */
static void
given_parameters(struct plan_service *s)
{
	const json_t *section = json_object_get(s->vgiven, s->role);
	const char *dir = json_string_value(pth_json_path(section, "binary.dir"));
	const char *more = json_string_value(
	    pth_json_path(section, "protocol.additional_parameters"));
	json_auto_t *words = json_array();
	struct pth_err e;

	if (dir != NULL && *dir != '\0' && open_parameter(s, "directory"))
		pth_json_set(s->params, "directory", json_string(dir));
	if (more != NULL && json_is_array(json_object_get(s->params, "extra")) &&
	    !given(s, "extra") && pth_words(more, words, &e) == 0)
		json_object_set(s->params, "extra", words);
}

/* The file's port is the server's usual one; `ports` without a place in the
 * experiment were filled in by pth-parse. */
static void
usual_port(const struct plan *p, struct plan_service *s)
{
	json_t *port = pth_json_path(s->section, "network.port");
	pth_auto_buf at = PTH_BUF_INIT;

	if (s->client || json_integer_value(port) <= 0 || json_integer_value(port) > 65535)
		return;
	json_object_set(s->pparams, "port", port);
	s->port_usual = json_object_get(pth_test_marks(p->rec), plan_path(&at, s, "ports")) == NULL;
}

void
plan_version_look(struct plan *p, struct plan_service *s)
{
	if (s->vfile == NULL)
		return;
	s->section = section_of(s->vfile, s->role);
	both_forms(json_object_get(s->section, "certificates"));
	for (size_t i = 0; i < countof(twins); i++) {
		json_t *v = pth_json_path(s->section, twins[i].path),
		       *own = json_object_get(s->params, twins[i].param);

		if (empty(v) || own == NULL)
			continue;
		if (given(s, twins[i].param))
			put(s->section, twins[i].path, own);
		else
			json_object_set(s->params, twins[i].param, v);
	}
	given_parameters(s);
	usual_port(p, s);
}

/* The certificates of the test take the place of those that the file names. */
static void
certificates(const struct plan_service *s, const json_t *vars)
{
	static const char *const files[] = { "cert_file", "key_file" };
	bool ours = !s->own_certs || pth_given_generate_new_certificates(s->rec);
	json_t *certs = json_object_get(s->section, "certificates");

	for (size_t i = 0; i < countof(kinds); i++) {
		json_t *v = json_object_get(vars, files[i]);

		if (!ours || empty(json_object_get(certs, files[i])))
			continue;
		json_object_set(certs, files[i], v);
		json_object_set(json_object_get(certs, kinds[i]), "file", v);
	}
}

/* The program as PANTHER calls it: in its directory, unless it is found by
 * itself or is more than a name. */
static json_t *
binary_path(const json_t *binary)
{
	const char *dir = pth_json_str(binary, "dir", ""), *name = pth_json_str(binary, "name", "");
	size_t n = strlen(dir);
	pth_auto_buf b = PTH_BUF_INIT;

	if (*name == '/' || strchr(name, ' ') != NULL || n == 0 || *name == '\0')
		return json_string(name);
	name += strncmp(name, "./", 2) != 0 ? 0 : 2;
	pth_buf_addf(&b, "%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
	return json_stringn(b.s, b.len);
}

void
plan_version_vars(const struct plan_service *s, json_t *vars)
{
	static const char *const ours[] = { "name", "version", "transport", "port" };
	json_t *v, *port = json_object_get(vars, "port"),
	           *protocol = json_object_get(vars, "protocol");
	json_auto_t *top = NULL;
	const char *key;

	if (s->section == NULL)
		return;
	top = json_pack("{s:s, s:[], s:{}, s:{}}", "commit", "", "dependencies", "env", "tests");
	certificates(s, vars);
	if (json_integer_value(port) > 0)
		put(s->section, "network.port", port);
	json_object_foreach(json_object_get(s->section, "protocol"), key, v)
		if (!pth_one_of(key, ours, countof(ours)))
			json_object_set(protocol, key, v);
	pth_json_set(vars, "binary_path", binary_path(json_object_get(s->section, "binary")));
	json_object_set(vars, "target_port", port);
	json_object_update_missing(vars, s->section);
	json_object_update_existing(top, s->vfile);
	json_object_update_missing(vars, top);
	json_object_set(vars, "version_config", s->vfile);
}

json_t *
plan_version_for_file(const struct plan_service *s)
{
	json_t *vars, *params, *about, *v;
	const char *key;

	if (s->section == NULL)
		return json_incref(s->vars);
	vars = json_copy(s->vars);
	json_object_set(vars, "target", json_object_get(vars, "host"));
	params = json_copy(s->params);
	json_object_foreach(json_object_get(s->vfile, "parameters"), key, v) {
		about = json_is_object(v) ? json_copy(v) : json_object();
		json_object_set(about, "value", json_object_get(s->params, key));
		pth_json_set(params, key, about);
	}
	pth_json_set(vars, "parameters", params);
	return vars;
}
