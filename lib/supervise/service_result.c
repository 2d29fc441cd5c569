#include "supervise/service_priv.h"

#include <string.h>

#include "io/json.h"

static json_t *
usage_json(const struct rusage *u)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "user_us",
	    (json_int_t)u->ru_utime.tv_sec * 1000000 + u->ru_utime.tv_usec, "sys_us",
	    (json_int_t)u->ru_stime.tv_sec * 1000000 + u->ru_stime.tv_usec, "max_rss_kb",
	    (json_int_t)u->ru_maxrss, "minflt", (json_int_t)u->ru_minflt, "majflt",
	    (json_int_t)u->ru_majflt, "nvcsw", (json_int_t)u->ru_nvcsw, "nivcsw",
	    (json_int_t)u->ru_nivcsw);
}

static void
put_end(json_t *o, const struct service *s)
{
	char sig[16];

	pth_json_set(o, "reason", json_string(pth_end_name(s->end)));
	pth_json_set(
	    o, "code", s->exited && s->exit.code >= 0 ? json_integer(s->exit.code) : json_null());
	pth_json_set(o, "signal",
	    s->exited && s->exit.signaled ? json_string(pth_signal_name(s->exit.signal, sig)) :
	                                    json_null());
	pth_json_set(o, "core", json_boolean(s->exit.core));
	pth_json_set(o, "killed", json_boolean(s->killed));
	if (s->run_pid > 0) {
		pth_json_set(o, "pid", json_integer(s->run_pid));
		pth_json_set(o, "started_us", json_integer(s->started_us));
	}
	if (s->ready_us > 0)
		pth_json_set(o, "ready_us", json_integer(s->ready_us));
	if (s->exited) {
		pth_json_set(o, "ended_us", json_integer(s->ended_us));
		pth_json_set(o, "rusage", usage_json(&s->exit.usage));
	}
}

void
supervise_service_note_life(struct service *s)
{
	json_t *o = json_object();

	put_end(o, s);
	if (s->restarts == NULL)
		s->restarts = json_array();
	pth_json_push(s->restarts, o);
}

json_t *
supervise_service_result(const struct service *s)
{
	json_t *o = json_object(), *cut;

	pth_json_set(o, "state", json_string(pth_machine_name(&pth_service_machine, s->state)));
	put_end(o, s);
	if (json_is_object(json_object_get(s->inner, "capture")))
		pth_json_set(o, "capture", json_incref(json_object_get(s->inner, "capture")));
	cut = s->inner != NULL ?
	    json_incref(json_object_get(json_object_get(s->inner, "service"), "logs_cut")) :
	    supervise_loglimit_dropped(&s->at.logs);
	if (cut != NULL)
		pth_json_set(o, "logs_cut", cut);
	if (s->restarts != NULL)
		pth_json_set(o, "restarts", json_incref(s->restarts));
	if (s->at.limit.how != NULL)
		pth_json_set(o, "limits", json_incref(s->at.limit.how));
	if (s->at.oom_kills > 0)
		pth_json_set(o, "oom_kills", json_integer(s->at.oom_kills));
	pth_json_set(o, "phases", json_incref(s->commands.results));
	if (s->error[0] != '\0')
		pth_json_set(o, "error", pth_json_string(s->error));
	pth_reason_put(o, &s->why);
	return o;
}
