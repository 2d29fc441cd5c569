/* This file tells the meaning of events of qlog, by their names. */
#include "qlog/event.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/text.h"

static const struct {
	const char *name;
	enum pth_qlog_kind kind;
} kinds[] = {
	{ "packet_sent", PTH_QLOG_SENT },
	{ "packet_received", PTH_QLOG_RECEIVED },
	{ "packet_lost", PTH_QLOG_LOST },
	{ "packets_lost", PTH_QLOG_LOST },
	{ "packet_dropped", PTH_QLOG_DROPPED },
	{ "spurious_loss", PTH_QLOG_SPURIOUS },
	{ "spurious_loss_detected", PTH_QLOG_SPURIOUS },
	{ "metrics_updated", PTH_QLOG_METRICS },
	{ "recovery_metrics_updated", PTH_QLOG_METRICS },
	{ "metric_update", PTH_QLOG_METRICS },
	{ "congestion_metric_update", PTH_QLOG_METRICS },
	{ "connection_state_updated", PTH_QLOG_CONNECTION_STATE },
	{ "congestion_state_updated", PTH_QLOG_CONGESTION_STATE },
	{ "key_updated", PTH_QLOG_KEY_UPDATED },
	{ "connection_closed", PTH_QLOG_CLOSED },
};

/* Schemas of QUIC, and the categories that were before them. */
static const char *const spaces[] = { "", "quic", "transport", "recovery", "security",
	"connectivity", "loss", "metric_update" };

/* RFC 9000, 20.1, by their numbers. */
static const char *const errors[] = { "no_error", "internal_error", "connection_refused",
	"flow_control_error", "stream_limit_error", "stream_state_error", "final_size_error",
	"frame_encoding_error", "transport_parameter_error", "connection_id_limit_error",
	"protocol_violation", "invalid_token", "application_error", "crypto_buffer_exceeded",
	"key_update_error", "aead_limit_reached", "no_viable_path" };

void
qlog_draft_code(struct pth_qlog_close *c, const char *text, bool app)
{
	char *end;
	unsigned long long v;

	c->app |= app;
	if (pth_is_digit(*text)) {
		v = strtoull(text, &end, 0);
		/* Variable-length integers end at 2^62. */
		if (*end == '\0' && v < 1ULL << 62) {
			c->has_code = true;
			c->code = v;
		}
		return;
	}
	for (size_t i = 0; i < countof(errors); i++)
		if (strcasecmp(text, errors[i]) == 0) {
			c->has_code = true;
			c->code = i;
		}
}

void
qlog_draft_frame(struct qlog_draft *d)
{
	if (strncasecmp(d->frame_type, "connection_close", 16) != 0 &&
	    strcasecmp(d->frame_type, "application_close") != 0)
		return;
	d->frame.is = true;
	d->frame.app |= strcasecmp(d->frame_type, "application_close") == 0 ||
	    strcasecmp(d->frame_type, "connection_close_app_err") == 0;
	if (!d->closing.is)
		d->closing = d->frame;
}

uint32_t
qlog_version(const char *text, bool number)
{
	char *end;
	unsigned long long v = strtoull(text, &end, number ? 10 : 16);

	return pth_is_alnum(*text) && *end == '\0' && v <= UINT32_MAX ? (uint32_t)v : 0;
}

static enum pth_qlog_kind
kind_of(const struct qlog_draft *d)
{
	const char *colon = strrchr(d->name, ':');
	const char *name = colon != NULL ? colon + 1 : d->name;
	const char *space = colon != NULL ? d->name : d->category;
	size_t n = colon != NULL ? (size_t)(colon - d->name) : strlen(space);
	enum pth_qlog_kind kind = PTH_QLOG_OTHER;
	bool ours = false;

	for (size_t i = 0; i < countof(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			kind = kinds[i].kind;
	for (size_t i = 0; kind != PTH_QLOG_OTHER && i < countof(spaces); i++)
		ours |= strlen(spaces[i]) == n && memcmp(spaces[i], space, n) == 0;
	return ours ? kind : PTH_QLOG_OTHER;
}

void
qlog_draft_done(struct qlog_draft *d, struct pth_qlog_event *e)
{
	e->kind = kind_of(d);
	if (e->kind == PTH_QLOG_SENT || e->kind == PTH_QLOG_RECEIVED)
		e->close = d->closing;
	if (e->kind != PTH_QLOG_CLOSED)
		return;
	d->event.is = true;
	e->close = d->event;
	if (!e->close.has_code && *e->close.reason == '\0')
		memcpy(e->close.reason, e->trigger, sizeof e->trigger);
}
