/* This file decides which test starts next, by what tests claim of the machine. */
#include "run/schedule.h"

#include <endian.h>
#include <string.h>

#include "base/hash.h"
#include "io/record.h"

/* ---- what a test claims */

/* One port of the host; of an unknown transport: both. */
static void
claim_port(struct pth_claim *claim, const char *transport, int64_t port)
{
	bool tcp = strcmp(transport, "tcp") == 0, udp = strcmp(transport, "udp") == 0;

	if (!udp)
		pth_json_push_once(claim->ports, json_sprintf("tcp:%lld", (long long)port));
	if (!tcp)
		pth_json_push_once(claim->ports, json_sprintf("udp:%lld", (long long)port));
}

/* The ports that a service is planned to have, and those that make it ready.
 * One without any may use whatever it likes, unless it is a client. */
static void
claim_service(struct pth_claim *claim, const json_t *service)
{
	int64_t port = pth_svc_port(service);
	bool known = port > 0 || strcmp(pth_svc_role(service), "client") == 0;
	json_t *ready;
	size_t i;

	if (port > 0)
		claim_port(claim, pth_json_str(service, PTH_KEY(svc, transport), ""), port);
	json_array_foreach(pth_svc_ready(service), i, ready) {
		if (pth_ready_port(ready) <= 0 || pth_ready_kind_of(ready) > PTH_READY_TCP)
			continue;
		claim_port(claim, pth_ready_kind(ready), pth_ready_port(ready));
		known = true;
	}
	claim->greedy = claim->greedy || !known;
}

static void
claim_resources(struct pth_claim *claim, const json_t *resources)
{
	json_t *resource;
	size_t i;

	json_array_foreach(resources, i, resource) {
		const char *name = json_string_value(resource);

		if (name == NULL)
			continue;
		pth_json_push_once(claim->names, json_incref(resource));
		claim->host = claim->host || strncmp(name, "tcp:", 4) == 0 ||
		    strncmp(name, "udp:", 4) == 0;
	}
}

void
pth_claim_of(const json_t *plan, struct pth_claim *claim)
{
	const json_t *env = pth_plan_environment(plan), *own = pth_plan_schedule(plan);
	int64_t cpus = pth_sched_cpus(own);
	json_t *lock, *service;
	size_t i;

	*claim = (struct pth_claim){ .names = json_array(), .ports = json_array() };
	claim->cpus = cpus < 1 ? 1 : cpus > 1 << 20 ? 1 << 20 : (unsigned)cpus;
	json_array_foreach(pth_sched_locks(own), i, lock)
		if (json_is_string(lock))
			pth_json_push_once(
			    claim->names, json_sprintf("lock:%s", json_string_value(lock)));
	claim_resources(claim, pth_env_resources(env));
	if (!pth_rec_plan_is_local(plan))
		return;
	claim->isolable = strcmp(pth_env_isolation(env), "none") != 0;
	claim->host = claim->host || !claim->isolable;
	claim->greedy = json_is_object(pth_plan_capture(plan));
	json_array_foreach(pth_plan_services(plan), i, service)
		claim_service(claim, service);
}

void
pth_claim_release(struct pth_claim *claim)
{
	json_decref(claim->names);
	json_decref(claim->ports);
	claim->names = claim->ports = NULL;
}

/* ---- whose turn it is */

static bool
common(const json_t *names, const json_t *others)
{
	json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
		if (pth_json_has(others, json_string_value(name)))
			return true;
	return false;
}

static bool
collide(const struct pth_turn *one, const struct pth_turn *other)
{
	const struct pth_claim *a = one->claim, *b = other->claim;

	if (common(a->names, b->names))
		return true;
	return one->host && other->host &&
	    (a->greedy || b->greedy || common(a->names, b->ports) || common(a->ports, b->names) ||
	        common(a->ports, b->ports));
}

static unsigned
weight(const struct pth_turn *turn, unsigned jobs)
{
	return turn->claim->cpus < jobs ? turn->claim->cpus : jobs;
}

static bool
is_due(const struct pth_turn *turn, unsigned patience)
{
	return turn->state == PTH_TURN_WAITS && turn->passed >= patience;
}

/* May this one start beside those that run, and beside those of the first `before`
 * that are due, as if these ran already? */
static bool
fits(const struct pth_turn *turns, size_t n, size_t before, const struct pth_turn *turn,
    unsigned jobs, unsigned patience)
{
	unsigned sum = weight(turn, jobs);

	for (size_t i = 0; i < n; i++) {
		if (turns[i].state != PTH_TURN_RUNS &&
		    (i >= before || !is_due(&turns[i], patience)))
			continue;
		sum += weight(&turns[i], jobs);
		if (sum > jobs || collide(&turns[i], turn))
			return false;
	}
	return true;
}

size_t
pth_schedule_next(const struct pth_turn *turns, size_t n, unsigned jobs, unsigned patience)
{
	size_t best = n;

	for (size_t i = 0; i < n; i++) {
		const struct pth_turn *turn = &turns[i];
		bool due = is_due(turn, patience);

		if (due && fits(turns, n, i, turn, jobs, patience))
			return i;
		if (turn->state == PTH_TURN_WAITS && !due &&
		    (best == n || turn->rank < turns[best].rank) &&
		    fits(turns, n, n, turn, jobs, patience))
			best = i;
	}
	return best;
}

uint64_t
pth_schedule_hash(uint64_t seed, const char *id)
{
	uint64_t little = htole64(seed);
	uint64_t h = pth_hash_text(pth_hash(PTH_HASH_EMPTY, &little, sizeof little), id);

	/* It is mixed further, for ids differ in their first digits only. */
	h ^= h >> 31;
	h *= 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}
