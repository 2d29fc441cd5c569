/* Records that a test changes in one place. */
#ifndef PTH_PATCHED_H
#define PTH_PATCHED_H

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/json.h"
#include "unit.h"

/* Sets what is at the path "a.b.0.c"; objects on the way are made. "-": nothing is there. */
static void
set(json_t *o, const char *path, json_t *v)
{
	const char *dot = strrchr(path, '.'), *last = dot != NULL ? dot + 1 : path;
	pth_auto_str up = pth_xstrndup(path, dot != NULL ? (size_t)(dot - path) : 0);
	long long i;

	if (*up != '\0' && pth_json_path(o, up) == NULL)
		set(o, up, json_object());
	o = pth_json_path(o, up);
	if (json_is_array(o) && CHECK(pth_int(last, 0, 100, &i)))
		json_array_set_new(o, (size_t)i, v);
	else if (json_is_string(v) && strcmp(json_string_value(v), "-") == 0)
		json_object_del(o, last), json_decref(v);
	else
		json_object_set_new(o, last, v);
}

#endif
