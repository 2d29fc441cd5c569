/* The files of this folder share what is in this header. */
#ifndef PTH_EXPERIMENT_PRIV_H
#define PTH_EXPERIMENT_PRIV_H

#include "base/arena.h"
#include "experiment/experiment.h"
#include "io/yaml.h"

/* Types of a key. The last ones are written as one thing and recorded as another. */
enum {
	T_NULL = 1,
	T_BOOL = 2,
	T_INT = 4,
	T_REAL = 8,
	T_STR = 16,
	T_LIST = 32,
	T_MAP = 64,
	T_SECS = 128,     /* whole seconds: 90, "90s", "1.5m" -> integer */
	T_SIZE = 256,     /* bytes: 512, "5MB", "10KiB" -> integer */
	T_DUR = 512,      /* "10ms" "2s": with a unit, kept as text */
	T_PERCENT = 1024, /* 0.5, "0.5%" -> number */
	T_ANY = 2048,
};

/* Flags. */
enum {
	F_REC = 1,      /* the default is written into records */
	F_NEED = 2,     /* must be given */
	F_CASE = 4,     /* values in any case; recorded as listed */
	F_TEXTS = 8,    /* numbers below that would be printed otherwise stay texts */
	F_ACTION = 16,  /* what a step does */
	F_IDLE = 32,    /* accepted, no effect: a warning when not empty */
	F_OPEN = 64,    /* a map: other keys pass through */
	F_DOCKER = 128, /* options of one kind of network environment */
	F_SHADOW = 256,
	F_OWN = 512,     /* record made by its own function, not by the table */
	F_HINT = 1024,   /* values are the usual ones; others are allowed */
	F_NAME = 2048,   /* names below must satisfy pth_name_ok */
	F_LATER = 4096,  /* checked item by item, matrix expanded */
	F_MOVED = 16384, /* of a service: another name for what values says */
	F_OURS = 8192,   /* a map that PANTHER does not have: no other keys, also below */
};

struct experiment_key {
	const char *path; /* "tests[].services.*.timeout" */
	unsigned types;
	const char *values; /* words, or a range "1..65535" "0.." */
	const char *def;    /* YAML text, NULL: none */
	unsigned flags;
	const char *reader;  /* who reads it; NULL: nobody */
	const char *meaning; /* one sentence */
};

extern const struct experiment_key experiment_keys[];
extern const size_t experiment_keys_n;

/* The table as a tree. */
struct schema {
	const char *name; /* "*" any key, "[]" items */
	const struct experiment_key *key;
	struct schema *child, *next, *any, *item;
	const char **values;
	size_t nvalues;
	bool ranged;
	bool ours; /* F_OURS, of itself or of what it is in */
	double min, max;
	json_t *def; /* borrowed from the schema's owner */
};

struct experiment_schema {
	struct pth_arena a;
	struct schema *root;
	json_t *defaults; /* owns what schema.def points to */
};
struct experiment_schema *experiment_schema_new(void);
void experiment_schema_free(struct experiment_schema *s);
const struct schema *experiment_schema_child(const struct schema *s, const char *name);
/* The schema at a path that is there: "tests.[].services.*.protocol". */
const struct schema *experiment_schema_at(const struct experiment_schema *t, const char *path);
/* Does this key of a step say what the step does? */
bool experiment_is_action(const struct schema *step, const char *key);
/* "integer from 1 to 65535", "one of a, b, c" */
void experiment_schema_expected(struct pth_buf *b, const struct schema *s);

/* Bytes of a test's name. */
#define NAME_MAX_BYTES 200

/* A file, variable or option that nodes come from. */
#define SOURCES_MAX 250
struct source {
	char *name;
	struct pth_buf text;
	struct pth_diags d;
	bool broken;                  /* could not be read */
	json_t *idle;                 /* keys without effect in it, for one message; or NULL */
	unsigned idle_line, idle_col; /* of the first */
};

/* What is said of a test with errors: the first of them. */
struct fault {
	char *text; /* NULL: there is none; owned */
	unsigned file, line, col;
};

/* What errors leave at a node, see pth_ynode.mark. */
enum {
	MARK_NONE,
	MARK_WRONG, /* an error is about it */
	MARK_UNFIT, /* it is of another type than what is taken */
};

struct pth_experiment {
	struct pth_arena a;
	struct experiment_schema *schema;
	struct source *src[SOURCES_MAX];
	size_t nsrc;
	struct pth_ynode *root;
	bool placeholders;      /* ${ or @{ occurs somewhere */
	uint32_t *ports, round; /* of 65536: who took a host port last, see rules */
	char *run;
	long total;
	struct fault *bad;  /* of tests, by their place in the list */
	struct fault *now;  /* gets the first error from now on, or NULL */
	struct fault other; /* outside of the tests */
	size_t others;      /* errors that are no test's */
	json_t *settings;
};

/* A problem at a node (or at its key). */
void experiment_error(struct pth_experiment *x, const struct pth_ynode *n, const char *fmt, ...)
    PTH_PRINTF(3, 4);
void experiment_warn(struct pth_experiment *x, const struct pth_ynode *n, const char *fmt, ...)
    PTH_PRINTF(3, 4);
void experiment_key_error(struct pth_experiment *x, const struct pth_ynode *n, const char *fmt, ...)
    PTH_PRINTF(3, 4);
void experiment_key_warn(struct pth_experiment *x, const struct pth_ynode *n, const char *fmt, ...)
    PTH_PRINTF(3, 4);
size_t experiment_errors(const struct pth_experiment *x);

/* load */
void experiment_interpolate(struct pth_experiment *x);
/* The tree of a file, a source of its own; NULL when it cannot be read, which is said. */
struct pth_ynode *experiment_read(struct pth_experiment *x, const char *path);
/* config: puts the settings of the machine and of the user below those of the experiment. */
void experiment_config(struct pth_experiment *x);

/* shape: tests in other shapes become as all others are; the list of services does so first */
const struct pth_ynode *experiment_named(struct pth_experiment *x, const struct pth_ynode *test);
void experiment_shape(struct pth_experiment *x);

/* tree: nodes are shared (aliases, included maps), so changes copy the way down */
struct pth_ynode *experiment_copy(struct pth_arena *a, const struct pth_ynode *n);
/* The path that a user wrote, as all others are: a[0].b is a.0.b. */
const char *experiment_path(struct pth_arena *a, const char *path);
struct pth_ynode *experiment_set(struct pth_arena *a, const struct pth_ynode *n, const char *path,
    const struct pth_ynode *value);
struct pth_ynode *experiment_merge(
    struct pth_arena *a, const struct pth_ynode *base, const struct pth_ynode *over);
struct pth_ynode *experiment_without(
    struct pth_arena *a, const struct pth_ynode *map, const char *key);
const struct pth_ynode *experiment_at(const struct pth_ynode *n, const char *path);
/* A tree like n without what does not fit; the paths of all that errors are about, each
 * after `path`, are appended to the array `at`, unless it is NULL. */
struct pth_ynode *experiment_sound(
    struct pth_arena *a, const struct pth_ynode *n, struct pth_buf *path, json_t *at);
/* The node, or NULL when it is of another kind. */
const struct pth_ynode *experiment_only(const struct pth_ynode *n, enum pth_ykind kind);

/* matrix */
typedef int experiment_variant_fn(
    struct pth_experiment *x, const struct pth_ynode *test, json_t *point, void *arg);
/* Each test that a test with a matrix stands for; point NULL without matrix. */
int experiment_variants(
    struct pth_experiment *x, const struct pth_ynode *test, experiment_variant_fn *fn, void *arg);

/* check */
void experiment_check(
    struct pth_experiment *x, const struct schema *s, const struct pth_ynode *n, const char *what);
/* The warnings about keys without effect, once all is checked. */
void experiment_idle(struct pth_experiment *x);
/* What is wrong with n is said: it is left out of what is looked at later. */
void experiment_unfit(const struct pth_ynode *n);
/* The key of c, a child of a map of s, is without effect: one warning for all of a file, at the
 * first. where: in which network environment, or NULL: anywhere. */
void experiment_note_idle(
    struct pth_experiment *x, const struct schema *s, const struct pth_ynode *c, const char *where);
/* Canonical value of a checked node. */
json_t *experiment_canon(const struct schema *s, const struct pth_ynode *n);
/* Called for F_OWN keys in the table's order; n NULL when not given. */
typedef void experiment_own_fn(
    void *arg, const struct schema *s, const struct pth_ynode *n, json_t *out);
void experiment_canon_map(const struct schema *s, const struct pth_ynode *n, json_t *out,
    experiment_own_fn *own, void *arg);
/* F_DOCKER, F_SHADOW, F_OWN (localhost), or 0: a user's own. */
unsigned experiment_environment_kind(const struct pth_ynode *n);
bool experiment_given(const struct pth_ynode *n);
/* Truth of a node that says it, also in quotes; else -1. */
int experiment_bool(const struct pth_ynode *n);
bool experiment_scalar(const struct pth_ynode *n);
/* Was the error about its type said where it was read? */
bool experiment_said(const struct pth_ynode *n);
/* What a node says where no type is known: its numbers as they are written. */
json_t *experiment_written(const struct pth_ynode *n);
/* Number in a checked node, for rules. */
bool experiment_int(const struct pth_ynode *n, unsigned types, int64_t *v);

/* rules */
void experiment_rules(struct pth_experiment *x, const struct pth_ynode *test);
/* values: forms that the table does not tell */
void experiment_values(struct pth_experiment *x, const struct pth_ynode *test);
/* A service by key or by its `name`. */
const struct pth_ynode *experiment_service(const struct pth_ynode *services, const char *name);
bool experiment_port(const char *s, long long *host, long long *container, const char **proto);
int64_t experiment_iterations(const struct pth_ynode *test);
/* The text of a map's key; the default when there is none. word: the table's default, and a
 * word of the table as it is there. */
const char *experiment_text(const struct pth_ynode *map, const char *key, const char *def);
const char *experiment_word(const struct schema *s, const struct pth_ynode *map, const char *key);
/* The port that a server of this protocol has by custom; 0: none. */
int experiment_usual_port(const char *protocol);

/* record */
json_t *experiment_steps(
    const struct schema *s, const struct pth_ynode *test, const struct pth_ynode *steps);
/* The settings of this root. */
json_t *experiment_settings(const struct pth_experiment *x, const struct pth_ynode *root);

#endif
