/* The verdict at its edges: a row is a test, the verdict on it, and its rules. */
#include "verdict.h"

#include <sys/stat.h>

#include "io/event.h"
#include "io/file.h"

/* ' becomes ". The caller frees it. */
static char *
quoted(const char *s)
{
	char *t = pth_xstrdup(s);

	for (char *p = t; *p != '\0'; p++)
		*p = *p == '\'' ? '"' : *p;
	return t;
}

/* "name: ok" or "name: status category"; "expect" and "unknown" behind. */
static void
show_rules(struct pth_buf *b, const json_t *v)
{
	json_t *r;
	size_t i;

	json_array_foreach(json_object_get(v, "rules"), i, r) {
		pth_buf_addf(b, "%s%s: %s", b->len > 0 ? "; " : "", pth_json_str(r, "rule", "?"),
		    pth_json_str(r, "status", "ok"));
		if (json_object_get(r, "category") != NULL)
			pth_buf_addf(b, " %s", pth_json_str(r, "category", "?"));
		if (pth_json_bool(r, "expect", false))
			pth_buf_adds(b, " expect");
		if (pth_json_bool(r, "unknown", false))
			pth_buf_adds(b, " unknown");
		/* A rule that holds has no status. */
		CHECK(pth_json_bool(r, "ok", true) == (json_object_get(r, "status") == NULL));
	}
}

struct row {
	const char *what; /* NULL: as before */
	const char *status, *server, *client, *more;
	const char *want;  /* or NULL */
	const char *rules; /* or NULL */
};

static void
rows(const struct row *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *server = quoted(v[i].server), *client = quoted(v[i].client);
		char *more = quoted(v[i].more);
		char *want = quoted(v[i].want != NULL ? v[i].want : "");
		char *is = judged(v[i].status, server, client, more);
		json_t *verdict = verdict_of(v[i].status, server, client, more);
		struct pth_buf b = PTH_BUF_INIT;

		if (v[i].what != NULL)
			unit(v[i].what);
		show_rules(&b, verdict);
		CHECK(pth_json_bool(verdict, "expected", false) ==
		    (pth_json_bool(verdict, "ok", false) &&
		        strcmp(pth_json_str(verdict, "status", ""), "passed") != 0));
		if (v[i].want != NULL)
			CHECK_STR(is, want);
		if (v[i].rules != NULL)
			CHECK_STR(b.s != NULL ? b.s : "", v[i].rules);
		json_decref(verdict);
		pth_buf_release(&b);
		free(server);
		free(client);
		free(more);
		free(want);
		free(is);
	}
}

#define END(reason, code) "{'reason':'" reason "','code':" #code "}"
#define OK END("exit", 0)
#define DONE "completed", OK, OK
#define HELD "exit server: ok; exit client: ok"
#define OF_PLAN(rules) "'plan':{'verdict':[" rules "]}"
#define EXPECT(rules) "'expect':{" rules "}"
#define KILLED "{'reason':'signal','code':null,'signal':'SEGV'}"

static void
service_ends(void)
{
	static const struct row v[] = {
		{ "what is said of the end of a service", "crashed",
		    "{'reason':'signal','code':null,'signal':'ABRT','core':true}", OK, "",
		    "crashed bad: exit server: killed by SIGABRT, core dumped",
		    "exit server: crashed; exit client: ok" },
		{ NULL, "crashed", "{'reason':'signal','code':null}", OK, "",
		    "crashed bad: exit server: killed by SIG?", NULL },
		{ NULL, "error", "{'reason':'not found','code':null,'error':'no x'}", OK, "",
		    "error bad: the reason", NULL },
		{ NULL, "failed", "{'reason':'not ready','code':null,'error':'no port'}", OK, "",
		    "failed bad: exit server: not ready: no port", NULL },
		{ NULL, "failed", "{'code':null}", END("exit", 1), "", NULL,
		    "exit server: error; exit client: failed" },
		{ "an end that looks bad in a completed run was meant", "completed", END("exit", 3),
		    KILLED, "", "passed ok: 2 rules held", HELD },
		{ "who is not critical may end as it likes", "completed", END("exit", 3), OK,
		    "'services':{'server':{'critical':false}}", "passed ok: 2 rules held", HELD },
		{ NULL, "failed", END("exit", 3), END("exit", 4),
		    "'services':{'server':{'critical':false}}",
		    "failed bad: exit client: exit code 4",
		    "exit server: ok; exit client: failed" },
		{ NULL, "failed", END("exit", 3), END("exit", 4),
		    "'services':{'server':{'critical':true},'client':{'critical':false}},"
		    "'plan':{'services':[{'name':'server','critical':false},"
		    "{'name':'client'}]}",
		    "failed bad: exit server: exit code 3", NULL },
		{ NULL, DONE, "'plan':{'services':[{'name':'third','critical':false}]}",
		    "passed ok: 2 rules held", HELD },
		{ NULL, DONE, "'plan':{'services':[{'name':'third'}]}", NULL,
		    "exit third: error test_framework unknown; " HELD },
		{ "the heaviest end counts, of equal ones the first", "timeout", END("exit", 3),
		    "{'reason':'timeout','code':null}", "", "timeout bad: exit client: timeout",
		    "exit server: failed; exit client: timeout" },
		{ NULL, "failed", END("exit", 3), END("exit", 4), "",
		    "failed bad: exit server: exit code 3",
		    "exit server: failed; exit client: failed" },
		{ "the run as a whole counts when it weighs more", "crashed", END("exit", 3), OK,
		    "", "crashed bad: the reason",
		    "exit server: failed; exit client: ok; run: crashed" },
		{ NULL, "failed", KILLED, OK, "", "crashed bad: exit server: killed by SIGSEGV",
		    "exit server: crashed; exit client: ok" },
	};

	rows(v, countof(v));
}

static void
exits(void)
{
	static const struct row v[] = {
		{ "exit: any is any code, but no signal", "crashed", KILLED, OK,
		    EXPECT("'exit':{'server':'any'}"),
		    "crashed bad: exit server: killed by SIGSEGV, 'any' wanted",
		    "exit server: failed expect; exit client: ok; run: crashed" },
		{ NULL, "failed", END("exit", 255), OK, EXPECT("'exit':{'server':'any'}"),
		    "passed ok: 2 rules held", "exit server: ok expect; exit client: ok" },
		{ NULL, DONE, EXPECT("'exit':{'server':'any'}"), "passed ok: 2 rules held", NULL },
		{ NULL, "timeout", "{'reason':'timeout','code':null}", OK,
		    EXPECT("'exit':{'server':'any'}"),
		    "timeout bad: exit server: timeout, 'any' wanted", NULL },
		{ "a signal, with SIG in front or without", "crashed", KILLED, OK,
		    EXPECT("'exit':{'server':'SEGV'}"), "passed ok: 2 rules held", NULL },
		{ NULL, "crashed", KILLED, OK, EXPECT("'exit':{'server':['SIGSEGV',3]}"),
		    "passed ok: 2 rules held", NULL },
		{ NULL, "crashed", KILLED, OK, EXPECT("'exit':{'server':['SIGABRT',3]}"),
		    "crashed bad: exit server: killed by SIGSEGV, ['SIGABRT',3] wanted", NULL },
		{ NULL, "failed", END("exit", 3), OK, EXPECT("'exit':{'server':['SIGABRT',3]}"),
		    "passed ok: 2 rules held", NULL },
		{ NULL, "failed", END("exit", 3), OK, EXPECT("'exit':{'server':'SIGSEGV'}"),
		    "failed bad: exit server: exit code 3, 'SIGSEGV' wanted", NULL },
		{ NULL, "failed", END("exit", 3), OK, EXPECT("'exit':{'server':[]}"),
		    "failed bad: exit server: exit code 3, [] wanted", NULL },
		{ "codes and their neighbours", "failed", END("exit", 3), OK,
		    EXPECT("'exit':{'server':[2,4]}"),
		    "failed bad: exit server: exit code 3, [2,4] wanted", NULL },
		{ NULL, "failed", END("exit", 3), OK, EXPECT("'exits':{'server':3}"),
		    "passed ok: 2 rules held", NULL },
		{ NULL, DONE, EXPECT("'exit':{'server':0,'client':0}"), "passed ok: 2 rules held",
		    "exit server: ok expect; exit client: ok expect" },
		{ "an end that was asked for excuses the run, another one does not", "failed",
		    END("exit", 3), END("exit", 1), EXPECT("'exit':{'server':3,'client':1}"),
		    "passed ok: 2 rules held", NULL },
		{ NULL, "failed", END("exit", 3), KILLED, EXPECT("'exit':{'server':3}"),
		    "crashed bad: exit client: killed by SIGSEGV", NULL },
		{ NULL, "failed", OK, OK, EXPECT("'exit':{'server':0}"), "failed bad: the reason",
		    "exit server: ok expect; exit client: ok; run: failed" },
		{ NULL, "failed", END("exit", 3), END("exit", 1),
		    EXPECT("'exit':{'server':3}") ",'services':{'client':{'critical':false}}",
		    "passed ok: 2 rules held", NULL },
		{ "whose end is not known", "completed", "{'reason':'lost','code':null}", OK,
		    EXPECT("'exit':{'server':1}"), "error bad: exit server: lost, 1 wanted", NULL },
		{ NULL, "completed", "{'reason':'what is this'}", OK, EXPECT("'exit':{'server':1}"),
		    "error bad: exit server: what is this, 1 wanted", NULL },
		{ NULL, "completed", "{}", OK, EXPECT("'exit':{'server':1}"),
		    "error bad: exit server: unknown, 1 wanted", NULL },
		{ NULL, "failed", "{'reason':'stopped','code':0}", OK,
		    EXPECT("'exit':{'server':1}"), "failed bad: exit server: stopped, 1 wanted",
		    NULL },
		{ "a descriptor judges its own service", DONE,
		    "'plan':{'services':[{'name':'server','verdict':[{'exit':3,"
		    "'status':'crashed','text':'why'}]},{'name':'client'}]}",
		    "crashed bad: exit server: why: exit code 0, 3 wanted",
		    "exit server: crashed; exit client: ok" },
		{ NULL, DONE,
		    "'plan':{'services':[{'name':'server','verdict':[{'exit':[0,3]}]},"
		    "{'name':'client'}]}",
		    "passed ok: 2 rules held", HELD },
		{ NULL, DONE, OF_PLAN("{'exit':3}"), "error bad: exit: must be a map of services",
		    "exit: error configuration unknown; " HELD },
		{ NULL, DONE, EXPECT("'exit':[]"), "error bad: exit: must be a map of services",
		    NULL },
		{ NULL, DONE, EXPECT("'exit':{'server':true}"),
		    "error bad: exit server: an exit rule is a code, a list of codes, a signal or "
		    "any",
		    NULL },
	};

	rows(v, countof(v));
}

static void
statuses(void)
{
	static const struct row v[] = {
		{ "the status that was expected", DONE, EXPECT("'status':'passed'"),
		    "passed ok: 2 rules held", NULL },
		{ NULL, "failed", END("exit", 1), OK, EXPECT("'status':['passed','timeout']"),
		    "failed bad: exit server: exit code 1", NULL },
		{ NULL, DONE, EXPECT("'status':['failed','passed']"), "passed ok: 2 rules held",
		    NULL },
		{ NULL, DONE, EXPECT("'status':[]"), "error bad: expect.status is not a status",
		    NULL },
		{ NULL, DONE, EXPECT("'status':['failed',7]"),
		    "error bad: expect.status is not a status", NULL },
		{ NULL, DONE, EXPECT("'status':['failed',['x']]"),
		    "error bad: expect.status is not a status", NULL },
		{ NULL, DONE, EXPECT("'status':['failed','x']"),
		    "error bad: expect.status is not a status", NULL },
		{ NULL, DONE, EXPECT("'status':'completed'"),
		    "error bad: expect.status is not a status", NULL },
		{ "a test that did not run, as expected", "unsupported", OK, OK,
		    EXPECT("'status':'unsupported'"), "unsupported ok expected-fail: the reason",
		    "" },
		{ NULL, "skipped", OK, OK, EXPECT("'status':['unsupported','skipped']"),
		    "skipped ok expected-fail: the reason", NULL },
		{ NULL, "interrupted", OK, OK, EXPECT("'status':'passed'"),
		    "interrupted bad: the reason", NULL },
		{ NULL, DONE, "'error':null", "passed ok: 2 rules held", NULL },
		{ NULL, DONE, "'error':{'stage':'plan','message':'no'}," EXPECT("'status':'error'"),
		    "error ok expected-fail: plan: no", NULL },
		{ "a rule of expect must hold in any case", "failed", END("exit", 1), OK,
		    EXPECT("'status':'failed','files':{'path':'none'}"),
		    "failed bad: ended as expected, but file none: there is no such file", NULL },
		{ NULL, DONE, EXPECT("'status':'failed','files':{'path':'none'}"),
		    "failed bad: file none: there is no such file", NULL },
		{ NULL, "crashed", KILLED, OK, EXPECT("'files':{'path':'none'}"),
		    "crashed bad: file none: there is no such file", NULL },
		{ "rules have a status of their own", DONE,
		    OF_PLAN("{'files':{'path':'none'},'status':'timeout'}"),
		    "timeout bad: file none: there is no such file", "file none: timeout; " HELD },
		{ NULL, DONE, OF_PLAN("{'files':{'path':'none'}}"),
		    "failed bad: file none: there is no such file", NULL },
		{ NULL, DONE, OF_PLAN("{'files':{'path':'none'},'status':'great'}"),
		    "error bad: verdict: a rule of the descriptor is not an object or has an "
		    "unknown status",
		    "verdict: error configuration unknown; " HELD },
		{ NULL, DONE, OF_PLAN("7"), NULL, "verdict: error configuration unknown; " HELD },
		{ NULL, DONE,
		    "'plan':{'services':[{'name':'server','verdict':[{'fils':{},'text':'t'}]},"
		    "{'name':'client'}]}",
		    "error bad: fils: unknown rule; did you mean files?",
		    "fils: error configuration unknown; " HELD },
		/* How it ended is known, whether the rule would hold is not. */
		{ NULL, "failed", END("exit", 1), OK, EXPECT("'fils':{}"),
		    "error bad: fils: unknown rule; did you mean files?", NULL },
		{ NULL, "failed", END("exit", 1), OK, EXPECT("'files':[7]"),
		    "error bad: file ?: the rule must be a map", NULL },
		{ NULL, DONE, EXPECT("'zzzzzzzz':1"), "error bad: zzzzzzzz: unknown rule", NULL },
		{ NULL, DONE, EXPECT("'text':'x'"), NULL,
		    "text: error configuration expect unknown; " HELD },
		{ NULL, DONE, "'expect':null", "passed ok: 2 rules held", HELD },
		{ NULL, DONE, "'expect':7", "error bad: expect: must be a map of rules",
		    "expect: error configuration expect unknown; " HELD },
	};
	static const char control[] = "'expect':{'files':{'path':'a\\nb\\tc\\u001f!'}}";
	struct row r = { "a summary is one line", DONE, control,
		"failed bad: file a b c !: there is no such file", NULL };
	char longer[900];
	json_t *verdict;

	rows(v, countof(v));
	rows(&r, 1);
	unit("a summary has at most 500 bytes");
	memset(longer, 'x', sizeof longer);
	memcpy(longer, "\"expect\":{\"files\":{\"path\":\"", 27);
	memcpy(longer + sizeof longer - 4, "\"}}", 4);
	verdict = verdict_of("completed", EXIT(0), EXIT(0), longer);
	CHECK_INT(strlen(pth_json_str(verdict, "summary", "")), 500);
	json_decref(verdict);
}

static void
marks(void)
{
	static const struct {
		const char *rec, *want;
	} v[] = {
		{ "{'result':{'status':'completed','services':{'a':{'reason':'exit','code':0}}}}",
		    "passed : 1 rule held" },
		{ "{'result':{'status':'completed','attempt':1}}", "passed : 0 rules held" },
		{ "{'result':{'status':'completed','attempt':2}}", "passed flaky: 0 rules held" },
		{ "{'result':{'status':'failed','reason':'why','attempt':2}}", "failed : why" },
		{ "{'result':{'status':'failed','attempt':2}}", "failed : failed" },
		{ "{'result':{'status':'completed','degraded':['x']}}",
		    "passed degraded: 0 rules held" },
		{ "{'result':{'status':'completed','degraded':[]}}", "passed : 0 rules held" },
		{ "{'result':{'status':'failed','degraded':['x']},'expect':{'status':'failed'}}",
		    "failed expected-fail degraded: failed" },
		{ "{'result':{'status':'completed','attempt':3},'expect':{'status':'failed'}}",
		    "passed unexpected-pass flaky: passed, although it was expected not to" },
		{ "{'result':{'status':'skipped'}}", "skipped : skipped" },
		{ "{'result':{'reason':'torn'}}", "error : torn" },
		{ "{'result':{}}", "error : the result has no status that is known" },
		{ "{}", "error : not executed" },
	};
	const struct pth_evidence none = { .dirfd = -1 };

	unit("marks");
	for (size_t i = 0; i < countof(v); i++) {
		char *text = quoted(v[i].rec);
		json_t *rec = parse(text), *verdict = pth_verdict(rec, &none), *mark;
		struct pth_buf b = PTH_BUF_INIT;
		size_t k;

		pth_buf_addf(&b, "%s ", pth_json_str(verdict, "status", ""));
		json_array_foreach(json_object_get(verdict, "marks"), k, mark)
			pth_buf_addf(&b, "%s%s", k > 0 ? " " : "", json_string_value(mark));
		pth_buf_addf(&b, ": %s", pth_json_str(verdict, "summary", ""));
		CHECK_STR(b.s, v[i].want);
		pth_buf_release(&b);
		json_decref(verdict);
		json_decref(rec);
		free(text);
	}
}

static void
looks(void)
{
#define SEEN(kind, list) "{'reason':'exit','code':0}},'" kind "':[" list "],'x':{'y':0"
#define TWO "'assertions':[{'type':'a'},{'type':'b'}]"
	static const struct row v[] = {
		{ "steps and assertions are rules", "completed", OK,
		    SEEN("steps",
		        "{'step':'exec','service':'server','ok':true,'text':'fine'},"
		        "{'step':'wait','ok':true}"),
		    "", "passed ok: 4 rules held", "exec server: ok; wait: ok; " HELD },
		{ NULL, "failed", OK,
		    SEEN("steps", "{'step':'exec','service':'server','ok':false,'text':'code 1'}"),
		    "", "failed bad: exec server: code 1", "exec server: failed; " HELD },
		{ NULL, "completed", OK,
		    SEEN("steps",
		        "{'step':'exec','service':'server','ok':false,"
		        "'critical':false,'text':'code 1'}"),
		    "", "passed ok: 3 rules held", "exec server: ok; " HELD },
		{ NULL, "failed", OK,
		    SEEN("steps", "{'step':'exec','ok':false,'critical':true,'text':'code 1'}"), "",
		    "failed bad: exec: code 1", NULL },
		{ "an assertion that was never looked at does not hold", "completed", OK,
		    SEEN("assertions", "{'type':'a','ok':true,'text':'yes'}"), TWO,
		    "error bad: assertions: 1 of 2 were not looked at",
		    "a: ok; assertions: error test_framework unknown; " HELD },
		{ NULL, "completed", OK,
		    SEEN("assertions", "{'type':'a','ok':true},{'type':'b','ok':true}"), TWO,
		    "passed ok: 4 rules held", "a: ok; b: ok; " HELD },
		{ NULL, DONE, TWO, "error bad: assertions: 2 of 2 were not looked at", NULL },
		{ NULL, "completed", OK, SEEN("assertions", "{'type':'a'}"), "",
		    "failed bad: a: ", NULL },
		{ "an assertion that could not be looked at", "error", OK,
		    "{'reason':'exit','code':0}},'category':'test_framework','assertions':["
		    "{'type':'a','ok':false},{'type':'b','ok':false,'unknown':true,'text':'no way'}"
		    "],'x':{'y':0",
		    "", "failed bad: a: ", "a: failed; b: error test_framework unknown; " HELD },
		{ NULL, "error", OK,
		    "{'reason':'exit','code':0}},'category':'test_framework','assertions':["
		    "{'type':'a','ok':true},{'type':'b','ok':false,'unknown':true,'text':'no way'}"
		    "],'x':{'y':0",
		    "", "error bad: b: no way", NULL },
		/* The error is of something else. */
		{ NULL, "error", OK,
		    "{'reason':'exit','code':0}},'category':'docker_runtime','assertions':["
		    "{'type':'b','ok':false,'unknown':true,'text':'no way'}],'x':{'y':0",
		    "", "error bad: the reason", "" },
		{ NULL, "error", OK,
		    "{'reason':'exit','code':0}},'category':'test_framework','assertions':["
		    "{'type':'b','ok':false,'text':'no'}],'x':{'y':0",
		    "", "error bad: the reason", "" },
	};

	rows(v, countof(v));
}

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
		    "failed bad: log server without x: 3 lines, at most 0 wanted", NULL },
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
		    "failed bad: log server without x: 1 line, at most 0 wanted (long: not all of "
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

static void
filters(void)
{
	char *text = quoted(
	    "{'expect':{'packets':[{'filter':'a'},{'filter':'b\\n'},7,{'max':1}],"
	    "'packet':{'filter':'c'}},'plan':{'verdict':[{'packets':{'filter':'d'}},"
	    "{'packets':{'filter':'a'}}],'services':[{'verdict':[{'packet':[{'filter':'e'},"
	    "{'filter':'\\t'},{'filter':'\\r'}]}]}]}}");
	json_t *rec = parse(text), *list = pth_verdict_filters(rec);
	struct pth_buf b = PTH_BUF_INIT;

	unit("the filters of all rules, once each");
	pth_json_dump(&b, list);
	CHECK_STR(b.s, "[\"a\",\"c\",\"d\",\"e\"]");
	pth_buf_release(&b);
	json_decref(list);
	json_decref(rec);
	free(text);
}

int
main(void)
{
	setenv("PTH_EVENTS", "none", 1);
	pth_event_init("unit");
	service_ends();
	exits();
	statuses();
	marks();
	looks();
	unit("files");
	files();
	unit("logs");
	logs();
	numbers();
	unit("downloads");
	downloads();
	filters();
	return unit_done();
}
