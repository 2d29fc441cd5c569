/* Inside the room runner only. */
#ifndef PTH_RUN_RUNNER_PRIV_H
#define PTH_RUN_RUNNER_PRIV_H

#include "base/clock.h"
#include "run/runner.h"

#define RUNNER_LATE_US (60 * PTH_SECOND_US) /* grace beyond all limits of the test */

/* The i-th record that is held. */
struct pth_entry *run_runner_at(const struct pth_runner *r, size_t i);

/* run/run_runner_launch.c */

/* Start the test of x: 0; 1 when descriptors or processes are short, and will
 * not be when one of those that run has ended; -1 with e. */
int run_runner_launch(struct pth_runner *r, struct pth_entry *x, struct pth_err *e);
/* Do the services run where the environment's own program puts them (an
 * engine's containers), and not as our children? */
bool run_runner_is_remote(const json_t *rec);
/* What its control groups are called by. */
void run_runner_group_prefix(const struct pth_entry *x, char to[32]);

#endif
