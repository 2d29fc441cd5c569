/* This file writes planned tests for make(1). */
#include "plan/make.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/file.h"
#include "io/rec.h"

/* Would make take it for one name? */
static bool
is_plain(const char *path)
{
	for (; *path != '\0'; path++)
		if (!pth_is_alnum(*path) && strchr("/._-+,@", *path) == NULL)
			return false;
	return true;
}

int
pth_make_open(struct pth_make *m, const char *dir, struct pth_err *e)
{
	*m = (struct pth_make){ .dir = dir };
	if (*dir == '\0' || *dir == '-' || !is_plain(dir))
		return pth_err_set(
		    e, PTH_USAGE, "letters, digits and /._+,@- only: it stands in rules of make");
	return pth_mkdirs(AT_FDCWD, dir, e);
}

/* What a test does: without where it stands, which other tests move. */
static json_t *
essence(json_t *take)
{
	static const char *const moved[] = { PTH_KEY(test, index), PTH_KEY(test, of),
		PTH_KEY(test, source), PTH_KEY(test, marks) };

	for (size_t i = 0; i < countof(moved); i++)
		json_object_del(take, moved[i]);
	return take;
}

/* Does the file have this test already? */
static bool
is_same(const char *path, const json_t *rec)
{
	pth_auto_buf old = PTH_BUF_INIT;
	json_auto_t *there = NULL, *now = NULL;
	const char *end;

	if (pth_file_read(path, PTH_REC_MAX, &old, NULL) != 0 ||
	    (end = memchr(old.s, '\n', old.len)) == NULL)
		return false;
	there = pth_json_parse(old.s, (size_t)(end - old.s), NULL);
	if (!json_is_object(there))
		return false;
	essence(there);
	now = essence(json_copy((json_t *)(uintptr_t)rec));
	return json_equal(there, now) != 0;
}

int
pth_make_add(struct pth_make *m, const json_t *rec, struct pth_err *e)
{
	pth_auto_buf path = PTH_BUF_INIT, text = PTH_BUF_INIT;
	const char *id = pth_rec_id(rec);

	if (!pth_name_ok(id))
		return pth_err_set(e, PTH_INPUT, "%s: the id is not a safe file name", id);
	pth_strv_push(&m->ids, pth_xstrdup(id));
	pth_buf_addf(&path, "%s/%s.jsonl", m->dir, id);
	if (is_same(path.s, rec))
		return 0;
	pth_rec_line(&text, rec);
	pth_rec_end_line(&text, 1, NULL);
	return pth_file_write(AT_FDCWD, path.s, text.s, text.len, e);
}

void
pth_make_rules(const struct pth_make *m, const char *bin, struct pth_buf *b)
{
	pth_buf_addf(b, "# Written by pth-plan --outputs %s, see pth-plan(1).\n", m->dir);
	pth_buf_addf(b, "PTH ?= %s%s\n", is_plain(bin) ? bin : "", is_plain(bin) ? "/" : "");
	pth_buf_adds(b, "PTH_TESTS =");
	for (size_t i = 0; i < m->ids.n; i++)
		pth_buf_addf(b, " \\\n\t%s/%s.ok", m->dir, m->ids.v[i]);
	pth_buf_adds(b, "\n\n.PHONY: pth-tests\npth-tests: $(PTH_TESTS)\n");
	if (m->ids.n == 0)
		return;
	pth_buf_addf(b, "$(PTH_TESTS): %s/%%.ok: %s/%%.jsonl\n", m->dir, m->dir);
	pth_buf_addf(b,
	    "\t$(PTH)pth-compose -q $< | $(PTH)pth-exec -q -o %s/$* | \\\n"
	    "\t$(PTH)pth-collect -q | $(PTH)pth-report -q\n\t@touch $@\n",
	    m->dir);
}

void
pth_make_release(struct pth_make *m)
{
	pth_strv_free(m->ids.v);
	m->ids = (struct pth_strv){ NULL, 0 };
}
