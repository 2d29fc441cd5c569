/*
 * Tests in parallel: a window of records in input order, of which at most
 * `jobs` run. Results leave in input order; memory grows with the window,
 * not with the stream.
 */
#ifndef PTH_RUNNER_H
#define PTH_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "buf.h"
#include "cache.h"
#include "cgroup.h"
#include "fastfail.h"
#include "rundir.h"

struct pth_entry {
	json_t *rec;
	enum { PTH_WAITING, PTH_ACTIVE, PTH_DONE } state;
	pid_t pid;
	int ctl, report; /* to and from the warden */
	struct pth_buf out;
	int64_t deadline; /* when the warden itself is given up */
	bool isolated;    /* it has a network of its own */
	int attempt;      /* from 1 */
	int64_t not_before; /* a further try waits until then */
	json_t *tries;    /* results of the tries before, in short; or NULL */
	bool fresh;       /* it was run, and its result is not yet stored */
	unsigned serial;  /* of its groups, or 0: it has none */
};

struct pth_runner {
	struct pth_rundir *dir;
	const char *share, *libexec;
	const char *bin;        /* where our tools are, NULL: unknown */
	char *owner;            /* pth_owner_text() */
	unsigned jobs;
	unsigned window;        /* records held at most */
	struct pth_entry *v;    /* ring of `window` entries */
	size_t first, n;
	unsigned active;
	unsigned dying;         /* wardens that have reported and not yet been reaped */
	struct pth_cgroups groups; /* for tests with limits; opened by the first */
	bool grouped;           /* it is open */
	unsigned serial;        /* of the last test with groups */
	struct pth_cache cache; /* for tests with compile_cache; opened by the first */
	bool cached;            /* that was tried */
	bool interrupted;
	bool unordered;         /* results leave as they come */
	struct pth_fastfail fastfail;
};

void pth_runner_init(struct pth_runner *p, struct pth_rundir *dir, const char *share,
    const char *libexec, unsigned jobs);
void pth_runner_release(struct pth_runner *p);

/* Room for another record? */
bool pth_runner_has_room(const struct pth_runner *p);
/* Take a record over: to be run, or (run false) just to keep its place. */
void pth_runner_add(struct pth_runner *p, json_t *rec, bool run);
/* Start what may start now. 0, or -1 with e when the system refused. */
int pth_runner_start(struct pth_runner *p, struct pth_err *e);
/* Put the results of finished tests into place, whole and durable. Apart from
 * their end, because the disk takes its time, in which the next tests run
 * already. -1 with e. */
int pth_runner_store(struct pth_runner *p, struct pth_err *e);
/* The oldest record (any, when unordered) when it is done (new owner: caller), or NULL. Call
 * pth_runner_store() before: what is handed out is on the disk. */
json_t *pth_runner_take(struct pth_runner *p);
bool pth_runner_is_empty(const struct pth_runner *p);

/* Descriptors to poll for reading, at most max; returns how many. */
size_t pth_runner_fds(const struct pth_runner *p, int *fds, size_t max);
/* Read what came from wardens, reap the ended, enforce deadlines.
 * -1 with e when a result could not be stored. */
int pth_runner_attend(struct pth_runner *p, struct pth_err *e);
/* Wait until every warden has been reaped. */
void pth_runner_drain(struct pth_runner *p);
/* Stop everything: tests end as interrupted, waiting ones are not begun.
 * hard: without goodbye. */
void pth_runner_interrupt(struct pth_runner *p, bool hard);

/* When something has to be done at the latest, monotonic; INT64_MAX: never. */
int64_t pth_runner_next(const struct pth_runner *p);

#endif
