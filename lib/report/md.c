/* EXPERIMENT_REPORT.md, with the reference's sections. */
#include <string.h>

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

/* A block of raw text: the fence is longer than any run of backticks in it. */
static void
fenced(struct pth_buf *b, const char *s)
{
	int longest = 2, run = 0;

	for (const char *p = s; *p != '\0'; p++) {
		run = *p == '`' ? run + 1 : 0;
		if (run > longest)
			longest = run;
	}
	pth_buf_addc(b, '\n');
	for (int i = 0; i <= longest; i++)
		pth_buf_addc(b, '`');
	pth_buf_addf(b, "text\n%s\n", s);
	for (int i = 0; i <= longest; i++)
		pth_buf_addc(b, '`');
	pth_buf_addc(b, '\n');
}

/* [text](path below the test's directory) */
static void
link_to(struct pth_buf *b, const struct pth_report_test *t, const char *outdir, const char *path)
{
	pth_buf_addc(b, '[');
	md(b, path);
	pth_buf_adds(b, "](");
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
	pth_buf_addf(b, "- **%s**: ", name);
	md(b, *value != '\0' ? value : "unknown");
	pth_buf_addc(b, '\n');
}

/* Hours, minutes, seconds, as the reference writes it; short ones in ms. */
static void
duration(struct pth_buf *b, int64_t us)
{
	int64_t s = us / 1000000;

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
	static const struct {
		const char *key, *name;
	} shown[] = { { PTH_KEY(metadata, description), "Description" },
		{ PTH_KEY(metadata, author), "Author" }, { PTH_KEY(metadata, version), "Version" },
		{ PTH_KEY(metadata, created_at), "Created" },
		{ PTH_KEY(metadata, modified_at), "Modified" } };
	struct pth_buf tags = PTH_BUF_INIT;
	json_t *tag;
	size_t i;

	for (i = 0; i < countof(shown); i++)
		if (*pth_json_str(given, shown[i].key, "") != '\0')
			field(b, shown[i].name, pth_json_str(given, shown[i].key, ""));
	json_array_foreach(pth_metadata_tags(given), i, tag)
		if (json_is_string(tag))
			pth_buf_addf(&tags, "%s%s", i > 0 ? ", " : "", json_string_value(tag));
	if (tags.len > 0)
		field(b, "Tags", tags.s);
	pth_buf_release(&tags);
}

static void
overview(const struct pth_report *r, struct pth_buf *b)
{
	const char *status = pth_report_status(r);
	struct pth_buf time = PTH_BUF_INIT;

	pth_buf_adds(b, "# Experiment Report: ");
	md(b, *r->run != '\0' ? r->run : "nothing");
	pth_buf_adds(b, "\n\n## Overview\n\n");
	field(b, "Experiment ID", r->run);
	pth_buf_addf(
	    b, "- **Status**: %s %s\n", strcmp(status, "completed") == 0 ? "✅" : "❌", status);
	if (*r->incomplete != '\0')
		field(b, "Incomplete", r->incomplete);
	if (r->first_us > 0)
		pth_rfc3339(&time, r->first_us);
	field(b, "Start", time.len != 0 ? time.s : "nothing was run");
	pth_buf_cut(&time, 0);
	if (r->last_us > 0)
		pth_rfc3339(&time, r->last_us);
	field(b, "End", time.len != 0 ? time.s : "nothing was run");
	pth_buf_cut(&time, 0);
	duration(&time, pth_report_duration(r));
	field(b, "Duration", time.s);
	field(b, "Configuration", r->file);
	metadata(r->metadata, b);
	pth_buf_release(&time);
}

static void
summary(const struct pth_report *r, struct pth_buf *b)
{
	static const enum pth_status rest[] = { PTH_S_TIMEOUT, PTH_S_ERROR, PTH_S_CRASHED,
		PTH_S_SKIPPED, PTH_S_UNSUPPORTED, PTH_S_INTERRUPTED };

	pth_buf_adds(b, "\n## Test Results Summary\n\n");
	pth_buf_addf(b, "- **Total**: %zu\n", r->n);
	pth_buf_addf(b, "- **Passed**: %zu (%.1f%%)\n", r->count[PTH_S_PASSED],
	    r->n != 0 ? 100.0 * (double)r->count[PTH_S_PASSED] / (double)r->n : 0);
	pth_buf_addf(b, "- **Failed**: %zu\n", r->count[PTH_S_FAILED]);
	for (size_t i = 0; i < countof(rest); i++)
		if (r->count[rest[i]] > 0 || rest[i] == PTH_S_SKIPPED)
			pth_buf_addf(b, "- **%c%s**: %zu\n",
			    pth_status_name(rest[i])[0] - 'a' + 'A', pth_status_name(rest[i]) + 1,
			    r->count[rest[i]]);
	if (r->count[PTH_STATUSES] > 0)
		pth_buf_addf(b, "- **Unknown**: %zu\n", r->count[PTH_STATUSES]);
	if (r->expected > 0)
		pth_buf_addf(b, "- **Failed as expected**: %zu\n", r->expected);
	if (r->flaky > 0)
		pth_buf_addf(b, "- **Flaky** (passed when tried again): %zu\n", r->flaky);
	pth_buf_addf(b, "- **Success rate**: %.1f%% (%zu of %zu as expected)\n", pth_report_rate(r),
	    r->ok, r->ok + r->bad);
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
	if (*value == '\0')
		return;
	pth_buf_addf(b, "| %s | ", name);
	md(b, value);
	pth_buf_adds(b, " |\n");
}

/* What descriptors read out of the services' files. */
static void
measures(const struct pth_report_test *t, struct pth_buf *b)
{
	const char *service, *name;
	json_t *own, *v;

	json_object_foreach(pth_metrics_measures(t->metrics), service, own)
		json_object_foreach(own, name, v) {
			if (!json_is_number(v))
				continue;
			pth_buf_adds(b, "| ");
			md(b, service);
			pth_buf_adds(b, ": ");
			md(b, name);
			pth_buf_addf(b, " | %.15g |\n", json_number_value(v));
		}
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
	const json_t *v;
	struct pth_buf versions = PTH_BUF_INIT, use = PTH_BUF_INIT;
	size_t i, head = b->len, start;

	pth_buf_adds(b, "\n| Metric | Value |\n|---|---|\n");
	start = b->len;
	if (*t->started != '\0') {
		pth_buf_adds(b, "| Duration | ");
		duration(b, t->duration_us);
		pth_buf_adds(b, " |\n");
	}
	for (i = 0; i < countof(rows); i++)
		row(b, rows[i].name, pth_json_path(t->metrics, rows[i].path), rows[i].unit);
	measures(t, b);
	json_array_foreach(pth_conns_versions(pth_metrics_quic(t->metrics)), i, v)
		if (json_is_string(v))
			pth_buf_addf(
			    &versions, "%s%s", versions.len != 0 ? ", " : "", json_string_value(v));
	text_row(b, "QUIC versions", versions.len != 0 ? versions.s : "");
	for (const struct pth_report_service *s = t->services; s != NULL; s = s->next) {
		pth_buf_cut(&use, 0);
		pth_buf_adds(&use, "Use of ");
		md(&use, s->name);
		text_row(b, use.s, s->use);
	}
	text_row(b, "Logs cut", t->logs_cut);
	text_row(b, "Not isolated", t->not_isolated);
	text_row(b, "Capture", t->not_captured);
	if (b->len == start) /* no row: no table */
		pth_buf_cut(b, head);
	pth_buf_release(&versions);
	pth_buf_release(&use);
}

static void
links(const struct pth_report_test *t, const char *outdir, struct pth_buf *b)
{
	static const char *const kinds[] = { "log", "capture", "qlog", "profile", "core",
		"download" };
	const struct pth_report_link *l;

	for (size_t k = 0; k < countof(kinds); k++) {
		bool any = false;

		for (l = t->links; l != NULL; l = l->next) {
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

static void
one_test(const struct pth_report_test *t, const char *outdir, struct pth_buf *b)
{
	pth_buf_addf(b, "\n### %s ", sign(t));
	md(b, t->name);
	pth_buf_adds(b, "\n\n");
	field(b, t->expected ? "As expected" : t->ok ? "Passed" : "Problem", t->summary);
	pth_buf_addf(b, "- **Status**: %s%s%s\n", pth_report_test_status(t),
	    t->unexpected ? ", although it should not" : "", pth_report_mark(t));
	if (*t->degraded != '\0')
		field(b, "Went on without", t->degraded);
	if (*t->fast_fail != '\0')
		field(b, "Fast-fail", t->fast_fail);
	pth_buf_adds(b, "- **Test**: ");
	md(b, t->id);
	if (*t->source != '\0') {
		pth_buf_adds(b, " (");
		md(b, t->source);
		pth_buf_addc(b, ')');
	}
	pth_buf_addc(b, '\n');
	if (*t->description != '\0')
		field(b, "Description", t->description);
	links(t, outdir, b);
	metrics_table(t, b);
}

static void
health_table(const struct pth_report *r, bool testers, struct pth_buf *b)
{
	bool any = false;

	for (const struct pth_report_test *t = r->tests; t != NULL; t = t->next)
		for (const struct pth_report_service *s = t->services; s != NULL; s = s->next) {
			if (s->tester != testers)
				continue;
			if (!any)
				pth_buf_addf(b,
				    "\n### %s\n\n| Service | Test | Status | Compilation | Phases"
				    " | Exit Code | Errors |\n|---|---|---|---|---|---|---|\n",
				    testers ? "Testers" : "IUTs");
			any = true;
			pth_buf_adds(b, "| ");
			md(b, s->name);
			pth_buf_adds(b, " | ");
			md(b, t->id);
			pth_buf_addf(b, " | %s | %s | ", pth_health_name(s->health),
			    s->compiled < 0      ? "-" :
			        s->compiled != 0 ? "succeeded" :
			                           "failed");
			md(b, *s->phases != '\0' ? s->phases : "-");
			pth_buf_adds(b, " | ");
			if (s->code >= 0)
				pth_buf_addf(b, "%lld", (long long)s->code);
			else
				pth_buf_adds(b, "-");
			pth_buf_adds(b, " | ");
			md(b,
			    *s->error != '\0'              ? s->error :
			        s->health == PTH_UNHEALTHY ? s->end :
			                                     "-");
			pth_buf_adds(b, " |\n");
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
resources(const struct pth_report *r, struct pth_buf *b)
{
	pth_buf_adds(b, "\n## Resource Usage\n\n");
	size(b, "Peak memory of a service", r->peak_rss_kb * 1024);
	size(b, "Disk usage", r->disk_bytes);
	size(b, "Logs", r->log_bytes);
}

static void
details(const struct pth_report *r, struct pth_buf *b)
{
	pth_buf_adds(b,
	    "\n## Detailed Information\n\n### Log Files\n\n"
	    "Each service has stdout.log and stderr.log, and the commands of its phases in "
	    "phases/.\n"
	    "\n### Directory Structure\n\n");
	if (r->run_dir != NULL) {
		pth_buf_adds(b, "Below ");
		md(b, r->run_dir);
		pth_buf_adds(b, ":\n");
	}
	fenced(b,
	    "experiment.yaml        the experiment, as it was\n"
	    "plan.jsonl             the plan of each test\n"
	    "events.jsonl           what happened, event by event\n"
	    "results.jsonl          the record of each test; input for pth-report\n"
	    "TEST/record.json       the record of one test\n"
	    "TEST/capture.pcapng    its packets, TLS keys inside\n"
	    "TEST/SERVICE/          a service's logs, downloads, qlog and profiler files");
}

static void
one_failure(const struct pth_report_test *t, const char *outdir, struct pth_buf *b)
{
	const struct pth_report_tail *tail;

	pth_buf_adds(b, "\n### ");
	md(b, t->name);
	pth_buf_adds(b, "\n\n");
	field(b, "Status", pth_report_test_status(t));
	field(b, "Error", t->summary);
	for (size_t i = 0; t->broken[i] != NULL; i++)
		field(b, "Broken rule", t->broken[i]);
	if (t->cause != NULL) {
		pth_buf_addf(b, "- **Likely cause**: %s (%s, score %.1f)\n", t->cause->title,
		    t->cause->name, t->score);
		pth_buf_addf(b, "- **What to do**: %s\n", t->cause->advice);
	}
	for (tail = t->tails; tail != NULL; tail = tail->next) {
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
	for (const struct pth_report_test *t = r->tests; t != NULL; t = t->next)
		if (!t->ok && t->status != PTH_S_SKIPPED)
			one_failure(t, outdir, b);
}

void
pth_report_md(const struct pth_report *r, const char *outdir, struct pth_buf *b)
{
	struct pth_buf line = PTH_BUF_INIT;
	const struct pth_report_test *t;

	overview(r, b);
	summary(r, b);
	pth_buf_adds(b, "\n## Individual Test Results\n");
	for (t = r->tests; t != NULL; t = t->next)
		one_test(t, outdir, b);
	pth_buf_adds(b, "\n## Service Health Summary\n");
	health_table(r, false, b);
	health_table(r, true, b);
	fast_fail(r, b);
	resources(r, b);
	details(r, b);
	failures(r, outdir, b);
	pth_buf_adds(b, "\n---\n\n");
	pth_report_line(r, &line);
	md(b, line.s);
	pth_buf_release(&line);
	pth_buf_addf(b, "\n\nWritten %s by pth %s. Report Format: Markdown v1.0\n", r->generated,
	    PTH_VERSION);
}
