/* This file turns text into tokens: whitespace control, raw blocks, comments, numbers, strings. */
#include <errno.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "template/priv.h"

int
template_verror(
    const struct tsource *src, uint32_t pos, struct pth_err *e, const char *fmt, va_list ap)
{
	pth_auto_buf b = PTH_BUF_INIT;
	unsigned line = src->line, col = src->col;

	for (size_t i = 0; i < pos && i < src->n; i++) {
		if (src->s[i] == '\n') {
			line++;
			col = 1;
		} else if ((src->s[i] & 0xc0) != 0x80) {
			col++;
		}
	}
	pth_buf_vaddf(&b, fmt, ap);
	return pth_err_set(
	    e, PTH_INPUT, "%s:%u:%u: %s", src->name, line, col, b.s != NULL ? b.s : "");
}

int
template_error(const struct tsource *src, uint32_t pos, struct pth_err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	template_verror(src, pos, e, fmt, ap);
	va_end(ap);
	return -1;
}

static bool
space_char(unsigned c)
{
	return (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x20) || c == 0x85 || c == 0xa0 ||
	    c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
	    c == 0x202f || c == 0x205f || c == 0x3000;
}

size_t
template_space(const char *s, size_t n)
{
	size_t i = 0, len;

	for (; i < n && space_char(template_decode(s + i, &len)); i += len)
		;
	return i;
}

size_t
template_space_back(const char *s, size_t n)
{
	size_t end = n, i, len;

	while (end > 0) {
		i = end - 1;
		while (i > 0 && (s[i] & 0xc0) == 0x80)
			i--;
		if (!space_char(template_decode(s + i, &len)))
			break;
		end = i;
	}
	return n - end;
}

/* What follows the end of a tag at i: the position where text goes on. */
static uint32_t
after_tag(const struct parse *p, size_t i, char sign, bool block)
{
	const struct tsource *src = p->src;

	if (sign == '-')
		i += template_space(src->s + i, src->n - i);
	else if (sign != '+' && block && p->trim && src->s[i] == '\n')
		i++;
	return (uint32_t)i;
}

/* The length of text[0..n) less what the tag behind it strips. */
static size_t
strip_text(const struct parse *p, const char *s, size_t n, char sign, bool var)
{
	size_t nl = n;
	bool starts;

	if (sign == '-')
		return n - template_space_back(s, n);
	if (sign == '+' || !p->lstrip || var)
		return n;
	while (nl > 0 && s[nl - 1] != '\n')
		nl--;
	/* The text begins a line, or a newline is in it. */
	starts = nl > 0 || s == p->src->s || s[-1] == '\n';
	if (starts && template_space(s + nl, n - nl) == n - nl)
		return nl;
	return n;
}

static char
sign_at(const char *s)
{
	return *s == '-' || *s == '+' ? *s : 0;
}

/* The offset behind `{% word %}` at s[i] (a "{%"), or 0; its signs go to *open and *close. */
static size_t
raw_tag(const struct tsource *src, size_t i, const char *word, char *open, char *close)
{
	const char *s = src->s;
	size_t len = strlen(word);

	*open = sign_at(s + i + 2);
	i += *open != '\0' ? 3 : 2;
	i += template_space(s + i, src->n - i);
	if (src->n - i < len || memcmp(s + i, word, len) != 0)
		return 0;
	i += len;
	i += template_space(s + i, src->n - i);
	*close = sign_at(s + i);
	i += *close != '\0';
	return s[i] == '%' && s[i + 1] == '}' ? i + 2 : 0;
}

/* The text of a raw block whose content begins at p->pos. */
static struct token
scan_raw(struct parse *p, uint32_t begin)
{
	const struct tsource *src = p->src;
	struct token t = { .kind = T_DATA, .pos = p->pos, .s = src->s + p->pos };
	const char *brace;
	size_t i = p->pos, after = 0;
	char open, close;

	for (;; i++) {
		brace = memchr(src->s + i, '{', src->n - i);
		if (brace == NULL)
			template_parse_fail(p, begin, "'raw' without '{%% endraw %%}'");
		i = (size_t)(brace - src->s);
		if (brace[1] == '%' && (after = raw_tag(src, i, "endraw", &open, &close)) != 0)
			break;
	}
	t.n = (uint32_t)strip_text(p, t.s, i - p->pos, open, false);
	p->pos = after_tag(p, after, close, true);
	return t;
}

static void
skip_comment(struct parse *p)
{
	const struct tsource *src = p->src;
	size_t begin = p->pos, i = begin + 2;
	const char *q;

	if (sign_at(src->s + i) != '\0')
		i++;
	q = memmem(src->s + i, src->n - i, "#}", 2);
	if (q == NULL)
		template_parse_fail(p, (uint32_t)begin, "comment without '#}'");
	p->pos = after_tag(p, (size_t)(q - src->s) + 2, q > src->s + i ? sign_at(q - 1) : 0, true);
}

/* Where the next tag begins, or the end of the text. */
static const char *
next_tag(const char *s, const char *end)
{
	while ((s = memchr(s, '{', (size_t)(end - s))) != NULL)
		if (*++s == '{' || *s == '%' || *s == '#')
			return s - 1;
	return end;
}

struct token
template_scan_text(struct parse *p)
{
	const struct tsource *src = p->src;
	const char *end = src->s + src->n, *tag;
	struct token t;
	size_t raw;
	char open, close;

	for (;;) {
		t = (struct token){ .kind = T_DATA, .pos = p->pos, .s = src->s + p->pos };
		tag = next_tag(t.s, end);
		t.n = (uint32_t)(tag - t.s);
		p->pos += t.n;
		if (tag != end)
			t.n = (uint32_t)strip_text(p, t.s, t.n, sign_at(tag + 2), tag[1] == '{');
		if (t.n > 0)
			return t;
		t.pos = p->pos;
		if (tag == end) {
			t.kind = T_EOF;
			return t;
		}
		if (tag[1] == '#') {
			skip_comment(p);
			continue;
		}
		raw = tag[1] == '%' ? raw_tag(src, p->pos, "raw", &open, &close) : 0;
		if (raw == 0 || close == '+')
			break;
		p->pos = after_tag(
		    p, raw, close, false); /* as Jinja, which trims no newline here */
		t = scan_raw(p, t.pos);
		if (t.n > 0)
			return t;
	}
	p->pos += sign_at(tag + 2) != '\0' ? 3 : 2;
	p->var = tag[1] == '{';
	p->nclose = 0;
	t.kind = p->var ? T_VAR_BEGIN : T_BLOCK_BEGIN;
	return t;
}

/* ---- inside a tag ---- */

static bool
name_char(char c)
{
	return pth_is_alnum(c) || c == '_' || (signed char)c < 0;
}

static int
hexval(char c)
{
	const char *all = "0123456789abcdef", *at = c != '\0' ? strchr(all, pth_lower(c)) : NULL;

	return at != NULL ? (int)(at - all) : -1;
}

static bool
digit_of(char c, int base)
{
	int v = hexval(c);

	return v >= 0 && v < base;
}

/* Digits of a base with single '_' between them; text without '_' goes to b. */
static size_t
digits(const char *s, int base, char *b, size_t cap, size_t *nb)
{
	size_t i = 0;

	for (; digit_of(s[i], base) || (i > 0 && s[i] == '_' && digit_of(s[i + 1], base)); i++)
		if (s[i] != '_' && *nb + 1 < cap)
			b[(*nb)++] = s[i];
	b[*nb] = '\0';
	return i;
}

static void
scan_based(struct parse *p, struct token *t, int base)
{
	char b[80];
	size_t nb = 0, i = digits(p->src->s + p->pos + 2, base, b, sizeof b, &nb);

	errno = 0;
	t->i = strtoll(b, NULL, base);
	if (errno != 0 || nb + 1 >= sizeof b)
		template_parse_fail(p, t->pos, "integer beyond 64 bits");
	p->pos += 2 + (uint32_t)i;
}

static void
scan_number(struct parse *p, struct token *t)
{
	const char *s = p->src->s + p->pos;
	char b[400], low = s[1] | 0x20;
	size_t nb = 0, i, j;
	int base = low == 'x' ? 16 : low == 'o' ? 8 : low == 'b' ? 2 : 0;
	bool real = false;

	t->kind = T_INT;
	if (s[0] == '0' && base != 0 && digit_of(s[2], base)) {
		scan_based(p, t, base);
		return;
	}
	i = digits(s, 10, b, sizeof b - 80, &nb);
	/* `a.0.1` is two subscripts, not a float */
	if (p->pos == 0 || s[-1] != '.') {
		if (s[i] == '.' && pth_is_digit(s[i + 1])) {
			real = true;
			b[nb++] = '.';
			i += 1 + digits(s + i + 1, 10, b, sizeof b - 40, &nb);
		}
		j = i + 1 + (s[i + 1] == '-' || s[i + 1] == '+');
		if ((s[i] | 0x20) == 'e' && pth_is_digit(s[j])) {
			real = true;
			b[nb++] = 'e';
			if (j > i + 1)
				b[nb++] = s[i + 1];
			i = j + digits(s + j, 10, b, sizeof b, &nb);
		}
	}
	errno = 0;
	if (real) {
		t->kind = T_REAL;
		t->d = strtod(b, NULL);
	} else {
		t->i = strtoll(b, NULL, 10);
		if (errno != 0)
			template_parse_fail(p, t->pos, "integer beyond 64 bits");
	}
	p->pos += (uint32_t)i;
}

/* \xHH \uHHHH \UHHHHHHHH: n digits at s. */
static void
escape_hex(struct parse *p, uint32_t pos, const char *s, const char *end, int n)
{
	unsigned c = 0;

	for (int i = 0; i < n; i++) {
		if (s + i >= end || hexval(s[i]) < 0)
			template_parse_fail(p, pos, "the escape needs %d hexadecimal digits", n);
		c = c << 4 | (unsigned)hexval(s[i]);
	}
	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		template_parse_fail(p, pos, "U+%04X is not a character", c);
	template_utf8(&p->tmp, c);
}

/* One escape at s (behind the backslash); returns where the text goes on. */
static const char *
unescape(struct parse *p, const char *s, const char *end)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	const char *q = strchr(from, *s);
	uint32_t pos = (uint32_t)(s - 1 - p->src->s);
	unsigned c = 0;
	int n = 0;

	if (*s == '\n')
		return s + 1;
	if (*s != '\0' && q != NULL) {
		pth_buf_addc(&p->tmp, to[q - from]);
		return s + 1;
	}
	if (*s == 'x' || *s == 'u' || *s == 'U') {
		n = *s == 'x' ? 2 : *s == 'u' ? 4 : 8;
		escape_hex(p, pos, s + 1, end, n);
		return s + 1 + n;
	}
	if (*s >= '0' && *s <= '7') {
		for (; n < 3 && s[n] >= '0' && s[n] <= '7'; n++)
			c = c << 3 | (unsigned)(s[n] - '0');
		template_utf8(&p->tmp, c);
		return s + n;
	}
	if (*s == 'N')
		template_parse_fail(p, pos, "character names (\\N) are not supported");
	pth_buf_addc(&p->tmp, '\\'); /* an unknown escape stands for itself */
	return s;
}

static void
scan_string(struct parse *p, struct token *t)
{
	const char *s = p->src->s + p->pos, *end = p->src->s + p->src->n, *q = s + 1;
	bool plain = true;

	for (; q < end && *q != *s; q++)
		if (*q == '\\') {
			plain = false;
			q++;
		}
	if (q >= end)
		template_parse_fail(p, p->pos, "string without its closing %c", *s);
	t->kind = T_STR;
	p->pos = (uint32_t)(q + 1 - p->src->s);
	t->s = s + 1;
	t->n = (uint32_t)(q - s - 1);
	if (plain)
		return;
	pth_buf_cut(&p->tmp, 0);
	for (s = s + 1; s < q;) {
		if (*s == '\\')
			s = unescape(p, s + 1, q);
		else
			pth_buf_addc(&p->tmp, *s++);
	}
	t->n = (uint32_t)p->tmp.len;
	t->s = pth_arena_strn(&p->sh->arena, t->n != 0 ? p->tmp.s : "", t->n);
}

static void
brackets(struct parse *p, uint32_t pos, char c)
{
	char want = c == '(' ? ')' : c == '[' ? ']' : c == '{' ? '}' : 0;

	if (want != '\0') {
		if (p->nclose == MAX_NEST)
			template_parse_fail(p, pos, "more than %d brackets in brackets", MAX_NEST);
		p->close[p->nclose++] = want;
	} else if (c == ')' || c == ']' || c == '}') {
		if (p->nclose == 0)
			template_parse_fail(p, pos, "'%c' without an opening bracket", c);
		if (p->close[--p->nclose] != c)
			template_parse_fail(
			    p, pos, "expected '%c' but found '%c'", p->close[p->nclose], c);
	}
}

static void
scan_sign(struct parse *p, struct token *t)
{
#define SIGN(name, text) { text, T_##name },
	static const struct {
		char text[3];
		uint8_t kind;
	} signs[] = { SIGNS(SIGN) };
	size_t i = 0;

	while (i < countof(signs) && strncmp(t->s, signs[i].text, strlen(signs[i].text)) != 0)
		i++;
	if (i == countof(signs))
		template_parse_fail(p, t->pos, "unexpected character '%c'", *t->s);
	brackets(p, t->pos, *t->s);
	t->kind = signs[i].kind;
	p->pos += (uint32_t)strlen(signs[i].text);
}

/* The end of the tag, when it stands at p->pos. */
static bool
scan_end(struct parse *p, struct token *t)
{
	const char *s = p->src->s + p->pos;
	char sign = *s == '-' || (*s == '+' && !p->var) ? *s : 0;
	size_t i = sign != '\0' ? 1 : 0;

	if (s[i] != (p->var ? '}' : '%') || s[i + 1] != '}')
		return false;
	t->kind = p->var ? T_VAR_END : T_BLOCK_END;
	p->pos = after_tag(p, p->pos + i + 2, sign, !p->var);
	return true;
}

struct token
template_scan_tag(struct parse *p)
{
	const struct tsource *src = p->src;
	struct token t = { .kind = T_EOF };
	const char *s;

	p->pos += (uint32_t)template_space(src->s + p->pos, src->n - p->pos);
	t.pos = p->pos;
	s = t.s = src->s + p->pos;
	if (p->pos >= src->n)
		return t;
	if (p->nclose == 0 && !p->expr && scan_end(p, &t))
		return t;
	if (pth_is_digit(*s)) {
		scan_number(p, &t);
	} else if (*s == '"' || *s == '\'') {
		scan_string(p, &t);
	} else if (name_char(*s)) {
		t.kind = T_NAME;
		while (name_char(s[t.n]))
			t.n++;
		p->pos += t.n;
	} else {
		scan_sign(p, &t);
	}
	return t;
}

const char *
template_tok_name(int kind)
{
#define TOKEN_TEXT(name, text) text,
#define SIGN_TEXT(name, text) "'" text "'",
	static const char *const names[] = { TOKENS(TOKEN_TEXT) SIGNS(SIGN_TEXT) };

	return names[kind];
}
