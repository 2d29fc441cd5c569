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
	const struct pth_ynode *include;
	const struct pth_ynode *axis[AXES_MAX];
	size_t naxes;
	bool *used; /* items of include that were added somewhere */
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

/* What a matrix leaves out or adds. */
static const struct pth_ynode *
items(const struct pth_ynode *matrix, const char *key)
{
	return experiment_only(pth_yaml_get(matrix, key), PTH_YSEQ);
}

static bool
excluded(const struct pth_ynode *matrix, const struct pth_ynode *test)
{
	pth_yaml_foreach(e, items(matrix, "exclude")) {
		const struct pth_ynode *f = e->kind == PTH_YMAP ? e->child : NULL, *v;

		if (f == NULL)
			continue;
		while (f != NULL && (v = experiment_at(test, f->key)) != NULL && same(v, f))
			f = f->next;
		if (f == NULL)
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
		if (strcmp(c->key, "exclude") == 0 || strcmp(c->key, "include") == 0)
			continue;
		if (c->kind != PTH_YSEQ || c->n == 0 || m->naxes == AXES_MAX) {
			if (c->kind == PTH_YSEQ)
				experiment_error(m->x, c,
				    m->naxes == AXES_MAX ? "more than 16 fields" : "no values");
			return false;
		}
		m->axis[m->naxes++] = c;
		*points *= c->n;
	}
	if (m->naxes > 0)
		return true;
	*points = 0;
	if (m->include != NULL && m->include->n != 0)
		return true;
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
note(struct point *p, const char *field, bool name)
{
	const struct pth_ynode *n = experiment_at(p->test, field);
	json_t *v = n != NULL ? pth_yaml_json(n) : json_null();

	if (name && p->values.len != 0)
		pth_buf_adds(&p->values, ", ");
	if (name && json_is_string(v))
		pth_buf_adds(&p->values, json_string_value(v));
	else if (name)
		pth_json_dump(&p->values, v);
	pth_json_set(p->fields, field, v);
}

static bool
begin(struct matrix *m, struct point *p, long at)
{
	*p = (struct point){ .fields = json_object() };
	p->test = experiment_without(&p->a, m->test, "matrix");
	/* The last axis turns fastest. */
	for (size_t i = m->naxes; at >= 0 && i-- > 0; at /= m->axis[i]->n) {
		const struct pth_ynode *v = m->axis[i]->child;

		for (long k = at % m->axis[i]->n; k > 0; k--)
			v = v->next;
		if (!set(m, p, m->axis[i], v))
			return false;
	}
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

static bool
is_axis(const struct matrix *m, const char *field)
{
	for (size_t i = 0; i < m->naxes; i++)
		if (strcmp(m->axis[i]->key, field) == 0)
			return true;
	return false;
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
			note(p, f->key, alone);
	return true;
}

static int
combination(struct matrix *m, long at)
{
	struct point p;
	bool ok = begin(m, &p, at);
	size_t i = 0;

	p.left_out = ok && excluded(m->node, p.test);
	for (size_t k = 0; ok && k < m->naxes; k++)
		note(&p, m->axis[k]->key, true);
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

/* -1 when the matrix is wrong (which was said), else what fn returned last;
 * fn's non-zero ends it. */
int
experiment_variants(
    struct pth_experiment *x, const struct pth_ynode *test, experiment_variant_fn *fn, void *arg)
{
	struct matrix m = {
		.x = x, .test = test, .node = pth_yaml_get(test, "matrix"), .fn = fn, .arg = arg
	};
	double points, more;
	int r;

	if (m.node == NULL || m.node->kind != PTH_YMAP)
		return fn(x, test, NULL, arg);
	m.include = items(m.node, "include");
	if (!axes(&m, &points))
		return -1;
	more = m.include != NULL ? m.include->n : 0;
	if (points + more > VARIANTS_MAX || points * more > 10.0 * VARIANTS_MAX) {
		experiment_key_error(x, m.node, "%.0f combinations; at most %d are made",
		    points + more, VARIANTS_MAX);
		return -1;
	}
	m.used = pth_xarray(NULL, (size_t)more + 1, sizeof *m.used);
	memset(m.used, 0, (size_t)more + 1);
	r = each(&m, points);
	free(m.used);
	return r;
}
