/*
 * This file puts an experiment together from files and what they include, variables of the
 * environment, and options. Every node knows its source, so that a message names the right place.
 */
#include "experiment/priv.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "io/event.h"
#include "io/file.h"
#include "io/placeholder.h"

#define FILE_MAX (64u << 20)
#define INCLUDE_DEPTH 16

/* Register a source, name copied; NULL when there are too many. */
static struct source *
add_source(struct pth_experiment *x, const char *name)
{
	struct source *s;

	if (x->nsrc == SOURCES_MAX)
		return NULL;
	s = pth_xmalloc(sizeof *s);
	*s = (struct source){ .name = pth_xstrdup(name) };
	pth_diags_init(&s->d, s->name);
	x->src[x->nsrc++] = s;
	return s;
}

/* ---- diagnostics */

static void
say(struct pth_experiment *x, enum pth_severity sev, unsigned file, unsigned line, unsigned col,
    const char *fmt, va_list ap)
{
	pth_auto_buf raw = PTH_BUF_INIT, utf8 = PTH_BUF_INIT, text = PTH_BUF_INIT;

	/* The message may quote anything from the file, cut anywhere. */
	pth_buf_vaddf(&raw, fmt, ap);
	pth_utf8_clean(&utf8, raw.s, raw.len);
	pth_show(&text, utf8.s, 2000);
	pth_diags_add(&x->src[file]->d, sev, line, col, "%s", text.s);
	if (sev == PTH_ERROR && x->now != NULL && x->now->text == NULL)
		*x->now = (struct fault){ pth_xstrdup(text.s), file, line, col };
}

/* Nodes are not changed but for this; what is said of a node that aliases share is said of it
 * in each place. */
static void
mark_wrong(const struct pth_ynode *n, enum pth_severity sev)
{
	if (sev == PTH_ERROR && n->mark == MARK_NONE)
		((struct pth_ynode *)(uintptr_t)n)->mark = MARK_WRONG;
}

#define SAY(name, sev, l, c)                                                                 \
	void name(struct pth_experiment *x, const struct pth_ynode *n, const char *fmt, ...) \
	{                                                                                    \
		va_list ap;                                                                  \
                                                                                             \
		va_start(ap, fmt);                                                           \
		say(x, sev, n->file, l, c, fmt, ap);                                         \
		mark_wrong(n, sev);                                                          \
		va_end(ap);                                                                  \
	}

SAY(experiment_error, PTH_ERROR, n->line, n->col)
SAY(experiment_warn, PTH_WARNING, n->line, n->col)
SAY(experiment_key_error, PTH_ERROR, n->key ? n->kline : n->line, n->key ? n->kcol : n->col)
SAY(experiment_key_warn, PTH_WARNING, n->key ? n->kline : n->line, n->key ? n->kcol : n->col)

size_t
experiment_errors(const struct pth_experiment *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->nsrc; i++)
		n += x->src[i]->d.errors + x->src[i]->broken;
	return n;
}

/* The same problem is met again in aliases and in matrix points: show it once. */
static void
drop_repeated(struct pth_diags *d)
{
	size_t n = 0;

	pth_diags_sort(d);
	for (size_t i = 0; i < d->n; i++) {
		const struct pth_diag *v = &d->v[i];
		bool seen = false;

		for (size_t j = n;
		     j-- > 0 && !seen && d->v[j].line == v->line && d->v[j].col == v->col;)
			seen = (strcmp(d->v[j].text, v->text) == 0);
		if (!seen) {
			d->v[n++] = *v;
			continue;
		}
		free(v->text);
		*(v->severity == PTH_ERROR ? &d->errors : &d->warnings) -= 1;
	}
	d->n = n;
}

static void
print_plain(struct pth_diags *d, bool strict, FILE *fp)
{
	for (size_t i = 0; i < d->n; i++)
		fprintf(fp, "%s:%u:%u: %s: %s\n", d->file, d->v[i].line, d->v[i].col,
		    strict || d->v[i].severity == PTH_ERROR ? "error" : "warning", d->v[i].text);
}

int
pth_experiment_report(struct pth_experiment *x, bool strict, FILE *plain)
{
	int code = PTH_OK, broken = 0;

	for (size_t i = 0; i < x->nsrc; i++) {
		struct pth_diags *d = &x->src[i]->d;

		drop_repeated(d);
		if (plain != NULL)
			print_plain(d, strict, plain);
		else
			pth_diags_print(d, strict);
		if (d->errors != 0 || (strict && d->warnings != 0))
			code = PTH_INPUT;
		broken |= x->src[i]->broken;
	}
	return broken != 0 ? PTH_SYSTEM : code;
}

/* ---- files */

static void
mark_file(struct pth_ynode *n, unsigned char file)
{
	n->file = file;
	for (struct pth_ynode *c = n->child; c != NULL; c = c->next)
		mark_file(c, file);
}

/* The tree of a source's text, which is given up; or NULL. */
static struct pth_ynode *
parse_source(struct pth_experiment *x, struct source *s)
{
	struct pth_ynode *n;
	size_t i = 0;

	pth_buf_adds(&s->text, "");
	n = pth_yaml_try(s->text.s, s->text.len, &x->a, &s->d);

	while (x->src[i] != s)
		i++;
	if (n != NULL && i != 0)
		mark_file(n, (unsigned char)i);
	x->placeholders |= strstr(s->text.s, "${") != NULL ||
	    pth_placeholder_find(s->text.s) != NULL;
	pth_buf_release(&s->text);
	return n;
}

struct pth_ynode *
experiment_read(struct pth_experiment *x, const char *path)
{
	struct source *s = add_source(x, path);
	struct pth_err e;

	if (s == NULL)
		return NULL;
	if (pth_file_read_named(s->name, FILE_MAX, &s->text, &e) < 0) {
		pth_diags_add(
		    &s->d, PTH_ERROR, 1, 1, "%s", e.error != 0 ? strerror(e.error) : e.text);
		return NULL;
	}
	return parse_source(x, s);
}

static char *
beside(const char *file, const char *name)
{
	const char *slash = strrchr(file, '/');
	struct pth_buf b = PTH_BUF_INIT;

	if (slash != NULL && name[0] != '/')
		pth_buf_add(&b, file, (size_t)(slash - file) + 1);
	pth_buf_adds(&b, name);
	return pth_buf_take(&b);
}

static struct pth_ynode *includes(
    struct pth_experiment *x, struct pth_ynode *map, unsigned depth, bool top);

static struct pth_ynode *
include_file(struct pth_experiment *x, const struct pth_ynode *at, unsigned depth, bool top)
{
	pth_auto_str path = beside(x->src[at->file]->name, at->text);
	struct source *s = depth < INCLUDE_DEPTH ? add_source(x, path) : NULL;
	struct pth_ynode *n = NULL;
	struct pth_err e;

	if (s == NULL) {
		experiment_error(x, at, "too many files included, or a file that includes itself");
		return NULL;
	}
	if (pth_file_read_named(s->name, FILE_MAX, &s->text, &e) < 0) {
		experiment_error(x, at, "%s: %s", at->key != NULL ? at->key : "include", e.text);
		return NULL;
	}
	n = parse_source(x, s);
	if (n != NULL && n->kind != PTH_YMAP) {
		experiment_error(
		    x, n, "an included file must be a map, not %s", pth_ykind_a(n->kind));
		return NULL;
	}
	return n != NULL ? includes(x, n, depth + 1, top) : NULL;
}

/* Tests of the included file first, then our own. */
static struct pth_ynode *
join_tests(struct pth_experiment *x, const struct pth_ynode *base, const struct pth_ynode *over)
{
	struct pth_ynode *a = pth_yaml_get(base, "tests"), *b = pth_yaml_get(over, "tests");
	struct pth_ynode *list, **tail;

	if (a == NULL || b == NULL || a->kind != PTH_YSEQ || b->kind != PTH_YSEQ)
		return NULL;
	list = experiment_copy(&x->a, b);
	list->n = a->n + b->n;
	tail = &list->child;
	pth_yaml_foreach(c, a) {
		*tail = experiment_copy(&x->a, c);
		tail = &(*tail)->next;
	}
	*tail = b->child;
	return list;
}

static struct pth_ynode *
merge_file(struct pth_experiment *x, struct pth_ynode *base, const struct pth_ynode *over, bool top)
{
	struct pth_ynode *tests = top && base != NULL ? join_tests(x, base, over) : NULL;
	struct pth_ynode *out = base != NULL ? experiment_merge(&x->a, base, over) :
	                                       experiment_copy(&x->a, over);

	return tests != NULL ? experiment_set(&x->a, out, "tests", tests) : out;
}

/* A map with its include: resolved. */
static struct pth_ynode *
includes(struct pth_experiment *x, struct pth_ynode *map, unsigned depth, bool top)
{
	const struct pth_ynode *inc = pth_yaml_get(map, "include"), *f;
	struct pth_ynode *base = NULL, *n;

	if (inc == NULL || (inc->kind != PTH_YSEQ && !experiment_scalar(inc)))
		return map;
	for (f = inc->kind == PTH_YSEQ ? inc->child : inc; f != NULL;
	     f = inc->kind == PTH_YSEQ ? f->next : NULL) {
		if (!experiment_scalar(f)) {
			experiment_error(x, f, "include: expected the name of a file");
			continue;
		}
		n = include_file(x, f, depth, top);
		if (n != NULL)
			base = merge_file(x, base, n, top);
	}
	return merge_file(x, base, experiment_without(&x->a, map, "include"), top);
}

/* implementation.version_config may name a file: what is in it stands there. */
static void
version_file(struct pth_experiment *x, unsigned test, const struct pth_ynode *service)
{
	const struct pth_ynode *n = pth_yaml_get(
	    pth_yaml_get(service, "implementation"), "version_config");
	struct pth_ynode *file;
	char path[300];

	if (n == NULL || n->kind != PTH_YSTR || n->len < 6 ||
	    strcmp(n->text + n->len - 5, ".yaml") != 0)
		return;
	file = include_file(x, n, 0, false);
	if (file == NULL)
		return;
	snprintf(path, sizeof path, "tests.%u.services.%s.implementation.version_config", test,
	    service->key);
	x->root = experiment_set(&x->a, x->root, path, file);
}

static bool
has_place(const struct pth_ynode *s)
{
	return s->key != NULL && strlen(s->key) <= 63 && strchr(s->key, '.') == NULL;
}

/* Resolve `include` in tests and in services. */
static void
inner_includes(struct pth_experiment *x)
{
	const struct pth_ynode *tests = pth_yaml_get(x->root, "tests");
	char path[300];
	unsigned i = 0;

	pth_yaml_foreach(t, tests) {
		const struct pth_ynode *test = experiment_named(
		    x, includes(x, (struct pth_ynode *)t, 0, false));
		struct pth_ynode *whole;

		snprintf(path, sizeof path, "tests.%u", i);
		if (test != t)
			x->root = experiment_set(&x->a, x->root, path, test);
		pth_yaml_foreach(s, pth_yaml_get(test, "services")) {
			if (!has_place(s))
				continue;
			whole = includes(x, (struct pth_ynode *)s, 0, false);
			snprintf(path, sizeof path, "tests.%u.services.%s", i, s->key);
			if (whole != s)
				x->root = experiment_set(&x->a, x->root, path, whole);
			version_file(x, i, whole);
		}
		i++;
	}
}

/* ---- options and variables */

static void
override(struct pth_experiment *x, const char *name, const char *path, const char *value)
{
	struct source *s = add_source(x, name);
	struct pth_ynode *v, *root;

	if (s == NULL) {
		pth_diags_add(&x->src[0]->d, PTH_ERROR, 1, 1, "too many files and options");
		return;
	}
	pth_buf_adds(&s->text, *value != '\0' ? value : "''");
	v = parse_source(x, s);
	if (v == NULL)
		return;
	root = experiment_set(&x->a, x->root, path, v);
	if (root != NULL)
		x->root = root;
	else
		pth_diags_add(
		    &s->d, PTH_ERROR, 1, 1, "there is no place %.200s in the experiment", path);
}

static void
variables(struct pth_experiment *x)
{
	static const struct {
		const char *name, *path;
	} vars[] = {
		{ "LOG_LEVEL", "logging.level" },
		{ "OUTPUT_DIR", "paths.output_dir" },
		{ "PLUGIN_DIR", "paths.plugin_dir" },
		{ "BUILD_IMAGES", "docker.force_build_docker_image" },
		{ "FAST_FAIL", "fast_fail.enabled" },
	};
	char name[40];

	for (size_t i = 0; i < countof(vars); i++) {
		snprintf(name, sizeof name, "PTH_%s", vars[i].name);
		if (getenv(name) == NULL)
			snprintf(name, sizeof name, "PANTHER_%s", vars[i].name);
		if (getenv(name) != NULL && *getenv(name) != '\0')
			override(x, name, vars[i].path, getenv(name));
	}
}

static void
options(struct pth_experiment *x, const struct pth_override *o, size_t n)
{
	pth_auto_buf b = PTH_BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		pth_buf_cut(&b, 0);
		pth_buf_addf(&b, "-s %s", o[i].path);
		override(x, b.s, o[i].path, o[i].value);
	}
}

/* ---- the whole */

static void
set_run(struct pth_experiment *x, const char *path)
{
	const char *name = experiment_text(pth_yaml_get(x->root, "metadata"), "name", NULL);
	const char *stem = pth_base_name(path), *dot = strrchr(stem, '.');
	pth_auto_str whole = NULL;
	struct pth_buf b = PTH_BUF_INIT;

	if (name == NULL && strcmp(path, "-") == 0)
		name = "stdin";
	if (name == NULL && dot != NULL && dot > stem)
		name = whole = pth_xstrndup(stem, (size_t)(dot - stem));
	pth_name_from(&b, name != NULL ? name : stem, 60);
	x->run = pth_buf_take(&b);
}

static int
check_variant(struct pth_experiment *x, const struct pth_ynode *test, json_t *point, void *arg)
{
	const struct schema *s = arg;

	(void)point;
	experiment_check(x, s, test, "test");
	experiment_rules(x, test);
	x->total += test->kind == PTH_YMAP ? experiment_iterations(test) : 0;
	return 0;
}

#define TESTS_MAX 1000000

/* Is there a test of this name before it? */
static void
check_test_name(
    struct pth_experiment *x, const struct schema *schema, const struct pth_ynode *t, json_t *names)
{
	const struct pth_ynode *name = pth_yaml_get(t, "name");
	const char *s = experiment_word(schema, t, "name");
	const json_t *first = json_object_get(names, s);

	if (first != NULL)
		experiment_error(x, name != NULL ? name : t,
		    "a second test with the name '%.200s', first on line %d", s,
		    (int)json_integer_value(first));
	else
		pth_json_set(names, s, json_integer(name != NULL ? name->line : t->line));
}

static void
check_test(struct pth_experiment *x, const struct schema *schema, const struct pth_ynode *t)
{
	const struct pth_ynode *matrix = t->kind == PTH_YMAP ? pth_yaml_get(t, "matrix") : NULL;
	long before = x->total;

	if (experiment_variants(x, t, check_variant, (void *)(uintptr_t)schema) < 0)
		experiment_check(x, schema, t, "test");
	else if (experiment_given(matrix) && x->total > before)
		experiment_check(x, experiment_schema_child(schema, "matrix"), matrix, "matrix");
	else if (t->kind == PTH_YMAP && x->total == before)
		experiment_error(x, matrix, "matrix: everything is excluded");
}

static void
check_tests(struct pth_experiment *x, const struct pth_ynode *tests)
{
	const struct schema *schema = experiment_schema_at(x->schema, "tests.[]");
	json_auto_t *names = json_object();
	size_t i = 0;

	x->bad = pth_xarray(NULL, tests->n, sizeof *x->bad);
	memset(x->bad, 0, tests->n * sizeof *x->bad);
	pth_yaml_foreach(t, tests) {
		x->now = &x->bad[i++];
		if (t->kind == PTH_YMAP)
			check_test_name(x, schema, t, names);
		check_test(x, schema, t);
		if (x->total > TESTS_MAX) {
			experiment_error(x, t, "more than %d tests", TESTS_MAX);
			x->others++;
			break;
		}
	}
	x->now = NULL;
}

static void
check_all(struct pth_experiment *x)
{
	const struct pth_ynode *tests = pth_yaml_get(x->root, "tests");
	const struct pth_ynode *old = experiment_at(x->root, "docker.build_docker_image");

	experiment_check(x, x->schema->root, x->root, "experiment");
	if (old != NULL)
		experiment_key_warn(
		    x, old, "build_docker_image is the old name of force_build_docker_image");
	if (tests == NULL && (old = experiment_at(x->root, "test_suite.tests")) != NULL)
		experiment_key_error(x, old,
		    "tests below test_suite are not read, by PANTHER neither; write 'tests' at the "
		    "top");
	if (tests == NULL)
		return;
	if (tests->kind != PTH_YSEQ && !experiment_said(tests))
		experiment_error(
		    x, tests, "tests: %s; expected a list of tests", pth_ykind_a(tests->kind));
	else if (tests->n == 0 && !experiment_said(tests))
		experiment_error(x, tests, "tests: an empty list; expected at least one test");
	x->others = experiment_errors(x);
	if (tests->kind == PTH_YSEQ && tests->n != 0)
		check_tests(x, tests);
}

/* The settings, without what is wrong in them. */
static json_t *
settings(struct pth_experiment *x)
{
	pth_auto_buf path = PTH_BUF_INIT;

	if (x->others == 0)
		return experiment_settings(x, x->root);
	return experiment_settings(
	    x, experiment_sound(&x->a, experiment_without(&x->a, x->root, "tests"), &path, NULL));
}

static void
complete(struct pth_experiment *x, const char *path, const struct pth_override *o, size_t n,
    bool use_env)
{
	x->root = parse_source(x, x->src[0]);
	if (x->root == NULL)
		return;
	if (x->root->kind != PTH_YMAP) {
		experiment_error(x, x->root, "not an experiment: %s; expected a map with 'tests'",
		    pth_ykind_a(x->root->kind));
		return;
	}
	x->root = includes(x, x->root, 0, true);
	inner_includes(x);
	if (use_env)
		experiment_config(x);
	if (use_env)
		variables(x);
	options(x, o, n);
	if (x->placeholders)
		experiment_interpolate(x);
	experiment_shape(x);
	set_run(x, path);
	check_all(x);
	experiment_idle(x);
	if (x->bad != NULL)
		x->settings = settings(x);
}

static struct pth_experiment *
new_experiment(const char *path)
{
	struct pth_experiment *x = pth_xmalloc(sizeof *x);

	*x = (struct pth_experiment){ .schema = experiment_schema_new() };
	x->now = &x->other;
	add_source(x, strcmp(path, "-") != 0 ? path : "stdin");
	return x;
}

struct pth_experiment *
pth_experiment_parse(const char *path, const char *text, size_t len, const struct pth_override *o,
    size_t n, bool use_env)
{
	struct pth_experiment *x = new_experiment(path);

	pth_buf_add(&x->src[0]->text, text, len);
	complete(x, path, o, n, use_env);
	return x;
}

struct pth_experiment *
pth_experiment_common(const struct pth_override *o, size_t n)
{
	static const char nothing[] = "{}";

	return pth_experiment_parse("settings", nothing, strlen(nothing), o, n, true);
}

struct pth_experiment *
pth_experiment_load(const char *path, const struct pth_override *o, size_t n, bool use_env)
{
	struct pth_experiment *x = new_experiment(path);
	struct pth_err e;

	if (pth_file_read(path, FILE_MAX, &x->src[0]->text, &e) < 0) {
		/* The name stands before the message anyway. */
		pth_diags_add(&x->src[0]->d, PTH_ERROR, 1, 1, "%s",
		    e.error != 0 ? strerror(e.error) : e.text);
		x->src[0]->broken = e.code == PTH_SYSTEM || e.error != 0;
		return x;
	}
	complete(x, path, o, n, use_env);
	return x;
}

void
pth_experiment_free(struct pth_experiment *x)
{
	for (size_t i = 0; i < x->nsrc; i++) {
		pth_diags_release(&x->src[i]->d);
		pth_buf_release(&x->src[i]->text);
		free(x->src[i]->name);
		json_decref(x->src[i]->idle);
		free(x->src[i]);
	}
	experiment_schema_free(x->schema);
	json_decref(x->settings);
	for (size_t i = 0; x->bad != NULL && i < pth_yaml_get(x->root, "tests")->n; i++)
		free(x->bad[i].text);
	pth_arena_release(&x->a);
	free(x->other.text);
	free(x->ports);
	free(x->bad);
	free(x->run);
	free(x);
}

long
pth_experiment_count(const struct pth_experiment *x)
{
	return experiment_errors(x) != 0 ? 0 : x->total;
}

const json_t *
pth_experiment_settings(const struct pth_experiment *x)
{
	return x->settings;
}

const char *
pth_experiment_run(const struct pth_experiment *x)
{
	return x->run != NULL ? x->run : "";
}
