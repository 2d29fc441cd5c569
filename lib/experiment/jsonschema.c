/* This file shows the table of keys as JSON Schema, draft 2020-12. */
#include "experiment/priv.h"

#include <ctype.h>
#include <math.h>

#include "base/cleanup.h"

static json_t *
of_type(const char *name)
{
	return json_pack("{s:s}", "type", name);
}

/* A string with digits is as good as a number: PANTHER takes "60". */
static json_t *
pattern(const char *re)
{
	return json_pack("{s:s,s:s}", "type", "string", "pattern", re);
}

static void
push_number(json_t *any, const struct schema *s, const char *type)
{
	json_t *o = of_type(type);

	if (s->ranged && s->min > -HUGE_VAL)
		pth_json_set(o, "minimum", json_real(s->min));
	if (s->ranged && s->max < HUGE_VAL)
		pth_json_set(o, "maximum", json_real(s->max));
	pth_json_push(any, o);
	pth_json_push(any,
	    pattern(strcmp(type, "integer") != 0 ? "^[-+]?[0-9.]+([eE][-+]?[0-9]+)?$" :
	                                           "^[-+]?[0-9]+$"));
}

/* Of ASCII letters: all small ('l'), all capitals ('u'), or the first only ('c'). */
static char *
in_case(const char *s, char form)
{
	char *out = pth_xstrdup(s);

	for (size_t i = 0; out[i] != '\0'; i++)
		if ((out[i] | 32) >= 'a' && (out[i] | 32) <= 'z')
			out[i] = form == 'u' || (form == 'c' && i == 0) ? (char)(out[i] & ~32) :
			                                                  (char)(out[i] | 32);
	return out;
}

static void
push_words(json_t *any, const struct schema *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->nvalues; i++) {
		pth_json_push(list, json_string(s->values[i]));
		for (const char *form = (s->key->flags & F_CASE) != 0 ? "luc" : ""; *form != '\0';
		     form++) {
			pth_auto_str word = in_case(s->values[i], *form);

			if (strcmp(word, s->values[i]) != 0)
				pth_json_push(list, json_string(word));
		}
	}
	pth_json_push(any, json_pack("{s:o}", "enum", list));
}

static void
push_scalars(json_t *any, const struct schema *s, unsigned t)
{
	if ((t & T_BOOL) != 0) {
		pth_json_push(any, of_type("boolean"));
		pth_json_push(
		    any, pattern("^([Tt]rue|TRUE|[Ff]alse|FALSE|[Yy]es|[Nn]o|[Oo]n|[Oo]ff|[01])$"));
	}
	if ((t & (T_REAL | T_PERCENT)) != 0)
		push_number(any, s, "number");
	else if ((t & (T_INT | T_SECS | T_SIZE)) != 0)
		push_number(any, s, "integer");
	if ((t & (T_SECS | T_DUR)) != 0)
		pth_json_push(any, pattern("^[0-9.]+ *(us|ms|s|m|h)$"));
	if ((t & T_SIZE) != 0)
		pth_json_push(any, pattern("^[0-9]+ *([kKMGT]i?)?B?$"));
	if ((t & T_PERCENT) != 0)
		pth_json_push(any, pattern("^[0-9.]+ *%$"));
	if ((t & T_STR) != 0) {
		if (s->nvalues != 0 && (s->key->flags & F_HINT) == 0)
			push_words(any, s);
		else
			pth_json_push(
			    any, json_pack("{s:[s,s,s]}", "type", "string", "number", "boolean"));
	}
	if ((t & T_NULL) != 0)
		pth_json_push(any, of_type("null"));
}

static json_t *node(const struct schema *s, bool strict);

/* The key in any case, and with '-' for '_'. */
static void
push_any_case(struct pth_buf *b, const char *key)
{
	pth_buf_adds(b, "|");
	for (; *key != '\0'; key++)
		if (*key == '_')
			pth_buf_adds(b, "[_-]");
		else
			pth_buf_addf(b, "[%c%c]", toupper((unsigned char)*key), *key);
}

/* One edit of a key: a letter more, less or other, or two exchanged. The key itself fits, too. */
static void
push_near(struct pth_buf *b, const char *key)
{
	int n = (int)strlen(key);

	for (int i = 0; i < n; i++) {
		pth_buf_addf(
		    b, "%s%.*s(.?|.%c)%s", b->len != 0 ? "|" : "^(", i, key, key[i], key + i + 1);
		if (i + 1 < n)
			pth_buf_addf(b, "|%.*s%c%c%s", i, key, key[i + 1], key[i], key + i + 2);
	}
	pth_buf_addf(b, "|%s.", key);
	push_any_case(b, key);
}

/* The names that a map's keys may have besides known ones, when these are the only ones: none
 * but extensions, or all that do not look like known ones. */
static void
other_keys(json_t *o, const struct schema *s, bool strict)
{
	pth_auto_buf b = PTH_BUF_INIT;
	json_auto_t *names = json_array();

	if (s->any != NULL || s->child == NULL || (s->key->flags & F_OPEN) != 0)
		return;
	if (strict || s->ours) {
		pth_json_set(o, "patternProperties", json_pack("{s:{}}", "^x-"));
		pth_json_set(o, "additionalProperties", json_false());
		return;
	}
	if (strncmp(s->key->path, "tests[]", 7) != 0)
		return;
	for (const struct schema *c = s->child; c != NULL; c = c->next) {
		pth_json_push(names, json_string(c->name));
		push_near(&b, c->name);
	}
	pth_buf_adds(&b, ")$");
	pth_json_set(o, "propertyNames",
	    json_pack("{s:[{s:O},{s:{s:s}}]}", "anyOf", "enum", names, "not", "pattern", b.s));
}

static void
push_map(json_t *any, const struct schema *s, bool strict)
{
	json_t *o = of_type("object");
	json_auto_t *props = json_object(), *need = json_array();

	for (const struct schema *c = s->child; c != NULL; c = c->next) {
		pth_json_set(props, c->name, node(c, strict));
		if ((c->key->flags & F_NEED) != 0)
			pth_json_push(need, json_string(c->name));
	}
	if (json_object_size(props) != 0)
		pth_json_set(o, "properties", json_incref(props));
	if (json_array_size(need) != 0)
		pth_json_set(o, "required", json_incref(need));
	if (s->any != NULL)
		pth_json_set(o, "additionalProperties", node(s->any, strict));
	other_keys(o, s, strict);
	if ((s->key->flags & F_NAME) != 0) {
		pth_json_set(o, "propertyNames", pattern("^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$"));
		pth_json_set(o, "minProperties", json_integer(1));
	}
	pth_json_push(any, o);
}

static json_t *
node(const struct schema *s, bool strict)
{
	unsigned t = s->key->types;
	json_t *out = json_pack("{s:s}", "description", s->key->meaning);
	json_auto_t *any = json_array();

	if (s->def != NULL)
		pth_json_set(out, "default", json_incref(s->def));
	/* An option of one environment may be something else in a user's own. */
	if ((t & T_ANY) != 0 || (s->key->flags & (F_DOCKER | F_SHADOW)) != 0)
		return out;
	push_scalars(any, s, t);
	if ((t & T_LIST) != 0) {
		json_t *o = of_type("array");

		if (s->item != NULL)
			pth_json_set(o, "items", node(s->item, strict));
		pth_json_push(any, o);
	}
	if ((t & T_MAP) != 0)
		push_map(any, s, strict);
	if (json_array_size(any) == 1)
		json_object_update(out, json_array_get(any, 0));
	else
		pth_json_set(out, "anyOf", json_incref(any));
	return out;
}

json_t *
pth_experiment_schema(bool strict)
{
	struct experiment_schema *t = experiment_schema_new();
	json_t *out = json_pack("{s:s,s:s,s:s}", "$schema",
	    "https://json-schema.org/draft/2020-12/schema", "$id", "urn:pth:experiment:1", "title",
	    "pth experiment");
	json_auto_t *root = node(t->root, strict);

	json_object_update(out, root);
	experiment_schema_free(t);
	return out;
}
