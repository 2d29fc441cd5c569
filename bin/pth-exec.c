/* pth-exec runs planned tests and writes them on with their results, pth-exec(1). */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/os.h"
#include "host/sig.h"
#include "io/event.h"
#include "io/tool.h"
#include "run/lack.h"
#include "run/paste.h"
#include "run/run.h"

#define JOBS_MAX 256
#define IDLE_MS 1000 /* how often the supervisors' own deadlines are looked at */

struct exec {
	struct pth_run s;
	struct pth_rec_in in;
	struct pth_home home;
	bool finished;         /* no more input */
	bool check;            /* only look at the tests, and tell what is wrong */
	bool print;            /* only write their commands */
	json_t *held;          /* what waits for the end of the input; NULL: nothing has to */
	size_t given;          /* of held, to the run */
	struct pth_err broken; /* why it ends too early, or text "" */
	int signal;            /* that interrupts the run, or 0 */
};

/* Nine digits, so that a person can type them. */
static uint64_t
chosen_seed(void)
{
	uint32_t r = 0;

	(void)!getrandom(&r, sizeof r, 0);
	return r % 1000000000;
}

/* An exit code, or -1: go on. */
static int
parse_options(struct exec *x, int argc, char **argv)
{
	struct pth_run *o = &x->s;
	uint64_t jobs = o->runner.jobs, fail_fast = 0, seed = UINT64_MAX;
	enum pth_progress_mode mode = PTH_PROGRESS_AUTO;
	bool shuffle = false;
	const struct pth_option table[] = {
		{ 'n', "dry-run", NULL, "run nothing and make no directory", .flag = &o->in.dry },
		{ 'j', "jobs", "N", "run at most N tests in parallel (default: all cores)",
		    .number = &jobs, .min = 1, .max = JOBS_MAX },
		{ 0, "print", NULL, "print the commands for a shell instead of running them",
		    .flag = &x->print },
		{ 'o', "output", "DIR", "the run directory", .text = &o->dir_wanted },
		{ 0, "check", NULL, "only report what this machine lacks", .flag = &x->check },
		{ 0, "only", "GLOB", "run only tests with this id, name or tag:TAG",
		    .list = &o->in.only },
		{ 0, "skip", "GLOB", "skip tests with this id, name or tag:TAG",
		    .list = &o->in.skip },
		{ 0, "resume", NULL, "keep the complete results of an earlier run",
		    .flag = &o->in.resume },
		{ 0, "rerun", "failed", "like --resume, but run failed tests again",
		    .flag = &o->in.rerun_failed },
		{ 0, "fail-fast", "N", "start no more tests after N failures", .number = &fail_fast,
		    .min = 1, .max = 1000000 },
		{ 0, "order", "input|longest", "which tests start first",
		    .word = &o->runner.order },
		{ 0, "shuffle", NULL, "start tests in random order", .flag = &shuffle },
		{ 0, "seed", "N", "seed of --shuffle: the same seed gives the same order",
		    .number = &seed, .max = INT64_MAX },
		{ 0, "unordered", NULL, "write each record as soon as its test ends",
		    .flag = &o->runner.unordered },
		{ 0, "progress", "auto|none|plain|tty", "how progress is shown", .word = &mode },
	};
	struct pth_tool tool = { "pth-exec", "Run planned tests", "[FILE]", PTH_OPTIONS(table),
		.reads = true };
	struct pth_err e;
	int code;

	code = pth_tool_parse(&tool, argc, argv);
	if (code >= 0)
		return code;
	o->in.resume = o->in.resume || o->in.rerun_failed;
	if (o->in.resume && o->dir_wanted == NULL)
		return pth_tool_mistake(&tool, "--resume needs the run directory, -o DIR");
	if (seed != UINT64_MAX && !shuffle)
		return pth_tool_mistake(&tool, "--seed goes with --shuffle");
	pth_must(pth_tool_open(&tool, 0, &x->in, &e), &e);
	if (pth_select_wants(&o->in) && !x->check && !x->print) {
		code = pth_select_file(&o->in, &x->in, &e);
		pth_must(code, &e);
		x->held = code == 0 ? json_array() : NULL;
	}
	o->runner.jobs = (unsigned)jobs;
	o->runner.fastfail.max = (unsigned)fail_fast;
	o->runner.order = shuffle ? PTH_ORDER_SHUFFLE : o->runner.order;
	o->runner.seed = seed != UINT64_MAX ? seed : chosen_seed();
	pth_progress_open(&o->progress, tool.quiet ? PTH_PROGRESS_NONE : mode);
	return -1;
}

/* What has come is run to its end; there is just no more. */
static void
input_breaks(struct exec *x, const struct pth_err *e)
{
	x->broken = *e;
	x->finished = true;
}

/* Is all that came in the run's hands? */
static bool
is_fed(const struct exec *x)
{
	return x->finished && x->given == json_array_size(x->held);
}

/* A record is given to the run, or held where all have to be there before the first is. */
static void
take(struct exec *x, json_t *rec)
{
	struct pth_err e;

	if (x->held == NULL) {
		pth_must(pth_run_take(&x->s, rec, &e), &e);
		return;
	}
	if (pth_rec_is_test(rec))
		pth_select_note(&x->s.in, rec);
	pth_json_push(x->held, rec);
}

/* All have come: those that were held go to the run. A pattern that matches nothing ends us
 * before anything has begun. */
static void
release_held(struct exec *x)
{
	struct pth_err e;

	if (!x->finished || x->held == NULL)
		return;
	if (x->given == 0 && *x->broken.text == '\0')
		pth_must(pth_select_check(&x->s.in, &e), &e);
	while (!is_fed(x) && pth_run_has_room(&x->s))
		pth_must(
		    pth_run_take(&x->s, json_incref(json_array_get(x->held, x->given++)), &e), &e);
}

/* Takes in what has been read already, as far as there is room. */
static void
take_pending(struct exec *x)
{
	struct pth_err e;
	json_t *rec;
	int r;

	while (!x->finished && pth_run_has_room(&x->s) && pth_rec_pending(&x->in)) {
		r = pth_rec_read(&x->in, &rec, &e);
		if (r < 0)
			input_breaks(x, &e);
		else if (r == 0)
			x->finished = true;
		else
			take(x, rec);
	}
	release_held(x);
}

static void
take_signals(struct exec *x, int sigfd)
{
	int sig;

	while ((sig = pth_sig_next(sigfd)) != 0) {
		if (sig == SIGCHLD)
			continue;
		pth_event("run.interrupted", "{s:s}", "signal", sigabbrev_np(sig));
		pth_runner_interrupt(&x->s.runner, x->signal != 0);
		x->signal = sig;
	}
}

/* How long to wait for something to happen. */
static int
idle_ms(const struct exec *x)
{
	int64_t t = pth_run_next(&x->s), now = pth_mono_us();

	if (t == PTH_NEVER || t - now > IDLE_MS * 1000)
		return IDLE_MS;
	return t > now ? (int)((t - now) / 1000 + 1) : 0;
}

static void
run(struct exec *x, int sigfd)
{
	struct pollfd p[JOBS_MAX + 2];
	int fds[JOBS_MAX];
	struct pth_err e;
	bool more;
	size_t n;

	for (;;) {
		take_pending(x);
		if (is_fed(x) &&
		    *x->broken.text == '\0') /* Ctrl-C has ended those before us, too */
			pth_must(pth_run_fed(&x->s, &x->in, x->signal == 0, &e), &e);
		x->s.runner.complete = is_fed(x);
		pth_must(pth_run_move(&x->s, &e), &e);
		if (is_fed(x) && pth_run_is_idle(&x->s))
			return;
		if (x->finished && !is_fed(x) && pth_run_has_room(&x->s))
			continue;
		more = !x->finished && pth_rec_pending(&x->in);
		if (more && pth_run_has_room(&x->s))
			continue;
		p[0] = (struct pollfd){ sigfd, POLLIN, 0 };
		p[1] = (struct pollfd){ x->finished || more ? -1 : x->in.fd, POLLIN, 0 };
		n = pth_runner_fds(&x->s.runner, fds, JOBS_MAX);
		for (size_t i = 0; i < n; i++)
			p[i + 2] = (struct pollfd){ fds[i], POLLIN, 0 };
		poll(p, n + 2, idle_ms(x));
		take_signals(x, sigfd);
		if (p[1].revents != 0 && pth_rec_fill(&x->in, &e) != 0)
			input_breaks(x, &e);
		pth_runner_attend(&x->s.runner);
	}
}

/* Tells what this machine lacks, or what would be run. */
static int
look(struct exec *x)
{
	const char *dir = x->s.dir_wanted != NULL ? x->s.dir_wanted : "outputs";
	pth_auto_str here = *dir != '/' ? getcwd(NULL, 0) : NULL;
	pth_auto_buf whole = PTH_BUF_INIT;
	struct pth_err e;
	int code;

	pth_buf_addf(&whole, "%s%s%s", here != NULL ? here : "", here != NULL ? "/" : "", dir);
	code = x->check ? pth_lack_check(&x->in, &x->s.in, &x->home, &e) :
	                  pth_paste_all(&x->in, &x->s.in, &x->home, whole.s, stdout, &e);
	pth_must(code, &e);
	pth_select_release(&x->s.in);
	json_decref(x->held);
	pth_rec_close(&x->in);
	pth_home_release(&x->home);
	return pth_finish(code);
}

int
main(int argc, char **argv)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct exec x = { .s = { .out = { stdout, 0 },
		              .dir = { NULL, -1 },
		              .runner = { .order = PTH_ORDER_LONGEST,
		                  .jobs = cores < 1    ? 1 :
		                      cores > JOBS_MAX ? JOBS_MAX :
		                                         (unsigned)cores } } };
	struct pth_err e;
	int sigfd, code;

	if ((code = parse_options(&x, argc, argv)) >= 0)
		return code;
	code = PTH_OK;
	pth_must(pth_home_find(&x.home, &e), &e);
	pth_path_add_tools();
	x.s.runner.home = &x.home;
	if (x.check || x.print)
		return look(&x);
	sigfd = pth_sig_open();
	if (sigfd < 0)
		pth_die(PTH_SYSTEM, "signalfd:");
	run(&x, sigfd);
	pth_runner_reap(&x.s.runner, true);
	if (*x.broken.text != '\0') {
		pth_complain("%s", x.broken.text);
		code = x.broken.code;
	}
	pth_must(pth_run_end(&x.s, *x.broken.text == '\0', &e), &e);
	if (x.s.touched && code == PTH_OK)
		code = PTH_SYSTEM;
	json_decref(x.held);
	pth_run_release(&x.s);
	pth_rec_close(&x.in);
	pth_home_release(&x.home);
	if (x.signal != 0)
		pth_sig_reraise(x.signal);
	return code;
}
