/* This file has the operators on values: arithmetic, subscripts, slices and % formatting. */
#include <math.h>

#include "base/text.h"
#include "template/priv.h"

/* ---- numbers ---- */

static struct val
power(struct eval *x, int64_t a, int64_t b)
{
	int64_t r = 1;

	if (b < 0) {
		if (a == 0)
			template_refuse(x, "division by zero");
		return template_vreal(pow((double)a, (double)b));
	}
	for (;; b >>= 1) {
		if ((b & 1) != 0 && __builtin_mul_overflow(r, a, &r))
			template_refuse(x, "integer beyond 64 bits");
		if (b <= 1)
			return template_vint(r);
		if (__builtin_mul_overflow(a, a, &a))
			template_refuse(x, "integer beyond 64 bits");
	}
}

static struct val
integers(struct eval *x, int op, int64_t a, int64_t b)
{
	int64_t r = 0;
	bool over = false;

	switch (op) {
	case E_ADD: over = __builtin_add_overflow(a, b, &r); break;
	case E_SUB: over = __builtin_sub_overflow(a, b, &r); break;
	case E_MUL: over = __builtin_mul_overflow(a, b, &r); break;
	case E_POW: return power(x, a, b);
	default:
		if (b == 0)
			template_refuse(x, "division by zero");
		if (op == E_DIV)
			return template_vreal((double)a / (double)b);
		if (b == -1) { /* INT64_MIN / -1 traps */
			over = op == E_FLOOR && __builtin_sub_overflow(0, a, &r);
			break;
		}
		/* Python rounds towards minus infinity. */
		if (op == E_FLOOR)
			r = a / b - (a % b != 0 && (a % b < 0) != (b < 0));
		else
			r = a % b + (a % b != 0 && (a % b < 0) != (b < 0) ? b : 0);
	}
	if (over)
		template_refuse(x, "integer beyond 64 bits");
	return template_vint(r);
}

static struct val
reals(struct eval *x, int op, double a, double b)
{
	double m;

	if (b == 0 && (op == E_DIV || op == E_FLOOR || op == E_MOD))
		template_refuse(x, "division by zero");
	switch (op) {
	case E_ADD: return template_vreal(a + b);
	case E_SUB: return template_vreal(a - b);
	case E_MUL: return template_vreal(a * b);
	case E_DIV: return template_vreal(a / b);
	case E_POW:
		if ((a == 0 && b < 0) || (a < 0 && b != floor(b)))
			template_refuse(x, "this power is not a real number");
		m = pow(a, b);
		if (isinf(m) && isfinite(a) && isfinite(b))
			template_refuse(x, "the result is too large");
		return template_vreal(m);
	default:
		m = fmod(a, b);
		if (m != 0 && (m < 0) != (b < 0))
			m += b;
		else if (m == 0)
			m = copysign(0, b);
		if (op == E_MOD)
			return template_vreal(m);
		a = (a - m) / b;
		m = floor(a);
		return template_vreal(a - m > 0.5 ? m + 1 : m);
	}
}

/* ---- sequences ---- */

static struct val
append(struct eval *x, struct val a, struct val b)
{
	int64_t n = template_len(a), m = template_len(b);
	struct val v = template_list(x, (size_t)(n + m), template_is_tuple(a));

	for (int64_t i = 0; i < n; i++)
		v.v[i] = template_at(a, i);
	for (int64_t i = 0; i < m; i++)
		v.v[n + i] = template_at(b, i);
	return v;
}

static struct val
repeat(struct eval *x, struct val a, int64_t times)
{
	int64_t n = a.kind == V_STR ? a.n : template_len(a);
	struct val v;
	char *p;

	if (times < 0)
		times = 0;
	if (n != 0 && times > MAX_OUTPUT / n)
		template_refuse(x, "the result is too large");
	if (a.kind == V_STR) {
		p = template_alloc(x, (size_t)(n * times));
		for (int64_t i = 0; n != 0 && i < times; i++)
			memcpy(p + i * n, a.s, (size_t)n);
		return template_vstr(p, (size_t)(n * times));
	}
	v = template_list(x, (size_t)(n * times), template_is_tuple(a));
	for (uint32_t i = 0; i < v.n; i++)
		v.v[i] = template_at(a, i % n);
	return v;
}

static bool
list_like(struct val v)
{
	return v.kind == V_LIST || v.kind == V_JARR;
}

struct val
template_binary(struct eval *x, int op, struct val a, struct val b)
{
	/* clang-format off */
	static const char *const names[] = { [E_ADD] = "+", [E_SUB] = "-", [E_MUL] = "*",
		[E_DIV] = "/", [E_FLOOR] = "//", [E_MOD] = "%", [E_POW] = "**" };
	/* clang-format on */
	int64_t i = 0, j = 0;
	double d = 0, e = 0;

	if (template_integer(a, &i) && template_integer(b, &j))
		return integers(x, op, i, j);
	if (template_number(a, &d) && template_number(b, &e))
		return reals(x, op, d, e);
	if (op == E_ADD && a.kind == V_STR && b.kind == V_STR) {
		if ((size_t)a.n + b.n > MAX_OUTPUT)
			template_refuse(x, "the result is too large");
		return template_concat(x, (struct val[]){ a, b }, 2, template_vstr("", 0));
	}
	if (op == E_ADD && list_like(a) && list_like(b) && (a.flag == 0) == (b.flag == 0))
		return append(x, a, b);
	if (op == E_MUL && template_integer(b, &j) && (a.kind == V_STR || list_like(a)))
		return repeat(x, a, j);
	if (op == E_MUL && template_integer(a, &i) && (b.kind == V_STR || list_like(b)))
		return repeat(x, b, i);
	if (op == E_MOD && a.kind == V_STR) {
		if (template_is_tuple(b))
			return template_format(x, a.s, a.n, b.v, b.n);
		return template_format(x, a.s, a.n, &b, 1);
	}
	template_refuse(x, "%s %s %s: not possible", template_kind(a), names[op], template_kind(b));
}

/* ---- subscripts ---- */

static struct val
loop_attr(struct eval *x, const struct node *at, const struct loop *l, const char *s, size_t n)
{
	const struct {
		const char *name;
		struct val v;
	} values[] = {
		{ "index", template_vint(l->i + 1) },
		{ "index0", template_vint(l->i) },
		{ "first", template_vbool(l->i == 0) },
		{ "last", template_vbool(l->i == l->n - 1) },
		{ "length", template_vint(l->n) },
		{ "revindex", template_vint(l->n - l->i) },
		{ "revindex0", template_vint(l->n - l->i - 1) },
		{ "depth", template_vint(1) }, /* of recursive loops, which are not there */
		{ "depth0", template_vint(0) },
	};

	for (size_t k = 0; k < countof(values); k++)
		if (template_word(s, n, values[k].name))
			return values[k].v;
	if (l->i > 0 && template_word(s, n, "previtem"))
		return template_at(l->seq, l->i - 1);
	if (l->i < l->n - 1 && template_word(s, n, "nextitem"))
		return template_at(l->seq, l->i + 1);
	return template_undef(x, at, (struct val){ .kind = V_LOOP }, s, n, NULL);
}

struct val
template_attr(struct eval *x, const struct node *at, struct val v, const char *s, size_t n)
{
	if (v.kind == V_LOOP || template_is_map(v))
		return template_item(x, at, v, template_vstr(s, n));
	if (v.kind == V_LIST && v.flag == 2 &&
	    (template_word(s, n, "grouper") || template_word(s, n, "list")))
		return v.v[*s == 'l'];
	return template_undef(x, at, v, s, n, NULL);
}

static struct val
at_index(struct eval *x, const struct node *at, struct val v, int64_t i)
{
	int64_t n = v.kind == V_STR ? (int64_t)template_chars(v.s, v.n) : template_len(v);
	size_t from, len;

	template_work(x, v.kind == V_STR ? v.n : 0);
	if (i < 0)
		i += n;
	if (i < 0 || i >= n)
		return template_undef(x, at, v, NULL, 0, NULL);
	if (v.kind != V_STR)
		return template_at(v, i);
	from = template_offset(v.s, v.n, (size_t)i);
	template_decode(v.s + from, &len);
	return template_vstr(v.s + from, len);
}

struct val
template_item(struct eval *x, const struct node *at, struct val v, struct val key)
{
	struct val r;
	int64_t i;

	if (v.kind == V_LOOP && key.kind == V_STR)
		return loop_attr(x, at, v.l, key.s, key.n);
	if ((template_is_seq(v) || v.kind == V_STR) && template_integer(key, &i))
		return at_index(x, at, v, i);
	if (template_is_map(v)) {
		r = template_map_get(x, v, key);
		if (r.kind != V_ABSENT)
			return r;
	}
	if (key.kind == V_STR)
		return template_undef(x, at, v, key.s, key.n, NULL);
	return template_undef(x, at, v, NULL, 0, NULL);
}

/* A bound of a slice in [low, high]; negative ones count from the end. */
static int64_t
bound(struct eval *x, struct val v, int64_t def, int64_t n, int64_t low, int64_t high)
{
	int64_t i;

	if (!template_is_given(v))
		return def;
	if (!template_integer(template_defined(x, v), &i))
		template_refuse(x, "%s in a slice: only integers can be", template_kind(v));
	if (i < 0)
		i += n;
	return i < low ? low : i > high ? high : i;
}

struct val
template_slice(struct eval *x, struct val v, struct val a, struct val b, struct val c)
{
	int64_t step = 1, len, from, to, n;
	struct val list, seq;
	size_t start;

	if (!template_is_seq(v) && v.kind != V_STR)
		template_refuse(x, "%s has no slices", template_kind(v));
	if (template_is_given(c) && !template_integer(template_defined(x, c), &step))
		template_refuse(x, "%s in a slice: only integers can be", template_kind(c));
	if (step == 0)
		template_refuse(x, "a slice cannot go in steps of 0");
	if (step > INT32_MAX || step < -INT32_MAX)
		step = step > 0 ? INT32_MAX : -INT32_MAX;
	len = v.kind == V_STR ? (int64_t)template_chars(v.s, v.n) : template_len(v);
	template_work(x, v.kind == V_STR ? v.n : 0);
	if (step > 0) {
		from = bound(x, a, 0, len, 0, len);
		to = bound(x, b, len, len, 0, len);
		n = to > from ? (to - from - 1) / step + 1 : 0;
	} else {
		from = bound(x, a, len - 1, len, -1, len - 1);
		to = bound(x, b, -1, len, -1, len - 1);
		n = from > to ? (from - to - 1) / -step + 1 : 0;
	}
	if (v.kind == V_STR && step == 1) {
		start = template_offset(v.s, v.n, (size_t)from);
		return template_vstr(
		    v.s + start, template_offset(v.s + start, v.n - start, (size_t)n));
	}
	if (n > MAX_OUTPUT)
		template_refuse(x, "the result is too large");
	list = template_list(x, (size_t)n, template_is_tuple(v));
	seq = v.kind == V_STR && n != 0 ? template_seq(x, v) : v;
	for (int64_t i = 0; i < n; i++)
		list.v[i] = template_at(seq, from + i * step);
	if (v.kind == V_STR)
		return template_concat(x, list.v, list.n, template_vstr("", 0));
	return list;
}

/* ---- "%s %05d" % values ---- */

struct spec {
	bool left, zero, plus, space, alt;
	int width, prec;
	char conv;
};

static const char *
read_number(const char *s, const char *end, int *n)
{
	for (*n = 0; s < end && pth_is_digit(*s) && *n < 10000; s++)
		*n = *n * 10 + *s - '0';
	return s;
}

static const char *
read_spec(struct eval *x, const char *s, const char *end, struct spec *f)
{
	*f = (struct spec){ .prec = -1 };
	for (; s < end && strchr("-0+ #", *s) != NULL && *s != '\0'; s++) {
		f->left |= *s == '-';
		f->zero |= *s == '0';
		f->plus |= *s == '+';
		f->space |= *s == ' ';
		f->alt |= *s == '#';
	}
	s = read_number(s, end, &f->width);
	if (s < end && *s == '.')
		s = read_number(s + 1, end, &f->prec);
	if (s >= end)
		template_refuse(x, "the format ends in the middle of a %%");
	f->conv = *s;
	if (f->width > 10000 || f->prec > 1000)
		template_refuse(x, "a field of the format is too wide");
	return s + 1;
}

static void
format_number(struct eval *x, struct pth_buf *b, const struct spec *f, struct val v)
{
	bool real = strchr("eEfFgG", f->conv) != NULL;
	char form[16];
	double d = 0;
	int64_t i = 0;

	if (!template_number(v, &d))
		template_refuse(x, "%%%c needs a number, not %s", f->conv, template_kind(v));
	if (!real) {
		if (!template_integer(v, &i)) {
			if (strchr("xXo", f->conv) != NULL)
				template_refuse(x, "%%%c needs an integer", f->conv);
			if (!(fabs(d) < 9.2e18))
				template_refuse(x, "integer beyond 64 bits");
			i = (int64_t)d;
		}
		if (i < 0 && i > INT64_MIN && strchr("xXo", f->conv) != NULL) {
			pth_buf_addc(b, '-');
			i = -i;
		}
	}
	snprintf(form, sizeof form, "%%%s%s%s.*%s%c", f->plus ? "+" : "", f->space ? " " : "",
	    f->alt ? "#" : "", real ? "" : "ll", f->conv == 'i' || f->conv == 'u' ? 'd' : f->conv);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if (real)
		pth_buf_addf(b, form, f->prec < 0 ? 6 : f->prec, d);
	else
		pth_buf_addf(b, form, f->prec < 0 ? 1 : f->prec, (long long)i);
#pragma GCC diagnostic pop
}

static void
format_one(struct eval *x, struct pth_buf *b, const struct spec *f, struct val v)
{
	size_t at = b->len, have, sign;
	bool number = strchr("diuxXoeEfFgG", f->conv) != NULL;
	long pad;

	v = template_defined(x, v);
	if (number) {
		format_number(x, b, f, v);
	} else if (f->conv == 's' || f->conv == 'r') {
		template_put(x, b, v, f->conv == 'r' ? FORM_REPR : FORM_STR, -1);
		if (f->prec >= 0)
			pth_buf_cut(
			    b, at + template_offset(b->s + at, b->len - at, (size_t)f->prec));
	} else if (f->conv == 'c' &&
	    (v.kind == V_INT ? v.i > 0 && v.i < 0x110000 : v.kind == V_STR)) {
		if (v.kind == V_INT)
			template_utf8(b, (unsigned)v.i);
		else
			pth_buf_add(b, v.s, v.n);
	} else {
		template_refuse(x, "no format %%%c", f->conv);
	}
	have = template_chars(b->s + at, b->len - at);
	pad = f->width - (long)have;
	if (pad <= 0)
		return;
	pth_buf_room(b, (size_t)pad);
	if (f->left) {
		memset(b->s + b->len, ' ', (size_t)pad);
	} else {
		sign = number && f->zero && strchr("+- ", b->s[at]) != NULL ? 1 : 0;
		memmove(b->s + at + sign + pad, b->s + at + sign, b->len - at - sign);
		memset(b->s + at + sign, number && f->zero ? '0' : ' ', (size_t)pad);
	}
	b->len += (size_t)pad;
	b->s[b->len] = '\0';
}

struct val
template_format(struct eval *x, const char *s, size_t n, const struct val *arg, size_t narg)
{
	const char *end = s + n;
	struct pth_buf *b = &x->tmp;
	struct spec f;
	size_t used = 0;

	while (s < end) {
		if (*s != '%') {
			pth_buf_addc(b, *s++);
			continue;
		}
		s = read_spec(x, s + 1, end, &f);
		if (f.conv == '%') {
			pth_buf_addc(b, '%');
			continue;
		}
		if (f.conv == '(')
			template_refuse(x, "formats by name are not supported");
		if (used == narg)
			template_refuse(x, "the format wants more than %zu value%s", narg,
			    narg == 1 ? "" : "s");
		format_one(x, b, &f, arg[used++]);
	}
	if (used < narg)
		template_refuse(x, "the format wants only %zu of %zu values", used, narg);
	return template_take(x);
}
