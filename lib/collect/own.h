/*
 * Events of plugins' own, `events` of a descriptor, pth-plugin(5): lines of the files that a
 * service has left become events plugin.event.
 */
#ifndef PTH_COLLECT_OWN_H
#define PTH_COLLECT_OWN_H

#include "io/json.h"

#define COLLECT_OWN_MAX 1000 /* events of one service */

/* What of one file is no event, or one too many. */
struct collect_own {
	unsigned left;    /* how many more there may be */
	unsigned dropped; /* came after those */
	unsigned wrong;   /* lines that are none */
	long first;       /* the number of the first of them, from 1 */
	const char *why;  /* the same, a literal */
};

/* The events of fd, the file at this path below the directory of a service; spec is the item of
 * the plan's events. */
void collect_own_file(
    struct collect_own *own, const json_t *service, const json_t *spec, int fd, const char *path);
/* Those of all services of a record, out of the artifacts; what is wrong is warned about. */
void collect_own_events(int dirfd, const json_t *rec, const json_t *artifacts);

#endif
