/* The rules of a verdict at their edges: files, logs, packets, metrics, downloads. */
#include "verdict.h"

#include <sys/stat.h>

#include "io/event.h"
#include "io/file.h"

static void
files(void)
{
	static const struct row v[] = {
		{ "a file that is there or not", DONE, EXPECT("'file':{'path':'a'}"), NULL,
		    "file a: ok expect; " HELD },
		{ NULL, DONE, EXPECT("'files':{'path':'a','exists':true}"),
		    "passed ok: 3 rules held", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'a','exists':false}"),
		    "failed bad: file a: the file exists", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'none','exists':true}"),
		    "failed bad: file none: there is no such file", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'none','exists':null}"),
		    "error bad: file none: a value of the wrong type: exists", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'a/below','exists':false}"),
		    "passed ok: 3 rules held", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'d'}"),
		    "failed bad: file d: there is something of that name that is no file", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'d','exists':false}"),
		    "failed bad: file d: there is something of that name that is no file", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'../x','exists':false}"),
		    "error bad: file ../x: cannot be told: Invalid cross-device link",
		    "file ../x: error test_framework expect unknown; " HELD },
		{ NULL, DONE, EXPECT("'files':{'size':3}"),
		    "error bad: file ?: the rule has no path",
		    "file ?: error configuration expect unknown; " HELD },
		{ NULL, DONE, EXPECT("'files':[{'path':'a'},{'path':'none'}]"), NULL,
		    "file a: ok expect; file none: failed expect; " HELD },
		{ "sizes, what is allowed and its neighbours", DONE,
		    EXPECT("'files':{'path':'a','size':10,'min_size':10,'max_size':10}"),
		    "passed ok: 3 rules held", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'a','min_size':11}"),
		    "failed bad: file a: 10 bytes, at least 11 wanted", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'a','max_size':9}"),
		    "failed bad: file a: 10 bytes, at most 9 wanted", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'a','size':11}"),
		    "failed bad: file a: 10 bytes, 11 wanted", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'a','size':9}"),
		    "failed bad: file a: 10 bytes, 9 wanted", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'a','size':'10B','max_size':null}"),
		    "passed ok: 3 rules held", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'a','size':'many'}"),
		    "error bad: file a: min and max must be numbers", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'a','max_size':true}"),
		    "error bad: file a: min and max must be numbers", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'empty','size':0}"),
		    "passed ok: 3 rules held", NULL },
		{ "what a file has in it", DONE,
		    EXPECT("'files':{'path':'a','same_as':'b','size':10,'sha256':"
		           "'58100DC8FC06562CE3E578231DC948E083520EE49C4B4EE5A5A28BB4B4003FEB'}"),
		    "passed ok: 5 rules held",
		    "file a: ok expect; file a: ok expect; file a: ok expect; " HELD },
		{ NULL, DONE, EXPECT("'files':{'path':'a','same_as':'b'}"), NULL,
		    "file a: ok expect; " HELD },
		{ NULL, DONE, EXPECT("'files':{'path':'a','same_as':'none'}"),
		    "error bad: file a: cannot be compared: none: No such file or directory",
		    NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'a','same_as':7}"),
		    "error bad: file a: a value of the wrong type: same_as", NULL },
		{ "whose file", DONE, EXPECT("'files':{'path':'own','service':'server'}"),
		    "passed ok: 3 rules held", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'@{dir}/a','service':'server'}"),
		    "passed ok: 3 rules held", NULL },
		{ NULL, DONE, EXPECT("'files':{'path':'own'}"), NULL,
		    "file own: failed expect; " HELD },
		{ NULL, DONE,
		    "'plan':{'services':[{'name':'server','verdict':[{'file':{'path':'own'}}]},"
		    "{'name':'client','verdict':[{'file':{'path':'own','service':'server'}}]}]}",
		    "passed ok: 4 rules held", NULL },
		{ NULL, DONE,
		    "'plan':{'services':[{'name':'client','verdict':[{'file':{'path':'own'}}]},"
		    "{'name':'server'}]}",
		    "failed bad: file own: there is no such file", NULL },
	};
	struct pth_err e;

	CHECK_INT(mkdir("d", 0755), 0);
	CHECK_INT(mkdir("server", 0755), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "a", "same bytes", 10, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "b", "same bytes", 10, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "empty", "", 0, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "server/own", "x", 1, &e), 0);
	rows(v, countof(v));
}

static void
put_long_log(void)
{
	static char text[200000];
	struct pth_err e;

	memset(text, '\n', sizeof text);
	text[0] = 'x';
	CHECK_INT(pth_file_write(AT_FDCWD, "server/long", text, sizeof text, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "server/twin", text, sizeof text, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "server/less", text, sizeof text - 1, &e), 0);
}

static void
logs(void)
{
#define LOGS(rule) EXPECT("'log':{'service':'server'," rule "}")
	static const struct row v[] = {
		{ "lines of a log, both outputs together", DONE, LOGS("'matches':'x','min':3"),
		    "passed ok: 3 rules held", NULL },
		{ NULL, DONE, LOGS("'matches':'x','min':4"),
		    "failed bad: log server x: 3 lines, at least 4 wanted", NULL },
		{ NULL, DONE, LOGS("'matches':'x','max':3"), "passed ok: 3 rules held", NULL },
		{ NULL, DONE, LOGS("'matches':'x','max':2"),
		    "failed bad: log server x: 3 lines, at most 2 wanted", NULL },
		{ NULL, DONE, LOGS("'matches':'x','min':4,'max':5"),
		    "failed bad: log server x: 3 lines, at least 4 wanted, at most 5 wanted",
		    NULL },
		{ NULL, DONE, LOGS("'matches':'nothing','min':0"), "passed ok: 3 rules held",
		    NULL },
		{ NULL, DONE, LOGS("'not_matches':'x','max':3"), "passed ok: 3 rules held", NULL },
		{ NULL, DONE, LOGS("'not_matches':'x'"),
		    "failed bad: log server without x: 3 lines: x; x; x, at most 0 wanted", NULL },
		{ "a rule that does not apply", DONE, LOGS("'not_matches':'x','unless':'nothing'"),
		    "failed bad: log server without x: 3 lines: x; x; x, at most 0 wanted", NULL },
		{ NULL, DONE, LOGS("'not_matches':'x','unless':'^x'"), "passed ok: 2 rules held",
		    NULL },
		{ NULL, DONE, LOGS("'not_matches':'nothing'"), "passed ok: 3 rules held", NULL },
		{ NULL, DONE, LOGS("'matches':'x','file':'stderr.log'"), NULL,
		    "log server x: ok expect; " HELD },
		{ NULL, DONE, LOGS("'matches':'x','file':'stderr.log','min':2"),
		    "failed bad: log server x: 1 line, at least 2 wanted", NULL },
		{ NULL, DONE, LOGS("'matches':'x','file':'d'"),
		    "error bad: log server x: 0 lines, at least 1 wanted (cannot be told: d: is no "
		    "regular file)",
		    NULL },
		{ NULL, DONE, LOGS("'matches':'x','min':'many'"),
		    "error bad: log server x: min and max must be numbers", NULL },
		{ NULL, DONE,
		    EXPECT("'logs':[{'service':'server','matches':'x'},"
		           "{'matches':'x'}]"),
		    "error bad: log ? x: the rule needs a service and matches or not_matches, not "
		    "both",
		    NULL },
		{ "a descriptor's rule is of its own service's log", DONE,
		    "'plan':{'services':[{'name':'server','verdict':[{'log':{'matches':'x'}}]},"
		    "{'name':'client'}]}",
		    "passed ok: 3 rules held", "log server x: ok; " HELD },
		{ NULL, DONE,
		    "'plan':{'services':[{'name':'client','verdict':[{'log':{'matches':'x',"
		    "'service':'server'}}]},{'name':'server'}]}",
		    "passed ok: 3 rules held", "log server x: ok; " HELD },
	};
	static const struct row large[] = {
		{ "what cannot be read to its end cannot be told", DONE,
		    LOGS("'file':'long','not_matches':'y'") ",'budget':70000",
		    "error bad: log server without y: 0 lines, at most 0 wanted (cannot be told: "
		    "long: not all of it can be read)",
		    NULL },
		{ NULL, DONE, LOGS("'file':'long','not_matches':'x'") ",'budget':70000",
		    "failed bad: log server without x: 1 line: x, at most 0 wanted (long: not all "
		    "of "
		    "it can be read)",
		    NULL },
		{ NULL, DONE, LOGS("'file':'long','not_matches':'y'") ",'budget':200001",
		    "passed ok: 3 rules held", NULL },
		{ NULL, DONE,
		    EXPECT("'files':{'path':'server/long','same_as':'server/twin'}") ",'budget':"
		                                                                     "200000",
		    "passed ok: 3 rules held", NULL },
		{ NULL, DONE,
		    EXPECT("'files':{'path':'server/long','same_as':'server/twin'}") ",'budget':"
		                                                                     "199999",
		    "error bad: file server/long: cannot be compared: server/long, server/twin: "
		    "larger than 199999 bytes",
		    NULL },
		/* They are known to differ. */
		{ NULL, DONE,
		    EXPECT(
		        "'files':{'path':'server/long','same_as':'server/less'}") ",'budget':10000",
		    "failed bad: file server/long: server/long (200000 bytes) has another length "
		    "than server/less (199999 bytes)",
		    NULL },
		{ NULL, DONE,
		    EXPECT("'files':{'path':'server/long','sha256':'0'}") ",'budget':199999",
		    "error bad: file server/long: server/long: not hashed: larger than 199999 "
		    "bytes",
		    NULL },
		{ NULL, DONE,
		    EXPECT("'files':{'path':'server/long','sha256':'0'}") ",'budget':200000", NULL,
		    "file server/long: failed expect; " HELD },
	};
	struct pth_err e;

	CHECK_INT(pth_file_write(AT_FDCWD, "server/stdout.log", "x\nx y\nz\n", 8, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "server/stderr.log", "x", 1, &e), 0);
	CHECK_INT(mkdir("server/d", 0755), 0);
	rows(v, countof(v));
	put_long_log();
	rows(large, countof(large));
}

static void
numbers(void)
{
#define COUNT(rule, n) EXPECT("'packets':{'filter':'f'," rule "}") ",'f':{'f':" #n "}"
#define METRIC(rule, n) EXPECT("'metric':{'name':'k'," rule "}") ",'f':{},'m':{'k':" #n "}"
	static const struct row v[] = {
		{ "packets, what is allowed and its neighbours", DONE, COUNT("'min':2,'max':2", 2),
		    "passed ok: 3 rules held", "packets f: ok expect; " HELD },
		{ NULL, DONE, COUNT("'min':3", 2),
		    "failed bad: packets f: 2 packets, at least 3 wanted", NULL },
		{ NULL, DONE, COUNT("'max':1", 2),
		    "failed bad: packets f: 2 packets, at most 1 wanted", NULL },
		{ NULL, DONE, COUNT("'min':1,'max':0", 1),
		    "failed bad: packets f: 1 packet, at least 1 wanted, at most 0 wanted", NULL },
		{ NULL, DONE, EXPECT("'packet':{'filter':'f'}") ",'f':{'f':0}",
		    "failed bad: packets f: 0 packets, at least 1 wanted", NULL },
		{ NULL, DONE, EXPECT("'packets':{'min':1}") ",'f':{}",
		    "error bad: packets ?: the rule has no filter", NULL },
		{ NULL, DONE, EXPECT("'packets':{'filter':'g'}") ",'f':{'f':1}",
		    "error bad: packets g: packets not counted: tshark did not count this filter",
		    "packets g: error test_framework expect unknown; " HELD },
		{ NULL, DONE, EXPECT("'packets':{'filter':'g'}") ",'left':1", NULL,
		    "packets g: unsupported expect; " HELD },
		{ "metrics", DONE, METRIC("'min':1.5,'max':1.5", 1.5), "passed ok: 3 rules held",
		    "metric k: ok expect; " HELD },
		{ NULL, DONE, METRIC("'min':1.6", 1.5),
		    "failed bad: metric k: 1.5, at least 1.6 wanted", NULL },
		{ NULL, DONE, METRIC("'max':'1KB'", 1001),
		    "failed bad: metric k: 1001, at most 1000 wanted", NULL },
		{ NULL, DONE, EXPECT("'metrics':{'name':'k'}") ",'f':{},'m':{'k':1}",
		    "error bad: metric k: the rule needs a name and min or max", NULL },
		{ NULL, DONE, EXPECT("'metrics':{'min':1}") ",'f':{},'m':{'k':1}",
		    "error bad: metric ?: the rule needs a name and min or max", NULL },
		{ NULL, DONE, EXPECT("'metrics':{'name':'packets','min':1}") ",'left':1",
		    "unsupported bad: metric packets: was not measured: no capture", NULL },
		{ NULL, DONE, EXPECT("'metrics':{'name':'k','min':1}") ",'left':1",
		    "error bad: metric k: was not measured", NULL },
		{ NULL, DONE,
		    EXPECT("'metrics':{'name':'x','min':1}") ",'f':{},'m':{'incomplete':["
		                                             "{'of':'capture','text':'one'},{'of':'"
		                                             "x','text':'two'}]}",
		    "error bad: metric x: was not measured: one; two", NULL },
		{ NULL, DONE, METRIC("'min':1,'sice':1", 1),
		    "error bad: metric k: unknown key in the rule: sice", NULL },
	};

	rows(v, countof(v));
}

static void
downloads(void)
{
#define GOT(kind, path) "'a':[{'path':'" path "','kind':'" kind "','service':'client'}]"
#define SERVED(path)                                                                \
	"'plan':{'services':[{'name':'client','target':'server'},{'name':'server'," \
	"'files':[{'path':'other'},{'path':'" path "'}]}]},"
	static const struct row v[] = {
		{ "what was downloaded is compared with what was served", DONE,
		    SERVED("www/s/f") GOT("download", "client/downloads/f"),
		    "passed ok: 3 rules held", "download client/downloads/f: ok; " HELD },
		{ NULL, DONE, SERVED("www/s/f") GOT("download", "client/downloads/x/f"),
		    "failed bad: download client/downloads/x/f: client/downloads/x/f (2 bytes) "
		    "differs from server/www/s/f (2 bytes) at byte 1",
		    "download client/downloads/x/f: failed; " HELD },
		{ NULL, DONE, SERVED("www/s/f") GOT("file", "client/downloads/x/f"), NULL, HELD },
		{ NULL, DONE, SERVED("www/s/g") GOT("download", "client/downloads/x/f"), NULL,
		    HELD },
		{ NULL, DONE, SERVED("web/s/f") GOT("download", "client/downloads/x/f"), NULL,
		    HELD },
		{ NULL, DONE,
		    "'plan':{'services':[{'name':'client'},{'name':'server',"
		    "'files':[{'path':'www/s/f'}]}]}," GOT("download", "client/downloads/x/f"),
		    NULL, HELD },
		{ "files that were not all read may be downloads", DONE,
		    SERVED("www/s/f") "'m':{'incomplete':[{'of':'artifacts','text':'why'}]}",
		    "error bad: downloads: not all files could be read: why",
		    "downloads: error test_framework unknown; " HELD },
		{ NULL, DONE,
		    SERVED("www/s/f") "'m':{'incomplete':[{'of':'capture','text':'why'}]}", NULL,
		    HELD },
		{ NULL, DONE,
		    "'plan':{'services':[{'name':'client','target':'server'},{'name':'server',"
		    "'files':[{'path':'www/f'}]}]},'m':{'incomplete':[{'of':'artifacts',"
		    "'text':'why'}]}",
		    NULL, "downloads: error test_framework unknown; " HELD },
		{ NULL, DONE,
		    "'plan':{'services':[{'name':'client'},{'name':'server','files':["
		    "{'path':'www/f'}]}]},'m':{'incomplete':[{'of':'artifacts','text':'why'}]}",
		    NULL, HELD },
	};
	struct pth_err e;

	CHECK(pth_mkdirs(AT_FDCWD, "client/downloads/x", &e) == 0 &&
	    pth_mkdirs(AT_FDCWD, "server/www/s", &e) == 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "client/downloads/f", "ab", 2, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "client/downloads/x/f", "ac", 2, &e), 0);
	CHECK_INT(pth_file_write(AT_FDCWD, "server/www/s/f", "ab", 2, &e), 0);
	rows(v, countof(v));
}

/* What is said of a rule that holds: what was found, and nothing that is wanted. */
static void
held(void)
{
	static const char *const v[][2] = {
		{ EXPECT("'files':{'path':'a','min_size':5,'max_size':10,'size':10}"), "10 bytes" },
		{ EXPECT("'files':{'path':'a','same_as':'b'}"), "the same 10 bytes as b" },
		{ EXPECT("'files':{'path':'none','exists':false}"), "there is no such file" },
		{ EXPECT("'exit':{'server':[0,1]}"), "exit code 0" },
		{ COUNT("'min':1,'max':2", 2), "2 packets" },
		{ METRIC("'min':1,'max':2", 2), "2" },
		{ LOGS("'matches':'x','min':1,'max':3"), "3 lines" },
		{ EXPECT("'packets':{'filter':'f','min':1}") ",'f':{'f':5},'m':{'incomplete':[{"
		                                             "'of':'capture','least':true,"
		                                             "'text':'one'},{'of':'capture',"
		                                             "'least':true,'text':'two'}]}",
		    "5 packets (one; two)" },
	};

	unit("what is said of rules that hold");
	for (size_t i = 0; i < countof(v); i++) {
		char *end = quoted(OK), *more = quoted(v[i][0]);
		json_t *verdict = verdict_of("completed", end, end, more);

		CHECK_STR(pth_json_str(verdict, "status", ""), "passed");
		CHECK_STR(json_string_value(pth_json_path(verdict, "rules.0.text")), v[i][1]);
		json_decref(verdict);
		free(end);
		free(more);
	}
}

int
main(void)
{
	setenv("PTH_EVENTS", "none", 1);
	pth_event_init("unit");
	unit("files");
	files();
	unit("logs");
	logs();
	numbers();
	held();
	unit("downloads");
	downloads();
	return unit_done();
}
