/*
 * pth-collect: artifacts, metrics and verdict for every test of the stream.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "base/text.h"
#include "collect/collect.h"
#include "collect/pool.h"
#include "io/event.h"
#include "io/rec.h"

static struct pth_collect_options options;

/* Where records come from: the stream, or a run directory. */
struct source {
	struct pth_rec_in in;
	struct pth_olddir dir;
	bool from_dir, eof;
};

static void
usage(FILE *to)
{
	fputs("usage: pth-collect [-j jobs] [--no-tshark] [dir]\n", to);
}

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

/* One record into the pool, or eof. */
static void
feed(struct source *s, struct pth_pool *pool)
{
	struct pth_err e;
	json_t *rec;
	int got = s->from_dir ? pth_olddir_next(&s->dir, &rec, &e) : pth_rec_read(&s->in, &rec, &e);

	if (got < 0) {
		pth_pool_release(pool);
		pth_die(e.code, "%s", e.text);
	}
	if (got == 0)
		s->eof = true;
	else if (pth_pool_add(pool, rec, pth_rec_is_test(rec), &e) != 0)
		pth_die(e.code, "%s", e.text);
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
		pth_results_add(results, rec);
		if (pth_rec_write(out, rec, &e) != 0)
			pth_die(e.code, "%s", e.text);
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
	if (pth_pool_wait(pool, input ? s->in.fd : -1) && pth_rec_fill(&s->in, &e) != 0)
		pth_die(e.code, "%s", e.text);
}

static int
collect(struct source *s, size_t jobs)
{
	struct pth_rec_out out = { .fp = stdout };
	struct pth_results results = { 0 };
	struct pth_pool pool;
	struct pth_err e;
	bool whole;

	pth_pool_init(&pool, jobs, work, &options);
	for (;;) {
		while (pth_pool_room(&pool) && ready(s))
			feed(s, &pool);
		emit(&pool, &out, &results);
		if (s->eof && pth_pool_empty(&pool))
			break;
		wait_more(s, &pool);
	}
	pth_pool_release(&pool);
	whole = s->from_dir || pth_rec_whole(&s->in, &e) == 0;
	pth_results_close(&results, whole);
	if (!whole)
		pth_die(e.code, "%s", e.text);
	if (pth_rec_end(&out, &e) != 0)
		pth_die(e.code, "%s", e.text);
	return PTH_OK;
}

static size_t
jobs_of(const char *s)
{
	long long n;

	if (!pth_int(s, 1, 1024, &n)) {
		usage(stderr);
		exit(PTH_USAGE);
	}
	return (size_t)n;
}

int
main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "jobs", required_argument, NULL, 'j' },
		{ "no-tshark", no_argument, NULL, 'T' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t jobs = cores > 0 ? (size_t)cores : 1;
	struct source s = { 0 };
	struct pth_err e;
	int c, rc;

	pth_event_init("pth-collect");
	while ((c = getopt_long(argc, argv, "hj:", longs, NULL)) != -1) {
		switch (c) {
		case 'j': jobs = jobs_of(optarg); break;
		case 'T': options.no_packets = true; break;
		case 'h': usage(stdout); return PTH_OK;
		default: usage(stderr); return PTH_USAGE;
		}
	}
	if (argc - optind > 1) {
		usage(stderr);
		return PTH_USAGE;
	}
	s.from_dir = optind < argc;
	if (s.from_dir) {
		if (pth_olddir_open(&s.dir, argv[optind], &e) != 0)
			pth_die(e.code, "%s", e.text);
	} else {
		pth_outlive_interrupt();
		pth_rec_open(&s.in, stdin, "stdin");
	}
	rc = collect(&s, jobs);
	if (s.from_dir)
		pth_olddir_close(&s.dir);
	else
		pth_rec_close(&s.in);
	return rc;
}
