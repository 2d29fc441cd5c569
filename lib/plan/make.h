/*
 * Planned tests for make(1): a file for each, which is written only when the test has changed,
 * and rules that run those whose file is newer than their last success.
 */
#ifndef PTH_PLAN_MAKE_H
#define PTH_PLAN_MAKE_H

#include "base/strv.h"
#include "io/json.h"

struct pth_make {
	const char *dir;     /* borrowed */
	struct pth_strv ids; /* of its tests */
};

/* dir is made when it is missing. 0, or -1 with e: code PTH_USAGE when make could not have such
 * a name in a rule. */
int pth_make_open(struct pth_make *m, const char *dir, struct pth_err *e);
/* A test: 0, or -1 with e. */
int pth_make_add(struct pth_make *m, const json_t *rec, struct pth_err *e);
/* The rules. bin: where the tools are. Appends to b. */
void pth_make_rules(const struct pth_make *m, const char *bin, struct pth_buf *b);
void pth_make_release(struct pth_make *m);

#endif
