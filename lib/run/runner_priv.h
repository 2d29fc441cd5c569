/* runner.c and runner_launch.c share what is in this header. */
#ifndef PTH_RUN_RUNNER_PRIV_H
#define PTH_RUN_RUNNER_PRIV_H

#include "base/clock.h"
#include "run/runner.h"

#define RUNNER_LATE_US (60 * PTH_SECOND_US) /* grace beyond all limits of the test */

/* Start the test of x: 0; 1 when descriptors or processes are short, and will
 * not be when one of those that run has ended; -1 with e. */
int run_runner_launch(struct pth_runner *r, struct pth_entry *x, struct pth_err *e);
/* What its control groups are called by. */
void run_runner_group_prefix(const struct pth_entry *x, char to[32]);

#endif
