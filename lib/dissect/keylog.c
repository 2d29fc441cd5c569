/* This file reads TLS key logs. */
#include "dissect/keylog.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/words.h"
#include "dissect/table.h"

#define LINES_MAX ((size_t)1 << 20)

struct keylog {
	struct table table; /* random and label to a place in v */
	struct quic_secret *v;
	size_t n, cap;
};

struct keylog *
dissect_keylog_new(void)
{
	struct keylog *k = pth_xmalloc(sizeof *k);

	*k = (struct keylog){ .n = 0 };
	return k;
}

void
dissect_keylog_free(struct keylog *k)
{
	dissect_table_release(&k->table);
	free(k->v);
	free(k);
}

static int
digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f'    ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F'    ? c - 'A' + 10 :
	                              -1;
}

/* Bytes out of hexadecimal digits; the number of bytes, or 0. */
static size_t
unhex(struct pth_word w, uint8_t *out, size_t most)
{
	if (w.n % 2 != 0 || w.n / 2 > most)
		return 0;
	for (size_t i = 0; i < w.n; i += 2) {
		int high = digit(w.s[i]), low = digit(w.s[i + 1]);

		if (high < 0 || low < 0)
			return 0;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	return w.n / 2;
}

static int
label_of(struct pth_word w)
{
	static const char *const names[] = { [KEYLOG_CLIENT_EARLY] = "CLIENT_EARLY_TRAFFIC_SECRET",
		[KEYLOG_CLIENT_HANDSHAKE] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
		[KEYLOG_SERVER_HANDSHAKE] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
		[KEYLOG_CLIENT_TRAFFIC] = "CLIENT_TRAFFIC_SECRET_0",
		[KEYLOG_SERVER_TRAFFIC] = "SERVER_TRAFFIC_SECRET_0" };

	for (int i = 0; i < KEYLOG_LABELS; i++)
		if (strlen(names[i]) == w.n && memcmp(names[i], w.s, w.n) == 0)
			return i;
	return -1;
}

static void
line(struct keylog *k, struct pth_word rest)
{
	struct pth_word label, random, secret;
	struct quic_secret s = { .n = 0 };
	uint8_t key[33];
	int which;

	if (rest.n > 0 && rest.s[rest.n - 1] == '\r')
		rest.n--;
	if (!pth_word_next(&rest, " ", &label) || !pth_word_next(&rest, " ", &random) ||
	    !pth_word_next(&rest, " ", &secret) || rest.s != NULL ||
	    (which = label_of(label)) < 0 || unhex(random, key, 32) != 32)
		return;
	key[32] = (uint8_t)which;
	s.n = unhex(secret, s.v, sizeof s.v);
	if (s.n == 0 || k->n == LINES_MAX || dissect_table_find(&k->table, key, 33) != NULL)
		return;
	if (k->n == k->cap) {
		k->cap = k->cap != 0 ? k->cap * 2 : 16;
		k->v = pth_xarray(k->v, k->cap, sizeof *k->v);
	}
	dissect_table_set(&k->table, key, 33, (uint32_t)k->n);
	k->v[k->n++] = s;
}

void
dissect_keylog_add(struct keylog *k, const char *text, size_t n)
{
	struct pth_word rest = { text, n }, next;

	while (pth_word_next(&rest, "\n", &next))
		line(k, next);
}

bool
dissect_keylog_find(const struct keylog *k, const uint8_t random[32], enum keylog_label label,
    struct quic_secret *out)
{
	const uint32_t *at;
	uint8_t key[33];

	memcpy(key, random, 32);
	key[32] = (uint8_t)label;
	at = dissect_table_find(&k->table, key, 33);
	if (at != NULL)
		*out = k->v[*at];
	return at != NULL;
}
