#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

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

	return s ? s : def;
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

	return json_is_boolean(v) ? json_is_true(v) : def;
}

json_t *
pth_json_path(const json_t *o, const char *path)
{
	char step[256];
	long long i;
	size_t n;

	while (o != NULL && *path) {
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
	struct pth_buf b = PTH_BUF_INIT;
	json_t *v = NULL;

	if (pth_utf8_ok(s, n, NULL))
		v = json_stringn_nocheck(s, n);
	else {
		pth_utf8_clean(&b, s, n);
		v = json_stringn_nocheck(b.s, b.len);
		pth_buf_release(&b);
	}
	return must(v);
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

		pth_json_set(out, key, old ? pth_json_merge(old, v) : json_deep_copy(v));
	}
	return out;
}

static int
append(const char *s, size_t n, void *arg)
{
	pth_buf_add(arg, s, n);
	return 0;
}

void
pth_json_dump(struct pth_buf *b, const json_t *v)
{
	json_dump_callback(v, append, b, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
}

json_t *
pth_json_parse(const char *s, size_t n, struct pth_err *e)
{
	json_error_t je;
	json_t *v = json_loadb(s, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &je);

	if (v == NULL)
		pth_err_set(e, PTH_INPUT, "%d:%d: %s", je.line, je.column, je.text);
	return v;
}
