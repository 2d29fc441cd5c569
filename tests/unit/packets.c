/* The numbers of captures that are written here, packet by packet; the values by hand. */
#include "collect/packets.h"

#include <fcntl.h>
#include <unistd.h>

#include "io/file.h"
#include "numbers.h"
#include "quic_talk.h"
#include "unit.h"

/* One second after the epoch. */
#define BEGIN_MS 1000

static void
take(void *file, int64_t ms, const struct pth_buf *frame)
{
	put_enhanced(file, false, 0, (uint64_t)(BEGIN_MS + ms) * 1000000, frame, frame->len);
}

/* The numbers of a file. p is the caller's, to be released. */
static json_t *
numbers(const struct pth_buf *file, const char *decode, struct packets *p)
{
	const struct tshark_limits usual = { 0 };
	struct pth_err e = { 0 };
	json_t *rules = decode != NULL ? json_pack("[s]", decode) : NULL, *m = json_object();
	int fd;

	CHECK_INT(pth_file_write(AT_FDCWD, "c", file->s, file->len, &e), 0);
	fd = open("c", O_RDONLY);
	CHECK_INT(pth_packets_read(fd, rules, &usual, p, &e), 0);
	CHECK(p->read);
	close(fd);
	pth_packets_json(p, m);
	json_decref(rules);
	return m;
}

struct want {
	const char *path, *value;
};

static void
are(const struct pth_buf *file, const char *decode, const struct want *v, size_t n)
{
	struct packets p = { 0 };
	json_t *m = numbers(file, decode, &p);

	for (size_t i = 0; i < n; i++)
		is(m, v[i].path, v[i].value);
	json_decref(m);
	pth_packets_release(&p);
}

#define ARE(file, decode, ...)                                  \
	are(file, decode, (const struct want[]){ __VA_ARGS__ }, \
	    sizeof((const struct want[]){ __VA_ARGS__ }) / sizeof(struct want))

static void
begin(struct talk *t, struct pth_buf *file, uint32_t version, unsigned suite)
{
	talk_begin(t, version, suite, "h3");
	t->take = take;
	t->arg = file;
}

/* What follows the handshake: a request, and an answer in two parts.
 *    ms  from
 *    25  client  STREAM 0, HEADERS with :method GET (static 17)
 *    30  server  ACK of 0, HANDSHAKE_DONE, STREAM 0, HEADERS with :status 200 (static 25)
 *    50  server  STREAM 0, DATA of 4 bytes; FIN
 *    55  server  the same once more
 *    60  client  ACK of 2, with a delay of 8 << 3 us
 *    61  client  CONNECTION_CLOSE of the application, 0x100 "bye" */
static void
exchange(struct talk *t)
{
	talk_short(t, 25, CLIENT, 0, "0a 00 05 01 03 00 00 d1");
	talk_short(t, 30, SERVER, 0, "02 00 00 00 00 1e 0a 00 05 01 03 00 00 d9");
	talk_short(t, 50, SERVER, 0, "0f 00 05 06 00 04 61 62 63 64");
	talk_short(t, 55, SERVER, 0, "0f 00 05 06 00 04 61 62 63 64");
	talk_short(t, 60, CLIENT, 0, "02 02 08 00 02");
	talk_short(t, 61, CLIENT, 0, "1d 41 00 03 62 79 65");
}

static void
quic(uint32_t version, unsigned suite)
{
	struct pth_buf file = PTH_BUF_INIT, body = PTH_BUF_INIT;
	struct talk t;

	put_begin(&file);
	begin(&t, &file, version, suite);
	put_secrets(&file, false, t.log.s);
	talk_handshake(&t, 0);
	exchange(&t);
	ARE(&file, NULL, { "packets", "9" }, { "captured_us", "61000" }, { "data_us", "25000" },
	    { "tcp", "-" }, { "protocols.quic.packets", "9" }, { "protocols.eth.packets", "9" },
	    { "quic.connections", "1" }, { "quic.handshakes", "1" },
	    { "quic.handshake_us", "25000" }, { "quic.confirmed_us", "30000" },
	    { "quic.first_byte_us", "30000" }, { "quic.handshake_packets", "4" },
	    { "quic.retries", "0" }, { "quic.migrations", "0" }, { "quic.http3_frames", "3" },
	    { "quic.http.requests", "1" }, { "quic.http.responses", "1" },
	    { "quic.http.bytes", "4" }, { "quic.http.status", "{\"200\":1}" },
	    { "quic.http.unread", "0" },
	    { "quic.close", "{\"code\":256,\"application\":true,\"reason\":\"bye\"}" },
	    { "quic.client.packets", "5" }, { "quic.client.datagrams", "5" },
	    { "quic.client.largest_datagram", "1200" }, { "quic.client.stream_bytes", "5" },
	    { "quic.client.undecrypted", "0" }, { "quic.client.lost", "0" },
	    { "quic.client.rtt_us", "5000" }, { "quic.client.rtt_min_us", "5000" },
	    { "quic.client.rtt_p95_us", "10000" }, { "quic.client.ack_delay_us", "0" },
	    { "quic.server.packets", "5" }, { "quic.server.datagrams", "4" },
	    { "quic.server.stream_bytes", "11" }, { "quic.server.retransmitted_bytes", "6" },
	    { "quic.server.undecrypted", "0" }, { "quic.server.rtt_us", "5000" },
	    { "quic.server.rtt_p95_us", "10000" }, { "quic.server.ack_delay_us", "64" },
	    { "quic.server.ecn", "-" }, { "quic.stream_goodput_bps", "3520" });
	pth_buf_release(&file);
	pth_buf_release(&body);
	talk_end(&t);
}

/* The same packets without keys: what is outside of the protection, and no more. */
static void
closed(void)
{
	struct pth_buf file = PTH_BUF_INIT;
	struct talk t;

	unit("QUIC without keys");
	put_begin(&file);
	begin(&t, &file, SEAL_V1, 0x1301);
	talk_handshake(&t, 0);
	exchange(&t);
	ARE(&file, NULL, { "quic.connections", "1" }, { "quic.handshake_us", "25000" },
	    { "quic.confirmed_us", "-" }, { "quic.first_byte_us", "-" },
	    { "quic.http3_frames", "0" }, { "quic.http", "-" }, { "quic.close", "-" },
	    { "quic.handshake_packets", "4" }, { "quic.client.packets", "5" },
	    { "quic.client.undecrypted", "4" }, { "quic.server.undecrypted", "4" },
	    { "quic.server.stream_bytes", "0" }, { "data_us", "25000" });
	pth_buf_release(&file);
	talk_end(&t);
	unit("packets of a connection whose begin was not seen");
	put_begin(&file);
	begin(&t, &file, SEAL_V1, 0x1301);
	exchange(&t);
	ARE(&file, NULL, { "quic", "-" }, { "protocols.quic", "-" }, { "data_us", "-" },
	    { "protocols.data.packets", "6" });
	/* ... of which the plan says what they are. */
	ARE(&file, "udp.port==443,quic", { "quic", "-" }, { "protocols.quic.packets", "6" },
	    { "data_us", "-" });
	pth_buf_release(&file);
	talk_end(&t);
}

/* Odd and even numbers of connections: 25 ms, 5 ms, 10 ms; the fourth has no end. */
static void
several(void)
{
	static const int done[] = { 25, 5, 10 };
	struct pth_buf file = PTH_BUF_INIT;

	unit("several connections: the median of those that completed");
	put_begin(&file);
	for (unsigned i = 0; i < 4; i++) {
		char first[9], client[9], server[9];
		struct talk t;

		begin(&t, &file, SEAL_V1, 0x1301);
		snprintf(first, sizeof first, "firstds%u", i);
		snprintf(client, sizeof client, "cli%u", i);
		snprintf(server, sizeof server, "serve%u", i);
		t.id[ID_FIRST] = first;
		t.id[ID_CLIENT] = client;
		t.id[ID_SERVER] = server;
		t.port[CLIENT] = 50000 + i;
		t.number[0][SERVER] = 0;
		for (int end = 0; end < 2; end++)
			seal_initial(&t.initial[end], SEAL_V1, first, 8, end == SERVER);
		talk_hello(&t, 100 * i);
		talk_answer(&t, 100 * i + 1);
		if (i < 3)
			talk_short(&t, 100 * i + done[i], CLIENT, 0, "01");
		if (i == 1) {
			/* The lower of two. */
			ARE(&file, NULL, { "quic.handshake_us", "5000" },
			    { "quic.handshakes", "2" });
		}
		talk_end(&t);
	}
	ARE(&file, NULL, { "quic.connections", "4" }, { "quic.handshakes", "3" },
	    { "quic.handshake_us", "10000" });
	pth_buf_release(&file);
}

static void
tcp(void)
{
	enum { FIN = 1, SYN = 2, PSH = 8, ACK = 16 };
	static const struct {
		int64_t ms;
		int from;
		struct segment g;
	} v[] = {
		{ 0, CLIENT, { .seq = 100, .flags = SYN } },
		{ 100, SERVER, { .seq = 900, .ack = 101, .flags = SYN | ACK } },
		{ 150, CLIENT, { .seq = 100, .flags = SYN } }, /* again */
		{ 200, CLIENT, { .seq = 101, .ack = 901, .flags = ACK } },
		{ 300, CLIENT, { .seq = 101, .ack = 901, .flags = ACK | PSH, .n = 9 } },
		{ 400, SERVER, { .seq = 901, .ack = 110, .flags = ACK } },
		{ 500, SERVER, { .seq = 901, .ack = 110, .flags = ACK | PSH, .n = 1 } },
		{ 800, SERVER, { .seq = 902, .ack = 110, .flags = ACK | PSH, .n = 9 } },
		{ 900, SERVER, { .seq = 911, .ack = 110, .flags = ACK | FIN } },
		/* Of a connection that had begun before. */
		{ 1000, CLIENT, { .from = 7, .seq = 5, .ack = 5, .flags = ACK, .n = 9 } },
	};
	struct pth_buf file = PTH_BUF_INIT;

	unit("TCP");
	put_begin(&file);
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf f = PTH_BUF_INIT;
		struct segment g = v[i].g;
		unsigned client = g.from != 0 ? g.from : 4000;

		g.from = v[i].from == CLIENT ? client : 80;
		g.to = v[i].from == CLIENT ? 80 : client;
		g.window = 1000;
		put_tcp(&f, v[i].from == CLIENT ? "10.0.0.1" : "10.0.0.2",
		    v[i].from == CLIENT ? "10.0.0.2" : "10.0.0.1", &g);
		take(&file, v[i].ms, &f);
		pth_buf_release(&f);
		if (i == 2) {
			ARE(&file, NULL, { "tcp.handshakes", "0" }, { "tcp.handshake_us", "-" },
			    { "tcp.connections", "1" });
		}
	}
	ARE(&file, NULL, { "tcp.connections", "1" }, { "tcp.handshakes", "1" },
	    { "tcp.handshake_us", "200000" }, { "tcp.retransmissions", "1" },
	    { "data_us", "300000" }, { "quic", "-" }, { "tcp.client.packets", "5" },
	    { "tcp.client.bytes", "18" }, { "tcp.server.bytes", "10" },
	    { "tcp.client.retransmissions", "1" }, { "tcp.server.retransmissions", "0" },
	    { "tcp.client.zero_windows", "0" }, { "tcp.server.resets", "0" });
	pth_buf_release(&file);
}

static void
sums(void)
{
	struct pth_buf file = PTH_BUF_INIT, f = PTH_BUF_INIT, arp = PTH_BUF_INIT;
	struct packets p = { 0 };
	json_t *m;

	unit("a frame counts once for a protocol");
	put_begin(&file);
	put_ether(&arp, 0x0806);
	put_zeros(&arp, 26);
	/* IPv4 in an ICMP message: ip is twice in the frame of 70 bytes. */
	put_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "", 0);
	struct pth_buf icmp = PTH_BUF_INIT, outer = PTH_BUF_INIT;
	put_hex(&icmp, "0303000000000000");
	pth_buf_add(&icmp, f.s + 14, f.len - 14);
	put_ether_ip(&outer, 1, "10.0.0.2", "10.0.0.1", icmp.s, icmp.len);
	CHECK_INT(outer.len, 70);
	put_enhanced(&file, false, 0, 5000001000, &outer, outer.len);
	put_enhanced(&file, false, 0, 5000003999, &arp, arp.len);
	ARE(&file, NULL,
	    { "protocols",
	        "{"
	        "\"eth\":{\"packets\":2,\"bytes\":110},"
	        "\"arp\":{\"packets\":1,\"bytes\":40},"
	        "\"ip\":{\"packets\":1,\"bytes\":70},"
	        "\"icmp\":{\"packets\":1,\"bytes\":70},"
	        "\"udp\":{\"packets\":1,\"bytes\":70}}" },
	    { "captured_us", "2" }, { "bytes", "110" });
	unit("packets that are stored in part");
	put_enhanced(&file, false, 0, 0, &arp, 39);
	put_enhanced(&file, false, 0, 0, &arp, 7);
	put_enhanced(&file, false, 0, 0, &arp, 8);
	m = numbers(&file, NULL, &p);
	CHECK_INT(pth_dissect_frames(p.d)->parts, 3);
	CHECK_INT(pth_dissect_frames(p.d)->least, 7);
	is(m, "packets", "5");
	is(m, "captured_us", "0"); /* time has gone backwards */
	json_decref(m);
	pth_packets_release(&p);
	pth_buf_release(&file);
	pth_buf_release(&f);
	pth_buf_release(&arp);
	pth_buf_release(&icmp);
	pth_buf_release(&outer);
}

/* A file that breaks off, and what is no file of that kind. */
static void
cuts(void)
{
	struct pth_buf file = PTH_BUF_INIT;
	struct packets p = { 0 };
	struct pth_err e = { 0 };
	const struct tshark_limits usual = { 0 };
	struct talk t;
	json_t *m;
	int fd;

	unit("what comes before a cut counts");
	put_begin(&file);
	begin(&t, &file, SEAL_V1, 0x1301);
	talk_handshake(&t, 0);
	file.len--;
	m = numbers(&file, NULL, &p);
	is(m, "packets", "2");
	CHECK_STR(p.lack.s, "the file breaks off");
	CHECK(p.cut);
	json_decref(m);
	pth_packets_release(&p);
	unit("a file that is no capture");
	p = (struct packets){ 0 };
	CHECK_INT(pth_file_write(AT_FDCWD, "c", "capture", 7, &e), 0);
	fd = open("c", O_RDONLY);
	CHECK_INT(pth_packets_read(fd, NULL, &usual, &p, &e), -1);
	CHECK_INT(e.code, PTH_INPUT);
	CHECK_STR(e.text, "this is no capture");
	CHECK(!p.read);
	close(fd);
	pth_packets_release(&p);
	pth_buf_release(&file);
	talk_end(&t);
}

/* Filters that are ours are counted without tshark, which is not there. */
static void
filters(void)
{
	struct tshark_tap v[] = { { "quic", -1, false }, { "udp.srcport == 443", -1, false },
		{ "quic.long.packet_type in {0,2} and !tcp", -1, false }, { "tcp", 9, false },
		{ "frame matches \"x\"", -1, false } };
	struct packets p = { .taps = v, .ntaps = 4 };
	struct pth_buf file = PTH_BUF_INIT, f = PTH_BUF_INIT;
	const struct tshark_limits usual = { 0 };
	struct pth_err e = { 0 };
	struct talk t;
	json_t *m;
	int fd;

	unit("filters of fields of ours");
	put_begin(&file);
	begin(&t, &file, SEAL_V1, 0x1301);
	talk_handshake(&t, 0);
	exchange(&t);
	m = numbers(&file, NULL, &p);
	CHECK_INT(v[0].packets, 9);
	CHECK_INT(v[1].packets, 4);
	CHECK_INT(v[2].packets, 3);
	CHECK_INT(v[3].packets, 0);
	for (int i = 0; i < 4; i++)
		CHECK(v[i].native);
	json_decref(m);
	pth_packets_release(&p);
	unit("a filter that is tshark's, without tshark: the numbers are there");
	p = (struct packets){ .taps = v, .ntaps = 5 };
	fd = open("c", O_RDONLY);
	CHECK_INT(pth_packets_read(fd, NULL, &usual, &p, &e), -1);
	CHECK_INT(e.code, PTH_SYSTEM);
	CHECK_STR(e.text, "tshark: not found");
	CHECK(p.read && !v[4].native);
	CHECK_INT(v[4].packets, -1);
	CHECK_INT(v[1].packets, 4);
	pth_packets_release(&p);
	unit("where a datagram is in parts, no filter is ours");
	/* Wireshark shows what is in it with its last part. */
	put_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "abcd", 4);
	f.s[14 + 6] = 0x20; /* more follows */
	take(&file, 70, &f);
	CHECK_INT(pth_file_write(AT_FDCWD, "c", file.s, file.len, &e), 0);
	p = (struct packets){ .taps = v, .ntaps = 1 };
	close(fd);
	fd = open("c", O_RDONLY);
	CHECK_INT(pth_packets_read(fd, NULL, &usual, &p, &e), -1);
	CHECK(!v[0].native);
	pth_packets_release(&p);
	unit("... but of minip Wireshark knows nothing");
	v[0].filter = "udp || (!arp && minip.seq > 3)";
	CHECK_INT(pth_packets_read(fd, NULL, &usual, &p, &e), 0);
	CHECK(v[0].native);
	CHECK_INT(v[0].packets, 10);
	pth_packets_release(&p);
	close(fd);
	pth_buf_release(&file);
	pth_buf_release(&f);
	talk_end(&t);
}

/* Beyond what can be told apart, it is said that something is not. */
static void
limits(void)
{
	struct pth_buf file = PTH_BUF_INIT;
	struct packets p = { 0 };
	json_t *m;

	unit("limits");
	put_begin(&file);
	for (unsigned i = 1; i <= QUIC_VERSIONS_MAX + 1; i++) {
		struct pth_buf f = PTH_BUF_INIT, b = PTH_BUF_INIT;

		put_be(&b, 0xc0, 1);
		put_be(&b, 0xff000000 + i, 4);
		put_be(&b, 0, 1);
		put_be(&b, 0, 4);
		put_udp(&f, "10.0.0.1", 1, "10.0.0.2", 443, b.s, b.len);
		take(&file, i, &f);
		pth_buf_release(&f);
		pth_buf_release(&b);
		if (i < QUIC_VERSIONS_MAX)
			continue;
		m = numbers(&file, "udp.port==443,quic", &p);
		CHECK_INT(json_array_size(pth_json_path(m, "quic.versions")), QUIC_VERSIONS_MAX);
		CHECK_STR(p.lack.len > 0 ? p.lack.s : "",
		    i > QUIC_VERSIONS_MAX ? "more versions of QUIC than are kept" : "");
		json_decref(m);
		pth_packets_release(&p);
		p = (struct packets){ 0 };
	}
	pth_buf_release(&file);
}

int
main(void)
{
	setenv("PATH", "/nonexistent", 1); /* there is no tshark */
	unit("one connection of QUIC");
	quic(SEAL_V1, 0x1301);
	unit("one connection of QUIC: version 2, other suites");
	quic(SEAL_V2, 0x1301);
	quic(SEAL_V1, 0x1302);
	quic(SEAL_V2, 0x1303);
	closed();
	several();
	tcp();
	sums();
	cuts();
	filters();
	limits();
	return unit_done();
}
