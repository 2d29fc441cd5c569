/* This file shows fields of packets as text and as JSON. */
#include "dissect/show.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

static const char digits[] = "0123456789abcdef";

static void
decimal(struct pth_buf *b, uint64_t u)
{
	char text[24], *s = text + sizeof text;

	do
		*--s = (char)('0' + u % 10);
	while ((u /= 10) != 0);
	pth_buf_add(b, s, (size_t)(text + sizeof text - s));
}

static void
hexadecimal(struct pth_buf *b, uint64_t u, unsigned n)
{
	char text[18] = "0x";

	for (unsigned i = 0; i < n; i++)
		text[2 + i] = digits[u >> 4 * (n - 1 - i) & 15];
	pth_buf_add(b, text, 2 + n);
}

static void
hex_bytes(struct pth_buf *b, const uint8_t *p, size_t n, bool colons)
{
	char *to = pth_buf_room(b, n * 3);
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (colons && i > 0)
			to[k++] = ':';
		to[k++] = digits[p[i] >> 4];
		to[k++] = digits[p[i] & 15];
	}
	b->len += k;
	b->s[b->len] = '\0';
}

static void
seconds(struct pth_buf *b, int64_t ns)
{
	char part[9];
	uint64_t u = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

	if (ns < 0)
		pth_buf_addc(b, '-');
	decimal(b, u / 1000000000);
	pth_buf_addc(b, '.');
	u %= 1000000000;
	for (int i = 8; i >= 0; i--, u /= 10)
		part[i] = (char)('0' + u % 10);
	pth_buf_add(b, part, sizeof part);
}

static void
address(struct pth_buf *b, const struct pth_value *v, int family)
{
	char text[INET6_ADDRSTRLEN];

	if (inet_ntop(family, v->p, text, sizeof text) != NULL)
		pth_buf_adds(b, text);
}

void
pth_bytes_show(struct pth_buf *b, const uint8_t *p, size_t n)
{
	hex_bytes(b, p, n, false);
}

void
pth_text_show(struct pth_buf *b, const uint8_t *p, size_t n)
{
	pth_auto_buf clean = PTH_BUF_INIT;

	pth_utf8_clean(&clean, (const char *)p, n);
	for (size_t i = 0; i < clean.len; i++) {
		unsigned char c = (unsigned char)clean.s[i];

		if (c < ' ' || c == 0x7f || c == '\\' || c == '"') {
			if (c == '\\' || c == '"')
				pth_buf_addf(b, "\\%c", c);
			else
				pth_buf_addf(b, "\\u%04x", c);
		} else {
			pth_buf_addc(b, (char)c);
		}
	}
}

void
pth_value_show(struct pth_buf *b, const struct pth_value *v)
{
	switch (pth_field_type(v->field)) {
	case PTH_FT_NONE: pth_buf_addc(b, '1'); break;
	case PTH_FT_UINT:
	case PTH_FT_BOOL: decimal(b, v->u); break;
	case PTH_FT_HEX: hexadecimal(b, v->u, pth_field_digits(v->field)); break;
	case PTH_FT_TIME:
	case PTH_FT_SPAN: seconds(b, v->s); break;
	case PTH_FT_BYTES: pth_bytes_show(b, v->p, v->n); break;
	case PTH_FT_STRING: pth_text_show(b, v->p, v->n); break;
	case PTH_FT_IPV4: address(b, v, AF_INET); break;
	case PTH_FT_IPV6: address(b, v, AF_INET6); break;
	case PTH_FT_ETHER: hex_bytes(b, v->p, v->n, true); break;
	}
}

static bool
is_of(const struct pth_field_ref *ref, const struct pth_value *v)
{
	return v->field == ref->v[0] || (ref->n > 1 && v->field == ref->v[1]);
}

void
pth_fields_line(struct pth_buf *b, const struct pth_field_ref *refs, size_t nrefs,
    const struct pth_value *v, size_t n)
{
	for (size_t i = 0; i < nrefs; i++) {
		bool more = false;

		if (i > 0)
			pth_buf_addc(b, '\t');
		for (size_t k = 0; k < n; k++) {
			if (!is_of(&refs[i], &v[k]))
				continue;
			if (more)
				pth_buf_addc(b, ',');
			more = true;
			pth_value_show(b, &v[k]);
		}
	}
	pth_buf_addc(b, '\n');
}

static void
json_value(struct pth_buf *b, const struct pth_value *v)
{
	enum pth_field_type type = pth_field_type(v->field);
	bool bare = type == PTH_FT_UINT || type == PTH_FT_TIME || type == PTH_FT_SPAN;

	if (type == PTH_FT_BOOL || type == PTH_FT_NONE) {
		pth_buf_adds(b, v->u != 0 ? "true" : "false");
		return;
	}
	if (!bare)
		pth_buf_addc(b, '"');
	pth_value_show(b, v);
	if (!bare)
		pth_buf_addc(b, '"');
}

static bool
wanted(const struct pth_field_ref *refs, size_t nrefs, const struct pth_value *v)
{
	if (refs == NULL)
		return pth_field_type(v->field) != PTH_FT_NONE;
	for (size_t i = 0; i < nrefs; i++)
		if (is_of(&refs[i], v))
			return true;
	return false;
}

void
pth_fields_json(struct pth_buf *b, const struct pth_field_ref *refs, size_t nrefs,
    const struct pth_value *v, size_t n)
{
	bool done[PTH_NFIELDS] = { false };
	const char *before = "{\"";

	for (size_t i = 0; i < n; i++) {
		size_t same = 1;

		if (done[v[i].field] || !wanted(refs, nrefs, &v[i]))
			continue;
		done[v[i].field] = true;
		pth_buf_adds(b, before);
		before = ",\"";
		pth_buf_adds(b, pth_field_name(v[i].field));
		pth_buf_adds(b, "\":");
		for (size_t k = i + 1; k < n; k++)
			same += v[k].field == v[i].field;
		if (same > 1)
			pth_buf_addc(b, '[');
		json_value(b, &v[i]);
		for (size_t k = i + 1; k < n && same > 1; k++)
			if (v[k].field == v[i].field) {
				pth_buf_addc(b, ',');
				json_value(b, &v[k]);
			}
		if (same > 1)
			pth_buf_addc(b, ']');
	}
	pth_buf_adds(b, *before == '{' ? "{}\n" : "}\n");
}
