/*
 * A category says as data why something failed. Here are the categories and severities of
 * PANTHER, and what the "error" and "result" of a record say beside their words. Code that
 * decides what a failure means reads these, never a message.
 */
#ifndef PTH_IO_CATEGORY_H
#define PTH_IO_CATEGORY_H

#include <stdbool.h>

#include <jansson.h>

#include "base/err.h"

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

/* How bad a failure of a category is for the rest of the run. */
enum pth_weight {
	PTH_WEIGHT_NONE,
	PTH_WEIGHT_LOW,
	PTH_WEIGHT_MEDIUM,
	PTH_WEIGHT_HIGH,
	PTH_WEIGHT_CRITICAL
};

const char *pth_category_name(enum pth_category c);
/* By name; PTH_CAT_NONE when there is none of that name (or NULL). */
enum pth_category pth_category_of(const char *name);
enum pth_weight pth_category_weight(enum pth_category c);
const char *pth_weight_name(enum pth_weight w);

/* What the system's refusal means: resource, port_conflict, or else. */
enum pth_category pth_category_errno(int err_no, enum pth_category other);
/* The same where a program's log tells the system's refusal. */
enum pth_category pth_category_log(const char *line, enum pth_category other);
/* Does a text of many lines tell a refusal of this category? */
bool pth_category_says(const char *text, enum pth_category c);
/* The category that e was given, else that of its errno, or else. */
enum pth_category pth_category_err(const struct pth_err *e, enum pth_category other);

/* One reason. Everything but the category is there only where it is known. */
struct pth_reason {
	enum pth_category category;
	char program[64]; /* that failed or is missing, or "" */
	char limit[24];   /* the name of the limit that was reached, or "" */
	unsigned port;    /* that could not be had, or 0 */
};

/* One on the spot: PTH_WHY(PTH_CAT_TIMEOUT, .limit = "timeout"). */
#define PTH_WHY(c, ...) (&(const struct pth_reason){ .category = (c), __VA_ARGS__ })

void pth_reason_program(struct pth_reason *r, const char *program);
/* To and from the members "category", "program", "port" and "limit" of o. */
void pth_reason_put(json_t *o, const struct pth_reason *r);
void pth_reason_get(const json_t *o, struct pth_reason *r);

#endif
