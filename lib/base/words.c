/* This file is the one splitter of lists. */
#include "base/words.h"

#include <string.h>

#include "base/text.h"

struct pth_word
pth_word_of(const char *text)
{
	return (struct pth_word){ text, strlen(text) };
}

bool
pth_word_next(struct pth_word *rest, const char *separators, struct pth_word *word)
{
	bool one = separators[1] == '\0';
	const char *end = one && rest->n > 0 ? memchr(rest->s, *separators, rest->n) : NULL;
	size_t n = end != NULL ? (size_t)(end - rest->s) : one ? rest->n : 0;

	if (rest->s == NULL)
		return false;
	while (n < rest->n && (rest->s[n] == '\0' || strchr(separators, rest->s[n]) == NULL))
		n++;
	*word = (struct pth_word){ rest->s, n };
	*rest = n < rest->n ? (struct pth_word){ rest->s + n + 1, rest->n - n - 1 } :
	                      (struct pth_word){ NULL, 0 };
	return true;
}

static void
skip(struct pth_word *rest)
{
	rest->s++;
	rest->n--;
}

void
pth_word_trim(struct pth_word *rest)
{
	while (rest->n > 0 && (*rest->s == ' ' || *rest->s == '\t'))
		skip(rest);
}

bool
pth_word_number(struct pth_word *rest, unsigned base, uint64_t *number)
{
	const char *from;

	pth_word_trim(rest);
	if (rest->n > 0 && *rest->s == '-')
		skip(rest);
	from = rest->s;
	for (*number = 0; rest->n > 0; skip(rest)) {
		char c = pth_lower(*rest->s);
		unsigned digit = pth_is_digit(c) ? (unsigned)(c - '0') :
		    c >= 'a' && c <= 'f'         ? (unsigned)(c - 'a') + 10 :
		                                   base;

		if (digit >= base)
			break;
		if (__builtin_mul_overflow(*number, base, number) ||
		    __builtin_add_overflow(*number, digit, number))
			*number = UINT64_MAX;
	}
	return rest->s != from;
}

bool
pth_word_is(struct pth_word word, const char *text)
{
	return word.n == strlen(text) && memcmp(word.s, text, word.n) == 0;
}

bool
pth_words_have(struct pth_word list, const char *separators, const char *word)
{
	struct pth_word each;

	while (pth_word_next(&list, separators, &each))
		if (each.n > 0 && pth_word_is(each, word))
			return true;
	return false;
}
