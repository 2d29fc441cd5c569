/* This file keeps series of what qlog files say, and writes them as lines of JSON. */
#include "qlog/plot.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/series.h"
#include "io/json.h"

#define SLOTS_MAX 64 /* traces and groups of a file that have series */

static const struct {
	const char *name, *unit;
} plots[PTH_QLOG_MEASURES] = {
	[PTH_QLOG_M_WINDOW] = { "congestion_window", "bytes" },
	[PTH_QLOG_M_IN_FLIGHT] = { "bytes_in_flight", "bytes" },
	[PTH_QLOG_M_RTT_LATEST] = { "rtt", "ms" },
	[PTH_QLOG_M_RTT_SMOOTHED] = { "rtt_smoothed", "ms" },
	[PTH_QLOG_M_RTT_MIN] = { "rtt_min", "ms" },
	[PTH_QLOG_M_LOST] = { "lost", "packets" },
	[PTH_QLOG_M_CONNECTION_STATE] = { "connection_state", "state" },
	[PTH_QLOG_M_CONGESTION_STATE] = { "congestion_state", "state" },
};

struct slot {
	uint64_t trace, group;
	char group_id[64];
	int64_t from; /* ns */
	struct pth_series series[PTH_QLOG_MEASURES];
};

struct pth_qlog_plots {
	unsigned which;
	size_t points, n;
	struct slot *v[SLOTS_MAX];
	struct pth_names states; /* the value of a state is its place here */
	bool left_out;
};

const char *
pth_qlog_plot_name(enum pth_qlog_measure m)
{
	return plots[m].name;
}

struct pth_qlog_plots *
pth_qlog_plots_new(unsigned which, size_t points)
{
	struct pth_qlog_plots *p = pth_xmalloc(sizeof *p);

	*p = (struct pth_qlog_plots){ .which = which, .points = points };
	return p;
}

static void
clear(struct pth_qlog_plots *p)
{
	for (size_t i = 0; i < p->n; i++) {
		for (int m = 0; m < PTH_QLOG_MEASURES; m++)
			pth_series_release(&p->v[i]->series[m]);
		free(p->v[i]);
	}
	p->n = 0;
	p->states.n = 0;
	p->left_out = false;
}

void
pth_qlog_plots_free(struct pth_qlog_plots *p)
{
	if (p == NULL)
		return;
	clear(p);
	free(p);
}

/* NULL: there is no room. */
static struct slot *
slot_of(struct pth_qlog_plots *p, const struct pth_qlog_event *e)
{
	struct slot *s;

	/* The last ones first: a trace follows the other. */
	for (size_t i = p->n; i > 0; i--)
		if (p->v[i - 1]->trace == e->trace && p->v[i - 1]->group == e->group)
			return p->v[i - 1];
	if (p->n == SLOTS_MAX) {
		p->left_out = true;
		return NULL;
	}
	s = pth_xmalloc(sizeof *s);
	*s = (struct slot){ .trace = e->trace, .group = e->group, .from = INT64_MAX };
	if (e->group_id != NULL)
		memcpy(s->group_id, e->group_id, strnlen(e->group_id, sizeof s->group_id - 1));
	for (int m = 0; m < PTH_QLOG_MEASURES; m++)
		s->series[m] = (struct pth_series)PTH_SERIES(p->points);
	return p->v[p->n++] = s;
}

/* The place of a state among the names; -1: there are too many. */
static double
state_value(struct pth_qlog_plots *p, const char *state)
{
	pth_names_add(&p->states, (const uint8_t *)state, strlen(state));
	for (size_t i = 0; i < p->states.n; i++)
		if (strcmp(p->states.v[i], state) == 0)
			return (double)i;
	return -1;
}

void
pth_qlog_plots_point(void *arg, const struct pth_qlog_event *e, int64_t from,
    enum pth_qlog_measure m, double v, const char *state)
{
	struct pth_qlog_plots *p = arg;
	struct slot *s;

	if ((p->which >> m & 1) == 0 || (s = slot_of(p, e)) == NULL)
		return;
	if (from < s->from)
		s->from = from;
	if (m == PTH_QLOG_M_RTT_LATEST || m == PTH_QLOG_M_RTT_SMOOTHED || m == PTH_QLOG_M_RTT_MIN)
		v /= 1e6;
	if (state != NULL && (v = state_value(p, state)) < 0)
		p->left_out = true;
	else
		pth_series_add(&s->series[m], e->ns, v);
}

/* ---- as JSON */

/* The points of states, by their names. */
static void
states_json(
    struct pth_buf *b, const struct pth_names *names, const struct pth_series *s, int64_t since)
{
	json_auto_t *all = json_array();
	struct pth_point p;

	for (size_t at = 0; pth_series_next(s, &at, &p);) {
		const char *name = names->v[(size_t)p.value];
		json_t *pair = json_array();

		pth_json_push(pair, json_real(pth_seconds(since, p.ns)));
		pth_json_push(pair, pth_json_string(name));
		pth_json_push(all, pair);
	}
	pth_json_dump(b, all);
}

static void
line(struct pth_buf *b, const struct pth_qlog_plots *p, const struct slot *s, int m,
    const struct pth_qlog_head *head, const char *path)
{
	json_auto_t *o = json_object();

	pth_json_set(o, "series", json_string(plots[m].name));
	pth_json_set(o, "unit", json_string(plots[m].unit));
	pth_json_set(o, "protocol", json_string("quic"));
	if (path != NULL)
		pth_json_set(o, "qlog", pth_json_string(path));
	pth_json_set(o, "trace", json_integer((json_int_t)s->trace));
	if (s->group != 0)
		pth_json_set(o, "group", pth_json_string(s->group_id));
	if (head->vantage.n == 1)
		pth_json_set(o, "sender", pth_json_string(head->vantage.v[0]));
	pth_json_set(o, "seen", json_integer((json_int_t)s->series[m].seen));
	pth_json_dump(b, o);
	pth_buf_cut(b, b->len - 1); /* the brace */
	pth_buf_adds(b, ",\"points\":");
	if (m == PTH_QLOG_M_CONNECTION_STATE || m == PTH_QLOG_M_CONGESTION_STATE)
		states_json(b, &p->states, &s->series[m], s->from);
	else
		pth_series_json(b, &s->series[m], s->from);
	pth_buf_adds(b, "}\n");
}

bool
pth_qlog_plots_lines(
    struct pth_qlog_plots *p, const struct pth_qlog_head *head, const char *path, struct pth_buf *b)
{
	bool left_out = p->left_out;

	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < p->n; k++) /* the same begin for all of a trace */
			if (p->v[k]->trace == p->v[i]->trace && p->v[k]->from < p->v[i]->from)
				p->v[i]->from = p->v[k]->from;
	for (size_t i = 0; i < p->n; i++)
		for (int m = 0; m < PTH_QLOG_MEASURES; m++)
			if (p->v[i]->series[m].seen > 0)
				line(b, p, p->v[i], m, head, path);
	clear(p);
	return left_out;
}
