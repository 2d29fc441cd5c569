/* This file has the categories of failures: their names and weight, and how records have them. */
#include "io/category.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "io/record.h"

static const struct {
	const char *name;
	enum pth_weight weight;
} table[PTH_CATEGORIES] = {
	[PTH_CAT_NONE] = { "none", PTH_WEIGHT_NONE },
	[PTH_CAT_DOCKER_BUILD] = { "docker_build", PTH_WEIGHT_CRITICAL },
	[PTH_CAT_DOCKER_RUNTIME] = { "docker_runtime", PTH_WEIGHT_CRITICAL },
	[PTH_CAT_PLUGIN_LOAD] = { "plugin_load", PTH_WEIGHT_HIGH },
	[PTH_CAT_SERVICE_START] = { "service_start", PTH_WEIGHT_HIGH },
	[PTH_CAT_NETWORK_SETUP] = { "network_setup", PTH_WEIGHT_CRITICAL },
	[PTH_CAT_PORT_CONFLICT] = { "port_conflict", PTH_WEIGHT_HIGH },
	[PTH_CAT_CERTIFICATE] = { "certificate", PTH_WEIGHT_CRITICAL },
	[PTH_CAT_TESTER_COMPILATION] = { "tester_compilation", PTH_WEIGHT_CRITICAL },
	[PTH_CAT_COMMAND_EXECUTION] = { "command_execution", PTH_WEIGHT_MEDIUM },
	[PTH_CAT_CONFIGURATION] = { "configuration", PTH_WEIGHT_HIGH },
	[PTH_CAT_RESOURCE] = { "resource", PTH_WEIGHT_CRITICAL },
	[PTH_CAT_TIMEOUT] = { "timeout", PTH_WEIGHT_MEDIUM },
	[PTH_CAT_TEST_FRAMEWORK] = { "test_framework", PTH_WEIGHT_HIGH },
	[PTH_CAT_TEST_EXECUTION] = { "test_execution", PTH_WEIGHT_MEDIUM },
	[PTH_CAT_DEPENDENCY] = { "dependency", PTH_WEIGHT_HIGH },
};

/* What the kernel refuses, and what a refusal means. */
static const struct {
	int err_no;
	enum pth_category category;
} refusals[] = {
	{ ENOSPC, PTH_CAT_RESOURCE },
	{ ENOMEM, PTH_CAT_RESOURCE },
	{ EMFILE, PTH_CAT_RESOURCE },
	{ ENFILE, PTH_CAT_RESOURCE },
	{ EAGAIN, PTH_CAT_RESOURCE },
	{ EADDRINUSE, PTH_CAT_PORT_CONFLICT },
};

const char *
pth_category_name(enum pth_category c)
{
	return table[c].name;
}

enum pth_category
pth_category_of(const char *name)
{
	for (int c = 1; c < PTH_CATEGORIES; c++)
		if (name != NULL && strcmp(table[c].name, name) == 0)
			return (enum pth_category)c;
	return PTH_CAT_NONE;
}

enum pth_weight
pth_category_weight(enum pth_category c)
{
	return table[c].weight;
}

const char *
pth_weight_name(enum pth_weight w)
{
	static const char *const names[] = { "none", "low", "medium", "high", "critical" };

	return names[w];
}

enum pth_category
pth_category_errno(int err_no, enum pth_category other)
{
	for (size_t i = 0; i < countof(refusals); i++)
		if (refusals[i].err_no == err_no)
			return refusals[i].category;
	return other;
}

enum pth_category
pth_category_log(const char *line, enum pth_category other)
{
	/* Libraries of other languages write the kernel's words in small letters. */
	for (size_t i = 0; i < countof(refusals); i++)
		if (strcasestr(line, strerror(refusals[i].err_no)) != NULL)
			return refusals[i].category;
	return other;
}

bool
pth_category_says(const char *text, enum pth_category c)
{
	for (size_t i = 0; i < countof(refusals); i++)
		if (refusals[i].category == c &&
		    strcasestr(text, strerror(refusals[i].err_no)) != NULL)
			return true;
	return false;
}

enum pth_category
pth_category_err(const struct pth_err *e, enum pth_category other)
{
	return e->category != PTH_CAT_NONE ? (enum pth_category)e->category :
	                                     pth_category_errno(e->error, other);
}

void
pth_reason_program(struct pth_reason *r, const char *program)
{
	snprintf(r->program, sizeof r->program, "%s", program != NULL ? program : "");
}

void
pth_reason_put(json_t *o, const struct pth_reason *r)
{
	if (r->category == PTH_CAT_NONE)
		return;
	pth_result_set_category(o, pth_category_name(r->category));
	if (r->program[0] != '\0')
		pth_result_set_program(o, r->program);
	if (r->port != 0)
		pth_result_set_port(o, r->port);
	if (r->limit[0] != '\0')
		pth_result_set_limit(o, r->limit);
}

void
pth_reason_get(const json_t *o, struct pth_reason *r)
{
	r->category = pth_category_of(pth_result_category(o));
	pth_reason_program(r, pth_result_program(o));
	snprintf(r->limit, sizeof r->limit, "%s", pth_result_limit(o));
	r->port = (unsigned)pth_result_port(o);
}
