/* The category of a finished test, as its record has it. */
#include "run/fault.h"

#include <string.h>

#include "io/json.h"
#include "io/status.h"

enum pth_category
pth_fault_of(const json_t *rec)
{
	const json_t *result = json_object_get(rec, "result");
	const json_t *error = json_object_get(rec, "error");
	const char *status = pth_json_str(result, "status", "");
	const char *expected = pth_json_str(json_object_get(rec, "expect"), "status", "passed");
	enum pth_status s = pth_status_of_result(status);
	enum pth_category c;

	if (pth_status_category(s) == PTH_CAT_NONE || strcmp(status, expected) == 0)
		return PTH_CAT_NONE;
	if (s != PTH_S_ERROR || error == NULL)
		error = result;
	c = pth_category_of(pth_json_str(error, "category", NULL));
	/* Records of others say none. */
	if (c == PTH_CAT_NONE)
		c = error == result ? pth_status_category(s) : PTH_CAT_CONFIGURATION;
	return c;
}
