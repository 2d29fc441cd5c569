/*
 * Small work on text: quoting, names, globs, numbers, UTF-8, similarity.
 * Nothing here looks at the locale.
 */
#ifndef PTH_BASE_TEXT_H
#define PTH_BASE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* Letters and digits of ASCII; <ctype.h> asks the locale and chokes on negative
 * characters. */
static inline bool
pth_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
pth_is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline char
pth_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool
pth_is_alpha(char c)
{
	return pth_is_lower(pth_lower(c));
}

static inline bool
pth_is_alnum(char c)
{
	return pth_is_alpha(c) || pth_is_digit(c);
}

/* One shell word: as it is when that is safe, else in '...'. */
void pth_quote_sh(struct pth_buf *b, const char *s);
/* A name that can be a file, host and container name:
 * [A-Za-z0-9_][A-Za-z0-9._-]{0,62}. */
bool pth_name_ok(const char *s);
/* Make such a name out of any text: lower case, other bytes become one '-',
 * at most max bytes (max >= 2). Empty text gives "x". */
void pth_name_from(struct pth_buf *b, const char *s, size_t max);
/* Is s one of n words? */
bool pth_one_of(const char *s, const char *const *words, size_t n);
/* What is behind the last '/' of a path; it points into it. */
const char *pth_base_name(const char *path);
/* fnmatch(3) with FNM_PATHNAME off; true when it matches. */
bool pth_glob(const char *pattern, const char *s);
/* Whole decimal integer within [min, max]; false and *v untouched otherwise. */
bool pth_int(const char *s, long long min, long long max, long long *v);
/* An IPv4 network, "10.1.0.0/24": its address as written, in the host's order, and
 * the bits of its prefix, 1 to 32. False, both untouched, when it is none. */
bool pth_ipv4_network(const char *s, uint32_t *address, unsigned *bits);
/* "5MB" "10 KiB" "512" -> bytes. Decimal units k M G (B), binary Ki Mi Gi (B). */
bool pth_size(const char *s, long long *bytes);
/* For people: "64 MiB", "5 MB", "1000001 bytes", exact in any case. */
void pth_size_show(struct pth_buf *b, long long bytes);
/* Is s[0..n) valid UTF-8 without NUL? *bad gets the offset of the first fault. */
bool pth_utf8_ok(const char *s, size_t n, size_t *bad);
/* Append s[0..n) with every invalid byte and NUL turned into U+FFFD. */
void pth_utf8_clean(struct pth_buf *b, const char *s, size_t n);
/* Append s with control characters shown as \n \t \xNN, for messages;
 * at most max bytes of s, then "...". */
void pth_show(struct pth_buf *b, const char *s, size_t max);
/* Are they the same name in any case, with '-' for '_'? quic-go is quic_go. */
bool pth_same_name(const char *a, const char *b);
/* Edit distance with transposition (Damerau), at most `limit` + 1. */
unsigned pth_distance(const char *a, const char *b, unsigned limit);
/* The nearest of names[0..n) to s, or NULL when none is near enough for a
 * "did you mean". */
const char *pth_nearest(const char *s, const char *const *names, size_t n);
/* Is s so near to name that nothing else can be meant: the same name in another case, or one
 * edit in five letters, and one? */
bool pth_slip(const char *s, const char *name);
/* Three words for "%s%s%s" in a message: "; did you mean 'NEAR'?", or nothing
 * when it is NULL. */
#define PTH_DID_YOU_MEAN(near) \
	(near) ? "; did you mean '" : "", (near) ? (near) : "", (near) ? "'?" : ""

#endif
