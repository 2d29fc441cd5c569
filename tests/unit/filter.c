/* Display filters: what is ours, and what they take. */
#include "dissect/filter.h"

#include "dissected.h"

/* A packet: UDP of IPv4 in Ethernet, from 10.0.0.1:5000 to 10.1.2.3:443, its payload 00 to 0f;
 * frame 7 of 1.5 s. Its stream is 0. */
static void
packet(struct dissected *x, const struct pth_value **v, size_t *n)
{
	static const struct pth_speaks coap = { true, 443, PTH_F_COAP };
	static const uint8_t bytes[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	static struct pth_buf f; /* fields are of it */
	static struct pth_frame frame;

	pth_buf_cut(&f, 0);
	dissected_begin(x, "frame", &coap, 1);
	put_udp(&f, "10.0.0.1", 5000, "10.1.2.3", 443, bytes, sizeof bytes);
	frame = (struct pth_frame){ .number = 7,
		.ns = 1500000000,
		.timed = true,
		.link = PTH_LINK_ETHERNET,
		.cap = (uint32_t)f.len,
		.len = 600,
		.p = (const uint8_t *)f.s };
	pth_dissect_frame(x->d, &frame);
	*v = pth_dissect_fields(x->d, n);
}

/* 1: taken, 0: not, -1: not ours. */
struct row {
	const char *text;
	int takes;
};

static void
rows(const struct row *v, size_t count)
{
	const struct pth_value *fields;
	struct dissected x;
	size_t n;

	packet(&x, &fields, &n);
	for (size_t i = 0; i < count; i++) {
		struct pth_filter *f = pth_filter_new(v[i].text, false);
		int got = f == NULL ? -1 : pth_filter_takes(f, fields, n);

		if (!CHECK(got == v[i].takes))
			printf("    %s: %d, not %d\n", v[i].text, got, v[i].takes);
		pth_filter_free(f);
	}
	dissected_end(&x);
}

#define ROWS(...)                                 \
	rows((const struct row[]){ __VA_ARGS__ }, \
	    sizeof((const struct row[]){ __VA_ARGS__ }) / sizeof(struct row))

static void
there(void)
{
	ROWS({ "udp", 1 }, { " udp\t", 1 }, { "frame", 1 }, { "eth", 1 }, { "tcp", 0 },
	    { "coap", 1 }, { "udp.payload", 1 }, { "udp.port", 1 }, { "tcp.port", 0 },
	    { "quic.dcid", 0 }, { "no.such.field", -1 }, { "udpx", -1 }, { "ud", -1 }, { "", -1 },
	    { " ", -1 }, { "udp udp", -1 }, { "UDP", -1 });
}

static void
numbers(void)
{
	ROWS({ "udp.port == 443", 1 }, { "udp.port == 5000", 1 }, { "udp.port == 444", 0 },
	    { "udp.port==443", 1 }, { "udp.port eq 443", 1 }, { "udp.port eq443", -1 },
	    { "udp.port == 0x1bb", 1 }, { "udp.port == 0673", 1 }, { "udp.dstport != 443", 0 },
	    { "udp.dstport ne 444", 1 }, /* all of them are, and there is one */
	    { "udp.port != 443", 0 }, { "udp.port != 1", 1 }, { "tcp.port != 1", 0 },
	    { "!(udp.port == 443)", 0 }, { "udp.dstport < 443", 0 }, { "udp.dstport <= 443", 1 },
	    { "udp.dstport > 442", 1 }, { "udp.dstport >= 444", 0 }, { "udp.dstport lt 444", 1 },
	    { "udp.dstport le 442", 0 }, { "udp.dstport gt 443", 0 }, { "udp.dstport ge 443", 1 },
	    { "udp.port > 4999", 1 }, { "frame.number == 7", 1 }, { "frame.len == 600", 1 },
	    { "ip.flags.df == 1", 1 }, { "ip.flags.mf == 1", 0 }, { "ip.id == 0x0007", 1 },
	    { "udp.port == ", -1 }, { "udp.port == x", -1 }, { "udp.port == 1x", -1 },
	    { "udp.port == -1", -1 }, { "udp.port == \"443\"", -1 },
	    { "udp.port == 99999999999999999999", -1 }, { "udp.port === 443", -1 },
	    { "udp == 1", -1 }, { "udp.port contains 1", -1 }, { "udp.port[0] == 1", -1 });
}

static void
sets(void)
{
	ROWS({ "udp.port in {443}", 1 }, { "udp.port in {80, 443}", 1 },
	    { "udp.port in {80,8080}", 0 }, { "udp.dstport in {400..443}", 1 },
	    { "udp.dstport in { 1 , 443 .. 450 }", 1 }, { "udp.dstport in {444..500}", 0 },
	    { "udp.dstport in {1, 2, 400..442}", 0 }, { "not udp.port in {1}", 1 },
	    { "ip.src in {10.0.0.0/24, 1.2.3.4}", 1 }, { "ip.src in {10.0.1.0/24}", 0 },
	    { "frame.time_epoch in {1..2}", 1 }, { "udp.port in {}", -1 },
	    { "udp.port in 443", -1 }, { "udp.port in {443", -1 }, { "udp.port in {443 80}", -1 },
	    { "udp.port in {1..}", -1 }, { "udp in {1}", -1 });
}

static void
addresses(void)
{
	ROWS({ "ip.src == 10.0.0.1", 1 }, { "ip.dst == 10.0.0.1", 0 }, { "ip.addr == 10.1.2.3", 1 },
	    { "ip.addr == 10.0.0.0/8", 1 }, { "ip.dst == 10.1.2.0/22", 1 },
	    { "ip.dst == 10.1.4.0/22", 0 }, { "ip.dst == 10.1.0.0/22", 1 },
	    { "ip.dst == 10.1.1.255/22", 1 }, { "ip.addr != 10.0.0.0/8", 0 },
	    { "ip.addr == 0.0.0.0/0", 1 }, { "ip.src < 10.0.0.2", 1 }, { "ip.src > 10.0.0.1", 0 },
	    { "ipv6.addr == fe80::1", 0 }, { "ipv6.addr == fe80::/10", 0 },
	    { "eth.src == 02:00:00:00:00:02", 1 }, { "eth.dst == 02-00-00-00-00-01", 1 },
	    { "eth.addr == 02:00:00:00:00:03", 0 }, { "ip.src == 10.0.0", -1 },
	    { "ip.src == 10.0.0.1/33", -1 }, { "ip.src == 10.0.0.1/", -1 },
	    { "ip.src == fe80::1", -1 }, { "ipv6.src == 10.0.0.1", -1 }, { "eth.src == 02:00", -1 },
	    { "ip.src == host", -1 });
}

static void
bytes(void)
{
	ROWS({ "udp.payload == 00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f", 1 },
	    { "udp.payload == 00:01", 0 }, { "udp.payload contains 0a:0b", 1 },
	    { "udp.payload contains 0b:0a", 0 }, { "udp.payload contains 05", 1 },
	    { "udp.payload contains \"\\\\\"", 0 }, { "udp.payload[0] == 00", 1 },
	    { "udp.payload[1] == 01", 1 }, { "udp.payload[0:2] == 00:01", 1 },
	    { "udp.payload[2-4] == 02:03:04", 1 }, { "udp.payload[:3] == 00:01:02", 1 },
	    { "udp.payload[14:] == 0e:0f", 1 }, { "udp.payload[15:2] == 0f", 0 },
	    { "udp.payload[16] == 00", 0 }, { "udp.payload[2:3] contains 03:04", 1 },
	    { "udp.payload[2:3] contains 04:05", 0 }, { "udp.payload[1:2] > 01:01", -1 },
	    { "udp.payload[1:2] != 01:02", 0 }, { "eth.src[0:3] == 02:00:00", 1 },
	    { "eth.src[5] == 03", 0 }, { "frame.protocols contains \"udp\"", 1 },
	    { "frame.protocols contains \"tcp\"", 0 },
	    { "frame.protocols == \"eth:ip:udp:coap\"", 1 }, { "udp.payload == 0", -1 },
	    { "udp.payload == 00:0", -1 }, { "udp.payload == 00:", -1 },
	    { "udp.payload == zz", -1 }, { "udp.payload[0]", -1 }, { "udp.payload[] == 00", -1 },
	    { "udp.payload[0 == 00", -1 }, { "udp.payload[4-2] == 00", -1 },
	    { "udp.payload[-1] == 0f", -1 }, /* from the end: tshark's */
	    { "udp.payload[0:0] == 00", -1 }, { "frame.protocols contains \"udp", -1 },
	    { "frame.protocols contains \"\\x75\"", -1 });
}

static void
times(void)
{
	ROWS({ "frame.time_epoch == 1.5", 1 }, { "frame.time_epoch == 1.500000001", 0 },
	    { "frame.time_epoch > 1", 1 }, { "frame.time_relative == 0", 1 },
	    { "frame.time_relative <= 0.000000001", 1 }, { "frame.time_delta != 0", 0 },
	    { "frame.time_epoch == \"Jan 1, 1970\"", -1 }, { "frame.time_epoch == 1.5s", -1 });
}

static void
words(void)
{
	ROWS({ "udp && coap", 1 }, { "udp and tcp", 0 }, { "tcp or udp", 1 }, { "tcp || quic", 0 },
	    { "not tcp", 1 }, { "!udp", 0 }, { "!!udp", 1 }, { "not not tcp", 0 },
	    { "! (tcp or quic) && udp", 1 },
	    /* and is stronger than or, not than both. */
	    { "udp or tcp and tcp", 1 }, { "(udp or tcp) and tcp", 0 }, { "tcp and tcp or udp", 1 },
	    { "not tcp and not quic", 1 }, { "not tcp or udp", 1 }, { "((((udp))))", 1 },
	    { "udp&&!tcp", 1 }, { "notudp", -1 }, { "udp andcoap", -1 }, { "(udp", -1 },
	    { "udp)", -1 }, { "udp and", -1 }, { "and udp", -1 }, { "not", -1 }, { "()", -1 },
	    { "udp xor tcp", -1 }, { "udp & tcp", -1 }, { "udp.port & 1", -1 },
	    { "udp matches \"x\"", -1 }, { "udp.payload ~ \"x\"", -1 },
	    { "len(udp.payload) == 16", -1 }, { "udp.srcport == udp.dstport", -1 },
	    { "any udp.port == 1", -1 }, { "all udp.port != 1", -1 }, { "udp.port === 1", -1 },
	    { "tcp.analysis.retransmission", -1 }, { "$udp", -1 }, { "udp.port == 443;", -1 });
}

/* Fields that Wireshark may show where we do not. */
static void
exact(void)
{
	static const struct row v[] = { { "udp.port == 443", 1 }, { "quic.version == 1", 1 },
		{ "frame.len > 1", 1 }, { "http3", 1 }, { "http3.frame_type", 0 },
		{ "udp && tls", 0 }, { "http.request.method == \"GET\"", 0 }, { "data", 0 },
		{ "coap || udp", 0 }, { "frame.protocols contains \"x\"", 0 }, { "bgp", 0 },
		{ "http2", 0 } };

	for (size_t i = 0; i < countof(v); i++) {
		struct pth_filter *f = pth_filter_new(v[i].text, true);
		struct pth_filter *loose = pth_filter_new(v[i].text, false);

		if (!CHECK((f != NULL) == (v[i].takes != 0)) || !CHECK(loose != NULL))
			printf("    %s\n", v[i].text);
		pth_filter_free(f);
		pth_filter_free(loose);
	}
}

/* Neither depth nor length is more than memory. */
static void
deep(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_filter *f;

	for (int i = 0; i < 100000; i++)
		pth_buf_adds(&b, "(");
	CHECK(pth_filter_new(b.s, false) == NULL);
	pth_buf_cut(&b, 0);
	for (int i = 0; i < 100000; i++)
		pth_buf_adds(&b, "!");
	pth_buf_adds(&b, "udp");
	CHECK(pth_filter_new(b.s, false) == NULL);
	/* As wide as one likes: 1,000 terms. */
	pth_buf_cut(&b, 0);
	for (int i = 0; i < 1000; i++)
		pth_buf_adds(&b, "tcp || ");
	pth_buf_adds(&b, "udp");
	f = pth_filter_new(b.s, false);
	CHECK(f != NULL);
	pth_filter_free(f);
	/* One of 60 levels is. */
	pth_buf_cut(&b, 0);
	for (int i = 0; i < 60; i++)
		pth_buf_adds(&b, "(");
	pth_buf_adds(&b, "udp");
	for (int i = 0; i < 60; i++)
		pth_buf_adds(&b, ")");
	f = pth_filter_new(b.s, false);
	CHECK(f != NULL);
	pth_filter_free(f);
	pth_buf_release(&b);
}

int
main(void)
{
	unit("is it there");
	there();
	unit("comparisons with numbers");
	numbers();
	unit("sets and ranges");
	sets();
	unit("addresses");
	addresses();
	unit("bytes and slices");
	bytes();
	unit("times");
	times();
	unit("and, or, not");
	words();
	unit("fields that are not exactly Wireshark's");
	exact();
	unit("filters that are deep, or wide");
	deep();
	return unit_done();
}
