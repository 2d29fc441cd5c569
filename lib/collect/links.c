/* This file makes metrics of the logs of links. */
#include "collect/links.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/os.h"
#include "base/series.h"
#include "collect/artifact.h"
#include "collect/gap.h"
#include "dissect/plot.h"
#include "dissect/span.h"
#include "io/record.h"

#define WINDOW_NS 100000000ll /* of series of loss and rate */
#define SECONDS_MAX 1e9       /* a time beyond is none */
#define COUNT_MAX (1ll << 53) /* and a number */

enum { LOSS, DELAY, QUEUE, RATE, SERIES };
static const struct {
	const char *name, *unit;
} shown[SERIES] = { { "loss", "%" }, { "delay", "ms" }, { "queue", "packets" },
	{ "rate", "bit/s" } };

static const char *const directions[] = { PTH_KEY(linksum, up), PTH_KEY(linksum, down) };
static const char *const reasons[] = { PTH_KEYS_linklost(PTH_KEY_OF, linklost) };

/* What was decided within a window of time. */
struct window {
	int64_t at; /* its number */
	uint64_t lost, delivered, bytes;
};

struct way {
	int64_t packets, delivered, bytes, lost, under_way;
	int64_t duplicates, reordered, corrupted, marked, rebound, by[countof(reasons)];
	int64_t first, last; /* ns: the first arrival, the last departure; -1: none */
	struct samples delay, queue, queued;
	struct window window;
	struct pth_series series[SERIES];
};

struct log {
	struct way way[countof(directions)];
	bool series, begun, ended;
	int64_t missed; /* packets that never came to the link, or left it for nowhere */
	uint64_t line;
	uint64_t bad; /* the first line that is none of a link; 0: there is none */
	const char *wrong;
};

/* --- lines */

static void
mistake(struct log *l, const char *why)
{
	if (l->bad == 0) {
		l->bad = l->line;
		l->wrong = why;
	}
}

/* A time of a line in ns; false: there is none. */
static bool
time_of(const json_t *o, const char *key, int64_t *ns)
{
	const json_t *v = json_object_get(o, key);
	double s = json_number_value(v);

	if (!json_is_number(v) || !(s >= 0 && s < SECONDS_MAX))
		return false;
	*ns = (int64_t)(s * 1e9 + 0.5);
	return true;
}

/* A count of a line; -1: it has none. */
static int64_t
count_of(const json_t *o, const char *key)
{
	int64_t v = pth_json_int(o, key, -1);

	return v <= COUNT_MAX ? v : -1;
}

/* The window is over: its points. */
static void
end_window(struct way *w)
{
	const struct window *x = &w->window;
	uint64_t all = x->lost + x->delivered;

	if (all == 0)
		return;
	pth_series_add(&w->series[LOSS], x->at * WINDOW_NS, 100 * (double)x->lost / (double)all);
	pth_series_add(
	    &w->series[RATE], x->at * WINDOW_NS, (double)x->bytes * 8e9 / (double)WINDOW_NS);
}

/* Fates come in the order of their times, nearly; what is late counts in the window at hand. */
static struct window *
window_at(struct way *w, int64_t ns)
{
	int64_t at = ns / WINDOW_NS;

	if (at > w->window.at) {
		end_window(w);
		/* Nothing was sent in between. */
		if (at > w->window.at + 1)
			pth_series_add(&w->series[RATE], (w->window.at + 1) * WINDOW_NS, 0);
		w->window = (struct window){ .at = at };
	}
	return &w->window;
}

/* Why a packet was dropped stands behind all else in `why`. */
static void
take_loss(struct log *l, struct way *w, const char *why, int64_t arrival)
{
	const char *comma = strrchr(why, ',');
	char name[32] = "";

	why = comma != NULL ? comma + 1 + (comma[1] == ' ') : why;
	if (strcmp(why, "link ended") == 0) {
		w->under_way++;
		return;
	}
	for (size_t i = 0; i + 1 < sizeof name && why[i] != '\0'; i++)
		name[i] = why[i] == ' ' ? '_' : why[i];
	w->lost++;
	window_at(w, arrival)->lost++;
	for (size_t i = 0; i < countof(reasons); i++)
		if (strcmp(name, reasons[i]) == 0) {
			w->by[i]++;
			return;
		}
	mistake(l, "a packet was dropped for a reason that is not known");
}

static void
take_delivery(struct log *l, struct way *w, const json_t *o, int64_t arrival)
{
	int64_t departure, bytes = count_of(o, "length");

	if (!time_of(o, "departure", &departure) || departure < arrival || bytes < 0) {
		mistake(l, "a packet was delivered at no time");
		return;
	}
	w->delivered++;
	w->bytes += bytes;
	w->last = departure > w->last ? departure : w->last;
	pth_samples_add(&w->delay, departure - arrival);
	if (!l->series)
		return;
	window_at(w, departure)->delivered++;
	w->window.bytes += (uint64_t)bytes;
	pth_series_add(&w->series[DELAY], departure, (double)(departure - arrival) / 1e6);
}

/* What waited before it, where there is a rate. */
static void
take_queue(struct log *l, struct way *w, const json_t *o, int64_t arrival)
{
	int64_t packets = count_of(o, "queue"), bytes = count_of(o, "queue_bytes");

	if (packets < 0 || bytes < 0)
		return;
	pth_samples_add(&w->queue, packets);
	pth_samples_add(&w->queued, bytes);
	if (l->series)
		pth_series_add(&w->series[QUEUE], arrival, (double)packets);
}

static struct way *
way_of(struct log *l, const json_t *o)
{
	const char *s = pth_json_str(o, "direction", "");

	for (size_t i = 0; i < countof(directions); i++)
		if (strcmp(s, directions[i]) == 0)
			return &l->way[i];
	return NULL;
}

static void
take_packet(struct log *l, const json_t *o)
{
	const char *fate = pth_json_str(o, "fate", ""), *why = pth_json_str(o, "why", "");
	struct way *w = way_of(l, o);
	int64_t number = count_of(o, "packet"), arrival;

	if (w == NULL || number < 0 || !time_of(o, "arrival", &arrival)) {
		mistake(l, "this is no packet");
		return;
	}
	if (number == 0) /* the link's own */
		return;
	w->packets = number > w->packets ? number : w->packets;
	w->first = w->first < 0 || arrival < w->first ? arrival : w->first;
	w->duplicates += strstr(why, "duplicate") != NULL;
	w->reordered += strstr(why, "reordered") != NULL;
	w->corrupted += strstr(why, "corrupted") != NULL;
	w->marked += strstr(why, "marked") != NULL;
	w->rebound += strstr(why, "rebound") != NULL;
	take_queue(l, w, o, arrival);
	if (strcmp(fate, "delivered") == 0)
		take_delivery(l, w, o, arrival);
	else if (strcmp(fate, "dropped") == 0)
		take_loss(l, w, why, arrival);
	else
		mistake(l, "a packet has no fate");
}

/* What the link says in the end must be what its lines say. */
static void
compare(struct log *l, const json_t *end)
{
	static const char *const missed[] = { "lost", "refused" };

	for (size_t i = 0; i < countof(directions); i++) {
		const json_t *said = json_object_get(end, directions[i]), *v;
		const struct way *w = &l->way[i];
		int64_t dropped = 0;
		const char *why;

		json_object_foreach(json_object_get(said, "dropped"), why, v)
			dropped += json_integer_value(v);
		if (count_of(said, "packets") != w->packets ||
		    count_of(said, "delivered") != w->delivered ||
		    count_of(said, "bytes") != w->bytes || dropped != w->lost + w->under_way)
			mistake(l, "the link says other numbers in the end than in its lines");
	}
	for (size_t i = 0; i < countof(missed); i++)
		l->missed += count_of(end, missed[i]) > 0 ? count_of(end, missed[i]) : 0;
	l->ended = true;
}

static void
take_line(void *arg, const char *s, size_t n, bool rest)
{
	struct log *l = arg;
	const char *kind;
	json_auto_t *o = NULL;
	struct pth_err e;

	l->line += !rest;
	if (rest || (o = pth_json_parse(s, n, &e)) == NULL) {
		mistake(l, "this is no line of a link");
		return;
	}
	kind = pth_json_str(o, "link", NULL);
	if (l->ended)
		mistake(l, "something stands behind the end");
	else if (kind == NULL)
		take_packet(l, o);
	else if (strcmp(kind, "begin") == 0 && l->line == 1)
		l->begun = true;
	else if (strcmp(kind, "end") == 0)
		compare(l, o);
	else if (strcmp(kind, "change") != 0)
		mistake(l, "this is no line of a link");
}

/* --- as JSON */

/* A part of a whole in percent, to thousandths. */
static double
percent(int64_t part, int64_t all)
{
	return round(100000.0 * (double)part / (double)all) / 1000;
}

static void
put_times(struct way *w, json_t *o)
{
	int64_t ns = w->last - w->first;

	if (w->delay.seen == 0)
		return;
	pth_linkway_set_delay_us(o, (pth_samples_percentile(&w->delay, 50) + 500) / 1000);
	pth_linkway_set_delay_p95_us(o, (pth_samples_percentile(&w->delay, 95) + 500) / 1000);
	pth_linkway_set_delay_p99_us(o, (pth_samples_percentile(&w->delay, 99) + 500) / 1000);
	pth_linkway_set_delay_max_us(o, (w->delay.max + 500) / 1000);
	if (ns > 0)
		pth_linkway_set_rate_bps(o, (int64_t)((double)w->bytes * 8e9 / (double)ns));
}

static void
put_queue(struct way *w, json_t *o)
{
	if (w->queue.seen == 0)
		return;
	pth_linkway_set_queue_packets(o, pth_samples_percentile(&w->queue, 50));
	pth_linkway_set_queue_p95_packets(o, pth_samples_percentile(&w->queue, 95));
	pth_linkway_set_queue_max_packets(o, w->queue.max);
	pth_linkway_set_queue_bytes(o, pth_samples_percentile(&w->queued, 50));
	pth_linkway_set_queue_p95_bytes(o, pth_samples_percentile(&w->queued, 95));
	pth_linkway_set_queue_max_bytes(o, w->queued.max);
}

static json_t *
way_json(struct way *w)
{
	json_t *o = json_object(), *by = json_object();

	pth_linkway_set_packets(o, w->packets);
	pth_linkway_set_delivered(o, w->delivered);
	pth_linkway_set_bytes(o, w->bytes);
	pth_linkway_set_lost(o, w->lost);
	if (w->lost + w->delivered > 0)
		pth_linkway_set_loss_percent(o, percent(w->lost, w->lost + w->delivered));
	for (size_t i = 0; i < countof(reasons); i++)
		pth_json_set(by, reasons[i], json_integer(w->by[i]));
	pth_linkway_set_lost_by(o, by);
	pth_linkway_set_under_way(o, w->under_way);
	pth_linkway_set_duplicates(o, w->duplicates);
	pth_linkway_set_reordered(o, w->reordered);
	pth_linkway_set_corrupted(o, w->corrupted);
	pth_linkway_set_marked(o, w->marked);
	pth_linkway_set_rebound(o, w->rebound);
	put_times(w, o);
	put_queue(w, o);
	return o;
}

static void
put_series(struct way *w, const char *name, const char *direction, struct pth_buf *b)
{
	end_window(w);
	for (size_t i = 0; i < SERIES; i++) {
		json_auto_t *o = json_object();

		if (w->series[i].seen == 0)
			continue;
		pth_json_set(o, "series", json_string(shown[i].name));
		pth_json_set(o, "unit", json_string(shown[i].unit));
		pth_json_set(o, "link", pth_json_string(name));
		pth_json_set(o, "direction", json_string(direction));
		pth_json_dump(b, o);
		pth_buf_cut(b, b->len - 1); /* its brace */
		pth_buf_adds(b, ",\"points\":");
		pth_series_json(b, &w->series[i], 0);
		pth_buf_adds(b, "}\n");
	}
}

static void
lacks(const struct log *l, struct pth_buf *lack)
{
	if (l->bad != 0)
		pth_buf_addf(lack, "%llu: %s", (unsigned long long)l->bad, l->wrong);
	else if (!l->begun)
		pth_buf_adds(lack, "1: it does not begin as the log of a link");
	else if (!l->ended)
		pth_buf_addf(lack,
		    "%llu: the link's end is not there: it breaks off, or was not read as a whole",
		    (unsigned long long)l->line);
	else if (l->missed > 0)
		pth_buf_addf(lack,
		    "%llu: the machine is too slow: %lld packets were lost without a condition",
		    (unsigned long long)l->line, (long long)l->missed);
}

json_t *
collect_links_of(int fd, const char *name, struct pth_buf *series, struct pth_buf *lack, bool *sure)
{
	struct pth_artifact_budget budget = pth_artifact_budget(0, 0);
	struct log l = { .series = series != NULL };
	json_t *o = json_object();

	for (size_t i = 0; i < countof(directions); i++) {
		l.way[i].first = l.way[i].last = -1;
		for (size_t k = 0; k < SERIES; k++)
			l.way[i].series[k] = (struct pth_series)PTH_SERIES(PTH_PLOT_POINTS);
	}
	pth_artifact_lines_within(fd, &budget, take_line, &l);
	lacks(&l, lack);
	*sure = l.bad == 0 && l.begun;
	for (size_t i = 0; i < countof(directions); i++) {
		pth_json_set(o, directions[i], way_json(&l.way[i]));
		if (series != NULL)
			put_series(&l.way[i], name, directions[i], series);
		pth_samples_release(&l.way[i].delay);
		pth_samples_release(&l.way[i].queue);
		pth_samples_release(&l.way[i].queued);
		for (size_t k = 0; k < SERIES; k++)
			pth_series_release(&l.way[i].series[k]);
	}
	return o;
}

void
collect_links_metrics(int dirfd, const json_t *rec, json_t *metrics, struct pth_buf *series)
{
	json_auto_t *all = json_object();
	const json_t *wire;
	size_t i;

	json_array_foreach(pth_plan_links(pth_test_plan(rec)), i, wire) {
		const char *path = pth_wire_log(wire), *name = pth_wire_name(wire);
		pth_auto_buf of = PTH_BUF_INIT, lack = PTH_BUF_INIT;
		pth_auto_fd fd = -1;
		bool sure = false;

		if (path == NULL || *name == '\0')
			continue;
		pth_buf_addf(&of, PTH_GAP_LINKS "%s", name);
		fd = pth_artifact_open(dirfd, path, NULL);
		/* The kernel writes none. */
		if (fd < 0 && errno == ENOENT && strcmp(pth_wire_backend(wire), "pth-link") != 0)
			continue;
		if (fd < 0) {
			pth_gap_add(metrics, of.s, false, "%s: %s", path, strerror(errno));
			continue;
		}
		pth_json_set(all, name, collect_links_of(fd, name, series, &lack, &sure));
		if (lack.len > 0)
			pth_gap_add(metrics, of.s, sure, "%s:%s", path, lack.s);
	}
	if (json_object_size(all) > 0)
		pth_metrics_set_links(metrics, pth_take(&all));
}
