/* This file binds arguments to the parameters of filters, tests and methods, with their types. */
#include "template/priv.h"

/* "width:i=80" of what a filter declares. */
struct param {
	const char *name, *def; /* def is NULL when the parameter must be given */
	size_t nname, ndef;
	char type;
};

/* The parameter behind the next comma. What is before the first is the type of the input. */
static bool
next_param(const char **rest, struct param *p)
{
	const char *comma = strchr(*rest, ','), *colon;

	if (comma != NULL && comma[1] == '*')
		comma = strchr(comma + 1, ',');
	if (comma == NULL)
		return false;
	colon = strchr(comma, ':');
	*rest = strchrnul(colon, ',');
	*p = (struct param){ .name = comma + 1, .type = colon[1] };
	p->nname = (size_t)(colon - p->name);
	p->def = colon[2] == '=' ? colon + 3 : NULL;
	p->ndef = p->def != NULL ? (size_t)(*rest - p->def) : 0;
	return true;
}

static bool
takes_any(const struct filter *f)
{
	return strchr(f->params, '*') != NULL;
}

/* How many parameters has a filter? *min of them must be given. */
static unsigned
count_params(const struct filter *f, unsigned *min)
{
	const char *rest = f->params;
	struct param p;
	unsigned n = 0;

	for (*min = 0; next_param(&rest, &p); n++)
		*min += p.def == NULL;
	return n;
}

/* Which parameter has this name? -1: none. */
static int
find_param(const struct filter *f, const char *s, size_t n)
{
	const char *rest = f->params;
	struct param p;

	for (int i = 0; next_param(&rest, &p); i++)
		if (p.nname == n && memcmp(p.name, s, n) == 0)
			return i;
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
	case 'i': return template_vint(template_arg_int(x, v));
	case 't': return template_arg_text(x, v, number);
	default: return v;
	}
}

static struct val
argument(struct eval *x, const struct param *p, struct val v, size_t number)
{
	bool absent = v.kind == V_ABSENT || (p->type == 'n' && v.kind == V_NONE);

	if (absent && (p->type == 'i' || p->type == 'n'))
		return template_vint(strtoll(p->def, NULL, 10));
	if (absent && (p->type == 's' || p->type == 't'))
		return template_vstr(p->def, p->ndef);
	if (absent && p->type != 'b')
		return v;
	return typed(x, p->type == 'n' ? 'i' : p->type, v, number);
}

struct val
template_run(struct eval *x, const struct filter *f, struct call *c)
{
	const char *rest = f->params;
	struct param p;

	c->in = typed(x, *f->params, c->in, 0);
	for (size_t i = 0; next_param(&rest, &p); i++)
		c->arg[i] = argument(x, &p, c->arg[i], i + 1);
	/* cppcheck-suppress returnDanglingLifetime; values never point to the call */
	return f->fn(x, c);
}

struct val
template_apply(
    struct eval *x, const struct filter *f, struct val in, const struct val *arg, size_t n)
{
	struct call c = { .in = *f->params == 'u' ? in : template_defined(x, in) };
	unsigned min, max = count_params(f, &min);

	if (takes_any(f)) {
		c.rest = arg;
		c.nrest = n;
		n = 0;
	} else if (n < min || n > max) {
		template_refuse(x, "%zu argument%s for '%s'", n, n == 1 ? "" : "s", f->name);
	}
	for (size_t i = 0; i < n; i++)
		c.arg[i] = arg[i];
	return template_run(x, f, &c);
}

struct node *
template_bind(struct parse *p, struct node *n)
{
	const struct filter *f = n->fil;
	unsigned min, max = count_params(f, &min), given = 0;
	bool any = takes_any(f);
	struct node *next, **tail = &n->d;

	n->arg = pth_arena_alloc(&p->sh->arena, MAX_ARG * sizeof *n->arg);
	for (struct node *a = n->b != NULL ? n->b->a : NULL; a != NULL; a = next) {
		next = a->next;
		a->next = NULL;
		if (a->op == E_KW) {
			int i = find_param(f, a->s, a->n);

			if (i < 0)
				template_parse_fail(
				    p, a->pos, "'%s' has no parameter '%.60s'", f->name, a->s);
			if (n->arg[i] != NULL)
				template_parse_fail(
				    p, a->pos, "'%s' got '%.60s' twice", f->name, a->s);
			n->arg[i] = a->a;
		} else if (any) {
			*tail = a;
			tail = &a->next;
			n->n++;
		} else if (given == max) {
			template_parse_fail(p, a->pos, "'%s' takes %u argument%s at most", f->name,
			    max, max == 1 ? "" : "s");
		} else {
			n->arg[given++] = a;
		}
	}
	for (unsigned i = 0; i < min; i++)
		if (n->arg[i] == NULL)
			template_parse_fail(p, n->pos, "'%s' needs %u argument%s", f->name, min,
			    min == 1 ? "" : "s");
	return n;
}
