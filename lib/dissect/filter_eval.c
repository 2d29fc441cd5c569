/* This file decides whether a display filter takes a packet. */
#include <string.h>

#include "dissect/filter_priv.h"

/* Bytes of a value that the comparison is about; false: the slice is not within. */
static bool
cut(const struct filter_node *n, const struct pth_value *v, const uint8_t **p, size_t *len)
{
	*p = v->p;
	*len = v->n;
	if (!n->slice)
		return true;
	if (n->from > *len || (n->count != SIZE_MAX && n->count > *len - n->from))
		return false;
	*p += n->from;
	*len = n->count == SIZE_MAX ? *len - n->from : n->count;
	return true;
}

static int
order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
order_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	int r = memcmp(a, b, bits / 8);
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	if (r != 0 || bits % 8 == 0)
		return r;
	return (a[bits / 8] & mask) - (b[bits / 8] & mask);
}

/* Less than 0, 0 or more, as memcmp(3). */
static int
compare(const struct filter_node *n, const struct pth_value *v, const struct filter_value *with)
{
	const uint8_t *p;
	size_t len;
	int r;

	switch (n->slice ? PTH_FT_BYTES : pth_field_type(v->field)) {
	case PTH_FT_UINT:
	case PTH_FT_HEX:
	case PTH_FT_BOOL: return (v->u > with->u) - (v->u < with->u);
	case PTH_FT_TIME:
	case PTH_FT_SPAN: return order(v->s, with->s);
	case PTH_FT_IPV4:
	case PTH_FT_IPV6: return order_bits(v->p, with->p, with->bits);
	default: break;
	}
	if (!cut(n, v, &p, &len))
		return 1;
	r = memcmp(p, with->p, len < with->n ? len : with->n);
	return r != 0 ? r : (len > with->n) - (len < with->n);
}

static bool
is_member(const struct filter_node *n, const struct pth_value *v)
{
	for (const struct filter_value *m = n->values; m != NULL; m = m->next)
		if (m->last == NULL ? compare(n, v, m) == 0 :
		                      compare(n, v, m) >= 0 && compare(n, v, m->last) <= 0)
			return true;
	return false;
}

static bool
holds(const struct filter_node *n, const struct pth_value *v)
{
	const uint8_t *p;
	size_t len;
	int r;

	if (n->op == FILTER_IN)
		return is_member(n, v);
	if (n->slice && !cut(n, v, &p, &len))
		return false;
	if (n->op == FILTER_CONTAINS)
		return cut(n, v, &p, &len) && memmem(p, len, n->values->p, n->values->n) != NULL;
	r = compare(n, v, n->values);
	switch (n->op) {
	case FILTER_EQ: return r == 0;
	case FILTER_NE: return r != 0;
	case FILTER_LE: return r <= 0;
	case FILTER_GE: return r >= 0;
	case FILTER_LT: return r < 0;
	default: return r > 0;
	}
}

static bool
is_of(const struct filter_node *n, const struct pth_value *v)
{
	return v->field == n->ref.v[0] || (n->ref.n > 1 && v->field == n->ref.v[1]);
}

/* One of the values; of != all of them, and there must be one. */
static bool
leaf(const struct filter_node *n, const struct pth_value *v, size_t count)
{
	bool there = false;

	for (size_t i = 0; i < count; i++) {
		if (!is_of(n, &v[i]))
			continue;
		if (n->kind == FILTER_EXISTS)
			return true;
		there = true;
		if (holds(n, &v[i]) != (n->op == FILTER_NE))
			return n->op != FILTER_NE;
	}
	return there && n->op == FILTER_NE;
}

static bool
takes(const struct filter_node *n, const struct pth_value *v, size_t count)
{
	switch (n->kind) {
	case FILTER_NOT: return !takes(n->a, v, count);
	case FILTER_AND: return takes(n->a, v, count) && takes(n->b, v, count);
	case FILTER_OR: return takes(n->a, v, count) || takes(n->b, v, count);
	default: return leaf(n, v, count);
	}
}

static bool
only_ours(const struct filter_node *n)
{
	return n != NULL &&
	    ((n->kind <= FILTER_COMPARE && pth_field_only_ours(n->ref.v[0])) || only_ours(n->a) ||
	        only_ours(n->b));
}

bool
pth_filter_only_ours(const struct pth_filter *f)
{
	return only_ours(f->root);
}

bool
pth_filter_takes(const struct pth_filter *f, const struct pth_value *v, size_t n)
{
	return takes(f->root, v, n);
}
