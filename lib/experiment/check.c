/*
 * This file checks values against the table: their type, range and known names. What passes gets
 * its canonical form: "60" is 60, "5MB" is 5000000, debug is DEBUG.
 */
#include "experiment/priv.h"

#include <math.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "io/event.h"

#define INT_LIMIT 9007199254740992.0 /* 2^53: beyond it 60.0 may be another number */

bool
experiment_given(const struct pth_ynode *n)
{
	return n != NULL && n->kind != PTH_YNULL;
}

bool
experiment_scalar(const struct pth_ynode *n)
{
	return n->kind != PTH_YSEQ && n->kind != PTH_YMAP && n->kind != PTH_YNULL;
}

bool
experiment_said(const struct pth_ynode *n)
{
	return n->bad && n->remark == NULL;
}

/* A number out of a node that holds one, also "60" and 60.0. */
static bool
number(const struct pth_ynode *n, double *v)
{
	char *end;

	if (n->kind == PTH_YINT)
		*v = (double)n->i;
	else if (n->kind == PTH_YREAL)
		*v = n->d;
	else if (n->kind == PTH_YSTR && n->len != 0 &&
	    strspn(n->text, "+-0123456789.eE") == n->len &&
	    (*v = strtod(n->text, &end), *end == '\0') != 0)
		;
	else
		return false;
	return isfinite(*v);
}

static bool
percent(const struct pth_ynode *n, double *v)
{
	char *end;

	if (number(n, v))
		return true;
	if (n->kind != PTH_YSTR || strchr("0123456789", n->text[0]) == NULL)
		return false;
	*v = strtod(n->text, &end);
	while (*end == ' ')
		end++;
	return strcmp(end, "%") == 0 && isfinite(*v);
}

/* Durations with a unit. */
static bool
duration(const struct pth_ynode *n, int64_t *us)
{
	return n->kind == PTH_YSTR && n->len != 0 && strchr("smh", n->text[n->len - 1]) != NULL &&
	    pth_duration(n->text, us);
}

/* Exact, however large it is. */
static bool
integer(const struct pth_ynode *n, int64_t *v)
{
	long long i;
	double d;

	if (n->kind == PTH_YINT) {
		*v = n->i;
		return true;
	}
	if (n->kind == PTH_YSTR && pth_int(n->text, INT64_MIN, INT64_MAX, &i)) {
		*v = i;
		return true;
	}
	if (n->kind == PTH_YBOOL || !number(n, &d) || d != floor(d) || fabs(d) > INT_LIMIT)
		return false;
	*v = (int64_t)d;
	return true;
}

/* What the types that mean an integer make of a node; false: none of them. */
bool
experiment_int(const struct pth_ynode *n, unsigned types, int64_t *v)
{
	int64_t us;
	long long size;

	if ((types & (T_INT | T_SECS | T_SIZE)) != 0 && integer(n, v))
		return true;
	if ((types & T_SECS) != 0 && duration(n, &us) && us % PTH_SECOND_US == 0) {
		*v = us / PTH_SECOND_US;
		return true;
	}
	if ((types & T_SIZE) != 0 && n->kind == PTH_YSTR && pth_size(n->text, &size)) {
		*v = size;
		return true;
	}
	return false;
}

int
experiment_bool(const struct pth_ynode *n)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on", "0", "1" };

	if (n->kind == PTH_YBOOL)
		return n->b;
	if (n->kind == PTH_YINT && (n->i == 0 || n->i == 1))
		return (int)n->i;
	/* PANTHER takes them in quotes, too, and these other words of YAML 1.1 */
	for (size_t i = 0; n->kind == PTH_YSTR && i < countof(words); i++)
		if (strcasecmp(n->text, words[i]) == 0)
			return i % 2;
	return -1;
}

static const char *
word(const struct schema *s, const char *text)
{
	bool any_case = (s->key->flags & F_CASE) != 0;

	for (size_t i = 0; i < s->nvalues; i++)
		if (any_case ? pth_same_name(text, s->values[i]) : strcmp(text, s->values[i]) == 0)
			return s->values[i];
	return NULL;
}

const char *
experiment_word(const struct schema *s, const struct pth_ynode *map, const char *key)
{
	const struct schema *c = experiment_schema_child(s, key);
	const char *text = experiment_text(map, key, c->key->def);
	const char *known = text != NULL ? word(c, text) : NULL;

	return known != NULL ? known : text;
}

/* ---- check */

static void
show_value(struct pth_buf *b, const struct pth_ynode *n)
{
	if (!experiment_scalar(n)) {
		pth_buf_adds(b, pth_ykind_a(n->kind));
		return;
	}
	pth_buf_addf(b, "%s '%.60s'%s", pth_ykind_name(n->kind), n->text, n->len > 60 ? "..." : "");
}

/* What a text in the place of a map is likely to be: the key that names a plugin. */
static const char *
main_key(const struct schema *s)
{
	for (const struct schema *c = (s->key->types & T_MAP) != 0 ? s->child : NULL; c != NULL;
	     c = c->next)
		if (strcmp(c->name, "type") == 0 || strcmp(c->name, "name") == 0)
			return (s->key->flags & F_NEED) != 0 && (s->key->flags & F_OWN) == 0 ?
			    NULL :
			    c->name;
	return NULL;
}

void
experiment_unfit(const struct pth_ynode *n)
{
	((struct pth_ynode *)(uintptr_t)n)->mark = MARK_UNFIT;
}

static void
unexpected(
    struct pth_experiment *x, const struct schema *s, const struct pth_ynode *n, const char *what)
{
	pth_auto_buf b = PTH_BUF_INIT;
	const char *near = NULL, *inner;

	experiment_unfit(n);
	if (experiment_said(n))
		return;
	if (n->bad) {
		experiment_error(x, n, "%.60s %s", n->text, n->remark);
		return;
	}
	pth_buf_addf(&b, "%.60s: ", what);
	show_value(&b, n);
	pth_buf_adds(&b, "; expected ");
	experiment_schema_expected(&b, s);
	if (s->nvalues != 0 && n->kind == PTH_YSTR && n->len < 60)
		near = pth_nearest(n->text, s->values, s->nvalues);
	if (near != NULL)
		pth_buf_addf(&b, "; did you mean '%s'?", near);
	else if ((inner = main_key(s)) != NULL && n->kind == PTH_YSTR && n->len != 0 && n->len < 60)
		pth_buf_addf(&b, "; write {%s: %s}", inner, n->text);
	experiment_error(x, n, "%s", b.s);
}

static bool
in_range(const struct schema *s, double v)
{
	return !s->ranged || (v >= s->min && v <= s->max);
}

static json_t *
text_value(const struct schema *s, const struct pth_ynode *n)
{
	const char *w = s->nvalues != 0 ? word(s, n->text) : NULL;

	return w != NULL ? json_string(w) : json_stringn_nocheck(n->text, n->len);
}

/* The canonical value of a scalar. Does it fit one of the types? */
static json_t *
scalar_value(const struct schema *s, const struct pth_ynode *n, bool *fits)
{
	unsigned t = s->key->types;
	double d;
	int64_t i;

	*fits = true;
	if ((t & T_BOOL) != 0 && n->kind == PTH_YBOOL)
		return json_boolean(n->b);
	if (experiment_int(n, t, &i)) {
		*fits = in_range(s, (double)i) && ((t & T_SIZE) == 0 || i >= 0);
		return json_integer(i);
	}
	if (((t & T_REAL) != 0 && number(n, &d)) || ((t & T_PERCENT) != 0 && percent(n, &d))) {
		*fits = in_range(s, d);
		return json_real(d);
	}
	if ((t & T_BOOL) != 0 && experiment_bool(n) >= 0)
		return json_boolean(experiment_bool(n));
	*fits = ((t & T_DUR) != 0 && duration(n, &i)) ||
	    ((t & T_STR) != 0 &&
	        (s->nvalues == 0 || (s->key->flags & F_HINT) != 0 || word(s, n->text) != NULL));
	return text_value(s, n);
}

/* A text is taken as it is written: what is said of another reading does not concern it. */
static void
check_scalar(
    struct pth_experiment *x, const struct schema *s, const struct pth_ynode *n, const char *what)
{
	bool fits;
	json_auto_t *v = scalar_value(s, n, &fits);

	if (!fits)
		unexpected(x, s, n, what);
	else if (n->remark != NULL && !json_is_string(v))
		experiment_warn(x, n, "%.60s %s", n->text, n->remark);
}

static bool
is_extension(const char *key)
{
	return strncmp(key, "x-", 2) == 0;
}

/* Which network environment is this map's? 0: a user's own. */
unsigned
experiment_environment_kind(const struct pth_ynode *n)
{
	const char *type = experiment_text(n, "type", "docker_compose");

	if (pth_same_name(type, "docker_compose"))
		return F_DOCKER;
	if (pth_same_name(type, "shadow_ns"))
		return F_SHADOW;
	return strncasecmp(type, "localhost", 9) != 0 ? 0 : F_OWN;
}

/* A slip in a key of a test, and any key in a map that PANTHER does not have, is an error: what
 * it says would be lost. PANTHER's files have others that nobody reads. */
static void
unknown_key(struct pth_experiment *x, const struct schema *s, const struct pth_ynode *n,
    const struct pth_ynode *c, const char *what)
{
	const char *names[100], *near;
	/* Rules beside `expect` would judge nothing. */
	static const char *const rules[] = { "packet", "packets", "exit", "exits" };
	bool of_test = strncmp(s->key->path, "tests[]", 7) == 0, error = s->ours, rule;
	pth_auto_buf b = PTH_BUF_INIT;
	size_t n_names = 0;

	for (const struct schema *k = s->child; k != NULL && n_names < countof(names); k = k->next)
		names[n_names++] = k->name;
	near = strlen(c->key) < 60 ? pth_nearest(c->key, names, n_names) : NULL;
	rule = of_test && !s->ours && pth_one_of(c->key, rules, countof(rules));
	error |= rule || (of_test && near != NULL && pth_slip(c->key, near));
	pth_buf_addf(&b, "%.60s: unknown key '%.60s'", what, c->key);
	if (rule)
		pth_buf_adds(&b, "; rules of that kind stand in 'expect'");
	else if (near != NULL && pth_yaml_get(n, near) == NULL)
		pth_buf_addf(&b, "; did you mean '%s'?", near);
	else if (near != NULL && error)
		pth_buf_addf(&b, "; '%s' is given, too", near);
	else if (s->ours)
		for (size_t i = 0; i < n_names; i++)
			pth_buf_addf(&b, "%s%s", i != 0 ? ", " : "; expected one of ", names[i]);
	if (error)
		experiment_key_error(x, c, "%s", b.s);
	else
		experiment_key_warn(x, c, "%s", b.s);
}

void
experiment_note_idle(
    struct pth_experiment *x, const struct schema *s, const struct pth_ynode *c, const char *where)
{
	struct source *from = x->src[c->file];
	const char *path = s->key->path;
	pth_auto_buf b = PTH_BUF_INIT;

	path += strncmp(path, "tests[]", 7) == 0 ? 7 : 0;
	path += *path == '.';
	pth_buf_addf(&b, "'%s%s%.60s'", path, *path != '\0' ? "." : "", c->key);
	if (where != NULL)
		pth_buf_addf(&b, " (in environment %.60s)", where);
	if (from->idle == NULL)
		from->idle = json_array();
	if (json_array_size(from->idle) == 0 || c->kline < from->idle_line ||
	    (c->kline == from->idle_line && c->kcol < from->idle_col)) {
		from->idle_line = c->kline;
		from->idle_col = c->kcol;
	}
	pth_json_push_once(from->idle, json_string(b.s));
}

static void
check_child(struct pth_experiment *x, const struct schema *s, const struct pth_ynode *n,
    const struct pth_ynode *c, unsigned kind, const char *what)
{
	const struct schema *cs = experiment_schema_child(s, c->key);
	unsigned only = cs != NULL ? cs->key->flags & (F_DOCKER | F_SHADOW) : 0;

	if (is_extension(c->key))
		return;
	if (only != 0 && kind == 0)
		return; /* parameters of a user's own environment */
	if (only != 0 && only != kind) {
		experiment_note_idle(x, s, c, experiment_text(n, "type", "docker_compose"));
		return;
	}
	if (cs == NULL) {
		if ((s->key->flags & F_OPEN) == 0)
			unknown_key(x, s, n, c, what);
		return;
	}
	if (s->any == cs && (s->key->flags & F_NAME) != 0 && !pth_name_ok(c->key))
		experiment_key_error(x, c,
		    "'%.60s' cannot be a service's name; expected letters, digits, "
		    "'.', '_', '-', at most 63",
		    c->key);
	if ((cs->key->flags & F_LATER) == 0)
		experiment_check(x, cs, c, c->key);
}

/* Accepted, and asks for something that is not done anyway? */
static bool
is_idle(const struct schema *s, const struct pth_ynode *c)
{
	const struct schema *cs = experiment_schema_child(s, c->key);
	json_auto_t *v = NULL;

	if (strcmp(s->key->path, "logging.feature_levels") == 0)
		return experiment_given(c) && !is_extension(c->key) && !pth_event_feature(c->key);
	if (cs == NULL || cs == s->any || (cs->key->flags & F_IDLE) == 0 || !experiment_given(c) ||
	    (c->kind >= PTH_YSEQ && c->n == 0))
		return false;
	v = experiment_canon(cs, c);
	return json_equal(v, cs->def) == 0;
}

static void
check_idle(struct pth_experiment *x, const struct schema *s, const struct pth_ynode *n)
{
	pth_yaml_foreach(c, n)
		if (is_idle(s, c))
			experiment_note_idle(x, s, c, NULL);
}

void
experiment_idle(struct pth_experiment *x)
{
	for (size_t i = 0; i < x->nsrc; i++) {
		const struct source *s = x->src[i];
		struct pth_ynode at = {
			.file = (unsigned char)i, .line = s->idle_line, .col = s->idle_col
		};
		pth_auto_buf b = PTH_BUF_INIT;
		size_t n = json_array_size(s->idle), k;
		json_t *v;

		json_array_foreach(s->idle, k, v)
			pth_buf_addf(&b, "%s%s",
			    k == 0         ? "" :
			        k + 1 == n ? " and " :
			                     ", ",
			    json_string_value(v));
		if (n > 0)
			experiment_warn(x, &at, "%s %s no effect", b.s, n == 1 ? "has" : "have");
	}
}

/* A key that must be given, and is not. In an open map, where no other message
 * is about them, one of the unknown ones may be it. */
static void
check_missing(struct pth_experiment *x, const struct schema *s, const struct pth_ynode *n,
    const struct schema *missing, const char *what)
{
	pth_yaml_foreach(c, (s->key->flags & F_OPEN) != 0 ? n : NULL)
		if (!is_extension(c->key) && strlen(c->key) < 60 &&
		    experiment_schema_child(s, c->key) == s->any &&
		    pth_nearest(c->key, &missing->name, 1) != NULL) {
			experiment_error(x, n, "%.60s: no '%s'; it must be given; is it '%.60s'?",
			    what, missing->name, c->key);
			return;
		}
	experiment_error(x, n, "%.60s: no '%s'; it must be given", what, missing->name);
}

static void
check_map(
    struct pth_experiment *x, const struct schema *s, const struct pth_ynode *n, const char *what)
{
	unsigned kind = strcmp(s->key->path, "tests[].network_environment") == 0 ?
	    experiment_environment_kind(n) :
	    0;

	pth_yaml_foreach(c, n)
		check_child(x, s, n, c, kind, what);
	if ((s->key->flags & F_IDLE) == 0)
		check_idle(x, s, n);
	for (const struct schema *c = s->child; c != NULL; c = c->next)
		if ((c->key->flags & F_NEED) != 0 && pth_yaml_get(n, c->name) == NULL)
			check_missing(x, s, n, c, what);
}

void
experiment_check(
    struct pth_experiment *x, const struct schema *s, const struct pth_ynode *n, const char *what)
{
	unsigned t = s->key->types;

	if ((t & T_ANY) != 0)
		return;
	if (n->kind == PTH_YNULL) {
		if ((s->key->flags & F_NEED) != 0)
			unexpected(x, s, n, what);
		else if ((t & T_NULL) == 0 && !experiment_said(n))
			experiment_key_warn(
			    x, n, "%.60s: the key has no value and counts as not given", what);
	} else if (n->kind == PTH_YMAP && (t & T_MAP) != 0) {
		check_map(x, s, n, what);
	} else if (n->kind == PTH_YSEQ && (t & T_LIST) != 0) {
		pth_yaml_foreach(c, s->item != NULL ? n : NULL) {
			if (c->kind != PTH_YNULL || (s->item->key->types & T_ANY) != 0) {
				experiment_check(x, s->item, c, what);
				continue;
			}
			experiment_error(x, c, "%.60s: an item has no value", what);
			experiment_unfit(c);
		}
	} else if (experiment_scalar(n)) {
		check_scalar(x, s, n, what);
	} else {
		unexpected(x, s, n, what);
	}
}

/* ---- canonical values */

/* 00000001 and 0x7F000001 of a version file mean these texts. */
json_t *
experiment_written(const struct pth_ynode *n)
{
	json_t *out;

	if (n->kind < PTH_YSEQ)
		return pth_yaml_as_printed(n) ? pth_yaml_json(n) :
		                                json_stringn_nocheck(n->text, n->len);
	out = n->kind == PTH_YSEQ ? json_array() : json_object();
	pth_yaml_foreach(c, n) {
		if (n->kind == PTH_YSEQ)
			pth_json_push(out, experiment_written(c));
		else
			pth_json_set(out, c->key, experiment_written(c));
	}
	return out;
}

json_t *
experiment_canon(const struct schema *s, const struct pth_ynode *n)
{
	json_t *out;
	bool fits;

	if ((s->key->types & T_ANY) != 0)
		return pth_yaml_json(n);
	if ((s->key->flags & F_TEXTS) != 0)
		return experiment_written(n);
	switch (n->kind) {
	case PTH_YNULL: return json_null();
	case PTH_YMAP:
		out = json_object();
		experiment_canon_map(s, n, out, NULL, NULL);
		return out;
	case PTH_YSEQ:
		if (s->item == NULL)
			return pth_yaml_json(n);
		out = json_array();
		pth_yaml_foreach(c, n)
			pth_json_push(out, experiment_canon(s->item, c));
		return out;
	default: return scalar_value(s, n, &fits);
	}
}

/* A map's default is what its keys' defaults make. */
static json_t *
default_value(const struct schema *s)
{
	json_t *out;

	if (!json_is_object(s->def) || s->child == NULL)
		return json_incref(s->def);
	out = json_object();
	experiment_canon_map(s, NULL, out, NULL, NULL);
	return out;
}

/* Keys of the table in its order with their defaults, then the others of an
 * open map in the file's order. F_OWN keys are left to `own`; F_IDLE ones out. */
void
experiment_canon_map(const struct schema *s, const struct pth_ynode *n, json_t *out,
    experiment_own_fn *own, void *arg)
{
	for (const struct schema *c = s->child; c != NULL; c = c->next) {
		const struct pth_ynode *v = pth_yaml_get(n, c->name);

		if ((c->key->flags & F_IDLE) != 0)
			continue;
		if ((c->key->flags & F_OWN) != 0) {
			if (own != NULL)
				own(arg, c, experiment_given(v) ? v : NULL, out);
			continue;
		}
		if (v != NULL &&
		    (v->kind != PTH_YNULL || ((c->key->types & T_NULL) != 0 && c->def == NULL)))
			pth_json_set(out, c->name, experiment_canon(c, v));
		else if (c->def != NULL)
			pth_json_set(out, c->name, default_value(c));
	}
	if (n == NULL || (s->any == NULL && (s->key->flags & F_OPEN) == 0))
		return;
	pth_yaml_foreach(c, n) {
		if (is_extension(c->key) || json_object_get(out, c->key) != NULL)
			continue;
		if (s->any != NULL)
			pth_json_set(out, c->key, experiment_canon(s->any, c));
		else if (experiment_schema_child(s, c->key) == NULL)
			pth_json_set(out, c->key, pth_yaml_json(c));
	}
}
