/*
 * This file searches and changes trees of nodes. Aliases and included maps share their children,
 * so nothing is written to: what changes is copied, from the root down to it.
 */
#include "experiment/priv.h"

#include "base/cleanup.h"
#include "base/text.h"

struct pth_ynode *
experiment_copy(struct pth_arena *a, const struct pth_ynode *n)
{
	struct pth_ynode *c = pth_arena_alloc(a, sizeof *c);

	*c = *n;
	c->next = NULL;
	return c;
}

/* A copy of n whose direct children are copies too. */
static struct pth_ynode *
copy_level(struct pth_arena *a, const struct pth_ynode *n)
{
	struct pth_ynode *out = experiment_copy(a, n), **tail = &out->child;

	pth_yaml_foreach(c, n) {
		*tail = experiment_copy(a, c);
		tail = &(*tail)->next;
	}
	return out;
}

static struct pth_ynode *
new_map(struct pth_arena *a, const struct pth_ynode *like)
{
	struct pth_ynode *n = experiment_copy(a, like);

	n->kind = PTH_YMAP;
	n->text = "";
	n->len = 0;
	n->n = 0;
	n->child = NULL;
	return n;
}

/* Put v in the place of `old` (its key and neighbour stay), or at *old when NULL. */
static void
put(struct pth_ynode **at, struct pth_ynode *v, const char *key)
{
	struct pth_ynode *old = *at;

	v->key = old != NULL ? old->key : key;
	v->kline = old != NULL ? old->kline : v->line;
	v->kcol = old != NULL ? old->kcol : v->col;
	v->next = old != NULL ? old->next : NULL;
	*at = v;
}

/* The first segment of a path, NUL-ended; it is dotted, and an item of a list is .0 or [0]. */
static const char *
segment(struct pth_arena *a, const char **path)
{
	const char *s = *path;
	size_t len = *s == '[' ? strcspn(s, "]") : strcspn(s, ".["), skip = *s == '[';

	*path += len + (s[len] == ']' || s[len] == '.');
	if (s[len] == ']' && **path == '.')
		++*path;
	return pth_arena_strn(a, s + skip, len - skip);
}

const char *
experiment_path(struct pth_arena *a, const char *path)
{
	pth_auto_buf b = PTH_BUF_INIT;

	while (*path != '\0')
		pth_buf_addf(&b, "%s%s", b.len != 0 ? "." : "", segment(a, &path));
	return pth_arena_strn(a, b.s != NULL ? b.s : "", b.len);
}

static struct pth_ynode *set_at(struct pth_arena *a, const struct pth_ynode *n, const char *path,
    const struct pth_ynode *value);

/* Set rest in the child that seg names: a key, a number, or * for all. A map
 * gets a key that is missing, a list one item more. */
static struct pth_ynode *
set_child(struct pth_arena *a, const struct pth_ynode *n, const char *seg, const char *rest,
    const struct pth_ynode *value)
{
	struct pth_ynode *out = copy_level(a, n), **at = &out->child, *v;
	bool map = n->kind == PTH_YMAP, all = strcmp(seg, "*") == 0, found = all;
	long long want = -1;

	if (!map && !all && !pth_int(seg, 0, n->n, &want))
		return NULL;
	for (long long i = 0; *at != NULL; at = &(*at)->next, i++) {
		if (!all && (map ? strcmp((*at)->key, seg) != 0 : i != want))
			continue;
		found = true;
		v = set_at(a, *at, rest, value);
		if (v == NULL)
			return NULL;
		put(at, v, NULL);
	}
	if (found)
		return out;
	v = set_at(a, new_map(a, value), rest, value);
	if (v == NULL)
		return NULL;
	put(at, v, map ? pth_arena_str(a, seg) : NULL);
	out->n++;
	return out;
}

static struct pth_ynode *
set_at(
    struct pth_arena *a, const struct pth_ynode *n, const char *path, const struct pth_ynode *value)
{
	const char *seg;

	if (*path == '\0')
		return experiment_copy(a, value);
	seg = segment(a, &path);
	if (n->kind == PTH_YNULL)
		n = new_map(a, n);
	return n->kind >= PTH_YSEQ ? set_child(a, n, seg, path, value) : NULL;
}

/* A tree like n with value at the dotted path; maps that are missing are
 * made. NULL when the path leads through a scalar or past a list. */
struct pth_ynode *
experiment_set(
    struct pth_arena *a, const struct pth_ynode *n, const char *path, const struct pth_ynode *value)
{
	unsigned depth = 0;

	for (const char *p = path; *p != '\0'; p++)
		depth += *p == '.' || *p == '[';
	return *path != '\0' && depth < 64 ? set_at(a, n, path, value) : NULL;
}

struct pth_ynode *
experiment_without(struct pth_arena *a, const struct pth_ynode *map, const char *key)
{
	struct pth_ynode *out = copy_level(a, map), **at = &out->child;

	while (*at != NULL)
		if (strcmp((*at)->key, key) == 0) {
			*at = (*at)->next;
			out->n--;
		} else {
			at = &(*at)->next;
		}
	return out;
}

/* Deep merge: maps of over extend those of base, all else replaces. The
 * result has over's own key and position. */
struct pth_ynode *
experiment_merge(struct pth_arena *a, const struct pth_ynode *base, const struct pth_ynode *over)
{
	struct pth_ynode *out, **at;

	if (base->kind != PTH_YMAP || over->kind != PTH_YMAP)
		return experiment_copy(a, over);
	out = copy_level(a, base);
	out->line = over->line;
	out->col = over->col;
	out->file = over->file;
	pth_yaml_foreach(c, over) {
		struct pth_ynode *v;

		for (at = &out->child; *at != NULL && strcmp((*at)->key, c->key) != 0;
		     at = &(*at)->next)
			;
		v = *at != NULL ? experiment_merge(a, *at, c) : experiment_copy(a, c);
		v->next = *at != NULL ? (*at)->next : NULL;
		out->n += (*at == NULL);
		v->key = c->key;
		v->kline = c->kline;
		v->kcol = c->kcol;
		*at = v;
	}
	return out;
}

/* An item of a list by its number, or NULL. */
static const struct pth_ynode *
item_at(const struct pth_ynode *list, const char *path, size_t len)
{
	const struct pth_ynode *c = list->child;
	char number[16];
	long long i;

	snprintf(number, sizeof number, "%.*s", (int)len, path);
	if (len >= sizeof number || !pth_int(number, 0, INT32_MAX, &i))
		return NULL;
	while (c != NULL && i-- > 0)
		c = c->next;
	return c;
}

/* The node at a dotted path, or NULL. */
const struct pth_ynode *
experiment_at(const struct pth_ynode *n, const char *path)
{
	while (n != NULL && *path != '\0') {
		size_t len = strcspn(path, ".");
		const struct pth_ynode *c = n->child;

		if (n->kind == PTH_YSEQ)
			c = item_at(n, path, len);
		else
			while (
			    c != NULL && (strlen(c->key) != len || memcmp(c->key, path, len) != 0))
				c = c->next;
		n = c;
		path += len + (path[len] == '.');
	}
	return n;
}

struct pth_ynode *
experiment_sound(struct pth_arena *a, const struct pth_ynode *n, struct pth_buf *path, json_t *at)
{
	struct pth_ynode *out = experiment_copy(a, n), **tail = &out->child;
	size_t len = path->len;
	unsigned i = 0;

	if (n->mark != MARK_NONE && at != NULL)
		pth_json_push(at, json_string(path->s != NULL ? path->s : ""));
	*tail = NULL;
	pth_yaml_foreach(c, n) {
		struct pth_ynode *v;

		pth_buf_adds(path, len != 0 ? "." : "");
		if (n->kind == PTH_YMAP)
			pth_buf_adds(path, c->key);
		else
			pth_buf_addf(path, "%u", i);
		i++;
		v = experiment_sound(a, c, path, at);
		pth_buf_cut(path, len);
		if (c->mark == MARK_UNFIT) {
			out->n--;
			continue;
		}
		*tail = v;
		tail = &v->next;
	}
	return out;
}

const struct pth_ynode *
experiment_only(const struct pth_ynode *n, enum pth_ykind kind)
{
	return n != NULL && n->kind == kind ? n : NULL;
}
