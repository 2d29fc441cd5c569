/* This file has the filters of HTML and XML: striptags, urlize, xmlattr. */
#include "base/cleanup.h"
#include "base/regex.h"
#include "base/text.h"
#include "template/priv.h"

static void
add(struct eval *x, const char *s, size_t n)
{
	template_room(x, x->tmp.len + n);
	if (n != 0)
		pth_buf_add(&x->tmp, s, n);
}

static void
add_val(struct eval *x, struct val s)
{
	add(x, s.s, s.n);
}

static struct val
escape(struct eval *x, struct val s)
{
	struct call c = { .in = template_str(x, s) };

	return template_escape(x, &c);
}

/* ---- striptags ---- */

/* The text without what is between `from` and `to`, both included. */
static struct val
without(struct eval *x, struct val s, const char *from, const char *to)
{
	const char *p = s.s, *end = s.s + s.n, *open, *close;

	template_work(x, s.n);
	while (p < end && (open = memmem(p, (size_t)(end - p), from, strlen(from))) != NULL) {
		close = memmem(open, (size_t)(end - open), to, strlen(to));
		if (close == NULL)
			break;
		add(x, p, (size_t)(open - p));
		p = close + strlen(to);
	}
	if (p < end)
		add(x, p, (size_t)(end - p));
	return template_take(x);
}

/* Runs of white space as one blank, none at either end. */
static struct val
one_blank(struct eval *x, struct val s)
{
	size_t space, len;
	bool word = false, gap = false;

	for (size_t i = 0; i < s.n; i += len) {
		space = template_space(s.s + i, s.n - i);
		if (space != 0) {
			gap = word;
			len = space;
			continue;
		}
		if (gap)
			add(x, " ", 1);
		gap = false;
		word = true;
		template_decode(s.s + i, &len);
		add(x, s.s + i, len);
	}
	return template_take(x);
}

/* The character that "&...;" at s stands for, and the bytes of it; 0: none that is known. */
static unsigned
entity(const char *s, size_t n, size_t *len)
{
	static const struct {
		const char *name;
		unsigned c;
	} known[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' },
		{ "&apos;", '\'' }, { "&nbsp;", 0xa0 } };
	char number[12], *end;
	unsigned long c;
	bool hex;

	for (size_t i = 0; i < countof(known); i++) {
		*len = strlen(known[i].name);
		if (n >= *len && memcmp(s, known[i].name, *len) == 0)
			return known[i].c;
	}
	if (n < 4 || s[1] != '#')
		return 0;
	hex = (s[2] | 0x20) == 'x';
	snprintf(number, sizeof number, "%.*s", (int)(n - 2 > 11 ? 11 : n - 2), s + 2);
	if (!pth_is_alnum(number[hex]))
		return 0;
	c = strtoul(number + hex, &end, hex ? 16 : 10);
	*len = (size_t)(end - number) + 3;
	return *end == ';' && c > 0 && c < 0x110000 && (c < 0xd800 || c > 0xdfff) ? (unsigned)c : 0;
}

FILTER(f_striptags)
{
	struct val s = without(x, c->in, "<!--", "-->");
	size_t len;
	unsigned ch;

	s = one_blank(x, without(x, s, "<", ">"));
	for (size_t i = 0; i < s.n; i += len) {
		ch = s.s[i] == '&' ? entity(s.s + i, s.n - i, &len) : 0;
		if (ch != 0) {
			template_utf8(&x->tmp, ch);
			continue;
		}
		template_decode(s.s + i, &len);
		add(x, s.s + i, len);
	}
	return template_take(x);
}

/* ---- xmlattr ---- */

FILTER(f_xmlattr)
{
	struct val pairs, *part;
	size_t n = 0;

	if (!template_is_map(c->in))
		template_refuse(x, "%s is not a mapping", template_kind(c->in));
	pairs = template_map_items(x, c->in, 'i');
	part = template_list(x, 2 * (size_t)pairs.n, false).v;
	for (uint32_t i = 0; i < pairs.n; i++) {
		struct val key = template_str(x, pairs.v[i].v[0]), value = pairs.v[i].v[1];

		if (!template_is_given(value) || value.kind == V_UNDEF)
			continue;
		for (uint32_t k = 0; k < key.n; k++)
			if (key.s[k] == '\0' || strchr(" \t\n\r\f\v/>=", key.s[k]) != NULL)
				template_refuse(x, "'%.*s' cannot be the name of an attribute",
				    (int)(key.n > 60 ? 60 : key.n), key.s);
		part[n++] = escape(x, key);
		part[n++] = escape(x, value);
	}
	for (size_t i = 0; i < n; i += 2) {
		add(x, " ", i != 0 || c->arg[0].kind == V_ABSENT || template_truth(x, c->arg[0]));
		add_val(x, part[i]);
		add(x, "=\"", 2);
		add_val(x, part[i + 1]);
		add(x, "\"", 1);
	}
	return template_take(x);
}

/* ---- urlize ---- */

#define LABEL "[A-Za-z0-9_%-]"
#define HOST_NUMBER "[0-9]{1,3}(\\.[0-9]{1,3}){3}"
static const char web[] = "^((https?://|www\\.)((" LABEL
                          "+\\.)+)?([a-z]{2,63}|xn--[A-Za-z0-9_%]{2,59})"
                          "|(" LABEL "{2,63}\\.)+(com|net|int|edu|gov|org|info|mil)"
                          "|https?://(" HOST_NUMBER
                          "|\\[([0-9a-f]{0,4}:){2}([0-9a-f]{0,4}:?){1,6}\\]))"
                          "(:[0-9]{1,5})?([/?#][^[:space:]]*)?$",
                  mail[] = "^[^[:space:]]+@[A-Za-z0-9_][A-Za-z0-9_.-]*\\.[A-Za-z0-9_]+$";

/* What urlize makes its links with; rel and target are attributes, or empty. */
struct urlize {
	struct pth_regex *web, *mail;
	int64_t limit; /* characters of an address that are shown, or -1 */
	struct val rel, target;
	struct pth_buf *to;
};

static bool
starts(const char *s, size_t n, const char *with)
{
	size_t len = strlen(with);

	return n >= len && memcmp(s, with, len) == 0;
}

static size_t
times(const char *s, size_t n, const char *what)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += starts(s + i, n - i, what);
	return found;
}

/* Bytes of the brackets that s begins with. */
static size_t
head(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (s[i] == '(' || starts(s + i, n - i, "&lt;")))
		i += s[i] == '(' ? 1 : 4;
	return i;
}

/* s without the signs that it ends with; but a bracket that is opened in it is closed in it. */
static size_t
body(const char *s, size_t n)
{
	static const char *const pairs[][2] = { { "(", ")" }, { "&lt;", "&gt;" } };
	size_t k = n, open, shut;
	const char *close;

	for (;;) {
		if (k > 0 && strchr(").,", s[k - 1]) != NULL)
			k--;
		else if (k >= 4 && starts(s + k - 4, 4, "&gt;"))
			k -= 4;
		else
			break;
	}
	for (size_t i = 0; i < countof(pairs); i++) {
		open = times(s, k, pairs[i][0]);
		shut = times(s, k, pairs[i][1]);
		for (; shut < open && open != 0; open--) {
			close = memmem(s + k, n - k, pairs[i][1], strlen(pairs[i][1]));
			if (close == NULL)
				break;
			k = (size_t)(close - s) + strlen(pairs[i][1]);
		}
	}
	return k;
}

static void
put_web(const struct urlize *u, const char *s, size_t n)
{
	bool scheme = starts(s, n, "http://") || starts(s, n, "https://");
	size_t show = n;

	if (u->limit >= 0 && (int64_t)template_chars(s, n) > u->limit)
		show = template_offset(s, n, (size_t)u->limit);
	pth_buf_addf(u->to, "<a href=\"%s%.*s\"%.*s%.*s>%.*s%s</a>", scheme ? "" : "https://",
	    (int)n, s, (int)u->rel.n, u->rel.s, (int)u->target.n, u->target.s, (int)show, s,
	    show != n ? "..." : "");
}

static void
put_mail(const struct urlize *u, const char *s, size_t n)
{
	pth_buf_addf(u->to, "<a href=\"mailto:%.*s\">%.*s</a>", (int)n, s, (int)n, s);
}

static void
put_word(const struct urlize *u, const char *s, size_t n)
{
	size_t from = head(s, n), len = body(s + from, n - from);
	const char *m = s + from;

	pth_buf_add(u->to, s, from);
	if (pth_regex_match(u->web, m, len))
		put_web(u, m, len);
	else if (starts(m, len, "mailto:") && pth_regex_match(u->mail, m + 7, len - 7))
		put_mail(u, m + 7, len - 7);
	else if (len != 0 && *m != '@' && !starts(m, len, "www.") && memchr(m, ':', len) == NULL &&
	    pth_regex_match(u->mail, m, len))
		put_mail(u, m, len);
	else
		pth_buf_add(u->to, m, len);
	pth_buf_add(u->to, m + len, n - from - len);
}

/* Nothing here leaves by longjmp: the expressions would leak. */
static int
put_words(struct urlize *u, struct val text, struct pth_err *e)
{
	pth_auto_regex web_re = pth_regex_new(web, PTH_REGEX_ICASE, e);
	pth_auto_regex mail_re = pth_regex_new(mail, 0, e);
	const char *s = text.s, *end = s + text.n;
	size_t n;

	if (web_re == NULL || mail_re == NULL)
		return -1;
	u->web = web_re;
	u->mail = mail_re;
	for (; s < end && u->to->len <= MAX_OUTPUT; s += n) {
		n = template_space(s, (size_t)(end - s));
		if (n != 0) {
			pth_buf_add(u->to, s, n);
			continue;
		}
		while (s + n < end && template_space(s + n, (size_t)(end - s) - n) == 0)
			n++;
		put_word(u, s, n);
	}
	return 0;
}

/* ' NAME="VALUE"', or nothing when there is no value. */
static struct val
attribute(struct eval *x, const char *name, struct val value)
{
	if (!template_is_given(value) || !template_truth(x, value))
		return template_vstr("", 0);
	value = escape(x, value);
	pth_buf_addf(&x->tmp, " %s=\"%.*s\"", name, (int)value.n, value.s);
	return template_take(x);
}

/* The words of rel, with those that are always there, each once and in their order. */
static struct val
rel_words(struct eval *x, struct val given, bool nofollow)
{
	struct call split = { .in = template_is_given(given) ? template_arg_text(x, given, 4) :
		                                               template_vstr("", 0) };
	struct signature method = template_signature(template_find('m', "split", 5)),
	                 unique = template_signature(template_find('f', "unique", 6)),
	                 sort = template_signature(template_find('f', "sort", 4)),
	                 join = template_signature(template_find('f', "join", 4));
	struct val words = template_apply(x, &method, split.in, NULL, 0), all,
	           blank = template_vstr(" ", 1);

	all = template_list(x, (size_t)words.n + 2, false);
	for (uint32_t i = 0; i < words.n; i++)
		all.v[i] = words.v[i];
	all.v[words.n] = template_vstr("noopener", 8);
	all.v[words.n + 1] = template_vstr("nofollow", 8);
	all.n = words.n + 1 + nofollow;
	all = template_apply(x, &unique, all, NULL, 0);
	all = template_apply(x, &sort, all, NULL, 0);
	return template_apply(x, &join, all, &blank, 1);
}

FILTER(f_urlize)
{
	struct urlize u = { .limit = c->arg[0].i, .to = &x->tmp };
	struct val text = escape(x, c->in);
	struct pth_err e;

	template_work(x, (size_t)text.n * 1024); /* about the steps of the expression */
	u.rel = attribute(x, "rel", rel_words(x, c->arg[3], c->arg[1].b));
	u.target = attribute(x, "target", c->arg[2]);
	if (put_words(&u, text, &e) != 0)
		template_refuse(x, "%s", e.text);
	template_room(x, x->tmp.len);
	return template_take(x);
}

/* clang-format off */
const struct filter template_filters_html[] = {
	{ "striptags", f_striptags, "s" }, { "xmlattr", f_xmlattr, "v,autospace:v=" },
	{ "urlize", f_urlize, "s,trim_url_limit:n=-1,nofollow:b=,target:v=,rel:v=" },
	{ NULL, NULL, NULL },
};
/* clang-format on */
