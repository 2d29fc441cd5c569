/* pth-spread lets an engine run parts of a run, pth-spread(1). */
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "host/sig.h"
#include "io/event.h"
#include "io/tool.h"
#include "spread/spread.h"
#include "spread/work.h"

#define LOOK_MS 100 /* how often parts are looked at */

struct work {
	struct pth_spread s;
	struct pth_rec_in in;
	struct pth_home home;
	struct pth_plugins plugins;
	struct pth_strv dirs;
	const char *engine, *at_work;
	char **options; /* of the engine */
	const char *partition;
	bool slurm, parallel, local;
	bool finished;         /* no more input */
	struct pth_err broken; /* why it ends too early, or text "" */
};

/* The options of the engine: what is behind --, and before that what we know of ours. It is the
 * caller's until the end. */
static char **
options_of(const struct work *w, const struct pth_tool *tool)
{
	struct pth_strv v = { NULL, 0 };
	struct pth_buf b = PTH_BUF_INIT;

	if (w->partition != NULL) {
		pth_buf_addf(&b, "--partition=%s", w->partition);
		pth_strv_push(&v, pth_buf_take(&b));
	}
	for (int i = 0; i < tool->operand_count; i++)
		pth_strv_push(&v, pth_xstrdup(tool->operand[i]));
	return v.v;
}

/* An exit code, or -1: go on. */
static int
parse_options(struct work *w, struct pth_tool *tool, int argc, char **argv)
{
	struct pth_spread *s = &w->s;
	unsigned mode = PTH_PROGRESS_AUTO;
	uint64_t chunk = 0, seconds = 60, window = 0, jobs = 1, tries = 2, poll_s = 5, start = 0;
	const struct pth_option table[] = {
		{ 'o', "output", "DIR", "the run directory", .text = &s->dir },
		{ 'e', "engine", "NAME", "what runs the parts (default: local)",
		    .text = &w->engine },
		{ 0, "local", NULL, "as --engine local: processes of this machine",
		    .flag = &w->local },
		{ 0, "slurm", NULL, "as --engine slurm", .flag = &w->slurm },
		{ 0, "parallel", NULL, "as --engine parallel: GNU parallel over ssh",
		    .flag = &w->parallel },
		{ 'p', "partition", "NAME", "Slurm's partition: as -- --partition=NAME",
		    .text = &w->partition },
		{ 'j', "jobs", "N", "run N tests of a part in parallel (default: 1)",
		    .number = &jobs, .min = 1, .max = 256 },
		{ 0, "chunk", "N", "parts of N tests", .number = &chunk, .min = 1, .max = 1000000 },
		{ 0, "chunk-time", "SECONDS", "else of tests that took so long (default: 60)",
		    .number = &seconds, .min = 1, .max = 1000000 },
		{ 0, "balance", "RUN", "where it stands how long tests took", .text = &s->before },
		{ 0, "window", "N", "at most N parts are out at once (default: the engine's)",
		    .number = &window, .min = 1, .max = 1000000 },
		{ 0, "tries", "N", "submit a part that was lost N times (default: 2)",
		    .number = &tries, .min = 1, .max = 100 },
		{ 0, "poll", "SECONDS", "how often the engine is asked (default: 5)",
		    .number = &poll_s, .min = 1, .max = 3600 },
		{ 0, "start-limit", "SECONDS", "give up a part that has not begun by then",
		    .number = &start, .min = 1, .max = 10000000 },
		{ 'P', "plugins", "DIR", "search DIR for engines first", .list = &w->dirs },
		{ 0, "send", NULL, "send our tools along: the other side needs none",
		    .flag = &s->places.send },
		{ 0, "only", "GLOB", "run only tests with this id, name or tag:TAG",
		    .list = &s->in.only },
		{ 0, "skip", "GLOB", "skip tests with this id, name or tag:TAG",
		    .list = &s->in.skip },
		{ 0, "progress", "auto|none|plain|tty", "how progress is shown", .word = &mode },
		{ 0, "resume", NULL, "go on with a run that was killed", .flag = &s->resume },
		{ 0, "work", "DIR", "run a part: what engines call on the other side",
		    .text = &w->at_work },
	};
	int code;

	tool->options = table;
	tool->n = countof(table);
	code = pth_tool_parse(tool, argc, argv);
	if (code >= 0)
		return code;
	if (w->at_work == NULL && s->dir == NULL)
		return pth_tool_mistake(tool, "-o DIR is missing");
	if ((w->engine != NULL) + w->slurm + w->parallel + w->local > 1)
		return pth_tool_mistake(tool, "there can be only one engine");
	if (w->partition != NULL && !w->slurm &&
	    (w->engine == NULL || strcmp(w->engine, "slurm") != 0))
		return pth_tool_mistake(tool, "-p goes with --slurm");
	if (w->at_work == NULL && isatty(STDIN_FILENO) != 0)
		return pth_tool_mistake(tool, "nothing to read: standard input is a terminal");
	w->engine = w->slurm  ? "slurm" :
	    w->parallel       ? "parallel" :
	    w->engine != NULL ? w->engine :
	                        "local";
	s->chunk = (unsigned)chunk;
	s->chunk_us = (int64_t)seconds * PTH_SECOND_US;
	s->window = (unsigned)window;
	s->places.jobs = (unsigned)jobs;
	w->options = options_of(w, tool);
	s->places.options = w->options;
	s->tries = (unsigned)tries;
	s->poll_us = (int64_t)poll_s * PTH_SECOND_US;
	s->start_us = (int64_t)start * PTH_SECOND_US;
	pth_progress_open(&s->progress, tool->quiet ? PTH_PROGRESS_NONE : mode);
	tool->operand_count = 0; /* they are the engine's */
	return -1;
}

/* Takes in what has been read already, as far as there is room. */
static void
take_pending(struct work *w)
{
	struct pth_err e;
	json_t *rec;
	int r;

	while (!w->finished && pth_spread_has_room(&w->s) && pth_rec_pending(&w->in)) {
		r = pth_rec_read(&w->in, &rec, &e);
		if (r > 0) {
			pth_must(pth_spread_take(&w->s, rec, &e), &e);
			continue;
		}
		w->finished = true;
		if (r < 0)
			w->broken = e;
		else
			pth_rec_lacks(&w->s.out, &w->in, w->s.signal == 0);
		pth_must(pth_spread_fed(&w->s, &e), &e);
	}
}

static void
take_signals(struct work *w, int sigfd)
{
	int sig;

	while ((sig = pth_sig_next(sigfd)) != 0) {
		if (sig == SIGCHLD || w->s.signal != 0)
			continue;
		pth_event("run.interrupted", "{s:s}", "signal", sigabbrev_np(sig));
		pth_spread_interrupt(&w->s, sig);
	}
}

static void
run(struct work *w, int sigfd)
{
	struct pollfd p[2];
	struct pth_err e;
	bool more;

	for (;;) {
		take_pending(w);
		pth_must(pth_spread_move(&w->s, &e), &e);
		pth_spread_show(&w->s);
		if (pth_spread_is_done(&w->s))
			return;
		more = !w->finished && pth_spread_has_room(&w->s);
		if (more && pth_rec_pending(&w->in))
			continue;
		p[0] = (struct pollfd){ sigfd, POLLIN, 0 };
		p[1] = (struct pollfd){ more ? w->in.fd : -1, POLLIN, 0 };
		poll(p, 2, LOOK_MS);
		take_signals(w, sigfd);
		if (p[1].revents != 0 && pth_rec_fill(&w->in, &e) != 0) {
			w->broken = e;
			w->finished = true;
			pth_must(pth_spread_fed(&w->s, &e), &e);
		}
	}
}

static void
release(struct work *w)
{
	pth_home_release(&w->home);
	pth_strv_free(w->dirs.v);
	pth_strv_free(w->options);
}

/* What engines call: the part is the operand; of OFFSET+, Slurm's task is added. */
static int
at_work(struct work *w, const struct pth_tool *tool)
{
	const char *task = getenv("SLURM_ARRAY_TASK_ID"), *number = tool->operand[0];
	pth_auto_buf line = PTH_BUF_INIT;
	struct pth_word state;
	char text[24];
	int code;

	pth_buf_addf(&line, "%s%s", number != NULL ? number : "0+",
	    task != NULL && (number == NULL || strchr(number, '+') != NULL) ? task : "");
	snprintf(
	    text, sizeof text, "%zu", pth_engine_line(pth_word_of(line.s), SIZE_MAX / 2, &state));
	if (strcmp(text, "0") == 0)
		pth_die(PTH_USAGE, "--work DIR: the number of the part is missing");
	code = pth_work(w->at_work, text, &w->home);
	release(w);
	return code;
}

static int
finish(struct work *w)
{
	int code = *w->s.stopped != '\0' ? PTH_SYSTEM : PTH_OK;
	struct pth_err e;

	if (*w->broken.text != '\0') {
		pth_complain("%s", w->broken.text);
		code = w->broken.code;
	}
	pth_must(pth_spread_end(&w->s, *w->broken.text == '\0', &e), &e);
	pth_event("run.spread", "{s:s,s:s,s:I,s:I,s:i}", "engine", w->s.engine.name, "dir",
	    w->s.dir, "tests", (json_int_t)w->s.out.tests, "parts", (json_int_t)w->s.count, "lost",
	    (int)w->s.lost);
	return code;
}

int
main(int argc, char **argv)
{
	struct work w = { .s = { .out = { .fp = stdout }, .partsfd = -1 } };
	struct pth_tool tool = { .name = "pth-spread",
		.purpose = "Let an engine run parts of a run",
		.operands = "[OPTION]..." };
	pth_auto_buf stamp = PTH_BUF_INIT;
	struct pth_err e;
	int code, sigfd, signal;

	if ((code = parse_options(&w, &tool, argc, argv)) >= 0)
		return code;
	pth_must(pth_home_find(&w.home, &e), &e);
	if (w.at_work != NULL)
		return at_work(&w, &tool);
	pth_must(pth_plugins_open(&w.plugins, &w.dirs, getenv("PTH_PATH"), w.home.share, &e), &e);
	pth_must(pth_engine_open(&w.s.engine, &w.plugins, w.engine, &e), &e);
	w.s.window = w.s.window > 0 ? w.s.window : w.s.engine.window;
	if (w.s.places.send && w.s.engine.send == NULL)
		pth_die(PTH_USAGE, "--send: engine %s has no way to send our tools", w.engine);
	w.s.places.bin = w.home.bin;
	w.s.places.share = w.home.share;
	w.s.places.libexec = w.home.libexec;
	pth_must(pth_work_stamp(&stamp, &w.home, &e), &e);
	w.s.stamp = stamp.s;
	pth_must(pth_tool_open(&tool, 0, &w.in, &e), &e);
	if (pth_select_wants(&w.s.in)) {
		code = pth_select_file(&w.s.in, &w.in, &e);
		pth_must(code, &e);
		if (code == 0)
			pth_die(PTH_USAGE,
			    "--only and --skip read standard input twice: it has to "
			    "be a file; in a pipe, pth-select is for that");
	}
	pth_must(pth_spread_open(&w.s, &e), &e);
	if ((sigfd = pth_sig_open()) < 0)
		pth_die(PTH_SYSTEM, "signalfd:");
	run(&w, sigfd);
	code = finish(&w);
	signal = w.s.signal;
	pth_spread_release(&w.s);
	pth_rec_close(&w.in);
	pth_plugins_close(&w.plugins);
	release(&w);
	if (signal != 0)
		pth_sig_reraise(signal);
	return code;
}
