/* This file has the filters of lists: of their order, their elements and their parts. */
#include "base/words.h"
#include "template/priv.h"

static struct val
one_step(struct eval *x, struct val v, const char *s, size_t n)
{
	int64_t i = 0;
	size_t k = 0;

	while (k < n && k < 18 && s[k] >= '0' && s[k] <= '9')
		i = i * 10 + s[k++] - '0';
	if (n > 0 && k == n)
		return template_item(x, x->at, v, template_vint(i));
	return template_attr(x, x->at, v, s, n);
}

struct val
template_path(struct eval *x, struct val item, struct val path)
{
	struct pth_word rest, step;

	item = template_defined(x, item);
	if (path.kind == V_INT)
		return template_item(x, x->at, item, path);
	path = template_str(x, path);
	rest = (struct pth_word){ path.s, path.n };
	while (pth_word_next(&rest, ".", &step)) {
		item = one_step(x, item, step.s, step.n);
		if (item.kind == V_UNDEF)
			break;
	}
	/* The message says which part is missing, as the tree has no node for it. */
	if (item.kind == V_UNDEF && item.flag != 1)
		((struct undef *)(uintptr_t)item.u)->note = "an element lacks the attribute";
	return item;
}

/* A V_LIST of n of its elements, and then `more` times another value. */
static struct val
part(struct eval *x, struct val seq, int64_t from, int64_t n, int64_t more, struct val other)
{
	struct val v;

	if (more > MAX_STEPS)
		template_refuse(x, "the result is too large");
	v = template_list(x, (size_t)(n + more), false);
	for (int64_t i = 0; i < n + more; i++)
		v.v[i] = i < n ? template_at(seq, from + i) : other;
	return v;
}

static struct val
copy(struct eval *x, struct val seq)
{
	return part(x, seq, 0, template_len(seq), 0, seq);
}

static struct val
missing(struct eval *x, const char *note)
{
	return template_undef(x, x->at, template_vabsent(), NULL, 0, note);
}

static struct val
end(struct eval *x, struct val seq, bool last)
{
	int64_t n = template_len(seq);

	if (n != 0)
		return template_at(seq, last ? n - 1 : 0);
	return missing(x, last ? "the last of nothing" : "the first of nothing");
}

FILTER_IS(f_list, copy(x, c->in))
FILTER_IS(f_first, end(x, c->in, false))
FILTER_IS(f_last, end(x, c->in, true))

FILTER(f_reverse)
{
	struct val none = template_vabsent(), list;

	if (c->in.kind == V_STR)
		return template_slice(x, c->in, none, none, template_vint(-1));
	list = copy(x, template_seq(x, c->in));
	template_reverse(list);
	return list;
}

FILTER(f_join)
{
	struct val list = copy(x, c->in);

	for (uint32_t i = 0; i < list.n; i++) {
		if (template_is_given(c->arg[1]))
			list.v[i] = template_path(x, list.v[i], c->arg[1]);
		list.v[i] = template_text(x, list.v[i]);
	}
	return template_concat(x, list.v, list.n, c->arg[0]);
}

/* ---- order ---- */

struct item {
	struct val v, *key; /* key: nkey values */
};

struct sorter {
	struct eval *x;
	size_t nkey;
	bool reverse;
	struct item *tmp;
};

static bool
before(const struct sorter *s, const struct item *a, const struct item *b)
{
	int r = 0;

	for (size_t i = 0; i < s->nkey && r == 0; i++)
		r = template_order(s->x, a->key[i], b->key[i], 0);
	return s->reverse ? r > 0 : r < 0;
}

/* Stable; the C library's qsort is not, and may not be left by longjmp. */
static void
merge_sort(const struct sorter *s, struct item *v, size_t n)
{
	size_t mid = n / 2, i = 0, j = mid, k = 0;

	if (n < 2)
		return;
	merge_sort(s, v, mid);
	merge_sort(s, v + mid, n - mid);
	while (i < mid || j < n)
		s->tmp[k++] = j >= n || (i < mid && !before(s, &v[j], &v[i])) ? v[i++] : v[j++];
	memcpy(v, s->tmp, n * sizeof *v);
}

/* What an element is compared by: itself or its attribute, without regard to
 * the case of letters unless that is wanted. */
static struct val
sort_key(struct eval *x, struct val v, struct val attribute, bool case_sensitive)
{
	if (template_is_given(attribute))
		v = template_path(x, v, attribute);
	v = template_defined(x, v);
	return v.kind == V_STR && !case_sensitive ? template_case(x, v, 'l') : v;
}

static struct val
values_of(struct eval *x, const struct item *it, size_t n)
{
	struct val v = template_list(x, n, false);

	for (size_t i = 0; i < n; i++)
		v.v[i] = it[i].v;
	return v;
}

/* The items in order, and their values. */
static struct val
sorted(struct eval *x, struct item *it, size_t n, size_t nkey, bool reverse)
{
	struct sorter s = { .x = x, .nkey = nkey, .reverse = reverse };

	s.tmp = template_alloc(x, n * sizeof *s.tmp);
	merge_sort(&s, it, n);
	return values_of(x, it, n);
}

/* The paths of "a,b.c" as a list of strings; any other value as its only element. */
static struct val
paths(struct eval *x, struct val attribute)
{
	struct pth_word rest = { attribute.s, attribute.n }, path;
	struct val list;
	size_t n = 1;

	if (attribute.kind != V_STR)
		return part(x, attribute, 0, 0, 1, attribute);
	for (size_t k = 0; k < attribute.n; k++)
		n += attribute.s[k] == ',';
	list = template_list(x, n, false);
	for (list.n = 0; pth_word_next(&rest, ",", &path); list.n++)
		list.v[list.n] = template_vstr(path.s, path.n);
	return list;
}

FILTER(f_sort)
{
	struct val by = paths(x, c->arg[2]);
	size_t n = (size_t)template_len(c->in);
	struct item *it = template_alloc(x, n * sizeof *it);

	for (size_t i = 0; i < n; i++) {
		it[i].v = template_at(c->in, (int64_t)i);
		it[i].key = template_alloc(x, by.n * sizeof *it[i].key);
		for (size_t k = 0; k < by.n; k++)
			it[i].key[k] = sort_key(x, it[i].v, by.v[k], c->arg[1].b);
	}
	return sorted(x, it, n, by.n, c->arg[0].b);
}

FILTER(f_dictsort)
{
	struct val by = c->arg[1], list;
	struct item *it;
	int which = template_word(by.s, by.n, "value");

	if (!template_is_map(c->in))
		template_refuse(x, "%s is not a mapping", template_kind(c->in));
	if (which == 0 && !template_word(by.s, by.n, "key"))
		template_refuse(x, "dictsort is by 'key' or by 'value'");
	list = template_map_items(x, c->in, 'i');
	it = template_alloc(x, list.n * sizeof *it);
	for (uint32_t i = 0; i < list.n; i++) {
		it[i].v = list.v[i];
		it[i].key = template_alloc(x, sizeof *it[i].key);
		*it[i].key = sort_key(x, list.v[i].v[which], template_vabsent(), c->arg[0].b);
	}
	return sorted(x, it, list.n, 1, c->arg[2].b);
}

FILTER(f_groupby)
{
	struct val out, group;
	size_t n = (size_t)template_len(c->in), k;
	struct item *it = template_alloc(x, n * sizeof *it);
	struct val *key = template_alloc(x, 2 * n * sizeof *key);

	for (size_t i = 0; i < n; i++) {
		it[i] = (struct item){ template_at(c->in, (int64_t)i), &key[2 * i] };
		key[2 * i + 1] = template_path(x, it[i].v, c->arg[0]);
		if (key[2 * i + 1].kind == V_UNDEF && template_is_given(c->arg[1]))
			key[2 * i + 1] = c->arg[1];
		key[2 * i] = sort_key(x, key[2 * i + 1], template_vabsent(), c->arg[2].b);
	}
	sorted(x, it, n, 1, false);
	out = template_list(x, n, false);
	out.n = 0;
	for (size_t i = 0; i < n; i = k) {
		for (k = i + 1; k < n && template_equal(x, *it[i].key, *it[k].key, 0); k++)
			;
		group = template_pair(x, it[i].key[1], values_of(x, it + i, k - i));
		group.flag = 2; /* has .grouper and .list */
		out.v[out.n++] = group;
	}
	return out;
}

FILTER(f_unique)
{
	struct val out, *keys, key;
	int64_t n = template_len(c->in);

	out = template_list(x, (size_t)n, false);
	keys = template_list(x, (size_t)n, false).v;
	out.n = 0;
	for (int64_t i = 0; i < n; i++) {
		uint32_t k = 0;

		key = sort_key(x, template_at(c->in, i), c->arg[1], c->arg[0].b);
		while (k < out.n && !template_equal(x, keys[k], key, 0))
			k++;
		if (k < out.n)
			continue;
		keys[out.n] = key;
		out.v[out.n++] = template_at(c->in, i);
	}
	return out;
}

static struct val
extreme(struct eval *x, struct call *c, int sign)
{
	struct val best = { 0 }, best_key = { 0 }, v, key;
	int64_t n = template_len(c->in);

	for (int64_t i = 0; i < n; i++) {
		v = template_at(c->in, i);
		key = sort_key(x, v, c->arg[1], c->arg[0].b);
		if (i == 0 || template_order(x, key, best_key, 0) * sign > 0) {
			best = v;
			best_key = key;
		}
	}
	return n != 0 ? best : missing(x, "the extreme of nothing");
}

FILTER_IS(f_min, extreme(x, c, -1))
FILTER_IS(f_max, extreme(x, c, 1))

FILTER(f_sum)
{
	struct val sum = c->arg[1].kind == V_ABSENT ? template_vint(0) : c->arg[1], v;

	for (int64_t i = 0, n = template_len(c->in); i < n; i++) {
		v = template_at(c->in, i);
		if (template_is_given(c->arg[0]))
			v = template_path(x, v, c->arg[0]);
		v = template_defined(x, v);
		if (sum.kind == V_STR || v.kind == V_STR)
			template_refuse(x, "a sum of text: use join");
		sum = template_binary(x, E_ADD, sum, v);
	}
	return sum;
}

/* ---- filters and tests of each element ---- */

static struct signature
by_name(struct eval *x, struct val name, char what)
{
	struct val s = template_str(x, name);
	const struct filter *f = template_find(what, s.s, s.n);

	if (f == NULL)
		template_refuse(x, "no %s '%.*s'", what == 't' ? "test" : "filter",
		    (int)(s.n > 60 ? 60 : s.n), s.s);
	return template_signature(f);
}

FILTER(f_map)
{
	struct val out = template_list(x, (size_t)template_len(c->in), false);
	struct signature sig = { .f = NULL };

	if (c->nrest != 0)
		sig = by_name(x, c->rest[0], 'f');
	else if (!template_is_given(c->arg[0]))
		template_refuse(x, "'map' needs the name of a filter, or attribute=");
	for (uint32_t i = 0; i < out.n; i++) {
		out.v[i] = template_at(c->in, i);
		if (sig.f != NULL) {
			out.v[i] = template_apply(x, &sig, out.v[i], c->rest + 1, c->nrest - 1);
			continue;
		}
		out.v[i] = template_path(x, out.v[i], c->arg[0]);
		if (out.v[i].kind == V_UNDEF && template_is_given(c->arg[1]))
			out.v[i] = c->arg[1];
	}
	return out;
}

/* Those for which a test (of an attribute) gives `want`. */
static struct val
choose(struct eval *x, struct call *c, bool attribute, bool want)
{
	struct val out = template_list(x, (size_t)template_len(c->in), false), v;
	size_t skip = attribute ? 1 : 0;
	struct signature sig = { .f = NULL };
	uint32_t k = 0;

	if (c->nrest < skip)
		template_refuse(x, "the name of an attribute is needed");
	if (c->nrest > skip)
		sig = by_name(x, c->rest[skip], 't');
	for (uint32_t i = 0; i < out.n; i++) {
		v = template_at(c->in, i);
		if (attribute)
			v = template_path(x, v, c->rest[0]);
		if (sig.f != NULL)
			v = template_apply(x, &sig, v, c->rest + skip + 1, c->nrest - skip - 1);
		if (template_truth(x, v) == want)
			out.v[k++] = template_at(c->in, i);
	}
	out.n = k;
	return out;
}

FILTER_IS(f_select, choose(x, c, false, true))
FILTER_IS(f_reject, choose(x, c, false, false))
FILTER_IS(f_selectattr, choose(x, c, true, true))
FILTER_IS(f_rejectattr, choose(x, c, true, false))

/* ---- parts ---- */

FILTER(f_batch)
{
	int64_t size = c->arg[0].i, n = template_len(c->in), k;
	struct val out;

	if (size < 1)
		template_refuse(x, "a batch has at least 1 element");
	out = template_list(x, (size_t)(n != 0 ? (n - 1) / size + 1 : 0), false);
	for (uint32_t i = 0; i < out.n; i++) {
		k = n - i * size < size ? n - i * size : size;
		out.v[i] = part(
		    x, c->in, i * size, k, template_is_given(c->arg[1]) ? size - k : 0, c->arg[1]);
	}
	return out;
}

FILTER(f_slice)
{
	int64_t slices = c->arg[0].i, n = template_len(c->in), at = 0, k;
	struct val out;

	if (slices < 1 || slices > MAX_STEPS)
		template_refuse(x, "the number of slices is 1 to %d", MAX_STEPS);
	out = template_list(x, (size_t)slices, false);
	for (int64_t i = 0; i < slices; i++, at += k) {
		k = n / slices + (i < n % slices);
		/* Jinja fills every slice without an extra element, even when all are equal */
		out.v[i] = part(
		    x, c->in, at, k, template_is_given(c->arg[1]) && i >= n % slices, c->arg[1]);
	}
	return out;
}

/* clang-format off */
const struct filter template_filters_list[] = {
	{ "join", f_join, "q,d:s=,attribute:v=" }, { "list", f_list, "q" },
	{ "first", f_first, "q" }, { "last", f_last, "q" }, { "reverse", f_reverse, "v" },
	{ "sort", f_sort, "q,reverse:b=,case_sensitive:b=,attribute:v=" },
	{ "dictsort", f_dictsort, "v,case_sensitive:b=,by:s=key,reverse:b=" },
	{ "groupby", f_groupby, "q,attribute:v,default:v=,case_sensitive:b=" },
	{ "unique", f_unique, "q,case_sensitive:b=,attribute:v=" },
	{ "min", f_min, "q,case_sensitive:b=,attribute:v=" },
	{ "max", f_max, "q,case_sensitive:b=,attribute:v=" },
	{ "sum", f_sum, "q,attribute:v=,start:v=" },
	{ "map", f_map, "q,*,attribute:v=,default:v=" }, { "select", f_select, "q,*" },
	{ "reject", f_reject, "q,*" }, { "selectattr", f_selectattr, "q,*" },
	{ "rejectattr", f_rejectattr, "q,*" }, { "batch", f_batch, "q,linecount:i,fill_with:v=" },
	{ "slice", f_slice, "q,slices:i,fill_with:v=" }, { NULL, NULL, NULL },
};
/* clang-format on */
