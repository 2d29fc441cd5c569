/* This file reads JSON token by token, and finds the next record when one is broken. */
#include "qlog/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"

#define RECORD_SEPARATOR 0x1e
#define NONE (-1)
#define BLOCK ((size_t)1 << 16)

struct qlog_json *
qlog_json_new(int fd, const void *begin, size_t n)
{
	struct qlog_json *j = pth_xmalloc(sizeof *j);

	*j = (struct qlog_json){ .fd = fd };
	j->buf = pth_xmalloc(n > BLOCK ? n : BLOCK);
	if (n > 0)
		memcpy(j->buf, begin, n);
	j->p = j->buf;
	j->end = j->buf + n;
	return j;
}

void
qlog_json_free(struct qlog_json *j)
{
	free(j->buf);
	free(j);
}

/* More bytes; false: there are none. */
static bool
fill(struct qlog_json *j)
{
	ssize_t got;

	if (j->p < j->end)
		return true;
	if (j->over)
		return false;
	j->base += (uint64_t)(j->end - j->buf);
	j->limited = (j->most != 0 && j->base >= j->most) ||
	    (j->until != 0 && pth_mono_us() >= j->until);
	if (j->limited) {
		j->p = j->end = j->buf;
		return false;
	}
	do
		got = read(j->fd, j->buf, BLOCK);
	while (got < 0 && errno == EINTR);
	j->failed = got < 0;
	j->over = got <= 0;
	j->p = j->buf;
	j->end = j->buf + (got > 0 ? got : 0);
	return !j->over;
}

/* The next byte, which stays; NONE at the end. */
static int
peek(struct qlog_json *j)
{
	return fill(j) ? *j->p : NONE;
}

static uint64_t
offset(const struct qlog_json *j)
{
	return j->base + (uint64_t)(j->p - j->buf);
}

static void
newline(struct qlog_json *j)
{
	j->lines++;
	j->line_at = offset(j) + 1;
}

/* ---- what is no JSON */

/* Go to the next record: in a sequence to its separator, else behind the end of the line. */
static void
resync(struct qlog_json *j)
{
	while (fill(j)) {
		unsigned char *rs = memchr(j->p, RECORD_SEPARATOR, (size_t)(j->end - j->p));
		unsigned char *to = rs != NULL ? rs : j->end, *nl;

		while ((nl = memchr(j->p, '\n', (size_t)(to - j->p))) != NULL) {
			j->p = nl;
			newline(j);
			j->p++;
			if (!j->sequence)
				return;
		}
		j->p = to;
		if (rs != NULL)
			return;
	}
}

static enum qlog_token
broken(struct qlog_json *j, const char *why)
{
	if (j->broken++ == 0) {
		j->line = j->lines + 1;
		j->col = offset(j) - j->line_at + 1;
		j->why = why;
	}
	j->depth = 0;
	j->key = false;
	j->stopped = j->single;
	if (!j->stopped)
		resync(j);
	return QLOG_BROKEN;
}

/* The file has ended, or the record is broken. */
static enum qlog_token
ends(struct qlog_json *j, const char *why)
{
	if (peek(j) != NONE)
		return broken(j, why);
	j->breaks_off = j->depth > 0 && !j->limited;
	return QLOG_END;
}

/* ---- texts, numbers, words */

static void
keep(struct qlog_json *j, const void *p, size_t n)
{
	size_t room = QLOG_TEXT - j->len;

	if (n > room)
		j->cut = true;
	n = n < room ? n : room;
	memcpy(j->text + j->len, p, n);
	j->len += n;
}

static int
hex_digit(int c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : NONE;
}

/* Four digits behind \u; NONE: there are not so many. */
static int
four(struct qlog_json *j)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(peek(j));

		if (digit == NONE)
			return NONE;
		v = v * 16 + digit;
		j->p++;
	}
	return v;
}

/* A code point as UTF-8; half a pair is U+FFFD. */
static void
keep_code(struct qlog_json *j, unsigned c)
{
	char b[4];
	size_t n = 0;

	if (c >= 0xd800 && c <= 0xdfff)
		c = 0xfffd;
	if (c < 0x80) {
		b[n++] = (char)c;
	} else if (c < 0x800) {
		b[n++] = (char)(0xc0 | c >> 6);
		b[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		if (c >= 0x10000) {
			b[n++] = (char)(0xf0 | c >> 18);
			b[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		} else {
			b[n++] = (char)(0xe0 | c >> 12);
		}
		b[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		b[n++] = (char)(0x80 | (c & 0x3f));
	}
	keep(j, b, n);
}

/* What stands behind a backslash. */
static bool
escape(struct qlog_json *j)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	int c = peek(j), high, low;
	const char *at;

	if (c == NONE)
		return false;
	if (c != 'u') {
		if (c == '\0' || (at = strchr(from, c)) == NULL)
			return false;
		j->p++;
		keep(j, &to[at - from], 1);
		return true;
	}
	j->p++;
	high = four(j);
	while (high >= 0xd800 && high <= 0xdbff && peek(j) == '\\') {
		j->p++;
		if (peek(j) != 'u')
			return keep_code(j, 0xfffd), escape(j);
		j->p++;
		low = four(j);
		if (low >= 0xdc00 && low <= 0xdfff) {
			keep_code(j,
			    0x10000 + (((unsigned)high & 0x3ff) << 10) + ((unsigned)low & 0x3ff));
			return true;
		}
		keep_code(j, 0xfffd);
		high = low;
	}
	if (high != NONE)
		keep_code(j, (unsigned)high);
	return high != NONE;
}

/* A text, behind its quotation mark; false: it is none, or the file ends in it. */
static bool
string(struct qlog_json *j)
{
	j->len = 0;
	j->cut = false;
	while (fill(j)) {
		unsigned char *from = j->p;

		while (j->p < j->end && *j->p != '"' && *j->p != '\\' && *j->p >= 0x20)
			j->p++;
		keep(j, from, (size_t)(j->p - from));
		if (j->p == j->end)
			continue;
		if (*j->p == '"') {
			j->p++;
			j->text[j->len] = '\0';
			return true;
		}
		if (*j->p != '\\')
			return false;
		j->p++;
		if (!escape(j))
			return false;
	}
	return false;
}

static const char *
digits(const char *s)
{
	const char *from = s;

	while (pth_is_digit(*s))
		s++;
	return s > from ? s : NULL;
}

/* RFC 8259, 6. One that was cut is taken for one: nobody knows how it goes on. */
static bool
is_number(const struct qlog_json *j)
{
	const char *s = j->text + (*j->text == '-');

	s = *s == '0' ? s + 1 : digits(s);
	if (s != NULL && *s == '.')
		s = digits(s + 1);
	if (s != NULL && (*s == 'e' || *s == 'E')) {
		s += 1 + (s[1] == '+' || s[1] == '-');
		s = digits(s);
	}
	return j->cut || (s != NULL && *s == '\0');
}

/* A number or a word. */
static enum qlog_token
bare(struct qlog_json *j)
{
	bool number;

	j->len = 0;
	j->cut = false;
	while (fill(j)) {
		unsigned char *from = j->p;

		while (j->p < j->end &&
		    (pth_is_alnum((char)*j->p) || *j->p == '-' || *j->p == '+' || *j->p == '.'))
			j->p++;
		keep(j, from, (size_t)(j->p - from));
		if (j->p < j->end)
			break;
	}
	j->text[j->len] = '\0';
	if (peek(j) == NONE)
		return ends(j, "");
	number = *j->text == '-' || pth_is_digit(*j->text);
	if (number ? !is_number(j) :
	             strcmp(j->text, "true") != 0 && strcmp(j->text, "false") != 0 &&
	            strcmp(j->text, "null") != 0)
		return broken(j, "this is no value of JSON");
	return number ? QLOG_NUMBER : QLOG_WORD;
}

/* ---- values */

static enum qlog_token
opens(struct qlog_json *j, bool array)
{
	if (j->depth == QLOG_DEPTH)
		return broken(j, "it is nested deeper than 64 levels");
	j->p++;
	j->in_array[j->depth++] = array;
	j->first = true;
	j->key = j->between = false;
	return array ? QLOG_ARRAY : QLOG_OBJECT;
}

static enum qlog_token
closes(struct qlog_json *j)
{
	j->p++;
	j->depth--;
	j->between = true;
	j->first = j->key = false;
	j->records += j->depth == 0;
	return QLOG_CLOSE;
}

/* A value, of which c is the first byte; objects and arrays only begin. */
static enum qlog_token
value(struct qlog_json *j, int c)
{
	enum qlog_token t = QLOG_STRING;

	if (c == '{' || c == '[')
		return opens(j, c == '[');
	if (c == '"') {
		j->p++;
		if (!string(j))
			return ends(j, "a text is wrong here");
	} else {
		t = bare(j);
	}
	j->between = true;
	j->first = j->key = false;
	return t;
}

/* White space between tokens; false: a record begins here although one is open, so that this one
 * has been cut. */
static bool
blanks(struct qlog_json *j)
{
	int c;

	while ((c = peek(j)) == ' ' || c == '\t' || c == '\r' || c == '\n') {
		if (c == '\n' && j->depth > 0 && !j->sequence && j->records > 0)
			return false;
		if (c == '\n')
			newline(j);
		j->p++;
	}
	return true;
}

/* The begin of a record: behind separators, and at first a byte order mark. */
static enum qlog_token
record(struct qlog_json *j)
{
	static const char mark[] = "\xef\xbb\xbf";
	int c;

	for (const char *m = mark; offset(j) < 3 && *m != '\0' && peek(j) == (unsigned char)*m; m++)
		j->p++;
	blanks(j);
	while ((c = peek(j)) == RECORD_SEPARATOR) {
		j->sequence = true;
		j->p++;
		blanks(j);
	}
	if (c == NONE)
		return QLOG_END;
	return c == '{' ? opens(j, false) : broken(j, "a record has to be an object");
}

enum qlog_token
qlog_json_next(struct qlog_json *j)
{
	bool array;
	int c;

	if (j->stopped)
		return QLOG_END;
	if (j->depth == 0)
		return record(j);
	array = j->in_array[j->depth - 1];
	for (;;) {
		if (!blanks(j))
			return broken(j, "the line breaks off");
		c = peek(j);
		if (c == NONE)
			return ends(j, "");
		if (j->key)
			return value(j, c);
		if (c == (array ? ']' : '}') && (j->between || j->first))
			return closes(j);
		if (!j->between)
			break;
		if (c != ',')
			return broken(j, "a comma is missing here");
		j->p++;
		j->between = j->first = false;
	}
	if (array)
		return value(j, c);
	if (c != '"')
		return broken(j, "a key has to come here");
	j->p++;
	if (!string(j) || !blanks(j) || peek(j) != ':')
		return ends(j, "a key is wrong here");
	j->p++;
	j->key = true;
	return QLOG_KEY;
}
