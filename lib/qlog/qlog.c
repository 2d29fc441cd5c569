/* This file reads qlog files: it finds the events in them, and what is said of all of them. */
#include "qlog/qlog.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/text.h"
#include "qlog/event.h"
#include "qlog/json.h"
#include "qlog/key.h"

#define FIELDS_MAX 16
#define STEPS_MAX 8 /* of a path */
#define NS_PER_MS 1e6
#define MS_MAX 9e12 /* about 285 years in ms: as ns they fit */

struct pth_qlog {
	struct qlog_json *j;
	struct qlog_keys keys;
	struct pth_qlog_head head;
	struct pth_qlog_event event;
	struct qlog_draft draft;       /* of the event: what its kind will tell the meaning of */
	uint64_t path[QLOG_DEPTH + 1]; /* of the values that are open, by depth; 0: not read */
	unsigned at[QLOG_DEPTH + 1];   /* which item of an array comes next */
	unsigned key;                  /* that a value is for */
	/* Of the trace: */
	unsigned char fields[FIELDS_MAX]; /* what the items of events are that are arrays */
	size_t nfields;
	bool delta, micro, has_events, is_header;
	uint64_t group;
	char group_id[2][64]; /* of the trace, of the event */
	double clock;         /* ms, when times are since the last event */
	/* In doubt: */
	uint64_t odd; /* numbers that are out of range */
	bool late;    /* a format of times stands behind the events that it is about */
	unsigned char first;
};

bool
pth_qlog_begins(unsigned char first)
{
	return first == '{' || first == 0x1e || first == 0xef;
}

static void
new_trace(struct pth_qlog *q)
{
	static const unsigned char usual[] = { QLOG_K_TIME, QLOG_K_CATEGORY, QLOG_K_EVENT,
		QLOG_K_DATA };

	memcpy(q->fields, usual, sizeof usual);
	q->nfields = sizeof usual;
	q->delta = q->micro = q->has_events = false;
	q->group = 0;
	q->clock = 0;
	q->head.traces++;
}

struct pth_qlog *
pth_qlog_new(int fd, const void *begin, size_t n)
{
	struct pth_qlog *q = pth_xmalloc(sizeof *q);

	*q = (struct pth_qlog){ .j = qlog_json_new(fd, begin, n) };
	qlog_keys_init(&q->keys);
	new_trace(q);
	q->head.traces = 0;
	return q;
}

void
pth_qlog_free(struct pth_qlog *q)
{
	if (q == NULL)
		return;
	qlog_json_free(q->j);
	free(q);
}

void
pth_qlog_limit(struct pth_qlog *q, uint64_t bytes, int64_t until)
{
	q->j->most = bytes;
	q->j->until = until;
}

uint64_t
pth_qlog_bytes(const struct pth_qlog *q)
{
	return q->j->base + (uint64_t)(q->j->p - q->j->buf);
}

const struct pth_qlog_head *
pth_qlog_head(const struct pth_qlog *q)
{
	return &q->head;
}

bool
pth_qlog_is_one(const struct pth_qlog *q)
{
	return q->head.events > 0 || q->head.traces > 0 || q->head.format.n > 0;
}

void
pth_qlog_lack(const struct pth_qlog *q, struct pth_buf *b)
{
	const struct qlog_json *j = q->j;
	size_t from = b->len;

#define NEXT (b->len > from ? "; " : "")
	if (j->broken > 0)
		pth_buf_addf(b, "%llu:%llu: %s", (unsigned long long)j->line,
		    (unsigned long long)j->col, j->why);
	if (j->broken > 1)
		pth_buf_addf(
		    b, "; %llu records in all are not JSON", (unsigned long long)j->broken);
	if (j->breaks_off)
		pth_buf_addf(b, "%sthe file breaks off", NEXT);
	if (j->failed)
		pth_buf_addf(b, "%sthe file cannot be read", NEXT);
	if (j->limited)
		pth_buf_addf(b, "%snot all of it was read", NEXT);
	if (q->odd > 0)
		pth_buf_addf(b, "%s%llu number%s out of range", NEXT, (unsigned long long)q->odd,
		    q->odd == 1 ? " is" : "s are");
	if (q->late)
		pth_buf_addf(b, "%sthe format of the times stands behind the events", NEXT);
#undef NEXT
}

/* ---- values */

static void
text_of(const struct qlog_json *j, char *to, size_t size)
{
	size_t n = j->len < size - 1 ? j->len : size - 1;

	memcpy(to, j->text, n);
	to[n] = '\0';
	if (n >= 3 && (j->cut || n < j->len))
		memcpy(to + n - 3, "...", 3);
}
#define TEXT_OF(q, to) text_of((q)->j, to, sizeof(to))

/* A number, also as a text; false: it is none, or out of range. */
static bool
number(struct pth_qlog *q, double *v)
{
	char *end;

	if (q->j->cut || q->j->len == 0 || strlen(q->j->text) != q->j->len) {
		q->odd++;
		return false;
	}
	*v = strtod(q->j->text, &end);
	if (*end == '\0' && isfinite(*v))
		return true;
	q->odd++;
	return false;
}

static void
set(struct pth_qlog *q, enum pth_qlog_number which)
{
	double v;

	if (!number(q, &v))
		return;
	if (v < 0 || v > 1e18) {
		q->odd++;
		return;
	}
	q->event.has[which] = true;
	q->event.v[which] = v;
}

static void
set_rtt(struct pth_qlog *q, enum pth_qlog_number which)
{
	double ns, ms;

	if (!number(q, &ms))
		return;
	ms = q->micro ? ms / 1000 : ms;
	ns = ms * NS_PER_MS;
	if (ms < 0 || ms > MS_MAX) {
		q->odd++;
		return;
	}
	q->event.has[which] = true;
	q->event.v[which] = ns;
}

static void
set_time(struct pth_qlog *q, bool since_last)
{
	double ms;

	if (!number(q, &ms))
		return;
	ms = q->micro ? ms / 1000 : ms;
	if (since_last || q->delta)
		ms = q->clock += ms;
	if (ms < -MS_MAX || ms > MS_MAX || !isfinite(ms)) {
		q->odd++;
		q->clock = 0;
		return;
	}
	q->event.timed = true;
	q->event.ns = (int64_t)(ms * NS_PER_MS);
}

static uint64_t
group_of(const struct qlog_json *j)
{
	return pth_hash(PTH_HASH_EMPTY, j->text, j->len) | 1;
}

static void
time_format(struct pth_qlog *q)
{
	bool delta = strcmp(q->j->text, "delta") == 0 ||
	    strcmp(q->j->text, "relative_to_previous_event") == 0;

	q->late |= delta && q->has_events;
	q->delta = delta;
}

/* What an item of events is that are arrays; some write it in capitals. */
static void
event_field(struct pth_qlog *q, unsigned at)
{
	char lower[QLOG_TEXT];
	unsigned key;

	for (size_t i = 0; i < q->j->len; i++)
		lower[i] = (char)(q->j->text[i] |
		    (q->j->text[i] >= 'A' && q->j->text[i] <= 'Z' ? 0x20 : 0));
	key = qlog_key(&q->keys, lower, q->j->len);

	if (at == 0)
		q->nfields = 0;
	if (q->nfields < FIELDS_MAX)
		q->fields[q->nfields++] = (unsigned char)key;
}

/* ---- paths */

#define P1(a) (((uint64_t)QLOG_ENTRY << 8) | QLOG_K_##a)
#define P2(a, b) (P1(a) << 8 | QLOG_K_##b)
#define P3(a, b, c) (P2(a, b) << 8 | QLOG_K_##c)
#define T1(a) (((uint64_t)QLOG_TRACE_HEAD << 8) | QLOG_K_##a)
#define T2(a, b) (T1(a) << 8 | QLOG_K_##b)
#define FRAME (P2(DATA, FRAMES) << 8 | QLOG_ITEM)
#define F1(a) (FRAME << 8 | QLOG_K_##a)

/* A value of the head of a file or of a trace; false: it is of none. */
static bool
head_value(struct pth_qlog *q, uint64_t path, unsigned at)
{
	struct qlog_json *j = q->j;

	switch (path) {
	case P1(QLOG_VERSION):
	case P1(FILE_SCHEMA):
		q->is_header = true;
		pth_names_add(&q->head.format, (const uint8_t *)j->text, j->len);
		return true;
	case T2(VANTAGE_POINT, TYPE):
		pth_names_add(&q->head.vantage, (const uint8_t *)j->text, j->len);
		return true;
	case T2(COMMON_FIELDS, GROUP_ID):
	case T2(COMMON_FIELDS, ODCID):
		q->group = group_of(j);
		TEXT_OF(q, q->group_id[0]);
		return true;
	case T2(COMMON_FIELDS, TIME_FORMAT): time_format(q); return true;
	case T2(CONFIGURATION, TIME_UNITS):
		q->micro = strcmp(j->text, "us") == 0;
		q->late |= q->micro && q->has_events;
		return true;
	case T1(EVENT_FIELDS) << 8 | QLOG_ITEM: event_field(q, at); return true;
	default: return false;
	}
}

/* A number of the metrics, or of losses; false: it is none. */
static bool
metric_value(struct pth_qlog *q, uint64_t path)
{
	switch (path) {
	case P2(DATA, CONGESTION_WINDOW):
	case P2(DATA, CURRENT_CWND):
	case P2(DATA, CWND): set(q, PTH_QLOG_WINDOW); return true;
	case P2(DATA, BYTES_IN_FLIGHT): set(q, PTH_QLOG_IN_FLIGHT); return true;
	case P2(DATA, MIN_RTT): set_rtt(q, PTH_QLOG_RTT_MIN); return true;
	case P2(DATA, SMOOTHED_RTT): set_rtt(q, PTH_QLOG_RTT_SMOOTHED); return true;
	case P2(DATA, LATEST_RTT): set_rtt(q, PTH_QLOG_RTT_LATEST); return true;
	case P2(DATA, RTT_VARIANCE): set_rtt(q, PTH_QLOG_RTT_VARIANCE); return true;
	case P3(DATA, CF_LOST_PACKETS, TOTAL): set(q, PTH_QLOG_LOST_TOTAL); return true;
	case P2(DATA, LOST_PACKETS): set(q, PTH_QLOG_LOST_COUNT); return true;
	default: return false;
	}
}

/* A value that says how the connection is closed, in an event or a frame; false: it is none. */
static bool
close_value(struct pth_qlog *q, uint64_t path)
{
	struct qlog_draft *d = &q->draft;

	switch (path) {
	case P2(DATA, APPLICATION_CODE): qlog_draft_code(&d->event, q->j->text, true); return true;
	case P2(DATA, CONNECTION_CODE):
	case P2(DATA, ERROR_CODE): qlog_draft_code(&d->event, q->j->text, false); return true;
	case P2(DATA, APPLICATION_ERROR): d->event.app = true; return true;
	case P2(DATA, CONNECTION_ERROR):
		if (!d->event.has_code)
			qlog_draft_code(&d->event, q->j->text, false);
		return true;
	case P2(DATA, REASON): TEXT_OF(q, d->event.reason); return true;
	case F1(FRAME_TYPE): TEXT_OF(q, d->frame_type); return true;
	case F1(ERROR_SPACE):
		d->frame.app |= strncmp(q->j->text, "application", 11) == 0;
		return true;
	case F1(ERROR_CODE):
	case F1(RAW_ERROR_CODE): qlog_draft_code(&d->frame, q->j->text, false); return true;
	case F1(REASON):
	case F1(REASON_PHRASE): TEXT_OF(q, d->frame.reason); return true;
	default: return false;
	}
}

/* A text, number or word at this path. */
static void
value(struct pth_qlog *q, uint64_t path, enum qlog_token t, unsigned at)
{
	struct pth_qlog_event *e = &q->event;

	if (t == QLOG_WORD && *q->j->text == 'n')
		return; /* null is the same as nothing */
	if (metric_value(q, path) || close_value(q, path) || head_value(q, path, at))
		return;
	switch (path) {
	case P1(TIME):
	case P1(RELATIVE_TIME): set_time(q, false); break;
	case P1(DELTA_TIME): set_time(q, true); break;
	case P1(NAME):
	case P1(EVENT):
	case P1(EVENT_TYPE): TEXT_OF(q, q->draft.name); break;
	case P1(CATEGORY): TEXT_OF(q, q->draft.category); break;
	case P1(GROUP_ID):
	case P1(ODCID):
		e->group = group_of(q->j);
		TEXT_OF(q, q->group_id[1]);
		break;
	case P2(DATA, NEW): TEXT_OF(q, e->state); break;
	case P2(DATA, TRIGGER): TEXT_OF(q, e->trigger); break;
	case P2(DATA, KEY_TYPE): TEXT_OF(q, e->key); break;
	case P2(DATA, ALPN):
	case P2(DATA, CHOSEN_ALPN):
	case P3(DATA, CHOSEN_ALPN, STRING_VALUE): TEXT_OF(q, e->alpn); break;
	case P2(DATA, CHOSEN_VERSION):
	case P2(DATA, QUIC_VERSION):
	case P3(DATA, HEADER, VERSION):
		e->version = qlog_version(q->j->text, t == QLOG_NUMBER);
		break;
	default: break;
	}
}

/* The path of what comes next in the value that is open at this depth; 0: nobody wants it. */
static uint64_t
path_of_next(struct pth_qlog *q, unsigned depth, unsigned *at)
{
	uint64_t path = q->path[depth];
	unsigned key = q->key;

	*at = 0;
	if (q->j->in_array[depth - 1]) {
		*at = q->at[depth]++;
		key = QLOG_ITEM;
		if (path == QLOG_LISTED) {
			key = *at < q->nfields ? q->fields[*at] : QLOG_NOWHERE;
			path = QLOG_ENTRY;
		}
	}
	if (path == 0 || key == QLOG_NOWHERE || path >> 8 * (STEPS_MAX - 1) != 0)
		return 0;
	return path << 8 | key;
}

static void
new_event(struct pth_qlog *q)
{
	q->event = (struct pth_qlog_event){ .kind = PTH_QLOG_OTHER };
	q->draft = (struct qlog_draft){ .name = "" };
}

/* An object or array begins, at this path. */
static void
open_value(struct pth_qlog *q, uint64_t path, bool array)
{
	unsigned depth = q->j->depth;

	if (depth == 1) {
		path = QLOG_ENTRY;
		q->is_header = false;
		new_event(q);
	} else if (path == (T1(EVENTS) << 8 | QLOG_ITEM)) {
		path = array ? QLOG_LISTED : QLOG_ENTRY;
		new_event(q);
	} else if ((path == P1(TRACE) && depth == 2 && !array) ||
	    (path == (P1(TRACES) << 8 | QLOG_ITEM) && depth == 3)) {
		path = QLOG_TRACE_HEAD;
		q->is_header = true;
		new_trace(q);
	} else if (path == P1(TRACES) && depth == 2) {
		q->j->single = true;
	} else if (path == FRAME) {
		q->draft.frame = (struct pth_qlog_close){ .is = false };
		*q->draft.frame_type = '\0';
	}
	q->path[depth] = path;
	q->at[depth] = 0;
}

/* An object or array of this path ends; true: with it an event. */
static bool
close_value_of(struct pth_qlog *q, uint64_t path)
{
	if (path == FRAME)
		qlog_draft_frame(&q->draft);
	if (q->j->depth == 0)
		q->j->single = false;
	if (path != QLOG_ENTRY && path != QLOG_LISTED)
		return false;
	if (q->j->depth == 0 && (q->is_header || *q->draft.name == '\0'))
		return false;
	if (q->head.traces == 0)
		new_trace(q); /* a file of events without a head */
	qlog_draft_done(&q->draft, &q->event);
	if (q->event.group != 0)
		q->event.group_id = q->group_id[1];
	else if (q->group != 0)
		q->event.group_id = q->group_id[0];
	if (q->event.group == 0)
		q->event.group = q->group;
	q->event.trace = q->head.traces;
	q->has_events = true;
	q->head.events++;
	return true;
}

const struct pth_qlog_event *
pth_qlog_next(struct pth_qlog *q)
{
	struct qlog_json *j = q->j;
	enum qlog_token t;
	uint64_t path;
	unsigned at;

	while ((t = qlog_json_next(j)) != QLOG_END) {
		switch (t) {
		case QLOG_KEY:
			q->key = QLOG_NOWHERE;
			if (q->path[j->depth] != 0)
				q->key = qlog_key(&q->keys, j->text, j->len);
			break;
		case QLOG_OBJECT:
		case QLOG_ARRAY:
			path = j->depth > 1 ? path_of_next(q, j->depth - 1, &at) : 0;
			open_value(q, path, t == QLOG_ARRAY);
			break;
		case QLOG_CLOSE:
			if (close_value_of(q, q->path[j->depth + 1]))
				return &q->event;
			break;
		case QLOG_BROKEN: break;
		default:
			path = path_of_next(q, j->depth, &at);
			if (path != 0)
				value(q, path, t, at);
		}
	}
	return NULL;
}
