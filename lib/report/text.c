/* The forms for terminals and machines: table, JUnit, TAP, CSV. */
#include <string.h>
#include <sys/param.h>

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
	return strlen(pth_report_test_status(t)) + strlen(pth_report_mark(t));
}

static void
text_line(
    const struct pth_report_test *t, size_t width, size_t swidth, bool color, struct pth_buf *b)
{
	struct pth_buf time = PTH_BUF_INIT;

	if (*t->started != '\0')
		pth_duration_show(&time, t->duration_us);
	else
		pth_buf_adds(&time, "-");
	pth_buf_addf(b, "%-*s  %s%s%s%-*s%s  %9s  ", (int)width, t->id, color ? color_of(t) : "",
	    pth_report_test_status(t), pth_report_mark(t), (int)(swidth - status_width(t)), "",
	    color ? "\033[0m" : "", time.s);
	if (t->ok)
		pth_report_numbers(t, b);
	else
		pth_show(b, t->summary, 300);
	while (b->len > 0 && b->s[b->len - 1] == ' ')
		pth_buf_cut(b, b->len - 1);
	pth_buf_addc(b, '\n');
	pth_buf_release(&time);
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
	for (size_t s = 0; s <= PTH_STATUSES; s++)
		if (r->count[s] > 0)
			pth_buf_addf(b, "%s%zu %s", counted++ != 0 ? ", " : ": ", r->count[s],
			    s < PTH_STATUSES ? pth_status_name((enum pth_status)s) : "unknown");
	pth_buf_addc(b, '\n');
	if (*r->incomplete != '\0')
		pth_buf_addf(b, "incomplete: %s\n", r->incomplete);
}

/* XML 1.0 has no way to write most control characters. */
static void
xml(struct pth_buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '&')
			pth_buf_adds(b, "&amp;");
		else if (*s == '<')
			pth_buf_adds(b, "&lt;");
		else if (*s == '>')
			pth_buf_adds(b, "&gt;");
		else if (*s == '"')
			pth_buf_adds(b, "&quot;");
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

/* The element that says why a case is not ok. */
static void
junit_outcome(const struct pth_report_test *t, struct pth_buf *b)
{
	const char *element = t->status == PTH_S_FAILED || t->status == PTH_S_PASSED ? "failure" :
	                                                                               "error";

	if (t->status == PTH_S_SKIPPED || t->status == PTH_S_UNSUPPORTED)
		element = "skipped";
	pth_buf_addf(b, "      <%s message=\"", element);
	xml(b, t->summary);
	if (strcmp(element, "skipped") == 0) {
		pth_buf_adds(b, "\"/>\n");
		return;
	}
	pth_buf_addf(b, "\" type=\"%s\">", pth_report_test_status(t));
	for (size_t i = 0; t->broken[i] != NULL; i++) {
		xml(b, t->broken[i]);
		pth_buf_addc(b, '\n');
	}
	pth_buf_addf(b, "</%s>\n", element);
}

static bool
junit_skipped(const struct pth_report_test *t)
{
	return !t->ok && (t->status == PTH_S_SKIPPED || t->status == PTH_S_UNSUPPORTED);
}

static bool
junit_failed(const struct pth_report_test *t)
{
	return !t->ok && (t->status == PTH_S_FAILED || t->status == PTH_S_PASSED);
}

void
pth_report_junit(const struct pth_report *r, struct pth_buf *b)
{
	size_t failed = 0, skipped = 0;
	const struct pth_report_test *t;
	const struct pth_report_tail *tail;

	for (t = r->tests; t != NULL; t = t->next) {
		failed += junit_failed(t);
		skipped += junit_skipped(t);
	}
	pth_buf_adds(b,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
	    "  <testsuite name=\"");
	xml(b, r->run);
	pth_buf_addf(b,
	    "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.6f\""
	    ">\n",
	    r->n, failed, r->n - r->ok - failed - skipped, skipped,
	    (double)pth_report_duration(r) / 1e6);
	for (t = r->tests; t != NULL; t = t->next) {
		pth_buf_adds(b, "    <testcase classname=\"");
		xml(b, r->run);
		pth_buf_adds(b, "\" name=\"");
		xml(b, t->id);
		pth_buf_addf(b, "\" time=\"%.6f\">\n", (double)t->duration_us / 1e6);
		if (!t->ok)
			junit_outcome(t, b);
		for (tail = t->tails; tail != NULL; tail = tail->next) {
			pth_buf_addf(b, "      <system-%s>", tail == t->tails ? "err" : "out");
			xml(b, tail->path);
			pth_buf_adds(b, ":\n");
			xml(b, tail->text);
			pth_buf_addf(b, "</system-%s>\n", tail == t->tails ? "err" : "out");
			if (tail != t->tails)
				break; /* a case may have one of each */
		}
		pth_buf_adds(b, "    </testcase>\n");
	}
	pth_buf_adds(b, "  </testsuite>\n</testsuites>\n");
}

/* '#' begins a directive in TAP; '\' escapes it. */
static void
tap(struct pth_buf *b, const char *s)
{
	struct pth_buf clean = PTH_BUF_INIT;

	pth_show(&clean, s, 300);
	for (s = clean.len != 0 ? clean.s : ""; *s != '\0'; s++) {
		if (*s == '#')
			pth_buf_addc(b, '\\');
		pth_buf_addc(b, *s);
	}
	pth_buf_release(&clean);
}

void
pth_report_tap(const struct pth_report *r, struct pth_buf *b)
{
	const struct pth_report_test *t;
	size_t i = 0;

	pth_buf_addf(b, "TAP version 13\n1..%zu\n", r->n);
	for (t = r->tests; t != NULL; t = t->next) {
		bool skipped = junit_skipped(t);

		pth_buf_addf(b, "%sok %zu - ", t->ok || skipped ? "" : "not ", ++i);
		tap(b, t->id);
		if (skipped) {
			pth_buf_addf(b, " # SKIP %s: ", pth_report_test_status(t));
			tap(b, t->summary);
		}
		pth_buf_addc(b, '\n');
		if (!t->ok && !skipped) {
			pth_buf_addf(b, "  # %s: ", pth_report_test_status(t));
			tap(b, t->summary);
			pth_buf_addc(b, '\n');
		}
	}
	if (*r->incomplete != '\0') {
		pth_buf_adds(b, "Bail out! ");
		tap(b, r->incomplete);
		pth_buf_addc(b, '\n');
	}
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

static void
csv_number(struct pth_buf *b, const json_t *metrics, const char *path)
{
	const json_t *v = pth_json_path(metrics, path);

	pth_buf_addc(b, ',');
	if (json_is_integer(v))
		pth_buf_addf(b, "%lld", (long long)json_integer_value(v));
}

void
pth_report_csv(const struct pth_report *r, struct pth_buf *b)
{
	static const char *const numbers[] = { "packets", PTH_KEY(metrics, bytes), "captured_us",
		PTH_PATH(metrics, quic, conns, handshake_us),
		PTH_PATH(metrics, quic, conns, http3_frames),
		PTH_PATH(metrics, tcp, conns, handshake_us),
		PTH_PATH(metrics, transfer, transfer, bytes),
		PTH_PATH(metrics, transfer, transfer, duration_us),
		PTH_PATH(metrics, transfer, transfer, goodput_bps) };
	const struct pth_report_test *t;

	pth_buf_adds(b, "run,id,name,status,ok,started,duration_us");
	for (size_t i = 0; i < countof(numbers); i++)
		pth_buf_addf(b, ",%s", numbers[i]);
	pth_buf_adds(b, ",summary\r\n");
	for (t = r->tests; t != NULL; t = t->next) {
		csv(b, r->run);
		pth_buf_addc(b, ',');
		csv(b, t->id);
		pth_buf_addc(b, ',');
		csv(b, t->name);
		pth_buf_addf(b, ",%s,%s,", pth_report_test_status(t), t->ok ? "true" : "false");
		csv(b, t->started);
		pth_buf_addf(b, ",%lld", (long long)t->duration_us);
		for (size_t i = 0; i < countof(numbers); i++)
			csv_number(b, t->metrics, numbers[i]);
		pth_buf_addc(b, ',');
		csv(b, t->summary);
		pth_buf_adds(b, "\r\n");
	}
}
