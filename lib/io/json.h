/*
 * Reading jansson values without noise. Getters borrow; a NULL object, an
 * absent key or another type gives the default.
 */
#ifndef PTH_IO_JSON_H
#define PTH_IO_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"

const char *pth_json_str(const json_t *o, const char *key, const char *def);
int64_t pth_json_int(const json_t *o, const char *key, int64_t def);
double pth_json_num(const json_t *o, const char *key, double def);
bool pth_json_bool(const json_t *o, const char *key, bool def);
/* "a.b.0.c": keys and array indexes. NULL when any step is missing. */
json_t *pth_json_path(const json_t *o, const char *path);
/* Is the text an item of the list? */
bool pth_json_has(const json_t *list, const char *text);
/* The object of the list whose "name" is the text, or NULL. */
json_t *pth_json_named(const json_t *list, const char *name);
/* A string value of any bytes: invalid UTF-8 and NUL become U+FFFD. s may be
 * NULL when n is 0, as that of an empty buffer is. New reference. */
json_t *pth_json_text(const char *s, size_t n);
/* The same of a whole string. */
json_t *pth_json_string(const char *s);
/* json_object_set_new that dies on memory exhaustion; steals v. */
void pth_json_set(json_t *o, const char *key, json_t *v);
void pth_json_push(json_t *a, json_t *v);
/* The same, unless an equal value is there. */
void pth_json_push_once(json_t *a, json_t *v);
/* Deep merge: objects of over replace or extend those of base, all other
 * values replace. Both borrowed; a new value is returned. */
json_t *pth_json_merge(const json_t *base, const json_t *over);
/* A copy of v (NULL: null) in which each string s is what text() appends to an
 * empty b for it; keys stay. NULL as soon as text() does not return 0. */
json_t *pth_json_map(
    const json_t *v, int (*text)(struct pth_buf *b, const char *s, void *arg), void *arg);
/* Compact text, key order kept, reals with 15 digits. Appends to b. */
void pth_json_dump(struct pth_buf *b, const json_t *v);
/* As json_dumps(3) with these flags. Appends to b; 0, or -1: v cannot be written. */
int pth_json_dumps(struct pth_buf *b, const json_t *v, size_t flags);
/* Before the first value is made: take the memory of all from lists of pieces of our own, which is
 * several times as fast as malloc(3) (io/json_pool.c). Such memory is used again, but not given
 * back. Not in a build with AddressSanitizer. Not for several threads. */
void pth_json_pool(void);
/* Strict parse (no duplicate keys, no trailing text, valid UTF-8). NULL and e. */
json_t *pth_json_parse(const char *s, size_t n, struct pth_err *e);

#endif
