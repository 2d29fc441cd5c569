/* A whole test under its supervisor, without isolation: stages in their order, what an end of a
 * service means, limits, and what the result says. */
#include "supervise/supervisor.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "io/file.h"
#include "io/record.h"
#include "world.h"

static unsigned char stage;
static int ctl = -1;

/* The record of a test, with more for its plan and for itself: members in JSON. */
static json_t *
record_of(const char *services, const char *plan, const char *rec)
{
	const char *const before[] = {
		"{\"id\":\"t\",\"plan\":{\"environment\":{\"isolation\":\"none\"},\"services\":[",
		"{\"plan\":{", "{"
	};
	const char *const parts[] = { services, plan, rec }, *const behind[] = { "]}}", "}}", "}" };
	json_t *all = json_object();

	for (size_t i = 0; i < countof(parts); i++) {
		struct pth_buf b = PTH_BUF_INIT;
		json_t *v;

		pth_buf_addf(&b, "%s%s%s", before[i], parts[i], behind[i]);
		v = parse(b.s);
		CHECK(json_object_update_recursive(all, v) == 0);
		json_decref(v);
		pth_buf_release(&b);
	}
	return all;
}

/* In the process of the test: run it, and leave the result in the file. */
static void
supervise(const json_t *rec)
{
	struct pth_places own = places;
	struct pth_buf dir = PTH_BUF_INIT, b = PTH_BUF_INIT;
	struct pth_supervise_req req = { .rec = rec,
		.plan = json_object_get(rec, "plan"),
		.places = &own,
		.ctl = ctl,
		.phase = &stage };
	struct pth_err e;
	json_t *v;

	pth_buf_addf(&dir, "%s/t", places.dir);
	own.dir = dir.s;
	own.engine = json_object_get(rec, "compose") != NULL;
	req.dirfd = openat(testdir, "t", O_RDONLY | O_DIRECTORY);
	v = pth_supervise(&req);
	pth_json_set(v, "stage", json_integer(stage));
	pth_json_dump(&b, v);
	_exit(pth_file_write(testdir, "result", b.s, b.len, &e) == 0 ? 0 : 1);
}

/* Run a test in a process of its own. services: of its plan; plan, rec: more of both. The
 * result, new reference. */
static json_t *
run(const char *services, const char *plan, const char *rec)
{
	json_t *record = record_of(services, plan, rec), *result;
	struct pth_buf b = PTH_BUF_INIT;
	struct pth_err e;
	int status;
	pid_t pid;

	pth_rmtree(testdir, "t", NULL);
	CHECK(mkdirat(testdir, "t", 0755) == 0);
	events("");
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		supervise(record);
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(pth_file_read_below(testdir, "result", 1 << 20, &b, &e) == 0);
	result = pth_json_parse(b.s, b.len, NULL);
	CHECK_INT(pth_json_int(result, "stage", -1), PTH_TS_ENDED);
	unlinkat(testdir, "result", 0);
	pth_buf_release(&b);
	json_decref(record);
	return result;
}

/* "status: reason" of such a test. */
static const char *
ends(const char *services, const char *plan, const char *rec)
{
	static char s[900];
	json_t *r = run(services, plan, rec);

	snprintf(s, sizeof s, "%s: %s", pth_result_status(r), pth_result_reason(r));
	json_decref(r);
	return s;
}

#define SVC(name, more, script)                                                                 \
	"{\"name\":\"" name "\"," more "\"phases\":{\"run\":{\"argv\":[\"sh\",\"-c\",\"" script \
	"\"]}}}"
#define FINITE "\"finite\":true,"
#define AFTER(name, state) "\"after\":[{\"service\":\"" name "\",\"state\":\"" state "\"}],"
#define LONG "exec sleep 60"
#define CMD(script) "{\"argv\":[\"sh\",\"-c\",\"" script "\"]}"
#define UP "\"ready\":[{\"kind\":\"file\",\"path\":\"up\"}],"

/* What the services' states were, in the order of the events: "initializing a". */
static const char *
order_of(const char *verb)
{
	static char s[600];
	char line[2000], want[64];
	FILE *fp = fopen("events.jsonl", "r");
	long last = 0;

	snprintf(want, sizeof want, "service.%s", verb);
	s[0] = '\0';
	/* Of the last test only. */
	while (fgets(line, sizeof line, fp) != NULL)
		if (strstr(line, "\"test.started\"") != NULL)
			last = ftell(fp);
	CHECK(fseek(fp, last, SEEK_SET) == 0);
	while (fgets(line, sizeof line, fp) != NULL) {
		json_t *v = pth_json_parse(line, strlen(line), NULL);

		if (strcmp(pth_json_str(v, "event", ""), want) == 0)
			snprintf(s + strlen(s), sizeof s - strlen(s), "%s%s",
			    s[0] != '\0' ? " " : "", pth_json_str(v, "service", ""));
		json_decref(v);
	}
	fclose(fp);
	return s;
}

static void
of_stages(void)
{
	json_t *r;

	unit("stages in their order, each an event");
	r = run(SVC("s", "", LONG) "," SVC("c", FINITE, "exit 0"), "", "");
	CHECK_STR(
	    events("test."), "started setting_up deploying running stopping tearing_down ended");
	json_decref(r);
	r = run(SVC("c", FINITE, "exit 0"), "",
	    "\"assertions\":[{\"type\":\"service_running\",\"service\":\"c\"}]");
	CHECK_STR(events("test."),
	    "started setting_up deploying running asserting stopping tearing_down ended");
	json_decref(r);
	r = run(SVC("c", FINITE, "exit 0"), "\"setup\":[" CMD("exit 1") "]", "");
	CHECK_STR(events("test."), "started setting_up stopping tearing_down ended");
	json_decref(r);

	unit("last started, first stopped: the next when the one before has gone");
	r = run(SVC("a", "",
	            "trap 'sleep 0.1; echo a >>../order; exit' TERM; echo >up; " LONG
	            " & wait") "," SVC("b", AFTER("a", "started"),
	            "trap 'sleep 0.05; echo b >>../order; exit' TERM; echo >up; " LONG
	            " & wait") "," SVC("c", AFTER("b", "started"),
	            "trap 'echo c >>../order; exit' TERM; echo >up; " LONG " & wait") "," SVC("d",
	            FINITE,
	            "until [ -e ../a/up ] && [ -e ../b/up ] && [ -e ../c/up ]; do sleep 0.01; "
	            "done"),
	    "", "");
	CHECK_STR(order_of("stopping"), "c b a");
	CHECK_STR(order_of("stopped"), "d c b a");
	CHECK_STR(content("t/order"), "c\nb\na\n");
	CHECK_STR(pth_result_status(r), "completed");
	json_decref(r);

	unit("setup, pre_commands, services, post_commands, teardown");
	r = run(SVC("c", FINITE, "echo run >>../order"),
	    "\"setup\":[" CMD("echo setup >>order") "],\"teardown\":[" CMD(
	        "echo teardown >>order") "]",
	    "\"steps\":{\"pre_commands\":[[\"sh\",\"-c\",\"echo pre >>order\"]],"
	    "\"post_commands\":[[\"sh\",\"-c\",\"echo post >>order\"]]}");
	CHECK_STR(content("t/order"), "setup\npre\nrun\npost\nteardown\n");
	CHECK_INT(json_array_size(pth_result_setup(r)), 1);
	CHECK_INT(json_array_size(pth_result_pre_commands(r)), 1);
	CHECK_INT(json_array_size(pth_result_post_commands(r)), 1);
	CHECK(pth_result_teardown(r) == NULL);
	json_decref(r);

	unit("events of what setup makes: images, and the network");
	for (int bad = 0; bad < 2; bad++) {
		char plan[200];

		snprintf(plan, sizeof plan,
		    "\"setup\":[{\"argv\":[\"%s\",\"build\",\"-o\",\"img\",\"dir\"],"
		    "\"category\":\"docker_build\"}]",
		    bad != 0 ? "false" : "true");
		json_decref(run(SVC("c", FINITE, "exit 0"), plan, ""));
		CHECK_STR(events("image."), bad != 0 ? "building failed" : "building built");
	}
	json_decref(run(SVC("c", FINITE, "exit 0"), "", ""));
	CHECK_STR(events("network."), "configured");
	{
		struct pth_buf b = PTH_BUF_INIT;
		struct pth_err e;

		CHECK_INT(pth_file_read("events.jsonl", 1 << 20, &b, &e), 0);
		CHECK(strstr(b.s, "\"event\":\"image.built\"") != NULL);
		CHECK(strstr(b.s, "\"image\":\"img\",\"duration_us\":") != NULL);
		CHECK(strstr(b.s, "\"image\":\"img\",\"message\":\"false ended with") != NULL);
		pth_buf_release(&b);
	}
}

/* What comes after a failure of each stage: the order of what was done. */
static void
of_failures(void)
{
	static const char after[] = "\"steps\":{\"pre_commands\":[[\"sh\",\"-c\",\"%s\"]],"
	                            "\"post_commands\":[[\"sh\",\"-c\",\"echo post >>order; %s\"],"
	                            "[\"sh\",\"-c\",\"echo more >>order\"]]}";
	static const struct {
		const char *setup, *pre, *post, *teardown, *order, *ends;
	} of[] = {
		{ "exit 0", "exit 0", "exit 0", "exit 0", "run\npost\nmore\ndown\n",
		    "completed: " },
		{ "exit 3", "exit 0", "exit 0", "exit 0", "down\n",
		    "error: setup: sh ended with exit code 3; see "
		    "setup/phases/pre_run.stderr.log" },
		{ "exit 0", "exit 3", "exit 0", "exit 0", "post\nmore\ndown\n",
		    "error: pre_commands: sh ended with exit code 3; see "
		    "pre_commands/phases/pre_run.stderr.log" },
		{ "exit 0", "exit 0", "exit 3", "exit 0", "run\npost\nmore\ndown\n",
		    "failed: post_commands: sh ended with exit code 3; see "
		    "post_commands/phases/pre_run.stderr.log" },
		{ "exit 0", "exit 0", "kill -HUP $$", "exit 0", "run\npost\nmore\ndown\n",
		    "failed: post_commands: sh ended with signal HUP; see "
		    "post_commands/phases/pre_run.stderr.log" },
		{ "exit 0", "exit 0", "exit 0", "exit 3", "run\npost\nmore\ndown\n",
		    "error: teardown: sh ended with exit code 3; see "
		    "teardown/phases/pre_run.stderr.log" },
		/* The heavier one is told. */
		{ "exit 0", "exit 0", "exit 4", "exit 3", "run\npost\nmore\ndown\n",
		    "error: teardown: sh ended with exit code 3; see "
		    "teardown/phases/pre_run.stderr.log" },
		{ "exit 0", "exit 4", "exit 4", "exit 3", "post\nmore\ndown\n",
		    "error: pre_commands: sh ended with exit code 4; see "
		    "pre_commands/phases/pre_run.stderr.log" },
	};
	char plan[600], rec[600];

	unit("what is done after a failure of each stage, and what the test is then");
	for (size_t i = 0; i < countof(of); i++) {
		snprintf(plan, sizeof plan,
		    "\"setup\":[" CMD("%s") "],\"teardown\":[" CMD("echo down >>order; %s") "]",
		    of[i].setup, of[i].teardown);
		snprintf(rec, sizeof rec, after, of[i].pre, of[i].post);
		CHECK_STR(ends(SVC("c", FINITE, "echo run >>../order"), plan, rec), of[i].ends);
		CHECK_STR(content("t/order"), of[i].order);
	}

	unit("a command that cannot be started fails like one that ends so");
	CHECK_STR(ends(SVC("c", FINITE, "exit 0"), "",
	              "\"steps\":{\"post_commands\":[[\"no-such-program\"]]}"),
	    "failed: post_commands: no-such-program: not found");
	CHECK_STR(ends(SVC("c", FINITE, "exit 0"), "",
	              "\"steps\":{\"pre_commands\":[[\"no-such-program\"]]}"),
	    "error: pre_commands: no-such-program: not found");
	CHECK_STR(
	    ends(SVC("c", FINITE, "exit 0"), "\"teardown\":[{\"argv\":[\"no-such-program\"]}]", ""),
	    "error: teardown: no-such-program: not found");
}

/* A setup of two parts, which run at the same time. */
#define UNTIL(file) "until [ -e " file " ]; do sleep 0.01; done"
#define BESIDE(script) "{\"argv\":[\"sh\",\"-c\",\"" script "\"],\"beside\":true}"
static void
of_two_parts(void)
{
	static const struct {
		const char *says, *setup, *ends, *file;
	} of[] = {
		{ "each waits for what the other makes, and there may be more of both",
		    CMD(": >a; " UNTIL("b")) "," CMD(": >w") "," BESIDE(
		        UNTIL("a") "; : >b") "," BESIDE(UNTIL("w") "; : >last"),
		    "completed: ", "last" },
		{ "the second one ends before a failure of the first is told",
		    CMD(UNTIL("a") "; exit 3") "," BESIDE(": >a; sleep 0.2; : >last"),
		    "error: setup: sh ended with exit code 3; see setup/phases/pre_run.stderr.log",
		    "last" },
		{ "a failure of the second one ends the first",
		    CMD(": >a; sleep 60") "," BESIDE(UNTIL("a") "; exit 4"),
		    "error: setup: sh ended with exit code 4; see setup/phases/beside.stderr.log",
		    "a" },
	};
	char plan[900];
	json_t *r, *list, *done;
	size_t at;
	int seen = 0;

	for (size_t i = 0; i < countof(of); i++) {
		unit(of[i].says);
		snprintf(plan, sizeof plan, "\"setup\":[%s]", of[i].setup);
		CHECK_STR(ends(SVC("c", FINITE, "exit 0"), plan, ""), of[i].ends);
		snprintf(plan, sizeof plan, "t/%s", of[i].file);
		CHECK(faccessat(testdir, plan, F_OK, 0) == 0);
	}
	unit("results of both have the numbers that the plan gives them");
	snprintf(plan, sizeof plan, "\"setup\":[%s]", of[0].setup);
	r = run(SVC("c", FINITE, "exit 0"), plan, "");
	list = pth_result_setup(r);
	CHECK_INT(json_array_size(list), 4);
	/* In the order of their ends, which is nobody's. */
	json_array_foreach(list, at, done) {
		seen |= 1 << pth_done_index(done);
		if (pth_done_index(done) == 3)
			CHECK_STR(pth_done_log(done), "setup/phases/beside");
	}
	CHECK_INT(seen, 15);
	json_decref(r);
}

#define Q "\\\""
#define TOLD(status)                                                                             \
	"echo '{" Q "pth" Q ":1," Q "service" Q ":{" Q "state" Q ":" Q "stopped" Q "," Q         \
	"reason" Q ":" Q "exit" Q "," Q "code" Q ":0," Q "ready_us" Q ":1}," Q "result" Q ":{" Q \
	"status" Q ":" Q status Q "," Q "reason" Q ":" Q "why" Q "}}' >inner.json"

/* A test that ran in a container as a whole: what its end there was. */
static void
of_whole_tests(void)
{
	static const char *const own[][2] = { { "completed", "completed: " },
		{ "unsupported", "unsupported: why" }, { "failed", "failed: why" },
		{ "timeout", "timeout: why" }, { "error", "error: why" },
		{ "crashed", "crashed: why" },
		/* We know better: */ { "interrupted", "completed: " } };
	char text[900];

	unit("the end of a test in its container is its end, unless that was interrupted");
	for (size_t i = 0; i < countof(own); i++) {
		snprintf(text, sizeof text,
		    SVC("c", FINITE "\"inner\":{\"file\":\"inner.json\"},", TOLD("%s")), own[i][0]);
		CHECK_STR(ends(text, "", ""), own[i][1]);
	}
}

/* s is a server, c a client. */
static const struct {
	const char *server, *client, *ends;
} both[] = {
	{ LONG, "exit 0", "completed: " },
	{ LONG, "exit 3", "failed: c ended with exit code 3" },
	{ LONG, "kill -USR1 $$", "crashed: c died of signal USR1" },
	{ "exit 3", LONG, "failed: s ended with exit code 3" },
	{ "kill -USR1 $$", LONG, "crashed: s died of signal USR1" },
	/* A server may end by itself, and well. */
	{ "exit 0", "until [ -e ../s/stdout.log ]; do sleep 0.01; done; sleep 0.1", "completed: " },
};

static void
of_ends(void)
{
	char text[900];
	json_t *r;

	unit("what the end of a server or of a client means");
	for (size_t i = 0; i < countof(both); i++) {
		snprintf(text, sizeof text, SVC("s", "", "%s") "," SVC("c", FINITE, "%s"),
		    both[i].server, both[i].client);
		CHECK_STR(ends(text, "", ""), both[i].ends);
	}
	unit("beside a client that has failed another goes on; a crash ends all");
	r = run(SVC("c", FINITE, "exit 3") "," SVC("d", FINITE, "sleep 0.2; echo >done"), "", "");
	CHECK_STR(pth_result_status(r), "failed");
	CHECK(faccessat(testdir, "t/d/done", F_OK, 0) == 0);
	json_decref(r);
	r = run(SVC("c", FINITE, "kill -USR1 $$") "," SVC("d", FINITE, LONG), "", "");
	CHECK_STR(pth_rsvc_reason(json_object_get(pth_result_services(r), "d")), "stopped");
	json_decref(r);

	unit("the heavier of two ends is the status");
	CHECK_STR(ends(SVC("c", FINITE, "exit 3") "," SVC(
	                   "d", FINITE AFTER("c", "stopped"), "kill -USR1 $$"),
	              "", ""),
	    "crashed: d died of signal USR1");
	CHECK_STR(
	    ends(SVC("c", FINITE "\"timeout_us\":50000,", LONG) "," SVC("d", FINITE, "exit 3"), "",
	        ""),
	    "timeout: c was still running after its timeout");

	unit("the first of the same weight is told");
	CHECK_STR(
	    ends(SVC("c", FINITE, "exit 3") "," SVC("d", FINITE AFTER("c", "stopped"), "exit 4"),
	        "", ""),
	    "failed: c ended with exit code 3");
}

static void
of_waits(void)
{
	json_t *r;
	int64_t us;

	unit("it lasts until the last finite service has ended");
	r = run(SVC("c", FINITE, "exit 0") "," SVC("d", FINITE, "sleep 0.1; echo >done"), "", "");
	CHECK_STR(pth_result_status(r), "completed");
	CHECK(faccessat(testdir, "t/d/done", F_OK, 0) == 0);
	json_decref(r);

	unit("with neither a finite service nor steps, as long as steps.wait says");
	r = run(SVC("s", "", LONG), "\"wait_us\":100000", "");
	CHECK_STR(pth_result_status(r), "completed");
	us = pth_timings_run_us(pth_result_timings(r));
	CHECK(us >= 100000 && us < 5 * S);
	json_decref(r);

	unit("steps stand for the client where there is none; beside one both are waited for");
	r = run(SVC("s", "", LONG), "\"wait_us\":60000000",
	    "\"steps\":{\"actions\":[{\"wait_us\":100000}]}");
	us = pth_timings_run_us(pth_result_timings(r));
	CHECK(us >= 100000 && us < 5 * S);
	json_decref(r);
	r = run(SVC("c", FINITE, "exit 0"), "", "\"steps\":{\"actions\":[{\"wait_us\":100000}]}");
	CHECK(pth_timings_run_us(pth_result_timings(r)) >= 100000);
	json_decref(r);

	unit("steps.wait as a limit");
	CHECK_STR(ends(SVC("c", FINITE AFTER("d", "stopped"), LONG) "," SVC("d", FINITE, "exit 0"),
	              "\"wait_us\":100000", ""),
	    "timeout: 1 of 2 finite services still ran when steps.wait had passed");
	CHECK_STR(ends(SVC("c", FINITE, "exit 0") "," SVC("s", AFTER("c", "stopped"), LONG),
	              "\"wait_us\":100000", "\"steps\":{\"actions\":[{\"wait_us\":60000000}]}"),
	    "timeout: step 1 of 1 (wait) had not ended when steps.wait had passed");

	unit("the test's timeout, of which stopping and what comes after are no part");
	CHECK_STR(ends(SVC("c", FINITE, LONG), "\"timeout_us\":100000", ""),
	    "timeout: the test's timeout passed");
	CHECK_STR(
	    ends(
	        SVC("s", "",
	            "trap 'sleep 2.1; exit 0' TERM; echo >up; while :; do sleep "
	            "0.01; done") "," SVC("c", FINITE, "until [ -e ../s/up ]; do sleep 0.01; done"),
	        "\"timeout_us\":4000000,\"teardown\":[" CMD("sleep 2.1; echo >>down") "]", ""),
	    "completed: ");
	CHECK(faccessat(testdir, "t/down", F_OK, 0) == 0);
	CHECK_STR(ends(SVC("c", FINITE, "exit 0"),
	              "\"timeout_us\":100000,\"setup\":[" CMD("sleep 60") "]", ""),
	    "timeout: the test's timeout passed");
	CHECK_STR(order_of("started"), "");
}

static void
of_deployments(void)
{
	static const char late[] = SVC("s", UP, LONG);

	unit("deploy_timeout: until all are ready, and named is who is not");
	CHECK_STR(ends(SVC("c", "", LONG) "," SVC("s", UP, LONG),
	              "\"environment\":{\"isolation\":\"none\",\"deploy_timeout_us\":100000}", ""),
	    "timeout: s was not ready when deploy_timeout had passed");
	CHECK_STR(ends(SVC("w", AFTER("s", "ready"), LONG) "," SVC("s", UP, LONG),
	              "\"environment\":{\"isolation\":\"none\",\"deploy_timeout_us\":100000}", ""),
	    "timeout: s was not ready when deploy_timeout had passed");
	CHECK_STR(ends(SVC("c", FINITE, "sleep 1.6"),
	              "\"environment\":{\"isolation\":\"none\",\"deploy_timeout_us\":1500000}", ""),
	    "completed: ");
	CHECK_STR(ends(late, "", "\"network_environment\":{\"deploy_timeout\":1}"),
	    "timeout: s was not ready when deploy_timeout had passed");

	unit("all are ready before the test runs, and a file may say so");
	CHECK_STR(ends(SVC("s", UP, "sleep 0.1; echo >up; " LONG) "," SVC("c", FINITE, "exit 0"),
	              "\"announce\":\"s/.ready\"", ""),
	    "completed: ");
	CHECK(faccessat(testdir, "t/s/.ready", F_OK, 0) == 0);
	CHECK_STR(ends(late, "\"announce\":\"s/.ready\",\"timeout_us\":100000", ""),
	    "timeout: the test's timeout passed");
	CHECK(faccessat(testdir, "t/s/.ready", F_OK, 0) != 0);

	unit("who waits for what will not be is not started, and the cause is told");
	CHECK_STR(ends(SVC("s", "", "exit 0") "," SVC("c", FINITE AFTER("s", "started"), "exit 0"),
	              "", ""),
	    "completed: ");
	CHECK_STR(ends("{\"name\":\"s\",\"critical\":false,\"phases\":{\"run\":{\"argv\":[\"none\"]"
	               "}}}," SVC("c", FINITE AFTER("s", "ready"), "exit 0"),
	              "", "\"services\":{\"s\":{\"critical\":false}}"),
	    "error: c: not started, for it waited for s (none: not found)");
	CHECK_STR(
	    ends(SVC("s", FINITE, "exit 3") "," SVC("c", FINITE AFTER("s", "completed"), "exit 0"),
	        "", ""),
	    "failed: s ended with exit code 3");
	CHECK_STR(order_of("started"), "s");
	CHECK_STR(ends(SVC("s", FINITE, "exit 0") "," SVC(
	                   "t", FINITE AFTER("s", "completed"), "exit 0") "," SVC("c",
	                   FINITE "\"after\":[{\"service\":\"s\",\"state\":\"stopped\"},"
	                          "{\"service\":\"t\",\"state\":\"stopped\"}],",
	                   "exit 0"),
	              "", ""),
	    "completed: ");
	CHECK_STR(order_of("started"), "s t c");
}

static void
of_requirements(void)
{
	json_t *r;

	unit("programs that are missing are told before anything starts");
	CHECK_STR(ends(SVC("a",
	                   FINITE "\"requires\":[{\"program\":\"sh\"},{\"program\":\"no-such\","
	                          "\"package\":\"nosuch\",\"hint\":\"write it\"}],",
	                   "echo >ran"),
	              "\"setup\":[" CMD("echo >ran") "]", ""),
	    "error: a: no-such not found; Debian has it in the package nosuch; write it");
	CHECK(faccessat(testdir, "t/ran", F_OK, 0) != 0);
	CHECK_STR(events("test."), "started ended");
	CHECK_STR(ends(SVC("a", FINITE, "exit 0"), "\"requires\":[{\"program\":\"no-such\"}]", ""),
	    "error: setup: no-such not found");
	CHECK_STR(ends(SVC("a", FINITE, "exit 0"), "\"requires\":[{\"program\":\"sh\"}]", ""),
	    "completed: ");
	CHECK_STR(ends(SVC("a", "\"critical\":false,\"requires\":[{\"program\":\"no-such\"}],",
	                   "exec no-such") "," SVC("b", FINITE, "exit 0"),
	              "", "\"services\":{\"a\":{\"critical\":false}}"),
	    "completed: ");

	unit("what cannot be done is no error of the test's programs");
	CHECK_STR(ends(SVC("a", FINITE, "exit 0"), "", "\"links\":[{}]"),
	    "unsupported: "
	    "links: only environments of type localhost, link and docker_compose can have them");
	CHECK_STR(ends(SVC("a", FINITE, "exit 0"), "", "\"links\":[]"), "completed: ");

	unit("a capture that cannot start changes no status");
	r = run(SVC("a", FINITE, "exit 0"),
	    "\"capture\":{\"interface\":\"nosuch0\",\"file\":\"x\"}", "");
	CHECK_STR(pth_result_status(r), "completed");
	CHECK(strstr(pth_rcap_error(pth_result_capture(r)), "nosuch0") != NULL);
	CHECK_STR(events("capture."), "failed");
	json_decref(r);
	r = run(SVC("a", FINITE, "exit 0"), "\"capture\":{\"interface\":\"nosuch0\",\"file\":null}",
	    "");
	CHECK(json_is_null(pth_result_capture(r)));
	CHECK_STR(events("capture."), "");
	json_decref(r);

	unit("a network that the host has already");
	CHECK_STR(ends(SVC("a", FINITE, "exit 0"),
	              "\"environment\":{\"isolation\":\"none\",\"resources\":"
	              "[\"subnet:127.0.0.0/8\"]}",
	              ""),
	    "error: setup: network_environment.subnet 127.0.0.0/8: the interface lo of this host "
	    "has addresses there");
}

/* How s fails, whether it is critical, and when. */
static void
of_degradation(void)
{
	static const char client[] = SVC("c", FINITE, "exit 0");
	/* It ends when the end of s has been seen. */
	static const char second[] = SVC("c", FINITE,
	    "until [ -s ../s/pid ]; do sleep 0.01; done; read pid <../s/pid; while kill -0 $pid "
	    "2>/dev/null; do sleep 0.01; done");
	static const char gone[] =
	    "{\"name\":\"s\",%s\"phases\":{\"run\":{\"argv\":[\"none\"]}}},%s";
	static const struct {
		const char *of_plan, *of_given, *partial, *start, *later;
	} of[] = {
		{ "", "", "", "error", "failed" },
		{ "\"critical\":false,", "", "", "completed", "completed" },
		{ "\"critical\":true,", "", "", "error", "failed" },
		{ "\"critical\":false,", "", "false", "error", "completed" },
		{ "\"critical\":false,", "", "true", "completed", "completed" },
		{ "\"critical\":false,", "\"critical\":false", "false", "completed", "completed" },
		{ "", "\"critical\":false", "false", "completed", "completed" },
	};
	char services[1500], plan[300], rec[200];

	unit("a service that the test can do without may fail; to start it has, unless");
	for (size_t i = 0; i < countof(of); i++) {
		json_t *r;
		bool degraded;

		snprintf(plan, sizeof plan,
		    "\"environment\":{\"isolation\":\"none\",\"parameters\":{%s%s}}",
		    *of[i].partial != '\0' ? "\"allow_partial_deployment\":" : "", of[i].partial);
		snprintf(rec, sizeof rec, "\"services\":{\"s\":{%s}}", of[i].of_given);
		snprintf(services, sizeof services, gone, of[i].of_plan, client);
		r = run(services, plan, rec);
		CHECK_STR(pth_result_status(r), of[i].start);
		degraded = strcmp(of[i].start, "completed") == 0;
		CHECK((json_array_size(pth_result_degraded(r)) == 1) == degraded);
		CHECK_STR(events("test.d"), degraded ? "eploying egraded" : "eploying");
		json_decref(r);
		snprintf(services, sizeof services,
		    SVC("s", "%s", "echo $$ >p; mv p pid; exit 3") ",%s", of[i].of_plan, second);
		r = run(services, plan, rec);
		CHECK_STR(pth_result_status(r), of[i].later);
		degraded = strcmp(of[i].later, "completed") == 0;
		CHECK((json_array_size(pth_result_degraded(r)) == 1) == degraded);
		json_decref(r);
	}
	CHECK(countof(of) >= 7);
}

static void
of_interruptions(void)
{
	int pipe_[2];
	json_t *r;

	unit("an interruption stops the test in order, and what comes after is done");
	CHECK(pipe(pipe_) == 0);
	ctl = pipe_[0];
	CHECK(write(pipe_[1], "i", 1) == 1);
	r = run(SVC("s", "", LONG), "\"teardown\":[" CMD("echo >>down") "]",
	    "\"steps\":{\"post_commands\":[[\"touch\",\"tidied\"]]}");
	CHECK_STR(pth_result_status(r), "interrupted");
	CHECK_STR(pth_result_category(r), "");
	CHECK(faccessat(testdir, "t/down", F_OK, 0) == 0);
	json_decref(r);
	unit("so does the end of who has started it");
	close(pipe_[1]);
	CHECK_STR(ends(SVC("c", FINITE, LONG), "", ""), "interrupted: interrupted");
	close(pipe_[0]);
	ctl = -1;
}

static void
of_results(void)
{
	/* It sleeps when the run has begun, which the file says. */
	json_t *r = run(SVC("s", "", LONG) "," SVC("c", FINITE,
	                    "until [ -e ../s/.ready ]; do sleep 0.01; done; sleep 0.05"),
	    "\"announce\":\"s/.ready\",\"setup\":[" CMD("sleep 0.05") "]", "");
	const json_t *t = pth_result_timings(r);

	unit("what a result says beside its status");
	CHECK_STR(pth_result_evidence(r), "unprotected");
	CHECK_INT(json_array_size(pth_isolation_used(pth_result_isolation(r))), 0);
	CHECK_INT(json_array_size(pth_isolation_missing(pth_result_isolation(r))), 6);
	CHECK(json_is_null(pth_result_capture(r)));
	CHECK(strlen(pth_result_started(r)) > 19 && strlen(pth_result_ended(r)) > 19);
	CHECK(strcmp(pth_result_started(r), pth_result_ended(r)) < 0);
	CHECK(pth_timings_setup_us(t) >= 50000 && pth_timings_run_us(t) >= 50000);
	CHECK(pth_timings_ready_us(t) >= 0 && pth_timings_ready_us(t) < 5 * S);
	CHECK(pth_timings_stop_us(t) >= 0);
	{
		int64_t rest = pth_result_duration_us(r) - pth_timings_setup_us(t) -
		    pth_timings_ready_us(t) - pth_timings_run_us(t) - pth_timings_stop_us(t);

		CHECK(rest >= 0 && rest < S); /* the stages are all of it */
	}
	CHECK(PTH_GET(result, r, steps) == NULL && PTH_GET(result, r, assertions) == NULL);
	CHECK(PTH_GET(result, r, degraded) == NULL && PTH_GET(result, r, reason) == NULL);
	CHECK(faccessat(testdir, "t/tmp", F_OK, 0) != 0);
	json_decref(r);

	unit("a stage that was not reached took no time");
	r = run(SVC("s", FINITE, "exit 0"), "\"setup\":[" CMD("sleep 0.05; exit 1") "]", "");
	t = pth_result_timings(r);
	CHECK_INT(pth_timings_setup_us(t), 0);
	CHECK_INT(pth_timings_ready_us(t), 0);
	CHECK(pth_timings_run_us(t) >= 50000);
	json_decref(r);

	unit("an assertion that does not hold fails the test; one that cannot be told is no pass");
	CHECK_STR(ends(SVC("c", FINITE, "exit 0"), "",
	              "\"assertions\":[{\"type\":\"file_exists\",\"file\":\"none\"}]"),
	    "failed: file_exists: none does not exist");
	r = run(SVC("c", FINITE, "exit 0"), "",
	    "\"assertions\":[{\"type\":\"output_contains\",\"service\":\"c\",\"file\":\"none\","
	    "\"text\":\"x\"}]");
	CHECK_STR(pth_result_status(r), "error");
	CHECK_STR(pth_result_category(r), "test_framework");
	json_decref(r);
	CHECK_STR(ends(SVC("c", FINITE, "exit 3"), "",
	              "\"assertions\":[{\"type\":\"output_contains\",\"service\":\"c\",\"file\":"
	              "\"none\",\"text\":\"x\"}]"),
	    "failed: c ended with exit code 3");
}

/* The samples of a test: the most processes of the service c in one, -1 when there is no file. */
static int64_t
most_processes(const char *script, const char *rec)
{
	char text[600], line[4096];
	int64_t most = -1;
	json_t *r;
	FILE *fp;

	snprintf(text, sizeof text, SVC("s", "", LONG) "," SVC("c", FINITE, "%s"), script);
	r = run(text, "\"wait_us\":20000000", rec);
	fp = fopen("t/metrics.jsonl", "r");
	CHECK_STR(pth_result_status(r), "completed");
	while (fp != NULL && fgets(line, sizeof line, fp) != NULL) {
		json_t *v = pth_json_parse(line, strlen(line), NULL), *services;
		int64_t n;

		services = pth_sample_services(v);
		n = pth_json_int(json_object_get(services, "c"), "processes", 0);
		most = n > most ? n : most;
		CHECK(pth_sample_at_us(v) > 0);
		json_decref(v);
	}
	if (fp != NULL)
		fclose(fp);
	json_decref(r);
	return most;
}

static void
of_orphans(void)
{
	unit("orphans are reaped while the test runs");
	CHECK_STR(ends(SVC("c", FINITE,
	                   "(sleep 0.01 &); sleep 0.05; n=0; while ps -o stat= --ppid $PPID | "
	                   "grep Z && [ $n -lt 100 ]; do sleep 0.02; n=$((n + 1)); done; "
	                   "[ $n -lt 100 ]"),
	              "", ""),
	    "completed: ");
}

static void
of_samples(void)
{
	static const char *const off[] = { "{\"metrics\":{\"enabled\":false}}",
		"{\"metrics\":{\"collect_system_metrics\":false}}",
		"{\"observers\":{\"metrics\":{\"enabled\":false}}}" };
	char rec[200];

	unit("samples are taken while services run, unless they are switched off");
	/* It ends when it has been seen with another process. */
	CHECK(most_processes("sleep 60 & until grep -q processes..[2-9] ../metrics.jsonl; do sleep "
	                     "0.02; done; kill $!",
	          "") >= 2);
	for (size_t i = 0; i < countof(off); i++) {
		snprintf(rec, sizeof rec, "\"settings\":%s", off[i]);
		CHECK_INT(most_processes("sleep 0.1", rec), -1);
	}
}

static void
of_images(void)
{
	static const char setup[] = "\"setup\":[" CMD(
	    "cd @{dir} && mkdir images && cd images && echo '{\\\"tag\\\":"
	    "\\\"b:1\\\"}' >x.lock && echo '{\\\"tag\\\":\\\"a:1\\\"}' "
	    ">y.lock && echo '[]' >z.lock && ln -s x.lock l.lock && "
	    "echo 7 >x.id") "]";
	json_t *r = run(SVC("a", FINITE, "true"), setup, "\"compose\":{}"), *list;

	unit("the images of a test in containers are in its result, by their tags");
	list = json_object_get(r, "images");
	CHECK_INT(json_array_size(list), 4);
	/* What cannot be read says why, and a link is not followed. */
	for (size_t i = 0; i < 2; i++)
		CHECK(pth_json_str(json_array_get(list, i), "error", NULL) != NULL);
	CHECK_STR(pth_json_str(json_array_get(list, 2), "tag", ""), "a:1");
	CHECK_STR(pth_json_str(json_array_get(list, 3), "tag", ""), "b:1");
	json_decref(r);
	r = run(SVC("a", FINITE, "true"), setup, "");
	CHECK(json_object_get(r, "images") == NULL);
	json_decref(r);
}

int
main(void)
{
	world_begin("supervisor");
	of_images();
	of_stages();
	of_failures();
	of_two_parts();
	of_whole_tests();
	of_ends();
	of_waits();
	of_deployments();
	of_requirements();
	of_degradation();
	of_interruptions();
	of_results();
	of_orphans();
	of_samples();
	return unit_done();
}
