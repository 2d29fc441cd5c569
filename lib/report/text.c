/* This file writes the table that a terminal shows. */
#include <string.h>
#include <sys/param.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "collect/metric.h"
#include "report/report.h"

/* Bytes of a name shown in the table; longer ones are not cut, only unaligned. */
#define NAME_WIDTH 40

static void
add_rate(struct pth_buf *b, int64_t bps)
{
	static const char *const units[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s" };
	double v = (double)bps;
	size_t i = 0;

	/* What is rounded to three digits is below 1000, except of the last unit. */
	while (v >= 999.5 && i + 1 < countof(units)) {
		v /= 1000;
		i++;
	}
	pth_buf_addf(b, v < 999.5 ? "%.3g %s" : "%.0f %s", v, units[i]);
}

/* Reasons of losses: "loss 3, queue full 2". */
static void
add_reasons(struct pth_buf *b, const json_t *by)
{
	const char *why, *before = " (";
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)by, why, v) {
		if (json_integer_value(v) <= 0)
			continue;
		pth_buf_adds(b, before);
		for (const char *s = why; *s != '\0'; s++)
			pth_buf_addc(b, *s == '_' ? ' ' : *s);
		pth_buf_addf(b, " %lld", (long long)json_integer_value(v));
		before = ", ";
	}
	pth_buf_adds(b, *before == ',' ? ")" : "");
}

static void
add_packets(struct pth_buf *b, int64_t n)
{
	pth_buf_addf(b, "%lld packet%s", (long long)n, n == 1 ? "" : "s");
}

/* What one direction of a link did. */
static void
add_way(struct pth_buf *b, const json_t *way)
{
	add_packets(b, pth_linkway_packets(way));
	pth_buf_addf(b, ", %lld lost", (long long)pth_linkway_lost(way));
	if (pth_linkway_lost(way) > 0) {
		pth_buf_addf(b, ", %.3g %%", pth_linkway_loss_percent(way));
		add_reasons(b, pth_linkway_lost_by(way));
	}
	if (PTH_GET(linkway, way, delay_us) != NULL) {
		pth_buf_adds(b, "; delay ");
		pth_duration_show(b, pth_linkway_delay_us(way));
		pth_buf_adds(b, ", at most ");
		pth_duration_show(b, pth_linkway_delay_max_us(way));
	}
	if (PTH_GET(linkway, way, queue_packets) != NULL) {
		pth_buf_adds(b, "; queue ");
		add_packets(b, pth_linkway_queue_packets(way));
		pth_buf_addf(b, ", at most %lld", (long long)pth_linkway_queue_max_packets(way));
	}
	if (PTH_GET(linkway, way, rate_bps) != NULL) {
		pth_buf_adds(b, "; ");
		add_rate(b, pth_linkway_rate_bps(way));
	}
}

bool
pth_report_next_link(const json_t *metrics, size_t *at, const char **name, const char **direction,
    struct pth_buf *text)
{
	static const char *const directions[] = { PTH_KEY(linksum, up), PTH_KEY(linksum, down) };
	size_t i = 0;
	json_t *link;

	json_object_foreach(pth_metrics_links(metrics), *name, link)
		for (size_t k = 0; k < countof(directions); k++) {
			const json_t *way = json_object_get(link, directions[k]);

			if (i++ < *at || pth_linkway_packets(way) == 0)
				continue;
			*at = i;
			*direction = directions[k];
			pth_buf_cut(text, 0);
			add_way(text, way);
			return true;
		}
	return false;
}

void
pth_report_numbers(const struct pth_report_test *t, struct pth_buf *b)
{
	json_auto_t *metrics = pth_report_object(t->metrics);
	const json_t *transfer = pth_metrics_transfer(metrics);
	const json_t *packets = PTH_GET(metrics, metrics, packets);
	const json_t *shake = pth_metric_find(metrics, PTH_KEY(conns, handshake_us), NULL);
	size_t captures = json_array_size(pth_metrics_captures(metrics));

	if (json_is_integer(packets))
		pth_report_item(b, "%lld packets", (long long)json_integer_value(packets));
	if (json_is_integer(packets) && captures > 1)
		pth_buf_addf(b, " of %zu captures", captures);
	if (json_is_integer(shake)) {
		pth_report_item(b, "handshake ");
		pth_duration_show(b, json_integer_value(shake));
	}
	if (json_is_object(transfer)) {
		pth_report_item(b, "%lld bytes", (long long)pth_transfer_bytes(transfer));
		if (pth_transfer_goodput_bps(transfer) > 0) {
			pth_buf_adds(b, " at ");
			add_rate(b, pth_transfer_goodput_bps(transfer));
		}
	}
	if (t->build_us >= PTH_SECOND_US) {
		pth_report_item(b, "images made in ");
		pth_duration_show(b, t->build_us);
	}
	if (pth_metrics_dropped(metrics) + pth_metrics_omitted(metrics) > 0 ||
	    *pth_metrics_error(metrics) != '\0')
		pth_report_item(b, "%s", t->not_captured);
	if (*t->incomplete != '\0')
		pth_report_item(b, "incomplete: %s", t->incomplete);
}

static const char *
color_of(const struct pth_report_test *t)
{
	return t->ok ? "\033[32m" : t->status == PTH_S_SKIPPED ? "\033[33m" : "\033[31m";
}

static size_t
status_width(const struct pth_report_test *t)
{
	return strlen(pth_report_status_name(t->status)) + strlen(pth_report_mark(t));
}

static void
text_line(
    const struct pth_report_test *t, size_t width, size_t swidth, bool color, struct pth_buf *b)
{
	pth_auto_buf time = PTH_BUF_INIT, numbers = PTH_BUF_INIT;

	if (*t->started != '\0')
		pth_duration_show(&time, t->duration_us);
	pth_buf_addf(b, "%-*s  %s%s%s%-*s%s  %9s  ", (int)width, t->id, color ? color_of(t) : "",
	    pth_report_status_name(t->status), pth_report_mark(t), (int)(swidth - status_width(t)),
	    "", color ? "\033[0m" : "", time.len != 0 ? time.s : "-");
	pth_report_numbers(t, &numbers);
	if (t->ok)
		pth_buf_add(b, numbers.s, numbers.len);
	else
		pth_show(b, t->summary, 300);
	while (b->len > 0 && b->s[b->len - 1] == ' ')
		pth_buf_cut(b, b->len - 1);
	pth_buf_addc(b, '\n');
}

void
pth_report_text(const struct pth_report *r, bool color, struct pth_buf *b)
{
	size_t width = 4, swidth = 6, counted = 0;

	pth_report_each(r, t, NULL) {
		width = MAX(width, MIN(strlen(t->id), NAME_WIDTH));
		swidth = MAX(swidth, status_width(t));
	}
	pth_report_each(r, t, b)
		text_line(t, width, swidth, color, b);
	pth_report_seeds(r, b);
	pth_report_line(r, b);
	for (enum pth_status s = 0; s <= PTH_STATUSES; s++)
		if (r->count[s] > 0)
			pth_buf_addf(b, "%s%zu %s", counted++ != 0 ? ", " : ": ", r->count[s],
			    pth_report_status_name(s));
	pth_buf_addc(b, '\n');
	if (*r->incomplete != '\0')
		pth_buf_addf(b, "incomplete: %s\n", r->incomplete);
}
