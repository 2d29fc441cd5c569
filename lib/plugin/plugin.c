/* This file finds descriptors in their directories and loads them with their bases. */
#include "plugin/plugin.h"

#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/words.h"
#include "io/event.h"
#include "io/file.h"
#include "io/json.h"

enum { DESCRIPTOR_MAX = 256 << 10, FILES_MAX = 8192, DEPTH_MAX = 6, FEW = 12 };

static const struct {
	const char *name, *dir;
} kinds[PTH_KINDS] = {
	[PTH_PROTOCOL] = { "protocol", "protocols" },
	[PTH_BASE] = { "service", "services/base" },
	[PTH_IUT] = { "iut", "services/iut" },
	[PTH_TESTER] = { "tester", "services/testers" },
	[PTH_NETWORK] = { "network_environment", "environments/network" },
	[PTH_EXECUTION] = { "execution_environment", "environments/execution" },
	[PTH_ENGINE] = { "engine", "engines" },
};

const char *
pth_kind_name(enum pth_kind k)
{
	return k < PTH_KINDS ? kinds[k].name : "?";
}

const char *
pth_kind_dir(enum pth_kind k)
{
	return k < PTH_KINDS ? kinds[k].dir : "";
}

enum pth_kind
pth_kind_from(const char *s)
{
	unsigned k = 0;

	while (k < PTH_KINDS && strcmp(s, kinds[k].name) != 0)
		k++;
	return (enum pth_kind)k;
}

/* Where a descriptor lies says what it is: services/iut/quic/x.yaml. False:
 * the folder says nothing. */
static bool
kind_of_path(struct pth_arena *a, const char *rel, enum pth_kind *kind, const char **protocol)
{
	const char *rest, *slash;

	for (unsigned k = 0; k < PTH_KINDS; k++) {
		size_t n = strlen(kinds[k].dir);

		if (strncmp(rel, kinds[k].dir, n) != 0 || rel[n] != '/')
			continue;
		rest = rel + n + 1;
		slash = strchr(rest, '/');
		*kind = (enum pth_kind)k;
		*protocol = k == PTH_IUT && slash != NULL ?
		    pth_arena_strn(a, rest, (size_t)(slash - rest)) :
		    NULL;
		return true;
	}
	return false;
}

static struct pth_ynode *
read_tree(struct pth_plugins *ps, struct pth_plugin *p, struct pth_diags *d)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err e = { 0 };
	struct pth_ynode *root = NULL;
	size_t errors = d->errors;

	if (pth_file_read_named(p->path, DESCRIPTOR_MAX, &b, &e) < 0)
		pth_diags_add(d, PTH_ERROR, 0, 0, "%s", e.text);
	else
		root = pth_yaml_try(b.s != NULL ? b.s : "", b.len, &ps->arena, d);
	if (d->errors > errors)
		root = NULL;
	if (root != NULL && root->kind != PTH_YMAP) {
		pth_diags_add(d, PTH_ERROR, PTH_AT(root),
		    "a descriptor is a map with plugin: and kind:, not %s",
		    pth_ykind_a(root->kind));
		root = NULL;
	}
	return root;
}

/* PANTHER's word for `protocol`: what stands under it is taken, unless `protocol` is there. */
static void
take_protocols(struct pth_ynode *root, struct pth_diags *d)
{
	struct pth_ynode *n = pth_yaml_get(root, "supported_protocols");

	if (n != NULL && pth_yaml_get(root, "protocol") == NULL)
		n->key = "protocol";
	else if (n != NULL)
		pth_diags_add(d, PTH_WARNING, PTH_AT_KEY(n),
		    "supported_protocols has no effect beside protocol");
}

/* A file in no known folder is a descriptor when it says so itself. */
static bool
kind_of_content(struct pth_plugins *ps, struct pth_plugin *p)
{
	struct pth_diags d;
	const struct pth_ynode *root;
	const char *kind;

	pth_diags_init(&d, p->file);
	root = read_tree(ps, p, &d);
	pth_diags_release(&d);
	kind = pth_desc_str(root, "kind", NULL);
	if (kind == NULL || pth_desc_str(root, "plugin", NULL) == NULL)
		return false;
	p->kind = pth_kind_from(kind);
	if (p->kind == PTH_IUT)
		p->protocol = pth_desc_str(root, "protocol", NULL);
	return p->kind < PTH_KINDS;
}

static struct pth_plugin *
add(struct pth_plugins *ps, const char *path, const char *file, const char *stem)
{
	struct pth_plugin *p = pth_arena_alloc(&ps->arena, sizeof *p);

	p->set = ps;
	p->path = pth_arena_str(&ps->arena, path);
	p->file = pth_arena_str(&ps->arena, file);
	p->name = p->stem = pth_arena_str(&ps->arena, stem);
	return p;
}

static void
append(struct pth_plugins *ps, struct pth_plugin *p)
{
	if (ps->nplugins == ps->room) {
		ps->room = ps->room != 0 ? 2 * ps->room : 64;
		ps->plugins = pth_xarray(ps->plugins, ps->room, sizeof *ps->plugins);
	}
	ps->plugins[ps->nplugins++] = p;
}

static int
same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static int
by_name(const void *a, const void *b)
{
	const struct pth_plugin *p = *(struct pth_plugin *const *)a;
	const struct pth_plugin *q = *(struct pth_plugin *const *)b;
	int c = (int)p->kind - (int)q->kind;

	if (c == 0)
		c = same_text(p->protocol, q->protocol);
	return c != 0 ? c : strcmp(p->name, q->name);
}

/* A plugin of the same name from an earlier directory hides this one. */
static int
place(struct pth_plugins *ps, struct pth_plugin *p, size_t before, struct pth_err *e)
{
	struct pth_plugin *q;

	for (size_t i = 0; i < ps->nplugins; i++) {
		if (by_name(&ps->plugins[i], &p) != 0)
			continue;
		if (i >= before)
			return pth_err_set(e, PTH_INPUT,
			    "%s: %s %s is defined a second time; first in %s", p->file,
			    pth_kind_name(p->kind), p->name, ps->plugins[i]->file);
		for (q = ps->plugins[i]; q->hidden != NULL; q = q->hidden)
			;
		q->hidden = p;
		pth_event("plugin.overridden", "{s:s, s:s, s:s, s:s}", "plugin", p->name, "kind",
		    pth_kind_name(p->kind), "by", ps->plugins[i]->file, "hides", p->file);
		return 0;
	}
	append(ps, p);
	return 0;
}

/* A descriptor is named "NAME.yaml" or "NAME/plugin.yaml"; false for other files. */
static bool
stem_of(const FTSENT *f, struct pth_buf *stem)
{
	size_t n = f->fts_namelen;

	if (n < 6 || f->fts_name[0] == '.' || strcmp(f->fts_name + n - 5, ".yaml") != 0)
		return false;
	if (strcmp(f->fts_name, "plugin.yaml") == 0)
		pth_buf_add(stem, f->fts_parent->fts_name, f->fts_parent->fts_namelen);
	else
		pth_buf_add(stem, f->fts_name, n - 5);
	return true;
}

/* A plugin is known by the name that it gives itself, wherever it lies. */
static void
own_name(struct pth_plugins *ps, struct pth_plugin *p)
{
	struct pth_diags d;
	const char *name;

	pth_diags_init(&d, p->file);
	name = pth_desc_str(read_tree(ps, p, &d), "plugin", p->stem);
	if (pth_name_ok(name))
		p->name = name;
	pth_diags_release(&d);
}

static int
take_file(struct pth_plugins *ps, const FTSENT *f, const char *root, bool ours, size_t before,
    struct pth_err *e)
{
	pth_auto_buf stem = PTH_BUF_INIT, shown = PTH_BUF_INIT;
	const char *rel = f->fts_path + strlen(root);
	struct pth_plugin *p;

	rel += strspn(rel, "/");
	if (!stem_of(f, &stem))
		return 0;
	pth_buf_addf(&shown, "%s%s", ours ? "plugins/" : "", ours ? rel : f->fts_path);
	p = add(ps, f->fts_path, shown.s, stem.s);
	p->ours = ours;
	if (!kind_of_path(&ps->arena, rel, &p->kind, &p->protocol) && !kind_of_content(ps, p))
		return 0;
	if (!ours)
		own_name(ps, p);
	return place(ps, p, before, e);
}

static int
by_path(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* Does the folder belong to one plugin, so that what is in it is no descriptor? */
static bool
inner(const FTSENT *f)
{
	pth_auto_buf b = PTH_BUF_INIT;

	pth_buf_add(&b, f->fts_path, f->fts_pathlen - f->fts_namelen);
	pth_buf_adds(&b, "plugin.yaml");
	return strcmp(f->fts_name, "version_configs") == 0 ||
	    (f->fts_level > 1 && access(b.s, F_OK) == 0);
}

static int
scan(struct pth_plugins *ps, const char *dir, bool ours, struct pth_err *e)
{
	pth_auto_str root = pth_xstrdup(dir);
	char *argv[] = { root, NULL };
	size_t before = ps->nplugins, seen = 0;
	FTS *fts = fts_open(argv, FTS_LOGICAL | FTS_NOCHDIR, by_path);
	FTSENT *f;
	int r = fts != NULL ? 0 : pth_err_set(e, PTH_SYSTEM, "%s:", dir);

	while (r == 0 && (f = fts_read(fts)) != NULL) {
		if (++seen > FILES_MAX)
			r = pth_err_set(e, PTH_INPUT,
			    "%s: more than %d files; not a plugin directory", dir, FILES_MAX);
		else if (f->fts_info == FTS_D && f->fts_level > 0 &&
		    (f->fts_level >= DEPTH_MAX || f->fts_name[0] == '.' || inner(f)))
			fts_set(fts, f, FTS_SKIP);
		else if (f->fts_info == FTS_F)
			r = take_file(ps, f, root, ours, before, e);
	}
	if (fts != NULL)
		fts_close(fts);
	return r;
}

static bool
is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool
same_dir(const char *path, const struct stat *other)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == other->st_dev && st.st_ino == other->st_ino;
}

static int
scan_path(struct pth_plugins *ps, const char *path, struct pth_err *e)
{
	const char *end;
	int r = 0;

	for (; path != NULL && *path != '\0' && r == 0; path = *end != '\0' ? end + 1 : end) {
		pth_auto_str dir = NULL;

		end = strchrnul(path, ':');
		dir = pth_xstrndup(path, (size_t)(end - path));
		if (*dir != '\0' && is_dir(dir))
			r = scan(ps, dir, false, e);
	}
	return r;
}

bool
pth_plugins_tree(const char *dir)
{
	static const char *const folders[] = { "protocols", "services", "environments", "engines" };
	bool tree = false;

	for (size_t i = 0; i < countof(folders) && !tree; i++) {
		pth_auto_buf b = PTH_BUF_INIT;

		pth_buf_addf(&b, "%s/%s", dir, folders[i]);
		tree = is_dir(b.s);
	}
	return tree;
}

/* Is there ./plugins, a plugin tree, and none of the others? */
static bool
own_tree(const struct pth_strv *dirs, const char *path, const char *ours)
{
	struct pth_word rest = { path, path != NULL ? strlen(path) : 0 }, dir;
	struct stat here;

	if (!pth_plugins_tree(PTH_PLUGINS_HERE) || stat(PTH_PLUGINS_HERE, &here) != 0 ||
	    same_dir(ours, &here))
		return false;
	for (size_t i = 0; i < dirs->n; i++)
		if (same_dir(dirs->v[i], &here))
			return false;
	while (pth_word_next(&rest, ":", &dir)) {
		pth_auto_str one = pth_xstrndup(dir.s, dir.n);

		if (same_dir(one, &here))
			return false;
	}
	return true;
}

int
pth_plugins_open(struct pth_plugins *ps, const struct pth_strv *dirs, const char *path,
    const char *share, struct pth_err *e)
{
	pth_auto_buf b = PTH_BUF_INIT;
	struct pth_err why;
	int r = 0;

	memset(ps, 0, sizeof *ps);
	for (size_t i = 0; i < dirs->n && r == 0; i++)
		if (!is_dir(dirs->v[i]))
			r = pth_err_set(e, PTH_INPUT, "%s: not a directory of plugins", dirs->v[i]);
		else
			r = scan(ps, dirs->v[i], false, e);
	if (r == 0)
		r = scan_path(ps, path, e);
	pth_buf_addf(&b, "%s/plugins", share != NULL ? share : "");
	/* Nobody has asked for it: what cannot be read there stops nobody. */
	if (r == 0 && own_tree(dirs, path, b.s) && scan(ps, PTH_PLUGINS_HERE, false, &why) != 0)
		pth_warn("%s", why.text);
	if (r == 0 && share != NULL) {
		r = is_dir(b.s) ?
		    scan(ps, b.s, true, e) :
		    pth_err_set(e, PTH_SYSTEM, "%s: our own plugins are missing", b.s);
	}
	if (ps->nplugins != 0)
		qsort(ps->plugins, ps->nplugins, sizeof *ps->plugins, by_name);
	return r;
}

void
pth_plugins_keep(struct pth_plugins *ps, struct pth_dval *d, json_t *v)
{
	if (ps->kept == NULL)
		ps->kept = json_array();
	pth_json_push(ps->kept, v);
	d->kept = v;
}

void
pth_plugins_close(struct pth_plugins *ps)
{
	for (size_t i = 0; i < ps->ntemplates; i++)
		pth_template_free(ps->templates[i]);
	free(ps->templates);
	json_decref(ps->kept);
	free(ps->plugins);
	pth_arena_release(&ps->arena);
	memset(ps, 0, sizeof *ps);
}

static bool
has_alias(struct pth_plugins *ps, struct pth_plugin *p, const char *name)
{
	struct pth_err e;

	return !pth_kind_service(p->kind) && pth_plugin_load(ps, p, NULL, &e) == 0 &&
	    pth_desc_has(pth_yaml_get(p->root, "aliases"), name);
}

struct pth_plugin *
pth_plugins_find(struct pth_plugins *ps, enum pth_kind kind, const char *name, const char *protocol)
{
	struct pth_plugin *like = NULL;

	for (size_t i = 0; i < ps->nplugins; i++) {
		struct pth_plugin *p = ps->plugins[i];

		if (p->kind != kind || !pth_same_name(p->name, name) ||
		    (protocol != NULL && same_text(p->protocol, protocol) != 0))
			continue;
		if (strcmp(p->name, name) == 0)
			return p;
		like = like != NULL ? like : p;
	}
	for (size_t i = 0; i < ps->nplugins; i++)
		if (ps->plugins[i]->kind == kind && has_alias(ps, ps->plugins[i], name))
			return ps->plugins[i];
	for (size_t i = 0; i < ps->nplugins && like == NULL; i++)
		if (ps->plugins[i]->kind == kind && strcmp(ps->plugins[i]->stem, name) == 0 &&
		    (protocol == NULL || same_text(ps->plugins[i]->protocol, protocol) == 0))
			like = ps->plugins[i];
	return like;
}

const char *
pth_plugins_nearest(struct pth_plugins *ps, enum pth_kind kind, const char *name)
{
	pth_auto_free const char **names = pth_xarray(NULL, ps->nplugins + 1, sizeof *names);
	size_t n = 0;

	for (size_t i = 0; i < ps->nplugins; i++)
		if (ps->plugins[i]->kind == kind)
			names[n++] = ps->plugins[i]->name;
	return pth_nearest(name, names, n);
}

void
pth_plugins_suggest(struct pth_plugins *ps, enum pth_kind kind, const char *name, struct pth_buf *b)
{
	const char *near = pth_plugins_nearest(ps, kind, name);
	pth_auto_buf all = PTH_BUF_INIT;
	size_t n = 0;

	if (near != NULL) {
		pth_buf_addf(b, "; did you mean '%s'?", near);
		return;
	}
	for (size_t i = 0; i < ps->nplugins; i++)
		if (ps->plugins[i]->kind == kind)
			pth_buf_addf(
			    &all, "%s%s", n++ == 0 ? "; there are " : ", ", ps->plugins[i]->name);
	if (n > FEW) /* more than a message should hold */
		pth_buf_adds(b, "; pth list shows those that there are");
	else
		pth_buf_add(b, all.s, all.len);
}

struct pth_plugin *
pth_plugins_file(struct pth_plugins *ps, const char *path)
{
	const char *name = pth_base_name(path);
	struct pth_plugin *p = add(ps, path, path, name);
	size_t n = strlen(name);

	p->kind = PTH_KINDS; /* read_kind() asks the content */
	if (n > 5 && strcmp(name + n - 5, ".yaml") == 0)
		p->name = p->stem = pth_arena_strn(&ps->arena, name, n - 5);
	return p;
}

/* Reads the kind of a file that came by its path; -1 when it states none. */
static int
read_kind(struct pth_plugin *p, const struct pth_ynode *root, struct pth_diags *d)
{
	const struct pth_ynode *k = pth_yaml_get(root, "kind");
	pth_auto_buf names = PTH_BUF_INIT;

	if (p->kind == PTH_KINDS)
		p->name = pth_desc_str(root, "plugin", p->name);
	if (p->kind == PTH_KINDS && k != NULL && k->kind == PTH_YSTR)
		p->kind = pth_kind_from(k->text);
	if (p->kind < PTH_KINDS)
		return 0;
	k = k != NULL ? k : root;
	for (size_t i = 0; i < countof(kinds); i++)
		pth_buf_addf(&names, "%s%s", i > 0 ? ", " : "", kinds[i].name);
	pth_diags_add(d, PTH_ERROR, PTH_AT(k), "kind: must be one of %s", names.s);
	return -1;
}

bool
pth_kind_service(enum pth_kind k)
{
	return k == PTH_BASE || k == PTH_IUT || k == PTH_TESTER;
}

struct pth_plugin *
pth_plugins_base(struct pth_plugins *ps, enum pth_kind kind, const char *protocol, const char *name)
{
	struct pth_plugin *p = NULL;

	if (pth_kind_service(kind))
		p = pth_plugins_find(ps, PTH_BASE, name, NULL);
	if (p == NULL && kind == PTH_IUT)
		p = pth_plugins_find(ps, PTH_IUT, name, protocol);
	if (p == NULL && pth_kind_service(kind))
		p = pth_plugins_find(ps, PTH_IUT, name, NULL);
	return p != NULL ? p : pth_plugins_find(ps, kind, name, NULL);
}

static int
load_base(
    struct pth_plugins *ps, struct pth_plugin *p, const struct pth_ynode *root, struct pth_diags *d)
{
	const struct pth_ynode *said = pth_yaml_get(root, "extends"),
	                       *at = said != NULL ? said : root;
	bool service = pth_kind_service(p->kind);
	const char *name = pth_desc_str(root, "extends", NULL), *near;
	struct pth_err e;

	if (name == NULL && service && strcmp(p->name, "service") != 0)
		name = "service";
	if (name == NULL)
		return 0;
	/* A plugin that extends its own name means the one that it hides. */
	p->base = strcmp(name, p->name) == 0 && p->hidden != NULL ?
	    p->hidden :
	    pth_plugins_base(ps, p->kind, p->protocol, name);
	if (p->base == NULL) {
		near = pth_plugins_nearest(ps, service ? PTH_BASE : p->kind, name);
		pth_diags_add(d, PTH_ERROR, PTH_AT(at), "extends: no base named '%s'%s%s%s", name,
		    PTH_DID_YOU_MEAN(near));
	} else if (p->base->state == 'b')
		pth_diags_add(d, PTH_ERROR, PTH_AT(at), "extends: %s comes back to %s: a cycle",
		    p->base->name, p->name);
	else if (pth_plugin_load(ps, p->base, NULL, &e) < 0)
		pth_diags_add(d, PTH_ERROR, PTH_AT(at), "extends %s: %s", name, e.text);
	else
		return 0;
	return -1;
}

/* Who extends nothing has none of what the base of its protocol does: said where a descriptor
 * is checked, not each time that it is used. */
static void
lonely(struct pth_plugins *ps, const struct pth_plugin *p, const struct pth_ynode *root,
    struct pth_diags *d)
{
	const struct pth_ynode *speaks = pth_yaml_get(root, "protocol");
	const char *protocol = speaks != NULL && speaks->kind == PTH_YSEQ && speaks->n == 1 ?
	    speaks->child->text :
	    pth_desc_str(root, "protocol", p->protocol);

	struct pth_plugin *base = p->kind == PTH_IUT && protocol != NULL &&
	        pth_yaml_get(root, "extends") == NULL ?
	    pth_plugins_find(ps, PTH_BASE, protocol, NULL) :
	    NULL;
	struct pth_err e;

	/* Bases without rules for roles have next to nothing to give. */
	if (base != NULL && pth_plugin_load(ps, base, NULL, &e) == 0 &&
	    pth_yaml_get(base->root, "roles") != NULL)
		pth_diags_add(d, PTH_WARNING, PTH_AT(pth_yaml_get(root, "plugin")),
		    "%s extends nothing; 'extends: %s' gives it what implementations of %s share",
		    p->name, protocol, protocol);
}

static void
load(struct pth_plugins *ps, struct pth_plugin *p, bool checked, struct pth_diags *d)
{
	struct pth_ynode *root = read_tree(ps, p, d), *own, *versions;
	const char *name;

	if (root == NULL || d->errors != 0 || read_kind(p, root, d) < 0)
		return;
	pth_desc_check(root, p->kind, d);
	name = pth_desc_str(root, "plugin", p->stem);
	if (strcmp(name, p->stem) != 0 && strcmp(p->stem, "plugin") != 0)
		pth_diags_add(d, PTH_WARNING, PTH_AT(pth_yaml_get(root, "plugin")),
		    "the plugin %s lies in a file named %s", name, p->stem);
	take_protocols(root, d);
	if (load_base(ps, p, root, d) < 0 || d->errors != 0)
		return;
	versions = pth_versions_load(ps, p, root, d);
	own = pth_desc_copy(&ps->arena, root, p->file);
	p->root = p->base != NULL ? p->base->root : NULL;
	if (versions != NULL)
		p->root = pth_desc_merge(&ps->arena, p->root, versions);
	p->root = pth_desc_merge(&ps->arena, p->root, own);
	pth_desc_check_whole(p->root, p->kind, d);
	if (checked)
		lonely(ps, p, root, d);
}

/* Keeps the first problem for everybody who asks again. */
static void
remember(struct pth_plugins *ps, struct pth_plugin *p, struct pth_diags *d)
{
	pth_auto_buf b = PTH_BUF_INIT;
	size_t i = 0;

	pth_diags_sort(d);
	while (i < d->n && d->v[i].severity != PTH_ERROR)
		i++;
	if (i < d->n && d->v[i].line != 0)
		pth_buf_addf(&b, "%s:%u:%u: %s", p->file, d->v[i].line, d->v[i].col, d->v[i].text);
	else
		pth_buf_addf(&b, "%s: %s", p->file, i < d->n ? d->v[i].text : "not usable");
	p->why = pth_arena_strn(&ps->arena, b.s, b.len);
	pth_event("plugin.failed", "{s:s, s:s}", "plugin", p->name, "reason", p->why);
}

/* Nobody asked for the problems: warnings are told all the same. */
static void
warn(const struct pth_plugin *p, const struct pth_diags *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].severity == PTH_WARNING)
			pth_warn("%s:%u:%u: %s", p->file, d->v[i].line, d->v[i].col, d->v[i].text);
}

int
pth_plugin_load(
    struct pth_plugins *ps, struct pth_plugin *p, struct pth_diags *d, struct pth_err *e)
{
	struct pth_diags own;
	bool keep = d != NULL;

	pth_diags_init(&own, p->file);
	d = keep ? d : &own;
	d->file = p->file;
	if (p->state == 0) {
		p->state = 'b';
		load(ps, p, keep, d);
		p->state = d->errors != 0 ? 'n' : 'y';
		if (p->state == 'n')
			remember(ps, p, d);
		else
			pth_event("plugin.loaded", "{s:s, s:s, s:s}", "plugin", p->name, "kind",
			    pth_kind_name(p->kind), "file", p->file);
	}
	if (!keep)
		warn(p, d);
	pth_diags_release(&own);
	return p->state == 'y' ? 0 :
	                         pth_err_set(e, PTH_INPUT, "%s", p->why != NULL ? p->why : "busy");
}
