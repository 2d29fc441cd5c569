/* This file writes JSON's pairs of surrogates as YAML does. */
#include "io/yaml_pairs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/json.h"

enum { LENGTH = 12, SHORTER = 2 }; /* of \ud83d\ude00, and of \U0001f600 than that */

/* The code point of the pair at s, or 0 when there is none. */
static unsigned
code_point(const char *s, size_t n)
{
	unsigned high, low;
	char text[LENGTH + 1];

	if (n < LENGTH)
		return 0;
	snprintf(text, sizeof text, "%.*s", LENGTH, s);
	if (sscanf(text, "\\u%4x\\u%4x", &high, &low) != 2 || (high & 0xfc00) != 0xd800 ||
	    (low & 0xfc00) != 0xdc00)
		return 0;
	return 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
}

/* In JSON a backslash stands in strings only. */
static void
join(struct io_yaml_pairs *p, const char *s, const char *end)
{
	size_t line = 0, col = 0;

	for (size_t n; s < end; s += n) {
		unsigned c = *s == '\\' ? code_point(s, (size_t)(end - s)) : 0;

		n = c != 0 ? LENGTH : *s == '\\' ? 2 : 1;
		if (c != 0) {
			p->v = pth_xarray(p->v, p->n + 1, sizeof *p->v);
			p->v[p->n++] = (struct io_yaml_pair){ line, col };
			pth_buf_addf(&p->text, "\\U%08x", c);
			col += LENGTH - SHORTER;
			continue;
		}
		pth_buf_add(&p->text, s, n);
		col += n - ((*s & 0xc0) == 0x80);
		if (*s == '\n') {
			line++;
			col = 0;
		}
	}
}

bool
io_yaml_pairs(struct io_yaml_pairs *p, const char *text, size_t n)
{
	struct pth_err e;
	json_t *v = memmem(text, n, "\\u", 2) != NULL ? pth_json_parse(text, n, &e) : NULL;

	*p = (struct io_yaml_pairs){ .n = 0 };
	if (v == NULL)
		return false;
	json_decref(v);
	join(p, text, text + n);
	return true;
}

unsigned
io_yaml_pairs_cut(const struct io_yaml_pairs *p, size_t line, size_t col)
{
	unsigned cut = 0;

	for (size_t i = 0; i < p->n; i++)
		cut += p->v[i].line == line && p->v[i].col < col ? SHORTER : 0;
	return cut;
}

void
io_yaml_pairs_release(struct io_yaml_pairs *p)
{
	pth_buf_release(&p->text);
	free(p->v);
}
