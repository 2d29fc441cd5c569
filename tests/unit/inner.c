/* A service in a container, of which only the client runs here: what the container told of it, and
 * what its end means when it told nothing. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "host/channel.h"
#include "io/file.h"
#include "io/record.h"
#include "one.h"

static void
begin(const char *script, const char *more)
{
	char text[3000];

	snprintf(text, sizeof text,
	    "{\"name\":\"s\",\"phases\":{\"run\":{\"argv\":[\"sh\",\"-c\",\"%s\"]}},\"inner\":{"
	    "\"file\":\"inner.json\"%s}}",
	    script, more);
	plan = service_of(&s, text);
	events("");
	supervise_service_begin(&s);
	s.released = true;
	supervise_service_step(&s, 3 * S, S);
	CHECK(s.pid > 0);
}

static void
end(void)
{
	supervise_service_release(&s);
	json_decref(plan);
	pth_rmtree(testdir, "s", NULL);
}

/* more: of inner.json; told: its "service". Ended with a code of the client. */
static const struct {
	const char *more, *told, *want; /* "state reason code signal: error" */
} tales[] = {
	{ "", "\"state\":\"stopped\",\"reason\":\"exit\",\"code\":0,\"ready_us\":1",
	    "stopped exit 0 -: " },
	{ "", "\"state\":\"stopped\",\"reason\":\"exit\",\"code\":3,\"ready_us\":1",
	    "stopped exit 3 -: " },
	{ "",
	    "\"state\":\"stopped\",\"reason\":\"signal\",\"code\":null,\"signal\":\"SEGV\","
	    "\"ready_us\":1",
	    "stopped signal null SEGV: " },
	/* By the signal of a step. */
	{ "", "\"state\":\"stopped\",\"reason\":\"stopped\",\"code\":3,\"ready_us\":1",
	    "stopped stopped 3 -: " },
	{ "",
	    "\"state\":\"stopped\",\"reason\":\"stopped\",\"code\":null,\"signal\":\"HUP\","
	    "\"ready_us\":1",
	    "stopped stopped null HUP: " },
	/* It never ran, or not to its end. */
	{ "", "\"state\":\"error\",\"reason\":\"not found\",\"error\":\"x: not found\"",
	    "error not found null -: x: not found" },
	{ "", "\"state\":\"error\",\"reason\":\"not executable\",\"error\":\"no\"",
	    "error not executable null -: no" },
	{ "", "\"state\":\"error\",\"reason\":\"not ready\",\"error\":\"late\"",
	    "error not ready null -: late" },
	{ ",\"reason\":\"why\"", "\"state\":\"stopped\",\"reason\":\"not started\"",
	    "error not started null -: why" },
	/* Before it was ready, perhaps after a restart. */
	{ "", "\"state\":\"error\",\"reason\":\"exit\",\"code\":2,\"error\":\"early\"",
	    "error exit 2 -: early" },
	{ "",
	    "\"state\":\"error\",\"reason\":\"signal\",\"signal\":\"ABRT\",\"error\":\"early\","
	    "\"ready_us\":1",
	    "error signal null ABRT: early" },
	/* Its time was over; that of a command of a phase is another thing. */
	{ "",
	    "\"state\":\"stopped\",\"reason\":\"timeout\",\"signal\":\"KILL\",\"error\":\"late\","
	    "\"ready_us\":1",
	    "stopped timeout null KILL: still running after its timeout" },
	{ "", "\"state\":\"error\",\"reason\":\"timeout\",\"code\":0,\"error\":\"slow\"",
	    "error exit 0 -: slow" },
	/* By somebody from outside. */
	{ ",\"status\":\"interrupted\"",
	    "\"state\":\"stopped\",\"reason\":\"stopped\",\"code\":0,\"ready_us\":1",
	    "error lost 0 -: its container was stopped from outside" },
};

static void
of_tales(void)
{
	char script[900], got[2400];

	unit("what a container told is what the service was");
	for (size_t i = 0; i < countof(tales); i++) {
		char *to = script;

		to += snprintf(to, 300, "cat >inner.json <<E\\n");
		snprintf(to, 600, "{\\\"pth\\\":1,\\\"zero_us\\\":1");
		to += strlen(to);
		for (int part = 0; part < 2; part++) {
			if (part == 1) {
				snprintf(to, 40, ",\\\"service\\\":{");
				to += strlen(to);
			}
			for (const char *p = part == 0 ? tales[i].more : tales[i].told; *p != '\0';
			     p++) {
				if (*p == '"')
					*to++ = '\\';
				*to++ = *p;
			}
		}
		snprintf(to, 60, "}}\\nE\\nexit 9");
		begin(script, "");
		reap(9 * S);
		snprintf(got, sizeof got, "%s %s %s",
		    pth_machine_name(&pth_service_machine, s.state), pth_end_name(s.end),
		    result("code"));
		snprintf(got + strlen(got), sizeof got - strlen(got), " %s: %s",
		    s.exit.signaled ? result("signal") + 1 : "-", s.error);
		/* The name of the signal without its quote. */
		for (char *p = got; *p != '\0'; p++)
			if (*p == '"')
				memmove(p, p + 1, strlen(p));
		CHECK_STR(got, tales[i].want);
		end();
	}
	CHECK(countof(tales) >= 14);
}

static void
of_silence(void)
{
	static const struct {
		const char *script;
		bool ready, stopping;
		const char *error;
	} of[] = {
		{ "exit 125", false, false,
		    "its container could not be started or was lost: docker ended with exit code "
		    "125" },
		{ "echo no such image >&2; exit 125", false, false,
		    "its container could not be started or was lost: docker ended with exit code "
		    "125; last log line: no such image" },
		{ "exit 137", false, false, "its container was killed from outside" },
		{ "sleep 0.05; exit 1", true, false,
		    "the engine was lost while its container ran" },
		{ "exec sleep 60", true, true, "" },
	};

	unit("a container that told nothing is lost, unless we have stopped it");
	for (size_t i = 0; i < countof(of); i++) {
		begin(of[i].script, "");
		if (!of[i].ready) {
			s.state = PTH_ST_INITIALIZING;
			s.ready_us = 0;
		}
		if (of[i].stopping)
			supervise_service_stop(&s, 4 * S);
		reap(9 * S);
		CHECK_STR(s.error, of[i].error);
		CHECK_INT(s.end, of[i].stopping ? PTH_END_STOPPED : PTH_END_LOST);
		CHECK_STR(result("category"), of[i].stopping ? "" : "\"docker_runtime\"");
		end();
	}
	unit("so it is when what it told is none");
	begin("echo {} >inner.json; exit 3", "");
	reap(9 * S);
	CHECK_INT(s.end, PTH_END_LOST);
	end();
}

static void
of_times(void)
{
	json_t *o = parse("{\"started_us\":5,\"ready_us\":0,\"restarts\":[{\"ended_us\":7}]}"),
	       *want = parse(
	           "{\"started_us\":105,\"ready_us\":100,\"restarts\":[{\"ended_us\":107}]}");

	unit("times that a container tells are counted from the start of the test");
	supervise_service_shift(o, 100);
	CHECK(json_equal(o, want));
	json_decref(o);
	json_decref(want);
	o = parse("{\"started_us\":-5,\"ended_us\":9007199254740992}");
	want = parse("{\"started_us\":100,\"ended_us\":100}");
	supervise_service_shift(o, 100);
	CHECK(json_equal(o, want));
	json_decref(o);
	json_decref(want);
	for (int i = 0; i < 4; i++) {
		static const int64_t zeros[] = { 1500, 1000, 999, -5 };

		o = json_pack("{s:I}", "zero_us", (json_int_t)zeros[i]);
		CHECK_INT(supervise_service_inner_shift(o, 1000), i == 0 ? 500 : 0);
		json_decref(o);
	}
	begin("echo '{\\\"zero_us\\\":1500000,\\\"service\\\":{\\\"state\\\":\\\"stopped\\\","
	      "\\\"reason\\\":\\\"exit\\\",\\\"code\\\":0,\\\"started_us\\\":1,\\\"ready_us\\\":2,"
	      "\\\"ended_us\\\":3,\\\"phases\\\":[{\\\"phase\\\":\\\"compile\\\"}],"
	      "\\\"restarts\\\":[{\\\"ended_us\\\":4}],\\\"logs_cut\\\":{\\\"x\\\":1},"
	      "\\\"rusage\\\":{\\\"user_us\\\":1000005,\\\"max_rss_kb\\\":7}}}' >inner.json",
	    "");
	reap(9 * S);
	CHECK_STR(result("started_us"), "500001");
	CHECK_STR(result("ready_us"), "500002");
	CHECK_STR(result("ended_us"), "500003");
	CHECK_STR(result("phases"), "[{\"phase\":\"compile\"}]");
	CHECK_STR(result("restarts"), "[{\"ended_us\":500004}]");
	CHECK_STR(result("logs_cut"), "{\"x\":1}");
	CHECK(
	    strstr(result("rusage"), "\"user_us\":1000005,\"sys_us\":0,\"max_rss_kb\":7,") != NULL);
	end();
}

/* Who can be asked is; the engine is for who cannot yet, or does not listen. */
static void
of_wishes(void)
{
	static const struct {
		bool listens, ready;
	} of[] = { { true, true }, { true, false }, { false, true } };

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	unit("what is ready is asked at its socket to end, and all else by the engine's client");
	for (size_t i = 0; i < countof(of); i++) {
		struct pth_err e;
		bool told = of[i].listens && of[i].ready, over = false;
		json_t *question;
		int box = -1, fd;

		begin("exec sleep 60",
		    ",\"ask\":\".ask\",\"stop\":{\"argv\":[\"touch\",\"stopped\"]}");
		if (of[i].listens)
			box = pth_channel_listen(s.at.dirfd, ".ask", getuid(), getgid(), &e);
		CHECK((box >= 0) == of[i].listens);
		s.ready_us = of[i].ready ? 3 * S : 0;
		supervise_service_stop(&s, 4 * S);
		fd = pth_channel_accept(box);
		CHECK((fd >= 0) == told);
		question = told ? pth_channel_read(fd, &over) : NULL;
		CHECK(json_is_true(json_object_get(question, "end")) == told);
		json_decref(question);
		reap(6 * S);
		while (waitpid(-1, NULL, 0) > 0)
			;
		CHECK((faccessat(testdir, "s/stopped", F_OK, 0) != 0) == told);
		pth_close(&fd);
		pth_close(&box);
		end();
	}
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

static void
of_clients(void)
{
	unit("a client that is gone when we stop is waited for by a command, once");
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	begin("echo up; exec sleep 60",
	    ",\"wait\":{\"argv\":[\"sh\",\"-c\",\"echo >waited; sleep 0.05\"]},"
	    "\"stop\":{\"argv\":[\"touch\",\"stopped\"]}");
	supervise_service_stop(&s, 4 * S);
	{
		pid_t client = s.pid;

		for (int i = 0; i < 20000 && s.pid == client; i++) {
			supervise_service_reap(&s, 5 * S, S);
			usleep(1000);
		}
		CHECK(s.pid > 0 && s.pid != client);
	}
	CHECK_INT(s.state, PTH_ST_STOPPING);
	reap(6 * S);
	CHECK_INT(s.state, PTH_ST_STOPPED);
	CHECK(faccessat(testdir, "s/waited", F_OK, 0) == 0);
	for (int i = 0; i < 20000 && faccessat(testdir, "s/stopped", F_OK, 0) != 0; i++)
		usleep(1000);
	CHECK(faccessat(testdir, "s/stopped", F_OK, 0) == 0);
	end();
	while (waitpid(-1, NULL, 0) > 0)
		;
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);

	unit("it is not waited for when it has told its end, or was not stopped by us");
	begin("exit 3", ",\"wait\":{\"argv\":[\"touch\",\"waited\"]}");
	reap(6 * S);
	CHECK(faccessat(testdir, "s/waited", F_OK, 0) != 0);
	end();
	begin("echo "
	      "'{\\\"service\\\":{\\\"state\\\":\\\"stopped\\\",\\\"reason\\\":\\\"stopped\\\"}}'"
	      " >inner.json; echo up; exec sleep 60",
	    ",\"wait\":{\"argv\":[\"touch\",\"waited\"]}");
	for (int i = 0; i < 20000 && faccessat(testdir, "s/inner.json", F_OK, 0) != 0; i++)
		usleep(1000);
	supervise_service_stop(&s, 4 * S);
	reap(6 * S);
	CHECK(faccessat(testdir, "s/waited", F_OK, 0) != 0);
	end();

	unit("its time begins anew when it was started again in its container");
	for (int limited = 0; limited < 2; limited++) {
		begin("exec sleep 60", "");
		if (limited == 1) {
			pth_svc_set_timeout_us((json_t *)(uintptr_t)s.plan, 4 * S);
			s.deadline = 7 * S;
		}
		supervise_service_inner_restarted(&s, 20 * S);
		CHECK(s.deadline == (limited == 1 ? 24 * S : PTH_NEVER));
		kill(s.pid, SIGKILL);
		reap(6 * S);
		end();
	}

	unit("its own logs lie in engine/, for the service has logs of its own");
	begin("echo client", "");
	reap(6 * S);
	CHECK_STR(content("s/engine/stdout.log"), "client\n");
	CHECK(faccessat(testdir, "s/stdout.log", F_OK, 0) != 0);
	end();
}

int
main(void)
{
	world_begin("inner");
	of_tales();
	of_silence();
	of_times();
	of_wishes();
	of_clients();
	return unit_done();
}
