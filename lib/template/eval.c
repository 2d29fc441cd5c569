/* This file is the interpreter, which walks over the tree of a template and renders it. */
#include <locale.h>

#include "base/cleanup.h"
#include "template/priv.h"

void
template_fail(struct eval *x, const struct node *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	template_verror(&x->t->src, at != NULL ? at->pos : 0, x->e, fmt, ap);
	va_end(ap);
	longjmp(x->leave, 1);
}

/* ---- expressions ---- */

static struct val
name(struct eval *x, const struct node *n)
{
	struct val v = x->f.cur[n->sym];
	const char *s;
	json_t *j;

	if (v.kind != V_ABSENT)
		return v;
	s = x->sh->sym[n->sym];
	j = json_object_get(x->vars, s);
	if (j == NULL)
		return template_undef(x, n, template_vabsent(), s, strlen(s), NULL);
	return x->f.cur[n->sym] = template_from(j);
}

/* An operand that may be left out. */
static struct val
optional(struct eval *x, const struct node *n)
{
	return n != NULL ? template_eval(x, n) : template_vabsent();
}

/* With lenient a chain (a.b.c) may break anywhere: the whole is undefined. */
static struct val
chain(struct eval *x, const struct node *n, bool lenient)
{
	struct val base, key;

	if (n->op != E_ATTR && n->op != E_ITEM)
		return template_eval(x, n);
	base = chain(x, n->a, lenient);
	if (base.kind == V_UNDEF && lenient)
		return base;
	if (base.kind == V_UNDEF)
		template_fail_undef(x, base);
	if (n->op == E_ATTR)
		return template_attr(x, n, base, n->s, n->n);
	key = template_defined(x, template_eval(x, n->b));
	x->at = n;
	return template_item(x, n, base, key);
}

static struct val
list(struct eval *x, const struct node *n)
{
	struct val v = template_list(x, n->n, n->op == E_TUPLE);
	uint32_t i = 0;

	for (const struct node *c = n->a; c != NULL; c = c->next)
		v.v[i++] = template_eval(x, c);
	return v;
}

static struct val
dict(struct eval *x, const struct node *n)
{
	struct val v = template_map_new(x, false), key;

	for (const struct node *c = n->a; c != NULL; c = c->next->next) {
		key = template_defined(x, template_eval(x, c));
		x->at = c;
		template_map_set(x, v.m, key, template_eval(x, c->next));
	}
	return v;
}

static struct val
concat(struct eval *x, const struct node *n)
{
	struct val small[8],
	    *v = n->n <= countof(small) ? small : template_alloc(x, n->n * sizeof *v);
	uint32_t i = 0;

	for (const struct node *c = n->a; c != NULL; c = c->next, i++) {
		v[i] = template_eval(x, c);
		x->at = c;
		v[i] = template_text(x, v[i]);
	}
	x->at = n;
	return template_concat(x, v, n->n, template_vstr("", 0));
}

static bool
compare(struct eval *x, int op, struct val a, struct val b)
{
	switch (op) {
	case C_EQ: return template_equal(x, a, b, 0);
	case C_NE: return !template_equal(x, a, b, 0);
	case C_IN: return template_contains(x, b, a);
	case C_NOTIN: return !template_contains(x, b, a);
	case C_LT: return template_order(x, a, b, 0) < 0;
	case C_LE: return template_order(x, a, b, 0) <= 0;
	case C_GT: return template_order(x, a, b, 0) > 0;
	default: return template_order(x, a, b, 0) >= 0;
	}
}

/* A chain, a < b < c, compares each pair until one does not hold. */
static struct val
comparisons(struct eval *x, const struct node *n)
{
	struct val left = template_eval(x, n->a), right;

	for (const struct node *c = n->a->next; c != NULL; c = c->next) {
		right = template_eval(x, c->a);
		x->at = c;
		if (!compare(x, c->op, left, right))
			return template_vbool(false);
		left = right;
	}
	return template_vbool(true);
}

static struct val
condition(struct eval *x, const struct node *n)
{
	const struct val soft = { .kind = V_UNDEF, .flag = 1 };

	if (template_truth(x, template_eval(x, n->a)))
		return template_eval(x, n->b);
	return n->c != NULL ? template_eval(x, n->c) : soft;
}

/* A filter or a test. */
static struct val
apply(struct eval *x, const struct node *n)
{
	struct call c;
	struct val *rest;
	size_t i = 0;

	c.in = n->sig->in == 'u' ? chain(x, n->a, true) :
	                           template_defined(x, template_eval(x, n->a));
	for (unsigned k = 0; k < MAX_ARG; k++)
		c.arg[k] = optional(x, n->arg[k]);
	c.rest = rest = n->n != 0 ? template_alloc(x, n->n * sizeof *rest) : NULL;
	for (const struct node *a = n->d; a != NULL; a = a->next)
		rest[i++] = template_eval(x, a);
	c.nrest = i;
	x->at = n;
	return template_run(x, n->sig, &c);
}

static struct val
negate(struct eval *x, const struct node *n)
{
	struct val v = template_defined(x, template_eval(x, n->a));
	int64_t i;

	if (v.kind == V_REAL)
		return template_vreal(n->op == E_NEG ? -v.d : v.d);
	if (!template_integer(v, &i))
		template_fail(x, n, "%s is not a number", template_kind(v));
	if (n->op == E_NEG && __builtin_sub_overflow(0, i, &i))
		template_fail(x, n, "integer beyond 64 bits");
	return template_vint(i);
}

static struct val
slice(struct eval *x, const struct node *n)
{
	struct val v = template_defined(x, template_eval(x, n->a));
	struct val a = optional(x, n->b), b = optional(x, n->c), c = optional(x, n->d);

	x->at = n;
	return template_slice(x, v, a, b, c);
}

static struct val
binary(struct eval *x, const struct node *n)
{
	struct val a = template_defined(x, template_eval(x, n->a));
	struct val b = template_defined(x, template_eval(x, n->b));

	x->at = n;
	return template_binary(x, n->op, a, b);
}

struct val
template_eval(struct eval *x, const struct node *n)
{
	struct val v;

	x->work += 8; /* looked at by the next statement */
	switch (n->op) {
	case E_CONST: return n->val;
	case E_NAME: return name(x, n);
	case E_ATTR:
	case E_ITEM: return chain(x, n, false);
	case E_SLICE: return slice(x, n);
	case E_LIST:
	case E_TUPLE: return list(x, n);
	case E_DICT: return dict(x, n);
	case E_NOT: return template_vbool(!template_truth(x, template_eval(x, n->a)));
	case E_NEG:
	case E_POS: return negate(x, n);
	case E_AND:
	case E_OR:
		v = template_eval(x, n->a);
		return template_truth(x, v) == (n->op == E_AND) ? template_eval(x, n->b) : v;
	case E_CONCAT: return concat(x, n);
	case E_CMP: return comparisons(x, n);
	case E_COND: return condition(x, n);
	case E_FILTER: return apply(x, n);
	case E_TEST:
		v = apply(x, n);
		v.b ^= n->flag;
		return v;
	case E_CALL: return template_call(x, n, NULL);
	default: return binary(x, n);
	}
}

/* ---- statements ---- */

static void run(struct eval *x, const struct node *n);

static void
out(struct eval *x, const struct node *at, const char *s, size_t n)
{
	if (x->out->len - x->out0 + n > MAX_OUTPUT)
		template_fail(x, at, "more than %d MiB of output", MAX_OUTPUT >> 20);
	pth_buf_add(x->out, s, n);
}

static void
print(struct eval *x, const struct node *n)
{
	struct mark m = template_mark(x);
	unsigned long escapes = x->escapes;
	struct val v = template_defined(x, template_eval(x, n->a));

	x->at = n->a;
	if (v.kind == V_STR) {
		if (v.n != 0)
			out(x, n, v.s, v.n);
	} else if (v.kind == V_INT) {
		out(x, n, "", 0);
		template_put_int(x->out, v.i);
	} else {
		v = template_text(x, v);
		out(x, n, v.s, v.n);
	}
	if (x->escapes == escapes) /* a macro may have set an attribute of a namespace */
		template_reset(x, m);
}

static bool
holds(struct eval *x, const struct node *n)
{
	struct mark m = template_mark(x);
	unsigned long escapes = x->escapes;
	bool r = template_truth(x, template_eval(x, n));

	if (x->escapes == escapes)
		template_reset(x, m);
	return r;
}

/* Assign v to a name, to an attribute of a namespace, or one by one to a tuple. */
static void
bind(struct eval *x, const struct node *target, struct val v)
{
	struct val ns, seq;
	int64_t i = 0, n;

	x->at = target;
	if (target->op == E_NAME) {
		template_assign(x, target->sym, v);
		return;
	}
	if (target->op == E_ATTR) {
		ns = template_defined(x, template_eval(x, target->a));
		x->at = target;
		if (ns.kind != V_MAP || !ns.m->ns)
			template_fail(x, target, "only attributes of a namespace() can be set");
		template_map_set(x, ns.m, template_vstr(target->s, target->n), v);
		x->escapes++;
		return;
	}
	seq = template_seq(x, v);
	n = template_len(seq);
	if (n != target->n)
		template_fail(x, target, "%u names for %lld values", target->n, (long long)n);
	for (const struct node *c = target->a; c != NULL; c = c->next)
		bind(x, c, template_at(seq, i++));
}

/* Those elements for which the loop's own `if` holds. */
static struct val
selected(struct eval *x, const struct node *n, struct val seq)
{
	int64_t len = template_len(seq);
	struct val list_ = template_list(x, len > MAX_STEPS ? MAX_STEPS : (size_t)len, false);
	uint32_t k = 0;

	for (int64_t i = 0; i < len; i++) {
		if (++x->steps > MAX_STEPS)
			template_fail(x, n, "loops of more than %d turns", MAX_STEPS);
		bind(x, n->a, template_at(seq, i));
		if (holds(x, n->d->a))
			list_.v[k++] = template_at(seq, i);
		template_scope_clear(x);
	}
	list_.n = k;
	return list_;
}

static void
turns(struct eval *x, const struct node *n, struct loop *l)
{
	unsigned long escapes = x->escapes;
	struct mark m;

	if (l->n > MAX_STEPS - x->steps)
		template_fail(x, n, "loops of more than %d turns", MAX_STEPS);
	template_assign(x, x->sh->sym_loop, (struct val){ .kind = V_LOOP, .l = l });
	template_scope_open(x);
	for (; l->i < l->n; l->i++) {
		m = template_mark(x);
		x->steps++;
		bind(x, n->a, template_at(l->seq, l->i));
		run(x, n->c);
		template_scope_clear(x);
		if (x->escapes == escapes)
			template_reset(x, m);
	}
	template_scope_close(x);
}

static void
run_for(struct eval *x, const struct node *n)
{
	struct mark m = template_mark(x);
	unsigned long escapes = x->escapes;
	struct loop *l = template_alloc(x, sizeof *l);
	struct val seq = template_eval(x, n->b);

	x->at = n->b;
	seq = template_seq(x, seq);
	template_scope_open(x);
	if (n->d->a != NULL)
		seq = selected(x, n, seq);
	*l = (struct loop){ .seq = seq, .n = template_len(seq) };
	if (l->n > 0)
		turns(x, n, l);
	else
		run(x, n->d->b);
	template_scope_close(x);
	if (x->escapes == escapes)
		template_reset(x, m);
}

struct val
template_captured(struct eval *x, const struct node *body)
{
	size_t at = x->out->len;
	struct val v;

	run(x, body);
	v = template_strn(x, x->out->s != NULL ? x->out->s + at : "", x->out->len - at);
	pth_buf_cut(x->out, at);
	return v;
}

/* {% set x %}...{% endset %} and {% filter f %}...{% endfilter %}: what the body puts
 * out is a value; what it sets stays in it. */
static struct val
block(struct eval *x, const struct node *n)
{
	struct val v;

	template_scope_open(x);
	v = template_captured(x, n->c);
	template_scope_clear(x);
	template_assign(x, x->sh->sym_block, v);
	v = template_eval(x, n->b);
	template_scope_close(x);
	return v;
}

static void
run_call(struct eval *x, const struct node *n)
{
	struct val caller = template_macro(x, n), v = template_call(x, n->a, &caller);

	x->at = n;
	v = template_text(x, v);
	out(x, n, v.s, v.n);
}

static void
run_filter(struct eval *x, const struct node *n)
{
	struct val v = block(x, n);

	x->at = n;
	v = template_text(x, v);
	out(x, n, v.s, v.n);
}

/* All values first, as Jinja: one does not see the other. */
static void
run_with(struct eval *x, const struct node *n)
{
	struct val v = template_list(x, n->n, true);
	uint32_t i = 0;

	for (const struct node *c = n->a; c != NULL; c = c->next)
		v.v[i++] = template_eval(x, c->b);
	i = 0;
	template_scope_open(x);
	for (const struct node *c = n->a; c != NULL; c = c->next)
		bind(x, c->a, v.v[i++]);
	run(x, n->c);
	template_scope_close(x);
}

/* A file, parsed; *t is NULL when that fails, with x->e. False with e: it cannot
 * be read. Nothing here leaves by longjmp: the text would leak. */
static bool
load(struct eval *x, struct val name_, struct pth_template **t, struct pth_err *e)
{
	pth_auto_buf text = PTH_BUF_INIT;
	pth_auto_str s = pth_xstrndup(name_.s, name_.n);
	struct shared *sh = x->sh;

	*t = NULL;
	e->text[0] = '\0';
	pth_buf_add(&text, "", 0);
	if (sh->opt.load(sh->opt.arg, s, &text, e) != 0)
		return false;
	*t = template_parse_one(sh, s, text.s, text.len, false, 1, 1, x->e);
	if (*t != NULL) {
		(*t)->next = sh->included;
		sh->included = *t;
	}
	return true;
}

static const struct pth_template *
included(struct eval *x, const struct node *n, struct val name_)
{
	struct pth_template *t;
	struct pth_err e;
	bool loaded;

	for (t = x->sh->included; t != NULL; t = t->next)
		if (template_word(name_.s, name_.n, t->src.name))
			return t;
	if (x->sh->opt.load == NULL)
		template_fail(x, n, "nothing can be included here");
	loaded = load(x, name_, &t, &e);
	if (!loaded && n->flag == 0)
		template_fail(x, n, "%s", e.text);
	if (loaded && t == NULL)
		longjmp(x->leave, 1);
	return t;
}

const struct pth_template *
template_file(struct eval *x, const struct node *n)
{
	struct val v = template_defined(x, template_eval(x, n->a));
	const struct pth_template *t;

	if (v.kind != V_STR || v.n == 0 || memchr(v.s, '\0', v.n) != NULL)
		template_fail(x, n->a, "'%s' needs the name of a file",
		    n->op == S_INCLUDE ? "include" : "import");
	if (x->includes == MAX_INCLUDE)
		template_fail(x, n, "'%.*s' is included by itself, or more than %d deep",
		    (int)(v.n > 200 ? 200 : v.n), v.s, MAX_INCLUDE);
	if (++x->steps > MAX_STEPS)
		template_fail(x, n, "more than %d includes", MAX_STEPS);
	t = included(x, n, v);
	template_names_grow(x);
	return t;
}

static void
run_include(struct eval *x, const struct node *n)
{
	const struct pth_template *was = x->t, *t = template_file(x, n);

	if (t == NULL)
		return;
	x->includes++;
	x->t = t;
	template_scope_open(x);
	run(x, t->body);
	template_scope_close(x);
	x->t = was;
	x->includes--;
}

/* The first branch whose condition holds; else has none. */
static void
run_if(struct eval *x, const struct node *branch)
{
	while (branch != NULL && branch->a != NULL && !holds(x, branch->a))
		branch = branch->c;
	if (branch != NULL)
		run(x, branch->b);
}

static void
run(struct eval *x, const struct node *n)
{
	for (; n != NULL; n = n->next) {
		x->at = n;
		template_work(x, 8);
		switch (n->op) {
		case S_TEXT: out(x, n, n->s, n->n); break;
		case S_PRINT: print(x, n); break;
		case S_IF: run_if(x, n); break;
		case S_FOR: run_for(x, n); break;
		case S_SET: bind(x, n->a, template_eval(x, n->b)); break;
		case S_SETBLOCK: bind(x, n->a, block(x, n)); break;
		case S_FILTER: run_filter(x, n); break;
		case S_WITH: run_with(x, n); break;
		case S_MACRO: template_assign(x, n->sym, template_macro(x, n)); break;
		case S_CALL: run_call(x, n); break;
		case S_IMPORT: template_import(x, n); break;
		default: run_include(x, n);
		}
	}
}

/* ---- the outside ---- */

static void
open_eval(struct eval *x, const struct pth_template *t, json_t *vars, struct pth_buf *b,
    struct pth_err *e)
{
	/* The room inside is large and need not be zero. */
	memset(x, 0, offsetof(struct eval, small));
	x->t = t;
	x->sh = t->sh;
	x->vars = vars;
	x->out = b;
	x->out0 = b != NULL ? b->len : 0;
	x->e = e;
	x->first.mem = x->small;
	x->first.n = sizeof x->small;
	x->heap = &x->first;
	template_names_grow(x);
}

static void
close_eval(struct eval *x)
{
	template_reset(x, (struct mark){ &x->first, 0 });
	template_names_free(x);
	pth_buf_release(&x->tmp);
	if (x->locale != NULL)
		freelocale(x->locale);
}

/* Run statements, or take the value of an expression when value is not NULL. */
static int
guarded(struct eval *x, const struct node *n, json_t **value)
{
	struct val v;

	if (setjmp(x->leave) != 0)
		return -1;
	if (value == NULL) {
		run(x, n);
		return 0;
	}
	v = template_eval(x, n);
	x->at = n;
	*value = v.kind == V_UNDEF ? json_null() : template_to(x, v, 0);
	if (*value == NULL)
		template_fail(x, n, "the value has no JSON form");
	return 0;
}

int
pth_template_render(
    const struct pth_template *t, json_t *vars, struct pth_buf *b, struct pth_err *e)
{
	struct eval x;
	int r;

	open_eval(&x, t, vars, b, e);
	pth_buf_add(b, "", 0); /* text, even when there is none */
	r = guarded(&x, t->body, NULL);
	if (r != 0)
		pth_buf_cut(b, x.out0);
	close_eval(&x);
	return r;
}

struct pth_template *
pth_template_parse_expr(const char *name_, const char *src, struct pth_err *e)
{
	return template_new(name_, src, strlen(src), NULL, true, e);
}

json_t *
pth_template_value(const struct pth_template *t, json_t *vars, struct pth_err *e)
{
	json_t *v = NULL;
	struct eval x;

	open_eval(&x, t, vars, NULL, e);
	if (guarded(&x, t->body, &v) != 0)
		v = NULL;
	close_eval(&x);
	return v;
}

json_t *
pth_template_expr(const char *name_, const char *src, json_t *vars, struct pth_err *e)
{
	struct pth_template *t = pth_template_parse_expr(name_, src, e);
	json_t *v = t != NULL ? pth_template_value(t, vars, e) : NULL;

	pth_template_free(t);
	return v;
}
