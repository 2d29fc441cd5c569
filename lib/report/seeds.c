/* This file shows tests that differ in their seed or iteration only as one row, with the share of
 * those that did not pass. */
#include <string.h>
#include <sys/param.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/report.h"

#define CELLS 60      /* signs in a row; the share counts all */
#define NAME_WIDTH 40 /* bytes of a name; longer ones are not cut, only unaligned */

/* Is it the path of a seed, as "services.ivy.implementation.seed"? */
static bool
is_seed(const char *key)
{
	const char *dot = strrchr(key, '.');

	return strcmp(dot != NULL ? dot + 1 : key, "seed") == 0;
}

void
pth_report_row(struct pth_report *r, struct pth_report_test *t, const json_t *rec)
{
	const char *end = strstr(t->name, " ["), *key;
	bool varies = pth_test_iterations(rec) > 1;
	pth_auto_buf b = PTH_BUF_INIT;
	json_t *v;

	pth_buf_add(&b, t->name, end != NULL ? (size_t)(end - t->name) : strlen(t->name));
	json_object_foreach((json_t *)(uintptr_t)pth_test_matrix(rec), key, v) {
		varies = varies || is_seed(key);
		if (is_seed(key))
			continue;
		pth_buf_adds(&b, ", ");
		if (json_is_string(v))
			pth_buf_adds(&b, json_string_value(v));
		else
			pth_json_dump(&b, v);
	}
	t->row = varies ? pth_arena_str(&r->arena, b.s) : NULL;
}

static char
sign_of(const struct pth_report_test *t)
{
	switch (t->status) {
	case PTH_S_PASSED: return '.';
	case PTH_S_FAILED: return 'F';
	case PTH_S_CRASHED: return 'C';
	case PTH_S_TIMEOUT: return 'T';
	case PTH_S_SKIPPED:
	case PTH_S_UNSUPPORTED:
	case PTH_S_INTERRUPTED: return '-';
	default: return '?';
	}
}

/* One that was run and did not pass: failed, or cannot be told. */
static bool
is_bad(const struct pth_report_test *t)
{
	return strchr(".-", sign_of(t)) == NULL;
}

/* Tests of one row so far, in an object by the names of the rows. */
static void
count_in(json_t *rows, const char *name, const struct pth_report_test *t)
{
	json_t *row = json_object_get(rows, name);
	const char sign[2] = { sign_of(t), '\0' };
	pth_auto_buf cells = PTH_BUF_INIT;

	if (row == NULL) {
		row = json_pack("{s:s,s:i,s:i,s:i}", "cells", "", "n", 0, "failed", 0, "left", 0);
		pth_json_set(rows, name, row);
	}
	pth_buf_adds(&cells, pth_json_str(row, "cells", ""));
	if (cells.len < CELLS)
		pth_buf_adds(&cells, sign);
	pth_json_set(row, "cells", pth_json_string(cells.s));
	pth_json_set(row, "n", json_integer(pth_json_int(row, "n", 0) + 1));
	pth_json_set(row, "failed", json_integer(pth_json_int(row, "failed", 0) + is_bad(t)));
	pth_json_set(row, "left", json_integer(pth_json_int(row, "left", 0) + (*sign == '-')));
	if (is_bad(t) && json_object_get(row, "first") == NULL)
		pth_json_set(row, "first", pth_json_string(t->id));
}

static void
put_row(const char *file, const char *name, const json_t *row, size_t width, struct pth_buf *b)
{
	long long n = pth_json_int(row, "n", 0), failed = pth_json_int(row, "failed", 0);
	long long run = n - pth_json_int(row, "left", 0);
	const char *first = pth_json_str(row, "first", NULL);
	size_t from = b->len;

	if (run == 0)
		return;
	pth_show(b, name, 200);
	pth_buf_addf(b, "%*s  %s%s  %lld of %lld not passed (%.0f%%)",
	    (int)(width > b->len - from ? width - (b->len - from) : 0), "",
	    pth_json_str(row, "cells", ""), n > CELLS ? "..." : "", failed, run,
	    run > 0 ? 100.0 * (double)failed / (double)run : 0);
	if (first != NULL) {
		pth_buf_adds(b, "; the first again: pth run ");
		pth_quote_sh(b, file);
		pth_buf_addf(b, " --only %s", first);
	}
	pth_buf_addc(b, '\n');
}

void
pth_report_seeds(const struct pth_report *r, struct pth_buf *b)
{
	json_auto_t *rows = json_object();
	const char *key;
	size_t width = 0;
	json_t *row;

	pth_report_each(r, t, NULL)
		if (t->row != NULL) {
			width = MAX(width, MIN(strlen(t->row), NAME_WIDTH));
			count_in(rows, t->row, t);
		}
	if (json_object_size(rows) == 0)
		return;
	pth_buf_adds(b,
	    "by seed or iteration (. passed, F failed, C crashed, T timeout, "
	    "? cannot be told, - not run):\n");
	json_object_foreach(rows, key, row)
		put_row(r->file, key, row, width, b);
}
