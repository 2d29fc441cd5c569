/*
 * The words of a text between separators: "memory,pids", "/bin:/usr/bin", the
 * fields of a line. Nothing is copied, and any bytes will do.
 */
#ifndef PTH_BASE_WORDS_H
#define PTH_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pth_word {
	const char *s; /* into somebody else's text; NULL: nothing is left */
	size_t n;      /* bytes; no NUL is behind them */
};

/* All of a text, from which words are taken. */
struct pth_word pth_word_of(const char *text);
/* Take the word before the next separator, which may be empty, or all that is
 * left. False when nothing is left: "a:" has two words, "" has one. */
bool pth_word_next(struct pth_word *rest, const char *separators, struct pth_word *word);
/* Take blanks and tabs off the front. */
void pth_word_trim(struct pth_word *rest);
/* Take a number without a sign of base 10 or 16 off the front, what is blank and a
 * minus before it too; one that does not fit is UINT64_MAX. False when there is none. */
bool pth_word_number(struct pth_word *rest, unsigned base, uint64_t *number);
bool pth_word_is(struct pth_word word, const char *text);
/* Is word, which is not empty, one of the list? */
bool pth_words_have(struct pth_word list, const char *separators, const char *word);

#endif
