/*
 * This file takes the first look at a service: which plugin, protocol, version and role
 * it has, and whether its parameters are right.
 */
#include "plan/priv.h"

#include <string.h>

#include "base/text.h"

static bool
look_plugin(struct plan *p, struct plan_service *s, const char *protocol)
{
	const json_t *impl = pth_given_implementation(s->rec);
	const char *name = pth_impl_name(impl);
	enum pth_kind kind = strcmp(pth_impl_type(impl), "iut") == 0 ? PTH_IUT : PTH_TESTER;
	enum pth_kind other = kind == PTH_IUT ? PTH_TESTER : PTH_IUT;
	pth_auto_buf at = PTH_BUF_INIT;

	s->plugin = pth_plugins_find(p->ps, kind, name, protocol);
	if (s->plugin == NULL)
		s->plugin = pth_plugins_find(p->ps, kind, name, NULL);
	if (s->plugin != NULL || pth_plugins_find(p->ps, other, name, NULL) == NULL)
		return plan_usable(p, s->plugin, kind,
		    kind == PTH_IUT ? "implementation" : "tester", name,
		    plan_path(&at, s, "implementation.name"));
	plan_wrong(p, s, "implementation.type", "%s is %s; write type: %s", name,
	    other == PTH_IUT ? "an implementation" : "a tester",
	    other == PTH_IUT ? "iut" : "testers");
	return false;
}

/* A plugin that speaks one protocol speaks that one when the experiment names none. */
static const char *
only_protocol(const struct pth_ynode *speaks, const char *def)
{
	if (speaks != NULL && speaks->kind == PTH_YSEQ && speaks->n == 1)
		speaks = speaks->child;
	return speaks != NULL && speaks->kind == PTH_YSTR && strcmp(speaks->text, "any") != 0 ?
	    speaks->text :
	    def;
}

static bool
look_protocol(struct plan *p, struct plan_service *s, const char *name)
{
	const struct pth_ynode *speaks = pth_yaml_get(s->plugin->root, "protocol");
	pth_auto_buf at = PTH_BUF_INIT, b = PTH_BUF_INIT;

	if (*name == '\0' || strcmp(name, "unknown") == 0)
		name = only_protocol(speaks, name);
	s->protocol = pth_plugins_find(p->ps, PTH_PROTOCOL, name, NULL);
	if (s->protocol == NULL && strcmp(name, "unknown") == 0) {
		plan_wrong(p, s, "protocol.name",
		    "%s speaks several protocols; protocol.name must say which", s->plugin->name);
		return false;
	}
	if (!plan_usable(
	        p, s->protocol, PTH_PROTOCOL, "protocol", name, plan_path(&at, s, "protocol.name")))
		return false;
	if (speaks == NULL || pth_desc_has(speaks, name) ||
	    pth_desc_has(speaks, s->protocol->name) || pth_desc_has(speaks, "any"))
		return true;
	pth_yaml_foreach(c, speaks)
		pth_buf_addf(&b, "%s%s", b.len != 0 ? ", " : "", c->text);
	plan_cannot(p, s, "protocol.name", "%s speaks %s, not %s", s->plugin->name,
	    b.len != 0 ? b.s : speaks->text, name);
	return false;
}

static void
unknown_version(struct plan *p, struct plan_service *s, const struct pth_ynode *known,
    const char *name, const char *path)
{
	pth_auto_buf b = PTH_BUF_INIT, shown = PTH_BUF_INIT;

	pth_show(&shown, name, 80);
	pth_yaml_foreach(c, known) {
		const struct pth_ynode *from = pth_yaml_get(c, "version_config");

		pth_buf_addf(&b, "%s%s", b.len != 0 ? ", " : "", c->key);
		if (from != NULL)
			pth_buf_addf(&b, " (%s)", ((const struct pth_dval *)from)->file);
	}
	plan_cannot(p, s, path, "%s has no version '%s'; it has %s", s->plugin->name, shown.s,
	    b.s != NULL ? b.s : "none");
}

const char *
plan_path(struct pth_buf *b, const struct plan_service *s, const char *what)
{
	pth_buf_cut(b, 0);
	pth_buf_adds(b, "services.");
	pth_buf_adds(b, s->key);
	pth_buf_addc(b, '.');
	pth_buf_adds(b, what);
	return b->s;
}

/* What the experiment says about the implementation beside its parameters (its name, version
 * and settings) stands in the first of these maps, and in files of PANTHER in the others. */
const json_t *
plan_said(const struct plan_service *s, unsigned i, const char **what)
{
	static const char *const names[PLAN_SAID] = { "implementation", "implementation.config",
		"plugin_config", "plugin_config.config" };
	*what = names[i];
	return s->said[i];
}

/* The version that the experiment asks for: protocol.version wins over that beside the
 * implementation's name, which wins over the others. Who loses is told. */
static void
asked_version(struct plan *p, struct plan_service *s, const struct pth_ynode *known)
{
	pth_auto_buf at = PTH_BUF_INIT;
	const char *what, *version;

	s->version = pth_proto_version(pth_given_protocol(s->rec));
	for (unsigned i = 0; i < 2 * PLAN_SAID; i++) {
		const char *key = i % 2 == 0 ? PTH_KEY(impl, version) : "protocol_version";

		version = pth_json_str(plan_said(s, i / 2, &what), key, "");
		if (*version == '\0' || strcmp(version, s->version) == 0)
			continue;
		pth_buf_cut(&at, 0);
		pth_buf_addf(&at, "services.%s.%s.%s", s->key, what, key);
		if (*s->version != '\0')
			plan_problem(p, PTH_WARNING, at.s,
			    "version '%.80s' has no effect: the version is %.80s", version,
			    s->version);
		else if (i > 1 && pth_yaml_get(known, version) == NULL)
			plan_problem(p, PTH_WARNING, at.s,
			    "version '%.80s' has no effect: %s has no such version", version,
			    s->plugin->name);
		else
			s->version = version;
	}
}

static void
look_version(struct plan *p, struct plan_service *s)
{
	const struct pth_ynode *known = pth_yaml_get(s->plugin->root, "versions");

	if (known == NULL || known->child == NULL)
		known = pth_yaml_get(s->protocol->root, "versions");
	asked_version(p, s, known);
	if (*s->version == '\0')
		s->version = pth_desc_str(s->plugin->root, "default_version",
		    pth_desc_str(s->protocol->root, "default_version", ""));
	else if (known != NULL && known->child != NULL && pth_yaml_get(known, s->version) == NULL)
		unknown_version(p, s, known, s->version, "protocol.version");
}

static void
look_role(struct plan *p, struct plan_service *s)
{
	const struct pth_ynode *commands = pth_yaml_get(s->view, "commands");
	pth_auto_buf b = PTH_BUF_INIT;

	if (pth_desc_role(commands, s->role) != NULL || pth_given_command_override(s->rec) != NULL)
		return;
	pth_yaml_foreach(c, commands)
		pth_buf_addf(&b, "%s%s", b.len != 0 ? ", " : "", c->key);
	plan_cannot(p, s, "protocol.role", "%s has no command for the role %s; it has %s",
	    s->plugin->name, s->role, b.s != NULL ? b.s : "none");
}

static void
look_params(struct plan *p, struct plan_service *s)
{
	static const char *const plain[] = { PTH_KEYS_impl(PTH_KEY_OF, impl) "parameters", "config",
		NULL };
	const json_t *impl = pth_given_implementation(s->rec);
	const json_t *more = pth_given_plugin_config(s->rec);
	pth_auto_buf at = PTH_BUF_INIT, parameters = PTH_BUF_INIT, config = PTH_BUF_INIT,
	             plugin = PTH_BUF_INIT, nested = PTH_BUF_INIT, nested_config = PTH_BUF_INIT,
	             certs = PTH_BUF_INIT, runtime = PTH_BUF_INIT, file = PTH_BUF_INIT;
	json_auto_t *certificates = plan_usual_certificates(s, &certs);
	json_auto_t *run = plan_usual_runtime(p, s, &runtime);
	json_auto_t *version = plan_version_params(s);
	struct plan_given given[] = {
		{ impl, plan_path(&at, s, "implementation"), PTH_ERROR, plain },
		{ json_object_get(impl, "parameters"),
		    plan_path(&parameters, s, "implementation.parameters"), PTH_ERROR, NULL },
		{ json_object_get(impl, "config"), plan_path(&config, s, "implementation.config"),
		    PTH_ERROR, plain },
		{ more, plan_path(&plugin, s, "plugin_config"), PTH_WARNING, plain },
		{ json_object_get(more, "parameters"),
		    plan_path(&nested, s, "plugin_config.parameters"), PTH_WARNING, NULL },
		{ json_object_get(more, "config"),
		    plan_path(&nested_config, s, "plugin_config.config"), PTH_WARNING, plain },
		{ run, runtime.s, PTH_WARNING, NULL },
		{ certificates, certs.s, PTH_WARNING, NULL },
		{ version, plan_path(&file, s, "implementation.version_config.parameters"),
		    PTH_WARNING, NULL },
	};
	static const struct plan_given none = { NULL, "", PTH_ERROR, NULL };

	s->params = plan_params(p, s->plugin, s->view, given, countof(given));
	s->pparams = plan_params(p, s->protocol, s->pview, &none, 1);
	if (json_object_get(s->pparams, "port") == NULL && pth_yaml_get(s->pview, "port") != NULL)
		pth_json_set(s->pparams, "port", json_integer(pth_yaml_get(s->pview, "port")->i));
}

/* Returns the version whose settings are used: version_config: NAME names another one. */
static const char *
settings_version(struct plan *p, struct plan_service *s)
{
	const struct pth_ynode *known = pth_yaml_get(s->plugin->root, "versions");
	pth_auto_buf at = PTH_BUF_INIT;
	const char *what, *name;

	for (unsigned i = 0; i < PLAN_SAID; i++) {
		name = pth_impl_version_config(plan_said(s, i, &what));
		if (name == NULL || *name == '\0')
			continue;
		pth_buf_addf(&at, "%s.version_config", what);
		if (pth_yaml_get(known, name) == NULL)
			unknown_version(p, s, known, name, at.s);
		return name;
	}
	return s->version;
}

/* A second name or type below config: or plugin_config: is not looked at. */
static void
second_names(struct plan *p, const struct plan_service *s)
{
	static const char *const names[] = { PTH_KEY(impl, name), PTH_KEY(impl, type) };
	pth_auto_buf at = PTH_BUF_INIT, what = PTH_BUF_INIT;
	const char *place;

	for (size_t k = 0; k < (PLAN_SAID - 1) * countof(names); k++) {
		const char *name = names[k % countof(names)];
		const json_t *map = plan_said(s, 1 + (unsigned)(k / countof(names)), &place);

		if (json_object_get(map, name) == NULL)
			continue;
		pth_buf_cut(&what, 0);
		pth_buf_addf(&what, "%s.%s", place, name);
		plan_problem(p, PTH_WARNING, plan_path(&at, s, what.s),
		    "%s has no effect: it is implementation.%s that counts", what.s, name);
	}
}

/* Returns paths.cert_dir, when programs can find it wherever they run. */
static const char *
cert_dir(struct plan *p)
{
	const char *dir = pth_paths_cert_dir(pth_settings_paths(pth_test_settings(p->rec)));

	if (*dir != '\0' && *dir != '/')
		plan_problem(p, PTH_WARNING, "",
		    "paths.cert_dir: '%.200s' must begin with / to be used", dir);
	return *dir == '/' ? dir : NULL;
}

/* Says that certificates are made although the experiment wants none: a program of TLS cannot
 * do without, and none are given. */
static void
look_certificates(struct plan *p, const struct plan_service *s)
{
	const struct pth_ynode *tls = pth_yaml_get(s->pview, "tls");
	pth_auto_buf at = PTH_BUF_INIT;

	plan_path(&at, s, PTH_KEY(given, generate_new_certificates));
	if (s->own_certs && tls != NULL && tls->b && !s->client &&
	    json_object_get(pth_test_marks(p->rec), at.s) != NULL &&
	    !pth_given_generate_new_certificates(s->rec))
		plan_problem(p, PTH_WARNING, at.s,
		    "service '%s': a certificate is made all the same, since none is given by "
		    "cert_file or paths.cert_dir",
		    s->name);
}

/* The test's own certificates take the place of those that are named, and half a pair is none. */
static void
no_certificates(struct plan *p, const struct plan_service *s)
{
	static const char *const files[] = { "cert_file", "key_file", "ca_file" };
	bool asked = pth_given_generate_new_certificates(s->rec);
	pth_auto_buf at = PTH_BUF_INIT;

	for (size_t i = 0; s->own_certs && i < countof(files); i++) {
		if (*pth_json_str(s->params, files[i], "") == '\0' ||
		    plan_usual_given(s, files[i], &at) == NULL || (!asked && i == 2))
			continue;
		plan_problem(p, PTH_WARNING, at.s, "'%s' has no effect: %s", files[i],
		    asked ? "certificates are made for the test" : "there is no cert_file");
	}
}

/* default_port is better than what pth-parse fills in and the protocol says. */
static void
usual_port(const struct plan *p, struct plan_service *s)
{
	pth_auto_buf at = PTH_BUF_INIT;

	if (s->client || pth_json_int(s->params, "default_port", 0) <= 0)
		return;
	json_object_set(s->pparams, "port", json_object_get(s->params, "default_port"));
	s->port_usual = json_object_get(pth_test_marks(p->rec), plan_path(&at, s, "ports")) == NULL;
}

/* Both is peer; of a program that has no command for that, the server is one side of it. */
static void
both_sides(struct plan *p, struct plan_service *s)
{
	const struct pth_ynode *commands = pth_yaml_get(s->plugin->root, "commands");
	pth_auto_buf at = PTH_BUF_INIT;

	if (strcmp(s->role, "both") != 0)
		return;
	s->role = "peer";
	if (pth_desc_role(commands, "peer") != NULL || pth_desc_role(commands, "server") == NULL)
		return;
	s->role = "server";
	plan_problem(p, PTH_WARNING, plan_path(&at, s, "protocol.role"),
	    "%s has no command for both sides; this service is the server, and another one must be "
	    "the client",
	    s->plugin->name);
}

void
plan_service_look(struct plan *p, struct plan_service *s)
{
	const json_t *protocol = pth_given_protocol(s->rec);
	const char *name = pth_proto_name(protocol);

	s->said[0] = pth_given_implementation(s->rec);
	s->said[1] = json_object_get(s->said[0], "config");
	s->said[2] = pth_given_plugin_config(s->rec);
	s->said[3] = json_object_get(s->said[2], "config");
	s->role = pth_proto_role(protocol);
	s->client = (strcmp(s->role, "client") == 0);
	s->params = json_object();
	s->pparams = json_object();
	if (!look_plugin(p, s, name) || !look_protocol(p, s, name))
		return;
	both_sides(p, s);
	look_version(p, s);
	second_names(p, s);
	s->view = pth_plugin_view(p->ps, s->plugin, settings_version(p, s), s->role);
	s->pview = pth_plugin_view(p->ps, s->protocol, s->version, s->role);
	look_role(p, s);
	json_decref(s->params);
	json_decref(s->pparams);
	plan_version_file(p, s);
	look_params(p, s);
	plan_version_look(p, s);
	plan_usual_words(p, s);
	usual_port(p, s);
	s->cert_dir = cert_dir(p);
	s->own_certs = (*pth_json_str(s->params, "cert_file", "") == '\0' && s->cert_dir == NULL) ||
	    pth_given_generate_new_certificates(s->rec);
	look_certificates(p, s);
	no_certificates(p, s);
}

void
plan_service_release(struct plan_service *s)
{
	json_decref(s->params);
	json_decref(s->pparams);
	json_decref(s->info);
	json_decref(s->vars);
	json_decref(s->served);
	json_decref(s->vfile);
	json_decref(s->vgiven);
	json_decref(s->section);
	json_decref(s->asked);
	json_decref(s->runtime);
	free(s->address);
	free(s->address6);
	free(s->listen);
}
