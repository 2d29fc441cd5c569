/*
 * Changing trees of nodes. Aliases and included maps share their children, so
 * nothing is written to: what changes is copied, from the root down to it.
 */
#include "experiment_in.h"

#include "text.h"

#define VARIANTS_MAX 100000

struct pth_ynode *exp_copy(struct pth_arena *a, const struct pth_ynode *n)
{
	struct pth_ynode *c = pth_arena_alloc(a, sizeof *c);

	*c = *n;
	c->next = NULL;
	return c;
}

/* A copy of n whose direct children are copies too. */
static struct pth_ynode *copy_level(struct pth_arena *a, const struct pth_ynode *n)
{
	struct pth_ynode *out = exp_copy(a, n), **tail = &out->child;

	for (const struct pth_ynode *c = n->child; c; c = c->next) {
		*tail = exp_copy(a, c);
		tail = &(*tail)->next;
	}
	return out;
}

static struct pth_ynode *new_map(struct pth_arena *a, const struct pth_ynode *like)
{
	struct pth_ynode *n = exp_copy(a, like);

	n->kind = PTH_YMAP;
	n->text = "";
	n->len = 0;
	n->n = 0;
	n->child = NULL;
	return n;
}

/* Put v in the place of `old` (its key and neighbour stay), or at *old when NULL. */
static void put(struct pth_ynode **at, struct pth_ynode *v, const char *key)
{
	struct pth_ynode *old = *at;

	v->key = old ? old->key : key;
	v->kline = old ? old->kline : v->line;
	v->kcol = old ? old->kcol : v->col;
	v->next = old ? old->next : NULL;
	*at = v;
}

static struct pth_ynode *set_at(struct pth_arena *a, const struct pth_ynode *n, const char *path,
    const struct pth_ynode *value);

static struct pth_ynode *set_item(struct pth_arena *a, const struct pth_ynode *n, const char *seg,
    const char *rest, const struct pth_ynode *value)
{
	struct pth_ynode *out = copy_level(a, n), **at = &out->child, *v;
	bool all = !strcmp(seg, "*");
	long long want = -1;
	unsigned i = 0;

	if (!all && !pth_int(seg, 0, n->n, &want))
		return NULL;
	for (; *at; at = &(*at)->next, i++) {
		if (!all && i != (unsigned long long)want)
			continue;
		v = set_at(a, *at, rest, value);
		if (!v)
			return NULL;
		put(at, v, NULL);
	}
	if (want == n->n) {
		v = set_at(a, new_map(a, value), rest, value);
		put(at, v, NULL);
		out->n++;
	}
	return out;
}

static struct pth_ynode *set_key(struct pth_arena *a, const struct pth_ynode *n, const char *seg,
    const char *rest, const struct pth_ynode *value)
{
	struct pth_ynode *out = copy_level(a, n), **at = &out->child, *v;
	bool all = !strcmp(seg, "*"), found = all;

	for (; *at; at = &(*at)->next) {
		if (!all && strcmp((*at)->key, seg))
			continue;
		found = true;
		v = set_at(a, *at, rest, value);
		if (!v)
			return NULL;
		put(at, v, NULL);
	}
	if (!found) {
		v = set_at(a, new_map(a, value), rest, value);
		if (!v)
			return NULL;
		put(at, v, pth_arena_str(a, seg));
		out->n++;
	}
	return out;
}

static struct pth_ynode *set_at(struct pth_arena *a, const struct pth_ynode *n, const char *path,
    const struct pth_ynode *value)
{
	size_t len = strcspn(path, ".");
	char *seg;

	if (!*path)
		return exp_copy(a, value);
	seg = pth_arena_strn(a, path, len);
	path += len + (path[len] == '.');
	if (n->kind == PTH_YSEQ)
		return set_item(a, n, seg, path, value);
	if (n->kind == PTH_YNULL)
		n = new_map(a, n);
	return n->kind == PTH_YMAP ? set_key(a, n, seg, path, value) : NULL;
}

/* A tree like n with value at the dotted path; maps that are missing are
 * made. NULL when the path leads through a scalar or past a list. */
struct pth_ynode *exp_set(struct pth_arena *a, const struct pth_ynode *n, const char *path,
    const struct pth_ynode *value)
{
	unsigned depth = 0;

	for (const char *p = path; *p; p++)
		depth += *p == '.';
	return *path && depth < 64 ? set_at(a, n, path, value) : NULL;
}

struct pth_ynode *exp_without(struct pth_arena *a, const struct pth_ynode *map, const char *key)
{
	struct pth_ynode *out = copy_level(a, map), **at = &out->child;

	while (*at) {
		if (!strcmp((*at)->key, key)) {
			*at = (*at)->next;
			out->n--;
		} else {
			at = &(*at)->next;
		}
	}
	return out;
}

/* Deep merge: maps of over extend those of base, all else replaces. The
 * result has over's own key and position. */
struct pth_ynode *exp_merge(struct pth_arena *a, const struct pth_ynode *base,
    const struct pth_ynode *over)
{
	struct pth_ynode *out, **at;

	if (base->kind != PTH_YMAP || over->kind != PTH_YMAP)
		return exp_copy(a, over);
	out = copy_level(a, base);
	out->line = over->line;
	out->col = over->col;
	out->file = over->file;
	for (const struct pth_ynode *c = over->child; c; c = c->next) {
		struct pth_ynode *v;

		for (at = &out->child; *at && strcmp((*at)->key, c->key); at = &(*at)->next)
			;
		v = *at ? exp_merge(a, *at, c) : exp_copy(a, c);
		v->next = *at ? (*at)->next : NULL;
		out->n += !*at;
		v->key = c->key;
		v->kline = c->kline;
		v->kcol = c->kcol;
		*at = v;
	}
	return out;
}

/* ---- matrix */

/* The node at a dotted path, or NULL. */
const struct pth_ynode *exp_at(const struct pth_ynode *n, const char *path)
{
	while (n && *path) {
		size_t len = strcspn(path, ".");
		const struct pth_ynode *c = n->child;

		if (n->kind == PTH_YSEQ) {
			for (long i = strtol(path, NULL, 10); c && i > 0; i--)
				c = c->next;
		} else {
			while (c && (strlen(c->key) != len || memcmp(c->key, path, len)))
				c = c->next;
		}
		n = c;
		path += len + (path[len] == '.');
	}
	return n;
}

static bool same(const struct pth_ynode *a, const struct pth_ynode *b)
{
	json_t *x = pth_yaml_json(a), *y = pth_yaml_json(b);
	bool equal = json_equal(x, y);

	json_decref(x);
	json_decref(y);
	return equal;
}

static bool excluded(const struct pth_ynode *matrix, const struct pth_ynode *test)
{
	const struct pth_ynode *list = pth_yaml_get(matrix, "exclude");

	for (const struct pth_ynode *e = list && list->kind == PTH_YSEQ ? list->child : NULL; e; e = e->next) {
		bool fits = e->kind == PTH_YMAP && e->n > 0;

		for (const struct pth_ynode *f = e->kind == PTH_YMAP ? e->child : NULL; f && fits; f = f->next) {
			const struct pth_ynode *v = exp_at(test, f->key);

			fits = v && same(v, f);
		}
		if (fits)
			return true;
	}
	return false;
}

static size_t axes(struct pth_experiment *x, const struct pth_ynode *matrix,
    const struct pth_ynode **axis, size_t max, double *points)
{
	size_t n = 0;

	*points = 1;
	for (const struct pth_ynode *c = matrix->child; c; c = c->next) {
		if (!strcmp(c->key, "exclude"))
			continue;
		if (c->kind != PTH_YSEQ || c->n == 0 || n == max) {
			if (c->kind == PTH_YSEQ)
				exp_error(x, c, n == max ? "more than 16 fields" : "no values");
			return 0;
		}
		axis[n++] = c;
		*points *= c->n;
	}
	return n;
}

#define NAME_MAX_BYTES 200 /* as experiment_rules.c has it */

/* The name of one point: "base [a, b]", cut when it is too long for a name. */
static void add_name(struct pth_arena *a, struct pth_ynode **test, const struct pth_buf *values)
{
	const struct pth_ynode *old = pth_yaml_get(*test, "name");
	struct pth_ynode name;
	struct pth_buf b = PTH_BUF_INIT;

	if (!old || old->kind == PTH_YSEQ || old->kind == PTH_YMAP)
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
	*test = exp_set(a, *test, "name", &name);
	pth_buf_release(&b);
}

static int one_point(struct pth_experiment *x, const struct pth_ynode *test,
    const struct pth_ynode *matrix, const struct pth_ynode *const *axis, size_t naxes, long at,
    exp_variant_fn *fn, void *arg)
{
	struct pth_arena a = { NULL, 0 };
	struct pth_ynode *t = exp_without(&a, test, "matrix"), *next;
	struct pth_buf values = PTH_BUF_INIT;
	json_t *point = json_object();
	int r = 0;

	for (size_t i = naxes; i-- > 0; at /= axis[i]->n) { /* the last axis turns fastest */
		const struct pth_ynode *v = axis[i]->child;

		for (long k = at % axis[i]->n; k > 0; k--)
			v = v->next;
		next = exp_set(&a, t, axis[i]->key, v);
		if (!next) {
			exp_key_error(x, axis[i], "there is no field %.100s to vary", axis[i]->key);
			r = -1;
			goto out;
		}
		t = next;
	}
	for (size_t i = 0; i < naxes; i++) {
		const struct pth_ynode *set = exp_at(t, axis[i]->key);
		json_t *v = set ? pth_yaml_json(set) : json_null();

		if (i)
			pth_buf_adds(&values, ", ");
		if (json_is_string(v))
			pth_buf_adds(&values, json_string_value(v));
		else
			pth_json_dump(&values, v);
		pth_json_set(point, axis[i]->key, v);
	}
	if (excluded(matrix, t))
		goto out;
	add_name(&a, &t, &values);
	r = fn(x, t, point, arg);
out:
	json_decref(point);
	pth_buf_release(&values);
	pth_arena_release(&a);
	return r;
}

/* Each test that a test with a matrix stands for. -1 when the matrix is
 * wrong (which was said), else what fn returned last; fn's non-zero ends it. */
int exp_variants(struct pth_experiment *x, const struct pth_ynode *test, exp_variant_fn *fn,
    void *arg)
{
	const struct pth_ynode *matrix = pth_yaml_get(test, "matrix"), *axis[16];
	double points;
	size_t n;

	if (!matrix || matrix->kind != PTH_YMAP)
		return fn(x, test, NULL, arg);
	n = axes(x, matrix, axis, countof(axis), &points);
	if (n == 0)
		return -1;
	if (points > VARIANTS_MAX) {
		exp_key_error(x, matrix, "%.0f combinations; at most %d are made", points, VARIANTS_MAX);
		return -1;
	}
	for (long i = 0; i < (long)points; i++) {
		int r = one_point(x, test, matrix, axis, n, i, fn, arg);

		if (r)
			return r;
	}
	return 0;
}
