/* Plans of tests that are written in YAML, with descriptors of the test's own. */
#ifndef PTH_UNIT_PLANNED_H
#define PTH_UNIT_PLANNED_H

#include <fcntl.h>

#include "base/os.h"
#include "base/text.h"
#include "io/file.h"
#include "io/json.h"
#include "io/record.h"
#include "plan/plan.h"
#include "unit.h"

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

static inline json_t *
json_of(const char *yaml)
{
	struct pth_arena a = { 0 };
	struct pth_diags d;
	struct pth_ynode *n;
	json_t *v;

	pth_diags_init(&d, "x.yaml");
	n = pth_yaml_load(yaml, strlen(yaml), &a, &d);
	if (n == NULL) {
		printf("%s: %s\n", yaml, d.n > 0 ? d.v[0].text : "no YAML");
		exit(1);
	}
	v = pth_yaml_json(n);
	pth_diags_release(&d);
	pth_arena_release(&a);
	return v;
}

/* The record of base with over merged into it, planned; the problems go to said, a line each:
 * "LINE:COL: error: TEXT". */
static inline json_t *
planned(const char *base, const char *over, struct pth_buf *said)
{
	json_auto_t *b = json_of(base), *o = json_of(over);
	json_t *rec = pth_json_merge(b, o);
	struct pth_diags d;

	pth_diags_init(&d, "");
	CHECK((pth_plan_test(&set, rec, &d) == 0) == (d.errors == 0));
	CHECK((pth_test_error(rec) != NULL) == (d.errors != 0));
	CHECK((pth_test_plan(rec) != NULL) == (d.errors == 0));
	for (size_t i = 0; i < d.n; i++)
		pth_buf_addf(said, "%s%u:%u: %s: %s", i != 0 ? "\n" : "", d.v[i].line, d.v[i].col,
		    d.v[i].severity == PTH_ERROR ? "error" : "warning", d.v[i].text);
	pth_buf_adds(said, "");
	pth_diags_release(&d);
	return rec;
}

/* "@a.ready" is service a's; "said" the problems; else a path in the record. */
static inline const json_t *
at_path(const json_t *rec, const char *path, const char *said)
{
	static json_t *text;
	pth_auto_str name = NULL;
	size_t n = strcspn(path, ".");

	if (strcmp(path, "said") == 0) {
		json_decref(text);
		return text = json_string(said);
	}
	if (*path != '@')
		return pth_json_path(rec, path);
	name = pth_xstrndup(path + 1, n - 1);
	return pth_json_path(pth_rec_service(rec, name), path + n + (path[n] == '.'));
}

/* What is at the path in the plan of base with over; want: YAML, or NULL: nothing is; of what
 * is said a text, or a pattern with '*'. */
struct row {
	const char *over, *path, *want;
};

static inline void
check_row(const char *base, const struct row *r)
{
	struct pth_buf said = PTH_BUF_INIT, is = PTH_BUF_INIT, should = PTH_BUF_INIT;
	json_auto_t *rec = planned(base, r->over, &said);
	const json_t *v = at_path(rec, r->path, said.s);
	json_auto_t *want = r->want == NULL ? NULL :
	    strcmp(r->path, "said") == 0    ? json_string(r->want) :
	                                      json_of(r->want);
	bool same;

	pth_json_dump(&is, v);
	pth_json_dump(&should, want);
	same = v == NULL ? want == NULL : json_equal(v, want);
	if (strcmp(r->path, "said") == 0 && strchr(r->want, '*') != NULL)
		same = pth_glob(r->want, said.s);
	if (!CHECK(same))
		printf("    %s\n    %s\n    is        %s\n    should be %s\n    said: %s\n",
		    r->over, r->path, is.s, should.s, said.s);
	pth_buf_release(&said);
	pth_buf_release(&is);
	pth_buf_release(&should);
}

static inline void
check_rows(const char *base, const struct row *rows, size_t n)
{
	CHECK(n > 0);
	for (size_t i = 0; i < n; i++)
		check_row(base, &rows[i]);
}

#define ROWS(base, rows) check_rows(base, rows, countof(rows))

#endif
