/*
 * What is counted over all events of qlog files of one endpoint, and told of them for plots.
 *
 * What no event has said is not known, and not zero: each number has its count of events that
 * said it.
 *
 * Round trip times that an implementation writes before it can have measured one are the initial
 * ones of RFC 9002, 6.2.2 (333 ms), and count for nothing: those that are greater than twice the
 * time since the trace began, and then the same again until it changes.
 * When the first that a trace says is 0.333 its times are seconds, as quinn writes them.
 */
#ifndef PTH_QLOG_STAT_H
#define PTH_QLOG_STAT_H

#include "qlog/qlog.h"

/* Events that are counted. */
enum pth_qlog_count {
	PTH_QLOG_N_SENT,
	PTH_QLOG_N_RECEIVED,
	PTH_QLOG_N_LOST, /* of implementations that write no such events the count they give */
	PTH_QLOG_N_DROPPED,
	PTH_QLOG_N_SPURIOUS,
	PTH_QLOG_N_KEY_UPDATES, /* RFC 9001, 6; not the keys of the handshake */
	PTH_QLOG_N_CONNECTION_STATES,
	PTH_QLOG_N_CONGESTION_STATES,
	PTH_QLOG_COUNTS
};

/* What is told over time. */
enum pth_qlog_measure {
	PTH_QLOG_M_WINDOW,     /* bytes */
	PTH_QLOG_M_IN_FLIGHT,  /* bytes */
	PTH_QLOG_M_RTT_LATEST, /* ns */
	PTH_QLOG_M_RTT_SMOOTHED,
	PTH_QLOG_M_RTT_MIN,
	PTH_QLOG_M_LOST, /* packets until now */
	PTH_QLOG_M_CONNECTION_STATE,
	PTH_QLOG_M_CONGESTION_STATE,
	PTH_QLOG_MEASURES
};

/* A point: of a state its name, else a number. from: the begin of the trace, ns as in the event. */
typedef void pth_qlog_point(void *arg, const struct pth_qlog_event *e, int64_t from,
    enum pth_qlog_measure m, double v, const char *state);

#define PTH_QLOG_GROUPS 64

struct pth_qlog_stat {
	uint64_t said[PTH_QLOG_COUNTS]; /* events that say something of it; 0: it is not known */
	uint64_t count[PTH_QLOG_COUNTS];
	struct samples rtt;                                /* latest, ns */
	uint64_t windows, in_flights, smootheds, rtt_mins; /* events that say so */
	double window_max, window, in_flight_max;
	double smoothed, rtt_min; /* ns */
	uint64_t groups;          /* that were told apart, PTH_QLOG_GROUPS at most */
	bool groups_lack;         /* there are more */
	bool timed;
	int64_t first, last; /* ns: of the trace that took longest */
	uint32_t versions[16];
	size_t nversions;
	struct pth_names alpn;
	struct pth_qlog_close close; /* the first */
	pth_qlog_point *point;       /* set by the caller, or NULL */
	void *arg;
	/* Private: of the trace that is read */
	struct {
		uint64_t number;
		bool lost_events;
		bool timed, has_initial, seconds;
		int64_t from, to;
		double initial;
		uint64_t updates[2];
	} trace;
	struct {
		uint64_t id, lost, lost_total;
		bool measured;
	} group[PTH_QLOG_GROUPS];
	size_t ngroups;
};

void pth_qlog_stat_add(struct pth_qlog_stat *s, const struct pth_qlog_event *e);
/* A file has ended; to be called before the numbers are looked at. */
void pth_qlog_stat_end(struct pth_qlog_stat *s);
void pth_qlog_stat_release(struct pth_qlog_stat *s);

#endif
