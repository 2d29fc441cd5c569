/* This file has the filters of text, and what they share with the methods of strings. */
#include <locale.h>
#include <wctype.h>

#include "base/text.h"
#include "template/priv.h"

/* ---- case of letters ---- */

/* C.UTF-8 knows the letters of Unicode, whatever the user's locale is. */
static locale_t
letters(struct eval *x)
{
	if (x->locale == NULL)
		x->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return x->locale;
}

static void
put_letter(struct eval *x, unsigned c, bool up)
{
	locale_t l;

	if (up && c == 0xdf) {
		pth_buf_add(&x->tmp, "SS", 2);
		return;
	}
	l = letters(x);
	if (l != (locale_t)0)
		c = up ? towupper_l(c, l) : towlower_l(c, l);
	template_utf8(&x->tmp, c);
}

static bool
ascii_case(struct val s, int how, char *p)
{
	for (uint32_t i = 0; i < s.n; i++) {
		char c = s.s[i];
		bool up = how == 'u' || (how == 'c' && i == 0);

		if ((signed char)c < 0)
			return false;
		if (up ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z')
			c ^= 0x20;
		p[i] = c;
	}
	return true;
}

struct val
template_case(struct eval *x, struct val s, int how)
{
	char *p = template_alloc(x, s.n);
	size_t len;

	if (ascii_case(s, how, p))
		return template_vstr(p, s.n);
	for (size_t i = 0; i < s.n; i += len) {
		unsigned c = template_decode(s.s + i, &len);

		put_letter(x, c, how == 'u' || (how == 'c' && i == 0));
	}
	return template_take(x);
}

/* ---- pieces ---- */

static bool
among(struct val chars, const char *s, size_t len)
{
	size_t n;

	for (size_t i = 0; i < chars.n; i += n) {
		template_decode(chars.s + i, &n);
		if (n == len && memcmp(chars.s + i, s, n) == 0)
			return true;
	}
	return false;
}

struct val
template_strip(struct eval *x, struct val s, struct val chars, int side)
{
	size_t a = 0, b = s.n, len, at;

	template_work(x, s.n);
	if (!template_is_given(chars)) {
		if (side != 'r')
			a = template_space(s.s, b);
		if (side != 'l')
			b -= template_space_back(s.s + a, b - a);
		return template_vstr(s.s + a, b - a);
	}
	chars = template_str(x, chars);
	template_work(x, (size_t)chars.n * 8);
	while (side != 'r' && a < b) {
		template_decode(s.s + a, &len);
		if (!among(chars, s.s + a, len))
			break;
		a += len;
		template_work(x, chars.n);
	}
	while (side != 'l' && b > a) {
		for (at = b - 1; (s.s[at] & 0xc0) == 0x80; at--)
			;
		if (!among(chars, s.s + at, b - at))
			break;
		b = at;
		template_work(x, chars.n);
	}
	return template_vstr(s.s + a, b - a);
}

/* Append to x->tmp, or fail when it gets too long. */
static void
add(struct eval *x, const char *s, size_t n)
{
	template_room(x, x->tmp.len + n);
	if (n != 0)
		pth_buf_add(&x->tmp, s, n);
}

/* Between all characters. */
static struct val
interleave(struct eval *x, struct val s, struct val with, int64_t count)
{
	size_t len, i = 0;

	for (; count != 0; count--) {
		template_work(x, 32);
		add(x, with.s, with.n);
		if (i >= s.n)
			break;
		template_decode(s.s + i, &len);
		add(x, s.s + i, len);
		i += len;
	}
	add(x, s.s + i, s.n - i);
	return template_take(x);
}

struct val
template_replace(struct eval *x, struct call *c)
{
	struct val s = c->in, old = c->arg[0], new_ = c->arg[1];
	int64_t count = c->arg[2].i;
	const char *p = s.s, *end = s.s + s.n, *q;

	template_work(x, s.n);
	if (old.n == 0)
		return interleave(x, s, new_, count);
	while (count != 0 && p < end && (q = memmem(p, (size_t)(end - p), old.s, old.n)) != NULL) {
		add(x, p, (size_t)(q - p));
		add(x, new_.s, new_.n);
		p = q + old.n;
		count--;
		template_work(x, 64); /* many short pieces take longer than their bytes */
	}
	if (p == s.s)
		return s;
	add(x, p, (size_t)(end - p));
	return template_take(x);
}

/* To a width: 'l' left, 'r' right, 'c' centred as Python's str.center. */
struct val
template_pad(struct eval *x, struct val s, int64_t width, char fill, int how)
{
	int64_t n = (int64_t)template_chars(s.s, s.n), pad, left;
	char *p;

	if (width <= n)
		return s;
	template_room(x, (size_t)width);
	pad = width - n;
	left = how == 'l' ? 0 : how == 'r' ? pad : pad / 2 + (pad & width & 1);
	p = template_alloc(x, (size_t)pad + s.n);
	memset(p, fill, (size_t)left);
	if (s.n != 0)
		memcpy(p + left, s.s, s.n);
	memset(p + left + s.n, fill, (size_t)(pad - left));
	return template_vstr(p, (size_t)pad + s.n);
}

/* Bytes of the line end at s, as Python's splitlines sees it. */
static size_t
line_end(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;

	if (u[0] == '\r')
		return n > 1 && u[1] == '\n' ? 2 : 1;
	if ((u[0] >= 10 && u[0] <= 12) || (u[0] >= 0x1c && u[0] <= 0x1e))
		return 1;
	if (n > 1 && u[0] == 0xc2 && u[1] == 0x85)
		return 2;
	return n > 2 && u[0] == 0xe2 && u[1] == 0x80 && (u[2] & 0xfe) == 0xa8 ? 3 : 0;
}

struct val
template_lines(struct eval *x, struct val s)
{
	struct val list;
	size_t n = 1, begin = 0, len;

	template_work(x, s.n);
	for (size_t i = 0; i < s.n; i++)
		n += line_end(s.s + i, s.n - i) != 0;
	list = template_list(x, n, false);
	list.n = 0;
	for (size_t i = 0; i < s.n; i += len != 0 ? len : 1) {
		len = line_end(s.s + i, s.n - i);
		if (len == 0)
			continue;
		list.v[list.n++] = template_vstr(s.s + begin, i - begin);
		begin = i + len;
	}
	if (begin < s.n)
		list.v[list.n++] = template_vstr(s.s + begin, s.n - begin);
	return list;
}

/* ---- the filters ---- */

PUBLIC_IS(template_upper, template_case(x, c->in, 'u'))
PUBLIC_IS(template_lower, template_case(x, c->in, 'l'))
PUBLIC_IS(template_capitalize, template_case(x, c->in, 'c'))
PUBLIC_IS(template_trim, template_strip(x, c->in, c->arg[0], 'b'))
FILTER_IS(f_safe, c->in)
FILTER_IS(f_center, template_pad(x, c->in, c->arg[0].i, ' ', 'c'))
FILTER_IS(f_format, template_format(x, c->in.s, c->in.n, c->rest, c->nrest))

/* Words begin after a space or one of - ( { [ < */
FILTER(f_title)
{
	struct val s = c->in;
	bool begin = true;
	size_t len;

	for (size_t i = 0; i < s.n; i += len) {
		unsigned ch = template_decode(s.s + i, &len);

		put_letter(x, ch, begin);
		begin = template_space(s.s + i, len) == len ||
		    (ch < 0x80 && strchr("-({[<", (int)ch) != NULL);
	}
	return template_take(x);
}

FILTER(f_indent)
{
	struct val lines, by = c->arg[0], none = template_vstr("", 0);
	bool first = c->arg[1].b, blank = c->arg[2].b;

	if (by.kind != V_STR)
		by = template_pad(
		    x, none, by.kind == V_ABSENT ? 4 : template_arg_int(x, by), ' ', 'l');
	/* Jinja adds a newline first, so that a last one makes an empty line */
	add(x, c->in.s, c->in.n);
	add(x, "\n", 1);
	lines = template_lines(x, template_take(x));
	for (uint32_t i = 0; i < lines.n; i++) {
		if (i != 0)
			add(x, "\n", 1);
		if (i != 0 ? blank || lines.v[i].n > 0 : first)
			add(x, by.s, by.n);
		add(x, lines.v[i].s, lines.v[i].n);
	}
	return template_take(x);
}

FILTER(f_truncate)
{
	struct val s = c->in, end = c->arg[2];
	int64_t n = c->arg[0].i, leeway = c->arg[3].i;
	int64_t e = (int64_t)template_chars(end.s, end.n);
	size_t cut, space;

	if (n < e || leeway < 0)
		template_refuse(x, "the length is less than that of '%.*s'", (int)end.n, end.s);
	if ((int64_t)template_chars(s.s, s.n) - leeway <= n)
		return s;
	cut = template_offset(s.s, s.n, (size_t)(n - e));
	if (!c->arg[1].b) {
		for (space = cut; space > 0 && s.s[space - 1] != ' '; space--)
			;
		if (space > 0)
			cut = space - 1;
	}
	add(x, s.s, cut);
	add(x, end.s, end.n);
	return template_take(x);
}

FILTER(f_wordcount)
{
	struct val s = c->in;
	int64_t n = 0;
	bool in = false, word;
	size_t len;

	for (size_t i = 0; i < s.n; i += len) {
		unsigned ch = template_decode(s.s + i, &len);

		word = ch == '_' || (ch >= '0' && ch <= '9') ||
		    (letters(x) != NULL && iswalnum_l(ch, letters(x)) != 0);
		n += word && !in;
		in = word;
	}
	return template_vint(n);
}

FILTER_FUNCTION(template_escape)
{
	struct val s = c->in;
	static const char from[] = "&<>'\"";
	static const char *const to[] = { "&amp;", "&lt;", "&gt;", "&#39;", "&#34;" };
	const char *q;

	for (size_t i = 0; i < s.n; i++) {
		q = s.s[i] != '\0' ? strchr(from, s.s[i]) : NULL;
		if (q != NULL)
			add(x, to[q - from], strlen(to[q - from]));
		else
			add(x, s.s + i, 1);
	}
	return template_take(x);
}

/* In a query a blank is "+", and a slash is not left as it is. */
static void
add_url(struct eval *x, struct val s, bool query)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.s[i];

		if (pth_is_alnum((char)ch) ||
		    (ch != '\0' && strchr(query ? "_.-~" : "/_.-~", ch) != NULL))
			add(x, s.s + i, 1);
		else if (query && ch == ' ')
			add(x, "+", 1);
		else
			pth_buf_addf(&x->tmp, "%%%02X", ch);
	}
}

/* A text, or the names and values of a query: a mapping, or a list of pairs. */
FILTER(f_urlencode)
{
	struct val pairs, *part, pair;
	size_t n;

	if (c->in.kind == V_STR || (!template_is_map(c->in) && !template_is_seq(c->in))) {
		add_url(x, template_str(x, c->in), false);
		return template_take(x);
	}
	pairs = template_is_map(c->in) ? template_map_items(x, c->in, 'i') : template_seq(x, c->in);
	n = (size_t)template_len(pairs);
	/* All come before the first is added, as template_str uses the same buffer. */
	part = template_list(x, 2 * n, false).v;
	for (size_t i = 0; i < n; i++) {
		pair = template_at(pairs, (int64_t)i);
		if (!template_is_seq(pair) || template_len(pair) != 2)
			template_refuse(x, "urlencode: a list of pairs is expected");
		part[2 * i] = template_str(x, template_at(pair, 0));
		part[2 * i + 1] = template_str(x, template_at(pair, 1));
	}
	for (size_t i = 0; i < 2 * n; i++) {
		if (i != 0)
			add(x, i % 2 != 0 ? "=" : "&", 1);
		add_url(x, part[i], true);
	}
	return template_take(x);
}

const char *
template_text0(struct eval *x, struct val s)
{
	char *text = template_alloc(x, (size_t)s.n + 1);

	if (s.n != 0)
		memcpy(text, s.s, s.n);
	text[s.n] = '\0';
	if (strlen(text) != s.n)
		template_refuse(x, "a NUL cannot be in it");
	return text;
}

/* One word of the shell. */
FILTER(f_quote)
{
	pth_quote_sh(&x->tmp, template_text0(x, template_text(x, c->in)));
	return template_take(x);
}

/* The same as Python's shlex.quote() writes it: an apostrophe is in quotation marks. */
FILTER(f_quote_shell)
{
	struct val s = f_quote(x, c), by = template_vstr("'\"'\"'", 5);
	struct call escaped = { .in = s,
		.arg = { template_vstr("'\\''", 4), by, template_vint(-1) } };

	return template_replace(x, &escaped);
}

/* Bytes of a path up to its last slash. */
static size_t
behind_slash(struct val path)
{
	const char *slash = path.n != 0 ? memrchr(path.s, '/', path.n) : NULL;

	return slash != NULL ? (size_t)(slash + 1 - path.s) : 0;
}

/* As Python's os.path: what is behind the last slash, and what is before it. */
FILTER(f_basename)
{
	size_t at = behind_slash(c->in);

	return template_vstr(c->in.s + at, c->in.n - at);
}

FILTER(f_dirname)
{
	struct val s = c->in;
	size_t n = behind_slash(s), k = n;

	while (k > 0 && s.s[k - 1] == '/')
		k--;
	return template_vstr(s.s, k != 0 ? k : n);
}

/* clang-format off */
const struct filter template_filters_text[] = {
	{ "upper", template_upper, "s" }, { "lower", template_lower, "s" },
	{ "capitalize", template_capitalize, "s" }, { "title", f_title, "s" },
	{ "trim", template_trim, "s,chars:v=" },
	{ "replace", template_replace, "s,old:s,new:s,count:n=-1" },
	{ "center", f_center, "s,width:i=80" },
	{ "indent", f_indent, "s,width:v=,first:b=,blank:b=" },
	{ "truncate", f_truncate, "s,length:i=255,killwords:b=,end:s=...,leeway:n=5" },
	{ "wordcount", f_wordcount, "s" },
	{ "escape", template_escape, "s" }, { "e", template_escape, "s" },
	{ "forceescape", template_escape, "s" },
	{ "urlencode", f_urlencode, "v" }, { "format", f_format, "s,*" }, { "safe", f_safe, "s" },
	{ "quote", f_quote, "v" },
	{ "quote_shell", f_quote_shell, "v" }, /* as PANTHER's templates call it */
	{ "basename", f_basename, "s" }, { "dirname", f_dirname, "s" },
	{ NULL, NULL, NULL },
};
/* clang-format on */
