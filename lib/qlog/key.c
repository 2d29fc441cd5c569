/* This file knows the names of the keys of qlog files. */
#include "qlog/key.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

static const struct key {
	const char *name;
	unsigned char n, key;
} keys[] = {
#define ROW(key, text) { text, sizeof text - 1, QLOG_K_##key },
	QLOG_KEYS(ROW)
};

/* In order of their names; length first decides most. */
static int
by_name(const void *wanted, const void *row)
{
	const struct key *a = wanted, *b = row;
	size_t n = a->n < b->n ? a->n : b->n;
	int r = strncasecmp(a->name, b->name, n);

	return r != 0 ? r : a->n - b->n;
}

unsigned
qlog_key(const char *s, size_t n)
{
	const struct key wanted = { s, (unsigned char)n, 0 };
	const struct key *found;

	if (n > 32)
		return QLOG_NOWHERE;
	found = bsearch(&wanted, keys, countof(keys), sizeof *keys, by_name);
	return found != NULL ? found->key : QLOG_NOWHERE;
}
