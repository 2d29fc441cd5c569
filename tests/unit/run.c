/* A run: records go in and come out with their results, in their order, whatever becomes of it. */
#include "run/run.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/sig.h"
#include "io/event.h"
#include "io/file.h"
#include "io/record.h"
#include "unit.h"

static struct pth_run run;
static const struct pth_rec_in whole = { .ended = true }; /* what came */
static struct pth_home home;
static struct pth_err e;

static void
begin(const char *dir, unsigned jobs)
{
	pth_rmtree(AT_FDCWD, "go", NULL);
	run = (struct pth_run){ .out = { tmpfile(), 0 },
		.dir = { NULL, -1 },
		.dir_wanted = dir,
		.runner = { .order = PTH_ORDER_INPUT, .jobs = jobs, .home = &home } };
	pth_progress_open(&run.progress, PTH_PROGRESS_NONE);
}

/* A record of a test whose service is that script. */
static int
take(const char *id, const char *script, const char *more)
{
	char text[1000];
	json_t *rec;

	snprintf(text, sizeof text,
	    "{\"pth\":1,\"type\":\"test\",\"run\":\"r\",\"id\":\"%s\",\"name\":\"%s\","
	    "\"plan\":{\"environment\":{\"isolation\":\"none\"},\"services\":[{\"name\":\"a\","
	    "\"finite\":true,\"role\":\"client\",\"phases\":{\"run\":{\"argv\":[\"sh\",\"-c\","
	    "\"%s\"]}}}]}%s}",
	    id, id, script, more);
	rec = pth_json_parse(text, strlen(text), NULL);
	CHECK(rec != NULL);
	return pth_run_take(&run, rec, &e);
}

/* Until nothing is left to run or to write, or there is room for another record. */
static void
go(bool room)
{
	for (int i = 0; i < 20000 && !pth_run_is_idle(&run) && !(room && pth_run_has_room(&run));
	     i++) {
		CHECK(pth_run_move(&run, &e) == 0);
		if (pth_run_is_idle(&run))
			break;
		usleep(500);
		pth_runner_attend(&run.runner);
	}
}

/* The statuses that have left, with blanks between, and "end N" for the end. */
static const char *
left(void)
{
	static char s[2000], line[65536];

	s[0] = '\0';
	fflush(run.out.fp);
	rewind(run.out.fp);
	while (fgets(line, sizeof line, run.out.fp) != NULL) {
		json_t *v = pth_json_parse(line, strlen(line), NULL);

		snprintf(s + strlen(s), sizeof s - strlen(s), "%s%s", s[0] != '\0' ? " " : "",
		    pth_rec_is_test(v) ? pth_result_status(pth_test_result(v)) :
		                         pth_json_str(v, "type", "?"));
		json_decref(v);
	}
	return s;
}

static int
lines_of(const char *path)
{
	struct pth_buf b = PTH_BUF_INIT;
	int n = 0;

	if (pth_file_read(path, 1 << 20, &b, &e) != 0)
		return -1;
	for (size_t i = 0; i < b.len; i++)
		n += b.s[i] == '\n';
	pth_buf_release(&b);
	return n;
}

static void
end(void)
{
	pth_runner_reap(&run.runner, true);
	pth_run_release(&run);
	fclose(run.out.fp);
}

static void
of_streams(void)
{
	json_t *other = json_pack("{s:i,s:s}", "pth", 1, "type", "other");

	unit("records come out in their order, and the end behind them");
	begin("out", 3);
	CHECK(pth_run_has_room(&run) && pth_run_is_idle(&run));
	CHECK_INT(take("a", "until [ -e ../../b/a/done ]; do sleep 0.01; done", ""), 0);
	CHECK_INT(take("b", "echo >done", ""), 0);
	CHECK_INT(pth_run_take(&run, other, &e), 0);
	CHECK_INT(take("c", "exit 3", ""), 0);
	go(false);
	CHECK(pth_run_is_idle(&run));
	CHECK(pth_run_fed(&run, &whole, false, &e) == 0 && pth_run_end(&run, true, &e) == 0);
	CHECK(!run.touched);
	CHECK_STR(left(), "completed completed other failed end");
	CHECK_INT(lines_of("out/results.jsonl"), 4); /* tests, and the end */
	CHECK_INT(lines_of("out/plan.jsonl"), 4);
	CHECK(faccessat(run.dir.fd, "c/result.json", F_OK, 0) == 0);
	end();

	unit("no end is promised where not all has come");
	begin("out", 1);
	CHECK_INT(take("a", "exit 0", ""), 0);
	go(false);
	CHECK_INT(pth_run_end(&run, false, &e), 0);
	CHECK_STR(left(), "completed");
	CHECK_INT(lines_of("out/results.jsonl"), 1);
	end();

	unit("somebody else's changes of the streams are noticed");
	begin("out", 1);
	CHECK_INT(take("a", "exit 0", ""), 0);
	go(false);
	CHECK(truncate("out/results.jsonl", 0) == 0);
	CHECK(pth_run_fed(&run, &whole, false, &e) == 0 && pth_run_end(&run, true, &e) == 0);
	CHECK(run.touched);
	CHECK_INT(lines_of("out/results.jsonl"), 2);
	end();

	unit("a directory that cannot be had is an error");
	begin("/proc/none", 1);
	CHECK_INT(take("a", "exit 0", ""), -1);
	fclose(run.out.fp);
}

/* Feed it with 20 records, of which the window holds eight. */
static void
feed(int failing)
{
	for (int i = 0; i < 20; i++) {
		char id[8];

		snprintf(id, sizeof id, "%02d", i);
		go(true);
		CHECK_INT(take(id, i == failing ? "exit 3" : "exit 0", ""), 0);
		CHECK(run.runner.count <= run.runner.window);
	}
}

static void
of_stops(void)
{
	static const char stopped[] =
	    "completed completed failed skipped skipped skipped skipped skipped skipped skipped "
	    "skipped skipped skipped skipped skipped skipped skipped skipped skipped skipped end";

	unit("after fast fail nothing more is begun, neither of the window nor behind it");
	pth_rmtree(AT_FDCWD, "out", NULL);
	begin("out", 1);
	run.runner.fastfail.max = 1;
	feed(2);
	CHECK_INT(run.runner.window, 8);
	go(false);
	CHECK(pth_run_fed(&run, &whole, false, &e) == 0 && pth_run_end(&run, true, &e) == 0);
	CHECK_STR(left(), stopped);
	CHECK_INT(lines_of("out/results.jsonl"), 21);
	CHECK(faccessat(run.dir.fd, "03", F_OK, 0) != 0);
	end();

	unit("after an interruption, too");
	begin("out2", 1);
	CHECK_INT(take("a", "echo >up; sleep 60", ""), 0);
	CHECK_INT(take("b", "exit 0", ""), 0);
	for (int i = 0; i < 10000 && faccessat(AT_FDCWD, "out2/a/a/up", F_OK, 0) != 0; i++) {
		CHECK(pth_run_move(&run, &e) == 0);
		usleep(500);
	}
	pth_runner_interrupt(&run.runner, false);
	CHECK_INT(take("c", "exit 0", ""), 0);
	CHECK_INT(take("d", "exit 0", ",\"error\":{\"message\":\"no\"}"), 0);
	go(false);
	CHECK(pth_run_fed(&run, &whole, false, &e) == 0 && pth_run_end(&run, true, &e) == 0);
	CHECK_STR(left(), "interrupted interrupted interrupted error end");
	end();

	unit("an error of an earlier stage counts as a failure");
	begin("out3", 1);
	run.runner.fastfail.max = 1;
	CHECK_INT(take("a", "exit 0", ",\"error\":{\"message\":\"no\"}"), 0);
	CHECK_INT(take("b", "exit 0", ""), 0);
	go(false);
	CHECK(pth_run_fed(&run, &whole, false, &e) == 0 && pth_run_end(&run, true, &e) == 0);
	CHECK_STR(left(), "error skipped end");
	end();
}

static void
of_dry_ones(void)
{
	unit("a dry run makes nothing");
	begin("dry", 1);
	run.in.dry = true;
	CHECK_INT(take("a", "exit 0", ""), 0);
	CHECK_INT(take("b", "exit 0", ",\"error\":{\"message\":\"no\"}"), 0);
	CHECK(pth_run_is_idle(&run));
	CHECK(pth_run_fed(&run, &whole, false, &e) == 0 && pth_run_end(&run, true, &e) == 0);
	CHECK_STR(left(), "skipped error end");
	CHECK(faccessat(AT_FDCWD, "dry", F_OK, 0) != 0);
	pth_select_release(&run.in);
	fclose(run.out.fp);

	unit("the next run in a directory keeps what is complete when it is resumed");
	begin("out2", 1);
	run.in.resume = true;
	CHECK_INT(take("a", "echo >up; sleep 60", ""), 0);
	pth_runner_interrupt(&run.runner, false);
	go(false);
	CHECK(pth_run_fed(&run, &whole, false, &e) == 0 && pth_run_end(&run, true, &e) == 0);
	CHECK_STR(left(), "interrupted end"); /* it was interrupted: it was to be run */
	end();
	begin("out", 1);
	run.in.resume = true;
	CHECK_INT(take("00", "exit 0", ""), 0);
	CHECK_INT(take("02", "exit 3", ""), 0);
	CHECK_INT(take("05", "exit 0", ""), 0);
	CHECK_INT(run.runner.active, 0);
	go(false);
	CHECK(pth_run_fed(&run, &whole, false, &e) == 0 && pth_run_end(&run, true, &e) == 0);
	CHECK_STR(left(), "completed failed completed end");
	end();
}

int
main(void)
{
	char tmp[] = "run.XXXXXX";

	CHECK(mkdtemp(tmp) != NULL && chdir(tmp) == 0);
	setenv("PTH_EVENTS", "none", 1);
	pth_event_init("run");
	(void)pth_sig_open();
	home.share = home.libexec = home.bin = (char[]){ "/" };
	of_streams();
	of_stops();
	of_dry_ones();
	return unit_done();
}
