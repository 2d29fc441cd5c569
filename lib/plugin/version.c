/*
 * This file reads PANTHER's version files, DIR/VERSION.yaml beside a descriptor. Each becomes
 * a part of the descriptor's `versions`: `env` its environment, `parameters`
 * its parameters, and the whole is kept as `version_config`, from which
 * plan/version.c makes the variables that PANTHER's templates read.
 */
#include "plugin/plugin.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "io/json.h"

enum { VERSION_MAX = 256 << 10, VERSIONS_MAX = 256 };

/* --- nodes, made of what a file says --- */

static struct pth_ynode *
map_of(struct pth_arena *a, const char *key, const struct pth_ynode *at)
{
	struct pth_ynode *n = pth_arena_alloc(a, sizeof *n);

	n->kind = PTH_YMAP;
	n->key = key;
	if (at != NULL) {
		n->line = n->kline = at->line;
		n->col = n->kcol = at->col;
	}
	return n;
}

static void
hang(struct pth_ynode *to, struct pth_ynode *n)
{
	struct pth_ynode **tail = &to->child;

	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = n;
	n->next = NULL;
	to->n++;
}

static struct pth_ynode *
text_of(struct pth_arena *a, enum pth_ykind kind, const char *key, const char *text)
{
	struct pth_ynode *n = map_of(a, key, NULL);

	n->kind = kind;
	n->text = pth_arena_str(a, text);
	n->len = strlen(text);
	return n;
}

/* Returns the same node under another key, alone. */
static struct pth_ynode *
as(struct pth_arena *a, const struct pth_ynode *n, const char *key)
{
	struct pth_ynode *to = pth_arena_alloc(a, sizeof *to);

	*to = *n;
	to->key = key;
	to->next = NULL;
	return to;
}

/* Numbers stay as they are written, unless that is how they are printed:
 * 4443 is an integer, 0x7F000001 and 00000001 are texts. */
static void
keep_texts(struct pth_ynode *n)
{
	for (struct pth_ynode *c = n->child; c != NULL; c = c->next)
		keep_texts(c);
	if (!pth_yaml_as_printed(n)) {
		n->kind = PTH_YSTR;
		n->plain = false;
	}
	n->remark = NULL;
}

/* {value: V, description: D} is a parameter whose default is V. */
static struct pth_ynode *
parameters(struct pth_arena *a, const struct pth_ynode *n)
{
	struct pth_ynode *to = map_of(a, "parameters", n), *spec;
	const struct pth_ynode *v, *about;

	pth_yaml_foreach(c, n) {
		v = c->kind == PTH_YMAP ? pth_yaml_get(c, "value") : c;
		about = pth_yaml_get(c, "description");
		spec = map_of(a, c->key, c);
		if (v != NULL && v->kind != PTH_YNULL)
			hang(spec, as(a, v, "default"));
		if (about != NULL)
			hang(spec, as(a, about, "description"));
		hang(to, spec);
	}
	return to;
}

/* --- one file, then all --- */

struct versions {
	struct pth_plugins *ps;
	struct pth_plugin *p;
	const struct pth_ynode *key; /* version_configs: of the descriptor, or NULL */
	struct pth_diags *d;
	const char *dir;       /* relative to the descriptor */
	struct pth_ynode *all; /* the override: {versions: {...}} */
};

static void
problem(struct versions *w, enum pth_severity s, const char *text)
{
	pth_diags_add(w->d, s, w->key != NULL ? w->key->line : 1, w->key != NULL ? w->key->col : 1,
	    "%s", text);
}

/* Reports what is wrong in a file, with its name and place. */
static void
report(struct versions *w, struct pth_diags *own)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_diags_sort(own);
	for (size_t i = 0; i < own->n; i++) {
		pth_buf_cut(&b, 0);
		pth_buf_addf(
		    &b, "%s:%u:%u: %s", own->file, own->v[i].line, own->v[i].col, own->v[i].text);
		problem(w, own->v[i].severity, b.s);
	}
}

char *
pth_desc_beside(const char *file, const char *dir, const char *name)
{
	const char *slash = strrchr(file, '/');
	struct pth_buf b = PTH_BUF_INIT;

	if (slash != NULL)
		pth_buf_add(&b, file, (size_t)(slash - file) + 1);
	pth_buf_addf(&b, "%s%s%s", dir, *name != '\0' ? "/" : "", name);
	return pth_buf_take(&b);
}

/* Returns the part of a descriptor that a version's file means, checked as such; NULL
 * when the file itself is wrong. */
static struct pth_ynode *
part_of(struct versions *w, struct pth_ynode *file, const char *version, struct pth_diags *d)
{
	struct pth_arena *a = &w->ps->arena;
	struct pth_ynode *root = map_of(a, NULL, file), *all = map_of(a, "versions", file),
	                 *part = map_of(a, version, file);
	const struct pth_ynode *env = pth_yaml_get(file, "env"),
	                       *params = pth_yaml_get(file, "parameters");

	pth_version_check(file, d);
	if (d->errors != 0)
		return NULL;
	if (env != NULL && env->kind == PTH_YMAP)
		hang(part, as(a, env, "environment"));
	if (params != NULL && params->kind == PTH_YMAP)
		hang(part, parameters(a, params));
	hang(all, part);
	hang(root, text_of(a, PTH_YSTR, "plugin", w->p->name));
	hang(root, text_of(a, PTH_YSTR, "kind", pth_kind_name(w->p->kind)));
	hang(root, all);
	pth_desc_check(root, w->p->kind, d);
	hang(part, as(a, file, "version_config"));
	root->child = all;
	return root;
}

static void
take(struct versions *w, const char *name)
{
	pth_auto_str path = pth_desc_beside(w->p->path, w->dir, name);
	pth_auto_str shown = pth_desc_beside(w->p->file, w->dir, name);
	struct pth_arena *a = &w->ps->arena;
	const char *version = pth_arena_strn(a, name, strlen(name) - 5), *stated;
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_ynode *root = NULL;
	struct pth_diags own;
	struct pth_err e;

	pth_diags_init(&own, pth_arena_str(a, shown));
	if (pth_file_read_named(path, VERSION_MAX, &b, &e) < 0)
		problem(w, PTH_ERROR, e.text);
	else
		root = pth_yaml_try(b.s != NULL ? b.s : "", b.len, a, &own);
	if (own.errors != 0)
		root = NULL;
	stated = pth_desc_str(root, "version", version);
	if (strcmp(stated, version) != 0)
		pth_diags_add(&own, PTH_WARNING, PTH_AT(pth_yaml_get(root, "version")),
		    "version: '%s' in a file named %s", stated, name);
	if (root != NULL)
		keep_texts(root);
	if (root != NULL && (root = part_of(w, root, version, &own)) != NULL)
		w->all = pth_desc_merge(a, w->all, pth_desc_copy(a, root, own.file));
	report(w, &own);
	pth_diags_release(&own);
}

static int
is_version(const struct dirent *f)
{
	size_t n = strlen(f->d_name);

	return n > 5 && f->d_name[0] != '.' && strcmp(f->d_name + n - 5, ".yaml") == 0;
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* A version of the base without a file is none of this plugin's, unless the
 * descriptor itself names it: PANTHER knows the files only. */
static void
drop(struct versions *w, const struct pth_ynode *own)
{
	const struct pth_ynode *root = w->p->base != NULL ? w->p->base->root : NULL,
	                       *base = pth_yaml_get(root, "versions"),
	                       *said = pth_yaml_get(own, "versions");
	struct pth_ynode *all = pth_yaml_get(w->all, "versions");
	struct pth_arena *a = &w->ps->arena;

	pth_yaml_foreach(c, base)
		if (pth_yaml_get(all, c->key) == NULL && pth_yaml_get(said, c->key) == NULL &&
		    pth_yaml_get(c, "version_config") == NULL)
			hang(all, pth_desc_copy(a, text_of(a, PTH_YNULL, c->key, "~"), w->p->file));
}

static void
take_all(struct versions *w, struct dirent **v, int n, const struct pth_ynode *own)
{
	struct pth_arena *a = &w->ps->arena;
	struct pth_ynode *first, *versions;

	for (int i = 0; i < n && i < VERSIONS_MAX; i++)
		take(w, v[i]->d_name);
	if (n > VERSIONS_MAX)
		problem(w, PTH_ERROR, "version_configs: more than 256 files");
	if (w->all == NULL)
		return;
	drop(w, own);
	versions = pth_yaml_get(w->all, "versions")->child;
	first = text_of(a, PTH_YSTR, "default_version", versions->key);
	first->plain = true;
	first->line = first->col = 1;
	hang(w->all, pth_desc_copy(a, first, ((struct pth_dval *)versions)->file));
}

struct pth_ynode *
pth_versions_load(
    struct pth_plugins *ps, struct pth_plugin *p, const struct pth_ynode *own, struct pth_diags *d)
{
	struct versions w = { .ps = ps,
		.p = p,
		.key = pth_yaml_get(own, "version_configs"),
		.d = d,
		.dir = pth_desc_str(own, "version_configs", "version_configs") };
	struct dirent **v = NULL;
	pth_auto_str path = NULL;
	int n;

	if (!pth_kind_service(p->kind))
		return NULL;
	if (w.dir[0] == '/' || strstr(w.dir, "..") != NULL) {
		problem(
		    &w, PTH_ERROR, "version_configs: must be a directory beside the descriptor");
		return NULL;
	}
	path = pth_desc_beside(p->path, w.dir, "");
	n = scandir(path, &v, is_version, by_bytes);
	if (w.key != NULL && n <= 0)
		pth_diags_add(d, PTH_ERROR, w.key->line, w.key->col, "version_configs: %s: %s",
		    w.dir, n < 0 ? strerror(errno) : "no VERSION.yaml there");
	if (n > 0)
		take_all(&w, v, n, own);
	for (int i = 0; i < n; i++)
		free(v[i]);
	free(v);
	return w.all;
}
