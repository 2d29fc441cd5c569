/* This file says of an undefined value what is missing and what may be meant. */
#include "base/cleanup.h"
#include "base/text.h"
#include "template/priv.h"

#define NAMES_MAX 1000 /* near enough is good enough */

struct names {
	const char *v[NAMES_MAX];
	size_t n;
};

static void
add_name(struct names *l, const char *s)
{
	if (l->n < NAMES_MAX)
		l->v[l->n++] = s;
}

static void
add_keys(struct names *l, json_t *o)
{
	for (void *it = json_object_iter(o); it != NULL; it = json_object_iter_next(o, it))
		add_name(l, json_object_iter_key(it));
}

/* "services.server" as far as the path is made of names and constants. */
static void
put_path(struct eval *x, struct pth_buf *b, const struct node *n)
{
	switch (n->op) {
	case E_NAME: pth_buf_adds(b, x->sh->sym[n->sym]); break;
	case E_ATTR:
		put_path(x, b, n->a);
		pth_buf_addf(b, ".%s", n->s);
		break;
	case E_ITEM:
		put_path(x, b, n->a);
		if (n->b->op == E_CONST && n->b->val.kind == V_STR && n->b->val.n < 100)
			pth_buf_addf(b, "['%.*s']", (int)n->b->val.n, n->b->val.s);
		else if (n->b->op == E_CONST && n->b->val.kind == V_INT)
			pth_buf_addf(b, "[%lld]", (long long)n->b->val.i);
		else if (n->b->op == E_NAME)
			pth_buf_addf(b, "[%s]", x->sh->sym[n->b->sym]);
		else
			pth_buf_adds(b, "[...]");
		break;
	default: pth_buf_adds(b, "...");
	}
}

/* What the base of a missing attribute has instead. */
static void
put_near(struct eval *x, struct pth_buf *b, const struct undef *u)
{
	struct names l = { .n = 0 };
	char key[100];
	const char *near;

	if (u->base.kind == V_ABSENT) {
		add_keys(&l, x->vars);
		for (uint32_t i = 0; i < x->f.ncur && i < x->sh->nsym; i++)
			if (x->f.cur[i].kind != V_ABSENT && x->f.cur[i].kind != V_UNDEF)
				add_name(&l, x->sh->sym[i]);
	} else if (u->base.kind == V_JOBJ) {
		add_keys(&l, u->base.j);
	}
	snprintf(key, sizeof key, "%.*s", (int)(u->len > 90 ? 90 : u->len), u->name);
	near = u->len > 1 ? pth_nearest(key, l.v, l.n) : NULL;
	if (near != NULL)
		pth_buf_addf(b, "; did you mean '%s'?", near);
	else if (u->base.kind != V_ABSENT && !template_is_map(u->base))
		pth_buf_addf(b, ": this is %s", template_kind(u->base));
}

/* Nothing here leaves by longjmp: the buffer would leak. */
static void
say_undef(struct eval *x, const struct undef *u)
{
	pth_auto_buf b = PTH_BUF_INIT;

	if (u->note != NULL) {
		pth_buf_adds(&b, u->note);
	} else {
		pth_buf_addc(&b, '\'');
		put_path(x, &b, u->at);
		pth_buf_adds(&b, "' is undefined");
		if (u->name != NULL)
			put_near(x, &b, u);
		else if (template_is_seq(u->base))
			pth_buf_addf(&b, ": %s of %lld", template_kind(u->base),
			    (long long)template_len(u->base));
	}
	template_error(u->src, u->at->pos, x->e, "%s", b.s);
}

void
template_fail_undef(struct eval *x, struct val v)
{
	if (v.flag == 1)
		template_refuse(x, "an 'if' without 'else' gave nothing here");
	say_undef(x, v.u);
	longjmp(x->leave, 1);
}

struct val
template_defined(struct eval *x, struct val v)
{
	if (v.kind == V_UNDEF && v.flag == 0)
		template_fail_undef(x, v);
	return v;
}
