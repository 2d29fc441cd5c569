/* This file calls functions, and methods of loops, mappings, lists and strings. */
#include "base/hash.h"
#include "base/text.h"
#include "template/priv.h"

/* ---- arguments ---- */

static struct args
evaluate(struct eval *x, const struct node *n)
{
	struct args a = { .v = template_alloc(x, (n->b->n + 1) * sizeof *a.v) };

	for (const struct node *c = n->b->a; c != NULL; c = c->next) {
		if (c->op == E_KW) {
			a.kw = c;
			break;
		}
		a.v[a.n++] = template_eval(x, c);
	}
	x->at = n;
	return a;
}

static void
count(struct eval *x, const struct node *n, const struct args *a, size_t min, size_t max)
{
	if (a->kw != NULL)
		template_fail(x, a->kw, "no argument with the name '%.60s' here", a->kw->s);
	if (a->n < min || a->n > max)
		template_fail(x, n, "%zu argument%s where %s%zu %s", a->n, a->n == 1 ? "" : "s",
		    min == max     ? "" :
		        a->n < min ? "at least " :
		                     "at most ",
		    a->n < min ? min : max, min == 1 && max == 1 ? "is needed" : "are needed");
}

/* ---- functions ---- */

static struct val
make_range(struct eval *x, const struct node *n, const struct args *a)
{
	struct range *r = template_alloc(x, sizeof *r);
	__int128 len;

	count(x, n, a, 1, 3);
	r->start = a->n > 1 ? template_arg_int(x, a->v[0]) : 0;
	r->stop = template_arg_int(x, a->v[a->n > 1]);
	r->step = a->n > 2 ? template_arg_int(x, a->v[2]) : 1;
	if (r->step == 0)
		template_fail(x, n, "a range cannot go in steps of 0");
	len = (__int128)r->stop - r->start;
	len = (len + r->step + (r->step > 0 ? -1 : 1)) / r->step;
	if (len > INT64_MAX)
		template_fail(x, n, "the range is too long");
	r->n = len < 0 ? 0 : (int64_t)len;
	return (struct val){ .kind = V_RANGE, .r = r };
}

/* The value of dict(a=1) or namespace(a=1), either of which may begin with a mapping. */
static struct val
make_map(struct eval *x, const struct args *a, bool ns)
{
	struct val m = template_map_new(x, ns), items;

	if (a->n > 1 || (a->n == 1 && !template_is_map(template_defined(x, a->v[0]))))
		template_refuse(x, "expected a mapping or name=value");
	if (a->n == 1) {
		items = template_map_items(x, a->v[0], 'i');
		for (uint32_t i = 0; i < items.n; i++)
			template_map_set(x, m.m, items.v[i].v[0], items.v[i].v[1]);
	}
	for (const struct node *c = a->kw; c != NULL; c = c->next)
		template_map_set(x, m.m, template_vstr(c->s, c->n), template_eval(x, c->a));
	return m;
}

static struct val
function(struct eval *x, const struct node *n, const struct val *caller)
{
	const char *s = x->sh->sym[n->a->sym];
	struct val f = x->f.cur[n->a->sym];
	struct args a;

	if (f.kind == V_MACRO) {
		a = evaluate(x, n);
		return template_macro_call(x, n, f.f, &a, caller);
	}
	if (f.kind == V_UNDEF)
		template_fail_undef(x, f);
	if (f.kind != V_ABSENT || json_object_get(x->vars, s) != NULL)
		template_fail(x, n, "'%s' is a value, not a function", s);
	if (strcmp(s, "range") != 0 && strcmp(s, "dict") != 0 && strcmp(s, "namespace") != 0)
		template_fail(x, n, "no function '%.60s'; there are range, dict and namespace", s);
	if (caller != NULL)
		template_fail(x, n, "'call' needs a macro: '%s' is a function", s);
	a = evaluate(x, n);
	if (*s == 'r')
		return make_range(x, n, &a);
	return make_map(x, &a, *s == 'n');
}

/* ---- methods ---- */

static struct val
loop_method(struct eval *x, const struct node *n, struct loop *l, const struct args *a)
{
	uint64_t h;
	bool a_new;

	if (strcmp(n->s, "cycle") == 0) {
		count(x, n, a, 1, SIZE_MAX);
		return a->v[l->i % (int64_t)a->n];
	}
	if (strcmp(n->s, "changed") != 0)
		return template_vabsent();
	/* The values themselves do not live until the next turn. */
	for (size_t i = 0; i < a->n; i++)
		template_put(x, &x->tmp, a->v[i], FORM_REPR, -1);
	h = pth_hash(PTH_HASH_EMPTY, x->tmp.s, x->tmp.len) | 1; /* 0: never asked */
	pth_buf_cut(&x->tmp, 0);
	a_new = h != l->changed;
	l->changed = h;
	return template_vbool(a_new);
}

static struct val
map_method(struct eval *x, const struct node *n, struct val m, const struct args *a)
{
	struct val v;

	if (strcmp(n->s, "get") == 0) {
		count(x, n, a, 1, 2);
		v = template_map_get(x, m, template_defined(x, a->v[0]));
		return v.kind != V_ABSENT ? v : a->n == 2 ? a->v[1] : template_vnone();
	}
	if (strcmp(n->s, "items") == 0 || strcmp(n->s, "keys") == 0 ||
	    strcmp(n->s, "values") == 0) {
		count(x, n, a, 0, 0);
		return template_map_items(x, m, *n->s);
	}
	if (strcmp(n->s, "copy") == 0)
		return m;
	return template_vabsent();
}

static struct val
list_method(struct eval *x, const struct node *n, struct val l, const struct args *a)
{
	static const char *const change[] = { "append", "extend", "insert", "remove", "pop", "sort",
		"reverse", "clear" };
	int64_t i, found = 0, len = template_len(l);

	if (pth_one_of(n->s, change, countof(change)))
		template_fail(
		    x, n, "values cannot be changed: '%s' is not there (use + or a filter)", n->s);
	if (strcmp(n->s, "copy") == 0)
		return l;
	if (strcmp(n->s, "index") != 0 && strcmp(n->s, "count") != 0)
		return template_vabsent();
	count(x, n, a, 1, 1);
	for (i = 0; i < len; i++) {
		if (!template_equal(x, template_at(l, i), a->v[0], 0))
			continue;
		if (*n->s == 'i')
			return template_vint(i);
		found++;
	}
	if (*n->s == 'i')
		template_fail(x, n, "the value is not in the list");
	return template_vint(found);
}

/* A macro that is an attribute: of a namespace or a mapping. */
static bool
find_macro(struct eval *x, struct val base, const struct node *n, struct val *f)
{
	if (base.kind != V_MAP)
		return false;
	*f = template_map_get(x, base, template_vstr(n->s, n->n));
	return f->kind == V_MACRO;
}

struct val
template_call(struct eval *x, const struct node *n, const struct val *caller)
{
	struct val base, v = template_vabsent(), f;
	const struct filter *method;
	struct signature sig;
	struct args a;

	if (n->s == NULL)
		return function(x, n, caller);
	base = template_eval(x, n->a);
	base = template_defined(x, base);
	if (base.kind == V_UNDEF)
		template_fail_undef(x, base);
	a = evaluate(x, n);
	if (find_macro(x, base, n, &f))
		return template_macro_call(x, n, f.f, &a, caller);
	if (caller != NULL)
		template_fail(x, n, "'call' needs a macro: '%s' is a method", n->s);
	if (base.kind == V_LOOP)
		v = loop_method(x, n, base.l, &a);
	else if (template_is_map(base))
		v = map_method(x, n, base, &a);
	else if (template_is_seq(base))
		v = list_method(x, n, base, &a);
	else if (base.kind == V_STR && a.kw == NULL &&
	    (method = template_find('m', n->s, n->n)) != NULL) {
		sig = template_signature(method);
		v = template_apply(x, &sig, base, a.v, a.n);
	}
	if (v.kind != V_ABSENT)
		return v;
	if (a.kw != NULL)
		template_fail(x, a.kw, "no argument with the name '%.60s' here", a.kw->s);
	template_fail(x, n, "%s has no method '%.60s'", template_kind(base), n->s);
}
