/*
 * This file checks the keys of a descriptor: one table says which kind has which key and
 * what its value looks like; one walk over the tree checks a file against it.
 */
#include "plugin/plugin.h"

#include <string.h>

#include "base/clock.h"
#include "base/regex.h"
#include "base/text.h"
#include "base/words.h"
#include "host/proc.h"
#include "io/record.h"

enum type {
	ANY, /* templates allowed in strings, when/each in lists of maps */
	TEXT,
	NAME,
	NAMES,
	BOOL,
	INT,
	NUMBER,
	DURATION,
	SIGNAL,
	TPL,   /* a scalar with a template */
	VAR,   /* TPL, or {when: ..., value: ...} */
	WORDS, /* of TEXT */
	LIST,  /* of ANY: templates, each with when/each if a map */
	ARG,
	ARGS, /* elements of an argv */
	LINE, /* ARGS, or {line: ...} or {template: FILE} */
	CMD,
	CMDS,
	BINARY, /* TPL or ARGS */
	READY,
	MAP,   /* of `item` by free names */
	KEYS,  /* `keys` */
	ROLES, /* `item`, or a map of it by role */
	OVER,  /* partial descriptors by name */
	PARAMS,
	METRIC,
	METRICS, /* numbers out of files */
	EVENT,
	EVENTS,  /* events of its own */
	VERSION, /* what PANTHER's version files hold */
	ENUM,    /* words in `words` */
};

struct key {
	const char *name;
	unsigned kinds; /* bits; 0: all */
	enum type type, item;
	const struct key *keys;
	const char *words; /* ENUM: separated by blanks */
};

#define BIT(k) (1u << PTH_##k)
enum {
	SERVICE = BIT(BASE) | BIT(IUT) | BIT(TESTER),
	ENV = BIT(NETWORK) | BIT(EXECUTION),
	RUNS = SERVICE | BIT(PROTOCOL),
};

/* clang-format off */
/* Every kind may have this key, and its type says all of its value. */
#define K(key, type_of_value) { .name = #key, .type = type_of_value }
/* These kinds alone may have it. */
#define OF(which, key, type_of_value) { .name = #key, .kinds = which, .type = type_of_value }

static const struct key phase_keys[] = {
	K(pre_compile, CMDS), K(compile, CMDS), K(post_compile, CMDS), K(pre_run, CMDS),
	K(post_run, CMDS), { .name = NULL },
};

static const struct key stop_keys[] = {
	K(signal, SIGNAL), K(grace, DURATION), { .name = NULL },
};

static const struct key capture_keys[] = {
	K(interface, TEXT), K(file, TEXT), { .name = NULL },
};

static const struct key docker_keys[] = {
	K(builder, TEXT), K(base, TPL), K(build_base, TPL), K(features, LIST),
	K(patches, LIST), K(image, TPL), K(dockerfile, TPL), K(packages, LIST),
	K(build_packages, LIST), K(repository, TPL), K(revision, TPL), K(submodules, BOOL),
	K(directory, TPL), K(copy, LIST), K(dependencies, LIST), K(build, LIST),
	{ .name = "args", .type = MAP, .item = TPL },
	{ .name = "environment", .type = MAP, .item = TPL }, K(expose, LIST),
	K(capabilities, LIST), K(platform, TPL), K(files, LIST), { .name = NULL },
};

static const struct key cmd_keys[] = {
	K(argv, ARGS), K(sh, TPL), K(words, TPL), K(when, TPL), K(critical, BOOL),
	K(timeout, DURATION), K(cwd, TPL), { .name = "env", .type = MAP, .item = TPL },
	K(name, TEXT),
	{ .name = "category",
	    .type = ENUM,
	    .words = "docker_build docker_runtime service_start network_setup certificate "
		     "tester_compilation command_execution" },
	{ .name = NULL },
};

static const struct key ready_keys[] = {
	K(udp, TPL), K(tcp, TPL), K(file, TPL), K(log, TPL), K(command, ARGS),
	K(delay, DURATION), K(in, TPL), K(timeout, DURATION), K(when, TPL), { .name = NULL },
};

static const struct key arg_keys[] = {
	K(when, TPL), K(args, ARGS), K(else, ARGS), K(each, TPL), K(as, NAME),
	K(optional, TPL), K(words, TPL), { .name = NULL },
};

static const struct key cache_keys[] = {
	K(inputs, LIST), K(outputs, LIST), K(environment, LIST), { .name = NULL },
};

/* The short names, and those of JSON Schema. */
#define PARAM_TYPES \
	"str int float bool list map any string integer number boolean array object"

static const struct key param_keys[] = {
	{ .name = "type", .type = ENUM, .words = PARAM_TYPES },
	K(default, ANY), K(from, TPL), K(min, ANY), K(max, ANY), K(enum, ANY),
	K(pattern, TEXT),
	{ .name = "items", .type = ENUM, .words = PARAM_TYPES },
	K(description, TEXT), K(unit, TEXT), K(template, BOOL), K(required, BOOL),
	K(wanted, BOOL), K(unused, TEXT), K(words, BOOL), { .name = NULL },
};

static const struct key metric_keys[] = {
	K(name, TPL), K(file, TPL), K(matches, TPL), K(json, TPL),
	{ .name = "reduce", .type = ENUM, .words = "last first sum min max mean count" },
	K(scale, NUMBER), K(description, TEXT), K(when, TPL), K(each, TPL), K(as, NAME),
	{ .name = NULL },
};

static const struct key event_keys[] = {
	K(name, TPL), K(file, TPL), K(matches, TPL), K(json, TPL), K(description, TEXT),
	K(when, TPL), K(each, TPL), K(as, NAME), { .name = NULL },
};

static const struct key top_keys[] = {
	K(plugin, NAME),
	{ .name = "kind", .type = ENUM, .words = "protocol service iut tester network_environment "
	    "execution_environment engine" },
	K(extends, NAME), K(version, TEXT), K(author, TEXT), K(capabilities, NAMES),
	K(description, TEXT), K(homepage, TEXT), OF(SERVICE, language, TEXT),
	OF(SERVICE, protocol, NAMES), OF(SERVICE, supported_protocols, NAMES),
	OF(ENV | BIT(PROTOCOL), aliases, NAMES),
	OF(RUNS, versions, OVER), OF(RUNS, default_version, TEXT),
	OF(SERVICE, version_configs, TEXT), OF(SERVICE, version_config, VERSION),
	OF(RUNS, roles, OVER),
	{ .name = "features", .kinds = RUNS, .type = MAP, .item = ANY },
	K(parameters, PARAMS),
	{ .name = "binary", .kinds = SERVICE, .type = ROLES, .item = BINARY },
	{ .name = "commands", .kinds = SERVICE, .type = ROLES, .item = LINE },
	OF(SERVICE, cwd, TPL),
	{ .name = "phases", .kinds = SERVICE, .type = KEYS, .keys = phase_keys },
	{ .name = "ready", .kinds = RUNS, .type = ROLES, .item = READY },
	{ .name = "stop", .kinds = RUNS, .type = KEYS, .keys = stop_keys },
	{ .name = "finite", .kinds = SERVICE, .type = ROLES, .item = BOOL },
	{ .name = "environment", .kinds = RUNS | BIT(EXECUTION), .type = MAP, .item = VAR },
	OF(SERVICE | BIT(EXECUTION), dirs, LIST), OF(SERVICE, files, LIST),
	{ .name = "compile_cache", .kinds = SERVICE, .type = KEYS, .keys = cache_keys },
	OF(SERVICE, keylogs, LIST), OF(SERVICE | BIT(EXECUTION), artifacts, LIST),
	K(requires, LIST), OF(RUNS | BIT(EXECUTION), verdict, LIST),
	{ .name = "docker", .kinds = SERVICE, .type = KEYS, .keys = docker_keys },
	{ .name = "transport", .kinds = BIT(PROTOCOL), .type = ENUM, .words = "udp tcp sctp none" },
	OF(BIT(PROTOCOL), port, INT), OF(BIT(PROTOCOL), tls, BOOL),
	OF(BIT(PROTOCOL), decode, LIST), OF(BIT(PROTOCOL) | BIT(NETWORK), setup, CMDS),
	OF(BIT(NETWORK), teardown, CMDS),
	{ .name = "isolation", .kinds = BIT(NETWORK), .type = ENUM,
	    .words = "full none container simulator" },
	OF(BIT(NETWORK), address, TPL), OF(BIT(NETWORK), listen, TPL),
	OF(BIT(NETWORK), images, BOOL), OF(BIT(NETWORK), in_container, NAME),
	OF(BIT(NETWORK), links, BOOL),
	{ .name = "conditions", .kinds = BIT(NETWORK), .type = MAP, .item = ANY },
	{ .name = "capture", .kinds = BIT(NETWORK), .type = KEYS, .keys = capture_keys },
	OF(BIT(NETWORK), supported_by, NAMES), OF(ENV, wrap, ARGS),
	OF(BIT(EXECUTION), variants, TPL), OF(BIT(EXECUTION), post, CMDS),
	OF(BIT(EXECUTION) | SERVICE, metrics, METRICS),
	OF(BIT(EXECUTION) | SERVICE, events, EVENTS), OF(ENV, conflicts, NAMES),
	OF(BIT(ENGINE), submit, WORDS), OF(BIT(ENGINE), status, WORDS),
	OF(BIT(ENGINE), send, WORDS), OF(BIT(ENGINE), ended, WORDS),
	OF(BIT(ENGINE), cancel, WORDS), OF(BIT(ENGINE), array, INT), OF(BIT(ENGINE), window, INT),
	OF(BIT(ENGINE), waits, BOOL), OF(BIT(ENGINE), once, BOOL),
	{ .name = NULL },
};
/* clang-format on */

struct check {
	struct pth_diags *d;
	enum pth_kind kind;
};

static void check(struct check *c, const struct pth_ynode *n, const struct key *k, enum type t);

static bool
known_kind(const struct check *c, const struct key *k)
{
	return k->kinds == 0 || c->kind >= PTH_KINDS || (k->kinds & (1u << c->kind)) != 0;
}

/* Is it of this kind? What it must be is said when it is not. */
static bool
is_a(struct check *c, const struct pth_ynode *n, enum pth_ykind kind, const char *what)
{
	if (n->kind != kind)
		pth_desc_wrong(c->d, n, what);
	return n->kind == kind;
}

static void
unknown(struct check *c, const struct pth_ynode *n, const struct key *keys)
{
	const char *names[countof(top_keys)], *near;
	size_t i, m = 0;

	for (i = 0; keys[i].name != NULL; i++) {
		if (known_kind(c, &keys[i]))
			names[m++] = keys[i].name;
		else if (strcmp(keys[i].name, n->key) == 0) {
			pth_diags_add(c->d, PTH_ERROR, PTH_AT_KEY(n), "%s: not a key of kind %s",
			    n->key, pth_kind_name(c->kind));
			return;
		}
	}
	near = pth_nearest(n->key, names, m);
	pth_diags_add(c->d, PTH_ERROR, PTH_AT_KEY(n), "unknown key '%s'%s%s%s", n->key,
	    PTH_DID_YOU_MEAN(near));
}

static const struct key *
find_key(const struct check *c, const struct key *keys, const char *name, size_t len)
{
	for (; keys->name != NULL; keys++)
		if (strlen(keys->name) == len && strncmp(keys->name, name, len) == 0 &&
		    known_kind(c, keys))
			return keys;
	return NULL;
}

static void
check_keys(struct check *c, const struct pth_ynode *n, const struct key *keys)
{
	if (!is_a(c, n, PTH_YMAP, "a map"))
		return;
	pth_yaml_foreach(v, n) {
		size_t len = strlen(v->key);
		bool plus = len > 1 && v->key[len - 1] == '+';
		const struct key *k = find_key(c, keys, v->key, plus ? len - 1 : len);

		if (k == NULL)
			unknown(c, v, keys);
		else if (plus && v->kind != PTH_YSEQ)
			pth_desc_wrong(c->d, v, "a list to append");
		else if (v->kind != PTH_YNULL)
			check(c, v, k, k->type);
	}
}

/* Its text is what counts: what is said of another reading of it does not concern it. */
static void
as_text(const struct pth_ynode *n)
{
	((struct pth_ynode *)(uintptr_t)n)->remark = NULL;
	pth_yaml_foreach(c, n)
		as_text(c);
}

/* Says what is left to be said of values that are no texts. */
static void
say_remarks(const struct pth_ynode *n, struct pth_diags *d)
{
	if (n->remark != NULL)
		pth_diags_add(
		    d, n->bad ? PTH_ERROR : PTH_WARNING, PTH_AT(n), "%.60s %s", n->text, n->remark);
	pth_yaml_foreach(c, n)
		say_remarks(c, d);
}

/* A template must at least parse; what its names mean is known later. */
static void
check_template(struct check *c, const struct pth_ynode *n)
{
	struct pth_template_options o = { .line = n->line, .col = n->col + !n->plain };
	struct pth_template *t;
	struct pth_err e;

	if (n->kind >= PTH_YSEQ) {
		pth_desc_wrong(c->d, n, "one value");
		return;
	}
	if (n->kind != PTH_YSTR || strchr(n->text, '{') == NULL)
		return;
	t = pth_template_parse(c->d->file, n->text, n->len, &o, &e);
	if (t == NULL)
		pth_diags_add(c->d, PTH_ERROR, PTH_AT(n), "%s", e.text);
	pth_template_free(t);
}

static void
check_text(struct check *c, const struct pth_ynode *n)
{
	as_text(n);
	check_template(c, n);
}

static void
check_any(struct check *c, const struct pth_ynode *n)
{
	if (n->kind < PTH_YSEQ)
		check_template(c, n);
	pth_yaml_foreach(v, n)
		check_any(c, v);
}

static void
check_each(struct check *c, const struct pth_ynode *n, enum type t, const char *what)
{
	if (is_a(c, n, PTH_YSEQ, what))
		pth_yaml_foreach(v, n)
			check(c, v, NULL, t);
}

/* A map of these keys has exactly one of the names, which says what it is. */
static void
check_forms(struct check *c, const struct pth_ynode *n, const struct key *keys,
    const char *const *names, size_t k)
{
	pth_auto_buf b = PTH_BUF_INIT;
	unsigned found = 0;

	check_keys(c, n, keys);
	for (size_t i = 0; i < k; i++) {
		found += pth_yaml_get(n, names[i]) != NULL;
		pth_buf_addf(&b, "%s%s", i != 0 ? ", " : "", names[i]);
	}
	if (n->kind == PTH_YMAP && found != 1)
		pth_diags_add(c->d, PTH_ERROR, PTH_AT(n), "must have exactly one of %s", b.s);
}

static void
check_arg(struct check *c, const struct pth_ynode *n)
{
	static const char *const forms[] = { "when", "each", "optional", "words" };

	if (n->kind == PTH_YSEQ)
		pth_desc_wrong(
		    c->d, n, "one argument, or a map with when, each, optional or words");
	else if (n->kind == PTH_YMAP)
		check_forms(c, n, arg_keys, forms, countof(forms));
	else
		check_text(c, n);
}

static void
check_cmd(struct check *c, const struct pth_ynode *n)
{
	static const char *const forms[] = { "argv", "sh", "words" };

	if (n->kind == PTH_YSEQ)
		check(c, n, NULL, ARGS);
	else if (n->kind == PTH_YMAP)
		check_forms(c, n, cmd_keys, forms, countof(forms));
	else
		pth_desc_wrong(
		    c->d, n, "a command: a list of arguments, or a map with argv, sh or words");
}

static void
check_line(struct check *c, const struct pth_ynode *n)
{
	static const struct key keys[] = { K(line, TPL), K(template, TEXT), { .name = NULL } };
	static const char *const forms[] = { "line", "template" };

	if (n->kind == PTH_YMAP)
		check_forms(c, n, keys, forms, countof(forms));
	else
		check(c, n, NULL, ARGS);
}

static void
check_var(struct check *c, const struct pth_ynode *n)
{
	static const struct key keys[] = { K(when, TPL), K(value, TPL), { .name = NULL } };
	static const char *const forms[] = { "value" };

	if (n->kind == PTH_YMAP)
		check_forms(c, n, keys, forms, countof(forms));
	else
		check_text(c, n);
}

/* One that is made by a template is checked when it is known. How many groups it has; -1: not
 * known. */
static int
check_regex(struct check *c, const struct pth_ynode *n)
{
	struct pth_err e;
	pth_auto_regex re = NULL;

	if (n == NULL || n->kind != PTH_YSTR || strstr(n->text, "{{") != NULL ||
	    strstr(n->text, "{%") != NULL)
		return -1;
	re = pth_regex_new(n->text, 0, &e);
	if (re == NULL)
		pth_diags_add(c->d, PTH_ERROR, PTH_AT(n), "%s: %s", n->key, e.text);
	return re != NULL ? (int)pth_regex_groups(re) : -1;
}

static void
check_ready(struct check *c, const struct pth_ynode *n)
{
	if (n->kind == PTH_YSEQ)
		check_each(c, n, READY, "a list");
	else
		check_forms(c, n, ready_keys, pth_ready_names, PTH_READY_KINDS);
	check_regex(c, pth_yaml_get(n, pth_ready_names[PTH_READY_LOG]));
}

static bool
check_role(struct check *c, const struct pth_ynode *v)
{
	pth_auto_str role = pth_xstrndup(v->key, strcspn(v->key, "+"));
	bool known = pth_one_of(role, pth_roles, pth_nroles);

	if (!known)
		pth_diags_add(c->d, PTH_ERROR, PTH_AT_KEY(v),
		    "unknown role '%s'; roles are server, client, peer, mitm, any", v->key);
	return known;
}

static void
check_roles(struct check *c, const struct pth_ynode *n, const struct key *k)
{
	size_t i = 0;

	if (n->kind == PTH_YMAP && n->child != NULL)
		while (i < pth_nroles &&
		    strncmp(n->child->key, pth_roles[i], strlen(pth_roles[i])) != 0)
			i++;
	if (n->kind != PTH_YMAP || n->child == NULL || i == pth_nroles) {
		check(c, n, k, k->item);
		return;
	}
	pth_yaml_foreach(v, n) {
		if (check_role(c, v) && v->kind != PTH_YNULL)
			check(c, v, k, k->item);
	}
}

/* A part of a descriptor that a version or a role lays over the whole. */
static void
check_over(struct check *c, const struct pth_ynode *n)
{
	static const char *const fixed[] = { "plugin", "kind", "extends", "versions",
		"version_configs", "aliases" };
	const struct pth_ynode *k;

	if (!is_a(c, n, PTH_YMAP, "a map of names to overrides"))
		return;
	pth_yaml_foreach(v, n) {
		if (strcmp(n->key, "roles") == 0)
			check_role(c, v);
		if (v->kind == PTH_YNULL)
			continue;
		check_keys(c, v, top_keys);
		for (size_t i = 0; i < countof(fixed); i++)
			if ((k = pth_yaml_get(v, fixed[i])) != NULL)
				pth_diags_add(c->d, PTH_ERROR, PTH_AT_KEY(k),
				    "%s: cannot be overridden here", fixed[i]);
	}
}

/* No value is within such a range. */
static void
check_range(struct check *c, const struct pth_ynode *param)
{
	const struct pth_ynode *min = pth_yaml_get(param, "min"), *max = pth_yaml_get(param, "max");
	double least, most;

	if (min == NULL || max == NULL || (min->kind != PTH_YINT && min->kind != PTH_YREAL) ||
	    (max->kind != PTH_YINT && max->kind != PTH_YREAL))
		return;
	least = min->kind == PTH_YINT ? (double)min->i : min->d;
	most = max->kind == PTH_YINT ? (double)max->i : max->d;
	if (least > most)
		pth_diags_add(c->d, PTH_ERROR, PTH_AT(min), "min: %s is more than max, which is %s",
		    min->text, max->text);
}

static void
check_params(struct check *c, const struct pth_ynode *n)
{
	static const char *const taken[] = { "name", "role", "version", "host", "target", "peer",
		"service", "services", "protocol", "record", "paths", "features", "parameters",
		"dir", "item", "index", "address", "listen", "interface", "environment",
		"service_names", "qlog_dir", "keylog", "downloads", "www", "generate_certificates",
		"program", "finite" };

	if (!is_a(c, n, PTH_YMAP, "a map of parameters"))
		return;
	pth_yaml_foreach(v, n) {
		if (pth_kind_service(c->kind) && pth_one_of(v->key, taken, countof(taken)))
			pth_diags_add(c->d, PTH_ERROR, PTH_AT_KEY(v),
			    "parameter '%s': the name is taken, pth-plugin(5)", v->key);
		if (v->kind != PTH_YMAP)
			continue;
		if (pth_param_is_text(v))
			as_text(v);
		check_keys(c, v, param_keys);
		check_range(c, v);
	}
}

static void
check_enum(struct check *c, const struct pth_ynode *n, const char *words)
{
	if (n->kind < PTH_YSEQ && n->text != NULL && strlen(n->text) == n->len &&
	    pth_words_have(pth_word_of(words), " ", n->text))
		return;
	pth_diags_add(c->d, PTH_ERROR, PTH_AT(n), "%s: must be one of: %s", n->key, words);
}

static void
check_signal(struct check *c, const struct pth_ynode *n)
{
	if (n->kind != PTH_YSTR || pth_signal_number(n->text) == 0)
		pth_diags_add(
		    c->d, PTH_ERROR, PTH_AT(n), "%s: must be a signal such as INT", n->key);
}

static void
check_scalar(struct check *c, const struct pth_ynode *n, enum type t)
{
	int64_t us;

	if (t != BOOL && t != INT && t != NUMBER)
		as_text(n);
	if (n->kind >= PTH_YSEQ)
		pth_desc_wrong(c->d, n, "one value");
	else if (t == NAME && !pth_name_ok(n->text != NULL ? n->text : ""))
		pth_diags_add(c->d, PTH_ERROR, PTH_AT(n),
		    "%s: must be a name of letters, digits, '.', '_' and '-'",
		    n->key != NULL ? n->key : "item");
	else if (t == BOOL && n->kind != PTH_YBOOL)
		pth_desc_wrong(c->d, n, "true or false");
	else if (t == INT && n->kind != PTH_YINT)
		pth_desc_wrong(c->d, n, "an integer");
	else if (t == NUMBER && n->kind != PTH_YINT && n->kind != PTH_YREAL)
		pth_desc_wrong(c->d, n, "a number");
	else if (t == DURATION && strstr(n->text, "{{") == NULL && !pth_duration(n->text, &us))
		pth_diags_add(c->d, PTH_ERROR, PTH_AT(n),
		    "%s: must be a duration such as 5s or 250ms", n->key);
}

static void
check_metric(struct check *c, const struct pth_ynode *n)
{
	static const char *const forms[] = { "matches", "json" };

	check_forms(c, n, metric_keys, forms, countof(forms));
	if (n->kind != PTH_YMAP)
		return;
	if (pth_yaml_get(n, "name") == NULL)
		pth_diags_add(c->d, PTH_ERROR, PTH_AT(n), "the metric has no name");
	check_regex(c, pth_yaml_get(n, "matches"));
}

/* A name that no group gives has to be there; lines of JSON have theirs. */
static void
check_event(struct check *c, const struct pth_ynode *n)
{
	static const char *const forms[] = { "matches", "json" };
	const struct pth_ynode *name = pth_yaml_get(n, "name");
	int groups;

	check_forms(c, n, event_keys, forms, countof(forms));
	if (n->kind != PTH_YMAP)
		return;
	groups = check_regex(c, pth_yaml_get(n, "matches"));
	if (name != NULL && pth_yaml_get(n, "json") != NULL)
		pth_diags_add(c->d, PTH_ERROR, PTH_AT_KEY(name),
		    "name: json is the member that names the event");
	else if (name != NULL && name->text != NULL && strstr(name->text, "{{") == NULL)
		check_scalar(c, name, NAME);
	else if (name == NULL && groups == 0)
		pth_diags_add(c->d, PTH_ERROR, PTH_AT(n),
		    "the event has no name: give it one, or give matches a group that is the name");
}

static void
check(struct check *c, const struct pth_ynode *n, const struct key *k, enum type t)
{
	switch (t) {
	case ANY: check_any(c, n); break;
	case TPL: check_text(c, n); break;
	case VAR: check_var(c, n); break;
	case WORDS: check_each(c, n, TEXT, "a list of words"); break;
	case LIST: check_each(c, n, ANY, "a list"); break;
	case ARG: check_arg(c, n); break;
	case ARGS: check_each(c, n, ARG, "a list of arguments"); break;
	case LINE: check_line(c, n); break;
	case CMD: check_cmd(c, n); break;
	case CMDS: check_each(c, n, CMD, "a list of commands"); break;
	case BINARY: check(c, n, k, n->kind == PTH_YSEQ ? ARGS : TPL); break;
	case READY: check_ready(c, n); break;
	case KEYS: check_keys(c, n, k->keys); break;
	case ROLES: check_roles(c, n, k); break;
	case OVER: check_over(c, n); break;
	case PARAMS: check_params(c, n); break;
	case METRIC: check_metric(c, n); break;
	case METRICS: check_each(c, n, METRIC, "a list of metrics"); break;
	case EVENT: check_event(c, n); break;
	case EVENTS: check_each(c, n, EVENT, "a list of events"); break;
	case VERSION:
		as_text(n);
		pth_version_check(n, c->d);
		break;
	case ENUM: check_enum(c, n, k->words); break;
	case SIGNAL: check_signal(c, n); break;
	case NAMES:
		if (n->kind == PTH_YSEQ)
			check_each(c, n, NAME, "names");
		else
			check_scalar(c, n, NAME);
		break;
	case MAP:
		if (is_a(c, n, PTH_YMAP, "a map"))
			pth_yaml_foreach(v, n)
				check(c, v, NULL, k->item);
		break;
	default: check_scalar(c, n, t);
	}
}

static void
missing(struct check *c, const struct pth_ynode *root, const char *key)
{
	const struct pth_ynode *n = pth_yaml_get(root, key);

	if (n == NULL || n->kind == PTH_YNULL)
		pth_diags_add(c->d, PTH_ERROR, PTH_AT(root), "'%s' is missing", key);
}

void
pth_desc_check(const struct pth_ynode *root, enum pth_kind kind, struct pth_diags *d)
{
	struct check c = { d, kind };
	const char *stated = pth_desc_str(root, "kind", NULL);

	check_keys(&c, root, top_keys);
	missing(&c, root, "plugin");
	missing(&c, root, "kind");
	if (stated != NULL && pth_kind_from(stated) < PTH_KINDS && pth_kind_from(stated) != kind)
		pth_diags_add(d, PTH_ERROR, PTH_AT(pth_yaml_get(root, "kind")),
		    "kind: %s in the folder of kind %s", stated, pth_kind_name(kind));
	say_remarks(root, d);
}

static void
check_param_whole(const struct pth_ynode *p, struct pth_diags *d)
{
	const struct pth_ynode *pattern = pth_yaml_get(p, "pattern");
	struct pth_err e;
	pth_auto_regex re = NULL;
	json_t *v;

	if (pattern != NULL && pattern->kind == PTH_YSTR &&
	    (re = pth_regex_new(pattern->text, 0, &e)) == NULL) {
		pth_diags_add(
		    d, PTH_ERROR, PTH_AT(pattern), "parameter %s: pattern: %s", p->key, e.text);
		return;
	}
	v = pth_param_default(p->key, p, &e);
	if (v == NULL)
		pth_diags_add(d, PTH_ERROR, PTH_AT(p), "%s", e.text);
	json_decref(v);
}

void
pth_desc_check_whole(const struct pth_ynode *root, enum pth_kind kind, struct pth_diags *d)
{
	struct check c = { d, kind };
	bool service = kind == PTH_IUT || kind == PTH_TESTER;
	const char *needed = service ? "protocol" : NULL;

	needed = kind == PTH_PROTOCOL ? "transport" : kind == PTH_NETWORK ? "isolation" : needed;
	needed = kind == PTH_ENGINE ? "submit" : needed;
	if (service)
		missing(&c, root, "commands");
	if (needed != NULL)
		missing(&c, root, needed);
	pth_yaml_foreach(p, pth_yaml_get(root, "parameters"))
		if (p->kind == PTH_YMAP)
			check_param_whole(p, d);
}
