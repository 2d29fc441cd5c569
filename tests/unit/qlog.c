/* qlog files of every form, and of none. The numbers of those of real implementations are in
 * tests/golden/pth-packets/qlog. */
#include "collect/qlog.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/os.h"
#include "collect/gap.h"
#include "quoted.h"
#include "unit.h"

static int
file_of(const char *text, size_t n)
{
	int fd = memfd_create("qlog", MFD_CLOEXEC);

	CHECK(pth_write_all(fd, text, n) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

/* The numbers of a file, of which the first `begin` bytes were read before. */
static json_t *
numbers(const char *text, size_t n, size_t begin, struct pth_buf *lack, bool *is_one)
{
	struct pth_qlog_sum s = { .files = 0 };
	int fd = file_of(text, n);
	struct pth_qlog *q = pth_qlog_new(fd, text, begin);
	json_t *o;

	CHECK(lseek(fd, (off_t)begin, SEEK_SET) == (off_t)begin);
	*is_one = pth_qlog_sum_add(&s, q, lack);
	o = pth_qlog_sum_json(&s);
	pth_qlog_sum_release(&s);
	pth_qlog_free(q);
	close(fd);
	return o;
}

/* Has the file, with ' in place of ", these numbers, and this lack? */
static bool
reads(const char *text, const char *want, const char *lacks)
{
	struct pth_buf b = PTH_BUF_INIT, lack = PTH_BUF_INIT, again = PTH_BUF_INIT;
	json_t *is, *twice, *w = json(want), *v;
	const char *key;
	bool one, r = true;

	for (const char *s = text; *s != '\0'; s++)
		pth_buf_addc(&b, *s == '\'' ? '"' : *s);
	is = numbers(b.s, b.len, 0, &lack, &one);
	twice = numbers(b.s, b.len, b.len / 2, &again, &one);
	json_object_foreach(w, key, v) {
		const json_t *got = json_object_get(is, key);

		if (json_is_null(v) ? got == NULL : json_equal(got, v) != 0)
			continue;
		char *shown = json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);

		printf("    %s: %s is %s\n", text, key, shown != NULL ? shown : "(nothing)");
		free(shown);
		r = false;
	}
	if (strcmp(lack.len > 0 ? lack.s : "", lacks) != 0) {
		printf("    %s: lack: %s\n", text, lack.len > 0 ? lack.s : "");
		r = false;
	}
	r = r && json_equal(is, twice) != 0;
	json_decref(is);
	json_decref(twice);
	json_decref(w);
	pth_buf_release(&b);
	pth_buf_release(&lack);
	pth_buf_release(&again);
	return r;
}

#define HEAD "{'qlog_version':'0.3','trace':{'vantage_point':{'type':'client'}}}"
#define SENT(t) "{'time':" #t ",'name':'transport:packet_sent'}"
#define METRICS(t, d) "{'time':" #t ",'name':'recovery:metrics_updated','data':{" d "}}"

static void
forms(void)
{
	unit("a sequence with separators, lines, one value");
	CHECK(reads("\x1e" HEAD "\n\x1e" SENT(1) "\n\x1e" SENT(2) "\n",
	    "{'events':2,'traces':1,'packets_sent':2,'traced_us':1000,'formats':['0.3'],"
	    "'vantage_point':'client','packets_lost':null,'rtt_us':null,'close':null,"
	    "'packets_received':null,'congestion_window':null,'key_updates':null}",
	    ""));
	CHECK(reads("\x1e" HEAD "\x1e" SENT(1) "\x1e\x1e" SENT(2), "{'packets_sent':2}", ""));
	CHECK(reads(HEAD "\r\n" SENT(1) "\n\n" SENT(2), "{'events':2,'packets_sent':2}", ""));
	CHECK(reads("\xef\xbb\xbf" HEAD "\n" SENT(1) "\n", "{'packets_sent':1}", ""));
	CHECK(reads("{'traces':[{'events':[" SENT(1) "," SENT(
	                3) "],'vantage_point':"
	                   "{'type':'server'}}],'qlog_version':'0.3'}",
	    "{'events':2,'traces':1,'packets_sent':2,'vantage_point':'server'}", ""));
	CHECK(reads("{\n 'qlog_version': '0.3',\n 'traces': [\n  {\n   'events': [\n    " SENT(
	                1) "\n   ]\n  }\n ]\n}\n",
	    "{'events':1,'packets_sent':1}", ""));

	CHECK(reads("\x1e" HEAD "\n\x1e{\n'time':1,\n'name':'transport:packet_sent'\n}\n",
	    "{'packets_sent':1}", ""));

	unit("several traces: the sums, and the time of the longest");
	CHECK(reads("{'traces':[{'events':[" SENT(1) "," SENT(9) "]},{'events':[" SENT(
	                100) "," SENT(101) "]}]}",
	    "{'traces':2,'events':4,'packets_sent':4,'traced_us':8000}", ""));
	CHECK(reads("{'traces':[{'vantage_point':{'type':'client'},'events':[]},"
	            "{'vantage_point':{'type':'server'},'events':[" SENT(1) "]}]}",
	    "{'traces':2,'vantage_point':'client, server'}", ""));

	unit("groups are told apart");
	CHECK(reads(HEAD "\n{'time':1,'group_id':'a','name':'x'}\n"
	                 "{'time':1,'group_id':'b','name':'x'}\n"
	                 "{'time':1,'group_id':'a','name':'x'}\n",
	    "{'events':3,'groups':2}", ""));

	unit("events that are arrays, with times of us");
	CHECK(reads("{'qlog_version':'draft-00','traces':[{'configuration':{'time_units':'us'},"
	            "'event_fields':['relative_time','path_id','CATEGORY','EVENT_TYPE','DATA'],"
	            "'events':[['0',0,'transport','packet_sent',{}],"
	            "[9000,0,'recovery','metrics_updated',{'cwnd':5,'latest_rtt':1500}],"
	            "[9500,0,'loss','packets_lost',{'lost_packets':3}]]}]}",
	    "{'events':3,'packets_sent':1,'congestion_window':5,'rtt_us':1500,'packets_lost':3,"
	    "'traced_us':9500}",
	    ""));
	CHECK(reads("{'traces':[{'event_fields':['time','a','b','c','name'],'events':[]},"
	            "{'event_fields':['time','name'],"
	            "'events':[[1,'transport:packet_sent',2,3,'transport:packet_lost',4]]}]}",
	    "{'packets_sent':1,'packets_lost':null}", ""));
	CHECK(reads("{'traces':[{'events':[[1,'transport','packet_sent',{}]]}]}",
	    "{'packets_sent':1}", ""));
}

static void
times(void)
{
	unit("times since the last event");
#define DELTA(f) "{'trace':{'common_fields':{'time_format':'" f "','reference_time':{'x':1}}}}\n"
	CHECK(reads(DELTA("delta") SENT(5) "\n" SENT(1.5) "\n" SENT(1), "{'traced_us':2500}", ""));
	CHECK(reads(
	    DELTA("relative_to_previous_event") SENT(5) "\n" SENT(7), "{'traced_us':7000}", ""));
	CHECK(reads(DELTA("relative_to_epoch") SENT(5) "\n" SENT(7), "{'traced_us':2000}", ""));
	CHECK(reads(DELTA("absolute") SENT(1700000000000.25) "\n" SENT(1700000000001.25),
	    "{'traced_us':1000}", ""));

	unit("times that go backwards, are below zero, out of range, texts, or not there");
	CHECK(reads(HEAD "\n" SENT(9) "\n" SENT(-2) "\n" SENT(3) "\n", "{'traced_us':11000}", ""));
	CHECK(reads(HEAD "\n" SENT(1e300) "\n" SENT(-1e999) "\n" SENT('x') "\n" SENT('7') "\n",
	    "{'traced_us':0,'packets_sent':4}", "3 numbers are out of range"));
	CHECK(
	    reads(HEAD "\n{'name':'transport:packet_sent'}", "{'traced_us':null,'events':1}", ""));

	unit("a format that stands behind the events");
	CHECK(reads("{'traces':[{'events':[" SENT(5) "],'common_fields':{'time_format':'delta'}}]}",
	    "{'events':1}", "the format of the times stands behind the events"));
}

static void
metrics(void)
{
	unit("windows, flights: the greatest, the last");
	CHECK(reads(METRICS(1, "'congestion_window':10,'bytes_in_flight':7") "\n" METRICS(2,
	                "'cwnd':30") "\n" METRICS(3, "'congestion_window':20,'bytes_in_flight':2"),
	    "{'congestion_window_max':30,'congestion_window':20,'bytes_in_flight_max':7}", ""));
	CHECK(reads(METRICS(1, "'congestion_window':-1,'bytes_in_flight':1e19,'min_rtt':null"),
	    "{'congestion_window':null,'bytes_in_flight_max':null,'rtt_min_us':null}",
	    "2 numbers are out of range"));

	unit("round trips: not the initial ones, which nobody has measured");
	CHECK(reads(
	    SENT(0) "\n" METRICS(0, "'smoothed_rtt':333,'latest_rtt':0,'min_rtt':333") "\n" METRICS(
	        900, "'smoothed_rtt':333,'latest_rtt':0") "\n" METRICS(901,
	        "'smoothed_rtt':20,'latest_rtt':20,'min_rtt':20") "\n" METRICS(950,
	        "'smoothed_rtt':18,'latest_rtt':10,'min_rtt':10") "\n" METRICS(960,
	        "'smoothed_rtt':16.5,'latest_rtt':15"),
	    "{'rtt_us':15000,'rtt_p95_us':20000,'rtt_min_us':10000,'rtt_smoothed_us':16500}", ""));
	CHECK(reads(METRICS(0, "'smoothed_rtt':333"), "{'rtt_smoothed_us':null}", ""));
	CHECK(reads(SENT(-1000) "\n{'name':'recovery:metrics_updated','data':{'smoothed_rtt':100}}",
	    "{'rtt_smoothed_us':null}", ""));

	unit("round trips in seconds");
	CHECK(reads(METRICS(0, "'smoothed_rtt':0.333,'latest_rtt':0.333") "\n" METRICS(
	                50, "'smoothed_rtt':0.021,'latest_rtt':0.02,'min_rtt':0.02"),
	    "{'rtt_us':20000,'rtt_smoothed_us':21000,'rtt_min_us':20000}", ""));

	unit("each trace has its own initial one");
	CHECK(reads("{'traces':[{'events':[" SENT(0) "," METRICS(9,
	                "'smoothed_rtt':5") "]},"
	                                    "{'events':[" METRICS(0, "'smoothed_rtt':333") "]}]}",
	    "{'rtt_smoothed_us':5000}", ""));

	unit("losses: events, or else the count that is given");
	CHECK(reads(METRICS(1, "'cf_lost_packets':{'total':0}") "\n" METRICS(
	                2, "'cf_lost_packets':{'total':4}"),
	    "{'packets_lost':4}", ""));
	CHECK(reads("{'time':1,'name':'recovery:packet_lost','data':{}}\n" METRICS(
	                2, "'cf_lost_packets':{'total':4}"),
	    "{'packets_lost':1}", ""));
	CHECK(
	    reads("{'time':1,'name':'http3:packet_lost'}", "{'events':1,'packets_lost':null}", ""));
}

#define EVENT(name, data) "{'data':{" data "},'time':1,'name':'" name "'}"

static void
states(void)
{
	unit("states, keys, versions, protocols");
	CHECK(reads(EVENT("quic:connection_state_updated", "'new':'attempted'") "\n" EVENT(
	                "connectivity:connection_state_updated",
	                "'new':'closed'") "\n" EVENT("recovery:congestion_state_updated",
	                "'new':'slow_start'"),
	    "{'connection_state_changes':2,'congestion_state_changes':1}", ""));
	CHECK(
	    reads(EVENT("security:key_updated", "'trigger':'tls','key_type':'client_1rtt_secret'"),
	        "{'key_updates':0}", ""));
#define KEY(who) EVENT("quic:key_updated", "'trigger':'local_update','key_type':'" who "'")
	CHECK(reads(
	    KEY("client_1rtt_secret") "\n" KEY("server_1rtt_secret") "\n" KEY("server_1rtt_secret"),
	    "{'key_updates':2}", ""));
	CHECK(reads(EVENT("transport:version_information",
	                "'chosen_version':1798521807") "\n" EVENT("quic:packet_sent",
	                "'header':{'version':'6b3343cf'}") "\n" EVENT("quic:packet_sent",
	                "'header':{'version':'draft-29'}"),
	    "{'versions':['0x6b3343cf']}", ""));
	CHECK(reads(EVENT("transport:version_information", "'chosen_version':17"),
	    "{'versions':['0x00000011']}", ""));
	CHECK(reads(
	    EVENT("transport:alpn_information", "'chosen_alpn':{'string_value':'h3'}") "\n" EVENT(
	        "transport:alpn_information", "'chosen_alpn':'hq-interop'"),
	    "{'alpn':['h3','hq-interop']}", ""));

	unit("how it was closed: the first that says so");
#define CLOSE(d) EVENT("transport:connection_closed", d)
	CHECK(reads(CLOSE("'application_code':256,'reason':'bye'") "\n" CLOSE("'error_code':1"),
	    "{'close':{'code':256,'application':true,'reason':'bye'}}", ""));
	CHECK(reads(CLOSE("'connection_code':'protocol_violation'"),
	    "{'close':{'code':10,'application':false,'reason':''}}", ""));
	CHECK(reads(CLOSE("'trigger':'idle_timeout'"), "{'close':{'reason':'idle_timeout'}}", ""));
	CHECK(
	    reads(EVENT("quic:packet_sent",
	              "'frames':[{'frame_type':'ping','error_code':9},{'error_space':'application',"
	              "'frame_type':'connection_close','error_code':7,'reason':'x'}]"),
	        "{'close':{'code':7,'application':true,'reason':'x'}}", ""));
	CHECK(reads(EVENT("quic:packet_sent",
	                "'frames':[{'frame_type':'connection_close','error_code':7},"
	                "{'frame_type':'application_close','error_code':8}]"),
	    "{'close':{'code':7,'application':false,'reason':''}}", ""));
	CHECK(reads(EVENT("quic:packet_lost",
	                "'frames':[{'frame_type':'connection_close','error_code':7}]"),
	    "{'close':null}", ""));
}

static void
broken(void)
{
	unit("files that break off: what came before counts");
	CHECK(reads("\x1e" HEAD "\n\x1e" SENT(1) "\n\x1e{'time':2,'name':'transport:packet_s",
	    "{'packets_sent':1}", "the file breaks off"));
	CHECK(reads("\x1e" HEAD "\n\x1e" SENT(1) "\n\x1e", "{'packets_sent':1}", ""));
	CHECK(reads("{'traces':[{'events':[" SENT(1) ",{'time':2,", "{'packets_sent':1}",
	    "the file breaks off"));
	CHECK(reads("{'traces':[{'events':[" SENT(1), "{'packets_sent':1}", "the file breaks off"));

	unit("records that are no JSON: the next one is read");
	CHECK(reads("\x1e" HEAD "\n\x1e{'time':1,'na\n\x1e" SENT(2) "\n", "{'packets_sent':1}",
	    "2:15: a key is wrong here"));
	CHECK(reads(HEAD "\n{'time':1,\n" SENT(2) "\ngarbage\n" SENT(3) "\n", "{'packets_sent':2}",
	    "2:11: the line breaks off; 2 records in all are not JSON"));
	CHECK(reads("\x1e" HEAD "\x1e{'time':01}\x1e{'a':tru}\x1e{'a':1,}\x1e[]\x1e" SENT(2),
	    "{'packets_sent':1}", "1:79: this is no value of JSON; 4 records in all are not JSON"));
	CHECK(reads("{'traces':[{'events':[" SENT(1) " " SENT(2) "]}]}", "{'packets_sent':1}",
	    "1:65: a comma is missing here"));

	CHECK(reads("{'traces':[{'events':[\n" SENT(1) "\n}\n" SENT(2) "\n" SENT(3),
	    "{'packets_sent':1}", "3:1: a comma is missing here"));

	unit("nesting without an end");
	{
		struct pth_buf b = PTH_BUF_INIT;

		pth_buf_adds(&b, HEAD "\n{'time':1,'x':");
		for (int i = 0; i < 1000; i++)
			pth_buf_addc(&b, '[');
		pth_buf_adds(&b, "\n" SENT(2));
		CHECK(reads(b.s, "{'packets_sent':1}", "2:78: it is nested deeper than 64 levels"));
		pth_buf_release(&b);
	}

	unit("texts of any bytes, and keys that are no keys");
	CHECK(reads(EVENT("transport:connection_closed",
	                "'reason':'\\ud83d\\ude00\\ud83d\\u00e9\\\"','error_code':0"),
	    "{'close':{'code':0,'application':false,'reason':"
	    "'\xf0\x9f\x98\x80\xef\xbf\xbd\xc3\xa9\\\"'}}",
	    ""));
	CHECK(reads(EVENT("transport:connection_closed", "'reason':'\xff','error_code':0"),
	    "{'close':{'code':0,'application':false,'reason':'\xef\xbf\xbd'}}", ""));
	CHECK(reads("{'data':1,'time':1,'name':'transport:packet_sent','frames':{'data':[]}}",
	    "{'packets_sent':1}", ""));
	CHECK(reads("{'trace':[],'traces':3,'name':7,'time':[1]}", "{'events':1}", ""));
}

static void
none(void)
{
	static const char *const texts[] = { "", "\n", "x", "[]", "{}", "{\"a\":[1]}\n", "\x1e",
		"\x1f\x8b\x08" };
	struct pth_buf lack = PTH_BUF_INIT;
	bool one = true;

	unit("files that are no qlog");
	for (size_t i = 0; i < countof(texts); i++) {
		json_decref(numbers(texts[i], strlen(texts[i]), 0, &lack, &one));
		CHECK(!one);
	}
	pth_buf_release(&lack);
	CHECK(pth_qlog_begins('{') && pth_qlog_begins(0x1e) && !pth_qlog_begins('\n') &&
	    !pth_qlog_begins(0xa1) && !pth_qlog_begins(0xd4));
}

/* Reads a file of n times the text; true: it takes less than 1 MiB. */
static bool
flat(const char *begin, const char *text, size_t n, const char *lacks)
{
	struct pth_buf b = PTH_BUF_INIT, lack = PTH_BUF_INIT;
	struct pth_qlog *q;
	size_t before, most = 0;
	bool r;
	int fd;

	pth_buf_adds(&b, begin);
	for (size_t i = 0; i < n; i++)
		pth_buf_adds(&b, text);
	fd = file_of(b.s, b.len);
	pth_buf_release(&b);
	before = mallinfo2().uordblks;
	q = pth_qlog_new(fd, NULL, 0);
	while (pth_qlog_next(q) != NULL)
		most = mallinfo2().uordblks > most ? mallinfo2().uordblks : most;
	most = mallinfo2().uordblks > most ? mallinfo2().uordblks : most;
	pth_qlog_lack(q, &lack);
	r = most - before < 1 << 20 && strcmp(lack.len > 0 ? lack.s : "", lacks) == 0;
	if (!r)
		printf("    %zu bytes, %s\n", most - before, lack.len > 0 ? lack.s : "");
	pth_buf_release(&lack);
	pth_qlog_free(q);
	close(fd);
	return r;
}

static void
memory(void)
{
	unit("texts, numbers, blanks, events without an end take no memory");
	CHECK(flat("{\"time\":1,\"name\":\"", "aaaaaaaaaaaaaaaa", 1 << 18, "the file breaks off"));
	CHECK(flat("{\"time\":", "1111111111111111", 1 << 18, "the file breaks off"));
	CHECK(flat("{\"time\"", "                ", 1 << 18, "the file breaks off"));
	CHECK(flat("{\"traces\":[{\"events\":[1",
	    ",{\"time\":1,\"name\":\"transport:packet_sent\",\"data\":{\"x\":[1,2,{}]}}", 1 << 15,
	    "the file breaks off"));
	CHECK(flat("", "{", 1 << 22, "1:2: a key has to come here"));
	CHECK(flat("{\"a\":", "[", 1 << 22, "1:69: it is nested deeper than 64 levels"));
}

static void
limits(void)
{
	struct pth_buf lack = PTH_BUF_INIT;
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_qlog *q;
	size_t n = 0;
	int fd;

	unit("a limit of bytes");
	for (int i = 0; i < 20000; i++)
		pth_buf_adds(&b, "{\"time\":1,\"name\":\"transport:packet_sent\"}\n");
	fd = file_of(b.s, b.len);
	q = pth_qlog_new(fd, NULL, 0);
	pth_qlog_limit(q, 1, 0);
	while (pth_qlog_next(q) != NULL)
		n++;
	pth_qlog_lack(q, &lack);
	CHECK(n > 0 && n < 20000);
	CHECK(strcmp(lack.s, "not all of it was read") == 0);
	CHECK(pth_qlog_bytes(q) < b.len);
	pth_qlog_free(q);
	close(fd);
	pth_buf_release(&b);
	pth_buf_release(&lack);
}

static void
groups(void)
{
	struct pth_buf b = PTH_BUF_INIT;

	unit("more groups than are told apart");
	for (int i = 0; i < PTH_QLOG_GROUPS + 1; i++)
		pth_buf_addf(&b, "{'time':1,'name':'x','group_id':'%d'}\n", i);
	CHECK(reads(b.s, "{'groups':64}", "more than 64 groups are not told apart"));
	pth_buf_release(&b);
}

/* The series of a file with ' in place of ". */
static bool
plots(const char *text, unsigned which, const char *want, const char *lacks)
{
	const struct pth_qlog_show how = { false, which, 4 };
	struct pth_buf b = PTH_BUF_INIT, out = PTH_BUF_INIT, lack = PTH_BUF_INIT;
	bool r;
	int fd;

	for (const char *s = text; *s != '\0'; s++)
		pth_buf_addc(&b, *s == '\'' ? '"' : *s);
	fd = file_of(b.s, b.len);
	pth_qlog_show(&how, pth_qlog_new(fd, NULL, 0), &out, &lack);
	pth_buf_adds(&out, "");
	for (char *s = out.s; *s != '\0'; s++)
		*s = *s == '"' ? '\'' : *s;
	r = strcmp(out.s, want) == 0 && strcmp(lack.len > 0 ? lack.s : "", lacks) == 0;
	if (!r)
		printf("    is        %s    should be %s    %s\n", out.s, want,
		    lack.len > 0 ? lack.s : "");
	pth_buf_release(&b);
	pth_buf_release(&out);
	pth_buf_release(&lack);
	close(fd);
	return r;
}

static void
series(void)
{
	struct pth_buf b = PTH_BUF_INIT;

	unit("series, of each group since the begin of its trace");
	CHECK(plots("{'time':10,'group_id':'a','name':'recovery:packet_lost'}\n"
	            "{'time':14,'group_id':'a','name':'recovery:packet_lost'}\n"
	            "{'time':4,'group_id':'b','name':'recovery:packet_lost'}\n",
	    PTH_QLOG_PLOTS_ALL,
	    "{'series':'lost','unit':'packets','protocol':'quic','trace':1,'group':'a','seen':2,"
	    "'points':[[0.006,1],[0.01,2]]}\n"
	    "{'series':'lost','unit':'packets','protocol':'quic','trace':1,'group':'b','seen':1,"
	    "'points':[[0,1]]}\n",
	    ""));
	CHECK(plots(HEAD "\n{'time':1,'name':'quic:congestion_state_updated','data':{'new':'x'}}\n"
	                 "{'time':2,'name':'recovery:packet_lost'}\n",
	    1u << PTH_QLOG_M_CONGESTION_STATE,
	    "{'series':'congestion_state','unit':'state','protocol':'quic','trace':1,"
	    "'sender':'client','seen':1,'points':[[0.0,'x']]}\n",
	    ""));

	unit("spikes stay");
	for (int i = 0; i < 1000; i++)
		pth_buf_addf(&b,
		    "{'time':%d,'name':'recovery:metrics_updated','data':{'cwnd':%d}}\n", i,
		    i == 700 ? 99 : 50 - i % 2);
	CHECK(plots(b.s, PTH_QLOG_PLOTS_ALL,
	    "{'series':'congestion_window','unit':'bytes','protocol':'quic','trace':1,'seen':1000,"
	    "'points':[[0.001,49],[0.536,50],[0.537,49],[0.7,99]]}\n",
	    ""));
	pth_buf_cut(&b, 0);

	unit("more connections than have series");
	for (int i = 0; i < 65; i++)
		pth_buf_addf(&b, "%s{'events':[{'time':1,'name':'recovery:packet_lost'}]}",
		    i > 0 ? "," : "{'traces':[");
	pth_buf_adds(&b, "]}");
	{
		const struct pth_qlog_show how = { false, PTH_QLOG_PLOTS_ALL, 4 };
		struct pth_buf out = PTH_BUF_INIT, lack = PTH_BUF_INIT;
		int fd;

		for (char *s = b.s; *s != '\0'; s++)
			*s = *s == '\'' ? '"' : *s;
		fd = file_of(b.s, b.len);
		pth_qlog_show(&how, pth_qlog_new(fd, NULL, 0), &out, &lack);
		CHECK(lack.len > 0 &&
		    strcmp(lack.s, "there are more connections than have series") == 0);
		pth_buf_release(&out);
		pth_buf_release(&lack);
		close(fd);
	}
	pth_buf_release(&b);
}

/* A rule on a number of a file of which not all was read: what is there is the least. */
static void
gaps(void)
{
	json_t *m = json_object();
	struct pth_buf why = PTH_BUF_INIT;
	struct pth_span s;

	unit("what a file lacks is said of all numbers of its service");
	pth_gap_add(m, PTH_GAP_QLOG "server", true, "the file breaks off");
	s = pth_gap_metric(m, "qlog.server.packets_lost", 3, &why);
	CHECK(s.least == 3 && s.most > 1e300);
	s = pth_gap_metric(m, "qlog.server.rtt_us", 3, &why);
	CHECK(s.least < -1e300 && s.most > 1e300);
	s = pth_gap_metric(m, "qlog.server2.packets_lost", 3, &why);
	CHECK(s.least == 3 && s.most == 3);
	s = pth_gap_metric(m, "quic.server.lost", 3, &why);
	CHECK(s.least == 3 && s.most == 3);
	pth_buf_release(&why);
	json_decref(m);
}

int
main(void)
{
	forms();
	times();
	metrics();
	states();
	broken();
	none();
	memory();
	limits();
	groups();
	series();
	gaps();
	return unit_done();
}
