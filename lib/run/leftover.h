/*
 * What a run that was killed has left on a container engine, when it is
 * resumed: removed by pth-clean(1), which touches only what is the run's and
 * whose process is gone.
 */
#ifndef PTH_RUN_LEFTOVER_H
#define PTH_RUN_LEFTOVER_H

#include "base/os.h"

/* Blocks, a minute at most. What goes wrong is only told: the tests run
 * beside what is left. run: the run's name, as labels have it. */
void run_leftover_remove(const struct pth_home *home, const char *run);

#endif
