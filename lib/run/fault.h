/*
 * What kind of failure a finished test shows, and how bad that is for the
 * rest of the run: PANTHER's categories and severities, of which the causes
 * are read off the record instead of exceptions.
 */
#ifndef PTH_RUN_FAULT_H
#define PTH_RUN_FAULT_H

#include <jansson.h>

enum pth_severity_of_fault {
	PTH_FAULT_NONE,
	PTH_FAULT_LOW,
	PTH_FAULT_MEDIUM,
	PTH_FAULT_HIGH,
	PTH_FAULT_CRITICAL
};

enum pth_category {
	PTH_CAT_NONE,
	PTH_CAT_DOCKER_BUILD,
	PTH_CAT_DOCKER_RUNTIME,
	PTH_CAT_PLUGIN_LOAD,
	PTH_CAT_SERVICE_START,
	PTH_CAT_NETWORK_SETUP,
	PTH_CAT_PORT_CONFLICT,
	PTH_CAT_CERTIFICATE,
	PTH_CAT_TESTER_COMPILATION,
	PTH_CAT_COMMAND_EXECUTION,
	PTH_CAT_CONFIGURATION,
	PTH_CAT_RESOURCE,
	PTH_CAT_TIMEOUT,
	PTH_CAT_TEST_FRAMEWORK,
	PTH_CAT_TEST_EXECUTION,
	PTH_CAT_DEPENDENCY,
	PTH_CATEGORIES,
};

const char *pth_category_name(enum pth_category c);
enum pth_severity_of_fault pth_category_severity(enum pth_category c);
const char *pth_fault_severity_name(enum pth_severity_of_fault s);

/* The category of a record with a result; PTH_CAT_NONE when it ended as it
 * should: completed, or with the status that the test expects, or was not to
 * be run. */
enum pth_category pth_fault_of(const json_t *rec);

#endif
