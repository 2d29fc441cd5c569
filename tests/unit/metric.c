/* Numbers out of files: what collect_test.sh cannot show. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text.h"
#include "collect/metric.h"
#include "io/file.h"
#include "quoted.h"
#include "unit.h"

static char shown[64];

static const char *
value(const char *spec, const char *text, size_t n)
{
	struct pth_measure m = { 0 };
	struct pth_err e;
	struct pth_buf b = PTH_BUF_INIT;
	json_t *s = pth_json_parse(spec, strlen(spec), &e), *v;
	int fd = memfd_create("file", MFD_CLOEXEC);

	CHECK(write(fd, text, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0);
	pth_metric_read(&m, s, fd, (int64_t)n);
	v = pth_metric_reduce(&m, s);
	pth_json_dump(&b, v != NULL ? v : json_null());
	snprintf(shown, sizeof shown, "%s", b.s);
	pth_buf_release(&b);
	json_decref(v);
	json_decref(s);
	close(fd);
	return shown;
}

#define VALUE(spec, text) value(spec, text, sizeof text - 1)

/* Is v the same as the JSON text? */
static bool
same(const json_t *v, const char *want)
{
	json_t *w = json(want);
	bool r = (v == NULL && json_is_null(w)) || json_equal(v, w) != 0;
	char *is = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);

	if (!r)
		printf("    is        %s\n    should be %s\n", is != NULL ? is : "(nothing)", want);
	free(is);
	json_decref(w);
	return r;
}

static void
reduces(void)
{
	static const struct {
		const char *spec, *text, *want;
	} v[] = {
		{ "{'matches':'([0-9]+)','reduce':'min'}", "a 5\nb 1\nc 3\n", "1" },
		{ "{'matches':'([0-9]+)','reduce':'min'}", "a 1\nb 5\n", "1" },
		{ "{'matches':'([0-9]+)','reduce':'max'}", "a 5\nb 1\nc 3\n", "5" },
		{ "{'matches':'-?[0-9]+','reduce':'max'}", "-5\n-1\n-3\n", "-1" },
		{ "{'matches':'([0-9]+)','reduce':'sum'}", "a 5\nb 1\nc 3\n", "9" },
		{ "{'matches':'([0-9]+)','reduce':'mean'}", "1\n1\n4\n", "2" },
		{ "{'matches':'([0-9]+)','reduce':'count'}", "a 5\nb x\nc 3\n", "2" },
		{ "{'matches':'[a-z]','reduce':'count','scale':10}", "a\nb\n", "20" },
		{ "{'matches':'([0-9]+)','reduce':'last'}", "a 5\nb 1\n", "1" },
		{ "{'matches':'x=([0-9]+) y=([0-9]+)'}", "x=5 y=6\n", "5" },
		/* The first number of the line; one without is passed over. */
		{ "{'matches':'x=([0-9]+)'}", "x=1 x=2\ny=3\n", "1" },
		{ "{'matches':'n: *([^;]*);'}", "n: 1,234,567.5 ;\n", "1234567.5" },
		{ "{'matches':'n=(.*)'}", "n=\n", "null" },
		{ "{'matches':'(x)|([0-9]+)'}", "7\n", "null" },
		{ "{'matches':'(.*)'}", "8999999999999999\n", "8999999999999999" },
		{ "{'matches':'(.*)'}", "-3\n", "-3" },
		{ "{'json':'a.b'}", "{\"a\":{\"b\":7}}", "7" },
		{ "{'json':'a.b'}", "{\"a\":{\"b\":7}}\n{\"a\":{\"b\":8}}\n", "8" },
		/* A last line that was cut counts for nothing. */
		{ "{'json':'a'}", "{\"a\":7}\n{\"a\":8", "7" },
		{ "{'json':'a','reduce':'sum'}", "{\"a\":[1,2,\"3\",true,null,[100]]}", "7" },
		{ "{'json':'a','reduce':'count'}", "{\"a\":[1,{},\"x\",true,null,[100]]}", "4" },
		{ "{'json':'a','reduce':'count'}", "{\"a\":null}", "0" },
		{ "{'json':'a','reduce':'count'}", "{\"b\":1}", "0" },
		{ "{'json':'a'}", "{\"a\":false}", "0" },
		{ "{'json':'a'}", "{\"a\":\"x\"}", "null" },
		{ "{'json':'a'}", "junk\n{\"a\":3}\n", "3" },
		{ "{'json':'a'}", "", "null" },
	};

	unit("numbers and what becomes of several");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct pth_buf spec = PTH_BUF_INIT;

		for (const char *p = v[i].spec; *p != '\0'; p++)
			pth_buf_addc(&spec, *p == '\'' ? '"' : *p);
		CHECK_STR(value(spec.s, v[i].text, strlen(v[i].text)), v[i].want);
		pth_buf_release(&spec);
	}
}

/* What the samples of a service come to. */
static void
samples(void)
{
	static const struct {
		const char *lines, *want, *lacks;
	} v[] = {
		/* By time: 10 % for 3 s and 50 % for 1 s. */
		{ "{'interval_us':3000000,'services':{'s':{'processes':1,'cpu_percent':10}}}\n"
		  "{'interval_us':1000000,'services':{'s':{'processes':1,'cpu_percent':50}}}\n",
		    "{'peak':{'samples':2,'max_processes':1,'max_cpu_percent':50.0,"
		    "'mean_cpu_percent':20.0}}",
		    "null" },
		{ "{'interval_us':1,'services':{'s':{'processes':2,'threads':5,'fds':9,'rss_kb':7}}"
		  "}\n"
		  "{'interval_us':1,'services':{'s':{'processes':3,'threads':4,'fds':1,'rss_kb':8}}"
		  "}\n"
		  "{'interval_us':1,'services':{'other':{'processes':9}}}\n",
		    "{'peak':{'samples':2,'max_processes':3,'max_threads':5,'max_fds':9,"
		    "'max_rss_kb':8}}",
		    "null" },
		{ "{'services':{'s':{'processes':2,'fds':9}}}\n{'services':{'s':{'processes':3}}}"
		  "\n",
		    "{'peak':{'samples':2,'max_processes':3,'max_fds':9}}",
		    "[{'of':'services.s.peak.max_fds','least':true,"
		    "'text':'services.s.peak.max_fds: 1 of 2 samples do not have it'}]" },
		/* The first sample stands for no time, but is one when it is the only one. */
		{ "{'interval_us':0,'services':{'s':{'processes':1,'cpu_percent':7}}}\n",
		    "{'peak':{'samples':1,'max_processes':1,'max_cpu_percent':7.0,"
		    "'mean_cpu_percent':7.0}}",
		    "null" },
		{ "{'interval_us':0,'services':{'s':{'processes':1,'cpu_percent':70}}}\n"
		  "{'interval_us':1000000,'services':{'s':{'processes':1,'cpu_percent':7}}}\n",
		    "{'peak':{'samples':2,'max_processes':1,'max_cpu_percent':70.0,"
		    "'mean_cpu_percent':7.0}}",
		    "null" },
		/* Percents that cannot be. */
		{ "{'interval_us':1,'services':{'s':{'processes':1,'cpu_percent':-1}}}\n"
		  "{'interval_us':1,'services':{'s':{'processes':1,'cpu_percent':1e9}}}\n"
		  "{'interval_us':1,'services':{'s':{'processes':1,'cpu_percent':0}}}\n",
		    "{'peak':{'samples':3,'max_processes':1,'max_cpu_percent':0.0,"
		    "'mean_cpu_percent':0.0}}",
		    "null" },
		/* Of a service that has ended, its traffic goes on. */
		{ "{'services':{'s':{'sent_packets':1,'sent_bytes':2,'received_packets':3,"
		  "'received_bytes':4}}}\n{'services':{'s':{'sent_packets':5}}}\n",
		    "{'traffic':{'sent_packets':5,'sent_bytes':2,'received_packets':3,"
		    "'received_bytes':4}}",
		    "null" },
		{ "{'services':{'s':7}}\nnonsense\n{'services':{'s':{'processes':1}}}", "null",
		    "null" },
		{ "", "null", "null" },
	};

	unit("samples");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		json_t *rec = json("{'result':{'services':{'s':{}}}}"),
		       *m = json("{'services':{}}");
		struct pth_buf b = PTH_BUF_INIT;
		struct pth_err e;

		for (const char *p = v[i].lines; *p != '\0'; p++)
			pth_buf_addc(&b, *p == '\'' ? '"' : *p);
		CHECK_INT(
		    pth_file_write(AT_FDCWD, "metrics.jsonl", b.s != NULL ? b.s : "", b.len, &e),
		    0);
		pth_metric_samples(AT_FDCWD, rec, m);
		CHECK(same(pth_json_path(m, "services.s"), v[i].want));
		CHECK(same(pth_json_path(m, "incomplete"), v[i].lacks));
		pth_buf_release(&b);
		json_decref(rec);
		json_decref(m);
	}
}

/* More samples than are read at once. */
static void
many_samples(void)
{
	json_t *rec = json("{'result':{'services':{'s':{}}}}"), *m = json("{'services':{}}");
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;

	unit("many samples");
	for (int i = 1; i <= 5000; i++)
		pth_buf_addf(&b,
		    "{%*s\"interval_us\":1,\"services\":{\"s\":{\"processes\":1,\"fds\":%d}}}\n",
		    i * 7 % 61, "", i);
	CHECK(b.len > 3 * 65536);
	CHECK_INT(pth_file_write(AT_FDCWD, "metrics.jsonl", b.s, b.len, &e), 0);
	pth_metric_samples(AT_FDCWD, rec, m);
	CHECK(same(pth_json_path(m, "services.s.peak"),
	    "{'samples':5000,'max_processes':1,'max_fds':5000}"));
	CHECK(pth_json_path(m, "incomplete") == NULL);
	pth_buf_release(&b);
	json_decref(rec);
	json_decref(m);
}

/* What descriptors ask for, from the files that are listed. */
static void
measures(void)
{
	static const struct {
		const char *spec, *want, *lacks;
	} v[] = {
		{ "{'name':'n','matches':'n=([0-9]+)'}", "{'s':{'n':7}}", "null" },
		{ "{'name':'n','matches':'n=([0-9]+)','file':'*.log','reduce':'sum'}",
		    "{'s':{'n':12}}", "null" },
		{ "{'name':'n','matches':'n=([0-9]+)','file':'none'}", "null", "null" },
		{ "{'name':'n','matches':'x=([0-9]+)'}", "null", "null" },
		{ "{'name':'n','matches':'x','reduce':'count'}", "{'s':{'n':0}}", "null" },
		{ "{'name':'n','matches':'n=([0-9]+)','file':'cut'}", "{'s':{'n':9}}",
		    "[{'of':'measures.s.n','least':false,'text':'s/cut: the log was cut'}]" },
		{ "{'name':'n','matches':'n=','reduce':'count','file':'cut'}", "{'s':{'n':1}}",
		    "[{'of':'measures.s.n','least':true,'text':'s/cut: the log was cut'}]" },
		{ "{'name':'n','json':'a','file':'part'}", "{'s':{'n':1}}",
		    "[{'of':'measures.s.n','least':false,'text':'s/part: the file breaks off'}]" },
		{ "{'name':'n','matches':'n=([0-9]+)','file':'gone'}", "null",
		    "[{'of':'measures.s.n','least':false,'text':"
		    "'s/gone: No such file or directory'}]" },
		/* Not listed, or of another service. */
		{ "{'name':'n','matches':'n=([0-9]+)','file':'hidden'}", "null", "null" },
	};
	static const char *const files[][2] = { { "s/stdout.log", "n=7\n" },
		{ "s/more.log", "n=5\n" }, { "s/cut", "n=9\n" }, { "s/part", "{\"a\":1}\n{\"a\":" },
		{ "s/hidden", "n=1\n" }, { "other/stdout.log", "n=100\n" } };
	json_t *artifacts = json(
	    "[{'path':'s/stdout.log'},{'path':'s/more.log'},{'path':'s/cut'},"
	    "{'path':'s/part'},{'path':'s/gone'},{'path':'other/stdout.log'}]");
	struct pth_err e;

	unit("what descriptors ask for");
	CHECK(pth_mkdirs(AT_FDCWD, "s", &e) == 0 && pth_mkdirs(AT_FDCWD, "other", &e) == 0);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		CHECK_INT(
		    pth_file_write(AT_FDCWD, files[i][0], files[i][1], strlen(files[i][1]), &e), 0);
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct pth_buf b = PTH_BUF_INIT;
		json_t *rec, *m = json_object();

		pth_buf_addf(&b,
		    "{'plan':{'services':[{'name':'s','metrics':[%s]}]},'result':{'services':{'s':"
		    "{'logs_cut':{'cut':1}}}}}",
		    v[i].spec);
		rec = json(b.s);
		pth_metric_measures(AT_FDCWD, rec, artifacts, m);
		CHECK(same(pth_json_path(m, "measures"), v[i].want));
		CHECK(same(pth_json_path(m, "incomplete"), v[i].lacks));
		pth_buf_release(&b);
		json_decref(rec);
		json_decref(m);
	}
	json_decref(artifacts);
}

static void
transfers(void)
{
#define RAN(name, from, to) "'" name "':{'started_us':" #from ",'ended_us':" #to "}"
#define GOT(service, bytes) "{'kind':'download','service':'" service "','bytes':" #bytes "}"
	static const struct {
		const char *services, *artifacts, *metrics, *want;
	} v[] = {
		{ RAN("a", 0, 5000000), "[" GOT("a", 1000) "]", "{}",
		    "{'files':1,'bytes':1000,'duration_us':5000000,'goodput_bps':1600,"
		    "'measured':'process'}" },
		/* The longest running one that has downloaded something. */
		{ RAN("a", 1000000, 2000000) "," RAN("b", 0, 4000000) "," RAN("c", 0, 9000000),
		    "[" GOT("a", 500) "," GOT("b", 500) ",{'kind':'log','service':'c','bytes':7}]",
		    "{}",
		    "{'files':2,'bytes':1000,'duration_us':4000000,'goodput_bps':2000,"
		    "'measured':'process'}" },
		{ RAN("b", 0, 4000000) "," RAN("a", 1000000, 2000000),
		    "[" GOT("b", 500) "," GOT("a", 500) "]", "{}",
		    "{'files':2,'bytes':1000,'duration_us':4000000,'goodput_bps':2000,"
		    "'measured':'process'}" },
		/* A capture knows better. */
		{ RAN("a", 0, 5000000), "[" GOT("a", 1000) "]", "{'data_us':1000}",
		    "{'files':1,'bytes':1000,'duration_us':1000,'goodput_bps':8000000,"
		    "'measured':'capture'}" },
		{ RAN("a", 0, 5000000), "[" GOT("a", 1000) "]", "{'data_us':1}",
		    "{'files':1,'bytes':1000,'duration_us':1,'goodput_bps':8000000000,"
		    "'measured':'capture'}" },
		{ RAN("a", 5, 5), "[" GOT("a", 10) "]", "{}",
		    "{'files':1,'bytes':10,'duration_us':null,'goodput_bps':null,"
		    "'measured':'process'}" },
		{ RAN("a", 5, 6), "[" GOT("a", 1) "]", "{}",
		    "{'files':1,'bytes':1,'duration_us':1,'goodput_bps':8000000,"
		    "'measured':'process'}" },
		{ RAN("a", -5, 6), "[" GOT("a", 1) "]", "{}",
		    "{'files':1,'bytes':1,'duration_us':null,'goodput_bps':null,"
		    "'measured':'process'}" },
		{ "'a':{'ended_us':6}", "[" GOT("a", 1) "]", "{}",
		    "{'files':1,'bytes':1,'duration_us':null,'goodput_bps':null,"
		    "'measured':'process'}" },
		{ RAN("a", 0, 5), "[{'kind':'log','service':'a','bytes':7}]", "{'data_us':7}",
		    "null" },
	};

	unit("what was transferred, and how fast");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct pth_buf b = PTH_BUF_INIT;
		json_t *rec, *artifacts = json(v[i].artifacts), *m = json(v[i].metrics);

		pth_buf_addf(&b, "{'result':{'services':{%s}}}", v[i].services);
		rec = json(b.s);
		pth_metric_transfer(rec, artifacts, m);
		CHECK(same(pth_json_path(m, "transfer"), v[i].want));
		CHECK(pth_json_path(m, "data_us") == NULL);
		pth_buf_release(&b);
		json_decref(rec);
		json_decref(artifacts);
		json_decref(m);
	}
}

static void
results(void)
{
	json_t *rec = json("{'result':{'duration_us':9,'services':{'a':{'rusage':{'user_us':1,"
	                   "'sys_us':2,'max_rss_kb':3,'minflt':4},'capture':{'dropped':5}},"
	                   "'b':{'rusage':{'user_us':'x'}},'c':{}}}}");
	json_t *m = json_object();

	unit("numbers of the result");
	pth_metric_result(rec, m);
	CHECK(same(m,
	    "{'duration_us':9,'services':{'a':{'user_us':1,'sys_us':2,'max_rss_kb':3,"
	    "'dropped':5},'b':{}}}"));
	json_decref(rec);
	json_decref(m);
}

static void
found(void)
{
	static const struct {
		const char *name, *path;
		int want;
	} v[] = {
		{ "packets", "packets", 1 },
		{ "handshake_us", "quic.handshake_us", 2 },
		{ "retransmissions", "tcp.retransmissions", 3 },
		{ "tcp.handshake_us", "tcp.handshake_us", 4 },
		{ "goodput_bps", "transfer.goodput_bps", 5 },
		{ "services.s.user_us", "services.s.user_us", 6 },
		{ "only", "measures.s.only", 7 },
		{ "s.both", "measures.s.both", 8 },
		{ "t.both", "measures.t.both", 9 },
		{ "both", NULL, 0 }, /* of whom? */
		{ "t.only", NULL, 0 },
		{ "none", NULL, 0 },
	};
	json_t *m = json("{'packets':1,'quic':{'handshake_us':2},'tcp':{'retransmissions':3,"
	                 "'handshake_us':4},'transfer':{'goodput_bps':5},"
	                 "'services':{'s':{'user_us':6}},'measures':{'s':{'only':7,'both':8},"
	                 "'t':{'both':9}}}");

	unit("a number by its name");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct pth_buf path = PTH_BUF_INIT;
		const json_t *n = pth_metric_find(m, v[i].name, &path);

		CHECK_STR(path.s, v[i].path);
		CHECK_INT(json_integer_value(n), v[i].want);
		CHECK(pth_metric_find(m, v[i].name, NULL) == n);
		pth_buf_release(&path);
	}
	json_decref(m);
}

int
main(void)
{
	static char big[200000];

	reduces();
	samples();
	many_samples();
	measures();
	transfers();
	results();
	found();
	unit("reduce");
	CHECK_STR(VALUE("{\"matches\":\"([0-9]+)\"}", "a 1\nb 5\nc 3"), "3");
	CHECK_STR(VALUE("{\"matches\":\"([0-9]+)\",\"reduce\":\"first\"}", "a 1\nb 5\nc 3\n"), "1");
	CHECK_STR(VALUE("{\"matches\":\"([0-9]+)\",\"reduce\":\"max\"}", "a 1\nb 5\nc 3\n"), "5");
	CHECK_STR(VALUE("{\"matches\":\"([0-9]+)\",\"reduce\":\"mean\"}", "a 1\nb 4\n"), "2.5");
	CHECK_STR(VALUE("{\"matches\":\"b\",\"reduce\":\"count\"}", "a\n"), "0");
	CHECK_STR(VALUE("{\"matches\":\"b\"}", "a\n"), "null");
	CHECK_STR(VALUE("{\"matches\":\"[-0-9.e]+\",\"scale\":0.001}", "-2.5e3\n"), "-2.5");
	CHECK_STR(VALUE("{\"matches\":\"[0-9e]+\",\"scale\":1e300}", "9e300\n"), "null");

	unit("bytes of all kinds");
	CHECK_STR(VALUE("{\"matches\":\"x=([0-9]+)\"}", "\0\xff x=7\0\n\xc3x"), "7");
	CHECK_STR(VALUE("{\"matches\":\"(.*)\"}", "inf\nnan\n0x10\n"), "0");

	unit("long lines");
	memset(big, 'a', sizeof big);
	memcpy(big + 4090, "x=12345", 7); /* the limit lies within the number */
	memcpy(big + 70000, "x=8", 3);    /* too far in its line */
	big[150000] = '\n';
	memcpy(big + 150001, "x=9\n", 4);
	CHECK_STR(
	    value("{\"matches\":\"x=([0-9]+)\",\"reduce\":\"first\"}", big, sizeof big), "1234");
	CHECK_STR(value("{\"matches\":\"x=([0-9]+)\",\"reduce\":\"count\"}", big, sizeof big), "2");

	unit("expressions that are refused");
	CHECK_STR(VALUE("{\"matches\":\"([0-9])\\\\1\"}", "11\n"), "null");
	CHECK_STR(VALUE("{\"matches\":\"(\"}", "11\n"), "null");
	return unit_done();
}
