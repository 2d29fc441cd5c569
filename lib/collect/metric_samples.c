/* What the services used while they ran: metrics.jsonl, supervise/sampler.h. The
 * services could have written to it: nothing in it is believed to be right. */
#include "collect/metric.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os.h"
#include "collect/artifact.h"
#include "io/record.h"

#define LINE_MAX_BYTES ((size_t)4 << 20)
#define FILE_MAX_BYTES ((int64_t)1 << 30)

enum { RSS, THREADS, FDS, PROCESSES, PEAKS };
enum { SENT_PACKETS, SENT_BYTES, RECEIVED_PACKETS, RECEIVED_BYTES, TRAFFIC };

static const char *const peak_keys[PEAKS] = { PTH_KEY(used, rss_kb), PTH_KEY(used, threads),
	PTH_KEY(used, fds), PTH_KEY(used, processes) };
static const char *const peak_names[PEAKS] = { PTH_KEY(peak, max_rss_kb),
	PTH_KEY(peak, max_threads), PTH_KEY(peak, max_fds), PTH_KEY(peak, max_processes) };
static const char *const traffic_keys[TRAFFIC] = { PTH_KEY(traffic, sent_packets),
	PTH_KEY(traffic, sent_bytes), PTH_KEY(traffic, received_packets),
	PTH_KEY(traffic, received_bytes) };

struct use {
	const char *name; /* borrowed from the result */
	int64_t samples, peak[PEAKS], traffic[TRAFFIC], us;
	double cpu_max, cpu_sum; /* percent; percent times us */
	bool has_traffic;
};

struct uses {
	struct use *v;
	size_t n;
};

static struct use *
find(const struct uses *u, const char *name)
{
	for (size_t i = 0; i < u->n; i++)
		if (strcmp(u->v[i].name, name) == 0)
			return &u->v[i];
	return NULL;
}

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

	for (size_t i = 0; i < TRAFFIC; i++)
		keep_largest(&x->traffic[i], o, traffic_keys[i]);
	x->has_traffic = x->has_traffic || json_is_integer(json_object_get(o, traffic_keys[0]));
	if (!json_is_integer(PTH_GET(used, o, processes)))
		return; /* it had ended */
	x->samples++;
	for (size_t i = 0; i < PEAKS; i++)
		keep_largest(&x->peak[i], o, peak_keys[i]);
	if (cpu < 0 || cpu > 1e6)
		return;
	x->cpu_max = cpu > x->cpu_max ? cpu : x->cpu_max;
	x->cpu_sum += cpu * (double)us;
	x->us += us;
}

static void
take_line(struct uses *u, const char *text, size_t n)
{
	json_t *line = pth_json_parse(text, n, NULL), *o;
	int64_t us = pth_sample_interval_us(line);
	const char *name;

	/* A first sample stands for no time; it counts when it is the only one. */
	us = us < 1 ? 1 : us > 86400000000 ? 86400000000 : us;
	json_object_foreach(pth_sample_services(line), name, o) {
		struct use *x = find(u, name);

		if (x != NULL && json_is_object(o))
			take_service(x, o, us);
	}
	json_decref(line);
}

static void
read_samples(struct uses *u, int dirfd, const char *path)
{
	struct pth_buf b = PTH_BUF_INIT;
	int64_t left = FILE_MAX_BYTES;
	int fd = pth_artifact_open(dirfd, path, NULL);
	ssize_t n;

	if (fd < 0)
		return;
	while (left > 0 && (n = pth_read_all(fd, pth_buf_room(&b, 65536), 65536)) > 0) {
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
		if (b.len > LINE_MAX_BYTES)
			break; /* not what we have written */
	}
	pth_buf_release(&b);
	close(fd);
}

static json_t *
peaks(const struct use *x)
{
	json_t *o = json_object();

	pth_peak_set_samples(o, x->samples);
	for (size_t i = 0; i < PEAKS; i++)
		pth_json_set(o, peak_names[i], json_integer(x->peak[i]));
	pth_peak_set_max_cpu_percent(o, x->cpu_max);
	pth_peak_set_mean_cpu_percent(
	    o, x->us > 0 ? (double)(int64_t)(x->cpu_sum / (double)x->us * 100 + 0.5) / 100 : 0);
	return o;
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
	for (size_t i = 0; i < TRAFFIC; i++)
		pth_json_set(traffic, traffic_keys[i], json_integer(x->traffic[i]));
	pth_msvc_set_traffic(o, traffic);
}

void
pth_metric_samples(int dirfd, const json_t *rec, json_t *metrics)
{
	json_t *services = pth_rec_ended(rec), *s, *to = pth_metrics_services(metrics);
	bool containers = pth_test_compose(rec) != NULL;
	struct uses u = { pth_xarray(NULL, json_object_size(services) + 1, sizeof *u.v), 0 };
	const char *name;

	json_object_foreach(services, name, s)
		u.v[u.n++] = (struct use){ .name = name };
	read_samples(&u, dirfd, "metrics.jsonl");
	for (size_t i = 0; i < u.n && containers; i++) {
		struct uses one = { &u.v[i], 1 };
		struct pth_buf path = PTH_BUF_INIT;

		pth_buf_addf(&path, "%s/metrics.jsonl", u.v[i].name);
		read_samples(&one, dirfd, path.s);
		pth_buf_release(&path);
	}
	for (size_t i = 0; i < u.n; i++)
		put(&u.v[i], to);
	free(u.v);
}
