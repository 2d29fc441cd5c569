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
compile(
    struct plan *p, struct pth_dval *d, const char *before, const char *after, struct pth_err *e)
{
	struct pth_template_options o = { .line = d->y.line, .col = d->y.col };
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_addf(&b, "%s%s%s", before, d->y.text, after);
	o.col = o.col > strlen(before) ? o.col - (unsigned)strlen(before) : 1;
	d->t = pth_template_parse(d->file, b.s, b.len, &o, e);
	if (d->t == NULL)
		return -1;
	keep(p->ps, d->t);
	d->state = 't';
	return 0;
}

static bool
has_template(const char *s)
{
	return strstr(s, "{{") != NULL || strstr(s, "{%") != NULL || strstr(s, "{#") != NULL;
}

/* Nodes are compiled once, in the descriptor's own tree, which is the cache: therefore
 * const is cast away. */
int
plan_text(
    struct plan *p, const struct pth_ynode *n, json_t *vars, struct pth_buf *b, struct pth_err *e)
{
	struct pth_dval *d = (struct pth_dval *)n;
	size_t at = b->len;

	if (n == NULL || n->kind == PTH_YNULL) /* taken away by inheritance */
		return 0;
	if (d->state == '\0' && (n->kind != PTH_YSTR || !has_template(n->text)))
		d->state = 'l';
	if (d->state == '\0' && compile(p, d, "", "", e) < 0)
		return -1;
	if (d->state == 'l')
		pth_buf_add(b, n->text, n->len);
	else if (pth_template_render(d->t, vars, b, e) < 0)
		return -1;
	return plan_names(p, b, at, e);
}

int
plan_duration(
    struct plan *p, const struct pth_ynode *n, json_t *vars, int64_t *us, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;
	int r = plan_text(p, n, vars, &b, e);

	if (r == 0 && b.len > 0 && !pth_duration(b.s, us))
		r = pth_err_set(e, PTH_INPUT,
		    "%s:%u:%u: '%.40s' is not a duration such as 5s or 250ms",
		    ((const struct pth_dval *)n)->file, n->line, n->col, b.s);
	return r;
}

/* 1 or 0; the expression is compiled as the condition of an {% if %}. */
int
plan_truth(struct plan *p, const struct pth_ynode *n, json_t *vars, struct pth_err *e)
{
	struct pth_dval *d = (struct pth_dval *)n;
	pth_auto_buf b = PTH_BUF_INIT;

	if (n->kind == PTH_YBOOL)
		return n->b;
	if (n->kind != PTH_YSTR)
		return pth_dval_error(e, n, "when: must be an expression");
	if (d->state == '\0' && compile(p, d, "{% if ", " %}1{% endif %}", e) < 0)
		return -1;
	return pth_template_render(d->t, vars, &b, e) < 0 ? -1 : b.len > 0;
}

/* Returns the value of an expression; a plain path ("requests", "target.files") needs
 * no parser. */
static json_t *
evaluate(const struct pth_ynode *n, const char *text, json_t *vars, struct pth_err *e)
{
	pth_auto_buf name = PTH_BUF_INIT;
	json_t *v = pth_json_path(vars, text);

	if (v != NULL)
		return json_incref(v);
	pth_dval_where(&name, n);
	return pth_template_expr(name.s, text, vars, e);
}

/*
 * `each: EXPRESSION, as: NAME`: call item() with NAME (default: item) and
 * index set in vars for every item. The names are taken away again.
 */
typedef int each_fn(
    struct plan *p, const struct pth_ynode *n, json_t *vars, json_t *out, struct pth_err *e);

static int
each(struct plan *p, const struct pth_ynode *n, json_t *vars, json_t *out, each_fn *fn,
    struct pth_err *e)
{
	const struct pth_ynode *x = pth_yaml_get(n, "each");
	const char *as = pth_desc_str(n, "as", "item");
	json_auto_t *list = NULL, *inner = NULL;
	json_t *v;
	size_t i;

	if (x->kind != PTH_YSTR)
		return pth_dval_error(e, x, "each: must be an expression");
	list = evaluate(x, x->text, vars, e);
	if (list == NULL)
		return -1;
	if (!json_is_array(list) && !json_is_null(list))
		return pth_dval_error(e, x, "each: '%s' is not a list", x->text);
	inner = json_copy(vars);
	json_array_foreach(list, i, v) {
		json_object_set(inner, as, v);
		pth_json_set(inner, "index", json_integer((json_int_t)i));
		if (fn(p, n, inner, out, e) < 0)
			return -1;
	}
	return 0;
}

static void
push_text(json_t *out, struct pth_buf *b)
{
	pth_json_push(out, pth_json_text(b->s, b->len));
	pth_buf_release(b);
}

static int
each_args(struct plan *p, const struct pth_ynode *n, json_t *vars, json_t *out, struct pth_err *e)
{
	const struct pth_ynode *args = pth_yaml_get(n, "args");
	struct pth_buf b = PTH_BUF_INIT;

	if (args != NULL)
		return plan_args(p, args, vars, out, e);
	plan_scalar(&b, json_object_get(vars, pth_desc_str(n, "as", "item")));
	push_text(out, &b);
	return 0;
}

static int
arg(struct plan *p, const struct pth_ynode *n, json_t *vars, json_t *out, struct pth_err *e)
{
	const struct pth_ynode *when = pth_yaml_get(n, "when"), *words = pth_yaml_get(n, "words");
	const struct pth_ynode *one = n->kind == PTH_YMAP ? pth_yaml_get(n, "optional") : n;
	pth_auto_buf b = PTH_BUF_INIT;
	int r;

	if (when != NULL) {
		r = plan_truth(p, when, vars, e);
		n = r < 0 ? NULL : pth_yaml_get(n, r != 0 ? "args" : "else");
		return r < 0 ? -1 : n != NULL ? plan_args(p, n, vars, out, e) : 0;
	}
	if (pth_yaml_get(n, "each") != NULL)
		return each(p, n, vars, out, each_args, e);
	if (plan_text(p, words != NULL ? words : one, vars, &b, e) < 0)
		return -1;
	if (words != NULL)
		return pth_words(b.s != NULL ? b.s : "", out, e);
	if (b.len != 0 || one == n)
		push_text(out, &b);
	return 0;
}

int
plan_args(struct plan *p, const struct pth_ynode *n, json_t *vars, json_t *out, struct pth_err *e)
{
	pth_yaml_foreach(c, n)
		if (arg(p, c, vars, out, e) < 0)
			return -1;
	return 0;
}

static int
cmd_argv(struct plan *p, const struct pth_ynode *n, json_t *vars, json_t *argv, struct pth_err *e)
{
	const struct pth_ynode *sh = pth_yaml_get(n, "sh"), *words = pth_yaml_get(n, "words");
	pth_auto_buf b = PTH_BUF_INIT;

	if (sh == NULL && words == NULL)
		return plan_args(
		    p, n->kind == PTH_YSEQ ? n : pth_yaml_get(n, "argv"), vars, argv, e);
	if (plan_text(p, sh != NULL ? sh : words, vars, &b, e) < 0)
		return -1;
	if (words != NULL && pth_words(b.s != NULL ? b.s : "", argv, e) < 0)
		return -1;
	if (sh != NULL) {
		pth_json_push(argv, json_string("sh"));
		pth_json_push(argv, json_string("-c"));
		push_text(argv, &b);
	}
	return 0;
}

static int
cmd_extras(struct plan *p, const struct pth_ynode *n, json_t *vars, json_t *cmd, struct pth_err *e)
{
	const struct pth_ynode *cwd = pth_yaml_get(n, "cwd"), *env = pth_yaml_get(n, "env");
	pth_auto_buf b = PTH_BUF_INIT;
	json_t *v = NULL;

	if ((cwd != NULL && plan_text(p, cwd, vars, &b, e) < 0) ||
	    (env != NULL && (v = plan_tree(p, env, vars, e)) == NULL))
		return -1;
	if (cwd != NULL)
		pth_cmd_set_cwd(cmd, b.s != NULL ? b.s : "");
	if (env != NULL)
		pth_cmd_set_env(cmd, v);
	return 0;
}

static json_t *
command(
    struct plan *p, const struct pth_ynode *n, json_t *vars, int64_t timeout_us, struct pth_err *e)
{
	const struct pth_ynode *when = pth_yaml_get(n, "when"),
	                       *critical = pth_yaml_get(n, "critical");
	int go = when != NULL ? plan_truth(p, when, vars, e) : 1;
	json_auto_t *cmd = json_object();
	json_t *argv = json_array();

	pth_cmd_set_argv(cmd, argv);
	if (go <= 0)
		return go < 0 ? NULL : json_null();
	if (cmd_argv(p, n, vars, argv, e) < 0)
		return NULL;
	if (json_array_size(argv) == 0) {
		pth_dval_error(e, n, "a command without words");
		return NULL;
	}
	if (plan_duration(p, pth_yaml_get(n, "timeout"), vars, &timeout_us, e) < 0)
		return NULL;
	pth_cmd_set_critical(cmd, critical == NULL || critical->b);
	pth_cmd_set_timeout_us(cmd, timeout_us);
	if (n->kind == PTH_YMAP && cmd_extras(p, n, vars, cmd, e) < 0)
		return NULL;
	return pth_take(&cmd);
}

int
plan_cmds(struct plan *p, const struct pth_ynode *list, json_t *vars, int64_t timeout_us,
    json_t *out, struct pth_err *e)
{
	pth_yaml_foreach(c, list) {
		json_t *cmd = command(p, c, vars, timeout_us, e);

		if (cmd == NULL)
			return -1;
		if (!json_is_null(cmd))
			pth_json_push(out, cmd);
	}
	return 0;
}

/* A string that is nothing but one {{ expression }} keeps the value's type. */
static json_t *
tree_text(struct plan *p, const struct pth_ynode *n, json_t *vars, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;
	size_t len = n->len;
	json_auto_t *v = NULL;

	if (len > 4 && strncmp(n->text, "{{", 2) == 0 && strcmp(n->text + len - 2, "}}") == 0 &&
	    strstr(n->text + 2, "{{") == NULL) {
		pth_buf_add(&b, n->text + 2, len - 4);
		v = evaluate(n, b.s, vars, e);
		if (v == NULL || !json_is_string(v))
			return pth_take(&v);
		pth_buf_cut(&b, 0);
	}
	return plan_text(p, n, vars, &b, e) == 0 ? pth_json_text(b.s, b.len) : NULL;
}

static bool
control(const char *key)
{
	return strcmp(key, "when") == 0 || strcmp(key, "each") == 0 || strcmp(key, "as") == 0;
}

static json_t *
tree_map(struct plan *p, const struct pth_ynode *n, json_t *vars, struct pth_err *e)
{
	json_auto_t *out = json_object();

	pth_yaml_foreach(c, n) {
		json_t *v = control(c->key) ? NULL : plan_tree(p, c, vars, e);

		if (v != NULL)
			pth_json_set(out, c->key, v);
		else if (!control(c->key))
			return NULL;
	}
	return pth_take(&out);
}

/* Appends one item of a list: `when` may leave it out. {each: X, value: V} gives V. */
static int
item(struct plan *p, const struct pth_ynode *n, json_t *vars, json_t *out, struct pth_err *e)
{
	const struct pth_ynode *when = pth_yaml_get(n, "when"), *value = NULL;
	int go = when != NULL ? plan_truth(p, when, vars, e) : 1;
	json_t *v;

	if (go <= 0)
		return go;
	if (when != NULL || pth_yaml_get(n, "each") != NULL)
		value = pth_yaml_get(n, "value");
	v = plan_tree(p, value != NULL ? value : n, vars, e);
	if (v == NULL)
		return -1;
	pth_json_push(out, v);
	return 0;
}

int
plan_item(struct plan *p, const struct pth_ynode *n, json_t *vars, json_t *out, struct pth_err *e)
{
	return pth_yaml_get(n, "each") != NULL ? each(p, n, vars, out, item, e) :
	                                         item(p, n, vars, out, e);
}

int
plan_list(
    struct plan *p, const struct pth_ynode *list, json_t *vars, json_t *out, struct pth_err *e)
{
	pth_yaml_foreach(c, list)
		if (plan_item(p, c, vars, out, e) < 0)
			return -1;
	return 0;
}

json_t *
plan_tree(struct plan *p, const struct pth_ynode *n, json_t *vars, struct pth_err *e)
{
	json_auto_t *out = json_array();

	if (n->kind == PTH_YSTR)
		return tree_text(p, n, vars, e);
	if (n->kind < PTH_YSEQ)
		return pth_yaml_json(n);
	if (n->kind == PTH_YMAP)
		return tree_map(p, n, vars, e);
	return plan_list(p, n, vars, out, e) == 0 ? pth_take(&out) : NULL;
}

char *
plan_beside(const struct plan_service *s, const struct pth_ynode *n, const char *file)
{
	const char *from = ((const struct pth_dval *)n)->file, *slash;
	const struct pth_plugin *q;
	struct pth_buf b = PTH_BUF_INIT;

	for (q = s->plugin; q != NULL && strcmp(q->file, from) != 0; q = q->base)
		;
	slash = q != NULL ? strrchr(q->path, '/') : NULL;
	if (slash != NULL)
		pth_buf_add(&b, q->path, (size_t)(slash - q->path) + 1);
	pth_buf_adds(&b, file);
	return pth_buf_take(&b);
}

static int
render(struct plan *p, const char *name, const char *text, const struct pth_template_options *o,
    json_t *vars, struct pth_buf *b, struct pth_err *e)
{
	struct pth_template *t;
	size_t at = b->len;
	int r;

	if (!has_template(text)) {
		pth_buf_adds(b, text);
		return plan_names(p, b, at, e);
	}
	t = pth_template_parse(name, text, strlen(text), o, e);
	if (t == NULL)
		return -1;
	r = pth_template_render(t, vars, b, e);
	pth_template_free(t);
	return r < 0 ? -1 : plan_names(p, b, at, e);
}

int
plan_user_text(struct plan *p, const char *name, const char *text, json_t *vars, struct pth_buf *b,
    struct pth_err *e)
{
	return render(p, name, text, NULL, vars, b, e);
}

int
plan_line_text(struct plan *p, const char *name, const char *text, json_t *vars, struct pth_buf *b,
    struct pth_err *e)
{
	static const struct pth_template_options o = { .keep_blocks = true };

	return render(p, name, text, &o, vars, b, e);
}
