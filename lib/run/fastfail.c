#include "run/fastfail.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "io/event.h"
#include "io/json.h"

#define WINDOW_US (300 * 1000000LL)

/* The switch of each category below fast_fail, and how many failures of it
 * in the window are a cascade; those without a number stop the run sooner. */
static const struct {
	const char *key;
	unsigned cascade;
} rules[PTH_CATEGORIES] = {
	[PTH_CAT_DOCKER_BUILD] = { "docker_build_failures", 0 },
	[PTH_CAT_DOCKER_RUNTIME] = { "docker_runtime_failures", 0 },
	[PTH_CAT_PLUGIN_LOAD] = { "plugin_load_failures", 5 },
	[PTH_CAT_SERVICE_START] = { "service_start_failures", 3 },
	[PTH_CAT_NETWORK_SETUP] = { "network_setup_failures", 0 },
	[PTH_CAT_PORT_CONFLICT] = { "port_conflict_failures", 5 },
	[PTH_CAT_CERTIFICATE] = { "certificate_failures", 0 },
	[PTH_CAT_TESTER_COMPILATION] = { "ivy_compilation_failures", 0 },
	[PTH_CAT_COMMAND_EXECUTION] = { NULL, 5 },
	[PTH_CAT_CONFIGURATION] = { "configuration_failures", 5 },
	[PTH_CAT_RESOURCE] = { "resource_exhaustion", 0 },
	[PTH_CAT_TIMEOUT] = { NULL, 3 },
	[PTH_CAT_TEST_FRAMEWORK] = { NULL, 5 },
	[PTH_CAT_TEST_EXECUTION] = { NULL, 4 },
	/* Its program is missing: it cannot start. */
	[PTH_CAT_DEPENDENCY] = { "service_start_failures", 5 },
};

static bool
trigger(struct pth_fastfail *f, enum pth_category c, const char *fmt, ...)
{
	va_list ap;

	f->triggered = true;
	f->category = c;
	va_start(ap, fmt);
	vsnprintf(f->reason, sizeof f->reason, fmt, ap);
	va_end(ap);
	pth_event("run.failing_fast", "{s:s,s:s,s:s}", "category", pth_category_name(c), "severity",
	    pth_weight_name(pth_category_weight(c)), "reason", f->reason);
	return true;
}

static const json_t *
settings(const json_t *rec)
{
	return json_object_get(json_object_get(rec, "settings"), "fast_fail");
}

/* Failures of this category among the recent ones. */
static unsigned
repeated(const struct pth_fastfail *f, enum pth_category c, int64_t now)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->nrecent; i++)
		n += f->recent[i].category == c && now - f->recent[i].at <= WINDOW_US;
	return n;
}

static void
remember(struct pth_fastfail *f, enum pth_category c, int64_t now)
{
	f->failures++;
	if (f->nrecent == PTH_FASTFAIL_RECENT) {
		memmove(f->recent, f->recent + 1, sizeof f->recent - sizeof f->recent[0]);
		f->nrecent--;
	}
	f->recent[f->nrecent].category = c;
	f->recent[f->nrecent++].at = now;
}

/* Too many of one kind, one after the other. on: the switch of the kind. */
static bool
cascades(
    struct pth_fastfail *f, const json_t *set, const json_t *on, enum pth_category c, int64_t now)
{
	unsigned limit = rules[c].cascade, n = repeated(f, c, now);

	if (c == PTH_CAT_TIMEOUT)
		limit = (unsigned)pth_json_int(set, "timeout_cascade_threshold", limit);
	return pth_json_bool(set, "timeout_cascades", false) && !json_is_false(on) && limit > 0 &&
	    n >= limit &&
	    trigger(f, c, "cascade: %u failures of the category %s within %d s", n,
	        pth_category_name(c), (int)(WINDOW_US / 1000000));
}

bool
pth_fastfail_note(struct pth_fastfail *f, const json_t *rec, int64_t now)
{
	const json_t *set = settings(rec), *own = json_object_get(rec, "fast_fail_enabled");
	enum pth_category c = pth_fault_of(rec);
	const char *id = pth_json_str(rec, "id", "?");
	int64_t max = pth_json_int(set, "max_errors_before_fail", 0);
	const json_t *on;

	if (c == PTH_CAT_NONE || f->triggered)
		return false;
	remember(f, c, now);
	if (f->max > 0 && f->failures >= f->max)
		return trigger(f, c, "%u failures, --fail-fast %u", f->failures, f->max);
	if (!pth_json_bool(set, "enabled", true) ||
	    pth_json_bool(rec, "continue_on_failure", false))
		return false;
	if (pth_json_bool(set, "test_level", false) && json_is_boolean(own)) {
		if (!json_is_true(own))
			return false;
		return trigger(f, c, "%s failed, and its fast_fail_enabled is true", id);
	}
	if (max > 0 && f->failures >= max)
		return trigger(f, c, "%u failures, max_errors_before_fail", f->failures);
	on = rules[c].key != NULL ? json_object_get(set, rules[c].key) : NULL;
	if (pth_category_weight(c) == PTH_WEIGHT_CRITICAL ?
	        !json_is_false(on) :
	        json_is_true(on) && !pth_json_bool(set, "critical_only", false))
		return trigger(f, c, "%s: %s", id,
		    pth_json_str(json_object_get(rec, "result"), "reason", "failed"));
	return !pth_json_bool(set, "critical_only", false) && cascades(f, set, on, c, now);
}

bool
pth_fastfail_disk(struct pth_fastfail *f, const json_t *rec, int dirfd)
{
	const json_t *set = settings(rec);
	double least = pth_json_num(set, "disk_space_threshold_gb", 0), left;
	struct statvfs v;

	if (f->triggered || least <= 0 || !pth_json_bool(set, "enabled", true) ||
	    fstatvfs(dirfd, &v) != 0)
		return true;
	left = (double)v.f_bavail * (double)v.f_frsize / 1e9;
	if (left >= least)
		return true;
	trigger(f, PTH_CAT_RESOURCE, "%.2f GB of disk left, disk_space_threshold_gb is %.2f", left,
	    least);
	return false;
}

const char *
pth_fastfail_reason(const struct pth_fastfail *f, char to[400])
{
	snprintf(to, 400, "fast fail: %s", f->reason);
	return to;
}

json_t *
pth_fastfail_json(const struct pth_fastfail *f)
{
	return json_pack("{s:b,s:s,s:s,s:s}", "triggered", f->triggered, "category",
	    pth_category_name(f->category), "severity",
	    pth_weight_name(pth_category_weight(f->category)), "reason", f->reason);
}
