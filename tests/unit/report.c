/* What a report says of a run: its status, its times, its causes, its links. */
#include "report/report.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "io/file.h"
#include "quoted.h"
#include "unit.h"

/* A report of tests, each the members of a record. */
static struct pth_report *
report(const char *causes, const char *const *tests)
{
	struct pth_report *r = pth_report_new(causes);

	for (; *tests != NULL; tests++) {
		struct pth_buf b = PTH_BUF_INIT;
		json_t *rec;

		pth_buf_addf(&b, "{'pth':1,'type':'test','id':'t','run':'r',%s}", *tests);
		rec = json(b.s);
		pth_report_add(r, rec);
		json_decref(rec);
		pth_buf_release(&b);
	}
	return r;
}

#define TEST(status, ok) "'verdict':{'status':'" status "','ok':" ok "}"
#define PASSED TEST("passed", "true")
#define FAILED TEST("failed", "false")
#define FAST_FAIL ",'result':{'fast_fail':{'reason':'why'}}"

static void
statuses(void)
{
	static const struct {
		const char *tests[4], *why, *want;
		size_t ok, bad;
	} v[] = {
		{ { PASSED }, "", "completed", 1, 0 },
		{ { NULL }, "", "completed", 0, 0 },
		{ { NULL }, "cut", "incomplete", 0, 0 },
		{ { PASSED, FAILED }, "", "failed", 1, 1 },
		{ { PASSED, TEST("failed", "true") }, "", "completed", 2, 0 },
		{ { PASSED, TEST("skipped", "false") }, "", "completed", 1, 0 },
		{ { PASSED, TEST("unsupported", "false") }, "", "failed", 1, 1 },
		/* A combination that cannot be says nothing; but a failure counts. */
		{ { PASSED, TEST("unsupported", "false") ",'error':{'status':'unsupported'}" }, "",
		    "completed", 1, 0 },
		{ { PASSED, TEST("failed", "false") ",'error':{'status':'unsupported'}" }, "",
		    "failed", 1, 1 },
		{ { "'x':1" }, "", "failed", 0, 1 },
		{ { FAILED, TEST("timeout", "false") }, "", "timeout", 0, 2 },
		{ { PASSED, TEST("timeout", "true") }, "", "completed", 2, 0 },
		{ { FAILED, TEST("timeout", "false"), TEST("interrupted", "false") }, "",
		    "interrupted", 0, 3 },
		{ { TEST("interrupted", "false") }, "cut", "incomplete", 0, 1 },
		{ { FAILED FAST_FAIL, TEST("skipped", "false") }, "", "failed", 0, 1 },
		{ { TEST("timeout", "false") FAST_FAIL, TEST("skipped", "false") }, "", "timeout",
		    0, 1 },
		{ { PASSED FAST_FAIL }, "", "failed", 1, 0 },
	};

	unit("the status of a run");
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_report *r = report(NULL, v[i].tests);

		pth_report_finish(r, v[i].why);
		if (!CHECK(strcmp(pth_report_status(r), v[i].want) == 0))
			printf("    row %zu: %s, not %s\n", i, pth_report_status(r), v[i].want);
		CHECK_INT(r->ok, v[i].ok);
		CHECK_INT(r->bad, v[i].bad);
		CHECK(pth_report_rate(r) ==
		    (v[i].ok + v[i].bad == 0 ?
		            0 :
		            100.0 * (double)v[i].ok / (double)(v[i].ok + v[i].bad)));
		pth_report_free(r);
	}
}

static void
times(void)
{
#define RAN(from, to)                                                       \
	PASSED ",'result':{'started':'2026-01-01T00:00:" from "Z','ended':" \
	       "'2026-01-01T00:00:" to "Z'}"
	static const char *const tests[] = { RAN("03", "09"), RAN("02", "05"), RAN("04", "08"),
		PASSED, NULL };
	static const char *const none[] = { PASSED, NULL };
	struct pth_report *r = report(NULL, tests);

	unit("from the first begin to the last end");
	CHECK_STR(r->started, "2026-01-01T00:00:02Z");
	CHECK_STR(r->ended, "2026-01-01T00:00:09Z");
	CHECK_INT(pth_report_duration(r), 7000000);
	pth_report_free(r);
	r = report(NULL, none);
	CHECK_STR(r->started, "");
	CHECK_INT(pth_report_duration(r), 0);
	pth_report_free(r);
}

static void
rates(void)
{
	static const struct {
		int64_t bps;
		const char *want;
	} v[] = { { 0, "1 bytes" }, { 1, "1 bytes at 1 bit/s" }, { 999, "1 bytes at 999 bit/s" },
		{ 1000, "1 bytes at 1 kbit/s" }, { 999499, "1 bytes at 999 kbit/s" },
		{ 999500, "1 bytes at 1 Mbit/s" }, { 12345678, "1 bytes at 12.3 Mbit/s" },
		{ 999500000, "1 bytes at 1 Gbit/s" }, { 2500000000000, "1 bytes at 2500 Gbit/s" } };

	unit("bits per second");
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_buf b = PTH_BUF_INIT, numbers = PTH_BUF_INIT;
		struct pth_report *r;

		pth_buf_addf(&b, PASSED ",'metrics':{'transfer':{'bytes':1,'goodput_bps':%lld}}",
		    (long long)v[i].bps);
		r = report(NULL, (const char *const[]){ b.s, NULL });
		pth_report_numbers(r->tests, &numbers);
		CHECK_STR(numbers.s, v[i].want);
		pth_report_free(r);
		pth_buf_release(&b);
		pth_buf_release(&numbers);
	}
}

/* Losses are beside the numbers, and some characters are none in XML. */
static void
words(void)
{
	static const char test[] =
	    "'verdict':{'status':'failed','ok':false,'summary':'\xef\xbf\xbd \xef\xbf\xbe "
	    "\xef\xbf\xbf <&\x7f'},'metrics':{'packets':1,'dropped':1,'omitted':1},"
	    "'result':{'capture':{'file':'c','dropped':1,'omitted':1}}";
	struct pth_report *r = report(NULL, (const char *const[]){ test, NULL });
	struct pth_buf b = PTH_BUF_INIT;

	unit("numbers and words of a test");
	pth_report_numbers(r->tests, &b);
	CHECK_STR(b.s,
	    "1 packets, capture lost 1 packet; capture ended at max_size, 1 packet came after");
	pth_buf_cut(&b, 0);
	pth_report_junit(r, &b);
	CHECK(strstr(b.s, "message=\"\xef\xbf\xbd ? ? &lt;&amp;\x7f\"") != NULL);
	pth_buf_release(&b);
	pth_report_free(r);
}

static void
links(void)
{
	static const struct {
		const char *run_dir, *outdir, *want;
	} v[] = {
		{ "/a/out", "/a/out", "t/f%231" },
		{ "/a/out", "/a", "out/t/f%231" },
		{ "/a/out", "/a/other", "../out/t/f%231" },
		{ "/a/out", "/a/out/sub", "../t/f%231" },
		{ "/a/out", "/a/out2", "../out/t/f%231" },
		{ "/a/out2", "/a/out", "../out2/t/f%231" },
		{ "/a b/out", "/", "a%20b/out/t/f%231" },
		{ "/out", "/x/y", "../../out/t/f%231" },
		{ "", "/x", "t/f%231" },
	};

	unit("links are relative to where the report is");
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_report_test t = { .run_dir = v[i].run_dir, .dir = "t" };
		struct pth_buf b = PTH_BUF_INIT;

		pth_report_href(&t, v[i].outdir, "f#1", &b);
		CHECK_STR(b.s, v[i].want);
		pth_buf_release(&b);
	}
}

/* The cause of a failure: "name score", by a catalogue of five. */
static void
causes(void)
{
	static const char catalogue[] =
	    "causes:\n"
	    "- {name: alone, title: t, advice: a, status: crashed, alone: true}\n"
	    "- {name: fact, title: t, advice: a, status: failed, when: [{category: [x, 'y*']},\n"
	    "   {program: p, limit: l}, {reason: exit}, {phase: compile}, {rule: 'file *'},\n"
	    "   {stage: plan}]}\n"
	    "- {name: log, title: t, advice: a, status: timeout, log: 'no ROUTE$'}\n"
	    "- {name: second, title: t, advice: a, status: failed, when: [{category: x}]}\n"
	    "- {name: sure, title: t, advice: a, sure: true, when: [{limit: memory}], log: "
	    "nothing}\n";
#define RESULT(status, more) TEST(status, "false") ",'result':{" more "}"
	static const struct {
		const char *test, *want;
	} v[] = {
		{ RESULT("crashed", ""), "alone 0.5" },
		{ RESULT("failed", ""), "none" },
		{ RESULT("timeout", ""), "none" },
		{ RESULT("failed", "'category':'x'"), "fact 0.8" }, /* the first of equals */
		{ RESULT("error", "'category':'x'"), "fact 0.4" },
		{ RESULT("error", "'category':'yes'"), "fact 0.4" },
		{ RESULT("error", "'category':'ny'"), "none" },
		{ RESULT("error", "'program':'p'"), "none" },
		{ RESULT("error", "'program':'p','limit':'l'"), "fact 0.4" },
		{ RESULT("crashed", "'category':'x'"), "alone 0.5" },
		{ RESULT("crashed", "'services':{'s':{'limit':'memory','signal':'KILL'}}"),
		    "sure 0.8" },
		{ RESULT("failed", "'limit':'memory'"), "sure 0.8" },
		/* A reason of a test is a text. */
		{ RESULT("error", "'reason':'exit'"), "none" },
		{ RESULT("error", "'services':{'s':{'reason':'exit'}}"), "fact 0.4" },
		{ RESULT("error", "'services':{'s':{'phases':[{'phase':'compile','code':1}]}}"),
		    "fact 0.4" },
		{ RESULT("error", "'services':{'s':{'phases':[{'phase':'compile','code':0}]}}"),
		    "none" },
		{ "'error':{'stage':'plan'}," TEST("error", "false"), "fact 0.4" },
		{ "'verdict':{'status':'error','ok':false,'rules':[{'rule':'file a','ok':false}]}",
		    "fact 0.4" },
		{ "'verdict':{'status':'error','ok':false,'rules':[{'rule':'file a','ok':true}]}",
		    "none" },
		{ RESULT("timeout", "'run_dir':'run','dir':'t','services':{'s':{}}"), "log 0.8" },
		{ RESULT("error", "'run_dir':'run','dir':'t','services':{'s':{}}"), "log 0.4" },
		{ RESULT("error", "'run_dir':'run','dir':'t','services':{'q':{}}"), "none" },
		{ TEST("crashed", "true"), "none" },
		{ TEST("skipped", "false") ",'result':{'category':'x'}", "none" },
	};
	struct pth_err e;

	unit("likely causes");
	CHECK_INT(pth_file_write(AT_FDCWD, "causes.yaml", catalogue, sizeof catalogue - 1, &e), 0);
	CHECK(pth_mkdirs(AT_FDCWD, "run/t/s", &e) == 0 && pth_mkdirs(AT_FDCWD, "run/t/q", &e) == 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "run/t/s/stderr.log", "x: No route\ny\n", 14, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "run/t/q/stderr.log", "No route to\n", 12, &e), 0);
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_report *r = report(
		    "causes.yaml", (const char *const[]){ v[i].test, NULL });
		char got[60] = "none";

		if (r->tests->cause != NULL)
			snprintf(
			    got, sizeof got, "%s %.1f", r->tests->cause->name, r->tests->score);
		if (!CHECK(strcmp(got, v[i].want) == 0))
			printf("    %s: %s, not %s\n", v[i].test, got, v[i].want);
		pth_report_free(r);
	}
}

/* A catalogue that cannot be read names no causes; of others, those that are right. */
static void
catalogues(void)
{
	static const struct {
		const char *text, *want;
	} v[] = {
		{ "causes: [", "none" },
		{ "", "none" },
		{ "causes: 7", "none" },
		{ "causes:\n- {name: a, title: t, advice: a, status: failed, alone: true, x: 1}\n"
		  "- {name: b, title: t, advice: a, status: failed, alone: true}\n",
		    "b" },
		{ "causes:\n- {name: a, title: t, status: failed, alone: true}\n"
		  "- {name: b, title: t, advice: a, status: great, alone: true}\n"
		  "- {name: c, title: t, advice: a, status: failed, alone: true, log: '('}\n"
		  "- 7\n- {name: d, title: t, advice: a, status: failed, alone: true}\n",
		    "d" },
	};
	static const char test[] = FAILED;
	struct pth_err e;

	unit("catalogues of causes that are not right");
	for (size_t i = 0; i < countof(v); i++) {
		struct pth_report *r;

		CHECK_INT(
		    pth_file_write(AT_FDCWD, "other.yaml", v[i].text, strlen(v[i].text), &e), 0);
		r = report("other.yaml", (const char *const[]){ test, NULL });
		CHECK_STR(r->tests->cause != NULL ? r->tests->cause->name : "none", v[i].want);
		pth_report_free(r);
	}
	struct pth_report *r = report("not/there", (const char *const[]){ test, NULL });
	CHECK(r->tests->cause == NULL);
	pth_report_free(r);
}

/* The text that is shown of a log. */
static void
tails(void)
{
	static const struct {
		const char *log, *want;
	} v[] = {
		{ "a\nb\n\n\n", "a\nb" },
		{ "\x1b[1;31mred\x1b[0m \x1b]x\n", "red ]x" },
		{ "a\tb\r\x01\x7f"
		  "c",
		    "a\tbc" },
		{ "cut \x1b[", "cut " },
		{ "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n",
		    "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20" },
		{ "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20\n",
		    "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n20" },
	};
	static const char test[] = RESULT(
	    "failed", "'run_dir':'run','dir':'t','services':{'s':{}}");
	char big[3101];
	struct pth_err e;
	struct pth_report *r;

	unit("the ends of logs");
	for (size_t i = 0; i < countof(v); i++) {
		CHECK_INT(
		    pth_file_write(AT_FDCWD, "run/t/s/stderr.log", v[i].log, strlen(v[i].log), &e),
		    0);
		r = report(NULL, (const char *const[]){ test, NULL });
		CHECK_STR(r->tests->tails != NULL ? r->tests->tails->text : NULL, v[i].want);
		pth_report_free(r);
	}
	unit("3000 bytes of a log, from a whole line on");
	memset(big, 'x', sizeof big);
	big[150] = big[200] = '\n';
	for (size_t n = 2999; n <= 3001; n++) {
		CHECK_INT(pth_file_write(AT_FDCWD, "run/t/s/stderr.log", big, n, &e), 0);
		r = report(NULL, (const char *const[]){ test, NULL });
		CHECK_INT(strlen(r->tests->tails->text), n <= 3000 ? n : 3001 - 151);
		pth_report_free(r);
	}
	unit("stdout when stderr is silent");
	CHECK_INT(pth_file_write(AT_FDCWD, "run/t/s/stderr.log", "", 0, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "run/t/s/stdout.log", "out", 3, &e), 0);
	r = report(NULL, (const char *const[]){ test, NULL });
	CHECK_STR(r->tests->tails->text, "out");
	CHECK_STR(r->tests->tails->path, "s/stdout.log");
	CHECK(r->tests->tails->next == NULL);
	pth_report_free(r);
}

int
main(void)
{
	statuses();
	times();
	rates();
	words();
	links();
	causes();
	catalogues();
	tails();
	return unit_done();
}
