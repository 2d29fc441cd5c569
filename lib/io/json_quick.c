/* This file reads the JSON that there usually is, quickly. */
#include "io/json_quick.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/text.h"

#define DEPTH_MAX 200
#define DIGITS_MAX 18   /* of an integer that cannot overflow */
#define NUMBER_MAX 63   /* characters of a number with a fraction */
#define SURROGATES 0xd8 /* U+D800 to U+DFFF begin with it, as bits 0xf8 of the higher byte */

struct reader {
	const char *p, *end;
	struct pth_buf text; /* of a string with escapes */
};

static json_t *value(struct reader *r, unsigned depth);

static void
blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
		r->p++;
}

static bool
take(struct reader *r, char c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* ---- strings */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits of a \u escape, as UTF-8. */
static bool
code_point(struct reader *r)
{
	unsigned code = 0;

	if (r->end - r->p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(*r->p++);

		if (digit < 0)
			return false;
		code = code << 4 | (unsigned)digit;
	}
	if (code == 0 || (code >> 8 & 0xf8) == SURROGATES)
		return false;
	if (code < 0x80) {
		pth_buf_addc(&r->text, (char)code);
	} else if (code < 0x800) {
		pth_buf_addc(&r->text, (char)(0xc0 | code >> 6));
		pth_buf_addc(&r->text, (char)(0x80 | (code & 0x3f)));
	} else {
		pth_buf_addc(&r->text, (char)(0xe0 | code >> 12));
		pth_buf_addc(&r->text, (char)(0x80 | (code >> 6 & 0x3f)));
		pth_buf_addc(&r->text, (char)(0x80 | (code & 0x3f)));
	}
	return true;
}

static bool
escape(struct reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *which;
	char c;

	if (r->p == r->end)
		return false;
	c = *r->p++;
	if (c == 'u')
		return code_point(r);
	which = c != '\0' ? strchr(from, c) : NULL;
	if (which != NULL)
		pth_buf_addc(&r->text, to[which - from]);
	return which != NULL;
}

/* As far as the next quote, backslash or control character; false: the string does not end. */
static bool
plain(struct reader *r)
{
	const char *p = r->p, *end = r->end;

	while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
		p++;
	r->p = p;
	return p < end && (unsigned char)*p >= 0x20;
}

/* A key, which begins behind its quote: n bytes at *s. */
static bool
key(struct reader *r, const char **s, size_t *n)
{
	*s = r->p;
	if (!plain(r) || *r->p != '"')
		return false;
	*n = (size_t)(r->p++ - *s);
	return pth_utf8_ok(*s, *n, NULL);
}

static json_t *
string(struct reader *r)
{
	const char *from = r->p;
	size_t n;

	if (!plain(r))
		return NULL;
	n = (size_t)(r->p - from);
	if (take(r, '"'))
		return pth_utf8_ok(from, n, NULL) ? json_stringn_nocheck(from, n) : NULL;
	pth_buf_cut(&r->text, 0);
	while (!take(r, '"')) {
		pth_buf_add(&r->text, from, (size_t)(r->p - from));
		r->p++; /* the backslash */
		if (!escape(r))
			return NULL;
		from = r->p;
		if (!plain(r))
			return NULL;
		if (*r->p == '"')
			pth_buf_add(&r->text, from, (size_t)(r->p - from));
	}
	return pth_utf8_ok(r->text.s, r->text.len, NULL) ?
	    json_stringn_nocheck(r->text.s, r->text.len) :
	    NULL;
}

/* ---- numbers */

static bool
digits(struct reader *r)
{
	const char *from = r->p;

	while (r->p < r->end && pth_is_digit(*r->p))
		r->p++;
	return r->p > from;
}

/* What makes a number no integer. */
static bool
fraction(struct reader *r)
{
	if (take(r, '.') && !digits(r))
		return false;
	if (!take(r, 'e') && !take(r, 'E'))
		return true;
	if (!take(r, '+'))
		take(r, '-');
	return digits(r);
}

static json_t *
number(struct reader *r)
{
	const char *from = r->p, *first;
	bool negative = take(r, '-');
	char text[NUMBER_MAX + 1];
	int64_t n = 0;
	size_t len;
	double d;

	first = r->p;
	if (!digits(r) || (*first == '0' && r->p - first > 1))
		return NULL;
	if (r->p == r->end || (*r->p != '.' && *r->p != 'e' && *r->p != 'E')) {
		if (r->p - first > DIGITS_MAX)
			return NULL;
		for (; first < r->p; first++)
			n = n * 10 + (*first - '0');
		return json_integer(negative ? -n : n);
	}
	if (!fraction(r) || (len = (size_t)(r->p - from)) > NUMBER_MAX)
		return NULL;
	memcpy(text, from, len);
	text[len] = '\0';
	d = strtod(text, NULL);
	return isfinite(d) ? json_real(d) : NULL;
}

/* ---- the rest */

static bool
members(struct reader *r, json_t *o, unsigned depth)
{
	blanks(r);
	if (take(r, '}'))
		return true;
	do {
		size_t had = json_object_size(o), n;
		const char *s;
		json_t *v;

		blanks(r);
		if (!take(r, '"') || !key(r, &s, &n))
			return false;
		blanks(r);
		if (!take(r, ':') || (v = value(r, depth)) == NULL)
			return false;
		if (json_object_setn_new_nocheck(o, s, n, v) != 0 || json_object_size(o) == had)
			return false; /* it was there */
		blanks(r);
	} while (take(r, ','));
	return take(r, '}');
}

static bool
items(struct reader *r, json_t *list, unsigned depth)
{
	blanks(r);
	if (take(r, ']'))
		return true;
	do {
		json_t *v = value(r, depth);

		if (v == NULL || json_array_append_new(list, v) != 0)
			return false;
		blanks(r);
	} while (take(r, ','));
	return take(r, ']');
}

static json_t *
word(struct reader *r, const char *text, json_t *v)
{
	size_t n = strlen(text);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, text, n) != 0)
		return NULL;
	r->p += n;
	return v;
}

static json_t *
value(struct reader *r, unsigned depth)
{
	json_auto_t *v = NULL;

	blanks(r);
	if (r->p == r->end || depth == DEPTH_MAX)
		return NULL;
	switch (*r->p) {
	case '"': r->p++; return string(r);
	case 't': return word(r, "true", json_true());
	case 'f': return word(r, "false", json_false());
	case 'n': return word(r, "null", json_null());
	case '{':
		r->p++;
		v = json_object();
		return members(r, v, depth + 1) ? pth_take(&v) : NULL;
	case '[':
		r->p++;
		v = json_array();
		return items(r, v, depth + 1) ? pth_take(&v) : NULL;
	default: return number(r);
	}
}

json_t *
io_json_quick(const char *s, size_t n)
{
	struct reader r = { .p = s, .end = s + n };
	json_auto_t *v = value(&r, 0);

	blanks(&r);
	pth_buf_release(&r.text);
	return r.p == r.end ? pth_take(&v) : NULL;
}
