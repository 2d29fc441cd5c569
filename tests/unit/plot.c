/* Series for plots of connections; the numbers by hand. */
#include "dissect/plot.h"

#include "dissected.h"
#include "io/json.h"
#include "quic_talk.h"

enum { ACK_ONLY = 0x10, PSH_ACK = 0x18, SYN = 2 };

/* The member of a line. */
static const char *
text(const json_t *line, const char *key)
{
	const char *s = json_string_value(json_object_get(line, key));

	return s != NULL ? s : "";
}

/* The points of one series, "ms=value ..." */
static const char *
points(const struct pth_plots *p, const char *series, const char *sender)
{
	static char out[8192];
	struct pth_buf lines = PTH_BUF_INIT, b = PTH_BUF_INIT;
	struct pth_err e;

	pth_plots_lines(p, 1000000000, &lines);
	for (char *s = lines.s, *end; s != NULL && *s != '\0'; s = end + 1) {
		json_t *line, *point;
		size_t i;

		end = strchr(s, '\n');
		line = pth_json_parse(s, (size_t)(end - s), &e);
		CHECK(line != NULL);
		if (strcmp(text(line, "series"), series) == 0 &&
		    strcmp(text(line, "sender"), sender) == 0)
			json_array_foreach(json_object_get(line, "points"), i, point)
				pth_buf_addf(&b, "%g=%g ",
				    json_number_value(json_array_get(point, 0)) * 1000,
				    json_number_value(json_array_get(point, 1)));
		json_decref(line);
	}
	snprintf(out, sizeof out, "%s", b.s != NULL ? b.s : "");
	pth_buf_release(&lines);
	pth_buf_release(&b);
	return out;
}

static struct pth_plots *
begin(struct talk *t, struct dissected *x, unsigned which, size_t most)
{
	struct pth_plots *p = pth_plots_new(which, most);

	dissected_begin(x, "quic.packet_number", NULL, 0);
	dissected_watch(x, pth_plots_watch(p));
	talk_begin(t, SEAL_V1, 0x1301, "h3");
	t->take = dissected_frame;
	t->arg = x;
	pth_dissect_keys(x->d, t->log.s, t->log.len);
	return p;
}

static void
end(struct talk *t, struct dissected *x, struct pth_plots *p)
{
	talk_end(t);
	dissected_end(x);
	pth_plots_free(p);
}

/* A packet of 1-RTT has 25 bytes beside its frames: 1, 6 of its id, 2 of its number, 16 of the tag.
 */
static void
quic(void)
{
	struct pth_buf lines = PTH_BUF_INIT;
	struct dissected x;
	struct talk t;
	struct pth_plots *p = begin(&t, &x, PTH_PLOTS_ALL, 500);

	talk_handshake(&t, 0);
	for (int i = 0; i < 10; i++)
		talk_short(&t, 30 + i, CLIENT, 0, "01 00 00 00");
	talk_short(&t, 50, SERVER, 0, "02 04 00 00 00");       /* 4: 0 and 1 are lost */
	talk_short(&t, 51, SERVER, 0, "02 01 00 00 01");       /* 0 and 1, late */
	talk_short(&t, 52, SERVER, 0, "02 09 00 00 09");       /* all */
	talk_short(&t, 60, CLIENT, 0, "0a 00 03 61 62 63");    /* 3 bytes of stream 0 */
	talk_short(&t, 61, CLIENT, 0, "0e 00 02 03 63 64 65"); /* of its 2 to 5: 2 are new */
	talk_short(&t, 62, CLIENT, 0, "0a 04 01 61");          /* of stream 4 */
	CHECK_STR(points(p, "sequence", "client"), "60=3 61=5 62=6 ");
	CHECK_STR(points(p, "sequence", "server"), "");
	CHECK_STR(points(p, "packet_number", "client"),
	    "30=0 31=1 32=2 33=3 34=4 35=5 36=6 37=7 38=8 39=9 60=10 61=11 62=12 ");
	CHECK_STR(points(p, "packet_number", "server"), "50=0 51=1 52=2 ");
	/* The Initial until it is acknowledged; then each packet, the lost until it is known. */
	CHECK_STR(points(p, "bytes_in_flight", "client"),
	    "0=1200 10=0 30=29 31=58 32=87 33=116 34=145 35=174 36=203 37=232 38=261 39=290 "
	    "50=203 52=0 60=31 61=63 62=92 ");
	/* Of the Initial, of 4 and of 9; of the server's Handshake packet. */
	CHECK_STR(points(p, "rtt", "client"), "10=10 50=16 52=13 ");
	CHECK_STR(points(p, "rtt", "server"), "20=10 ");
	pth_plots_lines(p, 1000000000, &lines);
	CHECK(strstr(lines.s,
	          "{\"series\":\"rtt\",\"unit\":\"ms\",\"protocol\":\"quic\",\"connection\":0,"
	          "\"odcid\":\"6669727374647374\",\"client\":\"10.0.0.1:50000\","
	          "\"server\":\"10.0.0.2:443\",\"sender\":\"server\",\"seen\":1,"
	          "\"points\":[[0.02,10]]}\n") != NULL);
	CHECK(strstr(lines.s, "left_out") == NULL);
	pth_buf_release(&lines);
	end(&t, &x, p);
}

/* The keys of Initial and Handshake packets are thrown away, and with them what is not
 * acknowledged. */
static void
forgotten(void)
{
	struct dissected x;
	struct talk t;
	struct pth_plots *p = begin(&t, &x, 1u << PTH_PLOT_IN_FLIGHT, 500);
	struct pth_buf f = PTH_BUF_INIT, b = PTH_BUF_INIT;

	talk_hello(&t, 0); /* is not acknowledged */
	put_hex(&f, "01 00 00 00");
	talk_long(&t, &b, 1, CLIENT, &f); /* out of order, as it were */
	talk_send(&t, 5, CLIENT, &b);
	CHECK_STR(points(p, "bytes_in_flight", "client"), "0=1200 ");
	talk_answer(&t, 10);
	talk_finish(&t, 20);
	CHECK(strstr(points(p, "bytes_in_flight", "server"), " 20=0 ") != NULL);
	pth_buf_release(&f);
	pth_buf_release(&b);
	end(&t, &x, p);
}

static void
throughput(void)
{
	struct dissected x;
	struct talk t;
	struct pth_plots *p = begin(&t, &x, 1u << PTH_PLOT_THROUGHPUT, 4);

	talk_hello(&t, 0);
	CHECK_STR(points(p, "throughput", "client"), "0=9.6e+06 ");
	CHECK_STR(points(p, "sequence", "client"), "");
	talk_hello(&t, 1);
	talk_hello(&t, 3);
	CHECK_STR(points(p, "throughput", "client"), "0=9.6e+06 1=9.6e+06 2=0 3=9.6e+06 ");
	talk_hello(&t, 5); /* more than four buckets of a ms: three of 2 */
	CHECK_STR(points(p, "throughput", "client"), "0=9.6e+06 2=4.8e+06 4=4.8e+06 ");
	talk_hello(&t, 4000); /* buckets of 1,024 ms */
	CHECK_STR(points(p, "throughput", "client"), "0=37500 1024=0 2048=0 3072=9375 ");
	end(&t, &x, p);
}

static void
segment(struct dissected *x, int64_t ms, bool server, uint32_t seq, uint32_t ack, unsigned flags,
    unsigned n, unsigned port)
{
	const struct segment g = { server ? 80 : port, server ? port : 80, seq, ack, flags, 1000,
		n };
	struct pth_buf f = PTH_BUF_INIT;

	put_tcp(&f, server ? "10.0.0.2" : "10.0.0.1", server ? "10.0.0.1" : "10.0.0.2", &g);
	dissected_frame(x, ms, &f);
	pth_buf_release(&f);
}

static void
tcp(void)
{
	struct pth_plots *p = pth_plots_new(PTH_PLOTS_ALL, 500);
	uint32_t c = 0xffffff00, s = 900; /* the client's numbers wrap */
	struct dissected x;

	dissected_begin(&x, "tcp.stream", NULL, 0);
	dissected_watch(&x, pth_plots_watch(p));
	segment(&x, 0, false, c, 0, SYN, 0, 4000);
	segment(&x, 10, true, s, c + 1, SYN | ACK_ONLY, 0, 4000);
	segment(&x, 11, false, c + 1, s + 1, ACK_ONLY, 0, 4000);
	segment(&x, 20, false, c + 1, s + 1, PSH_ACK, 200, 4000);
	segment(&x, 21, false, c + 201, s + 1, PSH_ACK, 200, 4000);
	segment(&x, 22, false, c + 1, s + 1, PSH_ACK, 200, 4000); /* again */
	segment(&x, 30, true, s + 1, c + 201, ACK_ONLY, 0, 4000);
	segment(&x, 31, true, s + 1, c + 401, PSH_ACK, 50, 4000);
	CHECK_STR(points(p, "sequence", "client"), "20=201 21=401 22=201 ");
	CHECK_STR(points(p, "sequence", "server"), "31=51 ");
	CHECK_STR(points(p, "bytes_in_flight", "client"), "20=200 21=400 22=400 30=200 31=0 ");
	CHECK_STR(points(p, "bytes_in_flight", "server"), "31=50 ");
	CHECK_STR(points(p, "rtt", "client"), "10=10 ");
	CHECK_STR(points(p, "rtt", "server"), "11=1 ");
	CHECK_STR(points(p, "packet_number", "client"), "");
	/* One whose begin is not there: its first byte has the number 1. */
	segment(&x, 40, false, 7000, 1, PSH_ACK, 10, 5000);
	segment(&x, 41, false, 6000, 1, PSH_ACK, 10, 5000); /* before the first */
	CHECK(strstr(points(p, "sequence", "client"), "22=201 40=11 ") != NULL);
	CHECK(strstr(points(p, "sequence", "client"), "41=") == NULL);
	dissected_end(&x);
	pth_plots_free(p);
}

/* More connections than are kept. */
static void
many(void)
{
	struct pth_plots *p = pth_plots_new(PTH_PLOTS_ALL, PTH_PLOT_POINTS_MAX);
	struct pth_buf lines = PTH_BUF_INIT;
	struct dissected x;

	dissected_begin(&x, "tcp.stream", NULL, 0);
	dissected_watch(&x, pth_plots_watch(p));
	for (unsigned i = 0; i < 5; i++)
		for (int k = 0; k < 3; k++)
			segment(&x, 10 * i + (unsigned)k, false, 100 + (unsigned)k * 10, 1, PSH_ACK,
			    10, 4000 + i);
	CHECK_INT(pth_plots_left_out(p), 3);
	pth_plots_lines(p, 0, &lines);
	CHECK(strstr(lines.s, "\"client\":\"10.0.0.1:4001\"") != NULL);
	CHECK(strstr(lines.s, "10.0.0.1:4002") == NULL);
	CHECK(strstr(lines.s, "\n{\"connections_left_out\":3}\n") != NULL);
	pth_buf_release(&lines);
	dissected_end(&x);
	pth_plots_free(p);
}

int
main(void)
{
	unit("series of a QUIC connection");
	quic();
	unit("what is in flight when keys are thrown away");
	forgotten();
	unit("throughput");
	throughput();
	unit("series of TCP connections");
	tcp();
	unit("more connections than are kept");
	many();
	return unit_done();
}
