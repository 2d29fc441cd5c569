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
	CHECK(pth_status_of("nonsense") == PTH_STATUSES && pth_status_of(NULL) == PTH_STATUSES);
	CHECK(pth_status_of("completed") == PTH_STATUSES);
	CHECK(pth_status_of_result("completed") == PTH_S_PASSED);
	CHECK(pth_status_of_result(NULL) == PTH_STATUSES);
	CHECK(pth_end_of("nonsense") == PTH_ENDS && pth_end_of(NULL) == PTH_ENDS);
	CHECK_STR(pth_status_result_name(PTH_S_PASSED), "completed");
	CHECK_STR(pth_status_name(PTH_S_PASSED), "passed");
	CHECK_STR(pth_end_name(PTH_END_NONE), "running");
	CHECK(pth_category_of("none") == PTH_CAT_NONE && pth_category_of(NULL) == PTH_CAT_NONE);
	CHECK(pth_status_of_result("passed") == PTH_STATUSES);
	CHECK_STR(pth_weight_name(pth_category_weight(PTH_CAT_CERTIFICATE)), "critical");
}

/* Of several endings the heaviest is the status; what is no failure has no category. */
static void
weights(void)
{
	static const struct {
		const char *name;
		enum pth_category category;
	} rows[] = { { "passed", PTH_CAT_NONE }, { "unsupported", PTH_CAT_NONE },
		{ "failed", PTH_CAT_TEST_EXECUTION }, { "timeout", PTH_CAT_TIMEOUT },
		{ "error", PTH_CAT_TEST_EXECUTION }, { "crashed", PTH_CAT_TEST_EXECUTION },
		{ "skipped", PTH_CAT_NONE }, { "interrupted", PTH_CAT_NONE } };
	static const char *const weights[][2] = { { "none", "none" },
		{ "docker_build", "critical" }, { "docker_runtime", "critical" },
		{ "plugin_load", "high" }, { "service_start", "high" },
		{ "network_setup", "critical" }, { "port_conflict", "high" },
		{ "certificate", "critical" }, { "tester_compilation", "critical" },
		{ "command_execution", "medium" }, { "configuration", "high" },
		{ "resource", "critical" }, { "timeout", "medium" }, { "test_framework", "high" },
		{ "test_execution", "medium" }, { "dependency", "high" } };

	unit("the order of statuses, and what they are");
	CHECK_INT(countof(rows), PTH_STATUSES);
	for (size_t i = 0; i < countof(rows); i++) {
		CHECK_STR(pth_status_name((enum pth_status)i), rows[i].name);
		CHECK(pth_status_category((enum pth_status)i) == rows[i].category);
	}
	unit("how much a category weighs");
	CHECK_INT(countof(weights), PTH_CATEGORIES);
	for (size_t i = 0; i < countof(weights); i++) {
		enum pth_category c = pth_category_of(weights[i][0]);

		CHECK_STR(pth_category_name(c), weights[i][0]);
		CHECK_STR(pth_weight_name(pth_category_weight(c)), weights[i][1]);
	}
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
	static const int resources[] = { ENOSPC, ENOMEM, EMFILE, ENFILE, EAGAIN };
	for (size_t i = 0; i < countof(resources); i++) {
		CHECK(pth_category_errno(resources[i], PTH_CAT_NONE) == PTH_CAT_RESOURCE);
		CHECK(pth_category_log(strerror(resources[i]), PTH_CAT_NONE) == PTH_CAT_RESOURCE);
	}
	CHECK(pth_category_errno(ENOENT, PTH_CAT_NONE) == PTH_CAT_NONE);
	CHECK(pth_category_errno(0, PTH_CAT_DEPENDENCY) == PTH_CAT_DEPENDENCY);
	/* What somebody has said goes before what errno says. */
	errno = EMFILE;
	pth_err_set(&e, PTH_SYSTEM, "x:");
	e.category = PTH_CAT_CERTIFICATE;
	CHECK(pth_category_err(&e, PTH_CAT_TIMEOUT) == PTH_CAT_CERTIFICATE);
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
	o = json_object();
	pth_reason_put(o, PTH_WHY(PTH_CAT_TIMEOUT));
	CHECK_INT(json_object_size(o), 1);
	pth_reason_get(o, &back);
	CHECK(back.category == PTH_CAT_TIMEOUT && back.port == 0);
	CHECK(back.limit[0] == '\0' && back.program[0] == '\0');
	json_decref(o);
}

static void
ends(void)
{
	json_t *o;
	static const struct {
		enum pth_end end;
		enum pth_status good, broken, code; /* ended with 0, in the state error, with 3 */
	} rows[] = {
		{ PTH_END_NONE, PTH_S_ERROR, PTH_S_ERROR, PTH_S_ERROR },
		{ PTH_END_EXIT, PTH_S_PASSED, PTH_S_ERROR, PTH_S_FAILED },
		{ PTH_END_SIGNAL, PTH_S_CRASHED, PTH_S_CRASHED, PTH_S_CRASHED },
		{ PTH_END_STOPPED, PTH_S_PASSED, PTH_S_ERROR, PTH_S_PASSED },
		{ PTH_END_TIMEOUT, PTH_S_TIMEOUT, PTH_S_ERROR, PTH_S_TIMEOUT },
		{ PTH_END_NOT_FOUND, PTH_S_ERROR, PTH_S_ERROR, PTH_S_ERROR },
		{ PTH_END_NOT_EXECUTABLE, PTH_S_ERROR, PTH_S_ERROR, PTH_S_ERROR },
		{ PTH_END_NOT_READY, PTH_S_FAILED, PTH_S_ERROR, PTH_S_FAILED },
		{ PTH_END_NOT_STARTED, PTH_S_FAILED, PTH_S_ERROR, PTH_S_FAILED },
		{ PTH_END_LOST, PTH_S_ERROR, PTH_S_ERROR, PTH_S_ERROR },
	};

	unit("what an end means");
	CHECK_INT(countof(rows), PTH_ENDS);
	for (size_t i = 0; i < countof(rows); i++) {
		CHECK_INT(pth_end_status(rows[i].end, false, 0), rows[i].good);
		CHECK_INT(pth_end_status(rows[i].end, true, 0), rows[i].broken);
		CHECK_INT(pth_end_status(rows[i].end, false, 3), rows[i].code);
		o = json_pack("{s:s,s:s,s:i}", "reason", pth_end_name(rows[i].end), "state",
		    "ended", "code", 3);
		CHECK_INT(pth_end_judge(o), rows[i].code);
		json_object_set_new(o, "state", json_string("error"));
		CHECK_INT(pth_end_judge(o), rows[i].broken);
		json_decref(o);
	}
	CHECK(pth_end_judge(NULL) == PTH_S_ERROR);
}

int
main(void)
{
	names();
	weights();
	refusals();
	reasons();
	ends();
	return unit_done();
}
