/* This file reads a run directory as a source of records. */
#include "collect/collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/category.h"
#include "io/event.h"
#include "io/status.h"
#include "run/lock.h"
#include "run/rundir.h"

#define RECORD "record.json"
#define RESULT "result.json"

/* Is something of one of these names in the directory of a test? */
static bool
has_record(int run, const char *name)
{
	pth_auto_fd fd = pth_open_dir(run, name);
	struct stat st;

	return fd >= 0 &&
	    (fstatat(fd, RECORD, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	        fstatat(fd, RESULT, &st, AT_SYMLINK_NOFOLLOW) == 0);
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
		if (de->d_name[0] != '.' && has_record(d->fd, de->d_name))
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
	d->planned = pth_rec_open_below(&d->plan, d->fd, "plan.jsonl", e) == 0;
	if (d->planned)
		return 0;
	return e->error == ENOENT ? list_tests(d, e) : pth_err_wrap(e, "%s", d->path);
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

/* The result of a test whose own cannot be read. */
static json_t *
unreadable(const struct pth_err *e)
{
	json_t *result = json_object();

	pth_result_set_status(result, pth_status_result_name(PTH_S_ERROR));
	pth_json_set(result, PTH_KEY(result, reason), pth_json_text(e->text, strlen(e->text)));
	pth_reason_put(result, PTH_WHY(PTH_CAT_TEST_FRAMEWORK));
	pth_result_set_duration_us(result, 0);
	pth_result_set_services(result, json_object());
	return result;
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
	struct pth_err e = { 0 };
	json_auto_t *said = pth_rec_index_take(&d->results, id);
	json_auto_t *whole = pth_rundir_get(d->fd, id, RECORD, NULL);
	json_auto_t *result = pth_rundir_get(d->fd, id, RESULT, &e);
	bool planned = *rec != NULL, unread = result == NULL && e.error != ENOENT;

	if (said != NULL)
		replace(rec, said);
	else if (!planned && pth_rec_is_test(whole))
		replace(rec, whole);
	else if (!planned && pth_rec_is_test(result))
		replace(rec, result);
	else if (planned) /* what it was planned with is no result of this run */
		json_object_del(*rec, PTH_KEY(test, result));
	if (*rec == NULL || pth_test_result(said) != NULL)
		return;
	if (unread)
		pth_test_set_result(*rec, unreadable(&e));
	else if (result != NULL)
		pth_test_set_result(*rec, json_incref(result_of(result)));
	if (pth_test_result(*rec) != NULL && pth_result_dir(pth_test_result(*rec)) == NULL)
		pth_result_set_dir(pth_test_result(*rec), id);
}

int
pth_olddir_next(struct pth_olddir *d, json_t **rec, struct pth_err *e)
{
	pth_auto_str id = NULL;
	int got;

	*rec = NULL;
	if (d->planned) {
		got = pth_rec_read(&d->plan, rec, e);
		if (got <= 0 || !pth_rec_is_test(*rec))
			return got;
	} else if (d->next == d->names.n) {
		return 0;
	}
	id = pth_xstrdup(d->planned ? pth_rec_id(*rec) : d->names.v[d->next++]);
	/* An id from a file becomes a path: it must be one name. */
	if (strchr(id, '/') != NULL || id[0] == '.') {
		json_decref(pth_take(rec));
		return pth_err_set(e, PTH_INPUT, "plan.jsonl: id is not a file name");
	}
	test_of(d, id, rec);
	if (*rec == NULL)
		return pth_err_set(e, PTH_INPUT, "%s/%s: no test record in it", d->path, id);
	/* The directory may have been moved or copied since. */
	if (pth_test_result(*rec) != NULL)
		pth_result_set_run_dir(pth_test_result(*rec), d->path);
	return 1;
}

void
pth_olddir_close(struct pth_olddir *d)
{
	pth_rec_close(&d->plan);
	pth_rec_index_close(&d->results);
	pth_close(&d->fd);
	pth_strv_free(d->names.v);
	free(d->path);
}
