/* This file makes metrics of the qlog files that services have left behind. */
#include "collect/qlog.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "collect/gap.h"
#include "collect/packets.h"
#include "dissect/plot.h"
#include "io/record.h"

#define LEFT_OUT "there are more connections than have series"

static void
names_merge(struct pth_names *to, const struct pth_names *from)
{
	for (size_t i = 0; i < from->n; i++)
		pth_names_add(to, (const uint8_t *)from->v[i], strlen(from->v[i]));
}

/* One name of the list. */
static bool
series_named(const char *name, const char *const *names, unsigned *plots, unsigned *qlog_plots)
{
	bool all = strcmp(name, "all") == 0, known = all;

	for (size_t i = 0; i < PTH_PLOTS + PTH_QLOG_MEASURES; i++) {
		if (!all && strcmp(names[i], name) != 0)
			continue;
		known = true;
		if (i < PTH_PLOTS)
			*plots |= 1u << i;
		else
			*qlog_plots |= 1u << (i - PTH_PLOTS);
	}
	return known;
}

int
pth_series_named(const char *list, unsigned *plots, unsigned *qlog_plots, struct pth_err *e)
{
	const char *names[PTH_PLOTS + PTH_QLOG_MEASURES] = { NULL }, *near;
	size_t n;

	for (size_t i = 0; i < countof(names); i++)
		names[i] = i < PTH_PLOTS ?
		    pth_plot_name((enum pth_plot)i) :
		    pth_qlog_plot_name((enum pth_qlog_measure)(i - PTH_PLOTS));
	for (;; list += n + 1) {
		pth_auto_str name = pth_xstrndup(list, n = strcspn(list, ","));

		if (!series_named(name, names, plots, qlog_plots)) {
			near = pth_nearest(name, names, countof(names));
			return pth_err_set(e, PTH_USAGE, "--series: %s: no series of ours%s%s%s",
			    name, PTH_DID_YOU_MEAN(near));
		}
		if (list[n] == '\0')
			return 0;
	}
}

bool
pth_qlog_sum_add(struct pth_qlog_sum *s, struct pth_qlog *qlog, struct pth_buf *lack)
{
	const struct pth_qlog_head *head = pth_qlog_head(qlog);
	const struct pth_qlog_event *event;

	while ((event = pth_qlog_next(qlog)) != NULL)
		pth_qlog_stat_add(&s->stat, event);
	pth_qlog_stat_end(&s->stat);
	pth_qlog_lack(qlog, lack);
	if (s->stat.groups_lack)
		pth_buf_addf(lack, "%smore than %d groups are not told apart",
		    lack->len > 0 ? "; " : "", PTH_QLOG_GROUPS);
	if (!pth_qlog_is_one(qlog))
		return false;
	s->files++;
	s->head.traces += head->traces;
	s->head.events += head->events;
	names_merge(&s->head.format, &head->format);
	names_merge(&s->head.vantage, &head->vantage);
	return true;
}

void
pth_qlog_sum_release(struct pth_qlog_sum *s)
{
	pth_qlog_stat_release(&s->stat);
}

/* ---- as JSON */

static void
put_counts(json_t *o, const struct pth_qlog_stat *s)
{
	static const struct {
		enum pth_qlog_count count;
		const char *key;
	} all[] = {
		{ PTH_QLOG_N_SENT, PTH_KEY(qlogsum, packets_sent) },
		{ PTH_QLOG_N_RECEIVED, PTH_KEY(qlogsum, packets_received) },
		{ PTH_QLOG_N_LOST, PTH_KEY(qlogsum, packets_lost) },
		{ PTH_QLOG_N_DROPPED, PTH_KEY(qlogsum, packets_dropped) },
		{ PTH_QLOG_N_SPURIOUS, PTH_KEY(qlogsum, spurious_losses) },
		{ PTH_QLOG_N_CONNECTION_STATES, PTH_KEY(qlogsum, connection_state_changes) },
		{ PTH_QLOG_N_CONGESTION_STATES, PTH_KEY(qlogsum, congestion_state_changes) },
		{ PTH_QLOG_N_KEY_UPDATES, PTH_KEY(qlogsum, key_updates) },
	};

	for (size_t i = 0; i < countof(all); i++)
		if (s->said[all[i].count] > 0)
			pth_json_set(
			    o, all[i].key, json_integer((json_int_t)s->count[all[i].count]));
}

static void
put_metrics(json_t *o, struct pth_qlog_stat *s)
{
	if (s->rtt_mins > 0)
		pth_qlogsum_set_rtt_min_us(o, (int64_t)s->rtt_min / 1000);
	if (s->rtt.seen > 0) {
		pth_qlogsum_set_rtt_us(o, pth_samples_percentile(&s->rtt, 50) / 1000);
		pth_qlogsum_set_rtt_p95_us(o, pth_samples_percentile(&s->rtt, 95) / 1000);
	}
	if (s->smootheds > 0)
		pth_qlogsum_set_rtt_smoothed_us(o, (int64_t)s->smoothed / 1000);
	if (s->windows > 0) {
		pth_qlogsum_set_congestion_window_max(o, (int64_t)s->window_max);
		pth_qlogsum_set_congestion_window(o, (int64_t)s->window);
	}
	if (s->in_flights > 0)
		pth_qlogsum_set_bytes_in_flight_max(o, (int64_t)s->in_flight_max);
}

/* The code is absent when it was closed without one: by a timer. */
static void
put_close(json_t *o, const struct pth_qlog_close *c)
{
	pth_auto_buf reason = PTH_BUF_INIT;
	json_t *v;

	if (!c->is)
		return;
	v = json_object();
	if (c->has_code) {
		pth_close_set_code(v, (int64_t)c->code);
		pth_close_set_application(v, c->app);
	}
	pth_utf8_clean(&reason, c->reason, strlen(c->reason));
	pth_close_set_reason(v, reason.s != NULL ? reason.s : "");
	pth_qlogsum_set_close(o, v);
}

static void
put_vantage(json_t *o, const struct pth_names *names)
{
	pth_auto_buf all = PTH_BUF_INIT, clean = PTH_BUF_INIT;

	for (size_t i = 0; i < names->n; i++)
		pth_buf_addf(&all, "%s%s", i > 0 ? ", " : "", names->v[i]);
	if (all.len == 0)
		return;
	pth_utf8_clean(&clean, all.s, all.len);
	pth_qlogsum_set_vantage_point(o, clean.s);
}

json_t *
pth_qlog_sum_json(struct pth_qlog_sum *s)
{
	json_t *o = json_object();

	pth_qlogsum_set_files(o, (int64_t)s->files);
	pth_qlogsum_set_traces(o, (int64_t)s->head.traces);
	pth_qlogsum_set_events(o, (int64_t)s->head.events);
	if (s->stat.groups > 0)
		pth_qlogsum_set_groups(o, (int64_t)s->stat.groups);
	if (s->head.format.n > 0)
		pth_qlogsum_set_formats(o, pth_names_json(&s->head.format));
	put_vantage(o, &s->head.vantage);
	if (s->stat.timed)
		pth_qlogsum_set_traced_us(o, (s->stat.last - s->stat.first + 500) / 1000);
	put_counts(o, &s->stat);
	put_metrics(o, &s->stat);
	if (s->stat.nversions > 0)
		pth_qlogsum_set_versions(o, pth_versions_json(s->stat.versions, s->stat.nversions));
	if (s->stat.alpn.n > 0)
		pth_qlogsum_set_alpn(o, pth_names_json(&s->stat.alpn));
	put_close(o, &s->stat.close);
	return o;
}

void
pth_qlog_show(
    const struct pth_qlog_show *how, struct pth_qlog *q, struct pth_buf *out, struct pth_buf *lack)
{
	struct pth_qlog_plots *plots = pth_qlog_plots_new(how->plots, how->points);
	struct pth_qlog_sum s = { .stat = { .point = pth_qlog_plots_point, .arg = plots } };
	json_auto_t *metrics = json_object();

	if (!pth_qlog_sum_add(&s, q, lack))
		pth_buf_addf(lack, "%sneither a capture nor a qlog", lack->len > 0 ? "; " : "");
	if (how->stats && s.files > 0) {
		pth_metrics_set_qlog(metrics, pth_qlog_sum_json(&s));
		if (lack->len > 0)
			pth_metrics_set_truncated(metrics, true);
		pth_json_dump(out, metrics);
		pth_buf_addc(out, '\n');
	} else if (!how->stats && pth_qlog_plots_lines(plots, pth_qlog_head(q), NULL, out)) {
		pth_buf_addf(lack, "%s" LEFT_OUT, lack->len > 0 ? "; " : "");
	}
	pth_qlog_sum_release(&s);
	pth_qlog_plots_free(plots);
	pth_qlog_free(q);
}

/* ---- of services */

/* What is read, and where it goes. */
struct source {
	int dirfd;
	const json_t *artifacts;
	struct pth_artifact_budget *budget;
	json_t *metrics;
	struct pth_qlog_plots *plots; /* NULL: none are wanted */
	struct pth_buf *series;
};

static void
add_file(const struct source *src, struct pth_qlog_sum *s, int fd, const char *path,
    struct pth_buf *lack)
{
	struct pth_artifact_budget *budget = src->budget;
	struct pth_qlog *q = pth_qlog_new(fd, NULL, 0);
	int64_t most = budget->bytes < budget->file ? budget->bytes : budget->file;

	pth_qlog_limit(q, most > 0 ? (uint64_t)most : 1, budget->until);
	if (!pth_qlog_sum_add(s, q, lack))
		pth_buf_addf(lack, "%sno event of a qlog is in it", lack->len > 0 ? "; " : "");
	if (src->plots != NULL &&
	    pth_qlog_plots_lines(src->plots, pth_qlog_head(q), path, src->series))
		pth_buf_addf(src->series, "{\"left_out\":\"" LEFT_OUT "\"}\n");
	budget->bytes -= (int64_t)pth_qlog_bytes(q);
	pth_qlog_free(q);
}

/* What the numbers of a service lack. */
static void
lacks(json_t *metrics, const char *service, const char *path, const char *why)
{
	pth_auto_buf of = PTH_BUF_INIT;

	pth_buf_addf(&of, PTH_GAP_QLOG "%s", service);
	pth_gap_add(metrics, of.s, true, pth_is_digit(*why) ? "%s:%s" : "%s: %s", path, why);
}

/* Those of one service. */
static json_t *
of_service(const struct source *src, const char *service)
{
	struct pth_qlog_sum s = { .files = 0 };
	json_t *a, *o;
	size_t i;

	if (src->plots != NULL) {
		s.stat.point = pth_qlog_plots_point;
		s.stat.arg = src->plots;
	}
	json_array_foreach(src->artifacts, i, a) {
		const char *path = pth_artifact_path(a), *of = pth_artifact_service(a);
		pth_auto_buf lack = PTH_BUF_INIT;
		pth_auto_fd fd = -1;

		if (of == NULL || strcmp(of, service) != 0 ||
		    strcmp(pth_artifact_kind(a), PTH_ARTIFACT_QLOG) != 0)
			continue;
		fd = pth_artifact_open(src->dirfd, path, NULL);
		if (fd >= 0)
			add_file(src, &s, fd, path, &lack);
		else
			pth_buf_adds(&lack, strerror(errno));
		if (lack.len > 0)
			lacks(src->metrics, service, path, lack.s);
	}
	if (s.head.vantage.n > 1)
		lacks(
		    src->metrics, service, "qlog", "files of several vantage points are summed up");
	o = pth_qlog_sum_json(&s);
	pth_qlog_sum_release(&s);
	return o;
}

void
pth_qlog_metrics(int dirfd, const json_t *artifacts, struct pth_artifact_budget *budget,
    json_t *metrics, struct pth_buf *series)
{
	struct pth_qlog_plots *plots = series != NULL ?
	    pth_qlog_plots_new(PTH_QLOG_PLOTS_ALL, PTH_PLOT_POINTS) :
	    NULL;
	const struct source src = { dirfd, artifacts, budget, metrics, plots, series };
	json_auto_t *all = json_object();
	json_t *a, *o;
	size_t i;

	json_array_foreach(artifacts, i, a) {
		const char *service = pth_artifact_service(a);

		if (service == NULL || json_object_get(all, service) != NULL ||
		    strcmp(pth_artifact_kind(a), PTH_ARTIFACT_QLOG) != 0)
			continue;
		o = of_service(&src, service);
		pth_json_set(all, service, o);
	}
	if (json_object_size(all) > 0)
		pth_metrics_set_qlog(metrics, json_incref(all));
	pth_qlog_plots_free(plots);
}
