/*
 * This file applies restart_policy: a service that has ended by itself is started again, after a
 * pause that doubles each time.
 */
#include "supervise/service_priv.h"

#include <string.h>

#define PAUSE_FIRST_US 100000
#define PAUSE_LAST_US 10000000
#define LONG_LIFE_US 10000000 /* a life after which the pause is short again */

static bool
wanted(const struct service *s)
{
	const char *policy = pth_svc_restart(s->plan);

	/* What was stopped, by us or at its limit, has not ended by itself. */
	if (strcmp(policy, "no") == 0 || s->stopping || s->killed_late || !s->exited ||
	    (s->end != PTH_END_EXIT && s->end != PTH_END_SIGNAL && !s->failed_early))
		return false;
	return strcmp(policy, "on-failure") != 0 || s->exit.signaled || s->exit.code != 0;
}

void
supervise_service_policy(struct service *s, int64_t now)
{
	if (s->restarting || !wanted(s))
		return;
	if (s->again_pause == 0 || s->ended_us - s->started_us >= LONG_LIFE_US)
		s->again_pause = PAUSE_FIRST_US;
	else if (s->again_pause < PAUSE_LAST_US)
		s->again_pause *= 2;
	s->again_at = now + s->again_pause;
	s->restarting = true;
	pth_event("service.restarting", "{s:s,s:s,s:I}", "service", s->name, "policy",
	    pth_svc_restart(s->plan), "pause_us", (json_int_t)s->again_pause);
}
