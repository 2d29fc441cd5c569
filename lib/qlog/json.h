/*
 * JSON (RFC 8259) as a stream of tokens, in flat memory whatever the file: JSON text sequences
 * (RFC 7464), a value a line, or one value. Private to this folder.
 *
 *   struct qlog_json *j = qlog_json_new(fd, NULL, 0);
 *   while ((t = qlog_json_next(j)) != QLOG_END)
 *           ...
 *
 * What a file may do to us: nest (QLOG_DEPTH levels at most), write texts and numbers without an
 * end (QLOG_TEXT bytes are kept, the rest is passed over), NUL and other control characters in
 * texts (RFC 8259, 7: no JSON), invalid UTF-8 (handed on as it is), texts after the value. A
 * record that is no JSON is given up as a whole, and the next one is read: behind the next record
 * separator, or in the next line.
 */
#ifndef PTH_QLOG_JSON_H
#define PTH_QLOG_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QLOG_DEPTH 64
#define QLOG_TEXT 512 /* bytes of a text or number that are kept */

enum qlog_token {
	QLOG_END,
	QLOG_BROKEN, /* the record that was begun is no JSON: what was seen of it does not count */
	QLOG_OBJECT, /* begins */
	QLOG_ARRAY,
	QLOG_CLOSE,
	QLOG_KEY,
	QLOG_STRING,
	QLOG_NUMBER,
	QLOG_WORD /* true, false, null */
};

struct qlog_json {
	/* Of the last token: */
	char text[QLOG_TEXT + 1]; /* NUL behind it; a text may have others in it, from \u0000 */
	size_t len;
	bool cut;       /* it was longer */
	unsigned depth; /* values that are open: 1 within a record */
	/* How it went: */
	uint64_t broken;    /* records that were given up */
	uint64_t line, col; /* where the first of them was wrong, from 1 */
	const char *why;    /* likewise */
	bool breaks_off;    /* the file ends in the midst of a record */
	bool failed;        /* read(2) has failed */
	bool limited;       /* the file goes on where a limit was reached */
	bool sequence;      /* it has record separators */
	bool single;        /* set by the user: there is no next record when this one is broken */
	/* Set by the user: read no more than so many bytes, and not after that pth_mono_us(); 0: no
	 * limit. */
	uint64_t most;
	int64_t until;
	/* Private: */
	int fd;
	bool over, stopped, between; /* between: a comma, or the end, has to come */
	bool first, key;             /* nothing is in the value yet; a key has been read */
	bool in_array[QLOG_DEPTH];
	uint64_t records, lines, line_at, base;
	unsigned char *p, *end, *buf;
};

/* begin: the first bytes of the file, when they have been read already; copied. */
struct qlog_json *qlog_json_new(int fd, const void *begin, size_t n);
enum qlog_token qlog_json_next(struct qlog_json *j);
void qlog_json_free(struct qlog_json *j);

#endif
