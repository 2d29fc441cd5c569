/* This file sets the limits of a service: which means there is for each, and its value. */
#include "supervise/limit.h"

#include <string.h>

#include "base/cleanup.h"
#include "io/record.h"

#define CPU_PERIOD_US 100000.0
#define CPU_LEAST_US 1000 /* what kernels take */

static const struct {
	const char *key;
	int kind;     /* of group, or -1 */
	int resource; /* where there is no group, or -1 */
} all[] = {
	{ PTH_KEY(limits, cpu), PTH_CG_CPU, -1 },
	{ PTH_KEY(limits, memory), PTH_CG_MEMORY, RLIMIT_AS },
	{ PTH_KEY(limits, processes), PTH_CG_PIDS, RLIMIT_NPROC },
	{ PTH_KEY(limits, files), -1, RLIMIT_NOFILE },
	{ PTH_KEY(limits, disk), -1, RLIMIT_FSIZE },
};

/* In the unit of its group. */
static int64_t
value_of(const json_t *limits, size_t i)
{
	double cpu;

	if (all[i].kind != PTH_CG_CPU)
		return pth_json_int(limits, all[i].key, 0);
	cpu = pth_limits_cpu(limits) * CPU_PERIOD_US;
	if (!(cpu > 0))
		return 0;
	return cpu < CPU_LEAST_US ? CPU_LEAST_US : cpu > 1e12 ? (int64_t)1e12 : (int64_t)cpu;
}

bool
pth_limit_wants_group(const json_t *limits)
{
	for (size_t i = 0; i < countof(all); i++)
		if (all[i].kind >= 0 && value_of(limits, i) > 0)
			return true;
	return false;
}

static void
make_group(
    struct pth_limit *l, const json_t *limits, const struct pth_limit_host *host, const char *name)
{
	int64_t values[PTH_CG_KINDS] = { 0 };
	pth_auto_buf b = PTH_BUF_INIT;

	for (size_t i = 0; i < countof(all); i++)
		if (all[i].kind >= 0)
			values[all[i].kind] = value_of(limits, i);
	pth_buf_addf(&b, "%s%s", host->prefix, name);
	pth_cgroup_make(&l->group, host->groups, b.s, values);
	l->grouped = true;
	if (l->group.dir[PTH_CG_MEMORY] >= 0)
		l->memory = values[PTH_CG_MEMORY];
}

/* By which means is limit i kept? */
static const char *
means(struct pth_limit *l, size_t i, int64_t value, const struct pth_limit_host *host)
{
	if (l->grouped && all[i].kind >= 0 && l->group.dir[all[i].kind] >= 0)
		return host->groups->version[all[i].kind] == 1 ? "cgroup v1" : "cgroup v2";
	if (all[i].resource < 0 || (all[i].resource == RLIMIT_NPROC && !host->counts_users))
		return "none";
	l->r[l->nr++] = (struct pth_proc_limit){ all[i].resource, (rlim_t)value };
	return "rlimit";
}

void
pth_limit_init(
    struct pth_limit *l, const json_t *limits, const struct pth_limit_host *host, const char *name)
{
	memset(l, 0, sizeof *l);
	if (limits == NULL)
		return;
	if (host->groups != NULL && pth_limit_wants_group(limits))
		make_group(l, limits, host, name);
	for (size_t i = 0; i < countof(all); i++) {
		int64_t value = value_of(limits, i);

		if (value <= 0)
			continue;
		if (l->how == NULL)
			l->how = json_object();
		pth_json_set(l->how, all[i].key, json_string(means(l, i, value, host)));
	}
}

void
pth_limit_release(struct pth_limit *l)
{
	if (l->grouped)
		pth_cgroup_release(&l->group);
	json_decref(l->how);
	memset(l, 0, sizeof *l);
}

void
pth_limit_put(const struct pth_limit *l, struct pth_proc_req *q)
{
	q->limits = l->r;
	q->nlimits = l->nr;
	q->join = l->group.join;
	q->njoin = l->grouped ? l->group.njoin : 0;
}
