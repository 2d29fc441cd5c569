/*
 * Which test may start next: what it claims of the machine, and whose turn
 * it is. Decisions only, without clocks, processes or files.
 *
 * Two tests never run together when both claim one name: a lock of the
 * experiment, a resource of the plan, or a port of the host's network. A test
 * on the host's network whose ports are not known, or that captures there,
 * runs beside no other on that network.
 *
 * A later test may start before an earlier one that has to wait. After a
 * number of them, the earlier one is due: then nothing starts any more that
 * it would have to wait for.
 */
#ifndef PTH_RUN_SCHEDULE_H
#define PTH_RUN_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* What a test claims while it runs. */
struct pth_claim {
	unsigned cpus; /* its weight, from 1; more than all: it runs alone */
	json_t *names; /* "lock:db", "udp:4443", ... wherever it runs */
	json_t *ports; /* the same, when it is on the host's network */
	bool isolable; /* it asks for a network of its own */
	bool host;     /* it uses the host's network whatever happens */
	bool greedy;   /* and can stand no other there */
};

/* Out of plan.schedule, plan.environment and the services; see
 * pth-record(5). Release it. */
void pth_claim_of(const json_t *plan, struct pth_claim *claim);
void pth_claim_release(struct pth_claim *claim);

/* One test as the scheduler sees it. */
struct pth_turn {
	enum { PTH_TURN_NONE, PTH_TURN_WAITS, PTH_TURN_RUNS } state; /* NONE: not to be looked at */
	const struct pth_claim *claim;
	bool host;       /* it is, or has to be expected, on the host's network */
	uint64_t rank;   /* the smallest starts first; equal ones in their order */
	unsigned passed; /* later tests that started before it */
};

/* Which of the turns, in the order of the input, starts now; n for none. jobs: sum of
 * the weights that may run. patience: how often a test is passed over before
 * it is due. With nothing running there is always one, if any waits. */
size_t pth_schedule_next(const struct pth_turn *turns, size_t n, unsigned jobs, unsigned patience);
/* The rank of a test in a shuffled order: of seed and id, and nothing else. */
uint64_t pth_schedule_hash(uint64_t seed, const char *id);

#endif
