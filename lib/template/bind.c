/* This file binds arguments to the parameters of filters, tests and methods, with their types. */
#include "template/priv.h"

/* "width:i=80" of what a filter declares: text, whose end is returned. */
static const char *
read_param(const char *text, struct param *p)
{
	const char *colon = strchr(text, ':'), *end = strchrnul(colon, ','), *def = colon + 3;

	*p = (struct param){ .name = text, .n = (size_t)(colon - text), .type = colon[1] };
	p->optional = colon[2] == '=';
	if (p->optional && (p->type == 'i' || p->type == 'n'))
		p->def = template_vint(strtoll(def, NULL, 10));
	else if (p->optional && (p->type == 's' || p->type == 't'))
		p->def = template_vstr(def, end - def);
	else if (p->type == 'b')
		p->def = template_vbool(false);
	return end;
}

struct signature
template_signature(const struct filter *f)
{
	struct signature sig = { .f = f, .in = *f->params };
	const char *at = f->params + 1;

	while (*at == ',') {
		if (at[1] == '*') {
			sig.any = true;
			at += 2;
			continue;
		}
		at = read_param(at + 1, &sig.param[sig.n]);
		sig.min += !sig.param[sig.n++].optional;
	}
	return sig;
}

/* Which parameter has this name? -1: none. */
static int
find_param(const struct signature *sig, const char *s, size_t n)
{
	for (unsigned i = 0; i < sig->n; i++)
		if (sig->param[i].n == n && memcmp(sig->param[i].name, s, n) == 0)
			return (int)i;
	return -1;
}

int64_t
template_arg_int(struct eval *x, struct val v)
{
	int64_t i;

	if (!template_integer(template_defined(x, v), &i))
		template_refuse(x, "expected an integer, not %s", template_kind(v));
	return i;
}

struct val
template_arg_text(struct eval *x, struct val v, size_t number)
{
	v = template_defined(x, v);
	if (v.kind != V_STR)
		template_refuse(
		    x, "argument %zu: expected a string, not %s", number, template_kind(v));
	return v;
}

/* A value of a type that a filter declares: priv.h has the letters. */
static struct val
typed(struct eval *x, char type, struct val v, size_t number)
{
	switch (type) {
	case 's': return template_str(x, v);
	case 'q': return template_seq(x, v);
	case 'b': return template_vbool(template_truth(x, v));
	case 'i':
	case 'n': return template_vint(template_arg_int(x, v));
	case 't': return template_arg_text(x, v, number);
	default: return v;
	}
}

static struct val
argument(struct eval *x, const struct param *p, struct val v, size_t number)
{
	if (v.kind == V_ABSENT || (p->type == 'n' && v.kind == V_NONE))
		return p->def;
	return typed(x, p->type, v, number);
}

struct val
template_run(struct eval *x, const struct signature *sig, struct call *c)
{
	c->in = typed(x, sig->in, c->in, 0);
	for (size_t i = 0; i < sig->n; i++)
		c->arg[i] = argument(x, &sig->param[i], c->arg[i], i + 1);
	/* cppcheck-suppress returnDanglingLifetime; values never point to the call */
	return sig->f->fn(x, c);
}

struct val
template_apply(
    struct eval *x, const struct signature *sig, struct val in, const struct val *arg, size_t n)
{
	struct call c = { .in = sig->in == 'u' ? in : template_defined(x, in) };

	if (sig->any) {
		c.rest = arg;
		c.nrest = n;
		n = 0;
	} else if (n < sig->min || n > sig->n) {
		template_refuse(x, "%zu argument%s for '%s'", n, n == 1 ? "" : "s", sig->f->name);
	}
	for (size_t i = 0; i < n; i++)
		c.arg[i] = arg[i];
	return template_run(x, sig, &c);
}

struct node *
template_bind(struct parse *p, struct node *n)
{
	const struct signature *sig = n->sig;
	const char *name = sig->f->name;
	unsigned given = 0;
	struct node *next, **tail = &n->d;

	n->arg = pth_arena_alloc(&p->sh->arena, MAX_ARG * sizeof *n->arg);
	for (struct node *a = n->b != NULL ? n->b->a : NULL; a != NULL; a = next) {
		next = a->next;
		a->next = NULL;
		if (a->op == E_KW) {
			int i = find_param(sig, a->s, a->n);

			if (i < 0)
				template_parse_fail(
				    p, a->pos, "'%s' has no parameter '%.60s'", name, a->s);
			if (n->arg[i] != NULL)
				template_parse_fail(
				    p, a->pos, "'%s' got '%.60s' twice", name, a->s);
			n->arg[i] = a->a;
		} else if (sig->any) {
			*tail = a;
			tail = &a->next;
			n->n++;
		} else if (given == sig->n) {
			template_parse_fail(p, a->pos, "'%s' takes %u argument%s at most", name,
			    sig->n, sig->n == 1 ? "" : "s");
		} else {
			n->arg[given++] = a;
		}
	}
	for (unsigned i = 0; i < sig->min; i++)
		if (n->arg[i] == NULL)
			template_parse_fail(p, n->pos, "'%s' needs %u argument%s", name, sig->min,
			    sig->min == 1 ? "" : "s");
	return n;
}
