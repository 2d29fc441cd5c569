/*
 * This file makes many tests of a test with a matrix. They are the combinations of the axes
 * without those that `exclude` fits. Each item of `include` then adds its fields, as in GitHub's
 * workflows, to every combination that has the values which it gives for axes; it is a
 * combination of its own when there is none.
 */
#include "experiment/priv.h"

#include "base/cleanup.h"
#include "base/text.h"

#define VARIANTS_MAX 100000
#define AXES_MAX 16

struct matrix {
	struct pth_experiment *x;
	const struct pth_ynode *test, *node; /* the matrix itself */
	const struct pth_ynode *include, *exclude;
	const struct pth_ynode *axis[AXES_MAX];
	size_t naxes;
	bool *used;                  /* items of include that were added somewhere */
	bool *fits;                  /* items of exclude that left something out */
	const struct schema *schema; /* of a test */
	bool wrong;                  /* a field was left out */
	experiment_variant_fn *fn;
	void *arg;
};

/* One combination being made. */
struct point {
	struct pth_arena a;
	struct pth_ynode *test;
	json_t *fields;
	struct pth_buf values; /* for the name */
	bool named;            /* an item says what the test is called */
	bool left_out;         /* exclude fits it */
};

static bool
same(const struct pth_ynode *a, const struct pth_ynode *b)
{
	json_auto_t *x = pth_yaml_json(a), *y = pth_yaml_json(b);

	return json_equal(x, y) != 0;
}

static bool
is_list(const char *key)
{
	return strcmp(key, "exclude") == 0 || strcmp(key, "include") == 0;
}

/* What a matrix leaves out or adds. */
static const struct pth_ynode *
items(const struct pth_ynode *matrix, const char *key)
{
	return experiment_only(pth_yaml_get(matrix, key), PTH_YSEQ);
}

static bool
is_axis(const struct matrix *m, const char *field)
{
	for (size_t i = 0; i < m->naxes; i++)
		if (strcmp(m->axis[i]->key, field) == 0)
			return true;
	return false;
}

/* A name that was moved before the matrix is looked at. */
static void
moved_field(const struct matrix *m, const struct pth_ynode *field, const char *to)
{
	size_t n = strlen("services.");

	n += strcspn(field->key + n, ".");
	experiment_key_error(m->x, field, "matrix: there is no field %.100s to vary; write %.*s.%s",
	    field->key, (int)n, field->key, to);
}

static void
no_field(const struct matrix *m, const struct pth_ynode *field, const char *near, const char *why)
{
	experiment_key_error(m->x, field, "matrix: there is no field %.100s to vary%s%s%s%s%s",
	    field->key, *why != '\0' ? "; " : "", why, PTH_DID_YOU_MEAN(near));
}

/* Looks at every item, so that each one without use is known. */
static bool
excluded(const struct matrix *m, const struct pth_ynode *test)
{
	bool out = false;
	size_t i = 0;

	pth_yaml_foreach(e, m->exclude) {
		const struct pth_ynode *f = e->kind == PTH_YMAP ? e->child : NULL, *v;
		bool all = f != NULL;

		while (f != NULL && (v = experiment_at(test, f->key)) != NULL && same(v, f))
			f = f->next;
		all = all && f == NULL;
		m->fits[i++] |= all;
		out |= all;
	}
	return out;
}

static const char *
nearest_child(const struct schema *s, const struct pth_ynode *n, const char *name)
{
	const char *names[100];
	size_t k = 0;

	for (const struct schema *c = s->child; c != NULL && k < countof(names); c = c->next)
		names[k++] = c->name;
	pth_yaml_foreach(c, s->any != NULL && k < countof(names) ? n : NULL)
		if (k < countof(names))
			names[k++] = c->key;
	return strlen(name) < 60 ? pth_nearest(name, names, k) : NULL;
}

/* The schema of what stands at a segment of a path; NULL: nothing may, and why says more. n is
 * what stands before it, or NULL. */
static const struct schema *
field_step(const struct schema *s, const struct pth_ynode *n, const char *name, bool last,
    const char **why)
{
	const struct schema *c = experiment_schema_child(s, name);
	bool all = strcmp(name, "*") == 0;
	long long i;

	if (n != NULL && n->kind == PTH_YSEQ) {
		c = s->item;
		if (!all && !pth_int(name, 0, n->n, &i))
			*why = "the list has no such item";
	} else if (c == NULL && s->item != NULL) {
		*why = "the test has no such list";
	} else if (c != NULL && c == s->any && (c->key->flags & F_NEED) != 0 && !last && !all &&
	    pth_yaml_get(n, name) == NULL) {
		/* A value is for what is there, but a whole service may come from a matrix. */
		*why = "the test has no service of this name";
	}
	return **why == '\0' ? c : NULL;
}

/* Does the path lead to something that a test may have? What is read before the matrix cannot
 * vary. Below maps that are open plugins say what there may be. */
static bool
known_field(const struct matrix *m, const struct pth_ynode *field)
{
	const struct schema *s = m->schema, *c;
	const struct pth_ynode *n = m->test;
	pth_auto_str whole = pth_xstrdup(field->key);
	char *name = whole, *next;
	const char *why = "";

	for (; name != NULL; name = next, s = c) {
		next = strchr(name, '.');
		if (next != NULL)
			*next++ = '\0';
		c = field_step(s, n, name, next == NULL, &why);
		if (c == NULL && *why == '\0' && (s->key->flags & F_OPEN) != 0)
			return true;
		if (c != NULL && (c->key->flags & F_MOVED) != 0) {
			moved_field(m, field, c->key->values);
			return false;
		}
		if (c != NULL && (c->key->types & T_ANY) != 0)
			return true;
		if (c != NULL && strcmp(c->key->path, "tests[].seeds") == 0) {
			no_field(m, field, NULL, "write seed");
			return false;
		}
		if (c == NULL || strcmp(c->key->path, "tests[].matrix") == 0 ||
		    strcmp(name, "include") == 0) {
			no_field(m, field, nearest_child(s, n, name), why);
			return false;
		}
		n = strcmp(name, "*") != 0 ? experiment_at(n, name) : n != NULL ? n->child : NULL;
	}
	return true;
}

/* The matrix with its paths in one form, so that they can be compared, and without those that
 * lead nowhere. depth 0: the matrix, 1: a list in it, 2: an item of that. */
static struct pth_ynode *
plain_paths(struct matrix *m, const struct pth_ynode *n, unsigned depth)
{
	struct pth_ynode *out = experiment_copy(&m->x->a, n), **tail = &out->child, *v;

	out->n = 0;
	pth_yaml_foreach(c, n) {
		bool list = depth == 0 && is_list(c->key);

		v = list || (depth == 1 && c->kind == PTH_YMAP) ? plain_paths(m, c, list ? 1 : 2) :
		                                                  experiment_copy(&m->x->a, c);
		if (depth != 1 && !list) {
			v->key = experiment_path(&m->x->a, c->key);
			if (!known_field(m, v)) {
				m->wrong = true;
				continue;
			}
		}
		*tail = v;
		tail = &v->next;
		out->n++;
	}
	*tail = NULL;
	return out;
}

/* Is the path of a within that of b, or the same? An asterisk is any name. */
static bool
within(const char *a, const char *b)
{
	while (*a != '\0' && *b != '\0') {
		size_t n = strcspn(a, "."), k = strcspn(b, ".");

		if (*a != '*' && *b != '*' && (n != k || memcmp(a, b, n) != 0))
			return false;
		a += n + (a[n] == '.');
		b += k + (b[k] == '.');
	}
	return *b == '\0';
}

/* What is set later must not replace what was set before: the test would be said to have a
 * value that it does not have. */
static bool
replaces(const struct matrix *m, const struct pth_ynode *field)
{
	for (size_t i = 0; i < m->naxes; i++)
		if (within(m->axis[i]->key, field->key)) {
			experiment_key_error(m->x, field, "matrix: %.100s replaces %.100s above",
			    field->key, m->axis[i]->key);
			return true;
		}
	return false;
}

/* May the fields of include be set beside the axes? */
static bool
may_include(const struct matrix *m)
{
	bool ok = true;

	pth_yaml_foreach(item, m->include)
		pth_yaml_foreach(f, experiment_only(item, PTH_YMAP))
			if (!is_axis(m, f->key) && replaces(m, f))
				ok = false;
	return ok;
}

/* Files with versions are read before a matrix is. */
static bool
names_file(const struct matrix *m, const struct pth_ynode *field)
{
	const char *last = strrchr(field->key, '.');

	if (last == NULL || strcmp(last, ".version_config") != 0)
		return false;
	pth_yaml_foreach(v, field)
		if (v->kind == PTH_YSTR && pth_glob("*.yaml", v->text)) {
			experiment_error(m->x, v,
			    "version_config: a file is read before a matrix is; write here what is "
			    "in it");
			return true;
		}
	return false;
}

/* The axes; false when something is wrong with them. */
static bool
axes(struct matrix *m, double *points)
{
	*points = 1;
	pth_yaml_foreach(c, m->node) {
		if (is_list(c->key))
			continue;
		if (c->kind != PTH_YSEQ || c->n == 0 || m->naxes == AXES_MAX) {
			if (c->kind == PTH_YSEQ)
				experiment_error(m->x, c,
				    m->naxes == AXES_MAX ? "more than 16 fields" : "no values");
			return false;
		}
		if (replaces(m, c) || names_file(m, c))
			return false;
		m->axis[m->naxes++] = c;
		*points *= c->n;
	}
	if (!may_include(m))
		return false;
	if (m->naxes > 0)
		return true;
	*points = 0;
	if (m->include != NULL && m->include->n != 0)
		return true;
	if (!m->wrong)
		experiment_key_error(m->x, m->node, "matrix: no fields to vary");
	return false;
}

/* The name of one point: "base [a, b]", cut when it is too long for a name. */
static void
add_name(struct pth_arena *a, struct pth_ynode **test, const struct pth_buf *values)
{
	const struct pth_ynode *old = pth_yaml_get(*test, "name");
	struct pth_ynode name;
	pth_auto_buf b = PTH_BUF_INIT;

	if (old == NULL || old->kind == PTH_YSEQ || old->kind == PTH_YMAP)
		return;
	pth_buf_addf(&b, "%s [%s]", old->text, values->s);
	if (b.len > NAME_MAX_BYTES && old->len < NAME_MAX_BYTES - 10) {
		size_t end = NAME_MAX_BYTES - 4;

		while ((b.s[end] & 0xc0) == 0x80)
			end--;
		pth_buf_cut(&b, end);
		pth_buf_adds(&b, "...]");
	}
	name = *old;
	name.kind = PTH_YSTR;
	name.text = pth_arena_strn(a, b.s, b.len);
	name.len = b.len;
	*test = experiment_set(a, *test, "name", &name);
}

static bool
set(struct matrix *m, struct point *p, const struct pth_ynode *field, const struct pth_ynode *v)
{
	p->test = experiment_set(&p->a, p->test, field->key, v);
	if (p->test == NULL)
		experiment_key_error(m->x, field, "there is no field %.100s to vary", field->key);
	return p->test != NULL;
}

/* The field's value is part of the record, and of the name when that is wanted. */
static void
note(struct point *p, const struct pth_ynode *field, const struct pth_ynode *value, bool name)
{
	json_t *v = value->remark != NULL ? json_stringn_nocheck(value->text, value->len) :
	                                    experiment_written(value);

	if (name && p->values.len != 0)
		pth_buf_adds(&p->values, ", ");
	if (name && json_is_string(v))
		pth_buf_adds(&p->values, json_string_value(v));
	else if (name)
		pth_json_dump(&p->values, v);
	pth_json_set(p->fields, field->key, v);
}

/* The value of an axis in a combination; the last axis turns fastest. */
static const struct pth_ynode *
value_at(const struct matrix *m, size_t axis, long at)
{
	const struct pth_ynode *v = m->axis[axis]->child;

	for (size_t i = m->naxes; --i > axis;)
		at /= m->axis[i]->n;
	for (long k = at % m->axis[axis]->n; k > 0; k--)
		v = v->next;
	return v;
}

static bool
begin(struct matrix *m, struct point *p, long at)
{
	*p = (struct point){ .fields = json_object() };
	p->test = experiment_without(&p->a, m->test, "matrix");
	for (size_t i = 0; at >= 0 && i < m->naxes; i++)
		if (!set(m, p, m->axis[i], value_at(m, i, at)))
			return false;
	return true;
}

static int
finish(struct matrix *m, struct point *p, bool ok)
{
	int r = ok ? 0 : -1;

	if (ok && !p->named && !p->left_out)
		add_name(&p->a, &p->test, &p->values);
	if (ok && !p->left_out)
		r = m->fn(m->x, p->test, p->fields, m->arg);
	json_decref(p->fields);
	pth_buf_release(&p->values);
	pth_arena_release(&p->a);
	return r;
}

/* Does the combination have the values that the item gives for axes? */
static bool
belongs(const struct matrix *m, const struct point *p, const struct pth_ynode *item)
{
	pth_yaml_foreach(f, item) {
		const struct pth_ynode *v = is_axis(m, f->key) ? experiment_at(p->test, f->key) : f;

		if (v == NULL || !same(v, f))
			return false;
	}
	return true;
}

/* The item's fields, those of the axes too when it stands alone. */
static bool
add_item(struct matrix *m, struct point *p, const struct pth_ynode *item, bool alone)
{
	pth_yaml_foreach(f, item) {
		if (!alone && is_axis(m, f->key))
			continue;
		if (!set(m, p, f, f))
			return false;
		p->named |= strcmp(f->key, "name") == 0;
	}
	pth_yaml_foreach(f, item)
		if (alone || !is_axis(m, f->key))
			note(p, f, f, alone);
	return true;
}

static int
combination(struct matrix *m, long at)
{
	struct point p;
	bool ok = begin(m, &p, at);
	size_t i = 0;

	p.left_out = ok && excluded(m, p.test);
	for (size_t k = 0; ok && k < m->naxes; k++)
		note(&p, m->axis[k], value_at(m, k, at), true);
	pth_yaml_foreach(item, ok && !p.left_out ? m->include : NULL) {
		bool here = ok && item->kind == PTH_YMAP && belongs(m, &p, item);

		m->used[i++] |= here;
		ok = here ? add_item(m, &p, item, false) : ok;
	}
	return finish(m, &p, ok);
}

static int
alone(struct matrix *m, const struct pth_ynode *item)
{
	struct point p;
	bool ok = begin(m, &p, -1) && item->kind == PTH_YMAP && add_item(m, &p, item, true);

	return finish(m, &p, ok);
}

static int
each(struct matrix *m, double points)
{
	size_t k = 0;
	int r;

	for (long i = 0; i < (long)points; i++)
		if ((r = combination(m, i)) != 0)
			return r;
	pth_yaml_foreach(item, m->include)
		if (!m->used[k++] && (r = alone(m, item)) != 0)
			return r;
	return 0;
}

static bool *
flags(double n)
{
	bool *v = pth_xarray(NULL, (size_t)n + 1, sizeof *v);

	memset(v, 0, (size_t)n + 1);
	return v;
}

/* Says which items of exclude left nothing out. */
static void
say_unused(const struct matrix *m)
{
	size_t i = 0;

	pth_yaml_foreach(e, m->exclude)
		if (!m->fits[i++])
			experiment_warn(m->x, e, "exclude: no combination has these values");
}

/* -1 when the matrix is wrong (which was said), else what fn returned last;
 * fn's non-zero ends it. */
int
experiment_variants(
    struct pth_experiment *x, const struct pth_ynode *test, experiment_variant_fn *fn, void *arg)
{
	struct matrix m = { .x = x, .test = test, .fn = fn, .arg = arg };
	const struct pth_ynode *node = pth_yaml_get(test, "matrix");
	double points, more;
	int r;

	if (node == NULL || node->kind != PTH_YMAP)
		return fn(x, test, NULL, arg);
	m.schema = experiment_schema_at(x->schema, "tests.[]");
	m.node = plain_paths(&m, node, 0);
	m.include = items(m.node, "include");
	m.exclude = items(m.node, "exclude");
	if (!axes(&m, &points))
		return -1;
	more = m.include != NULL ? m.include->n : 0;
	if (points + more > VARIANTS_MAX || points * more > 10.0 * VARIANTS_MAX) {
		experiment_key_error(x, m.node, "%.0f combinations; at most %d are made",
		    points + more, VARIANTS_MAX);
		return -1;
	}
	m.used = flags(more);
	m.fits = flags(m.exclude != NULL ? m.exclude->n : 0);
	r = each(&m, points);
	if (r == 0 && !m.wrong)
		say_unused(&m);
	free(m.used);
	free(m.fits);
	return r;
}
