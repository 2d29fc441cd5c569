/*
 * What the machine at hand lacks for a test, seen without running anything: programs, memory,
 * processors, kinds of network that nothing here can make.
 */
#ifndef PTH_RUN_LACK_H
#define PTH_RUN_LACK_H

#include <jansson.h>

#include "base/err.h"
#include "base/os.h"
#include "io/placeholder.h"
#include "io/rec.h"
#include "run/select.h"

/* What the numbers of a test are compared with. */
struct pth_supply {
	int64_t memory; /* bytes; 0: not known */
	long cpus;      /* 0: not known */
};
void pth_supply_look(struct pth_supply *s);

/* Add a warning to d for each thing, at the place in the experiment that asks for it. places:
 * where our own programs are; its dir is not there yet. said: an object, empty at first, of what
 * needs to be said once in a stream. */
void pth_lack_test(const json_t *rec, const struct pth_supply *supply,
    const struct pth_places *places, json_t *said, struct pth_diags *d);
/* The same for all tests of a stream, and print it. PTH_INPUT when a test has an error, which
 * the stage that has found it has told; else PTH_OK; -1 with e when the stream breaks off, or
 * with PTH_USAGE when a pattern of `in` fits no test. */
int pth_lack_check(
    struct pth_rec_in *from, struct pth_select *in, const struct pth_home *home, struct pth_err *e);

#endif
