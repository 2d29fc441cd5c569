/* Methods of strings, as Python's. */
#include "template/priv.h"

struct margs {
	struct eval *x;
	struct val s;
	const struct val *v;
	size_t n;
};

static struct val
arg(const struct margs *m, size_t i)
{
	return i < m->n ? m->v[i] : template_vabsent();
}

static struct val
text_arg(const struct margs *m, size_t i)
{
	struct val v = template_defined(m->x, arg(m, i));

	if (v.k != V_STR)
		template_fail(m->x, m->x->at, "argument %zu: expected a string, not %s", i + 1,
		    template_kind(v));
	return v;
}

#define METHOD(name) static struct val m_##name(const struct margs *m)

/* clang-format off */
METHOD(upper) { return template_case(m->x, m->s, 'u'); }
METHOD(lower) { return template_case(m->x, m->s, 'l'); }
METHOD(capitalize) { return template_case(m->x, m->s, 'c'); }
METHOD(strip) { return template_strip(m->x, m->s, arg(m, 0), 'b'); }
METHOD(lstrip) { return template_strip(m->x, m->s, arg(m, 0), 'l'); }
METHOD(rstrip) { return template_strip(m->x, m->s, arg(m, 0), 'r'); }
METHOD(splitlines) { return template_lines(m->x, m->s); }
/* clang-format on */

METHOD(replace)
{
	return template_replace(
	    m->x, m->s, text_arg(m, 0), text_arg(m, 1), template_arg_int(m->x, arg(m, 2), -1));
}

static bool
begins(struct val s, struct val with, bool at_end)
{
	if (with.n > s.n)
		return false;
	return with.n == 0 || memcmp(at_end ? s.s + s.n - with.n : s.s, with.s, with.n) == 0;
}

/* A string, or a tuple of strings of which one will do. */
static struct val
ends(const struct margs *m, bool at_end)
{
	struct val w = template_defined(m->x, arg(m, 0));

	if (w.k != V_LIST || w.f == '\0')
		return template_vbool(begins(m->s, text_arg(m, 0), at_end));
	for (uint32_t i = 0; i < w.n; i++)
		if (w.v[i].k == V_STR && begins(m->s, w.v[i], at_end))
			return template_vbool(true);
	return template_vbool(false);
}

/* clang-format off */
METHOD(startswith) { return ends(m, false); }
METHOD(endswith) { return ends(m, true); }
/* clang-format on */

METHOD(removeprefix)
{
	struct val w = text_arg(m, 0);

	return begins(m->s, w, false) ? template_vstr(m->s.s + w.n, m->s.n - w.n) : m->s;
}

METHOD(removesuffix)
{
	struct val w = text_arg(m, 0);

	return begins(m->s, w, true) ? template_vstr(m->s.s, m->s.n - w.n) : m->s;
}

/* ---- split ---- */

static void
push(struct val *list, const char *s, const char *end)
{
	list->v[list->n++] = template_vstr(s, (size_t)(end - s));
}

/* At runs of white space, at most max cuts. */
static void
split_space(struct val *list, const char *s, const char *end, int64_t max)
{
	const char *word;

	for (;;) {
		s += template_space(s, (size_t)(end - s));
		if (s == end)
			return;
		if (max-- == 0) {
			push(list, s, end);
			return;
		}
		for (word = s; s < end && template_space(s, (size_t)(end - s)) == 0; s++)
			;
		push(list, word, s);
	}
}

static void
rsplit_space(struct val *list, const char *s, const char *end, int64_t max)
{
	const char *stop;

	for (;;) {
		end -= template_space_back(s, (size_t)(end - s));
		if (s == end)
			return;
		if (max-- == 0) {
			push(list, s, end);
			return;
		}
		for (stop = end; end > s && template_space_back(s, (size_t)(end - s)) == 0; end--)
			;
		push(list, end, stop);
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

static struct val
split(const struct margs *m, bool right)
{
	const char *s = m->s.s, *end = s + m->s.n, *q;
	struct val sep = arg(m, 0), list = template_list(m->x, (size_t)m->s.n + 1, false);
	int64_t max = template_arg_int(m->x, arg(m, 1), -1);

	list.n = 0;
	if (sep.k == V_ABSENT || sep.k == V_NONE) {
		(right ? rsplit_space : split_space)(&list, s, end, max);
	} else {
		sep = text_arg(m, 0);
		if (sep.n == 0)
			template_fail(m->x, m->x->at, "text cannot be split at nothing");
		template_work(m->x, (size_t)m->s.n * (right ? sep.n : 1));
		while (max-- != 0 && s < end) {
			q = right ? find_last(s, end, sep) :
			            memmem(s, (size_t)(end - s), sep.s, sep.n);
			if (q == NULL)
				break;
			template_work(m->x, 64);
			if (right) {
				push(&list, q + sep.n, end);
				end = q;
			} else {
				push(&list, s, q);
				s = q + sep.n;
			}
		}
		push(&list, s, end);
	}
	for (uint32_t i = 0; right && i < list.n / 2; i++) {
		struct val t = list.v[i];

		list.v[i] = list.v[list.n - 1 - i];
		list.v[list.n - 1 - i] = t;
	}
	return list;
}

/* clang-format off */
METHOD(split) { return split(m, false); }
METHOD(rsplit) { return split(m, true); }
/* clang-format on */

static struct val
partition(const struct margs *m, bool right)
{
	const char *s = m->s.s, *end = s + m->s.n, *q;
	struct val sep = text_arg(m, 0), t = template_list(m->x, 3, true);

	if (sep.n == 0)
		template_fail(m->x, m->x->at, "text cannot be split at nothing");
	template_work(m->x, (size_t)m->s.n * (right ? sep.n : 1));
	q = right ? find_last(s, end, sep) : m->s.n != 0 ? memmem(s, m->s.n, sep.s, sep.n) : NULL;
	t.v[0] = t.v[1] = t.v[2] = template_vstr("", 0);
	if (q == NULL) {
		t.v[right ? 2 : 0] = m->s;
		return t;
	}
	t.v[0] = template_vstr(s, (size_t)(q - s));
	t.v[1] = sep;
	t.v[2] = template_vstr(q + sep.n, (size_t)(end - q) - sep.n);
	return t;
}

/* clang-format off */
METHOD(partition) { return partition(m, false); }
METHOD(rpartition) { return partition(m, true); }
/* clang-format on */

/* ---- search ---- */

METHOD(find)
{
	struct val w = text_arg(m, 0);
	const char *q = w.n == 0 ? m->s.s : m->s.n != 0 ? memmem(m->s.s, m->s.n, w.s, w.n) : NULL;

	template_work(m->x, m->s.n);
	return template_vint(
	    q != NULL ? (int64_t)template_chars(m->s.s, (size_t)(q - m->s.s)) : -1);
}

METHOD(index)
{
	struct val v = m_find(m);

	if (v.i < 0)
		template_fail(m->x, m->x->at, "the text is not in it");
	return v;
}

METHOD(rfind)
{
	struct val w = text_arg(m, 0);
	const char *q = find_last(m->s.s, m->s.s + m->s.n, w);

	template_work(m->x, (size_t)m->s.n * (w.n + 1));
	return template_vint(
	    q != NULL ? (int64_t)template_chars(m->s.s, (size_t)(q - m->s.s)) : -1);
}

METHOD(count)
{
	struct val w = text_arg(m, 0);
	const char *p = m->s.s, *end = p + m->s.n;
	int64_t n = 0;

	template_work(m->x, m->s.n);
	if (w.n == 0)
		return template_vint((int64_t)template_chars(p, m->s.n) + 1);
	while (p < end && (p = memmem(p, (size_t)(end - p), w.s, w.n)) != NULL) {
		n++;
		p += w.n;
		template_work(m->x, 64);
	}
	return template_vint(n);
}

METHOD(join)
{
	const struct filter *f = template_filter_find("join", 4);
	struct val seq = template_seq(m->x, arg(m, 0));

	for (int64_t i = 0, n = template_len(seq); i < n; i++)
		if (template_at(seq, i).k != V_STR)
			template_fail(m->x, m->x->at, "only strings can be joined by a method");
	return template_apply(m->x, f, seq, &m->s, 1);
}

/* ---- kinds of characters (ASCII) ---- */

static struct val
all(const struct margs *m, bool digits, bool alphas)
{
	for (uint32_t i = 0; i < m->s.n; i++) {
		char c = m->s.s[i];
		bool d = c >= '0' && c <= '9', a = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';

		if (!((digits && d) || (alphas && a)))
			return template_vbool(false);
	}
	return template_vbool(m->s.n > 0);
}

/* clang-format off */
METHOD(isdigit) { return all(m, true, false); }
METHOD(isalpha) { return all(m, false, true); }
METHOD(isalnum) { return all(m, true, true); }
/* clang-format on */

METHOD(isspace)
{
	return template_vbool(m->s.n > 0 && template_space(m->s.s, m->s.n) == m->s.n);
}

static struct val
case_is(const struct margs *m, const char *test)
{
	return template_apply(m->x, template_test_find(test, 5), m->s, NULL, 0);
}

/* clang-format off */
METHOD(islower) { return case_is(m, "lower"); }
METHOD(isupper) { return case_is(m, "upper"); }
/* clang-format on */

/* ---- width ---- */

static char
fill(const struct margs *m)
{
	struct val v = arg(m, 1);

	if (v.k == V_ABSENT)
		return ' ';
	v = text_arg(m, 1);
	if (v.n != 1)
		template_fail(m->x, m->x->at, "the fill is one ASCII character");
	return *v.s;
}

static struct val
pad(const struct margs *m, int how)
{
	return template_pad(m->x, m->s, template_arg_int(m->x, arg(m, 0), 0), fill(m), how);
}

/* clang-format off */
METHOD(ljust) { return pad(m, 'l'); }
METHOD(rjust) { return pad(m, 'r'); }
METHOD(center) { return pad(m, 'c'); }
/* clang-format on */

METHOD(zfill)
{
	int64_t width = template_arg_int(m->x, arg(m, 0), 0);
	struct val rest = m->s, v;
	bool sign = m->s.n != 0 && (*m->s.s == '-' || *m->s.s == '+');

	if (!sign)
		return template_pad(m->x, m->s, width, '0', 'r');
	rest = template_vstr(m->s.s + 1, m->s.n - 1);
	v = template_pad(m->x, rest, width - 1, '0', 'r');
	return template_binary(m->x, E_ADD, template_vstr(m->s.s, 1), v);
}

/* Upper case behind everything that is no letter. */
METHOD(title)
{
	struct val s = template_case(m->x, m->s, 'l');
	char *p = template_alloc(m->x, s.n);
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

static const struct method {
	const char *name;
	struct val (*fn)(const struct margs *m);
	uint8_t min, max;
} methods[] = {
	{ "upper", m_upper, 0, 0 },
	{ "lower", m_lower, 0, 0 },
	{ "title", m_title, 0, 0 },
	{ "capitalize", m_capitalize, 0, 0 },
	{ "strip", m_strip, 0, 1 },
	{ "lstrip", m_lstrip, 0, 1 },
	{ "rstrip", m_rstrip, 0, 1 },
	{ "split", m_split, 0, 2 },
	{ "rsplit", m_rsplit, 0, 2 },
	{ "splitlines", m_splitlines, 0, 0 },
	{ "partition", m_partition, 1, 1 },
	{ "rpartition", m_rpartition, 1, 1 },
	{ "replace", m_replace, 2, 3 },
	{ "startswith", m_startswith, 1, 1 },
	{ "endswith", m_endswith, 1, 1 },
	{ "removeprefix", m_removeprefix, 1, 1 },
	{ "removesuffix", m_removesuffix, 1, 1 },
	{ "find", m_find, 1, 1 },
	{ "rfind", m_rfind, 1, 1 },
	{ "index", m_index, 1, 1 },
	{ "count", m_count, 1, 1 },
	{ "join", m_join, 1, 1 },
	{ "isdigit", m_isdigit, 0, 0 },
	{ "isdecimal", m_isdigit, 0, 0 },
	{ "isnumeric", m_isdigit, 0, 0 },
	{ "isalpha", m_isalpha, 0, 0 },
	{ "isalnum", m_isalnum, 0, 0 },
	{ "isspace", m_isspace, 0, 0 },
	{ "islower", m_islower, 0, 0 },
	{ "isupper", m_isupper, 0, 0 },
	{ "ljust", m_ljust, 1, 2 },
	{ "rjust", m_rjust, 1, 2 },
	{ "center", m_center, 1, 2 },
	{ "zfill", m_zfill, 1, 1 },
};

struct val
template_string_method(
    struct eval *x, struct val s, const char *name, const struct val *v, size_t n)
{
	struct margs m = { x, s, v, n };

	for (size_t i = 0; i < countof(methods); i++) {
		if (strcmp(methods[i].name, name) != 0)
			continue;
		if (n < methods[i].min || n > methods[i].max)
			template_fail(
			    x, x->at, "%zu argument%s for '%s'", n, n == 1 ? "" : "s", name);
		/* cppcheck-suppress returnDanglingLifetime; values never point to m */
		return methods[i].fn(&m);
	}
	return template_vabsent();
}
