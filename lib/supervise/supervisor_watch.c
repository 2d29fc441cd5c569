/* This file watches programs while they run: how long their logs get, and what they use. */
#include "supervise/supervisor_priv.h"

#define LOGS_EVERY_US 100000
#define LOGS_SOON_US 25000 /* one grows fast */

/* The first samples follow each other sooner, so that a short test has some:
 * after 10, 20, 40, 80 ms ... */
#define SAMPLE_FIRST_US 10000

struct cut {
	struct supervisor *sup;
	struct service *s;
};

static void
about_to_cut(void *arg, const char *path, int64_t keep, bool first)
{
	struct cut *c = arg;

	supervise_service_log_cut(c->s, path, keep, first);
	supervise_assertions_log_cut(&c->sup->assertions, c->s, path, keep);
}

static bool
look_at_logs(struct supervisor *sup)
{
	bool fast = supervise_loglimit_look(&sup->at.logs, NULL, NULL);

	for (size_t i = 0; i < sup->nservices; i++) {
		struct cut c = { sup, &sup->services[i] };

		fast = supervise_loglimit_look(&c.s->at.logs, about_to_cut, &c) || fast;
	}
	return fast;
}

/* Does a program of ours run? */
static bool
busy(struct supervisor *sup)
{
	for (size_t i = 0; i < sup->nservices; i++)
		if (supervise_service_is_busy(&sup->services[i]))
			return true;
	for (size_t i = 0; i < OWNS; i++)
		if (sup->own[i].pid > 0)
			return true;
	return sup->steps.pid > 0 || sup->nasks > 0;
}

/* Seconds: with what an observer wants, when it is used. */
static double
shorter(double every, const json_t *observer, double wanted)
{
	return pth_observer_enabled(observer) && wanted > 0 && wanted < every ? wanted : every;
}

void
supervise_watch_begin(struct supervisor *sup)
{
	const json_t *settings = pth_test_settings(sup->req->rec);
	const json_t *observers = pth_settings_observers(settings);
	/* PANTHER has two places for the same; its files use the second. */
	const json_t *m = pth_settings_metrics(settings), *o = pth_observers_metrics(observers);
	const json_t *resource = pth_observers_resource(observers);
	double every = PTH_GET(observer, o, publish_interval) != NULL ?
	    pth_observer_publish_interval(o) :
	    pth_sampling_publish_interval(m);

	every = shorter(every, o, pth_observer_resource_collection_interval(o));
	every = shorter(every, resource, pth_observer_monitor_interval(resource));
	/* Of containers, those in them take samples. */
	if (sup->req->places->engine || !pth_sampling_enabled(m) || !pth_observer_enabled(o) ||
	    !pth_sampling_collect_system_metrics(m) || !pth_observer_collect_system_metrics(o))
		return;
	sup->sample_every = every >= 0.01 && every <= 86400 ? (int64_t)(every * PTH_SECOND_US) :
	                                                      PTH_SECOND_US;
	sup->sample_step = SAMPLE_FIRST_US;
	sup->sampler = supervise_sampler_new(
	    sup->req->dirfd, pth_samples_file(pth_plan_metrics(sup->req->plan)), sup->nservices);
	if (json_is_object(pth_plan_capture(sup->req->plan)))
		sup->counts = pth_port_count_new();
}

static void
sample(struct supervisor *sup, int64_t now)
{
	pth_auto_free struct sampled_service *v = pth_xarray(NULL, sup->nservices + 1, sizeof *v);
	struct pth_err e;
	bool any = sup->sampled;

	for (size_t i = 0; i < sup->nservices; i++) {
		const struct service *s = &sup->services[i];

		any = any || supervise_service_lives(s);
		v[i] = (struct sampled_service){ s->name,
			supervise_service_lives(s) ? s->run_pid : 0, s->started_us };
	}
	supervise_sampler_count(sup->sampler, supervise_capture_counts(sup) ? sup->counts : NULL);
	sup->sampled = any;
	if (any && supervise_sampler_take(sup->sampler, now - sup->zero, v, &e) != 0) {
		pth_event("metric.failed", "{s:s}", "message", e.text);
		sup->sample_next = PTH_NEVER;
		sup->sample_every = 0;
	}
}

static void
watch_use(struct supervisor *sup, int64_t now)
{
	if (sup->sample_every == 0 || sup->state < PTH_TS_RUNNING || sup->state >= PTH_TS_STOPPING)
		return;
	/* PTH_NEVER: all services are ready now. The first sample waits a little: at
	 * the start there is nothing to see, and a test of a few milliseconds
	 * does not pay for what its rusage says as well. */
	if (sup->sample_next == PTH_NEVER) {
		sup->sample_next = now + sup->sample_step;
	} else if (now >= sup->sample_next) {
		sup->sample_next = now + supervise_earlier(sup->sample_step, sup->sample_every);
		if (sup->sample_step < sup->sample_every)
			sup->sample_step *= 2;
		sample(sup, now);
	}
}

void
supervise_watch(struct supervisor *sup, int64_t now)
{
	if (now >= sup->logs_next)
		sup->logs_next = now + (look_at_logs(sup) ? LOGS_SOON_US : LOGS_EVERY_US);
	watch_use(sup, now);
}

void
supervise_watch_last(struct supervisor *sup, int64_t now)
{
	if (sup->sampled && sup->sample_every > 0)
		sample(sup, now);
	sup->sample_next = PTH_NEVER;
}

int64_t
supervise_watch_next(struct supervisor *sup)
{
	return supervise_earlier(sup->sample_next, busy(sup) ? sup->logs_next : PTH_NEVER);
}

void
supervise_watch_end(struct supervisor *sup)
{
	look_at_logs(sup);
	/* Now the capture has all packets, and nothing runs any more. */
	if (sup->sampled && sup->sample_every > 0 && supervise_capture_counts(sup))
		sample(sup, pth_mono_us());
	supervise_sampler_free(sup->sampler);
	pth_port_count_free(sup->counts);
	sup->sampler = NULL;
	sup->counts = NULL;
}
