/* This file reads a run directory as a source of records. */
#include "collect/collect.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

static bool
has_file(const char *dir, const char *name, const char *file)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "%s/%s/%s", dir, name, file);
	return access(b.s, R_OK) == 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
list_tests(struct pth_olddir *d, struct pth_err *e)
{
	pth_auto_dir dir = opendir(d->path);
	struct dirent *de;

	if (dir == NULL)
		return pth_err_set(e, PTH_INPUT, "%s:", d->path);
	while ((de = readdir(dir)) != NULL)
		if (de->d_name[0] != '.' &&
		    (has_file(d->path, de->d_name, "record.json") ||
		        has_file(d->path, de->d_name, "result.json")))
			pth_strv_push(&d->names, pth_xstrdup(de->d_name));
	if (d->names.n == 0)
		return pth_err_set(e, PTH_INPUT,
		    "%s: no plan.jsonl and no test in it: not a run directory?", d->path);
	qsort(d->names.v, d->names.n, sizeof *d->names.v, by_name);
	return 0;
}

int
pth_olddir_open(struct pth_olddir *d, const char *path, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;

	*d = (struct pth_olddir){ .path = realpath(path, NULL) };
	if (d->path == NULL)
		return pth_err_set(e, PTH_INPUT, "%s:", path);
	pth_buf_addf(&b, "%s/plan.jsonl", d->path);
	d->fp = fopen(b.s, "re");
	if (d->fp == NULL)
		return list_tests(d, e);
	pth_rec_open(&d->plan, d->fp, "plan.jsonl");
	return 0;
}

/* DIR/id/file parsed, or NULL when it is not there. A broken one is an error. */
static int
load(const struct pth_olddir *d, const char *id, const char *file, json_t **out, struct pth_err *e)
{
	pth_auto_buf path = PTH_BUF_INIT, text = PTH_BUF_INIT;

	pth_buf_addf(&path, "%s/%s/%s", d->path, id, file);
	if (access(path.s, F_OK) != 0)
		return 0;
	if (pth_file_read(path.s, PTH_REC_MAX, &text, e) != 0)
		return -1;
	*out = pth_json_parse(text.s, text.len, e);
	return *out != NULL ? 0 : pth_err_wrap(e, "%s", path.s);
}

/* record.json has all stages; result.json is what pth-exec left: the whole
 * record, or the value of "result". A record.json that breaks off is what a
 * killed run was writing: the plan has the same. */
static int
test_of(const struct pth_olddir *d, const char *id, json_t **rec, struct pth_err *e)
{
	json_auto_t *whole = NULL, *result = NULL;
	json_t *inner, *found = NULL;

	if ((load(d, id, "record.json", &whole, e) != 0 && *rec == NULL) ||
	    load(d, id, "result.json", &result, e) != 0)
		return -1;
	if (pth_rec_is_test(whole))
		found = whole;
	else if (*rec == NULL && pth_rec_is_test(result))
		found = result;
	if (found != NULL) {
		json_decref(*rec);
		*rec = json_incref(found);
	}
	inner = PTH_GET(test, result, result);
	if (*rec != NULL && result != NULL && PTH_GET(test, *rec, result) == NULL)
		pth_test_set_result(*rec, json_incref(inner != NULL ? inner : result));
	return 0;
}

int
pth_olddir_next(struct pth_olddir *d, json_t **rec, struct pth_err *e)
{
	pth_auto_str id = NULL;
	json_t *result;
	int got;

	*rec = NULL;
	if (d->fp != NULL) {
		got = pth_rec_read(&d->plan, rec, e);
		if (got <= 0 || !pth_rec_is_test(*rec))
			return got;
	} else if (d->next == d->names.n) {
		return 0;
	}
	id = pth_xstrdup(d->fp != NULL ? pth_rec_id(*rec) : d->names.v[d->next++]);
	/* An id from a file becomes a path: it must be one name. */
	if (strchr(id, '/') != NULL || id[0] == '.')
		got = pth_err_set(e, PTH_INPUT, "plan.jsonl: id is not a file name");
	else
		got = test_of(d, id, rec, e);
	if (got == 0 && *rec == NULL)
		got = pth_err_set(e, PTH_INPUT, "%s/%s: no test record in it", d->path, id);
	if (got != 0) {
		json_decref(pth_take(rec));
		return got;
	}
	result = pth_test_result(*rec);
	if (result != NULL) { /* the directory may have been moved or copied since */
		pth_result_set_run_dir(result, d->path);
		pth_result_set_dir(result, id);
	}
	return 1;
}

void
pth_olddir_close(struct pth_olddir *d)
{
	if (d->fp != NULL) {
		pth_rec_close(&d->plan);
		fclose(d->fp);
	}
	pth_strv_free(d->names.v);
	free(d->path);
}
