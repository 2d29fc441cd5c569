/* This file has the filter regex_replace: expressions as Python's re writes them, by base/regex.h.
 */
#include "base/regex.h"
#include "base/text.h"
#include "template/priv.h"

/* An expression of Python that is turned into one of POSIX. */
struct source {
	const char *s;
	size_t n, i;
	struct pth_buf *to;
	bool group, other_first; /* there is a (; the first is (?: */
	struct pth_err *e;
};

static int
fault(const struct source *p, const char *what)
{
	return pth_err_set(
	    p->e, PTH_INPUT, "not a regular expression: character %zu: %s", p->i + 1, what);
}

static char
peek(const struct source *p, size_t ahead)
{
	return p->i + ahead < p->n ? p->s[p->i + ahead] : '\0';
}

/* The byte that \n and the like stand for, or 0. */
static char
control(char c)
{
	static const char from[] = "ntrfv", to[] = "\n\t\r\f\v";
	const char *at = c != '\0' ? strchr(from, c) : NULL;

	return at != NULL ? to[at - from] : '\0';
}

/* ---- sets ---- */

struct set {
	bool has[128];
};

static void
add_class(struct set *set, char class)
{
	for (int c = 1; c < 128; c++)
		if (class == 'd'     ? pth_is_digit((char)c) :
		        class == 'w' ? pth_is_alnum((char)c) || c == '_' :
		                       c == ' ' || (c >= 9 && c <= 13))
			set->has[c] = true;
}

/* One byte of a set, or -2 when it was a class, which is added; -1 with e. */
static int
set_item(struct source *p, struct set *set)
{
	char c = peek(p, 0);

	if ((signed char)c <= 0)
		return fault(p, c == '\0' ? "[ without ]" : "only ASCII can be in []");
	if (c != '\\') {
		p->i++;
		return c;
	}
	c = peek(p, 1);
	if (c == 'd' || c == 'w' || c == 's') {
		add_class(set, c);
		p->i += 2;
		return -2;
	}
	if (control(c) != '\0')
		c = control(c);
	else if (pth_is_alnum(c) || (signed char)c <= 0)
		return fault(p, "this \\ is not supported in []");
	p->i += 2;
	return c;
}

static int
read_set(struct source *p, struct set *set)
{
	int from, to;

	do {
		from = set_item(p, set);
		if (from == -1)
			return -1;
		if (from == -2)
			continue;
		to = from;
		if (peek(p, 0) == '-' && peek(p, 1) != ']' && peek(p, 1) != '\0') {
			p->i++;
			to = set_item(p, set);
			if (to < 0)
				return to == -1 ? -1 : fault(p, "a class ends no range");
		}
		if (to < from)
			return fault(p, "the range goes backwards");
		memset(set->has + from, true, (size_t)(to - from) + 1);
	} while (peek(p, 0) != ']');
	p->i++;
	return 0;
}

/* [...] with its bytes one by one, in an order in which each of them is itself. */
static int
put_set(struct source *p)
{
	struct set set = { { false } };
	bool negated = peek(p, 1) == '^';
	size_t begin;

	p->i += negated ? 2 : 1;
	if (read_set(p, &set) != 0)
		return -1;
	pth_buf_adds(p->to, negated ? "[^" : "[");
	begin = p->to->len;
	if (set.has[']'])
		pth_buf_addc(p->to, ']');
	for (int c = 1; c < 128; c++)
		if (set.has[c] && strchr("]^[-", c) == NULL)
			pth_buf_addc(p->to, (char)c);
	if (set.has['['])
		pth_buf_addc(p->to, '[');
	if (set.has['^'] && p->to->len == begin && !negated && set.has['-']) {
		pth_buf_adds(p->to, "-^]");
		return 0;
	}
	if (set.has['^'] && p->to->len == begin && !negated) {
		p->to->s[begin - 1] = '\\';
		pth_buf_addc(p->to, '^');
		return 0;
	}
	if (set.has['^'])
		pth_buf_addc(p->to, '^');
	pth_buf_adds(p->to, set.has['-'] ? "-]" : "]");
	return 0;
}

/* ---- the rest ---- */

static int
put_escape(struct source *p)
{
	char c = peek(p, 1);

	if (c == 'd' || c == 'D')
		pth_buf_adds(p->to, c == 'd' ? "[0-9]" : "[^0-9]");
	else if (c == 'A' || c == 'Z')
		pth_buf_adds(p->to, c == 'A' ? "\\`" : "\\'");
	else if (control(c) != '\0')
		pth_buf_addc(p->to, control(c));
	else if (pth_is_alpha(c) && strchr("wWsSbB", c) == NULL)
		return fault(p, "this \\ is not supported");
	else if (c == '<' || c == '>' || c == '`' || c == '\'')
		pth_buf_addc(p->to, c);
	else if (c == '\0')
		return fault(p, "\\ at the end");
	else
		pth_buf_addf(p->to, "\\%c", c);
	p->i += 2;
	return 0;
}

static int
put_group(struct source *p)
{
	bool plain = peek(p, 1) != '?';

	if (!plain && peek(p, 2) != ':')
		return fault(p, "of (?...) there is only (?:...)");
	p->other_first |= !plain && !p->group;
	p->group = true;
	pth_buf_addc(p->to, '(');
	p->i += plain ? 1 : 3;
	return 0;
}

static int
put_one(struct source *p)
{
	char c = peek(p, 0);

	if (c == '\\')
		return put_escape(p);
	if (c == '[')
		return put_set(p);
	if (c == '(')
		return put_group(p);
	if (p->i > 0 && (c == '?' || c == '+') && strchr("*+?}", p->s[p->i - 1]) != NULL &&
	    (p->i < 2 || p->s[p->i - 2] != '\\'))
		return fault(p, "repetitions take as much as they can: this one is not supported");
	if (c != '\0' && strchr("*+?{", c) != NULL && p->i > 0 && (signed char)p->s[p->i - 1] < 0)
		return fault(p, "a repetition of a character beyond ASCII is not supported");
	if (c == '.')
		pth_buf_adds(p->to, "[^\n]");
	else
		pth_buf_addc(p->to, c);
	p->i++;
	return 0;
}

/* ---- replacement ---- */

/* One of a text, with what was found in it. */
struct found {
	const char *s;
	struct pth_regex_span at[2];
	struct pth_buf *to;
};

static void
put_span(const struct found *f, unsigned group)
{
	if (f->at[group].from != SIZE_MAX)
		pth_buf_add(f->to, f->s + f->at[group].from, f->at[group].to - f->at[group].from);
}

/* \1, \g<1>, \g<0>: the group, and at what length; -1: none of them, or a group that is not there.
 */
static int
group_at(const char *s, size_t n, size_t *len)
{
	if (n > 1 && pth_is_digit(s[1])) {
		*len = 2;
		return s[1] == '1' && (n == 2 || !pth_is_digit(s[2])) ? 1 : -1;
	}
	*len = 5;
	if (n > 4 && s[1] == 'g' && s[2] == '<' && s[4] == '>' && (s[3] == '0' || s[3] == '1'))
		return s[3] - '0';
	return -1;
}

/* f NULL: only look whether it can be. 0, or -1 with e. */
static int
put_replacement(struct val by, const struct found *f, unsigned groups, struct pth_err *e)
{
	size_t len;
	int group;
	char c;

	for (uint32_t i = 0; i < by.n; i += (uint32_t)len) {
		len = 1;
		c = by.s[i];
		if (c == '\\' && i + 1 < by.n &&
		    (by.s[i + 1] == '\\' || control(by.s[i + 1]) != '\0')) {
			len = 2;
			c = by.s[i + 1] == '\\' ? c : control(by.s[i + 1]);
		} else if (c == '\\') {
			group = group_at(by.s + i, by.n - i, &len);
			if (group < 0 || (unsigned)group > groups)
				return pth_err_set(e, PTH_INPUT,
				    "of a replacement there is \\1, the first group, and \\g<0>, "
				    "all of it");
			if (f != NULL)
				put_span(f, (unsigned)group);
			continue;
		}
		if (f != NULL)
			pth_buf_addc(f->to, c);
	}
	return 0;
}

static bool
inside_character(struct val s, size_t i)
{
	return i < s.n && (s.s[i] & 0xc0) == 0x80;
}

/* What is found has whole characters. Each search may read the whole rest: budget bytes in all. */
static int
replace_all(struct pth_regex *re, struct val s, struct val by, int64_t count, size_t budget,
    struct pth_buf *to, struct pth_err *e)
{
	struct found f = { .s = s.s, .to = to };
	size_t from = 0, done = 0;

	while (from <= s.n && count-- != 0 && pth_regex_find_from(re, s.s, s.n, from, f.at)) {
		if (budget < s.n - from || to->len > MAX_OUTPUT)
			return pth_err_set(e, PTH_INPUT, "this template does not come to an end");
		budget -= s.n - from;
		while (inside_character(s, f.at[0].to))
			f.at[0].to++;
		while (inside_character(s, f.at[0].from))
			f.at[0].from--;
		pth_buf_add(to, s.s + done, f.at[0].from - done);
		put_replacement(by, &f, 1, e);
		from = done = f.at[0].to;
		if (f.at[0].from != f.at[0].to)
			continue;
		for (from++; inside_character(s, from);)
			from++;
	}
	pth_buf_add(to, s.s + done, s.n - done);
	return 0;
}

/* Nothing here leaves by longjmp: what is made here would leak. */
static int
regex_replace(const struct call *c, size_t budget, struct pth_buf *to, struct pth_err *e)
{
	pth_auto_buf posix = PTH_BUF_INIT;
	pth_auto_regex re = NULL;
	struct source p = { .s = c->arg[0].s, .n = c->arg[0].n, .to = &posix, .e = e };
	int64_t count = c->arg[3].i;

	if (p.n != 0 && memchr(p.s, '\0', p.n) != NULL)
		return fault(&p, "a NUL");
	while (p.i < p.n)
		if (put_one(&p) != 0)
			return -1;
	pth_buf_add(&posix, "", 0);
	re = pth_regex_new(posix.s, c->arg[2].b ? PTH_REGEX_ICASE : 0, e);
	if (re == NULL ||
	    put_replacement(
	        c->arg[1], NULL, p.group && !p.other_first && pth_regex_groups(re) > 0, e) != 0)
		return -1;
	return replace_all(re, c->in, c->arg[1], count > 0 ? count : -1, budget, to, e);
}

struct val
template_regex_replace(struct eval *x, struct call *c)
{
	struct pth_err e = { .text = "" };
	struct val v;
	int r;

	template_work(x, (size_t)c->in.n * 8);
	r = regex_replace(c, MAX_WORK - x->work, &x->tmp, &e);
	if (r != 0) {
		pth_buf_cut(&x->tmp, 0);
		template_refuse(x, "%s", e.text);
	}
	template_room(x, x->tmp.len);
	v = template_take(x);
	template_work(x, v.n);
	return v;
}
