/* QUIC packets: headers, numbers, keys, frames; what is counted of connections is in quic_stat. */
#include "dissect/quic.h"

#include "dissected.h"
#include "quic_talk.h"

static void
begin(struct talk *t, struct dissected *x, const char *fields, uint32_t version, unsigned suite)
{
	dissected_begin(x, fields, NULL, 0);
	talk_begin(t, version, suite, "h3");
	t->take = dissected_frame;
	t->arg = x;
	pth_dissect_keys(x->d, t->log.s, t->log.len);
}

static void
end(struct talk *t, struct dissected *x)
{
	talk_end(t);
	dissected_end(x);
}

/* A datagram of hexadecimal digits. */
static void
send_hex(struct talk *t, int64_t ms, int from, const char *hex)
{
	struct pth_buf b = PTH_BUF_INIT;

	put_hex(&b, hex);
	talk_send(t, ms, from, &b);
	pth_buf_release(&b);
}

/* The fields of the headers of a handshake. */
static void
headers(void)
{
	static const char fields[] =
	    "quic.packet_length quic.header_form quic.fixed_bit quic.long.packet_type "
	    "quic.long.packet_type_v2 quic.version quic.dcid quic.scid quic.token_length "
	    "quic.length quic.packet_number_length quic.packet_number quic.frame_type";
	struct dissected x;
	struct talk t;

	begin(&t, &x, fields, SEAL_V1, 0x1301);
	talk_handshake(&t, 0);
	CHECK_STR(dissected_lines(&x),
	    "1200 1 1 0  0x00000001 6669727374647374 636c6e74 0 1178 1 0 6,0|"
	    "90,55 1,1 1,1 0,2  0x00000001,0x00000001 636c6e74,636c6e74 "
	    "737276353637,737276353637 0 70,36 1,1 0,0 2,6,6|"
	    "42 1 1 2  0x00000001 737276353637 636c6e74  23 1 0 2|");
	talk_short(&t, 30, CLIENT, SHORT_SPIN, "01 00 00 00");
	CHECK_STR(dissected_lines(&x), "29 0 1    737276353637    1 0 1,0|");
	end(&t, &x);
	begin(&t, &x, fields, SEAL_V2, 0x1303);
	talk_handshake(&t, 0);
	talk_short(&t, 30, CLIENT, 0, "01 00 00 00");
	CHECK_STR(dissected_lines(&x),
	    "1200 1 1  1 0x6b3343cf 6669727374647374 636c6e74 0 1178 1 0 6,0|"
	    "90,55 1,1 1,1  1,3 0x6b3343cf,0x6b3343cf 636c6e74,636c6e74 "
	    "737276353637,737276353637 0 70,36 1,1 0,0 2,6,6|"
	    "42 1 1  3 0x6b3343cf 737276353637 636c6e74  23 1 0 2|"
	    "29 0 1    737276353637    1 0 1,0|");
	end(&t, &x);
}

/* The examples of RFC 9001, A.3 and A.4: a server whose client's Initial has this id. */
static void
examples(void)
{
	struct dissected x;
	struct talk t;
	struct pth_buf b = PTH_BUF_INIT, f = PTH_BUF_INIT;
	struct long_head h = { SEAL_INITIAL, "\x83\x94\xc8\xf0\x3e\x51\x57\x08", "", NULL, 2 };

	begin(&t, &x,
	    "quic.dcid quic.scid quic.packet_number quic.frame_type quic.crypto.length "
	    "quic.ack.largest_acknowledged quic.retry_token quic.retry_integrity_tag quic.token",
	    SEAL_V1, 0x1301);
	seal_initial(&t.initial[CLIENT], SEAL_V1, h.dcid, 8, false);
	put_zeros(&f, 1000);
	put_long(&b, &t.initial[CLIENT], &h, &f);
	talk_send(&t, 0, CLIENT, &b);
	send_hex(&t, 1, SERVER,
	    "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69"
	    "797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73"
	    "cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456"
	    "cbc42158407dd074ee");
	CHECK_STR(dissected_lines(&x),
	    "8394c8f03e515708  2 0     |"
	    " f067a5502a4262b5 1 2,6 90 0   |");
	send_hex(&t, 2, SERVER,
	    "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba");
	CHECK_STR(dissected_lines(&x),
	    " f067a5502a4262b5     746f6b656e 04a265ba2eff4d829058fb3f0f2496ba |");
	/* The client begins anew, with the token, and keys of the id that Retry has chosen. */
	h = (struct long_head){ SEAL_INITIAL, "\xf0\x67\xa5\x50\x2a\x42\x62\xb5", "", "token", 3 };
	seal_initial(&t.initial[CLIENT], SEAL_V1, h.dcid, 8, false);
	pth_buf_cut(&b, 0);
	put_long(&b, &t.initial[CLIENT], &h, &f);
	talk_send(&t, 3, CLIENT, &b);
	CHECK_STR(dissected_lines(&x), "f067a5502a4262b5  3 0     746f6b656e|");
	CHECK_INT(pth_dissect_quic(x.d)->retries, 1);
	CHECK_INT(pth_dissect_quic(x.d)->connections, 1);
	pth_buf_release(&b);
	pth_buf_release(&f);
	end(&t, &x);
}

static void
negotiation(void)
{
	struct dissected x;
	struct talk t;

	begin(&t, &x, "quic.version quic.supported_version quic.fixed_bit quic.scid quic.dcid",
	    SEAL_V1, 0x1301);
	talk_hello(&t, 0);
	send_hex(&t, 1, SERVER, "80 00000000 04 636c6e74 08 6669727374647374 00000001 6b3343cf 0a");
	CHECK_STR(dissected_lines(&x),
	    "0x00000001  1 636c6e74 6669727374647374|"
	    "0x00000000 0x00000001,0x6b3343cf  6669727374647374 636c6e74|");
	CHECK_INT(pth_dissect_quic(x.d)->negotiations, 1);
	CHECK_INT(pth_dissect_quic(x.d)->versions_seen, 1); /* 0 is none */
	end(&t, &x);
	/* A version that nobody knows: its ids, which are of any version (RFC 8999). */
	begin(&t, &x, "quic.version quic.dcid quic.packet_number", SEAL_V1, 0x1301);
	talk_hello(&t, 0);
	send_hex(&t, 1, CLIENT, "c0 0a0a0a0a 08 6669727374647374 00 0011223344");
	CHECK_STR(
	    dissected_lines(&x), "0x00000001 6669727374647374 0|0x0a0a0a0a 6669727374647374 |");
	end(&t, &x);
}

/* A packet of 1-RTT with a number in so many bytes. */
static void
send_number(struct talk *t, int64_t ms, uint64_t number, int bytes)
{
	struct pth_buf b = PTH_BUF_INIT, f = PTH_BUF_INIT;

	put_zeros(&f, 4);
	put_be(&b, 0x40 | (unsigned)(bytes - 1), 1);
	pth_buf_adds(&b, t->id[ID_SERVER]);
	put_be(&b, number & (((uint64_t)1 << 8 * bytes) - 1), bytes);
	seal_packet(&b, 0, &t->data[CLIENT], number, bytes, &f);
	talk_send(t, ms, CLIENT, &b);
	pth_buf_release(&b);
	pth_buf_release(&f);
}

static void
numbers(void)
{
	static const struct {
		uint64_t number;
		int bytes;
		const char *is;
	} v[] = {
		{ 0, 1, "0" },
		{ 127, 1, "127" },
		{ 200, 1, "200" },
		{ 255, 1, "255" },
		{ 256, 1, "256" },
		{ 250, 1, "250" }, /* late */
		{ 384, 1, "384" }, /* 257 + 127 */
		{ 513, 1, "513" }, /* 385 + 128 */
		{ 643, 1, "" },    /* and beyond 514 + 128: what it is taken for does not decrypt */
		{ 40000, 3, "40000" },
		{ 0xa82f30ea, 4, "2821665002" },
		{ 0xa82f9b32, 2, "2821692210" }, /* RFC 9000, A.3 */
		{ 0xa82f9b31, 4, "2821692209" },
		{ 0x100000000 - 1, 4, "4294967295" },
		{ 0x100000000, 1, "4294967296" },
		{ 0xffffffff, 2, "4294967295" },
	};
	struct dissected x;
	struct talk t;

	begin(&t, &x, "quic.packet_number", SEAL_V1, 0x1301);
	talk_handshake(&t, 0);
	dissected_lines(&x);
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf want = PTH_BUF_INIT;

		send_number(&t, 30, v[i].number, v[i].bytes);
		pth_buf_addf(&want, "%s|", v[i].is);
		CHECK_STR(dissected_lines(&x), want.s);
		pth_buf_release(&want);
	}
	CHECK_INT(pth_dissect_quic(x.d)->end[CLIENT].undecrypted, 1);
	end(&t, &x);
}

/* Frames, the fields that they have, and what of a packet can be read. */
static void
frames(void)
{
	static const struct {
		const char *hex, *fields, *values;
	} v[] = {
		{ "00 00 00 00", "quic.frame_type", "0" },
		{ "01 00 00 01", "quic.frame_type", "1,0,1" },
		{ "02 05 07 01 01 00 02",
		    "quic.frame_type quic.ack.largest_acknowledged quic.ack.ack_delay "
		    "quic.ack.ack_range_count quic.ack.first_ack_range quic.ack.gap "
		    "quic.ack.ack_range",
		    "2 5 7 1 1 0 2" },
		{ "03 09 00 00 00 01 02 44d2",
		    "quic.frame_type quic.ack.ect0_count quic.ack.ect1_count "
		    "quic.ack.ecn_ce_count",
		    "3 1 2 1234" },
		{ "04 04 4100 52d3",
		    "quic.frame_type quic.rsts.stream_id quic.rsts.application_error_code "
		    "quic.rsts.final_size",
		    "4 4 256 4819" },
		{ "05 04 4100", "quic.frame_type quic.ss.stream_id quic.ss.application_error_code",
		    "5 4 256" },
		{ "06 05 02 6162 01", "quic.frame_type quic.crypto.offset quic.crypto.length",
		    "6,1 5 2" },
		{ "07 03 616263", "quic.frame_type quic.nt.length quic.nt.token", "7 3 616263" },
		{ "08 04 616263",
		    "quic.frame_type quic.stream.stream_id quic.stream.offset quic.stream.length "
		    "quic.stream.fin",
		    "8 4   0" },
		{ "0f 04 4005 02 6162 01",
		    "quic.frame_type quic.stream.stream_id quic.stream.offset quic.stream.length "
		    "quic.stream.fin",
		    "15,1 4 5 2 1" },
		{ "0d 04 05 61 62", "quic.frame_type quic.stream.offset quic.stream.length",
		    "13 5 " },
		{ "10 8001 0000 01", "quic.frame_type quic.md.maximum_data", "16,1 65536" },
		{ "11 04 05 01", "quic.frame_type quic.msd.stream_id quic.msd.maximum_stream_data",
		    "17,1 4 5" },
		{ "12 05 13 06", "quic.frame_type quic.ms.max_streams", "18,19 5,6" },
		{ "14 05 15 04 06", "quic.frame_type quic.sb.stream_data_limit quic.sdb.stream_id",
		    "20,21 5,6 4" },
		{ "16 05 17 06", "quic.frame_type quic.sib.stream_limit", "22,23 5,6" },
		{ "18 02 01 04 61626364 000102030405060708090a0b0c0d0e0f",
		    "quic.frame_type quic.nci.sequence quic.nci.retire_prior_to "
		    "quic.nci.connection_id.length quic.nci.connection_id "
		    "quic.nci.stateless_reset_token",
		    "24 2 1 4 61626364 000102030405060708090a0b0c0d0e0f" },
		{ "19 02 01 01", "quic.frame_type quic.rci.sequence", "25,1,1 2" },
		{ "1a 0001020304050607 1b 0706050403020100",
		    "quic.frame_type quic.path_challenge.data quic.path_response.data",
		    "26,27 0001020304050607 0706050403020100" },
		{ "1c 0a 06 02 6f6b",
		    "quic.frame_type quic.cc.error_code quic.cc.frame_type "
		    "quic.cc.reason_phrase.length quic.cc.reason_phrase",
		    "28 10 6 2 ok" },
		{ "1d 4100 02 6f6b", "quic.frame_type quic.cc.error_code.app quic.cc.reason_phrase",
		    "29 256 ok" },
		{ "1e 1f 01 01", "quic.frame_type", "30,31,1,1" },
		{ "30 616263", "quic.frame_type quic.dg", "48 616263" },
		{ "31 02 6162 01", "quic.frame_type quic.dg", "49,1 6162" },
		{ "40af 01 02 4003 00",
		    "quic.frame_type quic.af.sequence_number quic.af.ack_eliciting_threshold "
		    "quic.af.request_max_ack_delay",
		    "175 1 2 3" },
		/* What breaks off, or is none: the type, and nothing behind. */
		{ "01 20 01 01", "quic.frame_type", "1,32" },
		{ "01 4300 01", "quic.frame_type", "1,768" },
		{ "01 01 01 40", "quic.frame_type", "1,1,1" },
		{ "02 05 07 01", "quic.frame_type quic.ack.ack_range_count", "2 1" },
		{ "02 05 00 00 06 01", "quic.frame_type", "2" },       /* more than there are */
		{ "02 05 00 01 01 03 00 01", "quic.frame_type", "2" }, /* ... behind a gap */
		{ "02 05 00 01 01 00 03 01", "quic.frame_type", "2" },
		{ "02 05 00 bfffffff 00 00 00 01", "quic.frame_type", "2" },
		{ "06 00 05 616263", "quic.frame_type quic.crypto.length", "6 5" },
		{ "06 00 ffffffffffffffff 61", "quic.frame_type", "6" },
		{ "0a 00 05 616263", "quic.frame_type quic.stream.length", "10 5" },
		{ "18 02 01 15 6162636465666768696a6b6c6d6e6f707172737475 000102030405060708090a0b"
		  "0c0d0e0f",
		    "quic.frame_type quic.nci.connection_id.length", "24 " },
		{ "18 02 01 00 000102030405060708090a0b0c0d0e0f", "quic.frame_type", "24" },
		{ "1a 00010203040506", "quic.frame_type quic.path_challenge.data", "26 " },
		{ "1c 0a 06 05 6f6b", "quic.frame_type quic.cc.reason_phrase", "28 " },
		{ "31 05 6162", "quic.frame_type quic.dg", "49 " },
	};

	bool broken = false; /* from that row on */

	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf want = PTH_BUF_INIT;
		struct dissected x;
		struct talk t;

		begin(&t, &x, v[i].fields, SEAL_V1, 0x1301);
		talk_handshake(&t, 0);
		dissected_lines(&x);
		talk_short(&t, 30, i % 2 == 0 ? CLIENT : SERVER, 0, v[i].hex);
		pth_buf_addf(&want, "%s|", v[i].values);
		if (!CHECK(strcmp(x.lines.s, want.s) == 0))
			printf("    %s: %s, not %s\n", v[i].hex, x.lines.s, want.s);
		broken = broken || strcmp(v[i].hex, "01 20 01 01") == 0;
		if (!CHECK(pth_dissect_frames(x.d)->odd == broken))
			printf("    %s: %s\n", v[i].hex, broken ? "not broken" : "broken");
		pth_buf_release(&want);
		end(&t, &x);
	}
}

/* A hello in several frames and packets, in any order. */
static void
hello_in_parts(void)
{
	static const struct {
		size_t from, to;
	} parts[] = { { 40, 50 }, { 10, 45 }, { 5, 10 }, { 0, 5 } };
	struct pth_buf m = PTH_BUF_INIT;
	struct dissected x;
	struct talk t;

	begin(&t, &x, "quic.crypto.offset quic.packet_number quic.key_phase", SEAL_V1, 0x1301);
	put_client_hello(&m, t.random, 0x1301, "h3");
	for (size_t i = 0; i <= countof(parts); i++) {
		struct pth_buf f = PTH_BUF_INIT, b = PTH_BUF_INIT, part = PTH_BUF_INIT;
		size_t from = i < countof(parts) ? parts[i].from : 50;
		size_t to = i < countof(parts) ? parts[i].to : m.len;

		pth_buf_add(&part, m.s + from, to - from);
		put_crypto(&f, from, &part);
		talk_long(&t, &b, 0, CLIENT, &f);
		talk_send(&t, 0, CLIENT, &b);
		pth_buf_release(&f);
		pth_buf_release(&b);
		pth_buf_release(&part);
	}
	talk_answer(&t, 1);
	talk_short(&t, 2, CLIENT, 0, "01");
	CHECK_STR(dissected_lines(&x), "40 0 |10 1 |5 2 |0 3 |50 4 |0,0 0,0 | 0 0|");
	pth_buf_release(&m);
	end(&t, &x);
}

/* Keys that come late, of another connection, none. */
static void
keys(void)
{
	struct dissected x;
	struct talk t;

	begin(&t, &x, "quic.packet_number", SEAL_V1, 0x1302);
	pth_dissect_free(x.d);
	x.d = pth_dissect_new(&x.how); /* without keys */
	talk_handshake(&t, 0);
	talk_short(&t, 30, CLIENT, 0, "01");
	CHECK_STR(dissected_lines(&x), "0|0|||");
	pth_dissect_keys(x.d, t.log.s, t.log.len);
	talk_short(&t, 31, CLIENT, 0, "01");
	CHECK_STR(dissected_lines(&x), "1|");
	end(&t, &x);
	unit("keys of another connection");
	begin(&t, &x, "quic.packet_number", SEAL_V1, 0x1301);
	t.random = 'r';
	talk_handshake(&t, 0);
	talk_short(&t, 30, CLIENT, 0, "01");
	CHECK_STR(dissected_lines(&x), "0|0|||");
	end(&t, &x);
	unit("keys that are not those of the packets");
	begin(&t, &x, "quic.packet_number", SEAL_V1, 0x1301);
	seal_secret(&t.data[CLIENT], SEAL_V1, 0x1301, 'x');
	talk_handshake(&t, 0);
	talk_short(&t, 30, CLIENT, 0, "01");
	talk_short(&t, 31, SERVER, 0, "01");
	CHECK_STR(dissected_lines(&x), "0|0,0|0||0|");
	end(&t, &x);
}

static void
updates(uint32_t version)
{
	uint8_t secret[2][32];
	struct dissected x;
	struct seal before;
	struct talk t;

	begin(&t, &x, "quic.packet_number quic.key_phase", version, 0x1301);
	memset(secret[CLIENT], 'c', 32);
	memset(secret[SERVER], 'd', 32);
	talk_handshake(&t, 0);
	dissected_lines(&x);
	talk_short(&t, 30, CLIENT, 0, "01");
	before = t.data[CLIENT];
	next_phase(&t.data[CLIENT], secret[CLIENT], version);
	talk_short(&t, 31, CLIENT, SHORT_PHASE, "01");
	CHECK_STR(dissected_lines(&x), "0 0|1 1|");
	/* One of the phase before is late. */
	struct seal now = t.data[CLIENT];
	t.data[CLIENT] = before;
	talk_short(&t, 32, CLIENT, 0, "01");
	t.data[CLIENT] = now;
	talk_short(&t, 33, CLIENT, SHORT_PHASE, "01");
	CHECK_STR(dissected_lines(&x), "2 0|3 1|");
	/* The server follows, and the client goes on. */
	next_phase(&t.data[SERVER], secret[SERVER], version);
	talk_short(&t, 34, SERVER, SHORT_PHASE, "01");
	next_phase(&t.data[CLIENT], secret[CLIENT], version);
	talk_short(&t, 35, CLIENT, 0, "01");
	CHECK_STR(dissected_lines(&x), "0 1|4 0|");
	/* A bit that has turned by chance is none. */
	t.data[CLIENT].iv[0] ^= 1;
	talk_short(&t, 36, CLIENT, SHORT_PHASE, "01");
	t.data[CLIENT].iv[0] ^= 1;
	talk_short(&t, 37, CLIENT, 0, "01");
	CHECK_STR(dissected_lines(&x), " |6 0|");
	CHECK_INT(pth_dissect_frames(x.d)->odd, 0);
	CHECK_INT(pth_dissect_quic(x.d)->end[CLIENT].updates, 2);
	CHECK_INT(pth_dissect_quic(x.d)->end[SERVER].updates, 1);
	CHECK_INT(pth_dissect_quic(x.d)->end[CLIENT].undecrypted, 1);
	end(&t, &x);
}

/* What is behind the packets of a datagram; packets that lie about their length. */
static void
junk(void)
{
	struct pth_buf b = PTH_BUF_INIT, f = PTH_BUF_INIT;
	struct dissected x;
	struct talk t;

	begin(&t, &x, "quic.packet_length quic.length quic.packet_number", SEAL_V1, 0x1301);
	talk_hello(&t, 0);
	dissected_lines(&x);
	put_zeros(&f, 100);
	talk_long(&t, &b, 0, CLIENT, &f);
	put_zeros(&b, 50);
	talk_send(&t, 1, CLIENT, &b);
	CHECK_STR(dissected_lines(&x), "140 118 1|");
	b.len = 100; /* breaks off */
	talk_send(&t, 2, CLIENT, &b);
	CHECK_STR(dissected_lines(&x), "100  |");
	for (size_t n = 25; n > 0; n--) {
		b.len = n;
		talk_send(&t, 2, CLIENT, &b);
		CHECK(x.lines.len > 0);
		dissected_lines(&x);
	}
	pth_buf_release(&b);
	pth_buf_release(&f);
	end(&t, &x);
}

/* A datagram of a port that is said to speak QUIC is not as long as the ids of its connection: it
 * has no id that can be shown. */
static void
too_short(void)
{
	static const struct pth_speaks speaks = { true, 443, PTH_F_QUIC };
	struct pth_buf b = PTH_BUF_INIT;
	struct dissected x;
	struct talk t;

	dissected_begin(&x, "quic.header_form quic.dcid quic.packet_length", &speaks, 1);
	talk_begin(&t, SEAL_V1, 0x1301, "h3");
	t.take = dissected_frame;
	t.arg = &x;
	talk_handshake(&t, 0);
	dissected_lines(&x);
	put_hex(&b, "40 0102");
	talk_send(&t, 30, CLIENT, &b);
	CHECK_STR(dissected_lines(&x), "0  3|");
	pth_buf_release(&b);
	end(&t, &x);
}

int
main(void)
{
	unit("a datagram that is shorter than an id");
	too_short();
	unit("headers of both versions");
	headers();
	unit("packets of RFC 9001, Retry");
	examples();
	unit("Version Negotiation");
	negotiation();
	unit("packet numbers");
	numbers();
	unit("frames");
	frames();
	unit("a hello in parts");
	hello_in_parts();
	unit("keys that come late");
	keys();
	unit("key updates");
	updates(SEAL_V1);
	updates(SEAL_V2);
	unit("what is behind packets, and what breaks off");
	junk();
	return unit_done();
}
