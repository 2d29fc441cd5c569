/* This file finds filters, tests and methods by name; its own filters take any value. */
#include <math.h>

#include "base/text.h"
#include "template/priv.h"

static const struct {
	char what;
	const struct filter *list;
} tables[] = {
	{ 'f', template_filters_any },
	{ 'f', template_filters_text },
	{ 'f', template_filters_list },
	{ 'f', template_filters_shape },
	{ 'f', template_filters_html },
	{ 't', template_tests },
	{ 'm', template_methods },
};

const struct filter *
template_find(char what, const char *s, size_t n)
{
	for (size_t i = 0; n != 0 && i < countof(tables); i++)
		for (const struct filter *f = tables[i].list; f->name != NULL; f++)
			if (tables[i].what == what && f->name[0] == s[0] &&
			    template_word(s, n, f->name))
				return f;
	return NULL;
}

const char *
template_near(char what, const char *s)
{
	const char *names[200];
	size_t n = 0;

	for (size_t i = 0; i < countof(tables); i++)
		for (const struct filter *f = tables[i].list; f->name != NULL; f++)
			if (tables[i].what == what && n < countof(names))
				names[n++] = f->name;
	return pth_nearest(s, names, n);
}

FILTER(f_default)
{
	if (c->in.kind == V_UNDEF || (c->arg[1].b && !template_truth(x, c->in)))
		return c->arg[0].kind == V_ABSENT ? template_vstr("", 0) : c->arg[0];
	return c->in;
}

FILTER_IS(f_string, c->in)

FILTER(f_length)
{
	if (c->in.kind == V_STR) {
		template_work(x, c->in.n);
		return template_vint((int64_t)template_chars(c->in.s, c->in.n));
	}
	if (c->in.kind == V_LOOP)
		return template_vint(c->in.l->n);
	if (!template_is_map(c->in) && !template_is_seq(c->in) && c->in.kind != V_UNDEF)
		template_refuse(x, "%s has no length", template_kind(c->in));
	return template_vint(template_len(c->in));
}

/* ---- numbers ---- */

/* A whole number in s, as Python's int(s, base); false when it is none. */
static bool
read_int(struct val v, int base, int64_t *i)
{
	char b[80], *end;
	const char *s = v.s;
	size_t k = 0, at = template_space(s, v.n), n = v.n - template_space_back(s + at, v.n - at);

	if (at < n && (s[at] == '-' || s[at] == '+'))
		b[k++] = s[at++];
	if (n - at > 2 && s[at] == '0' &&
	    (s[at + 1] | 0x20) ==
	        (base == 16       ? 'x' :
	                base == 8 ? 'o' :
	                base == 2 ? 'b' :
	                            0))
		at += 2;
	if (at >= n)
		return false;
	for (; at < n && k + 1 < sizeof b; at++) {
		if (s[at] == '_' && k > 0 && b[k - 1] != '_' && at + 1 < n && s[at + 1] != '_')
			continue;
		if (!pth_is_alnum(s[at]))
			return false;
		b[k++] = s[at];
	}
	b[k] = '\0';
	if (k == 0 || at < n || base < 2 || base > 36)
		return false;
	*i = strtoll(b, &end, base);
	return *end == '\0' && *i != INT64_MAX && *i != INT64_MIN;
}

/* As Python's float(s). */
static bool
read_real(struct val v, double *d)
{
	char b[100], *end;
	size_t at = template_space(v.s, v.n),
	       n = v.n - at - template_space_back(v.s + at, v.n - at);

	if (n == 0 || n >= sizeof b)
		return false;
	memcpy(b, v.s + at, n);
	b[n] = '\0';
	*d = strtod(b, &end);
	return *end == '\0' && end != b && strpbrk(b, "xX(") == NULL;
}

static struct val
whole(struct eval *x, double d, struct val def)
{
	if (!isfinite(d))
		return def;
	if (fabs(d) >= 9.2e18)
		template_refuse(x, "integer beyond 64 bits");
	return template_vint((int64_t)d);
}

FILTER(f_int)
{
	struct val def = c->arg[0].kind == V_ABSENT ? template_vint(0) : c->arg[0];
	int64_t i, base = c->arg[1].i;
	double d;

	if (c->in.kind == V_UNDEF)
		template_fail_undef(x, c->in);
	if (template_integer(c->in, &i))
		return template_vint(i);
	if (c->in.kind == V_REAL)
		return whole(x, c->in.d, def);
	if (c->in.kind != V_STR)
		return def;
	if (read_int(c->in, base < 2 || base > 36 ? 0 : (int)base, &i))
		return template_vint(i);
	return read_real(c->in, &d) ? whole(x, d, def) : def;
}

FILTER(f_float)
{
	double d;

	if (c->in.kind == V_UNDEF)
		template_fail_undef(x, c->in);
	if (template_number(c->in, &d) || (c->in.kind == V_STR && read_real(c->in, &d)))
		return template_vreal(d);
	return c->arg[0].kind == V_ABSENT ? template_vreal(0) : c->arg[0];
}

FILTER(f_abs)
{
	int64_t i;

	if (c->in.kind == V_REAL)
		return template_vreal(fabs(c->in.d));
	if (!template_integer(c->in, &i) || i == INT64_MIN)
		template_refuse(x, "%s has no absolute value", template_kind(c->in));
	return template_vint(i < 0 ? -i : i);
}

/* Python's round(): the nearest, halves to even, of the exact value. */
static double
round_real(double d, int64_t digits)
{
	char s[400];

	if (!isfinite(d) || digits > 300 || fabs(d) > 1e300)
		return d;
	if (digits < -300)
		return 0;
	if (digits < 0) {
		double p = pow(10, (double)-digits);

		return nearbyint(d / p) * p;
	}
	snprintf(s, sizeof s, "%.*f", digits > 60 ? 60 : (int)digits, d);
	return strtod(s, NULL);
}

static struct val
round_int(struct eval *x, int64_t i, int64_t digits)
{
	int64_t p = 1, r;

	if (digits >= 0)
		return template_vint(i);
	if (digits < -18)
		return template_vint(0);
	while (digits++ < 0)
		p *= 10;
	r = i % p;
	i -= r;
	if (r < 0 ? r < -p / 2 || (r == -p / 2 && i / p % 2 != 0) :
	            r > p / 2 || (r == p / 2 && i / p % 2 != 0))
		if (__builtin_add_overflow(i, r < 0 ? -p : p, &i))
			template_refuse(x, "integer beyond 64 bits");
	return template_vint(i);
}

FILTER(f_round)
{
	struct val how = c->arg[1];
	int64_t digits = c->arg[0].i, i;
	double d, p;

	if (!template_number(c->in, &d))
		template_refuse(x, "%s cannot be rounded", template_kind(c->in));
	if (template_word(how.s, how.n, "common")) {
		if (template_integer(c->in, &i))
			return round_int(x, i, digits);
		return template_vreal(round_real(d, digits));
	}
	p = pow(10, (double)digits);
	if (template_word(how.s, how.n, "ceil"))
		return template_vreal(ceil(d * p) / p);
	if (!template_word(how.s, how.n, "floor"))
		template_refuse(x, "the method of 'round' is common, ceil or floor");
	return template_vreal(floor(d * p) / p);
}

/* As Ansible: true, yes, on, 1 in any case of letters are true. */
FILTER(f_bool)
{
	static const char *const words[] = { "true", "yes", "on", "1" };

	if (c->in.kind != V_STR)
		return template_vbool(template_truth(x, c->in));
	return template_vbool(template_word_among(c->in, words, countof(words)));
}

FILTER(f_filesize)
{
	static const char units[] = "kMGTPEZY";
	bool binary = c->arg[0].b;
	double d, base = binary ? 1024 : 1000, unit = base;
	size_t i = 0;

	if (!template_number(c->in, &d) && !(c->in.kind == V_STR && read_real(c->in, &d)))
		template_refuse(x, "%s is not a number of bytes", template_kind(c->in));
	if (d == 1)
		return template_vstr("1 Byte", 6);
	if (d < base) {
		pth_buf_addf(&x->tmp, "%.0f Bytes", trunc(d));
		return template_take(x);
	}
	for (unit *= base; d >= unit && i + 2 < sizeof units; i++)
		unit *= base;
	pth_buf_addf(&x->tmp, "%.1f %c%s", base * d / unit, units[i], binary ? "iB" : "B");
	if (binary && i == 0)
		x->tmp.s[x->tmp.len - 3] = 'K';
	return template_take(x);
}

/* ---- forms ---- */

FILTER(f_tojson)
{
	template_put(x, &x->tmp, c->in, FORM_JSON, c->arg[0].i > 16 ? 16 : (int)c->arg[0].i);
	return template_take(x);
}

FILTER(f_yaml)
{
	template_put(x, &x->tmp, c->in, FORM_YAML, -1);
	return template_take(x);
}

FILTER_IS(f_attr, template_path(x, c->in, c->arg[0]))

/* ---- mappings ---- */

static struct val
items(struct eval *x, struct val v, int what)
{
	if (v.kind == V_UNDEF)
		return template_list(x, 0, false);
	if (!template_is_map(v))
		template_refuse(x, "%s is not a mapping", template_kind(v));
	return template_map_items(x, v, what);
}

FILTER_IS(f_items, items(x, c->in, 'i'))
FILTER_IS(f_keys, items(x, c->in, 'k'))
FILTER_IS(f_values, items(x, c->in, 'v'))

/* clang-format off */
const struct filter template_filters_any[] = {
	{ "default", f_default, "u,default_value:v=,boolean:b=" },
	{ "d", f_default, "u,default_value:v=,boolean:b=" },
	{ "string", f_string, "s" }, { "length", f_length, "v" }, { "count", f_length, "v" },
	{ "int", f_int, "v,default:v=,base:i=10" }, { "float", f_float, "v,default:v=" },
	{ "abs", f_abs, "v" }, { "round", f_round, "v,precision:i=0,method:s=common" },
	{ "bool", f_bool, "v" }, { "filesizeformat", f_filesize, "v,binary:b=" },
	{ "tojson", f_tojson, "v,indent:n=-1" }, { "to_json", f_tojson, "v,indent:n=-1" },
	{ "yaml", f_yaml, "v" }, { "attr", f_attr, "v,name:s" }, { "items", f_items, "u" },
	{ "keys", f_keys, "v" }, { "values", f_values, "v" }, { NULL, NULL, NULL },
};
/* clang-format on */
