/* The life of one service: states, limits of time, ends and what they mean, further lives. */
#include "supervise/service.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "io/file.h"
#include "io/record.h"
#include "world.h"

static struct service s;
static json_t *plan;

/* A service whose run command is this script; more: further keys of its plan. */
static void
begin(const char *script, const char *more)
{
	char text[2000];

	snprintf(text, sizeof text,
	    "{\"name\":\"s\",\"phases\":{\"run\":{\"argv\":[\"sh\",\"-c\",\"%s\"]}}%s%s}", script,
	    *more != '\0' ? "," : "", more);
	plan = service_of(&s, text);
	events("");
	CHECK(supervise_service_next(&s) == PTH_NEVER);
	supervise_service_step(&s, S, S);
	CHECK_INT(s.state, PTH_ST_NEW);
	supervise_service_begin(&s);
	CHECK_INT(s.state, PTH_ST_INITIALIZING);
}

/* The same, and the command is started; the test began at S, and it is 3 S now. */
static void
started(const char *script, const char *more)
{
	begin(script, more);
	s.released = true;
	supervise_service_step(&s, 3 * S, S);
	CHECK(s.pid > 0 && s.pid == s.run_pid);
}

static void
end(void)
{
	if (s.pid > 0) {
		kill(-s.pid, SIGKILL);
		kill(s.pid, SIGKILL);
		waitpid(s.pid, NULL, 0);
	}
	supervise_service_release(&s);
	json_decref(plan);
	pth_rmtree(testdir, "s", NULL);
}

/* Reap what runs; four seconds at most. */
static void
reap(int64_t now)
{
	for (int i = 0; i < 4000 && supervise_service_is_busy(&s); i++) {
		supervise_logs_drain(&s.at.logs);
		supervise_service_reap(&s, now, S);
		usleep(1000);
	}
	CHECK(!supervise_service_is_busy(&s));
}

/* Step and reap until nothing runs any more, a microsecond after the other; four seconds at
 * most. */
static void
settle(int64_t now)
{
	int i = 0;

	do {
		usleep(i > 0 ? 1000 : 0);
		supervise_logs_drain(&s.at.logs);
		supervise_service_reap(&s, now, S);
		supervise_service_step(&s, now++, S);
	} while (++i < 4000 && supervise_service_is_busy(&s));
	CHECK(!supervise_service_is_busy(&s));
}

/* The program says that it is there, so that it has its traps. */
static void
heard(const char *word)
{
	for (int i = 0; i < 4000 && strstr(content("s/stdout.log"), word) == NULL; i++) {
		supervise_logs_drain(&s.at.logs);
		usleep(1000);
	}
	CHECK(strstr(content("s/stdout.log"), word) != NULL);
}

static const char *
result(const char *key)
{
	static char text[700];
	json_t *o = supervise_service_result(&s);
	struct pth_buf b = PTH_BUF_INIT;

	if (json_object_get(o, key) != NULL)
		pth_json_dump(&b, json_object_get(o, key));
	snprintf(text, sizeof text, "%s", b.s != NULL ? b.s : "");
	pth_buf_release(&b);
	json_decref(o);
	return text;
}

#define UP "\"ready\":[{\"kind\":\"file\",\"path\":\"up\",\"timeout_us\":5000000}]"
#define FOREVER "while :; do sleep 0.01; done"

static void
of_states(void)
{
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
	CHECK(strstr(result("rusage"), "\"max_rss_kb\":") != NULL);
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

#define PHASE(name, script) "\"" name "\":[{\"argv\":[\"sh\",\"-c\",\"" script "\"]}]"

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

	unit("one after it that fails, or takes too long, changes nothing but what is told");
	for (size_t i = 0; i < 3; i++) {
		static const char *const posts[] = { PHASE("post_run", "exit 2"),
			"\"post_run\":[{\"argv\":[\"sleep\",\"60\"],\"timeout_us\":1}]",
			"\"post_run\":[{\"argv\":[\"no-such-program\"]}]" };
		static const char *const told[] = { "post_run: sh ended with exit code 2",
			"post_run: sleep took too long", "no-such-program" };

		with_phases(posts[i]);
		CHECK_STR(content("s/order"), "run\n");
		CHECK_INT(s.state, PTH_ST_STOPPED);
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

/* Nothing of a life before is told of the one that runs now. */
static void
check_fresh(void)
{
	static const char *const fresh[][2] = { { "reason", "\"running\"" }, { "code", "null" },
		{ "signal", "null" }, { "core", "false" }, { "killed", "false" }, { "error", "" },
		{ "category", "" }, { "limit", "" }, { "ready_us", "" }, { "ended_us", "" },
		{ "rusage", "" } };

	for (size_t i = 0; i < countof(fresh); i++)
		CHECK_STR(result(fresh[i][0]), fresh[i][1]);
	CHECK(s.asked == 0 && !s.stopping && !s.paused && !s.killed_late && !s.exited);
}

static void
of_fresh_lives(void)
{
	unit("nothing of a life before is told of the next: one that was killed");
	started("trap : TERM; echo up; " FOREVER, UP ",\"stop\":{\"grace_us\":1000000}");
	heard("up");
	supervise_service_signal(&s, SIGCONT);
	supervise_service_pause(&s, true);
	supervise_service_restart(&s, 5 * S);
	supervise_service_step(&s, 6 * S, S);
	reap(6 * S);
	CHECK_STR(result("signal"), "\"KILL\"");
	for (int64_t now = 7 * S; now < 9 * S && !supervise_service_lives(&s); now += S / 10)
		supervise_service_step(&s, now, S);
	CHECK(supervise_service_lives(&s));
	check_fresh();
	CHECK(strstr(result("restarts"), "\"signal\":\"KILL\"") != NULL);
	CHECK(strstr(result("restarts"), "\"killed\":true") != NULL);
	end();

	unit("and one that ended before it was ready");
	started(
	    "[ ! -e lived ] || exec sleep 60; echo >lived; exit 3", "\"restart\":\"always\"," UP);
	reap(5 * S);
	CHECK(*s.error != '\0');
	settle(5 * S);
	supervise_service_step(&s, 6 * S, S);
	CHECK(supervise_service_lives(&s));
	check_fresh();
	end();
}

static void
of_restarts(void)
{
	unit("a restart: it is stopped, starts anew, and has to become ready again");
	started("echo up; exec sleep 60", UP);
	heard("up");
	close(openat(s.at.dirfd, "up", O_WRONLY | O_CREAT, 0600));
	supervise_service_step(&s, 4 * S, S);
	CHECK_INT(s.state, PTH_ST_READY);
	supervise_service_restart(&s, 5 * S);
	CHECK(s.restarting && s.stopping);
	CHECK_INT(supervise_service_reached(&s, "stopped"), 0);
	reap(6 * S);
	CHECK(!supervise_service_lives(&s));
	supervise_service_step(&s, 7 * S, S);
	CHECK(supervise_service_lives(&s) && !s.restarting && !s.stopping);
	CHECK_INT(s.state, PTH_ST_INITIALIZING);
	CHECK_STR(result("started_us"), "6000000");
	CHECK_STR(result("ready_us"), "");
	CHECK(strstr(result("restarts"), "\"reason\":\"stopped\"") != NULL);
	CHECK(strstr(result("restarts"), "\"ended_us\":5000000") != NULL);
	CHECK(strstr(result("restarts"), "},{") == NULL);
	end();

	unit("what its life before has left in its group is killed first, and waited for a second");
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	started("(trap \\\"\\\" TERM; exec sleep 60) & echo up; exec sleep 60", "");
	heard("up");
	supervise_service_restart(&s, 5 * S);
	reap(6 * S);
	supervise_service_step(&s, 7 * S, S);
	CHECK(s.restarting && !supervise_service_lives(&s));
	CHECK_INT(supervise_service_next(&s), 7 * S + 1000);
	supervise_service_step(&s, 8 * S - 1, S);
	CHECK(!supervise_service_lives(&s));
	supervise_service_step(&s, 8 * S + 1000, S);
	CHECK(supervise_service_lives(&s));
	CHECK(waitpid(-1, NULL, 0) > 0);
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	end();

	unit("one that has ended is started again, too, and what it was counts for nothing");
	started("echo x >>lives; [ -e second ]", "");
	reap(4 * S);
	CHECK_STR(result("code"), "1");
	settle(4 * S);
	close(openat(s.at.dirfd, "second", O_WRONLY | O_CREAT, 0600));
	supervise_service_restart(&s, 5 * S);
	CHECK_INT(supervise_service_next(&s), 0);
	supervise_service_step(&s, 5 * S, S);
	settle(6 * S);
	CHECK_STR(content("s/lives"), "x\nx\n");
	CHECK_STR(result("code"), "0");
	CHECK(strstr(result("restarts"), "\"code\":1") != NULL);
	end();

	unit("a stop calls a restart off");
	started("exec sleep 60", "");
	supervise_service_restart(&s, 4 * S);
	supervise_service_stop(&s, 5 * S);
	CHECK(!s.restarting);
	reap(6 * S);
	supervise_service_step(&s, 7 * S, S);
	CHECK(!supervise_service_lives(&s));
	CHECK_INT(s.state, PTH_ST_STOPPED);
	end();
}

/* script: how the first life ends. again: with always, on-failure, no. */
static const struct {
	const char *script, *more;
	int sent; /* a signal of a step */
	const char *again;
} policies[] = {
	{ "exit 0", "", 0, "+--" },
	{ "exit 3", "", 0, "++-" },
	{ "kill -SEGV $$", "", 0, "++-" },
	{ "exec sleep 60", "", SIGTERM, "---" },
	{ "exec sleep 60", "", SIGKILL, "---" },
	/* Before it was ready. */
	{ "exit 0", "," UP, 0, "+--" },
	{ "exit 3", "," UP, 0, "++-" },
};

static void
of_policy(void)
{
	static const char *const words[] = { "always", "on-failure", "no" };
	char more[200];

	unit("restart_policy: what ends by itself is started again, after a pause");
	for (size_t i = 0; i < countof(policies); i++)
		for (size_t k = 0; k < countof(words); k++) {
			bool again = policies[i].again[k] == '+';

			snprintf(
			    more, sizeof more, "\"restart\":\"%s\"%s", words[k], policies[i].more);
			started(policies[i].script, more);
			if (policies[i].sent != 0)
				supervise_service_signal(&s, policies[i].sent);
			reap(5 * S);
			CHECK(s.restarting == again);
			if (again) {
				settle(5 * S);
				CHECK_INT(supervise_service_next(&s), 5 * S + 100000);
				supervise_service_step(&s, 5 * S + 99999, S);
				CHECK(s.restarting && !supervise_service_lives(&s));
				CHECK(strcmp(result("restarts"), "") == 0);
				supervise_service_step(&s, 5 * S + 100000, S);
				CHECK(!s.restarting && supervise_service_lives(&s));
			}
			end();
		}
	CHECK(countof(policies) >= 6);

	unit("nor is one at its limit of time, or one that we stop");
	started("exec sleep 60", "\"restart\":\"always\",\"timeout_us\":1000000");
	supervise_service_step(&s, 4 * S, S);
	reap(5 * S);
	CHECK(!s.restarting);
	end();
	started("exec sleep 60", "\"restart\":\"always\"");
	supervise_service_stop(&s, 4 * S);
	reap(5 * S);
	CHECK(!s.restarting);
	end();
}

static void
of_pauses(void)
{
	static const int64_t pauses[] = { 100000, 200000, 400000, 800000, 1600000, 3200000, 6400000,
		12800000, 12800000 };
	int64_t now = 3 * S;

	unit("the pause doubles from end to end, up to some seconds");
	started("exit 3", "\"restart\":\"always\"");
	for (size_t i = 0; i < countof(pauses); i++) {
		reap(now);
		CHECK_INT(s.again_at - now, pauses[i]);
		settle(now);
		now = s.again_at;
		supervise_service_step(&s, now, S);
		CHECK(supervise_service_lives(&s));
	}
	CHECK_INT(json_array_size(s.restarts), countof(pauses));

	unit("after a life of 10 seconds it is short again, after a shorter one it is not");
	s.again_pause = 800000;
	reap(now + 10 * S - 1);
	CHECK_INT(s.again_pause, 1600000);
	settle(now + 10 * S);
	now = s.again_at;
	supervise_service_step(&s, now, S);
	reap(now + 10 * S);
	CHECK_INT(s.again_pause, 100000);
	CHECK(strstr(events("service."), "restarting") != NULL);
	end();
}

/* Programs may make groups of their own in their session. */
static void
of_pausing(void)
{
	char first[400];

	unit("pause freezes every process of the session, resume lets them go on");
	started("perl -e 'setpgrp(0, 0); exec @ARGV' sh -c 'while :; do echo x; sleep 0.01; done' "
	        "& wait",
	    "");
	heard("x");
	CHECK_INT(supervise_service_pause(&s, true), 0);
	usleep(50000);
	supervise_logs_drain(&s.at.logs);
	snprintf(first, sizeof first, "%.399s", content("s/stdout.log"));
	usleep(100000);
	supervise_logs_drain(&s.at.logs);
	CHECK_INT(supervise_log_size(supervise_logs_find(&s.at.logs, "stdout.log")),
	    strlen(content("s/stdout.log")));
	CHECK(strncmp(content("s/stdout.log"), first, strlen(content("s/stdout.log"))) == 0);
	CHECK_INT(supervise_service_pause(&s, false), 0);
	CHECK(!s.paused);
	for (int i = 0; i < 4000 && strlen(content("s/stdout.log")) <= strlen(first); i++) {
		supervise_logs_drain(&s.at.logs);
		usleep(1000);
	}
	CHECK(strlen(content("s/stdout.log")) > strlen(first));
	pth_proc_signal_session(s.pid, SIGKILL);
	end();
}

static void
of_none(void)
{
	unit("a service without a run command is ready when its phases are done");
	plan = service_of(&s, "{\"name\":\"s\",\"phases\":{" PHASE("compile", "exit 0") "}}");
	supervise_service_begin(&s);
	s.released = true;
	CHECK(!supervise_service_is_ready(&s));
	supervise_service_step(&s, 3 * S, S);
	CHECK(!supervise_service_is_ready(&s));
	settle(4 * S);
	CHECK(supervise_service_is_ready(&s));
	CHECK(supervise_service_is_idle(&s));
	end();

	unit("of the first problem and a later one the first is told");
	begin("exit 0", "");
	supervise_service_fail(&s, PTH_END_LOST, PTH_WHY(PTH_CAT_RESOURCE), "first");
	supervise_service_fail(&s, PTH_END_EXIT, PTH_WHY(PTH_CAT_TIMEOUT), "second");
	CHECK_STR(result("error"), "\"first\"");
	CHECK_STR(result("reason"), "\"lost\"");
	CHECK_STR(result("category"), "\"resource\"");
	end();

	unit("who is who");
	begin("exit 0", "");
	CHECK(supervise_service_find(&s, 1, "s") == &s);
	CHECK(supervise_service_find(&s, 1, "S") == NULL);
	CHECK(supervise_service_find(&s, 0, "s") == NULL);
	CHECK(supervise_service_find(&s, 1, NULL) == NULL);
	s.pid = 11;
	s.ready.pid = 12;
	s.commands.pid = 13;
	for (pid_t pid = 10; pid < 15; pid++)
		CHECK(supervise_service_owns(&s, pid) == (pid >= 11 && pid <= 13));
	s.pid = s.ready.pid = s.commands.pid = 0;
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
	of_fresh_lives();
	of_restarts();
	of_policy();
	of_pauses();
	of_pausing();
	of_none();
	return unit_done();
}
