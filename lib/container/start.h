/*
 * What pth-init(1) does in a container before it runs the plan that is mounted there.
 */
#ifndef PTH_CONTAINER_START_H
#define PTH_CONTAINER_START_H

#include <jansson.h>

#include "base/err.h"

/* The n words of the container's command become that of the only service of the plan inside (a
 * whole test has no place for one). -1 with e. */
int pth_start_command(json_t *inside, char **words, int n, struct pth_err *e);

/*
 * It is somebody who runs the container by hand, whose service has its directory in dirfd, that of
 * the test. -1 with e (PTH_INPUT) when the test has links, which nobody would make, or when
 * pth-exec has left there what must not be written over. Otherwise the directory is marked as one
 * for such runs, and what the run before has left of logs goes.
 */
int pth_start_by_hand(int dirfd, const json_t *inside, struct pth_err *e);

/* Second names of places, {"/app/logs": "/app/test/server"}, as symbolic links. An empty directory
 * of the image gives way; of what does not, a warning tells. */
void pth_start_links(const json_t *links);

/* Before packets are captured: the interface gets them in the size that they have on the wire. */
void pth_start_capture(const json_t *plan);

#endif
