/* Captures that are not as they should be: never a crash, never a wrong number without a mark. */
#include "base/words.h"
#include "collect/packets.h"
#include "dissect/priv.h"

#include "dissected.h"
#include "numbers.h"
#include "quic_talk.h"

static void
begin(struct talk *t, struct dissected *x, const char *labels)
{
	struct pth_word rest, line;
	int i = 0;

	dissected_begin(x, "quic.packet_number", NULL, 0);
	talk_begin(t, SEAL_V1, 0x1301, "h3");
	t->take = dissected_frame;
	t->arg = x;
	rest = (struct pth_word){ t->log.s, t->log.len };
	/* Of the four lines of the key log those that are named. */
	while (pth_word_next(&rest, "\n", &line))
		if (line.n > 0 && strchr(labels, 'a' + i++) != NULL)
			pth_dissect_keys(x->d, line.s, line.n);
}

static void
end(struct talk *t, struct dissected *x)
{
	talk_end(t);
	dissected_end(x);
}

/* A request and its answer, as in HTTP/3. */
static void
exchange(struct talk *t, int64_t ms)
{
	talk_short(t, ms, CLIENT, 0, "0a 00 05 01 03 00 00 d1");
	talk_short(t, ms + 5, SERVER, 0, "02 00 00 00 00 1e 0a 00 05 01 03 00 00 d9");
	talk_short(t, ms + 25, SERVER, 0, "0f 00 05 06 00 04 61 62 63 64");
	talk_short(t, ms + 30, CLIENT, 0, "02 01 08 00 01");
}

static json_t *
numbers(struct dissected *x)
{
	const struct packets p = { .d = x->d };
	json_t *m = json_object();

	pth_packets_json(&p, m);
	return m;
}

/* More packets and bytes than 32 bits count: as if so many had come before. */
static void
many(void)
{
	const uint64_t before = UINT32_MAX;
	struct dissected x;
	struct talk t;
	json_t *m;

	begin(&t, &x, "abcd");
	x.number = before - 1;
	talk_handshake(&t, 0);
	x.d->stat.packets += before;
	x.d->stat.bytes += before;
	x.d->stat.protocol[PTH_F_UDP].packets += before;
	x.d->stat.protocol[PTH_F_UDP].bytes += before;
	pth_dissect_quic(x.d)->end[CLIENT].packets += before;
	m = numbers(&x);
	is(m, "packets", "4294967298");
	is(m, "protocols.udp.packets", "4294967298");
	is(m, "quic.client.packets", "4294967297");
	CHECK(json_integer_value(json_object_get(m, "bytes")) > UINT32_MAX + 1000ll);
	json_decref(m);
	end(&t, &x);
	/* What follows after so many: connections are told by 64 bits, too. */
	begin(&t, &x, "abcd");
	dissected_end(&x);
	dissected_begin(&x, "frame.number quic.packet_number", NULL, 0);
	pth_dissect_keys(x.d, t.log.s, t.log.len);
	x.d->stat.packets = x.number = before;
	talk_handshake(&t, 0);
	exchange(&t, 30);
	CHECK_STR(dissected_lines(&x),
	    "4294967296 0|4294967297 0,0|4294967298 0|4294967299 0|4294967300 0|4294967301 1|"
	    "4294967302 1|");
	m = numbers(&x);
	is(m, "packets", "4294967302");
	is(m, "protocols.quic.packets", "7");
	is(m, "quic.http.responses", "1");
	json_decref(m);
	end(&t, &x);
}

/* The clock is set back in the middle: what would be below 0 is left out, and it is said. */
static void
backwards(void)
{
	struct dissected x;
	struct talk t;
	json_t *m;

	begin(&t, &x, "abcd");
	talk_hello(&t, 5000);
	talk_answer(&t, 5010);
	talk_finish(&t, 20);
	exchange(&t, 30);
	m = numbers(&x);
	is(m, "captured_us", "0");
	is(m, "quic.handshake_us", "-");
	is(m, "quic.handshakes", "0");
	is(m, "quic.confirmed_us", "-");
	is(m, "quic.client.rtt_min_us", "5000");
	is(m, "quic.server.rtt_min_us", "5000");
	is(m, "quic.server.rtt_smoothed_us", "5000");
	CHECK_INT(pth_dissect_frames(x.d)->backwards, 5);
	json_decref(m);
	end(&t, &x);
	/* Packets of two processors may come in another order, a little. */
	begin(&t, &x, "abcd");
	talk_hello(&t, 20);
	talk_answer(&t, 10);
	talk_finish(&t, 21);
	CHECK_INT(pth_dissect_frames(x.d)->backwards, 0);
	end(&t, &x);
	/* Times at both ends of what can be told. */
	begin(&t, &x, "abcd");
	for (int i = 0; i < 4; i++) {
		struct pth_buf f = PTH_BUF_INIT;

		put_udp(&f, "10.0.0.1", 1, "10.0.0.2", 2, "x", 1);
		dissected_part(&x, i % 2 == 0 ? INT64_MAX : INT64_MIN, &f, f.len);
		pth_buf_release(&f);
	}
	CHECK_INT(pth_dissect_frames(x.d)->backwards, 2);
	end(&t, &x);
}

/* Half a key log: what it opens counts, the rest is said not to be. */
static void
half(void)
{
	static const struct {
		const char *labels;
		int client, server; /* packets that stay closed */
		const char *requests, *responses, *stream;
	} v[] = {
		{ "abcd", 0, 0, "1", "1", "11" },
		{ "", 3, 3, "-", "-", "0" },
		{ "ab", 2, 2, "-", "-", "0" },
		{ "cd", 1, 1, "-", "-", "11" }, /* the protocol is not known */
		{ "bc", 1, 2, "1", "0", "0" },
		{ "bd", 3, 0, "0", "1", "11" },
		{ "abc", 0, 2, "1", "0", "0" },
		{ "abd", 2, 0, "0", "1", "11" },
	};

	for (size_t i = 0; i < countof(v); i++) {
		struct dissected x;
		struct talk t;
		json_t *m;

		begin(&t, &x, v[i].labels);
		talk_handshake(&t, 0);
		exchange(&t, 30);
		m = numbers(&x);
		CHECK_INT(pth_dissect_quic(x.d)->end[CLIENT].undecrypted, v[i].client);
		CHECK_INT(pth_dissect_quic(x.d)->end[SERVER].undecrypted, v[i].server);
		is(m, "quic.http.requests", v[i].requests);
		is(m, "quic.http.responses", v[i].responses);
		is(m, "quic.server.stream_bytes", v[i].stream);
		is(m, "quic.client.packets", "4");
		json_decref(m);
		end(&t, &x);
	}
}

/* Two servers that have chosen the same id, and clients, too: their addresses tell them apart. */
static void
twins(void)
{
	struct dissected x;
	struct talk t, other;
	json_t *m;

	begin(&t, &x, "abcd");
	talk_begin(&other, SEAL_V1, 0x1303, "h3");
	other.take = dissected_frame;
	other.arg = &x;
	other.random = 'S';
	other.address[CLIENT] = "10.0.0.3";
	other.address[SERVER] = "10.0.0.4";
	other.id[ID_FIRST] = "seconddst";
	for (int e = 0; e < 2; e++)
		seal_initial(&other.initial[e], SEAL_V1, other.id[ID_FIRST], 9, e == SERVER);
	pth_buf_cut(&other.log, 0);
	for (int i = 0; i < 4; i++) {
		static const char *const labels[] = { "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
			"SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
			"SERVER_TRAFFIC_SECRET_0" };

		put_log(&other.log, labels[i], 'S', 0x1303, (char)('a' + i));
	}
	pth_dissect_keys(x.d, other.log.s, other.log.len);
	talk_hello(&t, 0);
	talk_hello(&other, 1);
	talk_answer(&t, 2);
	talk_answer(&other, 3);
	talk_finish(&t, 4);
	talk_finish(&other, 5);
	exchange(&t, 30);
	exchange(&other, 31);
	m = numbers(&x);
	is(m, "quic.connections", "2");
	is(m, "quic.handshakes", "2");
	is(m, "quic.client.undecrypted", "0");
	is(m, "quic.server.undecrypted", "0");
	is(m, "quic.http.requests", "2");
	is(m, "quic.http.status", "{\"200\":2}");
	is(m, "quic.server.stream_bytes", "22");
	is(m, "quic.migrations", "0");
	json_decref(m);
	talk_end(&other);
	end(&t, &x);
}

/* What authenticates and is no frames: it is odd, and what came before it counts. */
static void
nonsense(void)
{
	static const char *const v[] = { "21 00 00 00", "ff ff ff ff", "02 00 00 05 00",
		"0c 00 ff ff", "06 00 7f ff 00", "18 00 00 ff 00", "1c 00 00 7f 00",
		"0a 00 40 05 61" };

	for (size_t i = 0; i < countof(v); i++) {
		struct dissected x;
		struct talk t;
		json_t *m;

		begin(&t, &x, "abcd");
		talk_handshake(&t, 0);
		talk_short(&t, 30, SERVER, 0, v[i]);
		exchange(&t, 40);
		m = numbers(&x);
		if (!CHECK(pth_dissect_frames(x.d)->odd == 1))
			printf("    %s\n", v[i]);
		is(m, "quic.http.responses", "1");
		is(m, "quic.server.stream_bytes", "11");
		is(m, "quic.server.undecrypted", "0");
		json_decref(m);
		end(&t, &x);
	}
}

/* Lengths of headers that lie: the packet is odd, the next is read as ever. */
static void
lengths(void)
{
	struct dissected x;
	struct talk t;
	json_t *m;

	begin(&t, &x, "abcd");
	talk_handshake(&t, 0);
	/* Ids longer than the datagram, a token, a payload of 2^62 - 1. */
	for (int i = 0; i < 4; i++) {
		static const char *const said[] = { "c0 00000001 ff 01 02 03 04 05",
			"c0 00000001 04 636c6e74 ff 01", "c0 00000001 04 636c6e74 00 bfffffff 00",
			"c0 00000001 04 636c6e74 00 00 ffffffffffffffff 00" };
		struct pth_buf b = PTH_BUF_INIT;

		put_hex(&b, said[i]);
		talk_send(&t, 25 + i, SERVER, &b);
		pth_buf_release(&b);
	}
	exchange(&t, 30);
	m = numbers(&x);
	is(m, "packets", "11");
	is(m, "quic.http.responses", "1");
	is(m, "quic.server.packets", "4");
	json_decref(m);
	end(&t, &x);
}

/* A short head that says its value is huge, and one that asks for a table without end: neither
 * takes more memory than what came, and both are marked. */
static void
bombs(void)
{
	static const char *const v[] = {
		"0a 00 0a 01 08 0000 5f 50 ff ffff7f", /* a value of 34 million bytes */
		"0a 00 0a 01 08 0000 7f ffffffff 7f",  /* the index of a name */
		"0a 00 09 01 07 0000 2f ffffff 7f",    /* the length of a name */
		"0a 00 08 01 06 0000 80 81 82 83",     /* of a table that was not seen */
	};

	for (size_t i = 0; i < countof(v); i++) {
		struct dissected x;
		struct talk t;

		begin(&t, &x, "abcd");
		talk_handshake(&t, 0);
		talk_short(&t, 30, CLIENT, 0, "0a 00 05 01 03 00 00 d1");
		talk_short(&t, 35, SERVER, 0, v[i]);
		if (!CHECK(pth_dissect_quic(x.d)->http.unread == 1))
			printf("    %s\n", v[i]);
		CHECK_INT(pth_dissect_quic(x.d)->http.requests, 1);
		end(&t, &x);
	}
}

int
main(void)
{
	unit("more than 2^32 packets");
	many();
	unit("time that goes backwards");
	backwards();
	unit("half a key log");
	half();
	unit("two connections with the same ids");
	twins();
	unit("packets that decrypt to nonsense");
	nonsense();
	unit("lengths that lie");
	lengths();
	unit("bombs of compression");
	bombs();
	return unit_done();
}
