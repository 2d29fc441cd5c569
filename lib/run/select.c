/* This file decides which arriving tests are run, and what the others get as their result. */
#include "run/select.h"

#include <stdio.h>
#include <string.h>

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

/* Each pattern is tried, so that those that match nothing can be told. */
static bool
named(struct pth_select *in, const struct pth_strv *globs, const json_t *rec)
{
	bool yes = false;

	for (size_t i = 0; i < globs->n; i++)
		if (pth_glob(globs->v[i], pth_rec_id(rec)) ||
		    pth_glob(globs->v[i], pth_test_name(rec))) {
			pth_idset_add(&in->hits, globs->v[i]);
			yes = true;
		}
	return yes;
}

static void
warn_of(struct pth_select *in, const char *option, const struct pth_strv *globs)
{
	for (size_t i = 0; i < globs->n; i++)
		if (pth_idset_add(&in->hits, globs->v[i]))
			pth_warn("%s '%s' matches no test", option, globs->v[i]);
}

void
pth_select_end(struct pth_select *in)
{
	warn_of(in, "--only", &in->only);
	warn_of(in, "--skip", &in->skip);
}

void
pth_select_release(struct pth_select *in)
{
	pth_idset_release(&in->ids);
	pth_idset_release(&in->hits);
	pth_strv_free(in->only.v);
	pth_strv_free(in->skip.v);
}

/*
 * The stored result of an earlier run of the same test: complete (its file
 * was put into place), neither left out nor cut short, and of the same plan. What the stream of
 * that run said of it counts before the file, which the test may have reached;
 * pth-collect tells when they disagree.
 */
static json_t *
stored(const struct pth_select *in, struct pth_rundir *dir, json_t *rec)
{
	const char *id = pth_rec_id(rec);
	json_auto_t *old = pth_rundir_get(dir->fd, id, "record.json", NULL);
	json_auto_t *file = pth_rundir_get(dir->fd, id, "result.json", NULL);
	json_auto_t *said = pth_rec_index_take(&dir->before, id);
	json_t *result = pth_test_result(said) != NULL ? pth_test_result(said) : file;

	if (file == NULL || json_equal(pth_rec_plan(old), pth_rec_plan(rec)) == 0 ||
	    pth_status_of_result(pth_result_status(result)) >= PTH_S_SKIPPED)
		return NULL;
	pth_test_set_result(old, json_incref(result));
	if (in->rerun_failed && pth_fault_of(old) != PTH_CAT_NONE)
		return NULL;
	pth_result_set_run_dir(result, dir->path);
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

json_t *
pth_select_result(struct pth_select *in, struct pth_rundir *dir, json_t *rec)
{
	const json_t *plan = pth_rec_plan(rec), *env = pth_plan_environment(plan), *error;
	bool selected = named(in, &in->only, rec) || in->only.n == 0;
	bool left_out = named(in, &in->skip, rec);
	char reason[200];
	const char *fault;

	if (!selected)
		return pth_result_without(PTH_S_SKIPPED, PTH_CAT_NONE, "not selected by --only");
	if (left_out)
		return pth_result_without(PTH_S_SKIPPED, PTH_CAT_NONE, "left out by --skip");
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
	if (in->dry)
		return pth_result_without(PTH_S_SKIPPED, PTH_CAT_NONE, "dry run");
	return in->resume ? stored(in, dir, rec) : NULL;
}
