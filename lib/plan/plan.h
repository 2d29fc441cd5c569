/*
 * Planning, pth-plan(1): from a test record to everything that is to be run,
 * in pth-record(5)'s key "plan". No clock, no random, no path of this machine
 * goes in: the same test and the same descriptors give the same bytes.
 */
#ifndef PTH_PLAN_PLAN_H
#define PTH_PLAN_PLAN_H

#include <stdbool.h>

#include <jansson.h>

#include "plugin/plugin.h"

/*
 * Add "plan" to the test record, or (with pth_rec_error) "error". All problems
 * of the test go to d, whose file is set to the record's source.file: it stays
 * valid as long as rec. A record that has an error with its places ("at") is looked
 * at, too: what follows from those is no problem of its own. 0 when the test is planned,
 * else -1.
 */
struct pth_plan_how {
	bool strict; /* a warning refuses the test, too */
	bool keep;   /* a test with an error has a plan of what is right of it, too */
};
int pth_plan_test(
    struct pth_plugins *ps, json_t *rec, const struct pth_plan_how *how, struct pth_diags *d);

/*
 * Split text into words as a shell does with quotes and backslashes, and do
 * nothing else: no expansion, no globs, no operators. 0, or -1 with e when a
 * quote is not closed. Words go to the array `out`.
 */
int pth_words(const char *s, json_t *out, struct pth_err *e);
/*
 * The same for a command line from a template of PANTHER's: $NAME and ${NAME}
 * come from env (an unknown name is an error), redirections of output are
 * left out (every service has its own stdout.log and stderr.log), other
 * operators are errors.
 */
int pth_command_words(const char *s, const json_t *env, json_t *out, struct pth_err *e);

#endif
