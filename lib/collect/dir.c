/* This file reads a run directory as a source of records. */
#include "collect/collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/event.h"
#include "run/lock.h"
#include "run/rundir.h"

static bool
has_file(int dirfd, const char *name, const char *file)
{
	pth_auto_buf b = PTH_BUF_INIT;
	pth_auto_fd fd = -1;

	pth_buf_addf(&b, "%s/%s", name, file);
	fd = pth_open_regular(dirfd, b.s, NULL);
	return fd >= 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
list_tests(struct pth_olddir *d, struct pth_err *e)
{
	pth_auto_dir dir = pth_opendir(d->fd, ".");
	struct dirent *de;

	if (dir == NULL)
		return pth_err_set(e, PTH_INPUT, "%s:", d->path);
	while ((de = readdir(dir)) != NULL)
		if (de->d_name[0] != '.' &&
		    (has_file(d->fd, de->d_name, "record.json") ||
		        has_file(d->fd, de->d_name, "result.json")))
			pth_strv_push(&d->names, pth_xstrdup(de->d_name));
	if (d->names.n == 0)
		return pth_err_set(e, PTH_INPUT,
		    "%s: no plan.jsonl and no test in it: not a run directory?", d->path);
	qsort(d->names.v, d->names.n, sizeof *d->names.v, by_name);
	return 0;
}

/* plan.jsonl, or the names of the tests where there is none. */
static int
open_plan(struct pth_olddir *d, struct pth_err *e)
{
	pth_auto_fd fd = pth_open_regular(d->fd, "plan.jsonl", NULL);

	if (fd < 0)
		return errno == ENOENT ? list_tests(d, e) :
		                         pth_err_set(e, PTH_INPUT, "%s/plan.jsonl:", d->path);
	d->fp = fdopen(fd, "r");
	if (d->fp == NULL)
		return pth_err_set(e, PTH_SYSTEM, "%s/plan.jsonl:", d->path);
	pth_take_fd(&fd);
	pth_rec_open(&d->plan, d->fp, "plan.jsonl");
	return 0;
}

int
pth_olddir_open(struct pth_olddir *d, const char *path, struct pth_err *e)
{
	*d = (struct pth_olddir){ .path = realpath(path, NULL),
		.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.results = PTH_REC_INDEX_INIT };
	d->busy.text[0] = '\0';
	if (d->path == NULL || d->fd < 0)
		return pth_err_set(e, PTH_INPUT, "%s:", path);
	if (pth_run_lock_shared(d->fd, d->path, &d->busy) != 0)
		pth_warn("%s: what is here are the results so far", d->busy.text);
	if (open_plan(d, e) != 0)
		return -1;
	pth_rec_index_open(&d->results, d->fd, "results.jsonl");
	return 0;
}

static void
replace(json_t **rec, json_t *by)
{
	json_decref(*rec);
	*rec = json_incref(by);
}

/* result.json is the value of "result", or a whole record. */
static json_t *
result_of(json_t *file)
{
	json_t *inner = PTH_GET(test, file, result);

	return inner != NULL ? inner : file;
}

/*
 * What is known of a test. results.jsonl counts first, which pth-exec writes and the programs
 * of the test do not reach where there is isolation; then the plan with result.json; and
 * record.json where there is neither. *rec is the record of the plan, or NULL.
 */
static void
test_of(struct pth_olddir *d, const char *id, json_t **rec)
{
	json_auto_t *said = pth_rec_index_take(&d->results, id);
	json_auto_t *whole = pth_rundir_get(d->fd, id, "record.json");
	json_auto_t *result = pth_rundir_get(d->fd, id, "result.json");
	bool planned = *rec != NULL;

	if (said != NULL)
		replace(rec, said);
	else if (!planned && pth_rec_is_test(whole))
		replace(rec, whole);
	else if (!planned && pth_rec_is_test(result))
		replace(rec, result);
	else if (planned) /* what it was planned with is no result of this run */
		json_object_del(*rec, PTH_KEY(test, result));
	if (*rec == NULL)
		return;
	if (result != NULL && (said == NULL || pth_test_result(*rec) == NULL))
		pth_test_set_result(*rec, json_incref(result_of(result)));
	/* The directory may have been moved or copied since. A test that was not run has none. */
	if (pth_test_result(*rec) == NULL)
		return;
	pth_result_set_run_dir(pth_test_result(*rec), d->path);
	if (pth_result_dir(pth_test_result(*rec)) == NULL && pth_test_result(said) == NULL)
		pth_result_set_dir(pth_test_result(*rec), id);
}

int
pth_olddir_next(struct pth_olddir *d, json_t **rec, struct pth_err *e)
{
	pth_auto_str id = NULL;
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
	if (strchr(id, '/') != NULL || id[0] == '.') {
		json_decref(pth_take(rec));
		return pth_err_set(e, PTH_INPUT, "plan.jsonl: id is not a file name");
	}
	test_of(d, id, rec);
	return *rec != NULL ? 1 :
	                      pth_err_set(e, PTH_INPUT, "%s/%s: no test record in it", d->path, id);
}

void
pth_olddir_close(struct pth_olddir *d)
{
	if (d->fp != NULL) {
		pth_rec_close(&d->plan);
		fclose(d->fp);
	}
	pth_rec_index_close(&d->results);
	pth_close(&d->fd);
	pth_strv_free(d->names.v);
	free(d->path);
}
