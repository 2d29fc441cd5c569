/* What is counted of QUIC connections; the numbers by hand. */
#include "dissect/quic.h"
#include "dissect/quiet.h"

#include "dissected.h"
#include "quic_talk.h"

#define MS 1000000

static struct pth_quic_stat *
begin(struct talk *t, struct dissected *x)
{
	dissected_begin(x, "quic.packet_number", NULL, 0);
	talk_begin(t, SEAL_V1, 0x1301, "h3");
	t->take = dissected_frame;
	t->arg = x;
	pth_dissect_keys(x->d, t->log.s, t->log.len);
	return NULL;
}

static void
end(struct talk *t, struct dissected *x)
{
	talk_end(t);
	dissected_end(x);
}

/* Ten packets of the client, 0 to 9 at 30 to 39 ms, that ask for an acknowledgement. */
static void
ten(struct talk *t)
{
	talk_handshake(t, 0);
	for (int i = 0; i < 10; i++)
		talk_short(t, 30 + i, CLIENT, 0, "01");
}

/* What is lost of the ten, by what the server acknowledges. */
static void
losses(void)
{
	static const struct {
		const char *acks[3];
		int lost;
	} v[] = {
		{ { "02 09 00 00 09" }, 0 },                   /* 0 to 9 */
		{ { "02 09 00 00 00" }, 7 },                   /* 9: 0 to 6 are 3 below */
		{ { "02 02 00 00 00" }, 0 },                   /* 2 */
		{ { "02 03 00 00 00" }, 1 },                   /* 3: 0 */
		{ { "02 09 00 01 01 02 02" }, 4 },             /* 8-9, 2-4: of the rest not 7 */
		{ { "02 09 00 00 00", "02 09 00 00 09" }, 0 }, /* late, but named */
		{ { "02 09 00 00 00", "02 03 00 00 03" }, 3 }, /* 4, 5, 6 */
		{ { "02 40ff 00 00 00" }, 10 },                /* of one that was never sent */
		{ { "" }, 0 },
	};

	for (size_t i = 0; i < countof(v); i++) {
		struct dissected x;
		struct talk t;

		begin(&t, &x);
		ten(&t);
		for (int k = 0; k < 3 && v[i].acks[k] != NULL; k++)
			talk_short(&t, 50 + k, SERVER, 0, v[i].acks[k]);
		if (!CHECK((int)pth_dissect_quic(x.d)->end[CLIENT].lost == v[i].lost))
			printf(
			    "    row %zu: %d\n", i, (int)pth_dissect_quic(x.d)->end[CLIENT].lost);
		CHECK_INT(pth_dissect_quic(x.d)->end[SERVER].lost, 0);
		end(&t, &x);
	}
}

static void
not_lost(void)
{
	struct dissected x;
	struct talk t;

	/* Those that do not ask: ACK, PADDING, CONNECTION_CLOSE. */
	begin(&t, &x);
	talk_handshake(&t, 0);
	talk_short(&t, 30, CLIENT, 0, "00 00 00 00");
	talk_short(&t, 31, CLIENT, 0, "02 00 00 00 00");
	talk_short(&t, 32, CLIENT, 0, "1d 00 00 00");
	talk_short(&t, 33, CLIENT, 0, "01");
	t.number[2][CLIENT] = 20;
	talk_short(&t, 34, CLIENT, 0, "01");
	talk_short(&t, 50, SERVER, 0, "02 14 00 00 00");
	CHECK_INT(pth_dissect_quic(x.d)->end[CLIENT].lost, 1); /* number 3 */
	end(&t, &x);
}

static void
round_trips(void)
{
	struct pth_quic_stat *s;
	struct dissected x;
	struct talk t;

	begin(&t, &x);
	ten(&t);
	talk_short(&t, 50, SERVER, 0, "02 04 08 00 04"); /* 4, of 34 ms, delayed 64 us: 16 ms */
	talk_short(&t, 60, SERVER, 0, "02 04 08 00 04"); /* once more says nothing */
	talk_short(&t, 63, SERVER, 0, "02 09 0a 00 09"); /* 9, of 39 ms, delayed 80 us: 24 ms */
	talk_short(&t, 70, SERVER, 0, "02 08 00 00 08"); /* less than the largest */
	s = pth_dissect_quic(x.d);
	/* And of the Initial, 10 ms; the client's acknowledgement is of the server's Handshake. */
	CHECK_INT(s->end[CLIENT].rtt.seen, 3);
	CHECK_INT(s->end[CLIENT].rtt.min, 10 * MS);
	CHECK_INT(s->end[CLIENT].rtt.max, 24 * MS);
	CHECK_INT(pth_samples_percentile(&s->end[CLIENT].rtt, 50), 16 * MS);
	CHECK_INT(s->end[CLIENT].delay.seen, 2);
	CHECK_INT(s->end[CLIENT].delay.min, 64000);
	CHECK_INT(s->end[CLIENT].delay.max, 80000);
	/* 10, then 10 + 6/8 = 10.75, then 10.75 + 13.25/8 = 12.40625. */
	CHECK_INT(s->end[CLIENT].smoothed, 12406250);
	CHECK_INT(s->end[SERVER].rtt.seen, 1);
	CHECK_INT(s->end[SERVER].rtt.max, 10 * MS);
	end(&t, &x);
}

static void
ecn(void)
{
	struct pth_quic_stat *s;
	struct dissected x;
	struct talk t;

	begin(&t, &x);
	ten(&t);
	talk_short(&t, 50, SERVER, 0, "03 04 00 00 04 05 00 00");
	talk_short(&t, 51, SERVER, 0, "03 09 00 00 09 08 01 02");
	talk_short(&t, 52, SERVER, 0, "03 09 00 00 09 07 01 02"); /* late: not less */
	s = pth_dissect_quic(x.d);
	CHECK(s->end[CLIENT].ecn && !s->end[SERVER].ecn);
	CHECK_INT(s->end[CLIENT].ect0, 8);
	CHECK_INT(s->end[CLIENT].ect1, 1);
	CHECK_INT(s->end[CLIENT].ce, 2);
	end(&t, &x);
}

static void
spin(void)
{
	struct pth_quic_stat *s;
	struct dissected x;
	struct talk t;

	begin(&t, &x);
	talk_handshake(&t, 0);
	talk_short(&t, 30, CLIENT, 0, "01");
	talk_short(&t, 40, CLIENT, SHORT_SPIN, "01");
	talk_short(&t, 45, CLIENT, SHORT_SPIN, "01");
	talk_short(&t, 70, CLIENT, 0, "01"); /* 30 ms after it turned */
	t.number[2][CLIENT] = 1;
	talk_short(&t, 71, CLIENT, SHORT_SPIN, "01"); /* late: no turn */
	t.number[2][CLIENT] = 9;
	talk_short(&t, 80, CLIENT, SHORT_SPIN, "01"); /* 10 ms */
	s = pth_dissect_quic(x.d);
	CHECK_INT(s->end[CLIENT].spin.seen, 2);
	CHECK_INT(s->end[CLIENT].spin.max, 30 * MS);
	CHECK_INT(s->end[CLIENT].spin.min, 10 * MS);
	CHECK_INT(s->end[SERVER].spin.seen, 0);
	end(&t, &x);
}

static void
moves(void)
{
	struct pth_quic_stat *s;
	struct dissected x;
	struct talk t;

	begin(&t, &x);
	talk_handshake(&t, 0);
	talk_short(&t, 30, CLIENT, 0, "01");
	t.port[CLIENT] = 50001;
	talk_short(&t, 31, CLIENT, 0, "1a 0001020304050607");
	talk_short(&t, 32, SERVER, 0, "1b 0001020304050607 1a 0001020304050607");
	t.address[CLIENT] = "10.0.0.9";
	talk_short(&t, 33, CLIENT, 0, "1b 0001020304050607");
	talk_short(&t, 34, CLIENT, 0, "30 6162");
	talk_short(&t, 35, CLIENT, 0, "31 02 6162");
	CHECK_STR(dissected_lines(&x), "0|0,0|0|0|1|0|2|3|4|");
	s = pth_dissect_quic(x.d);
	CHECK_INT(s->connections, 1);
	CHECK_INT(s->paths, 2);
	CHECK_INT(s->challenges, 2);
	CHECK_INT(s->responses, 2);
	CHECK_INT(s->datagram_frames, 2);
	end(&t, &x);
}

/* Bytes of streams count once; what comes again is said, and gaps. */
static void
streams(void)
{
	struct pth_quic_stat *s;
	struct dissected x;
	struct talk t;

	begin(&t, &x);
	talk_handshake(&t, 0);
	talk_short(&t, 30, SERVER, 0, "0e 02 00 04 61626364");
	talk_short(&t, 31, SERVER, 0, "0e 02 08 04 61626364");
	talk_short(&t, 32, SERVER, 0, "0e 02 02 08 6162636465666768");    /* 2-9: 4 new */
	talk_short(&t, 33, SERVER, 0, "0e 06 00 02 6162 08 0a 61626364"); /* to the end */
	talk_short(&t, 34, CLIENT, 0, "0e 02 00 04 61626364");            /* another direction */
	s = pth_dissect_quic(x.d);
	CHECK_INT(s->end[SERVER].stream_bytes, 4 + 4 + 4 + 2 + 4);
	CHECK_INT(s->end[SERVER].again_bytes, 4);
	CHECK_INT(s->end[CLIENT].stream_bytes, 4);
	CHECK_INT(pth_samples_percentile(&s->first_byte, 50), 30 * MS);
	CHECK_INT(s->data_first, 1030 * (int64_t)MS);
	CHECK_INT(s->data_last, 1033 * (int64_t)MS);
	CHECK(s->limit == NULL);
	end(&t, &x);
}

/* 1,200 bytes in, 145 out: then the client's address is valid. */
static void
amplification(void)
{
	struct pth_quic_stat *s;
	struct dissected x;
	struct talk t;

	begin(&t, &x);
	talk_hello(&t, 0);
	for (int i = 0; i < 30; i++)
		talk_answer(&t, 1 + i); /* of 145 bytes */
	talk_finish(&t, 50);
	talk_answer(&t, 60);
	s = pth_dissect_quic(x.d);
	CHECK_INT(s->amplification.seen, 1);
	CHECK_INT(s->amplification.max, 30 * 145 * 1000 / 1200);
	CHECK_INT(s->handshake_packets, 1 + 60 + 1 + 2);
	CHECK_INT(s->handshake_bytes, 1200 + 31 * 145 + 42);
	CHECK_INT(s->end[SERVER].datagrams, 31);
	CHECK_INT(s->end[SERVER].packets, 62);
	CHECK_INT(s->end[SERVER].largest, 145);
	CHECK_INT(s->handshake.seen, 0); /* nothing of 1-RTT */
	end(&t, &x);
}

/* 0-RTT, whose numbers are those of 1-RTT; what closes first says why. */
static void
early(void)
{
	struct pth_buf f = PTH_BUF_INIT, b = PTH_BUF_INIT;
	struct long_head h = { SEAL_0RTT, "firstdst", "clnt", NULL, 0 };
	struct pth_quic_stat *s;
	struct dissected x;
	struct seal k;
	struct talk t;

	begin(&t, &x);
	put_log(&t.log, "CLIENT_EARLY_TRAFFIC_SECRET", t.random, 0x1301, 'e');
	pth_dissect_keys(x.d, t.log.s, t.log.len);
	seal_secret(&k, SEAL_V1, 0x1301, 'e');
	talk_hello(&t, 0);
	put_hex(&f, "0b 00 61626364");
	put_long(&b, &k, &h, &f);
	talk_send(&t, 1, CLIENT, &b);
	talk_answer(&t, 2);
	t.number[2][CLIENT] = 1;
	talk_short(&t, 5, CLIENT, 0, "1d 07 02 6f6b");
	talk_short(&t, 6, SERVER, 0, "1c 0a 00 03 656e64");
	CHECK_STR(dissected_lines(&x), "0|0|0,0|1|0|");
	s = pth_dissect_quic(x.d);
	CHECK_INT(s->early_packets, 1);
	CHECK_INT(s->early_bytes, b.len);
	CHECK_INT(s->end[CLIENT].undecrypted, 0);
	CHECK_INT(pth_samples_percentile(&s->handshake, 50), 5 * MS);
	CHECK(s->closed && s->close_app);
	CHECK_INT(s->close_code, 7);
	CHECK_STR(s->close_reason, "ok");
	pth_buf_release(&f);
	pth_buf_release(&b);
	end(&t, &x);
}

/* Ends without ids, told apart by their ports. */
static void
without_ids(void)
{
	struct pth_quic_stat *s;
	struct dissected x;
	struct talk t[2];

	begin(&t[0], &x);
	for (int i = 0; i < 2; i++) {
		struct pth_buf log = t[0].log;

		if (i == 1)
			talk_begin(&t[1], SEAL_V1, 0x1301, "h3");
		t[i].log = i == 1 ? t[i].log : log;
		t[i].take = dissected_frame;
		t[i].arg = &x;
		t[i].id[ID_CLIENT] = "";
		t[i].id[ID_FIRST] = i == 0 ? "firstdst" : "otherdst";
		for (int side = 0; side < 2; side++)
			seal_initial(
			    &t[i].initial[side], SEAL_V1, t[i].id[ID_FIRST], 8, side == SERVER);
		t[i].id[ID_SERVER] = i == 0 ? "srv567" : "srv568";
		t[i].port[CLIENT] = 50000 + (unsigned)i;
		talk_handshake(&t[i], 0);
	}
	for (int i = 0; i < 2; i++) {
		talk_short(&t[i], 30, SERVER, 0, "01");
		talk_short(&t[i], 31, CLIENT, 0, "01");
	}
	CHECK_STR(dissected_lines(&x), "0|0,0|0|0|0,0|0|0|0|0|0|");
	s = pth_dissect_quic(x.d);
	CHECK_INT(s->connections, 2);
	CHECK_INT(s->end[SERVER].undecrypted, 0);
	talk_end(&t[1]);
	end(&t[0], &x);
}

/* What an ICMP message has of a packet is a copy, and counts for nothing. */
static void
copies(void)
{
	struct pth_quic_stat *s;
	struct dissected x;
	struct talk t;
	struct pth_buf icmp = PTH_BUF_INIT, f = PTH_BUF_INIT, b = PTH_BUF_INIT, u = PTH_BUF_INIT;

	begin(&t, &x);
	talk_handshake(&t, 0);
	put_hex(&f, "0e 00 00 04 61626364 1a 0001020304050607");
	put_short(&b, &t.data[CLIENT], 0, t.id[ID_SERVER], 7, &f);
	put_udp_only(&u, t.port[CLIENT], t.port[SERVER], b.s, b.len);
	put_hex(&icmp, "0303000000000000");
	put_ip(&icmp, 17, t.address[CLIENT], t.address[SERVER], u.s, u.len);
	pth_buf_cut(&f, 0);
	put_ether_ip(&f, 1, t.address[SERVER], t.address[CLIENT], icmp.s, icmp.len);
	dissected_frame(&x, 30, &f);
	CHECK_STR(dissected_lines(&x), "0|0,0|0|7|");
	s = pth_dissect_quic(x.d);
	CHECK_INT(s->end[CLIENT].packets, 2);
	CHECK_INT(s->end[CLIENT].stream_bytes, 0);
	CHECK_INT(s->challenges, 0);
	CHECK_INT(s->handshake.seen, 0);
	pth_buf_release(&icmp);
	pth_buf_release(&f);
	pth_buf_release(&b);
	pth_buf_release(&u);
	end(&t, &x);
}

/* More connections than are kept: the quiet ones go, which is said; all are counted. */
static void
many(void)
{
	struct pth_buf b = PTH_BUF_INIT;
	struct dissected x;
	struct talk t;

	begin(&t, &x);
	for (unsigned i = 0; i < 100000; i++) {
		pth_buf_cut(&b, 0);
		put_hex(&b, "c0 ff00001b 08"); /* without salt: no keys are made */
		put_be(&b, i, 8);
		put_hex(&b, "00 00 01 00");
		talk_send(&t, 0, CLIENT, &b);
		if (i == 65535)
			CHECK(pth_dissect_lack(x.d) == NULL);
	}
	CHECK_INT(pth_dissect_quic(x.d)->connections, 100000);
	CHECK_STR(pth_dissect_lack(x.d), QUIET_LIMIT);
	pth_buf_release(&b);
	end(&t, &x);
}

int
main(void)
{
	unit("losses");
	losses();
	not_lost();
	unit("round trips and delays");
	round_trips();
	unit("ECN");
	ecn();
	unit("the spin bit");
	spin();
	unit("migrations, and frames that are counted");
	moves();
	unit("bytes of streams");
	streams();
	unit("amplification before validation");
	amplification();
	unit("0-RTT, and why a connection closes");
	early();
	unit("ends without ids");
	without_ids();
	unit("copies in ICMP messages");
	copies();
	unit("more connections than are told apart");
	many();
	return unit_done();
}
