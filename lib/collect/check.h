/*
 * What only the tools of the collecting stage can tell of an experiment, looked at before
 * anything is run: display filters, which tshark compiles.
 */
#ifndef PTH_COLLECT_CHECK_H
#define PTH_COLLECT_CHECK_H

#include "io/rec.h"

/* Print what is wrong with the rules of the tests of a stream, at their places. PTH_INPUT when
 * there is something, else PTH_OK, also where there is no tshark; -1 with e when the stream
 * breaks off. */
int pth_collect_check(struct pth_rec_in *in, struct pth_err *e);

#endif
