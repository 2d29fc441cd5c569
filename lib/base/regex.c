/* This file makes the programs of regular expressions. */
#include "base/regex.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/regex_priv.h"
#include "base/text.h"

#define NESTED_MAX 100 /* parentheses */
#define OPEN INT_MAX   /* of a repetition: no end */

struct source {
	const char *s;
	size_t i; /* the next byte of s */
	unsigned nested;
	struct pth_regex *re;
	struct pth_err *e;
};

/* What is wrong at character i. -1. */
static int
fault(const struct source *c, size_t i, const char *what)
{
	return pth_err_set(
	    c->e, PTH_INPUT, "not a regular expression: character %zu: %s", i + 1, what);
}

static int
too_large(const struct source *c)
{
	return fault(c, c->i > 0 ? c->i - 1 : 0, "too much repetition");
}

/* Make room for n steps at `at`. 0 or -1. */
static int
insert(struct source *c, size_t at, size_t n)
{
	struct pth_regex *re = c->re;

	if (re->n + n > PTH_REGEX_STEPS)
		return too_large(c);
	if (re->n + n > re->cap) {
		re->cap = 2 * (re->n + n);
		re->steps = pth_xarray(re->steps, re->cap, sizeof *re->steps);
	}
	memmove(re->steps + at + n, re->steps + at, (re->n - at) * sizeof *re->steps);
	re->n += n;
	return 0;
}

/* Put a step at `at`, before what is there. 0 or -1. */
static int
put(struct source *c, size_t at, struct regex_step step)
{
	if (insert(c, at, 1) != 0)
		return -1;
	c->re->steps[at] = step;
	return 0;
}

static int
add(struct source *c, enum regex_op op, unsigned arg)
{
	return put(c, c->re->n, (struct regex_step){ (uint8_t)op, (uint8_t)arg, 1, 0 });
}

/* One byte of the set, which is given away to the program. */
static int
add_set(struct source *c, struct regex_set *set, bool negated)
{
	struct pth_regex *re = c->re;
	const struct regex_step step = { REGEX_SET, 0, (int16_t)re->nsets, 0 };

	for (unsigned b = 'a'; b <= 'z' && (re->flags & PTH_REGEX_ICASE) != 0; b++)
		set->has[b] = set->has[b - 'a' + 'A'] = set->has[b] || set->has[b - 'a' + 'A'];
	for (unsigned b = 0; negated && b < countof(set->has); b++)
		set->has[b] = !set->has[b];
	if (negated && (re->flags & PTH_REGEX_LINES) != 0)
		set->has['\n'] = false;
	re->sets = pth_xarray(re->sets, re->nsets + 1, sizeof *re->sets);
	re->sets[re->nsets++] = *set;
	return put(c, re->n, step);
}

static int
add_byte(struct source *c, char byte)
{
	struct regex_set set = { { false } };

	if ((c->re->flags & PTH_REGEX_ICASE) == 0 || !pth_is_alpha(byte))
		return add(c, REGEX_BYTE, (unsigned char)byte);
	set.has[(unsigned char)byte] = true;
	return add_set(c, &set, false);
}

/* ---- [...] */

/* isalpha() and the like, of the C locale; pth never sets another one. */
static bool
is_of(const char *class, size_t n, int byte)
{
	static const struct {
		const char *name;
		int (*is)(int);
	} classes[] = { { "alpha", isalpha }, { "digit", isdigit }, { "alnum", isalnum },
		{ "upper", isupper }, { "lower", islower }, { "space", isspace },
		{ "blank", isblank }, { "punct", ispunct }, { "print", isprint },
		{ "graph", isgraph }, { "cntrl", iscntrl }, { "xdigit", isxdigit } };

	for (size_t i = 0; i < countof(classes); i++)
		if (strlen(classes[i].name) == n && strncmp(classes[i].name, class, n) == 0)
			return byte < 0 || classes[i].is(byte) != 0;
	return false;
}

/* [:class:], [=x=] or [.x.]. *byte: what a range can begin and end with, or -1. */
static int
bracketed(struct source *c, struct regex_set *set, int *byte)
{
	const char *s = c->s + c->i, close[] = { s[1], ']', '\0' }, *end = strstr(s + 2, close);
	size_t n = end != NULL ? (size_t)(end - s - 2) : 0;

	*byte = -1;
	if (end == NULL)
		return fault(c, c->i, "[ without ]");
	if (s[1] == ':' ? !is_of(s + 2, n, -1) : n != 1)
		return fault(c, c->i, "not a class of characters");
	for (int b = 0; b < 256 && s[1] == ':'; b++)
		set->has[b] |= is_of(s + 2, n, b);
	if (s[1] != ':')
		set->has[(unsigned char)s[2]] = true;
	if (s[1] == '.')
		*byte = (unsigned char)s[2];
	c->i += n + 4;
	return 0;
}

/* One member of [...], or the end of a range. */
static int
member(struct source *c, struct regex_set *set, int *byte)
{
	const char *s = c->s + c->i;

	if (*s == '\0')
		return fault(c, c->i, "[ without ]");
	if (*s == '[' && (s[1] == ':' || s[1] == '=' || s[1] == '.'))
		return bracketed(c, set, byte);
	*byte = (unsigned char)*s;
	set->has[*byte] = true;
	c->i++;
	return 0;
}

/* Behind the '['. */
static int
bracket(struct source *c)
{
	size_t begin = c->i - 1;
	bool negated = c->s[c->i] == '^';
	struct regex_set set = { { false } };
	int from, to;

	c->i += negated;
	for (size_t first = c->i; c->i == first || c->s[c->i] != ']';) {
		const char *s = c->s + c->i;

		if (*s == '\0')
			return fault(c, begin, "[ without ]");
		if (*s == '-' && c->i > first && s[1] != ']')
			return fault(c, c->i, "a range without begin");
		if (member(c, &set, &from) != 0)
			return -1;
		if (c->s[c->i] != '-' || c->s[c->i + 1] == ']')
			continue;
		c->i++;
		if (member(c, &set, &to) != 0)
			return -1;
		if (from < 0 || to < from)
			return fault(c, c->i - 1, "not a range of characters");
		while (from < to)
			set.has[from++] = true;
	}
	c->i++;
	return add_set(c, &set, negated);
}

/* ---- one character */

/* Behind a '\'. 1: it was an anchor, which nothing repeats. */
static int
escape(struct source *c)
{
	static const char anchors[] = "`'<>bB", classes[] = "wWsS";
	static const enum regex_at at[] = { REGEX_TEXT_BEGIN, REGEX_TEXT_END, REGEX_WORD_BEGIN,
		REGEX_WORD_END, REGEX_WORD_EDGE, REGEX_NO_WORD_EDGE };
	char byte = c->s[c->i];
	struct regex_set set = { { false } };

	if (byte == '\0')
		return fault(c, c->i - 1, "\\ at the end");
	if (byte >= '1' && byte <= '9')
		return fault(c, c->i - 1, "back-references are not supported");
	c->i++;
	if (strchr(anchors, byte) != NULL)
		return add(c, REGEX_AT, at[strchr(anchors, byte) - anchors]) != 0 ? -1 : 1;
	if (strchr(classes, byte) == NULL)
		return add_byte(c, byte);
	for (int b = 0; b < 256; b++)
		set.has[b] = pth_lower(byte) == 'w' ? is_of("alnum", 5, b) || b == '_' :
		                                      is_of("space", 5, b);
	return add_set(c, &set, byte == 'W' || byte == 'S');
}

static int alternatives(struct source *c);

/* Behind a '('. */
static int
group(struct source *c)
{
	size_t begin = c->i - 1;
	bool first = ++c->re->groups == 1;

	if (c->nested == NESTED_MAX)
		return fault(c, begin, "parentheses too deep in each other");
	c->nested++;
	if ((first && add(c, REGEX_SAVE, 0) != 0) || alternatives(c) != 0)
		return -1;
	if (c->s[c->i] != ')')
		return fault(c, begin, "( without )");
	c->i++;
	c->nested--;
	return first ? add(c, REGEX_SAVE, 1) : 0;
}

/* What a repetition can be of; 1: an anchor, which it cannot. */
static int
atom(struct source *c)
{
	char byte = c->s[c->i++];
	struct regex_set none = { { false } };

	switch (byte) {
	case '^': return add(c, REGEX_AT, REGEX_LINE_BEGIN) != 0 ? -1 : 1;
	case '$': return add(c, REGEX_AT, REGEX_LINE_END) != 0 ? -1 : 1;
	case '.': return add_set(c, &none, true);
	case '[': return bracket(c);
	case '\\': return escape(c);
	case '(': return group(c);
	case '*':
	case '+':
	case '?':
	case '{': return fault(c, c->i - 1, "nothing to repeat");
	default: return add_byte(c, byte);
	}
}

/* ---- repetition */

/* {3} {3,} {,5} {3,5}, from behind the '{'. */
static int
bounds(struct source *c, int *min, int *max)
{
	size_t begin = c->i - 1;
	const char *s = c->s + c->i;
	int v[2] = { -1, -1 }, k = 0;

	for (; pth_is_digit(*s) || (*s == ',' && k == 0); s++)
		if (*s == ',')
			k++;
		else if ((v[k] = (v[k] < 0 ? 0 : v[k]) * 10 + *s - '0') > PTH_REGEX_STEPS)
			return too_large(c);
	*min = v[0] < 0 ? 0 : v[0];
	*max = k == 0 ? v[0] : v[1] < 0 ? OPEN : v[1];
	if (*s != '}' || *max < *min || (k == 0 && v[0] < 0))
		return fault(c, begin, "not a number of repetitions");
	c->i = (size_t)(s - c->s) + 1;
	return 0;
}

/* Append n steps. 0 or -1. */
static int
append(struct source *c, const struct regex_step *part, size_t n)
{
	size_t at = c->re->n;

	if (insert(c, at, n) != 0)
		return -1;
	memcpy(c->re->steps + at, part, n * sizeof *part);
	return 0;
}

/* The steps from `begin` on, which stand there once, from min to max times. */
static int
repeat(struct source *c, size_t begin, int min, int max)
{
	struct pth_regex *re = c->re;
	int n = (int)(re->n - begin);
	pth_auto_free struct regex_step *part = pth_xarray(NULL, re->n + 1, sizeof *part);
	struct regex_step skip = { REGEX_SPLIT, 0, 1, 0 }, back = { REGEX_JUMP, 0, 0, 0 };
	int optional = max == OPEN ? min == 0 : max - min;

	if (n == 0)
		return 0;
	if (optional > PTH_REGEX_STEPS / (n + 1))
		return too_large(c);
	memcpy(part, re->steps + begin, (size_t)n * sizeof *part);
	re->n = begin;
	for (int i = 0; i < min; i++)
		if (append(c, part, (size_t)n) != 0)
			return -1;
	for (; optional > 0; optional--) {
		skip.y = (int16_t)(optional * (n + 1) + (max == OPEN));
		if (append(c, &skip, 1) != 0 || append(c, part, (size_t)n) != 0)
			return -1;
	}
	if (max != OPEN)
		return 0;
	/* Greedy: once more first. */
	if (min > 0)
		back = (struct regex_step){ REGEX_SPLIT, 0, (int16_t)-n, 1 };
	else
		back.x = (int16_t) - (n + 1);
	return append(c, &back, 1);
}

/* An atom and what repeats it. */
static int
piece(struct source *c)
{
	size_t begin = c->re->n;
	int rc = atom(c), min = 0, max = OPEN;

	if (rc != 0)
		return rc < 0 ? -1 : 0;
	for (char k = c->s[c->i]; k != '\0' && strchr("*+?{", k) != NULL; k = c->s[c->i]) {
		c->i++;
		min = k == '+';
		max = k == '?' ? 1 : OPEN;
		if ((k == '{' && bounds(c, &min, &max) != 0) || repeat(c, begin, min, max) != 0)
			return -1;
	}
	return 0;
}

/* One after the other, to the end or to a '|' or the ')' of a group; a ')' of none is a
 * character. */
static int
sequence(struct source *c)
{
	while (c->s[c->i] != '\0' && c->s[c->i] != '|' && (c->s[c->i] != ')' || c->nested == 0))
		if (piece(c) != 0)
			return -1;
	return 0;
}

static int
alternatives(struct source *c)
{
	size_t begin = c->re->n, jump;

	if (sequence(c) != 0)
		return -1;
	if (c->s[c->i] != '|')
		return 0;
	c->i++;
	if (put(c, begin, (struct regex_step){ REGEX_SPLIT, 0, 1, 0 }) != 0 ||
	    add(c, REGEX_JUMP, 0) != 0)
		return -1;
	jump = c->re->n - 1;
	c->re->steps[begin].y = (int16_t)(jump + 1 - begin);
	if (alternatives(c) != 0)
		return -1;
	c->re->steps[jump].x = (int16_t)(c->re->n - jump);
	return 0;
}

/* ---- the whole */

static bool
at_first(const struct pth_regex *re, enum regex_at at)
{
	return at == REGEX_TEXT_BEGIN ||
	    (at == REGEX_LINE_BEGIN && (re->flags & PTH_REGEX_LINES) == 0);
}

/* With which bytes a match can begin that is not at the first one; anchors hold, for this, but
 * those that never do. */
static void
find_first(struct pth_regex *re)
{
	pth_auto_free size_t *stack = pth_xarray(NULL, 2 * re->n + 1, sizeof *stack);
	size_t n = 0, pc;

	re->round++;
	for (stack[n++] = 0; n > 0;) {
		const struct regex_step *s = re->steps + (pc = stack[--n]);

		if (re->seen[pc] == re->round)
			continue;
		re->seen[pc] = re->round;
		if (s->op == REGEX_BYTE)
			re->first[s->arg] = true;
		for (size_t b = 0; s->op == REGEX_SET && b < countof(re->first); b++)
			re->first[b] |= re->sets[s->x].has[b];
		re->empty |= s->op == REGEX_FOUND;
		if (s->op > REGEX_FOUND && !(s->op == REGEX_AT && at_first(re, s->arg)))
			stack[n++] = pc + (size_t)s->x;
		if (s->op == REGEX_SPLIT)
			stack[n++] = pc + (size_t)s->y;
	}
}

struct pth_regex *
pth_regex_new(const char *pattern, unsigned flags, struct pth_err *e)
{
	pth_auto_regex re = pth_xmalloc(sizeof *re);
	struct source c = { .s = pattern, .re = re, .e = e };

	*re = (struct pth_regex){ .flags = flags };
	if (strlen(pattern) > PTH_REGEX_MAX) {
		pth_err_set(
		    e, PTH_INPUT, "not a regular expression: more than %d bytes", PTH_REGEX_MAX);
		return NULL;
	}
	if (alternatives(&c) != 0 || add(&c, REGEX_FOUND, 0) != 0)
		return NULL;
	re->now.v = pth_xarray(NULL, re->n, sizeof *re->now.v);
	re->next.v = pth_xarray(NULL, re->n, sizeof *re->next.v);
	re->stack = pth_xarray(NULL, 2 * re->n + 1, sizeof *re->stack);
	re->seen = pth_xarray(NULL, re->n, sizeof *re->seen);
	memset(re->seen, 0, re->n * sizeof *re->seen);
	find_first(re);
	return pth_take(&re);
}

unsigned
pth_regex_groups(const struct pth_regex *re)
{
	return re->groups;
}

void
pth_regex_free(struct pth_regex *re)
{
	if (re == NULL)
		return;
	free(re->steps);
	free(re->sets);
	free(re->now.v);
	free(re->next.v);
	free(re->stack);
	free(re->seen);
	free(re);
}

void
pth_cleanup_regex(struct pth_regex **re)
{
	pth_regex_free(*re);
}
