/*
 * What kind of failure a finished test shows: the category that the place of
 * the failure has given its error or its result.
 */
#ifndef PTH_RUN_FAULT_H
#define PTH_RUN_FAULT_H

#include <jansson.h>

#include "io/category.h"

/* The category of a record with a result; PTH_CAT_NONE when it ended as it
 * should: completed, or with the status that the test expects, or was not to
 * be run. */
enum pth_category pth_fault_of(const json_t *rec);

#endif
