/* Steps: one after the other, each at its time and after its cause; what fails, and what is left.
 */
#include "supervise/steps.h"

#include "supervise/supervisor.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "io/file.h"
#include "io/record.h"
#include "world.h"

static struct service services[2];
static json_t *plans[2], *list;
static struct steps st;
static struct surroundings at;
static int64_t base; /* when the services were ready: steps are looked at by the clock, too */

static void
begin(const char *text)
{
	struct pth_err e = { 0 };

	list = parse(text);
	CHECK(supervise_steps_init(&st, list, services, 2, &at, &e) == 0);
	CHECK_STR(e.text, "");
	events("");
	base = pth_mono_us();
}

static void
end(void)
{
	supervise_steps_release(&st);
	supervise_logs_release(&at.logs);
	supervise_logs_release(&services[0].at.logs);
	pth_rmtree(testdir, "steps", NULL);
	json_decref(list);
}

static const char *
failure(const char *text)
{
	static struct pth_err e;
	json_t *actions = parse(text);

	e.text[0] = '\0';
	CHECK(supervise_steps_init(&st, actions, services, 2, &at, &e) != 0);
	supervise_steps_release(&st);
	json_decref(actions);
	return e.text;
}

/* The states of the steps, by their first letters, and of that number its text. */
static const char *
states(size_t i)
{
	static char s[700];
	json_t *all = supervise_steps_result(&st), *o;
	size_t k, n = 0;

	json_array_foreach(all, k, o)
		s[n++] = pth_rstep_state(o)[0];
	snprintf(s + n, sizeof s - n, " %s", pth_rstep_text(json_array_get(all, i)));
	json_decref(all);
	return s;
}

static void
reap(int64_t now)
{
	for (int i = 0; i < 20000 && st.pid > 0; i++) {
		supervise_logs_drain(&at.logs);
		supervise_logs_drain(&services[0].at.logs);
		supervise_steps_reap(&st, now);
		usleep(1000);
	}
	supervise_logs_drain(&at.logs);
	supervise_logs_drain(&services[0].at.logs);
	CHECK_INT(st.pid, 0);
}

/* Steps until nothing can be done any more at that time. */
static void
go(int64_t now)
{
	for (int i = 0; i < 8; i++)
		supervise_steps_step(&st, now);
}

/* Puts a service into a state: r runs, w waits to be ready, 0 and 3 ended so. */
static void
be(struct service *s, char how)
{
	s->exited = how == '0' || how == '3';
	s->exit = (struct pth_exit){ .code = how == '3' ? 3 : 0 };
	s->pid = s->exited ? 0 : getpid();
	s->run_pid = getpid();
	s->ready_us = how == 'w' ? 0 : 1;
	s->restarting = false;
	s->end = s->exited ? PTH_END_EXIT : PTH_END_NONE;
	s->state = s->exited ? PTH_ST_STOPPED : how == 'w' ? PTH_ST_INITIALIZING : PTH_ST_RUNNING;
}

#define WAIT(us) "{\"wait_us\":" us "}"
#define EXEC(script, more) "{\"exec\":{\"argv\":[\"sh\",\"-c\",\"" script "\"]" more "}}"

/* It takes no TERM. */
#define STUBBORN "trap : TERM; echo >up; while :; do sleep 0.01; done"

/* Such a command has set its trap. */
static void
stubborn(void)
{
	int i = 0;

	while (unlinkat(testdir, "up", 0) != 0 && i++ < 20000)
		usleep(1000);
	CHECK(i < 20000);
}

static void
of_times(void)
{
	json_t *o;

	unit("nothing is done before the services are ready");
	begin("[" WAIT("0") "]");
	supervise_steps_step(&st, 5 * S);
	CHECK_STR(states(0), "p ");
	CHECK(supervise_steps_next(&st) == PTH_NEVER);
	CHECK(!supervise_steps_done(&st));

	end();

	unit("one after the other, in their order");
	begin("[" WAIT("0") "," WAIT("0") "," WAIT("2000000") "," WAIT("0") "]");
	supervise_steps_begin(&st, base);
	CHECK(supervise_steps_next(&st) == PTH_NEVER || supervise_steps_next(&st) <= base);
	go(base);
	CHECK_STR(states(0), "ccep waited");
	CHECK_INT(supervise_steps_next(&st), base + 2 * S);
	go(base + 2 * S - 1);
	CHECK_STR(states(2), "ccep ");
	go(base + 2 * S);
	CHECK_STR(states(2), "cccc waited");
	CHECK(supervise_steps_done(&st));
	CHECK(supervise_steps_next(&st) == PTH_NEVER);
	CHECK_STR(events("step."), "started ended started ended started ended started ended");
	{
		json_t *all = supervise_steps_result(&st);

		CHECK_INT(json_array_size(all), 4);
		o = json_array_get(all, 2);
		CHECK_STR(pth_rstep_step(o), "wait");
		CHECK_INT(pth_rstep_at_us(o), 0);
		CHECK_INT(pth_rstep_duration_us(o), 2 * S);
		CHECK(pth_rstep_ok(o));
		CHECK_INT(pth_rstep_at_us(json_array_get(all, 3)), 2 * S);
		json_decref(all);
	}
	end();

	unit("at: not before its time since the services were ready, nor out of turn");
	begin("[{\"wait_us\":0,\"at_us\":60000000},{\"wait_us\":0,\"at_us\":0}]");
	supervise_steps_begin(&st, base);
	CHECK_INT(supervise_steps_next(&st), base + 60 * S);
	supervise_steps_step(&st, base + 60 * S - 1);
	CHECK_STR(states(0), "pp ");
	go(base + 60 * S);
	CHECK_STR(states(0), "cc waited");
	end();
	CHECK(supervise_steps_result(&(struct steps){ 0 }) == NULL);
}

/* state of the service s: has a step that comes after it begun? */
static const struct {
	char is;
	const char *state, *want;
} causes[] = {
	{ 'r', "ready", "c waited" },
	{ 'w', "ready", "p " },
	{ 'r', "started", "c waited" },
	{ 'r', "stopped", "p " },
	{ 'r', "completed", "p " },
	{ '0', "stopped", "c waited" },
	{ '0', "completed", "c waited" },
	{ '3', "stopped", "c waited" },
	{ '3', "completed", "f s will not be completed any more (exit code 3)" },
};

static void
of_causes(void)
{
	char text[200];

	unit("after: not before the service has reached the state, and not when it never will");
	for (size_t i = 0; i < countof(causes); i++) {
		snprintf(text, sizeof text,
		    "[{\"wait_us\":0,\"after\":{\"service\":\"s\",\"state\":\"%s\"}}]",
		    causes[i].state);
		be(&services[0], causes[i].is);
		begin(text);
		supervise_steps_begin(&st, base);
		supervise_steps_step(&st, base);
		supervise_steps_step(&st, base);
		CHECK_STR(states(0), causes[i].want);
		end();
	}
	CHECK(countof(causes) >= 8);
	be(&services[0], 'r');
}

static void
of_commands(void)
{
	unit("exec: of the test in its directory, of a service in that one's");
	begin("[" EXEC("pwd; echo oh >&2", "") "," EXEC("pwd; echo $X", ",\"service\":\"s\"") "]");
	supervise_steps_begin(&st, base);
	supervise_steps_step(&st, base);
	CHECK(st.pid > 0);
	CHECK_INT(supervise_steps_next(&st), base + 60 * S);
	reap(base + S);
	CHECK_STR(states(0), "cp exit code 0");
	supervise_steps_step(&st, base + S);
	reap(base + 2 * S);
	CHECK_STR(states(1), "cc exit code 0");
	CHECK(strncmp(content("steps/1.stdout.log"), places.dir, strlen(places.dir)) == 0);
	CHECK_STR(content("steps/1.stdout.log") + strlen(places.dir), "\n");
	CHECK_STR(content("steps/1.stderr.log"), "oh\n");
	CHECK_STR(content("s/steps/2.stdout.log") + strlen(places.dir), "/s\nits own\n");
	end();

	unit("exec that fails is the end, unless it is not critical");
	begin("[" EXEC("exit 3", ",\"critical\":false") "," EXEC(
	    "echo why >&2; exit 4", ",\"service\":\"s\"") "," WAIT("0") "]");
	supervise_steps_begin(&st, base);
	for (int i = 0; i < 3; i++) {
		supervise_steps_step(&st, base);
		reap(base);
	}
	CHECK_STR(states(0), "ffp sh ended with exit code 3; see steps/1.stderr.log");
	CHECK_STR(st.failure,
	    "step 2 of 3 (exec): sh ended with exit code 4; see s/steps/2.stderr.log; last log "
	    "line: why");
	{
		json_t *all = supervise_steps_result(&st);

		CHECK(!pth_rstep_critical(json_array_get(all, 0)));
		CHECK(PTH_GET(rstep, json_array_get(all, 1), critical) == NULL);
		CHECK(PTH_GET(rstep, json_array_get(all, 1), at_us) != NULL);
		CHECK(PTH_GET(rstep, json_array_get(all, 2), at_us) == NULL);
		CHECK_STR(pth_rstep_service(json_array_get(all, 1)), "s");
		CHECK(PTH_GET(rstep, json_array_get(all, 0), service) == NULL);
		json_decref(all);
	}
	supervise_steps_stop(&st, base);
	CHECK_STR(states(2), "ffs the run was over before its turn");
	CHECK_STR(events("step."), "started failed started failed skipped");
	end();
	begin("[" EXEC("kill -HUP $$", "") "]");
	supervise_steps_begin(&st, base);
	supervise_steps_step(&st, base);
	reap(base);
	CHECK_STR(
	    st.failure, "step 1 of 1 (exec): sh ended with signal HUP; see steps/1.stderr.log");
	end();
	begin("[{\"exec\":{\"argv\":[\"no-such-program\"]}}]");
	supervise_steps_begin(&st, base);
	supervise_steps_step(&st, base);
	CHECK_STR(st.failure, "step 1 of 1 (exec): no-such-program: not found");
	end();

	unit("exec takes so long and no longer");
	begin("[" EXEC(STUBBORN, ",\"timeout\":2") "]");
	supervise_steps_begin(&st, base);
	supervise_steps_step(&st, base);
	stubborn();
	CHECK_INT(supervise_steps_next(&st), base + 2 * S);
	supervise_steps_step(&st, base + 2 * S - 1);
	CHECK(!st.late);
	supervise_steps_step(&st, base + 2 * S);
	CHECK(st.late);
	reap(base + 2 * S);
	CHECK_STR(st.failure, "step 1 of 1 (exec): sh took too long; see steps/1.stderr.log");
	end();

	unit("what executes when the run is over is killed, and the rest skipped");
	begin("[" EXEC(STUBBORN,
	    "") ",{\"wait_us\":0,\"after\":{\"service\":\"s\",\"state\":"
	        "\"stopped\"}},{\"wait_us\":0,\"after\":{\"service\":\"s\",\"state\":\"ready\"}}]");
	supervise_steps_begin(&st, base);
	supervise_steps_step(&st, base);
	stubborn();
	supervise_steps_stop(&st, base + S);
	CHECK(supervise_steps_done(&st));
	CHECK_STR(states(0), "fss the run was over before it had ended");
	CHECK_STR(states(1), "fss the run was over before s was stopped");
	CHECK_STR(states(2), "fss the run was over before its turn");
	CHECK_STR(st.failure, "");
	reap(base + 2 * S);
	CHECK_STR(states(0), "fss the run was over before it had ended");
	end();
}

static void
of_services(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		for (;;)
			pause();
	}
	setpgid(pid, pid);
	be(&services[0], 'r');
	services[0].pid = pid;
	unit("pause, resume, signal");
	begin("[{\"pause\":{\"service\":\"s\"}},{\"resume\":{\"service\":\"s\"}},"
	      "{\"signal\":{\"service\":\"s\",\"signal\":\"HUP\"}},"
	      "{\"signal\":{\"service\":\"s\",\"signal\":\"NONE\"}}]");
	supervise_steps_begin(&st, base);
	st.count = 1;
	supervise_steps_step(&st, base);
	CHECK(services[0].paused);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	CHECK_STR(states(0), "c s is frozen");
	st.count = 2;
	supervise_steps_step(&st, base);
	CHECK(!services[0].paused);
	CHECK(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
	CHECK_STR(states(1), "cc s goes on");
	st.count = 4;
	supervise_steps_step(&st, base);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
	CHECK_STR(states(2), "cccf sent HUP to s");
	CHECK_STR(st.failure, "step 4 of 4 (signal): there is no signal \"NONE\"");
	end();

	unit("of a service that does not run");
	be(&services[0], '3');
	for (size_t i = 0; i < 3; i++) {
		static const char *const kinds[] = { "pause", "resume", "signal" };
		char text[200], want[200];

		snprintf(text, sizeof text, "[{\"%s\":{\"service\":\"s\",\"signal\":\"HUP\"}}]",
		    kinds[i]);
		begin(text);
		supervise_steps_begin(&st, base);
		supervise_steps_step(&st, base);
		snprintf(
		    want, sizeof want, "step 1 of 1 (%s): s does not run (exit code 3)", kinds[i]);
		CHECK_STR(st.failure, want);
		end();
	}
}

static void
of_restarts(void)
{
	static const char restart[] = "[{\"restart\":{\"service\":\"s\"}}]";

	unit("restart: over when it is ready again, and not before");
	be(&services[0], '0');
	begin("[" WAIT("1") ",{\"restart\":{\"service\":\"s\"}}]");
	supervise_steps_begin(&st, base);
	go(base);
	go(base + 1);
	CHECK(services[0].restarting);
	CHECK(supervise_steps_next(&st) == PTH_NEVER); /* nothing but the service is waited for */
	supervise_steps_step(&st, base + S);
	CHECK_STR(states(1), "ce ");
	be(&services[0], 'w');
	supervise_steps_step(&st, base + S);
	CHECK_STR(states(1), "ce ");
	be(&services[0], 'r');
	supervise_steps_step(&st, base + S);
	CHECK_STR(states(1), "cc s is ready again");
	end();

	unit("restart: it fails when the service does not come up again, or cannot");
	for (int i = 0; i < 4; i++) {
		be(&services[0], '0');
		snprintf(services[0].error, sizeof services[0].error, "%s", i == 3 ? "" : "why");
		services[0].has_run = i != 3;
		if (i == 2)
			services[0].state = PTH_ST_ERROR;
		begin(restart);
		supervise_steps_begin(&st, base);
		supervise_steps_step(&st, base);
		if (i < 2) {
			CHECK_STR(states(0), "e ");
			be(&services[0], i == 0 ? '3' : 'r');
			services[0].ready_us = 0;
			services[0].state = i == 0 ? PTH_ST_STOPPED : PTH_ST_ERROR;
			supervise_steps_step(&st, base);
		}
		CHECK_STR(st.failure,
		    i < 2      ? "step 1 of 1 (restart): s did not come up again: why" :
		        i == 2 ? "step 1 of 1 (restart): s cannot be started again: why" :
		                 "step 1 of 1 (restart): s cannot be started again: it has no "
		                 "command");
		end();
	}
	services[0].error[0] = '\0';
	services[0].has_run = true;
}

/* A service in a container: what runs there does the steps. */
static void
of_containers(void)
{
	struct pollfd p;
	struct pth_err e;
	bool over;
	json_t *question;
	int box = pth_channel_listen(services[1].at.dirfd, ".ask", getuid(), getgid(), &e), fd;

	be(&services[1], 'r');
	unit("inside: the step is done by what runs there");
	begin("[" WAIT("0") ",{\"signal\":{\"service\":\"c\",\"signal\":\"HUP\"},\"at_us\":0,"
	                    "\"after\":{\"service\":\"c\",\"state\":\"ready\"}}]");
	supervise_steps_begin(&st, base);
	go(base);
	CHECK_STR(states(1), "ce ");
	CHECK_INT(supervise_steps_fds(&st, &p, 1), 1);
	CHECK(p.fd >= 0 && p.events == POLLIN);
	fd = pth_channel_accept(box);
	question = pth_channel_read(fd, &over);
	CHECK_INT(pth_json_int(question, "step", 0), 2);
	CHECK(json_object_get(json_object_get(question, "do"), "signal") != NULL);
	CHECK(json_object_get(json_object_get(question, "do"), "after") != NULL);
	CHECK(json_object_get(json_object_get(question, "do"), "at_us") == NULL);
	json_decref(question);
	pth_channel_answer(fd, PTH_A_YES, "sent");
	supervise_steps_step(&st, base + S);
	CHECK_STR(states(1), "cc sent");
	CHECK_INT(supervise_steps_fds(&st, &p, 1), 0);
	close(fd);
	end();

	unit("inside: it fails there, or the container ends over it");
	for (int answered = 0; answered < 2; answered++) {
		be(&services[1], 'r');
		begin("[{\"pause\":{\"service\":\"c\"}}]");
		supervise_steps_begin(&st, base);
		supervise_steps_step(&st, base);
		fd = pth_channel_accept(box);
		json_decref(pth_channel_read(fd, &over));
		if (answered == 1)
			pth_channel_answer(fd, PTH_A_NO, "no");
		close(fd);
		supervise_steps_step(&st, base);
		if (answered == 0) {
			CHECK_STR(states(0), "e ");
			be(&services[1], '3');
			supervise_steps_step(&st, base);
		}
		CHECK_STR(st.failure,
		    answered == 1 ? "step 1 of 1 (pause): no" :
		                    "step 1 of 1 (pause): c and its container ended before it was "
		                    "done (exit code 3)");
		end();
	}
	close(box);
}

static void
of_wrong_ones(void)
{
	static const struct {
		const char *actions, *why;
	} wrong[] = {
		{ "[{}]", "step 1: no known action" },
		{ "[" WAIT("0") ",{\"dance\":{}}]", "step 2: no known action" },
		{ "[{\"wait_us\":\"1\"}]", "step 1: no known action" },
		{ "[{\"pause\":{}}]", "step 1: pause: no service \"\" in this test" },
		{ "[{\"signal\":{\"service\":\"x\"}}]",
		    "step 1: signal: no service \"x\" in this test" },
		{ "[{\"exec\":{\"service\":\"x\",\"argv\":[\"true\"]}}]",
		    "step 1: exec: no service \"x\" in this test" },
		{ "[{\"wait_us\":0,\"after\":{\"service\":\"x\"}}]",
		    "step 1: after: no service \"x\" in this test" },
	};
	json_t *rec;

	unit("what is wrong is told before anything starts");
	for (size_t i = 0; i < countof(wrong); i++)
		CHECK_STR(failure(wrong[i].actions), wrong[i].why);
	CHECK(countof(wrong) >= 7);

	unit("what this version cannot do");
	rec = parse("{\"links\":[{}]}");
	CHECK_STR(pth_steps_unsupported(rec),
	    "links: only environments of type localhost, link and docker_compose can have them");
	json_decref(rec);
	rec = parse("{\"steps\":{\"actions\":[" WAIT("0") ",{\"link\":{}}]}}");
	CHECK_STR(pth_steps_unsupported(rec), "steps: link: the test has no links");
	json_decref(rec);
	rec = parse("{\"links\":[{}],\"plan\":{\"links\":[{}]}}");
	CHECK(pth_steps_unsupported(rec) == NULL);
	json_decref(rec);
	rec = parse("{\"links\":[],\"steps\":{\"actions\":[" WAIT("0") "]}}");
	CHECK(pth_steps_unsupported(rec) == NULL);
	json_decref(rec);
}

int
main(void)
{
	world_begin("steps");
	plans[0] = service_of(&services[0],
	    "{\"name\":\"s\",\"environment\":{\"X\":\"its own\"},\"phases\":{\"run\":{}}}");
	plans[1] = service_of(
	    &services[1], "{\"name\":\"c\",\"phases\":{\"run\":{}},\"inner\":{\"ask\":\".ask\"}}");
	at = (struct surroundings){ .places = &places,
		.dirfd = testdir,
		.home = places.dir,
		.log_dir = "",
		.logs = { .dirfd = testdir, .epoll = epoll } };
	be(&services[0], 'r');
	of_times();
	of_causes();
	of_commands();
	of_services();
	of_restarts();
	of_containers();
	of_wrong_ones();
	return unit_done();
}
