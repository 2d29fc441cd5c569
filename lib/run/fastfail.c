/* This file decides whether a test has failed, of which category, and whether that ends the run. */
#include "run/fastfail.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "io/event.h"
#include "io/record.h"
#include "io/status.h"

#define WINDOW_US (300 * 1000000LL)
#define SKIPPED "fast fail: " /* before the reason, for those that are skipped */

/* The switch of each category below fast_fail, and how many failures of it in the window are a
 * cascade. Those without a number are of what all tests need, and the first one stops the run; an
 * image or a tester is the test's own and says nothing of the next one. */
static const struct {
	const char *key;
	unsigned cascade;
} rules[PTH_CATEGORIES] = {
	[PTH_CAT_DOCKER_BUILD] = { PTH_KEY(failing, docker_build_failures), 5 },
	[PTH_CAT_DOCKER_RUNTIME] = { PTH_KEY(failing, docker_runtime_failures), 5 },
	[PTH_CAT_PLUGIN_LOAD] = { PTH_KEY(failing, plugin_load_failures), 5 },
	[PTH_CAT_SERVICE_START] = { PTH_KEY(failing, service_start_failures), 3 },
	[PTH_CAT_NETWORK_SETUP] = { PTH_KEY(failing, network_setup_failures), 0 },
	[PTH_CAT_PORT_CONFLICT] = { PTH_KEY(failing, port_conflict_failures), 5 },
	[PTH_CAT_CERTIFICATE] = { PTH_KEY(failing, certificate_failures), 0 },
	[PTH_CAT_TESTER_COMPILATION] = { PTH_KEY(failing, ivy_compilation_failures), 5 },
	[PTH_CAT_COMMAND_EXECUTION] = { NULL, 5 },
	[PTH_CAT_CONFIGURATION] = { PTH_KEY(failing, configuration_failures), 5 },
	[PTH_CAT_RESOURCE] = { PTH_KEY(failing, resource_exhaustion), 0 },
	[PTH_CAT_TIMEOUT] = { NULL, 3 },
	[PTH_CAT_TEST_FRAMEWORK] = { NULL, 5 },
	[PTH_CAT_TEST_EXECUTION] = { NULL, 4 },
	/* Its program is missing: it cannot start. */
	[PTH_CAT_DEPENDENCY] = { PTH_KEY(failing, service_start_failures), 5 },
};

enum pth_category
pth_fault_of(const json_t *rec)
{
	const json_t *result = pth_test_result(rec), *error = pth_test_error(rec);
	const char *expected = pth_json_str(pth_test_expect(rec), PTH_KEY(rules, status), "passed");
	enum pth_status status = pth_status_of_result(pth_result_status(result));
	enum pth_category c;

	if (pth_status_category(status) == PTH_CAT_NONE ||
	    strcmp(pth_result_status(result), expected) == 0)
		return PTH_CAT_NONE;
	if (status != PTH_S_ERROR)
		error = NULL;
	c = pth_category_of(
	    error != NULL ? pth_error_category(error) : pth_result_category(result));
	/* Records of others say none. */
	if (c == PTH_CAT_NONE)
		c = error != NULL ? PTH_CAT_CONFIGURATION : pth_status_category(status);
	return c;
}

static bool
trigger(struct pth_fastfail *f, enum pth_category c, const char *fmt, ...)
{
	size_t n = strlen(SKIPPED);
	va_list ap;

	f->triggered = true;
	f->category = c;
	memcpy(f->reason, SKIPPED, n);
	va_start(ap, fmt);
	vsnprintf(f->reason + n, sizeof f->reason - n, fmt, ap);
	va_end(ap);
	pth_event("run.failing_fast", "{s:s,s:s,s:s}", "category", pth_category_name(c), "severity",
	    pth_weight_name(pth_category_weight(c)), "reason", f->reason + n);
	return true;
}

/* Too many of one kind, one after the other. on: the switch of the kind. */
static bool
cascades(
    struct pth_fastfail *f, const json_t *set, const json_t *on, enum pth_category c, int64_t now)
{
	unsigned limit = rules[c].cascade, n = 0;

	for (size_t i = 0; i < countof(f->recent); i++)
		n += f->recent[i].category == c && now - f->recent[i].at <= WINDOW_US;
	if (c == PTH_CAT_TIMEOUT)
		limit = (unsigned)pth_json_int(
		    set, PTH_KEY(failing, timeout_cascade_threshold), limit);
	return pth_failing_timeout_cascades(set) && !json_is_false(on) && limit > 0 && n >= limit &&
	    trigger(f, c, "cascade: %u failures of the category %s within %d s", n,
	        pth_category_name(c), (int)(WINDOW_US / PTH_SECOND_US));
}

bool
pth_fastfail_note(struct pth_fastfail *f, const json_t *rec, int64_t now)
{
	const json_t *set = pth_settings_fast_fail(pth_test_settings(rec));
	const json_t *own = pth_test_fast_fail_enabled(rec), *on = NULL;
	enum pth_category c = pth_fault_of(rec);
	bool critical = pth_category_weight(c) == PTH_WEIGHT_CRITICAL;
	int64_t max = pth_failing_max_errors_before_fail(set);

	if (c == PTH_CAT_NONE || f->triggered)
		return false;
	f->recent[f->failures++ % PTH_FASTFAIL_RECENT] = (struct pth_failure){ c, now };
	if (f->max > 0 && f->failures >= f->max)
		return trigger(f, c, "%u failures, --fail-fast %u", f->failures, f->max);
	if (!pth_failing_enabled(set) || pth_test_continue_on_failure(rec))
		return false;
	if (pth_failing_test_level(set) && json_is_boolean(own))
		return json_is_true(own) &&
		    trigger(f, c, "%s failed, and its fast_fail_enabled is true", pth_rec_id(rec));
	if (max > 0 && f->failures >= max)
		return trigger(f, c, "%u failures, max_errors_before_fail", f->failures);
	if (rules[c].key != NULL)
		on = json_object_get(set, rules[c].key);
	if (json_is_true(on) ? critical || !pth_failing_critical_only(set) :
	                       !json_is_false(on) && rules[c].cascade == 0)
		return trigger(f, c, "%s: %s", pth_rec_id(rec),
		    pth_json_str(pth_test_result(rec), PTH_KEY(result, reason), "failed"));
	return !pth_failing_critical_only(set) && cascades(f, set, on, c, now);
}

bool
pth_fastfail_disk(struct pth_fastfail *f, const json_t *rec, int dirfd)
{
	const json_t *set = pth_settings_fast_fail(pth_test_settings(rec));
	double least = pth_failing_disk_space_threshold_gb(set), left;
	struct statvfs v;

	if (f->triggered || least <= 0 || !pth_failing_enabled(set) || fstatvfs(dirfd, &v) != 0)
		return true;
	left = (double)v.f_bavail * (double)v.f_frsize / 1e9;
	return left >= least ||
	    !trigger(f, PTH_CAT_RESOURCE, "%.2f GB of disk left, disk_space_threshold_gb is %.2f",
	        left, least);
}

json_t *
pth_fastfail_json(const struct pth_fastfail *f)
{
	return json_pack("{s:b,s:s,s:s,s:s}", PTH_KEY(failfast, triggered), f->triggered,
	    PTH_KEY(failfast, category), pth_category_name(f->category),
	    PTH_KEY(failfast, severity), pth_weight_name(pth_category_weight(f->category)),
	    PTH_KEY(failfast, reason), f->reason + strlen(SKIPPED));
}
