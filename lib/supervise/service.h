/*
 * One service of a running test: its phases, its process, its readiness, its
 * end. Driven from outside: the owner calls supervise_service_step() whenever a
 * deadline has come or a child was reaped, and polls until supervise_service_next()
 * meanwhile. Nothing here blocks.
 */
#ifndef PTH_SUPERVISE_SERVICE_H
#define PTH_SUPERVISE_SERVICE_H

#include "host/channel.h"
#include "host/proc.h"
#include "io/record.h"
#include "io/status.h"
#include "supervise/cache.h"
#include "supervise/phases.h"
#include "supervise/ready.h"
#include "supervise/state.h"

struct service {
	const json_t *plan;     /* borrowed: one element of plan.services */
	const char *name;       /* borrowed from plan */
	struct surroundings at; /* its directory, its limits */
	char *home;             /* path of its directory */
	bool finite, has_run;
	bool degraded;   /* the owner's: its failure was put up with */
	unsigned missed; /* the owner's: failed looks in a row */

	enum pth_state state;
	enum pth_phase phase;   /* the phase that runs, or that comes next */
	struct phases commands; /* of the phases around the run command */
	pid_t pid;              /* of the run command, or 0 */
	int64_t deadline;       /* of that */
	bool killed_late;       /* its deadline passed */

	enum { PTH_CACHE_NEW, PTH_CACHE_LOOKING, PTH_CACHE_MAKING, PTH_CACHE_OFF } cache_state;
	char cache_key[PTH_CACHE_KEY];
	int cache_lock;     /* or -1 */
	int64_t cache_next; /* when to look again */

	bool released; /* may start its run command */
	struct ready ready;

	bool stopping, killed;
	int64_t stop_deadline;
	bool restarting;               /* stopped in order to be started again */
	int64_t again_at, again_pause; /* by its restart policy: not before, and the last pause */
	int64_t gone_by;               /* so long for the children of its life before */
	bool paused;
	uint64_t asked;   /* signals sent by steps: bit NUMBER - 1 */
	json_t *restarts; /* how its earlier lives ended, or NULL */

	/* The result */
	enum pth_end end;
	struct pth_exit exit;
	bool exited;       /* the run command ran and ended */
	bool failed_early; /* ended before it was ready */
	pid_t run_pid;
	int64_t started_us, ready_us, ended_us; /* since the test's start, 0: never */
	bool inner_waited;                      /* for the container, after its client had ended */
	json_t *inner; /* what pth-init said of it, plan "inner", or NULL */
	char error[600];
	struct pth_reason why; /* the same as data */
};

/* Open the directory name below testdir (made, with dirs and files of the
 * plan). -1 with e. */
int supervise_service_init(struct service *s, const json_t *plan, int testdir,
    const struct pth_places *places, struct pth_err *e);
void supervise_service_release(struct service *s);
/* Of n services the one of this name; NULL when there is none, or no name. */
struct service *supervise_service_find(struct service *v, size_t n, const char *name);

/* Start its phases. */
void supervise_service_begin(struct service *s);
/* Do what can be done now. zero is the monotonic start of the test. */
void supervise_service_step(struct service *s, int64_t now, int64_t zero);
/* A child has ended: reap those of this service. */
void supervise_service_reap(struct service *s, int64_t now, int64_t zero);
/* Is this a process that it has started, and not reaped yet? */
bool supervise_service_owns(const struct service *s, pid_t pid);
/* Ask it to stop: signal, grace, KILL. */
void supervise_service_stop(struct service *s, int64_t now);
/* Stop it and start its run command again; it has to become ready again.
 * Also when it has ended already. The end that this brings counts for nothing
 * but the "restarts" of its result. */
void supervise_service_restart(struct service *s, int64_t now);
/* Send a signal to its process group. An end that this brings counts as
 * asked for. -1 when it does not run. */
int supervise_service_signal(struct service *s, int sig);
/* SIGSTOP or SIGCONT to every process of its session. -1 when it does not run. */
int supervise_service_pause(struct service *s, bool pause);
/* Note why it fails; the first problem is the one that is told. */
void supervise_service_fail(struct service *s, enum pth_end end, const struct pth_reason *why,
    const char *fmt, ...) PTH_PRINTF(4, 5);
/* It has failed, before it has run or while it runs, and is stopped for that. */
void supervise_service_give_up(struct service *s, int64_t now);
/* Does its run command's process exist? */
bool supervise_service_lives(const struct service *s);
/* Has it reached a state of depends_on: started, running, ready, completed
 * (ended with exit code 0), stopped (ended, however)? 1 yes, 0 not yet, -1
 * it will not any more. */
int supervise_service_reached(const struct service *s, const char *state);
/* "exit code 3", "signal SEGV", "still running": for messages. */
const char *supervise_service_how(const struct service *s, char to[32]);
/* Ready for others, or past that. */
bool supervise_service_is_ready(const struct service *s);
/* Does a command of it run, whichever? */
bool supervise_service_is_busy(const struct service *s);
/* Nothing of it runs, and nothing is left to run (post_run comes by itself
 * after the end of its process). */
bool supervise_service_is_idle(const struct service *s);
/* Earliest time at which supervise_service_step() has something to do. */
int64_t supervise_service_next(const struct service *s);
/* What its events say of it: service, implementation, protocol, role, port. New reference. */
json_t *supervise_service_event(const struct service *s);
/* State change with its event; an illegal one aborts. */
void supervise_service_to(struct service *s, enum pth_state to);
/* Does its process run in a container, under a supervisor that can be asked? */
bool supervise_service_is_inside(const struct service *s);
/* Ask that supervisor. -1 with e: also when the container has ended. */
int supervise_service_ask(
    const struct service *s, struct pth_channel *a, const json_t *question, struct pth_err *e);
/* That supervisor has started it again: its time begins anew. */
void supervise_service_inner_restarted(struct service *s, int64_t now);
/* How much later than ours, zero, the time began of what a container tells. */
int64_t supervise_service_inner_shift(const json_t *inner, int64_t zero);
/* A result of a service, or of one of its lives, whose times began us later. */
void supervise_service_shift(json_t *o, int64_t us);
/* Set a member of a result to what is taken over, unless that is NULL. */
void supervise_put(json_t *o, const char *key, json_t *take);
/* Its part of the record's result. */
json_t *supervise_service_result(const struct service *s);

#endif
