/* Tables of what goes in, in YAML, and what comes out of it at a path. */
#ifndef PTH_UNIT_ROWS_H
#define PTH_UNIT_ROWS_H

#include "base/cleanup.h"
#include "base/text.h"
#include "io/json.h"
#include "io/yaml.h"
#include "unit.h"

/* What is laid over the base, a path in what comes out, and the value there: YAML, or NULL:
 * nothing is there. Path "said": the problems, a text, or a pattern with '*'. */
struct row {
	const char *over, *path, *want;
};

/* What comes out of base with over; the problems are added to said. New reference. */
typedef json_t *rows_fn(const char *base, const char *over, struct pth_buf *said);
/* What is at the path, borrowed. */
typedef const json_t *rows_at_fn(const json_t *out, const char *path);

static inline json_t *
json_of(const char *yaml)
{
	struct pth_arena a = { .head = NULL };
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

static inline bool
row_holds(const struct row *r, const json_t *v, const char *said)
{
	const char *text = r->want != NULL ? r->want : "";
	json_auto_t *want = NULL;

	if (strcmp(r->path, "said") == 0)
		return strchr(text, '*') != NULL ? pth_glob(text, said) : strcmp(text, said) == 0;
	want = r->want != NULL ? json_of(r->want) : NULL;
	return v == NULL ? want == NULL : json_equal(v, want) != 0;
}

static inline void
check_row(const char *base, const struct row *r, rows_fn *make, rows_at_fn *at)
{
	struct pth_buf said = PTH_BUF_INIT, is = PTH_BUF_INIT;
	json_auto_t *out = make(base, r->over, &said);
	const json_t *v = at(out, r->path);

	pth_buf_adds(&said, "");
	pth_json_dump(&is, v);
	if (!CHECK(row_holds(r, v, said.s)))
		printf("    %s\n    %s\n    is        %s\n    should be %s\n    said: %s\n",
		    r->over, r->path, is.len != 0 ? is.s : "nothing",
		    r->want != NULL ? r->want : "nothing", said.s);
	pth_buf_release(&said);
	pth_buf_release(&is);
}

#endif
