/* This file writes what a record says of how a service ended. */
#include "base/clock.h"
#include "supervise/service_priv.h"

void
supervise_put(json_t *o, const char *key, json_t *take)
{
	if (take != NULL)
		pth_json_set(o, key, take);
}

static json_t *
usage_json(const struct rusage *u)
{
	json_t *o = json_object();

	pth_rusage_set_user_us(
	    o, (int64_t)u->ru_utime.tv_sec * PTH_SECOND_US + u->ru_utime.tv_usec);
	pth_rusage_set_sys_us(o, (int64_t)u->ru_stime.tv_sec * PTH_SECOND_US + u->ru_stime.tv_usec);
	pth_rusage_set_max_rss_kb(o, u->ru_maxrss);
	pth_rusage_set_minflt(o, u->ru_minflt);
	pth_rusage_set_majflt(o, u->ru_majflt);
	pth_rusage_set_nvcsw(o, u->ru_nvcsw);
	pth_rusage_set_nivcsw(o, u->ru_nivcsw);
	return o;
}

static void
put_end(json_t *o, const struct service *s)
{
	const struct pth_exit *x = &s->exit;
	char sig[16];

	pth_rsvc_set_reason(o, pth_end_name(s->end));
	pth_json_set(o, PTH_KEY(rsvc, code),
	    s->exited && x->code >= 0 ? json_integer(x->code) : json_null());
	pth_rsvc_set_signal(o, s->exited && x->signaled ? pth_signal_name(x->signal, sig) : NULL);
	pth_rsvc_set_core(o, x->core);
	pth_rsvc_set_killed(o, s->killed);
	if (s->run_pid > 0) {
		pth_rsvc_set_pid(o, s->run_pid);
		pth_rsvc_set_started_us(o, s->started_us);
	}
	if (s->ready_us > 0)
		pth_rsvc_set_ready_us(o, s->ready_us);
	if (s->exited) {
		pth_rsvc_set_ended_us(o, s->ended_us);
		pth_rsvc_set_rusage(o, usage_json(&x->usage));
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
	json_t *o = json_object(), *capture = pth_insideend_capture(s->inner);

	pth_rsvc_set_state(o, pth_machine_name(&pth_service_machine, s->state));
	put_end(o, s);
	if (json_is_object(capture))
		pth_rsvc_set_capture(o, json_incref(capture));
	supervise_put(o, PTH_KEY(rsvc, logs_cut),
	    s->inner != NULL ? json_incref(pth_rsvc_logs_cut(pth_insideend_service(s->inner))) :
	                       supervise_logs_dropped(&s->at.logs));
	supervise_put(o, PTH_KEY(rsvc, restarts), json_incref(s->restarts));
	supervise_put(o, PTH_KEY(rsvc, limits), json_incref(s->at.limit.how));
	if (s->at.oom_kills > 0)
		pth_rsvc_set_oom_kills(o, s->at.oom_kills);
	pth_rsvc_set_phases(o, json_incref(s->commands.results));
	if (s->error[0] != '\0')
		pth_rsvc_set_error(o, s->error);
	pth_reason_put(o, &s->why);
	return o;
}
