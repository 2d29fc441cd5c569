/*
 * pth-exec: run planned tests, pth-exec(1).
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "event.h"
#include "intake.h"
#include "json.h"
#include "os.h"
#include "runner.h"
#include "rec.h"
#include "rundir.h"
#include "sig.h"
#include "text.h"
#include "when.h"

#define JOBS_MAX 256
#define IDLE_MS 1000 /* how often the wardens' own deadlines are looked at */

static const char usage[] =
    "usage: pth-exec [-nhV] [-j jobs] [-o dir] [--only glob]... [--skip glob]...\n"
    "                [--resume] [--rerun failed] [--fail-fast n] [--unordered] [file]\n";

struct options {
	const char *dir;
	unsigned jobs, fail_fast;
	bool unordered;
	struct pth_intake in;
	const char **only, **skip; /* what in.only and in.skip show to others */
};

struct exec {
	struct options opt;
	struct pth_rec_in in;
	struct pth_rec_out out;
	struct pth_home home;
	struct pth_rundir dir;
	struct pth_runner runner;
	bool opened;   /* run directory and runner exist */
	bool finished; /* no more input */
	int signal;    /* that interrupts the run, or 0 */
};

static void
push(const char ***v, size_t *n, const char *s)
{
	*v = pth_xarray(*v, *n + 1, sizeof **v);
	(*v)[(*n)++] = s;
}

static void
parse_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "dry-run", no_argument, NULL, 'n' }, { "jobs", required_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' }, { "only", required_argument, NULL, 'O' },
		{ "skip", required_argument, NULL, 'S' }, { "resume", no_argument, NULL, 'R' },
		{ "rerun", required_argument, NULL, 'F' }, { "unordered", no_argument, NULL, 'U' },
		{ "fail-fast", required_argument, NULL, 'X' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	long long n = sysconf(_SC_NPROCESSORS_ONLN);
	int c;

	o->jobs = n < 1 ? 1 : n > JOBS_MAX ? JOBS_MAX : (unsigned)n;
	while ((c = getopt_long(argc, argv, "hj:no:V", longs, NULL)) != -1) {
		switch (c) {
		case 'n':
			o->in.dry = true;
			break;
		case 'j':
			if (!pth_int(optarg, 1, JOBS_MAX, &n))
				pth_die(PTH_USAGE, "-j %s: a number from 1 to %d", optarg, JOBS_MAX);
			o->jobs = (unsigned)n;
			break;
		case 'o':
			o->dir = optarg;
			break;
		case 'O':
			push(&o->only, &o->in.nonly, optarg);
			break;
		case 'S':
			push(&o->skip, &o->in.nskip, optarg);
			break;
		case 'F':
			if (strcmp(optarg, "failed") != 0)
				pth_die(PTH_USAGE, "--rerun %s: only \"failed\" is known", optarg);
			o->in.rerun_failed = true;
			o->in.resume = true;
			break;
		case 'R':
			o->in.resume = true;
			break;
		case 'U':
			o->unordered = true;
			break;
		case 'X':
			if (!pth_int(optarg, 1, 1000000, &n))
				pth_die(PTH_USAGE, "--fail-fast %s: a number from 1", optarg);
			o->fail_fast = (unsigned)n;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(PTH_OK);
		case 'V':
			puts("pth-exec " PTH_VERSION);
			exit(PTH_OK);
		default:
			fputs(usage, stderr);
			exit(PTH_USAGE);
		}
	}
	if (argc - optind > 1) {
		fputs(usage, stderr);
		exit(PTH_USAGE);
	}
	if (o->in.resume && o->dir == NULL)
		pth_die(PTH_USAGE, "--resume needs the run directory, -o");
	o->in.only = o->only;
	o->in.skip = o->skip;
}

/* The run directory is made when the first test is there to name it. */
static void
open_run(struct exec *x, const json_t *rec)
{
	const char *run = pth_json_str(rec, "run", "run");
	const char *base = pth_json_str(json_object_get(json_object_get(rec, "settings"), "paths"),
	    "output_dir", "outputs");
	const char *source = pth_json_str(json_object_get(rec, "source"), "file", NULL);
	struct pth_buf events = PTH_BUF_INIT;
	struct pth_err e;

	x->opened = true;
	if (!pth_name_ok(run))
		run = "run";
	if (pth_rundir_open(&x->dir, x->opt.dir, base, run, x->opt.in.resume, &e) != 0)
		pth_die(e.code, "%s", e.text);
	pth_buf_addf(&events, "%s/events.jsonl", x->dir.path);
	if (pth_event_file(events.s, &e) != 0)
		pth_die(e.code, "%s", e.text);
	pth_buf_release(&events);
	pth_event_run(run);
	if (source != NULL)
		pth_rundir_source(&x->dir, source);
	pth_runner_init(&x->runner, &x->dir, x->home.share, x->home.libexec, x->opt.jobs);
	x->runner.unordered = x->opt.unordered;
	x->runner.fastfail.max = x->opt.fail_fast;
	x->runner.bin = x->home.bin;
	pth_event("run.started", "{s:s,s:i}", "dir", x->dir.path, "jobs", (int)x->opt.jobs);
}

static void
emit(struct exec *x, json_t *rec)
{
	struct pth_err e;

	if (x->opened && pth_rec_is_test(rec) &&
	    pth_rundir_append(&x->dir, "results.jsonl", rec, &e) != 0)
		pth_die(e.code, "%s", e.text);
	if (pth_rec_write(&x->out, rec, &e) != 0)
		pth_die(e.code, "%s", e.text);
	json_decref(rec);
}

static void
take_record(struct exec *x, json_t *rec)
{
	json_t *result;
	struct pth_err e;

	if (!pth_rec_is_test(rec)) {
		if (x->opened && !pth_runner_is_empty(&x->runner))
			pth_runner_add(&x->runner, rec, false);
		else
			emit(x, rec);
		return;
	}
	if (!x->opened && !x->opt.in.dry)
		open_run(x, rec);
	result = pth_intake_result(&x->opt.in, &x->dir, rec);
	if (result == NULL && x->signal != 0)
		result = pth_result_without("interrupted", "not begun");
	if (result == NULL && x->runner.fastfail.triggered)
		result = pth_result_without("skipped", x->runner.fastfail.reason);
	if (x->opened && pth_rundir_append(&x->dir, "plan.jsonl", rec, &e) != 0)
		pth_die(e.code, "%s", e.text);
	if (result != NULL) {
		if (x->opened)
			pth_json_set(result, "run_dir", json_string(x->dir.path));
		pth_json_set(rec, "result", result);
		if (x->opened && pth_fastfail_note(&x->runner.fastfail, rec, pth_mono_us()))
			pth_json_set(result, "fast_fail", pth_fastfail_json(&x->runner.fastfail));
	}
	if (x->opened)
		pth_runner_add(&x->runner, rec, result == NULL);
	else
		emit(x, rec);
}

/* Take in what has been read already, as far as there is room. */
static void
take_pending(struct exec *x)
{
	struct pth_err e;
	json_t *rec;
	int r;

	while (!x->finished && (!x->opened || pth_runner_has_room(&x->runner)) &&
	    pth_rec_pending(&x->in)) {
		r = pth_rec_read(&x->in, &rec, &e);
		if (r < 0)
			pth_die(e.code, "%s", e.text);
		if (r == 0)
			x->finished = true;
		else
			take_record(x, rec);
	}
}

static void
take_signals(struct exec *x, int sigfd)
{
	int sig;

	while ((sig = pth_sig_next(sigfd)) != 0) {
		if (sig == SIGCHLD)
			continue;
		pth_event("run.interrupted", "{s:s}", "signal", sigabbrev_np(sig));
		if (x->opened)
			pth_runner_interrupt(&x->runner, x->signal != 0);
		x->signal = sig;
	}
}

/* How long to wait for something to happen. */
static int
idle_ms(const struct exec *x)
{
	int64_t t = x->opened ? pth_runner_next(&x->runner) : INT64_MAX, now = pth_mono_us();

	if (t == INT64_MAX || t - now > IDLE_MS * 1000)
		return IDLE_MS;
	return t > now ? (int)((t - now) / 1000 + 1) : 0;
}

static void
run(struct exec *x, int sigfd)
{
	struct pollfd p[JOBS_MAX + 2];
	int fds[JOBS_MAX];
	struct pth_err e;
	json_t *rec;
	size_t n;

	for (;;) {
		take_pending(x);
		if (x->opened) {
			if (pth_runner_start(&x->runner, &e) != 0)
				pth_die(e.code, "%s", e.text);
			while ((rec = pth_runner_take(&x->runner)) != NULL)
				emit(x, rec);
		}
		if (x->finished && (!x->opened || pth_runner_is_empty(&x->runner)))
			return;
		if (!x->finished && pth_rec_pending(&x->in) &&
		    (!x->opened || pth_runner_has_room(&x->runner)))
			continue;
		p[0] = (struct pollfd){ sigfd, POLLIN, 0 };
		p[1] = (struct pollfd){ x->finished || pth_rec_pending(&x->in) ? -1 : x->in.fd, POLLIN, 0 };
		n = x->opened ? pth_runner_fds(&x->runner, fds, JOBS_MAX) : 0;
		for (size_t i = 0; i < n; i++)
			p[i + 2] = (struct pollfd){ fds[i], POLLIN, 0 };
		poll(p, n + 2, idle_ms(x));
		take_signals(x, sigfd);
		if (p[1].revents && pth_rec_fill(&x->in, &e) != 0)
			pth_die(e.code, "%s", e.text);
		if (x->opened && pth_runner_attend(&x->runner, &e) != 0)
			pth_die(e.code, "%s", e.text);
	}
}

/* Close the streams: ours, and those in the run directory, so that they can be
 * fed again. */
static int
end_streams(struct exec *x, struct pth_err *e)
{
	json_t *end = json_pack("{s:i,s:s,s:I}", "pth", 1, "type", "end", "tests",
	    (json_int_t)x->out.tests);
	int r = 0;

	if (x->opened)
		r = pth_rundir_append(&x->dir, "plan.jsonl", end, e) != 0 ||
		    pth_rundir_append(&x->dir, "results.jsonl", end, e) != 0 ? -1 : 0;
	json_decref(end);
	return r == 0 ? pth_rec_end(&x->out, e) : -1;
}

int
main(int argc, char **argv)
{
	struct exec x = { .out = { stdout, 0 } };
	struct pth_err e;
	int sigfd, code = PTH_OK;
	FILE *fp = stdin;

	pth_event_init("pth-exec");
	parse_options(&x.opt, argc, argv);
	if (optind < argc && strcmp(argv[optind], "-") != 0 &&
	    (fp = fopen(argv[optind], "re")) == NULL)
		pth_die(PTH_SYSTEM, "%s:", argv[optind]);
	if (fp == stdin && isatty(STDIN_FILENO)) {
		fputs(usage, stderr);
		return PTH_USAGE;
	}
	if (pth_home_find(&x.home, &e) != 0)
		pth_die(e.code, "%s", e.text);
	sigfd = pth_sig_open();
	if (sigfd < 0)
		pth_die(PTH_SYSTEM, "signalfd:");
	pth_rec_open(&x.in, fp, fp == stdin ? "stdin" : argv[optind]);
	run(&x, sigfd);
	if (x.opened)
		pth_runner_drain(&x.runner);
	if (x.signal == 0 && pth_rec_whole(&x.in, &e) != 0) {
		pth_complain("%s", e.text);
		code = PTH_SYSTEM;
	} else if (x.in.ended && end_streams(&x, &e) != 0) {
		pth_die(e.code, "%s", e.text);
	}
	if (x.opened) {
		pth_event("run.ended", "{s:s,s:I}", "dir", x.dir.path, "tests", (json_int_t)x.out.tests);
		pth_runner_release(&x.runner);
		pth_rundir_close(&x.dir);
	}
	pth_rec_close(&x.in);
	pth_home_release(&x.home);
	free(x.opt.only);
	free(x.opt.skip);
	if (x.signal != 0)
		pth_sig_reraise(x.signal);
	return code;
}
