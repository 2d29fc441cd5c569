/* The window of records: supervisors that report, die or hang; interruptions, further tries, and
 * the order in which results leave. */
#include "run/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/event.h"
#include "io/file.h"
#include "io/placeholder.h"
#include "io/rec.h"
#include "io/record.h"
#include "supervise/state.h"
#include "unit.h"

#define S PTH_SECOND_US

static struct pth_home home;
static struct pth_rundir dir;
static struct pth_runner r;
static struct pth_err err;
static int syncs, ends[2] = { -1, -1 }; /* ends: of the report, to be written; of ctl, to be read */

int
fsync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fsync, fd);
}

static void
begin(unsigned jobs)
{
	r = (struct pth_runner){ .dir = &dir, .home = &home, .jobs = jobs };
	pth_runner_open(&r);
}

static void
end(void)
{
	pth_runner_release(&r);
}

/* A record of that id; more: members of it, in JSON. */
static void
add(const char *id, const char *more, bool run)
{
	char text[500];
	struct pth_buf line = PTH_BUF_INIT;
	json_t *rec;

	snprintf(text, sizeof text,
	    "{\"pth\":1,\"type\":\"test\",\"id\":\"%s\",\"name\":\"%s\",\"plan\":{}%s}", id, id,
	    more);
	rec = pth_json_parse(text, strlen(text), NULL);
	CHECK(rec != NULL);
	pth_rec_line(&line, rec);
	if (!run)
		pth_test_set_result(rec, json_pack("{s:s}", "status", "skipped"));
	pth_runner_add(&r, rec, &line, run, -1);
}

/* The i-th record gets a process that stands for its supervisor: it waits. deadline: when it is
 * given up, from now on. */
static struct pth_entry *
launched(size_t i, int64_t deadline)
{
	struct pth_entry *x = pth_runner_nth(&r, i);
	int report[2], ctl[2], fd;

	CHECK(pipe2(report, O_CLOEXEC) == 0 && pipe2(ctl, O_CLOEXEC | O_NONBLOCK) == 0);
	CHECK(fcntl(report[0], F_SETFL, O_NONBLOCK) == 0);
	fd = pth_rundir_test(&dir, pth_rec_id(x->rec), &err);
	CHECK(fd >= 0);
	close(fd);
	x->pid = fork();
	if (x->pid == 0) {
		close(report[1]);
		close(ends[0]); /* another's */
		for (;;)
			pause();
	}
	x->state = PTH_ACTIVE;
	x->report = report[0];
	x->ctl = ctl[1];
	x->started = pth_mono_us();
	x->deadline = x->started + deadline;
	r.active++;
	ends[0] = report[1];
	ends[1] = ctl[0];
	return x;
}

/* The end of its pipe is only in the hands of the process: it hangs or dies. */
static void
hand_over(struct pth_entry *x)
{
	kill(x->pid, SIGKILL);
	waitpid(x->pid, NULL, 0);
	x->pid = fork();
	if (x->pid == 0) {
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	}
	close(ends[0]);
}

/* Attend until it is no more active, 20 seconds at most. */
static void
settle(const struct pth_entry *x)
{
	for (int i = 0; i < 20000 && x->state == PTH_ACTIVE; i++) {
		pth_runner_attend(&r);
		usleep(1000);
	}
	CHECK(x->state != PTH_ACTIVE);
	close(ends[1]);
}

/* What it reports, whole, and then it ends. */
static void
report(struct pth_entry *x, const char *text)
{
	CHECK(write(ends[0], text, strlen(text)) == (ssize_t)strlen(text));
	close(ends[0]);
	kill(x->pid, SIGKILL);
	settle(x);
}

/* "id status: reason" of the next that leaves, or "". */
static const char *
next(void)
{
	static char s[400];
	json_t *rec;

	pth_runner_store(&r);
	rec = pth_runner_take(&r);
	s[0] = '\0';
	if (rec != NULL)
		snprintf(s, sizeof s, "%s %s: %s", pth_rec_id(rec),
		    pth_result_status(pth_test_result(rec)),
		    pth_result_reason(pth_test_result(rec)));
	json_decref(rec);
	return s;
}

static void
of_reports(void)
{
	struct pth_entry *x;

	unit("a report is the result, and on the disk before it leaves");
	begin(2);
	add("a", "", true);
	x = launched(0, 60 * S);
	pth_runner_attend(&r);
	CHECK(x->state == PTH_ACTIVE && r.active == 1);
	CHECK(write(ends[0], "{\"status\":", 10) == 10);
	pth_runner_attend(&r);
	CHECK(x->state == PTH_ACTIVE);
	syncs = 0;
	report(x, "\"completed\"}");
	CHECK(x->state == PTH_DONE && r.active == 0);
	pth_runner_store(&r);
	CHECK_INT(syncs, 1); /* the result, and not the record */
	{
		json_t *v = pth_rundir_get(dir.fd, "a", "result.json", &err);

		CHECK_STR(pth_result_status(v), "completed");
		CHECK_INT(pth_result_attempt(v), 1);
		CHECK_STR(pth_result_dir(v), "a");
		CHECK_STR(pth_result_run_dir(v), dir.path);
		json_decref(v);
		v = pth_rundir_get(dir.fd, "a", "record.json", &err);
		CHECK_STR(pth_rec_id(v), "a");
		CHECK(pth_test_result(v) == NULL);
		json_decref(v);
	}
	pth_runner_store(&r); /* once is enough */
	CHECK_INT(syncs, 1);
	CHECK_STR(next(), "a completed: ");
	CHECK_STR(next(), "");
	pth_runner_reap(&r, true);
	CHECK_INT(r.dying, 0);
	end();

	unit("a supervisor that is lost is told, by how it ended");
	begin(2);
	add("a", "", true);
	x = launched(0, 60 * S);
	hand_over(x);
	kill(x->pid, SIGUSR1);
	settle(x);
	CHECK_STR(pth_result_category(pth_test_result(x->rec)), "test_framework");
	CHECK_STR(next(), "a error: the test's supervisor was lost (signal 10)");
	CHECK_INT(r.dying, 0);
	add("b", "", true);
	x = launched(0, 60 * S);
	kill(x->pid, SIGKILL);
	waitpid(x->pid, NULL, 0);
	x->pid = fork();
	if (x->pid == 0)
		_exit(3);
	close(ends[0]);
	settle(x);
	CHECK_STR(next(), "b error: the test's supervisor was lost (exit 3)");
	add("c", "", true);
	x = launched(0, 60 * S);
	report(x, "half of a result {");
	CHECK_STR(next(), "c error: the test's supervisor was lost (signal 9)");
	end();
}

static void
of_temporary_files(void)
{
	static const struct {
		const char *evidence;
		bool left;
	} of[] = { { "protected", true }, { "unprotected", false }, { "container", false } };

	unit("temporary files go with the test, where that could not see to it itself");
	for (size_t i = 0; i < countof(of); i++) {
		char text[100];
		struct pth_entry *x;

		begin(1);
		add("a", "", true);
		x = launched(0, 60 * S);
		CHECK(mkdirat(dir.fd, "a/tmp", 0700) == 0);
		snprintf(text, sizeof text, "{\"status\":\"completed\",\"evidence\":\"%s\"}",
		    of[i].evidence);
		report(x, text);
		CHECK((faccessat(dir.fd, "a/tmp", F_OK, 0) == 0) == of[i].left);
		end();
	}
}

static void
of_hung_ones(void)
{
	struct pth_entry *x;
	int64_t before;

	unit("one that hangs is killed when its time is over, and not before");
	begin(2);
	add("a", "", true);
	x = launched(0, 60 * S);
	hand_over(x);
	pth_runner_attend(&r);
	CHECK(kill(x->pid, 0) == 0 && waitpid(x->pid, NULL, WNOHANG) == 0);
	x->deadline = before = pth_mono_us() - 1;
	pth_runner_attend(&r);
	CHECK(x->deadline >= before + 60 * S); /* it is not killed again and again */
	settle(x);
	CHECK_STR(next(), "a error: the test's supervisor was lost (signal 9)");
	end();

	unit("one that somebody has stopped goes on");
	begin(2);
	add("a", "", true);
	x = launched(0, 60 * S);
	kill(x->pid, SIGSTOP);
	{
		siginfo_t si = { .si_pid = 0 };

		CHECK(waitid(P_PID, (id_t)x->pid, &si, WSTOPPED | WNOWAIT) == 0);
		pth_runner_attend(&r);
		CHECK(waitid(P_PID, (id_t)x->pid, &si, WCONTINUED) == 0);
		CHECK_INT(si.si_status, SIGCONT);
	}
	report(x, "{\"status\":\"completed\"}");
	CHECK_STR(next(), "a completed: ");
	end();
}

static void
of_interruptions(void)
{
	struct pth_entry *x;
	char c;

	unit("an interruption is told to those that run, and others are not begun");
	begin(2);
	add("a", "", true);
	add("b", "", true);
	add("c", "", false);
	x = launched(0, 60 * S);
	hand_over(x);
	pth_runner_interrupt(&r, false);
	CHECK(read(ends[1], &c, 1) == 1);
	CHECK(x->state == PTH_ACTIVE && waitpid(x->pid, NULL, WNOHANG) == 0);
	pth_runner_interrupt(&r, true);
	settle(x);
	CHECK_STR(next(), "a interrupted: the test's supervisor was lost (signal 9)");
	CHECK_STR(next(), "b interrupted: not begun");
	CHECK_STR(next(), "c skipped: ");
	end();

	unit("what has reported is what it is");
	begin(2);
	add("a", ",\"retries\":3", true);
	x = launched(0, 60 * S);
	pth_runner_interrupt(&r, false);
	report(x, "{\"status\":\"failed\",\"reason\":\"x\"}");
	CHECK_STR(next(), "a failed: x");
	end();
}

static void
of_orders(void)
{
	struct pth_entry *x, *y;
	int out;

	unit("results leave in the order of the input, or as they come");
	for (int unordered = 0; unordered < 2; unordered++) {
		begin(2);
		r.unordered = unordered == 1;
		add("a", "", true);
		add("b", "", true);
		add("c", "", true);
		x = launched(0, 60 * S);
		out = ends[0];
		y = launched(1, 60 * S);
		report(y, "{\"status\":\"completed\"}");
		CHECK_STR(next(), unordered == 1 ? "b completed: " : "");
		x = pth_runner_nth(&r, 0);
		while (x->state != PTH_ACTIVE)
			x++;
		ends[0] = out;
		report(x, "{\"status\":\"completed\"}");
		CHECK_STR(next(), "a completed: ");
		CHECK_STR(next(), unordered == 1 ? "" : "b completed: ");
		CHECK_INT(r.count, 1);
		end();
	}
}

/* Half the window is 32 records here. */
static void
of_shuffles(void)
{
	unsigned long ahead = 0, mixed = 0;
	char id[8];

	unit("a shuffle mixes the records of half a window, and no half with the next");
	r = (struct pth_runner){ .dir = &dir, .home = &home, .jobs = 1, .seed = 5 };
	r.order = PTH_ORDER_SHUFFLE;
	pth_runner_open(&r);
	CHECK_INT(r.window, 64);
	for (size_t i = 0; i < 64; i++) {
		snprintf(id, sizeof id, "%02zu", i);
		add(id, "", true);
	}
	for (size_t i = 0; i < 64; i++)
		for (size_t k = i + 1; k < 64; k++) {
			bool before = pth_runner_nth(&r, i)->rank < pth_runner_nth(&r, k)->rank;

			if (i / 32 != k / 32)
				ahead += before;
			else
				mixed += !before;
		}
	CHECK_INT(ahead, 32 * 32);
	CHECK(mixed > 300 && mixed < 700); /* of 992 pairs */
	end();
}

/* category: of the failure. again: is it tried again? */
static const struct {
	const char *status, *category, *more;
	bool again;
} failures[] = {
	{ "completed", "", "", false },
	{ "failed", "", "", true },
	{ "crashed", "", "", true },
	{ "timeout", "timeout", "", true },
	{ "error", "service_start", "", true },
	{ "error", "resource", "", true },
	{ "error", "test_framework", "", true },
	{ "error", "port_conflict", "", true },
	{ "interrupted", "", "", false },
	{ "unsupported", "", "", false },
	/* The same again. */
	{ "error", "dependency", "", false },
	{ "error", "configuration", "", false },
	{ "error", "plugin_load", "", false },
	/* As it should be. */
	{ "failed", "", ",\"expect\":{\"status\":\"failed\"}", false },
};

static void
of_tries(void)
{
	static const int64_t pauses[] = { 500000, 1000000, 2000000, 4000000, 8000000, 16000000,
		32000000, 64000000, 64000000 };
	struct pth_entry *x;
	char text[200], more[100];

	unit("what is tried again");
	for (size_t i = 0; i < countof(failures); i++) {
		begin(1);
		snprintf(more, sizeof more, ",\"retries\":1%s", failures[i].more);
		add("a", more, true);
		x = launched(0, 60 * S);
		snprintf(text, sizeof text, "{\"status\":\"%s\",\"category\":\"%s\"}",
		    failures[i].status, failures[i].category);
		report(x, text);
		if (!CHECK((x->state == PTH_WAITING) == failures[i].again))
			printf("    %s %s\n", failures[i].status, failures[i].category);
		end();
	}
	CHECK(countof(failures) >= 12);

	unit("as often as it may be, with a pause that doubles, and each try is kept");
	pth_rmtree(dir.fd, "tries", NULL);
	begin(1);
	snprintf(more, sizeof more, ",\"retries\":%d", (int)countof(pauses));
	add("a", more, true);
	for (size_t i = 0; i < countof(pauses); i++) {
		int64_t now = pth_mono_us();

		x = launched(0, 60 * S);
		report(x, "{\"status\":\"failed\",\"reason\":\"why\",\"duration_us\":7}");
		CHECK(x->state == PTH_WAITING);
		CHECK(
		    x->not_before >= now + pauses[i] && x->not_before <= pth_mono_us() + pauses[i]);
		CHECK_INT(pth_runner_next(&r), x->not_before);
		CHECK_INT(x->attempt, i + 2);
	}
	x = launched(0, 60 * S);
	report(x, "{\"status\":\"failed\",\"reason\":\"last\"}");
	CHECK(x->state == PTH_DONE);
	CHECK_INT(pth_result_attempt(pth_test_result(x->rec)), countof(pauses) + 1);
	{
		const json_t *tries = pth_result_tries(pth_test_result(x->rec)),
		             *t = json_array_get(tries, 1);

		CHECK_INT(json_array_size(tries), countof(pauses));
		CHECK_INT(pth_attempt_attempt(t), 2);
		CHECK_STR(pth_attempt_status(t), "failed");
		CHECK_STR(pth_attempt_reason(t), "why");
		CHECK_STR(pth_attempt_category(t), "test_execution");
		CHECK_STR(pth_attempt_dir(t), "tries/a-2");
		CHECK_INT(pth_attempt_duration_us(t), 7);
		CHECK(faccessat(dir.fd, "tries/a-2", F_OK, 0) == 0);
	}
	CHECK(pth_runner_next(&r) == PTH_NEVER);
	end();

	unit("one that waits for its next try when the run stops keeps what it was");
	for (int interrupted = 0; interrupted < 2; interrupted++) {
		pth_rmtree(dir.fd, "tries", NULL);
		begin(1);
		add("a", ",\"retries\":2", true);
		add("b", "", true);
		for (int i = 0; i < 2; i++) {
			x = launched(0, 60 * S);
			report(x, "{\"status\":\"failed\",\"reason\":\"why\",\"duration_us\":7}");
		}
		if (interrupted == 1) {
			pth_runner_interrupt(&r, false);
		} else {
			r.fastfail.max = 1;
			x = launched(1, 60 * S);
			report(x, "{\"status\":\"failed\",\"reason\":\"b's\"}");
			CHECK_STR(pth_result_dir(pth_test_result(pth_runner_nth(&r, 0)->rec)),
			    "tries/a-2");
			CHECK_INT(
			    pth_result_attempt(pth_test_result(pth_runner_nth(&r, 0)->rec)), 2);
			CHECK(pth_failfast_triggered(
			    pth_result_fast_fail(pth_test_result(pth_runner_nth(&r, 1)->rec))));
		}
		CHECK_STR(next(), interrupted == 1 ? "a interrupted: not begun" : "a failed: why");
		CHECK_STR(next(), interrupted == 1 ? "b interrupted: not begun" : "b failed: b's");
		end();
	}
}

static void
of_stops(void)
{
	struct pth_entry *x;

	unit("after fast fail no test is begun, and those that run go on");
	begin(3);
	r.fastfail.max = 1;
	for (int i = 0; i < 4; i++) {
		char id[2] = { (char)('a' + i), '\0' };

		add(id, ",\"retries\":1", true);
	}
	x = launched(1, 60 * S);
	{
		int out = ends[0];
		struct pth_entry *y = launched(0, 60 * S);

		x->attempt = 2;
		kill(x->pid, SIGKILL);
		CHECK(write(out, "{\"status\":\"failed\"}", 19) == 19);
		close(out);
		ends[1] = -1;
		settle(x);
		CHECK(x->state == PTH_DONE && y->state == PTH_ACTIVE);
		kill(y->pid, SIGKILL);
	}
	CHECK_STR(pth_result_reason(pth_test_result(pth_runner_nth(&r, 2)->rec)),
	    "fast fail: 1 failures, --fail-fast 1");
	CHECK_STR(pth_result_status(pth_test_result(pth_runner_nth(&r, 3)->rec)), "skipped");
	pth_runner_reap(&r, false);
	end();
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void
of_windows(void)
{
	struct rlimit old, few;

	unit("records that are held: eight for each job, and more where the order is not the "
	     "input's");
	begin(2);
	CHECK_INT(r.window, 16);
	end();
	r = (struct pth_runner){ .dir = &dir, .home = &home, .jobs = 2 };
	r.order = PTH_ORDER_LONGEST;
	pth_runner_open(&r);
	CHECK_INT(r.window, 64);
	end();
	r = (struct pth_runner){ .dir = &dir, .home = &home, .jobs = 9 };
	r.order = PTH_ORDER_SHUFFLE;
	pth_runner_open(&r);
	CHECK_INT(r.window, 72);
	end();

	unit("with few descriptors fewer tests run at once");
	CHECK(getrlimit(RLIMIT_NOFILE, &old) == 0);
	for (rlim_t n = 36; n < 53; n += 8) {
		few = (struct rlimit){ n, old.rlim_max };
		CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
		begin(8);
		CHECK_INT(r.jobs, n >= 48 ? 8 : (n - 32) / 2);
		end();
	}
	CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);

	unit("where a test is");
	begin(2);
	add("a", "", true);
	CHECK_INT(pth_runner_stage(&r, pth_runner_nth(&r, 0)), PTH_TS_CREATED);
	r.stages[1] = PTH_TS_RUNNING;
	pth_runner_nth(&r, 0)->slot = 1;
	CHECK_INT(pth_runner_stage(&r, pth_runner_nth(&r, 0)), PTH_TS_RUNNING);
	CHECK(pth_runner_nth(&r, 1) == NULL);
	{
		size_t i = 0;

		CHECK(pth_runner_active(&r, &i) == NULL);
	}
	end();
}

int
main(void)
{
	char tmp[] = "runner.XXXXXX";

	CHECK(mkdtemp(tmp) != NULL && chdir(tmp) == 0);
	setenv("PTH_EVENTS", "none", 1);
	pth_event_init("runner");
	home.share = home.libexec = home.bin = (char[]){ "/" };
	CHECK(pth_rundir_open(&dir, "out", "base", "run", false, &err) == 0);
	of_reports();
	of_temporary_files();
	of_hung_ones();
	of_interruptions();
	of_orders();
	of_shuffles();
	of_tries();
	of_stops();
	of_windows();
	pth_rundir_close(&dir);
	return unit_done();
}
