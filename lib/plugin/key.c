/*
 * The keys of a descriptor: one table says which kind has which key and what
 * its value looks like; one walk over the tree checks a file against it.
 */
#include "plugin/plugin.h"

#include <regex.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/words.h"

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
	TPL,  /* a scalar with a template */
	LIST, /* of ANY: templates, each with when/each if a map */
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
	METRICS, /* numbers out of files */
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
static const struct key phase_keys[] = {
	{ .name = "pre_compile", .type = CMDS }, { .name = "compile", .type = CMDS },
	{ .name = "post_compile", .type = CMDS }, { .name = "pre_run", .type = CMDS },
	{ .name = "post_run", .type = CMDS }, { .name = NULL },
};

static const struct key stop_keys[] = {
	{ .name = "signal", .type = SIGNAL }, { .name = "grace", .type = DURATION },
	{ .name = NULL },
};

static const struct key capture_keys[] = {
	{ .name = "interface", .type = TEXT }, { .name = "file", .type = TEXT }, { .name = NULL },
};

static const struct key docker_keys[] = {
	{ .name = "builder", .type = TEXT }, { .name = "base", .type = TPL },
	{ .name = "build_base", .type = TPL }, { .name = "features", .type = LIST },
	{ .name = "patches", .type = LIST },
	{ .name = "image", .type = TPL }, { .name = "dockerfile", .type = TPL },
	{ .name = "packages", .type = LIST }, { .name = "build_packages", .type = LIST },
	{ .name = "repository", .type = TPL }, { .name = "revision", .type = TPL },
	{ .name = "submodules", .type = BOOL }, { .name = "directory", .type = TPL },
	{ .name = "dependencies", .type = LIST }, { .name = "build", .type = LIST },
	{ .name = "args", .type = MAP, .item = TPL }, { .name = "environment", .type = MAP,
	    .item = TPL },
	{ .name = "expose", .type = LIST }, { .name = "capabilities", .type = LIST },
	{ .name = "platform", .type = TPL }, { .name = "files", .type = LIST },
	{ .name = NULL },
};

static const struct key cmd_keys[] = {
	{ .name = "argv", .type = ARGS }, { .name = "sh", .type = TPL }, { .name = "words",
	    .type = TPL },
	{ .name = "when", .type = TPL }, { .name = "critical", .type = BOOL },
	{ .name = "timeout", .type = DURATION }, { .name = "cwd", .type = TPL },
	{ .name = "env", .type = MAP, .item = TPL }, { .name = "name", .type = TEXT },
	{ .name = NULL },
};

static const struct key ready_keys[] = {
	{ .name = "udp", .type = TPL }, { .name = "tcp", .type = TPL }, { .name = "file",
	    .type = TPL },
	{ .name = "log", .type = TPL }, { .name = "command", .type = ARGS },
	{ .name = "delay", .type = DURATION }, { .name = "in", .type = TPL },
	{ .name = "timeout", .type = DURATION }, { .name = "when", .type = TPL },
	{ .name = NULL },
};

static const struct key arg_keys[] = {
	{ .name = "when", .type = TPL }, { .name = "args", .type = ARGS },
	{ .name = "else", .type = ARGS },
	{ .name = "each", .type = TPL }, { .name = "as", .type = NAME },
	{ .name = "optional", .type = TPL }, { .name = "words", .type = TPL }, { .name = NULL },
};

static const struct key cache_keys[] = {
	{ .name = "inputs", .type = LIST }, { .name = "outputs", .type = LIST },
	{ .name = NULL },
};

static const struct key param_keys[] = {
	{ .name = "type", .type = ENUM, .words = "str int float bool list map any" },
	{ .name = "default", .type = ANY }, { .name = "from", .type = TPL },
	{ .name = "min", .type = ANY }, { .name = "max", .type = ANY },
	{ .name = "enum", .type = ANY }, { .name = "pattern", .type = TEXT },
	{ .name = "items", .type = ENUM, .words = "str int float bool list map any" },
	{ .name = "description", .type = TEXT }, { .name = "unit", .type = TEXT },
	{ .name = "template", .type = BOOL }, { .name = "required", .type = BOOL },
	{ .name = "wanted", .type = BOOL },
	{ .name = NULL },
};

static const struct key metric_keys[] = {
	{ .name = "name", .type = TPL }, { .name = "file", .type = TPL },
	{ .name = "matches", .type = TPL }, { .name = "json", .type = TPL },
	{ .name = "reduce", .type = ENUM, .words = "last first sum min max mean count" },
	{ .name = "scale", .type = NUMBER }, { .name = "description", .type = TEXT },
	{ .name = "when", .type = TPL }, { .name = "each", .type = TPL }, { .name = "as",
	    .type = NAME },
	{ .name = NULL },
};

static const struct key top_keys[] = {
	{ .name = "plugin", .type = NAME },
	{ .name = "kind", .type = ENUM, .words = "protocol service iut tester network_environment "
	    "execution_environment" },
	{ .name = "extends", .type = NAME },
	{ .name = "description", .type = TEXT },
	{ .name = "homepage", .type = TEXT },
	{ .name = "language", .kinds = SERVICE, .type = TEXT },
	{ .name = "protocol", .kinds = SERVICE, .type = NAMES },
	{ .name = "aliases", .kinds = ENV | BIT(PROTOCOL), .type = NAMES },
	{ .name = "versions", .kinds = RUNS, .type = OVER },
	{ .name = "default_version", .kinds = RUNS, .type = TEXT },
	{ .name = "version_configs", .kinds = SERVICE, .type = TEXT },
	{ .name = "version_config", .kinds = SERVICE, .type = VERSION },
	{ .name = "roles", .kinds = RUNS, .type = OVER },
	{ .name = "features", .kinds = RUNS, .type = MAP, .item = ANY },
	{ .name = "parameters", .type = PARAMS },
	{ .name = "binary", .kinds = SERVICE, .type = ROLES, .item = BINARY },
	{ .name = "commands", .kinds = SERVICE, .type = ROLES, .item = LINE },
	{ .name = "cwd", .kinds = SERVICE, .type = TPL },
	{ .name = "phases", .kinds = SERVICE, .type = KEYS, .keys = phase_keys },
	{ .name = "ready", .kinds = RUNS, .type = ROLES, .item = READY },
	{ .name = "stop", .kinds = RUNS, .type = KEYS, .keys = stop_keys },
	{ .name = "finite", .kinds = SERVICE, .type = ROLES, .item = BOOL },
	{ .name = "environment", .kinds = RUNS | BIT(EXECUTION), .type = MAP, .item = TPL },
	{ .name = "dirs", .kinds = SERVICE | BIT(EXECUTION), .type = LIST },
	{ .name = "files", .kinds = SERVICE, .type = LIST },
	{ .name = "compile_cache", .kinds = SERVICE, .type = KEYS, .keys = cache_keys },
	{ .name = "keylogs", .kinds = SERVICE, .type = LIST },
	{ .name = "artifacts", .kinds = SERVICE | BIT(EXECUTION), .type = LIST },
	{ .name = "requires", .type = LIST },
	{ .name = "verdict", .kinds = RUNS | BIT(EXECUTION), .type = LIST },
	{ .name = "docker", .kinds = SERVICE, .type = KEYS, .keys = docker_keys },
	{ .name = "transport", .kinds = BIT(PROTOCOL), .type = ENUM, .words = "udp tcp sctp none" },
	{ .name = "port", .kinds = BIT(PROTOCOL), .type = INT },
	{ .name = "tls", .kinds = BIT(PROTOCOL), .type = BOOL },
	{ .name = "decode", .kinds = BIT(PROTOCOL), .type = LIST },
	{ .name = "setup", .kinds = BIT(PROTOCOL) | BIT(NETWORK), .type = CMDS },
	{ .name = "teardown", .kinds = BIT(NETWORK), .type = CMDS },
	{ .name = "isolation", .kinds = BIT(NETWORK), .type = ENUM,
	    .words = "full none container simulator" },
	{ .name = "address", .kinds = BIT(NETWORK), .type = TPL },
	{ .name = "listen", .kinds = BIT(NETWORK), .type = TPL },
	{ .name = "images", .kinds = BIT(NETWORK), .type = BOOL },
	{ .name = "in_container", .kinds = BIT(NETWORK), .type = NAME },
	{ .name = "capture", .kinds = BIT(NETWORK), .type = KEYS, .keys = capture_keys },
	{ .name = "supported_by", .kinds = BIT(NETWORK), .type = NAMES },
	{ .name = "wrap", .kinds = ENV, .type = ARGS },
	{ .name = "post", .kinds = BIT(EXECUTION), .type = CMDS },
	{ .name = "metrics", .kinds = BIT(EXECUTION) | SERVICE, .type = METRICS },
	{ .name = "conflicts", .kinds = ENV, .type = NAMES },
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

static void
unknown(struct check *c, const struct pth_ynode *n, const struct key *keys)
{
	const char *names[countof(top_keys)], *near;
	size_t i, m = 0;

	for (i = 0; keys[i].name != NULL; i++) {
		if (known_kind(c, &keys[i]))
			names[m++] = keys[i].name;
		else if (strcmp(keys[i].name, n->key) == 0) {
			pth_diags_add(c->d, PTH_ERROR, n->kline, n->kcol,
			    "%s: not a key of kind %s", n->key, pth_kind_name(c->kind));
			return;
		}
	}
	near = pth_nearest(n->key, names, m);
	pth_diags_add(c->d, PTH_ERROR, n->kline, n->kcol, "unknown key '%s'%s%s%s", n->key,
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
	const struct pth_ynode *v;

	if (n->kind != PTH_YMAP) {
		pth_desc_wrong(c->d, n, "a map");
		return;
	}
	for (v = n->child; v != NULL; v = v->next) {
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

/* A template must at least parse; what its names mean is known later. */
static void
check_template(struct check *c, const struct pth_ynode *n)
{
	struct pth_template_options o = {
		.drop_last_newline = false, .line = n->line, .col = n->col + !n->plain
	};
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
		pth_diags_add(c->d, PTH_ERROR, n->line, n->col, "%s", e.text);
	pth_template_free(t);
}

static void
check_any(struct check *c, const struct pth_ynode *n)
{
	const struct pth_ynode *v;

	if (n->kind < PTH_YSEQ)
		check_template(c, n);
	for (v = n->child; v != NULL; v = v->next)
		check_any(c, v);
}

static void
check_each(struct check *c, const struct pth_ynode *n, enum type t, const char *what)
{
	const struct pth_ynode *v;

	if (n->kind != PTH_YSEQ) {
		pth_desc_wrong(c->d, n, what);
		return;
	}
	for (v = n->child; v != NULL; v = v->next)
		check(c, v, NULL, t);
}

static unsigned
count(const struct pth_ynode *map, const char *const *names, size_t n)
{
	unsigned found = 0;
	size_t i;

	for (i = 0; i < n; i++)
		found += pth_yaml_get(map, names[i]) != NULL;
	return found;
}

static void
one_of(struct check *c, const struct pth_ynode *n, const char *const *names, size_t k)
{
	struct pth_buf b = PTH_BUF_INIT;
	size_t i;

	if (n->kind != PTH_YMAP || count(n, names, k) == 1)
		return;
	for (i = 0; i < k; i++)
		pth_buf_addf(&b, "%s%s", i != 0 ? ", " : "", names[i]);
	pth_diags_add(c->d, PTH_ERROR, n->line, n->col, "must have exactly one of %s", b.s);
	pth_buf_release(&b);
}

static void
check_arg(struct check *c, const struct pth_ynode *n)
{
	static const char *const forms[] = { "when", "each", "optional", "words" };

	if (n->kind == PTH_YSEQ)
		pth_desc_wrong(
		    c->d, n, "one argument, or a map with when, each, optional or words");
	else if (n->kind == PTH_YMAP) {
		check_keys(c, n, arg_keys);
		one_of(c, n, forms, countof(forms));
	} else
		check_template(c, n);
}

static void
check_args(struct check *c, const struct pth_ynode *n)
{
	const struct pth_ynode *v;

	if (n->kind != PTH_YSEQ)
		pth_desc_wrong(c->d, n, "a list of arguments");
	else
		for (v = n->child; v != NULL; v = v->next)
			check_arg(c, v);
}

static void
check_cmd(struct check *c, const struct pth_ynode *n)
{
	static const char *const forms[] = { "argv", "sh", "words" };

	if (n->kind == PTH_YSEQ)
		check_args(c, n);
	else if (n->kind == PTH_YMAP) {
		check_keys(c, n, cmd_keys);
		one_of(c, n, forms, countof(forms));
	} else
		pth_desc_wrong(
		    c->d, n, "a command: a list of arguments, or a map with argv, sh or words");
}

static void
check_line(struct check *c, const struct pth_ynode *n)
{
	static const struct key keys[] = { { .name = "line", .type = TPL },
		{ .name = "template", .type = TEXT }, { .name = NULL } };
	static const char *const forms[] = { "line", "template" };

	if (n->kind == PTH_YMAP) {
		check_keys(c, n, keys);
		one_of(c, n, forms, countof(forms));
	} else
		check_args(c, n);
}

static void
check_ready(struct check *c, const struct pth_ynode *n)
{
	static const char *const forms[] = { "udp", "tcp", "file", "log", "command", "delay" };
	const struct pth_ynode *v;

	if (n->kind == PTH_YSEQ) {
		for (v = n->child; v != NULL; v = v->next)
			check_ready(c, v);
		return;
	}
	check_keys(c, n, ready_keys);
	one_of(c, n, forms, countof(forms));
}

static void
check_roles(struct check *c, const struct pth_ynode *n, const struct key *k)
{
	const struct pth_ynode *v;
	size_t i;
	bool by_role = n->kind == PTH_YMAP && n->child != NULL;

	for (i = 0; by_role && i < pth_nroles; i++)
		if (strncmp(n->child->key, pth_roles[i], strlen(pth_roles[i])) == 0)
			break;
	if (!by_role || i == pth_nroles) {
		check(c, n, k, k->item);
		return;
	}
	for (v = n->child; v != NULL; v = v->next) {
		size_t len = strcspn(v->key, "+");

		for (i = 0; i < pth_nroles; i++)
			if (strlen(pth_roles[i]) == len && strncmp(v->key, pth_roles[i], len) == 0)
				break;
		if (i == pth_nroles)
			pth_diags_add(c->d, PTH_ERROR, v->kline, v->kcol,
			    "unknown role '%s'; roles are server, client, peer, mitm, any", v->key);
		else if (v->kind != PTH_YNULL)
			check(c, v, k, k->item);
	}
}

/* A part of a descriptor that a version or a role lays over the whole. */
static void
check_over(struct check *c, const struct pth_ynode *n)
{
	static const char *const fixed[] = { "plugin", "kind", "extends", "versions",
		"version_configs", "aliases" };
	const struct pth_ynode *v, *k;
	size_t i;

	if (n->kind != PTH_YMAP) {
		pth_desc_wrong(c->d, n, "a map of names to overrides");
		return;
	}
	for (v = n->child; v != NULL; v = v->next) {
		if (v->kind == PTH_YNULL)
			continue;
		check_keys(c, v, top_keys);
		for (i = 0; i < countof(fixed); i++)
			if ((k = pth_yaml_get(v, fixed[i])) != NULL)
				pth_diags_add(c->d, PTH_ERROR, k->kline, k->kcol,
				    "%s: cannot be overridden here", fixed[i]);
	}
}

static void
check_params(struct check *c, const struct pth_ynode *n)
{
	static const char *const taken[] = { "name", "role", "version", "host", "target", "peer",
		"service", "services", "protocol", "record", "paths", "features", "parameters",
		"dir", "item", "index", "address", "listen", "interface", "environment",
		"service_names", "qlog_dir", "keylog", "downloads", "www", "generate_certificates",
		"program", "finite" };
	unsigned services = SERVICE;
	const struct pth_ynode *v;
	size_t i;

	if (n->kind != PTH_YMAP) {
		pth_desc_wrong(c->d, n, "a map of parameters");
		return;
	}
	for (v = n->child; v != NULL; v = v->next) {
		for (i = 0; i < countof(taken); i++)
			if ((services >> c->kind & 1) != 0 && strcmp(v->key, taken[i]) == 0)
				pth_diags_add(c->d, PTH_ERROR, v->kline, v->kcol,
				    "parameter '%s': the name is taken, pth-plugin(5)", v->key);
		if (v->kind == PTH_YMAP)
			check_keys(c, v, param_keys);
	}
}

static void
check_enum(struct check *c, const struct pth_ynode *n, const char *words)
{
	if (n->kind < PTH_YSEQ && n->text != NULL && strlen(n->text) == n->len &&
	    pth_words_have(pth_word_of(words), " ", n->text))
		return;
	pth_diags_add(c->d, PTH_ERROR, n->line, n->col, "%s: must be one of: %s", n->key, words);
}

static void
check_signal(struct check *c, const struct pth_ynode *n)
{
	const char *s = n->kind == PTH_YSTR ? n->text : "";

	if (strncmp(s, "SIG", 3) == 0)
		s += 3;
	if (strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ12") != strlen(s) || strlen(s) < 2)
		pth_diags_add(
		    c->d, PTH_ERROR, n->line, n->col, "%s: must be a signal such as INT", n->key);
}

static void
check_scalar(struct check *c, const struct pth_ynode *n, enum type t)
{
	int64_t us;

	if (n->kind >= PTH_YSEQ)
		pth_desc_wrong(c->d, n, "one value");
	else if (t == NAME && !pth_name_ok(n->text != NULL ? n->text : ""))
		pth_diags_add(c->d, PTH_ERROR, n->line, n->col,
		    "%s: must be a name of letters, digits, '.', '_' and '-'",
		    n->key != NULL ? n->key : "item");
	else if (t == BOOL && n->kind != PTH_YBOOL)
		pth_desc_wrong(c->d, n, "true or false");
	else if (t == INT && n->kind != PTH_YINT)
		pth_desc_wrong(c->d, n, "an integer");
	else if (t == NUMBER && n->kind != PTH_YINT && n->kind != PTH_YREAL)
		pth_desc_wrong(c->d, n, "a number");
	else if (t == DURATION && strstr(n->text, "{{") == NULL && !pth_duration(n->text, &us))
		pth_diags_add(c->d, PTH_ERROR, n->line, n->col,
		    "%s: must be a duration such as 5s or 250ms", n->key);
}

static void
check_metric(struct check *c, const struct pth_ynode *n)
{
	static const char *const forms[] = { "matches", "json" };
	const struct pth_ynode *m = pth_yaml_get(n, "matches");
	const char *fault;

	check_keys(c, n, metric_keys);
	if (n->kind != PTH_YMAP)
		return;
	one_of(c, n, forms, countof(forms));
	if (pth_yaml_get(n, "name") == NULL)
		pth_diags_add(c->d, PTH_ERROR, n->line, n->col, "a metric without name");
	if (m != NULL && m->kind == PTH_YSTR && strstr(m->text, "{{") == NULL &&
	    strstr(m->text, "{%") == NULL && (fault = pth_regex_fault(m->text)) != NULL)
		pth_diags_add(c->d, PTH_ERROR, m->line, m->col, "matches: %s", fault);
}

static void
check_metrics(struct check *c, const struct pth_ynode *n)
{
	const struct pth_ynode *v;

	if (n->kind != PTH_YSEQ) {
		pth_desc_wrong(c->d, n, "a list of metrics");
		return;
	}
	for (v = n->child; v != NULL; v = v->next)
		check_metric(c, v);
}

static void
check(struct check *c, const struct pth_ynode *n, const struct key *k, enum type t)
{
	const struct pth_ynode *v;

	switch (t) {
	case ANY: check_any(c, n); break;
	case TPL: check_template(c, n); break;
	case LIST: check_each(c, n, ANY, "a list"); break;
	case ARGS: check_args(c, n); break;
	case LINE: check_line(c, n); break;
	case CMD: check_cmd(c, n); break;
	case CMDS: check_each(c, n, CMD, "a list of commands"); break;
	case BINARY: check(c, n, k, n->kind == PTH_YSEQ ? ARGS : TPL); break;
	case READY: check_ready(c, n); break;
	case KEYS: check_keys(c, n, k->keys); break;
	case ROLES: check_roles(c, n, k); break;
	case OVER: check_over(c, n); break;
	case PARAMS: check_params(c, n); break;
	case METRICS: check_metrics(c, n); break;
	case VERSION: pth_version_check(n, c->d); break;
	case ENUM: check_enum(c, n, k->words); break;
	case SIGNAL: check_signal(c, n); break;
	case NAMES:
		if (n->kind == PTH_YSEQ)
			check_each(c, n, NAME, "names");
		else
			check_scalar(c, n, NAME);
		break;
	case MAP:
		if (n->kind != PTH_YMAP)
			pth_desc_wrong(c->d, n, "a map");
		for (v = n->kind == PTH_YMAP ? n->child : NULL; v != NULL; v = v->next)
			check(c, v, NULL, k->item);
		break;
	case TEXT:
	case NAME:
	case BOOL:
	case INT:
	case NUMBER:
	case DURATION: check_scalar(c, n, t);
	}
}

static void
missing(struct check *c, const struct pth_ynode *root, const char *key)
{
	const struct pth_ynode *n = pth_yaml_get(root, key);

	if (n == NULL || n->kind == PTH_YNULL)
		pth_diags_add(c->d, PTH_ERROR, root->line, root->col, "'%s' is missing", key);
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
		pth_diags_add(d, PTH_ERROR, pth_yaml_get(root, "kind")->line,
		    pth_yaml_get(root, "kind")->col, "kind: %s in the folder of kind %s", stated,
		    pth_kind_name(kind));
}

static void
check_param_whole(const struct pth_ynode *p, struct pth_diags *d)
{
	const char *pattern = pth_desc_str(p, "pattern", NULL);
	struct pth_err e;
	json_t *v;
	regex_t re;

	if (pattern != NULL &&
	    (strlen(pattern) > 1000 || pth_regex_unrolls(pattern) ||
	        regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)) {
		pth_diags_add(d, PTH_ERROR, p->line, p->col, "parameter %s: bad pattern", p->key);
		return;
	}
	if (pattern != NULL)
		regfree(&re);
	v = pth_param_default(p->key, p, &e);
	if (v == NULL)
		pth_diags_add(d, PTH_ERROR, p->line, p->col, "%s", e.text);
	json_decref(v);
}

void
pth_desc_check_whole(const struct pth_ynode *root, enum pth_kind kind, struct pth_diags *d)
{
	struct check c = { d, kind };
	const struct pth_ynode *params = pth_yaml_get(root, "parameters"), *p;

	if (kind == PTH_IUT || kind == PTH_TESTER) {
		missing(&c, root, "commands");
		missing(&c, root, "protocol");
	}
	if (kind == PTH_PROTOCOL)
		missing(&c, root, "transport");
	if (kind == PTH_NETWORK)
		missing(&c, root, "isolation");
	for (p = params != NULL ? params->child : NULL; p != NULL; p = p->next)
		if (p->kind == PTH_YMAP)
			check_param_whole(p, d);
}
