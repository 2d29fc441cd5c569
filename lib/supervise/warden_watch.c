/* What is looked at while programs run: how long their logs get, and what they
 * use. */
#include "supervise/warden_priv.h"

#include <stdlib.h>

#include "io/event.h"
#include "io/json.h"
#include "base/clock.h"

#define LOGS_EVERY_US 100000
#define LOGS_SOON_US 25000 /* one grows fast */

/* The first samples follow each other sooner, so that a short test has some:
 * after 10, 20, 40, 80 ms ... */
#define SAMPLE_FIRST_US 10000
#define SECOND 1000000LL

static void
also_cut(void *arg, struct pth_service *s, const char *path, int64_t keep)
{
	struct warden *w = arg;

	pth_assertions_log_cut(&w->assertions, s, path, keep);
}

static bool
look_at_logs(struct warden *w)
{
	struct pth_service *s;
	bool fast = false;

	for (size_t i = 0; (s = warden_nth(w, i)) != NULL; i++)
		fast = pth_service_logs(s, also_cut, w) || fast;
	return fast;
}

/* Does a program of ours run? */
static bool
busy(struct warden *w)
{
	struct pth_service *s;

	for (size_t i = 0; (s = warden_nth(w, i)) != NULL; i++)
		if (s->pid > 0)
			return true;
	return w->steps.pid > 0 || w->nasks > 0;
}

static bool
wanted(const json_t *metrics)
{
	return pth_json_bool(metrics, "enabled", true) &&
	    pth_json_bool(metrics, "collect_system_metrics", true);
}

/* Seconds: with what an observer wants, when it is used. */
static double
shorter(double every, const json_t *observer, const char *key)
{
	double v = pth_json_bool(observer, "enabled", true) ? pth_json_num(observer, key, every) : every;

	return v > 0 && v < every ? v : every;
}

void
warden_watch_begin(struct warden *w)
{
	const json_t *m = pth_json_path(w->req->rec, "settings.metrics");
	/* PANTHER has two places for the same; its files use the second. */
	const json_t *observer = pth_json_path(w->req->rec, "settings.observers.metrics");
	const json_t *resource = pth_json_path(w->req->rec, "settings.observers.resource");
	const char *file = json_string_value(pth_json_path(w->req->plan, "metrics.file"));
	double every = pth_json_num(observer, "publish_interval", pth_json_num(m, "publish_interval", 1));

	every = shorter(every, observer, "resource_collection_interval");
	every = shorter(every, resource, "monitor_interval");

	w->sample_next = NEVER;
	/* Of containers, those in them take samples. */
	if (w->req->places->engine || !wanted(m) || !wanted(observer))
		return;
	w->sample_every = every >= 0.01 && every <= 86400 ? (int64_t)(every * SECOND) : SECOND;
	w->sample_step = SAMPLE_FIRST_US;
	w->sampler = pth_sampler_new(w->req->dirfd, file ? file : "metrics.jsonl", w->n);
	if (json_is_object(json_object_get(w->req->plan, "capture")))
		w->tally = pth_tally_new();
}

static void
sample(struct warden *w, int64_t now)
{
	struct pth_sampled *v = pth_xarray(NULL, w->n + 1, sizeof *v);
	struct pth_err e;
	bool any = w->sampled;

	for (size_t i = 0; i < w->n; i++) {
		const struct pth_service *s = &w->v[i];

		any = any || pth_service_lives(s);
		v[i] = (struct pth_sampled){ s->name, pth_service_lives(s) ? s->run_pid : 0,
			s->started_us };
	}
	pth_sampler_tally(w->sampler, warden_capture_counts(w) ? w->tally : NULL);
	w->sampled = any;
	if (any && pth_sampler_take(w->sampler, now - w->zero, v, &e) != 0) {
		pth_event("metric.failed", "{s:s}", "message", e.text);
		w->sample_next = NEVER;
		w->sample_every = 0;
	}
	free(v);
}

static void
watch_use(struct warden *w, int64_t now)
{
	if (w->sample_every == 0 || w->state < PTH_TS_RUNNING || w->state >= PTH_TS_STOPPING)
		return;
	/* NEVER: all services are ready now. The first sample waits a little: at
	 * the start there is nothing to see, and a test of a few milliseconds
	 * does not pay for what its rusage says as well. */
	if (w->sample_next != NEVER && now < w->sample_next)
		return;
	if (w->sample_next == NEVER) {
		w->sample_next = now + w->sample_step;
		return;
	}
	w->sample_next = now + (w->sample_step < w->sample_every ? w->sample_step : w->sample_every);
	w->sample_step = w->sample_step < w->sample_every ? w->sample_step * 2 : w->sample_every;
	sample(w, now);
}

void
warden_watch(struct warden *w, int64_t now)
{
	if (now >= w->logs_next)
		w->logs_next = now + (look_at_logs(w) ? LOGS_SOON_US : LOGS_EVERY_US);
	watch_use(w, now);
}

void
warden_watch_last(struct warden *w, int64_t now)
{
	if (w->sampled && w->sample_every > 0)
		sample(w, now);
	w->sample_next = NEVER;
}

int64_t
warden_watch_next(struct warden *w)
{
	int64_t t = w->sample_next;

	return busy(w) && w->logs_next < t ? w->logs_next : t;
}

void
warden_watch_end(struct warden *w)
{
	look_at_logs(w);
	/* Now the capture has all packets, and nothing runs any more. */
	if (w->sampled && w->sample_every > 0 && warden_capture_counts(w))
		sample(w, pth_mono_us());
	pth_sampler_free(w->sampler);
	pth_tally_free(w->tally);
	w->sampler = NULL;
	w->tally = NULL;
}
