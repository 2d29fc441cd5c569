/*
 * This file writes the Test Anything Protocol, version 14, with a block of YAML for each test that
 * was run: testanything.org. The YAML keeps to what TAP::Parser reads of it (YAMLish): maps, lists
 * of maps, numbers, and texts in double quotes.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/report.h"

/* '#' begins a directive; '\' escapes it and itself. */
static void
tap(struct pth_buf *b, const char *s)
{
	pth_auto_buf clean = PTH_BUF_INIT;

	pth_show(&clean, s, 300);
	for (s = clean.len != 0 ? clean.s : ""; *s != '\0'; s++) {
		if (*s == '#' || *s == '\\')
			pth_buf_addc(b, '\\');
		pth_buf_addc(b, *s);
	}
}

#define TAP(b, ...) pth_report_weave(b, tap, __VA_ARGS__, (char *)NULL)

/* What stands between double quotes in YAML. */
static void
quoted(struct pth_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			pth_buf_addf(b, "\\%c", *s);
		else if (*s == '\n')
			pth_buf_adds(b, "\\n");
		else if ((unsigned char)*s < ' ' || *s == '\x7f')
			pth_buf_addf(b, "\\x%02x", (unsigned char)*s);
		else
			pth_buf_addc(b, *s);
	}
}

#define YAML(b, ...) pth_report_weave(b, quoted, __VA_ARGS__, (char *)NULL)

/* A line of the block, unless there is nothing to say. */
static void
item(struct pth_buf *b, const char *key, const char *text)
{
	if (*text != '\0')
		YAML(b, "  ", key, ": \"", text, "\"\n");
}

static void
tries(const struct pth_report_test *t, struct pth_buf *b)
{
	if (t->tries != NULL)
		pth_buf_adds(b, "  tries:\n");
	for (const struct pth_report_try *try = t->tries; try != NULL; try = try->next)
		YAML(b, "    - status: \"", try->status, "\"\n      message: \"", try->reason,
		    "\"\n");
}

/* Why it is not ok. */
static void
failure(const struct pth_report_test *t, struct pth_buf *b)
{
	item(b, "message", t->summary);
	item(b, "severity", pth_report_outcome(t) == PTH_OUTCOME_FAILURE ? "fail" : "error");
	if (t->broken != NULL)
		pth_buf_adds(b, "  broken_rules:\n");
	for (const struct pth_report_rule *rule = t->broken; rule != NULL; rule = rule->next)
		YAML(b, "    - rule: \"", rule->text, "\"\n");
	if (t->cause != NULL) {
		item(b, "cause", t->cause->title);
		item(b, "advice", t->cause->advice);
	}
}

static void
block(const struct pth_report_test *t, struct pth_buf *b)
{
	pth_buf_adds(b, "  ---\n");
	item(b, "id", t->id);
	YAML(b, "  status: \"", pth_report_status_name(t->status), "", pth_report_mark(t), "\"\n");
	pth_buf_addf(b, "  duration_ms: %.3f\n", (double)t->duration_us / 1e3);
	if (!t->ok)
		failure(t, b);
	item(b, "degraded", t->degraded);
	if (*t->file != '\0') {
		YAML(b, "  at:\n    file: \"", t->file, "\"\n");
		pth_buf_addf(b, "    line: %lld\n", (long long)t->line);
	}
	tries(t, b);
	pth_buf_adds(b, "  ...\n");
}

void
pth_report_tap(const struct pth_report *r, unsigned version, struct pth_buf *b)
{
	size_t i = 0;

	pth_buf_addf(b, "TAP version %u\n1..%zu\n", version, r->n);
	pth_report_each(r, t, b) {
		bool skipped = pth_report_outcome(t) == PTH_OUTCOME_SKIPPED;

		pth_buf_addf(b, "%sok %zu - ", t->ok || skipped ? "" : "not ", ++i);
		TAP(b, "", t->label);
		if (skipped)
			TAP(b, " # SKIP ", pth_report_status_name(t->status), ": ", t->summary);
		pth_buf_addc(b, '\n');
		if (!skipped)
			block(t, b);
	}
	if (*r->incomplete != '\0')
		TAP(b, "Bail out! ", r->incomplete, "\n");
}
