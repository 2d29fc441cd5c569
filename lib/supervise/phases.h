/*
 * A runner of phases: the commands of one list after the other, each with its
 * logs and its time limit, and what came of them. For the phases of a service
 * around its run command, and for the commands of the test itself. Nothing
 * here blocks.
 */
#ifndef PTH_SUPERVISE_PHASES_H
#define PTH_SUPERVISE_PHASES_H

#include "supervise/command.h"

struct phases {
	struct surroundings *at; /* borrowed */
	const char *name;        /* borrowed: the service, or what the test has them for */
	bool of_test;            /* logs are below NAME, and messages name no phase */
	json_t *results;         /* what the commands that have ended did */

	const char *phase; /* borrowed: that is run now, or was; NULL: none yet */
	char log[300];     /* path of its logs below the test, without .stdout.log */
	json_t *list;      /* its commands */
	size_t index;      /* the command that runs, or comes next */
	size_t before;     /* how many commands of the plan's list come before the first of ours */
	bool all;          /* the others get their turn after one that failed */
	bool stopped;
	pid_t pid; /* of the command that runs, or 0 */
	int64_t began, deadline;
	bool late;       /* it was killed at its deadline */
	int err_no;      /* exec's, of the failure, or 0 */
	int64_t said;    /* how long its stderr.log was before the command that runs */
	char error[600]; /* the first failure of the phase, or "" */
	struct pth_reason why;
	enum pth_category usual; /* what a failure is that nothing else explains */
};

void supervise_phases_init(
    struct phases *p, const char *name, bool of_test, struct surroundings *at);
void supervise_phases_release(struct phases *p);
/* Begin a phase; list is taken over, NULL: no commands. usual: what a failure is when
 * neither the command nor the system says more. */
void supervise_phases_begin(
    struct phases *p, const char *phase, json_t *list, bool all, enum pth_category usual);
/* Do what can be done now: 1 all have ended, 0 not yet, -1 one failed, see
 * error, and the rest is not run. */
int supervise_phases_step(struct phases *p, int64_t now);
/* Nothing runs, and nothing is left to run. */
bool supervise_phases_done(const struct phases *p);
/* Reap the command that runs, if it has ended. True when it was one. */
bool supervise_phases_reap(struct phases *p, int64_t now);
/* Kill what runs, run nothing more. */
void supervise_phases_stop(struct phases *p);

#endif
