/* Inside the room warden only. */
#ifndef PTH_SUPERVISE_WARDEN_PRIV_H
#define PTH_SUPERVISE_WARDEN_PRIV_H

#include "supervise/assertion.h"
#include "packet/capture.h"
#include "supervise/service.h"
#include "supervise/state.h"
#include "supervise/sampler.h"
#include "supervise/steps.h"
#include "supervise/warden.h"

#define NEVER INT64_MAX

/* How bad an ending is; the worst one is the status of the test. */
enum status { COMPLETED, FAILED, CRASHED, TIMEOUT, ERROR, INTERRUPTED, UNSUPPORTED };

/* Commands of the test itself run as the phase of a service without a run
 * command, with the test's directory as its own. */
enum { SETUP, PRE, POST, TEARDOWN, OWNS };

struct own {
	const char *name; /* of it, in messages and as a directory */
	bool there;       /* it has commands (SETUP: always there) */
	json_t *plan;
	struct pth_service s;
};

struct warden {
	const struct pth_warden_req *req;
	struct own own[OWNS];
	struct pth_service *v;
	size_t n;
	struct pth_steps steps;
	struct pth_assertions assertions;
	struct warden_ask *asks; /* under way */
	size_t nasks;
	int64_t hold;  /* so many are still to come that need the container */
	enum pth_test_state state;
	enum pth_env_state env;
	enum status status;
	char reason[700];
	bool prepared; /* setup is done: pre_commands and services have begun */
	bool over;     /* nothing is left to do */
	bool partial;  /* a service that is not critical may fail to start */
	int64_t zero, deadline, deploy_deadline, wait_deadline, teardown_deadline;
	int64_t setup_us, ready_us, run_us; /* ends of the stages */
	int64_t look_every, look_next, look_limit; /* health of services; 0: none */
	int64_t logs_next; /* when the logs' sizes are looked at */
	int64_t sample_every, sample_step, sample_next; /* 0 every: no samples */
	struct pth_sampler *sampler;
	bool sampled;      /* there is a line at least */
	struct pth_tally *tally; /* packets by port, when there is a capture */
	unsigned *missed; /* failed looks in a row, per service */
	json_t *degraded; /* names, or NULL */
	int sigfd;
	struct warden_capture *captures; /* of the test, then of services */
	size_t ncaptures;
};

/* supervise/warden_end.c: endings and the result */

/* A worse ending replaces a better one; the first reason of its kind stays. */
void warden_ending(struct warden *w, enum status s, const char *fmt, ...) PTH_PRINTF(3, 4);
const char *warden_status_name(enum status s);
/* What the end of one service means for the test. */
void warden_judge(struct warden *w, struct pth_service *s, int64_t now);
/* {"used", "missing", "reason"}: the namespaces that the services are in, ours or
 * those of their containers. */
json_t *warden_isolation(const struct pth_warden_req *req);
json_t *warden_result(struct warden *w, const char *started);

/* supervise/warden_setup.c: what has to be there */

/* False, with an ending, when the test cannot be begun. */
bool warden_prepare(struct warden *w);
void warden_release(struct warden *w);
void warden_tmp_make(struct warden *w);
void warden_tmp_remove(struct warden *w);

/* supervise/warden_capture.c */
void warden_capture_begin(struct warden *w);
void warden_capture_confirm(struct warden *w);
void warden_capture_end(struct warden *w);
void warden_capture_release(struct warden *w);
/* Is this the process of one? */
bool warden_capture_is(const struct warden *w, pid_t pid);
/* What came of it, after the end; service NULL: that of the test. Borrowed,
 * NULL when there was none. */
json_t *warden_capture_result(const struct warden *w, const char *service);
/* Has the capture of the test counted packets by port, in w->tally? */
bool warden_capture_counts(const struct warden *w);

/* supervise/warden_watch.c: what is looked at while programs run */

/* Before the capture begins. */
void warden_watch_begin(struct warden *w);
void warden_watch(struct warden *w, int64_t now);
/* Earliest time at which there is something to look at. */
int64_t warden_watch_next(struct warden *w);
/* The services are about to be stopped: the last sample. */
void warden_watch_last(struct warden *w, int64_t now);
/* All processes have ended: the last look. */
void warden_watch_end(struct warden *w);

/* supervise/warden_run.c: the stages from deploying to asserting */
void warden_deploy(struct warden *w, int64_t now);
void warden_run(struct warden *w, int64_t now);
void warden_assert(struct warden *w, int64_t now);

/* supervise/warden_ask.c: what is asked from outside of our container */
void warden_ask_step(struct warden *w, int64_t now);
/* The run is over, and the end of the container is the answer for all. */
void warden_ask_stop(struct warden *w, int64_t now);
/* Must the run go on for somebody? */
bool warden_ask_waits(const struct warden *w);
/* Is this the process of a step that was asked for? */
bool warden_ask_is(const struct warden *w, pid_t pid);
void warden_ask_reap(struct warden *w);
/* Earliest time at which warden_ask_step() has something to do. */
int64_t warden_ask_next(const struct warden *w);
/* Descriptors to poll, at most max; returns how many. */
size_t warden_ask_fds(const struct warden *w, struct pollfd *p, size_t max);

/* supervise/warden.c */

/* The services and the test's own commands, in one row; NULL after the last. */
struct pth_service *warden_nth(struct warden *w, size_t i);
/* Change of state, with its event. */
void warden_to(struct warden *w, enum pth_test_state to);
/* What runs is stopped from now on. */
void warden_begin_stop(struct warden *w, int64_t now);

#endif
