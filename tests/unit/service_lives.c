/* Further lives of a service: restarts and who decides about them, pauses. */
#include "supervise/service.h"

#include <sys/prctl.h>

#include "io/file.h"
#include "io/record.h"
#include "life.h"

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
	for (int64_t now = 7 * S; now < 18 * S && !supervise_service_lives(&s); now += S / 10)
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
	CHECK_STR(result("reason"), "\"running\"");
	CHECK(strstr(result("restarts"), "\"reason\":\"stopped\"") != NULL);
	CHECK(strstr(result("restarts"), "\"ended_us\":5000000") != NULL);
	CHECK(strstr(result("restarts"), "},{") == NULL);
	end();

	unit("what its life before has left in its group is killed first, and waited for");
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	started("(trap \\\"\\\" TERM; exec sleep 60) & echo up; exec sleep 60", "");
	heard("up");
	supervise_service_restart(&s, 5 * S);
	reap(6 * S);
	supervise_service_step(&s, 7 * S, S);
	CHECK(s.restarting && !supervise_service_lives(&s));
	CHECK_INT(supervise_service_next(&s), 7 * S + 1000);
	supervise_service_step(&s, 17 * S - 1, S);
	CHECK(!supervise_service_lives(&s));
	supervise_service_step(&s, 17 * S + 1000, S);
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
	char first[8192];

	unit("pause freezes every process of the session, resume lets them go on");
	started("perl -e 'setpgrp(0, 0); exec @ARGV' sh -c 'while :; do echo x; sleep 0.01; done' "
	        "& wait",
	    "");
	heard("x");
	CHECK_INT(supervise_service_pause(&s, true), 0);
	usleep(50000);
	supervise_logs_drain(&s.at.logs);
	snprintf(first, sizeof first, "%s", content("s/stdout.log"));
	usleep(100000);
	supervise_logs_drain(&s.at.logs);
	CHECK_INT(supervise_log_size(supervise_logs_find(&s.at.logs, "stdout.log")),
	    strlen(content("s/stdout.log")));
	CHECK(strncmp(content("s/stdout.log"), first, strlen(content("s/stdout.log"))) == 0);
	CHECK_INT(supervise_service_pause(&s, false), 0);
	CHECK(!s.paused);
	for (int i = 0; i < 20000 && strlen(content("s/stdout.log")) <= strlen(first); i++) {
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
	world_begin("service_lives");
	of_fresh_lives();
	of_restarts();
	of_policy();
	of_pauses();
	of_pausing();
	of_none();
	return unit_done();
}
