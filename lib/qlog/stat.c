/* This file makes numbers of the events of qlog files. */
#include "qlog/stat.h"

#include <math.h>
#include <string.h>

#include "base/err.h"

#define SECONDS_OF_MS 1000 /* by which a time is too small that is in seconds and read as ms */
#define INITIAL_S_AS_NS 333000.0 /* kInitialRtt in seconds, read as ms, in ns */

static void
point(struct pth_qlog_stat *s, const struct pth_qlog_event *e, enum pth_qlog_measure m, double v,
    const char *state)
{
	if (s->point != NULL && e->timed)
		s->point(s->arg, e, s->trace.from, m, v, state);
}

static void
count(struct pth_qlog_stat *s, enum pth_qlog_count what, uint64_t n)
{
	s->said[what]++;
	s->count[what] += n;
}

/* ---- traces and groups */

/* The trace that was read has ended. */
static void
end_trace(struct pth_qlog_stat *s)
{
	uint64_t a = s->trace.updates[0], b = s->trace.updates[1];

	s->count[PTH_QLOG_N_KEY_UPDATES] += a > b ? a : b;
	for (size_t i = 0; i < s->ngroups; i++) {
		if (!s->trace.lost_events)
			s->count[PTH_QLOG_N_LOST] += s->group[i].lost_total;
		s->group[i].measured = false;
		s->group[i].lost = s->group[i].lost_total = 0;
	}
	if (s->trace.timed && (!s->timed || s->trace.to - s->trace.from > s->last - s->first)) {
		s->first = s->trace.from;
		s->last = s->trace.to;
		s->timed = true;
	}
	memset(&s->trace, 0, sizeof s->trace);
}

static void
take_time(struct pth_qlog_stat *s, const struct pth_qlog_event *e)
{
	if (!e->timed)
		return;
	if (!s->trace.timed)
		s->trace.from = s->trace.to = e->ns;
	s->trace.timed = true;
	if (e->ns < s->trace.from)
		s->trace.from = e->ns;
	if (e->ns > s->trace.to)
		s->trace.to = e->ns;
}

/* The place of the group of an event; those that are too many share the last. */
static size_t
group_of(struct pth_qlog_stat *s, uint64_t id)
{
	size_t i;

	for (i = 0; i < s->ngroups && s->group[i].id != id; i++)
		;
	if (i == PTH_QLOG_GROUPS) {
		s->groups_lack = true;
		return i - 1;
	}
	if (i == s->ngroups) {
		memset(&s->group[i], 0, sizeof s->group[i]);
		s->group[i].id = id;
		s->ngroups++;
		s->groups += id != 0;
	}
	return i;
}

/* ---- metrics */

/* The first of the round trip times that an event has; -1: it has none. */
static double
any_rtt(const struct pth_qlog_event *e)
{
	static const enum pth_qlog_number order[] = { PTH_QLOG_RTT_SMOOTHED, PTH_QLOG_RTT_LATEST,
		PTH_QLOG_RTT_MIN };

	for (size_t i = 0; i < countof(order); i++)
		if (e->has[order[i]])
			return e->v[order[i]];
	return -1;
}

/* Can this have been measured? See the header. */
static bool
is_measured(struct pth_qlog_stat *s, const struct pth_qlog_event *e)
{
	bool *measured = &s->group[group_of(s, e->group)].measured;
	double v = any_rtt(e);
	bool early = !e->timed || v > 2 * (double)(e->ns - s->trace.from);

	if (v < 0 || *measured)
		return v >= 0;
	if (!s->trace.has_initial && early) {
		s->trace.has_initial = true;
		s->trace.initial = v;
		s->trace.seconds = fabs(v - INITIAL_S_AS_NS) < 1;
	}
	if (s->trace.has_initial && (early || v == s->trace.initial))
		return false;
	*measured = true;
	return true;
}

static void
take_rtt(struct pth_qlog_stat *s, const struct pth_qlog_event *e)
{
	double scale;

	if (!is_measured(s, e))
		return;
	scale = s->trace.seconds ? SECONDS_OF_MS : 1;
	if (e->has[PTH_QLOG_RTT_LATEST]) {
		pth_samples_add(&s->rtt, (int64_t)(e->v[PTH_QLOG_RTT_LATEST] * scale));
		point(s, e, PTH_QLOG_M_RTT_LATEST, e->v[PTH_QLOG_RTT_LATEST] * scale, NULL);
	}
	if (e->has[PTH_QLOG_RTT_SMOOTHED]) {
		s->smoothed = e->v[PTH_QLOG_RTT_SMOOTHED] * scale;
		s->smootheds++;
		point(s, e, PTH_QLOG_M_RTT_SMOOTHED, s->smoothed, NULL);
	}
	if (e->has[PTH_QLOG_RTT_MIN]) {
		double v = e->v[PTH_QLOG_RTT_MIN] * scale;

		s->rtt_min = s->rtt_mins++ == 0 || v < s->rtt_min ? v : s->rtt_min;
		point(s, e, PTH_QLOG_M_RTT_MIN, v, NULL);
	}
}

static void
take_metrics(struct pth_qlog_stat *s, const struct pth_qlog_event *e)
{
	uint64_t *lost_total = &s->group[group_of(s, e->group)].lost_total;
	double v = e->v[PTH_QLOG_WINDOW];

	if (e->has[PTH_QLOG_WINDOW]) {
		s->window_max = s->windows++ == 0 || v > s->window_max ? v : s->window_max;
		s->window = v;
		point(s, e, PTH_QLOG_M_WINDOW, v, NULL);
	}
	v = e->v[PTH_QLOG_IN_FLIGHT];
	if (e->has[PTH_QLOG_IN_FLIGHT]) {
		s->in_flight_max = s->in_flights++ == 0 || v > s->in_flight_max ? v :
		                                                                  s->in_flight_max;
		point(s, e, PTH_QLOG_M_IN_FLIGHT, v, NULL);
	}
	take_rtt(s, e);
	if (e->has[PTH_QLOG_LOST_TOTAL]) {
		v = e->v[PTH_QLOG_LOST_TOTAL];
		s->said[PTH_QLOG_N_LOST]++;
		if ((uint64_t)v > *lost_total)
			*lost_total = (uint64_t)v;
		if (!s->trace.lost_events)
			point(s, e, PTH_QLOG_M_LOST, v, NULL);
	}
}

/* ---- the other events */

static void
take_lost(struct pth_qlog_stat *s, const struct pth_qlog_event *e)
{
	uint64_t *lost = &s->group[group_of(s, e->group)].lost;
	uint64_t n = e->has[PTH_QLOG_LOST_COUNT] ? (uint64_t)e->v[PTH_QLOG_LOST_COUNT] : 1;

	count(s, PTH_QLOG_N_LOST, n);
	*lost += n;
	s->trace.lost_events = true;
	point(s, e, PTH_QLOG_M_LOST, (double)*lost, NULL);
}

/* Each end has its keys, and both change with an update: those of one end are counted. */
static void
take_key(struct pth_qlog_stat *s, const struct pth_qlog_event *e)
{
	s->said[PTH_QLOG_N_KEY_UPDATES]++;
	if (strcmp(e->trigger, "local_update") == 0 || strcmp(e->trigger, "remote_update") == 0)
		s->trace.updates[strncmp(e->key, "server", 6) == 0]++;
}

static void
take_head(struct pth_qlog_stat *s, const struct pth_qlog_event *e)
{
	size_t i;

	for (i = 0; i < s->nversions && s->versions[i] != e->version; i++)
		;
	if (e->version != 0 && i == s->nversions && i < countof(s->versions))
		s->versions[s->nversions++] = e->version;
	if (*e->alpn != '\0')
		pth_names_add(&s->alpn, (const uint8_t *)e->alpn, strlen(e->alpn));
	if (e->close.is && !s->close.is)
		s->close = e->close;
}

void
pth_qlog_stat_add(struct pth_qlog_stat *s, const struct pth_qlog_event *e)
{
	if (e->trace != s->trace.number)
		end_trace(s);
	s->trace.number = e->trace;
	take_time(s, e);
	take_head(s, e);
	group_of(s, e->group);
	switch (e->kind) {
	case PTH_QLOG_SENT: count(s, PTH_QLOG_N_SENT, 1); break;
	case PTH_QLOG_RECEIVED: count(s, PTH_QLOG_N_RECEIVED, 1); break;
	case PTH_QLOG_LOST: take_lost(s, e); break;
	case PTH_QLOG_DROPPED: count(s, PTH_QLOG_N_DROPPED, 1); break;
	case PTH_QLOG_SPURIOUS: count(s, PTH_QLOG_N_SPURIOUS, 1); break;
	case PTH_QLOG_METRICS: take_metrics(s, e); break;
	case PTH_QLOG_KEY_UPDATED: take_key(s, e); break;
	case PTH_QLOG_CONNECTION_STATE:
		count(s, PTH_QLOG_N_CONNECTION_STATES, 1);
		point(s, e, PTH_QLOG_M_CONNECTION_STATE, 0, e->state);
		break;
	case PTH_QLOG_CONGESTION_STATE:
		count(s, PTH_QLOG_N_CONGESTION_STATES, 1);
		point(s, e, PTH_QLOG_M_CONGESTION_STATE, 0, e->state);
		break;
	case PTH_QLOG_CLOSED:
	case PTH_QLOG_OTHER: break;
	}
}

void
pth_qlog_stat_end(struct pth_qlog_stat *s)
{
	end_trace(s);
	s->ngroups = 0;
}

void
pth_qlog_stat_release(struct pth_qlog_stat *s)
{
	pth_samples_release(&s->rtt);
}
