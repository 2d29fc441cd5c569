/* This file compares the record of a test with what its directory says. */
#include "collect/conflict.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "io/event.h"
#include "io/record.h"
#include "run/rundir.h"

/* Are both results the same, wherever the run directory was then and whatever the test did to the
 * rest of the run? */
static bool
same_result(const json_t *a, const json_t *b)
{
	json_auto_t *x = json_deep_copy(a), *y = json_deep_copy(b);
	json_t *const both[] = { x, y };

	for (size_t i = 0; i < countof(both); i++) {
		json_object_del(both[i], PTH_KEY(result, run_dir));
		json_object_del(both[i], PTH_KEY(result, dir));
		json_object_del(both[i], PTH_KEY(result, conflicts));
		json_object_del(both[i], PTH_KEY(result, fast_fail));
	}
	return json_equal(x, y) != 0;
}

/* A record that was written before the test has no result; what is run is the same. */
static bool
same_record(const json_t *rec, const json_t *file)
{
	const json_t *result = PTH_GET(test, file, result), *plan = pth_rec_plan(file);

	return pth_rec_is_test(file) &&
	    (plan == NULL ? pth_rec_plan(rec) == NULL : json_equal(plan, pth_rec_plan(rec)) != 0) &&
	    (result == NULL || same_result(pth_test_result(rec), result));
}

static bool
agrees(const json_t *rec, int dirfd, const char *name, bool whole)
{
	json_auto_t *file = NULL;
	const json_t *inner;

	if (faccessat(dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return true;
	file = pth_rundir_get(dirfd, ".", name, NULL);
	if (whole)
		return same_record(rec, file);
	inner = PTH_GET(test, file, result);
	return same_result(pth_test_result(rec), inner != NULL ? inner : file);
}

void
collect_conflicts(json_t *rec, int dirfd)
{
	static const char *const names[] = { "record.json", "result.json" };
	json_t *result = pth_test_result(rec);
	const char *dir = pth_result_dir(result);

	/* The directories of others have no results of this one. */
	if (dir == NULL || strcmp(dir, pth_rec_id(rec)) != 0)
		return;
	for (size_t i = 0; i < countof(names); i++) {
		if (agrees(rec, dirfd, names[i], i == 0))
			continue;
		if (pth_result_conflicts(result) == NULL)
			pth_result_set_conflicts(result, json_array());
		pth_json_push_once(pth_result_conflicts(result), json_string(names[i]));
		pth_warn("%s: %s does not say what pth-exec does; this counts", pth_rec_id(rec),
		    names[i]);
	}
}
