/*
 * This file has the rules that span several keys: targets must exist, ports must not clash,
 * limits must fit each other. Types were checked before; the rules pass over what has a wrong type.
 */
#include "experiment/priv.h"

#include "base/cleanup.h"
#include "base/regex.h"
#include "base/text.h"
#include "io/file.h"

#define SERVICES_MAX 1000
#define PORTS 65536

const char *
experiment_text(const struct pth_ynode *map, const char *key, const char *def)
{
	const struct pth_ynode *n = pth_yaml_get(map, key);

	return n != NULL && experiment_scalar(n) ? n->text : def;
}

int
experiment_usual_port(const char *protocol)
{
	static const struct {
		const char *protocol;
		int port;
	} usual[] = { { "quic", 4443 }, { "http", 80 }, { "https", 443 } };

	for (size_t i = 0; i < countof(usual); i++)
		if (strcmp(protocol, usual[i].protocol) == 0)
			return usual[i].port;
	return 0;
}

int64_t
experiment_iterations(const struct pth_ynode *test)
{
	const struct pth_ynode *n = pth_yaml_get(test, "iterations");
	int64_t v = 1;

	return experiment_given(n) && experiment_int(n, T_INT, &v) && v > 0 ? v : 1;
}

const struct pth_ynode *
experiment_service(const struct pth_ynode *services, const char *name)
{
	const struct pth_ynode *s = pth_yaml_get(services, name);

	pth_yaml_foreach(c, s == NULL ? services : NULL) {
		const char *also = experiment_text(c, "name", NULL);

		if (also != NULL && strcmp(also, name) == 0)
			return c;
	}
	return s;
}

static const char *
nearest_service(const struct pth_ynode *services, const char *name)
{
	const char *names[64];
	size_t n = 0;

	for (const struct pth_ynode *c = services->child; c != NULL && n < countof(names);
	     c = c->next)
		names[n++] = c->key;
	return strlen(name) < 60 ? pth_nearest(name, names, n) : NULL;
}

/* A name that must be a service's. */
static void
check_reference(struct pth_experiment *x, const struct pth_ynode *services,
    const struct pth_ynode *n, bool warn)
{
	pth_auto_buf b = PTH_BUF_INIT;
	const char *near, *sep = "; its services are ";

	if (n == NULL || !experiment_scalar(n) || experiment_service(services, n->text) != NULL)
		return;
	near = nearest_service(services, n->text);
	pth_buf_addf(&b, "there is no service '%.60s' in this test", n->text);
	if (near != NULL)
		pth_buf_addf(&b, "; did you mean '%s'?", near);
	pth_yaml_foreach(c, near == NULL ? services : NULL) {
		if (b.len < 300)
			pth_buf_addf(&b, "%s%.63s", sep, c->key);
		sep = ", ";
	}
	if (warn)
		experiment_warn(x, n, "%s", b.s);
	else
		experiment_error(x, n, "%s", b.s);
}

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

/* A path with a ".." in it. The id is a safe name whatever the name is, but
 * nobody who writes this means a name. */
static bool
climbs(const char *s)
{
	return strcmp(s, "..") == 0 || strncmp(s, "../", 3) == 0 || strstr(s, "/../") != NULL;
}

static void
check_name(struct pth_experiment *x, const struct pth_ynode *test)
{
	const struct pth_ynode *n = pth_yaml_get(test, "name");

	if (!experiment_given(n))
		experiment_warn(x, test, "the test has no name and is called 'unnamed_test'");
	else if (n->len > NAME_MAX_BYTES)
		experiment_error(x, n, "name: %zu bytes long; at most %d", n->len, NAME_MAX_BYTES);
	else if (n->text != NULL && has_control(n->text))
		experiment_error(x, n, "name: has a newline or another control character");
	else if (n->text != NULL && climbs(n->text))
		experiment_error(x, n, "name: '%.60s' is a path upwards; expected a name", n->text);
}

/* ---- ports */

static bool
port_number(const char **p, long long *v)
{
	char num[8];
	size_t n = strspn(*p, "0123456789");

	if (n == 0 || n >= sizeof num)
		return false;
	memcpy(num, *p, n);
	num[n] = '\0';
	*p += n;
	return pth_int(num, 1, 65535, v);
}

/* "4443", "4443:4443", "443:443/udp". proto is "", "tcp" or "udp". */
bool
experiment_port(const char *s, long long *host, long long *container, const char **proto)
{
	*proto = "";
	if (!port_number(&s, host))
		return false;
	*container = *host;
	if (*s == ':') {
		s++;
		if (!port_number(&s, container))
			return false;
	}
	if (strcmp(s, "/tcp") == 0 || strcmp(s, "/udp") == 0)
		*proto = s[1] == 't' ? "tcp" : "udp";
	else if (*s != '\0')
		return false;
	return true;
}

/* A port is taken when its entry has the number of this test in it. */
static bool
is_taken(const struct pth_experiment *x, long long port, unsigned bits)
{
	return x->ports[port] >> 2 == x->round && (x->ports[port] & bits) != 0;
}

static void
check_port(struct pth_experiment *x, const struct pth_ynode *n)
{
	long long host, container, free_port;
	const char *proto;
	unsigned bits;

	if (!experiment_scalar(n))
		return;
	if (!experiment_port(n->text, &host, &container, &proto)) {
		experiment_error(x, n,
		    "ports: '%.40s'; expected HOST:CONTAINER with numbers from 1 to 65535, "
		    "and /tcp or /udp when wanted",
		    n->text);
		return;
	}
	bits = *proto == '\0' ? 3 : *proto == 't' ? 1 : 2;
	if (is_taken(x, host, bits)) {
		for (free_port = host + 1; free_port < 65535 && is_taken(x, free_port, 3);
		     free_port++)
			;
		experiment_error(x, n,
		    "ports: host port %lld is taken by another entry of this test; "
		    "%lld is free",
		    host, free_port);
	}
	x->ports[host] = x->round << 2 |
	    (x->ports[host] >> 2 == x->round ? x->ports[host] & 3 : 0) | bits;
}

static void
check_ports(struct pth_experiment *x, const struct pth_ynode *services)
{
	x->round++;
	if (x->ports == NULL) {
		x->ports = pth_xarray(NULL, PORTS, sizeof *x->ports);
		memset(x->ports, 0, PORTS * sizeof *x->ports);
	}
	pth_yaml_foreach(s, services)
		pth_yaml_foreach(c, experiment_only(pth_yaml_get(s, "ports"), PTH_YSEQ))
			check_port(x, c);
}

/* ---- services */

static void
check_protocol(
    struct pth_experiment *x, const struct pth_ynode *services, const struct pth_ynode *s)
{
	const struct pth_ynode *proto = pth_yaml_get(s, "protocol"),
	                       *target = pth_yaml_get(proto, "target");
	const struct schema *schema = experiment_schema_at(
	    x->schema, "tests.[].services.*.protocol");
	const char *role = experiment_word(schema, proto, "role"),
	           *name = experiment_given(pth_yaml_get(proto, "name")) ?
	    experiment_word(schema, proto, "name") :
	    NULL;

	if (!experiment_given(proto)) {
		experiment_key_warn(x, s,
		    "service %s has no protocol; it is a server of the one that its "
		    "implementation speaks",
		    s->key);
		return;
	}
	if (proto->kind != PTH_YMAP)
		return;
	if (name == NULL)
		experiment_key_warn(
		    x, proto, "protocol has no name; it is the one that the implementation speaks");
	if (strcmp(role, "mitm") == 0)
		experiment_warn(x, pth_yaml_get(proto, "role"),
		    "role mitm is not one of PANTHER's; kept for the plan");
	if (strcmp(role, "client") == 0 && (!experiment_given(target) || target->len == 0))
		experiment_error(x, proto,
		    "a client must have a target: the name of the service that it talks to");
	else if (experiment_given(target) &&
	    experiment_service(services, experiment_text(proto, "target", "")) == s)
		experiment_error(x, target, "service %s targets itself", s->key);
	else if (experiment_given(target))
		check_reference(x, services, target, false);
}

static void
check_path(struct pth_experiment *x, const struct pth_ynode *n)
{
	if (experiment_only(n, PTH_YSTR) != NULL &&
	    (!pth_path_inside(n->text) || has_control(n->text) || n->len > 1000))
		experiment_error(x, n, "expected a path below the directory, without '..'");
}

static void
check_files(struct pth_experiment *x, const struct pth_ynode *list)
{
	pth_yaml_foreach(f, experiment_only(list, PTH_YSEQ)) {
		bool size = pth_yaml_get(f, "size") != NULL, text = pth_yaml_get(f, "text") != NULL;

		check_path(x, pth_yaml_get(f, "path"));
		if (f->kind == PTH_YMAP && size == text)
			experiment_error(x, f, "a file needs either size or text");
	}
}

/* The key of a map's child as a node of its own. */
static struct pth_ynode
key_of(const struct pth_ynode *child)
{
	struct pth_ynode n = *child;

	n.kind = PTH_YSTR;
	n.text = child->key != NULL ? child->key : "";
	n.line = child->kline;
	n.col = child->kcol;
	return n;
}

static void
check_depends(struct pth_experiment *x, const struct pth_ynode *services, const struct pth_ynode *s)
{
	const struct pth_ynode *d = pth_yaml_get(s, "depends_on");

	if (!experiment_given(d))
		return;
	if (d->kind != PTH_YSEQ && d->kind != PTH_YMAP) {
		check_reference(x, services, d, false);
		return;
	}
	pth_yaml_foreach(c, d) {
		struct pth_ynode name = d->kind == PTH_YMAP ? key_of(c) : *c;

		check_reference(x, services, &name, false);
		if (experiment_scalar(&name) && experiment_service(services, name.text) == NULL)
			experiment_unfit(c); /* the plan need not say it again */
	}
}

/* The name of a service that is not its key. */
static void
check_service_name(struct pth_experiment *x, const struct pth_ynode *services,
    const struct pth_ynode *s, json_t *names)
{
	const struct pth_ynode *name = pth_yaml_get(s, "name");

	if (!experiment_given(name) || name->text == NULL)
		return;
	if (!pth_name_ok(name->text)) {
		experiment_error(x, name,
		    "name: cannot be a service's name; expected letters, digits, "
		    "'.', '_', '-', at most 63");
	} else if (json_object_get(names, name->text) != NULL) {
		experiment_error(x, name, "name: two services are called '%s'", name->text);
	} else {
		pth_json_set(names, name->text, json_true());
		if (strcmp(name->text, s->key) != 0 && pth_yaml_get(services, name->text) != NULL)
			experiment_warn(x, name,
			    "name: '%s' is the key of another service, which targets of "
			    "that name mean",
			    name->text);
	}
}

static void
check_services(struct pth_experiment *x, const struct pth_ynode *services)
{
	json_auto_t *names = json_object();

	if (services->n == 0)
		experiment_error(x, services, "services: none; a test needs at least one");
	if (services->n > SERVICES_MAX) {
		experiment_error(x, services, "services: more than %d", SERVICES_MAX);
		return;
	}
	pth_yaml_foreach(s, services) {
		if (s->kind != PTH_YMAP)
			continue;
		check_service_name(x, services, s, names);
		check_protocol(x, services, s);
		check_depends(x, services, s);
		check_files(x, pth_yaml_get(s, "files"));
	}
	check_ports(x, services);
}

/* ---- steps */

/* Is it a router of the test? */
static bool
is_router(const struct pth_ynode *test, const struct pth_ynode *n)
{
	pth_yaml_foreach(c, experiment_only(pth_yaml_get(test, "routers"), PTH_YSEQ))
		if (experiment_scalar(c) && experiment_scalar(n) && strcmp(c->text, n->text) == 0)
			return true;
	return false;
}

static void
check_link(struct pth_experiment *x, const struct pth_ynode *test, const struct pth_ynode *link)
{
	const struct pth_ynode *between = experiment_only(pth_yaml_get(link, "between"), PTH_YSEQ);

	if (between != NULL && between->n != 2)
		experiment_error(x, between, "between: %u services; expected two", between->n);
	pth_yaml_foreach(c, between)
		if (!is_router(test, c))
			check_reference(x, pth_yaml_get(test, "services"), c, false);
}

/* The list or map of this key, or NULL. */
static const struct pth_ynode *
items(const struct pth_ynode *map, const char *key)
{
	const struct pth_ynode *n = pth_yaml_get(map, key);

	return experiment_only(n, PTH_YSEQ) != NULL ? n : experiment_only(n, PTH_YMAP);
}

/* A list of words without any. */
static void
check_words(struct pth_experiment *x, const struct pth_ynode *n)
{
	if (n != NULL && n->kind == PTH_YSEQ && n->child == NULL)
		experiment_error(x, n, "the command has no words");
}

static void
check_action(struct pth_experiment *x, const struct schema *schema, const struct pth_ynode *test,
    const struct pth_ynode *step)
{
	const struct pth_ynode *services = pth_yaml_get(test, "services");
	const struct pth_ynode *after = pth_yaml_get(step, "after");

	pth_yaml_foreach(a, experiment_only(step, PTH_YMAP)) {
		if (!experiment_is_action(schema, a->key))
			continue;
		if (a->kind == PTH_YMAP)
			check_reference(x, services, pth_yaml_get(a, "service"), false);
		else if (strcmp(a->key, "exec") != 0 && strcmp(a->key, "wait") != 0)
			check_reference(x, services, a, false);
		if (strcmp(a->key, "exec") == 0)
			check_words(x, a->kind == PTH_YMAP ? pth_yaml_get(a, "argv") : a);
		if (strcmp(a->key, "link") == 0)
			check_link(x, test, a);
	}
	check_reference(x, services, pth_yaml_get(after, "service"), false);
}

static void
check_steps(struct pth_experiment *x, const struct pth_ynode *test)
{
	static const char *const lists[] = { "pre_commands", "post_commands" };
	const struct schema *schema = experiment_schema_at(x->schema, "tests.[].steps");
	const struct pth_ynode *steps = pth_yaml_get(test, "steps"),
	                       *timeout = pth_yaml_get(test, "timeout");
	const struct pth_ynode *wait = steps != NULL && steps->kind == PTH_YMAP ?
	    pth_yaml_get(steps, "wait") :
	    steps;
	int64_t w, t;

	if (experiment_given(wait) && experiment_given(timeout) &&
	    experiment_int(wait, T_SECS, &w) && experiment_int(timeout, T_SECS, &t) && w > t)
		experiment_error(x, wait,
		    "wait of %lld s is longer than the test's timeout of %lld s", (long long)w,
		    (long long)t);
	if (!experiment_given(steps))
		return;
	if (steps->kind == PTH_YMAP)
		check_action(x, schema, test, steps);
	for (size_t i = 0; i < countof(lists); i++)
		pth_yaml_foreach(c, items(steps, lists[i]))
			check_words(x, c);
	pth_yaml_foreach(c, experiment_only(steps, PTH_YSEQ)) {
		unsigned n = 0;

		pth_yaml_foreach(a, experiment_only(c, PTH_YMAP))
			n += experiment_is_action(schema->item, a->key);
		if (c->kind == PTH_YMAP && n != 1)
			experiment_error(x, c,
			    "a step needs exactly one of wait, exec, signal, restart, pause, "
			    "resume, link");
		check_action(x, schema->item, test, c);
	}
}

/* ---- assertions, expectations */

static void
check_regex(struct pth_experiment *x, const struct pth_ynode *n)
{
	pth_auto_regex re = NULL;
	struct pth_err e;

	if (n == NULL || n->kind != PTH_YSTR)
		return;
	re = pth_regex_new(n->text, 0, &e);
	if (re == NULL)
		experiment_error(x, n, "%s", e.text);
}

static void
check_assertion(
    struct pth_experiment *x, const struct pth_ynode *services, const struct pth_ynode *a)
{
	static const struct {
		const char *type, *need, * or ;
	} needs[] = {
		{ "output_contains", "text", "pattern" },
		{ "port_open", "port", "port" },
		{ "file_exists", "file", "file" },
		{ "exit_code", "code", "code" },
		{ "output_contains", "service", "service" },
		{ "exit_code", "service", "service" },
		{ "service_running", "service", "service" },
		{ "service_responsive", "service", "service" },
	};
	const char *type = experiment_text(a, "type", "");

	/* PANTHER never looked at these, so old files may be wrong here */
	check_reference(x, services, pth_yaml_get(a, "service"), true);
	for (size_t i = 0; i < countof(needs); i++)
		if (strcmp(type, needs[i].type) == 0 && pth_yaml_get(a, needs[i].need) == NULL &&
		    pth_yaml_get(a, needs[i].or) == NULL)
			experiment_error(x, a, "%s needs '%s'", type, needs[i].need);
	check_regex(x, pth_yaml_get(a, "pattern"));
	check_path(x, pth_yaml_get(a, "file"));
}

static bool
bound(const struct pth_ynode *n, double *v)
{
	int64_t i;

	if (n == NULL || n->bad)
		return false;
	if (n->kind == PTH_YREAL)
		*v = n->d;
	else if (experiment_int(n, T_INT | T_SIZE, &i))
		*v = (double)i;
	else
		return false;
	return true;
}

/* No number can keep a rule whose least is more than its most. */
static void
check_bounds(struct pth_experiment *x, const struct pth_ynode *c, const char *min, const char *max)
{
	const struct pth_ynode *least = pth_yaml_get(c, min), *most = pth_yaml_get(c, max);
	double a, b;

	if (bound(least, &a) && bound(most, &b) && a > b)
		experiment_error(x, least, "%s: %s is more than %s, which is %s", min, least->text,
		    max, most->text);
}

static void
check_sha256(struct pth_experiment *x, const struct pth_ynode *n)
{
	if (n != NULL && !n->bad && n->kind < PTH_YSEQ &&
	    (n->len != 64 || strspn(n->text, "0123456789abcdef") != 64))
		experiment_error(
		    x, n, "sha256: '%.70s'; expected 64 hexadecimal digits, a to f small", n->text);
}

static void
check_expect(
    struct pth_experiment *x, const struct pth_ynode *services, const struct pth_ynode *expect)
{
	pth_yaml_foreach(c, items(expect, "exit")) {
		struct pth_ynode name = key_of(c);

		check_reference(x, services, &name, false);
		if (c->kind == PTH_YSTR && strcmp(c->text, "any") != 0 &&
		    strspn(c->text, "0123456789") != c->len)
			experiment_error(x, c, "exit: expected a code, a list of codes, or any");
	}
	pth_yaml_foreach(c, items(expect, "files")) {
		check_path(x, pth_yaml_get(c, "path"));
		check_path(x, pth_yaml_get(c, "same_as"));
		check_sha256(x, pth_yaml_get(c, "sha256"));
		check_bounds(x, c, "min_size", "max_size");
	}
	pth_yaml_foreach(c, items(expect, "packets"))
		check_bounds(x, c, "min", "max");
	pth_yaml_foreach(c, items(expect, "metrics"))
		check_bounds(x, c, "min", "max");
	pth_yaml_foreach(c, items(expect, "log")) {
		check_reference(x, services, pth_yaml_get(c, "service"), false);
		check_path(x, pth_yaml_get(c, "file"));
		check_regex(x, pth_yaml_get(c, "matches"));
		check_regex(x, pth_yaml_get(c, "not_matches"));
		check_regex(x, pth_yaml_get(c, "unless"));
		if (c->kind == PTH_YMAP &&
		    (pth_yaml_get(c, "matches") == NULL) ==
		        (pth_yaml_get(c, "not_matches") == NULL))
			experiment_error(x, c, "a log rule needs either matches or not_matches");
		check_bounds(x, c, "min", "max");
	}
}

static void
check_critical(
    struct pth_experiment *x, const struct pth_ynode *services, const struct pth_ynode *environment)
{
	static const char *const where[] = { "critical_services", "config.critical_services",
		"plugin_config.critical_services" };

	for (size_t i = 0; i < countof(where); i++) {
		const struct pth_ynode *list = experiment_at(environment, where[i]);

		pth_yaml_foreach(c, experiment_only(list, PTH_YSEQ))
			check_reference(x, services, c, false);
	}
}

/* What PANTHER passes over without a word. */
static void
check_fast_fail(struct pth_experiment *x, const struct pth_ynode *test)
{
	const struct pth_ynode *own = pth_yaml_get(test, "fast_fail_enabled");
	const struct pth_ynode *level = experiment_at(x->root, "fast_fail.test_level");

	if (experiment_given(own) && (!experiment_given(level) || experiment_bool(level) == 0))
		experiment_key_warn(
		    x, own, "'fast_fail_enabled' has no effect without fast_fail.test_level: true");
}

void
experiment_rules(struct pth_experiment *x, const struct pth_ynode *test)
{
	const struct pth_ynode *services = pth_yaml_get(test, "services");

	if (test->kind != PTH_YMAP)
		return;
	check_name(x, test);
	check_fast_fail(x, test);
	experiment_values(x, test);
	if (services == NULL || services->kind != PTH_YMAP)
		return;
	check_services(x, services);
	check_critical(x, services, pth_yaml_get(test, "network_environment"));
	check_steps(x, test);
	pth_yaml_foreach(c, items(test, "links"))
		check_link(x, test, c);
	pth_yaml_foreach(c, items(test, "assertions"))
		check_assertion(x, services, c);
	check_expect(x, services, pth_yaml_get(test, "expect"));
}
