/*
 * Is a service ready? The checks of its plan's "ready", one after the other:
 * what each looks for, when to look again, when it is too late, what is missing
 * then, and what a restart makes of it. A kind of check is a row of the table in
 * ready.c; lib/README.md says what else a new one needs. Nothing here blocks.
 */
#ifndef PTH_SUPERVISE_READY_H
#define PTH_SUPERVISE_READY_H

#include "host/holder.h"
#include "supervise/command.h"
#include "supervise/log_search.h"

struct ready {
	const json_t *list;         /* borrowed: the checks */
	struct surroundings *at;    /* borrowed: of the service */
	size_t index;               /* the check that is waited for */
	int64_t since, look, wait;  /* since then; when to look, and the pause after that */
	struct log_search *log;     /* of a check that searches one, or NULL */
	pid_t pid;                  /* of a check's command that runs, or 0 */
	char how[32];               /* how the last one ended, or "" */
	json_t *old_logs;           /* bytes in logs of lives before this one, or NULL */
	pid_t leader;               /* the owner's: of the run command, or 0 */
	struct pth_holder *holders; /* of the port of each check, or NULL */
	char held[160];             /* who else has the port that is waited for, or "" */
	bool unproven;              /* it was said that this cannot be told */
};

enum readiness { PTH_NOT_YET, PTH_IS_READY, PTH_NOT_READY };

void supervise_ready_init(struct ready *r, const json_t *list, struct surroundings *at);
void supervise_ready_release(struct ready *r);
/* The service has been started: begin with the first check. */
void supervise_ready_begin(struct ready *r, int64_t now);
/* Look, if it is time. PTH_NOT_READY, with e, when it will not get ready any
 * more: "did not bind UDP port 4443 within 10 s". */
enum readiness supervise_ready_step(struct ready *r, int64_t now, struct pth_err *e);
/* The service has ended: has it become ready before, by what a log, a file and the answer of a
 * command still say? It may have done both since the last look. A log is searched to its end, for a
 * second at most. */
bool supervise_ready_was(struct ready *r, int64_t now);
/* Earliest time at which supervise_ready_step() has something to do. */
int64_t supervise_ready_next(const struct ready *r);
/* Reap a check's command, if one has ended. */
void supervise_ready_reap(struct ready *r, int64_t now);
/* Kill a check's command, if one runs. */
void supervise_ready_stop(struct ready *r);
/* The service is about to be started again. Signs of its life before are none of
 * the next one: where its logs end, and files that say that it is up. */
void supervise_ready_reset(struct ready *r);
/* Bytes of the log at path that are not kept (supervise/logs.h). */
void supervise_ready_lost(struct ready *r, const char *path, const char *p, size_t n);
/* Are the ports of the checks bound, by a process of the service? 1 all, 0 not all, -1 none to
 * look at. *port and *udp say which is not. */
int supervise_ready_listens(struct ready *r, unsigned *port, bool *udp);

/* Does the service with that first process have the port? at NULL: any program below that
 * process. Where the system does not tell whose it is, any server counts, and the event
 * service.port_unproven says so once (*said). On false, text says who has it, if anybody. */
bool supervise_has_port(struct pth_holder *h, bool udp, unsigned port,
    const struct surroundings *at, pid_t leader, bool *said, char text[160]);

#endif
