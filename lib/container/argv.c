/* This file puts command lines together as arrays of JSON. */
#include "container/argv.h"

#include <stdint.h>

#include "io/json.h"

void
container_push(json_t *argv, const char *word)
{
	pth_json_push(argv, json_string(word));
}

void
container_push_option(json_t *argv, const char *option, const char *value)
{
	container_push(argv, option);
	container_push(argv, value);
}

void
container_push_map(json_t *argv, const char *option, const json_t *map)
{
	const char *key, *text;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)map, key, v) {
		container_push(argv, option);
		text = json_is_string(v) ? json_string_value(v) : "";
		pth_json_push(argv,
		    json_is_integer(v) ?
		        json_sprintf("%s=%" JSON_INTEGER_FORMAT, key, json_integer_value(v)) :
		        json_sprintf("%s=%s", key, text));
	}
}
