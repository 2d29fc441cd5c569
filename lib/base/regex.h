/*
 * Regular expressions whose time is linear in the text and in the expression.
 *
 * They are POSIX's extended ones (XBD, section 9.4) with the \w \W \s \S \b \B \< \> \` \' of
 * the GNU C library, on bytes, in the C locale. Its regexec(3) is not used because a program
 * under test chooses the text: with back-references it is exponential, it searches again from
 * each byte, which is quadratic for (a|aa)*b, and it keeps a state for each set of positions
 * that a text reaches, which is memory without bound for .*a[ab]{40}c. Here all positions are
 * followed at once (Thompson, Regular Expression Search Algorithm, CACM 11(6), 1968).
 *
 * Back-references are refused, and what is written out to more than PTH_REGEX_STEPS steps.
 */
#ifndef PTH_BASE_REGEX_H
#define PTH_BASE_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define PTH_REGEX_MAX 4096   /* bytes of an expression */
#define PTH_REGEX_STEPS 4096 /* of its program; a{1,N} has 2 * N - 1 */

enum {
	PTH_REGEX_ICASE = 1, /* letters of ASCII are the same in both cases */
	PTH_REGEX_LINES = 2, /* ^ and $ are at newlines, too; . and [^x] are none */
};

struct pth_regex;

/* Where something was found: from .. to, or SIZE_MAX twice. */
struct pth_regex_span {
	size_t from, to;
};

/* NULL with e (code PTH_INPUT): "not a regular expression: character N: why". */
struct pth_regex *pth_regex_new(const char *pattern, unsigned flags, struct pth_err *e);
/* Does s[0..n), at most 4 GiB, contain a match? NUL is a byte like others. */
bool pth_regex_match(struct pth_regex *re, const char *s, size_t n);
/* The same of a part of a text, which has no begin there, or no end. */
bool pth_regex_match_part(
    struct pth_regex *re, const char *s, size_t n, bool has_begin, bool has_end);
/* The same of a whole one: at[0] is the first match, of those the longest, and at[1] what the first
 * group in parentheses took in it, when it took part. Where a group may take more than one text,
 * alternatives to the left and longer repetitions go first. */
bool pth_regex_find(struct pth_regex *re, const char *s, size_t n, struct pth_regex_span at[2]);
/* The same from a byte of the text on: what comes before it counts for ^ and \b only. */
bool pth_regex_find_from(
    struct pth_regex *re, const char *s, size_t n, size_t from, struct pth_regex_span at[2]);
/* How many groups in parentheses it has. */
unsigned pth_regex_groups(const struct pth_regex *re);
/* Frees it; NULL is none. */
void pth_regex_free(struct pth_regex *re);

void pth_cleanup_regex(struct pth_regex **re);
#define pth_auto_regex PTH_CLEANUP(pth_cleanup_regex) struct pth_regex *

#endif
