/* A checked test becomes its records here, as pth-record(5) describes them. */
#include "experiment/priv.h"

#include "base/cleanup.h"
#include "base/text.h"

struct maker {
	struct pth_experiment *x;
	const struct schema *schema; /* of a test */
	pth_experiment_fn *fn;
	void *arg;
	struct pth_err *e;
	long index;
	/* the test at hand */
	struct pth_arena a;
	const struct pth_ynode *test, *services, *network;
	const struct pth_ynode *service;
	unsigned char *taken; /* host ports, when some must be chosen */
	bool aliases;         /* a service has another name than its key */
};

/* ---- network and execution environments */

/* A map with what is nested in `inner` put beside its own keys, which win. */
static const struct pth_ynode *
flatten(struct pth_arena *a, const struct pth_ynode *n, const char *inner)
{
	const struct pth_ynode *c = n != NULL ? pth_yaml_get(n, inner) : NULL;
	struct pth_ynode *rest;

	if (c == NULL)
		return n;
	rest = experiment_without(a, n, inner);
	return c->kind == PTH_YMAP ? experiment_merge(a, c, rest) : rest;
}

static json_t *
environment(const struct schema *s, const struct pth_ynode *n)
{
	json_t *out = json_object();

	if (n != NULL && experiment_environment_kind(n) == 0)
		json_object_update_new(out, pth_yaml_json(n));
	else
		experiment_canon_map(s, n, out, NULL, NULL);
	return out;
}

/* Of an environment, wherever they are written. */
static const struct pth_ynode *
options(struct maker *m, const struct pth_ynode *n)
{
	return flatten(&m->a, flatten(&m->a, n, "plugin_config"), "config");
}

static json_t *
execution(struct maker *m, const struct schema *s, const struct pth_ynode *n)
{
	json_t *out = json_array();
	const struct pth_ynode *c = n != NULL && n->kind == PTH_YSEQ ? n->child : n;

	for (; c != NULL; c = n->kind == PTH_YSEQ ? c->next : NULL)
		pth_json_push(out, experiment_canon(s->item, options(m, c)));
	return out;
}

/* ---- services */

static const char *
service_key(const struct maker *m, const char *name)
{
	const struct pth_ynode *s = experiment_service(m->services, name);

	return s != NULL ? s->key : name;
}

static void
take_ports(struct maker *m)
{
	long long host, container;
	const char *proto;

	m->taken = pth_arena_alloc(&m->a, 65536);
	for (const struct pth_ynode *s = m->services->child; s != NULL; s = s->next)
		pth_yaml_foreach(p, experiment_only(pth_yaml_get(s, "ports"), PTH_YSEQ))
			if (experiment_port(p->text, &host, &container, &proto))
				m->taken[host] = 1;
}

/* The usual port of a server's protocol, or the next that is free. */
static void
usual_port(struct maker *m, json_t *ports)
{
	const struct schema *schema = experiment_schema_at(
	    m->x->schema, "tests.[].services.*.protocol");
	const struct pth_ynode *proto = pth_yaml_get(m->service, "protocol");
	int port = experiment_usual_port(experiment_text(proto, "name", ""));
	char text[16];

	if (port == 0 || strcmp(experiment_word(schema, proto, "role"), "server") != 0)
		return;
	if (m->taken == NULL)
		take_ports(m);
	while (port < 65535 && m->taken[port] != '\0')
		port++;
	m->taken[port] = 1;
	snprintf(text, sizeof text, "%d:%d", port, port);
	pth_json_push(ports, json_string(text));
}

static json_t *
ports(struct maker *m, const struct pth_ynode *n)
{
	json_t *out = json_array();
	pth_auto_buf b = PTH_BUF_INIT;
	long long host, container;
	const char *proto;

	for (const struct pth_ynode *c = n != NULL ? n->child : NULL; c != NULL; c = c->next) {
		if (!experiment_port(c->text, &host, &container, &proto))
			continue;
		pth_buf_cut(&b, 0);
		pth_buf_addf(
		    &b, "%lld:%lld%s%s", host, container, *proto != '\0' ? "/" : "", proto);
		pth_json_push(out, json_string(b.s));
	}
	if (json_array_size(out) == 0)
		usual_port(m, out);
	return out;
}

/* Names; with another state than ready, {"service", "state"}. */
static json_t *
depends(const struct maker *m, const struct pth_ynode *n)
{
	json_t *out = json_array();

	if (n != NULL && n->kind == PTH_YSTR)
		pth_json_push(out, json_string(service_key(m, n->text)));
	for (const struct pth_ynode *c = n != NULL ? n->child : NULL; c != NULL; c = c->next) {
		const char *name = service_key(m, n->kind == PTH_YMAP ? c->key : c->text);

		if (n->kind == PTH_YSEQ || strcmp(c->text, "ready") == 0)
			pth_json_push(out, json_string(name));
		else
			pth_json_push(
			    out, json_pack("{s:s,s:s}", "service", name, "state", c->text));
	}
	return out;
}

static json_t *
protocol(const struct maker *m, const struct schema *s, const struct pth_ynode *n)
{
	json_t *out = json_object();
	const char *target = experiment_text(n, "target", NULL);

	experiment_canon_map(s, n, out, NULL, NULL);
	if (target != NULL)
		pth_json_set(out, "target", json_string(service_key(m, target)));
	return out;
}

static json_t *
limits(const struct maker *m, const struct schema *s, const struct pth_ynode *n)
{
	const struct pth_ynode *all = pth_yaml_get(m->test, "limits");
	json_t *out = experiment_given(all) ?
	    experiment_canon(experiment_schema_child(m->schema, "limits"), all) :
	    json_object();

	if (n != NULL)
		json_object_update_new(out, experiment_canon(s, n));
	return out;
}

static void
own_service_key(void *arg, const struct schema *s, const struct pth_ynode *n, json_t *out)
{
	struct maker *m = arg;
	json_auto_t *v = NULL;

	if (strcmp(s->name, "implementation") == 0) {
		pth_json_set(out, s->name, experiment_canon(s, n));
	} else if (strcmp(s->name, "protocol") == 0) {
		pth_json_set(out, s->name, protocol(m, s, n));
	} else if (strcmp(s->name, "ports") == 0) {
		pth_json_set(out, s->name, ports(m, n));
	} else if (strcmp(s->name, "depends_on") == 0) {
		pth_json_set(out, s->name, depends(m, n));
	} else if (strcmp(s->name, "limits") == 0) {
		v = limits(m, s, n);
		if (json_object_size(v) != 0)
			pth_json_set(out, s->name, json_incref(v));
	}
}

static json_t *
service(struct maker *m, const struct schema *s, const struct pth_ynode *n)
{
	const char *name = experiment_text(n, "name", n->key);
	const struct pth_ynode *certs = pth_yaml_get(n, "generate_new_certificates"), *all;
	json_t *out = json_object();

	m->service = n;
	pth_json_set(out, "name", json_string(n->key));
	if (strcmp(name, n->key) != 0) {
		pth_json_set(out, "alias", json_string(name));
		m->aliases = true;
	}
	experiment_canon_map(s, n, out, own_service_key, m);
	all = pth_yaml_get(m->test, "generate_new_certificates");
	if (!experiment_given(certs) && experiment_given(all))
		pth_json_set(out, "generate_new_certificates",
		    experiment_canon(experiment_schema_child(s, "generate_new_certificates"), all));
	return out;
}

static json_t *
services(struct maker *m, const struct schema *s, const struct pth_ynode *n)
{
	json_t *out = json_object();

	for (const struct pth_ynode *c = n->child; c != NULL; c = c->next)
		if (strncmp(c->key, "x-", 2) != 0)
			pth_json_set(out, c->key, service(m, s->any, c));
	return out;
}

/* ---- references by another name */

static void
rename_list(const struct maker *m, json_t *list)
{
	json_t *name;
	size_t i;

	json_array_foreach(list, i, name)
		json_array_set_new(list, i, json_string(service_key(m, json_string_value(name))));
}

static void
rename_in(const struct maker *m, json_t *v)
{
	json_t *c, *name = json_object_get(v, "service");
	const char *key;
	size_t i;

	if (json_is_string(name))
		pth_json_set(v, "service", json_string(service_key(m, json_string_value(name))));
	rename_list(m, json_object_get(v, "between"));
	json_object_foreach(v, key, c)
		rename_in(m, c);
	json_array_foreach(v, i, c)
		rename_in(m, c);
}

static void
rename_references(const struct maker *m, json_t *rec)
{
	static const char *const where[] = { "steps", "links", "assertions", "expect" };
	json_t *expect = json_object_get(rec, "expect"), *codes = json_object_get(expect, "exit"),
	       *v, *out;
	const char *key;

	for (size_t i = 0; i < countof(where); i++)
		rename_in(m, json_object_get(rec, where[i]));
	if (experiment_environment_kind(m->network) != 0)
		rename_list(m, pth_json_path(rec, "network_environment.critical_services"));
	if (codes == NULL)
		return;
	out = json_object();
	json_object_foreach(codes, key, v)
		pth_json_set(out, service_key(m, key), json_incref(v));
	pth_json_set(expect, "exit", out);
}

/* ---- marks: where values were written */

static json_t *
file_name(const struct maker *m, const struct pth_ynode *n)
{
	return pth_json_string(m->x->src[n->file]->name);
}

static void
mark(struct maker *m, json_t *marks, struct pth_buf *path, const struct pth_ynode *n)
{
	json_t *place = json_pack("[i,i]", n->line, n->col);

	if (n->file != 0)
		pth_json_push(place, file_name(m, n));
	pth_json_set(marks, path->s, place);
}

static void
mark_tree(struct maker *m, json_t *marks, struct pth_buf *path, const struct pth_ynode *n)
{
	size_t len = path->len;
	unsigned i = 0;

	mark(m, marks, path, n);
	for (const struct pth_ynode *c = n->child; c != NULL; c = c->next, i++) {
		if (c->key != NULL)
			pth_buf_addf(path, ".%s", c->key);
		else
			pth_buf_addf(path, ".%u", i);
		mark_tree(m, marks, path, c);
		pth_buf_cut(path, len);
	}
}

static void
mark_at(struct maker *m, json_t *marks, struct pth_buf *path, const char *name,
    const struct pth_ynode *n)
{
	size_t len = path->len;

	if (n == NULL)
		return;
	pth_buf_adds(path, name);
	mark_tree(m, marks, path, n);
	pth_buf_cut(path, len);
}

static json_t *
make_marks(struct maker *m)
{
	static const char *const keys[] = { "implementation", "protocol", "ports", "depends_on",
		"capture", "plugin_config" };
	const struct pth_ynode *env = pth_yaml_get(m->test, "execution_environment");
	pth_auto_buf path = PTH_BUF_INIT;
	json_t *marks = json_object();
	unsigned i = 0;

	mark_at(m, marks, &path, "network_environment", m->network);
	mark_at(m, marks, &path, "capture", pth_yaml_get(m->test, "capture"));
	for (const struct pth_ynode *c = env != NULL && env->kind == PTH_YSEQ ? env->child : env;
	     c != NULL && c->kind == PTH_YMAP; c = env->kind == PTH_YSEQ ? c->next : NULL) {
		pth_buf_cut(&path, 0);
		pth_buf_addf(&path, "execution_environment.%u", i++);
		mark_tree(m, marks, &path, options(m, c));
	}
	for (const struct pth_ynode *s = m->services->child; s != NULL; s = s->next) {
		pth_buf_cut(&path, 0);
		pth_buf_addf(&path, "services.%s", s->key);
		mark(m, marks, &path, s);
		pth_buf_addc(&path, '.');
		for (size_t k = 0; k < countof(keys); k++)
			mark_at(m, marks, &path, keys[k], pth_yaml_get(s, keys[k]));
	}
	return marks;
}

/* ---- the record */

static void
own_test_key(void *arg, const struct schema *s, const struct pth_ynode *n, json_t *out)
{
	struct maker *m = arg;
	const struct pth_ynode *pcap;

	if (strcmp(s->name, "network_environment") == 0) {
		m->network = options(m, n);
		pth_json_set(out, s->name, environment(s, m->network));
	} else if (strcmp(s->name, "execution_environment") == 0) {
		pth_json_set(out, s->name, execution(m, s, n));
	} else if (strcmp(s->name, "services") == 0) {
		pth_json_set(out, s->name, services(m, s, n));
	} else if (strcmp(s->name, "steps") == 0) {
		pth_json_set(out, s->name, experiment_steps(s, m->test, n));
	} else if (strcmp(s->name, "links") == 0 && n != NULL) {
		pth_json_set(out, s->name, experiment_canon(s, n));
	} else if (strcmp(s->name, "capture") == 0) {
		pcap = pth_yaml_get(pth_yaml_get(m->test, "steps"), "record_pcap");
		if (n != NULL || experiment_given(pcap))
			pth_json_set(out, s->name, experiment_canon(s, n != NULL ? n : pcap));
	}
}

static json_t *
make_record(struct maker *m, json_t *point, int64_t iterations)
{
	json_t *rec = json_object();

	pth_json_set(rec, "pth", json_integer(1));
	pth_json_set(rec, "type", json_string("test"));
	pth_json_set(rec, "run", json_string(m->x->run));
	pth_json_set(rec, "id", json_null());
	pth_json_set(rec, "index", json_null());
	pth_json_set(rec, "of", json_integer(m->x->total));
	pth_json_set(rec, "name", json_string(experiment_word(m->schema, m->test, "name")));
	pth_json_set(
	    rec, "description", json_string(experiment_word(m->schema, m->test, "description")));
	pth_json_set(rec, "source",
	    json_pack("{s:o,s:i,s:i}", "file", file_name(m, m->test), "line", m->test->line, "col",
	        m->test->col));
	pth_json_set(rec, "iteration", json_null());
	pth_json_set(rec, "iterations", json_integer(iterations));
	if (point != NULL)
		pth_json_set(rec, "matrix", json_incref(point));
	experiment_canon_map(m->schema, m->test, rec, own_test_key, m);
	if (m->aliases)
		rename_references(m, rec);
	pth_json_set(rec, "settings", json_incref(m->x->settings));
	pth_json_set(rec, "marks", make_marks(m));
	return rec;
}

static int
each_variant(struct pth_experiment *x, const struct pth_ynode *test, json_t *point, void *arg)
{
	struct maker *m = arg;
	int64_t iterations = experiment_iterations(test);
	const char *name = experiment_word(m->schema, test, "name");
	pth_auto_buf id = PTH_BUF_INIT;
	json_auto_t *rec = NULL;
	int r = 0;

	m->test = test;
	m->services = pth_yaml_get(test, "services");
	m->taken = NULL;
	m->aliases = false;
	(void)x;
	rec = make_record(m, point, iterations);
	for (int64_t i = 1; i <= iterations && r == 0; i++) {
		pth_buf_cut(&id, 0);
		pth_buf_addf(&id, "%03ld-", ++m->index);
		pth_name_from(&id, name, 40);
		if (iterations > 1)
			pth_buf_addf(&id, "-i%lld", (long long)i);
		pth_json_set(rec, "id", json_string(id.s));
		pth_json_set(rec, "index", json_integer(m->index));
		pth_json_set(rec, "iteration", json_integer(i));
		r = m->fn(m->arg, rec, m->e);
	}
	pth_arena_release(&m->a);
	return r;
}

int
pth_experiment_each(struct pth_experiment *x, pth_experiment_fn *fn, void *arg, struct pth_err *e)
{
	const struct pth_ynode *tests = pth_yaml_get(x->root, "tests");
	struct maker m = { .x = x, .fn = fn, .arg = arg, .e = e };
	size_t i = 0;
	int r = 0;

	if (x->settings == NULL)
		return 0;
	m.schema = experiment_schema_child(x->schema->root, "tests")->item;
	for (const struct pth_ynode *t = tests->child; t != NULL && r == 0; t = t->next)
		if (!x->bad[i++])
			r = experiment_variants(x, t, each_variant, &m);
	return r;
}

json_t *
experiment_settings(const struct pth_experiment *x)
{
	const struct schema *docker = experiment_schema_child(x->schema->root, "docker");
	const struct pth_ynode *old = experiment_at(x->root, "docker.build_docker_image");
	json_t *out = json_object(), *d;

	experiment_canon_map(x->schema->root, x->root, out, NULL, NULL);
	json_object_del(out, "version");
	d = json_object_get(out, "docker");
	if (experiment_given(old) && json_object_get(d, "force_build_docker_image") == NULL)
		pth_json_set(d, "force_build_docker_image",
		    experiment_canon(experiment_schema_child(docker, "build_docker_image"), old));
	if (pth_json_bool(d, "no_docker_cache", false))
		pth_json_set(d, "force_build_docker_image", json_true());
	return out;
}
