/*
 * Plugins, pth-plugin(5): YAML descriptors of protocols, implementations,
 * testers and environments. A set of them is found by kind and name in the
 * user's directories and then in ours, loaded when first asked for, checked
 * against one table of keys (plugin/key.c), merged along `extends`
 * (plugin/merge.c) and kept until the set is closed.
 *
 * A loaded descriptor is a tree of YAML nodes. Each of them is the first
 * member of a struct pth_dval, which knows the file that the value came from;
 * line and column are the node's own. All memory belongs to the set.
 */
#ifndef PTH_PLUGIN_PLUGIN_H
#define PTH_PLUGIN_PLUGIN_H

#include "base/cleanup.h"
#include "io/yaml.h"
#include "template/template.h"

enum pth_kind {
	PTH_PROTOCOL,
	PTH_BASE, /* "service": a base of implementations and testers */
	PTH_IUT,
	PTH_TESTER,
	PTH_NETWORK,
	PTH_EXECUTION,
	PTH_KINDS
};

/* A value of a descriptor. */
struct pth_dval {
	struct pth_ynode y;     /* first: a pth_ynode of a tree is one of these */
	const char *file;       /* as shown in messages */
	struct pth_template *t; /* compiled when first rendered */
	char state;             /* 0: not looked at; 'l': literal; 't': template */
	struct pth_template *x; /* the same text as an expression, likewise */
	json_t *kept;           /* what was made of it, owned by the set's `kept`; or NULL */
};

struct pth_plugin {
	struct pth_plugins *set; /* whose it is */
	enum pth_kind kind;
	const char *name;          /* what it says itself, else that of its file */
	const char *stem;          /* the name of its file or folder */
	const char *protocol;      /* folder of an iut: its protocol; else NULL */
	const char *path;          /* for open(2) */
	const char *file;          /* for messages: "plugins/..." for ours */
	bool ours;                 /* from share/plugins */
	struct pth_plugin *hidden; /* the same plugin of a later directory, or NULL */
	struct pth_plugin *base;   /* after loading; NULL without `extends` */
	struct pth_ynode *root;    /* after loading: the merged descriptor */
	struct pth_view *views;
	char state;      /* 0 not loaded, 'b' busy, 'y' good, 'n' bad */
	const char *why; /* state 'n': the first problem, with its position */
};

struct pth_plugins {
	struct pth_arena arena;
	struct pth_plugin **plugins; /* those that win, sorted by kind, protocol, name */
	size_t nplugins, room;
	struct pth_template **templates; /* to be freed */
	size_t ntemplates, template_room;
	json_t *kept; /* list of what values keep */
};

/* The node keeps v, which is stolen, until the set is closed: it is the same in each test. */
void pth_plugins_keep(struct pth_plugins *ps, struct pth_dval *d, json_t *v);

/* Where `pth-plugin new` writes, and everybody looks. */
#define PTH_PLUGINS_HERE "plugins"

/*
 * Look for descriptors in dirs, then in each directory of `path` (as
 * $PTH_PATH, may be NULL), then in ./plugins when that is a tree of
 * them, then in share/plugins. The first one found wins;
 * plugin.overridden tells when it hides one of ours. A directory of dirs that
 * does not exist is an error, one of `path` is not. 0, or -1 with e.
 */
int pth_plugins_open(struct pth_plugins *ps, const struct pth_strv *dirs, const char *path,
    const char *share, struct pth_err *e);
void pth_plugins_close(struct pth_plugins *ps);
/* Is it a directory with protocols, services or environments in it? */
bool pth_plugins_tree(const char *dir);

/* By name or alias; protocol NULL: any. NULL when there is none. Not loaded yet. */
struct pth_plugin *pth_plugins_find(
    struct pth_plugins *ps, enum pth_kind kind, const char *name, const char *protocol);
/* The one that `extends: name` means to a plugin of this kind and protocol (NULL:
 * any): a base, then one of its own kind. */
struct pth_plugin *pth_plugins_base(
    struct pth_plugins *ps, enum pth_kind kind, const char *protocol, const char *name);
/* Appends what helps who named one that is not there: "; did you mean 'x'?",
 * or which there are when they are few. */
void pth_plugins_suggest(
    struct pth_plugins *ps, enum pth_kind kind, const char *name, struct pth_buf *b);
/* The nearest known name of this kind, or NULL. */
const char *pth_plugins_nearest(struct pth_plugins *ps, enum pth_kind kind, const char *name);
/* A descriptor by its path, outside of the set's directories; never NULL. */
struct pth_plugin *pth_plugins_file(struct pth_plugins *ps, const char *path);

/* Load p (once) and its bases. -1 with e when it is not usable; all problems
 * of its own file go to d (may be NULL), whose file is set to p->file. */
int pth_plugin_load(
    struct pth_plugins *ps, struct pth_plugin *p, struct pth_diags *d, struct pth_err *e);
/* The loaded descriptor with the overrides of a version and of a role applied;
 * either may be NULL or unknown. Cached. */
const struct pth_ynode *pth_plugin_view(
    struct pth_plugins *ps, struct pth_plugin *p, const char *version, const char *role);

/* "iut" etc.; kinds as written in a descriptor. PTH_KINDS when unknown. */
const char *pth_kind_name(enum pth_kind k);
enum pth_kind pth_kind_from(const char *s);
/* Is it a base, an implementation or a tester? */
bool pth_kind_service(enum pth_kind k);
const char *pth_kind_dir(enum pth_kind k);
/* Line and column of a node, and of its key, for pth_diags_add(). */
#define PTH_AT(n) (n)->line, (n)->col
#define PTH_AT_KEY(n) (n)->kline, (n)->kcol
/* "file:line:col" of a descriptor's value. */
void pth_dval_where(struct pth_buf *b, const struct pth_ynode *n);
/* An error there, "file:line:col: ...": as pth_err_set() with PTH_INPUT, of the
 * category plugin_load. */
int pth_dval_error(struct pth_err *e, const struct pth_ynode *n, const char *fmt, ...)
    PTH_PRINTF(3, 4);
/* The value of a string key, or def. */
const char *pth_desc_str(const struct pth_ynode *map, const char *key, const char *def);
/* Does a string or a list of strings hold s? */
bool pth_desc_has(const struct pth_ynode *n, const char *s);
/* The entry for a role of a map with role names as keys (`any` is the
 * fallback), or n itself when its keys are not role names. May be NULL. */
const struct pth_ynode *pth_desc_role(const struct pth_ynode *n, const char *role);
extern const char *const pth_roles[];
extern const size_t pth_nroles;

/*
 * plugin/key.c: check one file's tree against the table of keys; problems go
 * to d. check_whole: what can only be said after merging (missing keys,
 * parameters whose default does not fit).
 */
void pth_desc_check(const struct pth_ynode *root, enum pth_kind kind, struct pth_diags *d);
void pth_desc_check_whole(const struct pth_ynode *root, enum pth_kind kind, struct pth_diags *d);

/* plugin/merge.c. copy: nodes that know their file; `parameters: {x: 1}` becomes
 * {x: {default: 1}}, key+ stays. merge: a new tree; over may be NULL. */
struct pth_ynode *pth_desc_copy(struct pth_arena *a, const struct pth_ynode *n, const char *file);
struct pth_ynode *pth_desc_merge(
    struct pth_arena *a, const struct pth_ynode *base, const struct pth_ynode *over);

/*
 * plugin/version.c: the files VERSION.yaml of PANTHER below `version_configs:`
 * of own (a descriptor as it was read), or in version_configs/ beside it:
 * {versions: {VERSION: {environment, parameters, version_config}},
 * default_version} to be merged between the base and own; NULL when there are
 * none. Problems go to d with the name of their file in the text.
 */
struct pth_ynode *pth_versions_load(
    struct pth_plugins *ps, struct pth_plugin *p, const struct pth_ynode *own, struct pth_diags *d);
/* The path of what is beside the descriptor that `file` names: dir/name, or dir alone
 * when name is "". To free. */
char *pth_desc_beside(const char *file, const char *dir, const char *name);
/* plugin/shape.c: what is in such a file, or in `version_config`. */
void pth_version_check(const struct pth_ynode *n, struct pth_diags *d);
/* "key: must be WHAT, not a map" at a value of the wrong kind. */
void pth_desc_wrong(struct pth_diags *d, const struct pth_ynode *n, const char *what);

/*
 * plugin/param.c: one value of a parameter. spec is the map below
 * parameters.NAME. The value in the form that its type asks for ("60" for an
 * int gives 60), new reference, or NULL with e (text without position).
 */
json_t *pth_param_value(
    const char *name, const struct pth_ynode *spec, const json_t *v, struct pth_err *e);
/* Is its value a text, or a list of texts? */
bool pth_param_is_text(const struct pth_ynode *spec);
/* "str", "int", "float", "bool", "list", "map" or "any", in whatever words spec says it. */
const char *pth_param_type(const struct pth_ynode *spec);
/* The default, or json null. New reference; NULL with e when it does not fit. */
json_t *pth_param_default(const char *name, const struct pth_ynode *spec, struct pth_err *e);

/* plugin/show.c: the tree as YAML; origins: "# file:line" after each value. */
void pth_desc_show(struct pth_buf *b, const struct pth_ynode *root, bool origins);

/* What `pth-plugin new` is asked for; NULL: not said. */
struct pth_new {
	enum pth_kind kind;          /* PTH_KINDS: an experiment */
	const char *name, *dir;      /* dir: where, made when it is not there */
	const char *base, *protocol; /* NULL: what fits the other, else a plain service over tcp */
	const char *iut;             /* of an experiment; NULL: one of the protocol */
	bool docker, template;       /* of a service: with a Dockerfile; commands in templates */
};

/*
 * plugin/new.c: begin a plugin: plugin.yaml with comments, README.md and
 * test.sh in a folder of its own, or an experiment, from share/templates/new.
 * Paths written are appended to out, one per line. What is there already is an error.
 */
int pth_plugin_new(struct pth_plugins *ps, const char *share, const struct pth_new *what,
    struct pth_buf *out, struct pth_err *e);

#endif
