/* Numbers out of packets: what opens a connection, what ends a handshake, what is counted. */
#include "collect/packets.h"

#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "unit.h"

/* A packet: what of the fields it has. */
struct packet {
	const char *time, *from, *to;     /* "address:port" */
	const char *protocols;            /* NULL: of the kind */
	const char *stream, *flags, *len; /* of TCP; stream NULL: QUIC */
	const char *conn, *version, *type, *type2, *form, *frame, *h3;
	bool again;
	const char *bytes, *stored;
};

static const char * or (const char *s, const char *other)
{
	return s != NULL ? s : other;
}

static void
feed(struct packets *p, const struct packet *x)
{
	bool tcp = x->stream != NULL;
	char from[40], to[40], *from_port, *to_port;
	struct pth_buf b = PTH_BUF_INIT;
	bool six;

	snprintf(from, sizeof from, "%s", or (x->from, "c:1"));
	snprintf(to, sizeof to, "%s", or (x->to, "s:2"));
	from_port = from + strcspn(from, ":");
	to_port = to + strcspn(to, ":");
	*from_port++ = *to_port++ = '\0';
	six = *from == '6';
	pth_buf_addf(&b, "%s\t%s\t%s\t", x->time, or (x->bytes, "100"),
	    or (x->protocols, tcp ? "eth:ethertype:ip:tcp" : "eth:ethertype:ip:udp:quic"));
	pth_buf_addf(
	    &b, "%s\t%s\t%s\t%s\t", six ? "" : from, six ? from : "", six ? "" : to, six ? to : "");
	pth_buf_addf(&b, "%s\t%s\t%s\t%s\t", tcp ? "" : from_port, tcp ? "" : to_port,
	    tcp ? from_port : "", tcp ? to_port : "");
	pth_buf_addf(&b, "%s\t%s\t%s\t%s\t", or (x->stream, ""), or (x->flags, ""), or (x->len, ""),
	    x->again ? "1" : "");
	pth_buf_addf(&b, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s", or (x->conn, ""), or (x->version, ""),
	    or (x->type, ""), or (x->type2, ""), or (x->form, ""), or (x->frame, ""),
	    or (x->h3, ""), or (x->stored, ""));
	collect_packets_line(p, b.s);
	pth_buf_release(&b);
}

/* Is what is at the path of the numbers of these packets the JSON text? "-": nothing. */
static void
is(const struct packet *v, size_t n, const char *path, const char *want)
{
	struct packets p = { 0 };
	json_t *m = json_object(), *at;
	char *text;

	for (size_t i = 0; i < n; i++)
		feed(&p, &v[i]);
	collect_packets_json(&p, m);
	at = pth_json_path(m, path);
	text = at != NULL ? json_dumps(at, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	if (!CHECK(strcmp(or (text, "-"), want) == 0))
		printf("    %s is %s, not %s\n", path, or (text, "-"), want);
	free(text);
	json_decref(m);
	collect_packets_release(&p);
}

#define IS(v, path, want) is(v, sizeof(v) / sizeof *(v), path, want)
#define INITIAL_OF(v) .conn = "0", .version = v, .type = "0", .form = "1"
#define INITIAL INITIAL_OF("0x00000001")
#define SHORT .conn = "0", .form = "0"
#define BACK .from = "s:2", .to = "c:1"

static void
quic(void)
{
	static const struct packet one[] = {
		{ .time = "10.0", INITIAL },
		{ .time = "10.1", INITIAL, BACK },
		{ .time = "10.2", SHORT, BACK, .frame = "8" },
		{ .time = "10.3", SHORT },
		{ .time = "10.4", SHORT },
		{ .time = "10.5", SHORT, BACK, .frame = "2,30", .h3 = "0,1" },
		{ .time = "10.6", SHORT, BACK, .frame = "30" },
	};
	/* The server's Initial comes first in a capture that began late; packets before are of
	 * nobody. */
	static const struct packet late[] = {
		{ .time = "10.0", SHORT },
		{ .time = "10.1", .conn = "0", .version = "0x00000001", .type = "2", .form = "1" },
		{ .time = "10.2", SHORT, BACK },
	};
	static const struct packet second[] = {
		{ .time = "10.0", .conn = "0", .version = "0x6b3343cf", .type2 = "1", .form = "1" },
		{ .time = "10.7", SHORT },
		{ .time = "10.8", .conn = "0", .version = "0x6b3343cf,0x00000001", .form = "1" },
		{ .time = "10.9", .conn = "0", .version = "0x00000000", .form = "1" },
	};
	/* Odd and even numbers of connections: 300 ms, 100 ms, 200 ms; the fourth has no end. */
	static const struct packet many[] = {
		{ .time = "1.0", .conn = "0", .type = "0", .form = "1" },
		{ .time = "1.3", .conn = "0", .form = "0" },
		{ .time = "2.0", .conn = "1", .type = "0", .form = "1", .from = "c:9" },
		{ .time = "2.1", .conn = "1", .form = "0", .from = "c:9" },
		{ .time = "3.0", .conn = "2", .type = "0", .form = "1" },
		{ .time = "3.2", .conn = "2", .form = "0" },
		{ .time = "4.0", .conn = "3", .type = "0", .form = "1" },
	};
	static const struct packet six[] = {
		{ .time = "1", INITIAL, .from = "6a:1", .to = "6b:1" },
		{ .time = "2", SHORT, .from = "6b:1", .to = "6a:1" },
		{ .time = "4", SHORT, .from = "6a:1", .to = "6b:1" },
	};

	unit("one connection of QUIC");
	IS(one, "quic.connections", "1");
	IS(one, "quic.handshakes", "1");
	IS(one, "quic.handshake_us", "300000");
	IS(one, "quic.confirmed_us", "500000");
	IS(one, "quic.http3_frames", "2");
	IS(one, "quic.versions", "[\"0x00000001\"]");
	IS(one, "data_us", "400000");
	IS(one, "tcp", "-");
	IS(one, "captured_us", "600000");
	IS(one, "bytes", "700");
	unit("packets of a connection whose begin was not seen");
	IS(late, "quic.connections", "0");
	IS(late, "quic.handshakes", "0");
	IS(late, "quic.handshake_us", "-");
	IS(late, "data_us", "-");
	unit("version 2 has other numbers for its packets");
	IS(second, "quic.handshake_us", "700000");
	IS(second, "quic.versions", "[\"0x6b3343cf\",\"0x00000001\"]");
	unit("several connections: the median of those that completed");
	IS(many, "quic.connections", "4");
	IS(many, "quic.handshakes", "3");
	IS(many, "quic.handshake_us", "200000");
	is(many, 4, "quic.handshake_us", "100000"); /* the lower of two */
	is(many, 2, "quic.handshake_us", "300000");
	unit("IPv6");
	IS(six, "quic.handshake_us", "3000000");
}

static void
tcp(void)
{
	static const struct packet v[] = {
		{ .time = "1.0", .stream = "0", .flags = "0x0002", .len = "0" },
		{ .time = "1.1", .stream = "0", .flags = "0x0012", .len = "0", BACK },
		{ .time = "1.15", .stream = "0", .flags = "0x0002", .len = "0", .again = true },
		{ .time = "1.2", .stream = "0", .flags = "0x0010", .len = "0" },
		{ .time = "1.3", .stream = "0", .flags = "0x0018", .len = "9" },
		{ .time = "1.4", .stream = "0", .flags = "0x0010", .len = "0", BACK },
		{ .time = "1.5", .stream = "0", .flags = "0x0018", .len = "1", BACK },
		{ .time = "1.8", .stream = "0", .flags = "0x0018", .len = "9", BACK },
		{ .time = "1.9", .stream = "0", .flags = "0x0011", .len = "0", BACK },
		{ .time = "1.95", .stream = "0", .flags = "0x0010", .len = "", BACK },
		{ .time = "2.0", .stream = "1", .flags = "0x0018", .len = "9" },
	};

	unit("TCP");
	IS(v, "tcp.connections", "1");
	IS(v, "tcp.handshakes", "1");
	IS(v, "tcp.handshake_us", "200000");
	IS(v, "tcp.retransmissions", "1");
	IS(v, "data_us", "300000");
	IS(v, "quic", "-");
	is(v, 3, "tcp.handshakes", "0");
}

static void
sums(void)
{
	static const struct packet v[] = {
		{ .time = "5.000001",
		    .protocols = "eth:ethertype:ip:udp:quic:quic",
		    .bytes = "60" },
		{ .time = "5.000003999", .protocols = "eth:ethertype:arp", .bytes = "40" },
	};
	static const struct packet parts[] = {
		{ .time = "5", .bytes = "60", .stored = "60" },
		{ .time = "5", .bytes = "60", .stored = "59" },
		{ .time = "5", .bytes = "60", .stored = "7" },
		{ .time = "5", .bytes = "60", .stored = "8" },
		{ .time = "5", .bytes = "60" },
	};
	static const struct packet times[] = { { .time = "9000000000" }, { .time = "9000000001" },
		{ .time = "" }, { .time = "5" } };
	struct packets p = { 0 };

	unit("a frame counts once for a protocol");
	IS(v, "protocols",
	    "{\"eth\":{\"packets\":2,\"bytes\":100},\"ip\":{\"packets\":1,\"bytes\":60},"
	    "\"udp\":{\"packets\":1,\"bytes\":60},\"quic\":{\"packets\":1,\"bytes\":60},"
	    "\"arp\":{\"packets\":1,\"bytes\":40}}");
	IS(v, "captured_us", "2");
	IS(v, "bytes", "100");
	unit("packets that are stored in part");
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		feed(&p, &parts[i]);
	CHECK_INT(p.parts, 3);
	CHECK_INT(p.least, 7);
	CHECK_INT(p.packets, 5);
	collect_packets_release(&p);
	unit("times that are none");
	IS(times, "captured_us", "0");
	is(times, 1, "packets", "1");
}

/* What the table of a filter is, and which it is of. */
static void
taps(void)
{
	static const char *const text[] = { "Filter: b", "eth    frames:3 bytes:9",
		"  ip   frames:3 bytes:9", "sll  frames:4 bytes:9", "Filter: none",
		"eth    frames:5 bytes:9", "Filter: a", "Filter: c", "eth   frames:0 bytes:0",
		"eth   frames:4294967297 bytes:0", "eth   frames:4294967296 bytes:0",
		"eth   frames:1 bytes:0", "junk" };
	struct packets_tap v[] = { { "a", -1 }, { "b", -1 }, { "c", -1 }, { "d", -1 } };
	struct packets p = { .taps = v, .ntaps = 4 };

	unit("tables of filters");
	for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
		char line[80];

		snprintf(line, sizeof line, "%s", text[i]);
		collect_packets_line(&p, line);
	}
	CHECK_INT(v[0].packets, 0);
	CHECK_INT(v[1].packets, 7);
	CHECK_INT(v[2].packets, 4294967297); /* more than 2^32 in one line cannot be */
	CHECK_INT(v[3].packets, -1);         /* there was no table */
	CHECK_INT(p.packets, 0);
	collect_packets_release(&p);
}

/* Beyond what can be told apart, it is said that something is not. */
static void
limits(void)
{
	struct packets p = { 0 };
	char text[20];

	unit("limits");
	for (unsigned i = 1; i <= PTH_PACKETS_VERSIONS; i++) {
		snprintf(text, sizeof text, "0x%08x", i);
		feed(&p, &(struct packet){ .time = "1", INITIAL_OF(text) });
	}
	CHECK(p.limit == NULL);
	CHECK_INT(p.nversions, PTH_PACKETS_VERSIONS);
	feed(&p, &(struct packet){ .time = "1", INITIAL_OF("0x77") });
	CHECK_STR(p.limit, "more versions of QUIC than are kept");
	collect_packets_release(&p);
	feed(&p, &(struct packet){ .time = "1", .conn = "65535", .type = "0" });
	CHECK(p.limit == NULL);
	feed(&p, &(struct packet){ .time = "1", .conn = "65536", .type = "0" });
	CHECK_STR(p.limit, "more connections than can be told apart");
	collect_packets_release(&p);
	for (unsigned i = 0; i < PTH_PACKETS_NAMES; i++) {
		snprintf(text, sizeof text, "p%u", i);
		feed(&p, &(struct packet){ .time = "1", .protocols = text });
	}
	CHECK(p.limit == NULL);
	feed(&p, &(struct packet){ .time = "1", .protocols = "p0:more" });
	CHECK_STR(p.limit, "more protocols than can be told apart");
	CHECK_INT(p.nprotos, PTH_PACKETS_NAMES);
	collect_packets_release(&p);
}

int
main(void)
{
	quic();
	tcp();
	sums();
	taps();
	limits();
	return unit_done();
}
