/* The verdict at its edges: a row is a test, the verdict on it, and its rules. */
#include "verdict.h"

#include "io/event.h"

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
		{ "what took too much memory", "crashed",
		    "{'reason':'signal','code':null,'signal':'KILL','limit':'memory'}", OK, "",
		    "crashed bad: exit server: killed by SIGKILL: out of memory", NULL },
		{ NULL, "failed", "{'reason':'exit','code':3,'limit':'memory'}", OK, "",
		    "failed bad: exit server: exit code 3: out of memory", NULL },
		{ NULL, "failed", "{'reason':'exit','code':3,'limit':'pids'}", OK, "",
		    "failed bad: exit server: exit code 3", NULL },
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
		{ NULL, "timeout", END("exit", 3), END("exit", 1), EXPECT("'exit':{'server':3}"),
		    "timeout bad: the reason",
		    "exit server: ok expect; exit client: failed; run: timeout" },
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
		{ NULL, DONE, EXPECT("'status':['failed','timeout']"),
		    "passed bad unexpected-pass: passed, although it was expected not to", NULL },
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
		    "error bad: file ?: the rule must be a map",
		    "file ?: error configuration expect unknown; exit server: failed; exit client: "
		    "ok" },
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
		/* What is no error of the run stays what it is. */
		{ NULL, "interrupted", OK,
		    "{'reason':'exit','code':0}},'category':'test_framework','assertions':["
		    "{'type':'b','ok':false,'unknown':true,'text':'no way'}],'x':{'y':0",
		    "", "interrupted bad: the reason", "" },
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
	filters();
	return unit_done();
}
