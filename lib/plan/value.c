/* This file fills in the templates of a descriptor's values. */
#include "plan/priv.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

void
plan_scalar(struct pth_buf *b, const json_t *v)
{
	if (json_is_string(v))
		pth_buf_add(b, json_string_value(v), json_string_length(v));
	else if (v != NULL && !json_is_null(v))
		pth_json_dump(b, v);
}

static void
keep(struct pth_plugins *ps, struct pth_template *t)
{
	if (ps->ntemplates == ps->template_room) {
		ps->template_room = ps->template_room != 0 ? 2 * ps->template_room : 256;
		ps->templates = pth_xarray(ps->templates, ps->template_room, sizeof *ps->templates);
	}
	ps->templates[ps->ntemplates++] = t;
}

static int
compile(const struct plan_with *w, struct pth_dval *d, const char *before, const char *after)
{
	struct pth_template_options o = { .line = d->y.line, .col = d->y.col };
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "%s%s%s", before, d->y.text, after);
	o.col = o.col > strlen(before) ? o.col - (unsigned)strlen(before) : 1;
	d->t = pth_template_parse(d->file, b.s, b.len, &o, w->e);
	if (d->t == NULL)
		return -1;
	keep(w->p->ps, d->t);
	d->state = 't';
	return 0;
}

static bool
has_template(const char *s)
{
	return strstr(s, "{{") != NULL || strstr(s, "{%") != NULL || strstr(s, "{#") != NULL;
}

/* A template of a descriptor has failed. */
static int
of_descriptor(struct pth_err *e)
{
	e->category = PTH_CAT_PLUGIN_LOAD;
	return -1;
}

/* Nodes are compiled once, in the descriptor's own tree, which is the cache: therefore
 * const is cast away. */
int
plan_text(const struct plan_with *w, const struct pth_ynode *n, struct pth_buf *b)
{
	struct pth_dval *d = (struct pth_dval *)n;
	size_t at = b->len;

	if (n == NULL || n->kind == PTH_YNULL) /* taken away by inheritance */
		return 0;
	if (d->state == '\0' && (n->kind != PTH_YSTR || !has_template(n->text)))
		d->state = 'l';
	if (d->state == '\0' && compile(w, d, "", "") < 0)
		return of_descriptor(w->e);
	if (d->state == 'l')
		pth_buf_add(b, n->text, n->len);
	else if (pth_template_render(d->t, w->vars, b, w->e) < 0)
		return of_descriptor(w->e);
	return plan_names(w->p, b, at, w->e);
}

int
plan_duration(const struct plan_with *w, const struct pth_ynode *n, int64_t *us)
{
	pth_auto_buf b = PTH_BUF_INIT;
	int r = plan_text(w, n, &b);

	if (r == 0 && b.len > 0 && !pth_duration(b.s, us))
		r = pth_err_set(w->e, PTH_INPUT,
		    "%s:%u:%u: '%.40s' is not a duration such as 5s or 250ms",
		    ((const struct pth_dval *)n)->file, PTH_AT(n), b.s);
	return r;
}

/* 1 or 0; the expression is compiled as the condition of an {% if %}. */
int
plan_truth(const struct plan_with *w, const struct pth_ynode *n)
{
	struct pth_dval *d = (struct pth_dval *)n;
	pth_auto_buf b = PTH_BUF_INIT;

	if (n == NULL)
		return 1;
	if (n->kind == PTH_YBOOL)
		return n->b;
	if (n->kind != PTH_YSTR)
		return pth_dval_error(w->e, n, "when: must be an expression");
	if (d->state == '\0' && compile(w, d, "{% if ", " %}1{% endif %}") < 0)
		return of_descriptor(w->e);
	return pth_template_render(d->t, w->vars, &b, w->e) < 0 ? of_descriptor(w->e) : b.len > 0;
}

/* Returns the name that the text is nothing but, when nobody knows it; to free. */
static char *
unknown_name(const struct plan_with *w, const char *text)
{
	static const char *const words[] = { "none", "None", "true", "True", "false", "False" };
	pth_auto_str name = NULL;
	size_t n = 0;

	text += strspn(text, " ");
	while (pth_is_alnum(text[n]) || text[n] == '_')
		n++;
	name = pth_xstrndup(text, n);
	return n > 0 && !pth_is_digit(*text) && text[n + strspn(text + n, " ")] == '\0' &&
	        !pth_one_of(name, words, countof(words)) && json_object_get(w->vars, name) == NULL ?
	    pth_take(&name) :
	    NULL;
}

json_t *
plan_expression(const struct plan_with *w, const struct pth_ynode *n, const char *text)
{
	struct pth_dval *d = (struct pth_dval *)n;
	pth_auto_buf name = PTH_BUF_INIT;
	json_t *v = pth_json_path(w->vars, text);

	if (v != NULL)
		return json_incref(v);
	if (d->x == NULL) {
		pth_dval_where(&name, n);
		d->x = pth_template_parse_expr(name.s, text, w->e);
		if (d->x == NULL)
			return NULL;
		keep(w->p->ps, d->x);
	}
	return pth_template_value(d->x, w->vars, w->e);
}

/* The value of an expression, whose names must be known. */
static json_t *
evaluate(const struct plan_with *w, const struct pth_ynode *n, const char *text)
{
	pth_auto_str unknown = NULL;
	json_t *v = pth_json_path(w->vars, text);

	if (v != NULL)
		return json_incref(v);
	if ((unknown = unknown_name(w, text)) != NULL) {
		pth_dval_error(w->e, n, "'%.80s' is undefined", unknown);
		return NULL;
	}
	v = plan_expression(w, n, text);
	if (v == NULL)
		of_descriptor(w->e);
	return v;
}

/*
 * `each: EXPRESSION, as: NAME`: call fn() for every item, with NAME (default: item)
 * and index set in its variables.
 */
typedef int each_fn(const struct plan_with *w, const struct pth_ynode *n, json_t *out);

static int
each(const struct plan_with *w, const struct pth_ynode *n, json_t *out, each_fn *fn)
{
	const struct pth_ynode *x = pth_yaml_get(n, "each");
	const char *as = pth_desc_str(n, "as", "item");
	json_auto_t *list = NULL, *inner = NULL;
	struct plan_with with = *w;
	json_t *v;
	size_t i;

	if (x->kind != PTH_YSTR)
		return pth_dval_error(w->e, x, "each: must be an expression");
	list = evaluate(w, x, x->text);
	if (list == NULL)
		return -1;
	if (!json_is_array(list) && !json_is_null(list))
		return pth_dval_error(w->e, x, "each: '%s' is not a list", x->text);
	with.vars = inner = json_copy(w->vars);
	json_array_foreach(list, i, v) {
		json_object_set(inner, as, v);
		pth_json_set(inner, "index", json_integer((json_int_t)i));
		if (fn(&with, n, out) < 0)
			return -1;
	}
	return 0;
}

static int
each_args(const struct plan_with *w, const struct pth_ynode *n, json_t *out)
{
	const struct pth_ynode *args = pth_yaml_get(n, "args");
	pth_auto_buf b = PTH_BUF_INIT;

	if (args != NULL)
		return plan_args(w, args, out);
	plan_scalar(&b, json_object_get(w->vars, pth_desc_str(n, "as", "item")));
	pth_json_push(out, pth_json_text(b.s, b.len));
	return 0;
}

static int
arg(const struct plan_with *w, const struct pth_ynode *n, json_t *out)
{
	const struct pth_ynode *when = pth_yaml_get(n, "when"), *words = pth_yaml_get(n, "words");
	const struct pth_ynode *one = n->kind == PTH_YMAP ? pth_yaml_get(n, "optional") : n;
	pth_auto_buf b = PTH_BUF_INIT;
	int r;

	if (when != NULL) {
		r = plan_truth(w, when);
		n = r < 0 ? NULL : pth_yaml_get(n, r != 0 ? "args" : "else");
		return r < 0 ? -1 : n != NULL ? plan_args(w, n, out) : 0;
	}
	if (pth_yaml_get(n, "each") != NULL)
		return each(w, n, out, each_args);
	if (plan_text(w, words != NULL ? words : one, &b) < 0)
		return -1;
	if (words != NULL)
		return pth_words(b.s != NULL ? b.s : "", out, w->e);
	if (b.len != 0 || one == n)
		pth_json_push(out, pth_json_text(b.s, b.len));
	return 0;
}

int
plan_args(const struct plan_with *w, const struct pth_ynode *n, json_t *out)
{
	pth_yaml_foreach(c, n)
		if (arg(w, c, out) < 0)
			return -1;
	return 0;
}

static int
cmd_argv(const struct plan_with *w, const struct pth_ynode *n, json_t *argv)
{
	const struct pth_ynode *sh = pth_yaml_get(n, "sh"), *words = pth_yaml_get(n, "words");
	pth_auto_buf b = PTH_BUF_INIT;

	if (sh == NULL && words == NULL)
		return plan_args(w, n->kind == PTH_YSEQ ? n : pth_yaml_get(n, "argv"), argv);
	if (plan_text(w, sh != NULL ? sh : words, &b) < 0)
		return -1;
	if (words != NULL && pth_words(b.s != NULL ? b.s : "", argv, w->e) < 0)
		return -1;
	if (sh != NULL) {
		pth_json_push(argv, json_string("sh"));
		pth_json_push(argv, json_string("-c"));
		pth_json_push(argv, pth_json_text(b.s, b.len));
	}
	return 0;
}

static int
cmd_extras(const struct plan_with *w, const struct pth_ynode *n, json_t *cmd)
{
	const struct pth_ynode *cwd = pth_yaml_get(n, "cwd"), *env = pth_yaml_get(n, "env");
	pth_auto_buf b = PTH_BUF_INIT;
	json_t *v = NULL;

	if ((cwd != NULL && plan_text(w, cwd, &b) < 0) ||
	    (env != NULL && (v = plan_tree(w, env)) == NULL))
		return -1;
	if (cwd != NULL)
		pth_cmd_set_cwd(cmd, b.s != NULL ? b.s : "");
	if (env != NULL)
		pth_cmd_set_env(cmd, v);
	return 0;
}

static json_t *
command(const struct plan_with *w, const struct pth_ynode *n, int64_t timeout_us)
{
	const struct pth_ynode *critical = pth_yaml_get(n, "critical"),
	                       *category = pth_yaml_get(n, "category"),
	                       *name = pth_yaml_get(n, "name");
	int go = plan_truth(w, pth_yaml_get(n, "when"));
	json_auto_t *cmd = json_object();
	json_t *argv = json_array();

	pth_cmd_set_argv(cmd, argv);
	if (go <= 0)
		return go < 0 ? NULL : json_null();
	if (cmd_argv(w, n, argv) < 0)
		return NULL;
	if (json_array_size(argv) == 0) {
		pth_dval_error(w->e, n, "the command has no words");
		return NULL;
	}
	if (plan_duration(w, pth_yaml_get(n, "timeout"), &timeout_us) < 0)
		return NULL;
	pth_cmd_set_critical(cmd, critical == NULL || critical->b);
	pth_cmd_set_timeout_us(cmd, timeout_us);
	if (category != NULL)
		pth_cmd_set_category(cmd, category->text);
	if (name != NULL)
		pth_cmd_set_name(cmd, name->text);
	if (n->kind == PTH_YMAP && cmd_extras(w, n, cmd) < 0)
		return NULL;
	return pth_take(&cmd);
}

int
plan_cmds(const struct plan_with *w, const struct pth_ynode *list, int64_t timeout_us, json_t *out)
{
	pth_yaml_foreach(c, list) {
		json_t *cmd = command(w, c, timeout_us);

		if (cmd == NULL)
			return -1;
		if (!json_is_null(cmd))
			pth_json_push(out, cmd);
	}
	return 0;
}

/* A string that is nothing but one {{ expression }} keeps the value's type. */
static json_t *
tree_text(const struct plan_with *w, const struct pth_ynode *n)
{
	pth_auto_buf b = PTH_BUF_INIT;
	size_t len = n->len;
	json_auto_t *v = NULL;

	if (len > 4 && strncmp(n->text, "{{", 2) == 0 && strcmp(n->text + len - 2, "}}") == 0 &&
	    strstr(n->text + 2, "{{") == NULL) {
		pth_buf_add(&b, n->text + 2, len - 4);
		v = evaluate(w, n, b.s);
		if (v == NULL || !json_is_string(v))
			return pth_take(&v);
		pth_buf_cut(&b, 0);
	}
	return plan_text(w, n, &b) == 0 ? pth_json_text(b.s, b.len) : NULL;
}

static bool
control(const char *key)
{
	return strcmp(key, "when") == 0 || strcmp(key, "each") == 0 || strcmp(key, "as") == 0;
}

/* These members are texts, also where a descriptor or its template makes a number. */
static json_t *
member(const char *key, json_t *take)
{
	static const char *const texts[] = { PTH_KEY(content, path), PTH_KEY(content, text),
		PTH_KEY(rulelog, matches), PTH_KEY(rulelog, not_matches), PTH_KEY(measure, json),
		PTH_KEY(rulefile, sha256), PTH_KEY(rulepackets, filter),
		PTH_KEY(gotten, revision) };
	json_auto_t *v = take;
	pth_auto_buf b = PTH_BUF_INIT;

	if ((!json_is_number(v) && !json_is_boolean(v)) || !pth_one_of(key, texts, countof(texts)))
		return pth_take(&v);
	plan_scalar(&b, v);
	return pth_json_text(b.s, b.len);
}

static json_t *
tree_map(const struct plan_with *w, const struct pth_ynode *n)
{
	json_auto_t *out = json_object();

	pth_yaml_foreach(c, n) {
		json_t *v = control(c->key) ? NULL : plan_tree(w, c);

		if (v != NULL)
			pth_json_set(out, c->key, member(c->key, v));
		else if (!control(c->key))
			return NULL;
	}
	return pth_take(&out);
}

/* Appends one item of a list: `when` may leave it out. {each: X, value: V} gives V. */
static int
item(const struct plan_with *w, const struct pth_ynode *n, json_t *out)
{
	const struct pth_ynode *when = pth_yaml_get(n, "when"), *value = NULL;
	int go = plan_truth(w, when);
	json_t *v;

	if (go <= 0)
		return go;
	if (when != NULL || pth_yaml_get(n, "each") != NULL)
		value = pth_yaml_get(n, "value");
	v = plan_tree(w, value != NULL ? value : n);
	if (v == NULL)
		return -1;
	pth_json_push(out, v);
	return 0;
}

int
plan_item(const struct plan_with *w, const struct pth_ynode *n, json_t *out)
{
	return pth_yaml_get(n, "each") != NULL ? each(w, n, out, item) : item(w, n, out);
}

int
plan_list(const struct plan_with *w, const struct pth_ynode *list, json_t *out)
{
	pth_yaml_foreach(c, list)
		if (plan_item(w, c, out) < 0)
			return -1;
	return 0;
}

json_t *
plan_tree(const struct plan_with *w, const struct pth_ynode *n)
{
	json_auto_t *out = json_array();

	if (n->kind == PTH_YSTR)
		return tree_text(w, n);
	if (n->kind < PTH_YSEQ)
		return pth_yaml_json(n);
	if (n->kind == PTH_YMAP)
		return tree_map(w, n);
	return plan_list(w, n, out) == 0 ? pth_take(&out) : NULL;
}

char *
plan_beside(const struct pth_plugin *x, const struct pth_ynode *n, const char *file)
{
	const char *from = ((const struct pth_dval *)n)->file;

	while (x != NULL && strcmp(x->file, from) != 0)
		x = x->base;
	return pth_desc_beside(x != NULL ? x->path : "", file, "");
}

int
plan_user_text(
    const struct plan_with *w, const char *name, const char *text, bool line, struct pth_buf *b)
{
	struct pth_template_options o = { .keep_blocks = line };
	struct pth_template *t;
	size_t at = b->len;
	int r = 0;

	if (!has_template(text))
		pth_buf_adds(b, text);
	else if ((t = pth_template_parse(name, text, strlen(text), &o, w->e)) == NULL)
		return -1;
	else {
		r = pth_template_render(t, w->vars, b, w->e);
		pth_template_free(t);
	}
	return r < 0 ? -1 : plan_names(w->p, b, at, w->e);
}
