/* This header is only for the files service.c and service_*.c. */
#ifndef PTH_SUPERVISE_SERVICE_PRIV_H
#define PTH_SUPERVISE_SERVICE_PRIV_H

#include "base/cleanup.h"
#include "base/clock.h"
#include "io/event.h"
#include "supervise/service.h"

/* Is such an end what a step's signals asked for? */
bool supervise_service_was_asked(const struct service *s, const struct pth_exit *x);
/* It has ended: does the plan's "restart" want it again, and when? */
void supervise_service_policy(struct service *s, int64_t now);
/* The process is gone: begin a new life. */
void supervise_service_again(struct service *s);
/* Ask the process in the container to end. Clients pass a signal of ours on, but
 * some lose it: docker 28 gives its own work up at the same moment. */
void supervise_service_inner_stop(struct service *s);
/* The client is gone: is its container still there (some clients leave as soon as
 * they have passed a signal on)? Then s->pid is a process that waits for it. */
bool supervise_service_inner_wait(struct service *s);
/* Take over how the process ended in its container, if it did: exit, times, phases,
 * failure. */
void supervise_service_inner_take(struct service *s, struct pth_exit *x, int64_t zero);
/* Has it to wait for another test that compiles the same? Else its phase is
 * the next to go on with: pre_run when the result was there. */
bool supervise_service_cache_wait(struct service *s, int64_t now);
/* All is compiled: keep that, when it is to be kept. */
void supervise_service_cache_keep(struct service *s);
/* It will not be compiled: let others try. */
void supervise_service_cache_leave(struct service *s);
/* Keep how this life ended, for the result. */
void supervise_service_note_life(struct service *s);

#endif
