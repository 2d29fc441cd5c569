/* This file has the accessors, builders and the writer that JSON is handled with everywhere. */
#include "io/json.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "io/json_quick.h"

static json_t *
must(json_t *v)
{
	if (v == NULL)
		pth_xmalloc((size_t)-1); /* exhausted: ends the program */
	return v;
}

const char *
pth_json_str(const json_t *o, const char *key, const char *def)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : def;
}

int64_t
pth_json_int(const json_t *o, const char *key, int64_t def)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : def;
}

double
pth_json_num(const json_t *o, const char *key, double def)
{
	const json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : def;
}

bool
pth_json_bool(const json_t *o, const char *key, bool def)
{
	const json_t *v = json_object_get(o, key);

	return (json_is_boolean(v) ? json_is_true(v) : def) != 0;
}

json_t *
pth_json_path(const json_t *o, const char *path)
{
	char step[256];
	long long i;
	size_t n;

	while (o != NULL && *path != '\0') {
		n = strcspn(path, ".");
		if (n >= sizeof step)
			return NULL;
		memcpy(step, path, n);
		step[n] = '\0';
		if (!json_is_array(o))
			o = json_object_get(o, step);
		else if (pth_int(step, 0, 1 << 30, &i))
			o = json_array_get(o, (size_t)i);
		else
			o = NULL;
		path += n + (path[n] == '.');
	}
	return (json_t *)o;
}

json_t *
pth_json_named(const json_t *list, const char *name)
{
	json_t *v;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, v)
		if (strcmp(pth_json_str(v, "name", ""), name) == 0)
			return v;
	return NULL;
}

bool
pth_json_has(const json_t *list, const char *text)
{
	json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (json_is_string(v) && strcmp(json_string_value(v), text) == 0)
			return true;
	return false;
}

json_t *
pth_json_text(const char *s, size_t n)
{
	pth_auto_buf b = PTH_BUF_INIT;

	if (pth_utf8_ok(s, n, NULL))
		return must(json_stringn_nocheck(s != NULL ? s : "", n));
	pth_utf8_clean(&b, s, n);
	return must(json_stringn_nocheck(b.s, b.len));
}

json_t *
pth_json_string(const char *s)
{
	return pth_json_text(s, strlen(s));
}

void
pth_json_set(json_t *o, const char *key, json_t *v)
{
	if (json_object_set_new(o, key, must(v)) != 0)
		must(NULL);
}

void
pth_json_push(json_t *a, json_t *v)
{
	if (json_array_append_new(a, must(v)) != 0)
		must(NULL);
}

void
pth_json_push_once(json_t *a, json_t *v)
{
	json_t *have;
	size_t i;

	json_array_foreach(a, i, have)
		if (json_equal(have, v) != 0) {
			json_decref(v);
			return;
		}
	pth_json_push(a, v);
}

json_t *
pth_json_merge(const json_t *base, const json_t *over)
{
	const char *key;
	json_t *v, *out;

	if (!json_is_object(base) || !json_is_object(over))
		return must(json_deep_copy(over));
	out = must(json_deep_copy(base));
	json_object_foreach((json_t *)over, key, v) {
		json_t *old = json_object_get(out, key);

		pth_json_set(out, key, old != NULL ? pth_json_merge(old, v) : json_deep_copy(v));
	}
	return out;
}

static json_t *
map_string(const json_t *v, int (*text)(struct pth_buf *, const char *, void *), void *arg)
{
	pth_auto_buf b = PTH_BUF_INIT;

	return text(&b, json_string_value(v), arg) == 0 ? pth_json_text(b.s, b.len) : NULL;
}

json_t *
pth_json_map(const json_t *v, int (*text)(struct pth_buf *, const char *, void *), void *arg)
{
	const char *key;
	json_t *x;
	size_t i;

	if (json_is_string(v))
		return map_string(v, text, arg);
	if (v == NULL || (!json_is_array(v) && !json_is_object(v)))
		return must(v != NULL ? json_deep_copy(v) : json_null());
	json_auto_t *out = must(json_is_array(v) ? json_array() : json_object());
	json_array_foreach(v, i, x) {
		if ((x = pth_json_map(x, text, arg)) == NULL)
			return NULL;
		pth_json_push(out, x);
	}
	json_object_foreach((json_t *)(uintptr_t)v, key, x) {
		if ((x = pth_json_map(x, text, arg)) == NULL)
			return NULL;
		pth_json_set(out, key, x);
	}
	return pth_take(&out);
}

static void
dump_escaped(struct pth_buf *b, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF", marks[] = "btn\0fr";

	pth_buf_addc(b, '\\');
	if (c >= ' ') {
		pth_buf_addc(b, (char)c);
	} else if (c >= '\b' && c <= '\r' && marks[c - '\b'] != '\0') {
		pth_buf_addc(b, marks[c - '\b']);
	} else {
		pth_buf_adds(b, "u00");
		pth_buf_addc(b, hex[c >> 4]);
		pth_buf_addc(b, hex[c & 15]);
	}
}

/* The end of what needs no escape, from i on. */
static size_t
plain(const char *s, size_t i, size_t n)
{
	while (i < n && (unsigned char)s[i] >= ' ' && s[i] != '"' && s[i] != '\\')
		i++;
	return i;
}

static void
dump_string(struct pth_buf *b, const char *s, size_t n)
{
	size_t from = 0, end;

	pth_buf_addc(b, '"');
	while ((end = plain(s, from, n)) < n) {
		pth_buf_add(b, s + from, end - from);
		dump_escaped(b, (unsigned char)s[end]);
		from = end + 1;
	}
	pth_buf_add(b, s + from, n - from);
	pth_buf_addc(b, '"');
}

static void
dump_integer(struct pth_buf *b, json_int_t v)
{
	char text[24], *p = text + sizeof text;
	unsigned long long u = v < 0 ? -(unsigned long long)v : (unsigned long long)v;

	do
		*--p = (char)('0' + u % 10);
	while ((u /= 10) != 0);
	if (v < 0)
		*--p = '-';
	pth_buf_add(b, p, (size_t)(text + sizeof text - p));
}

static void
dump_real(struct pth_buf *b, const json_t *v)
{
	char text[64];

	pth_buf_add(
	    b, text, json_dumpb(v, text, sizeof text, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15)));
}

static void
dump_object(struct pth_buf *b, const json_t *o)
{
	json_t *from = (json_t *)(uintptr_t)o;
	char sep = '{';

	for (void *i = json_object_iter(from); i != NULL; i = json_object_iter_next(from, i)) {
		pth_buf_addc(b, sep);
		dump_string(b, json_object_iter_key(i), json_object_iter_key_len(i));
		pth_buf_addc(b, ':');
		pth_json_dump(b, json_object_iter_value(i));
		sep = ',';
	}
	pth_buf_adds(b, sep == '{' ? "{}" : "}");
}

static void
dump_array(struct pth_buf *b, const json_t *a)
{
	json_t *v;
	size_t i;

	pth_buf_addc(b, '[');
	json_array_foreach(a, i, v) {
		if (i > 0)
			pth_buf_addc(b, ',');
		pth_json_dump(b, v);
	}
	pth_buf_addc(b, ']');
}

/* As json_dumps(3) with JSON_COMPACT, which spends most of its time on finding
 * out that nothing holds itself. */
void
pth_json_dump(struct pth_buf *b, const json_t *v)
{
	if (v == NULL)
		return;
	switch (json_typeof(v)) {
	case JSON_OBJECT: dump_object(b, v); break;
	case JSON_ARRAY: dump_array(b, v); break;
	case JSON_STRING: dump_string(b, json_string_value(v), json_string_length(v)); break;
	case JSON_INTEGER: dump_integer(b, json_integer_value(v)); break;
	case JSON_REAL: dump_real(b, v); break;
	case JSON_TRUE: pth_buf_adds(b, "true"); break;
	case JSON_FALSE: pth_buf_adds(b, "false"); break;
	case JSON_NULL: pth_buf_adds(b, "null"); break;
	}
}

static int
append(const char *s, size_t n, void *b)
{
	pth_buf_add(b, s, n);
	return 0;
}

int
pth_json_dumps(struct pth_buf *b, const json_t *v, size_t flags)
{
	return json_dump_callback(v, append, b, flags);
}

json_t *
pth_json_parse(const char *s, size_t n, struct pth_err *e)
{
	json_error_t je;
	json_t *v = io_json_quick(s, n);

	/* What is wrong, and the rare rest, jansson knows. */
	if (v == NULL)
		v = json_loadb(s, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);
	if (v == NULL)
		pth_err_set(e, PTH_INPUT, "%d:%d: %s%s", je.line, je.column, je.text,
		    json_error_code(&je) == json_error_numeric_overflow ?
		        "; an integer is at most 9223372036854775807, a number 1.8e308" :
		        "");
	return v;
}
