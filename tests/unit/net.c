/* Link layers, IPv4, IPv6, ICMP, UDP: what is within, and what is cut off. */
#include "dissected.h"

#define UDP "1388 115b 000c 0000 70696e67" /* 5000 to 4443, "ping" */
/* IPv4 from 10.0.0.1 to 10.0.0.2: 20 bytes of header, and that UDP. */
#define IP4 "4500 0020 0007 4000 4011 0000 0a000001 0a000002"
#define IP6(n, next)                                                \
	"6000 0000 " n next "40 fe80000000000000 0000000000000001 " \
	"fe80000000000000 0000000000000002 "
#define ETHER "020000000001 020000000002 "

/* The fields of one packet of that link type. */
static void
is(unsigned link, const char *hex, const char *fields, const char *values)
{
	struct pth_buf frame = PTH_BUF_INIT, want = PTH_BUF_INIT;
	struct dissected x;

	dissected_begin(&x, fields, NULL, 0);
	x.link = link;
	put_hex(&frame, hex);
	dissected_frame(&x, 0, &frame);
	pth_buf_addf(&want, "%s|", values);
	if (!CHECK(strcmp(x.lines.s, want.s) == 0))
		printf("    %s: %s is %s, not %s\n", hex, fields, x.lines.s, want.s);
	/* Cut anywhere, it is read as far as it goes. */
	for (size_t n = 0; n < frame.len; n++)
		dissected_part(&x, 0, &frame, n);
	CHECK_INT(pth_dissect_frames(x.d)->parts, frame.len);
	pth_buf_release(&frame);
	pth_buf_release(&want);
	dissected_end(&x);
}

#define WHAT "frame.protocols udp.port udp.payload"
#define PORTS "5000,4443 70696e67"

static void
links(void)
{
	is(PTH_LINK_ETHERNET, ETHER "0800" IP4 UDP, WHAT, "eth:ip:udp:data " PORTS);
	is(PTH_LINK_ETHERNET, ETHER "86dd" IP6("000c", "11") UDP, WHAT, "eth:ipv6:udp:data " PORTS);
	is(PTH_LINK_ETHERNET, ETHER "0806 0001", WHAT, "eth:arp  ");
	is(PTH_LINK_ETHERNET, ETHER "88cc 0001", WHAT " eth.type", "eth   0x88cc");
	is(PTH_LINK_ETHERNET, ETHER "05dc 4242", WHAT " eth.type", "eth   ");
	is(PTH_LINK_ETHERNET, ETHER "05dd 4242", WHAT " eth.type", "eth   0x05dd");
	is(PTH_LINK_ETHERNET, ETHER "0800", "eth.dst eth.src",
	    "02:00:00:00:00:01 02:00:00:00:00:02");
	/* VLAN, within a tag of 802.1ad, five of them. */
	is(PTH_LINK_ETHERNET, ETHER "8100 6005 0800" IP4 UDP,
	    WHAT " vlan.id vlan.priority vlan.etype", "eth:vlan:ip:udp:data " PORTS " 5 3 0x0800");
	is(PTH_LINK_ETHERNET, ETHER "88a8 0064 8100 2005 86dd" IP6("000c", "11") UDP,
	    "frame.protocols vlan.id vlan.priority", "eth:vlan:ipv6:udp:data 5 1");
	is(PTH_LINK_ETHERNET, ETHER "8100 0001 8100 0002 8100 0003 8100 0004 8100 0005 0800",
	    "vlan.id", "1,2,3,4,5");
	/* Linux "cooked", both forms. */
	is(PTH_LINK_SLL, "0000 0001 0006 020000000001 0000 0800" IP4 UDP, WHAT,
	    "sll:ip:udp:data " PORTS);
	is(PTH_LINK_SLL, "0000 0304 0006 000000000000 0000 86dd" IP6("000c", "11") UDP, WHAT,
	    "sll:ipv6:udp:data " PORTS);
	is(PTH_LINK_SLL2, "0800 0000 00000001 0001 00 06 0200000000010000" IP4 UDP, WHAT,
	    "sll:ip:udp:data " PORTS);
	is(PTH_LINK_SLL2, "0806 0000 00000001 0001 00 06 0200000000010000", WHAT, "sll:arp  ");
	/* IP alone. */
	is(PTH_LINK_RAW, IP4 UDP, WHAT, "raw:ip:udp:data " PORTS);
	is(PTH_LINK_RAW_OLD, IP6("000c", "11") UDP, WHAT, "raw:ipv6:udp:data " PORTS);
	is(PTH_LINK_IPV4, IP4 UDP, WHAT, "raw:ip:udp:data " PORTS);
	is(PTH_LINK_IPV6, IP6("000c", "11") UDP, WHAT, "raw:ipv6:udp:data " PORTS);
	is(PTH_LINK_RAW, "55", WHAT, "raw  ");
	/* BSD's loopback: the family is in the byte order of who captured. */
	is(PTH_LINK_NULL, "02000000" IP4 UDP, WHAT, "null:ip:udp:data " PORTS);
	is(PTH_LINK_NULL, "00000002" IP4 UDP, WHAT, "null:ip:udp:data " PORTS);
	is(PTH_LINK_LOOP, "00000002" IP4 UDP, WHAT, "null:ip:udp:data " PORTS);
	is(PTH_LINK_NULL, "18000000" IP6("000c", "11") UDP, WHAT, "null:ipv6:udp:data " PORTS);
	is(PTH_LINK_NULL, "1e000000" IP6("000c", "11") UDP, WHAT, "null:ipv6:udp:data " PORTS);
	is(PTH_LINK_NULL, "0000001c" IP6("000c", "11") UDP, WHAT, "null:ipv6:udp:data " PORTS);
	is(PTH_LINK_NULL, "0000000a" IP6("000c", "11") UDP, WHAT, "null:ipv6:udp:data " PORTS);
	is(PTH_LINK_NULL, "07000000" IP4 UDP, WHAT, "null  ");
	/* One that nobody knows. */
	is(147, IP4 UDP, WHAT " frame.len", "   32");
}

static void
ipv4(void)
{
	is(PTH_LINK_RAW, "45 b9 0020 1234 6000 3f 11 0000 01020304 05060708" UDP,
	    "ip.version ip.hdr_len ip.dsfield.dscp ip.dsfield.ecn ip.len ip.id ip.flags.df "
	    "ip.flags.mf ip.frag_offset ip.ttl ip.proto ip.src ip.dst ip.addr",
	    "4 20 46 1 32 0x1234 1 1 0 63 17 1.2.3.4 5.6.7.8 1.2.3.4,5.6.7.8");
	/* Options. */
	is(PTH_LINK_RAW, "47 00 0028 0007 4000 4011 0000 0a000001 0a000002 0102030405060700" UDP,
	    WHAT " ip.hdr_len", "raw:ip:udp:data " PORTS " 28");
	/* Padding of the link behind the packet. */
	is(PTH_LINK_ETHERNET, ETHER "0800" IP4 UDP "000000000000", WHAT, "eth:ip:udp:data " PORTS);
	/* A length of 0: who sent has left it to the network card. */
	is(PTH_LINK_RAW, "4500 0000 0007 4000 4011 0000 0a000001 0a000002" UDP, WHAT,
	    "raw:ip:udp:data " PORTS);
	is(PTH_LINK_RAW,
	    "4500 0020 0007 4000 4011 0000 0a000001 0a000002 1388 115b 0000 0000 "
	    "70696e67",
	    WHAT, "raw:ip:udp:data " PORTS);
	/* UDP that ends before IP does. */
	is(PTH_LINK_RAW,
	    "4500 0020 0007 4000 4011 0000 0a000001 0a000002 1388 115b 000a 0000 "
	    "70696e67",
	    WHAT " udp.length", "raw:ip:udp:data 5000,4443 7069 10");
	is(PTH_LINK_RAW, "4500 001c 0007 4000 4011 0000 0a000001 0a000002 1388 115b 0008 0000",
	    WHAT, "raw:ip:udp 5000,4443 ");
	/* A header that is too short, or longer than the packet; another version. */
	is(PTH_LINK_RAW, "4400 0020 0007 4000 4011 0000 0a000001 0a000002" UDP, WHAT, "raw  ");
	is(PTH_LINK_ETHERNET, ETHER "0800 6500 0020 0007 4000 4011 0000 0a000001 0a000002" UDP,
	    WHAT, "eth  ");
	is(PTH_LINK_RAW, "4f00 0020 0007 4000 4011 0000 0a000001 0a000002" UDP, WHAT, "raw  ");
	/* Protocols that are not read. */
	is(PTH_LINK_RAW, "4500 0020 0007 4000 4084 0000 0a000001 0a000002" UDP, WHAT " ip.proto",
	    "raw:ip   132");
}

static void
ipv6(void)
{
	is(PTH_LINK_RAW,
	    "6b91 2345 000c 11 3f 20010db8000000000000000000000001 "
	    "ff020000000000000000000000000001" UDP,
	    "ipv6.version ip.version ipv6.tclass.dscp ipv6.tclass.ecn ipv6.flow ipv6.plen ipv6.nxt "
	    "ipv6.hlim ipv6.src ipv6.dst udp.port",
	    "6 6 46 1 0x012345 12 17 63 2001:db8::1 ff02::1 5000,4443");
	/* Hop-by-hop, destination, routing, authentication (its length is counted otherwise). */
	is(PTH_LINK_RAW,
	    IP6("0038", "00") "3c00000000000000 3301000000000000 0000000000000000 "
	                      "2b01000000000000 0000 0000 1100000000000000" UDP,
	    WHAT, "raw:ipv6:udp:data " PORTS);
	is(PTH_LINK_RAW, IP6("001c", "3c") "1101 00000000 00000000 00000000 0000" UDP, WHAT,
	    "raw:ipv6:udp:data " PORTS);
	/* None follows; something unknown does. */
	is(PTH_LINK_RAW, IP6("0000", "3b"), WHAT, "raw:ipv6  ");
	is(PTH_LINK_RAW, IP6("000c", "84") UDP, WHAT, "raw:ipv6  ");
	/* An extension header that ends behind the packet. */
	is(PTH_LINK_RAW, IP6("000c", "00") "11ff 0000 00000000 00000000", WHAT, "raw:ipv6  ");
	/* Padding of the link. */
	is(PTH_LINK_ETHERNET, ETHER "86dd" IP6("000c", "11") UDP "00000000", WHAT,
	    "eth:ipv6:udp:data " PORTS);
}

/* How many fragments there were, and the fields. */
static void
fragments(unsigned link, const char *hex, const char *values, unsigned want)
{
	struct pth_buf frame = PTH_BUF_INIT;
	struct dissected x;

	is(link, hex, WHAT " ip.flags.mf ip.frag_offset", values);
	dissected_begin(&x, WHAT, NULL, 0);
	x.link = link;
	put_hex(&frame, hex);
	dissected_frame(&x, 0, &frame);
	CHECK_INT(pth_dissect_frames(x.d)->fragments, want);
	pth_buf_release(&frame);
	dissected_end(&x);
}

static void
parts(void)
{
	fragments(PTH_LINK_RAW, "4500 0020 0007 2000 4011 0000 0a000001 0a000002" UDP,
	    "raw:ip:udp:data " PORTS " 1 0", 1);
	fragments(
	    PTH_LINK_RAW, "4500 0020 0007 2001 4011 0000 0a000001 0a000002" UDP, "raw:ip   1 1", 1);
	fragments(
	    PTH_LINK_RAW, "4500 0020 0007 0002 4011 0000 0a000001 0a000002" UDP, "raw:ip   0 2", 1);
	fragments(PTH_LINK_RAW, IP4 UDP, "raw:ip:udp:data " PORTS " 0 0", 0);
	fragments(PTH_LINK_RAW, IP6("0014", "2c") "1100 0001 00000007" UDP,
	    "raw:ipv6:udp:data " PORTS "  ", 1);
	fragments(PTH_LINK_RAW, IP6("0014", "2c") "1100 0008 00000007" UDP, "raw:ipv6    ", 1);
	/* An "atomic" fragment is whole (RFC 6946). */
	fragments(PTH_LINK_RAW, IP6("0014", "2c") "1100 0000 00000007" UDP,
	    "raw:ipv6:udp:data " PORTS "  ", 0);
}

static void
icmp(void)
{
	/* An error, with the begin of what it is about. */
	is(PTH_LINK_RAW,
	    "4500 003c 0007 4000 4001 0000 0a000002 0a000001 0303 0000 00000000" IP4 UDP,
	    WHAT " icmp.type icmp.code ip.src",
	    "raw:ip:icmp:ip:udp:data " PORTS " 3 3 10.0.0.2,10.0.0.1");
	is(PTH_LINK_RAW,
	    "4500 0038 0007 4000 4001 0000 0a000002 0a000001 0b00 0000 00000000" IP4
	    "1388 115b 000c 0000",
	    WHAT " icmp.type", "raw:ip:icmp:ip:udp 5000,4443  11");
	/* Echo: what is in it is data. */
	is(PTH_LINK_RAW,
	    "4500 003c 0007 4000 4001 0000 0a000002 0a000001 0800 0000 00000000" IP4 UDP,
	    WHAT " icmp.type", "raw:ip:icmp   8");
	/* An error about an error is none (RFC 1122, 3.2.2), but may be there. */
	is(PTH_LINK_RAW,
	    "4500 0058 0007 4000 4001 0000 0a000002 0a000001 0303 0000 00000000"
	    "4500 003c 0007 4000 4001 0000 0a000001 0a000002 0303 0000 00000000" IP4 UDP,
	    WHAT " icmp.type", "raw:ip:icmp:ip:icmp:ip:udp:data " PORTS " 3,3");
	is(PTH_LINK_RAW, IP6("003c", "3a") "0104 0000 00000000" IP6("000c", "11") UDP,
	    WHAT " icmpv6.type icmpv6.code", "raw:ipv6:icmpv6:ipv6:udp:data " PORTS " 1 4");
	is(PTH_LINK_RAW, IP6("0008", "3a") "8700 0000 00000000", WHAT " icmpv6.type",
	    "raw:ipv6:icmpv6   135");
	is(PTH_LINK_RAW, "4500 0018 0007 4000 4001 0000 0a000002 0a000001 0303 0000",
	    WHAT " icmp.type", "raw:ip:icmp   ");
}

/* Packets that are not what their headers say, of which Wireshark has its own ideas. */
static void
odd(void)
{
	static const struct {
		const char *hex;
		int n;
	} v[] = {
		{ IP4 UDP, 0 },
		{ IP4 "1388 115b 000c 0000", 0 }, /* in part: that is another thing */
		{ IP4 "1388 115b", 1 },
		{ IP4 "1388 115b 000a 0000 70696e67", 1 },
		{ IP4 "1388 115b 0000 0000 70696e67", 1 },
		{ "4400 0020 0007 4000 4011 0000 0a000001 0a000002" UDP, 1 },
		{ "4f00 0020 0007 4000 4011 0000 0a000001 0a000002" UDP, 1 },
		{ "4500 0020 0007 4000 4006 0000 0a000001 0a000002" UDP, 1 },
		{ "4500 0018 0007 4000 4001 0000 0a000002 0a000001 0303 0000", 1 },
		{ IP6("000c", "11") UDP, 0 },
		{ IP6("000c", "00") "11ff 0000 00000000 00000000", 1 },
		{ IP6("0014", "2c") "1100 0008 00000007" UDP, 0 },
		{ "6000", 1 },
	};

	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf frame = PTH_BUF_INIT;
		struct dissected x;

		dissected_begin(&x, WHAT, NULL, 0);
		x.link = PTH_LINK_RAW;
		put_hex(&frame, v[i].hex);
		dissected_frame(&x, 0, &frame);
		if (!CHECK(pth_dissect_frames(x.d)->odd == (uint64_t)v[i].n))
			printf("    %s\n", v[i].hex);
		pth_buf_release(&frame);
		dissected_end(&x);
	}
}

/* Each pair of ends has a number, whoever sends. */
static void
streams(void)
{
	static const struct {
		const char *from, *to;
		unsigned sport, dport, stream;
	} v[] = {
		{ "10.0.0.1", "10.0.0.2", 1, 2, 0 },
		{ "10.0.0.2", "10.0.0.1", 2, 1, 0 },
		{ "10.0.0.2", "10.0.0.1", 1, 2, 1 },
		{ "10.0.0.1", "10.0.0.2", 1, 3, 2 },
		{ "fe80::1", "fe80::2", 1, 2, 3 },
		{ "fe80::2", "fe80::1", 2, 1, 3 },
		{ "10.0.0.1", "10.0.0.2", 1, 2, 0 },
	};
	struct dissected x;

	dissected_begin(&x, "udp.stream", NULL, 0);
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf f = PTH_BUF_INIT;
		char want[16];

		put_udp(&f, v[i].from, v[i].sport, v[i].to, v[i].dport, "x", 1);
		dissected_frame(&x, 0, &f);
		snprintf(want, sizeof want, "%u|", v[i].stream);
		CHECK_STR(dissected_lines(&x), want);
		pth_buf_release(&f);
	}
	dissected_end(&x);
}

/* A datagram from this port of 10.0.0.1. */
static void
datagram(struct dissected *x, unsigned port, const char *bytes, size_t n)
{
	struct pth_buf f = PTH_BUF_INIT;

	put_udp(&f, "10.0.0.1", port, "10.0.0.2", 9, bytes, n);
	dissected_frame(x, 0, &f);
	pth_buf_release(&f);
}

/* What is said of a port. */
static void
speaks(void)
{
	static const struct pth_speaks v[] = { { true, 4443, PTH_F_COAP },
		{ true, 4444, PTH_F_QUIC }, { false, 4445, PTH_F_HTTP } };
	struct dissected x;

	dissected_begin(&x, "frame.protocols", v, countof(v));
	for (unsigned port = 4443; port < 4446; port++)
		datagram(&x, port, "@ping", 5);
	CHECK_STR(dissected_lines(&x), "eth:ip:udp:coap|eth:ip:udp:quic|eth:ip:udp:data|");
	dissected_end(&x);
}

/* CoAP's header, RFC 7252, 3: version 1 or nothing. */
static void
coap(void)
{
	static const struct pth_speaks v[] = { { true, 4443, PTH_F_COAP } };
	static const struct {
		const char *bytes;
		size_t n;
	} said[] = { { "\x40\x01\x12\x34", 4 }, { "\x70\x45\x00\x07more", 8 },
		{ "\x40\x01\x12", 3 }, { "\x80\x01\x12\x34", 4 }, { "", 0 } };
	struct dissected x;

	dissected_begin(&x, "coap coap.type coap.code coap.mid", v, countof(v));
	for (size_t i = 0; i < countof(said); i++)
		datagram(&x, 4443, said[i].bytes, said[i].n);
	CHECK_STR(dissected_lines(&x), "1 0 1 4660|1 3 69 7|1   |1   |   |");
	dissected_end(&x);
}

/* minip's messages: its word, a blank, a number. */
static void
minip(void)
{
	static const struct pth_speaks v[] = { { true, 4443, PTH_F_MINIP } };
	static const char *const said[] = { "ping 0", "pong 1000000000", "pang 1", "ping ", "ping",
		"ping 1x", "pong 12345678901" };
	struct dissected x;

	dissected_begin(&x, "minip minip.type minip.seq", v, countof(v));
	for (size_t i = 0; i < countof(said); i++)
		datagram(&x, 4443, said[i], strlen(said[i]));
	CHECK_STR(dissected_lines(&x), "1 ping 0|1 pong 1000000000|1  |1  |1  |1  |1  |");
	dissected_end(&x);
}

/* Numbers and times of frames. */
static void
frames(void)
{
	struct pth_buf f = PTH_BUF_INIT;
	struct dissected x;

	dissected_begin(&x,
	    "frame.number frame.time_epoch frame.time_relative frame.time_delta "
	    "frame.len frame.cap_len",
	    NULL, 0);
	put_zeros(&f, 20);
	dissected_part(&x, 1500000001, &f, 20);
	dissected_part(&x, 2000000000, &f, 7);
	dissected_part(&x, 1000000000, &f, 0); /* time goes backwards */
	CHECK_STR(dissected_lines(&x),
	    "1 1.500000001 0.000000000 0.000000000 20 20|"
	    "2 2.000000000 0.499999999 0.499999999 20 7|"
	    "3 1.000000000 -0.500000001 -1.000000000 20 0|");
	CHECK_INT(pth_dissect_frames(x.d)->packets, 3);
	CHECK_INT(pth_dissect_frames(x.d)->bytes, 60);
	CHECK_INT(pth_dissect_frames(x.d)->parts, 2);
	CHECK_INT(pth_dissect_frames(x.d)->least, 0);
	pth_buf_release(&f);
	dissected_end(&x);
}

int
main(void)
{
	unit("link layers");
	links();
	unit("IPv4");
	ipv4();
	unit("IPv6 and its extension headers");
	ipv6();
	unit("fragments");
	parts();
	unit("ICMP with a packet within");
	icmp();
	unit("what is malformed");
	odd();
	unit("UDP's streams");
	streams();
	unit("what ports speak");
	speaks();
	unit("CoAP");
	coap();
	unit("minip");
	minip();
	unit("numbers and times of frames");
	frames();
	return unit_done();
}
