/*
 * A part of a run where it runs: DIR/NUMBER has the tests (plan.jsonl), and gets their results
 * (out.jsonl), what was said (log), its run directory (run) and, when all this is there, how it
 * ended (code). DIR/stamp has three lines: who has cut the run into parts, how many tests run at a
 * time, and the number of the run, which DIR/NUMBER/of repeats: what another run has left in a
 * part is not of this one.
 */
#ifndef PTH_SPREAD_WORK_H
#define PTH_SPREAD_WORK_H

#include "base/os.h"

/* Our version, and a hash of our plugins: who runs parts has to have the same. Appends to b. */
int pth_work_stamp(struct pth_buf *b, const struct pth_home *home, struct pth_err *e);
/* Runs part NUMBER of dir. What it ran before, when it was killed or cancelled then, is kept. An
 * exit code. */
int pth_work(const char *dir, const char *number, const struct pth_home *home);
/* Does a code say that somebody has cancelled the part? */
bool pth_work_cancelled(const char *code);

#endif
