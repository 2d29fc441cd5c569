/*
 * A container that is started twice: the first time it only compiles, so that no service runs, and
 * no time of one passes, while another is still compiled. What came of it is in a file of the
 * container; the second start goes on from there, or tells why there is nothing to go on with.
 */
#ifndef PTH_CONTAINER_TWICE_H
#define PTH_CONTAINER_TWICE_H

#include <stdbool.h>

#include "io/json.h"

#define PTH_TWICE_FILE "/pth/made" /* inside; of root */
#define PTH_TWICE_ENV "PTH_MADE"   /* names it, for pth-init */

struct pth_twice {
	const char *path; /* borrowed; NULL: it is started once */
	bool first;
	json_t *made; /* second: what the first has kept, owned; else NULL */
};

/* Has the service anything to compile? */
bool pth_twice_compiles(const json_t *service);
/* Which start is it? The plan of a container is cut to what is done in this one. -1 with e when
 * the file cannot be read. */
int pth_twice_begin(struct pth_twice *t, const char *path, json_t *plan, struct pth_err *e);
/* First: keep the result for the second. -1 with e. */
int pth_twice_keep(
    const struct pth_twice *t, const json_t *result, int64_t zero_us, struct pth_err *e);
/* Second: the result of a first start that has failed, borrowed, and when its time began; NULL:
 * all was compiled. */
json_t *pth_twice_failed(const struct pth_twice *t, int64_t *zero_us);
/* Second: the phases of the first come before those of this result. */
void pth_twice_join(const struct pth_twice *t, json_t *result);
void pth_twice_release(struct pth_twice *t);

#endif
