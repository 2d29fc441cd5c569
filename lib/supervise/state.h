/*
 * These tables say which state of a test, service or step may follow which. A transition that
 * is not in its table is a bug: it aborts. Every transition is an event; the file that owns
 * the thing emits it.
 */
#ifndef PTH_SUPERVISE_STATE_H
#define PTH_SUPERVISE_STATE_H

#include <stdbool.h>

/*
 * A service:
 *
 *   initializing -> ready -> running -> stopping -> stopped
 *
 * error from anywhere but stopped; error or stopped -> initializing to try
 * again (a restart). A service that ends by itself goes from ready or running
 * straight to stopped.
 */
enum pth_state {
	PTH_ST_NEW, /* not begun: no event, only -> initializing */
	PTH_ST_INITIALIZING,
	PTH_ST_READY,
	PTH_ST_RUNNING,
	PTH_ST_STOPPING,
	PTH_ST_STOPPED,
	PTH_ST_ERROR,
	PTH_ST_STATES,
};

/*
 * A test:
 *
 *   created -> setting_up -> deploying -> running -> [asserting ->] stopping
 *           -> tearing_down -> ended
 *
 * stopping from setting_up on, when something goes wrong; created -> ended
 * when nothing could be begun. How it ended is its status.
 */
enum pth_test_state {
	PTH_TS_CREATED,
	PTH_TS_SETTING_UP, /* commands of the plan, then pre_commands */
	PTH_TS_DEPLOYING,  /* until all services are ready */
	PTH_TS_RUNNING,    /* services work, steps happen */
	PTH_TS_ASSERTING,  /* what is looked at before the services stop */
	PTH_TS_STOPPING,
	PTH_TS_TEARING_DOWN, /* post_commands, then commands of the plan */
	PTH_TS_ENDED,
	PTH_TS_STATES,
};

/*
 * The environment of a test: created -> setting_up -> ready -> tearing_down
 * -> torn_down; error when a command of it failed. What was begun is torn
 * down whatever happened.
 */
enum pth_env_state {
	PTH_ES_CREATED,
	PTH_ES_SETTING_UP,
	PTH_ES_READY,
	PTH_ES_TEARING_DOWN,
	PTH_ES_TORN_DOWN,
	PTH_ES_ERROR,
	PTH_ES_STATES,
};

/* A step: pending -> executing -> completed or failed; pending -> skipped when
 * the run is over before its turn. */
enum pth_step_state {
	PTH_SS_PENDING,
	PTH_SS_EXECUTING,
	PTH_SS_COMPLETED,
	PTH_SS_FAILED,
	PTH_SS_SKIPPED,
	PTH_SS_STATES,
};

/* One kind of thing. */
struct pth_machine {
	const char *what;
	const struct pth_state_row *rows;
};

extern const struct pth_machine pth_service_machine, pth_test_machine, pth_env_machine,
    pth_step_machine;

const char *pth_machine_name(const struct pth_machine *m, unsigned state);
bool pth_machine_may(const struct pth_machine *m, unsigned from, unsigned to);
/* Nothing when it may; else say so, with the thing's name, and abort. */
void pth_machine_check(const struct pth_machine *m, const char *name, unsigned from, unsigned to);

#endif
