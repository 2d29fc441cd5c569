/*
 * The steps of a test: what is done to its services while they run. One after
 * the other, in the order of the list; each not before its time (at_us, since
 * the services were ready) and its cause (after). Driven by the owner's loop;
 * nothing here blocks.
 */
#ifndef PTH_SUPERVISE_STEPS_H
#define PTH_SUPERVISE_STEPS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "host/channel.h"
#include "supervise/service.h"

struct pth_step {
	const json_t *def;  /* borrowed: {"exec": {..}, "at_us", "after"} */
	const char *kind;   /* "exec" */
	const json_t *what; /* its value */
	struct pth_service *service; /* that it is about, or NULL */
	struct pth_service *cause;   /* that it comes after, or NULL */
	enum pth_step_state state;
	bool ok;
	int64_t began, ended; /* monotonic */
	char text[600];       /* what it did, or why it failed */
};

struct pth_steps {
	struct pth_step *v;
	size_t n, next;     /* v[next] is the current one */
	size_t before;      /* steps of the test before v[0], which others do */
	int testdir;        /* borrowed; logs of commands without a service */
	struct pth_service *own; /* surroundings of such commands */
	int64_t ready;      /* when the run began, monotonic; 0: not yet */
	int64_t deadline;   /* of the step that executes */
	pid_t pid;          /* of the command that runs, or 0 */
	bool late;          /* it was killed at its deadline */
	struct pth_ask ask; /* of the step that a container's own warden does */
	char failure[700];  /* the first that the test fails for, or "" */
};

/* Why this version cannot do what the record asks for ("link steps ..."), or
 * NULL. */
const char *pth_steps_unsupported(const json_t *rec);

/* actions: steps.actions of the record, may be NULL. services[n] stay where
 * they are; own: a service whose directory and environment stand for the
 * test's. -1 with e when an action is none. */
int pth_steps_init(struct pth_steps *st, const json_t *actions, struct pth_service *services,
    size_t n, struct pth_service *own, int testdir, struct pth_err *e);
void pth_steps_release(struct pth_steps *st);
/* All services are ready now. */
void pth_steps_begin(struct pth_steps *st, int64_t now);
/* Do what can be done now. */
void pth_steps_step(struct pth_steps *st, int64_t now);
/* Descriptors to poll, at most max; returns how many. */
size_t pth_steps_fds(const struct pth_steps *st, struct pollfd *p, size_t max);
/* The process st->pid was reaped. */
void pth_steps_reaped(struct pth_steps *st, int status, int64_t now);
/* The run is over: what executes is killed, the rest is skipped. */
void pth_steps_stop(struct pth_steps *st, int64_t now);
/* Nothing is left to do. */
bool pth_steps_done(const struct pth_steps *st);
/* Earliest time at which pth_steps_step() has something to do. */
int64_t pth_steps_next(const struct pth_steps *st);
/* "step 3 of 5 (exec)", for messages about the current one. */
const char *pth_steps_current(const struct pth_steps *st, char to[64]);
/* The result's "steps"; NULL when there are none. */
json_t *pth_steps_result(const struct pth_steps *st);

#endif
