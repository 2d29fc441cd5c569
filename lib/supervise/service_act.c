/* What is done to a service from outside, and what is asked of it. */
#include "supervise/service_priv.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "io/file.h"
#include "io/json.h"

void
supervise_service_fail(struct service *s, enum service_end end, const char *fmt, ...)
{
	va_list ap;

	if (s->error[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(s->error, sizeof s->error, fmt, ap);
	va_end(ap);
	s->end = end;
}

void
supervise_service_give_up(
    struct service *s, enum service_end end, int64_t now, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(s->error, sizeof s->error, fmt, ap);
	va_end(ap);
	s->end = end;
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
	return s->pid > 0 && s->phase == PTH_RUN;
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

/* Signs of readiness of the life before are none of the next one: where its
 * logs end, and files that say that it is up. */
static void
forget_readiness(struct service *s)
{
	json_t *r;
	size_t i;

	json_decref(s->old_logs);
	s->old_logs = json_object();
	json_array_foreach(json_object_get(s->plan, "ready"), i, r) {
		const char *kind = pth_json_str(r, "kind", ""), *path = pth_json_str(r, "path", "");
		const char *log = pth_json_str(r, "file", "stdout.log");
		struct stat st;

		if (strcmp(kind, "log") == 0 && fstatat(s->dirfd, log, &st, 0) == 0)
			pth_json_set(s->old_logs, log, json_integer(st.st_size));
		else if (strcmp(kind, "file") == 0 && pth_path_inside(path))
			unlinkat(s->dirfd, path, 0);
	}
	supervise_ready_log_close(s->ready_log);
	s->ready_log = NULL;
	s->ready_index = 0;
	s->ready_us = 0;
}

void
supervise_service_again(struct service *s)
{
	supervise_service_note_life(s);
	forget_readiness(s);
	s->again_at = 0;
	s->restarting = s->stopping = s->killed = s->killed_late = false;
	s->exited = s->failed_early = s->paused = s->out_of_memory = false;
	s->asked = 0;
	s->error[0] = '\0';
	s->end = PTH_END_NOT_STARTED;
	memset(&s->exit, 0, sizeof s->exit);
	s->ended_us = 0;
	s->run_pid = 0;
	s->deadline = s->stop_deadline = NEVER;
	s->phase = PTH_RUN;
	s->index = 0;
	supervise_service_to(s, PTH_ST_INITIALIZING);
}

int
supervise_service_listens(const struct service *s, unsigned *port, bool *udp)
{
	json_t *r;
	size_t i;
	int all = -1;

	json_array_foreach(json_object_get(s->plan, "ready"), i, r) {
		const char *kind = pth_json_str(r, "kind", "");
		bool u = strcmp(kind, "udp") == 0;
		unsigned p = (unsigned)pth_json_int(r, "port", 0);

		if (!u && strcmp(kind, "tcp") != 0)
			continue;
		all = 1;
		if (u ? supervise_ready_udp(p) : supervise_ready_tcp(p))
			continue;
		if (port != NULL)
			*port = p;
		if (udp != NULL)
			*udp = u;
		return 0;
	}
	return all;
}

int
supervise_service_reached(const struct service *s, const char *state)
{
	bool over = (s->state == PTH_ST_ERROR || s->state == PTH_ST_STOPPED) && !s->restarting;

	if (strcmp(state, "started") == 0)
		return s->run_pid > 0 ? 1 : over ? -1 : 0;
	if (strcmp(state, "stopped") == 0)
		return s->exited && !s->restarting ? 1 : over ? -1 : 0;
	if (strcmp(state, "completed") == 0) {
		if (s->exited && !s->restarting)
			return !s->exit.signaled && s->exit.code == 0 ? 1 : -1;
		return over ? -1 : 0;
	}
	if (supervise_service_is_ready(s) && s->state != PTH_ST_ERROR)
		return 1;
	return over ? -1 : 0;
}

const char *
supervise_service_excess(const struct service *s, const struct pth_exit *x, char to[80])
{
	int64_t disk = pth_json_int(json_object_get(s->plan, "limits"), "disk", 0);
	struct pth_buf b = PTH_BUF_INIT;

	to[0] = '\0';
	if (s->out_of_memory && s->limit.memory > 0) {
		pth_size_show(&b, s->limit.memory);
		snprintf(to, 80, ": out of memory: limit %s", b.s);
	} else if (s->out_of_memory) {
		snprintf(to, 80, ": out of memory, at the limit of its container");
	} else if (x->signaled && x->signal == SIGXFSZ && disk > 0) {
		pth_size_show(&b, disk);
		snprintf(to, 80, ": a file has reached limits.disk, %s", b.s);
	}
	pth_buf_release(&b);
	return to;
}

const char *
supervise_service_how(const struct service *s, char to[32])
{
	if (s->exited)
		return pth_exit_text(&s->exit, to);
	return supervise_service_lives(s) ? "still running" : "not started";
}
