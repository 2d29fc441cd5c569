/* The runner of phases: order, results, failures, limits of time, stops. */
#include "supervise/phases.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/json.h"
#include "io/record.h"
#include "unit.h"

#define S 1000000LL
#define SH(script) "{\"argv\":[\"sh\",\"-c\",\"" script "\"]}"
#define MAY_FAIL(script) "{\"argv\":[\"sh\",\"-c\",\"" script "\"],\"critical\":false}"

/* It takes no TERM. */
#define STUBBORN "trap : TERM; echo >up; while :; do sleep 0.01; done"

static struct pth_places places;
static struct surroundings at = { .places = &places, .log_dir = "" };

static void
begin(struct phases *p, const char *phase, const char *list, bool all)
{
	supervise_phases_begin(
	    p, phase, pth_json_parse(list, strlen(list), NULL), all, PTH_CAT_COMMAND_EXECUTION);
}

/* Reap the command that runs; 20 seconds at most. */
static void
reap(struct phases *p, int64_t now)
{
	bool was = p->pid == 0;

	for (int i = 0; i < 20000 && p->pid > 0; i++) {
		supervise_logs_drain(&at.logs);
		was = supervise_phases_reap(p, now) || was;
		usleep(1000);
	}
	supervise_logs_drain(&at.logs);
	CHECK(was && p->pid == 0);
}

/* Step until nothing runs any more; what the last step said. */
static int
run(struct phases *p)
{
	int r;

	while ((r = supervise_phases_step(p, S)) == 0 && p->pid > 0)
		reap(p, S + 5);
	return r;
}

/* Such a command has set its trap. */
static void
stubborn(void)
{
	int i = 0;

	while (unlinkat(at.dirfd, "up", 0) != 0 && i++ < 20000)
		usleep(1000);
	CHECK(i < 20000);
}

static const char *
content(const char *path)
{
	static char text[400];
	int fd = openat(at.dirfd, path, O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return text;
}

static const json_t *
result(const struct phases *p, size_t i)
{
	return json_array_get(p->results, i);
}

static void
of_service(void)
{
	struct phases p;

	unit("one after the other, with logs and results");
	supervise_phases_init(&p, "server", false, &at);
	begin(&p, "compile", "[" SH("echo 1 | tee order; echo e >&2") "," SH("echo 2 >>order") "]",
	    false);
	CHECK(!supervise_phases_done(&p));
	CHECK_INT(supervise_phases_step(&p, S), 0);
	CHECK(p.pid > 0 && p.index == 0);
	CHECK_INT(p.deadline, 301 * S);
	CHECK_INT(run(&p), 1);
	CHECK(supervise_phases_done(&p));
	CHECK_STR(content("order"), "1\n2\n");
	CHECK_STR(content("phases/compile.stdout.log"), "1\n");
	CHECK_STR(content("phases/compile.stderr.log"), "e\n");
	CHECK_INT(json_array_size(p.results), 2);
	CHECK_INT(pth_json_int(result(&p, 1), "index", -1), 1);
	CHECK_INT(pth_json_int(result(&p, 1), "code", -1), 0);
	CHECK_INT(pth_json_int(result(&p, 1), "duration_us", -1), 5);
	CHECK_STR(pth_json_str(result(&p, 1), "log", ""), "server/phases/compile");

	unit("one that fails is the last one");
	begin(&p, "pre_run",
	    "[" MAY_FAIL("exit 2") "," SH("echo why >&2; exit 3") "," SH("echo 3 >>order") "]",
	    false);
	CHECK_INT(run(&p), -1);
	CHECK_STR(p.error,
	    "pre_run: sh ended with exit code 3; see server/phases/pre_run.stderr.log; last log "
	    "line: why");
	CHECK_INT(json_array_size(p.results), 4);
	CHECK_STR(content("order"), "1\n2\n");
	CHECK_INT(supervise_phases_step(&p, S), -1);

	unit("all get their turn; the first failure is told");
	begin(&p, "post_run",
	    "[{\"argv\":[\"/no/such\"]}," SH("exit 3") "," SH("echo 4 >>order") "]", true);
	CHECK_STR(p.error, "");
	CHECK_INT(run(&p), 1);
	CHECK(strstr(p.error, "/no/such") != NULL && p.err_no != 0);
	CHECK_STR(content("order"), "1\n2\n4\n");

	unit("no commands");
	supervise_phases_begin(&p, "pre_run", NULL, false, PTH_CAT_NONE);
	CHECK_INT(supervise_phases_step(&p, S), 1);
	supervise_phases_release(&p);
}

static void
of_test(void)
{
	struct phases p;

	unit("of the test: its own directory, no name of a phase");
	supervise_phases_init(&p, "setup", true, &at);
	begin(&p, "pre_run", "[" SH("echo here; kill -SEGV $$") "]", false);
	CHECK_INT(run(&p), -1);
	CHECK_STR(p.error, "sh ended with signal SEGV; see setup/phases/pre_run.stderr.log");
	CHECK_STR(content("setup/phases/pre_run.stdout.log"), "here\n");
	CHECK_STR(pth_json_str(result(&p, 0), "signal", ""), "SEGV");
	CHECK(json_is_null(json_object_get(result(&p, 0), "code")));

	unit("what makes images, and an engine, say the cause first");
	begin(&p, "pre_run",
	    "[{\"argv\":[\"sh\",\"-c\",\"echo pth-image: no such package >&2; exit 4\",\"x:1\"],"
	    "\"category\":\"docker_build\"}]",
	    false);
	CHECK_INT(run(&p), -1);
	CHECK_STR(p.error, "image x:1: no such package; see setup/phases/pre_run.stderr.log");
	begin(&p, "pre_run",
	    "[{\"argv\":[\"sh\",\"-c\",\"echo x:1: step 3 >&2; exit 4\",\"x:1\"],"
	    "\"category\":\"docker_build\"}]",
	    false);
	CHECK_INT(run(&p), -1);
	CHECK_STR(p.error, "x:1: step 3; see setup/phases/pre_run.stderr.log");
	begin(&p, "pre_run",
	    "[{\"argv\":[\"sh\",\"-c\",\"echo Error response from daemon: no pool >&2; exit 1\"],"
	    "\"category\":\"network_setup\"}]",
	    false);
	CHECK_INT(run(&p), -1);
	CHECK_STR(p.error, "no pool; see setup/phases/pre_run.stderr.log");
	begin(&p, "pre_run",
	    "[{\"argv\":[\"sh\",\"-c\",\"exit 1\"],\"category\":\"network_setup\"}]", false);
	CHECK_INT(run(&p), -1);
	CHECK(strncmp(p.error, "sh ended with exit code 1; see", 30) == 0);
	json_array_clear(p.results);
	json_array_append_new(p.results, json_object());

	unit("what cannot be started");
	begin(&p, "pre_run", "[{\"argv\":[\"/no/such\"]}," SH("echo 5 >>order") "]", false);
	CHECK_INT(run(&p), -1);
	CHECK_INT(json_array_size(p.results), 1);
	CHECK(strstr(content("order"), "5") == NULL);

	unit("what cannot be started and is not critical: the next one has its turn");
	begin(&p, "pre_run",
	    "[{\"argv\":[\"/no/such\"],\"critical\":false}," SH("echo 7 >>order") "]", false);
	CHECK_INT(run(&p), 1);
	CHECK_STR(p.error, "");
	CHECK_INT(p.why.category, PTH_CAT_DEPENDENCY);
	CHECK_INT(json_array_size(p.results), 3);
	CHECK(json_is_null(json_object_get(result(&p, 1), "code")));
	CHECK(strstr(pth_done_error(result(&p, 1)), "/no/such") != NULL);
	CHECK_STR(content("order"), "1\n2\n4\n7\n");

	unit("too long");
	begin(&p, "pre_run", "[{\"argv\":[\"sh\",\"-c\",\"" STUBBORN "\"],\"timeout_us\":1000}]",
	    false);
	CHECK(p.deadline == PTH_NEVER);
	CHECK_INT(supervise_phases_step(&p, S), 0);
	stubborn();
	CHECK_INT(p.deadline, S + 1000);
	CHECK_INT(supervise_phases_step(&p, S + 999), 0);
	CHECK(!p.late);
	CHECK_INT(supervise_phases_step(&p, S + 1000), 0);
	CHECK(p.late);
	reap(&p, 2 * S);
	CHECK_INT(supervise_phases_step(&p, 2 * S), -1);
	CHECK(strncmp(p.error, "sh took too long; see setup/phases/pre_run.stderr.log", 53) == 0);
	CHECK(pth_json_bool(result(&p, 3), "timeout", false));

	unit("stopped: no result, and nothing more is run");
	begin(&p, "pre_run", "[" SH(STUBBORN) "," SH("echo 6 >>order") "]", false);
	CHECK_INT(supervise_phases_step(&p, S), 0);
	stubborn();
	supervise_phases_stop(&p);
	reap(&p, 2 * S);
	CHECK_INT(supervise_phases_step(&p, 2 * S), 0);
	CHECK(p.pid == 0 && p.error[0] == '\0' && json_array_size(p.results) == 4);
	supervise_phases_release(&p);
}

int
main(void)
{
	char tmp[] = "phases.XXXXXX";

	CHECK(mkdtemp(tmp) != NULL && chdir(tmp) == 0);
	at.home = places.dir = realpath(".", NULL);
	places.share = places.libexec = "/";
	at.dirfd = at.logs.dirfd = open(".", O_RDONLY | O_DIRECTORY);
	at.logs.epoll = epoll_create1(EPOLL_CLOEXEC);
	of_service();
	of_test();
	return unit_done();
}
