/* This file has statuses and ends: their names, their order, and what an end means. */
#include "io/status.h"

#include <string.h>

#include "io/record.h"

static const char *const names[PTH_STATUSES] = {
	[PTH_S_PASSED] = "passed",
	[PTH_S_UNSUPPORTED] = "unsupported",
	[PTH_S_FAILED] = "failed",
	[PTH_S_TIMEOUT] = "timeout",
	[PTH_S_ERROR] = "error",
	[PTH_S_CRASHED] = "crashed",
	[PTH_S_SKIPPED] = "skipped",
	[PTH_S_INTERRUPTED] = "interrupted",
};

static const char *const ends[PTH_ENDS] = {
	[PTH_END_NONE] = "running",
	[PTH_END_EXIT] = "exit",
	[PTH_END_SIGNAL] = "signal",
	[PTH_END_STOPPED] = "stopped",
	[PTH_END_TIMEOUT] = "timeout",
	[PTH_END_NOT_FOUND] = "not found",
	[PTH_END_NOT_EXECUTABLE] = "not executable",
	[PTH_END_NOT_READY] = "not ready",
	[PTH_END_NOT_STARTED] = "not started",
	[PTH_END_LOST] = "lost",
};

/* The place of a name among n; n when it is not there. */
static unsigned
place(const char *const *list, unsigned n, const char *name)
{
	unsigned i = 0;

	while (i < n && (name == NULL || strcmp(list[i], name) != 0))
		i++;
	return i;
}

const char *
pth_status_name(enum pth_status s)
{
	return s < PTH_STATUSES ? names[s] : "error";
}

enum pth_status
pth_status_of(const char *name)
{
	return (enum pth_status)place(names, PTH_STATUSES, name);
}

const char *
pth_status_result_name(enum pth_status s)
{
	return s == PTH_S_PASSED ? "completed" : pth_status_name(s);
}

enum pth_status
pth_status_of_result(const char *name)
{
	enum pth_status s = pth_status_of(name);

	if (name != NULL && strcmp(name, "completed") == 0)
		return PTH_S_PASSED;
	return s == PTH_S_PASSED ? PTH_STATUSES : s;
}

enum pth_status
pth_status_of_error(const json_t *error)
{
	return pth_status_of(pth_error_status(error)) == PTH_S_UNSUPPORTED ? PTH_S_UNSUPPORTED :
	                                                                     PTH_S_ERROR;
}

enum pth_category
pth_status_category(enum pth_status s)
{
	switch (s) {
	case PTH_S_TIMEOUT: return PTH_CAT_TIMEOUT;
	case PTH_S_FAILED:
	case PTH_S_CRASHED:
	case PTH_S_ERROR: return PTH_CAT_TEST_EXECUTION;
	default: return PTH_CAT_NONE;
	}
}

const char *
pth_end_name(enum pth_end e)
{
	return ends[e];
}

enum pth_end
pth_end_of(const char *name)
{
	return (enum pth_end)place(ends, PTH_ENDS, name);
}

enum pth_status
pth_end_status(enum pth_end e, bool broken, int code)
{
	if (e == PTH_END_SIGNAL)
		return PTH_S_CRASHED;
	if (broken)
		return PTH_S_ERROR;
	switch (e) {
	case PTH_END_EXIT: return code == 0 ? PTH_S_PASSED : PTH_S_FAILED;
	case PTH_END_STOPPED: return PTH_S_PASSED;
	case PTH_END_TIMEOUT: return PTH_S_TIMEOUT;
	/* A consequence of something else: what is said of the test weighs. */
	case PTH_END_NOT_STARTED:
	case PTH_END_NOT_READY: return PTH_S_FAILED;
	default: return PTH_S_ERROR;
	}
}

enum pth_status
pth_end_judge(const json_t *service)
{
	return pth_end_status(pth_end_of(pth_rsvc_reason(service)),
	    strcmp(pth_rsvc_state(service), "error") == 0, (int)pth_rsvc_code(service));
}
