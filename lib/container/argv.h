/* Command lines as arrays of JSON, put together word by word. */
#ifndef PTH_CONTAINER_ARGV_H
#define PTH_CONTAINER_ARGV_H

#include <jansson.h>

void container_push(json_t *argv, const char *word);
/* An option and its value; both are copied. */
void container_push_option(json_t *argv, const char *option, const char *value);
/* The option and KEY=VALUE for each member of a map (or NULL). A value is a text or an
 * integer; anything else is empty. */
void container_push_map(json_t *argv, const char *option, const json_t *map);

#endif
