/* pth-collect lists the artifacts of every test, measures them and gives the verdict. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os.h"
#include "collect/artifact.h"
#include "collect/check.h"
#include "collect/collect.h"
#include "collect/pool.h"
#include "io/event.h"
#include "io/tool.h"

/* Where records come from: the stream, or a run directory. */
struct source {
	struct pth_rec_in in;
	struct pth_olddir dir;
	bool from_dir, eof, joined;
};

static void
work(json_t *rec, void *arg)
{
	pth_collect_test(rec, arg);
}

static bool
ready(struct source *s)
{
	return !s->eof && (s->from_dir || pth_rec_pending(&s->in));
}

/* From the first record that knows its run directory on, events go there, too. */
static void
join_events(struct source *s, const json_t *rec, bool look_only)
{
	const char *dir = pth_result_run_dir(pth_test_result(rec));

	if (s->joined || look_only || dir == NULL)
		return;
	s->joined = true;
	pth_event_join(dir);
}

/* One record into the pool, or eof. */
static void
feed(struct source *s, struct pth_pool *pool, bool look_only)
{
	struct pth_err e;
	json_t *rec;
	int got = s->from_dir ? pth_olddir_next(&s->dir, &rec, &e) : pth_rec_read(&s->in, &rec, &e);

	if (got < 0)
		pth_pool_release(pool);
	pth_must(got, &e);
	if (got > 0)
		join_events(s, rec, look_only);
	if (got == 0)
		s->eof = true;
	else
		pth_pool_add(pool, rec, pth_rec_is_test(rec));
}

static void
emit(struct pth_pool *pool, struct pth_rec_out *out, struct pth_results *results)
{
	struct pth_err e;
	char *failed;
	json_t *rec;

	while ((rec = pth_pool_take(pool, &failed)) != NULL) {
		if (failed != NULL) {
			pth_complain("%s: %s", pth_rec_id(rec), failed);
			pth_collect_failed(rec, failed);
			free(failed);
		}
		if (results != NULL)
			pth_results_add(results, rec);
		pth_must(pth_rec_write(out, rec, &e), &e);
		json_decref(rec);
	}
}

static void
wait_more(struct source *s, struct pth_pool *pool)
{
	bool input = !s->eof && pth_pool_room(pool);
	struct pth_err e;

	if (input && ready(s))
		return;
	if (pth_pool_wait(pool, input ? s->in.fd : -1))
		pth_must(pth_rec_fill(&s->in, &e), &e);
}

static void
collect(struct source *s, struct pth_collect_options *options, size_t jobs)
{
	struct pth_rec_out out = { .fp = stdout };
	struct pth_results results = { 0 };
	struct pth_pool pool;
	struct pth_err e;
	bool whole;

	pth_pool_init(&pool, jobs, work, options);
	for (;;) {
		while (pth_pool_room(&pool) && ready(s))
			feed(s, &pool, options->look_only);
		emit(&pool, &out, options->look_only ? NULL : &results);
		if (s->eof && pth_pool_empty(&pool))
			break;
		wait_more(s, &pool);
	}
	pth_pool_release(&pool);
	/* What is partial is not said to be whole. */
	e = s->dir.busy;
	whole = s->from_dir ? !options->look_only : pth_rec_whole(&s->in, &e) == 0;
	pth_results_close(&results, whole);
	pth_must(whole ? 0 : -1, &e);
	pth_must(pth_rec_end(&out, &e), &e);
}

int
main(int argc, char **argv)
{
	struct pth_collect_options options = { 0 };
	bool check = false;
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t jobs = cores > 0 ? (uint64_t)cores : 1, tshark_s = 600;
	uint64_t file_mib = PTH_ARTIFACT_FILE >> 20, files_s = PTH_ARTIFACT_TIME / PTH_SECOND_US;
	const struct pth_option table[] = {
		{ 'j', "jobs", "N", "process at most N tests in parallel (default: all cores)",
		    .number = &jobs, .min = 1, .max = 1024 },
		{ 0, "check", NULL, "collect nothing; look at the filters of packet rules",
		    .flag = &check },
		{ 0, "no-tshark", NULL, "do not read captures", .flag = &options.no_packets },
		{ 0, "series", NULL, "write series for plots of captures and qlog files, too",
		    .flag = &options.series },
		{ 0, "tshark-time", "SECONDS", "stop tshark after SECONDS (default: 600)",
		    .number = &tshark_s, .min = 1, .max = 86400 },
		{ 0, "file-size", "MIB",
		    "read no larger files, and 4 times of it a test "
		    "(default: 4096)",
		    .number = &file_mib, .min = 1, .max = 1 << 30 },
		{ 0, "file-time", "SECONDS",
		    "read files of a test for at most SECONDS (default: 300)", .number = &files_s,
		    .min = 1, .max = 86400 },
	};
	struct pth_tool tool = { "pth-collect",
		"List what tests left behind, measure it, and judge", "[DIR]", PTH_OPTIONS(table),
		.reads = true };
	struct source s = { 0 };
	struct pth_err e;
	int code;

	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	options.file_bytes = (int64_t)file_mib << 20;
	options.files_us = (int64_t)files_s * PTH_SECOND_US;
	options.tshark_us = (int64_t)tshark_s * PTH_SECOND_US;
	options.again = s.from_dir = tool.operand_count > 0;
	if (s.from_dir) {
		pth_must(pth_olddir_open(&s.dir, tool.operand[0], &e), &e);
		options.look_only = s.dir.busy.text[0] != '\0';
	} else {
		pth_outlive_interrupt();
		pth_must(pth_tool_open(&tool, 0, &s.in, &e), &e);
	}
	if (check) {
		pth_must(code = pth_collect_check(&s.in, &e), &e);
		pth_rec_close(&s.in);
		return pth_finish(code);
	}
	collect(&s, &options, jobs);
	if (s.from_dir)
		pth_olddir_close(&s.dir);
	else
		pth_rec_close(&s.in);
	return PTH_OK;
}
