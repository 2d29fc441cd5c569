/*
 * What PANTHER's command templates read: the part of the version file for the
 * service's role, whose keys are variables at the top. Jinja prints nothing
 * for what is not there; our templates refuse it, so every known name is there,
 * empty if need be. Certificates have both forms: certificates.cert.param, which
 * version files hold, and certificates.cert_param, which templates ask for.
 *
 * The plan goes before the file where both know: the port that the server
 * really has, certificates made for the test, parameters that the experiment
 * gives.
 */
#include "plan_priv.h"

#include <stdlib.h>
#include <string.h>

/* Parameters and the values of a version file that mean the same. */
static const struct {
	const char *param, *path;
} twins[] = {
	{ "cert_file", "certificates.cert.file" }, { "key_file", "certificates.key.file" },
	{ "alpn", "protocol.alpn.value" }, { "initial_version", "initial_version" },
};

static json_t *skeleton(void)
{
	return json_pack("{s:s, s:{s:{s:s, s:s}, s:s}, s:{s:s, s:s}, s:{s:n, s:s, s:s, s:s}, "
	    "s:{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}}, s:{s:s, s:s, s:s}, s:{s:s, s:s, s:{s:s, s:s}}}",
	    "initial_version", "",
	    "protocol", "alpn", "param", "", "value", "", "additional_parameters", "",
	    "binary", "dir", "", "name", "",
	    "network", "interface", "port", "", "destination", "", "source", "",
	    "certificates", "cert", "param", "", "file", "", "local_file", "",
	    "key", "param", "", "file", "", "local_file", "",
	    "ticket_file", "param", "", "file", "", "local_file", "",
	    "logging", "log_path", "", "err_path", "", "qlog", "param", "", "path", "");
}

/* `key:` with nothing after it is as if it were not there. */
static void drop_nulls(json_t *o)
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

static bool empty(const json_t *v)
{
	return !v || json_is_null(v) || (json_is_string(v) && json_string_length(v) == 0);
}

/* cert_param and cert.param, whichever is there, as both. */
static void both_forms(json_t *certs)
{
	static const char *const kinds[] = { "cert", "key" }, *const fields[] = { "param", "file", "local_file" };
	struct pth_buf flat = PTH_BUF_INIT;
	size_t i;

	for (i = 0; i < countof(kinds) * countof(fields); i++) {
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
	pth_buf_release(&flat);
}

/* Set "a.b.c", whose maps are there. */
static void put(json_t *o, const char *path, json_t *v)
{
	const char *dot = strrchr(path, '.');
	char *above = dot ? pth_xstrndup(path, (size_t)(dot - path)) : NULL;

	json_object_set(above ? pth_json_path(o, above) : o, dot ? dot + 1 : path, v);
	free(above);
}

static bool given(const struct plan_service *s, const char *name)
{
	const json_t *impl = json_object_get(s->rec, "implementation");

	return json_object_get(impl, name) || json_object_get(json_object_get(impl, "parameters"), name) ||
	    json_object_get(json_object_get(s->rec, "plugin_config"), name);
}

static json_t *section_of(const json_t *file, const char *role)
{
	json_t *base = skeleton(), *own = json_deep_copy(json_object_get(file, role)), *out;

	drop_nulls(own);
	out = json_is_object(own) ? pth_json_merge(base, own) : json_incref(base);
	json_decref(base);
	json_decref(own);
	return out;
}

/* The file's port is the server's usual one; `ports` without a place in the
 * experiment were filled in by pth-parse. */
static void usual_port(const struct plan *p, struct plan_service *s)
{
	json_t *port = pth_json_path(s->section, "network.port");
	struct pth_buf at = PTH_BUF_INIT;

	if (s->client || json_integer_value(port) <= 0 || json_integer_value(port) > 65535)
		return;
	json_object_set(s->pparams, "port", port);
	s->port_usual = !json_object_get(json_object_get(p->rec, "marks"), plan_path(&at, s, "ports"));
	pth_buf_release(&at);
}

void plan_version_look(struct plan *p, struct plan_service *s)
{
	const struct pth_ynode *n = pth_yaml_get(s->view, "version_config");
	json_t *file, *v;
	size_t i;

	if (!n || n->kind != PTH_YMAP)
		return;
	file = pth_yaml_json(n);
	s->section = section_of(file, s->role);
	both_forms(json_object_get(s->section, "certificates"));
	for (i = 0; i < countof(twins); i++) {
		v = pth_json_path(s->section, twins[i].path);
		if (empty(v) || !json_object_get(s->params, twins[i].param))
			continue;
		if (given(s, twins[i].param))
			put(s->section, twins[i].path, json_object_get(s->params, twins[i].param));
		else
			json_object_set(s->params, twins[i].param, v);
	}
	usual_port(p, s);
	json_decref(file);
}

/* The certificates of the test, where the file names some. */
static void certificates(const struct plan_service *s, const json_t *vars)
{
	static const char *const kinds[][3] = { { "cert_file", "cert" }, { "key_file", "key" } };
	bool ours = !s->own_certs || pth_json_bool(s->rec, "generate_new_certificates", false);
	json_t *certs = json_object_get(s->section, "certificates");
	size_t i;

	for (i = 0; i < countof(kinds); i++) {
		json_t *v = json_object_get(vars, kinds[i][0]);

		if (!ours || empty(json_object_get(certs, kinds[i][0])))
			continue;
		json_object_set(certs, kinds[i][0], v);
		json_object_set(json_object_get(certs, kinds[i][1]), "file", v);
	}
}

/* The program as PANTHER calls it: in its directory, unless it is found by
 * itself or is more than a name. */
static json_t *binary_path(const json_t *binary)
{
	const char *dir = pth_json_str(binary, "dir", ""), *name = pth_json_str(binary, "name", "");
	size_t n = strlen(dir);
	struct pth_buf b = PTH_BUF_INIT;
	json_t *v;

	if (*name == '/' || strchr(name, ' ') || !n || !*name)
		return json_string(name);
	name += strncmp(name, "./", 2) ? 0 : 2;
	pth_buf_addf(&b, "%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
	v = json_stringn(b.s, b.len);
	pth_buf_release(&b);
	return v;
}

void plan_version_vars(const struct plan_service *s, json_t *vars)
{
	json_t *file, *v, *port = json_object_get(vars, "port"), *protocol = json_object_get(vars, "protocol");
	json_t *top = json_pack("{s:s, s:[], s:{}, s:{}}", "commit", "", "dependencies", "env", "tests");
	const char *key;

	if (!s->section) {
		json_decref(top);
		return;
	}
	certificates(s, vars);
	if (json_integer_value(port) > 0)
		put(s->section, "network.port", port);
	json_object_foreach(json_object_get(s->section, "protocol"), key, v)
		if (strcmp(key, "name") && strcmp(key, "version") && strcmp(key, "transport") && strcmp(key, "port"))
			json_object_set(protocol, key, v);
	file = pth_yaml_json(pth_yaml_get(s->view, "version_config"));
	pth_json_set(vars, "binary_path", binary_path(json_object_get(s->section, "binary")));
	json_object_set(vars, "target_port", port);
	json_object_update_missing(vars, s->section);
	json_object_update_existing(top, file);
	json_object_update_missing(vars, top);
	pth_json_set(vars, "version_config", file);
	json_decref(top);
}

json_t *plan_version_for_file(const struct plan_service *s)
{
	const struct pth_ynode *n = pth_yaml_get(pth_yaml_get(s->view, "version_config"), "parameters"), *c;
	json_t *vars, *params, *about;

	if (!s->section)
		return json_incref(s->vars);
	vars = json_copy(s->vars);
	json_object_set(vars, "target", json_object_get(vars, "host"));
	params = json_copy(s->params);
	for (c = n && n->kind == PTH_YMAP ? n->child : NULL; c; c = c->next) {
		about = c->kind == PTH_YMAP ? pth_yaml_json(c) : json_object();
		json_object_set(about, "value", json_object_get(s->params, c->key));
		pth_json_set(params, c->key, about);
	}
	pth_json_set(vars, "parameters", params);
	return vars;
}
