/* This file calls macros, and the blocks that are given to them. */
#include "base/text.h"
#include "template/priv.h"

struct val
template_macro(struct eval *x, const struct node *n)
{
	struct macro *m = template_alloc(x, sizeof *m);

	*m = (struct macro){ n, x->t, x->f.number, x->nscope - x->f.scopes };
	return (struct val){ .kind = V_MACRO, .f = m };
}

static const char *
name_of(const struct eval *x, const struct macro *m)
{
	return m->n->op == S_CALL ? "caller" : x->sh->sym[m->n->sym];
}

/* The argument for a parameter that is given by name, or absent. */
static struct val
named(const struct eval *x, const struct args *a, uint32_t sym, const struct val *value)
{
	for (const struct node *c = a->kw; c != NULL; c = c->next, value++)
		if (template_word(c->s, c->n, x->sh->sym[sym]))
			return *value;
	return template_vabsent();
}

/* The parameter of this name; -1: none. */
static int
number_of(const struct eval *x, const struct macro *m, const struct node *kw)
{
	int i = 0;

	for (const struct node *c = m->n->b->a; c != NULL; c = c->next, i++)
		if (template_word(kw->s, kw->n, x->sh->sym[c->a->sym]))
			return i;
	return -1;
}

/* Refuse what the macro does not take; named arguments that it collects are put into more. */
static void
check(struct eval *x, const struct node *at, const struct macro *m, const struct args *a,
    const struct val *value, struct val more)
{
	const char *name = name_of(x, m);
	int i;

	if (a->n > m->n->b->n && (m->n->flag & USES_VARARGS) == 0)
		template_fail(x, at, "'%s' takes %u argument%s, and has %zu", name, m->n->b->n,
		    m->n->b->n == 1 ? "" : "s", a->n);
	for (const struct node *c = a->kw; c != NULL; c = c->next, value++) {
		i = number_of(x, m, c);
		if (i >= 0 && (size_t)i < a->n)
			template_fail(x, c, "'%s' got '%s' twice", name, c->s);
		if (i < 0 && (m->n->flag & USES_KWARGS) == 0)
			template_fail(x, c, "'%s' has no parameter '%.60s'", name, c->s);
		if (i < 0)
			template_map_set(x, more.m, template_vstr(c->s, c->n), *value);
	}
}

/* An undefined value; the message says what about the name is. */
static struct val
missing(
    struct eval *x, const struct node *at, const char *before, const char *name, const char *behind)
{
	struct val note;

	pth_buf_addf(&x->tmp, "%s'%s' %s", before, name, behind);
	pth_buf_addc(&x->tmp, '\0');
	note = template_take(x);
	return template_undef(x, at, template_vabsent(), NULL, 0, note.s);
}

/* Each parameter has its argument, else its default, which sees those before it. */
static void
bind(struct eval *x, const struct macro *m, const struct args *a, const struct val *value)
{
	struct val v;
	size_t i = 0;

	for (const struct node *c = m->n->b->a; c != NULL; c = c->next, i++) {
		v = i < a->n ? a->v[i] : named(x, a, c->a->sym, value);
		if (v.kind == V_ABSENT && c->b != NULL)
			v = template_eval(x, c->b);
		else if (v.kind == V_ABSENT)
			v = missing(
			    x, c->a, "the parameter ", x->sh->sym[c->a->sym], "was not given");
		template_assign(x, c->a->sym, v);
	}
}

/* caller, varargs and kwargs. */
static void
bind_own(struct eval *x, const struct macro *m, const struct args *a, struct val more,
    const struct val *caller)
{
	size_t n = a->n > m->n->b->n ? a->n - m->n->b->n : 0;
	uint32_t own = x->sh->sym_own;
	struct val rest;

	if ((m->n->flag & USES_CALLER) != 0 && m->n->op == S_MACRO)
		template_assign(x, own,
		    caller != NULL ?
		        *caller :
		        missing(x, m->n, "", name_of(x, m), "is not called by a 'call' block"));
	if ((m->n->flag & USES_VARARGS) != 0) {
		rest = template_list(x, n, true);
		for (size_t i = 0; i < n; i++)
			rest.v[i] = a->v[a->n - n + i];
		template_assign(x, own + 1, rest);
	}
	if ((m->n->flag & USES_KWARGS) != 0)
		template_assign(x, own + 2, more);
}

/* How much of the stack is in use since the rendering began. */
static size_t
stack_used(const struct eval *x)
{
	const char *here = __builtin_frame_address(0), *there = (const char *)x;

	return (size_t)(here < there ? there - here : here - there);
}

struct val
template_macro_call(struct eval *x, const struct node *at, const struct macro *m,
    const struct args *a, const struct val *caller)
{
	const struct pth_template *was = x->t;
	struct val more = template_map_new(x, false), *value, v;
	size_t n = 0, i = 0;

	for (const struct node *c = a->kw; c != NULL; c = c->next)
		n++;
	value = template_alloc(x, n * sizeof *value);
	for (const struct node *c = a->kw; c != NULL; c = c->next)
		value[i++] = template_eval(x, c->a);
	if (x->calls == MAX_CALLS || stack_used(x) > MAX_STACK)
		template_fail(x, at, "'%s' calls itself without end, or macros are nested too deep",
		    name_of(x, m));
	if (caller != NULL && (m->n->flag & USES_CALLER) == 0)
		template_fail(x, at, "'%s' has no use for a 'call' block", name_of(x, m));
	check(x, at, m, a, value, more);
	template_work(x, x->sh->nsym * sizeof *value);
	template_frame_push(x, m);
	x->t = m->t;
	bind(x, m, a, value);
	bind_own(x, m, a, more, caller);
	v = template_captured(x, m->n->c);
	x->t = was;
	template_frame_pop(x);
	return v;
}

/* The names that a template sets, when it is run for them. */
static struct val
module(struct eval *x, const struct node *n)
{
	static const struct macro top = { .frame = 0 };
	const struct pth_template *was = x->t, *t;
	struct val names;

	t = template_file(x, n);
	if (t == NULL)
		template_fail(x, n, "there is nothing to import");
	template_work(x, x->sh->nsym * sizeof names);
	template_frame_push(x, &top);
	x->includes++;
	x->t = t;
	template_captured(x, t->body);
	x->t = was;
	x->includes--;
	return template_frame_keep(x);
}

/* import: all names, as one; from: some of them. */
void
template_import(struct eval *x, const struct node *n)
{
	struct val names = module(x, n), v;

	if (n->b == NULL) {
		template_assign(x, n->sym, names);
		return;
	}
	for (const struct node *c = n->b; c != NULL; c = c->next) {
		v = template_map_get(x, names, template_vstr(c->s, c->n));
		if (v.kind == V_ABSENT)
			template_fail(x, c, "the file sets no name '%.60s'", c->s);
		template_assign(x, c->sym, v);
	}
}
