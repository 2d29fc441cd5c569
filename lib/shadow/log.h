/*
 * What Shadow says in its log of how a simulation ended. The wording is that of Shadow 3.3, and
 * not promised to stay: what is not recognised is never taken for a good end (outcome.h).
 *
 *   00:00:01.123456 [4711:shadow-worker] 00:00:05.000000000 [ERROR] [client:11.0.0.1]
 *   [process.rs:1583] [..] process 'client.prog.1000' exited with status Normal(3); expected end
 *   state was exited: 0 but was exited: 3
 *   ... 1 managed processes in unexpected final state
 */
#ifndef PTH_SHADOW_LOG_H
#define PTH_SHADOW_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum shadow_state { SHADOW_EXITED, SHADOW_SIGNALED, SHADOW_RUNNING, SHADOW_UNKNOWN };

/* A process in another state than its configuration expects. */
struct shadow_end {
	char process[128]; /* HOST.PROGRAM.PID */
	enum shadow_state state;
	int code, signal; /* of exited; of signaled */
	int64_t at_us;    /* simulated; -1: not told */
};

struct shadow_log {
	struct shadow_end *ends;
	size_t n;
	bool more;       /* there were more than are kept */
	int64_t wrong;   /* how many processes Shadow counts, -1: it does not say */
	int64_t last_us; /* the latest simulated time that it names, -1: none */
	char error[400]; /* the first error that is no such process, or "" */
	char *line;      /* that has no end yet */
	size_t len;      /* of it; more than is kept is dropped */
};

void shadow_log_init(struct shadow_log *log);
void shadow_log_release(struct shadow_log *log);
/* The next bytes of it. */
void shadow_log_add(struct shadow_log *log, const char *p, size_t n);
/* There are no more. */
void shadow_log_end(struct shadow_log *log);

#endif
