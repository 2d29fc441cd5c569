/* This file writes JUnit XML, with the elements of Maven Surefire for tests that were tried again.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "report/report.h"

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

/* The same of an element's content, where lines may end. */
static void
xml_lines(struct pth_buf *b, const char *s)
{
	for (const char *end; (end = strchr(s, '\n')) != NULL; s = end + 1) {
		pth_auto_str line = pth_xstrndup(s, (size_t)(end - s));

		xml(b, line);
		pth_buf_addc(b, '\n');
	}
	xml(b, s);
}

#define XML(b, ...) pth_report_weave(b, xml, __VA_ARGS__, (char *)NULL)

/* An attempt of a test that came before the one that counts: how it is called beside a test that
 * is ok in the end, and beside one that is not. */
static void
junit_try(const struct pth_report_test *t, const struct pth_report_try *try, struct pth_buf *b)
{
	bool failed = pth_status_of_result(try->status) == PTH_S_FAILED;
	const char *element = t->ok ? (failed ? "flakyFailure" : "flakyError") :
	                              (failed ? "rerunFailure" : "rerunError");

	XML(b, "      <", element, " message=\"", try->reason, "\" type=\"", try->status,
	    "\">\n        <stackTrace>", try->reason, "\n", try->dir, "</stackTrace>\n      </",
	    element, ">\n");
}

static void
junit_tries(const struct pth_report_test *t, struct pth_buf *b)
{
	if (t->ok && !t->flaky)
		return; /* it was expected to fail */
	for (const struct pth_report_try *try = t->tries; try != NULL; try = try->next)
		junit_try(t, try, b);
}

/* The element that says why a case is not ok. */
static void
junit_outcome(const struct pth_report_test *t, struct pth_buf *b)
{
	const char *element = pth_report_outcome(t) == PTH_OUTCOME_FAILURE ? "failure" : "error";

	if (pth_report_outcome(t) == PTH_OUTCOME_SKIPPED) {
		XML(b, "      <skipped message=\"", t->summary, "\"/>\n");
		return;
	}
	XML(b, "      <", element, " message=\"", t->summary, "\" type=\"",
	    pth_report_status_name(t->status), "\">");
	for (const struct pth_report_rule *rule = t->broken; rule != NULL; rule = rule->next)
		XML(b, "", rule->text, "\n");
	pth_buf_addf(b, "</%s>\n", element);
}

/* The ends of the logs that are of this stream, in one element: a case has one of each. */
static void
junit_logs(const struct pth_report_test *t, const char *stream, struct pth_buf *b)
{
	pth_auto_buf end = PTH_BUF_INIT, text = PTH_BUF_INIT;

	pth_buf_addf(&end, "std%s.log", stream);
	for (const struct pth_report_tail *tail = t->tails; tail != NULL; tail = tail->next) {
		size_t n = strlen(tail->path);

		if (n >= end.len && strcmp(tail->path + n - end.len, end.s) == 0)
			pth_buf_addf(&text, "%s:\n%s\n", tail->path, tail->text);
	}
	if (text.len == 0)
		return;
	XML(b, "      <system-", stream, ">");
	xml_lines(b, text.s);
	XML(b, "</system-", stream, ">\n");
}

static void
junit_case(const struct pth_report_test *t, struct pth_buf *b)
{
	XML(b, "    <testcase classname=\"", t->run, "\" name=\"", t->label, "\"");
	pth_buf_addf(b, " time=\"%.6f\">\n", (double)t->duration_us / 1e6);
	if (!t->ok)
		junit_outcome(t, b);
	junit_tries(t, b);
	junit_logs(t, "out", b);
	junit_logs(t, "err", b);
	pth_buf_adds(b, "    </testcase>\n");
}

void
pth_report_junit(const struct pth_report *r, struct pth_buf *b)
{
	size_t count[PTH_OUTCOMES] = { 0 };

	pth_report_each(r, t, NULL)
		count[pth_report_outcome(t)]++;
	XML(b,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
	    "  <testsuite name=\"",
	    r->run, "\"");
	pth_buf_addf(b,
	    " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" flakes=\"%zu\""
	    " time=\"%.6f\">\n",
	    r->n, count[PTH_OUTCOME_FAILURE], count[PTH_OUTCOME_ERROR], count[PTH_OUTCOME_SKIPPED],
	    r->flaky, (double)pth_report_duration(r) / 1e6);
	pth_report_each(r, t, b)
		junit_case(t, b);
	pth_buf_adds(b, "  </testsuite>\n</testsuites>\n");
}
