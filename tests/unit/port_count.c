/* Ports of frames: whole, short, with everything in between; counters. */
#include "packet/port_count.h"

#include "base/err.h"
#include "unit.h"

/* A frame out of hex digits; blanks are passed over. */
static size_t
hex(const char *s, unsigned char *to)
{
	size_t n = 0;
	unsigned v;

	for (; sscanf(s, " %2x", &v) == 1; n++, s += 2) {
		while (*s == ' ')
			s++;
		to[n] = (unsigned char)v;
	}
	return n;
}

#define ETHER "000000000000 000000000000 "
#define IP4(protocol) "45000020 00010000 40" protocol "0000 7f000001 7f000001 "
#define IP6(next)                                                   \
	"60000000 0010" next "40 00000000000000000000000000000001 " \
	"00000000000000000000000000000001 "

static int
ports(const char *frame, const char *want)
{
	unsigned char b[400];
	size_t n = hex(frame, b);
	struct pth_port_pair p;
	char got[40] = "none";

	if (pth_port_pair(b, n, &p))
		snprintf(got, sizeof got, "%s %u %u", p.udp ? "udp" : "tcp", p.from, p.to);
	if (strcmp(got, want) != 0)
		printf("%s: %s, not %s\n", frame, got, want);
	/* Nothing beyond the end is needed: the ports are the last that is read. */
	for (size_t k = 0; k < n; k++) {
		unsigned char *piece = pth_xmalloc(k != 0 ? k : 1);

		memcpy(piece, b, k);
		pth_port_pair(piece, k, &p);
		free(piece);
	}
	return strcmp(got, want) == 0;
}

int
main(void)
{
	struct pth_port_count *t = pth_port_count_new();
	struct pth_port_traffic sent, received;
	unsigned char b[400];
	size_t n;

	unit("IPv4");
	CHECK(ports(ETHER "0800" IP4("11") "115b 0050 000c0000", "udp 4443 80"));
	CHECK(ports(ETHER "0800" IP4("06") "ffff 0001", "tcp 65535 1"));
	CHECK(ports(ETHER "0800" IP4("01") "115b 0050", "none"));
	CHECK(ports(ETHER "0800" IP4("11") "115b 00", "none"));
	CHECK(ports(ETHER "0800 46000024 00010000 40110000 7f000001 7f000001 01010101 0001 0002",
	    "udp 1 2"));
	CHECK(ports(
	    ETHER "0800 4f000024 00010000 40110000 7f000001 7f000001 01010101 0001 0002", "none"));
	CHECK(ports(ETHER "0800 44000024 00010000 40110000 7f000001 7f000001 0001 0002", "none"));
	CHECK(ports(ETHER "0800 45000020 00012000 40110000 7f000001 7f000001 0001 0002",
	    "udp 1 2")); /* first fragment */
	CHECK(ports(ETHER "0800 45000020 00010001 40110000 7f000001 7f000001 0001 0002", "none"));

	unit("IPv6");
	CHECK(ports(ETHER "86dd" IP6("11") "0001 0002", "udp 1 2"));
	CHECK(ports(ETHER
	    "86dd" IP6("00") "3c00000000000000 0601000000000000 0000000000000000 0003 0004",
	    "tcp 3 4"));
	CHECK(ports(ETHER "86dd" IP6("2c") "1100000100000000 0003 0004", "udp 3 4"));
	CHECK(ports(ETHER "86dd" IP6("2c") "1100000800000000 0003 0004", "none"));
	CHECK(ports(ETHER "86dd" IP6("3b") "0003 0004", "none"));
	CHECK(ports(ETHER "86dd" IP6("00") "00ff", "none"));
	CHECK(ports(ETHER "86dd 50000000 0010 11 40 00000000000000000000000000000001 "
	                  "00000000000000000000000000000001 0001 0002",
	    "none"));
	CHECK(ports(ETHER "86dd 60000000 0010 11 40 00000000000000000000000000000001", "none"));
#define EXT "0000000000000000 "
	CHECK(ports(ETHER "86dd" IP6("00") EXT EXT EXT EXT EXT EXT "1100000000000000 0001 0002",
	    "udp 1 2"));
	CHECK(ports(ETHER "86dd" IP6("00") EXT EXT EXT EXT EXT EXT EXT "1100000000000000 0001 0002",
	    "none")); /* more than anybody sends */

	unit("VLAN tags and others");
	CHECK(ports(ETHER "8100 0001 0800" IP4("11") "0001 0002", "udp 1 2"));
	CHECK(ports(ETHER "88a8 0001 8100 0002 86dd" IP6("06") "0001 0002", "tcp 1 2"));
	CHECK(ports(ETHER "8100 0001 8100 0002 8100 0003 0800" IP4("11") "0001 0002", "none"));
	CHECK(ports(ETHER "0806 0001", "none"));
	CHECK(ports("00", "none"));

	unit("counters");
	CHECK(t != NULL);
	n = hex(ETHER "0800" IP4("11") "115b 0050 000c0000", b);
	pth_port_count_frame(t, b, n, 100);
	pth_port_count_frame(t, b, n, 1000);
	pth_port_count_frame(t, b, 10, 1000);
	pth_port_count_frame(NULL, b, n, 1000);
	pth_port_count_read(t, true, 4443, &sent, &received);
	CHECK(sent.packets == 2 && sent.bytes == 1100 && received.packets == 0 &&
	    received.bytes == 0);
	pth_port_count_read(t, true, 80, &sent, &received);
	CHECK(sent.packets == 0 && received.packets == 2 && received.bytes == 1100);
	pth_port_count_read(t, false, 4443, &sent, &received);
	CHECK(sent.packets == 0);
	pth_port_count_free(t);
	pth_port_count_free(NULL);
	return unit_done();
}
