/* This file writes EXPERIMENT_REPORT.md, with the reference's sections. */
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "report/report.h"

/*
 * Text that means itself. CommonMark takes a backslash before any ASCII
 * punctuation; a newline would end a table row or begin a block.
 */
static void
md(struct pth_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f) {
			pth_buf_addc(b, ' ');
			continue;
		}
		if (strchr("\\`*_[]<>|&~#!$", *s) != NULL)
			pth_buf_addc(b, '\\');
		pth_buf_addc(b, *s);
	}
}

#define MD(b, ...) pth_report_weave(b, md, __VA_ARGS__, (char *)NULL)

/* A block of raw text: the fence is longer than any run of backticks in it. */
static void
fenced(struct pth_buf *b, const char *s)
{
	pth_auto_buf fence = PTH_BUF_INIT;
	size_t run = 0;

	pth_buf_adds(&fence, "```");
	for (const char *p = s; *p != '\0'; p++) {
		run = *p == '`' ? run + 1 : 0;
		if (run >= fence.len)
			pth_buf_addc(&fence, '`');
	}
	pth_buf_addf(b, "\n%stext\n%s\n%s\n", fence.s, s, fence.s);
}

/* [text](path below the test's directory) */
static void
link_to(struct pth_buf *b, const struct pth_report_test *t, const char *outdir, const char *path)
{
	MD(b, "[", path, "](");
	pth_report_href(t, outdir, path, b);
	pth_buf_addc(b, ')');
}

static const char *
sign(const struct pth_report_test *t)
{
	if (t->ok)
		return "✅";
	return t->status == PTH_S_SKIPPED || t->status == PTH_S_UNSUPPORTED ? "⏭️" :
	    t->status == PTH_S_TIMEOUT                                      ? "⏱️" :
	                                                                      "❌";
}

static void
field(struct pth_buf *b, const char *name, const char *value)
{
	MD(b, "- **", name, "**: ", *value != '\0' ? value : "unknown", "\n");
}

/* The same, unless there is nothing to say. */
static void
remark(struct pth_buf *b, const char *name, const char *value)
{
	if (*value != '\0')
		field(b, name, value);
}

/* Hours, minutes, seconds, as the reference writes it; short ones in ms. */
static void
duration(struct pth_buf *b, int64_t us)
{
	int64_t s = us / PTH_SECOND_US;

	if (s < 60)
		pth_duration_show(b, us);
	else
		pth_buf_addf(b, "%lldh %lldm %llds", (long long)(s / 3600),
		    (long long)(s / 60 % 60), (long long)(s % 60));
}

/* What the experiment says of itself; its name is the run's. */
static void
metadata(const json_t *given, struct pth_buf *b)
{
	pth_auto_buf tags = PTH_BUF_INIT;

	remark(b, "Description", pth_metadata_description(given));
	remark(b, "Author", pth_metadata_author(given));
	remark(b, "Version", pth_metadata_version(given));
	remark(b, "Created", pth_metadata_created_at(given));
	remark(b, "Modified", pth_metadata_modified_at(given));
	pth_report_items(&tags, pth_metadata_tags(given));
	if (tags.len > 0)
		field(b, "Tags", tags.s);
}

static void
overview(const struct pth_report *r, struct pth_buf *b)
{
	const char *status = pth_report_status(r);

	MD(b, "# Experiment Report: ", *r->run != '\0' ? r->run : "nothing", "\n\n## Overview\n\n");
	field(b, "Experiment ID", r->run);
	pth_buf_addf(
	    b, "- **Status**: %s %s\n", strcmp(status, "completed") == 0 ? "✅" : "❌", status);
	remark(b, "Incomplete", r->incomplete);
	field(b, "Start", *r->started != '\0' ? r->started : "nothing was run");
	field(b, "End", *r->ended != '\0' ? r->ended : "nothing was run");
	pth_buf_adds(b, "- **Duration**: ");
	duration(b, pth_report_duration(r));
	pth_buf_addc(b, '\n');
	field(b, "Configuration", r->file);
	metadata(r->metadata, b);
}

static void
summary(const struct pth_report *r, struct pth_buf *b)
{
	static const enum pth_status rest[] = { PTH_S_TIMEOUT, PTH_S_ERROR, PTH_S_CRASHED,
		PTH_S_SKIPPED, PTH_S_UNSUPPORTED, PTH_S_INTERRUPTED, PTH_STATUSES };
	pth_auto_buf seeds = PTH_BUF_INIT;

	pth_buf_addf(b, "\n## Test Results Summary\n\n- **Total**: %zu\n", r->n);
	pth_buf_addf(b, "- **Passed**: %zu (%.1f%%)\n", r->count[PTH_S_PASSED],
	    r->n != 0 ? 100.0 * (double)r->count[PTH_S_PASSED] / (double)r->n : 0);
	pth_buf_addf(b, "- **Failed**: %zu\n", r->count[PTH_S_FAILED]);
	for (size_t i = 0; i < countof(rest); i++) {
		const char *name = pth_report_status_name(rest[i]);

		if (r->count[rest[i]] > 0 || rest[i] == PTH_S_SKIPPED)
			pth_buf_addf(b, "- **%c%s**: %zu\n", name[0] - 'a' + 'A', name + 1,
			    r->count[rest[i]]);
	}
	if (r->expected > 0)
		pth_buf_addf(b, "- **Failed as expected**: %zu\n", r->expected);
	if (r->flaky > 0)
		pth_buf_addf(b, "- **Flaky** (passed when tried again): %zu\n", r->flaky);
	pth_buf_addf(b, "- **Success rate**: %.1f%% (%zu of %zu as expected)\n", pth_report_rate(r),
	    r->ok, r->ok + r->bad);
	pth_report_seeds(r, &seeds);
	if (seeds.len > 0)
		fenced(b, seeds.s);
}

static void
row(struct pth_buf *b, const char *name, const json_t *v, const char *unit)
{
	if (!json_is_integer(v))
		return;
	pth_buf_addf(b, "| %s | ", name);
	if (strcmp(unit, "us") == 0)
		pth_duration_show(b, json_integer_value(v));
	else
		pth_buf_addf(b, "%lld%s%s", (long long)json_integer_value(v),
		    *unit != '\0' ? " " : "", unit);
	pth_buf_adds(b, " |\n");
}

static void
text_row(struct pth_buf *b, const char *name, const char *value)
{
	if (*value != '\0')
		MD(b, "| ", name, " | ", value, " |\n");
}

/* What descriptors read out of the services' files. */
static void
measures(const json_t *metrics, struct pth_buf *b)
{
	const char *service, *name;
	json_t *own, *v;

	json_object_foreach(pth_metrics_measures(metrics), service, own)
		json_object_foreach(own, name, v) {
			if (!json_is_number(v))
				continue;
			MD(b, "| ", service, ": ", name);
			pth_buf_addf(b, " | %.15g |\n", json_number_value(v));
		}
}

static void
wires(const json_t *metrics, struct pth_buf *b)
{
	pth_auto_buf text = PTH_BUF_INIT;
	const char *name, *direction;

	for (size_t at = 0; pth_report_next_link(metrics, &at, &name, &direction, &text);)
		MD(b, "| Link ", name, ", ", direction, " | ", text.s, " |\n");
}

static void
time_row(struct pth_buf *b, const char *name, int64_t us)
{
	pth_buf_addf(b, "| %s | ", name);
	duration(b, us);
	pth_buf_adds(b, " |\n");
}

/* Whose captures the numbers of packets are of. */
static void
captures(const json_t *metrics, struct pth_buf *b)
{
	pth_auto_buf list = PTH_BUF_INIT;
	const json_t *c;
	size_t i;

	json_array_foreach(pth_metrics_captures(metrics), i, c)
		pth_report_item(
		    &list, "%s %lld", pth_capsum_service(c), (long long)pth_capsum_packets(c));
	if (i > 1)
		pth_buf_adds(&list, "; a packet that several have counts once");
	if (i > 0)
		text_row(b, "Packets in captures", list.s);
}

static void
metrics_table(const struct pth_report_test *t, struct pth_buf *b)
{
	static const struct {
		const char *name, *path, *unit;
	} rows[] = {
		{ "Handshake (QUIC)", PTH_PATH(metrics, quic, conns, handshake_us), "us" },
		{ "Handshake confirmed", PTH_PATH(metrics, quic, conns, confirmed_us), "us" },
		{ "Handshake (TCP)", PTH_PATH(metrics, tcp, conns, handshake_us), "us" },
		{ "Packets", PTH_KEY(metrics, packets), "" },
		{ "Bytes on the wire", PTH_KEY(metrics, bytes), "" },
		{ "Captured", PTH_KEY(metrics, captured_us), "us" },
		{ "HTTP/3 frames", PTH_PATH(metrics, quic, conns, http3_frames), "" },
		{ "TCP retransmissions", PTH_PATH(metrics, tcp, conns, retransmissions), "" },
		{ "Transferred", PTH_PATH(metrics, transfer, transfer, bytes), "bytes" },
		{ "Transfer time", PTH_PATH(metrics, transfer, transfer, duration_us), "us" },
		{ "Goodput", PTH_PATH(metrics, transfer, transfer, goodput_bps), "bit/s" },
	};
	json_auto_t *metrics = pth_report_object(t->metrics);
	pth_auto_buf versions = PTH_BUF_INIT;
	size_t head = b->len, start;

	pth_buf_adds(b, "\n| Metric | Value |\n|---|---|\n");
	start = b->len;
	if (*t->started != '\0')
		time_row(b, "Duration", t->duration_us);
	if (t->build_us > 0)
		time_row(b, "Images made or found in", t->build_us);
	for (size_t i = 0; i < countof(rows); i++)
		row(b, rows[i].name, pth_json_path(metrics, rows[i].path), rows[i].unit);
	captures(metrics, b);
	wires(metrics, b);
	measures(metrics, b);
	pth_report_items(&versions, pth_conns_versions(pth_metrics_quic(metrics)));
	if (versions.len > 0)
		text_row(b, "QUIC versions", versions.s);
	for (const struct pth_report_service *s = t->services; s != NULL; s = s->next)
		if (*s->use != '\0')
			MD(b, "| Use of ", s->name, " | ", s->use, " |\n");
	text_row(b, "Logs cut", t->logs_cut);
	text_row(b, "Not isolated", t->not_isolated);
	text_row(b, "Evidence", t->evidence);
	text_row(b, "Capture", t->not_captured);
	text_row(b, "Incomplete", t->incomplete);
	if (b->len == start) /* no row: no table */
		pth_buf_cut(b, head);
}

static void
links(const struct pth_report_test *t, const char *outdir, struct pth_buf *b)
{
	static const char *const kinds[] = { "log", "capture", "qlog", "profile", "core",
		"download" };

	for (size_t k = 0; k < countof(kinds); k++) {
		bool any = false;

		for (const struct pth_report_link *l = t->links; l != NULL; l = l->next) {
			if (strcmp(l->kind, kinds[k]) != 0)
				continue;
			if (any)
				pth_buf_adds(b, ", ");
			else
				pth_buf_addf(
				    b, "- **%c%s**: ", kinds[k][0] - 'a' + 'A', kinds[k] + 1);
			link_to(b, t, outdir, l->path);
			any = true;
		}
		if (any)
			pth_buf_addc(b, '\n');
	}
}

/* What the tester sent and received, and what it was that it found. */
static void
trace(const struct pth_report_test *t, struct pth_buf *b)
{
	json_auto_t *rows = pth_report_object(t->trace);
	json_t *v;
	size_t i;

	if (json_array_size(rows) == 0)
		return;
	pth_buf_adds(b, "\n| | Event of the tester | Packet |\n|---|---|---|\n");
	json_array_foreach(rows, i, v) {
		const char *sign = pth_json_str(v, "sign", ""), *text = pth_json_str(v, "text", "");
		bool fault = *sign == '!';

		MD(b, "| ", fault ? "" : sign, fault ? "❌ | **" : " | ", text,
		    fault ? "** | " : " | ", pth_json_str(v, "packet", ""), " |\n");
	}
}

static void
one_test(const struct pth_report_test *t, const char *outdir, struct pth_buf *b)
{
	bool placed = *t->source != '\0';

	pth_buf_addf(b, "\n### %s", sign(t));
	MD(b, " ", t->name, "\n\n");
	field(b, t->expected ? "As expected" : t->ok ? "Passed" : "Problem", t->summary);
	pth_buf_addf(b, "- **Status**: %s%s%s\n", pth_report_status_name(t->status),
	    t->unexpected ? ", although it should not" : "", pth_report_mark(t));
	remark(b, "Fallback", t->fallback);
	remark(b, "Went on without", t->degraded);
	remark(b, "Says something else than pth-exec", t->conflicts);
	remark(b, "Fast-fail", t->fast_fail);
	MD(b, "- **Test**: ", t->id, placed ? " (" : "", t->source, placed ? ")\n" : "\n");
	remark(b, "Description", t->description);
	links(t, outdir, b);
	trace(t, b);
	metrics_table(t, b);
}

static void
health_table(const struct pth_report *r, bool testers, struct pth_buf *b)
{
	static const char *const compiled[] = { "-", "failed", "succeeded" };
	bool any = false;
	char code[24];

	pth_report_each(r, t, b)
		for (const struct pth_report_service *s = t->services; s != NULL; s = s->next) {
			if (s->tester != testers)
				continue;
			if (!any)
				pth_buf_addf(b,
				    "\n### %s\n\n| Service | Test | Status | Compilation | Phases"
				    " | Exit Code | Errors |\n|---|---|---|---|---|---|---|\n",
				    testers ? "Testers" : "IUTs");
			any = true;
			snprintf(code, sizeof code, "%lld", (long long)s->code);
			MD(b, "| ", s->name, " | ", t->id, " | ", pth_health_name(s->health), " | ",
			    compiled[s->compiled + 1], " | ", *s->phases != '\0' ? s->phases : "-",
			    " | ", s->code >= 0 ? code : "-", " | ",
			    *s->error != '\0' ? s->error : "-", " |\n");
		}
}

static void
fast_fail(const struct pth_report *r, struct pth_buf *b)
{
	pth_buf_adds(b, "\n## Fast-Fail Analysis\n\n");
	field(b, "Enabled", r->fast_fail_enabled ? "yes" : "no");
	field(b, "Triggered", r->fast_failed != NULL ? "yes" : "no");
	if (r->fast_failed != NULL) {
		field(b, "By", r->fast_failed->id);
		field(b, "Reason", r->fast_failed->fast_fail);
		field(b, "Time", r->fast_failed->ended);
	}
}

static void
size(struct pth_buf *b, const char *name, int64_t bytes)
{
	if (bytes < 1048576)
		pth_buf_addf(b, "- **%s**: %.1f KiB\n", name, (double)bytes / 1024);
	else
		pth_buf_addf(b, "- **%s**: %.1f MiB\n", name, (double)bytes / 1048576);
}

static void
details(const struct pth_report *r, struct pth_buf *b)
{
	pth_auto_buf tree = PTH_BUF_INIT;
	bool whole = false, apart = false; /* captures of tests, of services */

	pth_report_each(r, t, b) {
		json_auto_t *metrics = pth_report_object(t->metrics);
		bool services = json_array_size(pth_metrics_captures(metrics)) > 0;

		apart = apart || services;
		whole = whole || (!services && json_is_integer(PTH_GET(metrics, metrics, packets)));
	}
	pth_buf_adds(b, "\n## Resource Usage\n\n");
	size(b, "Peak memory of a service", r->peak_rss_kb * 1024);
	size(b, "Disk usage", r->disk_bytes);
	size(b, "Logs", r->log_bytes);
	pth_buf_adds(b,
	    "\n## Detailed Information\n\n### Log Files\n\n"
	    "Each service has stdout.log and stderr.log, and the commands of its phases in "
	    "phases/.\n"
	    "\n### Directory Structure\n\n");
	if (r->run_dir != NULL)
		MD(b, "Below ", r->run_dir, ":\n");
	pth_buf_addf(&tree,
	    "experiment.yaml        the experiment, as it was\n"
	    "plan.jsonl             the plan of each test\n"
	    "events.jsonl           what happened, event by event\n"
	    "results.jsonl          the record of each test; input for pth-report\n"
	    "TEST/record.json       the record of one test\n"
	    "%s%s"
	    "TEST/SERVICE/          a service's logs, downloads, qlog and profiler files",
	    whole || !apart ? "TEST/capture.pcapng    its packets, TLS keys inside\n" : "",
	    apart ? "TEST/SERVICE/capture.pcapng  the packets of a service, TLS keys inside\n" :
	            "");
	fenced(b, tree.s);
}

static void
one_failure(const struct pth_report_test *t, const char *outdir, struct pth_buf *b)
{
	MD(b, "\n### ", t->name, "\n\n");
	field(b, "Status", pth_report_status_name(t->status));
	field(b, "Error", t->summary);
	for (const struct pth_report_rule *rule = t->broken; rule != NULL; rule = rule->next)
		field(b, "Broken rule", rule->text);
	if (t->cause != NULL)
		pth_buf_addf(b, "- **Likely cause**: %s (%s, score %.1f)\n- **What to do**: %s\n",
		    t->cause->title, t->cause->name, t->score, t->cause->advice);
	for (const struct pth_report_tail *tail = t->tails; tail != NULL; tail = tail->next) {
		pth_buf_adds(b, "\nEnd of ");
		link_to(b, t, outdir, tail->path);
		pth_buf_adds(b, ":\n");
		fenced(b, tail->text);
	}
}

static void
failures(const struct pth_report *r, const char *outdir, struct pth_buf *b)
{
	if (r->bad == 0) {
		pth_buf_addf(b, "\n## Success Summary\n\n%s\n",
		    r->ok == 0          ? "No test was run." :
		        r->expected > 0 ? "Every test ended as it was expected to." :
		                          "Every test passed.");
		return;
	}
	pth_buf_adds(b, "\n## Failure Analysis\n");
	pth_report_each(r, t, b)
		if (!t->ok && t->status != PTH_S_SKIPPED)
			one_failure(t, outdir, b);
}

void
pth_report_md(const struct pth_report *r, const char *outdir, struct pth_buf *b)
{
	pth_auto_buf line = PTH_BUF_INIT;

	overview(r, b);
	summary(r, b);
	pth_buf_adds(b, "\n## Individual Test Results\n");
	pth_report_each(r, t, b)
		one_test(t, outdir, b);
	pth_buf_adds(b, "\n## Service Health Summary\n");
	health_table(r, false, b);
	health_table(r, true, b);
	fast_fail(r, b);
	details(r, b);
	failures(r, outdir, b);
	pth_report_line(r, &line);
	MD(b, "\n---\n\n", line.s, "\n\nWritten ");
	pth_buf_addf(b, "%s by pth %s. Report Format: Markdown v1.0\n", r->generated, PTH_VERSION);
}
