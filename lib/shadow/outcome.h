/*
 * What a simulation means for its test: the result that pth-exec takes over, as from a container
 * (svc.inner). A service has ended as the configuration expects when Shadow has said that all is
 * well, or has named every process of which it is not true; anything else is an error of the test.
 */
#ifndef PTH_SHADOW_OUTCOME_H
#define PTH_SHADOW_OUTCOME_H

#include <stdbool.h>

#include <jansson.h>

#include "host/proc.h"
#include "shadow/log.h"

struct shadow_facts {
	const json_t *spec;          /* shadow.json */
	const struct pth_exit *exit; /* of Shadow; NULL: it could not be started */
	const char *unstarted;       /* why not; NULL: it was */
	bool interrupted;            /* by a signal to us */
	bool complete;           /* its data directory is there, as at the end of a simulation */
	const bool *started;     /* of each service of spec: there is output of a process */
	json_t *const *captures; /* of each: rsvc.capture or NULL; borrowed */
	const struct shadow_log *log;
};

/* "result" of a test, as it is in svc.inner.file. New reference. */
json_t *shadow_result(const struct shadow_facts *f);

#endif
