/*
 * The experiment language, pth-experiment(5): a YAML file into test records.
 *
 * One table (experiment/keys.c) describes every key; it drives checking, the
 * canonical form in records, --explain, the JSON Schema and the list of keys
 * in the manual. The files behind this header:
 *
 *   keys.c    the table
 *   schema.c  the table as a tree; explain, JSON Schema, mdoc
 *   load.c    files, include, overrides, environment, ${VAR}
 *   shape.c   older and other shapes of a test
 *   range.c   0..19 in a matrix; seeds
 *   check.c   types, ranges, known names
 *   rules.c   what spans several keys: targets, ports, names
 *   tree.c    changing a tree
 *   matrix.c  of one test many
 *   record.c  records
 */
#ifndef PTH_EXPERIMENT_EXPERIMENT_H
#define PTH_EXPERIMENT_EXPERIMENT_H

#include <stdio.h>

#include "base/buf.h"
#include "io/json.h"

struct pth_experiment;

/* One -s KEY=VALUE. */
struct pth_override {
	const char *path;  /* dotted: tests.0.timeout; * stands for every item */
	const char *value; /* YAML */
};

/*
 * Read, complete and check. Never NULL; what is wrong is in the experiment's
 * diagnostics. Overrides beat PTH_* and PANTHER_* variables (when use_env),
 * these beat the file, and it the settings of the user and of the machine (when use_env). path "-"
 * is stdin. The strings must outlive the result.
 */
struct pth_experiment *pth_experiment_load(
    const char *path, const struct pth_override *o, size_t n, bool use_env);
/* The same for text already in memory; included files are looked up beside `path`. */
struct pth_experiment *pth_experiment_parse(const char *path, const char *text, size_t len,
    const struct pth_override *o, size_t n, bool use_env);
void pth_experiment_free(struct pth_experiment *x);

/* Print what was found, sorted, each once: to `plain` as bare lines, or as
 * errors and warnings of the tool when plain is NULL. PTH_OK, PTH_INPUT, or PTH_SYSTEM
 * when a file could not be read. */
int pth_experiment_report(struct pth_experiment *x, bool strict, FILE *plain);

/* Number of records, iterations and matrix expanded. 0 when there are errors. */
long pth_experiment_count(const struct pth_experiment *x);
/* Name of the run, safe as a file name. */
const char *pth_experiment_run(const struct pth_experiment *x);
/* Settings of all tests, borrowed, without what is wrong; NULL when there are no tests. */
const json_t *pth_experiment_settings(const struct pth_experiment *x);
/* Hand out each record (borrowed by the function) in order. A test with errors has "error",
 * the first of them or of those outside of the tests, with the places of all of its own, and
 * what is right of it. Stops at the first -1 and returns it. */
typedef int pth_experiment_fn(void *arg, const json_t *rec, struct pth_err *e);
int pth_experiment_each(
    struct pth_experiment *x, pth_experiment_fn *fn, void *arg, struct pth_err *e);

/* Append what is known of a key ("timeout", "services.*.timeout",
 * "tests.0.steps.wait"), every key that fits. -1 and e when none does. */
int pth_experiment_explain(struct pth_buf *b, const char *key, struct pth_err *e);
/* Append where the settings that the key fits come from, and what they are: of the file, of the
 * user, of the machine, of a variable or an option. Nothing for those that nobody has set. */
void pth_experiment_origin(struct pth_buf *b, const struct pth_experiment *x, const char *key);
/* What is set for all experiments, as pth_experiment_load() reads it, without an experiment. */
struct pth_experiment *pth_experiment_common(const struct pth_override *o, size_t n);
/* JSON Schema (draft 2020-12) of the file: what is an error, or with strict a
 * warning, too, does not fit. New reference. */
json_t *pth_experiment_schema(bool strict);
/* The list of keys for pth-experiment(5), in mdoc. */
void pth_experiment_mdoc(struct pth_buf *b);

#endif
