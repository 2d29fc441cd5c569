/* This file writes the forms for terminals and machines: table, JUnit, TAP, CSV. */
#include <string.h>
#include <sys/param.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "report/report.h"

/* Bytes of a name shown in the table; longer ones are not cut, only unaligned. */
#define NAME_WIDTH 40

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
	const struct pth_report_test *t;

	for (t = r->tests; t != NULL; t = t->next) {
		width = MAX(width, MIN(strlen(t->id), NAME_WIDTH));
		swidth = MAX(swidth, status_width(t));
	}
	for (t = r->tests; t != NULL; t = t->next)
		text_line(t, width, swidth, color, b);
	pth_report_line(r, b);
	for (enum pth_status s = 0; s <= PTH_STATUSES; s++)
		if (r->count[s] > 0)
			pth_buf_addf(b, "%s%zu %s", counted++ != 0 ? ", " : ": ", r->count[s],
			    pth_report_status_name(s));
	pth_buf_addc(b, '\n');
	if (*r->incomplete != '\0')
		pth_buf_addf(b, "incomplete: %s\n", r->incomplete);
}

/* XML 1.0 has no way to write most control characters. */
static void
xml(struct pth_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (pth_report_entity(*s) != NULL)
			pth_buf_adds(b, pth_report_entity(*s));
		else if (*s == '\n' || *s == '\t')
			pth_buf_addf(b, "&#%d;", *s);
		else if ((unsigned char)*s < ' ')
			pth_buf_addc(b, '?');
		else if (strncmp(s, "\xef\xbf\xbe", 3) == 0 || strncmp(s, "\xef\xbf\xbf", 3) == 0) {
			pth_buf_addc(b, '?'); /* U+FFFE, U+FFFF: no characters in XML */
			s += 2;
		} else
			pth_buf_addc(b, *s);
	}
}

#define XML(b, ...) pth_report_weave(b, xml, __VA_ARGS__, (char *)NULL)

enum outcome { OK, SKIPPED, FAILURE, ERROR };

/* What a test is in the eyes of others, who know fewer endings. */
static enum outcome
outcome_of(const struct pth_report_test *t)
{
	if (t->ok)
		return OK;
	if (t->status == PTH_S_SKIPPED || t->status == PTH_S_UNSUPPORTED)
		return SKIPPED;
	return t->status == PTH_S_FAILED || t->status == PTH_S_PASSED ? FAILURE : ERROR;
}

/* The element that says why a case is not ok. */
static void
junit_outcome(const struct pth_report_test *t, struct pth_buf *b)
{
	const char *element = outcome_of(t) == FAILURE ? "failure" : "error";

	if (outcome_of(t) == SKIPPED) {
		XML(b, "      <skipped message=\"", t->summary, "\"/>\n");
		return;
	}
	XML(b, "      <", element, " message=\"", t->summary, "\" type=\"",
	    pth_report_status_name(t->status), "\">");
	for (size_t i = 0; i < json_array_size(t->broken); i++)
		XML(b, "", json_string_value(json_array_get(t->broken, i)), "\n");
	pth_buf_addf(b, "</%s>\n", element);
}

static void
junit_case(const struct pth_report *r, const struct pth_report_test *t, struct pth_buf *b)
{
	static const char *const streams[] = { "err", "out" };
	const struct pth_report_tail *tail = t->tails;

	XML(b, "    <testcase classname=\"", r->run, "\" name=\"", t->id, "\"");
	pth_buf_addf(b, " time=\"%.6f\">\n", (double)t->duration_us / 1e6);
	if (!t->ok)
		junit_outcome(t, b);
	/* A case may have one of each. */
	for (size_t i = 0; i < countof(streams) && tail != NULL; i++, tail = tail->next)
		XML(b, "      <system-", streams[i], ">", tail->path, ":\n", tail->text,
		    "</system-", streams[i], ">\n");
	pth_buf_adds(b, "    </testcase>\n");
}

void
pth_report_junit(const struct pth_report *r, struct pth_buf *b)
{
	size_t count[ERROR + 1] = { 0 };

	for (const struct pth_report_test *t = r->tests; t != NULL; t = t->next)
		count[outcome_of(t)]++;
	XML(b,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
	    "  <testsuite name=\"",
	    r->run, "\"");
	pth_buf_addf(b,
	    " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.6f\">\n", r->n,
	    count[FAILURE], count[ERROR], count[SKIPPED], (double)pth_report_duration(r) / 1e6);
	for (const struct pth_report_test *t = r->tests; t != NULL; t = t->next)
		junit_case(r, t, b);
	pth_buf_adds(b, "  </testsuite>\n</testsuites>\n");
}

/* '#' begins a directive in TAP; '\' escapes it. */
static void
tap(struct pth_buf *b, const char *s)
{
	pth_auto_buf clean = PTH_BUF_INIT;

	pth_show(&clean, s, 300);
	for (s = clean.len != 0 ? clean.s : ""; *s != '\0'; s++) {
		if (*s == '#')
			pth_buf_addc(b, '\\');
		pth_buf_addc(b, *s);
	}
}

#define TAP(b, ...) pth_report_weave(b, tap, __VA_ARGS__, (char *)NULL)

void
pth_report_tap(const struct pth_report *r, struct pth_buf *b)
{
	size_t i = 0;

	pth_buf_addf(b, "TAP version 13\n1..%zu\n", r->n);
	for (const struct pth_report_test *t = r->tests; t != NULL; t = t->next) {
		bool skipped = outcome_of(t) == SKIPPED;
		const char *status = pth_report_status_name(t->status);

		pth_buf_addf(b, "%sok %zu - ", t->ok || skipped ? "" : "not ", ++i);
		TAP(b, "", t->id);
		if (!t->ok)
			TAP(b, skipped ? " # SKIP " : "\n  # ", status, ": ", t->summary);
		pth_buf_addc(b, '\n');
	}
	if (*r->incomplete != '\0')
		TAP(b, "Bail out! ", r->incomplete, "\n");
}

/* RFC 4180. */
static void
csv(struct pth_buf *b, const char *s)
{
	if (strpbrk(s, ",\"\n\r") == NULL) {
		pth_buf_adds(b, s);
		return;
	}
	pth_buf_addc(b, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"')
			pth_buf_addc(b, '"');
		pth_buf_addc(b, *s);
	}
	pth_buf_addc(b, '"');
}

#define CSV(b, ...) pth_report_weave(b, csv, __VA_ARGS__, (char *)NULL)

void
pth_report_csv(const struct pth_report *r, struct pth_buf *b)
{
	static const char *const numbers[] = { PTH_KEY(metrics, packets), PTH_KEY(metrics, bytes),
		PTH_KEY(metrics, captured_us), PTH_PATH(metrics, quic, conns, handshake_us),
		PTH_PATH(metrics, quic, conns, http3_frames),
		PTH_PATH(metrics, tcp, conns, handshake_us),
		PTH_PATH(metrics, transfer, transfer, bytes),
		PTH_PATH(metrics, transfer, transfer, duration_us),
		PTH_PATH(metrics, transfer, transfer, goodput_bps) };

	pth_buf_adds(b, "run,id,name,status,ok,started,duration_us");
	for (size_t i = 0; i < countof(numbers); i++)
		pth_buf_addf(b, ",%s", numbers[i]);
	pth_buf_adds(b, ",summary,incomplete\r\n");
	for (const struct pth_report_test *t = r->tests; t != NULL; t = t->next) {
		CSV(b, "", r->run, ",", t->id, ",", t->name, ",", pth_report_status_name(t->status),
		    ",", t->ok ? "true" : "false", ",", t->started);
		pth_buf_addf(b, ",%lld", (long long)t->duration_us);
		for (size_t i = 0; i < countof(numbers); i++) {
			const json_t *v = pth_json_path(t->metrics, numbers[i]);

			pth_buf_addc(b, ',');
			if (json_is_integer(v))
				pth_buf_addf(b, "%lld", (long long)json_integer_value(v));
		}
		CSV(b, ",", t->summary, ",", t->incomplete, "\r\n");
	}
}
