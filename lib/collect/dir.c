/* This file reads a run directory as a source of records. */
#include "collect/collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "io/category.h"
#include "io/file.h"
#include "io/status.h"

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

int
pth_olddir_open(struct pth_olddir *d, const char *path, struct pth_err *e)
{
	*d = (struct pth_olddir){ .path = realpath(path, NULL) };
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->path == NULL || d->fd < 0)
		return pth_err_set(e, PTH_INPUT, "%s:", path);
	if (pth_rec_open_below(&d->plan, d->fd, "plan.jsonl", e) == 0) {
		d->planned = true;
		return 0;
	}
	return e->error == ENOENT ? list_tests(d, e) : pth_err_wrap(e, "%s", d->path);
}

/* DIR/id/file parsed, or NULL when it is not there. A broken one is an error. */
static int
load(const struct pth_olddir *d, const char *id, const char *file, json_t **out, struct pth_err *e)
{
	pth_auto_buf path = PTH_BUF_INIT, text = PTH_BUF_INIT;

	pth_buf_addf(&path, "%s/%s", id, file);
	if (pth_file_read_below(d->fd, path.s, PTH_REC_MAX, &text, e) != 0)
		return e->error == ENOENT ? 0 : pth_err_wrap(e, "%s", d->path);
	*out = pth_json_parse(text.s, text.len, e);
	return *out != NULL ? 0 : pth_err_wrap(e, "%s/%s", d->path, path.s);
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

/* record.json has all stages; result.json is what pth-exec left: the whole
 * record, or the value of "result". A record.json that breaks off is what a
 * killed run was writing: the plan has the same. */
static int
test_of(const struct pth_olddir *d, const char *id, json_t **rec, struct pth_err *e)
{
	json_auto_t *whole = NULL, *result = NULL;
	json_t *inner, *found = NULL;
	bool bad;

	if (load(d, id, RECORD, &whole, e) != 0 && *rec == NULL)
		return -1;
	bad = load(d, id, RESULT, &result, e) != 0;
	if (bad && *rec == NULL && !pth_rec_is_test(whole))
		return -1;
	if (bad)
		result = unreadable(e);
	if (pth_rec_is_test(whole))
		found = whole;
	else if (*rec == NULL && pth_rec_is_test(result))
		found = result;
	if (found != NULL) {
		json_decref(*rec);
		*rec = json_incref(found);
	}
	inner = PTH_GET(test, result, result);
	if (*rec != NULL && result != NULL && (bad || PTH_GET(test, *rec, result) == NULL))
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
	if (d->planned) {
		got = pth_rec_read(&d->plan, rec, e);
		if (got <= 0 || !pth_rec_is_test(*rec))
			return got;
	} else if (d->next == d->names.n) {
		return 0;
	}
	id = pth_xstrdup(d->planned ? pth_rec_id(*rec) : d->names.v[d->next++]);
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
	pth_rec_close(&d->plan);
	pth_close(&d->fd);
	pth_strv_free(d->names.v);
	free(d->path);
}
