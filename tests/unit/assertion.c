/* Assertions: what each kind says of a service in each state, and when it is looked at. */
#include "supervise/assertion.h"

#include <signal.h>

#include "asserted.h"

/* state: of the service s, see be(). */
static const struct {
	char state;
	const char *def, *want;
} states[] = {
	{ 'r', RUNNING, "yes: is running" },
	{ 'f', RUNNING, "yes: is running, frozen" },
	{ 'i', RUNNING, "yes: is running" },
	{ 'n', RUNNING, "no: is not running: not started" },
	{ '7', RUNNING, "no: is not running: exit code 7" },
	{ 's', RUNNING, "no: is not running: signal SEGV" },
	{ 'k', RUNNING, "no: is not running: exit code 0" },
	{ 'l', RUNNING, "unknown: is not running: exit code 0" },
	{ 'r', RESPONSIVE, "yes: is running, and was ready" },
	{ 'f', RESPONSIVE, "no: is frozen" },
	{ 'i', RESPONSIVE, "no: is running, but not ready" },
	{ 'n', RESPONSIVE, "no: is not running: not started" },
	{ '7', RESPONSIVE, "no: is not running: exit code 7" },
	{ 'l', RESPONSIVE, "unknown: is not running: exit code 0" },
	{ '0', CODE(""), "yes: exit code 0" },
	{ '7', CODE(""), "no: exit code 7, wanted: 0" },
	{ '7', CODE(",\"code\":7"), "yes: exit code 7" },
	{ '0', CODE(",\"code\":7"), "no: exit code 0, wanted: 7" },
	{ '7', CODE(",\"code\":[1,7]"), "yes: exit code 7" },
	{ '0', CODE(",\"code\":[1,7]"), "no: exit code 0, wanted: [1,7]" },
	{ '0', CODE(",\"code\":[]"), "no: exit code 0, wanted: []" },
	{ '0', CODE(",\"code\":[null]"), "no: exit code 0, wanted: [null]" },
	{ 's', CODE(",\"code\":-1"), "no: signal SEGV, wanted: -1" },
	{ 's', CODE(",\"code\":[0,-1]"), "no: signal SEGV, wanted: [0,-1]" },
	{ 'k', CODE(""), "yes: exit code 0" },
	{ 'n', CODE(""), "no: not started, wanted: 0" },
	{ 'l', CODE(",\"code\":7"), "unknown: exit code 0, wanted: 7" },
	{ 'r', CODE(""), "no: still running, wanted: 0" },
	{ 'r', FILE_("made"), "yes: made exists" },
	{ 'r', FILE_("none"), "no: none does not exist" },
	{ 'r', FILE_("made/below"), "no: made/below does not exist" },
	{ 'r', FILE_("dir"), "yes: dir exists" },
	{ 'r', FILE_("of_test"), "no: of_test does not exist" },
	{ 'r', FILE_("@{dir}/of_test"), "yes: @{dir}/of_test exists" },
	{ 'r', TEST_FILE("of_test"), "yes: of_test exists" },
	{ 'r', TEST_FILE("@{dir}/of_test"), "yes: @{dir}/of_test exists" },
	{ 'r', TEST_FILE("s/made"), "yes: s/made exists" },
	{ 'r', TEST_FILE("made"), "no: made does not exist" },
	{ 'r', OUTPUT("\"text\":\"a.b (c)\""), "yes: found" },
	{ 'r', OUTPUT("\"text\":\"a.b\""), "yes: found" },
	{ 'r', OUTPUT("\"text\":\"aXb\""), "no: \"aXb\" is not in its output" },
	{ 'r', OUTPUT("\"text\":\"^a\""), "no: \"^a\" is not in its output" },
	{ 'r', OUTPUT("\"pattern\":\"^a.b\""), "yes: found" },
	{ 'r', OUTPUT("\"pattern\":\"^a$\""), "no: \"^a$\" is not in its output" },
	{ 'r', OUTPUT("\"text\":\"on stderr\""), "yes: found" },
	{ 'r', OUTPUT("\"text\":\"unfinished\""), "yes: found" },
	{ 'r', OUTPUT("\"file\":\"stdout.log\",\"text\":\"on stderr\""),
	    "no: \"on stderr\" is not in stdout.log" },
	{ 'r', OUTPUT("\"file\":\"stderr.log\",\"text\":\"on stderr\""), "yes: found" },
	{ 'r', OUTPUT("\"file\":\"own\",\"text\":\"its own\""), "yes: found" },
	{ 'r', OUTPUT("\"file\":\"none\",\"text\":\"x\""),
	    "unknown: \"x\": cannot be told: none: No such file or directory" },
	{ 'r', OUTPUT("\"file\":\"dir\",\"text\":\"x\""),
	    "unknown: \"x\": cannot be told: dir: it is no regular file" },
	/* A log outlives its service. */
	{ '7', OUTPUT("\"text\":\"a.b (c)\""), "yes: found" },
};

static void
of_states(void)
{
	unit("what each kind says of each state");
	for (size_t i = 0; i < countof(states); i++) {
		be(&services[0], states[i].state);
		CHECK_STR(look(states[i].def), states[i].want);
	}
	CHECK(countof(states) >= 40);

	unit("only a finite service may have ended, and only with 0");
	be(&services[0], '0');
	CHECK_STR(look(RUNNING), "no: is not running: exit code 0");
	services[0].finite = true;
	CHECK_STR(look(RUNNING), "yes: has run: exit code 0");
	CHECK_STR(look(RESPONSIVE), "yes: has run: exit code 0");
	be(&services[0], '7');
	CHECK_STR(look(RUNNING), "no: is not running: exit code 7");
	be(&services[0], 'k');
	CHECK_STR(look(RUNNING), "no: is not running: exit code 0");
	services[0].finite = false;
}

static void
of_time(void)
{
	static const char none[] = "[" FILE_("none") "]";
	static const char timed[] =
	    "[{\"type\":\"file_exists\",\"service\":\"s\",\"file\":\"late\",\"timeout\":3}]";
	int64_t before = 0, pause = 0, longest = 0;

	be(&services[0], 'r');
	unit("without a timeout it is looked at once, when the run is over");
	begin(none);
	supervise_assertions_begin(&a, 100 * S);
	supervise_assertions_step(&a, 150 * S, false);
	CHECK_STR(said(0), "unknown: ");
	CHECK(!supervise_assertions_waiting(&a) && !supervise_assertions_done(&a));
	CHECK(supervise_assertions_next(&a) == PTH_NEVER);
	supervise_assertions_last(&a, 200 * S);
	CHECK_INT(supervise_assertions_next(&a), 200 * S);
	supervise_assertions_step(&a, 200 * S, false);
	CHECK_STR(said(0), "no: none does not exist");
	CHECK(supervise_assertions_done(&a));
	CHECK(supervise_assertions_next(&a) == PTH_NEVER);
	end();

	unit("with one it is looked at again, less and less often, until that has passed");
	events("assertion.");
	begin(timed);
	supervise_assertions_begin(&a, 100 * S);
	CHECK(supervise_assertions_waiting(&a));
	CHECK_INT(supervise_assertions_next(&a), 100 * S);
	for (int64_t now = 100 * S; now < 103 * S; now = supervise_assertions_next(&a)) {
		CHECK(now - before >= pause);
		pause = before > 0 && now < 102 * S ? now - before : 0;
		before = now;
		longest = pause > longest ? pause : longest;
		supervise_assertions_step(&a, now, false);
		CHECK(supervise_assertions_waiting(&a));
		CHECK(supervise_assertions_next(&a) - now <= 300000);
	}
	CHECK(longest >= 150000);
	CHECK_INT(supervise_assertions_next(&a), 103 * S);
	CHECK_STR(events("assertion."), "");
	supervise_assertions_step(&a, 103 * S, false);
	CHECK(!supervise_assertions_waiting(&a) && supervise_assertions_done(&a));
	CHECK_STR(said(0), "no: late does not exist");
	CHECK_STR(events("assertion."), "failed");
	end();

	unit("once it has held it holds");
	begin(timed);
	supervise_assertions_begin(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	put_file(services[0].at.dirfd, "late", "");
	supervise_assertions_step(&a, 101 * S, false);
	CHECK(!supervise_assertions_waiting(&a));
	CHECK_STR(events("assertion."), "passed");
	CHECK(unlinkat(services[0].at.dirfd, "late", 0) == 0);
	supervise_assertions_last(&a, 102 * S);
	supervise_assertions_step(&a, 102 * S, false);
	CHECK_STR(said(0), "yes: late exists");
	CHECK_STR(answer(), "yes: ");
	end();

	unit("a timeout of 0 is one look at once");
	begin("[{\"type\":\"file_exists\",\"file\":\"none\",\"timeout\":0}]");
	supervise_assertions_begin(&a, 100 * S);
	CHECK(supervise_assertions_waiting(&a));
	supervise_assertions_step(&a, 100 * S, true);
	CHECK(!supervise_assertions_waiting(&a));
	end();
}

static void
of_ends(void)
{
	static const char timed[] =
	    "[{\"type\":\"service_running\",\"service\":\"s\",\"timeout\":9}]";

	unit("what has ended cannot make it hold any more, unless it is started again");
	for (int i = 0; i < 5; i++) {
		be(&services[0], i == 4 ? 'l' : '7');
		services[0].restarting = i == 1;
		begin(timed);
		supervise_assertions_begin(&a, 100 * S);
		if (i == 3)
			supervise_assertions_last(&a, 100 * S);
		supervise_assertions_step(&a, 100 * S, i == 2);
		CHECK(supervise_assertions_done(&a) == (i == 0 || i >= 3));
		end();
	}
	services[0].restarting = false;

	unit("a state that goes on may still change");
	be(&services[0], 'i');
	begin("[{\"type\":\"service_responsive\",\"service\":\"s\",\"timeout\":9}]");
	supervise_assertions_begin(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK(supervise_assertions_waiting(&a));
	end();

	unit("exit codes are looked at after the services have ended");
	be(&services[0], 'r');
	begin("[" CODE(",\"code\":7") "]");
	supervise_assertions_begin(&a, 100 * S);
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK(supervise_assertions_done(&a));
	CHECK_STR(said(0), "unknown: ");
	be(&services[0], '7');
	supervise_assertions_after(&a);
	CHECK_STR(said(0), "yes: exit code 7");
	end();

	unit("but with a timeout as soon as they are there");
	be(&services[0], '7');
	begin("[{\"type\":\"exit_code\",\"service\":\"s\",\"code\":7,\"timeout\":1}]");
	supervise_assertions_begin(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK(!supervise_assertions_waiting(&a));
	CHECK_STR(said(0), "yes: exit code 7");
	end();

	unit("what was not looked at neither holds nor fails");
	events("assertion.");
	begin("[" RUNNING "," FILE_("made") "]");
	supervise_assertions_begin(&a, 100 * S);
	supervise_assertions_after(&a);
	CHECK_STR(said(0), "unknown: not looked at: the run did not get so far");
	CHECK_STR(said(1), "unknown: not looked at: the run did not get so far");
	CHECK_STR(events("assertion."), "unknown unknown");
	CHECK_STR(
	    answer(), "unknown: service_running s: not looked at: the run did not get so far");
	end();
}

static void
of_answers(void)
{
	unit("one that does not hold is told before one that cannot be told, each the first");
	be(&services[0], 'r');
	begin("[" FILE_("made") "," OUTPUT("\"file\":\"none\",\"text\":\"x\"") "," OUTPUT(
	    "\"file\":\"dir\",\"text\":\"x\"") "," TEST_FILE("none") "," TEST_FILE("nothing") "]");
	CHECK_STR(answer(), "yes: ");
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK_STR(answer(), "no: file_exists: none does not exist");
	end();
	begin("[" FILE_("made") "," OUTPUT("\"file\":\"none\",\"text\":\"x\"") "," OUTPUT(
	    "\"file\":\"dir\",\"text\":\"x\"") "]");
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK_STR(answer(),
	    "unknown: output_contains s: \"x\": cannot be told: none: No such file or directory");
	end();

	unit("what is there of a result");
	begin("[" TEST_FILE("of_test") "]");
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	{
		json_t *all = supervise_assertions_result(&a), *o = json_array_get(all, 0);

		CHECK_INT(json_array_size(all), 1);
		CHECK_STR(pth_rlook_type(o), "file_exists");
		CHECK(PTH_GET(rlook, o, service) == NULL && PTH_GET(rlook, o, unknown) == NULL);
		json_decref(all);
	}
	end();
	begin("[]");
	CHECK(supervise_assertions_result(&a) == NULL);
	CHECK_STR(answer(), "yes: ");
	end();
}

static void
of_links(void)
{
	unit("a link that leaves the directory cannot be told, one that stays can");
	be(&services[0], 'r');
	CHECK(symlinkat("/etc", services[0].at.dirfd, "out") == 0);
	CHECK(symlinkat("dir", services[0].at.dirfd, "in") == 0);
	CHECK(strncmp(look(FILE_("out/passwd")), "unknown: out/passwd: cannot be told: ", 37) == 0);
	CHECK_STR(look(FILE_("in")), "yes: in exists");
}

/* Files, output and how it ended are seen from outside of a container, whether it runs or not. */
static void
of_containers(void)
{
	static const struct {
		const char *def, *want;
	} outside[] = {
		{ "{\"type\":\"file_exists\",\"service\":\"c\",\"file\":\"in\"}",
		    "yes: in exists" },
		{ "{\"type\":\"file_exists\",\"service\":\"c\",\"file\":\"no\"}",
		    "no: no does not exist" },
		{ "{\"type\":\"output_contains\",\"service\":\"c\",\"file\":\"in\",\"text\":\"x\"}",
		    "yes: found" },
		{ "{\"type\":\"output_contains\",\"service\":\"c\",\"file\":\"in\",\"text\":\"y\"}",
		    "no: \"y\" is not in in" },
	};

	unit("what is looked at outside of a container");
	put_file(services[1].at.dirfd, "in", "x\n");
	for (const char *how = "r7"; *how != '\0'; how++) {
		be(&services[1], *how);
		for (size_t i = 0; i < countof(outside); i++)
			CHECK_STR(look(outside[i].def), outside[i].want);
		CHECK_STR(look("{\"type\":\"exit_code\",\"service\":\"c\",\"code\":7}"),
		    *how == '7' ? "yes: exit code 7" : "no: still running, wanted: 7");
	}
	begin("[{\"type\":\"exit_code\",\"service\":\"c\",\"code\":7,\"timeout\":3}]");
	supervise_assertions_begin(&a, 100 * S);
	be(&services[1], 'r');
	supervise_assertions_step(&a, 100 * S, true);
	be(&services[1], '7');
	supervise_assertions_step(&a, 101 * S, false);
	CHECK_STR(said(0), "yes: exit code 7");
	end();
}

/* A line that is not kept of a log is seen; of another service's, or another log, not. */
static void
of_lost_lines(void)
{
	static const char sought[] = "[" OUTPUT("\"text\":\"lost line\"") "," OUTPUT(
	    "\"file\":\"stderr.log\",\"text\":\"lost line\"") "]";

	unit("a line that is not kept counts for the log that it is of");
	begin(sought);
	supervise_assertions_lost(&a, &services[1], "stdout.log", "lost line\n", 10);
	supervise_assertions_lost(&a, &services[0], "steps/1.stdout.log", "lost line\n", 10);
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK(strncmp(said(0), "no: ", 4) == 0 && strncmp(said(1), "no: ", 4) == 0);
	end();
	begin(sought);
	supervise_assertions_lost(&a, &services[0], "stdout.log", "lost line\n", 10);
	supervise_assertions_last(&a, 100 * S);
	supervise_assertions_step(&a, 100 * S, false);
	CHECK_STR(said(0), "yes: found");
	CHECK(strncmp(said(1), "no: ", 4) == 0);
	end();
}

static void
of_wrong_ones(void)
{
	static const struct {
		const char *def, *why;
	} wrong[] = {
		{ "{}", "unknown type \"\"" },
		{ "{\"type\":\"nice\",\"service\":\"s\"}", "unknown type \"nice\"" },
		{ "{\"type\":\"service_running\"}", "service_running: it names no service" },
		{ "{\"type\":\"service_responsive\"}", "service_responsive: it names no service" },
		{ "{\"type\":\"output_contains\",\"text\":\"x\"}",
		    "output_contains: it names no service" },
		{ "{\"type\":\"exit_code\"}", "exit_code: it names no service" },
		{ "{\"type\":\"port_open\",\"service\":\"x\",\"port\":1}",
		    "port_open: no service \"x\" in this test" },
		{ "{\"type\":\"port_open\"}", "port_open: no port" },
		{ "{\"type\":\"port_open\",\"port\":0}", "port_open: no port" },
		{ "{\"type\":\"port_open\",\"port\":65536}", "port_open: no port" },
		{ "{\"type\":\"port_open\",\"port\":-1}", "port_open: no port" },
		{ "{\"type\":\"service_responsive\",\"service\":\"s\",\"endpoint\":\"0/\"}",
		    "endpoint \"0/\": PORT/PATH is wanted" },
		{ OUTPUT("\"text\":\"two\\nlines\""), "text: one line is wanted" },
		{ OUTPUT("\"file\":\"../x\",\"text\":\"x\""),
		    "file: must be below the service's directory" },
		{ OUTPUT("\"file\":\"x\""), "needs text or pattern" },
		{ FILE_("../made"),
		    "file_exists: the file must be below the directory of the service" },
		{ TEST_FILE("/of_test"),
		    "file_exists: the file must be below the directory of the test" },
		{ TEST_FILE("@{dir}/../x"),
		    "file_exists: the file must be below the directory of the test" },
		{ TEST_FILE(""), "file_exists: the file must be below the directory of the test" },
	};
	char text[300], want[300];
	struct pth_err e;

	unit("what is wrong is an error before anything starts");
	for (size_t i = 0; i < countof(wrong); i++) {
		snprintf(text, sizeof text, "[%s,%s]", RUNNING, wrong[i].def);
		snprintf(want, sizeof want, "assertion 2: %s", wrong[i].why);
		list = parse(text);
		CHECK(supervise_assertions_init(&a, list, services, 2, testdir, &e) != 0);
		CHECK_STR(e.text, want);
		CHECK_INT(e.code, PTH_INPUT);
		end();
	}
	CHECK(countof(wrong) >= 15);
	CHECK(strncmp(look("{\"type\":\"port_open\",\"port\":65535}"), "no: ", 4) == 0);
	CHECK(strncmp(look("{\"type\":\"port_open\",\"port\":1}"), "no: ", 4) == 0);
}

int
main(void)
{
	asserted_begin("assertion");
	of_states();
	of_time();
	of_ends();
	of_answers();
	of_links();
	of_containers();
	of_lost_lines();
	of_wrong_ones();
	return asserted_done();
}
