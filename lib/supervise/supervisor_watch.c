/* This file watches programs while they run: what they say, and what they use. */
#include "supervise/supervisor_priv.h"

/* The first samples follow each other sooner, so that a short test has some:
 * after 10, 20, 40, 80 ms ... */
#define SAMPLE_FIRST_US 10000

/* Who wants to know what becomes of a service's logs. */
struct reader {
	struct supervisor *sup;
	struct service *s;
};

static void
log_cut(void *arg, const char *path)
{
	const struct reader *r = arg;

	pth_event("service.log_cut", "{s:s,s:s,s:I}", "service", r->s->name, "file", path, "limit",
	    (json_int_t)r->s->at.logs.limit);
}

static void
log_lost(void *arg, const char *path, const char *p, size_t n)
{
	const struct reader *r = arg;

	supervise_ready_lost(&r->s->ready, path, p, n);
	supervise_assertions_lost(&r->sup->assertions, r->s, path, p, n);
}

void
supervise_watch_logs(struct supervisor *sup)
{
	sup->readers = pth_xarray(NULL, sup->nservices, sizeof *sup->readers);
	for (size_t i = 0; i < sup->nservices; i++) {
		struct logs *l = &sup->services[i].at.logs;

		sup->readers[i] = (struct reader){ sup, &sup->services[i] };
		l->cut = log_cut;
		l->lost = log_lost;
		l->arg = &sup->readers[i];
	}
}

/* What programs said is put in order; without that nothing is known of it. */
static void
end_logs(struct supervisor *sup, struct logs *l, const char *owner)
{
	const char *path;

	if (!supervise_logs_end(l, &path))
		/* Of this test alone: it may have removed its directory. */
		supervise_ending(sup, PTH_S_ERROR, PTH_WHY(PTH_CAT_TEST_FRAMEWORK),
		    "%s: the log %s could not be kept", owner, path);
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

/* The first sample waits a little after all services are ready: at the start
 * there is nothing to see, and a test of a few milliseconds does not pay for
 * what its rusage says as well. */
static int64_t
first_sample(const struct supervisor *sup)
{
	return sup->sample_every == 0 || sup->state < PTH_TS_RUNNING ?
	    PTH_NEVER :
	    sup->zero + sup->ready_us + SAMPLE_FIRST_US;
}

void
supervise_watch(struct supervisor *sup, int64_t now)
{
	if (sup->state >= PTH_TS_STOPPING)
		return;
	if (sup->sample_next == PTH_NEVER)
		sup->sample_next = first_sample(sup);
	if (now >= sup->sample_next) {
		sup->sample_next = now + supervise_earlier(sup->sample_step, sup->sample_every);
		if (sup->sample_step < sup->sample_every)
			sup->sample_step *= 2;
		sample(sup, now);
	}
}

void
supervise_watch_last(struct supervisor *sup, int64_t now)
{
	/* It is the only one when nothing ran at the first, or when we did not. */
	if (now >= first_sample(sup))
		sample(sup, now);
	sup->sample_next = PTH_NEVER;
}

int64_t
supervise_watch_next(const struct supervisor *sup)
{
	return sup->sample_next;
}

void
supervise_watch_end(struct supervisor *sup)
{
	end_logs(sup, &sup->at.logs, "the test");
	for (size_t i = 0; i < sup->nservices; i++)
		end_logs(sup, &sup->services[i].at.logs, sup->services[i].name);
	/* Now the capture has all packets, and nothing runs any more. */
	if (sup->sampled && sup->sample_every > 0 && supervise_capture_counts(sup))
		sample(sup, pth_mono_us());
	supervise_sampler_free(sup->sampler);
	pth_port_count_free(sup->counts);
	sup->sampler = NULL;
	sup->counts = NULL;
}
