/*
 * A container that is joined to others by links, pth-link(1): their ends are moved into its network
 * by pth-exec(1), which is handed that network, before anything is run in it.
 */
#ifndef PTH_CONTAINER_JOIN_H
#define PTH_CONTAINER_JOIN_H

#include "base/err.h"

/* Hand our network to who listens at the socket `name` in dirfd, and wait until it has its
 * interfaces. ends: a signalfd of what ends us; from now on SIGTERM, which has to be blocked, also
 * comes when the other side ends. 0, or -1 with e. */
int pth_join(int dirfd, const char *name, int ends, struct pth_err *e);

#endif
