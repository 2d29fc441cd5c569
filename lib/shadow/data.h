/*
 * The data directory of a simulation: what Shadow and the programs have left there. Programs of the
 * test may have put anything into it.
 */
#ifndef PTH_SHADOW_DATA_H
#define PTH_SHADOW_DATA_H

#include <stdbool.h>

#include <jansson.h>

/* Is there all that Shadow writes at the end of a simulation? */
bool shadow_is_complete(int testdir);
/* Is there the output of a program of this host? */
bool shadow_has_started(int testdir, const char *host);
/*
 * Move what is in the directory of a host into that of its service: the outputs of its program as
 * stdout.log and stderr.log, the packets as eth0.pcap, all else under its own name unless
 * something of that name is there. What cannot be moved stays.
 */
void shadow_collect(int testdir, const char *host, const char *service);
/* "capture" of a service (rsvc.capture) whose packets are there, or should be. New reference. */
json_t *shadow_capture(int testdir, const char *service);

#endif
