/* Any bytes as what an engine says of its parts: a line names a part that there is, or none, and
 * its state is a word of the line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spread/engine.h"

#define PARTS 70000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1);
	struct pth_word rest, line, state;

	memcpy(text, data, n);
	text[n] = '\0';
	rest = pth_word_of(text);
	while (pth_word_next(&rest, "\n", &line)) {
		size_t part = pth_engine_line(line, PARTS, &state);

		if (part > PARTS)
			abort();
		if (state.n > 0 &&
		    (state.s < line.s || state.s + state.n > line.s + line.n ||
		        memchr(state.s, ' ', state.n) != NULL))
			abort();
	}
	free(text);
	return 0;
}
