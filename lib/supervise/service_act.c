/* This file has what is done to a service from outside, and what is asked of it. */
#include "supervise/service_priv.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

void
supervise_service_fail(
    struct service *s, enum pth_end end, const struct pth_reason *why, const char *fmt, ...)
{
	va_list ap;

	if (s->error[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(s->error, sizeof s->error, fmt, ap);
	va_end(ap);
	s->end = end;
	s->why = *why;
}

void
supervise_service_give_up(struct service *s, int64_t now)
{
	supervise_service_to(s, PTH_ST_ERROR);
	supervise_service_stop(s, now);
}

struct service *
supervise_service_find(struct service *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (name != NULL && strcmp(v[i].name, name) == 0)
			return &v[i];
	return NULL;
}

bool
supervise_service_lives(const struct service *s)
{
	return s->pid > 0;
}

bool
supervise_service_was_asked(const struct service *s, const struct pth_exit *x)
{
	/* INT and TERM ask for an end, and a program may take its time to exit
	 * with whatever code; others are asked for only by their own death. */
	if (!x->signaled)
		return (s->asked & (1ULL << (SIGINT - 1) | 1ULL << (SIGTERM - 1))) != 0;
	return x->signal <= 64 && (s->asked & 1ULL << (x->signal - 1)) != 0;
}

int
supervise_service_signal(struct service *s, int sig)
{
	if (!supervise_service_lives(s) || sig < 1 || sig > 64)
		return -1;
	s->asked |= 1ULL << (sig - 1);
	return kill(-s->pid, sig);
}

int
supervise_service_pause(struct service *s, bool pause)
{
	if (!supervise_service_lives(s))
		return -1;
	s->paused = pause;
	pth_proc_signal_session(s->pid, pause ? SIGSTOP : SIGCONT);
	return 0;
}

void
supervise_service_restart(struct service *s, int64_t now)
{
	if (supervise_service_lives(s))
		supervise_service_stop(s, now);
	s->again_at = 0;
	s->restarting = true;
}

void
supervise_service_again(struct service *s)
{
	supervise_service_note_life(s);
	supervise_ready_reset(&s->ready);
	s->ready_us = s->ended_us = s->again_at = 0;
	s->restarting = s->stopping = s->killed = s->killed_late = false;
	s->exited = s->failed_early = s->paused = s->at.out_of_memory = false;
	s->asked = 0;
	s->error[0] = '\0';
	s->why = (struct pth_reason){ 0 };
	s->end = PTH_END_NOT_STARTED;
	s->exit = (struct pth_exit){ 0 };
	s->run_pid = 0;
	s->deadline = s->stop_deadline = PTH_NEVER;
	s->phase = PTH_RUN;
	supervise_service_to(s, PTH_ST_INITIALIZING);
}

int
supervise_service_reached(const struct service *s, const char *state)
{
	bool over = (s->state == PTH_ST_ERROR || s->state == PTH_ST_STOPPED) && !s->restarting;
	bool ended = s->exited && !s->restarting, reached;

	if (strcmp(state, "started") == 0) {
		reached = s->run_pid > 0;
	} else if (strcmp(state, "stopped") == 0) {
		reached = ended;
	} else if (strcmp(state, "completed") == 0) {
		reached = ended && !s->exit.signaled && s->exit.code == 0;
		over = over || ended;
	} else {
		reached = supervise_service_is_ready(s) && s->state != PTH_ST_ERROR;
	}
	return reached ? 1 : over ? -1 : 0;
}

const char *
supervise_service_how(const struct service *s, char to[32])
{
	if (s->exited)
		return pth_exit_text(&s->exit, to);
	return supervise_service_lives(s) ? "still running" : "not started";
}
