/*
 * How a test or a service ended: one order of statuses for all who judge, and
 * the reasons for which a service's run command ends.
 */
#ifndef PTH_IO_STATUS_H
#define PTH_IO_STATUS_H

#include <stdbool.h>

#include <jansson.h>

#include "io/category.h"

/* In order of weight: of several endings the heaviest is the status. */
enum pth_status {
	PTH_S_PASSED,
	PTH_S_UNSUPPORTED,
	PTH_S_FAILED,
	PTH_S_TIMEOUT,
	PTH_S_ERROR,
	PTH_S_CRASHED,
	PTH_S_SKIPPED,
	PTH_S_INTERRUPTED,
	PTH_STATUSES
};

/* Does something hold that should? Unknown: it cannot be told, because what it rests on could not
 * be read or measured. That is never taken for one of the others. */
enum pth_answer { PTH_A_NO, PTH_A_YES, PTH_A_UNKNOWN };

/* "passed" ..., as the verdict says it. */
const char *pth_status_name(enum pth_status s);
/* By name; PTH_STATUSES when there is none of that name (or NULL). */
enum pth_status pth_status_of(const char *name);
/* The name as result.status has it: "completed" for passed, because nobody has judged the test
 * yet. */
const char *pth_status_result_name(enum pth_status s);
enum pth_status pth_status_of_result(const char *name);
/* Of a test that cannot be run, for the reason in its "error": unsupported when that says so. */
enum pth_status pth_status_of_error(const json_t *error);
/* The category of a test with this status when no other is known; PTH_CAT_NONE for statuses that
 * are no failure. */
enum pth_category pth_status_category(enum pth_status s);

/* Why a service's run command ended, or did not run: result.services.X.reason. */
enum pth_end {
	PTH_END_NONE,
	PTH_END_EXIT,
	PTH_END_SIGNAL,
	PTH_END_STOPPED,
	PTH_END_TIMEOUT,
	PTH_END_NOT_FOUND,
	PTH_END_NOT_EXECUTABLE,
	PTH_END_NOT_READY,
	PTH_END_NOT_STARTED,
	PTH_END_LOST,
	PTH_ENDS
};

const char *pth_end_name(enum pth_end e);
/* By name; PTH_ENDS when there is none of that name (or NULL). */
enum pth_end pth_end_of(const char *name);
/* What the end of one service means. broken: it is in the state error; code: what
 * it ended with. */
enum pth_status pth_end_status(enum pth_end e, bool broken, int code);
/* The same of a member of result.services. */
enum pth_status pth_end_judge(const json_t *service);

#endif
