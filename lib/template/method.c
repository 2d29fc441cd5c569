/* This file has the methods of strings, which behave as those of Python. */
#include <time.h>

#include "base/text.h"
#include "template/priv.h"

#define METHOD(name) FILTER(m_##name)
#define METHOD_IS(name, value) FILTER_IS(m_##name, value)

METHOD_IS(lstrip, template_strip(x, c->in, c->arg[0], 'l'))
METHOD_IS(rstrip, template_strip(x, c->in, c->arg[0], 'r'))
METHOD_IS(splitlines, template_lines(x, c->in))

static bool
begins(struct val s, struct val with, bool at_end)
{
	if (with.n > s.n)
		return false;
	return with.n == 0 || memcmp(at_end ? s.s + s.n - with.n : s.s, with.s, with.n) == 0;
}

/* A string, or a tuple of strings of which one will do. */
static struct val
ends(struct eval *x, const struct call *c, bool at_end)
{
	struct val w = template_defined(x, c->arg[0]);

	if (!template_is_tuple(w))
		return template_vbool(begins(c->in, template_arg_text(x, w, 1), at_end));
	for (uint32_t i = 0; i < w.n; i++)
		if (w.v[i].kind == V_STR && begins(c->in, w.v[i], at_end))
			return template_vbool(true);
	return template_vbool(false);
}

METHOD_IS(startswith, ends(x, c, false))
METHOD_IS(endswith, ends(x, c, true))

static struct val
without(struct val s, struct val w, bool at_end)
{
	if (!begins(s, w, at_end))
		return s;
	return template_vstr(at_end ? s.s : s.s + w.n, s.n - w.n);
}

METHOD_IS(removeprefix, without(c->in, c->arg[0], false))
METHOD_IS(removesuffix, without(c->in, c->arg[0], true))

/* ---- split ---- */

static void
push(struct val *list, const char *s, const char *end)
{
	list->v[list->n++] = template_vstr(s, (size_t)(end - s));
}

/* At runs of white space, at most max cuts, from the right end when that is wanted. */
static void
split_space(struct val *list, const char *s, const char *end, int64_t max, bool right)
{
	const char *word, *stop;

	for (;;) {
		if (right)
			end -= template_space_back(s, (size_t)(end - s));
		else
			s += template_space(s, (size_t)(end - s));
		word = s;
		stop = end;
		if (s == end)
			return;
		if (max-- == 0) {
			push(list, s, end);
			return;
		}
		if (right) {
			while (end > s && template_space_back(s, (size_t)(end - s)) == 0)
				end--;
			word = end;
		} else {
			while (s < end && template_space(s, (size_t)(end - s)) == 0)
				s++;
			stop = s;
		}
		push(list, word, stop);
	}
}

static const char *
find_last(const char *s, const char *end, struct val w)
{
	for (const char *p = end - w.n; p >= s; p--)
		if (memcmp(p, w.s, w.n) == 0)
			return p;
	return NULL;
}

/* The first or last place of a text in another one, or NULL. */
static const char *
find(struct eval *x, const char *s, const char *end, struct val w, bool right)
{
	template_work(x, (size_t)(end - s) * (right ? (size_t)w.n + 1 : 1));
	if (right)
		return find_last(s, end, w);
	return w.n == 0 ? s : s != end ? memmem(s, (size_t)(end - s), w.s, w.n) : NULL;
}

static struct val
split(struct eval *x, const struct call *c, bool right)
{
	const char *s = c->in.s, *end = s + c->in.n, *q;
	struct val sep = c->arg[0], list = template_list(x, (size_t)c->in.n + 1, false);
	int64_t max = c->arg[1].i;

	list.n = 0;
	if (!template_is_given(sep)) {
		split_space(&list, s, end, max, right);
	} else {
		sep = template_arg_text(x, sep, 1);
		if (sep.n == 0)
			template_refuse(x, "text cannot be split at nothing");
		template_work(x, (size_t)c->in.n * (right ? sep.n : 1));
		while (max-- != 0 && s < end) {
			q = right ? find_last(s, end, sep) :
			            memmem(s, (size_t)(end - s), sep.s, sep.n);
			if (q == NULL)
				break;
			template_work(x, 64);
			push(&list, right ? q + sep.n : s, right ? end : q);
			*(right ? &end : &s) = right ? q : q + sep.n;
		}
		push(&list, s, end);
	}
	if (right)
		template_reverse(list);
	return list;
}

METHOD_IS(split, split(x, c, false))
METHOD_IS(rsplit, split(x, c, true))

static struct val
partition(struct eval *x, const struct call *c, bool right)
{
	const char *s = c->in.s, *end = s + c->in.n, *q;
	struct val sep = c->arg[0], t = template_list(x, 3, true);

	if (sep.n == 0)
		template_refuse(x, "text cannot be split at nothing");
	q = find(x, s, end, sep, right);
	t.v[0] = t.v[1] = t.v[2] = template_vstr("", 0);
	if (q == NULL) {
		t.v[right ? 2 : 0] = c->in;
		return t;
	}
	t.v[0] = template_vstr(s, (size_t)(q - s));
	t.v[1] = sep;
	t.v[2] = template_vstr(q + sep.n, (size_t)(end - q) - sep.n);
	return t;
}

METHOD_IS(partition, partition(x, c, false))
METHOD_IS(rpartition, partition(x, c, true))

/* ---- search ---- */

static struct val
position(struct eval *x, const struct call *c, bool right)
{
	const char *s = c->in.s, *at = find(x, s, s + c->in.n, c->arg[0], right);

	return template_vint(at != NULL ? (int64_t)template_chars(s, (size_t)(at - s)) : -1);
}

METHOD_IS(find, position(x, c, false))
METHOD_IS(rfind, position(x, c, true))

METHOD(index)
{
	struct val v = position(x, c, false);

	if (v.i < 0)
		template_refuse(x, "the text is not in it");
	return v;
}

METHOD(count)
{
	struct val w = c->arg[0];
	const char *p = c->in.s, *end = p + c->in.n;
	int64_t n = 0;

	template_work(x, c->in.n);
	if (w.n == 0)
		return template_vint((int64_t)template_chars(p, c->in.n) + 1);
	while (p < end && (p = memmem(p, (size_t)(end - p), w.s, w.n)) != NULL) {
		n++;
		p += w.n;
		template_work(x, 64);
	}
	return template_vint(n);
}

METHOD(join)
{
	struct signature sig = template_signature(template_find('f', "join", 4));
	struct val seq = c->arg[0];

	for (int64_t i = 0, n = template_len(seq); i < n; i++)
		if (template_at(seq, i).kind != V_STR)
			template_refuse(x, "only strings can be joined by a method");
	return template_apply(x, &sig, seq, &c->in, 1);
}

/* ---- kinds of characters (ASCII) ---- */

static struct val
all(struct val s, bool digits, bool letters)
{
	for (uint32_t i = 0; i < s.n; i++) {
		char ch = s.s[i];

		if (!(digits && pth_is_digit(ch)) && !(letters && pth_is_alpha(ch)))
			return template_vbool(false);
	}
	return template_vbool(s.n > 0);
}

METHOD_IS(isdigit, all(c->in, true, false))
METHOD_IS(isalpha, all(c->in, false, true))
METHOD_IS(isalnum, all(c->in, true, true))
METHOD_IS(isspace, template_vbool(c->in.n > 0 && template_space(c->in.s, c->in.n) == c->in.n))

/* ---- width ---- */

static struct val
pad(struct eval *x, const struct call *c, int how)
{
	struct val fill = c->arg[1];

	if (fill.n != 1)
		template_refuse(x, "the fill is one ASCII character");
	return template_pad(x, c->in, c->arg[0].i, *fill.s, how);
}

METHOD_IS(ljust, pad(x, c, 'l'))
METHOD_IS(rjust, pad(x, c, 'r'))
METHOD_IS(center, pad(x, c, 'c'))

METHOD(zfill)
{
	int64_t width = c->arg[0].i;
	struct val rest = c->in, v;
	bool sign = c->in.n != 0 && (*c->in.s == '-' || *c->in.s == '+');

	if (!sign)
		return template_pad(x, c->in, width, '0', 'r');
	rest = template_vstr(c->in.s + 1, c->in.n - 1);
	v = template_pad(x, rest, width - 1, '0', 'r');
	return template_binary(x, E_ADD, template_vstr(c->in.s, 1), v);
}

/* Upper case behind everything that is no letter. */
METHOD(title)
{
	struct val s = template_case(x, c->in, 'l');
	char *p = template_alloc(x, s.n);
	bool letter = false, a;

	for (uint32_t i = 0; i < s.n; i++) {
		p[i] = s.s[i];
		a = (p[i] >= 'a' && p[i] <= 'z') || (signed char)p[i] < 0;
		if (a && !letter && (signed char)p[i] >= 0)
			p[i] ^= 0x20;
		letter = a;
	}
	return template_vstr(p, s.n);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
/* Of a date, or a time as RFC 3339 writes it; the zone is left as it is. As a method of Python's
 * datetime, as which PANTHER's templates have their times. */
METHOD(strftime)
{
	const char *text = template_text0(x, c->in), *format = template_text0(x, c->arg[0]), *end;
	struct tm tm = { .tm_mday = 1 };
	char out[512] = "";

	end = strptime(text, "%Y-%m-%d", &tm);
	if (end != NULL && (*end == 'T' || *end == ' '))
		end = strptime(end + 1, "%H:%M:%S", &tm);
	if (end == NULL || (*end != '\0' && strchr(".,Z+-", *end) == NULL))
		template_refuse(x, "'%.60s' is not a date or time", text);
	if (strftime(out, sizeof out, format, &tm) == 0 && *format != '\0')
		template_refuse(x, "'%.60s' is not a format for a time, or gives too much", format);
	return template_strn(x, out, strlen(out));
}
#pragma GCC diagnostic pop

/* clang-format off */
const struct filter template_methods[] = {
	{ "upper", template_upper, "v" }, { "lower", template_lower, "v" },
	{ "title", m_title, "v" }, { "capitalize", template_capitalize, "v" },
	{ "strip", template_trim, "v,chars:v=" }, { "lstrip", m_lstrip, "v,chars:v=" },
	{ "rstrip", m_rstrip, "v,chars:v=" }, { "split", m_split, "v,sep:v=,maxsplit:i=-1" },
	{ "rsplit", m_rsplit, "v,sep:v=,maxsplit:i=-1" }, { "splitlines", m_splitlines, "v" },
	{ "partition", m_partition, "v,sep:t" }, { "rpartition", m_rpartition, "v,sep:t" },
	{ "replace", template_replace, "v,old:t,new:t,count:i=-1" },
	{ "startswith", m_startswith, "v,prefix:v" }, { "endswith", m_endswith, "v,suffix:v" },
	{ "removeprefix", m_removeprefix, "v,prefix:t" },
	{ "removesuffix", m_removesuffix, "v,suffix:t" }, { "find", m_find, "v,sub:t" },
	{ "rfind", m_rfind, "v,sub:t" }, { "index", m_index, "v,sub:t" },
	{ "count", m_count, "v,sub:t" }, { "join", m_join, "v,iterable:q" },
	{ "isdigit", m_isdigit, "v" }, { "isdecimal", m_isdigit, "v" },
	{ "isnumeric", m_isdigit, "v" }, { "isalpha", m_isalpha, "v" },
	{ "isalnum", m_isalnum, "v" }, { "isspace", m_isspace, "v" },
	{ "islower", template_is_lower, "v" }, { "isupper", template_is_upper, "v" },
	{ "ljust", m_ljust, "v,width:i,fillchar:t= " },
	{ "rjust", m_rjust, "v,width:i,fillchar:t= " },
	{ "center", m_center, "v,width:i,fillchar:t= " }, { "zfill", m_zfill, "v,width:i" },
	{ "strftime", m_strftime, "v,format:t" },
	{ NULL, NULL, NULL },
};
/* clang-format on */
