/* This file has the table of the fields of packets. */
#include "dissect/field.h"

#include <string.h>

#include "base/text.h"

/* clang-format off */
static const struct {
	const char *name;
	uint8_t type, digits;
} table[] = {
#define PTH_X(symbol, text) [PTH_F_##symbol] = { text, PTH_FT_NONE, 0 },
	PTH_PROTOCOLS(PTH_X)
#undef PTH_X
#define PTH_X(symbol, text, t, d) [PTH_F_##symbol] = { text, PTH_FT_##t, d },
	PTH_FIELDS(PTH_X)
#undef PTH_X
};
/* clang-format on */

static const struct {
	const char *name;
	enum pth_field v[2];
} pairs[] = {
	{ "eth.addr", { PTH_F_ETH_DST, PTH_F_ETH_SRC } },
	{ "ip.addr", { PTH_F_IP_SRC, PTH_F_IP_DST } },
	{ "ipv6.addr", { PTH_F_IPV6_SRC, PTH_F_IPV6_DST } },
	{ "tcp.port", { PTH_F_TCP_SRCPORT, PTH_F_TCP_DSTPORT } },
	{ "udp.port", { PTH_F_UDP_SRCPORT, PTH_F_UDP_DSTPORT } },
};

static bool
is(const char *name, const char *s, size_t n)
{
	return strncmp(name, s, n) == 0 && name[n] == '\0';
}

bool
pth_field_find(const char *name, size_t n, struct pth_field_ref *out)
{
	for (size_t i = 0; i < countof(table); i++)
		if (is(table[i].name, name, n)) {
			*out = (struct pth_field_ref){ { (enum pth_field)i }, 1 };
			return true;
		}
	for (size_t i = 0; i < countof(pairs); i++)
		if (is(pairs[i].name, name, n)) {
			*out = (struct pth_field_ref){ { pairs[i].v[0], pairs[i].v[1] }, 2 };
			return true;
		}
	return false;
}

const char *
pth_field_name(enum pth_field f)
{
	return table[f].name;
}

bool
pth_field_exact(enum pth_field f)
{
	/* Of http3 the packets: Wireshark 4.0 shows some DATA frames with their last byte, some
	 * never. */
	static const char *const loose[] = { "http3.frame_type", "tls", "http", "http2", "coap",
		"bgp", "data", "raw", "null", "frame.protocols" };

	for (size_t i = 0; i < countof(loose); i++) {
		size_t n = strlen(loose[i]);

		if (strncmp(table[f].name, loose[i], n) == 0 &&
		    (table[f].name[n] == '\0' || table[f].name[n] == '.'))
			return false;
	}
	return true;
}

bool
pth_field_only_ours(enum pth_field f)
{
	return f == PTH_F_MINIP || f == PTH_F_MINIP_TYPE || f == PTH_F_MINIP_SEQ;
}

enum pth_field_type
pth_field_type(enum pth_field f)
{
	return (enum pth_field_type)table[f].type;
}

unsigned
pth_field_digits(enum pth_field f)
{
	return table[f].digits;
}
