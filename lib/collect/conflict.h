/* The stream and the directory of a test say the same, or it is said that they do not. */
#ifndef PTH_COLLECT_CONFLICT_H
#define PTH_COLLECT_CONFLICT_H

#include <jansson.h>

/*
 * Compare the record with record.json and result.json in the directory of its test: the
 * record counts. What differs there, or cannot be read, is named in result.conflicts. A file
 * that is missing says nothing.
 */
void collect_conflicts(json_t *rec, int dirfd);

#endif
