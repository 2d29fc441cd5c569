/* Inside the room service only. */
#ifndef PTH_SERVICE_PRIV_H
#define PTH_SERVICE_PRIV_H

#include "service.h"

#define NEVER INT64_MAX

/* Note why it fails; the first problem is the one that is told. */
void pth_service_fail(struct pth_service *s, enum pth_end end, const char *fmt, ...) PTH_PRINTF(3, 4);
const char *pth_service_end_name(enum pth_end end);
/* Is such an end what a step's signals asked for? */
bool pth_service_was_asked(const struct pth_service *s, const struct pth_exit *x);
/* It has ended: does the plan's "restart" want it again, and when? */
void pth_service_policy(struct pth_service *s, int64_t now);
/* The process is gone: begin a new life. */
void pth_service_again(struct pth_service *s);
/* "; last log line: TEXT" of the run command, or "". */
void pth_service_last_line(const struct pth_service *s, char *to, size_t max);
/* The client is gone: is its container still there (some clients leave as soon as
 * they have passed a signal on)? Then s->pid is a process that waits for it. */
bool pth_service_inner_wait(struct pth_service *s);
/* Take over how the process ended in its container: exit, times, phases,
 * failure. False when there is nothing of the kind. */
bool pth_service_inner_take(struct pth_service *s, struct pth_exit *x, int64_t zero);
/* Keep how this life ended, for the result. */
void pth_service_note_life(struct pth_service *s);

#endif
