#include "run/fault.h"

#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "io/json.h"
#include "io/rec.h"

static const struct {
	const char *name;
	enum pth_severity_of_fault severity;
} table[PTH_CATEGORIES] = {
	[PTH_CAT_NONE] = { "none", PTH_FAULT_NONE },
	[PTH_CAT_DOCKER_BUILD] = { "docker_build", PTH_FAULT_CRITICAL },
	[PTH_CAT_DOCKER_RUNTIME] = { "docker_runtime", PTH_FAULT_CRITICAL },
	[PTH_CAT_PLUGIN_LOAD] = { "plugin_load", PTH_FAULT_HIGH },
	[PTH_CAT_SERVICE_START] = { "service_start", PTH_FAULT_HIGH },
	[PTH_CAT_NETWORK_SETUP] = { "network_setup", PTH_FAULT_CRITICAL },
	[PTH_CAT_PORT_CONFLICT] = { "port_conflict", PTH_FAULT_HIGH },
	[PTH_CAT_CERTIFICATE] = { "certificate", PTH_FAULT_CRITICAL },
	[PTH_CAT_TESTER_COMPILATION] = { "tester_compilation", PTH_FAULT_CRITICAL },
	[PTH_CAT_COMMAND_EXECUTION] = { "command_execution", PTH_FAULT_MEDIUM },
	[PTH_CAT_CONFIGURATION] = { "configuration", PTH_FAULT_HIGH },
	[PTH_CAT_RESOURCE] = { "resource", PTH_FAULT_CRITICAL },
	[PTH_CAT_TIMEOUT] = { "timeout", PTH_FAULT_MEDIUM },
	[PTH_CAT_TEST_FRAMEWORK] = { "test_framework", PTH_FAULT_HIGH },
	[PTH_CAT_TEST_EXECUTION] = { "test_execution", PTH_FAULT_MEDIUM },
	[PTH_CAT_DEPENDENCY] = { "dependency", PTH_FAULT_HIGH },
};

const char *
pth_category_name(enum pth_category c)
{
	return table[c].name;
}

enum pth_severity_of_fault
pth_category_severity(enum pth_category c)
{
	return table[c].severity;
}

const char *
pth_fault_severity_name(enum pth_severity_of_fault s)
{
	static const char *const names[] = { "none", "low", "medium", "high", "critical" };

	return names[s];
}

/* Words that a system says in the reason of a test. */
static const struct {
	const char *text;
	enum pth_category category;
} signs[] = {
	{ "No space left on device", PTH_CAT_RESOURCE },
	{ "Cannot allocate memory", PTH_CAT_RESOURCE },
	{ "Too many open files", PTH_CAT_RESOURCE },
	{ "Resource temporarily unavailable", PTH_CAT_RESOURCE },
	{ "Address already in use", PTH_CAT_PORT_CONFLICT },
	{ "address already in use", PTH_CAT_PORT_CONFLICT },
	{ "setup: network_environment.subnet ", PTH_CAT_NETWORK_SETUP },
};

static enum pth_category
by_name(const char *name)
{
	for (int c = 1; c < PTH_CATEGORIES; c++)
		if (name != NULL && strcmp(table[c].name, name) == 0)
			return (enum pth_category)c;
	return PTH_CAT_NONE;
}

/* Limits of its own make a test meet what else would be a want of the
 * machine, and the others need not stop for that. */
static bool
is_limited(const json_t *rec)
{
	json_t *s;
	size_t i;

	json_array_foreach(pth_json_path(rec, "plan.services"), i, s)
		if (json_object_size(json_object_get(s, "limits")) > 0)
			return true;
	return false;
}

/* A setup command that failed: the plan may say what it was for. */
static enum pth_category
of_setup(const json_t *rec, const json_t *result)
{
	const json_t *done = json_object_get(result, "setup");
	size_t n = json_array_size(done);
	const json_t *last = n > 0 ? json_array_get(done, n - 1) : NULL;
	const json_t *cmd = json_array_get(json_object_get(pth_rec_plan(rec), "setup"),
	    (size_t)pth_json_int(last, "index", (int64_t)n));
	enum pth_category c;

	c = by_name(pth_json_str(cmd, "category", NULL));
	if (c != PTH_CAT_NONE)
		return c;
	return strstr(pth_json_str(last, "argv0", ""), "openssl") != NULL ? PTH_CAT_CERTIFICATE :
	                                                                    PTH_CAT_NETWORK_SETUP;
}

/* The first service that went wrong says what it is. */
static enum pth_category
of_services(const json_t *rec, const json_t *result)
{
	const char *name, *reason;
	json_t *s;

	json_object_foreach(json_object_get(result, "services"), name, s) {
		reason = pth_json_str(s, "reason", "");
		if (strcmp(reason, "not found") == 0 || strcmp(reason, "not executable") == 0)
			return PTH_CAT_DEPENDENCY;
		if (strcmp(pth_json_str(s, "state", ""), "error") != 0)
			continue;
		/* A pre_run without a start is the one outside: the container is made. */
		if (json_object_get(rec, "compose") != NULL &&
		    (strcmp(reason, "lost") == 0 ||
		        (pth_json_path(s, "started_us") == NULL &&
		            strncmp(pth_json_str(s, "error", ""), "pre_run: ", 9) == 0)))
			return PTH_CAT_DOCKER_RUNTIME;
		if (pth_json_path(s, "started_us") != NULL)
			return PTH_CAT_SERVICE_START;
		if (strcmp(pth_json_str(pth_rec_service(rec, name), "kind", ""), "tester") == 0 &&
		    strstr(pth_json_str(s, "error", ""), "compile") != NULL)
			return PTH_CAT_TESTER_COMPILATION;
		return PTH_CAT_COMMAND_EXECUTION;
	}
	return PTH_CAT_NONE;
}

static enum pth_category
of_early_error(const json_t *error)
{
	const char *message = pth_json_str(error, "message", "");

	/* "no implementation named 'x'", "cannot use x: ..." */
	return (strncmp(message, "no ", 3) == 0 && strstr(message, " named '") != NULL) ||
	        strncmp(message, "cannot use ", 11) == 0 || strstr(message, "plugin") != NULL ||
	        strstr(message, "descriptor") != NULL ?
	    PTH_CAT_PLUGIN_LOAD :
	    PTH_CAT_CONFIGURATION;
}

static enum pth_category
of_error(const json_t *rec, const json_t *result)
{
	const char *reason = pth_json_str(result, "reason", "");
	enum pth_category c;

	if (json_object_get(rec, "error") != NULL)
		return of_early_error(json_object_get(rec, "error"));
	for (size_t i = 0; i < countof(signs); i++)
		if (strstr(reason, signs[i].text) != NULL &&
		    !(signs[i].category == PTH_CAT_RESOURCE && is_limited(rec)))
			return signs[i].category;
	if (strncmp(reason, "setup: ", 7) == 0)
		return of_setup(rec, result);
	if (strstr(reason, " not found") != NULL)
		return PTH_CAT_DEPENDENCY;
	if (strstr(reason, "supervisor was lost") != NULL)
		return PTH_CAT_TEST_FRAMEWORK;
	c = of_services(rec, result);
	return c != PTH_CAT_NONE ? c : PTH_CAT_TEST_EXECUTION;
}

enum pth_category
pth_fault_of(const json_t *rec)
{
	const json_t *result = json_object_get(rec, "result");
	const char *status = pth_json_str(result, "status", "");
	const char *expected = pth_json_str(json_object_get(rec, "expect"), "status", "passed");

	if (strcmp(status, "completed") == 0 || strcmp(status, expected) == 0)
		return PTH_CAT_NONE;
	if (strcmp(status, "error") == 0)
		return of_error(rec, result);
	if (strcmp(status, "timeout") == 0)
		return PTH_CAT_TIMEOUT;
	if (strcmp(status, "failed") == 0 || strcmp(status, "crashed") == 0)
		return PTH_CAT_TEST_EXECUTION;
	return PTH_CAT_NONE; /* skipped, unsupported, interrupted */
}
