/* The interpreter: a walk over the tree. */
#include <locale.h>

#include "template/inside.h"

void tmpl_fail(struct eval *x, const struct node *at, const char *fmt, ...)
{
	struct pth_buf b = PTH_BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	pth_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	tmpl_error(&x->t->src, at ? at->pos : 0, x->e, "%s", b.s ? b.s : "");
	pth_buf_release(&b);
	longjmp(x->leave, 1);
}

/* ---- variables ---- */

static void grow_names(struct eval *x)
{
	uint32_t n = x->sh->nsym;

	if (n <= x->ncur)
		return;
	if (x->cur == x->cur_small) {
		x->cur = pth_xarray(NULL, n, sizeof *x->cur);
		memcpy(x->cur, x->cur_small, x->ncur * sizeof *x->cur);
	} else {
		x->cur = pth_xarray(x->cur, n, sizeof *x->cur);
	}
	memset(x->cur + x->ncur, 0, (n - x->ncur) * sizeof *x->cur);
	x->ncur = n;
}

static void assign(struct eval *x, uint32_t sym, struct val v)
{
	if (x->nundo == x->capundo) {
		x->capundo = x->capundo ? x->capundo * 2 : 32;
		x->undo = pth_xarray(x->undo, x->capundo, sizeof *x->undo);
	}
	x->undo[x->nundo++] = (struct undo){ sym, x->cur[sym] };
	x->cur[sym] = v;
}

/* Forget what was assigned since the mark. */
static void restore(struct eval *x, uint32_t mark)
{
	while (x->nundo > mark) {
		x->nundo--;
		x->cur[x->undo[x->nundo].sym] = x->undo[x->nundo].old;
	}
}

static struct val name(struct eval *x, const struct node *n)
{
	struct val v = x->cur[n->sym];
	const char *s;
	json_t *j;

	if (v.k != V_ABSENT)
		return v;
	s = x->sh->sym[n->sym].s;
	j = json_object_get(x->vars, s);
	if (!j)
		return tmpl_undef(x, n, vabsent(), s, strlen(s), NULL);
	return x->cur[n->sym] = tmpl_from(j);
}

/* ---- expressions ---- */

/* With lenient a chain (a.b.c) may break anywhere: the whole is undefined. */
static struct val chain(struct eval *x, const struct node *n, bool lenient)
{
	struct val base, key;

	if (n->op != E_ATTR && n->op != E_ITEM)
		return tmpl_eval(x, n);
	base = chain(x, n->a, lenient);
	if (base.k == V_UNDEF && lenient)
		return base;
	if (base.k == V_UNDEF)
		tmpl_fail_undef(x, base);
	if (n->op == E_ATTR)
		return tmpl_attr(x, n, base, n->s, n->n);
	key = tmpl_defined(x, tmpl_eval(x, n->b));
	x->at = n;
	return tmpl_item(x, n, base, key);
}

static struct val list(struct eval *x, const struct node *n)
{
	struct val v = tmpl_list(x, n->n, n->op == E_TUPLE);
	uint32_t i = 0;

	for (const struct node *c = n->a; c; c = c->next)
		v.v[i++] = tmpl_eval(x, c);
	return v;
}

static struct val dict(struct eval *x, const struct node *n)
{
	struct val v = tmpl_map_new(x, false), key;

	for (const struct node *c = n->a; c; c = c->next->next) {
		key = tmpl_defined(x, tmpl_eval(x, c));
		x->at = c;
		tmpl_map_set(x, v.m, key, tmpl_eval(x, c->next));
	}
	return v;
}

static struct val concat(struct eval *x, const struct node *n)
{
	struct val small[8], *v = n->n <= countof(small) ? small : tmpl_alloc(x, n->n * sizeof *v);
	size_t len = 0;
	uint32_t i = 0;
	char *p, *q;

	for (const struct node *c = n->a; c; c = c->next, i++) {
		v[i] = tmpl_eval(x, c);
		x->at = c;
		v[i] = tmpl_text(x, v[i]);
		len += v[i].n;
	}
	if (len > MAX_OUTPUT)
		tmpl_fail(x, n, "a text of more than %d MiB", MAX_OUTPUT >> 20);
	q = p = tmpl_alloc(x, len);
	for (i = 0; i < n->n; i++) {
		if (v[i].n)
			memcpy(q, v[i].s, v[i].n);
		q += v[i].n;
	}
	return vstr(p, len);
}

static bool compare(struct eval *x, int op, struct val a, struct val b)
{
	switch (op) {
	case C_EQ: return tmpl_equal(x, a, b, 0);
	case C_NE: return !tmpl_equal(x, a, b, 0);
	case C_IN: return tmpl_contains(x, b, a);
	case C_NOTIN: return !tmpl_contains(x, b, a);
	case C_LT: return tmpl_order(x, a, b, 0) < 0;
	case C_LE: return tmpl_order(x, a, b, 0) <= 0;
	case C_GT: return tmpl_order(x, a, b, 0) > 0;
	default: return tmpl_order(x, a, b, 0) >= 0;
	}
}

/* a < b < c: each pair, until one does not hold. */
static struct val comparisons(struct eval *x, const struct node *n)
{
	struct val left = tmpl_eval(x, n->a), right;

	for (const struct node *c = n->b; c; c = c->next) {
		right = tmpl_eval(x, c->a);
		x->at = c;
		if (!compare(x, c->op, left, right))
			return vbool(false);
		left = right;
	}
	return vbool(true);
}

static struct val condition(struct eval *x, const struct node *n)
{
	if (tmpl_truth(x, tmpl_eval(x, n->a)))
		return tmpl_eval(x, n->b);
	return n->c ? tmpl_eval(x, n->c) : vsoft();
}

/* A filter or a test. */
static struct val apply(struct eval *x, const struct node *n)
{
	const struct filter *f = n->fil;
	struct call c;
	struct val *rest;
	size_t i = 0;

	c.in = f->undef ? chain(x, n->a, true) : tmpl_defined(x, tmpl_eval(x, n->a));
	for (unsigned k = 0; k < MAX_ARG; k++)
		c.arg[k] = n->arg[k] ? tmpl_eval(x, n->arg[k]) : vabsent();
	c.rest = rest = n->n ? tmpl_alloc(x, n->n * sizeof *rest) : NULL;
	for (const struct node *a = n->d; a; a = a->next)
		rest[i++] = tmpl_eval(x, a);
	c.nrest = i;
	x->at = n;
	/* cppcheck-suppress returnDanglingLifetime; values never point to the call */
	return f->fn(x, &c);
}

static struct val negate(struct eval *x, const struct node *n)
{
	struct val v = tmpl_defined(x, tmpl_eval(x, n->a));
	int64_t i;

	if (v.k == V_REAL)
		return vreal(n->op == E_NEG ? -v.d : v.d);
	if (!tmpl_integer(v, &i))
		tmpl_fail(x, n, "%s is not a number", tmpl_kind(v));
	if (n->op == E_NEG && __builtin_sub_overflow(0, i, &i))
		tmpl_fail(x, n, "integer beyond 64 bits");
	return vint(i);
}

static struct val slice(struct eval *x, const struct node *n)
{
	struct val v = tmpl_defined(x, tmpl_eval(x, n->a));
	struct val a = n->b ? tmpl_eval(x, n->b) : vabsent();
	struct val b = n->c ? tmpl_eval(x, n->c) : vabsent();
	struct val c = n->d ? tmpl_eval(x, n->d) : vabsent();

	x->at = n;
	return tmpl_slice(x, v, a, b, c);
}

static struct val binary(struct eval *x, const struct node *n)
{
	struct val a = tmpl_defined(x, tmpl_eval(x, n->a));
	struct val b = tmpl_defined(x, tmpl_eval(x, n->b));

	x->at = n;
	return tmpl_binary(x, n->op, a, b);
}

struct val tmpl_eval(struct eval *x, const struct node *n)
{
	struct val v;

	x->work += 8; /* looked at by the next statement */
	switch (n->op) {
	case E_CONST:
		return n->val;
	case E_NAME:
		return name(x, n);
	case E_ATTR:
	case E_ITEM:
		return chain(x, n, false);
	case E_SLICE:
		return slice(x, n);
	case E_LIST:
	case E_TUPLE:
		return list(x, n);
	case E_DICT:
		return dict(x, n);
	case E_NOT:
		return vbool(!tmpl_truth(x, tmpl_eval(x, n->a)));
	case E_NEG:
	case E_POS:
		return negate(x, n);
	case E_AND:
		v = tmpl_eval(x, n->a);
		return tmpl_truth(x, v) ? tmpl_eval(x, n->b) : v;
	case E_OR:
		v = tmpl_eval(x, n->a);
		return tmpl_truth(x, v) ? v : tmpl_eval(x, n->b);
	case E_CONCAT:
		return concat(x, n);
	case E_CMP:
		return comparisons(x, n);
	case E_COND:
		return condition(x, n);
	case E_FILTER:
		return apply(x, n);
	case E_TEST:
		v = apply(x, n);
		v.b ^= n->flag;
		return v;
	case E_CALL:
		return tmpl_call(x, n);
	default:
		return binary(x, n);
	}
}

/* ---- statements ---- */

static void run(struct eval *x, const struct node *n);

static void out(struct eval *x, const struct node *at, const char *s, size_t n)
{
	if (x->out->len - x->out0 + n > MAX_OUTPUT)
		tmpl_fail(x, at, "more than %d MiB of output", MAX_OUTPUT >> 20);
	pth_buf_add(x->out, s, n);
}

static void print(struct eval *x, const struct node *n)
{
	struct mark m = tmpl_mark(x);
	struct val v = tmpl_defined(x, tmpl_eval(x, n->a));

	x->at = n->a;
	if (v.k == V_STR) {
		if (v.n)
			out(x, n, v.s, v.n);
	} else if (v.k == V_INT) {
		out(x, n, "", 0);
		tmpl_put_int(x->out, v.i);
	} else {
		v = tmpl_text(x, v);
		out(x, n, v.s, v.n);
	}
	tmpl_reset(x, m);
}

static bool holds(struct eval *x, const struct node *n)
{
	struct mark m = tmpl_mark(x);
	bool r = tmpl_truth(x, tmpl_eval(x, n));

	tmpl_reset(x, m);
	return r;
}

/* v into a name, an attribute of a namespace, or one by one into a tuple. */
static void bind(struct eval *x, const struct node *target, struct val v)
{
	struct val ns, seq;
	int64_t i = 0, n;

	x->at = target;
	if (target->op == E_NAME) {
		assign(x, target->sym, v);
		return;
	}
	if (target->op == E_ATTR) {
		ns = tmpl_defined(x, tmpl_eval(x, target->a));
		x->at = target;
		if (ns.k != V_MAP || !ns.m->ns)
			tmpl_fail(x, target, "only attributes of a namespace() can be set");
		tmpl_map_set(x, ns.m, vstr(target->s, target->n), v);
		x->escapes++;
		return;
	}
	seq = tmpl_seq(x, v);
	n = tmpl_len(seq);
	if (n != target->n)
		tmpl_fail(x, target, "%u names for %lld values", target->n, (long long)n);
	for (const struct node *c = target->a; c; c = c->next)
		bind(x, c, tmpl_at(seq, i++));
}

/* Those elements for which the loop's own `if` holds. */
static struct val selected(struct eval *x, const struct node *n, struct val seq)
{
	int64_t len = tmpl_len(seq);
	struct val list_ = tmpl_list(x, len > MAX_STEPS ? MAX_STEPS : (size_t)len, false);
	uint32_t k = 0, undo = x->nundo;

	for (int64_t i = 0; i < len; i++) {
		if (++x->steps > MAX_STEPS)
			tmpl_fail(x, n, "loops of more than %d turns", MAX_STEPS);
		bind(x, n->a, tmpl_at(seq, i));
		if (holds(x, n->d->a))
			list_.v[k++] = tmpl_at(seq, i);
		restore(x, undo);
	}
	list_.n = k;
	return list_;
}

static void turns(struct eval *x, const struct node *n, struct loop *l)
{
	unsigned long escapes = x->escapes;
	uint32_t undo;
	struct mark m;

	if (l->n > MAX_STEPS - x->steps)
		tmpl_fail(x, n, "loops of more than %d turns", MAX_STEPS);
	assign(x, x->sh->sym_loop, (struct val){ .k = V_LOOP, .l = l });
	for (; l->i < l->n; l->i++) {
		m = tmpl_mark(x);
		undo = x->nundo;
		x->steps++;
		bind(x, n->a, tmpl_at(l->seq, l->i));
		run(x, n->c);
		restore(x, undo);
		if (x->escapes == escapes)
			tmpl_reset(x, m);
	}
}

static void run_for(struct eval *x, const struct node *n)
{
	struct mark m = tmpl_mark(x);
	unsigned long escapes = x->escapes;
	uint32_t undo = x->nundo;
	struct loop *l = tmpl_alloc(x, sizeof *l);
	struct val seq = tmpl_eval(x, n->b);

	x->at = n->b;
	seq = tmpl_seq(x, seq);
	if (n->d->a)
		seq = selected(x, n, seq);
	*l = (struct loop){ .seq = seq, .n = tmpl_len(seq) };
	if (l->n > 0)
		turns(x, n, l);
	else
		run(x, n->d->b);
	restore(x, undo);
	if (x->escapes == escapes)
		tmpl_reset(x, m);
}

/* The body's output as a value; what it sets stays in it. */
static struct val captured(struct eval *x, const struct node *body)
{
	size_t at = x->out->len;
	uint32_t undo = x->nundo;
	struct val v;

	run(x, body);
	restore(x, undo);
	v = tmpl_strn(x, x->out->s ? x->out->s + at : "", x->out->len - at);
	pth_buf_cut(x->out, at);
	return v;
}

/* {% set x %}...{% endset %} and {% filter f %}...{% endfilter %} */
static struct val block(struct eval *x, const struct node *n)
{
	uint32_t undo = x->nundo;
	struct val v;

	assign(x, x->sh->sym_block, captured(x, n->c));
	v = tmpl_eval(x, n->b);
	restore(x, undo);
	return v;
}

static void run_set(struct eval *x, const struct node *n)
{
	bind(x, n->a, n->op == S_SET ? tmpl_eval(x, n->b) : block(x, n));
}

static void run_filter(struct eval *x, const struct node *n)
{
	struct val v = block(x, n);

	x->at = n;
	v = tmpl_text(x, v);
	out(x, n, v.s, v.n);
}

/* All values first, as Jinja: one does not see the other. */
static void run_with(struct eval *x, const struct node *n)
{
	struct val v = tmpl_list(x, n->n, true);
	uint32_t undo = x->nundo, i = 0;

	for (const struct node *c = n->a; c; c = c->next)
		v.v[i++] = tmpl_eval(x, c->b);
	i = 0;
	for (const struct node *c = n->a; c; c = c->next)
		bind(x, c->a, v.v[i++]);
	run(x, n->c);
	restore(x, undo);
}

static const struct pth_template *included(struct eval *x, const struct node *n, struct val name_)
{
	struct shared *sh = x->sh;
	struct pth_buf text = PTH_BUF_INIT;
	struct pth_template *t;
	struct pth_err e;
	char *s;

	for (t = sh->included; t; t = t->next)
		if (tmpl_word(name_.s, name_.n, t->src.name))
			return t;
	if (!sh->opt.load)
		tmpl_fail(x, n, "nothing can be included here");
	s = pth_xstrndup(name_.s, name_.n);
	e.text[0] = '\0';
	if (sh->opt.load(sh->opt.arg, s, &text, &e) != 0) {
		free(s);
		pth_buf_release(&text);
		if (n->flag)
			return NULL;
		tmpl_fail(x, n, "%s", e.text);
	}
	t = tmpl_parse_one(sh, s, text.s ? text.s : "", text.len, false, 1, 1, x->e);
	free(s);
	pth_buf_release(&text);
	if (!t)
		longjmp(x->leave, 1);
	t->next = sh->included;
	sh->included = t;
	return t;
}

static void run_include(struct eval *x, const struct node *n)
{
	struct val v = tmpl_defined(x, tmpl_eval(x, n->a));
	const struct pth_template *was = x->t, *t;
	uint32_t undo = x->nundo;

	if (v.k != V_STR || v.n == 0 || memchr(v.s, '\0', v.n))
		tmpl_fail(x, n->a, "'include' needs the name of a file");
	if (x->includes == MAX_INCLUDE)
		tmpl_fail(x, n, "'%.*s' is included by itself, or more than %d deep",
		    (int)(v.n > 200 ? 200 : v.n), v.s, MAX_INCLUDE);
	if (++x->steps > MAX_STEPS)
		tmpl_fail(x, n, "more than %d includes", MAX_STEPS);
	t = included(x, n, v);
	if (!t)
		return;
	grow_names(x);
	x->includes++;
	x->t = t;
	run(x, t->body);
	x->t = was;
	x->includes--;
	restore(x, undo);
}

/* The first branch whose condition holds; else has none. */
static void run_if(struct eval *x, const struct node *branch)
{
	while (branch && branch->a && !holds(x, branch->a))
		branch = branch->c;
	if (branch)
		run(x, branch->b);
}

static void run(struct eval *x, const struct node *n)
{
	for (; n; n = n->next) {
		x->at = n;
		tmpl_work(x, 8);
		switch (n->op) {
		case S_TEXT:
			out(x, n, n->s, n->n);
			break;
		case S_PRINT:
			print(x, n);
			break;
		case S_IF:
			run_if(x, n);
			break;
		case S_FOR:
			run_for(x, n);
			break;
		case S_SET:
		case S_SETBLOCK:
			run_set(x, n);
			break;
		case S_FILTER:
			run_filter(x, n);
			break;
		case S_WITH:
			run_with(x, n);
			break;
		default:
			run_include(x, n);
		}
	}
}

/* ---- the outside ---- */

static void open_eval(struct eval *x, const struct pth_template *t, json_t *vars,
    struct pth_buf *b, struct pth_err *e)
{
	/* not all of it: the room inside is large and need not be zero */
	memset(x, 0, offsetof(struct eval, small));
	x->t = t;
	x->sh = t->sh;
	x->vars = vars;
	x->out = b;
	x->out0 = b ? b->len : 0;
	x->e = e;
	x->first.mem = x->small;
	x->first.n = sizeof x->small;
	x->heap = &x->first;
	x->cur = x->cur_small;
	x->ncur = countof(x->cur_small) < t->sh->nsym ? countof(x->cur_small) : t->sh->nsym;
	memset(x->cur_small, 0, x->ncur * sizeof *x->cur);
	grow_names(x);
}

static void close_eval(struct eval *x)
{
	tmpl_reset(x, (struct mark){ &x->first, 0 });
	if (x->cur != x->cur_small)
		free(x->cur);
	free(x->undo);
	pth_buf_release(&x->tmp);
	if (x->locale)
		freelocale(x->locale);
}

static int guarded_run(struct eval *x, const struct node *body)
{
	if (setjmp(x->leave) != 0)
		return -1;
	run(x, body);
	return 0;
}

int pth_template_render(const struct pth_template *t, json_t *vars, struct pth_buf *b,
    struct pth_err *e)
{
	struct eval x;
	int r;

	open_eval(&x, t, vars, b, e);
	pth_buf_add(b, "", 0); /* text, even when there is none */
	r = guarded_run(&x, t->body);
	if (r != 0)
		pth_buf_cut(b, x.out0);
	close_eval(&x);
	return r;
}

static int eval_json(struct eval *x, const struct node *n, json_t **out_)
{
	struct val v;

	if (setjmp(x->leave) != 0)
		return -1;
	v = tmpl_eval(x, n);
	x->at = n;
	*out_ = v.k == V_UNDEF ? json_null() : tmpl_to(x, v, 0);
	if (!*out_)
		tmpl_fail(x, n, "the value has no JSON form");
	return 0;
}

json_t *pth_template_expr(const char *name_, const char *src, json_t *vars, struct pth_err *e)
{
	struct pth_template *t = tmpl_new(name_, src, strlen(src), NULL, true, e);
	json_t *v = NULL;
	struct eval x;

	if (!t)
		return NULL;
	open_eval(&x, t, vars, NULL, e);
	if (eval_json(&x, t->body, &v) != 0)
		v = NULL;
	close_eval(&x);
	pth_template_free(t);
	return v;
}
