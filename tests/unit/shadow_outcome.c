/*
 * What a simulation means for its test: what Shadow said and how it ended, and the status of the
 * test and of its services then. A wrong pass is the worst fault: what is not told is an error.
 */
#include "shadow/outcome.h"

#include <signal.h>

#include "base/cleanup.h"
#include "io/record.h"
#include "quoted.h"
#include "unit.h"

/* A server, a client that is killed at 65 s, and a service that matters not. */
static const char spec[] =
    "{'pth':1,'stop_us':100000000,'services':[{'name':'the_server','host':'the-server',"
    "'finite':false,'critical':true,'start_us':1000000},{'name':'client','host':'client',"
    "'finite':true,'critical':true,'start_us':5000000,'shutdown_us':65000000},{'name':'other',"
    "'host':'other','finite':true,'critical':false,'start_us':5000000}]}";

#define LINE \
	"00:00:00.012345 [7:shadow-worker] 00:00:07.500000000 [ERROR] [h:11.0.0.1] [p.rs:1] [f] "
#define ENDED(process, state)                                                      \
	LINE "process '" process "' exited with status X; expected end state was " \
	     "exited: 0 but was " state "\n"
#define COUNT(n) LINE n " managed processes in unexpected final state\n"
#define INFO "00:00:00.01 [7:main] n/a [INFO] [n/a] [x.rs:1] [f] Running simulation\n"

static const struct {
	const char *what, *log;
	int code, signal;
	bool complete, interrupted;
	const char *started; /* of each service: 1 or 0 */
	const char *want;    /* "status: reason; name state reason code signal ..." */
} ends[] = {
	{ "as expected", INFO, 0, 0, true, false, "111",
	    "completed: ; stopped stopped - -, stopped exit 0 -, stopped exit 0 -" },
	{ "another code", ENDED("client.c.1000", "exited: 3") COUNT("1"), 1, 0, true, false, "111",
	    "failed: client ended with exit code 3; stopped stopped - -, stopped exit 3 -, "
	    "stopped exit 0 -" },
	{ "errors are said twice",
	    ENDED("client.c.1000", "exited: 3") ENDED("client.c.1000", "exited: 3") COUNT("1"), 1,
	    0, true, false, "111",
	    "failed: client ended with exit code 3; stopped stopped - -, stopped exit 3 -, "
	    "stopped exit 0 -" },
	{ "a server that ends well", ENDED("the-server.s.1000", "exited: 0") COUNT("1"), 1, 0, true,
	    false, "111", "completed: ; stopped exit 0 -, stopped exit 0 -, stopped exit 0 -" },
	{ "a server that ends badly", ENDED("the-server.s.1000", "exited: 1") COUNT("1"), 1, 0,
	    true, false, "111",
	    "failed: the_server ended with exit code 1; stopped exit 1 -, stopped exit 0 -, "
	    "stopped exit 0 -" },
	{ "a crash", ENDED("the-server.s.1000", "signaled: SIGSEGV") COUNT("1"), 1, 0, true, false,
	    "111",
	    "crashed: the_server died of signal SEGV; stopped signal - SEGV, stopped exit 0 -, "
	    "stopped exit 0 -" },
	{ "a crash weighs more than a failure",
	    ENDED("client.c.1000", "exited: 1") ENDED("the-server.s.1000", "signaled: SIGABRT")
	        COUNT("2"),
	    1, 0, true, false, "111",
	    "crashed: the_server died of signal ABRT; stopped signal - ABRT, stopped exit 1 -, "
	    "stopped exit 0 -" },
	{ "still running", ENDED("client.c.1000", "running") COUNT("1"), 1, 0, true, false, "111",
	    "timeout: client was still running at 65 s of simulated time; stopped stopped - -, "
	    "stopped timeout - -, stopped exit 0 -" },
	{ "its own limit",
	    "00:00:00.1 [7:w] 00:01:05.000000000 [ERROR] [h:11.0.0.1] [p.rs:1] [f] process "
	    "'client.c.1000' exited with status X; expected end state was exited: 0 but was "
	    "signaled: SIGKILL\n" COUNT("1"),
	    1, 0, true, false, "111",
	    "timeout: client was still running at 65 s of simulated time; stopped stopped - -, "
	    "stopped timeout - KILL, stopped exit 0 -" },
	{ "killed before its limit", ENDED("client.c.1000", "signaled: SIGKILL") COUNT("1"), 1, 0,
	    true, false, "111",
	    "crashed: client died of signal KILL; stopped stopped - -, stopped signal - KILL, "
	    "stopped exit 0 -" },
	{ "one that matters not", ENDED("other.o.1000", "exited: 9") COUNT("1"), 1, 0, true, false,
	    "111", "completed: degraded; stopped stopped - -, stopped exit 0 -, stopped exit 9 -" },
	{ "one that was not started", INFO, 0, 0, true, false, "101",
	    "error: client: Shadow has not started it; stopped stopped - -, error not started - -, "
	    "stopped exit 0 -" },
	{ "one that was not started, and matters not", INFO, 0, 0, true, false, "110",
	    "error: other: Shadow has not started it; stopped stopped - -, stopped exit 0 -, error "
	    "not started - -" },
#define LOST "; error lost - -, error lost - -, error lost - -"
	{ "no results", INFO, 0, 0, false, false, "111",
	    "error: shadow ended with exit code 0, but there are no results of a whole simulation "
	    "in shadow.data" LOST },
	{ "no results of one that failed", ENDED("client.c.1000", "exited: 3") COUNT("1"), 1, 0,
	    false, false, "111",
	    "error: shadow ended with exit code 1, but there are no results of a whole simulation "
	    "in shadow.data" LOST },
	{ "a code that nothing explains", INFO, 1, 0, true, false, "111",
	    "error: shadow ended with exit code 1" LOST },
	{ "an error of its own",
	    LINE "Failed to parse the network graph\n** Shadow did not complete successfully: x\n",
	    1, 0, false, false, "000",
	    "error: shadow ended with exit code 1: Failed to parse the network graph" LOST },
	{ "an error before its log", "** Shadow did not complete successfully: no such host\n", 1,
	    0, false, false, "000", "error: shadow ended with exit code 1: no such host" LOST },
	{ "more than are named", ENDED("client.c.1000", "exited: 3") COUNT("2"), 1, 0, true, false,
	    "111", "error: shadow ended with exit code 1" LOST },
	{ "named, and not counted", ENDED("client.c.1000", "exited: 3"), 1, 0, true, false, "111",
	    "error: shadow ended with exit code 1" LOST },
	{ "somebody else's process", ENDED("clients.c.1000", "exited: 3") COUNT("1"), 1, 0, true,
	    false, "111", "error: shadow ended with exit code 1" LOST },
	{ "two of one host",
	    ENDED("client.c.1000", "exited: 3") ENDED("client.c.1001", "exited: 0") COUNT("2"), 1,
	    0, true, false, "111", "error: shadow ended with exit code 1" LOST },
	{ "a state that nobody knows", ENDED("client.c.1000", "asleep") COUNT("1"), 1, 0, true,
	    false, "111", "error: shadow ended with exit code 1" LOST },
	{ "a signal that nobody knows", ENDED("client.c.1000", "signaled: SIGNO") COUNT("1"), 1, 0,
	    true, false, "111", "error: shadow ended with exit code 1" LOST },
	{ "0 in spite of what it says", ENDED("client.c.1000", "exited: 3"), 0, 0, true, false,
	    "111",
	    "error: shadow ended with exit code 0, but says that processes did not end as "
	    "expected" LOST },
	{ "0 in spite of its count", COUNT("1"), 0, 0, true, false, "111",
	    "error: shadow ended with exit code 0, but says that processes did not end as "
	    "expected" LOST },
	{ "a signal", INFO, -1, SIGSEGV, true, false, "111",
	    "error: shadow died of signal SEGV" LOST },
	{ "interrupted", INFO, 1, 0, true, true, "111",
	    "interrupted: the simulation was interrupted" LOST },
	{ "interrupted, and ended well", INFO, 0, 0, true, true, "111",
	    "interrupted: the simulation was interrupted" LOST },
};

static void
show(struct pth_buf *b, const json_t *result)
{
	const char *name;
	json_t *s;

	pth_buf_addf(b, "%s: %s%s", pth_result_status(result), pth_result_reason(result),
	    pth_result_degraded(result) != NULL ? "degraded" : "");
	json_object_foreach(pth_result_services(result), name, s) {
		pth_buf_addf(b, "%s %s %s ", strcmp(name, "the_server") == 0 ? ";" : ",",
		    pth_rsvc_state(s), pth_rsvc_reason(s));
		if (json_is_integer(PTH_GET(rsvc, s, code)))
			pth_buf_addf(b, "%d ", (int)pth_rsvc_code(s));
		else
			pth_buf_adds(b, "- ");
		pth_buf_adds(b, pth_rsvc_signal(s) != NULL ? pth_rsvc_signal(s) : "-");
	}
}

/* The log comes in pieces of any size. */
static void
feed(struct shadow_log *log, const char *text, size_t step)
{
	size_t n = strlen(text);

	shadow_log_init(log);
	for (size_t i = 0; i < n; i += step)
		shadow_log_add(log, text + i, n - i < step ? n - i : step);
	shadow_log_end(log);
}

static json_t *
result_of(size_t i, size_t step, const char *unstarted)
{
	json_auto_t *o = json(spec);
	struct pth_exit x = {
		.code = ends[i].code, .signal = ends[i].signal, .signaled = ends[i].signal != 0
	};
	json_t *captures[3] = { NULL };
	bool started[3];
	struct shadow_log log;
	struct shadow_facts f = { .spec = o,
		.exit = &x,
		.unstarted = unstarted,
		.interrupted = ends[i].interrupted,
		.complete = ends[i].complete,
		.started = started,
		.captures = captures,
		.log = &log };
	json_t *result;

	for (size_t k = 0; k < countof(started); k++)
		started[k] = ends[i].started[k] == '1';
	feed(&log, ends[i].log, step);
	result = shadow_result(&f);
	shadow_log_release(&log);
	return result;
}

static void
outcomes(void)
{
	for (size_t i = 0; i < countof(ends); i++) {
		unit(ends[i].what);
		for (size_t step = 1; step < 9000; step += 4499) {
			json_auto_t *result = result_of(i, step, NULL);
			pth_auto_buf b = PTH_BUF_INIT;

			show(&b, result);
			CHECK_STR(b.s, ends[i].want);
		}
	}
}

static void
others(void)
{
	json_auto_t *result = result_of(0, 100, "shadow: no such program"), *times = NULL;
	pth_auto_buf b = PTH_BUF_INIT;
	struct shadow_log log;
	pth_auto_buf line = PTH_BUF_INIT;

	unit("Shadow that cannot be started");
	show(&b, result);
	CHECK_STR(b.s, "error: shadow cannot be started: shadow: no such program" LOST);

	unit("simulated times");
	times = result_of(1, 100, NULL);
	CHECK_INT(pth_result_simulated_us(times), 100000000);
	CHECK_INT(pth_json_int(pth_json_path(times, "services.client"), "started_us", 0), 5000000);
	CHECK_INT(pth_json_int(pth_json_path(times, "services.client"), "ended_us", 0), 7500000);
	CHECK_INT(
	    pth_json_int(pth_json_path(times, "services.the_server"), "ended_us", 0), 100000000);
	CHECK(pth_json_path(times, "services.other.ended_us") == NULL);
	CHECK_STR(
	    pth_json_str(pth_json_path(times, "services.the_server"), "host", ""), "the-server");

	unit("long lines");
	for (int i = 0; i < 20000; i++)
		pth_buf_addc(&line, 'x');
	pth_buf_adds(&line, "\n" COUNT("4"));
	feed(&log, line.s, 777);
	CHECK_INT(log.wrong, 4);
	CHECK_INT(log.last_us, 7500000);
	shadow_log_release(&log);
}

int
main(void)
{
	outcomes();
	others();
	return unit_done();
}
