/* This file writes the results of parts on, in the order of their tests. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/os.h"
#include "io/event.h"
#include "io/file.h"
#include "run/select.h"
#include "spread/spread_priv.h"

/* The record of a test that its part has not run to the end. */
static json_t *
without(struct pth_spread *s, const json_t *planned, const char *why)
{
	json_t *rec = json_copy((json_t *)(uintptr_t)planned);

	s->lost++;
	pth_test_set_result(rec,
	    s->signal != 0 ? pth_result_without(PTH_S_INTERRUPTED, PTH_CAT_NONE, "not begun") :
	                     pth_result_without(PTH_S_ERROR, PTH_CAT_TEST_FRAMEWORK, why));
	return rec;
}

/* One test, where its part has left it. */
static int
emit_test(struct pth_spread *s, size_t i, const json_t *planned, struct pth_rec_index *out,
    struct pth_rec_index *part, struct pth_err *e)
{
	bool left_out = pth_test_result(planned) != NULL;
	json_t *found = left_out ? json_incref((json_t *)(uintptr_t)planned) :
	                           pth_rec_index_take(out, pth_rec_id(planned));
	json_auto_t *rec = found != NULL ? found : pth_rec_index_take(part, pth_rec_id(planned));
	const struct pth_part *p = &s->parts[i];
	pth_auto_buf dir = PTH_BUF_INIT;
	struct pth_err why;

	if (pth_test_result(rec) == NULL) {
		json_decref(rec);
		rec = without(
		    s, planned, p->state == LOST ? p->why : "its part has no result of it");
	}
	/* The far side may have another name for it. */
	pth_buf_addf(&dir, "%s/%zu/run", s->parts_path, i + 1);
	pth_result_set_run_dir(
	    pth_test_result(rec), access(dir.s, X_OK) == 0 ? dir.s : pth_merge_dir_path(s->to));
	if (pth_merge_dir_add(s->to, rec, &why) != 0) {
		/* What it has left did not come back as a whole: nothing can be said of it. */
		pth_err_wrap(&why, "its files did not come back");
		pth_warn("%s: %s", pth_rec_id(planned), why.text);
		json_decref(rec);
		rec = without(s, planned, why.text);
		pth_result_set_run_dir(pth_test_result(rec), pth_merge_dir_path(s->to));
		if (pth_merge_dir_add(s->to, rec, e) != 0)
			return -1;
	}
	pth_result_set_run_dir(pth_test_result(rec), pth_merge_dir_path(s->to));
	return pth_rec_write(&s->out, rec, e);
}

/* All tests of a part, in their order. */
static int
emit(struct pth_spread *s, size_t i, struct pth_err *e)
{
	struct pth_rec_index out, part;
	struct pth_rec_in in;
	pth_auto_buf path = PTH_BUF_INIT;
	json_t *planned;
	int r;

	pth_buf_addf(&path, "%zu/run/results.jsonl", i + 1);
	pth_rec_index_open(&part, s->partsfd, path.s);
	pth_buf_cut(&path, 0);
	pth_buf_addf(&path, "%zu/out.jsonl", i + 1);
	pth_rec_index_open(&out, s->partsfd, path.s);
	r = spread_open(s, i, &in, e);
	while (r == 0 && (r = pth_rec_read(&in, &planned, e)) > 0) {
		r = pth_rec_is_test(planned) ? emit_test(s, i, planned, &out, &part, e) : 0;
		json_decref(planned);
	}
	pth_rec_close(&in);
	pth_rec_index_close(&out);
	pth_rec_index_close(&part);
	return r;
}

/* What a part has left goes, first by its name: a directory that is half gone is no run directory,
 * and whoever goes on after a SIGKILL would not find there what he has moved away already. */
static int
clear(const struct pth_spread *s, size_t i, struct pth_err *e)
{
	char run[32], emitted[32];

	snprintf(run, sizeof run, "%zu/run", i + 1);
	snprintf(emitted, sizeof emitted, "%zu/emitted", i + 1);
	if (pth_rmtree(s->partsfd, emitted, e) != 0)
		return -1;
	if (renameat(s->partsfd, run, s->partsfd, emitted) == 0)
		return pth_rmtree(s->partsfd, emitted, e);
	return errno == ENOENT ? 0 : pth_err_set(e, PTH_SYSTEM, "%s/%s:", s->parts_path, run);
}

int
spread_emit(struct pth_spread *s, struct pth_err *e)
{
	while (s->emitted < s->count && spread_is_whole(s, s->emitted) &&
	    s->parts[s->emitted].state >= DONE) {
		if (emit(s, s->emitted, e) != 0 || clear(s, s->emitted, e) != 0)
			return -1;
		s->emitted++;
		spread_tell(s, s->emitted - 1);
	}
	return 0;
}
