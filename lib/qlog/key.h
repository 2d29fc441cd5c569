/* The keys of qlog files that we read, and the paths to values. Private to this folder. */
#ifndef PTH_QLOG_KEY_H
#define PTH_QLOG_KEY_H

#include <stddef.h>
#include <stdint.h>

/* Names of keys here, and as files have them. */
/* clang-format off */
#define QLOG_KEYS(X) \
	X(ALPN, "alpn") X(APPLICATION_CODE, "application_code") \
	X(APPLICATION_ERROR, "application_error") X(BYTES_IN_FLIGHT, "bytes_in_flight") \
	X(CATEGORY, "category") X(CF_LOST_PACKETS, "cf_lost_packets") \
	X(CHOSEN_ALPN, "chosen_alpn") X(CHOSEN_VERSION, "chosen_version") \
	X(COMMON_FIELDS, "common_fields") X(CONFIGURATION, "configuration") \
	X(CONGESTION_WINDOW, "congestion_window") X(CONNECTION_CODE, "connection_code") \
	X(CONNECTION_ERROR, "connection_error") X(CURRENT_CWND, "current_cwnd") \
	X(CWND, "cwnd") X(DATA, "data") X(DELTA_TIME, "delta_time") \
	X(ERROR_CODE, "error_code") X(ERROR_SPACE, "error_space") X(EVENT, "event") \
	X(EVENT_FIELDS, "event_fields") X(EVENT_TYPE, "event_type") X(EVENTS, "events") \
	X(FILE_SCHEMA, "file_schema") X(FRAME_TYPE, "frame_type") X(FRAMES, "frames") \
	X(GROUP_ID, "group_id") X(HEADER, "header") X(KEY_TYPE, "key_type") \
	X(LATEST_RTT, "latest_rtt") X(LOST_PACKETS, "lost_packets") X(MIN_RTT, "min_rtt") \
	X(NAME, "name") X(NEW, "new") X(ODCID, "ODCID") \
	X(QLOG_VERSION, "qlog_version") \
	X(QUIC_VERSION, "quic_version") X(RAW_ERROR_CODE, "raw_error_code") \
	X(REASON, "reason") X(REASON_PHRASE, "reason_phrase") X(RELATIVE_TIME, "relative_time") \
	X(RTT_VARIANCE, "rtt_variance") \
	X(SMOOTHED_RTT, "smoothed_rtt") X(STRING_VALUE, "string_value") X(TIME, "time") \
	X(TIME_FORMAT, "time_format") X(TIME_UNITS, "time_units") X(TOTAL, "total") \
	X(TRACE, "trace") X(TRACES, "traces") X(TRIGGER, "trigger") X(TYPE, "type") \
	X(VANTAGE_POINT, "vantage_point") X(VERSION, "version")
/* clang-format on */

/* A path has a byte a step, the last one lowest; QLOG_NOWHERE leads to nothing that is read. */
enum {
	QLOG_NOWHERE,
	QLOG_ITEM,  /* of an array */
	QLOG_ENTRY, /* where paths begin: a record, which is an event or the head of the file */
	QLOG_TRACE_HEAD, /* or here: the head of a trace */
	QLOG_LISTED,     /* or here: an event that is an array */
#define QLOG_KEY_NAME(name, text) QLOG_K_##name,
	QLOG_KEYS(QLOG_KEY_NAME)
};

/* A table for finding keys. */
#define QLOG_KEY_SLOTS 128
struct qlog_keys {
	unsigned char head[QLOG_KEY_SLOTS], next[QLOG_KEY_SLOTS]; /* rows by their number, from 1 */
};

void qlog_keys_init(struct qlog_keys *k);
/* The key of this name; QLOG_NOWHERE: it is not ours. */
unsigned qlog_key(const struct qlog_keys *k, const char *s, size_t n);

#endif
