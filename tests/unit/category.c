/* Categories, statuses and ends: names and what they mean. */
#include "unit.h"

#include <errno.h>

#include "io/category.h"
#include "io/json.h"
#include "io/status.h"

static void
names(void)
{
	unit("every name is found again");
	for (int c = PTH_CAT_NONE + 1; c < PTH_CATEGORIES; c++)
		CHECK(pth_category_of(pth_category_name((enum pth_category)c)) ==
		    (enum pth_category)c);
	for (int s = 0; s < PTH_STATUSES; s++) {
		enum pth_status x = (enum pth_status)s;

		CHECK(pth_status_of(pth_status_name(x)) == x);
		CHECK(pth_status_of_result(pth_status_result_name(x)) == x);
	}
	for (int e = 0; e < PTH_ENDS; e++)
		CHECK(pth_end_of(pth_end_name((enum pth_end)e)) == (enum pth_end)e);
	CHECK(pth_category_of("none") == PTH_CAT_NONE && pth_category_of(NULL) == PTH_CAT_NONE);
	CHECK(pth_status_of_result("passed") == PTH_STATUSES);
	CHECK_STR(pth_weight_name(pth_category_weight(PTH_CAT_CERTIFICATE)), "critical");
}

static void
refusals(void)
{
	struct pth_err e;

	unit("what the system refuses");
	errno = EMFILE;
	pth_err_set(&e, PTH_SYSTEM, "x:");
	CHECK(pth_category_err(&e, PTH_CAT_TIMEOUT) == PTH_CAT_RESOURCE);
	pth_err_set(&e, PTH_SYSTEM, "Too many open files");
	CHECK(pth_category_err(&e, PTH_CAT_TIMEOUT) == PTH_CAT_TIMEOUT);
	CHECK(pth_category_errno(EADDRINUSE, PTH_CAT_NONE) == PTH_CAT_PORT_CONFLICT);
	CHECK(pth_category_log("bind: address already in use (98)", PTH_CAT_NONE) ==
	    PTH_CAT_PORT_CONFLICT);
	CHECK(pth_category_log("in use", PTH_CAT_DEPENDENCY) == PTH_CAT_DEPENDENCY);
}

static void
reasons(void)
{
	struct pth_reason back;
	json_t *o = json_object();

	unit("a reason goes into a record and comes back");
	pth_reason_put(o, PTH_WHY(PTH_CAT_NONE, .port = 3));
	CHECK_INT(json_object_size(o), 0);
	pth_reason_put(o, PTH_WHY(PTH_CAT_TIMEOUT, .limit = "ready", .port = 3, .program = "p"));
	pth_reason_get(o, &back);
	CHECK(back.category == PTH_CAT_TIMEOUT);
	CHECK_INT(back.port, 3);
	CHECK_STR(back.limit, "ready");
	CHECK_STR(back.program, "p");
	json_decref(o);
}

static void
ends(void)
{
	unit("what an end means");
	CHECK(pth_end_status(PTH_END_EXIT, false, 0) == PTH_S_PASSED);
	CHECK(pth_end_status(PTH_END_EXIT, false, 1) == PTH_S_FAILED);
	CHECK(pth_end_status(PTH_END_EXIT, true, 0) == PTH_S_ERROR);
	CHECK(pth_end_status(PTH_END_SIGNAL, true, -1) == PTH_S_CRASHED);
	CHECK(pth_end_status(PTH_END_TIMEOUT, false, -1) == PTH_S_TIMEOUT);
	CHECK(pth_end_status(PTH_END_STOPPED, false, 3) == PTH_S_PASSED);
	CHECK(pth_end_status(PTH_END_NOT_STARTED, false, -1) == PTH_S_FAILED);
	CHECK(pth_end_status(PTH_END_LOST, false, -1) == PTH_S_ERROR);
	CHECK(pth_end_judge(NULL) == PTH_S_ERROR);
}

int
main(void)
{
	names();
	refusals();
	reasons();
	ends();
	return unit_done();
}
