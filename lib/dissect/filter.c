/* This file parses display filters. */
#include "dissect/filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "dissect/filter_priv.h"

#define DEPTH_MAX 64

struct parser {
	const char *at;
	struct pth_arena *arena;
	int depth;
	bool exact, bad;
};

static struct filter_node *expression(struct parser *p);

static void *
bad(struct parser *p)
{
	p->bad = true;
	return NULL;
}

static void
blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t\r\n");
}

/* Characters of names, numbers and addresses. */
static bool
is_word(char c)
{
	return pth_is_alnum(c) || c == '_' || c == '.' || c == ':' || c == '-' || c == '/';
}

/* Is this the next thing? A word must end where it ends. Then it is behind us. */
static bool
next_is(struct parser *p, const char *what)
{
	size_t n = strlen(what);

	blanks(p);
	if (strncmp(p->at, what, n) != 0 || (pth_is_alnum(*what) && is_word(p->at[n])))
		return false;
	p->at += n;
	return true;
}

static struct filter_node *
node(struct parser *p, enum filter_kind kind)
{
	struct filter_node *n = pth_arena_alloc(p->arena, sizeof *n);

	n->kind = kind;
	return n;
}

static struct filter_node *
two(struct parser *p, enum filter_kind kind, struct filter_node *a, struct filter_node *b)
{
	struct filter_node *n = node(p, kind);

	n->a = a;
	n->b = b;
	return n;
}

/* ---- values */

/* A whole number as C writes it: decimal, 0x, 0 for octal. */
static bool
number(const char *s, size_t n, uint64_t *v)
{
	char text[32], *end;

	if (n == 0 || n >= sizeof text || !pth_is_digit(*s))
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	errno = 0;
	*v = strtoull(text, &end, 0);
	return *end == '\0' && errno == 0;
}

/* Seconds with a fraction, to ns. */
static bool
seconds(const char *s, size_t n, int64_t *ns)
{
	int64_t whole = 0, part = 0, unit = 1000000000;
	size_t i = 0;

	if (n == 0 || !pth_is_digit(*s))
		return false;
	for (; i < n && pth_is_digit(s[i]); i++) {
		if (whole > 1000000000000)
			return false;
		whole = whole * 10 + (s[i] - '0');
	}
	if (i < n && s[i] == '.')
		for (i++; i < n && pth_is_digit(s[i]); i++) {
			unit /= 10;
			part += (s[i] - '0') * unit;
		}
	if (whole > INT64_MAX / 1000000000 - 1)
		return false;
	*ns = whole * 1000000000 + part;
	return i == n;
}

/* Bytes as pairs of digits with : - or . between them; a single pair is one byte. */
static bool
hex_bytes(struct parser *p, const char *s, size_t n, struct filter_value *v)
{
	uint8_t *to = pth_arena_alloc(p->arena, n / 2 + 1);
	size_t k = 0;

	for (size_t i = 0; i < n; i += 3) {
		static const char digits[] = "0123456789abcdef";
		const char *high, *low;

		if (n - i < 2 || s[i] == '\0' || s[i + 1] == '\0' ||
		    (n - i > 2 && (strchr(":-.", s[i + 2]) == NULL || n - i == 3)))
			return false;
		high = strchr(digits, pth_lower(s[i]));
		low = strchr(digits, pth_lower(s[i + 1]));
		if (high == NULL || low == NULL)
			return false;
		to[k++] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	v->p = to;
	v->n = k;
	return k > 0;
}

/* An address, with /bits or without. */
static bool
address(struct parser *p, const char *s, size_t n, bool v6, struct filter_value *v)
{
	char text[64], *slash, *end;
	uint8_t *to = pth_arena_alloc(p->arena, 16);
	unsigned long bits = v6 ? 128 : 32, most = bits;

	if (n == 0 || n >= sizeof text)
		return false;
	memcpy(text, s, n);
	text[n] = '\0';
	slash = strchr(text, '/');
	if (slash != NULL) {
		*slash++ = '\0';
		bits = pth_is_digit(*slash) ? strtoul(slash, &end, 10) : most + 1;
		if (bits > most || *end != '\0')
			return false;
	}
	v->p = to;
	v->n = v6 ? 16 : 4;
	v->bits = (unsigned)bits;
	return inet_pton(v6 ? AF_INET6 : AF_INET, text, to) == 1;
}

/* A quoted text, with its escapes; only the simple ones are ours. */
static bool
quoted(struct parser *p, struct filter_value *v)
{
	const char *s = p->at + 1;
	char *to = pth_arena_alloc(p->arena, strlen(s) + 1);
	size_t n = 0;

	for (; *s != '"'; s++) {
		if (*s == '\\' && s[1] != '"' && s[1] != '\\')
			return false;
		if (*s == '\\')
			s++;
		if (*s == '\0')
			return false;
		to[n++] = *s;
	}
	p->at = s + 1;
	v->p = (const uint8_t *)to;
	v->n = n;
	return true;
}

/* The constant of a comparison with a field of that type. */
static bool
constant(struct parser *p, enum pth_field_type type, struct filter_value *v)
{
	const char *s;
	size_t n;

	blanks(p);
	if (*p->at == '"')
		return (type == PTH_FT_STRING || type == PTH_FT_BYTES) && quoted(p, v);
	s = p->at;
	while (is_word(*p->at) && strncmp(p->at, "..", 2) != 0)
		p->at++;
	n = (size_t)(p->at - s);
	switch (type) {
	case PTH_FT_UINT:
	case PTH_FT_HEX:
	case PTH_FT_BOOL: return number(s, n, &v->u);
	case PTH_FT_TIME:
	case PTH_FT_SPAN: return seconds(s, n, &v->s);
	case PTH_FT_IPV4:
	case PTH_FT_IPV6: return address(p, s, n, type == PTH_FT_IPV6, v);
	case PTH_FT_ETHER: return hex_bytes(p, s, n, v) && v->n == 6;
	case PTH_FT_BYTES: return hex_bytes(p, s, n, v);
	default: return false;
	}
}

/* ---- comparisons */

static const struct {
	const char *sign, *word;
	enum filter_op op;
} operators[] = {
	{ "==", "eq", FILTER_EQ },
	{ "!=", "ne", FILTER_NE },
	{ "<=", "le", FILTER_LE },
	{ ">=", "ge", FILTER_GE },
	{ "<", "lt", FILTER_LT },
	{ ">", "gt", FILTER_GT },
	{ "contains", "contains", FILTER_CONTAINS },
	{ "in", "in", FILTER_IN },
};

/* [n], [n:length], [n-last], [:length], [n:]; counted from the front. */
static bool
slice(struct parser *p, struct filter_node *n)
{
	char *end;
	bool has_from;

	p->at++;
	blanks(p);
	has_from = pth_is_digit(*p->at);
	n->slice = true;
	if (has_from) {
		n->from = strtoul(p->at, &end, 10);
		p->at = end;
	}
	n->count = 1;
	if (*p->at == ':' ||
	    (has_from && *p->at == '-')) { /* else from the end, which is not ours */
		bool last = *p->at++ == '-';

		n->count = SIZE_MAX;
		if (pth_is_digit(*p->at)) {
			unsigned long v = strtoul(p->at, &end, 10);

			p->at = end;
			if ((last && v < n->from) || v > UINT32_MAX)
				return false;
			n->count = last ? v - n->from + 1 : v;
		} else if (last || !has_from) {
			return false;
		}
	} else if (!has_from) {
		return false;
	}
	return next_is(p, "]") && n->count > 0 && n->from <= UINT32_MAX;
}

static bool
members(struct parser *p, enum pth_field_type type, struct filter_node *n)
{
	struct filter_value **to = &n->values;

	if (!next_is(p, "{"))
		return false;
	do {
		struct filter_value *v = pth_arena_alloc(p->arena, sizeof *v);

		if (!constant(p, type, v))
			return false;
		if (next_is(p, "..")) {
			v->last = pth_arena_alloc(p->arena, sizeof *v);
			if (!constant(p, type, v->last))
				return false;
		}
		*to = v;
		to = &v->next;
	} while (next_is(p, ","));
	return next_is(p, "}");
}

/* Can a field of that type be compared so? */
static bool
fits(enum pth_field_type type, enum filter_op op)
{
	bool bytes = type == PTH_FT_BYTES || type == PTH_FT_STRING;

	if (type == PTH_FT_NONE)
		return false;
	return op == FILTER_CONTAINS ? bytes : op == FILTER_EQ || op == FILTER_NE || !bytes;
}

static struct filter_node *
comparison(struct parser *p, struct filter_node *n)
{
	enum pth_field_type type = n->slice ? PTH_FT_BYTES : pth_field_type(n->ref.v[0]);
	size_t i;

	for (i = 0; i < countof(operators); i++)
		if (next_is(p, operators[i].sign) || next_is(p, operators[i].word))
			break;
	if (i == countof(operators))
		return n->slice ? bad(p) : n; /* the field alone: is it there? */
	n->kind = FILTER_COMPARE;
	n->op = operators[i].op;
	if (!fits(type, n->op))
		return bad(p);
	if (n->op == FILTER_IN)
		return members(p, type, n) ? n : bad(p);
	n->values = pth_arena_alloc(p->arena, sizeof *n->values);
	return constant(p, type, n->values) ? n : bad(p);
}

static struct filter_node *
term(struct parser *p)
{
	struct filter_node *n;
	const char *s;

	if (p->bad || ++p->depth > DEPTH_MAX)
		return bad(p);
	if (next_is(p, "(")) {
		n = expression(p);
		if (!next_is(p, ")"))
			bad(p);
	} else if (next_is(p, "!") || next_is(p, "not")) {
		n = two(p, FILTER_NOT, term(p), NULL);
	} else {
		blanks(p);
		for (s = p->at; pth_is_alnum(*p->at) || *p->at == '_' || *p->at == '.'; p->at++)
			;
		n = node(p, FILTER_EXISTS);
		if (!pth_field_find(s, (size_t)(p->at - s), &n->ref) ||
		    (p->exact && !pth_field_exact(n->ref.v[0])))
			return bad(p);
		if (*p->at == '[' && (pth_field_type(n->ref.v[0]) < PTH_FT_BYTES || !slice(p, n)))
			return bad(p);
		n = comparison(p, n);
	}
	p->depth--;
	return n;
}

/* "and" binds stronger than "or". */
static struct filter_node *
conjunction(struct parser *p)
{
	struct filter_node *n = term(p);

	while (!p->bad && (next_is(p, "&&") || next_is(p, "and")))
		n = two(p, FILTER_AND, n, term(p));
	return n;
}

static struct filter_node *
expression(struct parser *p)
{
	struct filter_node *n = conjunction(p);

	while (!p->bad && (next_is(p, "||") || next_is(p, "or")))
		n = two(p, FILTER_OR, n, conjunction(p));
	return n;
}

struct pth_filter *
pth_filter_new(const char *text, bool exact)
{
	struct pth_filter *f = pth_xmalloc(sizeof *f);
	struct parser p;

	*f = (struct pth_filter){ .root = NULL };
	p = (struct parser){ .at = text, .arena = &f->arena, .exact = exact };
	f->root = expression(&p);
	blanks(&p);
	if (!p.bad && *p.at == '\0')
		return f;
	pth_filter_free(f);
	return NULL;
}

void
pth_filter_free(struct pth_filter *f)
{
	if (f == NULL)
		return;
	pth_arena_release(&f->arena);
	free(f);
}
