/* What the numbers of a test lack, and what captures lost. */
#include "collect/gap.h"

#include <math.h>
#include <string.h>

#include "collect/losses.h"
#include "quoted.h"
#include "unit.h"

static void
captured(void)
{
	static const char *const yes[] = { "packets", "bytes", "captured_us", "dropped", "omitted",
		"discarded", "connections", "handshake_us", "handshakes", "confirmed_us",
		"versions", "http3_frames", "retransmissions", "quic.x", "tcp.x",
		"protocols.x.packets" };
	static const char *const no[] = { "duration_us", "quic", "tcp", "goodput_bps", "k",
		"services.s.user_us", "transfer.bytes", "packet", "" };

	unit("numbers that only a capture has");
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		CHECK(pth_gap_needs_capture(yes[i]));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		CHECK(!pth_gap_needs_capture(no[i]));
}

/* Which numbers a gap of a kind is about: '=' not, '>' there may be more, 'x' nothing is known. */
static void
spans(void)
{
	static const struct {
		const char *path, *marks; /* capture, contents, artifacts, samples, filters */
	} v[] = {
		{ "packets", ">====" },
		{ "bytes", ">====" },
		{ "captured_us", ">====" },
		{ "duration_us", "=====" },
		{ "dropped", "=====" },
		{ "omitted", "=====" },
		{ "discarded", "=====" },
		{ "protocols.udp.packets", ">====" },
		{ "quic.connections", ">====" },
		{ "quic.handshakes", ">====" },
		{ "quic.handshake_us", "x====" },
		{ "quic.confirmed_us", "xx===" },
		{ "quic.http3_frames", ">>===" },
		{ "quic.first_byte_us", "xx===" },
		{ "quic.handshake_bytes", ">====" },
		{ "quic.early_packets", ">====" },
		{ "quic.amplification", "x====" },
		{ "quic.retries", ">====" },
		{ "quic.migrations", "xx===" },
		{ "quic.path_challenges", ">>===" },
		{ "quic.datagram_frames", ">>===" },
		{ "quic.client.packets", ">====" },
		{ "quic.client.largest_datagram", ">====" },
		{ "quic.client.undecrypted", "x====" },
		{ "quic.server.stream_bytes", ">>===" },
		{ "quic.server.rtt_us", "xx===" },
		{ "quic.server.lost", "xx===" },
		{ "quic.http.requests", ">>===" },
		{ "quic.http.bytes", ">>===" },
		{ "tcp.handshake_us", "x====" },
		{ "tcp.http.requests", ">>===" },
		{ "tcp.http.bytes", ">>===" },
		{ "tcp.client.undecrypted", "x====" },
		{ "tcp.client.rtt_us", "x====" },
		{ "tcp.server.resets", ">====" },
		{ "transfer.bytes", "==>==" },
		{ "transfer.files", "==>==" },
		{ "transfer.goodput_bps", "x=x==" },
		{ "transfer.duration_us", "x=x==" },
		{ "services.s.peak.max_fds", "===>=" },
		{ "services.s.peak.mean_cpu_percent", "===x=" },
		{ "services.s.peak.samples", "===>=" },
		{ "services.s.traffic.sent_bytes", ">==>=" },
		{ "services.s.user_us", "=====" },
		{ "measures.s.k", "==>==" },
	};
	static const char *const kinds[] = { "capture", "contents", "artifacts", "samples",
		"filters" };

	unit("which numbers a gap is about");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		char marks[6] = "";

		for (size_t k = 0; k < 5; k++) {
			json_t *m = json("{'transfer':{'measured':'capture'}}");
			struct pth_buf why = PTH_BUF_INIT;
			struct pth_span s;

			pth_gap_add(m, kinds[k], true, "%s", "why");
			s = pth_gap_metric(m, v[i].path, 5, &why);
			marks[k] = s.least == 5 && s.most == 5 ? '=' :
			    s.least == 5 && isinf(s.most)      ? '>' :
			    isinf(s.least) && isinf(s.most)    ? 'x' :
			                                         '!';
			CHECK((why.len > 0) == (marks[k] != '='));
			pth_buf_release(&why);
			json_decref(m);
		}
		if (!CHECK(strcmp(marks, v[i].marks) == 0))
			printf("    %s: %s, not %s\n", v[i].path, marks, v[i].marks);
	}
}

/* '=' when a gap of the kind is not about the filter, '>' there may be more, 'x' nothing is known.
 */
static char
mark_of(const char *kind, const char *filter, bool by_tshark)
{
	json_t *m = json_object();
	struct pth_buf why = PTH_BUF_INIT;
	struct pth_span s;
	char mark;

	pth_gap_add(m, kind, true, "%s", "why");
	s = pth_gap_packets(m, filter, by_tshark, 5, &why);
	mark = s.least == 5 && s.most == 5 ? '=' : s.least == 5 ? '>' : 'x';
	CHECK((why.len > 0) == (mark != '='));
	pth_buf_release(&why);
	json_decref(m);
	return mark;
}

static void
filters(void)
{
	static const struct {
		const char *filter, *marks; /* capture, contents */
	} v[] = {
		{ "udp", ">=" },
		{ "udp.port == 4433", ">=" },
		{ "ip.addr == 10.0.0.1 and tcp", ">=" },
		{ "frame.len >= 100", ">=" },
		{ "quic", ">=" },
		{ "quic.version == 0x1", ">=" },
		{ "quic.long.packet_type == 0", ">=" },
		{ "quic.long", ">=" },
		{ "tls.handshake.type == 1", ">=" },
		{ "tls.record.version", ">=" },
		{ "tls.handshake.extensions", ">>" },
		{ "quic.frame_type == 6", ">>" },
		{ "quic.connections", ">>" },
		{ "quicx", ">>" },
		{ "udpx", ">>" },
		{ "http3", ">>" },
		{ "http", ">>" },
		{ "udp contains \"x\"", ">>" }, /* a word that is not understood */
		{ "not udp", "x=" },
		{ "!udp", "x=" },
		{ "udp xor tcp", "x=" },
		{ "tcp.analysis.retransmission", "x=" },
		{ "udp != 1 and http3", "xx" },
		{ "udp in {1, 2}", ">=" },
	};

	unit("what a filter may have missed");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		const char marks[] = { mark_of("capture", v[i].filter, false),
			mark_of("contents", v[i].filter, false), '\0' };

		if (!CHECK(strcmp(marks, v[i].marks) == 0))
			printf("    %s: %s, not %s\n", v[i].filter, marks, v[i].marks);
		/* Who has counted is of no importance for what the capture lacks. */
		CHECK_INT(mark_of("capture", v[i].filter, true), *marks);
		CHECK_INT(mark_of("contents", v[i].filter, true), marks[1]);
		/* What tshark did not say is missing as what was not captured, of its own filters.
		 */
		CHECK_INT(mark_of("filters", v[i].filter, true), *marks);
		CHECK_INT(mark_of("filters", v[i].filter, false), '=');
	}
}

static void
texts(void)
{
	json_t *m = json_object();
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_span s;

	unit("several gaps, and their reasons");
	pth_gap_texts(m, NULL, &b);
	CHECK_INT(b.len, 0);
	pth_gap_add(m, "capture", true, "one %d", 1);
	pth_gap_add(m, "samples", true, "two");
	pth_gap_add(m, "capture", false, "three");
	pth_gap_texts(m, NULL, &b);
	CHECK_STR(b.s, "one 1; two; three");
	pth_buf_cut(&b, 0);
	pth_gap_texts(m, "capture", &b);
	CHECK_STR(b.s, "one 1; three");
	pth_buf_cut(&b, 0);
	s = pth_gap_metric(m, "packets", 1, &b);
	CHECK(isinf(s.least) && isinf(s.most));
	CHECK_STR(b.s, "one 1; three");
	CHECK(json_is_true(pth_json_path(m, "incomplete.0.least")));
	CHECK(json_is_false(pth_json_path(m, "incomplete.2.least")));
	pth_buf_release(&b);
	json_decref(m);
}

static void
losses(void)
{
	static const struct {
		const char *result; /* its capture and services */
		const char *plan;
		const char *notes, *files, *all_files, *added;
		int recorded;
		int64_t all, most;
	} v[] = {
		{ "'capture':{'file':'c','packets':9,'dropped':1}", "", "capture lost 1 packet",
		    "[['c']]", "[['c']]", "{'dropped':1}", 1, 9, 9 },
		{ "'capture':{'file':'c','files':['c_1','c_2',7],'packets':9,'discarded':2,"
		  "'omitted':0,'dropped':0}",
		    "", "capture keeps its newest files, 2 packets went with others",
		    "[['c_1','c_2']]", "[['c_1','c_2']]", "{'dropped':0,'omitted':0,'discarded':2}",
		    1, 9, 9 },
		{ "'capture':{'file':'c','omitted':1}", "",
		    "capture ended at max_size, 1 packet came after", "[['c']]", "[['c']]",
		    "{'omitted':1}", 0, 0, 0 },
		{ "'capture':{'file':'c','packets':3,'omitted':3,'error':'disk full'}", "",
		    "disk full; 3 packets not written", "[['c']]", "[['c']]", "{'omitted':3}", 1, 3,
		    3 },
		{ "'capture':null", "", "", "[]", "[]", "{}", 1, 0, 0 },
		{ "'capture':{'error':'no right'}", "", "no right", "[]", "[]", "{}", 1, 0, 0 },
		/* Of the services, when there is none of the test. */
		{ "'services':{'a':{'capture':{'file':'a/c','packets':2,'dropped':1}},"
		  "'b':{'capture':{'file':'b/c','packets':3,'dropped':2}},'c':{}}",
		    "", "a: capture lost 1 packet; b: capture lost 2 packets", "[['a/c'],['b/c']]",
		    "[['a/c'],['b/c']]", "{'dropped':3}", 1, 5, 3 },
		{ "'services':{'a':{'capture':{'file':'a/c','packets':2}},"
		  "'b':{'capture':{'file':'b/c','packets':3}}}",
		    "{'name':'a','capture':{'interface':'lo','filter':'f'}},"
		    "{'name':'b','capture':{'interface':'lo','filter':'g'}}",
		    "", "[['a/c'],['b/c']]", "[['a/c'],['b/c']]", "{}", 1, 5, 3 },
		{ "'services':{'a':{'capture':{'file':'a/c','packets':2}},"
		  "'b':{'capture':{'file':'b/c','packets':3}}}",
		    "{'name':'a','capture':{'interface':'lo','filter':'f'}},"
		    "{'name':'b','capture':{'interface':'eth0','filter':'f'}}",
		    "", "[['a/c'],['b/c']]", "[['a/c'],['b/c']]", "{}", 1, 5, 3 },
		/* The first of them could not be made. */
		{ "'services':{'a':{'capture':{'error':'x'}},"
		  "'b':{'capture':{'file':'b/c','packets':3}}}",
		    "{'name':'a','capture':{'interface':'lo','filter':'f'}},"
		    "{'name':'b','capture':{'interface':'lo','filter':'f'}}",
		    "a: x", "[['b/c']]", "[['b/c']]", "{}", 1, 3, 3 },
		/* The test's own has all that those of services have. */
		{ "'capture':{'file':'c','packets':9},"
		  "'services':{'a':{'capture':{'file':'a/c','packets':2,'dropped':5}},"
		  "'b':{'capture':{'file':'c','packets':9}}}",
		    "", "", "[['c']]", "[['c'],['a/c']]", "{}", 1, 9, 9 },
	};

	unit("the captures of a result, and what they lost");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct pth_buf b = PTH_BUF_INIT, notes = PTH_BUF_INIT;
		json_t *rec, *files, *all, *m = json_object();
		json_t *want = json(v[i].files), *want_all = json(v[i].all_files);
		json_t *added = json(v[i].added);
		int64_t n = 0, most = 0;
		bool known;

		pth_buf_addf(
		    &b, "{'result':{%s},'plan':{'services':[%s]}}", v[i].result, v[i].plan);
		rec = json(b.s);
		files = pth_losses_files(rec, false);
		all = pth_losses_files(rec, true);
		CHECK(json_equal(files, want) != 0);
		CHECK(json_equal(all, want_all) != 0);
		pth_losses_notes(rec, false, &notes);
		CHECK_STR(notes.s != NULL ? notes.s : "", v[i].notes);
		pth_losses_add(rec, m);
		CHECK(json_equal(m, added) != 0);
		known = pth_losses_recorded(rec, &n, &most);
		CHECK_INT(known, v[i].recorded);
		if (known) {
			CHECK_INT(n, v[i].all);
			CHECK_INT(most, v[i].most);
		}
		json_decref(files);
		json_decref(all);
		json_decref(want);
		json_decref(want_all);
		json_decref(added);
		json_decref(m);
		json_decref(rec);
		pth_buf_release(&b);
		pth_buf_release(&notes);
	}
}

int
main(void)
{
	captured();
	spans();
	filters();
	texts();
	losses();
	return unit_done();
}
