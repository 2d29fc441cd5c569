/*
 * What a service may use: the experiment's limits (cpu, memory, processes,
 * files, disk), each by the best means that this machine has.
 */
#ifndef PTH_SUPERVISE_LIMIT_H
#define PTH_SUPERVISE_LIMIT_H

#include <jansson.h>

#include "host/cgroup.h"
#include "host/proc.h"

/* What the machine gives; zeroed: resource limits only. */
struct pth_limit_host {
	const struct pth_cgroups *groups; /* or NULL */
	const char *prefix;               /* of group names: differs between the tests of a run */
	bool counts_users; /* RLIMIT_NPROC counts our processes, and only those of the test */
};

struct pth_limit {
	struct pth_proc_limit r[4];
	size_t nr;
	struct pth_cgroup group;
	bool grouped;
	int64_t memory; /* bytes, when the group has that limit, else 0 */
	json_t *how;    /* {"cpu": "cgroup v2" | "rlimit" | "none", ...} or NULL */
};

/* Does a plan's limits object need a group? */
bool pth_limit_wants_group(const json_t *limits);
/* Work it out for the service `name`. Zeroed when limits is NULL. */
void pth_limit_init(
    struct pth_limit *l, const json_t *limits, const struct pth_limit_host *host, const char *name);
void pth_limit_release(struct pth_limit *l);
/* Put it into a request; l must outlive that. */
void pth_limit_put(const struct pth_limit *l, struct pth_proc_req *q);

#endif
