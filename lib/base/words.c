/* The one splitter of lists. */
#include "base/words.h"

#include <string.h>

struct pth_word
pth_word_of(const char *text)
{
	return (struct pth_word){ text, strlen(text) };
}

bool
pth_word_next(struct pth_word *rest, const char *separators, struct pth_word *word)
{
	size_t n = 0;

	if (rest->s == NULL)
		return false;
	while (n < rest->n && (rest->s[n] == '\0' || strchr(separators, rest->s[n]) == NULL))
		n++;
	*word = (struct pth_word){ rest->s, n };
	*rest = n < rest->n ? (struct pth_word){ rest->s + n + 1, rest->n - n - 1 } :
	                      (struct pth_word){ NULL, 0 };
	return true;
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
