/* This file decides which arriving tests are run, and what the others get as their result. */
#include "run/select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/event.h"
#include "io/rec.h"
#include "run/fastfail.h"

json_t *
pth_result_without(enum pth_status status, enum pth_category category, const char *reason)
{
	json_t *result = json_object();

	pth_result_set_status(result, pth_status_result_name(status));
	pth_result_set_reason(result, reason);
	pth_reason_put(result, PTH_WHY(category));
	pth_result_set_duration_us(result, 0);
	pth_result_set_services(result, json_object());
	return result;
}

#define TAG "tag:"
#define NAMES_MAX 20000 /* that are kept */
#define NEAREST 3

static bool
is_of(const char *pattern, const json_t *rec)
{
	return strcmp(pattern, pth_rec_id(rec)) == 0 || strcmp(pattern, pth_test_name(rec)) == 0;
}

/* A glob; names of a matrix's tests hold brackets, which may also mean themselves. */
static bool
fits(const char *pattern, const char *s)
{
	pth_auto_buf b = PTH_BUF_INIT;

	if (pth_glob(pattern, s))
		return true;
	if (strchr(pattern, '[') == NULL)
		return false;
	for (; *pattern != '\0'; pattern++)
		pth_buf_addf(&b, "%s%c", *pattern == '[' ? "\\" : "", *pattern);
	return pth_glob(b.s, s);
}

static bool
matches(const char *pattern, const json_t *rec)
{
	json_t *tag;
	size_t i;

	if (strncmp(pattern, TAG, strlen(TAG)) == 0)
		json_array_foreach(pth_test_tags(rec), i, tag)
			if (json_is_string(tag) &&
			    fits(pattern + strlen(TAG), json_string_value(tag)))
				return true;
	return fits(pattern, pth_rec_id(rec)) || fits(pattern, pth_test_name(rec));
}

static bool
named(const struct pth_select *in, const struct pth_strv *globs, const json_t *rec)
{
	for (size_t i = 0; i < globs->n; i++)
		if (pth_idset_has(&in->exact, globs->v[i]) ? is_of(globs->v[i], rec) :
		                                             matches(globs->v[i], rec))
			return true;
	return false;
}

bool
pth_select_has(const struct pth_select *in, const json_t *rec)
{
	return (in->only.n == 0 || named(in, &in->only, rec)) && !named(in, &in->skip, rec);
}

bool
pth_select_wants(const struct pth_select *in)
{
	return in->only.n + in->skip.n > 0;
}

static void
note(struct pth_select *in, const struct pth_strv *globs, const json_t *rec)
{
	for (size_t i = 0; i < globs->n; i++) {
		if (is_of(globs->v[i], rec))
			pth_idset_add(&in->exact, globs->v[i]);
		if (is_of(globs->v[i], rec) || matches(globs->v[i], rec))
			pth_idset_add(&in->hits, globs->v[i]);
	}
}

static void
keep(struct pth_select *in, const char *kind, const char *name)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "%s%s", kind, name);
	if (in->names.n < NAMES_MAX && pth_idset_add(&in->known, b.s))
		pth_strv_push(&in->names, pth_xstrdup(b.s));
}

void
pth_select_note(struct pth_select *in, const json_t *rec)
{
	json_t *tag;
	size_t i;

	note(in, &in->only, rec);
	note(in, &in->skip, rec);
	keep(in, "", pth_test_name(rec));
	json_array_foreach(pth_test_tags(rec), i, tag)
		keep(in, TAG, json_string_value(tag) != NULL ? json_string_value(tag) : "");
}

/* How far a name is from a pattern, whose stars and brackets do not count. */
static unsigned
distance(const char *pattern, const char *name)
{
	pth_auto_buf b = PTH_BUF_INIT;

	for (; *pattern != '\0' && b.len < 80; pattern++)
		if (strchr("*?", *pattern) == NULL)
			pth_buf_addc(&b, *pattern);
	if (b.len > 0 && strcasestr(name, b.s) != NULL)
		return 0;
	return b.len > 0 ? pth_distance(b.s, name, 80) : 80;
}

/* The nearest names, the best first. */
static void
suggest(const struct pth_select *in, const char *pattern, struct pth_buf *b)
{
	const char *best[NEAREST];
	unsigned far[NEAREST], d;
	size_t n = 0, k;

	for (size_t i = 0; i < in->names.n; i++) {
		d = distance(pattern, in->names.v[i]);
		for (k = n; k > 0 && far[k - 1] > d; k--)
			if (k < NEAREST) {
				far[k] = far[k - 1];
				best[k] = best[k - 1];
			}
		if (k < NEAREST) {
			far[k] = d;
			best[k] = in->names.v[i];
			n += n < NEAREST;
		}
	}
	for (k = 0; k < n; k++) {
		pth_buf_adds(b, k == 0 ? "; the nearest: '" : ", '");
		pth_show(b, best[k], 100);
		pth_buf_addc(b, '\'');
	}
}

static int
check(const struct pth_select *in, const char *option, const struct pth_strv *globs,
    struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;

	for (size_t i = 0; i < globs->n; i++) {
		if (pth_idset_has(&in->hits, globs->v[i]))
			continue;
		pth_buf_addf(&b, "%s '", option);
		pth_show(&b, globs->v[i], 100);
		pth_buf_adds(&b, "' matches no test");
		suggest(in, globs->v[i], &b);
		return pth_err_set(e, PTH_USAGE, "%s", b.s);
	}
	return 0;
}

int
pth_select_check(const struct pth_select *in, struct pth_err *e)
{
	return check(in, "--only", &in->only, e) != 0 ? -1 : check(in, "--skip", &in->skip, e);
}

int
pth_select_file(struct pth_select *in, const struct pth_rec_in *from, struct pth_err *e)
{
	off_t at = lseek(from->fd, 0, SEEK_CUR);
	struct pth_rec_in look = *from; /* nothing was read yet */
	struct pth_err other;
	json_t *rec;
	int r;

	if (at < 0)
		return 0;
	look.owned = false;
	while ((r = pth_rec_read(&look, &rec, &other)) > 0) {
		if (pth_rec_is_test(rec))
			pth_select_note(in, rec);
		json_decref(rec);
	}
	pth_rec_close(&look);
	if (lseek(from->fd, at, SEEK_SET) < 0)
		return pth_err_set(e, PTH_SYSTEM, "%s:", from->name);
	/* What breaks off is told by who reads it again. */
	return r < 0 || pth_select_check(in, e) == 0 ? 1 : -1;
}

void
pth_select_release(struct pth_select *in)
{
	pth_idset_release(&in->ids);
	pth_idset_release(&in->hits);
	pth_idset_release(&in->exact);
	pth_idset_release(&in->known);
	pth_strv_free(in->names.v);
	pth_strv_free(in->only.v);
	pth_strv_free(in->skip.v);
}

json_t *
pth_select_kept(const struct pth_select *in, struct pth_rundir *dir, json_t *rec)
{
	if (!in->resume)
		return NULL;

	const char *id = pth_rec_id(rec);
	json_auto_t *old = pth_rundir_get(dir->fd, id, "record.json", NULL);
	json_auto_t *file = pth_rundir_get(dir->fd, id, "result.json", NULL);
	json_auto_t *said = pth_rec_index_take(&dir->before, id);
	json_t *result = pth_test_result(said) != NULL ? pth_test_result(said) : file;

	/* A test whose files are gone could not be judged again. */
	if (file == NULL || pth_test_artifacts_removed(old) > 0 ||
	    json_equal(pth_rec_plan(old), pth_rec_plan(rec)) == 0 ||
	    pth_status_of_result(pth_result_status(result)) >= PTH_S_SKIPPED)
		return NULL;
	pth_test_set_result(old, json_incref(result));
	if (in->rerun_failed && pth_fault_of(old) != PTH_CAT_NONE)
		return NULL;
	pth_result_set_run_dir(result, dir->path);
	json_object_del(result, PTH_KEY(result, fast_fail)); /* it stopped that run, not this one */
	return json_incref(result);
}

/* Why the record cannot be run as it is, or NULL. */
static const char *
fault_of(struct pth_select *in, const json_t *rec)
{
	/* Both would run in the same directory. */
	bool twice = !pth_idset_add(&in->ids, pth_rec_id(rec));

	return pth_rec_plan(rec) == NULL  ? "the record has no plan; pth-plan makes it" :
	    !pth_name_ok(pth_rec_id(rec)) ? "the id is not a safe directory name" :
	    twice                         ? "another test with this id came before it" :
	                                    NULL;
}

const char *
pth_select_left_out(const struct pth_select *in, const json_t *rec)
{
	if (!named(in, &in->only, rec) && in->only.n > 0)
		return "not selected by --only";
	return named(in, &in->skip, rec) ? "left out by --skip" : NULL;
}

json_t *
pth_select_result(struct pth_select *in, json_t *rec)
{
	const json_t *plan = pth_rec_plan(rec), *env = pth_plan_environment(plan), *error;
	const char *fault, *left_out = pth_select_left_out(in, rec);
	char reason[200];

	if (left_out != NULL)
		return pth_result_without(PTH_S_SKIPPED, PTH_CAT_NONE, left_out);
	if ((fault = fault_of(in, rec)) != NULL)
		pth_rec_error(rec, "exec", PTH_CAT_CONFIGURATION, NULL, 0, 0, "%s", fault);
	if ((error = pth_test_error(rec)) != NULL)
		return pth_result_without(pth_status_of_error(error),
		    pth_category_of(pth_json_str(error, PTH_KEY(error, category), "configuration")),
		    pth_json_str(error, PTH_KEY(error, message), "error in an earlier stage"));
	if (!pth_rec_plan_is_local(plan) && pth_test_compose(rec) == NULL) {
		snprintf(reason, sizeof reason, "network environment %.80s: %s", pth_env_type(env),
		    pth_json_has(pth_env_supported_by(env), "pth-compose") ?
		        "put pth-compose before pth-exec" :
		        "cannot be run by this version");
		return pth_result_without(PTH_S_UNSUPPORTED, PTH_CAT_NONE, reason);
	}
	return in->dry ? pth_result_without(PTH_S_SKIPPED, PTH_CAT_NONE, "dry run") : NULL;
}
