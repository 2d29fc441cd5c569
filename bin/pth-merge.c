/* pth-merge makes one stream, and one run directory, of the parts of a run, pth-merge(1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "collect/collect.h"
#include "collect/merge.h"
#include "io/event.h"
#include "io/tool.h"

struct work {
	struct pth_merge merge;
	struct pth_rec_out out;
	const char *dir, *plan;
	char *there; /* dir, absolute, once it is there */
	bool move;
};

/* What is no test goes on at once; it belongs to no place. */
static int
take(struct work *w, const char *source, json_t *take, struct pth_err *e)
{
	json_auto_t *rec = take;
	const char *from = pth_result_run_dir(pth_test_result(rec));

	/* It begins anew: what it has would be lost. */
	if (w->there != NULL && from != NULL && strcmp(w->there, from) == 0)
		return pth_err_set(e, PTH_USAGE, "-o %s: %s of %s was run there; use another one",
		    w->dir, pth_rec_id(rec), source);
	return pth_rec_is_test(rec) ? pth_merge_add(&w->merge, source, rec, e) :
	                              pth_rec_write(&w->out, rec, e);
}

static int
read_stream(struct work *w, const struct pth_tool *tool, int i, struct pth_err *e)
{
	struct pth_rec_in in;
	json_t *rec;
	int r = pth_tool_open(tool, i, &in, e);

	while (r == 0 && (r = pth_rec_read(&in, &rec, e)) > 0)
		r = take(w, in.name, rec, e);
	if (r == 0)
		pth_rec_lacks(&w->out, &in, true);
	pth_rec_close(&in);
	return r;
}

static int
read_dir(struct work *w, const struct pth_tool *tool, int i, struct pth_err *e)
{
	const char *path = tool->operand[i];
	struct pth_olddir d;
	json_t *rec;
	int r = pth_olddir_open(&d, path, e);

	d.plan.partial = tool->partial;
	while (r == 0 && (r = pth_olddir_next(&d, &rec, e)) > 0)
		r = take(w, path, rec, e);
	/* Its streams have the same name in all directories. */
	d.plan.name = path;
	if (r == 0 && d.planned)
		pth_rec_lacks(&w->out, &d.plan, true);
	if (r == 0 && d.busy.text[0] != '\0' && w->out.lacks == NULL)
		w->out.lacks = pth_xstrdup(d.busy.text);
	pth_olddir_close(&d);
	return r;
}

static int
add_planned(json_t *rec, void *arg, struct pth_err *e)
{
	struct work *w = arg;

	return pth_rec_is_test(rec) ? pth_merge_plan(&w->merge, rec, e) : 0;
}

static int
read_all(struct work *w, const struct pth_tool *tool, struct pth_err *e)
{
	struct pth_tool planned = *tool;
	struct stat st;
	int i = 0, r = 0;

	if (w->plan != NULL) {
		planned.operand = (char **)(uintptr_t)&w->plan;
		planned.operand_count = 1;
		r = pth_tool_feed(&planned, &w->out, add_planned, w, e);
	}
	for (; r == 0 && (i == 0 || i < tool->operand_count); i++)
		r = i < tool->operand_count && stat(tool->operand[i], &st) == 0 &&
		        S_ISDIR(st.st_mode) ?
		    read_dir(w, tool, i, e) :
		    read_stream(w, tool, i, e);
	return r;
}

/* What nobody has sent. */
static void
note_missing(struct work *w)
{
	struct pth_err e;

	if (w->merge.missed == 0)
		return;
	pth_err_set(&e, PTH_SYSTEM,
	    "the stream is incomplete: %zu tests of the plan came from nobody, the first of them "
	    "%s",
	    w->merge.missed, w->merge.missing);
	pth_complain("%s", e.text);
	pth_err_wrap(&e, "pth-merge");
	if (w->out.lacks == NULL)
		w->out.lacks = pth_xstrdup(e.text);
}

/* All directories are there before the first record is written: who reads it goes there. */
static int
make_dir(struct work *w, struct pth_err *e)
{
	struct pth_merge_dir *d = pth_merge_dir_open(w->dir, w->move, false, e);
	json_t *rec;
	int r = d == NULL ? -1 : 0;

	for (size_t i = 0; r == 0 && i < w->merge.count; i++) {
		rec = pth_merge_get(&w->merge, i, e);
		r = rec != NULL ? pth_merge_dir_add(d, rec, e) : -1;
		json_decref(rec);
	}
	if (r == 0)
		r = pth_merge_dir_end(d, w->out.lacks, e);
	if (d != NULL)
		pth_merge_dir_free(d);
	free(w->there);
	w->there = realpath(w->dir, NULL);
	return r;
}

static int
write_all(struct work *w, struct pth_err *e)
{
	json_t *rec, *result;
	int r = 0;

	if (w->dir != NULL && make_dir(w, e) != 0)
		return -1;
	for (size_t i = 0; r == 0 && i < w->merge.count; i++) {
		rec = pth_merge_get(&w->merge, i, e);
		result = pth_test_result(rec);
		if (w->dir != NULL && pth_result_run_dir(result) != NULL)
			pth_result_set_run_dir(result, w->there);
		r = rec != NULL ? pth_rec_write(&w->out, rec, e) : -1;
		json_decref(rec);
	}
	return r;
}

int
main(int argc, char **argv)
{
	struct work w = { .out = { .fp = stdout } };
	const struct pth_option table[] = {
		{ 'o', "output", "DIR", "also make one run directory", .text = &w.dir },
		{ 0, "move", NULL, "with -o: move the directories of tests instead of copying them",
		    .flag = &w.move },
		{ 0, "plan", "FILE", "the stream that was cut: its order and its tests",
		    .text = &w.plan },
	};
	struct pth_tool tool = { "pth-merge", "Make one stream of the parts of a run",
		"[FILE|DIR]...", PTH_OPTIONS(table), .reads = true };
	struct pth_err e;
	int code;

	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	if (w.move && w.dir == NULL)
		return pth_tool_mistake(&tool, "--move goes with -o");
	w.there = w.dir != NULL ? realpath(w.dir, NULL) : NULL;
	pth_must(pth_merge_open(&w.merge, &e), &e);
	pth_must(read_all(&w, &tool, &e), &e);
	pth_must(pth_merge_settle(&w.merge, &e), &e);
	note_missing(&w);
	pth_must(write_all(&w, &e), &e);
	pth_event("run.merged", "{s:I,s:i,s:I,s:I}", "tests", (json_int_t)w.out.tests, "parts",
	    tool.operand_count, "twice", (json_int_t)w.merge.twice, "missing",
	    (json_int_t)w.merge.missed);
	pth_must(pth_rec_end(&w.out, &e), &e);
	pth_merge_release(&w.merge);
	free(w.there);
	return PTH_OK;
}
