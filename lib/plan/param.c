/* This file gives the parameters of a descriptor their values, out of the experiment. */
#include "plan/priv.h"

#include <string.h>

#include "base/text.h"

static bool
skipped(const struct plan_given *g, const char *key)
{
	for (const char *const *s = g->skip; s != NULL && *s != NULL; s++)
		if (strcmp(*s, key) == 0)
			return true;
	return false;
}

/* PANTHER's files hand environments any key. */
static bool
of_environment(const struct plan_given *g)
{
	return strncmp(g->path, "network_environment", 19) == 0 ||
	    strncmp(g->path, "execution_environment", 21) == 0;
}

/* PANTHER's files hand plugins any key. One that nearly is a parameter is a
 * misspelling, another one only has no effect; a base key of all of PANTHER's
 * environments does not even deserve a word when it has its usual value. */
static bool
of_panther(const struct plan_given *g, const char *key, json_t *v)
{
	static const struct {
		const char *key, *usual;
	} base[] = { { "priority", "100" }, { "output_format", "\"json\"" },
		{ "collect_metrics", "true" }, { "enable_background_monitoring", "true" },
		{ "monitoring_interval_seconds", "5" }, { "failure_threshold_count", "1" },
		{ "allow_partial_deployment", "false" }, { "critical_services", "[]" },
		{ "version", NULL } };
	/* What means something in every network. */
	static const char *const limits[] = { PTH_KEY(netenv, deploy_timeout),
		PTH_KEY(netenv, teardown_timeout), PTH_KEY(netenv, fallback) };
	pth_auto_buf b = PTH_BUF_INIT;
	bool is_usual = false;

	for (size_t i = 0; (of_environment(g) || g->unknown == PTH_WARNING) && i < countof(base);
	     i++) {
		if (strcmp(base[i].key, key) != 0)
			continue;
		pth_json_dump(&b, v);
		is_usual = base[i].usual == NULL || strcmp(b.s, base[i].usual) == 0;
	}
	return is_usual ||
	    (strncmp(g->path, "network_environment", 19) == 0 &&
	        pth_one_of(key, limits, countof(limits)));
}

static void
unknown(struct plan *p, const char *plugin, const struct pth_ynode *specs,
    const struct plan_given *g, const char *key)
{
	/* Keys of environments beside their parameters. */
	static const char *const nets[] = { PTH_KEYS_netenv(PTH_KEY_OF, netenv) },
	                         *const profilers[] = { PTH_KEYS_exenv(PTH_KEY_OF, exenv) };
	bool net = strncmp(g->path, "network_environment", 19) == 0;
	const char *const *more = net ? nets : profilers;
	size_t n = 0, n_more = !of_environment(g) ? 0 : net ? countof(nets) : countof(profilers);
	pth_auto_free const char **names = pth_xarray(
	    NULL, n_more + (specs != NULL ? specs->n : 0) + 1, sizeof *names);
	pth_auto_buf path = PTH_BUF_INIT, shown = PTH_BUF_INIT;
	const char *near;
	bool error;

	pth_yaml_foreach(s, specs)
		names[n++] = s->key;
	for (size_t i = 0; i < n_more; i++)
		names[n++] = more[i];
	near = pth_nearest(key, names, n);
	if (near != NULL && strcmp(near, key) == 0)
		near = NULL; /* of another environment */
	error = near != NULL && g->unknown == PTH_ERROR &&
	    (!of_environment(g) || pth_slip(key, near));
	pth_buf_addf(&path, "%s.%s", g->path, key);
	pth_show(&shown, key, 80);
	plan_problem(p, error ? PTH_ERROR : PTH_WARNING, path.s, "%s has no parameter '%s'%s%s%s",
	    plugin, shown.s, PTH_DID_YOU_MEAN(near));
}

/* How a value was written in the experiment, when what YAML made of it does not tell; or NULL. */
static const char *
text_of(const struct plan *p, const char *path)
{
	return json_string_value(json_array_get(json_object_get(pth_test_marks(p->rec), path), 3));
}

json_t *
plan_written(const struct plan *p, const char *path, const json_t *v, bool words)
{
	const char *text = words || !json_is_boolean(v) ? text_of(p, path) : NULL, *key;
	pth_auto_buf at = PTH_BUF_INIT;
	json_t *out, *item;
	size_t i;

	if (!json_is_array(v) && !json_is_object(v))
		return text != NULL ? json_string(text) : json_deep_copy(v);
	out = json_is_array(v) ? json_array() : json_object();
	json_array_foreach((json_t *)(uintptr_t)v, i, item) {
		pth_buf_cut(&at, 0);
		pth_buf_addf(&at, "%s.%zu", path, i);
		pth_json_push(out, plan_written(p, at.s, item, words));
	}
	json_object_foreach((json_t *)(uintptr_t)v, key, item) {
		pth_buf_cut(&at, 0);
		pth_buf_addf(&at, "%s.%s", path, key);
		pth_json_set(out, key, plan_written(p, at.s, item, words));
	}
	return out;
}

/* Is what stands there, or in it, text for a program, whatever YAML makes of it? words: NO, too,
 * as in a list of arguments. */
static bool
becomes_text(const struct pth_ynode *spec, const json_t *v, bool *words)
{
	bool typed = strcmp(pth_param_type(spec), "list") == 0 &&
	    pth_yaml_get(spec, "items") != NULL;

	*words = pth_param_is_text(spec) || (json_is_array(v) && !typed);
	return *words || (json_is_object(v) && strcmp(pth_param_type(spec), "map") == 0);
}

/* Of a number the reading may surprise. */
static void
decimal(struct plan *p, const char *path, const char *text)
{
	text += *text == '-' || *text == '+';
	if (text[0] == '0' && pth_is_digit(text[1]))
		plan_problem(p, PTH_WARNING, path,
		    "%.60s is read as a decimal number (YAML 1.1 readers take it as octal)", text);
}

/* The default, which is the same in each test: made once where nobody can change it. */
static json_t *
usual(struct plan *p, const struct pth_ynode *spec, struct pth_err *e)
{
	struct pth_dval *d = (struct pth_dval *)(uintptr_t)spec;
	json_t *v;

	if (d->kept != NULL)
		return json_incref(d->kept);
	v = pth_param_default(spec->key, spec, e);
	if (v == NULL || json_is_object(v) || json_is_array(v))
		return v;
	pth_plugins_keep(p->ps, d, v);
	return json_incref(v);
}

/* A parameter that PANTHER has and nothing here reads: whoever asks for something else than
 * what there is anyway is told so. */
static void
unused(struct plan *p, const struct pth_plugin *x, const struct pth_ynode *view,
    const struct pth_ynode *spec, const char *path, const json_t *v)
{
	const char *why = pth_desc_str(spec, "unused", NULL);
	json_auto_t *by_itself = NULL;
	pth_auto_buf at = PTH_BUF_INIT;
	struct pth_err e;

	if (why == NULL || json_is_null(v))
		return;
	by_itself = usual(p, spec, &e);
	if (json_equal(by_itself, v) != 0 || plan_mentions(x, view, spec->key))
		return;
	pth_buf_addf(&at, "%s.%s", path, spec->key);
	plan_problem(
	    p, PTH_WARNING, at.s, "%s: '%s' has no effect here: %s", x->name, spec->key, why);
}

/* The value as its type wants it; with `words` a text in the place of a list is split. */
static json_t *
value_of(const struct pth_ynode *spec, const json_t *v, struct pth_err *e)
{
	const struct pth_ynode *split = pth_yaml_get(spec, "words");
	json_auto_t *words = json_array();

	if (split == NULL || !split->b || !json_is_string(v))
		return pth_param_value(spec->key, spec, v, e);
	if (pth_words(json_string_value(v), words, e) < 0) {
		pth_err_wrap(e, "parameter %s", spec->key);
		return NULL;
	}
	return pth_param_value(spec->key, spec, words, e);
}

static json_t *
one(struct plan *p, const struct pth_plugin *x, const struct pth_ynode *view,
    const struct pth_ynode *spec, const struct plan_given *given, size_t n)
{
	pth_auto_buf path = PTH_BUF_INIT;
	struct pth_err e = { 0 };
	const json_t *v = NULL;
	json_auto_t *text = NULL;
	json_t *out;
	bool words;
	size_t i;

	for (i = 0; i < n && v == NULL; i++)
		if (!skipped(&given[i], spec->key))
			v = json_object_get(given[i].map, spec->key);
	if (v != NULL)
		pth_buf_addf(&path, "%s.%s", given[i - 1].path, spec->key);
	if (v != NULL && becomes_text(spec, v, &words))
		v = text = plan_written(p, path.s, v, words);
	else if (json_is_integer(v) && text_of(p, path.s) != NULL)
		decimal(p, path.s, text_of(p, path.s));
	/* as in version files: {value: 5, description: ...} */
	if (json_is_object(v) && json_object_get(v, "value") != NULL &&
	    strcmp(pth_param_type(spec), "map") != 0 && strcmp(pth_param_type(spec), "any") != 0)
		v = json_object_get(v, "value");
	if (v == NULL && pth_yaml_get(spec, "wanted") != NULL && pth_yaml_get(spec, "wanted")->b)
		plan_problem(p, PTH_WARNING, given[0].path, "%s without %s: %s", x->name, spec->key,
		    pth_desc_str(spec, "description", "nothing is done"));
	out = v == NULL ? usual(p, spec, &e) : value_of(spec, v, &e);
	if (out == NULL) {
		if (v == NULL)
			pth_buf_addf(&path, "%s.%s", given[0].path, spec->key);
		plan_problem(p, PTH_ERROR, path.s, "%s", e.text);
		return json_null();
	}
	if (v != NULL)
		unused(p, x, view, spec, given[i - 1].path, out);
	if (json_is_null(out) && pth_yaml_get(spec, "required") != NULL &&
	    pth_yaml_get(spec, "required")->b)
		plan_problem(p, PTH_ERROR, given[0].path, "parameter '%s' is missing", spec->key);
	return out;
}

json_t *
plan_params(struct plan *p, const struct pth_plugin *x, const struct pth_ynode *view,
    const struct plan_given *given, size_t n)
{
	const struct pth_ynode *specs = pth_yaml_get(view, "parameters");
	json_t *out = json_object();
	const char *key;
	json_t *v;

	for (size_t i = 0; i < n; i++)
		json_object_foreach((json_t *)given[i].map, key, v)
			if (!skipped(&given[i], key) && pth_yaml_get(specs, key) == NULL &&
			    !of_panther(&given[i], key, v))
				unknown(p, x->name, specs, &given[i], key);
	pth_yaml_foreach(s, specs)
		if (s->kind == PTH_YMAP)
			pth_json_set(out, s->key, one(p, x, view, s, given, n));
	return out;
}

/* This is what the templates of one parameter need. */
struct render {
	const struct plan_with *w;
	const char *name;
};

static int
render(struct pth_buf *b, const char *s, void *arg)
{
	const struct render *r = arg;

	return plan_user_text(r->w, r->name, s, false, b);
}

static int
late(const struct plan_with *w, struct plan_service *s, const struct pth_ynode *spec)
{
	const struct pth_ynode *t = pth_yaml_get(spec, "template"),
	                       *from = pth_yaml_get(spec, "from");
	json_t *v = json_object_get(s->params, spec->key), *out = NULL;
	pth_auto_buf name = PTH_BUF_INIT;

	if (t != NULL && t->b && !json_is_null(v)) {
		pth_buf_addf(&name, "parameter %s", spec->key);
		out = pth_json_map(v, render, &(struct render){ w, name.s });
	} else if (from != NULL && from->kind == PTH_YSTR && json_is_null(v)) {
		out = plan_expression(w, from, from->text);
	} else
		return 0;
	if (out == NULL)
		return -1;
	json_object_set(s->params, spec->key, out);
	pth_json_set(w->vars, spec->key, out);
	return 0;
}

int
plan_params_late(const struct plan_with *w, struct plan_service *s)
{
	const struct pth_ynode *specs = pth_yaml_get(s->view, "parameters");

	pth_yaml_foreach(c, specs)
		if (c->kind == PTH_YMAP && late(w, s, c) < 0)
			return -1;
	return 0;
}
