/* pth-select passes on some tests of a stream, which stays whole, pth-select(1). */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/text.h"
#include "base/words.h"
#include "io/event.h"
#include "io/tool.h"
#include "run/ask.h"
#include "run/pick.h"
#include "run/select.h"

#define COMPLETED (1u << PTH_STATUSES) /* result.status of a test that nobody has judged */
#define PARTS_MAX 1000000

struct work {
	struct pth_select in;   /* --only, --skip */
	struct pth_select tags; /* --tag */
	unsigned statuses;      /* a bit each; 0: all */
	struct pth_ask where;
	struct pth_pick pick;
	struct pth_rec_out out;
	FILE *spool; /* the records, where all have to be there first; or NULL */
	long seen;   /* tests */
};

/* --- options --- */

static int
add_tag(void *to, char *arg, struct pth_err *e)
{
	struct pth_buf b = PTH_BUF_INIT;

	(void)e;
	pth_buf_addf(&b, "tag:%s", arg);
	pth_strv_push(to, pth_buf_take(&b));
	return 0;
}

static int
add_statuses(void *to, char *arg, struct pth_err *e)
{
	struct pth_word rest = pth_word_of(arg), word;
	unsigned *statuses = to;
	enum pth_status s;

	while (pth_word_next(&rest, ",", &word)) {
		pth_auto_str name = pth_xstrndup(word.s, word.n);

		s = pth_status_of(name);
		if (s == PTH_STATUSES && strcmp(name, "completed") != 0) {
			pth_auto_buf all = PTH_BUF_INIT;

			for (unsigned i = 0; i < PTH_STATUSES; i++)
				pth_buf_addf(&all, "%s, ", pth_status_name((enum pth_status)i));
			return pth_err_set(e, PTH_USAGE, "expected some of %scompleted", all.s);
		}
		*statuses |= s == PTH_STATUSES ? COMPLETED : 1u << s;
	}
	return 0;
}

static int
set_part(void *to, char *arg, struct pth_err *e)
{
	struct pth_pick *p = to;
	char *slash = strchr(arg, '/');
	long long part, parts;

	if (slash != NULL)
		*slash = '\0';
	if (slash == NULL || !pth_int(slash + 1, 1, PARTS_MAX, &parts) ||
	    !pth_int(arg, 1, parts, &part)) {
		if (slash != NULL)
			*slash = '/';
		return pth_err_set(e, PTH_USAGE, "expected K/N, with K from 1 to N");
	}
	p->part = (uint64_t)part;
	p->parts = (uint64_t)parts;
	return 0;
}

/* --- which tests --- */

/* The bit of what has become of a test as far as it is known; 0: nothing yet. */
static unsigned
status_bit(const json_t *rec)
{
	const char *judged = pth_verdict_status(pth_test_verdict(rec)),
	           *ended = pth_result_status(pth_test_result(rec));
	enum pth_status s = PTH_STATUSES;

	if (pth_test_verdict(rec) != NULL)
		s = pth_status_of(judged);
	else if (pth_test_result(rec) != NULL && strcmp(ended, "completed") == 0)
		return COMPLETED;
	else if (pth_test_result(rec) != NULL)
		s = pth_status_of_result(ended);
	else if (pth_test_error(rec) != NULL)
		s = pth_status_of_error(pth_test_error(rec));
	return s == PTH_STATUSES ? 0 : 1u << s;
}

/* 1, 0, or -1 with e. */
static int
fits(struct work *w, const json_t *rec, struct pth_err *e)
{
	if (!pth_select_has(&w->in, rec) || !pth_select_has(&w->tags, rec) ||
	    (w->statuses != 0 && (w->statuses & status_bit(rec)) == 0))
		return 0;
	return pth_ask(&w->where, rec, e);
}

/* --- the stream --- */

/* A test is written when it fits and is picked; what is no test, always. */
static int
emit(struct work *w, const json_t *rec, struct pth_err *e)
{
	int r = 1;

	if (pth_rec_is_test(rec) && w->pick.tests != NULL) {
		r = pth_pick_next(&w->pick);
	} else if (pth_rec_is_test(rec)) {
		r = fits(w, rec, e);
		r = r < 0 ? r : pth_pick_now(&w->pick, pth_rec_id(rec), r > 0);
	}
	return r > 0 ? pth_rec_write(&w->out, rec, e) : r;
}

/* What comes in: it goes out again, or into the spool. */
static int
take(json_t *rec, void *arg, struct pth_err *e)
{
	pth_auto_buf line = PTH_BUF_INIT;
	struct work *w = arg;

	w->seen += pth_rec_is_test(rec);
	if (w->spool == NULL)
		return emit(w, rec, e);
	if (pth_rec_is_test(rec)) {
		pth_select_note(&w->in, rec);
		pth_select_note(&w->tags, rec);
	}
	pth_rec_line(&line, rec);
	return fwrite(line.s, 1, line.len, w->spool) == line.len ?
	    0 :
	    pth_err_set(e, PTH_SYSTEM, "a temporary file:");
}

static int
note(struct work *w, const json_t *rec, struct pth_err *e)
{
	int r = pth_rec_is_test(rec) ? fits(w, rec, e) : 0;

	if (r >= 0 && pth_rec_is_test(rec))
		pth_pick_note(&w->pick, pth_rec_id(rec), r > 0);
	return r < 0 ? -1 : 0;
}

/* Once more from the first on. */
static int
again(struct work *w, int (*f)(struct work *w, const json_t *rec, struct pth_err *e),
    struct pth_err *e)
{
	struct pth_rec_in in;
	json_t *rec;
	int r, got;

	if (fflush(w->spool) != 0 || fseek(w->spool, 0, SEEK_SET) != 0)
		return pth_err_set(e, PTH_SYSTEM, "a temporary file:");
	pth_rec_open(&in, w->spool, "a temporary file");
	do {
		r = got = pth_rec_read(&in, &rec, e);
		if (got > 0) {
			r = f(w, rec, e);
			json_decref(rec);
		}
	} while (got > 0 && r == 0);
	pth_rec_close(&in);
	return r;
}

static int
choose(struct work *w, const struct pth_tool *tool, struct pth_err *e)
{
	bool all = pth_select_wants(&w->in) || pth_select_wants(&w->tags) ||
	    pth_pick_waits(&w->pick);
	int fd = all ? pth_scratch() : -1;

	if (all && (fd < 0 || (w->spool = fdopen(fd, "w+")) == NULL))
		return pth_err_set(e, PTH_SYSTEM, "a temporary file:");
	if (pth_tool_feed(tool, &w->out, take, w, e) != 0)
		return -1;
	if (!all)
		return 0;
	if (pth_select_check(&w->in, e) != 0 || pth_select_check(&w->tags, e) != 0)
		return -1;
	if (pth_pick_waits(&w->pick) && again(w, note, e) != 0)
		return -1;
	pth_pick_settle(&w->pick);
	return again(w, emit, e);
}

int
main(int argc, char **argv)
{
	struct work w = { .where = PTH_ASK_INIT, .out = { .fp = stdout } };
	struct pth_pick *p = &w.pick;
	const char *where = NULL;
	const struct pth_option table[] = {
		{ 0, "only", "GLOB", "only tests with this id, name or tag:TAG",
		    .list = &w.in.only },
		{ 0, "skip", "GLOB", "no tests with this id, name or tag:TAG", .list = &w.in.skip },
		{ 0, "tag", "GLOB", "only tests with this tag", .call = add_tag,
		    .to = &w.tags.only },
		{ 0, "status", "LIST", "only tests that ended so: passed,failed",
		    .call = add_statuses, .to = &w.statuses },
		{ 0, "where", "EXPRESSION", "only tests of which this holds, in the language of jq",
		    .text = &where },
		{ 0, "part", "K/N", "part K of N parts; a test is always in the same",
		    .call = set_part, .to = p },
		{ 0, "balance", "RUN", "parts take equally long, as tests of this run did",
		    .text = &p->balance },
		{ 0, "sample", "N", "N tests by chance", .number = &p->sample, .min = 1,
		    .max = INT64_MAX },
		{ 0, "seed", "N", "of --sample: another number, other tests (default: 0)",
		    .number = &p->seed, .max = INT64_MAX },
		{ 0, "first", "N", "the first N of them", .number = &p->first, .min = 1,
		    .max = INT64_MAX },
	};
	struct pth_tool tool = { "pth-select", "Pass on some tests of a stream", "[FILE]...",
		PTH_OPTIONS(table), .reads = true };
	struct pth_err e;
	int code;

	if ((code = pth_tool_parse(&tool, argc, argv)) >= 0)
		return code;
	if (p->balance != NULL && p->parts == 0)
		return pth_tool_mistake(&tool, "--balance goes with --part");
	if (p->seed != 0 && p->sample == 0)
		return pth_tool_mistake(&tool, "--seed goes with --sample");
	if (where != NULL && pth_ask_open(&w.where, where, &e) != 0)
		pth_die(e.code, "--where: %s", e.text);
	pth_must(choose(&w, &tool, &e), &e);
	pth_event("run.selected", "{s:I,s:I}", "tests", (json_int_t)w.out.tests, "of",
	    (json_int_t)w.seen);
	pth_must(pth_rec_end(&w.out, &e), &e);
	pth_ask_close(&w.where);
	pth_pick_release(p);
	pth_select_release(&w.in);
	pth_select_release(&w.tags);
	if (w.spool != NULL)
		fclose(w.spool);
	return PTH_OK;
}
