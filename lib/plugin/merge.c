/*
 * This file merges a descriptor into its base: maps merge, everything else replaces,
 * `key+:` appends to a list, null takes a key away. The base's keys come first.
 */
#include "plugin/plugin.h"

#include <string.h>

#include "base/text.h"
#include "io/category.h"

struct pth_view {
	struct pth_view *next;
	const char *version, *role; /* "" for none */
	const struct pth_ynode *root;
};

const char *const pth_roles[] = { "server", "client", "peer", "mitm", "any" };
const size_t pth_nroles = countof(pth_roles);

static struct pth_ynode *
clone(struct pth_arena *a, const struct pth_ynode *n, const char *file)
{
	struct pth_dval *d = pth_arena_alloc(a, sizeof *d);

	d->y = *n;
	d->y.child = d->y.next = NULL;
	d->y.n = 0;
	d->file = file;
	return &d->y;
}

static const char *
file_of(const struct pth_ynode *n)
{
	return ((const struct pth_dval *)n)->file;
}

static void
push(struct pth_ynode *to, struct pth_ynode ***tail, struct pth_ynode *n)
{
	**tail = n;
	*tail = &n->next;
	to->n++;
}

static struct pth_ynode *copy(
    struct pth_arena *a, const struct pth_ynode *n, const char *file, int level);

/* Returns n as the one child of a map (key) or a list (no key) in its place. */
static struct pth_ynode *
wrap(struct pth_arena *a, const struct pth_ynode *n, const char *file, const char *key)
{
	struct pth_ynode *to = clone(a, n, file), *v = copy(a, n, file, 2);

	to->kind = key != NULL ? PTH_YMAP : PTH_YSEQ;
	to->text = NULL;
	to->len = 0;
	v->key = key;
	to->child = v;
	to->n = 1;
	return to;
}

/* `parameters: {port: 4443}` says only the default. */
static struct pth_ynode *
copy_params(struct pth_arena *a, const struct pth_ynode *n, const char *file)
{
	struct pth_ynode *to = clone(a, n, file), **tail = &to->child;

	pth_yaml_foreach(c, n)
		push(to, &tail,
		    c->kind == PTH_YMAP || c->kind == PTH_YNULL ? pth_desc_copy(a, c, file) :
		                                                  wrap(a, c, file, "default"));
	return to;
}

/* A readiness check replaces that of the base, so each is put into a list:
 * `tcp` over `udp` would otherwise be both. */
static struct pth_ynode *
copy_ready(struct pth_arena *a, const struct pth_ynode *n, const char *file)
{
	struct pth_ynode *to, **tail;

	if (n->kind != PTH_YMAP)
		return copy(a, n, file, 2);
	if (n->child == NULL || !pth_one_of(n->child->key, pth_roles, pth_nroles))
		return wrap(a, n, file, NULL);
	to = clone(a, n, file);
	tail = &to->child;
	pth_yaml_foreach(c, n)
		push(to, &tail, c->kind == PTH_YMAP ? wrap(a, c, file, NULL) : copy(a, c, file, 2));
	return to;
}

/* `rfc9000:` with nothing after it names a version that changes nothing; only
 * an explicit null (~) takes one away. */
static struct pth_ynode *
override(struct pth_arena *a, const struct pth_ynode *n, const char *file)
{
	struct pth_ynode *to = copy(a, n, file, 0);

	if (to->kind == PTH_YNULL && to->len == 0)
		to->kind = PTH_YMAP;
	return to;
}

/* level: 0 for a descriptor's own map (or an override's), whose `parameters`
 * have the short form; 1 for the maps that hold overrides by name. */
static struct pth_ynode *
copy(struct pth_arena *a, const struct pth_ynode *n, const char *file, int level)
{
	struct pth_ynode *to = clone(a, n, file), **tail = &to->child;

	pth_yaml_foreach(c, n) {
		bool over = c->key != NULL &&
		    (strcmp(c->key, "versions") == 0 || strcmp(c->key, "roles") == 0);

		if (level == 0 && c->key != NULL && strcmp(c->key, "parameters") == 0 &&
		    c->kind == PTH_YMAP)
			push(to, &tail, copy_params(a, c, file));
		else if (level == 0 && c->key != NULL && strcmp(c->key, "ready") == 0)
			push(to, &tail, copy_ready(a, c, file));
		else if (level == 0)
			push(to, &tail, copy(a, c, file, over ? 1 : 2));
		else
			push(to, &tail, level == 1 ? override(a, c, file) : copy(a, c, file, 2));
	}
	return to;
}

struct pth_ynode *
pth_desc_copy(struct pth_arena *a, const struct pth_ynode *n, const char *file)
{
	return copy(a, n, file, n->key != NULL ? 2 : 0);
}

/* Is `over` a list+ for the list named key? */
static bool
appends(const struct pth_ynode *over, const char *key)
{
	size_t n = strlen(key);

	return over->key != NULL && strncmp(over->key, key, n) == 0 &&
	    strcmp(over->key + n, "+") == 0;
}

static const struct pth_ynode *
find_over(const struct pth_ynode *over, const char *key)
{
	const struct pth_ynode *found = NULL;

	pth_yaml_foreach(c, over)
		if (c->key != NULL && (strcmp(c->key, key) == 0 || appends(c, key)))
			found = c;
	return found;
}

/*
 * Where in a descriptor: TOP in its own map, NAMES in `versions` or `roles`
 * (whose null takes a version away), INSIDE below a name: a null there is kept,
 * since it takes something away only when the override is applied.
 */
enum level { TOP, NAMES, INSIDE, BELOW };

static struct pth_ynode *merge(struct pth_arena *a, const struct pth_ynode *base,
    const struct pth_ynode *over, enum level level);

static enum level
level_of(enum level level, const char *key)
{
	if (level == NAMES || level == INSIDE)
		return INSIDE;
	return level == TOP && key != NULL &&
	        (strcmp(key, "versions") == 0 || strcmp(key, "roles") == 0) ?
	    NAMES :
	    BELOW;
}

static struct pth_ynode *
join(struct pth_arena *a, const struct pth_ynode *base, const struct pth_ynode *more)
{
	struct pth_ynode *to = clone(a, base, file_of(base)), **tail = &to->child;

	pth_yaml_foreach(c, base)
		push(to, &tail, merge(a, NULL, c, BELOW));
	pth_yaml_foreach(c, more)
		push(to, &tail, merge(a, NULL, c, BELOW));
	return to;
}

static struct pth_ynode *
merge_child(struct pth_arena *a, const struct pth_ynode *base, const struct pth_ynode *over,
    enum level level)
{
	enum level in = level_of(level, base->key);

	if (over == NULL)
		return merge(a, NULL, base, in);
	if (over->kind == PTH_YNULL && level != INSIDE)
		return NULL;
	if ((appends(over, base->key) || (level == INSIDE && strchr(base->key, '+') != NULL)) &&
	    base->kind == PTH_YSEQ && over->kind == PTH_YSEQ)
		return join(a, base, over);
	return merge(a, base, over, in);
}

/* Returns a key that only the child has. Its '+' goes, unless it is for later. */
static struct pth_ynode *
fresh(struct pth_arena *a, const struct pth_ynode *over, enum level level)
{
	struct pth_ynode *n = merge(a, NULL, over, level_of(level, over->key));
	size_t len = strlen(over->key);

	if (level != INSIDE && len > 1 && over->key[len - 1] == '+')
		n->key = pth_arena_strn(a, over->key, len - 1);
	return n;
}

static bool
based(const struct pth_ynode *base, const struct pth_ynode *over)
{
	pth_yaml_foreach(c, base)
		if (strcmp(c->key, over->key) == 0 || appends(over, c->key))
			return true;
	return false;
}

static struct pth_ynode *
merge(struct pth_arena *a, const struct pth_ynode *base, const struct pth_ynode *over,
    enum level level)
{
	bool maps = base != NULL && base->kind == PTH_YMAP && over->kind == PTH_YMAP;
	struct pth_ynode *to = clone(a, over, file_of(over)), **tail = &to->child, *n;

	if (maps)
		to->key = base->key;
	for (const struct pth_ynode *c = maps ? base->child : NULL; c != NULL; c = c->next)
		if ((n = merge_child(a, c, find_over(over, c->key), level)) != NULL)
			push(to, &tail, n);
	pth_yaml_foreach(c, over) {
		if (over->kind != PTH_YMAP)
			push(to, &tail, merge(a, NULL, c, BELOW));
		else if (!(maps && based(base, c)) && (c->kind != PTH_YNULL || level == INSIDE))
			push(to, &tail, fresh(a, c, level));
	}
	return to;
}

struct pth_ynode *
pth_desc_merge(struct pth_arena *a, const struct pth_ynode *base, const struct pth_ynode *over)
{
	return merge(a, base, over, TOP);
}

static const struct pth_ynode *
apply(struct pth_plugins *ps, const struct pth_ynode *root, const char *map, const char *name)
{
	const struct pth_ynode *over = *name != '\0' ? pth_yaml_get(pth_yaml_get(root, map), name) :
	                                               NULL;

	return over != NULL && over->kind == PTH_YMAP ? pth_desc_merge(&ps->arena, root, over) :
	                                                root;
}

const struct pth_ynode *
pth_plugin_view(struct pth_plugins *ps, struct pth_plugin *p, const char *version, const char *role)
{
	const struct pth_ynode *versions = pth_yaml_get(p->root, "versions"),
	                       *roles = pth_yaml_get(p->root, "roles");
	struct pth_view *v;

	/* An unknown name must not fill the cache. */
	if (version == NULL || pth_yaml_get(versions, version) == NULL)
		version = "";
	if (role == NULL || (*version == '\0' && pth_yaml_get(roles, role) == NULL))
		role = "";
	for (v = p->views; v != NULL; v = v->next)
		if (strcmp(v->version, version) == 0 && strcmp(v->role, role) == 0)
			return v->root;
	v = pth_arena_alloc(&ps->arena, sizeof *v);
	v->version = pth_arena_str(&ps->arena, version);
	v->role = pth_arena_str(&ps->arena, role);
	v->root = apply(ps, apply(ps, p->root, "versions", version), "roles", role);
	v->next = p->views;
	p->views = v;
	return v->root;
}

void
pth_dval_where(struct pth_buf *b, const struct pth_ynode *n)
{
	pth_buf_addf(b, "%s:%u:%u", file_of(n) != NULL ? file_of(n) : "?", n->line, n->col);
}

int
pth_dval_error(struct pth_err *e, const struct pth_ynode *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pth_err_vset(e, PTH_INPUT, fmt, ap);
	va_end(ap);
	e->category = PTH_CAT_PLUGIN_LOAD;
	return pth_err_wrap(e, "%s:%u:%u", file_of(n), n->line, n->col);
}

const char *
pth_desc_str(const struct pth_ynode *map, const char *key, const char *def)
{
	const struct pth_ynode *n = pth_yaml_get(map, key);

	return n != NULL && n->kind != PTH_YNULL && n->kind < PTH_YSEQ ? n->text : def;
}

bool
pth_desc_has(const struct pth_ynode *n, const char *s)
{
	if (n != NULL && n->kind < PTH_YSEQ)
		return n->text != NULL && strcmp(n->text, s) == 0;
	pth_yaml_foreach(c, n)
		if (c->kind < PTH_YSEQ && pth_desc_has(c, s))
			return true;
	return false;
}

const struct pth_ynode *
pth_desc_role(const struct pth_ynode *n, const char *role)
{
	const struct pth_ynode *r;

	if (n == NULL || n->kind != PTH_YMAP || n->child == NULL ||
	    !pth_one_of(n->child->key, pth_roles, pth_nroles))
		return n;
	r = pth_yaml_get(n, role);
	return r != NULL ? r : pth_yaml_get(n, "any");
}
