/* The life of one service: states, readiness, limits of time, ends and what they mean. */
#include "supervise/service.h"

#include <sys/prctl.h>

#include "io/file.h"
#include "io/record.h"
#include "life.h"

static void
of_states(void)
{
	static const char *const usage[] = { "\"sys_us\":", "\"max_rss_kb\":", "\"minflt\":",
		"\"majflt\":", "\"nvcsw\":", "\"nivcsw\":" };

	unit("its directory is made; nothing is started before it may");
	begin("exit 0", "");
	supervise_service_step(&s, 3 * S, S);
	CHECK(s.pid == 0 && !supervise_service_is_busy(&s));
	CHECK_STR(result("state"), "\"initializing\"");
	CHECK_STR(result("reason"), "\"not started\"");
	CHECK_STR(result("pid"), "");
	CHECK_STR(result("started_us"), "");
	end();

	unit("without checks it runs at once; times are since the start of the test");
	started("exit 0", "");
	CHECK_INT(s.state, PTH_ST_RUNNING);
	CHECK_STR(result("started_us"), "2000000");
	CHECK_STR(result("ready_us"), "2000000");
	CHECK_STR(result("ended_us"), "");
	CHECK_STR(result("reason"), "\"running\"");
	reap(5 * S);
	CHECK_INT(s.state, PTH_ST_STOPPED);
	CHECK_STR(result("ended_us"), "4000000");
	CHECK_STR(result("reason"), "\"exit\"");
	CHECK_STR(result("code"), "0");
	CHECK_STR(result("signal"), "null");
	CHECK_STR(result("core"), "false");
	CHECK_STR(result("killed"), "false");
	for (size_t i = 0; i < countof(usage); i++)
		CHECK(strstr(result("rusage"), usage[i]) != NULL);
	CHECK(countof(usage) >= 6);
	CHECK_STR(events("service."), "initializing started ready running exited stopped");
	end();

	unit("with checks it is ready first; a finite one runs then, another waits for all");
	for (int finite = 0; finite < 2; finite++) {
		started("exec sleep 60", finite != 0 ? "\"finite\":true," UP : UP);
		CHECK_INT(s.state, PTH_ST_INITIALIZING);
		CHECK(!supervise_service_is_ready(&s));
		CHECK_STR(result("ready_us"), "");
		close(openat(s.at.dirfd, "up", O_WRONLY | O_CREAT, 0600));
		supervise_service_step(&s, 4 * S, S);
		CHECK_INT(s.state, finite != 0 ? PTH_ST_RUNNING : PTH_ST_READY);
		CHECK(supervise_service_is_ready(&s));
		CHECK_STR(result("ready_us"), "3000000");
		end();
	}
}

/* Two checks, and more. */
#define CHECKS                                              \
	"\"ready\":[{\"kind\":\"log\",\"matches\":\"up\"}," \
	"{\"kind\":\"file\",\"path\":\"up\",\"timeout_us\":5000000}"

/* Services that end without having been ready. A server that ends so early is in the background. */
static const char *const unready[][2] = {
	{ "echo up", "\"finite\":true," CHECKS "]" },
	{ "echo up; : >up", "\"finite\":true," CHECKS ",{\"kind\":\"udp\",\"port\":1}]" },
	{ "echo up; : >up", CHECKS "]" },
	{ "echo up; : >up", "\"finite\":true,\"restart\":\"always\"," CHECKS "]" },
};

static void
of_readiness(void)
{
	unit("too late to get ready: it is stopped, in error");
	started("echo my key is bad; exec sleep 60",
	    "\"ready\":[{\"kind\":\"udp\",\"port\":9,\"timeout_us\":2000000}]");
	heard("bad");
	CHECK_INT(supervise_service_next(&s), s.ready.look);
	supervise_service_step(&s, 5 * S - 1, S);
	CHECK_INT(s.state, PTH_ST_INITIALIZING);
	supervise_service_step(&s, 5 * S, S);
	supervise_service_step(&s, 6 * S, S);
	CHECK_INT(s.state, PTH_ST_ERROR);
	CHECK(s.stopping);
	reap(6 * S);
	CHECK_INT(s.state, PTH_ST_ERROR);
	CHECK_STR(result("reason"), "\"not ready\"");
	CHECK_STR(result("error"),
	    "\"did not bind UDP port 9 within 2.00 s; last log line: my key is bad\"");
	CHECK_STR(result("category"), "\"service_start\"");
	CHECK_STR(result("limit"), "\"ready\"");
	CHECK_STR(result("port"), "9");
	end();

	unit("an end before it is ready is an error, of a finite one, too");
	for (int finite = 0; finite < 2; finite++) {
		started("exit 0", finite != 0 ? "\"finite\":true," UP : UP);
		reap(4 * S);
		CHECK_INT(s.state, PTH_ST_ERROR);
		CHECK_STR(s.error,
		    finite ? "ended with exit code 0 before it was ready" :
		             "ended with exit code 0 before it was ready; it must not go into the "
		             "background");
		CHECK_STR(result("reason"), "\"exit\"");
		end();
	}
	started("exit 3", UP);
	reap(4 * S);
	CHECK_STR(s.error, "ended with exit code 3 before it was ready");
	end();
	started("kill -ILL $$", UP);
	reap(4 * S);
	CHECK(strncmp(s.error, "ended with signal ILL before it was ready", 41) == 0);
	CHECK_STR(result("reason"), "\"signal\"");
	CHECK_STR(result("signal"), "\"ILL\"");
	CHECK_STR(result("code"), "null");
	end();

	unit("who was ready has ended in order, with whatever code");
	started("exit 3", "");
	reap(4 * S);
	CHECK_INT(s.state, PTH_ST_STOPPED);
	CHECK_STR(event_text("service.failed", "message"), "exit code 3");
	CHECK_STR(result("reason"), "\"exit\"");
	CHECK_STR(result("code"), "3");
	CHECK_STR(result("error"), "");
	end();
}

static void
of_programs(void)
{
	static const struct {
		const char *argv0, *reason, *category;
	} none[] = { { "no-such-program", "\"not found\"", "\"dependency\"" },
		{ "./nowhere", "\"not found\"", "\"dependency\"" },
		{ "/etc/passwd", "\"not executable\"", "\"dependency\"" },
		{ "/etc", "\"not executable\"", "\"dependency\"" } };

	unit("a program that cannot be started");
	for (size_t i = 0; i < countof(none); i++) {
		char text[200];

		snprintf(text, sizeof text,
		    "{\"name\":\"s\",\"phases\":{\"run\":{\"argv\":[\"%s\"]}}}", none[i].argv0);
		plan = service_of(&s, text);
		supervise_service_begin(&s);
		s.released = true;
		supervise_service_step(&s, 3 * S, S);
		CHECK_INT(s.state, PTH_ST_ERROR);
		CHECK_STR(result("reason"), none[i].reason);
		CHECK_STR(result("category"), none[i].category);
		CHECK(strstr(s.error, none[i].argv0) != NULL);
		CHECK_INT(supervise_service_reached(&s, "started"), -1);
		end();
	}

	unit("a finite one was ready when it ended, though nobody had looked: its log and a file");
	started("for i in 1 2 3 4 5 6 7 8 9; do seq 9999; done; echo up; : >up; exit 3",
	    "\"finite\":true," CHECKS "]");
	reap(4 * S);
	CHECK_INT(s.state, PTH_ST_STOPPED);
	CHECK_STR(s.error, "");
	CHECK_STR(result("code"), "3");
	CHECK_INT(supervise_service_reached(&s, "ready"), 1);
	end();
	unit("it was not, when one of them is missing, when a port was to be bound; nor is a "
	     "server");
	for (size_t i = 0; i < countof(unready); i++) {
		started(unready[i][0], unready[i][1]);
		reap(4 * S);
		CHECK_INT(s.state, PTH_ST_ERROR);
		CHECK(strstr(s.error, "ended with exit code 0 before it was ready") == s.error);
		CHECK(supervise_service_reached(&s, "ready") <= 0);
		end();
	}

	unit("names that cannot be directories");
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "../x", "", "a/b" };
		struct pth_err e;

		plan = json_pack("{s:s}", "name", names[i]);
		CHECK(supervise_service_init(&s, plan, testdir, &places, &e) != 0);
		CHECK(strstr(e.text, "cannot be a directory") != NULL);
		end();
	}
	unit("what stands where its directory should be is not followed");
	CHECK(symlink("/tmp", "s") == 0);
	{
		struct pth_err e;

		plan = json_pack("{s:s}", "name", "s");
		CHECK(supervise_service_init(&s, plan, testdir, &places, &e) != 0);
		end();
	}
}

static void
of_stops(void)
{
	unit("it is asked by its signal; after its grace it is killed, and not before");
	started("trap : USR1; echo up; " FOREVER,
	    "\"stop\":{\"signal\":\"USR1\",\"grace_us\":2000000}");
	heard("up");
	supervise_service_stop(&s, 10 * S);
	CHECK_INT(s.state, PTH_ST_STOPPING);
	CHECK_INT(supervise_service_next(&s), 12 * S);
	supervise_service_step(&s, 12 * S - 1, S);
	CHECK(!s.killed && supervise_service_lives(&s));
	supervise_service_stop(&s, 11 * S); /* asked once is enough */
	CHECK_INT(supervise_service_next(&s), 12 * S);
	supervise_service_step(&s, 12 * S, S);
	CHECK(s.killed);
	CHECK(supervise_service_next(&s) == PTH_NEVER);
	reap(13 * S);
	CHECK_INT(s.state, PTH_ST_STOPPED);
	CHECK_STR(result("reason"), "\"stopped\"");
	CHECK_STR(result("signal"), "\"KILL\"");
	CHECK_STR(result("killed"), "true");
	CHECK_STR(events("service.k"), "illed");
	end();

	unit("who obeys is not killed; whatever code it has, it was stopped");
	started("trap \\\"exit 7\\\" USR1; echo up; " FOREVER,
	    "\"stop\":{\"signal\":\"USR1\",\"grace_us\":60000000}");
	heard("up");
	supervise_service_stop(&s, 10 * S);
	reap(11 * S);
	CHECK_STR(result("reason"), "\"stopped\"");
	CHECK_STR(result("code"), "7");
	CHECK_STR(result("killed"), "false");
	CHECK_INT(s.state, PTH_ST_STOPPED);
	end();

	unit("a name that is no signal is TERM; so is none");
	for (int i = 0; i < 2; i++) {
		started("trap \\\"exit 8\\\" TERM; echo up; " FOREVER,
		    i == 0 ? "\"stop\":{\"signal\":\"NONE\"}" : "");
		heard("up");
		supervise_service_stop(&s, 10 * S);
		reap(11 * S);
		CHECK_STR(result("code"), "8");
		end();
	}

	unit("a frozen one is stopped as well as another");
	started("trap \\\"exit 9\\\" TERM; echo up; " FOREVER, "");
	heard("up");
	CHECK_INT(supervise_service_pause(&s, true), 0);
	CHECK(s.paused);
	supervise_service_stop(&s, 10 * S);
	reap(11 * S);
	CHECK_STR(result("code"), "9");
	CHECK(!s.paused);
	end();

	unit("one that was not begun, or not started, is stopped without a process");
	begin("exit 0", "");
	supervise_service_stop(&s, 3 * S);
	CHECK_INT(s.state, PTH_ST_STOPPED);
	CHECK_STR(result("reason"), "\"not started\"");
	s.released = true;
	supervise_service_step(&s, 4 * S, S);
	CHECK(s.pid == 0);
	end();

	unit("the command of a readiness check is stopped with it, and ends with it");
	for (int stopped = 0; stopped < 2; stopped++) {
		started("exec sleep 60",
		    "\"ready\":[{\"kind\":\"command\",\"argv\":[\"sleep\",\"60\"]}]");
		CHECK(s.ready.pid > 0);
		if (stopped == 1)
			supervise_service_stop(&s, 4 * S);
		else
			kill(s.pid, SIGKILL);
		for (int i = 0; i < 20000 && s.ready.pid > 0; i++) {
			supervise_service_reap(&s, 5 * S, S);
			usleep(1000);
		}
		CHECK_INT(s.ready.pid, 0);
		reap(5 * S);
		end();
	}

	unit("what is stopped is stopped");
	started("exit 0", "");
	reap(4 * S);
	supervise_service_stop(&s, 5 * S);
	CHECK_INT(s.state, PTH_ST_STOPPED);
	CHECK_STR(result("reason"), "\"exit\"");
	end();
}

static void
of_limits(void)
{
	unit("its timeout: it is stopped then, and that is no end of its own");
	started("exec sleep 60", "\"timeout_us\":4000000");
	CHECK_INT(supervise_service_next(&s), 7 * S);
	supervise_service_step(&s, 7 * S - 1, S);
	CHECK(!s.killed_late && !s.stopping);
	supervise_service_step(&s, 7 * S, S);
	CHECK(s.killed_late && s.stopping);
	reap(8 * S);
	CHECK_STR(result("reason"), "\"timeout\"");
	CHECK_STR(result("error"), "\"still running after its timeout\"");
	CHECK_STR(result("category"), "\"timeout\"");
	CHECK_STR(result("limit"), "\"timeout\"");
	CHECK_INT(s.state, PTH_ST_STOPPED);
	CHECK_STR(events("service.t"), "imeout");
	CHECK_STR(event_text("service.failed", "message"), "still running after its timeout");
	end();

	unit("none: it may last for ever");
	started("exec sleep 60", "");
	CHECK(supervise_service_next(&s) == PTH_NEVER);
	supervise_service_step(&s, INT64_MAX / 2, S);
	CHECK(!s.stopping && supervise_service_lives(&s));
	end();

	unit("a frozen service's time goes on");
	started("exec sleep 60", "\"timeout_us\":4000000");
	supervise_service_pause(&s, true);
	supervise_service_step(&s, 7 * S, S);
	CHECK(s.killed_late);
	reap(8 * S);
	CHECK_STR(result("reason"), "\"timeout\"");
	end();
}

/* sent: signals of steps, or 0; script: how it ends after that. */
static const struct {
	int sent, more;
	const char *script, *reason;
} asked[] = {
	{ 0, 0, "kill -TERM $$", "signal" },
	{ 0, 0, "exit 0", "exit" },
	{ SIGTERM, 0, "exit 0", "stopped" },
	{ SIGTERM, 0, "exit 3", "stopped" },
	{ SIGINT, 0, "exit 3", "stopped" },
	{ SIGHUP, 0, "exit 3", "exit" },
	{ SIGHUP, 0, "exit 0", "exit" },
	{ SIGQUIT, 0, "exit 1", "exit" },
	{ SIGUSR1, 0, "exit 1", "exit" },
	{ SIGHUP, SIGTERM, "exit 3", "stopped" },
	{ SIGHUP, 0, "trap - HUP; kill -HUP $$", "stopped" },
	{ SIGUSR1, 0, "trap - HUP; kill -HUP $$", "signal" },
	{ SIGTERM, 0, "kill -SEGV $$", "signal" },
	{ SIGTERM, 0, "trap - TERM; kill -TERM $$", "stopped" },
};

static void
of_signals(void)
{
	unit("what a step's signal brings was asked for: its own death, or an end by INT or TERM");
	for (size_t i = 0; i < countof(asked); i++) {
		char script[300], want[32];

		snprintf(script, sizeof script,
		    "trap : HUP INT QUIT TERM USR1; echo up; until [ -e go ]; do sleep 0.01; done; "
		    "%s",
		    asked[i].script);
		if (asked[i].sent == 0)
			memmove(script, script + 28, strlen(script + 28) + 1);
		started(script, "");
		heard("up");
		if (asked[i].sent != 0)
			CHECK_INT(supervise_service_signal(&s, asked[i].sent), 0);
		if (asked[i].more != 0)
			CHECK_INT(supervise_service_signal(&s, asked[i].more), 0);
		close(openat(s.at.dirfd, "go", O_WRONLY | O_CREAT, 0600));
		reap(5 * S);
		snprintf(want, sizeof want, "\"%s\"", asked[i].reason);
		CHECK_STR(result("reason"), want);
		CHECK_INT(supervise_service_signal(&s, SIGTERM), -1);
		CHECK_INT(supervise_service_pause(&s, true), -1);
		end();
	}
	CHECK(countof(asked) >= 12);

	unit("numbers that are no signal");
	started("exec sleep 60", "");
	CHECK_INT(supervise_service_signal(&s, 0), -1);
	CHECK_INT(supervise_service_signal(&s, 65), -1);
	CHECK(s.asked == 0);
	CHECK_INT(supervise_service_signal(&s, 64), 0);
	reap(5 * S);
	CHECK_STR(result("reason"), "\"stopped\"");
	end();
}

/* A service with these phases around a run command that adds "run" to the file order. */
static void
with_phases(const char *phases)
{
	char text[1000];

	snprintf(text, sizeof text,
	    "{\"name\":\"s\",\"phases\":{%s,"
	    "\"run\":{\"argv\":[\"sh\",\"-c\",\"echo run >>order\"]}}}",
	    phases);
	plan = service_of(&s, text);
	supervise_service_begin(&s);
	s.released = true;
	supervise_service_step(&s, 3 * S, S);
	settle(4 * S);
}

static void
of_phases(void)
{
	unit("phases before the run command and after it");
	with_phases(PHASE("post_run", "echo post_run >>order") "," PHASE(
	    "pre_run", "echo pre_run >>order") "," PHASE("compile", "echo compile >>order"));
	CHECK_STR(content("s/order"), "compile\npre_run\nrun\npost_run\n");
	CHECK_INT(s.state, PTH_ST_STOPPED);
	CHECK(supervise_service_is_idle(&s));
	end();

	unit("one before it that fails: it is not run, and nothing after it");
	with_phases(PHASE("post_run", "echo post_run >>order") "," PHASE(
	    "pre_run", "echo pre_run >>order") "," PHASE("compile", "exit 2"));
	CHECK_STR(content("s/order"), "");
	CHECK_INT(s.state, PTH_ST_ERROR);
	CHECK_STR(result("reason"), "\"not started\"");
	CHECK(strstr(s.error, "compile: sh ended with exit code 2") != NULL);
	CHECK_INT(supervise_service_reached(&s, "stopped"), -1);
	end();

	unit("one after it that fails, or takes too long: the service has failed, its run has not");
	for (size_t i = 0; i < 3; i++) {
		static const char *const posts[] = { PHASE("post_run", "exit 2"),
			"\"post_run\":[{\"argv\":[\"sleep\",\"60\"],\"timeout_us\":1}]",
			"\"post_run\":[{\"argv\":[\"no-such-program\"]}]" };
		static const char *const told[] = { "post_run: sh ended with exit code 2",
			"post_run: sleep took too long", "no-such-program" };

		with_phases(posts[i]);
		CHECK_STR(content("s/order"), "run\n");
		CHECK_INT(s.state, PTH_ST_ERROR);
		CHECK_STR(result("reason"), "\"exit\"");
		CHECK_STR(result("code"), "0");
		CHECK(strstr(s.error, told[i]) != NULL);
		end();
	}

	unit("it is idle when nothing runs and nothing is left to run");
	plan = service_of(&s,
	    "{\"name\":\"s\",\"phases\":{" PHASE(
	        "post_run", "exit 0") ",\"run\":{\"argv\":[\"true\"]}}}");
	supervise_service_begin(&s);
	supervise_service_step(&s, 3 * S, S);
	CHECK(supervise_service_is_idle(&s));
	s.released = true;
	supervise_service_step(&s, 3 * S, S);
	CHECK(!supervise_service_is_idle(&s));
	reap(4 * S);
	CHECK(!supervise_service_is_busy(&s) && !supervise_service_is_idle(&s));
	settle(4 * S);
	CHECK(supervise_service_is_idle(&s));
	end();

	unit("before the run the first failure is the last command, after it all have their turn");
	with_phases("\"pre_run\":[{\"argv\":[\"false\"]},{\"argv\":[\"touch\",\"more\"]}]");
	CHECK(faccessat(testdir, "s/more", F_OK, 0) != 0);
	CHECK_INT(s.state, PTH_ST_ERROR);
	end();
	with_phases("\"post_run\":[{\"argv\":[\"false\"]},{\"argv\":[\"touch\",\"more\"]}]");
	CHECK(faccessat(testdir, "s/more", F_OK, 0) == 0);
	end();

	unit("a phase is stopped with its service, and then nothing else is run");
	plan = service_of(&s,
	    "{\"name\":\"s\",\"phases\":{" PHASE("pre_run",
	        "exec sleep 60") ","
	                         "\"run\":{\"argv\":[\"sh\",\"-c\",\"echo run >>order\"]}}}");
	supervise_service_begin(&s);
	s.released = true;
	supervise_service_step(&s, 3 * S, S);
	CHECK(supervise_service_is_busy(&s) && !supervise_service_lives(&s));
	CHECK_INT(supervise_service_next(&s), 303 * S);
	supervise_service_stop(&s, 4 * S);
	settle(5 * S);
	CHECK_INT(s.state, PTH_ST_STOPPED);
	CHECK_STR(content("s/order"), "");
	end();
}

/* What a service in each state has reached of: started, ready, running, stopped, completed. */
static const struct {
	const char *what;
	enum pth_state state;
	bool exited, signaled, restarting;
	int code;
	const char *reached; /* '+' yes, '0' not yet, '-' never */
} reached[] = {
	{ "waits", PTH_ST_INITIALIZING, false, false, false, 0, "00000" },
	{ "is ready", PTH_ST_READY, false, false, false, 0, "+++00" },
	{ "runs", PTH_ST_RUNNING, false, false, false, 0, "+++00" },
	{ "is stopped just now", PTH_ST_STOPPING, false, false, false, 0, "+0000" },
	{ "has ended with 0", PTH_ST_STOPPED, true, false, false, 0, "+++++" },
	{ "has ended with 3", PTH_ST_STOPPED, true, false, false, 3, "++++-" },
	{ "died", PTH_ST_STOPPED, true, true, false, 0, "++++-" },
	{ "was never started", PTH_ST_STOPPED, false, false, false, 0, "-----" },
	{ "failed", PTH_ST_ERROR, true, false, false, 3, "+--+-" },
	{ "failed with 0", PTH_ST_ERROR, true, false, false, 0, "+--++" },
	{ "is started again", PTH_ST_STOPPED, true, false, true, 0, "+++00" },
};

static void
of_categories(void)
{
	static const struct {
		const char *kind, *phase;
		bool engine;
		const char *want;
	} of[] = { { "iut", "compile", false, "\"command_execution\"" },
		{ "tester", "compile", false, "\"tester_compilation\"" },
		{ "tester", "pre_compile", false, "\"tester_compilation\"" },
		{ "tester", "post_compile", false, "\"tester_compilation\"" },
		{ "tester", "pre_run", false, "\"command_execution\"" },
		{ "tester", "compile", true, "\"docker_runtime\"" } };

	unit("what it means that a command of a phase fails");
	for (size_t i = 0; i < countof(of); i++) {
		char text[200];

		snprintf(text, sizeof text,
		    "{\"name\":\"s\",\"kind\":\"%s\",\"phases\":{\"%s\":[{\"argv\":[\"false\"]}]}}",
		    of[i].kind, of[i].phase);
		plan = service_of(&s, text);
		places.engine = of[i].engine;
		supervise_service_begin(&s);
		s.released = true;
		supervise_service_step(&s, 3 * S, S);
		settle(4 * S);
		CHECK_STR(result("category"), of[i].want);
		places.engine = false;
		end();
	}

	unit("as whom it runs, where that is said");
	for (int root = 0; root < (geteuid() == 0 ? 2 : 1); root++) {
		char want[64];

		started(root == 1 ? "id -u; id -G" : "id -u",
		    root == 1 ? "\"user\":{\"uid\":65001,\"gid\":65002}" : "");
		reap(4 * S);
		snprintf(want, sizeof want, "%u\n", geteuid());
		CHECK_STR(content("s/stdout.log"), root == 1 ? "65001\n65002\n" : want);
		end();
	}
}

static void
of_reached(void)
{
	static const char *const states[] = { "started", "ready", "running", "stopped",
		"completed" };

	unit("what a service has reached, and what it will not any more");
	begin("exit 0", "");
	for (size_t i = 0; i < countof(reached); i++) {
		char got[countof(states) + 1] = "";
		bool never = reached[i].reached[0] != '+';

		s.state = reached[i].state;
		s.exited = reached[i].exited;
		s.exit = (struct pth_exit){ .signaled = reached[i].signaled,
			.code = reached[i].code };
		s.restarting = reached[i].restarting;
		s.run_pid = never ? 0 : 4711;
		s.ready_us = never || s.state == PTH_ST_ERROR ? 0 : 1;
		for (size_t k = 0; k < countof(states); k++) {
			int r = supervise_service_reached(&s, states[k]);

			got[k] = r > 0 ? '+' : r < 0 ? '-' : '0';
		}
		if (strcmp(got, reached[i].reached) != 0)
			printf("    %s\n", reached[i].what);
		CHECK_STR(got, reached[i].reached);
	}
	CHECK(countof(reached) >= 10);
	s.restarting = false;
	end();
}

int
main(void)
{
	world_begin("service");
	of_states();
	of_readiness();
	of_programs();
	of_stops();
	of_limits();
	of_signals();
	of_phases();
	of_categories();
	of_reached();
	return unit_done();
}
