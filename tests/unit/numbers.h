/* The numbers of captures, as the metrics have them. */
#ifndef PTH_UNIT_NUMBERS_H
#define PTH_UNIT_NUMBERS_H

#include "io/json.h"
#include "unit.h"

/* Is what is at the path of the numbers of a file the JSON text? "-": nothing. */
static inline void
is(const json_t *m, const char *path, const char *want)
{
	json_t *at = pth_json_path(m, path);
	char *text = at != NULL ? json_dumps(at, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

	if (!CHECK(strcmp(text != NULL ? text : "-", want) == 0))
		printf("    %s is %s, not %s\n", path, text != NULL ? text : "-", want);
	free(text);
}

#endif
