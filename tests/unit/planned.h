/* Plans of tests that are written in YAML, with descriptors of the test's own. */
#ifndef PTH_UNIT_PLANNED_H
#define PTH_UNIT_PLANNED_H

#include <fcntl.h>

#include "base/os.h"
#include "io/file.h"
#include "io/record.h"
#include "io/status.h"
#include "plan/plan.h"
#include "rows.h"

static struct pth_plugins set;

/* A descriptor, PATH below the directory of plugins. */
struct descriptor {
	const char *path, *text;
};

static inline void
open_set(const struct descriptor *d, size_t n)
{
	pth_auto_strv v = NULL;
	struct pth_strv dirs = { 0 };
	struct pth_home h;
	struct pth_err e = { 0 };
	bool good = pth_home_find(&h, &e) == 0;

	for (size_t i = 0; good && i < n; i++) {
		pth_auto_str dir = pth_xstrdup(d[i].path);

		*strrchr(dir, '/') = '\0';
		good = pth_mkdirs(AT_FDCWD, dir, &e) == 0 &&
		    pth_file_write(AT_FDCWD, d[i].path, d[i].text, strlen(d[i].text), &e) == 0;
	}
	pth_strv_push(&dirs, pth_xstrdup("p"));
	v = dirs.v;
	if (!good || pth_plugins_open(&set, &dirs, NULL, h.share, &e) != 0) {
		printf("%s\n", e.text);
		exit(1);
	}
	pth_home_release(&h);
}

/* The record of base with over merged into it, planned; the problems, a line each:
 * "LINE:COL: error: TEXT". */
static inline json_t *
planned(const char *base, const char *over, struct pth_buf *said)
{
	json_auto_t *b = json_of(base), *o = json_of(over);
	json_t *rec = pth_json_merge(b, o);
	struct pth_diags d;

	pth_diags_init(&d, "");
	CHECK((pth_plan_test(&set, rec, &(struct pth_plan_how){ false, false }, &d) == 0) ==
	    (pth_test_error(rec) == NULL));
	CHECK((pth_test_plan(rec) != NULL) == (pth_test_error(rec) == NULL));
	CHECK((d.errors != 0) ==
	    (pth_test_error(rec) != NULL &&
	        pth_status_of_error(pth_test_error(rec)) == PTH_S_ERROR));
	for (size_t i = 0; i < d.n; i++)
		pth_buf_addf(said, "%s%u:%u: %s: %s", i != 0 ? "\n" : "", d.v[i].line, d.v[i].col,
		    d.v[i].severity == PTH_ERROR ? "error" : "warning", d.v[i].text);
	pth_diags_release(&d);
	return rec;
}

/* "@a.ready" is service a's in the plan; else a path in the record. */
static inline const json_t *
in_plan(const json_t *rec, const char *path)
{
	size_t n = strcspn(path, ".");
	pth_auto_str name = pth_xstrndup(path, n);

	if (*path != '@')
		return pth_json_path(rec, path);
	return pth_json_path(pth_rec_service(rec, name + 1), path + n + (path[n] == '.'));
}

#define ROW(base, row) check_row(base, row, planned, in_plan)
#define ROWS(base, rows)                              \
	for (size_t i_ = 0; i_ < countof(rows); i_++) \
	ROW(base, &(rows)[i_])

#endif
