/*
 * JSON as streams have it, read in one pass without looking back: several times as fast as
 * jansson, which is asked wherever this is not sure. Private to this folder.
 */
#ifndef PTH_IO_JSON_QUICK_H
#define PTH_IO_JSON_QUICK_H

#include <stddef.h>

#include <jansson.h>

/* The value that all of the n bytes at s are, the same that json_loadb() makes of them with
 * JSON_REJECT_DUPLICATES and JSON_DECODE_ANY. New. NULL: they are no JSON, or something is in
 * them that is left to jansson: \u escapes of surrogates and of NUL, escapes in keys, integers of
 * more than 18 digits, numbers of more than 63 characters, nesting beyond 200. */
json_t *io_json_quick(const char *s, size_t n);

#endif
