/* This file makes the records of a checked test, as pth-record(5) describes them. */
#include "experiment/priv.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "io/record.h"

struct maker {
	struct pth_experiment *x;
	const struct schema *schema; /* of a test */
	pth_experiment_fn *fn;
	void *arg;
	struct pth_err *e;
	long index;
	/* the test of the file at hand */
	const struct fault *fault; /* its first error, or NULL */
	long made;                 /* records of it so far */
	bool failed;               /* fn has */
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

/* What is written in an environment of the user's own is its parameters, but for the keys that
 * all environments share. */
static json_t *
environment(const struct schema *s, const struct pth_ynode *n)
{
	json_t *out = json_object();

	if (n != NULL && experiment_environment_kind(n) == 0)
		pth_yaml_foreach(c, n) {
			const struct schema *cs = experiment_schema_child(s, c->key);
			bool text = cs != NULL && cs->key->types == T_STR;

			pth_json_set(out, c->key,
			    text && experiment_scalar(c) ? experiment_canon(cs, c) :
			                                   pth_yaml_json(c));
		}
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
	pth_yaml_foreach(s, m->services)
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
	int port = experiment_usual_port(experiment_word(schema, proto, "name"));
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

	pth_yaml_foreach(c, n) {
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
	pth_yaml_foreach(c, n) {
		const char *name = service_key(m, n->kind == PTH_YMAP ? c->key : c->text);

		if (n->kind == PTH_YSEQ || !experiment_given(c) || strcmp(c->text, "ready") == 0)
			pth_json_push(out, json_string(name));
		else
			pth_json_push(out,
			    json_pack("{s:s,s:s}", PTH_KEY(await, service), name,
			        PTH_KEY(await, state), c->text));
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
		pth_proto_set_target(out, service_key(m, target));
	return out;
}

static json_t *
implementation(const struct schema *s, const struct pth_ynode *n)
{
	json_t *out = n != NULL ? experiment_canon(s, n) : json_object();

	if (strcmp(pth_impl_type(out), "tester") == 0)
		pth_impl_set_type(out, "testers");
	return out;
}

/* Returns NULL when there are none. */
static json_t *
limits(const struct maker *m, const struct schema *s, const struct pth_ynode *n)
{
	const struct pth_ynode *all = pth_yaml_get(m->test, "limits");
	json_auto_t *out = experiment_given(all) ?
	    experiment_canon(experiment_schema_child(m->schema, "limits"), all) :
	    json_object();

	if (n != NULL)
		json_object_update_new(out, experiment_canon(s, n));
	return json_object_size(out) != 0 ? pth_take(&out) : NULL;
}

static void
own_service_key(void *arg, const struct schema *s, const struct pth_ynode *n, json_t *out)
{
	struct maker *m = arg;
	json_t *v = NULL;

	if (strcmp(s->name, PTH_KEY(given, implementation)) == 0)
		v = n != NULL ? implementation(s, n) : json_object();
	else if (strcmp(s->name, PTH_KEY(given, protocol)) == 0)
		v = protocol(m, s, n);
	else if (strcmp(s->name, PTH_KEY(given, ports)) == 0)
		v = ports(m, n);
	else if (strcmp(s->name, PTH_KEY(given, depends_on)) == 0)
		v = depends(m, n);
	else if (strcmp(s->name, PTH_KEY(given, limits)) == 0)
		v = limits(m, s, n);
	if (v != NULL)
		pth_json_set(out, s->name, v);
}

static json_t *
service(struct maker *m, const struct schema *s, const struct pth_ynode *n)
{
	const char *name = experiment_text(n, "name", n->key);
	const struct pth_ynode *certs = pth_yaml_get(n, "generate_new_certificates"), *all;
	json_t *out = json_object();

	m->service = n;
	pth_given_set_name(out, n->key);
	if (strcmp(name, n->key) != 0) {
		pth_json_set(out, "alias", json_string(name));
		m->aliases = true;
	}
	experiment_canon_map(s, n, out, own_service_key, m);
	all = pth_yaml_get(m->test, "generate_new_certificates");
	if (!experiment_given(certs) && experiment_given(all))
		pth_json_set(out, PTH_KEY(given, generate_new_certificates),
		    experiment_canon(experiment_schema_child(s, "generate_new_certificates"), all));
	return out;
}

static json_t *
services(struct maker *m, const struct schema *s, const struct pth_ynode *n)
{
	json_t *out = json_object();

	pth_yaml_foreach(c, n)
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
	json_t *c, *name = PTH_GET(await, v, service);
	const char *key;
	size_t i;

	if (json_is_string(name))
		pth_await_set_service(v, service_key(m, json_string_value(name)));
	rename_list(m, json_object_get(v, "between"));
	json_object_foreach(v, key, c)
		rename_in(m, c);
	json_array_foreach(v, i, c)
		rename_in(m, c);
}

static void
rename_references(const struct maker *m, json_t *rec)
{
	static const char *const where[] = { PTH_KEY(test, steps), PTH_KEY(test, links),
		PTH_KEY(test, assertions), PTH_KEY(test, expect) };
	json_t *expect = pth_test_expect(rec), *codes = pth_rules_exit(expect), *v, *out;
	const char *key;

	for (size_t i = 0; i < countof(where); i++)
		rename_in(m, json_object_get(rec, where[i]));
	if (experiment_environment_kind(m->network) != 0)
		rename_list(m, pth_netenv_critical_services(pth_test_network_environment(rec)));
	if (codes == NULL)
		return;
	out = json_object();
	json_object_foreach(codes, key, v)
		pth_json_set(out, service_key(m, key), json_incref(v));
	pth_rules_set_exit(expect, out);
}

/* ---- marks: where values were written, and how when that is lost */

static void
mark(struct maker *m, json_t *marks, struct pth_buf *path, const struct pth_ynode *n)
{
	json_t *place = json_array();
	bool lost = n->remark != NULL || !pth_yaml_as_printed(n);

	pth_json_push(place, json_integer(n->line));
	pth_json_push(place, json_integer(n->col));
	if (n->file != 0)
		pth_json_push(place, pth_json_string(m->x->src[n->file]->name));
	else if (lost)
		pth_json_push(place, json_null());
	if (lost)
		pth_json_push(place, json_stringn_nocheck(n->text, n->len));
	pth_json_set(marks, path->s, place);
}

static void
mark_tree(struct maker *m, json_t *marks, struct pth_buf *path, const struct pth_ynode *n)
{
	size_t len = path->len;
	unsigned i = 0;

	mark(m, marks, path, n);
	pth_yaml_foreach(c, n) {
		pth_buf_addc(path, '.');
		if (c->key != NULL)
			pth_buf_adds(path, c->key);
		else
			pth_buf_addf(path, "%u", i++);
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
	static const char *const keys[] = { PTH_KEY(given, implementation),
		PTH_KEY(given, protocol), PTH_KEY(given, ports), PTH_KEY(given, depends_on),
		PTH_KEY(given, capture), PTH_KEY(given, plugin_config), PTH_KEY(given, limits),
		PTH_KEY(given, generate_new_certificates), PTH_KEY(given, network),
		PTH_KEY(given, environment), PTH_KEY(given, volumes), PTH_KEY(given, docker),
		PTH_KEY(given, files), PTH_KEY(given, working_directory),
		PTH_KEY(given, command_override) };
	static const char *const own[] = { PTH_KEY(test, capture), PTH_KEY(test, links),
		PTH_KEY(test, routers), PTH_KEY(test, limits), PTH_KEY(test, cpus),
		PTH_KEY(test, shared), PTH_KEY(test, steps), PTH_KEY(test, expect) };
	const struct pth_ynode *env = pth_yaml_get(m->test, "execution_environment");
	pth_auto_buf path = PTH_BUF_INIT;
	json_t *marks = json_object();
	unsigned i = 0;

	mark_at(m, marks, &path, "network_environment", m->network);
	for (size_t k = 0; k < countof(own); k++)
		mark_at(m, marks, &path, own[k], pth_yaml_get(m->test, own[k]));
	mark_at(m, marks, &path, "docker", pth_yaml_get(m->x->root, "docker"));
	for (const struct pth_ynode *c = env != NULL && env->kind == PTH_YSEQ ? env->child : env;
	     c != NULL && c->kind == PTH_YMAP; c = env->kind == PTH_YSEQ ? c->next : NULL) {
		pth_buf_cut(&path, 0);
		pth_buf_addf(&path, "execution_environment.%u", i++);
		mark_tree(m, marks, &path, options(m, c));
	}
	pth_yaml_foreach(s, m->services) {
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
	json_t *v = NULL;

	if (strcmp(s->name, PTH_KEY(test, network_environment)) == 0) {
		m->network = options(m, n);
		v = environment(s, m->network);
	} else if (strcmp(s->name, PTH_KEY(test, execution_environment)) == 0)
		v = execution(m, s, n);
	else if (strcmp(s->name, PTH_KEY(test, services)) == 0)
		v = services(m, s, n);
	else if (strcmp(s->name, PTH_KEY(test, steps)) == 0)
		v = experiment_steps(s, m->test, n);
	else if (strcmp(s->name, PTH_KEY(test, links)) == 0 && n != NULL)
		v = experiment_canon(s, n);
	else if (strcmp(s->name, PTH_KEY(test, capture)) == 0) {
		pcap = pth_yaml_get(pth_yaml_get(m->test, "steps"), "record_pcap");
		if (n != NULL || experiment_given(pcap))
			v = experiment_canon(s, n != NULL ? n : pcap);
	}
	if (v != NULL)
		pth_json_set(out, s->name, v);
}

static json_t *
make_record(struct maker *m, json_t *point, int64_t iterations)
{
	json_t *rec = json_object(), *source = json_object();

	pth_test_set_pth(rec, 1);
	pth_test_set_type(rec, "test");
	pth_test_set_run(rec, m->x->run);
	pth_test_set_id(rec, NULL);
	pth_test_set_index(rec, 0);
	pth_test_set_of(rec, m->x->total);
	pth_test_set_name(rec, experiment_word(m->schema, m->test, "name"));
	pth_test_set_description(rec, experiment_word(m->schema, m->test, "description"));
	pth_test_set_source(rec, source);
	pth_source_set_file(source, m->x->src[m->test->file]->name);
	pth_source_set_line(source, m->test->line);
	pth_source_set_col(source, m->test->col);
	pth_test_set_iteration(rec, 0);
	pth_test_set_iterations(rec, iterations);
	if (point != NULL)
		pth_test_set_matrix(rec, json_incref(point));
	experiment_canon_map(m->schema, m->test, rec, own_test_key, m);
	if (m->aliases)
		rename_references(m, rec);
	pth_test_set_settings(rec, json_incref(m->x->settings));
	pth_test_set_marks(rec, make_marks(m));
	return rec;
}

/* What is right of a test with errors, and the places of these, a new array; those of this
 * combination of a matrix are looked for again. */
static json_t *
sound(struct maker *m, const struct pth_ynode **test)
{
	pth_auto_buf path = PTH_BUF_INIT;
	json_t *at = json_array();

	experiment_check(m->x, m->schema, *test, "test");
	experiment_rules(m->x, *test);
	*test = experiment_sound(&m->a, *test, &path, at);
	return at;
}

static int
each_variant(struct pth_experiment *x, const struct pth_ynode *test, json_t *point, void *arg)
{
	struct maker *m = arg;
	const struct fault *f = m->fault;
	json_auto_t *wrong = f != NULL ? sound(m, &test) : NULL;
	int64_t iterations = experiment_iterations(test);
	const char *name = experiment_word(m->schema, test, "name");
	pth_auto_buf id = PTH_BUF_INIT;
	json_auto_t *rec = NULL;
	int r = 0;

	m->test = test;
	m->services = pth_yaml_get(test, "services");
	m->taken = NULL;
	m->aliases = false;
	rec = make_record(m, point, iterations);
	if (f != NULL) {
		pth_rec_error(rec, "parse", PTH_CAT_CONFIGURATION, x->src[f->file]->name, f->line,
		    f->col, "%s", f->text);
		pth_error_set_at(pth_test_error(rec), pth_take(&wrong));
	}
	for (int64_t i = 1; i <= iterations && r == 0; i++) {
		pth_buf_cut(&id, 0);
		pth_buf_addf(&id, "%03ld-", ++m->index);
		pth_name_from(&id, name, 40);
		if (iterations > 1)
			pth_buf_addf(&id, "-i%lld", (long long)i);
		pth_test_set_id(rec, id.s);
		pth_test_set_index(rec, m->index);
		pth_test_set_iteration(rec, i);
		r = m->fn(m->arg, rec, m->e);
	}
	m->made++;
	m->failed = r < 0;
	pth_arena_release(&m->a);
	return r;
}

/* The records of a test of the file. One whose matrix is wrong is a test without it. */
static int
each_test(struct maker *m, const struct pth_ynode *test)
{
	int r;

	if (test->kind != PTH_YMAP)
		return 0;
	m->made = 0;
	r = experiment_variants(m->x, test, each_variant, m);
	if (m->failed || m->fault == NULL)
		return r;
	return m->made > 0 ?
	    0 :
	    each_variant(m->x, experiment_without(&m->x->a, test, "matrix"), NULL, m);
}

/* The first error outside of the tests; or one in the form of the file. */
static struct fault
outside(const struct pth_experiment *x)
{
	if (x->other.text != NULL)
		return x->other;
	for (size_t i = 0; i < x->nsrc; i++) {
		struct pth_diags *d = &x->src[i]->d;

		pth_diags_sort(d);
		for (size_t k = 0; k < d->n; k++)
			if (d->v[k].severity == PTH_ERROR)
				return (struct fault){ d->v[k].text, (unsigned)i, d->v[k].line,
					d->v[k].col };
	}
	return (struct fault){ (char *)(uintptr_t) "the experiment has errors", 0, 1, 1 };
}

int
pth_experiment_each(struct pth_experiment *x, pth_experiment_fn *fn, void *arg, struct pth_err *e)
{
	const struct pth_ynode *tests = pth_yaml_get(x->root, "tests");
	struct maker m = { .x = x, .fn = fn, .arg = arg, .e = e };
	pth_auto_str text = NULL;
	struct fault other = { NULL };
	size_t i = 0;
	int r = 0;

	if (x->settings == NULL)
		return 0;
	if (x->others != 0) {
		other = outside(x);
		other.text = text = pth_xstrdup(other.text); /* messages may come */
	}
	m.schema = experiment_schema_child(x->schema->root, "tests")->item;
	for (const struct pth_ynode *t = tests->child; t != NULL && r == 0; t = t->next, i++) {
		m.fault = x->bad[i].text != NULL ? &x->bad[i] : text != NULL ? &other : NULL;
		r = each_test(&m, t);
	}
	return r;
}

json_t *
experiment_settings(const struct pth_experiment *x, const struct pth_ynode *root)
{
	const struct schema *docker = experiment_schema_child(x->schema->root, "docker");
	const struct pth_ynode *old = experiment_at(root, "docker.build_docker_image");
	json_t *out = json_object(), *d;

	experiment_canon_map(x->schema->root, root, out, NULL, NULL);
	json_object_del(out, "version");
	d = pth_settings_docker(out);
	if (experiment_given(old) && PTH_GET(docker, d, force_build_docker_image) == NULL)
		pth_json_set(d, PTH_KEY(docker, force_build_docker_image),
		    experiment_canon(experiment_schema_child(docker, "build_docker_image"), old));
	if (pth_docker_no_docker_cache(d))
		pth_docker_set_force_build_docker_image(d, true);
	return out;
}
