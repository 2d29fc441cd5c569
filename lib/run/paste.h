/*
 * The commands of tests as a person can paste them into a shell: what would be run, where, with
 * which environment and files, without what pth-exec does around it: it isolates, waits until
 * a server is ready, and watches.
 */
#ifndef PTH_RUN_PASTE_H
#define PTH_RUN_PASTE_H

#include <stdio.h>

#include "base/os.h"
#include "io/placeholder.h"
#include "io/rec.h"
#include "run/select.h"

/* Append the commands of a test whose directory would be places.dir. Servers run in the
 * background, and are killed in the end. */
void pth_paste_test(const json_t *rec, const struct pth_places *places, struct pth_buf *b);
/* The same for all tests of a stream that `in` selects, with a comment for those that would not
 * be run, to `to`. dir: the run directory. 0, PTH_INPUT when a test has an error, or -1 with e. */
int pth_paste_all(struct pth_rec_in *from, struct pth_select *in, const struct pth_home *home,
    const char *dir, FILE *to, struct pth_err *e);

#endif
