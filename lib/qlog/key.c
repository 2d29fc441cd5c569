/* This file finds the keys of qlog files by their names. */
#include "qlog/key.h"

#include <string.h>

#include "base/err.h"

/* In the order of their numbers. */
static const struct {
	const char *name;
	size_t n;
} keys[] = {
#define ROW(key, text) { text, sizeof text - 1 },
	QLOG_KEYS(ROW)
};

#define FIRST_KEY (QLOG_LISTED + 1)

static unsigned
slot(const char *s, size_t n)
{
	return ((unsigned)n * 5 ^ (unsigned char)s[0] ^ (unsigned char)s[n - 1] * 3u) %
	    QLOG_KEY_SLOTS;
}

void
qlog_keys_init(struct qlog_keys *k)
{
	memset(k, 0, sizeof *k);
	for (size_t i = 0; i < countof(keys); i++) {
		unsigned char *head = &k->head[slot(keys[i].name, keys[i].n)];

		k->next[i + 1] = *head;
		*head = (unsigned char)(i + 1);
	}
}

unsigned
qlog_key(const struct qlog_keys *k, const char *s, size_t n)
{
	if (n == 0)
		return QLOG_NOWHERE;
	for (unsigned i = k->head[slot(s, n)]; i != 0; i = k->next[i])
		if (keys[i - 1].n == n && memcmp(keys[i - 1].name, s, n) == 0)
			return FIRST_KEY + i - 1;
	return QLOG_NOWHERE;
}
