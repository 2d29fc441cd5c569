/* TCP: what segments are, and what is counted of connections. */
#include "dissect/quiet.h"

#include "dissected.h"

enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };
enum { C, S }; /* client, server */

/* A segment between ports 4000 (or another) and 80, with the times that tests are about. */
struct sent {
	int64_t us;
	int from;
	uint32_t seq, ack;
	unsigned flags, n;
	unsigned window, port; /* 0: 1000, 4000 */
};

#define NO_WINDOW 0x10000 /* is 0 */

static void
tell(struct dissected *x, const struct sent *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct pth_buf f = PTH_BUF_INIT;
		unsigned port = v[i].port != 0 ? v[i].port : 4000;
		struct segment g = { v[i].from == C ? port : 80, v[i].from == C ? 80 : port,
			v[i].seq, v[i].ack, v[i].flags,
			v[i].window != 0 ? v[i].window & 0xffff : 1000, v[i].n };

		put_tcp(&f, v[i].from == C ? "10.0.0.1" : "10.0.0.2",
		    v[i].from == C ? "10.0.0.2" : "10.0.0.1", &g);
		dissected_part(x, 1000000000 + v[i].us * 1000, &f, f.len);
		pth_buf_release(&f);
	}
}

/* "packets bytes again out-of-order zero-windows resets" of client and server. */
static void
is(const struct sent *v, size_t n, const char *want)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct dissected x;
	struct pth_tcp_stat *s;

	dissected_begin(&x, "tcp.stream", NULL, 0);
	tell(&x, v, n);
	s = pth_dissect_tcp(x.d);
	pth_buf_addf(&b, "%d:", (int)s->connections);
	for (int i = 0; i < 2; i++)
		pth_buf_addf(&b, " %d/%d again %d late %d zero %d reset %d", (int)s->end[i].packets,
		    (int)s->end[i].bytes, (int)s->end[i].again, (int)s->end[i].out_of_order,
		    (int)s->end[i].zero_window, (int)s->end[i].resets);
	CHECK_STR(b.s, want);
	pth_buf_release(&b);
	dissected_end(&x);
}

#define IS(want, ...)                            \
	is((const struct sent[]){ __VA_ARGS__ }, \
	    sizeof((const struct sent[]){ __VA_ARGS__ }) / sizeof(struct sent), want)

/* A handshake with a round trip of 10 ms. Then the client is at 101, the server at 901. */
#define SHAKE                                                                       \
	{ 0, C, 100, 0, SYN, 0, 0, 0 }, { 10000, S, 900, 101, SYN | ACK, 0, 0, 0 }, \
	{                                                                           \
		10000, C, 101, 901, ACK, 0, 0, 0                                    \
	}
/* A segment with bytes. */
#define DATA(us, from, seq, ack, n)                    \
	{                                              \
		us, from, seq, ack, ACK | PSH, n, 0, 0 \
	}
#define ACKS(us, from, seq, ack)                 \
	{                                        \
		us, from, seq, ack, ACK, 0, 0, 0 \
	}

static void
again(void)
{
	/* What had been sent before, later than a round trip after the highest. */
	IS("1: 5/200 again 1 late 0 zero 0 reset 0 1/0 again 0 late 0 zero 0 reset 0", SHAKE,
	    DATA(20000, C, 101, 901, 50), DATA(21000, C, 151, 901, 100),
	    DATA(50000, C, 101, 901, 50));
	/* ... that is acknowledged already, however soon. */
	IS("1: 4/100 again 1 late 0 zero 0 reset 0 2/0 again 0 late 0 zero 0 reset 0", SHAKE,
	    DATA(20000, C, 101, 901, 50), ACKS(20100, S, 901, 151), DATA(20200, C, 101, 901, 50));
	/* ... for which the other end has asked three times. */
	IS("1: 7/350 again 1 late 0 zero 0 reset 0 4/0 again 0 late 0 zero 0 reset 0", SHAKE,
	    DATA(20000, C, 101, 901, 50), DATA(20010, C, 151, 901, 50),
	    DATA(20020, C, 201, 901, 50), DATA(20030, C, 251, 901, 150), ACKS(20040, S, 901, 101),
	    ACKS(20050, S, 901, 101), ACKS(20060, S, 901, 101), DATA(20070, C, 101, 901, 50));
	/* ... and the window has changed meanwhile. */
	IS("1: 7/350 again 1 late 0 zero 0 reset 0 5/0 again 0 late 0 zero 0 reset 0", SHAKE,
	    DATA(20000, C, 101, 901, 50), DATA(20010, C, 151, 901, 50),
	    DATA(20020, C, 201, 901, 50), DATA(20030, C, 251, 901, 150), ACKS(20040, S, 901, 101),
	    ACKS(20050, S, 901, 101), { 20055, S, 901, 101, ACK, 0, 1100, 0 },
	    { 20060, S, 901, 101, ACK, 0, 1100, 0 }, DATA(20070, C, 101, 901, 50));
	/* SYN and FIN. */
	IS("1: 3/0 again 1 late 0 zero 0 reset 0 1/0 again 0 late 0 zero 0 reset 0",
	    { 0, C, 100, 0, SYN, 0, 0, 0 }, { 1000000, C, 100, 0, SYN, 0, 0, 0 },
	    { 1010000, S, 900, 101, SYN | ACK, 0, 0, 0 }, ACKS(1020000, C, 101, 901));
	IS("1: 4/0 again 1 late 0 zero 0 reset 0 1/0 again 0 late 0 zero 0 reset 0", SHAKE,
	    { 20000, C, 101, 901, FIN | ACK, 0, 0, 0 },
	    { 400000, C, 101, 901, FIN | ACK, 0, 0, 0 });
	/* An acknowledgement alone never is. */
	IS("1: 4/0 again 0 late 0 zero 0 reset 0 1/0 again 0 late 0 zero 0 reset 0", SHAKE,
	    ACKS(20000, C, 101, 901), ACKS(400000, C, 101, 901));
}

static void
late(void)
{
	/* Within a round trip after the highest. */
	IS("1: 2/0 again 0 late 0 zero 0 reset 0 4/150 again 0 late 1 zero 0 reset 0", SHAKE,
	    DATA(20000, S, 901, 101, 50), DATA(20100, S, 1001, 101, 50),
	    DATA(20200, S, 951, 101, 50));
	/* ... after it. */
	IS("1: 2/0 again 0 late 0 zero 0 reset 0 4/150 again 1 late 0 zero 0 reset 0", SHAKE,
	    DATA(20000, S, 901, 101, 50), DATA(20100, S, 1001, 101, 50),
	    DATA(30200, S, 951, 101, 50));
	/* Without a round trip that is known, 3 ms are the limit. */
	IS("0: 2/150 again 0 late 1 zero 0 reset 0 0/0 again 0 late 0 zero 0 reset 0",
	    DATA(0, C, 201, 901, 100), DATA(2900, C, 101, 901, 50));
	IS("0: 2/150 again 1 late 0 zero 0 reset 0 0/0 again 0 late 0 zero 0 reset 0",
	    DATA(0, C, 201, 901, 100), DATA(3100, C, 101, 901, 50));
}

static void
wraps(void)
{
	uint32_t end = UINT32_MAX - 49;

	/* From 50 before the end to 50 behind the begin, and its first half again. */
	IS("0: 3/200 again 1 late 0 zero 0 reset 0 1/0 again 0 late 0 zero 0 reset 0",
	    DATA(0, C, end, 901, 50), DATA(10, C, 0, 901, 100), ACKS(20, S, 901, 100),
	    DATA(30, C, end, 901, 50));
	IS("0: 3/150 again 0 late 0 zero 0 reset 0 0/0 again 0 late 0 zero 0 reset 0",
	    DATA(0, C, end, 901, 50), DATA(100000, C, 0, 901, 50), DATA(200000, C, 50, 901, 50));
}

static void
kept_alive(void)
{
	/* A byte that was sent already, or none: neither is sent again. */
	IS("1: 5/51 again 0 late 0 zero 0 reset 0 2/0 again 0 late 0 zero 0 reset 0", SHAKE,
	    DATA(20000, C, 101, 901, 50), ACKS(30000, S, 901, 151),
	    { 9000000, C, 150, 901, ACK, 0, 0, 0 }, { 9100000, C, 150, 901, ACK, 1, 0, 0 });
	/* Window probes are of the next byte. */
	IS("1: 4/51 again 0 late 0 zero 0 reset 0 2/0 again 0 late 0 zero 1 reset 0", SHAKE,
	    DATA(20000, C, 101, 901, 50), { 30000, S, 901, 151, ACK, 0, NO_WINDOW, 0 },
	    DATA(500000, C, 151, 901, 1));
}

static void
windows_and_resets(void)
{
	IS("1: 2/0 again 0 late 0 zero 0 reset 0 3/0 again 0 late 0 zero 2 reset 0", SHAKE,
	    { 20000, S, 901, 101, ACK, 0, NO_WINDOW, 0 },
	    { 30000, S, 901, 101, ACK, 0, NO_WINDOW, 0 });
	/* Not those of SYN, FIN and RST. */
	IS("1: 2/0 again 0 late 0 zero 0 reset 1 2/0 again 0 late 0 zero 0 reset 1",
	    { 0, C, 100, 0, SYN, 0, NO_WINDOW, 0 }, { 1, S, 0, 101, RST | ACK, 0, NO_WINDOW, 0 },
	    { 2, C, 101, 0, RST, 0, NO_WINDOW, 0 }, { 3, S, 1, 101, FIN | ACK, 0, NO_WINDOW, 0 });
}

static void
ports_again(void)
{
	static const struct sent v[] = { SHAKE, { 20000, C, 101, 901, FIN | ACK, 0, 0, 0 },
		/* The same SYN, then one with another number: another connection. */
		{ 30000, C, 100, 0, SYN, 0, 0, 0 }, { 40000, C, 5000, 0, SYN, 0, 0, 0 },
		{ 41000, S, 7000, 5001, SYN | ACK, 0, 0, 0 }, ACKS(42000, C, 5001, 7001),
		{ 43000, C, 100, 0, SYN, 0, 0, 4001 } };
	struct dissected x;

	dissected_begin(&x, "tcp.stream", NULL, 0);
	tell(&x, v, countof(v));
	CHECK_STR(dissected_lines(&x), "0|0|0|0|0|1|1|1|2|");
	CHECK_INT(pth_dissect_tcp(x.d)->connections, 3);
	CHECK_INT(pth_dissect_tcp(x.d)->handshake.seen, 2);
	CHECK_INT(pth_samples_percentile(&pth_dissect_tcp(x.d)->handshake, 50), 2000000);
	CHECK_INT(pth_dissect_tcp(x.d)->handshake.max, 10000000);
	dissected_end(&x);
}

static void
round_trips(void)
{
	static const struct sent v[] = { SHAKE, DATA(20000, C, 101, 901, 50),
		DATA(21000, C, 151, 901, 50), ACKS(27000, S, 901, 201), /* of the second: 6 ms */
		DATA(30000, C, 201, 901, 50), ACKS(31000, S, 901, 230), /* of none */
		DATA(32000, C, 251, 901, 50), DATA(90000, C, 251, 901, 50),
		ACKS(91000, S, 901, 301), /* cannot be told */
		DATA(100000, S, 901, 301, 10), ACKS(104000, C, 301, 911) };
	struct dissected x;
	struct pth_tcp_stat *s;

	dissected_begin(&x, "tcp.stream", NULL, 0);
	tell(&x, v, countof(v));
	s = pth_dissect_tcp(x.d);
	/* Of the client's SYN 10 ms, and 6; of the server's SYN 0, and 4. */
	CHECK_INT(s->end[C].rtt.seen, 2);
	CHECK_INT(s->end[C].rtt.min, 6000000);
	CHECK_INT(s->end[C].rtt.max, 10000000);
	CHECK_INT(s->end[S].rtt.seen, 2);
	CHECK_INT(s->end[S].rtt.min, 0);
	CHECK_INT(s->end[S].rtt.max, 4000000);
	CHECK_INT(s->data_first, 1100000000);
	CHECK_INT(s->data_last, 1100000000);
	dissected_end(&x);
}

static void
fields(void)
{
	struct pth_buf f = PTH_BUF_INIT;
	struct dissected x;

	dissected_begin(&x,
	    "tcp.srcport tcp.dstport tcp.len tcp.seq_raw tcp.ack_raw tcp.hdr_len "
	    "tcp.flags tcp.flags.syn tcp.flags.ack tcp.flags.ece tcp.flags.cwr "
	    "tcp.window_size_value tcp.payload",
	    NULL, 0);
	put_tcp(&f, "10.0.0.1", "10.0.0.2",
	    &(struct segment){ 4000, 80, 4294967295, 7, SYN | 0xc0, 29200, 3 });
	dissected_frame(&x, 0, &f);
	CHECK_STR(dissected_lines(&x), "4000 80 3 4294967295 7 20 0x00c2 1 0 1 1 29200 000000|");
	/* Stored in part: as many as were sent. */
	dissected_part(&x, 0, &f, f.len - 2);
	CHECK_STR(dissected_lines(&x), "4000 80 3 4294967295 7 20 0x00c2 1 0 1 1 29200 00|");
	dissected_part(&x, 0, &f, 14 + 20 + 19);
	CHECK_STR(dissected_lines(&x), "4000 80           |");
	dissected_part(&x, 0, &f, 14 + 20 + 3);
	CHECK_STR(dissected_lines(&x), "            |");
	/* A header that is too short, and one that is longer than the segment. */
	f.s[14 + 20 + 12] = 0x40;
	dissected_frame(&x, 0, &f);
	CHECK_STR(dissected_lines(&x), "4000 80           |");
	f.s[14 + 20 + 12] = (char)0xf0;
	dissected_frame(&x, 0, &f);
	CHECK_STR(dissected_lines(&x), "4000 80           |");
	CHECK_INT(pth_dissect_frames(x.d)->odd, 4);
	pth_buf_release(&f);
	dissected_end(&x);
}

/* More connections than are kept: those go that have ended, and then the quiet ones, which is
 * said. All are counted. */
static void
many(unsigned flags, const char *lack)
{
	struct dissected x;

	dissected_begin(&x, "tcp.stream", NULL, 0);
	for (unsigned i = 0; i < 100000; i++) {
		struct segment g = { 1024 + i % 60000, 80, 100, 0, SYN, 1000, 0 };
		struct pth_buf f = PTH_BUF_INIT;
		char client[16];

		snprintf(client, sizeof client, "10.0.1.%u", i / 60000);
		put_tcp(&f, client, "10.0.0.2", &g);
		dissected_part(&x, 1000000000 + (int64_t)i, &f, f.len);
		g.flags = flags;
		pth_buf_cut(&f, 0);
		put_tcp(&f, client, "10.0.0.2", &g);
		dissected_part(&x, 1000000000 + (int64_t)i, &f, f.len);
		pth_buf_release(&f);
	}
	CHECK_STR(pth_dissect_lack(x.d), lack);
	CHECK_INT(pth_dissect_tcp(x.d)->connections, 100000);
	dissected_end(&x);
}

int
main(void)
{
	unit("what is sent again");
	again();
	unit("what is out of order");
	late();
	unit("numbers that wrap");
	wraps();
	unit("keep-alives and window probes");
	kept_alive();
	unit("windows of 0, and resets");
	windows_and_resets();
	unit("ports that are used again");
	ports_again();
	unit("round trips");
	round_trips();
	unit("100000 connections");
	many(RST, NULL);
	many(SYN, QUIET_LIMIT);
	unit("fields of segments");
	fields();
	return unit_done();
}
