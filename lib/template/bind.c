/* Arguments are bound to the parameters of a filter, test or method here. */
#include "base/words.h"
#include "template/priv.h"

/* Which parameter has this name? -1: none. */
static int
param(const char *params, const char *s, size_t n)
{
	struct pth_word rest = pth_word_of(*params == '*' ? params + 1 : params), name;

	for (int i = 0; pth_word_next(&rest, ",", &name); i++)
		if (name.n == n && memcmp(name.s, s, n) == 0)
			return i;
	return -1;
}

/* How many parameters has a filter? */
static unsigned
count_params(const struct filter *f)
{
	const char *params = f->params + (*f->params == '*');
	unsigned n = *params != '\0';

	for (; *params != '\0'; params++)
		n += *params == ',';
	return n;
}

struct val
template_apply(
    struct eval *x, const struct filter *f, struct val in, const struct val *arg, size_t n)
{
	struct call c = { .in = f->undef ? in : template_defined(x, in) };

	if (*f->params == '*') {
		c.rest = arg;
		c.nrest = n;
		n = 0;
	} else if (n < f->min || n > count_params(f)) {
		template_refuse(x, "%zu argument%s for '%s'", n, n == 1 ? "" : "s", f->name);
	}
	for (size_t i = 0; i < n; i++)
		c.arg[i] = arg[i];
	/* cppcheck-suppress returnDanglingLifetime; values never point to the call */
	return f->fn(x, &c);
}

struct node *
template_bind(struct parse *p, struct node *n)
{
	const struct filter *f = n->fil;
	unsigned max = count_params(f), given = 0, nrest = 0;
	bool any = *f->params == '*';
	struct node *next, *rest = NULL, **tail = &rest;

	n->arg = pth_arena_alloc(&p->sh->arena, MAX_ARG * sizeof *n->arg);
	for (struct node *a = n->b != NULL ? n->b->a : NULL; a != NULL; a = next) {
		next = a->next;
		a->next = NULL;
		if (a->op == E_KW) {
			int i = param(f->params, a->s, a->n);

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
			nrest++;
		} else {
			if (given == max)
				template_parse_fail(p, a->pos, "'%s' takes %u argument%s at most",
				    f->name, max, max == 1 ? "" : "s");
			n->arg[given++] = a;
		}
	}
	for (unsigned i = 0; i < f->min; i++)
		if (!any && n->arg[i] == NULL)
			template_parse_fail(p, n->pos, "'%s' needs %u argument%s", f->name, f->min,
			    f->min == 1 ? "" : "s");
	n->d = rest;
	n->n = nrest;
	return n;
}
