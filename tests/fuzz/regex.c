/* A regular expression, up to the first newline, and a text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *nl = n != 0 ? memchr(data, '\n', n) : NULL;
	size_t len = nl != NULL ? (size_t)(nl - data) : n;
	pth_auto_str pattern = pth_xstrndup((const char *)data, len);
	const char *text = (const char *)data + len;
	struct pth_regex_span at[2];
	struct pth_err e;

	for (unsigned flags = 0; flags < 4; flags++) {
		pth_auto_regex re = pth_regex_new(pattern, flags, &e);
		bool found = re != NULL && pth_regex_find(re, text, n - len, at);

		if (re != NULL && found != pth_regex_match(re, text, n - len))
			abort();
		if (found && (at[0].from > at[0].to || at[0].to > n - len))
			abort();
		if (found && at[1].from != SIZE_MAX &&
		    (at[1].from < at[0].from || at[1].from > at[1].to || at[1].to > at[0].to))
			abort();
	}
	return 0;
}
