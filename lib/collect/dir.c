/* A run directory as a source of records. */
#include "collect/collect.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool
has_file(const char *dir, const char *name, const char *file)
{
	struct pth_buf b = PTH_BUF_INIT;
	bool ok;

	pth_buf_addf(&b, "%s/%s/%s", dir, name, file);
	ok = access(b.s, R_OK) == 0;
	pth_buf_release(&b);
	return ok;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
list_tests(struct pth_olddir *d, struct pth_err *e)
{
	DIR *dir = opendir(d->path);
	struct dirent *de;

	if (dir == NULL)
		return pth_err_set(e, PTH_INPUT, "%s:", d->path);
	while ((de = readdir(dir)) != NULL) {
		if (de->d_name[0] == '.' ||
		    (!has_file(d->path, de->d_name, "record.json") &&
		        !has_file(d->path, de->d_name, "result.json")))
			continue;
		d->names = pth_xarray(d->names, d->n + 1, sizeof *d->names);
		d->names[d->n++] = pth_xstrdup(de->d_name);
	}
	closedir(dir);
	if (d->n > 0)
		qsort(d->names, d->n, sizeof *d->names, by_name);
	return d->n > 0 ? 0 :
	                  pth_err_set(e, PTH_INPUT,
	                      "%s: no plan.jsonl and no test in it: not a"
	                      " run directory?",
	                      d->path);
}

int
pth_olddir_open(struct pth_olddir *d, const char *path, struct pth_err *e)
{
	struct pth_buf b = PTH_BUF_INIT;

	memset(d, 0, sizeof *d);
	d->path = realpath(path, NULL);
	if (d->path == NULL)
		return pth_err_set(e, PTH_INPUT, "%s:", path);
	pth_buf_addf(&b, "%s/plan.jsonl", d->path);
	d->fp = fopen(b.s, "re");
	if (d->fp != NULL)
		pth_rec_open(&d->plan, d->fp, "plan.jsonl");
	pth_buf_release(&b);
	return d->fp != NULL ? 0 : list_tests(d, e);
}

/* DIR/id/file parsed, or NULL when it is not there. A broken one is an error. */
static int
load(const struct pth_olddir *d, const char *id, const char *file, json_t **out, struct pth_err *e)
{
	struct pth_buf path = PTH_BUF_INIT, text = PTH_BUF_INIT;
	int rc = 0;

	*out = NULL;
	pth_buf_addf(&path, "%s/%s/%s", d->path, id, file);
	if (access(path.s, F_OK) == 0) {
		rc = pth_file_read(path.s, PTH_REC_MAX, &text, e);
		if (rc == 0) {
			*out = pth_json_parse(text.s, text.len, e);
			rc = *out != NULL ? 0 : pth_err_wrap(e, "%s", path.s);
		}
	}
	pth_buf_release(&path);
	pth_buf_release(&text);
	return rc;
}

/* record.json has all stages; result.json is what pth-exec left: the whole
 * record, or the value of "result". A record.json that breaks off is what a
 * killed run was writing: the plan has the same. */
static int
test_of(const struct pth_olddir *d, const char *id, json_t **rec, struct pth_err *e)
{
	json_t *whole, *result, *inner;

	if (load(d, id, "record.json", &whole, e) != 0 && *rec == NULL)
		return -1;
	if (load(d, id, "result.json", &result, e) != 0) {
		json_decref(whole);
		return -1;
	}
	if (whole != NULL && pth_rec_is_test(whole)) {
		json_decref(*rec);
		*rec = json_incref(whole);
	} else if (*rec == NULL && result != NULL && pth_rec_is_test(result)) {
		*rec = json_incref(result);
	}
	inner = PTH_GET(test, result, result);
	if (*rec != NULL && result != NULL && PTH_GET(test, *rec, result) == NULL)
		pth_test_set_result(*rec, json_incref(inner != NULL ? inner : result));
	json_decref(whole);
	json_decref(result);
	return 0;
}

/* The directory may have been moved or copied since. */
static void
place(const struct pth_olddir *d, json_t *rec, const char *id)
{
	json_t *result = pth_test_result(rec);

	if (result == NULL)
		return;
	pth_result_set_run_dir(result, d->path);
	pth_result_set_dir(result, id);
}

int
pth_olddir_next(struct pth_olddir *d, json_t **rec, struct pth_err *e)
{
	char *id;
	int got;

	*rec = NULL;
	if (d->fp != NULL) {
		got = pth_rec_read(&d->plan, rec, e);
		if (got <= 0 || !pth_rec_is_test(*rec))
			return got;
		id = pth_xstrdup(pth_rec_id(*rec));
	} else {
		if (d->next == d->n)
			return 0;
		id = pth_xstrdup(d->names[d->next++]);
	}
	/* An id from a file becomes a path: it must be one name. */
	if (strchr(id, '/') != NULL || id[0] == '.')
		got = pth_err_set(e, PTH_INPUT, "plan.jsonl: id is not a file name");
	else
		got = test_of(d, id, rec, e);
	if (got == 0 && *rec == NULL)
		got = pth_err_set(e, PTH_INPUT, "%s/%s: no test record in it", d->path, id);
	if (got == 0) {
		place(d, *rec, id);
		got = 1;
	} else {
		json_decref(*rec);
		*rec = NULL;
	}
	free(id);
	return got;
}

void
pth_olddir_close(struct pth_olddir *d)
{
	if (d->fp != NULL) {
		pth_rec_close(&d->plan);
		fclose(d->fp);
	}
	for (size_t i = 0; i < d->n; i++)
		free(d->names[i]);
	free(d->names);
	free(d->path);
}
