/*
 * Tests in parallel: a window of records, of which as many run as `jobs`
 * allows (run/schedule.h). They start in the wanted order as far as the window
 * reaches; results leave in input order. Memory grows with the window, not
 * with the stream.
 */
#ifndef PTH_RUN_RUNNER_H
#define PTH_RUN_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "base/os.h"
#include "host/cgroup.h"
#include "run/fastfail.h"
#include "run/rundir.h"
#include "run/schedule.h"
#include "supervise/cache.h"

enum pth_order {
	PTH_ORDER_INPUT,
	PTH_ORDER_LONGEST, /* first those of unknown duration, then the longest */
	PTH_ORDER_SHUFFLE, /* by seed and id, in blocks of half the window */
};

struct pth_entry {
	json_t *rec;
	struct pth_buf line; /* of it as it came */
	enum { PTH_WAITING, PTH_ACTIVE, PTH_DONE } state;
	pid_t pid;
	int ctl, report; /* to and from the supervisor */
	struct pth_buf out;
	int64_t deadline; /* when the supervisor itself is given up */
	bool isolated;    /* it has a network of its own */
	struct pth_claim claim;
	uint64_t serial, rank;
	unsigned passed;           /* see run/schedule.h */
	unsigned slot;             /* of its stage, while active */
	int64_t started, expected; /* monotonic; microseconds it took before, or -1 */
	bool shown;                /* its end has been told: run/progress.h */
	int attempt;               /* from 1 */
	int64_t not_before;        /* a further try waits until then */
	json_t *tries;             /* results of the tries before, in short; or NULL */
	bool fresh;                /* it was run, and its result is not yet stored */
	unsigned groups;           /* number of its control groups, or 0: it has none */
};

struct pth_runner {
	/* Set by the owner: */
	struct pth_rundir *dir;
	const struct pth_home *home;
	unsigned jobs;
	enum pth_order order;
	uint64_t seed;  /* PTH_ORDER_SHUFFLE */
	bool unordered; /* results leave as they come */
	bool complete;  /* no further record will be added */
	struct pth_fastfail fastfail;
	/* Ours: */
	char **common;             /* what all tests see below /tmp */
	char **barred;             /* the same to which services of root cannot get; or NULL */
	char *owner;               /* pth_run_id_text() */
	unsigned long pid_ns;      /* where its number holds */
	unsigned window;           /* records held at most */
	struct pth_entry *entries; /* a ring of `window` of them */
	size_t first, count;
	uint64_t added;
	struct pth_turn *turns; /* of them, while one is chosen */
	unsigned char *stages;  /* enum pth_test_state per slot, shared with the supervisors */
	enum { PTH_NET_UNKNOWN, PTH_NET_OWN, PTH_NET_REFUSED } net; /* can tests be isolated? */
	unsigned active;
	unsigned dying;            /* supervisors that have reported and not yet been reaped */
	struct pth_cgroups groups; /* for tests with limits; opened by the first */
	bool grouped;              /* it is open */
	unsigned last_groups;      /* number of the last test's groups */
	struct pth_cache cache;    /* for tests with compile_cache; opened by the first */
	bool cached;               /* that was tried */
	bool interrupted;          /* no further test begins */
};

/* The owner zeroes the struct and sets its own members. A runner that is not open holds nothing;
 * it may be asked and interrupted. */
void pth_runner_open(struct pth_runner *r);
void pth_runner_release(struct pth_runner *r);

/* Take a record over, when there is room for one (count < window): to be run, or (run false) just
 * to keep its place. line: pth_rec_line() of it, taken over, too; for record.json. expected: how
 * long it took in an earlier run, -1: unknown. */
void pth_runner_add(
    struct pth_runner *r, json_t *rec, struct pth_buf *line, bool run, int64_t expected);
/* Start what may start now. A test that cannot be started has the status "error". */
void pth_runner_start(struct pth_runner *r);
/* Put the records and results of finished tests into place, whole and durable. Apart from
 * their end, because the disk takes its time, in which the next tests run already. A test of
 * which that fails has the status "error". */
void pth_runner_store(struct pth_runner *r);
/* The oldest record (any, when unordered) when it is done (new owner: caller), or NULL. Call
 * pth_runner_store() before: what is handed out is on the disk. */
json_t *pth_runner_take(struct pth_runner *r);
/* The i-th of those held, in input order; NULL behind the last. */
struct pth_entry *pth_runner_nth(const struct pth_runner *r, size_t i);
/* The next that runs, from the *i-th on, behind which *i then is; or NULL. */
struct pth_entry *pth_runner_active(const struct pth_runner *r, size_t *i);
/* An enum pth_test_state: where an active test is. */
unsigned pth_runner_stage(const struct pth_runner *r, const struct pth_entry *x);

/* Descriptors to poll for reading, at most max; returns how many. */
size_t pth_runner_fds(const struct pth_runner *r, int *fds, size_t max);
/* Read what came from supervisors, reap the ended, enforce deadlines. */
void pth_runner_attend(struct pth_runner *r);
/* Reap supervisors that have reported (one that has not is reaped with its entry), or wait until
 * all of these are reaped. */
void pth_runner_reap(struct pth_runner *r, bool wait);
/* Stop everything: tests end as interrupted, waiting ones are not begun.
 * hard: without goodbye. */
void pth_runner_interrupt(struct pth_runner *r, bool hard);

/* When something has to be done at the latest, monotonic; PTH_NEVER: nothing. */
int64_t pth_runner_next(const struct pth_runner *r);

#endif
