/*
 * One service of a running test: its phases, its process, its readiness, its
 * end. Driven from outside: the owner calls supervise_service_step() whenever a
 * deadline has come or a child was reaped, and polls until supervise_service_next()
 * meanwhile. Nothing here blocks.
 */
#ifndef PTH_SUPERVISE_SERVICE_H
#define PTH_SUPERVISE_SERVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "host/channel.h"
#include "host/proc.h"
#include "io/placeholder.h"
#include "io/record.h"
#include "supervise/cache.h"
#include "supervise/limit.h"
#include "supervise/loglimit.h"
#include "supervise/ready.h"
#include "supervise/state.h"

/* Why a service's run command ended, or did not run. */
enum service_end {
	PTH_END_NONE,
	PTH_END_EXIT,
	PTH_END_SIGNAL,
	PTH_END_STOPPED,
	PTH_END_TIMEOUT,
	PTH_END_NOT_FOUND,
	PTH_END_NOT_EXECUTABLE,
	PTH_END_NOT_READY,
	PTH_END_NOT_STARTED,
	PTH_END_LOST
};

struct service {
	const json_t *plan; /* borrowed: one element of plan.services */
	const char *name;   /* borrowed from plan */
	const struct pth_places *places;
	int dirfd;  /* its directory */
	char *home; /* path of the same */
	bool finite, has_run;
	bool critical;
	bool quiet;    /* no events: the test's own setup commands */
	bool degraded; /* the owner's: its failure was put up with */

	enum pth_state state;
	enum pth_phase phase;    /* the phase that pid runs, or that comes next */
	size_t index;            /* command within the phase */
	pid_t pid;               /* of the command that runs, or 0 */
	int64_t began, deadline; /* of that command */
	bool killed_late;        /* its deadline passed */

	enum { PTH_CACHE_NEW, PTH_CACHE_LOOKING, PTH_CACHE_MAKING, PTH_CACHE_OFF } cache_state;
	char cache_key[PTH_CACHE_KEY];
	int cache_lock;     /* or -1 */
	int64_t cache_next; /* when to look again */

	bool released;      /* may start its run command */
	size_t ready_index; /* readiness check that is being waited for */
	int64_t ready_look, ready_wait, ready_since;
	struct ready_log *ready_log;
	pid_t ready_pid;    /* a readiness command that runs */
	char ready_how[32]; /* how the last one ended */

	bool stopping, killed;
	int64_t stop_deadline;
	bool restarting;               /* stopped in order to be started again */
	int64_t again_at, again_pause; /* by its restart policy: not before, and the last pause */
	int64_t gone_by;               /* so long for the children of its life before */
	bool paused;
	struct pth_limit limit; /* what it may use */
	int64_t oom_kills;      /* of its processes, at the limit of memory */
	uint64_t asked;         /* signals sent by steps: bit NUMBER - 1 */
	struct loglimit logs;   /* those that it writes, also of steps for it */
	json_t *old_logs;       /* lengths of the logs at the restart, or NULL */
	json_t *restarts;       /* how its earlier lives ended, or NULL */

	/* The result */
	enum service_end end;
	struct pth_exit exit;
	bool exited;       /* the run command ran and ended */
	bool failed_early; /* ended before it was ready */
	pid_t run_pid;
	int64_t started_us, ready_us, ended_us; /* since the test's start, 0: never */
	json_t *phases;
	bool inner_waited;  /* for the container, after its client had ended */
	bool out_of_memory; /* killed at the limit of its group or container */
	json_t *inner;      /* what pth-init said of it, plan "inner", or NULL */
	char error[600];
};

/* Open the directory name below testdir (made, with dirs and files of the
 * plan). -1 with e. */
int supervise_service_init(struct service *s, const json_t *plan, int testdir,
    const struct pth_places *places, struct pth_err *e);
void supervise_service_release(struct service *s);
/* Of n services the one of this name; NULL when there is none, or no name. */
struct service *supervise_service_find(struct service *v, size_t n, const char *name);

/* Start its phases. */
void supervise_service_begin(struct service *s, int64_t zero);
/* Do what can be done now. zero is the monotonic start of the test. */
void supervise_service_step(struct service *s, int64_t now, int64_t zero);
/* A child was reaped: true when it was this service's. */
bool supervise_service_reaped(
    struct service *s, pid_t pid, int status, const struct rusage *ru, int64_t now, int64_t zero);
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
/* It fails before it has run, or is given up while it runs: `end` says which. */
void supervise_service_give_up(
    struct service *s, enum service_end end, int64_t now, const char *fmt, ...) PTH_PRINTF(4, 5);
/* Does its run command's process exist? */
bool supervise_service_lives(const struct service *s);
/* Are the ports of its readiness checks bound? 1 all, 0 not all, -1 none to
 * look at. *port and *udp (may be NULL) say which is not. */
int supervise_service_listens(const struct service *s, unsigned *port, bool *udp);
/* Has it reached a state of depends_on: started, running, ready, completed
 * (ended with exit code 0), stopped (ended, however)? 1 yes, 0 not yet, -1
 * it will not any more. */
int supervise_service_reached(const struct service *s, const char *state);
/* The limit that was behind such an end, ": out of memory: limit 64 MiB", or
 * "": for messages. */
const char *supervise_service_excess(
    const struct service *s, const struct pth_exit *x, char to[80]);
/* "; last log line: TEXT" of the first of two logs below dirfd that has any,
 * or "": for messages. second may be NULL. */
void supervise_service_last_line(
    int dirfd, const char *first, const char *second, char *to, size_t max);
/* "exit code 3", "signal SEGV", "still running": for messages. */
const char *supervise_service_how(const struct service *s, char to[32]);
/* Start a command in its directory with its environment: {"argv", "env",
 * "cwd"}. The pid, or -1 with *err_no (exec's) and e. */
pid_t supervise_service_spawn(
    const struct service *s, const json_t *cmd, int out, int err, int *err_no, struct pth_err *e);
/* Keep its logs within their limit, look once. Before one is cut `also` is
 * called (may be NULL): it will be `keep` bytes long. True when one grows
 * fast. */
bool supervise_service_logs(struct service *s,
    void (*also)(void *arg, struct service *s, const char *path, int64_t keep), void *arg);
/* Ready for others, or past that. */
bool supervise_service_is_ready(const struct service *s);
/* Nothing of it runs, and nothing is left to run (post_run comes by itself
 * after the end of its process). */
bool supervise_service_is_idle(const struct service *s);
/* Earliest time at which supervise_service_step() has something to do. */
int64_t supervise_service_next(const struct service *s);
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
/* Its part of the record's result. */
json_t *supervise_service_result(const struct service *s);

#endif
