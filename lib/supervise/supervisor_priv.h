/* This header is only for the files supervisor.c and supervisor_*.c. */
#ifndef PTH_SUPERVISE_SUPERVISOR_PRIV_H
#define PTH_SUPERVISE_SUPERVISOR_PRIV_H

#include "base/cleanup.h"
#include "base/clock.h"
#include "io/event.h"
#include "packet/bpf.h"
#include "packet/capture.h"
#include "supervise/assertion.h"
#include "supervise/sampler.h"
#include "supervise/service.h"
#include "supervise/state.h"
#include "supervise/steps.h"
#include "supervise/supervisor.h"

/* The commands of the test itself. */
/* BESIDE is the second part of SETUP, which runs at the same time. */
enum { SETUP, BESIDE, PRE, POST, TEARDOWN, OWNS };

struct supervisor {
	const struct pth_supervise_req *req;
	struct pth_ns *ns;      /* that of the request, for what is found out later */
	struct surroundings at; /* of the commands of the test itself */
	struct phases own[OWNS];
	struct service *services;
	size_t nservices;
	struct steps steps;
	struct assertions assertions;
	struct supervise_ask *asks; /* under way */
	size_t nasks;
	int64_t hold; /* so many are still to come that need the container */
	enum pth_test_state state;
	enum pth_env_state env;
	enum pth_status status; /* the heaviest ending so far */
	char reason[700];
	struct pth_reason why; /* the same as data */
	bool prepared;         /* setup is done: pre_commands and services have begun */
	bool made;             /* what is compiled has been: run commands may begin */
	bool over;             /* nothing is left to do */
	bool partial;          /* a service that is not critical may fail to start */
	int64_t made_left;     /* of the limit, when compiling began; 0: it runs */
	int64_t zero, deadline, deploy_deadline, wait_deadline, teardown_deadline;
	int64_t setup_us, ready_us, run_us;             /* ends of the stages */
	int64_t look_every, look_next, look_limit;      /* health of services; 0: none */
	int64_t sample_every, sample_step, sample_next; /* 0 every: no samples */
	struct sampler *sampler;
	bool sampled;                  /* there is a line at least */
	struct pth_port_count *counts; /* packets by port, when there is a capture */
	json_t *degraded;              /* names, or NULL */
	int sigfd;
	int logs;                 /* epoll instance of what programs say */
	struct reader *readers;   /* of the services' logs */
	struct pth_proc_user who; /* as whom the services run, when they are guarded */
	int view;                 /* their mount namespace, or -1 */
	int power;                /* the user namespace of those that are root there, or -1 */
	bool guarded;             /* they cannot touch what is known of them */
	char *ours;               /* names that were there before setup: "/a/b/" */
	struct supervise_capture *captures; /* of the test, then of services */
	size_t ncaptures;
	struct supervise_node *nodes; /* networks of the services of a test with links */
	size_t nnodes;
	struct supervise_link *links;
	size_t nlinks;
	struct supervise_join *joins; /* of containers that links join */
	size_t njoins;
};

/* supervise/supervisor_end.c: endings and the result */

/* A worse ending replaces a better one; the first reason of its kind stays. Of the
 * category PTH_CAT_NONE: what the status says. */
void supervise_ending(struct supervisor *sup, enum pth_status s, const struct pth_reason *why,
    const char *fmt, ...) PTH_PRINTF(4, 5);
/* One that critical_services leaves out may fail, but has to start, unless
 * allow_partial_deployment says otherwise. */
bool supervise_dispensable(const struct supervisor *sup, const char *service);
/* What the end of one service means for the test. */
void supervise_judge(struct supervisor *sup, struct service *s, int64_t now);
/* {"used", "missing", "reason"}: the namespaces that the services are in, ours or
 * those of their containers. */
json_t *supervise_isolation(const struct pth_supervise_req *req);
/* How long the setup has made images, or has looked whether they are there: no part of how long the
 * test took. */
int64_t supervise_build_us(const struct supervisor *sup);
json_t *supervise_result(struct supervisor *sup, const char *started);
/* Of supervisor_images.c: the images that pth-image(1) has noted, sorted by tag. New array;
 * NULL: none. */
json_t *supervise_images_result(const struct supervisor *sup);

/* supervise/supervisor_setup.c: what has to be there */

/* False, with an ending, when the test cannot be begun. */
bool supervise_prepare(struct supervisor *sup);
void supervise_release(struct supervisor *sup);
void supervise_tmp_make(struct supervisor *sup);
void supervise_tmp_remove(struct supervisor *sup);

/* supervise/supervisor_guard.c: what the services can touch */

/* Before all else: a network for services with `user: root`. */
void supervise_guard_begin(struct supervisor *sup);
/* What is in the test's directory now is ours. */
void supervise_guard_ours(struct supervisor *sup);
/* Setup is done: from now on, services are put where they see and write only what is theirs. */
void supervise_guard(struct supervisor *sup);
/* They are gone: their files are given to the owner of the test's directory. */
void supervise_guard_end(struct supervisor *sup);

/* supervise/supervisor_capture.c */
void supervise_capture_begin(struct supervisor *sup);
void supervise_capture_confirm(struct supervisor *sup);
void supervise_capture_end(struct supervisor *sup);
void supervise_capture_release(struct supervisor *sup);
/* Is this the process of one? */
bool supervise_capture_is(const struct supervisor *sup, pid_t pid);
/* What came of it, after the end; service NULL: that of the test. Borrowed,
 * NULL when there was none. */
json_t *supervise_capture_result(const struct supervisor *sup, const char *service);
/* Has the capture of the test counted packets by port, in sup->counts? */
bool supervise_capture_counts(const struct supervisor *sup);

/* supervise/supervisor_link.c: the links of a test, if it has any. Of each function that gives a
 * bool, false comes with an ending. */

/* Before anything is started. */
/* supervise/supervisor_capture.c: the program of the filter of a capture of the plan; none when it
 * has no filter. f->v: free(). -1 with e. */
int supervise_filter(const json_t *plan, struct pth_bpf *f, struct pth_err *e);
bool supervise_links_begin(struct supervisor *sup);
/* Setup is done: they are there, and names and ways lead over them. */
bool supervise_links_confirm(struct supervisor *sup);
/* supervise/supervisor_route.c: the routes of a node of the plan, whose network this is. -1 with e.
 */
int supervise_routes_add(int net, const json_t *node, json_t *links, struct pth_err *e);
/* The services are ready: what has a time counts from now on. */
void supervise_links_run(struct supervisor *sup);
/* A step changes them. text: what was done, or (false) why not. */
bool supervise_links_change(struct supervisor *sup, const json_t *link, char text[200]);
size_t supervise_links_fds(const struct supervisor *sup, struct pollfd *p, size_t max);
/* What they have said. The test ends when one of them has. */
void supervise_links_step(struct supervisor *sup);
bool supervise_links_is(const struct supervisor *sup, pid_t pid);
void supervise_links_end(struct supervisor *sup);
void supervise_links_release(struct supervisor *sup);
/* What they captured for a service, or (NULL) what stands for the test; new, or NULL. */
json_t *supervise_links_capture(const struct supervisor *sup, const char *service);

/* What is at a node, in its network, into *net, which is then taken over. -1 with e. */
int supervise_links_move(struct supervisor *sup, const char *node, int *net, struct pth_err *e);

/* supervise/supervisor_join.c: the containers of a test with links, whose ends are moved into them
 * as soon as they are there. */

/* False, with an ending: that is not possible here. */
bool supervise_joins_begin(struct supervisor *sup);
size_t supervise_joins_fds(const struct supervisor *sup, struct pollfd *p);
void supervise_joins_step(struct supervisor *sup);
void supervise_joins_release(struct supervisor *sup);

/* supervise/supervisor_watch.c: what is looked at while programs run */

/* The services are there: what is to be done with their logs. */
void supervise_watch_logs(struct supervisor *sup);
/* Before the capture begins. */
void supervise_watch_begin(struct supervisor *sup);
void supervise_watch(struct supervisor *sup, int64_t now);
/* Earliest time at which there is something to look at. */
int64_t supervise_watch_next(const struct supervisor *sup);
/* The services are about to be stopped: the last sample. */
void supervise_watch_last(struct supervisor *sup, int64_t now);
/* All processes have ended: the last look. */
void supervise_watch_end(struct supervisor *sup);

/* supervise/supervisor_run.c: the stages from deploying to asserting */
void supervise_deploy(struct supervisor *sup, int64_t now);
void supervise_run(struct supervisor *sup, int64_t now);
void supervise_assert(struct supervisor *sup, int64_t now);

/* supervise/supervisor_ask.c: what is asked from outside of our container */
void supervise_ask_step(struct supervisor *sup, int64_t now);
/* The run is over, and the end of the container is the answer for all. */
void supervise_ask_stop(struct supervisor *sup, int64_t now);
/* Must the run go on for somebody? */
bool supervise_ask_waits(const struct supervisor *sup);
/* Is this the process of a step that was asked for? */
bool supervise_ask_is(const struct supervisor *sup, pid_t pid);
void supervise_ask_reap(struct supervisor *sup);
/* Earliest time at which supervise_ask_step() has something to do. */
int64_t supervise_ask_next(const struct supervisor *sup);
/* Descriptors to poll, at most max; returns how many. */
size_t supervise_ask_fds(const struct supervisor *sup, struct pollfd *p, size_t max);

/* supervise/supervisor.c */

/* Change of state, with its event. */
void supervise_to(struct supervisor *sup, enum pth_test_state to);
/* What runs is stopped from now on. */
void supervise_begin_stop(struct supervisor *sup, int64_t now);
/* Somebody wants the test to end now. */
void supervise_interrupted(struct supervisor *sup, int64_t now);

#endif
