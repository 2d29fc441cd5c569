/* This file puts the tests of several streams into one, in the order of their plan. */
#include "collect/merge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/os.h"
#include "io/event.h"
#include "io/status.h"

#define SAID_MAX 10 /* tests that came twice */

struct pth_merged {
	char *id;
	const char *source; /* NULL: the plan */
	int64_t index, of;
	uint64_t plan; /* hash of what is to be done; 0: not planned */
	size_t run, seq;
	long at;
	size_t size;
	unsigned rank; /* how complete it is */
	size_t place;  /* of the plan's record; seq where there is none */
};

int
pth_merge_open(struct pth_merge *m, struct pth_err *e)
{
	int fd = pth_scratch();

	*m = (struct pth_merge){ .runs = json_object() };
	if (fd < 0 || (m->spool = fdopen(fd, "w+")) == NULL)
		return pth_err_set(e, PTH_SYSTEM, "a temporary file:");
	return 0;
}

/* 2: it has run to its end; 1: it was cut short or left out; 0: nothing is known of it. */
static unsigned
rank_of(const json_t *rec)
{
	const json_t *result = pth_test_result(rec);

	if (result == NULL)
		return 0;
	return pth_status_of_result(pth_result_status(result)) < PTH_S_SKIPPED ? 2 : 1;
}

static size_t
run_of(struct pth_merge *m, const json_t *rec)
{
	const char *name = pth_json_str(rec, PTH_KEY(test, run), "");
	json_t *number = json_object_get(m->runs, name);

	if (number == NULL) {
		number = json_integer((json_int_t)json_object_size(m->runs));
		pth_json_set(m->runs, name, number);
	}
	return (size_t)json_integer_value(number);
}

static uint64_t
plan_of(const json_t *rec)
{
	pth_auto_buf b = PTH_BUF_INIT;

	if (pth_test_plan(rec) == NULL)
		return 0;
	pth_json_dump(&b, pth_test_plan(rec));
	return pth_hash(PTH_HASH_EMPTY, b.s, b.len);
}

int
pth_merge_add(struct pth_merge *m, const char *source, const json_t *rec, struct pth_err *e)
{
	pth_auto_buf line = PTH_BUF_INIT;

	if (m->count == m->room) {
		m->room = m->room > 0 ? 2 * m->room : 256;
		m->tests = pth_xarray(m->tests, m->room, sizeof *m->tests);
	}
	pth_rec_line(&line, rec);
	m->tests[m->count] = (struct pth_merged){ .id = pth_xstrdup(pth_rec_id(rec)),
		.source = source,
		.index = pth_test_index(rec),
		.of = pth_test_of(rec),
		.plan = plan_of(rec),
		.run = run_of(m, rec),
		.seq = m->count,
		.at = m->at,
		.size = line.len,
		.rank = rank_of(rec) };
	m->count++;
	m->at += (long)line.len;
	return fwrite(line.s, 1, line.len, m->spool) == line.len ?
	    0 :
	    pth_err_set(e, PTH_SYSTEM, "a temporary file:");
}

int
pth_merge_plan(struct pth_merge *m, const json_t *rec, struct pth_err *e)
{
	m->planned = true;
	return pth_merge_add(m, NULL, rec, e);
}

/* --- of one plan --- */

static const char *
source_of(const struct pth_merged *t)
{
	return t->source != NULL ? t->source : "the plan";
}

static int
different(
    const struct pth_merged *a, const struct pth_merged *b, const char *what, struct pth_err *e)
{
	return pth_err_set(e, PTH_INPUT, "%s of %s and %s of %s are of different plans: %s", a->id,
	    source_of(a), b->id, source_of(b), what);
}

/* Are both the same test? */
static int
check_same(const struct pth_merged *a, const struct pth_merged *b, struct pth_err *e)
{
	if (a->run != b->run)
		return different(a, b, "their runs have different names", e);
	if (a->index != b->index || a->of != b->of)
		return different(a, b, "their numbers differ", e);
	if (a->plan != b->plan && a->plan != 0 && b->plan != 0)
		return different(a, b, "they do different things", e);
	return 0;
}

/* Without a plan: can both stand in one? a comes before b, by number. */
static int
check_beside(const struct pth_merged *a, const struct pth_merged *b, struct pth_err *e)
{
	if (a->run != b->run)
		return different(
		    a, b, "their runs have different names; --plan FILE has tests of both", e);
	if (a->of != b->of)
		return different(a, b, "they have different numbers of tests", e);
	if (a->index == b->index && a->index > 0)
		return different(a, b, "they have the same number", e);
	return 0;
}

/* --- each once, in order --- */

/* By id; of one id the plan first, then the most complete, then the first that came. */
static int
by_id(const void *a, const void *b)
{
	const struct pth_merged *x = a, *y = b;
	int c = strcmp(x->id, y->id);

	if (c != 0)
		return c;
	if ((x->source == NULL) != (y->source == NULL))
		return x->source == NULL ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank > y->rank ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

static int
by_place(const void *a, const void *b)
{
	const struct pth_merged *x = a, *y = b;

	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

static int
by_plan(const void *a, const void *b)
{
	const struct pth_merged *x = a, *y = b;

	return x->place < y->place ? -1 : x->place > y->place;
}

static void
say_twice(struct pth_merge *m, const struct pth_merged *kept, const struct pth_merged *other)
{
	static const char *const how[] = { "without a result", "cut short or left out",
		"complete" };

	if (m->twice++ < SAID_MAX)
		pth_warn("%s came twice: from %s (%s), which counts, and from %s (%s)", kept->id,
		    source_of(kept), how[kept->rank], source_of(other), how[other->rank]);
}

/* Of the n records of one test, the one that counts, or -1 with e. */
static int
choose(
    struct pth_merge *m, struct pth_merged *v, size_t n, struct pth_merged *to, struct pth_err *e)
{
	size_t first = v[0].source == NULL && n > 1 ? 1 : 0;
	struct pth_merged kept;

	if (m->planned && v[0].source != NULL)
		return pth_err_set(
		    e, PTH_INPUT, "%s of %s is not in the plan", v[0].id, v[0].source);
	if (v[0].source == NULL && n > 1 && v[1].source == NULL)
		return pth_err_set(e, PTH_INPUT, "%s is twice in the plan", v[0].id);
	for (size_t i = 1; i < n; i++)
		if (check_same(&v[0], &v[i], e) != 0)
			return -1;
	for (size_t i = first + 1; i < n; i++)
		say_twice(m, &v[first], &v[i]);
	if (v[first].source == NULL && m->missed++ == 0)
		m->missing = pth_xstrdup(v[0].id);
	kept = v[first];
	kept.place = v[0].seq;
	for (size_t i = 0; i < n; i++)
		if (i != first)
			free(v[i].id);
	*to = kept; /* which may be one of them */
	return 0;
}

/* Leaves each test once. */
static int
once(struct pth_merge *m, struct pth_err *e)
{
	size_t kept = 0, n;

	qsort(m->tests, m->count, sizeof *m->tests, by_id);
	for (size_t i = 0; i < m->count; i += n) {
		for (n = 1; i + n < m->count; n++)
			if (strcmp(m->tests[i].id, m->tests[i + n].id) != 0)
				break;
		if (choose(m, &m->tests[i], n, &m->tests[kept], e) != 0) {
			/* What was moved to the front is not there twice. */
			for (size_t k = kept; k < i; k++)
				m->tests[k].id = NULL;
			return -1;
		}
		kept++;
	}
	m->count = kept;
	return 0;
}

int
pth_merge_settle(struct pth_merge *m, struct pth_err *e)
{
	if (fflush(m->spool) != 0)
		return pth_err_set(e, PTH_SYSTEM, "a temporary file:");
	if (m->count == 0)
		return 0;
	if (once(m, e) != 0)
		return -1;
	qsort(m->tests, m->count, sizeof *m->tests, m->planned ? by_plan : by_place);
	for (size_t i = 1; !m->planned && i < m->count; i++)
		if (check_beside(&m->tests[i - 1], &m->tests[i], e) != 0)
			return -1;
	if (m->twice > SAID_MAX)
		pth_warn("%zu records in all came twice", m->twice);
	return 0;
}

json_t *
pth_merge_get(const struct pth_merge *m, size_t i, struct pth_err *e)
{
	const struct pth_merged *t = &m->tests[i];
	pth_auto_buf b = PTH_BUF_INIT;

	if (pread(fileno(m->spool), pth_buf_room(&b, t->size), t->size, t->at) !=
	    (ssize_t)t->size) {
		pth_err_set(e, PTH_SYSTEM, "a temporary file:");
		return NULL;
	}
	return pth_json_parse(b.s, t->size, e);
}

void
pth_merge_release(struct pth_merge *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->tests[i].id);
	free(pth_take(&m->tests));
	free(pth_take(&m->missing));
	json_decref(pth_take(&m->runs));
	if (m->spool != NULL)
		fclose(pth_take(&m->spool));
	m->count = 0;
}
