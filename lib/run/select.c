/* Which of the tests that arrive are run, and what the others get as their result. */
#include "run/select.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/event.h"
#include "io/json.h"
#include "io/rec.h"
#include "run/fault.h"

json_t *
pth_result_without(enum pth_status status, enum pth_category category, const char *reason)
{
	const struct pth_reason why = { .category = category };
	json_t *o = json_pack(
	    "{s:s,s:s}", "status", pth_status_result_name(status), "reason", reason);

	pth_reason_put(o, &why);
	pth_json_set(o, "duration_us", json_integer(0));
	pth_json_set(o, "services", json_object());
	return o;
}

/* Each pattern is tried, so that those that match nothing can be told. */
static bool
named(struct pth_select *in, const struct pth_strv *globs, const json_t *rec)
{
	bool yes = false;

	for (size_t i = 0; i < globs->n; i++)
		if (pth_glob(globs->v[i], pth_rec_id(rec)) ||
		    pth_glob(globs->v[i], pth_json_str(rec, "name", ""))) {
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
 * was put into place), not cut short, and of the same plan.
 */
static json_t *
stored(const struct pth_select *in, const struct pth_rundir *dir, json_t *rec)
{
	json_auto_t *old = pth_rundir_get(dir, pth_rec_id(rec), "record.json");
	json_auto_t *result = pth_rundir_get(dir, pth_rec_id(rec), "result.json");
	enum pth_status s = pth_status_of_result(pth_json_str(result, "status", NULL));
	bool keep = result != NULL && s < PTH_S_INTERRUPTED &&
	    json_equal(pth_rec_plan(old), pth_rec_plan(rec)) != 0;

	if (keep && in->rerun_failed) {
		pth_json_set(old, "result", json_incref(result));
		keep = pth_fault_of(old) == PTH_CAT_NONE;
	}
	if (!keep)
		return NULL;
	pth_json_set(result, "run_dir", json_string(dir->path));
	return pth_take(&result);
}

json_t *
pth_select_result(struct pth_select *in, const struct pth_rundir *dir, json_t *rec)
{
	const json_t *plan = pth_rec_plan(rec);
	const json_t *env = json_object_get(plan, "environment"), *error;
	char reason[200];
	bool selected, left_out;

	selected = named(in, &in->only, rec) || in->only.n == 0;
	left_out = named(in, &in->skip, rec);
	if (!selected)
		return pth_result_without(PTH_S_SKIPPED, PTH_CAT_NONE, "not selected by --only");
	if (left_out)
		return pth_result_without(PTH_S_SKIPPED, PTH_CAT_NONE, "left out by --skip");
	if (plan == NULL && json_object_get(rec, "error") == NULL)
		pth_rec_error(rec, "exec", PTH_CAT_CONFIGURATION, NULL, 0, 0,
		    "the record has no plan; pth-plan makes it");
	if (!pth_name_ok(pth_rec_id(rec)))
		pth_rec_error(rec, "exec", PTH_CAT_CONFIGURATION, NULL, 0, 0,
		    "the id is not a safe directory name");
	/* Both would run in the same directory. */
	if (!pth_idset_add(&in->ids, pth_rec_id(rec)))
		pth_rec_error(rec, "exec", PTH_CAT_CONFIGURATION, NULL, 0, 0,
		    "another test with this id came before it");
	if ((error = json_object_get(rec, "error")) != NULL)
		return pth_result_without(PTH_S_ERROR,
		    pth_category_of(pth_json_str(error, "category", "configuration")),
		    pth_json_str(error, "message", "error in an earlier stage"));
	if (!pth_rec_plan_is_local(plan) && json_object_get(rec, "compose") == NULL) {
		snprintf(reason, sizeof reason, "network environment %.80s: %s",
		    pth_json_str(env, "type", ""),
		    pth_json_has(json_object_get(env, "supported_by"), "pth-compose") ?
		        "put pth-compose before pth-exec" :
		        "cannot be run by this version");
		return pth_result_without(PTH_S_UNSUPPORTED, PTH_CAT_NONE, reason);
	}
	if (in->dry)
		return pth_result_without(PTH_S_SKIPPED, PTH_CAT_NONE, "dry run");
	return in->resume ? stored(in, dir, rec) : NULL;
}
