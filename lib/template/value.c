/* This file has values, which live on a heap of their own: made, compared and looked into. */
#include "base/cleanup.h"
#include "io/json.h"
#include "template/priv.h"

/* ---- heap: a stack of chunks, cut back when a statement is done ---- */

static void
more(struct eval *x, size_t n)
{
	size_t size = x->heap->n * 2;
	struct chunk *c;

	size = size > 1 << 20 ? 1 << 20 : size < 16384 ? 16384 : size;
	if (size < n)
		size = n;
	if (x->heap_bytes + size > MAX_HEAP)
		template_refuse(x, "this takes more than %d MiB of memory", MAX_HEAP >> 20);
	c = pth_xmalloc(sizeof *c + size);
	*c = (struct chunk){ .prev = x->heap, .n = size, .mem = (char *)(c + 1) };
	x->heap_bytes += size;
	x->heap = c;
}

void *
template_alloc(struct eval *x, size_t n)
{
	void *p;

	n = (n + 15) & ~(size_t)15;
	if (n > x->heap->n - x->heap->used)
		more(x, n);
	p = x->heap->mem + x->heap->used;
	x->heap->used += n;
	template_work(x, n);
	return p;
}

struct mark
template_mark(struct eval *x)
{
	return (struct mark){ x->heap, x->heap->used };
}

void
template_reset(struct eval *x, struct mark m)
{
	while (x->heap != m.c) {
		struct chunk *c = x->heap;

		x->heap = c->prev;
		x->heap_bytes -= c->n;
		free(c);
	}
	x->heap->used = m.used;
}

void
template_work(struct eval *x, size_t bytes)
{
	x->work += bytes;
	if (x->work > MAX_WORK)
		template_refuse(x, "this template does not come to an end");
}

/* ---- making values ---- */

void
template_room(struct eval *x, size_t bytes)
{
	if (bytes > MAX_OUTPUT)
		template_refuse(x, "a text of more than %d MiB", MAX_OUTPUT >> 20);
}

struct val
template_concat(struct eval *x, const struct val *v, size_t n, struct val between)
{
	size_t len = 0;
	char *text, *end;

	for (size_t i = 0; i < n; i++) {
		len += v[i].n + (i != 0 ? between.n : 0);
		template_room(x, len);
	}
	text = end = template_alloc(x, len);
	for (size_t i = 0; i < n; i++) {
		if (i != 0 && between.n != 0)
			end = mempcpy(end, between.s, between.n);
		if (v[i].n != 0)
			end = mempcpy(end, v[i].s, v[i].n);
	}
	return template_vstr(text, len);
}

struct val
template_strn(struct eval *x, const char *s, size_t n)
{
	struct val v = template_vstr(s, n);

	return template_concat(x, &v, 1, v);
}

struct val
template_take(struct eval *x)
{
	struct val v = template_strn(x, x->tmp.s, x->tmp.len);

	pth_buf_cut(&x->tmp, 0);
	return v;
}

struct val
template_list(struct eval *x, size_t n, bool tuple)
{
	struct val v = { .kind = V_LIST, .flag = tuple, .n = (uint32_t)n };

	if (n > MAX_HEAP / sizeof v)
		template_refuse(x, "a list of %zu elements is too long", n);
	v.v = template_alloc(x, n * sizeof v);
	return v;
}

struct val
template_undef(struct eval *x, const struct node *at, struct val base, const char *name, size_t len,
    const char *note)
{
	struct undef *u = template_alloc(x, sizeof *u);

	*u = (struct undef){ &x->t->src, at, base, name, (uint32_t)len, note };
	return (struct val){ .kind = V_UNDEF, .flag = x->sh->opt.lenient ? 2 : 0, .u = u };
}

struct val
template_pair(struct eval *x, struct val a, struct val b)
{
	struct val t = template_list(x, 2, true);

	t.v[0] = a;
	t.v[1] = b;
	return t;
}

void
template_reverse(struct val list)
{
	for (uint32_t i = 0; i < list.n / 2; i++) {
		struct val other = list.v[i];

		list.v[i] = list.v[list.n - 1 - i];
		list.v[list.n - 1 - i] = other;
	}
}

struct val
template_from(json_t *j)
{
	switch (json_typeof(j)) {
	case JSON_STRING: return template_vstr(json_string_value(j), json_string_length(j));
	case JSON_INTEGER: return template_vint(json_integer_value(j));
	case JSON_REAL: return template_vreal(json_real_value(j));
	case JSON_TRUE: return template_vbool(true);
	case JSON_FALSE: return template_vbool(false);
	case JSON_ARRAY: return (struct val){ .kind = V_JARR, .j = j };
	case JSON_OBJECT: return (struct val){ .kind = V_JOBJ, .j = j };
	default: return template_vnone();
	}
}

/* Nothing here may leave by longjmp: the objects would leak. */
static json_t *
to_object(struct eval *x, const struct map *m, int depth)
{
	json_auto_t *o = json_object();
	pth_auto_buf key = PTH_BUF_INIT;
	json_t *child;

	for (uint32_t i = 0; i < m->n; i++) {
		struct val k = m->kv[2 * i];

		pth_buf_cut(&key, 0);
		if (k.kind == V_INT)
			template_put_int(&key, k.i);
		else if (k.kind == V_STR)
			pth_buf_add(&key, k.s, k.n);
		else
			return NULL;
		child = template_to(x, m->kv[2 * i + 1], depth + 1);
		if (child == NULL ||
		    json_object_setn_new(o, key.s != NULL ? key.s : "", key.len, child) != 0)
			return NULL;
	}
	return json_incref(o);
}

static json_t *
to_array(struct eval *x, struct val v, int depth)
{
	json_auto_t *a = json_array();
	json_t *child;

	for (int64_t i = 0, n = template_len(v); i < n; i++) {
		child = template_to(x, template_at(v, i), depth + 1);
		if (child == NULL || json_array_append_new(a, child) != 0)
			return NULL;
	}
	return json_incref(a);
}

/* NULL: the value has no JSON form. Leaves x alone: callers fail. */
json_t *
template_to(struct eval *x, struct val v, int depth)
{
	if (depth > MAX_DEPTH)
		return NULL;
	switch (v.kind) {
	case V_NONE: return json_null();
	case V_BOOL: return json_boolean(v.b);
	case V_INT: return json_integer(v.i);
	case V_REAL: return json_real(v.d); /* NULL for inf and nan */
	case V_STR: return json_stringn(v.s, v.n);
	case V_JARR:
	case V_JOBJ: return json_incref(v.j);
	case V_LIST: return to_array(x, v, depth);
	case V_RANGE: return v.r->n > MAX_STEPS ? NULL : to_array(x, v, depth);
	case V_MAP: return to_object(x, v.m, depth);
	default: return NULL;
	}
}

const char *
template_kind(struct val v)
{
	static const char *const names[] = { "nothing", "undefined", "none", "a boolean",
		"an integer", "a float", "a string", "a list", "a list", "a range", "a mapping",
		"a mapping", "the loop", "a macro" };

	return template_is_tuple(v) ? "a tuple" : names[v.kind];
}

/* ---- sequences ---- */

int64_t
template_len(struct val v)
{
	switch (v.kind) {
	case V_LIST: return v.n;
	case V_JARR: return (int64_t)json_array_size(v.j);
	case V_RANGE: return v.r->n;
	case V_MAP: return v.m->n;
	case V_JOBJ: return (int64_t)json_object_size(v.j);
	default: return 0;
	}
}

struct val
template_at(struct val v, int64_t i)
{
	switch (v.kind) {
	case V_LIST: return v.v[i];
	case V_JARR: return template_from(json_array_get(v.j, (size_t)i));
	default: return template_vint(v.r->start + i * v.r->step);
	}
}

static struct val
characters(struct eval *x, struct val s)
{
	struct val list = template_list(x, template_chars(s.s, s.n), false);
	size_t at = 0, len;

	for (uint32_t i = 0; i < list.n; i++, at += len) {
		template_decode(s.s + at, &len);
		list.v[i] = template_vstr(s.s + at, len);
	}
	return list;
}

struct val
template_seq(struct eval *x, struct val v)
{
	v = template_defined(x, v);
	if (template_is_seq(v))
		return v;
	if (template_is_map(v))
		return template_map_items(x, v, 'k');
	if (v.kind == V_STR)
		return characters(x, v);
	if (v.kind == V_UNDEF)
		return template_list(x, 0, false);
	template_refuse(x, "%s is not a list", template_kind(v));
}

/* ---- mappings ---- */

struct val
template_map_new(struct eval *x, bool ns)
{
	struct map *m = template_alloc(x, sizeof *m);

	*m = (struct map){ .ns = ns };
	return (struct val){ .kind = V_MAP, .m = m };
}

static bool
key_ok(struct val k)
{
	for (uint32_t i = 0; template_is_tuple(k) && i < k.n; i++)
		if (!key_ok(k.v[i]))
			return false;
	return template_is_tuple(k) || (k.kind >= V_NONE && k.kind <= V_STR);
}

static struct val *
map_find(struct eval *x, const struct map *m, struct val k)
{
	for (uint32_t i = 0; i < m->n; i++)
		if (template_equal(x, m->kv[2 * i], k, 0))
			return &m->kv[2 * i + 1];
	return NULL;
}

void
template_map_set(struct eval *x, struct map *m, struct val k, struct val v)
{
	struct val *old, *kv;

	if (!key_ok(k))
		template_refuse(x, "%s cannot be a key", template_kind(k));
	old = map_find(x, m, k);
	if (old != NULL) {
		*old = v;
		return;
	}
	if (m->n == m->cap) {
		m->cap = m->cap != 0 ? m->cap * 2 : 4;
		kv = template_alloc(x, 2 * m->cap * sizeof *kv);
		if (m->n != 0)
			memcpy(kv, m->kv, 2 * m->n * sizeof *kv);
		m->kv = kv;
	}
	m->kv[2 * m->n] = k;
	m->kv[2 * m->n + 1] = v;
	m->n++;
}

struct val
template_map_get(struct eval *x, struct val map, struct val key)
{
	json_t *j;
	struct val *v;

	if (map.kind == V_JOBJ) {
		j = key.kind == V_STR ? json_object_getn(map.j, key.s, key.n) : NULL;
		return j != NULL ? template_from(j) : template_vabsent();
	}
	v = map_find(x, map.m, key);
	return v != NULL ? *v : template_vabsent();
}

static struct val
pair(struct eval *x, struct val a, struct val b, int what)
{
	return what == 'k' ? a : what == 'v' ? b : template_pair(x, a, b);
}

struct val
template_map_items(struct eval *x, struct val map, int what)
{
	struct val list = template_list(x, (size_t)template_len(map), false), key;
	uint32_t i = 0;
	void *it;

	if (map.kind == V_MAP) {
		for (; i < list.n; i++)
			list.v[i] = pair(x, map.m->kv[2 * i], map.m->kv[2 * i + 1], what);
		return list;
	}
	for (it = json_object_iter(map.j); it != NULL; it = json_object_iter_next(map.j, it)) {
		key = template_vstr(json_object_iter_key(it), json_object_iter_key_len(it));
		list.v[i++] = pair(x, key, template_from(json_object_iter_value(it)), what);
	}
	return list;
}

/* ---- comparison ---- */

bool
template_integer(struct val v, int64_t *i)
{
	if (v.kind != V_INT && v.kind != V_BOOL)
		return false;
	*i = v.kind == V_INT ? v.i : v.b;
	return true;
}

bool
template_number(struct val v, double *d)
{
	int64_t i;

	if (v.kind == V_REAL) {
		*d = v.d;
		return true;
	}
	if (!template_integer(v, &i))
		return false;
	*d = (double)i;
	return true;
}

bool
template_truth(struct eval *x, struct val v)
{
	switch (v.kind) {
	case V_BOOL: return v.b;
	case V_INT: return v.i != 0;
	case V_REAL: return v.d != 0;
	case V_STR: return v.n > 0;
	case V_UNDEF: template_defined(x, v); return false;
	case V_NONE:
	case V_ABSENT: return false;
	case V_LOOP:
	case V_MACRO: return true;
	default: return template_len(v) > 0;
	}
}

static int
order_numbers(struct val a, struct val b)
{
	int64_t i, j;
	double d = 0, e = 0;

	if (template_integer(a, &i) && template_integer(b, &j))
		return (i > j) - (i < j);
	template_number(a, &d);
	template_number(b, &e);
	return (d > e) - (d < e);
}

int
template_order_text(struct val a, struct val b)
{
	uint32_t n = a.n < b.n ? a.n : b.n;
	int r = n != 0 ? memcmp(a.s, b.s, n) : 0;

	return r != 0 ? r : (a.n > b.n) - (a.n < b.n);
}

static bool
equal_maps(struct eval *x, struct val a, struct val b, int depth)
{
	struct val items = template_map_items(x, a, 'i'), other;

	if (template_len(a) != template_len(b))
		return false;
	for (uint32_t i = 0; i < items.n; i++) {
		other = template_map_get(x, b, items.v[i].v[0]);
		if (other.kind == V_ABSENT || !template_equal(x, items.v[i].v[1], other, depth + 1))
			return false;
	}
	return true;
}

/* Lists and tuples differ; ranges are neither. */
static bool
same_sequence(struct val a, struct val b)
{
	return template_is_seq(a) && template_is_seq(b) && (a.flag == 0) == (b.flag == 0) &&
	    (a.kind == V_RANGE) == (b.kind == V_RANGE);
}

bool
template_equal(struct eval *x, struct val a, struct val b, int depth)
{
	template_work(x, 32);
	if (depth > MAX_DEPTH)
		template_refuse(x, "a value nested deeper than %d", MAX_DEPTH);
	a = template_defined(x, a);
	b = template_defined(x, b);
	if (template_is_number(a) && template_is_number(b))
		return (a.kind != V_REAL || a.d == a.d) && (b.kind != V_REAL || b.d == b.d) &&
		    order_numbers(a, b) == 0;
	if (a.kind == V_STR && b.kind == V_STR)
		return a.n == b.n && (a.n == 0 || memcmp(a.s, b.s, a.n) == 0);
	if (template_is_map(a) && template_is_map(b))
		return equal_maps(x, a, b, depth);
	if (template_is_seq(a) && template_is_seq(b)) {
		int64_t n = template_len(a);

		if (n != template_len(b) || !same_sequence(a, b))
			return false;
		for (int64_t i = 0; i < n; i++)
			if (!template_equal(x, template_at(a, i), template_at(b, i), depth + 1))
				return false;
		return true;
	}
	if (a.kind == V_LOOP && b.kind == V_LOOP)
		return a.l == b.l;
	if (a.kind == V_MACRO && b.kind == V_MACRO)
		return a.f == b.f;
	return a.kind == b.kind; /* none, soft undefined */
}

int
template_order(struct eval *x, struct val a, struct val b, int depth)
{
	a = template_defined(x, a);
	b = template_defined(x, b);
	template_work(x, 16);
	if (depth > MAX_DEPTH)
		template_refuse(x, "a value nested deeper than %d", MAX_DEPTH);
	if (template_is_number(a) && template_is_number(b))
		return order_numbers(a, b);
	if (a.kind == V_STR && b.kind == V_STR)
		return template_order_text(a, b);
	if (same_sequence(a, b) && a.kind != V_RANGE) {
		int64_t n = template_len(a), m = template_len(b);

		for (int64_t i = 0; i < n && i < m; i++) {
			struct val l = template_at(a, i), r = template_at(b, i);

			if (!template_equal(x, l, r, depth + 1))
				return template_order(x, l, r, depth + 1);
		}
		return (n > m) - (n < m);
	}
	template_refuse(x, "%s and %s have no order", template_kind(a), template_kind(b));
}

static bool
in_range(const struct range *r, struct val v)
{
	__int128 i;
	int64_t k;

	if (v.kind == V_REAL && v.d > -9e18 && v.d < 9e18 && v.d == (double)(int64_t)v.d)
		i = (int64_t)v.d;
	else if (template_integer(v, &k))
		i = k;
	else
		return false;
	i -= r->start;
	return i % r->step == 0 && i / r->step >= 0 && i / r->step < r->n;
}

bool
template_contains(struct eval *x, struct val in, struct val v)
{
	in = template_defined(x, in);
	if (in.kind == V_STR) {
		v = template_defined(x, v);
		if (v.kind != V_STR)
			template_refuse(
			    x, "%s in a string: only a string can be", template_kind(v));
		template_work(x, in.n);
		return v.n == 0 || (in.n != 0 && memmem(in.s, in.n, v.s, v.n) != NULL);
	}
	if (template_is_map(in)) {
		v = template_defined(x, v);
		if (v.kind == V_UNDEF)
			return false;
		if (!key_ok(v))
			template_refuse(x, "%s cannot be a key", template_kind(v));
		return template_map_get(x, in, v).kind != V_ABSENT;
	}
	if (in.kind == V_RANGE)
		return in_range(in.r, template_defined(x, v));
	in = template_seq(x, in);
	for (int64_t i = 0, n = template_len(in); i < n; i++)
		if (template_equal(x, template_at(in, i), v, 0))
			return true;
	return false;
}
