/*
 * What io/record.h makes of its tables: accessors, and names of keys that the
 * compiler checks. A table is a macro with a row a key,
 *
 *   #define PTH_KEYS_stop(X, o) \
 *           X(o, str, signal, "TERM") \
 *           X(o, int, grace_us, PTH_STOP_GRACE_US)
 *
 * of which the last column is the default, or what is in it: the kind of
 * object for obj (one), list (an array of such) and map (by name), and for any
 * when it may be one among other things. `plain` is of no kind.
 */
#ifndef PTH_IO_RECORD_KEY_H
#define PTH_IO_RECORD_KEY_H

#include "io/json.h"

/* clang-format off */
#define PTH_ACCESS(o, type, key, d) \
	enum { PTH_HAS_##o##_##key }; \
	PTH_ACCESS_##type(o, key, d)
#define PTH_ACCESS_OF(o, key, d, type, read, arg, write) \
	static inline type \
	pth_##o##_##key(const json_t *from) \
	{ \
		return read(from, #key, d); \
	} \
	static inline void \
	pth_##o##_set_##key(json_t *to, arg v) \
	{ \
		pth_json_set(to, #key, write(v)); \
	}
#define PTH_ACCESS_str(o, key, d) \
	PTH_ACCESS_OF(o, key, d, const char *, pth_json_str, const char *, pth_json_string_or_null)
#define PTH_ACCESS_int(o, key, d) \
	PTH_ACCESS_OF(o, key, d, int64_t, pth_json_int, int64_t, json_integer)
#define PTH_ACCESS_bool(o, key, d) \
	PTH_ACCESS_OF(o, key, d, bool, pth_json_bool, bool, json_boolean)
#define PTH_ACCESS_num(o, key, d) \
	PTH_ACCESS_OF(o, key, d, double, pth_json_num, double, json_real)
#define PTH_ACCESS_obj(o, key, d) \
	PTH_ACCESS_OF(o, key, JSON_OBJECT, json_t *, pth_json_of_type, json_t *, )
#define PTH_ACCESS_map(o, key, d) \
	PTH_ACCESS_OF(o, key, JSON_OBJECT, json_t *, pth_json_of_type, json_t *, )
#define PTH_ACCESS_list(o, key, d) \
	PTH_ACCESS_OF(o, key, JSON_ARRAY, json_t *, pth_json_of_type, json_t *, )
#define PTH_ACCESS_any(o, key, d) \
	PTH_ACCESS_OF(o, key, -1, json_t *, pth_json_of_type, json_t *, )
#define PTH_ACCESSORS(o, where) PTH_KEYS_##o(PTH_ACCESS, o)
/* clang-format on */

/* The text "key", for json_pack(), loops and lists; of an object of another
 * kind it does not compile. */
#define PTH_KEY(o, key) (&#key[PTH_HAS_##o##_##key])
/* "key.sub" of the object `in` that is in it, for pth_json_path(). */
#define PTH_PATH(o, key, in, sub) (&#key "." #sub[PTH_HAS_##o##_##key + PTH_HAS_##in##_##sub])
/* Of a table, its keys, each with a comma: { PTH_KEYS_stop(PTH_KEY_OF, stop) NULL }. */
#define PTH_KEY_OF(o, type, key, d) PTH_KEY(o, key),
/* The value whatever its type (NULL: absent), to see whether it is there. Borrowed. */
#define PTH_GET(o, from, key) json_object_get(from, PTH_KEY(o, key))

/* The member when it is of this type (-1: any), else NULL. Borrowed. */
static inline json_t *
pth_json_of_type(const json_t *o, const char *key, int type)
{
	json_t *v = json_object_get(o, key);

	return v != NULL && (type < 0 || (int)json_typeof(v) == type) ? v : NULL;
}

static inline json_t *
pth_json_string_or_null(const char *s)
{
	return s != NULL ? pth_json_string(s) : json_null();
}

#endif
