/*
 * JSON writes a character beyond the first 65536 as two escapes, a pair of
 * surrogates (RFC 8259, 7), which libyaml does not know. YAML has \U for it.
 */
#ifndef PTH_IO_YAML_PAIRS_H
#define PTH_IO_YAML_PAIRS_H

#include <stdbool.h>

#include "base/buf.h"

/* Where a pair was, in lines and columns of the new text from 0. */
struct io_yaml_pair {
	size_t line, col;
};

struct io_yaml_pairs {
	struct pth_buf text; /* owned */
	struct io_yaml_pair *v;
	size_t n;
};

/* If the text is JSON with such escapes, the same text with YAML's into p->text. */
bool io_yaml_pairs(struct io_yaml_pairs *p, const char *text, size_t n);
/* How many columns are missing before this place in the new text, which counts from 0. */
unsigned io_yaml_pairs_cut(const struct io_yaml_pairs *p, size_t line, size_t col);
void io_yaml_pairs_release(struct io_yaml_pairs *p);

#endif
