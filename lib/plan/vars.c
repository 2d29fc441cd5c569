/*
 * This file makes the variables that the templates of a descriptor see, pth-plugin(5).
 */
#include "plan/priv.h"

#include <string.h>

#include "base/text.h"

static void
set(json_t *o, const char *key, const char *value)
{
	pth_json_set(o, key, value != NULL ? json_string(value) : json_null());
}

static json_t *
at(const struct plan_service *s, const char *what)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_adds(&b, "@{dir}/");
	pth_buf_adds(&b, s->name);
	pth_buf_adds(&b, *what != '\0' ? "/" : "");
	pth_buf_adds(&b, what);
	return json_stringn(b.s, b.len);
}

/* A certificate is the test's own, or one that the experiment names, by itself or with
 * its directory. */
static json_t *
cert(const struct plan_service *s, const char *param, const char *file)
{
	const char *given = pth_json_str(s->params, param, NULL);
	pth_auto_buf b = PTH_BUF_INIT;

	bool own = s->own_certs &&
	    (strcmp(param, "ca_file") != 0 || pth_given_generate_new_certificates(s->rec));

	if (!own && given != NULL && *given != '\0')
		return json_string(given);
	pth_buf_adds(&b, s->own_certs || s->cert_dir == NULL ? "@{dir}/certs" : s->cert_dir);
	pth_buf_addc(&b, '/');
	pth_buf_adds(&b, file);
	return json_stringn(b.s, b.len);
}

static void
places(json_t *vars, const struct plan_service *s)
{
	static const char *const names[][3] = {
		{ "qlog_dir", "qlog", "qlog" },
		{ "keylog", "keylog", "keys.log" },
		{ "downloads", "downloads", "downloads" },
		{ "www", "www", "www" },
	};
	json_t *paths = json_pack("{s:s,s:o,s:s,s:s,s:s,s:o,s:o,s:o}", "test", "@{dir}", "service",
	    at(s, ""), "certs", "@{dir}/certs", "share", "@{share}", "libexec", "@{libexec}",
	    "cert", cert(s, "cert_file", "cert.pem"), "key", cert(s, "key_file", "key.pem"), "ca",
	    cert(s, "ca_file", "ca.pem"));

	for (size_t i = 0; i < countof(names); i++) {
		pth_json_set(paths, names[i][1], at(s, names[i][2]));
		pth_json_set(vars, names[i][0], at(s, names[i][2]));
	}
	pth_json_set(vars, "dir", at(s, ""));
	json_object_set(vars, "cert_file", json_object_get(paths, "cert"));
	json_object_set(vars, "key_file", json_object_get(paths, "key"));
	json_object_set(vars, "ca_file", json_object_get(paths, "ca"));
	pth_json_set(vars, "paths", paths);
}

static json_t *
protocol(const struct plan_service *s)
{
	const struct pth_ynode *tls = pth_yaml_get(s->pview, "tls");
	json_t *o = json_copy(s->pparams);

	set(o, "name", s->protocol->name);
	set(o, "version", s->version);
	set(o, "transport", s->transport);
	pth_json_set(o, "port", json_integer(s->port));
	pth_json_set(o, "tls", json_boolean(tls != NULL && tls->b));
	return o;
}

static json_t *
features(const struct plan_service *s)
{
	const struct pth_ynode *f = pth_yaml_get(s->view, "features");

	json_t *out = f != NULL ? pth_yaml_json(f) : json_object(), *v;
	size_t i;

	json_array_foreach(json_object_get(s->params, "supported_features"), i, v)
		pth_json_set(out, json_string_value(v), json_true());
	return out;
}

bool
plan_finite(const struct plan_service *s)
{
	const struct pth_ynode *n = pth_desc_role(pth_yaml_get(s->view, "finite"), s->role);
	const json_t *given = pth_given_finite(s->rec);

	if (json_is_boolean(given))
		return json_is_true(given);
	if (n != NULL && n->kind == PTH_YBOOL)
		return n->b;
	return s->client || s->plugin->kind == PTH_TESTER;
}

/* The other side is the target, or the first service that targets this one. */
static json_t *
peer_of(const struct plan *p, const struct plan_service *s)
{
	if (s->target != NULL)
		return s->target->info;
	plan_foreach(other, p)
		if (other->target == s)
			return other->info;
	return json_null();
}

json_t *
plan_test_vars(const json_t *rec)
{
	static const char *const keys[] = { PTH_KEY(test, id), PTH_KEY(test, name),
		PTH_KEY(test, index), PTH_KEY(test, run), PTH_KEY(test, seed),
		PTH_KEY(test, iteration), PTH_KEY(test, iterations) };
	json_t *o = json_object();

	for (size_t i = 0; i < countof(keys); i++) {
		json_t *v = json_object_get(rec, keys[i]);

		json_object_set(o, keys[i], v != NULL ? v : json_null());
	}
	return o;
}

json_t *
plan_vars(struct plan *p, struct plan_service *s)
{
	/* Names that the framework sets; a parameter of the name only feeds it. */
	static const char *const ours[] = { "port", "cert_file", "key_file", "ca_file" };
	const struct plan_service *peer = s->client && s->target != NULL ? s->target : s;
	json_t *vars = json_object(), *v;
	const char *key;

	set(vars, "name", s->name);
	set(vars, "role", s->role);
	set(vars, "version", s->version);
	set(vars, "address", s->address);
	set(vars, "address6", s->address6 != NULL ? s->address6 : "");
	set(vars, "listen", s->listen);
	set(vars, "host", peer->address);
	pth_json_set(vars, "port", json_integer(peer->port));
	set(vars, "interface", pth_net_interface(pth_given_network(s->rec)));
	json_object_set(vars, "target", s->target != NULL ? s->target->info : json_null());
	json_object_set(vars, "peer", peer_of(p, s));
	json_object_set(vars, "service", s->rec);
	json_object_set(vars, "services", p->infos);
	json_object_set(vars, "service_names", p->service_names);
	pth_json_set(vars, "finite", json_boolean(plan_finite(s)));
	pth_json_set(vars, "protocol", protocol(s));
	json_object_set(vars, "record", p->test);
	json_object_set(vars, "test", p->test); /* a parameter may hide it */
	set(vars, "environment", p->nwires > 0 ? "link" : p->env->name);
	json_object_set(vars, "timeout", pth_given_timeout(s->rec));
	pth_json_set(vars, "features", features(s));
	json_object_set(vars, "parameters", s->params);
	pth_json_set(vars, "generate_certificates", json_boolean(s->own_certs));
	places(vars, s);
	plan_version_vars(s, vars);
	json_object_foreach(s->params, key, v)
		if (!pth_one_of(key, ours, countof(ours)))
			json_object_set(vars, key, v);
	return vars;
}
