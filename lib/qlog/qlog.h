/*
 * qlog files, the logs of QUIC implementations: events of one endpoint, read one after the other
 * in flat memory.
 *
 *   struct pth_qlog *q = pth_qlog_new(fd, NULL, 0);
 *   while ((event = pth_qlog_next(q)) != NULL)
 *           ...
 *   pth_qlog_head(q), pth_qlog_lack(q, &b)
 *
 * Sources: draft-ietf-quic-qlog-main-schema and -quic-events, those of qlog 0.3 (-02) and of 0.4,
 * with file_schema (-07 and later); draft-marx-qlog-main-schema-01 (events are arrays in the
 * order of event_fields, times in units of configuration.time_units). Files are JSON text
 * sequences (RFC 7464), a record a line, or one value whose traces have the events. What
 * implementations write beside the drafts is read, too: `cwnd` and `current_cwnd`, what aioquic
 * writes behind the events, and quinn's round trip times, which are seconds.
 */
#ifndef PTH_QLOG_QLOG_H
#define PTH_QLOG_QLOG_H

#include "base/buf.h"
#include "dissect/stat.h"

/* Events that say something here, by their names without the schema's. */
enum pth_qlog_kind {
	PTH_QLOG_OTHER,
	PTH_QLOG_SENT,
	PTH_QLOG_RECEIVED,
	PTH_QLOG_LOST,
	PTH_QLOG_DROPPED,
	PTH_QLOG_SPURIOUS, /* a loss that was none */
	PTH_QLOG_METRICS,
	PTH_QLOG_CONNECTION_STATE,
	PTH_QLOG_CONGESTION_STATE,
	PTH_QLOG_KEY_UPDATED,
	PTH_QLOG_CLOSED
};

/* Numbers of events. Round trip times are in ns. */
enum pth_qlog_number {
	PTH_QLOG_WINDOW, /* congestion window, bytes */
	PTH_QLOG_IN_FLIGHT,
	PTH_QLOG_RTT_MIN,
	PTH_QLOG_RTT_SMOOTHED,
	PTH_QLOG_RTT_LATEST,
	PTH_QLOG_RTT_VARIANCE,
	PTH_QLOG_LOST_TOTAL, /* packets, all until now */
	PTH_QLOG_LOST_COUNT, /* packets of this event */
	PTH_QLOG_NUMBERS
};

struct pth_qlog_close {
	bool is, has_code, app;
	uint64_t code;
	char reason[128]; /* ends with "..." when it was longer */
};

struct pth_qlog_event {
	enum pth_qlog_kind kind;
	uint64_t trace;       /* in the file, from 1 */
	uint64_t group;       /* a hash of the group_id; 0: it has none */
	const char *group_id; /* the same as a text, until the next event; NULL */
	bool timed;           /* false: it has no time, or one that is out of range */
	int64_t ns;           /* since whatever its trace has for an epoch */
	bool has[PTH_QLOG_NUMBERS];
	double v[PTH_QLOG_NUMBERS];
	char state[64];              /* what the state is now */
	char trigger[64], key[64];   /* of a key update: why, and of which key */
	uint32_t version;            /* that was chosen, or is in the header; 0: none */
	char alpn[64];               /* that was chosen */
	struct pth_qlog_close close; /* an event of it, or a frame in a packet */
};

/* What the heads of a file say; those of traces may stand behind their events. */
struct pth_qlog_head {
	uint64_t traces, events;
	struct pth_names format;  /* "0.3", or the sequential schema's URN */
	struct pth_names vantage; /* client, server, network, unknown */
};

struct pth_qlog;

/* fd is borrowed. begin: its first bytes, when they were read already. */
struct pth_qlog *pth_qlog_new(int fd, const void *begin, size_t n);
/* Read no more than so many bytes, and not after that pth_mono_us(); 0: no limit. */
void pth_qlog_limit(struct pth_qlog *q, uint64_t bytes, int64_t until);
/* How many bytes were read. */
uint64_t pth_qlog_bytes(const struct pth_qlog *q);
/* The next event, until the next call. NULL: there is none any more. */
const struct pth_qlog_event *pth_qlog_next(struct pth_qlog *q);
const struct pth_qlog_head *pth_qlog_head(const struct pth_qlog *q);
/* Is it a qlog at all? Known at the end. */
bool pth_qlog_is_one(const struct pth_qlog *q);
/* What of the file was not read, or is in doubt; known at the end. Appends "LINE:COLUMN: text",
 * or text alone when it is about no place; nothing when all was read. */
void pth_qlog_lack(const struct pth_qlog *q, struct pth_buf *b);
void pth_qlog_free(struct pth_qlog *q);

/* May a file that begins with this byte be a qlog? No capture begins so. */
bool pth_qlog_begins(unsigned char first);

#endif
