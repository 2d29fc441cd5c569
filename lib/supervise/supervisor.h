/*
 * The supervisor of a test: one process that owns it from setup to the last
 * sweep, in the test's own namespaces where the host has them. It starts the
 * capture and the services, waits for what the plan waits for, and stops
 * everything. Blocks until the test is over.
 */
#ifndef PTH_SUPERVISE_SUPERVISOR_H
#define PTH_SUPERVISE_SUPERVISOR_H

#include "host/ns.h"
#include "io/placeholder.h"
#include "supervise/limit.h"

/* The services of root's tests: users that nobody is (Debian Policy 9.2.2 reserves them), one for
 * each, and a group for all. */
#define PTH_SERVICE_ID 65000

struct pth_supervise_req {
	const json_t *rec;  /* the whole record */
	const json_t *plan; /* what is executed of it: pth_rec_plan() */
	const struct pth_places *places;
	char *const *barred; /* pth_places_common() to which services of root cannot get; or NULL */
	int dirfd;           /* the test's directory, fresh */
	int asks;            /* who is outside asks here: pth_channel_listen(); or 0 */
	int ctl;             /* a byte or end of file here interrupts the test */
	struct pth_ns ns;    /* what this process is in, furnished */
	struct pth_limit_host limits; /* what keeps the services' limits */
	unsigned char *phase;         /* where to note each enum pth_test_state; or NULL */
};

/*
 * Run the test; the record's "result" without what the owner of the run adds
 * (run_dir, dir, attempt). Never NULL: what went wrong is in it.
 */
json_t *pth_supervise(const struct pth_supervise_req *req);
/* Why this version cannot do what the record asks for ("link steps ..."), or
 * NULL. */
const char *pth_steps_unsupported(const json_t *rec);
/* Why no links can join the containers of a test, in a sentence; NULL: they can. */
const char *pth_joins_unsupported(const json_t *rec);

#endif
