/*
 * This file converts and checks the values of parameters, which have types.
 */
#include "plugin/plugin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/regex.h"
#include "base/text.h"
#include "io/json.h"

/* Types have two names: ours, and that of JSON Schema. Returns ours. */
static const char *
short_type(const char *t)
{
	static const char *const names[][2] = { { "string", "str" }, { "integer", "int" },
		{ "number", "float" }, { "boolean", "bool" }, { "array", "list" },
		{ "object", "map" } };

	for (size_t i = 0; i < countof(names); i++)
		if (*t == *names[i][0] && strcmp(t, names[i][0]) == 0)
			return names[i][1];
	return t;
}

const char *
pth_param_type(const struct pth_ynode *spec)
{
	static const char *const by_kind[] = { "any", "bool", "int", "float", "str", "list",
		"map" };
	const struct pth_ynode *d = pth_yaml_get(spec, "default");
	const char *t = pth_desc_str(spec, "type", NULL);

	return t != NULL ? short_type(t) : d != NULL ? by_kind[d->kind] : "any";
}

bool
pth_param_is_text(const struct pth_ynode *spec)
{
	const char *type = pth_param_type(spec);

	if (strcmp(type, "list") == 0)
		type = short_type(pth_desc_str(spec, "items", "any"));
	return strcmp(type, "str") == 0;
}

static const char *
kind_name(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_OBJECT: return "a map";
	case JSON_ARRAY: return "a list";
	case JSON_STRING: return "a string";
	case JSON_INTEGER: return "an integer";
	case JSON_REAL: return "a number";
	case JSON_NULL: return "null";
	default: return "a boolean";
	}
}

static json_t *
as_int(const json_t *v)
{
	long long n;

	if (json_is_integer(v))
		return json_integer(json_integer_value(v));
	if (json_is_real(v) && floor(json_real_value(v)) == json_real_value(v) &&
	    fabs(json_real_value(v)) < 9e15)
		return json_integer((json_int_t)json_real_value(v));
	if (json_is_string(v) && pth_int(json_string_value(v), INT64_MIN, INT64_MAX, &n))
		return json_integer(n);
	return NULL;
}

static json_t *
as_float(const json_t *v)
{
	char *end;
	double x;

	if (json_is_number(v))
		return json_real(json_number_value(v));
	if (!json_is_string(v) || *json_string_value(v) == '\0')
		return NULL;
	x = strtod(json_string_value(v), &end);
	return *end != '\0' || !isfinite(x) ? NULL : json_real(x);
}

static json_t *
as_bool(const json_t *v)
{
	const char *s = json_string_value(v);

	if (json_is_boolean(v))
		return json_boolean(json_is_true(v));
	if (s == NULL)
		return NULL;
	if (strcmp(s, "true") == 0 || strcmp(s, "True") == 0)
		return json_true();
	return strcmp(s, "false") == 0 || strcmp(s, "False") == 0 ? json_false() : NULL;
}

/* Returns the text of a scalar. A boolean is what YAML made of yes, no, on, off: where an
 * enum has such a word, that one is meant. */
static json_t *
as_str(const json_t *v, const struct pth_ynode *words)
{
	pth_auto_buf b = PTH_BUF_INIT;

	if (json_is_string(v))
		return json_incref((json_t *)v);
	if (json_is_boolean(v)) {
		const char *yes = json_is_true(v) ? "yes" : "no",
		           *on = json_is_true(v) ? "on" : "off";

		if (words != NULL && (pth_desc_has(words, yes) || pth_desc_has(words, on)))
			return json_string(pth_desc_has(words, yes) ? yes : on);
		return json_string(json_is_true(v) ? "true" : "false");
	}
	if (!json_is_number(v))
		return NULL;
	pth_json_dump(&b, v);
	return json_stringn(b.s, b.len);
}

static json_t *
convert(const json_t *v, const char *type, const struct pth_ynode *spec)
{
	if (strcmp(type, "int") == 0)
		return as_int(v);
	if (strcmp(type, "float") == 0)
		return as_float(v);
	if (strcmp(type, "bool") == 0)
		return as_bool(v);
	if (strcmp(type, "str") == 0)
		return as_str(v, pth_yaml_get(spec, "enum"));
	if (strcmp(type, "list") == 0 && json_is_false(v)) /* PANTHER's way to say none */
		return json_array();
	if ((strcmp(type, "list") == 0 && !json_is_array(v)) ||
	    (strcmp(type, "map") == 0 && !json_is_object(v)))
		return NULL;
	return json_incref((json_t *)v);
}

static int
in_range(const char *name, const struct pth_ynode *spec, const json_t *v, struct pth_err *e)
{
	const struct pth_ynode *min = pth_yaml_get(spec, "min"), *max = pth_yaml_get(spec, "max");
	double x = json_number_value(v);

	if (!json_is_number(v))
		return 0;
	if (min != NULL && x < (min->kind == PTH_YINT ? (double)min->i : min->d))
		return pth_err_set(e, PTH_INPUT, "parameter %s: %.15g is below the minimum %s",
		    name, x, min->text);
	if (max != NULL && x > (max->kind == PTH_YINT ? (double)max->i : max->d))
		return pth_err_set(e, PTH_INPUT, "parameter %s: %.15g is above the maximum %s",
		    name, x, max->text);
	return 0;
}

static int
in_enum(const char *name, const struct pth_ynode *spec, const json_t *v, struct pth_err *e)
{
	const struct pth_ynode *words = pth_yaml_get(spec, "enum");
	pth_auto_buf known = PTH_BUF_INIT, got = PTH_BUF_INIT;

	if (words == NULL || json_is_object(v) || json_is_array(v))
		return 0;
	if (json_is_string(v))
		pth_buf_adds(&got, json_string_value(v));
	else
		pth_json_dump(&got, v);
	if (pth_desc_has(words, got.s != NULL ? got.s : ""))
		return 0;
	pth_yaml_foreach(w, words)
		pth_buf_addf(
		    &known, "%s%s", known.len != 0 ? ", " : "", w->text != NULL ? w->text : "?");
	pth_buf_cut(&got, got.len > 80 ? 80 : got.len);
	return pth_err_set(e, PTH_INPUT, "parameter %s: '%s' is not one of %s", name,
	    got.s != NULL ? got.s : "", known.s != NULL ? known.s : "nothing");
}

static int
in_pattern(const char *name, const struct pth_ynode *spec, const json_t *v, struct pth_err *e)
{
	const char *pattern = pth_desc_str(spec, "pattern", NULL);
	pth_auto_buf shown = PTH_BUF_INIT;
	pth_auto_regex re = NULL;

	if (pattern == NULL || !json_is_string(v))
		return 0;
	re = pth_regex_new(pattern, 0, e);
	if (re == NULL)
		return pth_err_wrap(e, "parameter %s: pattern", name);
	if (pth_regex_match(re, json_string_value(v), json_string_length(v)))
		return 0;
	pth_show(&shown, json_string_value(v), 80);
	return pth_err_set(
	    e, PTH_INPUT, "parameter %s: '%s' does not match %s", name, shown.s, pattern);
}

static bool
fits(const char *name, const struct pth_ynode *spec, const json_t *v, struct pth_err *e)
{
	return in_range(name, spec, v, e) == 0 && in_enum(name, spec, v, e) == 0 &&
	    in_pattern(name, spec, v, e) == 0;
}

/* Steals list. */
static json_t *
convert_items(const char *name, const struct pth_ynode *spec, json_t *given, struct pth_err *e)
{
	const char *type = short_type(pth_desc_str(spec, "items", ""));
	json_auto_t *list = given, *out = json_array();
	json_t *v;
	size_t i;

	if (*type == '\0' || !json_is_array(list))
		return pth_take(&list);
	json_array_foreach(list, i, v) {
		json_auto_t *item = convert(v, type, spec);

		if (item == NULL)
			pth_err_set(e, PTH_INPUT, "parameter %s: item %zu must be %s, not %s", name,
			    i + 1, type, kind_name(v));
		if (item == NULL || !fits(name, spec, item, e))
			return NULL;
		pth_json_push(out, json_incref(item));
	}
	return pth_take(&out);
}

json_t *
pth_param_value(const char *name, const struct pth_ynode *spec, const json_t *v, struct pth_err *e)
{
	const char *type = pth_param_type(spec);
	json_auto_t *out = NULL;

	if (strcmp(type, "any") == 0 ||
	    (json_is_null(v) && pth_desc_str(spec, "required", NULL) == NULL))
		return json_incref((json_t *)v);
	out = convert(v, type, spec);
	if (out == NULL) {
		pth_err_set(e, PTH_INPUT, "parameter %s must be of type %s, not %s", name, type,
		    kind_name(v));
		return NULL;
	}
	out = convert_items(name, spec, out, e);
	return out != NULL && fits(name, spec, out, e) ? pth_take(&out) : NULL;
}

/* A text, or those of a list, as they are written. */
static json_t *
texts_of(const struct pth_ynode *n)
{
	json_t *out;

	if (n->kind != PTH_YSEQ)
		return n->kind < PTH_YSEQ && n->kind != PTH_YNULL ?
		    json_stringn_nocheck(n->text, n->len) :
		    pth_yaml_json(n);
	out = json_array();
	pth_yaml_foreach(c, n)
		pth_json_push(out, texts_of(c));
	return out;
}

json_t *
pth_param_default(const char *name, const struct pth_ynode *spec, struct pth_err *e)
{
	const struct pth_ynode *d = pth_yaml_get(spec, "default");
	json_auto_t *v = NULL;

	if (d == NULL || d->kind == PTH_YNULL)
		return json_null();
	v = pth_param_is_text(spec) ? texts_of(d) : pth_yaml_json(d);
	return pth_param_value(name, spec, v, e);
}
