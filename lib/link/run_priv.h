/* What the files that run links share. */
#ifndef PTH_LINK_RUN_PRIV_H
#define PTH_LINK_RUN_PRIV_H

#include <signal.h>

#include "link/run.h"
#include "link/world.h"

/* To a link between two namespaces: link_forward_excuse(). */
#define LINK_EXCUSE SIGUSR1

/* Both ends as they are asked for: names, hardware addresses, addresses; no namespaces. -1 with
 * e. */
int link_run_ends(const struct pth_link_run *r, struct link_end end[2], struct pth_err *e);

#endif
