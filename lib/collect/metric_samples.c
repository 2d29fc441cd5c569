/*
 * This file reads what the services used while they ran: metrics.jsonl, supervise/sampler.h. The
 * services could have written to it: nothing in it is believed to be right.
 */
#include "collect/metric.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "collect/artifact.h"
#include "io/record.h"

#define LINE_MAX_BYTES ((size_t)4 << 20)
#define FILE_MAX_BYTES ((int64_t)1 << 30)

/* Of what a service uses, the largest is kept: a key of a sample, and its name then. */
static const struct {
	const char *key, *name;
} kept[] = {
	{ PTH_KEY(used, rss_kb), PTH_KEY(peak, max_rss_kb) },
	{ PTH_KEY(used, threads), PTH_KEY(peak, max_threads) },
	{ PTH_KEY(used, fds), PTH_KEY(peak, max_fds) },
	{ PTH_KEY(used, processes), PTH_KEY(peak, max_processes) },
};
/* These grow: the largest is the last. */
static const char *const traffic_keys[] = { PTH_KEYS_traffic(PTH_KEY_OF, traffic) };

struct use {
	const char *name; /* borrowed from the result */
	int64_t samples, peak[countof(kept)];
	int64_t seen[countof(kept)]; /* samples that have it */
	int64_t traffic[countof(traffic_keys)], us;
	double cpu_max, cpu_sum; /* percent; percent times us */
	bool has_traffic;
};

struct uses {
	struct use *v;
	size_t n;
};

static void
keep_largest(int64_t *to, const json_t *o, const char *key)
{
	int64_t v = pth_json_int(o, key, 0);

	if (v > *to)
		*to = v;
}

static void
take_service(struct use *x, const json_t *o, int64_t us)
{
	double cpu = pth_used_cpu_percent(o);

	for (size_t i = 0; i < countof(traffic_keys); i++)
		keep_largest(&x->traffic[i], o, traffic_keys[i]);
	x->has_traffic = x->has_traffic || json_is_integer(json_object_get(o, traffic_keys[0]));
	if (!json_is_integer(PTH_GET(used, o, processes)))
		return; /* it had ended */
	x->samples++;
	for (size_t i = 0; i < countof(kept); i++) {
		if (!json_is_integer(json_object_get(o, kept[i].key)))
			continue;
		x->seen[i]++;
		keep_largest(&x->peak[i], o, kept[i].key);
	}
	if (!json_is_number(PTH_GET(used, o, cpu_percent)) || cpu < 0 || cpu > 1e6)
		return;
	x->cpu_max = cpu > x->cpu_max ? cpu : x->cpu_max;
	x->cpu_sum += cpu * (double)us;
	x->us += us;
}

static void
take_line(struct uses *u, const char *text, size_t n)
{
	json_auto_t *line = pth_json_parse(text, n, NULL);
	int64_t us = pth_sample_interval_us(line);
	json_t *o;

	/* A first sample stands for no time; it counts when it is the only one. */
	us = us < 1 ? 1 : us > 86400000000 ? 86400000000 : us;
	for (size_t i = 0; i < u->n; i++) {
		o = json_object_get(pth_sample_services(line), u->v[i].name);
		if (json_is_object(o))
			take_service(&u->v[i], o, us);
	}
}

/* False, with errno, when not all of them could be read; none at all is all right. */
static bool
read_samples(struct uses *u, int dirfd, const char *path)
{
	pth_auto_buf b = PTH_BUF_INIT;
	pth_auto_fd fd = pth_artifact_open(dirfd, path, NULL);
	int64_t left = FILE_MAX_BYTES;
	ssize_t n = 0;

	if (fd < 0)
		return errno == ENOENT;

	/* A longer line is not what we have written. */
	while (left > 0 && b.len <= LINE_MAX_BYTES &&
	    (n = pth_read_all(fd, pth_buf_room(&b, 65536), 65536)) > 0) {
		size_t from = 0;
		char *nl;

		b.len += (size_t)n;
		left -= n;
		while ((nl = memchr(b.s + from, '\n', b.len - from)) != NULL) {
			take_line(u, b.s + from, (size_t)(nl - b.s) - from);
			from = (size_t)(nl - b.s) + 1;
		}
		memmove(b.s, b.s + from, b.len - from);
		pth_buf_cut(&b, b.len - from);
	}
	if (n > 0)
		errno = EFBIG;
	return n == 0;
}

static void
add_samples(struct uses *u, int dirfd, const char *path, json_t *metrics)
{
	if (!read_samples(u, dirfd, path))
		pth_gap_add(metrics, PTH_GAP_SAMPLES, true, "%s: %s", path, strerror(errno));
}

static json_t *
peaks(const struct use *x)
{
	json_t *o = json_object();

	pth_peak_set_samples(o, x->samples);
	for (size_t i = 0; i < countof(kept); i++)
		if (x->seen[i] > 0)
			pth_json_set(o, kept[i].name, json_integer(x->peak[i]));
	if (x->us <= 0)
		return o;
	pth_peak_set_max_cpu_percent(o, x->cpu_max);
	pth_peak_set_mean_cpu_percent(
	    o, (double)(int64_t)(x->cpu_sum / (double)x->us * 100 + 0.5) / 100);
	return o;
}

/* What some of its samples do not have may have been larger then. */
static void
lacks(const struct use *x, json_t *metrics)
{
	for (size_t i = 0; i < countof(kept); i++) {
		pth_auto_buf of = PTH_BUF_INIT;

		if (x->seen[i] == 0 || x->seen[i] == x->samples)
			continue;
		pth_buf_addf(&of, "services.%s.peak.%s", x->name, kept[i].name);
		pth_gap_add(metrics, of.s, true, "%s: %lld of %lld samples do not have it", of.s,
		    (long long)(x->samples - x->seen[i]), (long long)x->samples);
	}
}

static void
put(const struct use *x, json_t *services)
{
	json_t *o = json_object_get(services, x->name), *traffic;

	if (x->samples == 0 && !x->has_traffic)
		return;
	if (o == NULL) {
		o = json_object();
		pth_json_set(services, x->name, o);
	}
	if (x->samples > 0)
		pth_msvc_set_peak(o, peaks(x));
	if (!x->has_traffic)
		return;
	traffic = json_object();
	for (size_t i = 0; i < countof(traffic_keys); i++)
		pth_json_set(traffic, traffic_keys[i], json_integer(x->traffic[i]));
	pth_msvc_set_traffic(o, traffic);
}

void
pth_metric_samples(int dirfd, const json_t *rec, json_t *metrics)
{
	json_t *services = pth_rec_ended(rec), *s, *to = pth_metrics_services(metrics);
	bool containers = pth_test_compose(rec) != NULL;
	pth_auto_free struct use *v = pth_xarray(NULL, json_object_size(services) + 1, sizeof *v);
	struct uses u = { v, 0 };
	const char *name;

	json_object_foreach(services, name, s)
		v[u.n++] = (struct use){ .name = name };
	add_samples(&u, dirfd, "metrics.jsonl", metrics);
	for (size_t i = 0; i < u.n; i++) {
		pth_auto_buf path = PTH_BUF_INIT;

		pth_buf_addf(&path, "%s/metrics.jsonl", v[i].name);
		if (containers)
			add_samples(&(struct uses){ &v[i], 1 }, dirfd, path.s, metrics);
		put(&v[i], to);
		lacks(&v[i], metrics);
	}
}
