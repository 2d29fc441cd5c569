/* This file keeps variables: their scopes, and the frames that calls of macros have. */
#include "template/priv.h"

void
template_names_grow(struct eval *x)
{
	struct frame *f = &x->f;
	uint32_t n = x->sh->nsym;

	if (n <= f->ncur)
		return;
	f->cur = pth_xarray(f->cur, n, sizeof *f->cur);
	memset(f->cur + f->ncur, 0, (n - f->ncur) * sizeof *f->cur);
	f->ncur = n;
}

void
template_names_free(struct eval *x)
{
	struct frame *module;

	while (x->f.up != NULL)
		template_frame_pop(x);
	while ((module = x->modules) != NULL) {
		x->modules = module->up;
		free(module->cur);
		free(module);
	}
	free(x->f.cur);
	free(x->undo);
	free(x->scope);
}

void
template_assign(struct eval *x, uint32_t sym, struct val v)
{
	if (x->nundo == x->capundo) {
		x->capundo = x->capundo != 0 ? x->capundo * 2 : 32;
		x->undo = pth_xarray(x->undo, x->capundo, sizeof *x->undo);
	}
	x->undo[x->nundo++] = (struct undo){ sym, x->f.cur[sym] };
	x->f.cur[sym] = v;
}

void
template_scope_open(struct eval *x)
{
	if (x->nscope == x->capscope) {
		x->capscope = x->capscope != 0 ? x->capscope * 2 : 32;
		x->scope = pth_xarray(x->scope, x->capscope, sizeof *x->scope);
	}
	x->scope[x->nscope++] = x->nundo;
}

void
template_scope_clear(struct eval *x)
{
	uint32_t begin = x->scope[x->nscope - 1];

	while (x->nundo > begin) {
		x->nundo--;
		x->f.cur[x->undo[x->nundo].sym] = x->undo[x->nundo].old;
	}
}

void
template_scope_close(struct eval *x)
{
	template_scope_clear(x);
	x->nscope--;
}

/* The frame in which m is defined; when that is gone, the template's own. */
static const struct frame *
defining(const struct eval *x, const struct macro *m)
{
	const struct frame *f = &x->f;

	while (f->number != m->frame && f->up != NULL)
		f = f->up;
	for (const struct frame *module = x->modules; module != NULL; module = module->up)
		if (module->number == m->frame)
			return module;
	return f;
}

/* A copy of the variables that can be seen where m is defined: without the scopes that were
 * opened there since. */
static struct val *
seen(const struct eval *x, const struct macro *m)
{
	const struct frame *f = defining(x, m);
	uint32_t n = x->sh->nsym, begin = f->undo_end, scope = f->scopes + m->scopes;
	struct val *cur = pth_xarray(NULL, n, sizeof *cur);

	memset(cur, 0, n * sizeof *cur);
	memcpy(cur, f->cur, (f->ncur < n ? f->ncur : n) * sizeof *cur);
	if (f->number == m->frame && scope < f->scopes_end)
		begin = x->scope[scope];
	for (uint32_t i = f->undo_end; i > begin; i--)
		cur[x->undo[i - 1].sym] = x->undo[i - 1].old;
	return cur;
}

void
template_frame_push(struct eval *x, const struct macro *m)
{
	struct frame *waits = pth_xmalloc(sizeof *waits);
	struct val *cur;

	x->f.undo_end = x->nundo;
	x->f.scopes_end = x->nscope;
	cur = seen(x, m);
	*waits = x->f;
	x->f = (struct frame){ .up = waits,
		.cur = cur,
		.ncur = x->sh->nsym,
		.undo = x->nundo,
		.scopes = x->nscope,
		.number = ++x->nframes };
	x->calls++;
}

void
template_frame_pop(struct eval *x)
{
	struct frame *up = x->f.up;

	free(x->f.cur);
	x->nundo = x->f.undo;
	x->nscope = x->f.scopes;
	x->f = *up;
	free(up);
	x->calls--;
}

struct val
template_frame_keep(struct eval *x)
{
	struct frame *kept = pth_xmalloc(sizeof *kept);
	struct val names = template_map_new(x, false);
	const char *name;

	for (uint32_t i = x->f.undo; i < x->nundo; i++) {
		name = x->sh->sym[x->undo[i].sym];
		if (*name != '_')
			template_map_set(x, names.m, template_vstr(name, strlen(name)),
			    x->f.cur[x->undo[i].sym]);
	}
	/* Nothing is to be undone in it, as all its scopes are closed. */
	*kept = (struct frame){
		.up = x->modules, .cur = x->f.cur, .ncur = x->f.ncur, .number = x->f.number
	};
	x->modules = kept;
	x->f.cur = NULL;
	template_frame_pop(x);
	return names;
}
