/*
 * pth-exec: run planned tests, pth-exec(1).
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "base/text.h"
#include "host/sig.h"
#include "io/event.h"
#include "io/rec.h"
#include "run/run.h"

#define JOBS_MAX 256
#define IDLE_MS 1000 /* how often the supervisors' own deadlines are looked at */

static const char usage_text[] =
    "usage: pth-exec [-nhV] [-j jobs] [-o dir] [--only glob]... [--skip glob]...\n"
    "                [--resume] [--rerun failed] [--fail-fast n] [--order input|longest]\n"
    "                [--shuffle] [--seed n] [--unordered] [--progress mode] [file]\n";

struct exec {
	struct pth_run s;
	const char **only, **skip; /* what s.in.only and s.in.skip show to others */
	struct pth_rec_in in;
	struct pth_home home;
	bool finished;         /* no more input */
	struct pth_err broken; /* why it ends too early, or text "" */
	int signal;            /* that interrupts the run, or 0 */
};

static void
push(const char ***v, size_t *n, const char *s)
{
	*v = pth_xarray(*v, *n + 1, sizeof **v);
	(*v)[(*n)++] = s;
}

/* Nine digits, so that a person can type them. */
static uint64_t
chosen_seed(void)
{
	uint32_t r = 0;

	(void)!getrandom(&r, sizeof r, 0);
	return r % 1000000000;
}

/* The number of an option. */
static long long
number(const char *option, const char *text, long long min, long long max)
{
	long long n;

	if (!pth_int(text, min, max, &n) && max == JOBS_MAX)
		pth_die(PTH_USAGE, "%s %s: a number from %lld to %lld", option, text, min, max);
	if (!pth_int(text, min, max, &n))
		pth_die(PTH_USAGE, "%s %s: a number from %lld", option, text, min);
	return n;
}

static enum pth_order
order(const char *text)
{
	if (strcmp(text, "input") != 0 && strcmp(text, "longest") != 0)
		pth_die(PTH_USAGE, "--order %s: input or longest", text);
	return *text == 'i' ? PTH_ORDER_INPUT : PTH_ORDER_LONGEST;
}

static enum pth_progress_mode
progress(const char *text)
{
	int mode = pth_progress_mode(text);

	if (mode < 0)
		pth_die(PTH_USAGE, "--progress %s: auto, tty, plain or none", text);
	return (enum pth_progress_mode)mode;
}

static void __attribute__((noreturn)) usage(FILE *to, int code)
{
	fputs(usage_text, to);
	exit(code);
}

static void
parse_options(struct exec *x, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{ "jobs", required_argument, NULL, 'j' },
		{ "output", required_argument, NULL, 'o' },
		{ "only", required_argument, NULL, 'O' },
		{ "skip", required_argument, NULL, 'S' },
		{ "resume", no_argument, NULL, 'R' },
		{ "rerun", required_argument, NULL, 'F' },
		{ "unordered", no_argument, NULL, 'U' },
		{ "fail-fast", required_argument, NULL, 'X' },
		{ "order", required_argument, NULL, 'D' },
		{ "shuffle", no_argument, NULL, 'H' },
		{ "seed", required_argument, NULL, 'E' },
		{ "progress", required_argument, NULL, 'P' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	enum pth_progress_mode mode = PTH_PROGRESS_AUTO;
	struct pth_run *o = &x->s;
	bool seeded = false;
	int c;

	while ((c = getopt_long(argc, argv, "hj:no:V", longs, NULL)) != -1) {
		switch (c) {
		case 'n': o->in.dry = true; break;
		case 'j': o->jobs = (unsigned)number("-j", optarg, 1, JOBS_MAX); break;
		case 'o': o->dir_wanted = optarg; break;
		case 'O': push(&x->only, &o->in.nonly, optarg); break;
		case 'S': push(&x->skip, &o->in.nskip, optarg); break;
		case 'F':
			if (strcmp(optarg, "failed") != 0)
				pth_die(PTH_USAGE, "--rerun %s: only \"failed\" is known", optarg);
			o->in.rerun_failed = o->in.resume = true;
			break;
		case 'R': o->in.resume = true; break;
		case 'U': o->unordered = true; break;
		case 'X': o->fail_fast = (unsigned)number("--fail-fast", optarg, 1, 1000000); break;
		case 'D': o->order = order(optarg); break;
		case 'H': o->order = PTH_ORDER_SHUFFLE; break;
		case 'E':
			o->seed = (uint64_t)number("--seed", optarg, 0, INT64_MAX);
			seeded = true;
			break;
		case 'P': mode = progress(optarg); break;
		case 'h': usage(stdout, PTH_OK);
		case 'V': puts("pth-exec " PTH_VERSION); exit(PTH_OK);
		default: usage(stderr, PTH_USAGE);
		}
	}
	if (argc - optind > 1)
		usage(stderr, PTH_USAGE);
	if (o->in.resume && o->dir_wanted == NULL)
		pth_die(PTH_USAGE, "--resume needs the run directory, -o");
	if (seeded && o->order != PTH_ORDER_SHUFFLE)
		pth_die(PTH_USAGE, "--seed goes with --shuffle");
	if (!seeded)
		o->seed = chosen_seed();
	pth_progress_open(&o->progress, mode);
	o->in.only = x->only;
	o->in.skip = x->skip;
}

/* What has come is run to its end; there is just no more. */
static void
input_breaks(struct exec *x, const struct pth_err *e)
{
	x->broken = *e;
	x->finished = true;
}

/* Take in what has been read already, as far as there is room. */
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
		else if (pth_run_take(&x->s, rec, &e) != 0)
			pth_die(e.code, "%s", e.text);
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
		if (x->s.opened)
			pth_runner_interrupt(&x->s.runner, x->signal != 0);
		x->signal = sig;
		x->s.interrupted = true;
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
		x->s.complete = x->finished;
		if (pth_run_move(&x->s, &e) != 0)
			pth_die(e.code, "%s", e.text);
		if (x->finished && pth_run_is_idle(&x->s))
			return;
		more = !x->finished && pth_rec_pending(&x->in);
		if (more && pth_run_has_room(&x->s))
			continue;
		p[0] = (struct pollfd){ sigfd, POLLIN, 0 };
		p[1] = (struct pollfd){ x->finished || more ? -1 : x->in.fd, POLLIN, 0 };
		n = x->s.opened ? pth_runner_fds(&x->s.runner, fds, JOBS_MAX) : 0;
		for (size_t i = 0; i < n; i++)
			p[i + 2] = (struct pollfd){ fds[i], POLLIN, 0 };
		poll(p, n + 2, idle_ms(x));
		take_signals(x, sigfd);
		if (p[1].revents != 0 && pth_rec_fill(&x->in, &e) != 0)
			input_breaks(x, &e);
		if (x->s.opened && pth_runner_attend(&x->s.runner, &e) != 0)
			pth_die(e.code, "%s", e.text);
	}
}

int
main(int argc, char **argv)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct exec x = { .s = { .out = { stdout, 0 },
		              .dir = { NULL, -1 },
		              .order = PTH_ORDER_LONGEST,
		              .jobs = cores < 1    ? 1 :
		                  cores > JOBS_MAX ? JOBS_MAX :
		                                     (unsigned)cores } };
	struct pth_err e;
	int sigfd, code = PTH_OK;
	FILE *fp = stdin;

	pth_event_init("pth-exec");
	parse_options(&x, argc, argv);
	if (optind < argc && strcmp(argv[optind], "-") != 0 &&
	    (fp = fopen(argv[optind], "re")) == NULL)
		pth_die(PTH_SYSTEM, "%s:", argv[optind]);
	if (fp == stdin && isatty(STDIN_FILENO) != 0)
		usage(stderr, PTH_USAGE);
	if (pth_home_find(&x.home, &e) != 0)
		pth_die(e.code, "%s", e.text);
	x.s.home = &x.home;
	sigfd = pth_sig_open();
	if (sigfd < 0)
		pth_die(PTH_SYSTEM, "signalfd:");
	pth_rec_open(&x.in, fp, fp == stdin ? "stdin" : argv[optind]);
	run(&x, sigfd);
	if (x.s.opened)
		pth_runner_drain(&x.s.runner);
	if (*x.broken.text != '\0' || (x.signal == 0 && pth_rec_whole(&x.in, &x.broken) != 0)) {
		pth_complain("%s", x.broken.text);
		code = x.broken.code;
	} else if (x.in.ended && pth_run_end(&x.s, &e) != 0) {
		pth_die(e.code, "%s", e.text);
	}
	if (x.signal == 0 && code == PTH_OK)
		pth_select_end(&x.s.in);
	pth_run_release(&x.s);
	pth_rec_close(&x.in);
	pth_home_release(&x.home);
	free(x.only);
	free(x.skip);
	if (x.signal != 0)
		pth_sig_reraise(x.signal);
	return code;
}
