/* This file reads field sections of HTTP/3. */
#include "dissect/qpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dissect/huffman.h"

#define NAME_MAX_BYTES 64

/* An integer whose first byte has so many bits of it (RFC 7541, 5.1). */
static bool
integer(struct cursor *c, unsigned bits, uint64_t *v)
{
	const uint8_t *p = dissect_take(c, 1);
	uint64_t most = (1u << bits) - 1;
	unsigned shift = 0;

	if (p == NULL)
		return false;
	*v = *p & most;
	if (*v < most)
		return true;
	do {
		if ((p = dissect_take(c, 1)) == NULL || shift > 56)
			return false;
		*v += (uint64_t)(*p & 0x7f) << shift;
		shift += 7;
	} while ((*p & 0x80) != 0);
	return true;
}

/* A text whose first byte has the bit of Huffman's code above the bits of its length. */
static bool
text(struct cursor *c, unsigned bits, char *out, size_t max)
{
	bool huffman = dissect_left(c) > 0 && (*c->p >> bits & 1) != 0;
	uint64_t n;
	const uint8_t *p;
	int got;

	if (!integer(c, bits, &n) || n > dissect_left(c))
		return false;
	p = dissect_take(c, (size_t)n);
	got = huffman ? dissect_huffman_read(p, (size_t)n, out, max - 1) :
	                (int)(n < max ? n : max - 1);
	if (got < 0)
		return false;
	if (!huffman)
		memcpy(out, p, (size_t)got);
	out[got] = '\0';
	return true;
}

/* Of the static table (RFC 9204, appendix A), the fields that are wanted. */
static const struct {
	uint8_t index;
	const char *name, *value;
} table[] = {
	{ 1, ":path", "/" },
	{ 15, ":method", "CONNECT" },
	{ 16, ":method", "DELETE" },
	{ 17, ":method", "GET" },
	{ 18, ":method", "HEAD" },
	{ 19, ":method", "OPTIONS" },
	{ 20, ":method", "POST" },
	{ 21, ":method", "PUT" },
	{ 24, ":status", "103" },
	{ 25, ":status", "200" },
	{ 26, ":status", "304" },
	{ 27, ":status", "404" },
	{ 28, ":status", "503" },
	{ 63, ":status", "100" },
	{ 64, ":status", "204" },
	{ 65, ":status", "206" },
	{ 66, ":status", "302" },
	{ 67, ":status", "400" },
	{ 68, ":status", "403" },
	{ 69, ":status", "421" },
	{ 70, ":status", "425" },
	{ 71, ":status", "500" },
};

static const char *
name_of(uint64_t index, const char **value)
{
	for (size_t i = 0; i < countof(table); i++)
		if (table[i].index == index) {
			*value = table[i].value;
			return table[i].name;
		}
	*value = "";
	return "";
}

static void
field(struct qpack_head *h, const char *name, const char *value)
{
	char *end;
	unsigned long n;

	if (strcmp(name, ":method") == 0)
		snprintf(h->method, sizeof h->method, "%s", value);
	else if (strcmp(name, ":path") == 0)
		snprintf(h->path, sizeof h->path, "%s", value);
	else if (strcmp(name, ":status") == 0 && pth_is_digit(*value)) {
		n = strtoul(value, &end, 10);
		h->status = *end == '\0' && n <= 999 ? (unsigned)n : h->status;
	}
}

/* One field line (RFC 9204, 4.5); false: the rest cannot be read. */
static bool
line(struct cursor *c, struct qpack_head *h)
{
	char own[NAME_MAX_BYTES], value[QPACK_TEXT];
	const char *name = "", *fixed = "";
	unsigned first = *c->p;
	uint64_t index;

	if ((first & 0x80) != 0) { /* indexed */
		if (!integer(c, 6, &index))
			return false;
		if ((first & 0x40) == 0)
			h->unread = true;
		else
			name = name_of(index, &fixed);
		field(h, name, fixed);
		return true;
	}
	if ((first & 0x40) != 0) { /* a literal with the name of a table */
		if (!integer(c, 4, &index))
			return false;
		if ((first & 0x10) != 0)
			name = name_of(index, &fixed);
	} else if ((first & 0x20) != 0) { /* a literal with its name */
		if (!text(c, 3, own, sizeof own))
			return false;
		name = own;
	} else if ((first & 0x10) != 0) { /* indexed, behind the base */
		h->unread = true;
		return integer(c, 4, &index);
	} else { /* a literal, name behind the base */
		if (!integer(c, 3, &index))
			return false;
	}
	if (dissect_left(c) == 0 || !text(c, 7, value, sizeof value))
		return false;
	field(h, name, value);
	return true;
}

void
dissect_qpack_read(struct cursor c, struct qpack_head *h)
{
	uint64_t insert, base;

	*h = (struct qpack_head){ .status = 0 };
	if (!integer(&c, 8, &insert) || !integer(&c, 7, &base)) {
		h->unread = true;
		return;
	}
	while (dissect_left(&c) > 0)
		if (!line(&c, h)) {
			h->unread = true;
			return;
		}
}
