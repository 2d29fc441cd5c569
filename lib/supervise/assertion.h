/*
 * An assertion is something that must hold while the services of a test run. One with a
 * timeout is looked at from when the services are ready until it holds or the time has passed.
 * One without is looked at once, when the run is over and before the services are stopped.
 * Exit codes are looked at after that. One that could not be looked at, or of which not all
 * could be seen, neither holds nor fails: it is unknown. The loop of the owner drives them; nothing
 * here blocks. A type is a row of the table in supervise/assertion.c; its keys are those of `look`
 * in io/record_test.h.
 */
#ifndef PTH_SUPERVISE_ASSERTION_H
#define PTH_SUPERVISE_ASSERTION_H

#include <poll.h>

#include "supervise/service.h"

struct one_assertion;

struct assertions {
	struct one_assertion *all;
	size_t count;
	bool last; /* the run is over: each is looked at for the last time */
};

/* list: the record's assertions, may be NULL. services[n] stay where they
 * are. -1 with e when one is wrong: an unknown type, service, expression. */
int supervise_assertions_init(struct assertions *a, const json_t *list, struct service *services,
    size_t n, int testdir, struct pth_err *e);
void supervise_assertions_release(struct assertions *a);
/* All services are ready now: timeouts begin. */
void supervise_assertions_begin(struct assertions *a, int64_t now);
/* Look at those that are due. more: steps are to come, which may still change
 * what a service that has ended does. */
void supervise_assertions_step(struct assertions *a, int64_t now, bool more);
/* Bytes of a log of a service that are not kept. */
void supervise_assertions_lost(
    struct assertions *a, const struct service *s, const char *path, const char *p, size_t n);
/* Must the run go on for one of them? */
bool supervise_assertions_waiting(const struct assertions *a);
/* The run is over; look at the rest. Then step until done, some seconds. */
void supervise_assertions_last(struct assertions *a, int64_t now);
bool supervise_assertions_done(const struct assertions *a);
/* The services have ended: exit codes. What was not looked at is not known. */
void supervise_assertions_after(struct assertions *a);
/* Descriptors to poll, at most max; returns how many. */
size_t supervise_assertions_fds(const struct assertions *a, struct pollfd *p, size_t max);
/* Earliest time at which supervise_assertions_step() has something to do. */
int64_t supervise_assertions_next(const struct assertions *a);
/* Do all hold? The first that does not, in words; when there is none, the first that cannot be
 * told. */
enum pth_answer supervise_assertions_answer(const struct assertions *a, char text[600]);
/* The result's "assertions"; NULL when there are none. */
json_t *supervise_assertions_result(const struct assertions *a);

#endif
