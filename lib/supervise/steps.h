/*
 * A step is something that is done to the services of a test while they run. Steps are done
 * one after the other, in the order of the list; each waits for its time (at_us, counted from
 * when the services were ready) and for its cause (after). The loop of the owner drives them;
 * nothing here blocks.
 */
#ifndef PTH_SUPERVISE_STEPS_H
#define PTH_SUPERVISE_STEPS_H

#include <poll.h>

#include "host/channel.h"
#include "supervise/service.h"

struct step_kind;

struct one_step {
	const json_t *def; /* borrowed: {"exec": {..}, "at_us", "after"} */
	const struct step_kind *kind;
	const json_t *what;      /* its value */
	struct service *service; /* that it is about, or NULL */
	struct service *cause;   /* that it comes after, or NULL */
	enum pth_step_state state;
	bool ok;
	int64_t began, ended; /* monotonic */
	char text[600];       /* what it did, or why it failed */
};

struct steps {
	struct one_step *all;
	size_t count, next;      /* all[next] is the current one */
	size_t before;           /* steps of the test before all[0], which others do */
	struct surroundings *at; /* borrowed: of the test, for commands without a service */
	int64_t ready;           /* when the run began, monotonic; 0: not yet */
	int64_t deadline;        /* of the step that executes */
	pid_t pid;               /* of the command that runs, or 0 */
	bool late;               /* it was killed at its deadline */
	struct pth_channel ask;  /* of the step that a container's own supervisor does */
	/* Sends the conditions of a step to the test's links; false with a text: it cannot. */
	bool (*link)(void *arg, const json_t *what, char text[200]);
	void *arg;
	char failure[700]; /* the first that the test fails for, or "" */
};

/* actions: steps.actions of the record, may be NULL. services[n] stay where
 * they are; at: the test's surroundings. -1 with e when an action is none. */
int supervise_steps_init(struct steps *st, const json_t *actions, struct service *services,
    size_t n, struct surroundings *at, struct pth_err *e);
void supervise_steps_release(struct steps *st);
/* All services are ready now. */
void supervise_steps_begin(struct steps *st, int64_t now);
/* Do what can be done now. */
void supervise_steps_step(struct steps *st, int64_t now);
/* Descriptors to poll, at most max; returns how many. */
size_t supervise_steps_fds(const struct steps *st, struct pollfd *p, size_t max);
/* Reap the process st->pid, if it has ended. */
void supervise_steps_reap(struct steps *st, int64_t now);
/* The run is over: what executes is killed, the rest is skipped. */
void supervise_steps_stop(struct steps *st, int64_t now);
/* Nothing is left to do. */
bool supervise_steps_done(const struct steps *st);
/* Earliest time at which supervise_steps_step() has something to do. */
int64_t supervise_steps_next(const struct steps *st);
/* "step 3 of 5 (exec)", for messages about the current one. */
const char *supervise_steps_current(const struct steps *st, char to[64]);
/* The result's "steps"; NULL when there are none. */
json_t *supervise_steps_result(const struct steps *st);

#endif
