/* This file makes text of values: as Python's str() and repr(), as JSON and as YAML. */
#include <math.h>

#include "base/text.h"
#include "template/priv.h"

/* ---- UTF-8 that is known to be valid ---- */

size_t
template_chars(const char *s, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += (s[i] & 0xc0) != 0x80;
	return k;
}

size_t
template_offset(const char *s, size_t n, size_t chars)
{
	size_t i = 0;

	for (; i < n; i++)
		if ((s[i] & 0xc0) != 0x80 && chars-- == 0)
			break;
	return i;
}

unsigned
template_decode(const char *s, size_t *len)
{
	unsigned c = (unsigned char)*s;

	*len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (*len > 1)
		c &= 0x7fu >> *len;
	for (size_t i = 1; i < *len; i++)
		c = c << 6 | (s[i] & 0x3fu);
	return c;
}

void
template_utf8(struct pth_buf *b, unsigned c)
{
	static const unsigned char first[] = { 0, 0xc0, 0xe0, 0xf0 };
	unsigned more = (c >= 0x80) + (c >= 0x800) + (c >= 0x10000); /* bytes after the first */

	pth_buf_addc(b, (char)(first[more] | c >> 6 * more));
	while (more-- > 0)
		pth_buf_addc(b, (char)(0x80 | (c >> 6 * more & 0x3f)));
}

bool
template_word_among(struct val v, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) == v.n && strncasecmp(words[i], v.s, v.n) == 0)
			return true;
	return false;
}

/* ---- numbers ---- */

void
template_put_int(struct pth_buf *b, int64_t i)
{
	char s[24], *p = s + sizeof s;
	uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;

	do
		*--p = (char)('0' + u % 10);
	while ((u /= 10) != 0);
	if (i < 0)
		*--p = '-';
	pth_buf_add(b, p, (size_t)(s + sizeof s - p));
}

/* The shortest digits that give d back, laid out as Python does. */
static void
put_real(struct pth_buf *b, double d)
{
	char s[40], digits[24];
	int prec, exp, point, n = 0; /* point: the digit before it */
	bool with_exp;
	char *e;

	if (!isfinite(d)) {
		pth_buf_adds(b, isnan(d) ? "nan" : d < 0 ? "-inf" : "inf");
		return;
	}
	for (prec = 0; prec <= 17; prec++) {
		snprintf(s, sizeof s, "%.*e", prec, fabs(d));
		if (strtod(s, NULL) == fabs(d))
			break;
		if (prec == 0)
			prec = 13; /* few numbers need 2 to 14; trailing zeros go below */
	}
	e = strchr(s, 'e');
	exp = (int)strtol(e + 1, NULL, 10);
	with_exp = exp < -4 || exp >= 16;
	point = with_exp ? 0 : exp;
	for (char *p = s; p < e; p++)
		if (*p != '.')
			digits[n++] = *p;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	if (signbit(d))
		pth_buf_addc(b, '-');
	for (int i = point < 0 ? point : 0; i <= point || i < n; i++) {
		if (i == point + 1)
			pth_buf_addc(b, '.');
		pth_buf_addc(b, i >= 0 && i < n ? digits[i] : '0');
	}
	if (with_exp)
		pth_buf_addf(b, "e%c%02d", exp < 0 ? '-' : '+', abs(exp));
	else if (n <= exp + 1)
		pth_buf_adds(b, ".0");
}

/* ---- str and repr ---- */

/* Characters that Python's repr writes as \x, \u or \U (controls, formats,
 * other spaces, private use); letters that Unicode has not assigned are not
 * looked up. */
static bool
unprintable(unsigned c)
{
	static const unsigned range[][2] = { { 0, 0x1f }, { 0x7f, 0xa0 }, { 0xad, 0xad },
		{ 0x600, 0x605 }, { 0x61c, 0x61c }, { 0x6dd, 0x6dd }, { 0x70f, 0x70f },
		{ 0x1680, 0x1680 }, { 0x180e, 0x180e }, { 0x2000, 0x200f }, { 0x2028, 0x202f },
		{ 0x205f, 0x206f }, { 0x3000, 0x3000 }, { 0xe000, 0xf8ff }, { 0xfeff, 0xfeff },
		{ 0xfff0, 0xfffb }, { 0xfffe, 0xffff }, { 0xe0000, 0x10ffff } };

	for (size_t i = 0; i < countof(range); i++)
		if (c >= range[i][0] && c <= range[i][1])
			return true;
	return false;
}

static void
put_escape(struct pth_buf *b, unsigned c)
{
	if (c == '\n' || c == '\r' || c == '\t')
		pth_buf_addf(b, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
	else if (c < 0x100)
		pth_buf_addf(b, "\\x%02x", c);
	else if (c < 0x10000)
		pth_buf_addf(b, "\\u%04x", c);
	else
		pth_buf_addf(b, "\\U%08x", c);
}

/* Text between quotes, with escapes: as Python's repr(), or as YAML. */
static void
put_quoted(struct pth_buf *b, struct val v, char quote, bool yaml)
{
	size_t len;

	pth_buf_addc(b, quote);
	for (size_t i = 0; i < v.n; i += len) {
		unsigned c = template_decode(v.s + i, &len);

		if (c == (unsigned char)quote || c == '\\') {
			pth_buf_addc(b, '\\');
			pth_buf_addc(b, (char)c);
		} else if (unprintable(c) || (yaml && c == 0xfffd)) {
			put_escape(b, c);
		} else {
			pth_buf_add(b, v.s + i, len);
		}
	}
	pth_buf_addc(b, quote);
}

/* Text that every YAML reader takes as this text, without quotes. */
static bool
plain(struct val v)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on", "off", "null", "y",
		"n", "nan", "inf" };
	bool letter = false;

	if (v.n == 0 || v.n > 200)
		return false;
	for (uint32_t i = 0; i < v.n; i++) {
		char c = v.s[i];
		bool alpha = pth_is_alpha(c) || c == '_';

		if (i == 0 && !alpha && c != '/')
			return false;
		if (!alpha && !pth_is_digit(c) && strchr("/.-+@%", c) == NULL)
			return false;
		letter |= alpha;
	}
	return letter && !template_word_among(v, words, countof(words));
}

static void
put_json_text(struct pth_buf *b, struct val v)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *q;
	size_t len;

	pth_buf_addc(b, '"');
	for (size_t i = 0; i < v.n; i += len) {
		unsigned c = template_decode(v.s + i, &len);

		if (c != 0 && c < 0x80 && (q = strchr(from, (int)c)) != NULL) {
			pth_buf_addc(b, '\\');
			pth_buf_addc(b, to[q - from]);
		} else if (c >= 0x10000) {
			pth_buf_addf(b, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10),
			    0xdc00 + ((c - 0x10000) & 0x3ff));
		} else if (c < 0x20 || c >= 0x7f) {
			pth_buf_addf(b, c == 0x7f ? "\x7f" : "\\u%04x", c);
		} else {
			pth_buf_addc(b, (char)c);
		}
	}
	pth_buf_addc(b, '"');
}

static void
newline(struct pth_buf *b, int indent, int level, const char *without)
{
	if (indent < 0) {
		pth_buf_adds(b, without);
		return;
	}
	pth_buf_addc(b, '\n');
	for (int i = 0; i < indent * level; i++)
		pth_buf_addc(b, ' ');
}

static void
put_text(struct pth_buf *b, struct val v, enum form form)
{
	bool single = v.n != 0 && memchr(v.s, '\'', v.n) != NULL, twice;

	if (form == FORM_JSON) {
		put_json_text(b, v);
	} else if (form == FORM_REPR) {
		twice = single && memchr(v.s, '"', v.n) == NULL;
		put_quoted(b, v, twice ? '"' : '\'', false);
	} else if (form == FORM_YAML && !plain(v)) {
		put_quoted(b, v, '"', true);
	} else if (v.n != 0) {
		pth_buf_add(b, v.s, v.n);
	}
}

/* ---- all values ---- */

/* Where a value stands in another one. */
struct place {
	enum form form;
	int indent, level;
};

static void put(struct eval *x, struct pth_buf *b, struct val v, struct place at);

/* Keys in order, as json.dumps(sort_keys=True). */
static int
by_key(const void *a, const void *b)
{
	return template_order_text(*((const struct val *)a)->v, *((const struct val *)b)->v);
}

/* The keys of JSON are texts. */
static void
json_keys(struct eval *x, struct val items)
{
	for (uint32_t i = 0; i < items.n; i++) {
		struct val *key = items.v[i].v;

		if (key->kind == V_BOOL)
			*key = key->b ? template_vstr("true", 4) : template_vstr("false", 5);
		else if (key->kind == V_NONE)
			*key = template_vstr("null", 4);
		else if (key->kind == V_LIST)
			template_refuse(x, "a tuple cannot be a key in JSON");
		*key = template_str(x, *key);
	}
	if (items.n != 0)
		qsort(items.v, items.n, sizeof *items.v, by_key);
}

/* The elements of a sequence, or the pairs of a mapping. */
static void
put_all(struct eval *x, struct pth_buf *b, struct val v, struct place at)
{
	bool python = at.form == FORM_REPR, tuple = python && template_is_tuple(v),
	     map = template_is_map(v), ns = python && v.kind == V_MAP && v.m->ns;
	struct val seq = map ? template_map_items(x, v, 'i') : v, one;
	int64_t n = template_len(seq);

	if (map && at.form == FORM_JSON)
		json_keys(x, seq);
	pth_buf_adds(b, ns ? "<Namespace {" : map ? "{" : tuple ? "(" : "[");
	for (int64_t i = 0; i < n; i++) {
		if (i != 0)
			pth_buf_addc(b, ',');
		newline(b, at.indent, at.level, i != 0 ? " " : "");
		one = template_at(seq, i);
		if (map) {
			put(x, b, one.v[0], at);
			pth_buf_add(b, ": ", 2);
			one = one.v[1];
		}
		put(x, b, one, at);
	}
	if (n != 0)
		newline(b, at.indent, at.level - 1, "");
	pth_buf_adds(b, ns ? "}>" : map ? "}" : !tuple ? "]" : n == 1 ? ",)" : ")");
}

static void
put_range(struct pth_buf *b, const struct range *r)
{
	pth_buf_addf(b, "range(%lld, %lld", (long long)r->start, (long long)r->stop);
	if (r->step != 1)
		pth_buf_addf(b, ", %lld", (long long)r->step);
	pth_buf_addc(b, ')');
}

static void
put(struct eval *x, struct pth_buf *b, struct val v, struct place at)
{
	bool python = at.form <= FORM_REPR;
	struct place below = { python ? FORM_REPR : at.form, at.indent, at.level + 1 };

	if (at.level > MAX_DEPTH)
		template_refuse(x, "a value nested deeper than %d", MAX_DEPTH);
	if (b->len + (v.kind == V_STR ? v.n : 0) > MAX_OUTPUT)
		template_refuse(x, "more than %d MiB of text", MAX_OUTPUT >> 20);
	v = template_defined(x, v);
	if (v.kind == V_RANGE && python)
		put_range(b, v.r);
	else if (template_is_seq(v) || template_is_map(v))
		put_all(x, b, v, below);
	else if (v.kind == V_STR)
		put_text(b, v, at.form);
	else if (v.kind == V_NONE)
		pth_buf_adds(b, python ? "None" : "null");
	else if (v.kind == V_UNDEF && at.form == FORM_REPR)
		pth_buf_adds(b, "Undefined");
	else if (v.kind == V_BOOL)
		pth_buf_adds(b, python ? v.b ? "True" : "False" : v.b ? "true" : "false");
	else if (v.kind == V_INT)
		template_put_int(b, v.i);
	else if (v.kind == V_REAL && (python || isfinite(v.d)))
		put_real(b, v.d);
	else if (!python)
		template_refuse(x, "%s has no JSON form", template_kind(v));
	else if (v.kind == V_LOOP)
		template_refuse(x, "'loop' itself cannot be printed");
	else if (v.kind == V_MACRO)
		template_refuse(x, "a macro itself cannot be printed: call it");
}

void
template_put(struct eval *x, struct pth_buf *b, struct val v, enum form form, int indent)
{
	put(x, b, v, (struct place){ form, indent, 0 });
}

struct val
template_str(struct eval *x, struct val v)
{
	size_t at = x->tmp.len;
	struct val s;

	v = template_defined(x, v);
	if (v.kind == V_STR)
		return v;
	template_put(x, &x->tmp, v, FORM_STR, -1);
	s = template_strn(x, x->tmp.s != NULL ? x->tmp.s + at : "", x->tmp.len - at);
	pth_buf_cut(&x->tmp, at);
	return s;
}

struct val
template_text(struct eval *x, struct val v)
{
	if (v.kind == V_NONE && !x->sh->opt.lenient)
		template_refuse(
		    x, "this is none, which has no text (use |default('', true) or |string)");
	return template_str(x, v);
}
